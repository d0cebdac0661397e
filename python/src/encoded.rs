//! A table in codes.

use std::sync::Arc;

use fairc::bind::{Encoded, Samples};
use fairc::report::Watch;
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::audit;
use crate::errors;
use crate::frozen;
use crate::problem::PyProblem;
use crate::program::{Shared, overrides};

#[pyclass(frozen, module = "fairc._fairc", name = "Encoded")]
pub struct PyEncoded {
    pub shared: Arc<Shared>,
    pub encoded: Arc<Encoded>,
    pub watch: Watch,
}

#[pymethods]
impl PyEncoded {
    #[getter]
    fn n(&self) -> usize {
        self.encoded.n()
    }

    #[getter]
    fn cells(&self) -> usize {
        self.encoded.cells()
    }

    /// The cell of each sample.
    fn cell<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u32>> {
        PyArray1::from_slice(py, self.encoded.cell())
    }

    /// The predictions of the table, if a column of them was asked for.
    fn prediction<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyArray1<f64>>> {
        self.encoded.prediction().map(|values| PyArray1::from_slice(py, values))
    }

    /// Binds all samples, or those at the places `rows`.
    #[pyo3(signature = (rows=None, params=None))]
    fn bind(
        &self,
        py: Python<'_>,
        rows: Option<PyReadonlyArray1<'_, u32>>,
        params: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyProblem> {
        let params = self.shared.params(py, &overrides(params)?)?;
        let samples = match &rows {
            Some(rows) => Samples::Rows(rows.as_slice()?),
            None => Samples::All,
        };
        let bound = py.detach(|| self.encoded.bind(&params, &samples));
        let bound = bound.map_err(|errors| errors::unbound(py, &errors, &self.shared))?;
        Ok(PyProblem { shared: self.shared.clone(), bound: Arc::new(bound) })
    }

    /// Fixed shifts that make the predictions of the table satisfy the rows, as text.
    #[pyo3(signature = (params=None, on_infeasible="error"))]
    fn freeze(&self, py: Python<'_>, params: Option<&Bound<'_, PyDict>>, on_infeasible: &str) -> PyResult<String> {
        let params = self.shared.params(py, &overrides(params)?)?;
        frozen::freeze(py, &self.shared, &self.encoded, &params, crate::problem::on_infeasible(on_infeasible)?)
    }

    /// The predictions of the table with the shifts of their groups.
    #[pyo3(signature = (shifts, params=None))]
    fn shifted<'py>(
        &self,
        py: Python<'py>,
        shifts: &str,
        params: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let params = self.shared.params(py, &overrides(params)?)?;
        let y = frozen::shifted(py, &self.shared, &self.encoded, &params, shifts)?;
        Ok(PyArray1::from_vec(py, y))
    }

    /// What an audit of these predictions finds: the verdict, and the report in the formats asked for.
    #[pyo3(signature = (predictions, table, column, *, params=None, tolerance=None, bootstrap=1000, seed=1, formats=None))]
    #[allow(clippy::too_many_arguments, reason = "keywords of one Python call")]
    fn audit(
        &self,
        py: Python<'_>,
        predictions: PyReadonlyArray1<'_, f64>,
        table: &str,
        column: &str,
        params: Option<&Bound<'_, PyDict>>,
        tolerance: Option<f64>,
        bootstrap: usize,
        seed: u64,
        formats: Option<Vec<String>>,
    ) -> PyResult<(&'static str, Vec<(String, String)>)> {
        let given = overrides(params)?;
        let params = self.shared.params(py, &given)?;
        let request = audit::Request {
            predictions: predictions.as_slice()?,
            table,
            column,
            settings: given.iter().map(|(name, value)| format!("{name} = {value}")).collect(),
            params,
            tolerance,
            bootstrap,
            seed,
            formats: formats.unwrap_or_default(),
        };
        let found = py.detach(|| audit::audit(&self.shared, &self.encoded, &self.watch, &request));
        found.map_err(|error| error.raised(py, &self.shared))
    }
}
