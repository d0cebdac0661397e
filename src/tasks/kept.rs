//! Texts that go on another time: the state of a stream, per-group offsets, and thresholds.

use super::Context;
use crate::bind::{Frozen, OnlineState, Params, Thresholds};
use crate::language::words::counted;
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

/// The thresholds in a text, which must belong to the spec; `name` is what messages call it.
///
/// # Errors
/// As of [`read_shifts`].
pub fn read_thresholds(context: &Context<'_>, name: &str, text: &str) -> Result<Thresholds, Failure> {
    state::read(Kind::Thresholds, text, &context.program.fingerprint().to_string())
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

/// Fails unless what was `fitted` was so with the params that hold now; `what` is the plural of it.
pub(super) fn same_params(
    context: &Context<'_>,
    what: &str,
    fitted: &[(String, f64)],
    params: &Params,
) -> Result<(), Failure> {
    for ((name, fitted), value) in fitted.iter().zip(params.values()) {
        if fitted != value {
            let message = format!("the {what} were fitted with `{name}` = {fitted}, and this is {value}");
            let help = format!("use {}, or fit them again", (context.front.setting)(name, *fitted));
            return Err(Failure::new(message, help));
        }
    }
    Ok(())
}

/// Fails if the spec bounds single predictions, which SQL of cells does not; `instead` does.
pub(super) fn no_bounds_of_each(context: &Context<'_>, instead: &str) -> Result<(), Failure> {
    if context.program.sample_rows.is_empty() {
        return Ok(());
    }
    let message = "`each` constraints bound single predictions, which the SQL does not";
    Err(Failure::new(message, format!("apply them with {instead}")))
}

/// The comment that SQL begins with: what it is, of which spec.
pub(super) fn sql_head(context: &Context<'_>, what: &str, params: &[(String, f64)], samples: usize) -> String {
    let params: Vec<String> = params.iter().map(|(name, value)| format!(", {name} = {value}")).collect();
    let name = context.spec.name.replace(['\n', '\r'], " ");
    format!(
        "-- {name}{}: {what} from {}\n-- fingerprint {}\n",
        params.concat(),
        counted(samples, "reference sample"),
        context.program.fingerprint()
    )
}
