//! The last pass: writes `ŷ`, and adds up and measures what it writes.

use rayon::prelude::*;

use super::{InOrder, TASK};
use crate::problem::{Bounds, Problem};
use crate::project::kernel::{LANES, plain_interval, settle};
use crate::project::lanes::{ByCell, Half, Run, Shifts, Totals, clip, ids, widened};
use crate::project::masks;
use crate::project::output::{Measures, measure};
use crate::project::passes::{PARALLEL, Sums};
use crate::project::sample::Sample;

/// `ŷ`, `z` and cells of a task, and its sums.
type TaskOf<'a, T> = (((&'a mut [T], &'a [T]), &'a [u32]), &'a mut [Totals]);

/// Writes `ŷ = clip(z − t)` of a plain problem in the order of the samples, and adds up what it writes.
///
/// Sizes and numbers of free samples are those of the last evaluation, at the same shift, unless numbers are rounded.
pub(crate) fn write_and_sum<T: Sample>(
    problem: &Problem,
    z: &[T],
    shift: &[f64],
    (order, sums): (&mut InOrder, &mut Sums),
    measures: &mut Vec<Measures>,
    y: &mut [T],
) -> Measures {
    measures.clear();
    let (Some(interval), Bounds::Uniform { lo, hi }) = (plain_interval::<T>(problem), &problem.bounds) else {
        return Measures::default();
    };
    let stride = order.clear_partial(problem);
    let cell = problem.grouping.cell();
    let task = |(((y, z), cell), out): TaskOf<'_, T>| {
        pulp::Arch::new().dispatch(LastPass { z, cell, shift, interval, out, y })
    };
    if z.len() >= PARALLEL && rayon::current_num_threads() > 1 {
        let pieces = y.par_chunks_mut(TASK).zip(z.par_chunks(TASK)).zip(cell.par_chunks(TASK));
        pieces.zip(order.partial.par_chunks_mut(stride)).map(task).collect_into_vec(measures);
    } else {
        let pieces = y.chunks_mut(TASK).zip(z.chunks(TASK)).zip(cell.chunks(TASK));
        measures.extend(pieces.zip(order.partial.chunks_mut(stride)).map(task));
    }
    order.collect(problem, sums, T::ROUNDING > f64::ROUNDING);
    let bound = (lo - interval.0).max(interval.1 - hi).max(0.0);
    measures.iter().fold(Measures { bound, ..Measures::default() }, |a, b| a.join(*b))
}

/// One task of the pass.
struct LastPass<'a, T> {
    z: &'a [T],
    cell: &'a [u32],
    shift: &'a [f64],
    interval: (f64, f64),
    out: &'a mut [Totals],
    y: &'a mut [T],
}

impl<T: Sample> pulp::WithSimd for LastPass<'_, T> {
    type Output = Measures;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) -> Measures {
        match self.shift.len() {
            0..=2 => self.run::<S, 2>(simd),
            3..=masks::MOST => self.run::<S, { masks::MOST }>(simd),
            _ => self.run::<S, 0>(simd),
        }
    }
}

impl<T: Sample> LastPass<'_, T> {
    #[inline(always)]
    fn run<S: pulp::Simd, const FEW: usize>(self, simd: S) -> Measures {
        let LastPass { z, cell, shift, interval, out, y } = self;
        let mut pass =
            Pass { shifts: Shifts::<FEW>::new(shift, interval), squares: [0.0; LANES / 2], worst: [0.0; LANES / 2] };
        let mut sums = ByCell::<FEW>::new(out);
        let ((zs, rest_z), (cells, rest_cell)) = (z.as_chunks::<LANES>(), cell.as_chunks::<LANES>());
        let (ys, rest_y) = y.as_chunks_mut::<LANES>();
        for ((z, cell), out) in zs.iter().zip(cells).zip(ys) {
            let (z, id) = (widened(z), ids(cell));
            let steps = pass.shifts.look_up(simd, cell, &id);
            *out = pass.moved(simd, &z, &steps).map(T::narrow);
            let y = widened(out);
            pass.measure(simd, &y, &z, &steps);
            if T::ROUNDING > f64::ROUNDING {
                sums.add_run::<S, true>(simd, (cell, &id), (&y, &z), interval);
            } else {
                sums.add_run::<S, false>(simd, (cell, &id), (&y, &z), interval);
            }
        }
        for (lane, ((z, &cell), out)) in rest_z.iter().zip(rest_cell).zip(rest_y).enumerate() {
            let (z, step) = (z.widen(), shift[cell as usize]);
            *out = T::narrow(settle::<T, true>(z - step, interval.0, interval.1));
            let (square, error) = measure(out.widen(), z, step, 1.0, interval.0, interval.1);
            let lane = lane % pass.squares.len();
            pass.squares[lane] += square;
            pass.worst[lane] = pass.worst[lane].max(error);
            sums.add(cell, out.widen(), z, interval);
        }
        sums.finish();
        Measures {
            objective: 0.5 * pass.squares.iter().sum::<f64>(),
            stationarity: pass.worst.iter().fold(0.0, |a, b| f64::max(a, *b)),
            bound: 0.0,
        }
    }
}

struct Pass<'a, const FEW: usize> {
    shifts: Shifts<'a, FEW>,
    squares: Half,
    worst: Half,
}

impl<const FEW: usize> Pass<'_, FEW> {
    /// `clip(z − t)`.
    #[inline(always)]
    fn moved<S: pulp::Simd>(&self, simd: S, z: &Run, steps: &Run) -> Run {
        let (lo, hi) = (simd.splat_f64s(self.shifts.interval.0), simd.splat_f64s(self.shifts.interval.1));
        let mut y = [0.0; LANES];
        let (zs, steps, ys) = (S::as_simd_f64s(z).0, S::as_simd_f64s(steps).0, S::as_mut_simd_f64s(&mut y).0);
        for ((y, z), step) in ys.iter_mut().zip(zs).zip(steps) {
            *y = clip(simd, simd.sub_f64s(*z, *step), lo, hi);
        }
        y
    }

    /// As [`measure`] with weight 1, of a run.
    #[inline(always)]
    fn measure<S: pulp::Simd>(&mut self, simd: S, y: &Run, z: &Run, steps: &Run) {
        let (lo, hi) = (simd.splat_f64s(self.shifts.interval.0), simd.splat_f64s(self.shifts.interval.1));
        let zero = simd.splat_f64s(0.0);
        let (ys, zs, steps) = (S::as_simd_f64s(y).0, S::as_simd_f64s(z).0, S::as_simd_f64s(steps).0);
        let (squares, worst) = (S::as_mut_simd_f64s(&mut self.squares).0, S::as_mut_simd_f64s(&mut self.worst).0);
        for at in 0..ys.len() {
            let move_of = simd.sub_f64s(ys[at], zs[at]);
            let to = at % squares.len();
            squares[to] = simd.add_f64s(squares[to], simd.mul_f64s(move_of, move_of));
            let gradient = simd.add_f64s(move_of, steps[at]);
            let up = simd.select_f64s(simd.greater_than_f64s(ys[at], lo), gradient, zero);
            let down = simd.select_f64s(simd.less_than_f64s(ys[at], hi), simd.sub_f64s(zero, gradient), zero);
            worst[to] = simd.max_f64s(worst[to], simd.max_f64s(up, down));
        }
    }
}
