//! How a command ends.

use std::io;

use crate::data::DataError;
pub use crate::source::Failure;

/// The answer of a command that ran to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Yes,
    No,
}

impl Verdict {
    pub fn and(self, other: Verdict) -> Verdict {
        if self == Verdict::Yes { other } else { self }
    }
}

impl From<bool> for Verdict {
    fn from(yes: bool) -> Self {
        if yes { Verdict::Yes } else { Verdict::No }
    }
}

pub type Outcome = Result<Verdict, Stop>;

/// Why a command ended early.
#[derive(Debug)]
pub enum Stop {
    /// The answer is no, and everything has been said.
    Refused,
    /// Nobody reads the data on standard output any more.
    Closed,
    /// The question could not be asked.
    Failed(Failure),
    /// The same, and it has been said.
    Told,
}

impl Stop {
    pub fn failed(message: impl Into<String>, help: impl Into<String>) -> Stop {
        Stop::Failed(Failure::new(message, help))
    }

    /// This program was built without libtorch.
    #[cfg(not(feature = "torch"))]
    pub fn without_torch() -> Stop {
        Stop::failed(
            "this `fairc` was built without training",
            "build it with `--features torch`; docs/training.md says how to get libtorch",
        )
    }

    /// Data could not be written to standard output.
    pub fn printing(error: io::Error) -> Stop {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Stop::Closed,
            _ => Stop::failed(format!("cannot write to standard output: {error}"), ""),
        }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Stop::Failed(failure)
    }
}

impl From<DataError> for Stop {
    fn from(error: DataError) -> Self {
        match &error {
            DataError::Write { source, .. } if source.kind() == io::ErrorKind::BrokenPipe => Stop::Closed,
            _ => Stop::Failed(error.into()),
        }
    }
}
