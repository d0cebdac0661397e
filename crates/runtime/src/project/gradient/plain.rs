//! Derivatives of plain problems: two passes over the samples in the order in which they came.
//!
//! Samples are cut into tasks by their number alone, and tasks are added up in their order.

use rayon::prelude::*;

use crate::problem::Problem;
use crate::project::buffers::Buffers;
use crate::project::in_order::{CELLS, TASK};
use crate::project::kernel::LANES;
use crate::project::lanes::{ByCell, MANY, Shifts, Totals, VALUES, ids, totals, widened};
use crate::project::masks::{self, keep};
use crate::project::passes::PARALLEL;
use crate::project::projection::is_finite;
use crate::project::sample::Sample;

/// Samples that are looked at while they stay in the first-level cache.
const BLOCK: usize = 1024;

/// Cells, `ŷ` and `v` of a task, and its sums.
type MomentsOf<'a, T> = (((&'a [u32], &'a [T]), &'a [T]), &'a mut [Totals]);
/// The derivatives of a task, its cells, `ŷ` and `v`.
type WriteOf<'a, T> = (((&'a mut [T], &'a [u32]), &'a [T]), &'a [T]);

fn in_threads(samples: usize) -> bool {
    samples >= PARALLEL && rayon::current_num_threads() > 1
}

/// Per cell `Σ v` over the free samples; false if a `v` is not finite.
pub(super) fn moments<T: Sample>(
    problem: &Problem,
    y: &[T],
    v: &[T],
    interval: (T, T),
    buffers: &mut Buffers<T>,
) -> bool {
    let cells = problem.cells().max(1);
    // With many cells the sums of each task would take more room than its samples.
    let task = if cells <= CELLS { TASK } else { y.len().max(1) };
    let stride = totals(cells);
    let Buffers { partial, moment, .. } = buffers;
    partial.clear();
    partial.resize(y.len().div_ceil(task) * stride, Totals::default());
    let run = |(((cell, y), v), out): MomentsOf<'_, T>| {
        pulp::Arch::new().dispatch(Moments { cells, cell, y, v, interval, out })
    };
    let cell = problem.grouping.cell();
    let finite = if in_threads(y.len()) {
        let pieces = cell.par_chunks(task).zip(y.par_chunks(task)).zip(v.par_chunks(task));
        pieces.zip(partial.par_chunks_mut(stride)).map(run).reduce(|| true, |all, one| all & one)
    } else {
        let pieces = cell.chunks(task).zip(y.chunks(task)).zip(v.chunks(task));
        pieces.zip(partial.chunks_mut(stride)).map(run).fold(true, |all, one| all & one)
    };
    moment.clear();
    moment.resize(problem.cells(), 0.0);
    for table in partial.chunks_exact(cells) {
        moment.iter_mut().zip(table).for_each(|(sum, [more, ..])| *sum += more);
    }
    finite
}

struct Moments<'a, T> {
    cells: usize,
    cell: &'a [u32],
    y: &'a [T],
    v: &'a [T],
    interval: (T, T),
    out: &'a mut [Totals],
}

impl<T: Sample> pulp::WithSimd for Moments<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) -> bool {
        match self.cells {
            0..=2 => self.run::<S, 2, 0>(simd),
            3..=masks::MOST => self.run::<S, { masks::MOST }, 0>(simd),
            cells if cells <= MANY => self.run::<S, 0, MANY>(simd),
            _ => self.run::<S, 0, 0>(simd),
        }
    }
}

