//! A bound batch and its projection.

use std::sync::Arc;

use fairc::bind::{Bound as BoundBatch, Encoded, Params, RowStatus, Samples};
use fairc::report::{PlainText, left_out, skipped};
use fairc::runtime::convex::ConvexEntries;
use fairc::runtime::problem::Bounds;
use fairc::runtime::project::{Gradient, OnInfeasible, Projection, Projector, Sample, Side};
use fairc::source::status_word;
use fairc::tasks::{Case, Projected, report_of, solve};
use numpy::{Element, PyArray1, PyReadonlyArray1};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::json;

use crate::arrays::Numbers;
use crate::errors;
use crate::shared::{Shared, on_infeasible};

/// What became of each row of the program, as JSON.
pub fn rows_json(bound: &BoundBatch, shared: &Shared) -> String {
    let rows = bound.rows.iter().zip(&shared.program.rows).map(|(row, declared)| {
        let finite = |value: f64| Some(value).filter(|value| value.is_finite());
        let (status, reason) = match &row.status {
            RowStatus::Kept(_) => ("kept", None),
            RowStatus::Skipped(skip) => ("skipped", Some(skipped(skip))),
            RowStatus::Left(left) => ("left out", Some(left_out(left))),
        };
        let name = declared.origins.first().map_or("", |origin| &origin.name);
        json!({ "name": name, "status": status, "place": row.kept(), "lower": finite(row.lower),
            "upper": finite(row.upper), "reason": reason })
    });
    serde_json::Value::from(rows.collect::<Vec<_>>()).to_string()
}

/// A bound batch, with what it was bound from.
pub struct Batch {
    pub shared: Arc<Shared>,
    pub encoded: Arc<Encoded>,
    pub params: Params,
    /// Places in the encoded table; none for all.
    pub rows: Option<Vec<u32>>,
    pub bound: BoundBatch,
}

impl Batch {
    fn samples(&self) -> Samples<'_> {
        self.rows.as_ref().map_or(Samples::All, |rows| Samples::Rows(rows))
    }

    /// The projection of predictions, without the interpreter's lock.
    pub fn solve<T: Sample>(&self, py: Python<'_>, z: &[T], choice: OnInfeasible) -> PyResult<Projection<T>> {
        let Batch { shared, encoded, params, bound, .. } = self;
        let found = py.detach(|| solve(&shared.context(), encoded, params, &self.samples(), bound, z, choice));
        found.map_err(|refused| errors::refused(py, refused, &shared.context()))
    }
}

#[pyclass(frozen, module = "fairc._fairc", name = "Problem")]
pub struct PyProblem {
    pub batch: Arc<Batch>,
}

#[pymethods]
impl PyProblem {
    #[getter]
    fn n(&self) -> usize {
        self.batch.bound.problem.n()
    }

    fn rows(&self) -> String {
        rows_json(&self.batch.bound, &self.batch.shared)
    }

    /// The matrix in CSR form, the sides, the bounds of each sample, the weights, and terms `b |ŷ − c|` of rows if there are any.
    fn numbers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let problem = &self.batch.bound.problem;
        let csr = py.detach(|| problem.to_csr());
        let out = PyDict::new(py);
        let indptr: Vec<i64> = csr.indptr.iter().map(|&start| start as i64).collect();
        out.set_item("indptr", PyArray1::from_vec(py, indptr))?;
        out.set_item("indices", PyArray1::from_vec(py, csr.indices.iter().map(|&i| i64::from(i)).collect()))?;
        out.set_item("values", PyArray1::from_vec(py, csr.values))?;
        out.set_item("names", problem.names())?;
        out.set_item("lower", PyArray1::from_slice(py, problem.lower()))?;
        out.set_item("upper", PyArray1::from_slice(py, problem.upper()))?;
        out.set_item("soft", PyArray1::from_slice(py, problem.soft()))?;
        let (lo, hi) = match problem.bounds() {
            Bounds::Uniform { lo, hi } => (vec![lo; problem.n()], vec![hi; problem.n()]),
            Bounds::PerSample { lo, hi } => (lo, hi),
        };
        out.set_item("lo", PyArray1::from_vec(py, lo))?;
        out.set_item("hi", PyArray1::from_vec(py, hi))?;
        out.set_item("weights", problem.weights().map(|weights| PyArray1::from_vec(py, weights)))?;
        let entries = self.batch.bound.convex.as_ref().map(|convex| py.detach(|| convex.entries()));
        let distances = entries.map(|ConvexEntries { rows, samples, values, at }| {
            let whole = |list: Vec<usize>| PyArray1::from_vec(py, list.into_iter().map(|it| it as i64).collect());
            let out = PyDict::new(py);
            out.set_item("rows", whole(rows))?;
            out.set_item("samples", whole(samples))?;
            out.set_item("b", PyArray1::from_vec(py, values))?;
            out.set_item("c", PyArray1::from_vec(py, at))?;
            PyResult::Ok(out)
        });
        out.set_item("convex", distances.transpose()?)?;
        Ok(out)
    }

    /// What the rows come to, `A y`.
    fn activity<'py>(&self, py: Python<'py>, y: PyReadonlyArray1<'py, f64>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let y = y.as_slice()?;
        let values = py.detach(|| self.batch.bound.row_values(y));
        let activity = values.map_err(|error| PyValueError::new_err(error.to_string()))?.values;
        Ok(PyArray1::from_vec(py, activity))
    }

    /// Projects predictions; `ŷ` is of their type.
    #[pyo3(signature = (z, on_infeasible="error"))]
    fn project(&self, py: Python<'_>, z: &Bound<'_, PyAny>, on_infeasible: &str) -> PyResult<PyProjection> {
        let choice = self::on_infeasible(on_infeasible)?;
        let found = match Numbers::new(z)? {
            Numbers::Single(z) => Found::Single(self.batch.solve(py, z.as_slice()?, choice)?),
            Numbers::Double(z) => Found::Double(self.batch.solve(py, z.as_slice()?, choice)?),
        };
        Ok(PyProjection { batch: self.batch.clone(), found, asked: None })
    }
}

