//! A compiled spec as all classes share it, and what Python says in words.

use fairc::bind::{EncodeOptions, Encoder, Params, Purpose};
use fairc::language::program::Program;
use fairc::runtime::project::OnInfeasible;
use fairc::source::{PYTHON, Spec};
use fairc::tasks::{Context, Refused, Shifts};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors;

/// A spec and what it was compiled to.
pub struct Shared {
    pub spec: Spec,
    pub program: Program,
}

impl Shared {
    /// The spec for tasks, which speak to users of Python.
    pub fn context(&self) -> Context<'_> {
        Context { spec: &self.spec, program: &self.program, front: &PYTHON }
    }

    /// The params of the spec with some set to other values.
    pub fn params(&self, py: Python<'_>, overrides: &[(String, f64)]) -> PyResult<Params> {
        Params::resolve(&self.program, overrides).map_err(|errors| errors::refused(py, errors, &self.context()))
    }

    pub fn encoder(
        &self,
        py: Python<'_>,
        params: &Params,
        table: &str,
        known: &[String],
        options: &EncodeOptions,
    ) -> PyResult<Encoder> {
        let encoder = Encoder::new(&self.program, params, table, known, options);
        encoder.map_err(|errors| errors::refused(py, errors, &self.context()))
    }
}

/// The values of params as Python gives them.
pub fn overrides(values: Option<&Bound<'_, PyDict>>) -> PyResult<Vec<(String, f64)>> {
    let Some(values) = values else { return Ok(Vec::new()) };
    values.iter().map(|(name, value)| Ok((name.extract()?, value.extract()?))).collect()
}

pub fn purpose(word: &str) -> PyResult<Purpose> {
    match word {
        "training" => Ok(Purpose::Training),
        "inference" => Ok(Purpose::Inference),
        other => Err(PyValueError::new_err(format!("`purpose` is {other:?}, expected \"training\" or \"inference\""))),
    }
}

/// How shifts are written: the value of `to`.
pub type Writer = fn(&Shifts, &Context<'_>) -> Result<String, Refused>;

pub fn writer(word: &str) -> PyResult<Writer> {
    match word {
        "json" => Ok(Shifts::json),
        "sql" => Ok(Shifts::sql),
        other => Err(PyValueError::new_err(format!("`to` is {other:?}, expected \"json\" or \"sql\""))),
    }
}

pub fn on_infeasible(word: &str) -> PyResult<OnInfeasible> {
    match word {
        "error" => Ok(OnInfeasible::Error),
        "relax" => Ok(OnInfeasible::Relax),
        other => Err(PyValueError::new_err(format!("`on_infeasible` is {other:?}, expected \"error\" or \"relax\""))),
    }
}
