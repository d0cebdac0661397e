//! Fixed shifts from a file, as `project --frozen` and `predict --mode frozen` apply them.

use std::path::Path;

use super::stop::Stop;
use crate::bind::Frozen;
use crate::tasks::{Context, read_shifts};

/// The shifts in a file, which must belong to the spec.
pub fn read(path: &Path, context: &Context<'_>) -> Result<Frozen, Stop> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Stop::failed(format!("cannot read `{}`: {error}", path.display()), ""))?;
    Ok(read_shifts(context, &format!("the shifts `{}`", path.display()), &text)?)
}
