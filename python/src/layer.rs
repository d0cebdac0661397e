//! Forward and backward of a batch, for automatic differentiation.
//!
//! There are two ways. [`PyLayer::solve`] hands the solution over, to whom keeps it for the backward pass. For operators of
//! torch, which are functions of numbers alone, [`PyLayer::forward`] and [`PyLayer::derivative`] take the raw predictions,
//! the data of the batch and the values of params: the last few solutions are kept, together with what they are solutions
//! of; one is taken only if these numbers are equal, and otherwise found again, which gives the same bits. So a
//! differentiator may drop, repeat or reorder calls as it likes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_array::{Array, ArrayRef};
use fairc::bind::{BindError, EncodeOptions, Encoded, Encoder, Params, Purpose, Reach, Samples};
use fairc::runtime::problem::ProblemError;
use fairc::runtime::project::{ProjectError, Projection, Projector, Sample, Settings};
use numpy::{Element, PyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrays::{Numbers, Vector, batch, column, contiguous, shaped, vector};
use crate::encoded::PyEncoded;
use crate::errors;
use crate::problem::on_infeasible;
use crate::program::{PyProgram, Shared, purpose};
use crate::solution::{Found, PySolution, Reported, Solved, applied, wrong_type};
use crate::sums::PyPart;

/// Solutions kept: forward passes that may be waiting for their backward pass.
const KEPT: usize = 4;

/// The data of a batch.
pub enum Data {
    /// Places in the encoded table.
    Rows(Vec<u32>),
    /// The columns themselves.
    Columns(Vec<ArrayRef>),
}

impl PartialEq for Data {
    fn eq(&self, other: &Data) -> bool {
        match (self, other) {
            (Data::Rows(a), Data::Rows(b)) => a == b,
            (Data::Columns(a), Data::Columns(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.as_ref() == b.as_ref())
            }
            (Data::Rows(_), Data::Columns(_)) | (Data::Columns(_), Data::Rows(_)) => false,
        }
    }
}

/// A solution and what it is the solution of.
struct Kept<T: Sample> {
    z: Vec<T>,
    data: Data,
    params: Arc<Params>,
    found: Arc<Solved<T>>,
}

/// What can go wrong without the interpreter.
pub enum Trouble {
    Bind(Vec<BindError>),
    Project(ProjectError),
    /// The numbers make no batch.
    Batch(PyErr),
}

impl From<ProjectError> for Trouble {
    fn from(error: ProjectError) -> Trouble {
        Trouble::Project(error)
    }
}

impl From<ProblemError> for Trouble {
    fn from(error: ProblemError) -> Trouble {
        Trouble::Batch(PyValueError::new_err(error.to_string()))
    }
}

impl From<PyErr> for Trouble {
    fn from(error: PyErr) -> Trouble {
        Trouble::Batch(error)
    }
}

/// What a layer keeps for predictions of one type.
#[derive(Default)]
struct Own<T: Sample> {
    /// Solutions that a backward pass may ask for.
    memo: Mutex<VecDeque<Kept<T>>>,
    /// Solvers that are not at work; as many as there were batches at a time.
    projectors: Mutex<Vec<Projector<T>>>,
}

/// What differs between the two types.
trait Kind: Sample + Element {
    fn own(layer: &PyLayer) -> &Own<Self>;
    fn found(solved: Arc<Solved<Self>>) -> Found;
}

impl Kind for f32 {
    fn own(layer: &PyLayer) -> &Own<f32> {
        &layer.single
    }

    fn found(solved: Arc<Solved<f32>>) -> Found {
        Found::Single(solved)
    }
}

impl Kind for f64 {
    fn own(layer: &PyLayer) -> &Own<f64> {
        &layer.double
    }

    fn found(solved: Arc<Solved<f64>>) -> Found {
        Found::Double(solved)
    }
}

#[pyclass(frozen, module = "fairc._fairc", name = "Layer")]
pub struct PyLayer {
    pub shared: Arc<Shared>,
    /// The table that batches are rows of; none if batches bring their columns.
    encoded: Option<Arc<Encoded>>,
    headers: Vec<String>,
    purpose: Purpose,
    pub settings: Settings,
    /// Those that are not at work; as many as there were batches at a time.
    encoders: Mutex<Vec<Encoder>>,
    /// The values that the last batch was solved with.
    params: Mutex<Option<Arc<Params>>>,
    single: Own<f32>,
    double: Own<f64>,
    last: Mutex<Option<Arc<dyn Reported>>>,
}

#[pymethods]
impl PyLayer {
    /// A layer over an encoded table, or over batches with these columns.
    #[new]
    #[pyo3(signature = (program, encoded, headers, purpose="training", on_infeasible="error"))]
    fn new(
        program: &PyProgram,
        encoded: Option<&PyEncoded>,
        headers: Vec<String>,
        purpose: &str,
        on_infeasible: &str,
    ) -> PyResult<PyLayer> {
        Ok(PyLayer {
            shared: program.shared.clone(),
            encoded: encoded.map(|encoded| encoded.encoded.clone()),
            headers,
            purpose: self::purpose(purpose)?,
            settings: Settings { on_infeasible: self::on_infeasible(on_infeasible)?, ..Settings::default() },
            encoders: Mutex::default(),
            params: Mutex::default(),
            single: Own::default(),
            double: Own::default(),
            last: Mutex::default(),
        })
    }

    /// `ŷ` of raw predictions, and the solution; `tracked` are the places of the params to be differentiated.
    fn solve<'py>(
        &self,
        py: Python<'py>,
        z: &Bound<'py, PyAny>,
        data: Vec<Bound<'py, PyAny>>,
        params: Vec<f64>,
        tracked: Vec<usize>,
    ) -> PyResult<(Bound<'py, PyAny>, PySolution)> {
        let data = self.data(data)?;
        match Numbers::new(z)? {
            Numbers::Single(z) => self.answer(py, &z, &data, &params, &tracked),
            Numbers::Double(z) => self.answer(py, &z, &data, &params, &tracked),
        }
    }

    /// `ŷ` of raw predictions; `remember` keeps the solution for a backward pass.
    fn forward<'py>(
        &self,
        py: Python<'py>,
        z: &Bound<'py, PyAny>,
        data: Vec<Bound<'py, PyAny>>,
        params: Vec<f64>,
        remember: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let data = self.data(data)?;
        match Numbers::new(z)? {
            Numbers::Single(z) => self.remembered(py, &contiguous(&z), data, &params, remember),
            Numbers::Double(z) => self.remembered(py, &contiguous(&z), data, &params, remember),
        }
    }

    /// `Jᵀ v`, or `J v` where `transposed`.
    fn derivative<'py>(
        &self,
        py: Python<'py>,
        z: &Bound<'py, PyAny>,
        data: Vec<Bound<'py, PyAny>>,
        params: Vec<f64>,
        v: &Bound<'py, PyAny>,
        transposed: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let data = self.data(data)?;
        match (Numbers::new(z)?, Numbers::new(v)?) {
            (Numbers::Single(z), Numbers::Single(v)) => {
                self.differentiated(py, &contiguous(&z), &data, &params, &v, transposed)
            }
            (Numbers::Double(z), Numbers::Double(v)) => {
                self.differentiated(py, &contiguous(&z), &data, &params, &v, transposed)
            }
            _ => Err(wrong_type()),
        }
    }

    /// The part of a batch of which others are elsewhere: `n` samples.
    fn part(&self, py: Python<'_>, data: Vec<Bound<'_, PyAny>>, n: usize, params: Vec<f64>) -> PyResult<PyPart> {
        let (data, params) = (self.data(data)?, self.params(py, &params)?);
        PyPart::new(py, self, data, n, params)
    }

    /// How the last forward pass ended, as JSON; none before the first.
    fn last(&self) -> Option<String> {
        let last = locked(&self.last).clone();
        last.map(|solved| solved.report(&self.shared))
    }
}

