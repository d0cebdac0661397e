//! A full pass that also puts the samples near a bound aside, for variable fixing.

use rayon::prelude::*;

use super::fixing::VariableFixing;
use super::kernel::{PLAIN, plain_interval, plain_watch};
use super::passes::{PARALLEL, Sums, Task, Watched, samples_of};
use super::sample::Sample;
use crate::problem::Problem;

impl Sums {
    /// As [`Sums::evaluate`] for a plain problem, and gives `fixing` the samples that it has to look at again.
    pub(crate) fn watch<T: Sample>(&mut self, problem: &Problem, z: &[T], shift: &[f64], fixing: &mut VariableFixing) {
        let Some(interval) = plain_interval::<T>(problem) else { return };
        let reach = fixing.recentre(shift);
        let Sums { tasks, partial, watched, .. } = self;
        partial.fill(0.0);
        if watched.len() < tasks.len() {
            watched.resize_with(tasks.len(), Watched::default);
        }
        if z.len() >= PARALLEL && rayon::current_num_threads() > 1 {
            let mut pieces = Vec::with_capacity(tasks.len());
            let mut rest = &mut partial[..];
            for (task, found) in tasks.iter().zip(watched.iter_mut()) {
                let (out, after) = rest.split_at_mut(task.partial.len());
                pieces.push(Watch { problem, z, shift, reach, interval, task, out, found });
                rest = after;
            }
            pieces.into_par_iter().for_each(|watch| pulp::Arch::new().dispatch(watch));
        } else {
            for (task, found) in tasks.iter().zip(watched.iter_mut()) {
                let out = &mut partial[task.partial.clone()];
                pulp::Arch::new().dispatch(Watch { problem, z, shift, reach, interval, task, out, found });
            }
        }
        fixing.near.clear();
        fixing.start.clear();
        fixing.start.resize(problem.cells() + 1, 0);
        for (task, found) in tasks.iter().zip(watched.iter()) {
            fixing.near.extend_from_slice(&found.near);
            task.cells.clone().zip(&found.counts).for_each(|(cell, count)| fixing.start[cell + 1] += count);
        }
        (0..problem.cells()).for_each(|cell| fixing.start[cell + 1] += fixing.start[cell]);
        self.collect(problem);
        fixing.split::<T>(problem, self);
    }
}

/// One task of [`Sums::watch`].
struct Watch<'a, T> {
    problem: &'a Problem,
    z: &'a [T],
    shift: &'a [f64],
    reach: &'a [f64],
    interval: (f64, f64),
    task: &'a Task,
    out: &'a mut [f64],
    found: &'a mut Watched,
}

impl<T: Sample> pulp::WithSimd for Watch<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Watch { problem, z, shift, reach, interval, task, out, found } = self;
        found.near.clear();
        found.counts.clear();
        for (cell, out) in task.cells.clone().zip(out.chunks_exact_mut(PLAIN)) {
            let before = found.near.len();
            let z = &z[samples_of(problem, task, cell)];
            plain_watch(z, shift[cell], interval, reach[cell], out, &mut found.near);
            found.counts.push(found.near.len() - before);
        }
    }
}
