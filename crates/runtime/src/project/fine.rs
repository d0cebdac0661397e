//! Twice the digits, for the last steps of batches that doubles do not end.
//!
//! A sample of weight 1e-3 moves by a thousand times `Aᵀ μ`, and multipliers that also move samples of weight 1e3 are
//! large: what is left of their sum at the light sample has lost the digits that its rows ask for. So where a solve
//! stalls above the rounding of its rows, multipliers get a second number each, and `Aᵀ μ` is added up in pairs
//! (Dekker 1971). The numbers `ŷ` stay what they are, doubles that are added up as ever.

use super::kernel::settle;
use super::passes::{Sums, factor_at};
use super::sample::Sample;
use crate::problem::{Bounds, Problem};

/// A sum of two doubles, the second below the rounding of the first.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Double {
    pub(crate) high: f64,
    pub(crate) low: f64,
}

impl Double {
    pub(crate) fn new(high: f64, low: f64) -> Self {
        Double { high, low }
    }

    /// Adds a number.
    pub(crate) fn plus(self, value: f64) -> Self {
        let (sum, error) = two_sum(self.high, value);
        let (high, low) = two_sum(sum, error + self.low);
        Double { high, low }
    }

    /// Adds `a·b`, with what its rounding loses.
    pub(crate) fn plus_product(self, a: f64, b: f64) -> Self {
        let product = a * b;
        self.plus(product).plus(a.mul_add(b, -product))
    }

    /// Adds `b` times another sum.
    pub(crate) fn plus_scaled(self, other: Double, b: f64) -> Self {
        let sum = self.plus_product(other.high, b);
        if other.low == 0.0 { sum } else { sum.plus(other.low * b) }
    }
}

/// The rounded sum and what it lost (Knuth).
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

/// `Cᵀ μ` over slots for `μ = high + low`, as pairs.
pub(crate) fn shift_into(problem: &Problem, high: &[f64], low: &[f64], out: &mut Vec<Double>) {
    out.clear();
    out.resize(problem.slots(), Double::default());
    for (row, (&high, &low)) in high.iter().zip(low).enumerate().filter(|(_, (high, _))| **high != 0.0) {
        for (slot, value) in problem.rows.row(row) {
            out[slot] = out[slot].plus_scaled(Double::new(high, low), value);
        }
    }
}

/// `Aᵀ μ` at a sample, of the pairs of its cell.
pub(crate) fn at_sample(problem: &Problem, cell: usize, place: usize, shift: &[Double]) -> Double {
    let width = problem.width();
    let own = shift[cell * width..(cell + 1) * width].iter().enumerate();
    own.fold(Double::default(), |sum, (f, s)| sum.plus_scaled(*s, factor_at(problem, f, place)))
}

/// The interval of a sample.
pub(crate) fn interval(problem: &Problem, place: usize) -> (f64, f64) {
    match &problem.bounds {
        Bounds::Uniform { lo, hi } => (*lo, *hi),
        Bounds::PerSample { lo, hi } => (lo[place], hi[place]),
    }
}

/// `z − t / w`, where there is a second part of `t` rounded once at the end: samples that shall be equal are.
pub(crate) fn moved(z: f64, t: Double, w: f64) -> f64 {
    let step = t.high / w;
    if t.low == 0.0 || !step.is_finite() {
        return z - step;
    }
    let rest = (-step).mul_add(w, t.high) + t.low;
    Double::new(z, 0.0).plus(-step).plus(-rest / w).high
}

/// Calls `visit(place, shift, weight, lo, hi)` for each sample in grouped order.
pub(crate) fn for_each_sample(
    problem: &Problem,
    shift: &[Double],
    mut visit: impl FnMut(usize, Double, f64, f64, f64),
) {
    for cell in 0..problem.cells() {
        for place in problem.grouping.range(cell) {
            let (lo, hi) = interval(problem, place);
            let w = problem.weights.as_ref().map_or(1.0, |w| w[place]);
            visit(place, at_sample(problem, cell, place, shift), w, lo, hi);
        }
    }
}

/// As [`Sums::evaluate`], by pairs and in the order of the samples.
pub(crate) fn evaluate<T: Sample, const ROUND: bool>(problem: &Problem, z: &[T], shift: &[Double], sums: &mut Sums) {
    let width = problem.width();
    let mut value = vec![Double::default(); width];
    sums.size.fill(0.0);
    sums.gram.fill(0.0);
    for cell in 0..problem.cells() {
        value.fill(Double::default());
        for place in problem.grouping.range(cell) {
            let t = at_sample(problem, cell, place, shift);
            let (lo, hi) = interval(problem, place);
            let (lo, hi) = T::inward(lo, hi);
            let (z, w) = (z[place].widen(), problem.weights.as_ref().map_or(1.0, |w| w[place]));
            let y = settle::<T, ROUND>(if w > 0.0 { moved(z, t, w) } else { z }, lo, hi);
            let free = w > 0.0 && y > lo && y < hi;
            for (f, sum) in value.iter_mut().enumerate() {
                let (slot, phi) = (cell * width + f, factor_at(problem, f, place));
                *sum = sum.plus_product(y, phi);
                sums.size[slot] += (phi * y).abs() + if free { (phi * z).abs() } else { 0.0 };
                for g in 0..if free { width } else { 0 } {
                    sums.gram[slot * width + g] += phi * factor_at(problem, g, place) / w;
                }
            }
        }
        let own = sums.value[cell * width..(cell + 1) * width].iter_mut();
        own.zip(&value).for_each(|(out, sum)| *out = sum.high);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_keep_what_one_number_loses() {
        let sum = Double::default().plus(1e16).plus(1.0).plus(-1e16);
        assert_eq!((sum.high, sum.low), (1.0, 0.0));
        let third = 1.0 / 3.0;
        let product = Double::default().plus_product(third, 3.0).plus(-1.0);
        assert_eq!(product.high, third.mul_add(3.0, -1.0));
    }
}
