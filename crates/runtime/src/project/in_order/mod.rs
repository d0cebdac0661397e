//! Large plain batches in two passes over the samples, in the order in which they came.
//!
//! ```text
//! sketch     one sample in sixteen, grouped by cell      → multipliers nearly right
//! first pass  z and cells, nothing written               → sums by cell, and the samples near a bound put aside
//! Newton     on those samples alone (variable fixing)    → multipliers
//! last pass  z and cells, ŷ written                      → ŷ, the sums of what was written, the certificate
//! ```
//!
//! Nothing is grouped but the few samples in the sketch and near a bound. The sums of the last pass decide: where they do
//! not say that the rows hold, the solve begins anew on grouped samples ([`Projector::project_into`]).
//!
//! Samples are cut into tasks by their number alone, and tasks are added up in their order.

mod aside;
mod first;
mod last;
mod sketch;
mod sorting;

use rayon::prelude::*;

pub(crate) use self::last::write_and_sum;

use self::aside::Found;
use self::first::FirstPass;
use self::sketch::Sketch;
use self::sorting::Sorting;
use super::fixing::VariableFixing;
use super::kernel::plain_interval;
use super::lanes::{self, Totals};
use super::masks;
use super::passes::{EVERY, PARALLEL, SAMPLED, Sums};
use super::sample::Sample;
use crate::problem::Problem;

/// Samples of a task.
pub(super) const TASK: usize = 1 << 14;
/// Most cells that have sums of their own for each task: these must be small beside its samples.
pub(super) const CELLS: usize = 256;

/// Buffers of the passes, and whether the solve goes on by them.
#[derive(Debug, Default, Clone)]
pub(crate) struct InOrder {
    pub(crate) on: bool,
    /// Whether all numbers that the first pass saw are finite.
    pub(crate) finite: bool,
    pub(crate) sketch: Sketch,
    partial: Vec<Totals>,
    found: Vec<Found>,
    places: Vec<usize>,
}

/// `z` and cells of a task, its sums and what it puts aside.
type TaskOf<'a, T> = (((&'a [T], &'a [u32]), &'a mut [Totals]), &'a mut Found);

/// With more cells than go by masks, sums take as long as grouping does while all is in the cache: from so many samples on.
const MANY_CELLS: usize = 1 << 18;

/// Whether a problem is of the kind, and large enough.
pub(crate) fn fits<T: Sample>(problem: &Problem) -> bool {
    let crowd = problem.n() / problem.cells().max(1);
    problem.n() >= if problem.cells() <= masks::MOST { SAMPLED } else { MANY_CELLS }
        && problem.cells() <= lanes::MANY
        && crowd >= EVERY
        && plain_interval::<T>(problem).is_some_and(|interval| is_told(problem, interval))
}

/// Whether the sketch says where the shift of each cell is, about. Without bounds a cell that it hardly sees is shifted anywhere at first, and the
/// rows are then as large, and known as badly, as that.
fn is_told(problem: &Problem, (lo, hi): (f64, f64)) -> bool {
    let count = |cell: usize| problem.grouping.range(cell).len();
    (hi - lo).is_finite() || (0..problem.cells()).all(|cell| count(cell) >= EVERY)
}

/// Standard errors of the sketch that shifts may be wrong by. With few cells it is enough that all of them are seldom
/// farther off; with many one of them always is.
pub(crate) fn errors(cells: usize) -> f64 {
    if cells <= masks::MOST { 2.0 } else { 3.5 }
}

impl InOrder {
    /// One [`Totals`] or more for each cell and task, all zero.
    fn clear_partial(&mut self, problem: &Problem) -> usize {
        let stride = lanes::totals(problem.cells());
        self.partial.clear();
        self.partial.resize(problem.n().div_ceil(TASK) * stride, Totals::default());
        stride
    }

    /// Adds the tasks up, of a pass at a shift; the values alone if not `all`.
    fn collect(&self, problem: &Problem, sums: &mut Sums, shift: &[f64], (interval, all): ((f64, f64), bool)) {
        let cells = problem.cells();
        sums.value.fill(0.0);
        if all {
            sums.size.fill(0.0);
            sums.gram.fill(0.0);
        }
        for task in self.partial.chunks_exact(cells) {
            for (cell, [value, size, free, _]) in task.iter().enumerate() {
                sums.value[cell] += value;
                if all {
                    sums.size[cell] += size;
                    sums.gram[cell] += free;
                }
            }
        }
        if all && lanes::has_one_sign(interval) {
            for (cell, size) in sums.size.iter_mut().enumerate() {
                *size = lanes::size_of(sums.value[cell], sums.gram[cell], shift[cell]);
            }
        }
    }

    /// The sums at a shift over all samples; those near a bound go to `fixing` if it waits for them.
    pub(crate) fn pass<T: Sample>(
        &mut self,
        problem: &Problem,
        z: &[T],
        shift: &[f64],
        fixing: &mut VariableFixing,
        sums: &mut Sums,
    ) {
        let Some(interval) = plain_interval::<T>(problem) else { return };
        let armed = fixing.is_armed();
        let reach = if armed { Some(fixing.recentre(shift)) } else { None };
        let stride = self.clear_partial(problem);
        let tasks = z.len().div_ceil(TASK);
        if self.found.len() < tasks {
            self.found.resize_with(tasks, Found::default);
        }
        let cell = problem.grouping.cell();
        let run = |(((z, cell), out), found): TaskOf<'_, T>| {
            pulp::Arch::new().dispatch(FirstPass { z, cell, shift, reach, interval, out, found });
        };
        let found = &mut self.found[..tasks];
        if z.len() >= PARALLEL && rayon::current_num_threads() > 1 {
            let pieces = z.par_chunks(TASK).zip(cell.par_chunks(TASK));
            pieces.zip(self.partial.par_chunks_mut(stride)).zip(found).for_each(run);
        } else {
            let pieces = z.chunks(TASK).zip(cell.chunks(TASK));
            pieces.zip(self.partial.chunks_mut(stride)).zip(found).for_each(run);
        }
        self.finite = self.found[..tasks].iter().all(|found| found.finite);
        self.collect(problem, sums, shift, (interval, true));
        if armed {
            self.group_near(problem.cells(), tasks, fixing);
            fixing.split::<T>(problem, sums);
        }
    }

    /// The samples near a bound, by cell.
    fn group_near(&mut self, cells: usize, tasks: usize, fixing: &mut VariableFixing) {
        let found = &self.found[..tasks];
        fixing.start.clear();
        fixing.start.push(0);
        let counts = sorting::count(found.iter().map(|found| &found.cell[..]));
        fixing.start.extend(counts.iter().take(cells).scan(0, |before, count| {
            *before += count;
            Some(*before)
        }));
        fixing.near.resize(fixing.start[cells], 0.0);
        self.places.clear();
        self.places.extend_from_slice(&fixing.start[..cells]);
        pulp::Arch::new().dispatch(SortNear { found, places: &mut self.places, out: &mut fixing.near });
    }
}

/// Sorts what tasks have put aside by cell.
struct SortNear<'a> {
    found: &'a [Found],
    places: &'a mut [usize],
    out: &'a mut [f64],
}

impl pulp::WithSimd for SortNear<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        let mut sorting = Sorting::new(&*self.places, self.out);
        self.found.iter().for_each(|found| sorting.put(simd, (&found.near, &found.cell), |z| z));
        sorting.finish(self.places);
    }
}
