//! Forward and backward of a batch, for automatic differentiation.
//!
//! Both are functions of numbers alone: the raw predictions, the data of the batch, and the values of params. The
//! backward pass needs the solution of the forward pass. The last few are kept, together with what they are solutions of;
//! a solution is taken only if these numbers are equal, and otherwise found again, which gives the same bits. So a
//! differentiator may drop, repeat or reorder calls as it likes.
//!
//! The derivative is `J = D − W⁻¹ Qᵀ Q` (see `fairc::runtime::project`). Its own derivative with respect to the vector
//! that it is applied to is `J` again, or its transpose, so any order follows from one function: `Jᵀ v`, and
//! `J v = W⁻¹ Jᵀ (W v)`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{Array, ArrayRef};
use fairc::bind::{BindError, Bound as BoundBatch, EncodeOptions, Encoded, Encoder, Params, Purpose, Samples};
use fairc::runtime::project::{ProjectError, Projection, Sample, Settings, project};
use fairc::spec::status_word;
use numpy::{Element, PyArray1, PyReadonlyArray1};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use serde_json::json;

use crate::arrays::{Numbers, batch, column};
use crate::encoded::PyEncoded;
use crate::errors;
use crate::problem::{on_infeasible, rows_json};
use crate::program::{PyProgram, Shared, purpose};

/// Solutions kept: forward passes that may be waiting for their backward pass.
const KEPT: usize = 4;

