//! A problem whose rows see the cells of samples alone.

use super::{Bounds, Problem, ProblemError, ProblemParts, RowsByCell, Sum};

/// The rows of a problem on cells alone, for samples that stand for others of their cell.
pub(crate) struct OnCells<'a> {
    pub problem: &'a Problem,
    rows: RowsByCell,
}

impl<'a> OnCells<'a> {
    pub fn new(problem: &'a Problem) -> OnCells<'a> {
        let rows = match problem.factors() {
            0 => RowsByCell::empty(problem.cells()),
            _ => problem.dictionary(0),
        };
        OnCells { problem, rows }
    }

    /// The rows that a cell is in, with its coefficient in each.
    pub fn cell(&self, cell: usize) -> impl Iterator<Item = (u32, f64)> + '_ {
        self.rows.cell(cell)
    }

    /// `Cᵀ μ`, by cell.
    pub fn shift_of(&self, multipliers: &[f64]) -> Vec<f64> {
        let of = |cell: usize| {
            let coefficients = self.rows.cell(cell);
            coefficients.map(|(row, c)| c * multipliers.get(row as usize).copied().unwrap_or(0.0)).sum()
        };
        (0..self.problem.cells()).map(of).collect()
    }

    /// `C x` of sums by cell.
    pub fn of_sums(&self, sums: &[f64]) -> Vec<f64> {
        let mut rows = vec![Sum::default(); self.problem.rows()];
        for (cell, sum) in sums.iter().enumerate() {
            for (row, c) in self.rows.cell(cell) {
                if let Some(row) = rows.get_mut(row as usize) {
                    row.add_product(c, *sum);
                }
            }
        }
        rows.into_iter().map(Sum::value).collect()
    }

    /// The problem of samples of these cells and weights, with their weights as coefficients.
    pub fn with_samples(
        &self,
        (lower, upper): (Vec<f64>, Vec<f64>),
        (lo, hi): (f64, f64),
        (cell, weights): (Vec<u32>, Vec<f64>),
    ) -> Result<Problem, ProblemError> {
        Problem::new(ProblemParts {
            cell,
            cells: self.problem.cells(),
            dictionary: vec![RowsByCell::empty(self.problem.cells()), self.rows.clone()],
            factors: vec![weights.clone()],
            lower,
            upper,
            bounds: Bounds::Uniform { lo, hi },
            weights: Some(weights),
            soft: self.problem.soft().to_vec(),
            names: self.problem.names().to_vec(),
        })
    }
}
