//! How large the numbers are that the value of a row is summed from.

use super::{Factor, Problem, ProblemError, Sum, check};

/// Share of its magnitude that the value of a row may be wrong by, some 450 times the distance of neighbouring doubles: sums are
/// compensated, but coefficients and sides are rounded too.
pub const ROUNDING: f64 = 1e-13;

impl Problem {
    /// `Σ |a_i · y_i|` for each row: what the rounding of its value is relative to, whatever cancels.
    ///
    /// # Errors
    /// `y` has another length than there are samples.
    pub fn magnitude(&self, y: &[f64]) -> Result<Vec<f64>, ProblemError> {
        check::length("y", y.len(), self.n())?;
        let grouped = self.grouping.group(y);
        let mut sums = Vec::with_capacity(self.slots());
        for cell in 0..self.cells() {
            let own = grouped.get(self.grouping.range(cell)).unwrap_or_default();
            for factor in &self.factors {
                sums.push(match factor {
                    Factor::One => own.iter().map(|y| y.abs()).collect::<Sum>().value(),
                    Factor::Data(phi) => {
                        let phi = phi.get(self.grouping.range(cell)).unwrap_or_default();
                        own.iter().zip(phi).map(|(y, p)| (y * p).abs()).collect::<Sum>().value()
                    }
                });
            }
        }
        let of = |slot: usize| sums.get(slot).copied().unwrap_or(0.0);
        let row = |row| self.rows.row(row).map(|(slot, value)| value.abs() * of(slot)).collect::<Sum>().value();
        Ok((0..self.rows()).map(row).collect())
    }
}
