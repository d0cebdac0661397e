//! Decisions of samples that are elsewhere, of which those far from their thresholds are known by sums alone.
//!
//! For rows on cells alone a sample is decided by its gain and its cell, so that those of a cell whose gains lie next to each other
//! are as good as one sample, of their mean gain and all of their weight, unless the threshold of the cell lies among them.

use super::decisions::DecideError;
use crate::problem::{Bounds, OnCells, Problem, ProblemError};
use crate::project::ProjectError;

/// The rows of a problem, without its samples.
pub struct Elsewhere<'a>(OnCells<'a>);

impl<'a> Elsewhere<'a> {
    /// # Errors
    /// Rows, or bounds, that differ from sample to sample.
    pub fn new(problem: &'a Problem) -> Result<Elsewhere<'a>, DecideError> {
        match problem.bounds() {
            Bounds::Uniform { .. } if problem.factors() <= 1 => Ok(Elsewhere(OnCells::new(problem))),
            _ => Err(ProjectError::PerSample.into()),
        }
    }

    /// By cell, what the multipliers take off the gain of a sample.
    pub fn shifts(&self, multipliers: &[f64]) -> Vec<f64> {
        self.0.shift_of(multipliers)
    }

    /// The problem of samples by cell and weight; `taken` is the weight, by cell, of others that are decided 1.
    ///
    /// # Errors
    /// Weights that are negative or not finite.
    pub fn problem(&self, cell: Vec<u32>, weights: Vec<f64>, taken: &[f64]) -> Result<Problem, ProblemError> {
        let problem = self.0.problem;
        let known = self.0.of_sums(taken);
        let without = |sides: &[f64]| sides.iter().zip(&known).map(|(side, known)| side - known).collect();
        self.0.with_samples((without(problem.lower()), without(problem.upper())), (0.0, 1.0), (cell, weights))
    }
}
