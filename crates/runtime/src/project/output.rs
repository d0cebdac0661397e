//! The last pass: writes the returned numbers and measures what needs each sample.

use rayon::prelude::*;

use super::fine::{self, Double};
use super::kernel::{LANES, plain_interval, settle};
use super::masks::{self, ByCell};
use super::passes::PARALLEL;
use super::sample::Sample;
use crate::problem::{Bounds, Factor, Problem};

/// Samples per block of the fixed order in which measures are added up.
const BLOCK: usize = 1 << 13;

/// What the pass measures on the returned numbers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Measures {
    /// `½ Σ w (ŷ − z)²`.
    pub(crate) objective: f64,
    /// Largest error of `w (ŷ − z) + Aᵀ μ + ν = 0` with the best sign-correct `ν`.
    pub(crate) stationarity: f64,
    /// Largest violation of a bound.
    pub(crate) bound: f64,
}

impl Measures {
    /// Counts a sample in: its point and raw prediction, what rows pull it with, its weight and bounds, and the numbers of its type
    /// within these.
    pub(super) fn add(&mut self, y: f64, z: f64, t: f64, w: f64, (lo, hi): (f64, f64), (in_lo, in_hi): (f64, f64)) {
        let (square, error) = measure(y, z, t, w, in_lo, in_hi);
        self.objective += 0.5 * square;
        self.stationarity = self.stationarity.max(error);
        self.bound = self.bound.max(lo - y).max(y - hi);
    }

    pub(super) fn join(self, other: Measures) -> Measures {
        Measures {
            objective: self.objective + other.objective,
            stationarity: self.stationarity.max(other.stationarity),
            bound: self.bound.max(other.bound),
        }
    }
}

/// Writes `ŷ = clip(z − W⁻¹ Cᵀ μ)` in sample order. `z` is in sample order, `grouped` the same in grouped order;
/// the shift is that of `pairs` where there are some.
pub(crate) fn write<T: Sample>(
    problem: &Problem,
    z: &[T],
    grouped: &mut [T],
    (shift, pairs): (&[f64], Option<&[Double]>),
    next: &mut Vec<u32>,
    measures: &mut Vec<Measures>,
    y: &mut [T],
) -> Measures {
    measures.clear();
    match plain_interval::<T>(problem) {
        Some((lo, hi)) => {
            let cell = problem.grouping.cell();
            let block = |((y, z), cell): ((&mut [T], &[T]), &[u32])| plain_block(z, cell, shift, lo, hi, y);
            if z.len() >= PARALLEL && rayon::current_num_threads() > 1 {
                let blocks = y.par_chunks_mut(BLOCK).zip(z.par_chunks(BLOCK)).zip(cell.par_chunks(BLOCK));
                blocks.map(block).collect_into_vec(measures);
            } else {
                measures.extend(y.chunks_mut(BLOCK).zip(z.chunks(BLOCK)).zip(cell.chunks(BLOCK)).map(block));
            }
            let Bounds::Uniform { lo: real_lo, hi: real_hi } = &problem.bounds else { return Measures::default() };
            let bound = if z.is_empty() { 0.0 } else { (real_lo - lo).max(hi - real_hi).max(0.0) };
            measures.iter().fold(Measures { bound, ..Measures::default() }, |a, b| a.join(*b))
        }
        None => {
            let total = general(problem, grouped, shift, pairs);
            problem.grouping.ungroup_into(grouped, y, next);
            total
        }
    }
}

fn plain_block<T: Sample>(z: &[T], cell: &[u32], shift: &[f64], lo: f64, hi: f64, y: &mut [T]) -> Measures {
    pulp::Arch::new().dispatch(PlainBlock { z, cell, shift, lo, hi, y })
}

struct PlainBlock<'a, T> {
    z: &'a [T],
    cell: &'a [u32],
    shift: &'a [f64],
    lo: f64,
    hi: f64,
    y: &'a mut [T],
}

impl<T: Sample> pulp::WithSimd for PlainBlock<'_, T> {
    type Output = Measures;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Measures {
        match self.shift.len() {
            0..=2 => self.write::<2>(),
            3..=masks::MOST => self.write::<{ masks::MOST }>(),
            _ => self.write::<0>(),
        }
    }
}

