//! What deciding returns.

use thiserror::Error;

use crate::problem::ROUNDING;
use crate::project::{Infeasibility, ProjectError, Side};

/// How it ended.
#[derive(Debug, Clone, PartialEq)]
pub enum DecideStatus {
    /// No decisions within the rows gain more.
    Optimal,
    /// No decisions satisfy the hard rows; the proof is attached, and no decisions are returned.
    Infeasible(Infeasibility),
    /// The decisions returned are not shown to be best, or miss rows by more than rounding: see the certificate.
    Unfinished,
}

/// What the returned numbers themselves come to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct GainCertificate {
    /// `Σ w g d`, less what soft rows cost.
    pub primal: f64,
    /// What no decisions within the rows gain more than, by the multipliers.
    pub dual: f64,
    /// Size of the numbers that both are summed from.
    pub size: f64,
    /// Largest violation of a hard row, in the row's units.
    pub row_violation: f64,
    /// The same by the row's size.
    pub relative_row_violation: f64,
}

impl GainCertificate {
    /// `dual − primal`: zero for the best decisions, but for rounding.
    pub fn gap(&self) -> f64 {
        self.dual - self.primal
    }

    /// Whether gap and rows are within what rounding makes of them.
    pub fn is_sound(&self) -> bool {
        self.gap().abs() <= 1e3 * ROUNDING * self.size && self.relative_row_violation <= 1e2 * ROUNDING
    }
}

/// Decisions of the largest gain within rows, and the proof that they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Decisions {
    /// A decision for each sample, in the order of the samples; empty if the rows are infeasible.
    pub decisions: Vec<f64>,
    pub status: DecideStatus,
    /// `λ`, one per row, above zero on upper sides: a sample is decided by the sign of `w g − (Aᵀ λ)`.
    pub multipliers: Vec<f64>,
    /// Which side of each row is active.
    pub active: Vec<Side>,
    /// The samples strictly inside of their interval, ascending: no more than rows are active.
    pub between: Vec<usize>,
    pub certificate: GainCertificate,
    /// Steps of the simplex method.
    pub steps: usize,
}

/// Why there is nothing to decide. Indices count from zero.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum DecideError {
    /// A vector of the wrong length.
    #[error("`{what}` has length {found}, expected {expected}")]
    Length {
        /// Which vector.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length it should have.
        expected: usize,
    },
    /// A number that is NaN or infinite.
    #[error("`{what}[{index}]` is {value}, expected a finite number")]
    NotFinite {
        /// Which vector.
        what: &'static str,
        /// Place in it.
        index: usize,
        /// The number.
        value: f64,
    },
    /// A sample whose decision has no bound, so that its gain may have none.
    #[error("sample {index} has bounds [{lo}, {hi}], expected finite ones: gains would have no bound")]
    Open {
        /// The sample.
        index: usize,
        /// Its least value.
        lo: f64,
        /// Its largest value.
        hi: f64,
    },
    /// More rows than a dense basis is made for.
    #[error("{rows} rows, at most {most} are supported")]
    TooManyRows {
        /// How many there are.
        rows: usize,
        /// How many there may be.
        most: usize,
    },
    /// What the projection says of the same numbers.
    #[error(transparent)]
    Numbers(#[from] ProjectError),
}
