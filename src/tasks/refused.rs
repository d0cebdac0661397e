//! Why a task has no result.

use super::Context;
use crate::bind::BindError;
use crate::runtime::decide::DecideError;
use crate::runtime::problem::ProblemError;
use crate::runtime::project::ProjectError;
use crate::source::{Failure, Fault, NoPairs};

/// Why a task has no result.
#[derive(Debug)]
pub enum Refused {
    /// The spec, its params and the data do not fit together.
    Unbound(Vec<BindError>),
    /// No predictions satisfy the rows: E0801.
    Infeasible(Box<Fault>),
    /// Numbers that cannot be projected, or were not to the end.
    Unsolved(Failure),
    /// Arguments, or what has no code.
    Failed(Failure),
}

/// What is at fault, for front ends that tell classes of errors apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Data,
    Infeasible,
    Numbers,
}

impl Refused {
    pub fn kind(&self) -> Kind {
        match self {
            // Sides that cross are a conflict that is seen before anything is solved.
            Refused::Unbound(errors)
                if !errors.is_empty() && errors.iter().all(|error| error.code() == Some("E0801")) =>
            {
                Kind::Infeasible
            }
            Refused::Unbound(_) | Refused::Failed(_) => Kind::Data,
            Refused::Infeasible(_) => Kind::Infeasible,
            Refused::Unsolved(_) => Kind::Numbers,
        }
    }

    /// The faults in words.
    ///
    /// # Errors
    /// What is no fault of spec and data.
    pub fn told(self, context: &Context<'_>) -> Result<Vec<Fault>, Failure> {
        match self {
            Refused::Unbound(errors) => context.faults(&errors),
            Refused::Infeasible(fault) => Ok(vec![*fault]),
            Refused::Unsolved(failure) | Refused::Failed(failure) => Err(failure),
        }
    }
}

impl From<Vec<BindError>> for Refused {
    fn from(errors: Vec<BindError>) -> Self {
        Refused::Unbound(errors)
    }
}

impl From<NoPairs> for Refused {
    fn from(error: NoPairs) -> Self {
        match error {
            NoPairs::Faults(errors) => Refused::Unbound(errors),
            NoPairs::Failed(failure) => Refused::Failed(failure),
        }
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Refused::Failed(failure)
    }
}

impl From<ProjectError> for Refused {
    fn from(error: ProjectError) -> Self {
        Refused::Unsolved(Failure::new(error.to_string(), ""))
    }
}

impl From<ProblemError> for Refused {
    fn from(error: ProblemError) -> Self {
        Refused::Unsolved(Failure::new(error.to_string(), ""))
    }
}

/// Why nothing can be decided.
pub(super) fn undecided(error: DecideError) -> Refused {
    let help = match &error {
        DecideError::TooManyRows { .. } => "decisions are for rows that compare groups",
        DecideError::Numbers(_) => "scale the numbers of the spec to similar sizes",
        _ => "",
    };
    Refused::Unsolved(Failure::new(error.to_string(), help))
}