impl<T: Sample> PlainBlock<'_, T> {
    #[inline(always)]
    fn write<const FEW: usize>(self) -> Measures {
        let PlainBlock { z, cell, shift, lo, hi, y } = self;
        let shift = ByCell::<FEW>::new(shift);
        let (mut objective, mut worst) = ([0.0_f64; LANES], [0.0_f64; LANES]);
        let one = |z: T, t: f64| {
            let value = settle::<T, true>(z.widen() - t, lo, hi);
            (T::narrow(value), measure(value, z.widen(), t, 1.0, lo, hi))
        };
        let (chunks_z, rest_z) = z.as_chunks::<LANES>();
        let (chunks_cell, rest_cell) = cell.as_chunks::<LANES>();
        let (chunks_y, rest_y) = y.as_chunks_mut::<LANES>();
        let mut steps = [0.0; LANES];
        for ((z, cell), y) in chunks_z.iter().zip(chunks_cell).zip(chunks_y) {
            // The look-up first, by itself: the rest is straight arithmetic.
            shift.look_up(cell, &mut steps);
            for lane in 0..LANES {
                let (value, (square, error)) = one(z[lane], steps[lane]);
                y[lane] = value;
                objective[lane] += square;
                worst[lane] = worst[lane].max(error);
            }
        }
        for (lane, ((z, cell), y)) in rest_z.iter().zip(rest_cell).zip(rest_y).enumerate() {
            let (value, (square, error)) = one(*z, shift.get(*cell));
            *y = value;
            objective[lane] += square;
            worst[lane] = worst[lane].max(error);
        }
        Measures {
            objective: 0.5 * objective.iter().sum::<f64>(),
            stationarity: worst.iter().fold(0.0, |a, b| f64::max(a, *b)),
            bound: 0.0,
        }
    }
}

/// `w (ŷ − z)²` and the error of stationarity of one sample.
#[inline(always)]
pub(super) fn measure(y: f64, z: f64, t: f64, w: f64, lo: f64, hi: f64) -> (f64, f64) {
    let step = y - z;
    let gradient = w * step + t;
    // At a bound ν takes the gradient's part of the right sign; at both (a fixed sample) it takes all.
    let up = if y <= lo { 0.0 } else { gradient };
    let down = if y >= hi { 0.0 } else { -gradient };
    (w * step * step, if up > down { up } else { down })
}

/// Problems with factors, weights or bounds per sample: in grouped order, `z` is overwritten by `ŷ`.
fn general<T: Sample>(problem: &Problem, grouped: &mut [T], shift: &[f64], pairs: Option<&[Double]>) -> Measures {
    let mut total = Measures::default();
    let write = |place: usize, t: Double, w: f64, lo: f64, hi: f64| {
        let z = grouped[place].widen();
        let (in_lo, in_hi) = T::inward(lo, hi);
        let y = settle::<T, true>(if w > 0.0 { fine::moved(z, t, w) } else { z }, in_lo, in_hi);
        grouped[place] = T::narrow(y);
        total.add(y, z, t.high, w, (lo, hi), (in_lo, in_hi));
    };
    for_each_shift(problem, shift, pairs, write);
    total
}

/// As [`for_each_sample`], of the pairs where there are some.
pub(super) fn for_each_shift(
    problem: &Problem,
    shift: &[f64],
    pairs: Option<&[Double]>,
    mut visit: impl FnMut(usize, Double, f64, f64, f64),
) {
    match pairs {
        Some(pairs) => fine::for_each_sample(problem, pairs, visit),
        None => for_each_sample(problem, shift, |place, t, w, lo, hi| visit(place, Double::new(t, 0.0), w, lo, hi)),
    }
}

/// Calls `visit(place, shift, weight, lo, hi)` for each sample in grouped order.
pub(crate) fn for_each_sample(problem: &Problem, shift: &[f64], mut visit: impl FnMut(usize, f64, f64, f64, f64)) {
    let width = problem.width();
    for cell in 0..problem.cells() {
        let own = &shift[cell * width..(cell + 1) * width];
        for place in problem.grouping.range(cell) {
            let mut t = 0.0;
            for (factor, s) in problem.factors.iter().zip(own) {
                t += match factor {
                    Factor::One => *s,
                    Factor::Data(phi) => s * phi[place],
                };
            }
            let w = problem.weights.as_ref().map_or(1.0, |w| w[place]);
            let (lo, hi) = match &problem.bounds {
                Bounds::Uniform { lo, hi } => (*lo, *hi),
                Bounds::PerSample { lo, hi } => (lo[place], hi[place]),
            };
            visit(place, t, w, lo, hi);
        }
    }
}
