//! Batches answered one after another, with what was answered before.

use std::sync::{Arc, Mutex, PoisonError};

use fairc::bind::{Method, Params};
use fairc::report::{Movement, OverTime, PlainText, StreamReport};
use fairc::runtime::online::state::{self, Kind as StateKind};
use fairc::runtime::online::{Memory, PrimalDual, Smooth};
use fairc::tasks::{self, Named, Refused, StreamOptions, read_state};
use numpy::PyArray1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{batch, column};
use crate::errors::{self, Kind};
use crate::program::PyProgram;
use crate::shared::{Shared, overrides};

#[pyclass(frozen, module = "fairc._fairc", name = "Stream")]
pub struct PyStream {
    shared: Arc<Shared>,
    stream: Mutex<tasks::Stream>,
    settings: Vec<String>,
    /// What messages call the batches.
    name: String,
}

fn method(word: &str, step: Option<f64>) -> PyResult<Method> {
    match word {
        "hard" => Ok(Method::Hard),
        "smooth" => Ok(Method::Smooth { gain: step.unwrap_or(Smooth::GAIN) }),
        "primal_dual" => Ok(Method::PrimalDual { step: step.unwrap_or(PrimalDual::STEP) }),
        other => Err(PyValueError::new_err(format!(
            "`method` is {other:?}, expected \"hard\", \"smooth\" or \"primal_dual\""
        ))),
    }
}

#[pymethods]
impl PyStream {
    /// Starts a stream of batches with these columns, or goes on from a state.
    #[new]
    #[pyo3(signature = (program, headers, prediction, *, method="hard", step=None, window=None, decay=None, params=None,
        state=None, name="batch"))]
    #[allow(clippy::too_many_arguments, reason = "keywords of one Python call")]
    fn new(
        py: Python<'_>,
        program: &PyProgram,
        headers: Vec<String>,
        prediction: String,
        method: &str,
        step: Option<f64>,
        window: Option<usize>,
        decay: Option<f64>,
        params: Option<&Bound<'_, PyDict>>,
        state: Option<&str>,
        name: &str,
    ) -> PyResult<PyStream> {
        let shared = program.shared.clone();
        let given = overrides(params)?;
        let params: Params = shared.params(py, &given)?;
        let memory = match (window, decay) {
            (None, None) => Memory::All,
            (Some(length), None) => Memory::Window(length),
            (None, Some(decay)) => Memory::Decay(decay),
            (Some(_), Some(_)) => return Err(PyValueError::new_err("give `window` or `decay`, not both")),
        };
        let method = self::method(method, step)?;
        let raised = |refused: Refused| errors::refused(py, refused, &shared.context());
        let state = state.map(|text| read_state(&shared.context(), text)).transpose();
        let state = state.map_err(|failure| raised(failure.into()))?;
        let options = StreamOptions {
            method,
            memory,
            prediction: Some(prediction),
            state,
            movement: Movement::default(),
            unplaced: Vec::new(),
            over_time: Some(OverTime::default()),
        };
        let stream = tasks::Stream::start(&shared.context(), &params, name, &headers, options).map_err(raised)?;
        let mut settings: Vec<String> = given.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        settings.extend(window.map(|window| format!("window {window}")));
        settings.extend(decay.map(|decay| format!("decay {decay}")));
        Ok(PyStream { shared, stream: Mutex::new(stream), settings, name: name.to_owned() })
    }

    /// Answers a batch of so many samples.
    fn answer<'py>(
        &self,
        py: Python<'py>,
        columns: &Bound<'py, PyDict>,
        rows: usize,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let headers = self.locked(|stream| stream.online.headers().to_vec());
        let array = |header: &String| match columns.get_item(header)? {
            Some(value) => column(header, &value),
            None => Err(PyValueError::new_err(format!("the batch has no column `{header}`"))),
        };
        let arrays = headers.iter().map(array).collect::<PyResult<_>>()?;
        let batch = batch(&self.name, rows, &headers, arrays)?;
        let context = self.shared.context();
        let answer = py.detach(|| self.locked(|stream| stream.answer(&context, &batch).map(|(_, y)| y.to_vec())));
        answer.map(|y| PyArray1::from_vec(py, y)).map_err(|refused| errors::refused(py, refused, &context))
    }

    /// What goes on from here, as text.
    fn state(&self, py: Python<'_>) -> PyResult<String> {
        let fingerprint = self.shared.program.fingerprint().to_string();
        let text = self.locked(|stream| state::write(StateKind::State, &fingerprint, stream.online.state()));
        text.map_err(|error| errors::plain(py, Kind::Data, &error.to_string(), None))
    }

    /// The rows that take no part, and why.
    fn left_out(&self) -> Vec<(String, String)> {
        self.locked(|stream| stream.left_out(&self.shared.context()))
    }

    /// Where each row stands: the report for people, and as JSON; and the state of the primal-dual algorithm as JSON.
    fn report(&self, py: Python<'_>, column: &str) -> PyResult<(String, String, String)> {
        let context = self.shared.context();
        let table = self.name.as_str();
        let named = Named { table, column, settings: self.settings.clone(), most: usize::MAX };
        let both = |report: StreamReport<'_>| {
            (report.text(&PlainText), serde_json::to_string(&report.json()).unwrap_or_default())
        };
        let report = self.locked(|stream| stream.report(&context, named).map(both));
        let (text, json) = report.map_err(|refused| errors::refused(py, refused, &context))?;
        let price = self.locked(|stream| stream.online.primal_dual().map(serde_json::to_string));
        Ok((text, json, price.and_then(Result::ok).unwrap_or_else(|| "null".to_owned())))
    }
}

impl PyStream {
    /// A panic in another thread leaves the stream as it was after its last whole batch, or damaged in what the next
    /// answer replaces.
    fn locked<R>(&self, work: impl FnOnce(&mut tasks::Stream) -> R) -> R {
        work(&mut self.stream.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
