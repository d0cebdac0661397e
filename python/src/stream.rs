//! Batches answered one after another, with what was answered before.

use std::sync::{Arc, Mutex, PoisonError};

use fairc::bind::{EncodeOptions, Method, Online, RowStatus, StreamError, StreamSpec};
use fairc::runtime::online::Memory;
use fairc::runtime::online::state::{self, Kind as StateKind};
use numpy::PyArray1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::json;

use crate::arrays::{batch, column};
use crate::errors::{self, Kind};
use crate::program::{PyProgram, Shared, overrides, purpose};

#[pyclass(frozen, module = "fairc._fairc", name = "Stream")]
pub struct PyStream {
    shared: Arc<Shared>,
    online: Mutex<Online>,
}

fn raised(py: Python<'_>, error: &StreamError, shared: &Shared) -> PyErr {
    match error {
        StreamError::Bind(errors) => errors::unbound(py, errors, shared),
        StreamError::Online(error) => errors::plain(py, Kind::Solve, &error.to_string(), None),
        StreamError::Differs { .. } => {
            errors::plain(py, Kind::Data, &error.to_string(), Some("use the settings of the state, or start anew"))
        }
    }
}

fn method(word: &str, step: f64) -> PyResult<Method> {
    match word {
        "hard" => Ok(Method::Hard),
        "smooth" => Ok(Method::Smooth { gain: step }),
        "primal_dual" => Ok(Method::PrimalDual { step }),
        other => Err(PyValueError::new_err(format!(
            "`method` is {other:?}, expected \"hard\", \"smooth\" or \"primal_dual\""
        ))),
    }
}

#[pymethods]
impl PyStream {
    /// Starts a stream of batches with these columns, or goes on from a state.
    #[new]
    #[pyo3(signature = (program, headers, prediction, *, method="smooth", step=0.5, window=None, decay=None,
        purpose="inference", params=None, state=None))]
    #[allow(clippy::too_many_arguments, reason = "keywords of one Python call")]
    fn new(
        py: Python<'_>,
        program: &PyProgram,
        headers: Vec<String>,
        prediction: String,
        method: &str,
        step: f64,
        window: Option<usize>,
        decay: Option<f64>,
        purpose: &str,
        params: Option<&Bound<'_, PyDict>>,
        state: Option<&str>,
    ) -> PyResult<PyStream> {
        let shared = program.shared.clone();
        let params = shared.params(py, &overrides(params)?)?;
        let memory = match (window, decay) {
            (None, None) => Memory::All,
            (Some(length), None) => Memory::Window(length),
            (None, Some(decay)) => Memory::Decay(decay),
            (Some(_), Some(_)) => return Err(PyValueError::new_err("give `window` or `decay`, not both")),
        };
        let fingerprint = shared.program.fingerprint().to_string();
        let state = match state {
            Some(text) => Some(state::read(StateKind::State, text, &fingerprint).map_err(|error| {
                errors::plain(py, Kind::Data, &format!("cannot use the state: {error}"), Some(error.help()))
            })?),
            None => None,
        };
        let options = EncodeOptions {
            purpose: self::purpose(purpose)?,
            prediction: Some(prediction),
            ..EncodeOptions::default()
        };
        let spec = StreamSpec {
            program: &shared.program,
            params: &params,
            file: "batch",
            headers: &headers,
            options: &options,
        };
        let online = Online::new(spec, self::method(method, step)?, memory, state);
        let online = Mutex::new(online.map_err(|error| raised(py, &error, &shared))?);
        Ok(PyStream { shared, online })
    }

    /// Answers a batch of so many samples.
    fn answer<'py>(
        &self,
        py: Python<'py>,
        columns: &Bound<'py, PyDict>,
        rows: usize,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let headers = self.locked(|online| online.headers().to_vec());
        let array = |header: &String| match columns.get_item(header)? {
            Some(value) => column(header, &value),
            None => Err(PyValueError::new_err(format!("the batch has no column `{header}`"))),
        };
        let arrays = headers.iter().map(array).collect::<PyResult<_>>()?;
        let batch = batch("batch", rows, &headers, arrays)?;
        let answer = py.detach(|| self.locked(|online| online.answer(&batch).map(|(_, answer)| answer.y.clone())));
        answer.map(|y| PyArray1::from_vec(py, y)).map_err(|error| raised(py, &error, &self.shared))
    }

    /// What goes on from here, as text.
    fn state(&self, py: Python<'_>) -> PyResult<String> {
        let fingerprint = self.shared.program.fingerprint().to_string();
        let text = self.locked(|online| state::write(StateKind::State, &fingerprint, online.state()));
        text.map_err(|error| errors::plain(py, Kind::Data, &error.to_string(), None))
    }

    /// Where each row stands, and the certificate of the primal-dual algorithm, as JSON.
    fn facts(&self, py: Python<'_>) -> PyResult<String> {
        let readings = self.locked(|online| online.readings()).map_err(|error| raised(py, &error, &self.shared))?;
        let rows = readings.iter().zip(&self.shared.program.rows).map(|(reading, row)| {
            let finite = |value: f64| Some(value).filter(|value| value.is_finite());
            let name = row.origins.first().map_or("", |origin| &origin.name);
            json!({ "name": name, "kept": matches!(reading.status, RowStatus::Kept(_)), "value": finite(reading.value),
                "lower": finite(reading.lower), "upper": finite(reading.upper), "moved": reading.moved })
        });
        let rows: Vec<_> = rows.collect();
        let (samples, batches, price) = self.locked(|online| {
            let price = online.primal_dual().map(|state| serde_json::to_value(state).unwrap_or_default());
            let state = online.state();
            (state.samples, state.batches, price)
        });
        Ok(json!({ "rows": rows, "samples": samples, "batches": batches, "primal_dual": price }).to_string())
    }
}

impl PyStream {
    /// A panic in another thread leaves the stream as it was after its last whole batch, or damaged in what the next
    /// answer replaces.
    fn locked<R>(&self, work: impl FnOnce(&mut Online) -> R) -> R {
        work(&mut self.online.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