/// A projection in one of the two types.
pub enum Found {
    Single(Projection<f32>),
    Double(Projection<f64>),
}

#[pyclass(frozen, module = "fairc._fairc", name = "Projection")]
pub struct PyProjection {
    pub batch: Arc<Batch>,
    pub found: Found,
    /// Of whole tables: what the report tells of.
    pub asked: Option<Asked>,
}

/// The predictions that were projected, and what a report calls them.
pub struct Asked {
    pub table: String,
    pub column: String,
    pub settings: Vec<(String, f64)>,
    pub z: Vec<f64>,
}

impl PyProjection {
    /// Calls `see` with the report.
    pub fn reported<R>(&self, py: Python<'_>, see: impl FnOnce(&Projected<'_>) -> R + Send) -> PyResult<R>
    where
        R: Send,
    {
        let Some(Asked { table, column, settings, z }) = &self.asked else {
            let message = "this is the projection of a batch; `Program.project` makes one that has a report";
            return Err(PyValueError::new_err(message));
        };
        let Batch { shared, encoded, params, bound, .. } = &*self.batch;
        let (context, predictions) = (shared.context(), z.as_slice());
        let case = Case { context, encoded, params, table, settings, column, predictions };
        let done = py.detach(|| {
            let samples = self.batch.samples();
            let report = match &self.found {
                Found::Single(found) => report_of(&case, bound, &samples, found, usize::MAX),
                Found::Double(found) => report_of(&case, bound, &samples, found, usize::MAX),
            };
            report.map(|report| see(&report))
        });
        done.map_err(|refused| errors::refused(py, refused, &context))
    }
}

/// The side of a row that is active, in words.
fn side(side: Side) -> &'static str {
    match side {
        Side::Inactive => "",
        Side::Lower => "lower",
        Side::Upper => "upper",
        Side::Both => "both",
        Side::BelowLower => "below lower",
        Side::AboveUpper => "above upper",
    }
}

#[pymethods]
impl PyProjection {
    /// The batch that was projected.
    fn problem(&self) -> PyProblem {
        PyProblem { batch: self.batch.clone() }
    }

    /// `ŷ`.
    fn y<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        match &self.found {
            Found::Single(found) => PyArray1::from_slice(py, &found.y).into_any(),
            Found::Double(found) => PyArray1::from_slice(py, &found.y).into_any(),
        }
    }

    /// Multipliers, active sides, certificate and status.
    fn facts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        match &self.found {
            Found::Single(found) => facts(py, found),
            Found::Double(found) => facts(py, found),
        }
    }

    /// The report for people, and the same as JSON.
    fn report(&self, py: Python<'_>) -> PyResult<(String, String)> {
        self.reported(py, |done| {
            let json = serde_json::to_string(&done.report.json()).unwrap_or_default();
            (done.report.text(&PlainText), json)
        })
    }

    /// The gradient of `vᵀ ŷ` with respect to predictions, sides and weights.
    fn vjp<'py>(&self, py: Python<'py>, v: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
        match (&self.found, Numbers::new(v)?) {
            (Found::Single(found), Numbers::Single(v)) => gradient(py, found, &self.batch.bound, v.as_slice()?),
            (Found::Double(found), Numbers::Double(v)) => gradient(py, found, &self.batch.bound, v.as_slice()?),
            _ => Err(PyTypeError::new_err("`v` is of another type than the predictions that were projected")),
        }
    }
}

fn facts<'py, T: Sample>(py: Python<'py>, found: &Projection<T>) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    out.set_item("status", status_word(&found.status))?;
    out.set_item("multipliers", PyArray1::from_slice(py, &found.multipliers))?;
    out.set_item("active", found.active.iter().map(|&active| side(active)).collect::<Vec<_>>())?;
    out.set_item("objective", found.objective)?;
    let certificate = PyDict::new(py);
    let values = &found.certificate;
    certificate.set_item("row_violation", values.row_violation)?;
    certificate.set_item("relative_row_violation", values.relative_row_violation)?;
    certificate.set_item("bound_violation", values.bound_violation)?;
    certificate.set_item("stationarity", values.stationarity)?;
    certificate.set_item("duality_gap", values.duality_gap)?;
    out.set_item("certificate", certificate)?;
    Ok(out)
}

fn gradient<'py, T: Sample + Element>(
    py: Python<'py>,
    found: &Projection<T>,
    bound: &BoundBatch,
    v: &[T],
) -> PyResult<Bound<'py, PyDict>> {
    let mut gradient = Gradient::default();
    let done = py.detach(|| bound.vjp(&mut Projector::new(), found, v, &mut gradient));
    done.map_err(|error| errors::unsolved(py, &error))?;
    let out = PyDict::new(py);
    out.set_item("z", PyArray1::from_vec(py, gradient.z))?;
    out.set_item("lower", PyArray1::from_vec(py, gradient.lower))?;
    out.set_item("upper", PyArray1::from_vec(py, gradient.upper))?;
    out.set_item("weights", PyArray1::from_vec(py, gradient.weights))?;
    Ok(out)
}
