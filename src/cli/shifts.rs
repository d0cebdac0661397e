//! Fixed shifts from a file, as `project --frozen` and `predict --mode frozen` apply them.

use std::path::Path;

use super::input::{LONGEST, read_text_within};
use super::stop::Stop;
use crate::bind::{BindError, Encoded, Frozen, Params};
use crate::language::program::Program;
use crate::runtime::online::state::{self, Kind};
use crate::runtime::problem::Problem;

/// The shifts in a file, which must belong to the spec.
pub fn read(path: &Path, program: &Program) -> Result<Frozen, Stop> {
    let text = read_text_within(path, LONGEST)?;
    state::read(Kind::Shifts, &text, &program.fingerprint().to_string())
        .map_err(|error| Stop::failed(format!("cannot use the shifts `{}`: {error}", path.display()), error.help()))
}

/// The predictions with the shifts of their cells, within the bounds of the problem that all samples make.
pub fn apply(
    frozen: &Frozen,
    z: &[f64],
    encoded: &Encoded,
    params: &Params,
    problem: &Problem,
    refused: &dyn Fn(&BindError) -> Stop,
) -> Result<Vec<f64>, Stop> {
    for ((name, fitted), value) in frozen.params.iter().zip(params.values()) {
        if fitted != value {
            let message = format!("the shifts were fitted with `{name}` = {fitted}, and this is {value}");
            return Err(Stop::failed(message, format!("use `--set {name}={fitted}`, or fit them anew")));
        }
    }
    let bounds = problem.bounds();
    encoded.shifted(frozen, z, &|sample| bounds.at(sample)).map_err(|error| refused(&error))
}