/// What other threads leave behind a panic is whole: each lock guards a single assignment.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PyLayer {
    fn answer<'py, T: Kind>(
        &self,
        py: Python<'py>,
        z: &Vector<'py, T>,
        data: &Data,
        params: &[f64],
        tracked: &[usize],
    ) -> PyResult<(Bound<'py, PyAny>, PySolution)> {
        let params = self.params(py, params)?;
        let solved = self.solved(py, &contiguous(z), data, &params, tracked)?;
        let y = shaped(py, solved.projection.y.clone(), z);
        Ok((y, PySolution { found: T::found(solved) }))
    }

    fn remembered<'py, T: Kind>(
        &self,
        py: Python<'py>,
        z: &[T],
        data: Data,
        params: &[f64],
        remember: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let params = self.params(py, params)?;
        let found = self.solved(py, z, &data, &params, &[])?;
        let y = PyArray1::from_slice(py, &found.projection.y).into_any();
        if remember {
            let mut memo = locked(&T::own(self).memo);
            memo.push_front(Kept { z: z.to_vec(), data, params, found });
            memo.truncate(KEPT);
        }
        Ok(y)
    }

    fn differentiated<'py, T: Kind>(
        &self,
        py: Python<'py>,
        z: &[T],
        data: &Data,
        params: &[f64],
        v: &Vector<'py, T>,
        transposed: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let params = self.params(py, params)?;
        let kept = py.detach(|| {
            let memo = locked(&T::own(self).memo);
            let same = |kept: &&Kept<T>| *kept.params == *params && kept.z == z && kept.data == *data;
            memo.iter().find(same).map(|kept| kept.found.clone())
        });
        let found = match kept {
            Some(found) => found,
            None => self.solved(py, z, data, &params, &[])?,
        };
        applied(py, &found, v, transposed)
    }

    /// Solves without the interpreter's lock, and fails unless there is a point.
    fn solved<T: Kind>(
        &self,
        py: Python<'_>,
        z: &[T],
        data: &Data,
        params: &Params,
        tracked: &[usize],
    ) -> PyResult<Arc<Solved<T>>> {
        let solved = py.detach(|| self.project(z, data, params, tracked));
        let solved = solved.map_err(|trouble| self.raised(py, trouble))?;
        let (bound, found) = (&solved.bound, &solved.projection);
        errors::check_status(py, &found.status, found.certificate.row_violation, &bound.rows, &self.shared)?;
        let solved = Arc::new(solved);
        self.keep(solved.clone());
        Ok(solved)
    }

    /// Keeps a solution, for whoever asks how the last batch went.
    pub fn keep(&self, solved: Arc<dyn Reported>) {
        *locked(&self.last) = Some(solved);
    }

    fn project<T: Kind>(&self, z: &[T], data: &Data, params: &Params, tracked: &[usize]) -> Result<Solved<T>, Trouble> {
        let encoded = self.encoded(data, z.len(), params)?;
        let samples = match data {
            Data::Rows(rows) => Samples::Rows(rows),
            Data::Columns(_) => Samples::All,
        };
        let bound = encoded.bind(params, &samples).map_err(Trouble::Bind)?;
        let slopes = match tracked.iter().find(|&&param| encoded.reach(param) > Reach::Sides) {
            Some(&param) => return Err(self.not_differentiable(param)),
            None if tracked.is_empty() => Vec::new(),
            None => {
                let sides = encoded.sides(&bound, &samples);
                tracked.iter().map(|&param| sides.slopes(params, param)).collect()
            }
        };
        let projectors = &T::own(self).projectors;
        let mut projector = locked(projectors).pop().unwrap_or_default();
        let mut projection = Projection::default();
        let ended = projector.project_into(&bound.problem, z, &self.settings, &mut projection);
        locked(projectors).push(projector);
        ended.map_err(Trouble::Project)?;
        Ok(Solved { bound, projection, slopes })
    }

    /// The table, or the columns of the batch in codes.
    pub fn encoded(&self, data: &Data, n: usize, params: &Params) -> Result<Arc<Encoded>, Trouble> {
        match (data, &self.encoded) {
            (Data::Rows(rows), Some(_)) if rows.len() != n => Err(wrong_length("`rows`", rows.len(), n)),
            (Data::Rows(_), Some(encoded)) => Ok(encoded.clone()),
            (Data::Rows(_), None) => Err(Trouble::Batch(PyValueError::new_err("the layer has no table"))),
            (Data::Columns(columns), _) => self.encode(columns, n, params).map(Arc::new),
        }
    }

    fn not_differentiable(&self, param: usize) -> Trouble {
        let name = self.shared.program.params.get(param).map_or("?", |param| &param.name);
        Trouble::Batch(PyValueError::new_err(format!(
            "param `{name}` enters events, coefficients or the bounds of single predictions, and has derivatives in the \
             limits of rows alone; hand over its value without a gradient (`.detach()`)"
        )))
    }

    fn encode(&self, columns: &[ArrayRef], rows: usize, params: &Params) -> Result<Encoded, Trouble> {
        if let Some((name, column)) = self.headers.iter().zip(columns).find(|(_, column)| column.len() != rows) {
            return Err(wrong_length(&format!("column `{name}`"), column.len(), rows));
        }
        let mut encoder = match locked(&self.encoders).pop().filter(|encoder| encoder.serves(params)) {
            Some(encoder) => encoder,
            None => {
                let options = EncodeOptions { purpose: self.purpose, ..EncodeOptions::default() };
                let encoder = Encoder::new(&self.shared.program, params, "batch", &self.headers, &options);
                encoder.map_err(Trouble::Bind)?
            }
        };
        let place = |header: &String| self.headers.iter().position(|known| known == header);
        let used = encoder.headers().iter().filter_map(place).filter_map(|place| columns.get(place).cloned());
        let batch = batch("batch", rows, encoder.headers(), used.collect()).map_err(Trouble::Batch)?;
        encoder.push(&batch).map_err(|error| Trouble::Bind(vec![error]))?;
        let (encoded, encoder) = encoder.finish_one().map_err(Trouble::Bind)?;
        locked(&self.encoders).push(encoder);
        Ok(encoded)
    }

    /// The data of a batch as Python hands it over.
    fn data(&self, data: Vec<Bound<'_, PyAny>>) -> PyResult<Data> {
        if self.encoded.is_none() {
            let columns = self.headers.iter().zip(&data).map(|(name, value)| column(name, value));
            return Ok(Data::Columns(columns.collect::<PyResult<_>>()?));
        }
        let [rows] = &data[..] else { return Err(PyValueError::new_err("expected one vector of rows")) };
        let rows = vector::<i64>(rows).ok_or_else(|| PyValueError::new_err("expected a vector of rows"))?;
        let place = |(index, &row): (usize, &i64)| {
            u32::try_from(row).map_err(|_| PyValueError::new_err(format!("`rows[{index}]` is {row}, which is no row")))
        };
        contiguous(&rows).iter().enumerate().map(place).collect::<PyResult<_>>().map(Data::Rows)
    }

    fn params(&self, py: Python<'_>, values: &[f64]) -> PyResult<Arc<Params>> {
        let known = locked(&self.params).clone();
        if let Some(known) = known.filter(|known| known.values() == values) {
            return Ok(known);
        }
        let program = &self.shared.program;
        if values.len() != program.params.len() {
            let (found, expected) = (values.len(), program.params.len());
            return Err(PyValueError::new_err(format!("`params` has {found} values, expected {expected}")));
        }
        let named = program.params.iter().zip(values).map(|(param, value)| (param.name.clone(), *value));
        let params = Arc::new(self.shared.params(py, &named.collect::<Vec<_>>())?);
        *locked(&self.params) = Some(params.clone());
        Ok(params)
    }

    pub fn raised(&self, py: Python<'_>, trouble: Trouble) -> PyErr {
        match trouble {
            Trouble::Bind(errors) => errors::unbound(py, &errors, &self.shared),
            Trouble::Project(error) => errors::unsolved(py, &error),
            Trouble::Batch(error) => error,
        }
    }
}

fn wrong_length(what: &str, found: usize, expected: usize) -> Trouble {
    Trouble::Batch(PyValueError::new_err(format!("{what} has {found} values, expected {expected}")))
}
