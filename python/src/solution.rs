//! A solved batch: its derivatives, and how it ended.
//!
//! The derivative is `J = D − W⁻¹ Qᵀ Q` (see `fairc::runtime::project`). Its own derivative with respect to the vector
//! that it is applied to is `J` again, or its transpose, so any order follows from two functions: `Jᵀ v` and `J v`.

use std::sync::Arc;

use fairc::bind::{Bound as BoundBatch, Encoded, Params, Pulled};
use fairc::runtime::project::{Certificate, Gradient, ProjectError, Projection, Projector, Sample, Side, Status};
use fairc::source::status_word;
use numpy::PyArray1;
use pyo3::exceptions::{PyNotImplementedError, PyTypeError};
use pyo3::prelude::*;
use serde_json::json;

use crate::arrays::{Numbers, Vector, contiguous, shaped};
use crate::errors;
use crate::problem::rows_json;
use crate::shared::Shared;

/// A batch and its projection.
pub struct Solved<T: Sample> {
    pub bound: BoundBatch,
    pub projection: Projection<T>,
    /// For each param that is differentiated, the derivatives of lower and upper sides.
    pub slopes: Vec<(Vec<f64>, Vec<f64>)>,
    /// The batch with its raw predictions, where rows read them and so move with them.
    pub raw: Option<(Arc<Encoded>, Params)>,
}

impl<T: Sample> Solved<T> {
    /// `Jᵀ v`, or `J v` where `transposed`.
    pub fn derivative(&self, v: &[T], transposed: bool) -> Result<Vec<T>, ProjectError> {
        let (mut projector, mut gradient) = (Projector::new(), Gradient::default());
        if transposed {
            self.bound.jvp(&mut projector, &self.projection, v, &mut gradient)?;
            return Ok(gradient.z);
        }
        self.bound.vjp(&mut projector, &self.projection, v, &mut gradient)?;
        let Some((encoded, params)) = &self.raw else { return Ok(gradient.z) };
        let pulled = Pulled { bound: &self.bound, projection: &self.projection, v, gradient: &gradient };
        let more = encoded.by_raw(params, &pulled)?;
        Ok(gradient.z.iter().zip(more).map(|(own, more)| T::narrow(own.widen() + more)).collect())
    }

    /// The derivatives of `vᵀ ŷ` with respect to the params of `slopes`.
    ///
    /// Where a tolerance of 0 makes both sides of a row active, the derivative is that of a growing one: of the side that
    /// the multiplier presses on.
    fn by_params(&self, v: &[T]) -> Result<Vec<f64>, ProjectError> {
        if self.projection.status != Status::Optimal {
            return Err(ProjectError::NoDerivative);
        }
        let mut found = Gradient::default();
        self.bound.vjp(&mut Projector::new(), &self.projection, v, &mut found)?;
        let at = |values: &[f64], row: usize| values.get(row).copied().unwrap_or(0.0);
        let presses_down = |(side, multiplier): (&Side, &f64)| *side == Side::Both && *multiplier < 0.0;
        let down = self.projection.active.iter().zip(&self.projection.multipliers).map(presses_down);
        let down: Vec<bool> = down.collect();
        let by = |(lower, upper): &(Vec<f64>, Vec<f64>)| {
            let of_row = |(row, &down): (usize, &bool)| {
                let side = if down { lower } else { upper };
                at(&found.lower, row) * at(lower, row) + at(&found.upper, row) * at(side, row)
            };
            down.iter().enumerate().map(of_row).sum()
        };
        Ok(self.slopes.iter().map(by).collect())
    }
}

/// A solved batch that can say how it was solved.
pub trait Reported: Send + Sync {
    /// As JSON.
    fn report(&self, shared: &Shared) -> String;
}

impl<T: Sample> Reported for Solved<T> {
    fn report(&self, shared: &Shared) -> String {
        let Projection { y, status, multipliers, certificate, .. } = &self.projection;
        report(status, y.len(), multipliers, certificate, &self.bound, shared)
    }
}

/// How a batch of `n` samples was solved, as JSON.
pub fn report(
    status: &Status,
    n: usize,
    multipliers: &[f64],
    certificate: &Certificate,
    bound: &BoundBatch,
    shared: &Shared,
) -> String {
    let facts = json!({ "status": status_word(status), "n": n, "multipliers": multipliers,
        "row_violation": certificate.row_violation, "bound_violation": certificate.bound_violation });
    format!("{{\"facts\":{facts},\"rows\":{}}}", rows_json(bound, shared))
}

/// A solved batch of one of the two types.
#[derive(Clone)]
pub enum Found {
    Single(Arc<Solved<f32>>),
    Double(Arc<Solved<f64>>),
}

#[pyclass(frozen, module = "fairc._fairc", name = "Solution")]
pub struct PySolution {
    pub found: Found,
}

#[pymethods]
impl PySolution {
    /// `Jᵀ v`, or `J v` where `transposed`.
    fn derivative<'py>(&self, py: Python<'py>, v: &Bound<'py, PyAny>, transposed: bool) -> PyResult<Bound<'py, PyAny>> {
        match (&self.found, Numbers::new(v)?) {
            (Found::Single(found), Numbers::Single(v)) => applied(py, found, &v, transposed),
            (Found::Double(found), Numbers::Double(v)) => applied(py, found, &v, transposed),
            _ => Err(wrong_type()),
        }
    }

    /// The derivatives of `vᵀ ŷ` with respect to the params that were named when solving, in their order.
    fn by_params<'py>(&self, py: Python<'py>, v: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let found = match (&self.found, Numbers::new(v)?) {
            (Found::Single(found), Numbers::Single(v)) => found.by_params(&contiguous(&v)),
            (Found::Double(found), Numbers::Double(v)) => found.by_params(&contiguous(&v)),
            _ => return Err(wrong_type()),
        };
        found.map(|found| PyArray1::from_vec(py, found)).map_err(|error| errors::unsolved(py, &error))
    }
}

/// [`Solved::derivative`] as an array, without the interpreter's lock while it is found.
pub fn applied<'py, T: Sample + numpy::Element>(
    py: Python<'py>,
    found: &Solved<T>,
    v: &Vector<'py, T>,
    transposed: bool,
) -> PyResult<Bound<'py, PyAny>> {
    if transposed && found.raw.is_some() {
        let text = "rows read `raw(..)`, and move with the predictions: derivatives are of the first order alone";
        return Err(PyNotImplementedError::new_err(text));
    }
    let values = contiguous(v);
    let out = py.detach(|| found.derivative(&values, transposed)).map_err(|error| errors::unsolved(py, &error))?;
    Ok(shaped(py, out, v))
}

pub fn wrong_type() -> PyErr {
    PyTypeError::new_err("the gradient is of another type than the predictions")
}
