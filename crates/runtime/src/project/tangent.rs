//! The derivative of the projection as a matrix of low rank, for those who carry it into another differentiator.
//!
//! With the free samples `D` (a 0/1 diagonal), the active rows `A` and `M = A D W⁻¹ Aᵀ`,
//!
//! ```text
//! ∂ŷ/∂z = D − W⁻¹ Qᵀ Q,      Q = R⁻ᵀ A D,      M = Rᵀ R      (rows of A that depend on others left out)
//! ```
//!
//! Column `i` of `Q` is `Σ_f φ_f(i) · factor[:, slot(i, f)]`, so all that must be kept is `factor`, independent rows by
//! slots. Which samples are free and which rows are active is decided as for [`super::Gradient`].

use super::local::Local;
use super::projection::{ProjectError, Projection, Status};
use super::sample::Sample;
use crate::problem::{Factor, Problem, RowsByCell};

/// How the projection moves with `z` near a solution, in the coordinates of cells.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tangent {
    /// The active rows whose coefficients on the free samples are independent.
    pub rows: Vec<usize>,
    /// `R⁻ᵀ C`, row-major, `rows` × slots with `slot = cell · width + factor`.
    pub factor: Vec<f64>,
}

impl<T: Sample> Projection<T> {
    /// The low-rank factor of `∂ŷ/∂z`; `problem` must be the one that was projected.
    ///
    /// # Errors
    /// If there is no optimal (or relaxed) point, or `problem` is another.
    pub fn tangent(&self, problem: &Problem) -> Result<Tangent, ProjectError> {
        if !matches!(self.status, Status::Optimal | Status::Relaxed(_)) {
            return Err(ProjectError::NoDerivative);
        }
        let (slots, gram) = (problem.slots(), problem.slots() * problem.width());
        let lengths = [("active", self.active.len(), problem.rows()), ("gram", self.gram.len(), gram)];
        for (what, found, expected) in lengths {
            if found != expected {
                return Err(ProjectError::Length { what, found, expected });
            }
        }
        let active: Vec<usize> = (0..problem.rows()).filter(|&row| self.active[row].is_held()).collect();
        let mut local = Local::default();
        local.independent(problem, &self.gram, &active);
        let rows = std::mem::take(&mut local.active);
        let mut factor = vec![0.0; rows.len() * slots];
        for (line, &row) in factor.chunks_exact_mut(slots.max(1)).zip(&rows) {
            problem.rows.row(row).for_each(|(slot, value)| line[slot] = value);
        }
        let mut column = vec![0.0; rows.len()];
        for slot in 0..slots {
            column.iter_mut().enumerate().for_each(|(k, value)| *value = factor[k * slots + slot]);
            local.basis.solve_lower(&mut column);
            column.iter().enumerate().for_each(|(k, value)| factor[k * slots + slot] = *value);
        }
        Ok(Tangent { rows, factor })
    }
}

impl Problem {
    /// Factors of each cell, the second dimension of a slot.
    pub fn factors(&self) -> usize {
        self.width()
    }

    /// The coefficients `C_f` of a factor, by cell.
    pub fn dictionary(&self, f: usize) -> RowsByCell {
        let mut cells: Vec<Vec<(u32, f64)>> = vec![Vec::new(); self.cells()];
        for row in 0..self.rows() {
            for (slot, value) in self.rows.row(row).filter(|(slot, _)| slot % self.width() == f) {
                cells[slot / self.width()].push((row as u32, value));
            }
        }
        RowsByCell::from_cells(cells)
    }

    /// `φ_f` in sample order; `None` for the constant one (and for a factor that does not exist).
    pub fn factor(&self, f: usize) -> Option<Vec<f64>> {
        match self.factors.get(f) {
            Some(Factor::Data(phi)) => Some(self.grouping.ungroup(phi)),
            Some(Factor::One) | None => None,
        }
    }
}
