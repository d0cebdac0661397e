//! A bound batch and its projection.

use std::sync::Arc;

use fairc::bind::{Bound as BoundBatch, Left, RowStatus};
use fairc::runtime::problem::Bounds;
use fairc::runtime::project::{OnInfeasible, Projection, Sample, Settings, Side, project};
use fairc::spec::status_word;
use numpy::{Element, PyArray1, PyReadonlyArray1};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::json;

use crate::arrays::Numbers;
use crate::errors;
use crate::program::Shared;

pub fn on_infeasible(word: &str) -> PyResult<OnInfeasible> {
    match word {
        "error" => Ok(OnInfeasible::Error),
        "relax" => Ok(OnInfeasible::Relax),
        other => Err(PyValueError::new_err(format!("`on_infeasible` is {other:?}, expected \"error\" or \"relax\""))),
    }
}

/// What became of each row of the program, as JSON.
pub fn rows_json(bound: &BoundBatch, shared: &Shared) -> String {
    let rows = bound.rows.iter().zip(&shared.program.rows).map(|(row, declared)| {
        let finite = |value: f64| Some(value).filter(|value| value.is_finite());
        let (status, reason) = match &row.status {
            RowStatus::Kept(_) => ("kept", None),
            RowStatus::Skipped(skip) => {
                let found = format!("{} samples in {}, and {} are needed", skip.samples, skip.event, skip.least);
                ("skipped", Some(found))
            }
            RowStatus::Left(Left::LabelAbsent { label }) => {
                ("left out", Some(format!("the label `{label}` is not known")))
            }
            RowStatus::Left(Left::TrainingOnly) => ("left out", Some("it is for training alone".to_owned())),
        };
        let name = declared.origins.first().map_or("", |origin| &origin.name);
        json!({ "name": name, "status": status, "place": row.kept(), "lower": finite(row.lower),
            "upper": finite(row.upper), "reason": reason })
    });
    serde_json::Value::from(rows.collect::<Vec<_>>()).to_string()
}

#[pyclass(frozen, module = "fairc._fairc", name = "Problem")]
pub struct PyProblem {
    pub shared: Arc<Shared>,
    pub bound: Arc<BoundBatch>,
}

#[pymethods]
impl PyProblem {
    #[getter]
    fn n(&self) -> usize {
        self.bound.problem.n()
    }

    fn rows(&self) -> String {
        rows_json(&self.bound, &self.shared)
    }

    /// The matrix in CSR form, the sides, the bounds of each sample, and the weights.
    fn numbers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let problem = &self.bound.problem;
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
        Ok(out)
    }

    /// `A y`.
    fn activity<'py>(&self, py: Python<'py>, y: PyReadonlyArray1<'py, f64>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let y = y.as_slice()?;
        let activity = py.detach(|| self.bound.problem.activity(y));
        let activity = activity.map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(PyArray1::from_vec(py, activity))
    }

    /// Projects predictions; `ŷ` is of their type.
    #[pyo3(signature = (z, on_infeasible="error"))]
    fn project(&self, py: Python<'_>, z: &Bound<'_, PyAny>, on_infeasible: &str) -> PyResult<PyProjection> {
        let settings = Settings { on_infeasible: self::on_infeasible(on_infeasible)?, ..Settings::default() };
        let found = match Numbers::new(z)? {
            Numbers::Single(z) => Found::Single(self.solve(py, z.as_slice()?, &settings)?),
            Numbers::Double(z) => Found::Double(self.solve(py, z.as_slice()?, &settings)?),
        };
        Ok(PyProjection { bound: self.bound.clone(), found })
    }
}

impl PyProblem {
    fn solve<T: Sample>(&self, py: Python<'_>, z: &[T], settings: &Settings) -> PyResult<Projection<T>> {
        let problem = &self.bound.problem;
        let found = py.detach(|| project(problem, z, settings)).map_err(|error| errors::unsolved(py, &error))?;
        errors::check_status(py, &found.status, found.certificate.row_violation, &self.bound.rows, &self.shared)?;
        Ok(found)
    }
}

/// A projection in one of the two types.
enum Found {
    Single(Projection<f32>),
    Double(Projection<f64>),
}

#[pyclass(frozen, module = "fairc._fairc", name = "Projection")]
pub struct PyProjection {
    bound: Arc<BoundBatch>,
    found: Found,
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

    /// The gradient of `vᵀ ŷ` with respect to predictions, sides and weights.
    fn vjp<'py>(&self, py: Python<'py>, v: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
        match (&self.found, Numbers::new(v)?) {
            (Found::Single(found), Numbers::Single(v)) => gradient(py, found, &self.bound, v.as_slice()?),
            (Found::Double(found), Numbers::Double(v)) => gradient(py, found, &self.bound, v.as_slice()?),
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
    let gradient = py.detach(|| found.vjp(&bound.problem, v)).map_err(|error| errors::unsolved(py, &error))?;
    let out = PyDict::new(py);
    out.set_item("z", PyArray1::from_vec(py, gradient.z))?;
    out.set_item("lower", PyArray1::from_vec(py, gradient.lower))?;
    out.set_item("upper", PyArray1::from_vec(py, gradient.upper))?;
    out.set_item("weights", PyArray1::from_vec(py, gradient.weights))?;
    Ok(out)
}
