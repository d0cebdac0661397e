//! Proofs of infeasibility.
//!
//! A combination `f` of the rows proves that no point of the box satisfies them (Farkas 1902, with bounds) if
//!
//! ```text
//! min over the box of fᵀ A y   >   max over l ≤ c ≤ u of fᵀ c
//! ```
//!
//! `Aᵀ f` is added up in pairs of doubles and each term is taken at its least within what may be wrong with it, so a
//! proof holds for the numbers as they are, in the box as it is.

use super::fine::{self, Double, interval};
use super::passes::factor_at;
use super::projection::Infeasibility;
use crate::problem::Problem;

/// Share of its terms that a sum of pairs may be wrong by.
const PAIRS: f64 = f64::EPSILON * f64::EPSILON * 256.0;
/// A coefficient is known to a rounding: a sample without a bound that `f` moves by no more than that share of the terms counts
/// as not moved.
const OPEN: f64 = f64::EPSILON;
/// The two sides must differ by more than this share of their terms: less is how far equalities may be off.
const CLEAR: f64 = 1e-12;

/// The direction `ray` of multipliers as a proof of infeasibility, if it is one. Rows that lack the side that it asks for are
/// there by rounding errors, and are left out.
pub(crate) fn proof_from(problem: &Problem, ray: &[f64]) -> Option<Vec<f64>> {
    let has_side = |row: usize, f: f64| problem.soft[row] == f64::INFINITY && side(problem, row, f).is_finite();
    let proof: Vec<f64> = ray.iter().enumerate().map(|(row, &f)| if has_side(row, f) { f } else { 0.0 }).collect();
    margin(problem, &proof).is_some_and(|(margin, size)| margin > CLEAR * size).then_some(proof)
}

/// The side of a row that counts in a combination where it has the number `f`.
fn side(problem: &Problem, row: usize, f: f64) -> f64 {
    if f > 0.0 { problem.upper[row] } else { problem.lower[row] }
}

/// At most `min fᵀ A y − max fᵀ c`, and the size of the terms; `None` if either side is infinite.
pub(crate) fn margin(problem: &Problem, f: &[f64]) -> Option<(f64, f64)> {
    let mut sum = least_over_box(problem, f)?;
    for (row, &f) in f.iter().enumerate().filter(|(_, f)| **f != 0.0) {
        let side = side(problem, row, f);
        if problem.soft[row] < f64::INFINITY || !side.is_finite() {
            return None;
        }
        sum.add(Double::new(-f, 0.0), side, 0.0);
    }
    let least = sum.least();
    least.is_finite().then_some((least, sum.size))
}

/// A sum, the sizes of its terms, and by how much it may be too large.
#[derive(Default)]
struct Bounded {
    sum: Double,
    size: f64,
    error: f64,
}

impl Bounded {
    /// Adds `t·b`, where `t` is right within `error`.
    fn add(&mut self, t: Double, b: f64, error: f64) {
        self.sum = self.sum.plus_scaled(t, b);
        self.size += (t.high * b).abs();
        self.error += error * b.abs();
    }

    fn least(&self) -> f64 {
        let sum = self.sum.high - self.error - PAIRS * self.size;
        // Tiny terms lose what lies below the least number.
        if sum > 0.0 { (sum - f64::MIN_POSITIVE).max(0.0).next_down() } else { sum.next_down() }
    }
}

/// At most `min fᵀ A y` over the box.
fn least_over_box(problem: &Problem, f: &[f64]) -> Option<Bounded> {
    let mut shift = Vec::new();
    fine::shift_into(problem, f, &vec![0.0; f.len()], &mut shift);
    let mut size = vec![0.0; problem.slots()];
    for (row, &f) in f.iter().enumerate().filter(|(_, f)| **f != 0.0) {
        problem.rows.row(row).for_each(|(slot, value)| size[slot] += (f * value).abs());
    }
    let width = problem.width();
    let mut total = Bounded::default();
    for cell in 0..problem.cells() {
        for place in problem.grouping.range(cell) {
            let t = fine::at_sample(problem, cell, place, &shift);
            let sizes = size[cell * width..(cell + 1) * width].iter().enumerate();
            let size: f64 = sizes.map(|(f, size)| size * factor_at(problem, f, place).abs()).sum();
            let error = PAIRS * size;
            let (lo, hi) = interval(problem, place);
            let side = if t.high > 0.0 { lo } else { hi };
            if side.is_finite() {
                // The other sign is possible too, if no more than the error.
                let other = if lo.is_finite() && hi.is_finite() { lo.abs().max(hi.abs()) } else { side.abs() };
                total.add(t, side, 0.0);
                total.error += error * (other + side.abs());
            } else if t.high.abs() > OPEN * size || !t.high.is_finite() {
                return None;
            }
        }
    }
    Some(total)
}

/// The proof that `combination` is, as far as it is one, with 1 as its largest number (about 1, if dividing spoils it).
pub(crate) fn proof(problem: &Problem, mut combination: Vec<f64>) -> Infeasibility {
    let scale = combination.iter().fold(0.0_f64, |m, f| m.max(f.abs()));
    let divided: Vec<f64> = combination.iter().map(|f| f / scale).collect();
    if margin(problem, &divided).is_some_and(|(margin, _)| margin > 0.0) {
        combination = divided;
    } else if scale > 0.0 {
        // A power of two costs no digit.
        let power = 2.0_f64.powi(-(scale.log2().floor() as i32));
        combination.iter_mut().for_each(|f| *f *= power);
    }
    let least = margin(problem, &combination).map_or(0.0, |(margin, _)| margin);
    let rows = (0..combination.len()).filter(|&row| combination[row] != 0.0).collect();
    Infeasibility { combination, rows, margin: least }
}
