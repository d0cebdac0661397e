//! Which bounds of single predictions belong to a conflict of rows.
//!
//! A conflict of rows is one within the bounds of the predictions, and `each` constraints are bounds. Those that it does not
//! need are dropped one after the other, as the deletion filter does with sides of rows ([`super::feasibility`]): what is
//! left is needed, with the sides of the rows as they are.

use super::feasibility::{Cells, RowSide, conflicts};
use crate::bind::{Encoded, Params, Samples};
use crate::language::program::PromisedRow;
use crate::runtime::problem::Problem;

/// More constraints of single predictions are not told apart.
const MOST: usize = 64;
/// Entries of a combination below this share of their terms are rounding errors of a zero.
const ZERO: f64 = 1e-13;
/// The two sides of an inequality must differ by more than this share of their terms.
const CLEAR: f64 = 1e-12;

/// The promised per-sample rows without which these sides could hold together. `combination` is that of the proof, for
/// problems that are too large for linear programming.
pub fn each_in_conflict(
    encoded: &Encoded,
    params: &Params,
    samples: &Samples<'_>,
    sides: &[RowSide],
    combination: &[f64],
) -> Vec<PromisedRow> {
    let all = encoded.promised_sample_rows();
    // Of rows that bend, linear programs say nothing.
    if all.is_empty() || all.len() > MOST || encoded.is_affine().is_err() {
        return Vec::new();
    }
    let contradict = |dropped: &[PromisedRow]| {
        let bound = encoded.clone().judging(None).without_each(dropped).bind(params, samples);
        bound.is_ok_and(|bound| still(&bound.problem, sides, combination))
    };
    if contradict(&all) {
        return Vec::new();
    }
    let mut dropped: Vec<PromisedRow> = Vec::new();
    let mut needed = Vec::new();
    for row in all {
        dropped.push(row);
        if !contradict(&dropped) {
            dropped.pop();
            needed.push(row);
        }
    }
    needed
}

/// Whether the sides contradict each other within the bounds of a problem.
fn still(problem: &Problem, sides: &[RowSide], combination: &[f64]) -> bool {
    let cells = Cells::of(problem).ok().flatten();
    let found = cells.and_then(|cells| conflicts(&cells.program, sides));
    found.unwrap_or_else(|| proves(problem, combination))
}

/// Whether a combination of the rows proves that (Farkas' lemma): its least value over the bounds is above its sides.
fn proves(problem: &Problem, combination: &[f64]) -> bool {
    let matrix = problem.to_csc();
    let (mut margin, mut size) = (0.0, 0.0);
    for (row, &f) in combination.iter().enumerate().filter(|(_, f)| **f != 0.0) {
        let side = if f > 0.0 { problem.upper().get(row) } else { problem.lower().get(row) };
        let side = side.copied().unwrap_or(f64::INFINITY);
        margin -= f * side;
        size += (f * side).abs();
    }
    let bounds = problem.bounds();
    for (sample, ends) in matrix.indptr.windows(2).enumerate() {
        let &[start, end] = ends else { continue };
        let rows = matrix.indices.get(start..end).unwrap_or_default();
        let values = matrix.values.get(start..end).unwrap_or_default();
        let (mut sum, mut terms) = (0.0_f64, 0.0_f64);
        for (&row, value) in rows.iter().zip(values) {
            let term = combination.get(row as usize).copied().unwrap_or(0.0) * value;
            sum += term;
            terms += term.abs();
        }
        if sum.abs() <= ZERO * terms {
            continue;
        }
        let (lo, hi) = bounds.at(sample);
        let end = if sum > 0.0 { lo } else { hi };
        margin += sum * end;
        size += terms * end.abs();
    }
    margin.is_finite() && margin > CLEAR * size
}
