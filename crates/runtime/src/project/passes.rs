//! Passes over all samples: the work cut into fixed tasks, run in order or on several threads.
//!
//! Tasks are cut by numbers of samples alone, each has its own partial sums, and these are added up in the order of
//! the tasks. So the bits are the same for any number of threads.

use std::ops::Range;

use rayon::prelude::*;

use super::kernel::{general_sums, plain_interval, plain_sums};
use super::sample::Sample;
use crate::problem::{Factor, Problem};

/// Samples of a task, at least (one cell's last task and the last of all may be shorter).
const TASK: usize = 1 << 14;
/// Below this many samples threads cost more than they give.
pub(crate) const PARALLEL: usize = 1 << 17;
/// A sample of the samples: this many of every [`EVERY`] in a row.
pub(crate) const TAKEN: usize = 64;
pub(crate) const EVERY: usize = 1024;
/// From this many samples on a sample of them gives the starting multipliers.
pub(crate) const SAMPLED: usize = 1 << 15;

/// Per cell and factor sums of one evaluation.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sums {
    /// `Σ φ_f y` per slot.
    pub(crate) value: Vec<f64>,
    /// `Σ |φ_f y|` per slot, the scale of rounding errors.
    pub(crate) size: Vec<f64>,
    /// `Σ over free samples of φ_f φ_g / w`, a square block per cell.
    pub(crate) gram: Vec<f64>,
    pub(super) tasks: Vec<Task>,
    pub(super) partial: Vec<f64>,
    pub(super) watched: Vec<Watched>,
}

/// The samples near a bound that one task found: by cell, and how many of each cell.
#[derive(Debug, Default, Clone)]
pub(super) struct Watched {
    pub(super) near: Vec<f64>,
    pub(super) counts: Vec<usize>,
}

/// Whole cells, or a part of one.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) cells: Range<usize>,
    pub(super) samples: Range<usize>,
    /// Where its partial sums lie.
    pub(super) partial: Range<usize>,
}

impl Sums {
    /// Cuts the samples of a problem into tasks.
    pub(crate) fn prepare(&mut self, problem: &Problem) {
        let (slots, width) = (problem.slots(), problem.width());
        let stride = width * (2 + width);
        self.value.clear();
        self.value.resize(slots, 0.0);
        self.size.clear();
        self.size.resize(slots, 0.0);
        self.gram.clear();
        self.gram.resize(slots * width, 0.0);
        self.tasks.clear();
        let mut first = 0;
        let mut place = 0;
        let mut push = |tasks: &mut Vec<Task>, cells: Range<usize>, samples: Range<usize>| {
            let end = place + cells.len() * stride;
            tasks.push(Task { cells, samples, partial: place..end });
            place = end;
        };
        let start = |cell: usize| problem.grouping.range(cell).start;
        for cell in 0..problem.cells() {
            let range = problem.grouping.range(cell);
            if range.len() > TASK {
                if first < cell {
                    push(&mut self.tasks, first..cell, start(first)..range.start);
                }
                let parts = range.len().div_ceil(TASK);
                for part in 0..parts {
                    let begin = range.start + part * TASK;
                    push(&mut self.tasks, cell..cell + 1, begin..(begin + TASK).min(range.end));
                }
                first = cell + 1;
            } else if range.end - start(first) >= TASK {
                push(&mut self.tasks, first..cell + 1, start(first)..range.end);
                first = cell + 1;
            }
        }
        if first < problem.cells() {
            push(&mut self.tasks, first..problem.cells(), start(first)..problem.n());
        }
        self.partial.clear();
        self.partial.resize(place, 0.0);
    }

    /// Evaluates `y = clip(z − (Σ_f φ_f s_f) / w)` and its sums; `z` is in grouped order. With `ROUND` the numbers
    /// are those that will be returned.
    pub(crate) fn evaluate<T: Sample, const ROUND: bool>(&mut self, problem: &Problem, z: &[T], shift: &[f64]) {
        if problem.width() == 0 {
            return;
        }
        let Sums { tasks, partial, .. } = self;
        partial.fill(0.0);
        if z.len() >= PARALLEL && rayon::current_num_threads() > 1 {
            let mut pieces = Vec::with_capacity(tasks.len());
            let mut rest = &mut partial[..];
            for task in tasks.iter() {
                let (piece, after) = rest.split_at_mut(task.partial.len());
                pieces.push((task, piece));
                rest = after;
            }
            pieces.into_par_iter().for_each(|(task, out)| run::<T, ROUND>(problem, z, shift, task, 1, out));
        } else {
            for task in tasks.iter() {
                run::<T, ROUND>(problem, z, shift, task, 1, &mut partial[task.partial.clone()]);
            }
        }
        self.collect(problem);
    }

