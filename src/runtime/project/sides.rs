//! The sides that the solver works with: those of the rows, drawn in by a margin for rounding.

use crate::runtime::problem::Problem;

/// Sides with margins, and caps of multipliers.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sides {
    pub(crate) lower: Vec<f64>,
    pub(crate) upper: Vec<f64>,
    pub(crate) cap: Vec<f64>,
}

impl Sides {
    /// Draws inequality sides in by `margin` (per row), at most to near the middle; equalities stay as they are.
    pub(crate) fn set(&mut self, problem: &Problem, margin: &[f64]) {
        self.lower.clear();
        self.upper.clear();
        for ((&l, &u), &margin) in problem.lower.iter().zip(&problem.upper).zip(margin) {
            let room = (0.45 * (u - l)).min(margin);
            let (lower, upper) = if l == u { (l, u) } else { (l + room, u - room) };
            self.lower.push(lower);
            self.upper.push(upper);
        }
        self.cap.clear();
        self.cap.extend_from_slice(&problem.soft);
    }

    pub(crate) fn is_equality(&self, row: usize) -> bool {
        self.lower[row] == self.upper[row]
    }
}
