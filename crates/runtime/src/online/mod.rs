//! Predictions for streams: batches of any size from one sample on, answered once and never taken back.
//!
//! ```text
//!            ┌─ penalty:     ½‖ŷ − z‖² + ρ · (largest excess of a row), solved exactly ─→ PrimalDual   averages per-batch gaps
//!  Problem ──┤
//!            └─ Pool: sums of all answers by cell ─→ rows of the *pooled* quantity ─┬→ Hard    keeps them with each answer
//!                                                                                  └→ Smooth  one multiplier a row steers
//! ```
//!
//! An auditor pools: the mean score of all women who were answered against that of all men. [`PrimalDual`] bounds the
//! average of the gaps of the batches, which is something else; [`Hard`] and [`Smooth`] work on the pooled quantity.
//! Whoever binds rows to a batch adds what the [`Pool`] holds to the counts, and takes the pooled sums of the answers
//! off the sides (see [`Pooled`]); nothing here knows what the rows mean.
//!
//! All state is plain data: [`state::write`] turns it into text with a version and a checksum, [`state::read`] reads it.

mod hard;
mod penalty;
mod pool;
mod pooled;
mod primal_dual;
mod smooth;
pub mod state;

use thiserror::Error;

pub use hard::Hard;
pub use penalty::{Excess, Penalised};
pub use pool::{Answered, CellSums, Memory, Pool};
pub use pooled::{Moment, Pooled};
pub use primal_dual::{PrimalDual, PrimalDualState};
pub use smooth::{Multiplier, Smooth};
pub use state::StateError;

use super::problem::ProblemError;
use super::project::ProjectError;

/// What a batch was answered with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// `ŷ`.
    pub y: Vec<f64>,
    /// Per row the multiplier behind the answer: above zero where the row was pushed down.
    pub multipliers: Vec<f64>,
    /// Per row the pooled quantity after the answer; of primal-dual, the batch's own.
    pub values: Vec<f64>,
    /// Rows that the answer leaves outside of their sides, by more than rounding.
    pub outside: Vec<usize>,
}

/// Why a batch could not be answered.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum OnlineError {
    /// The numbers make no problem.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// The predictions are not finite or not as many as the samples.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// A setting that makes no sense.
    #[error("`{what}` is {value}, expected {expected}")]
    Setting {
        /// Which setting.
        what: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// The solver ended before the exact answer was found.
    #[error("the batch was not solved to the end: the largest excess is known to {width:e} only")]
    Unfinished {
        /// Width of the interval that holds the largest excess at the answer.
        width: f64,
    },
}

/// An entry of a vector with one number per row, NaN beyond its end.
fn at(values: &[f64], row: usize) -> f64 {
    values.get(row).copied().unwrap_or(f64::NAN)
}
