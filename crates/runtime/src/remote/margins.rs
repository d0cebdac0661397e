//! Sides of rows that are drawn in, so that rows hold for the numbers as they are returned.

use crate::problem::Problem;
use crate::project::Sides;

/// The rows on the returned numbers.
pub(super) struct RowSums {
    pub(super) activity: Vec<f64>,
    /// `Σ |coefficient · ŷ|`.
    pub(super) size: Vec<f64>,
}

impl RowSums {
    /// By how much the row that misses its sides most does, of those that may not give way.
    pub(super) fn violation(&self, problem: &Problem) -> f64 {
        let sides = problem.lower().iter().zip(problem.upper()).zip(problem.soft());
        let hard = self.activity.iter().zip(sides).filter(|(_, (_, soft))| **soft == f64::INFINITY);
        hard.map(|(a, ((l, u), _))| (l - a).max(a - u)).fold(0.0, f64::max)
    }
}

/// The sides of a problem, each drawn in by a margin.
pub(super) struct Margins<'a> {
    problem: &'a Problem,
    pub(super) sides: Sides,
    by_row: Vec<f64>,
}

impl<'a> Margins<'a> {
    pub(super) fn none(problem: &'a Problem) -> Margins<'a> {
        let mut margins = Margins { problem, sides: Sides::default(), by_row: Vec::new() };
        margins.set(vec![0.0; problem.rows()]);
        margins
    }

    pub(super) fn set(&mut self, by_row: Vec<f64>) {
        self.by_row = by_row;
        self.sides.set(self.problem, &self.by_row);
    }

    /// Gives the sides back what margins took; false if there were none.
    pub(super) fn give_back(&mut self) -> bool {
        let had = self.by_row.iter().any(|&margin| margin > 0.0);
        self.set(vec![0.0; self.by_row.len()]);
        had
    }

    /// Draws in the sides that a row misses, or could; false if none does or none has room. `slack` is what the sums of a row of a
    /// size may have lost, and the most that its sides may be drawn in by.
    pub(super) fn draw_in(&mut self, rows: &RowSums, slack: impl Fn(f64) -> (f64, f64)) -> bool {
        let problem = self.problem;
        let sides = problem.lower().iter().zip(problem.upper()).zip(problem.soft());
        let found = rows.activity.iter().zip(&rows.size);
        let mut again = false;
        for ((margin, ((&l, &u), &soft)), (&activity, &size)) in self.by_row.iter_mut().zip(sides).zip(found) {
            let (slack, most) = slack(size);
            if soft == f64::INFINITY
                && let Some(wider) = Sides::wider((l, u), activity, slack, *margin, most)
            {
                *margin = wider;
                again = true;
            }
        }
        self.sides.set(problem, &self.by_row);
        again
    }
}