    /// As [`Sums::evaluate`], estimated from one in sixteen samples.
    pub(crate) fn estimate<T: Sample>(&mut self, problem: &Problem, z: &[T], shift: &[f64]) {
        let Sums { tasks, partial, .. } = self;
        partial.fill(0.0);
        for task in tasks.iter() {
            run::<T, false>(problem, z, shift, task, EVERY / TAKEN, &mut partial[task.partial.clone()]);
        }
        self.collect(problem);
    }

    pub(super) fn collect(&mut self, problem: &Problem) {
        let width = problem.width();
        self.value.fill(0.0);
        self.size.fill(0.0);
        self.gram.fill(0.0);
        for task in &self.tasks {
            if width == 1 {
                let (pieces, _) = self.partial[task.partial.clone()].as_chunks::<3>();
                for (cell, [value, size, gram]) in task.cells.clone().zip(pieces) {
                    self.value[cell] += value;
                    self.size[cell] += size;
                    self.gram[cell] += gram;
                }
                continue;
            }
            let pieces = self.partial[task.partial.clone()].chunks_exact(width * (2 + width));
            for (cell, piece) in task.cells.clone().zip(pieces) {
                let slots = cell * width..(cell + 1) * width;
                add(&mut self.value[slots.clone()], &piece[..width]);
                add(&mut self.size[slots.clone()], &piece[width..2 * width]);
                add(&mut self.gram[slots.start * width..slots.end * width], &piece[2 * width..]);
            }
        }
    }
}

fn add(sums: &mut [f64], more: &[f64]) {
    sums.iter_mut().zip(more).for_each(|(s, m)| *s += m);
}

/// The sums of one task over all of its samples (`thin` 1) or a sample of them, scaled up.
fn run<T: Sample, const ROUND: bool>(
    problem: &Problem,
    z: &[T],
    shift: &[f64],
    task: &Task,
    thin: usize,
    out: &mut [f64],
) {
    pulp::Arch::new().dispatch(Run::<T, ROUND> { problem, z, shift, task, thin, out });
}

/// The arguments of [`run`]: a type of its own, since a closure's body may be left outside the vectorised function.
struct Run<'a, T, const ROUND: bool> {
    problem: &'a Problem,
    z: &'a [T],
    shift: &'a [f64],
    task: &'a Task,
    thin: usize,
    out: &'a mut [f64],
}

impl<T: Sample, const ROUND: bool> pulp::WithSimd for Run<'_, T, ROUND> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Run { problem, z, shift, task, thin, out } = self;
        let width = problem.width();
        let plain = plain_interval::<T>(problem);
        let (step, take) = if thin == 1 { (usize::MAX, usize::MAX) } else { (EVERY, TAKEN) };
        for (cell, out) in task.cells.clone().zip(out.chunks_exact_mut(width * (2 + width))) {
            let Range { start: begin, end } = samples_of(problem, task, cell);
            let mut at = begin;
            let mut seen = 0;
            while at < end {
                let stop = at.saturating_add(take).min(end);
                match plain {
                    Some((lo, hi)) => plain_sums::<T, ROUND>(&z[at..stop], shift[cell], lo, hi, out),
                    None => {
                        let shift = &shift[cell * width..(cell + 1) * width];
                        general_sums::<T, ROUND>(problem, z, shift, at, stop, out);
                    }
                }
                seen += stop - at;
                at = at.saturating_add(step);
            }
            if thin > 1 && seen > 0 {
                let scale = (end - begin) as f64 / seen as f64;
                out.iter_mut().for_each(|v| *v *= scale);
            }
        }
    }
}

/// The samples of a cell that lie in a task.
#[inline(always)]
pub(super) fn samples_of(problem: &Problem, task: &Task, cell: usize) -> Range<usize> {
    let range = problem.grouping.range(cell);
    range.start.max(task.samples.start)..range.end.min(task.samples.end)
}

/// `φ_f` of a sample in grouped order.
pub(crate) fn factor_at(problem: &Problem, f: usize, place: usize) -> f64 {
    match &problem.factors[f] {
        Factor::One => 1.0,
        Factor::Data(phi) => phi[place],
    }
}
