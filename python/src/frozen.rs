//! Fixed shifts: fitted once, applied to anyone.

use fairc::bind::{Encoded, Frozen, Params, Samples};
use fairc::runtime::online::state::{self, Kind as StateKind};
use fairc::runtime::project::{OnInfeasible, Settings, project};
use pyo3::prelude::*;

use crate::errors::{self, Kind};
use crate::program::Shared;

/// The shifts that make the encoded predictions satisfy the rows, as `fairc freeze` writes them.
pub fn freeze(
    py: Python<'_>,
    shared: &Shared,
    encoded: &Encoded,
    params: &Params,
    on_infeasible: OnInfeasible,
) -> PyResult<String> {
    let refuse = |errors: Vec<_>| errors::unbound(py, &errors, shared);
    let z = encoded.prediction().unwrap_or_default();
    let bound = py.detach(|| encoded.bind(params, &Samples::All)).map_err(refuse)?;
    let settings = Settings { on_infeasible, ..Settings::default() };
    let found = py.detach(|| project(&bound.problem, z, &settings)).map_err(|error| errors::unsolved(py, &error))?;
    errors::check_status(py, &found.status, found.certificate.row_violation, &bound.rows, shared)?;
    let frozen = encoded.freeze(&shared.program, params, &bound, &found.multipliers, &shared.program.prediction.name);
    let text = state::write(StateKind::Shifts, &shared.program.fingerprint().to_string(), &frozen.map_err(refuse)?);
    text.map_err(|error| errors::plain(py, Kind::Data, &error.to_string(), None))
}

/// The encoded predictions with the shifts of their groups, within their bounds.
pub fn shifted(py: Python<'_>, shared: &Shared, encoded: &Encoded, params: &Params, text: &str) -> PyResult<Vec<f64>> {
    let refuse = |errors: Vec<_>| errors::unbound(py, &errors, shared);
    let frozen: Frozen =
        state::read(StateKind::Shifts, text, &shared.program.fingerprint().to_string()).map_err(|error| {
            errors::plain(py, Kind::Data, &format!("cannot use the shifts: {error}"), Some(error.help()))
        })?;
    py.detach(|| {
        let bounds = encoded.bind(params, &Samples::All)?.problem.bounds();
        encoded
            .shifted(&frozen, encoded.prediction().unwrap_or_default(), &|sample| bounds.at(sample))
            .map_err(|error| vec![error])
    })
    .map_err(refuse)
}
