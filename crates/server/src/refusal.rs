//! Answers, and why there is none.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why a request has no answer, in words for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub String);

/// What is said of a fault of ours.
pub const FAULT: &str = "internal error: this is a fault of `fairc`, please report it";

/// An answer, or why there is none.
pub type Answer<T> = Result<T, Refusal>;

/// What came of some work; nothing if it met a fault of ours, which ends that work alone.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}