/// The data of a batch.
enum Data {
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
struct Solution<T: Sample> {
    z: Vec<T>,
    data: Data,
    params: Vec<f64>,
    bound: BoundBatch,
    projection: Projection<T>,
}

/// What can go wrong without the interpreter.
enum Trouble {
    Bind(Vec<BindError>),
    Project(ProjectError),
    /// The numbers make no batch.
    Batch(PyErr),
}

type Memo<T> = Mutex<VecDeque<Arc<Solution<T>>>>;

/// The solutions of one of the two types.
trait Kept: Sample + Element {
    fn memo(layer: &PyLayer) -> &Memo<Self>;
}

impl Kept for f32 {
    fn memo(layer: &PyLayer) -> &Memo<f32> {
        &layer.single
    }
}

impl Kept for f64 {
    fn memo(layer: &PyLayer) -> &Memo<f64> {
        &layer.double
    }
}

#[pyclass(frozen, module = "fairc._fairc", name = "Layer")]
pub struct PyLayer {
    shared: Arc<Shared>,
    /// The table that batches are rows of; none if batches bring their columns.
    encoded: Option<Arc<Encoded>>,
    headers: Vec<String>,
    purpose: Purpose,
    settings: Settings,
    single: Memo<f32>,
    double: Memo<f64>,
    last: Mutex<Option<String>>,
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
            single: Mutex::default(),
            double: Mutex::default(),
            last: Mutex::default(),
        })
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
        match Numbers::new(z)? {
            Numbers::Single(z) => self.answer(py, z.as_slice()?, &data, &params, remember),
            Numbers::Double(z) => self.answer(py, z.as_slice()?, &data, &params, remember),
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
        match (Numbers::new(z)?, Numbers::new(v)?) {
            (Numbers::Single(z), Numbers::Single(v)) => {
                self.apply(py, z.as_slice()?, &data, &params, v.as_slice()?, transposed)
            }
            (Numbers::Double(z), Numbers::Double(v)) => {
                self.apply(py, z.as_slice()?, &data, &params, v.as_slice()?, transposed)
            }
            _ => Err(PyTypeError::new_err("the gradient is of another type than the predictions")),
        }
    }

    /// How the last forward pass ended, as JSON; none before the first.
    fn last(&self) -> Option<String> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl PyLayer {
    fn answer<'py, T: Kept>(
        &self,
        py: Python<'py>,
        z: &[T],
        data: &[Bound<'py, PyAny>],
        params: &[f64],
        remember: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (data, params) = (self.data(data, z.len())?, self.params(py, params)?);
        let solution = py.detach(|| self.solve(z, data, &params)).map_err(|trouble| self.raised(py, trouble))?;
        let (problem, found) = (&solution.bound.problem, &solution.projection);
        errors::check_status(py, &found.status, found.certificate.row_violation, problem, &self.shared)?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.report(&solution));
        let y = PyArray1::from_slice(py, &found.y).into_any();
        if remember {
            let mut memo = T::memo(self).lock().unwrap_or_else(PoisonError::into_inner);
            memo.push_front(Arc::new(solution));
            memo.truncate(KEPT);
        }
        Ok(y)
    }

    fn apply<'py, T: Kept>(
        &self,
        py: Python<'py>,
        z: &[T],
        data: &[Bound<'py, PyAny>],
        params: &[f64],
        v: &[T],
        transposed: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (data, params) = (self.data(data, z.len())?, self.params(py, params)?);
        let out = py.detach(|| {
            let solution = match self.find(z, &data, &params) {
                Some(solution) => solution,
                None => Arc::new(self.solve(z, data, &params)?),
            };
            applied(&solution, v, transposed).map_err(Trouble::Project)
        });
        out.map(|out| PyArray1::from_vec(py, out).into_any()).map_err(|trouble| self.raised(py, trouble))
    }

    /// A kept solution of just these numbers.
    fn find<T: Kept>(&self, z: &[T], data: &Data, params: &Params) -> Option<Arc<Solution<T>>> {
        let memo = T::memo(self).lock().unwrap_or_else(PoisonError::into_inner);
        let same = |kept: &&Arc<Solution<T>>| kept.params == params.values() && kept.z == z && kept.data == *data;
        memo.iter().find(same).cloned()
    }

    fn solve<T: Kept>(&self, z: &[T], data: Data, params: &Params) -> Result<Solution<T>, Trouble> {
        let bound = match (&data, &self.encoded) {
            (Data::Rows(rows), Some(encoded)) => encoded.bind(params, &Samples::Rows(rows)),
            (Data::Rows(_), None) => return Err(Trouble::Batch(PyValueError::new_err("the layer has no table"))),
            (Data::Columns(columns), _) => self.encode(columns, z.len(), params)?.bind(params, &Samples::All),
        };
        let bound = bound.map_err(Trouble::Bind)?;
        let projection = project(&bound.problem, z, &self.settings).map_err(Trouble::Project)?;
        Ok(Solution { z: z.to_vec(), data, params: params.values().to_vec(), bound, projection })
    }

    fn encode(&self, columns: &[ArrayRef], rows: usize, params: &Params) -> Result<Encoded, Trouble> {
        let options = EncodeOptions { purpose: self.purpose, ..EncodeOptions::default() };
        let encoder = Encoder::new(&self.shared.program, params, "batch", &self.headers, &options);
        let mut encoder = encoder.map_err(Trouble::Bind)?;
        let place = |header: &String| self.headers.iter().position(|known| known == header);
        let used = encoder.headers().iter().filter_map(place).filter_map(|place| columns.get(place).cloned());
        let batch = batch("batch", rows, encoder.headers(), used.collect()).map_err(Trouble::Batch)?;
        encoder.push(&batch).map_err(|error| Trouble::Bind(vec![error]))?;
        encoder.finish().map_err(Trouble::Bind)
    }

    /// The data of a batch of `n` predictions.
    fn data(&self, data: &[Bound<'_, PyAny>], n: usize) -> PyResult<Data> {
        if self.encoded.is_none() {
            let columns = self.headers.iter().zip(data).map(|(name, value)| {
                let column = column(name, value)?;
                match column.len() == n {
                    true => Ok(column),
                    false => Err(wrong_length(&format!("column `{name}`"), column.len(), n)),
                }
            });
            return Ok(Data::Columns(columns.collect::<PyResult<_>>()?));
        }
        let [rows] = data else { return Err(PyValueError::new_err("expected one vector of rows")) };
        let rows: PyReadonlyArray1<'_, i64> = rows.extract()?;
        let rows = rows.as_array();
        if rows.len() != n {
            return Err(wrong_length("`rows`", rows.len(), n));
        }
        let place = |(index, &row): (usize, &i64)| {
            u32::try_from(row).map_err(|_| PyValueError::new_err(format!("`rows[{index}]` is {row}, which is no row")))
        };
        rows.iter().enumerate().map(place).collect::<PyResult<_>>().map(Data::Rows)
    }

    fn params(&self, py: Python<'_>, values: &[f64]) -> PyResult<Params> {
        let program = &self.shared.program;
        if values.len() != program.params.len() {
            return Err(wrong_length("`params`", values.len(), program.params.len()));
        }
        let named = program.params.iter().zip(values).map(|(param, value)| (param.name.clone(), *value));
        self.shared.params(py, &named.collect::<Vec<_>>())
    }

    fn raised(&self, py: Python<'_>, trouble: Trouble) -> PyErr {
        match trouble {
            Trouble::Bind(errors) => errors::unbound(py, &errors, &self.shared),
            Trouble::Project(error) => errors::unsolved(py, &error),
            Trouble::Batch(error) => error,
        }
    }

    fn report<T: Sample>(&self, solution: &Solution<T>) -> String {
        let found = &solution.projection;
        format!(
            "{{\"facts\":{},\"rows\":{}}}",
            json!({ "status": status_word(&found.status), "n": found.y.len(), "multipliers": found.multipliers,
                "row_violation": found.certificate.row_violation, "bound_violation": found.certificate.bound_violation }),
            rows_json(&solution.bound, &self.shared)
        )
    }
}

fn wrong_length(what: &str, found: usize, expected: usize) -> PyErr {
    PyValueError::new_err(format!("{what} has {found} values, expected {expected}"))
}

/// `Jᵀ v`, or `J v = W⁻¹ Jᵀ (W v)`; a sample without weight has no part in any row.
fn applied<T: Sample>(solution: &Solution<T>, v: &[T], transposed: bool) -> Result<Vec<T>, ProjectError> {
    let problem = &solution.bound.problem;
    let Some(weights) = problem.weights().filter(|_| transposed) else {
        return Ok(solution.projection.vjp(problem, v)?.z);
    };
    let scaled = v.iter().zip(&weights).map(|(v, w)| if *w > 0.0 { T::narrow(v.widen() * w) } else { *v });
    let mut out = solution.projection.vjp(problem, &scaled.collect::<Vec<_>>())?.z;
    for (out, w) in out.iter_mut().zip(&weights).filter(|(_, w)| **w > 0.0) {
        *out = T::narrow(out.widen() / w);
    }
    Ok(out)
}