impl<T: Sample> Moments<'_, T> {
    #[inline(always)]
    fn run<S: pulp::Simd, const FEW: usize, const TABLE: usize>(self, simd: S) -> bool {
        let Moments { cell, y, v, interval, out, .. } = self;
        let (lo, hi) = (interval.0.widen(), interval.1.widen());
        let mut sums = ByCell::<FEW, TABLE>::new(out);
        let mut finite = true;
        let blocks = cell.chunks(BLOCK).zip(y.chunks(BLOCK)).zip(v.chunks(BLOCK));
        for ((cell, y), v) in blocks {
            finite &= is_finite(v);
            let (runs, rest_cell) = cell.as_chunks::<LANES>();
            let ((ys, rest_y), (vs, rest_v)) = (y.as_chunks::<LANES>(), v.as_chunks::<LANES>());
            for ((cell, y), v) in runs.iter().zip(ys).zip(vs) {
                let (y, v, mut free) = (widened(y), widened(v), [0.0; LANES]);
                let (ys, vs) = (S::as_simd_f64s(&y).0, S::as_simd_f64s(&v).0);
                let (lo, hi) = (simd.splat_f64s(lo), simd.splat_f64s(hi));
                for ((free, y), v) in S::as_mut_simd_f64s(&mut free).0.iter_mut().zip(ys).zip(vs) {
                    let inside = simd.and_m64s(simd.greater_than_f64s(*y, lo), simd.less_than_f64s(*y, hi));
                    *free = simd.select_f64s(inside, *v, simd.splat_f64s(0.0));
                }
                sums.add_run::<S, VALUES>(simd, (cell, &ids(cell)), (&free, &free, &free));
            }
            for ((cell, y), v) in rest_cell.iter().zip(rest_y).zip(rest_v) {
                let (y, v) = (y.widen(), v.widen());
                sums.add_value(*cell, keep(v, (y > lo) & (y < hi)));
            }
        }
        sums.finish();
        finite
    }
}

/// `v − back` of free samples, 0 of others.
pub(super) fn write<T: Sample>(problem: &Problem, y: &[T], v: &[T], interval: (T, T), back: &[f64], out: &mut [T]) {
    let run = |(((z, cell), y), v): WriteOf<'_, T>| {
        pulp::Arch::new().dispatch(Write { cell, y, v, interval, back, z });
    };
    let cell = problem.grouping.cell();
    if in_threads(y.len()) {
        let pieces = out.par_chunks_mut(TASK).zip(cell.par_chunks(TASK));
        pieces.zip(y.par_chunks(TASK)).zip(v.par_chunks(TASK)).for_each(run);
    } else {
        run((((out, cell), y), v));
    }
}

struct Write<'a, T> {
    cell: &'a [u32],
    y: &'a [T],
    v: &'a [T],
    interval: (T, T),
    back: &'a [f64],
    z: &'a mut [T],
}

impl<T: Sample> pulp::WithSimd for Write<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        match self.back.len() {
            0..=2 => self.run::<S, 2, 0>(simd),
            3..=masks::MOST => self.run::<S, { masks::MOST }, 0>(simd),
            cells if cells <= MANY => self.run::<S, 0, MANY>(simd),
            _ => self.run::<S, 0, 0>(simd),
        }
    }
}

impl<T: Sample> Write<'_, T> {
    #[inline(always)]
    fn run<S: pulp::Simd, const FEW: usize, const TABLE: usize>(self, simd: S) {
        let Write { cell, y, v, interval: (lo, hi), back, z } = self;
        let shifts = Shifts::<FEW, TABLE>::new(back, (lo.widen(), hi.widen()));
        let one = |y: T, v: T, back: f64| T::narrow(keep(v.widen() - back, (y > lo) & (y < hi)));
        let (cells, rest_cell) = cell.as_chunks::<LANES>();
        let ((ys, rest_y), (vs, rest_v)) = (y.as_chunks::<LANES>(), v.as_chunks::<LANES>());
        let (gradients, rest_z) = z.as_chunks_mut::<LANES>();
        for (((z, cell), y), v) in gradients.iter_mut().zip(cells).zip(ys).zip(vs) {
            let backs = shifts.look_up(simd, cell, &ids(cell));
            let (y, v, mut out) = (widened(y), widened(v), [0.0; LANES]);
            let (lo, hi) = (simd.splat_f64s(shifts.interval.0), simd.splat_f64s(shifts.interval.1));
            let (ys, vs, backs) = (S::as_simd_f64s(&y).0, S::as_simd_f64s(&v).0, S::as_simd_f64s(&backs).0);
            for (((out, y), v), back) in S::as_mut_simd_f64s(&mut out).0.iter_mut().zip(ys).zip(vs).zip(backs) {
                let inside = simd.and_m64s(simd.greater_than_f64s(*y, lo), simd.less_than_f64s(*y, hi));
                *out = simd.select_f64s(inside, simd.sub_f64s(*v, *back), simd.splat_f64s(0.0));
            }
            *z = out.map(T::narrow);
        }
        for (((z, cell), y), v) in rest_z.iter_mut().zip(rest_cell).zip(rest_y).zip(rest_v) {
            *z = one(*y, *v, back[*cell as usize]);
        }
    }
}
