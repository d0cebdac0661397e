//! Texts that go on another time: the state of a stream, and fixed shifts.

use super::Context;
use crate::bind::{Frozen, OnlineState};
use crate::runtime::online::state::{self, Kind, StateError};
use crate::source::{Failure, Front};

/// The shifts in a text, which must belong to the spec; `name` is what messages call it.
///
/// # Errors
/// The text holds something else, or is of another spec.
pub fn read_shifts(context: &Context<'_>, name: &str, text: &str) -> Result<Frozen, Failure> {
    state::read(Kind::Shifts, text, &context.program.fingerprint().to_string())
        .map_err(|error| unusable(context.front, name, &error))
}

/// The state in a text.
///
/// # Errors
/// As of [`read_shifts`].
pub fn read_state(context: &Context<'_>, text: &str) -> Result<OnlineState, Failure> {
    state::read(Kind::State, text, &context.program.fingerprint().to_string())
        .map_err(|error| unusable(context.front, "the state", &error))
}

/// What is wrong with a text that was kept; `name` is what messages call it.
pub fn unusable(front: &Front, name: &str, error: &StateError) -> Failure {
    let reason = match error {
        StateError::NotOurs { kind, reason } => format!("not what {} writes: {reason}", front.writer(*kind)),
        other => other.to_string(),
    };
    Failure::new(format!("cannot use {name}: {reason}"), error.help())
}
