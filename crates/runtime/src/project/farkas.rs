//! Proofs of infeasibility.
//!
//! A combination `f` of the rows proves that no point of the box satisfies them (Farkas 1902, with bounds) if
//!
//! ```text
//! min over the box of fᵀ A y   >   max over l ≤ c ≤ u of fᵀ c
//! ```

use crate::problem::{Bounds, Factor, Problem};

/// Entries of `Aᵀ f` below this share of their terms are rounding errors of a zero.
const ZERO: f64 = 1e-13;
/// The two sides must differ by more than this share of their terms.
const CLEAR: f64 = 1e-12;

/// Whether the direction `ray` of multipliers (or its reverse sign as rows see it) proves infeasibility.
pub(crate) fn proves_infeasible(problem: &Problem, ray: &[f64]) -> bool {
    margin(problem, ray).is_some_and(|(margin, size)| margin > CLEAR * size)
}

/// `min fᵀ A y − max fᵀ c` and the size of the terms; `None` if either side is infinite.
pub(crate) fn margin(problem: &Problem, f: &[f64]) -> Option<(f64, f64)> {
    let (mut least, mut size) = least_over_box(problem, f)?;
    for (row, &f) in f.iter().enumerate() {
        if f == 0.0 || problem.soft[row] < f64::INFINITY {
            if f != 0.0 {
                return None;
            }
            continue;
        }
        let side = if f > 0.0 { problem.upper[row] } else { problem.lower[row] };
        if !side.is_finite() {
            return None;
        }
        least -= f * side;
        size += (f * side).abs();
    }
    Some((least, size))
}

fn least_over_box(problem: &Problem, f: &[f64]) -> Option<(f64, f64)> {
    let mut shift = vec![0.0; problem.slots()];
    let mut shift_size = vec![0.0; problem.slots()];
    for (row, &f) in f.iter().enumerate().filter(|(_, f)| **f != 0.0) {
        for (slot, value) in problem.rows.row(row) {
            shift[slot] += f * value;
            shift_size[slot] += (f * value).abs();
        }
    }
    let width = problem.width();
    let (mut sum, mut size) = (0.0, 0.0);
    for cell in 0..problem.cells() {
        for place in problem.grouping.range(cell) {
            let (mut t, mut t_size) = (0.0, 0.0);
            for (factor, slot) in problem.factors.iter().zip(cell * width..) {
                let phi = match factor {
                    Factor::One => 1.0,
                    Factor::Data(phi) => phi[place],
                };
                t += shift[slot] * phi;
                t_size += shift_size[slot] * phi.abs();
            }
            if t.abs() <= ZERO * t_size {
                continue;
            }
            let (lo, hi) = match &problem.bounds {
                Bounds::Uniform { lo, hi } => (*lo, *hi),
                Bounds::PerSample { lo, hi } => (lo[place], hi[place]),
            };
            let term = if t > 0.0 { t * lo } else { t * hi };
            if !term.is_finite() {
                return None;
            }
            sum += term;
            size += term.abs();
        }
    }
    Some((sum, size))
}
