//! What can go wrong at one value of a param.

use crate::bind::BindError;
use crate::runtime::decide::DecideError;
use crate::runtime::problem::ProblemError;
use crate::runtime::project::ProjectError;

/// Why there is no price.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The spec does not fit the data at a value of the param.
    #[error("the spec does not fit the data")]
    Bind(Vec<BindError>),
    #[error(transparent)]
    Problem(#[from] ProblemError),
    #[error(transparent)]
    Project(#[from] ProjectError),
    #[error(transparent)]
    Decide(#[from] DecideError),
}
