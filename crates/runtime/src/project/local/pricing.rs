//! Which row enters the basis next: partial pricing.

use super::{Local, Place, Side};
use crate::problem::Problem;
use crate::project::sides::Sides;

/// Most candidates.
const CANDIDATES: usize = 64;
/// All rows are looked at again when no candidate is violated by this share of what was worst.
const STALE: f64 = 0.25;

impl Local {
    /// A row that is violated by more than its tolerance, nearly the worst: `(row, side, multiplier falls)`.
    pub(super) fn next_violated(&mut self, problem: &Problem, sides: &Sides) -> Option<(usize, Side, bool)> {
        self.update_slots(problem);
        let candidates = std::mem::take(&mut self.candidates.rows);
        let found = self.worst(problem, sides, candidates.iter().copied());
        self.candidates.rows = candidates;
        match found {
            Some((ratio, choice)) if ratio >= STALE * self.candidates.best => Some(choice),
            _ => self.price_all(problem, sides),
        }
    }

    /// Looks at all rows, and keeps the most violated ones as candidates.
    fn price_all(&mut self, problem: &Problem, sides: &Sides) -> Option<(usize, Side, bool)> {
        self.candidates.rows.clear();
        let (best, choice) = self.worst(problem, sides, 0..problem.rows())?;
        self.candidates.best = best;
        if problem.rows() > CANDIDATES {
            let mut candidates = std::mem::take(&mut self.candidates.rows);
            let near = (0..problem.rows()).filter(|&row| self.violation(sides, row).0 >= STALE * best);
            candidates.extend(near.take(CANDIDATES));
            self.candidates.rows = candidates;
        }
        Some(choice)
    }

    /// The row violated most among `rows`, with its violation in units of its tolerance, if that is above 1; their
    /// activities are brought up to date.
    fn worst(
        &mut self,
        problem: &Problem,
        sides: &Sides,
        rows: impl Iterator<Item = usize>,
    ) -> Option<(f64, (usize, Side, bool))> {
        let mut best = (1.0, None);
        for row in rows {
            self.activity[row] = self.activity_of(problem, row);
            let (ratio, choice) = self.violation(sides, row);
            if ratio > best.0 {
                best = (ratio, Some((row, choice.0, choice.1)));
            }
        }
        best.1.map(|choice| (best.0, choice))
    }

    /// How far a row outside the basis is from where its place wants it, in units of its tolerance, and the move of its
    /// multiplier that mends it: `(side, multiplier falls)`.
    #[inline]
    fn violation(&self, sides: &Sides, row: usize) -> (f64, (Side, bool)) {
        let (over, under) = (self.activity[row] - sides.upper[row], sides.lower[row] - self.activity[row]);
        let (violation, choice) = match self.places[row] {
            _ if self.ignored[row] => (0.0, (Side::Upper, false)),
            Place::Zero if over >= under => (over, (Side::Upper, false)),
            Place::Zero => (under, (Side::Lower, true)),
            Place::Basic(side) => (0.0, (side, false)),
            Place::Capped(Side::Upper) => (-over, (Side::Upper, true)),
            Place::Capped(Side::Lower) => (-under, (Side::Lower, false)),
        };
        (violation * self.candidates.inverse[row], choice)
    }
}
