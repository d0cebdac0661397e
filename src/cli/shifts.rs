//! Per-group offsets from a file, as `project --frozen` and `predict --mode frozen` apply them.

use std::path::Path;

use super::input::{LONGEST, read_text_within};
use super::stop::Stop;
use crate::bind::Frozen;
use crate::tasks::{Context, read_shifts};

/// The shifts in a file, which must belong to the spec.
pub fn read(path: &Path, context: &Context<'_>) -> Result<Frozen, Stop> {
    let text = read_text_within(path, LONGEST)?;
    Ok(read_shifts(context, &format!("the shifts `{}`", path.display()), &text)?)
}
