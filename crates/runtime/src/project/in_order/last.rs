//! The last pass: writes `ŷ`, and adds up and measures what it writes.

use rayon::prelude::*;

use super::{InOrder, TASK};
use crate::problem::{Bounds, Problem};
use crate::project::kernel::{LANES, plain_interval, settle};
use crate::project::lanes::{
    ByCell, FREE, Half, MANY, Run, SIZES, Shifts, Totals, VALUES, clip, has_one_sign, ids, weigh_run, widened,
};
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
    order.collect(problem, sums, shift, (interval, T::ROUNDING > f64::ROUNDING));
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
            0..=2 => self.run::<S, 2, 0>(simd),
            3..=masks::MOST => self.run::<S, { masks::MOST }, 0>(simd),
            _ => self.run::<S, 0, MANY>(simd),
        }
    }
}

impl<T: Sample> LastPass<'_, T> {
    #[inline(always)]
    fn run<S: pulp::Simd, const FEW: usize, const TABLE: usize>(self, simd: S) -> Measures {
        let LastPass { z, cell, shift, interval, out, y } = self;
        let one_sign = has_one_sign(interval);
        let none = [0.0; LANES / 2];
        let mut pass = Pass { shifts: Shifts::<FEW, TABLE>::new(shift, interval), squares: none, up: none, down: none };
        let mut sums = ByCell::<FEW, TABLE>::new(out);
        let ((zs, rest_z), (cells, rest_cell)) = (z.as_chunks::<LANES>(), cell.as_chunks::<LANES>());
        let (ys, rest_y) = y.as_chunks_mut::<LANES>();
        for ((z, cell), out) in zs.iter().zip(cells).zip(ys) {
            // A copy, which no store to `out` may change: so it stays in registers.
            let cell = &{ *cell };
            let (z, id) = (widened(z), ids(cell));
            let steps = pass.shifts.look_up(simd, cell, &id);
            let y = pass.run(simd, &z, &steps, out);
            let run = (cell, &id);
            if T::ROUNDING > f64::ROUNDING {
                let (free, size) = weigh_run(simd, &y, &z, interval);
                match one_sign {
                    true => sums.add_run::<S, FREE>(simd, run, (&y, &free, &size)),
                    false => sums.add_run::<S, SIZES>(simd, run, (&y, &free, &size)),
                }
            } else {
                sums.add_run::<S, VALUES>(simd, run, (&y, &y, &y));
            }
        }
        for (lane, ((z, &cell), out)) in rest_z.iter().zip(rest_cell).zip(rest_y).enumerate() {
            let (z, step) = (z.widen(), shift[cell as usize]);
            *out = T::narrow(settle::<T, true>(z - step, interval.0, interval.1));
            let (square, error) = measure(out.widen(), z, step, 1.0, interval.0, interval.1);
            let lane = lane % pass.squares.len();
            pass.squares[lane] += square;
            pass.up[lane] = pass.up[lane].max(error);
            sums.add(cell, out.widen(), z, interval);
        }
        sums.finish();
        Measures {
            objective: 0.5 * pass.squares.iter().sum::<f64>(),
            stationarity: pass.up.iter().zip(pass.down).fold(0.0, |most, (up, down)| most.max(*up).max(-down)),
            bound: 0.0,
        }
    }
}

struct Pass<'a, const FEW: usize, const TABLE: usize> {
    shifts: Shifts<'a, FEW, TABLE>,
    squares: Half,
    /// The largest gradient of a sample that could be lower, and the least of one that could be higher.
    up: Half,
    down: Half,
}

impl<const FEW: usize, const TABLE: usize> Pass<'_, FEW, TABLE> {
    /// `ŷ = clip(z − t)` of a run, measured as by [`measure`] with weight 1.
    #[inline(always)]
    fn run<S: pulp::Simd, T: Sample>(&mut self, simd: S, z: &Run, steps: &Run, out: &mut [T; LANES]) -> Run {
        let (lo, hi) = (simd.splat_f64s(self.shifts.interval.0), simd.splat_f64s(self.shifts.interval.1));
        let mut y = [0.0; LANES];
        let (zs, steps) = (S::as_simd_f64s(z).0, S::as_simd_f64s(steps).0);
        for ((y, z), step) in S::as_mut_simd_f64s(&mut y).0.iter_mut().zip(zs).zip(steps) {
            *y = clip(simd, simd.sub_f64s(*z, *step), lo, hi);
        }
        *out = y.map(T::narrow);
        let y = widened(out);
        let ys = S::as_simd_f64s(&y).0;
        let (squares, up) = (S::as_mut_simd_f64s(&mut self.squares).0, S::as_mut_simd_f64s(&mut self.up).0);
        let down = S::as_mut_simd_f64s(&mut self.down).0;
        for at in 0..ys.len() {
            let move_of = simd.sub_f64s(ys[at], zs[at]);
            let to = at % squares.len();
            squares[to] = simd.add_f64s(squares[to], simd.mul_f64s(move_of, move_of));
            let gradient = simd.add_f64s(move_of, steps[at]);
            let (above, below) = (simd.greater_than_f64s(ys[at], lo), simd.less_than_f64s(ys[at], hi));
            up[to] = simd.select_f64s(above, simd.max_f64s(up[to], gradient), up[to]);
            down[to] = simd.select_f64s(below, simd.min_f64s(down[to], gradient), down[to]);
        }
        y
    }
}
