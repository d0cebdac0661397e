//! Derivatives of plain problems: two passes over the samples in the order in which they came.
//!
//! Samples are cut into tasks by their number alone, and tasks are added up in their order.

use rayon::prelude::*;

use crate::problem::Problem;
use crate::project::buffers::Buffers;
use crate::project::in_order::{CELLS, TASK};
use crate::project::kernel::LANES;
use crate::project::lanes::{Half, Shifts, ids, in_cell, total, widened};
use crate::project::masks::{self, keep};
use crate::project::passes::PARALLEL;
use crate::project::projection::is_finite;
use crate::project::sample::Sample;

/// Tables that samples take turns to add to, where cells are many.
const TABLES: usize = 4;
/// Samples that are looked at while they stay in the first-level cache.
const BLOCK: usize = 1024;

/// Cells, `ŷ` and `v` of a task, and its sums.
type MomentsOf<'a, T> = (((&'a [u32], &'a [T]), &'a [T]), &'a mut [f64]);
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
    let stride = if cells <= masks::MOST { cells } else { TABLES * cells };
    let Buffers { lanes, moment, .. } = buffers;
    lanes.clear();
    lanes.resize(y.len().div_ceil(task) * stride, 0.0);
    let run = |(((cell, y), v), out): MomentsOf<'_, T>| {
        pulp::Arch::new().dispatch(Moments { cells, cell, y, v, interval, out })
    };
    let cell = problem.grouping.cell();
    let finite = if in_threads(y.len()) {
        let pieces = cell.par_chunks(task).zip(y.par_chunks(task)).zip(v.par_chunks(task));
        pieces.zip(lanes.par_chunks_mut(stride)).map(run).reduce(|| true, |all, one| all & one)
    } else {
        let pieces = cell.chunks(task).zip(y.chunks(task)).zip(v.chunks(task));
        pieces.zip(lanes.chunks_mut(stride)).map(run).fold(true, |all, one| all & one)
    };
    moment.clear();
    moment.resize(problem.cells(), 0.0);
    for table in lanes.chunks_exact(cells) {
        moment.iter_mut().zip(table).for_each(|(sum, more)| *sum += more);
    }
    finite
}

struct Moments<'a, T> {
    cells: usize,
    cell: &'a [u32],
    y: &'a [T],
    v: &'a [T],
    interval: (T, T),
    out: &'a mut [f64],
}

impl<T: Sample> pulp::WithSimd for Moments<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) -> bool {
        match self.cells {
            0..=2 => self.run::<S, 2>(simd),
            3..=masks::MOST => self.run::<S, { masks::MOST }>(simd),
            _ => self.run::<S, 0>(simd),
        }
    }
}

impl<T: Sample> Moments<'_, T> {
    #[inline(always)]
    fn run<S: pulp::Simd, const FEW: usize>(self, simd: S) -> bool {
        let Moments { cells, cell, y, v, interval: (lo, hi), out } = self;
        let mut sums: [Half; FEW] = [[0.0; LANES / 2]; FEW];
        let mut finite = true;
        let free = |y: T, v: T| keep(v.widen(), (y > lo) & (y < hi));
        let blocks = cell.chunks(BLOCK).zip(y.chunks(BLOCK)).zip(v.chunks(BLOCK));
        for ((cell, y), v) in blocks {
            finite &= is_finite(v);
            let (runs, rest_cell) = cell.as_chunks::<LANES>();
            let ((ys, rest_y), (vs, rest_v)) = (y.as_chunks::<LANES>(), v.as_chunks::<LANES>());
            for ((cell, y), v) in runs.iter().zip(ys).zip(vs) {
                if FEW == 0 {
                    let (first, rest) = out.split_at_mut(cells);
                    let (second, rest) = rest.split_at_mut(cells);
                    let (third, fourth) = rest.split_at_mut(cells);
                    for lane in (0..LANES).step_by(TABLES) {
                        first[cell[lane] as usize] += free(y[lane], v[lane]);
                        second[cell[lane + 1] as usize] += free(y[lane + 1], v[lane + 1]);
                        third[cell[lane + 2] as usize] += free(y[lane + 2], v[lane + 2]);
                        fourth[cell[lane + 3] as usize] += free(y[lane + 3], v[lane + 3]);
                    }
                    continue;
                }
                let (id, y, v) = (ids(cell), widened(y), widened(v));
                let (ys, vs) = (S::as_simd_f64s(&y).0, S::as_simd_f64s(&v).0);
                let (lo, hi) = (simd.splat_f64s(lo.widen()), simd.splat_f64s(hi.widen()));
                for at in 0..ys.len() {
                    let inside = simd.and_m64s(simd.greater_than_f64s(ys[at], lo), simd.less_than_f64s(ys[at], hi));
                    let value = simd.select_f64s(inside, vs[at], simd.splat_f64s(0.0));
                    for (k, sum) in sums.iter_mut().enumerate() {
                        let here = in_cell(simd, (cell, &id), k, at);
                        let sum = S::as_mut_simd_f64s(sum).0;
                        let to = at % sum.len();
                        sum[to] = simd.add_f64s(sum[to], simd.select_f64s(here, value, simd.splat_f64s(0.0)));
                    }
                }
            }
            for ((cell, y), v) in rest_cell.iter().zip(rest_y).zip(rest_v) {
                out[*cell as usize] += free(*y, *v);
            }
        }
        out.iter_mut().zip(sums).for_each(|(out, sum)| *out += total(sum));
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
            0..=2 => self.run::<S, 2>(simd),
            3..=masks::MOST => self.run::<S, { masks::MOST }>(simd),
            _ => self.run::<S, 0>(simd),
        }
    }
}

impl<T: Sample> Write<'_, T> {
    #[inline(always)]
    fn run<S: pulp::Simd, const FEW: usize>(self, simd: S) {
        let Write { cell, y, v, interval: (lo, hi), back, z } = self;
        let shifts = Shifts::<FEW>::new(back, (lo.widen(), hi.widen()));
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
