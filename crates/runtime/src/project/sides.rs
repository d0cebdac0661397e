//! The sides that the solver works with: those of the rows, drawn in by a margin for rounding.

use crate::problem::{LevelKind, Problem};

/// Sides with margins, and caps of multipliers.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sides {
    pub(crate) lower: Vec<f64>,
    pub(crate) upper: Vec<f64>,
    pub(crate) cap: Vec<f64>,
    /// Whether the rows have no caps, and those that compare all pairs of cells the same sides, up and down.
    pub(crate) are_even: bool,
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
        self.even_out(problem);
    }

    /// Gives all pairs of a level the narrowest of their sides, which differ by margins alone.
    fn even_out(&mut self, problem: &Problem) {
        self.are_even = problem.levels.is_empty() || problem.soft.iter().all(|cap| cap.is_infinite());
        for level in &problem.levels {
            let LevelKind::Pairs(table) = &level.kind else { continue };
            let rows = || table.iter().map(|(row, _)| *row as usize);
            let Some(side) = rows().next().map(|row| problem.upper[row]) else { continue };
            if rows().any(|row| problem.upper[row] != side || problem.lower[row] != -side) {
                self.are_even = false;
                continue;
            }
            let narrowest = rows().fold(f64::INFINITY, |side, row| side.min(self.upper[row]).min(-self.lower[row]));
            for row in rows() {
                (self.lower[row], self.upper[row]) = (-narrowest, narrowest);
            }
        }
    }

    /// The next margin of an inequality row that misses a side by rounding, or could: twice as wide, up to `most`. None if
    /// it need not grow, or has no room.
    pub(crate) fn wider((l, u): (f64, f64), activity: f64, slack: f64, margin: f64, most: f64) -> Option<f64> {
        let over = (activity - u).max(l - activity) + slack;
        let grows = l != u && over > 0.0 && margin < most.min(0.45 * (u - l));
        grows.then(|| (2.0 * margin).max(margin + 2.0 * over).min(most))
    }

    pub(crate) fn is_equality(&self, row: usize) -> bool {
        self.lower[row] == self.upper[row]
    }
}
