//! The native half of the Python package `fairc`: a binding of the compiler, the projection runtime and the reports.
//!
//! ```text
//! Program ─encode→ Encoded ─bind→ Problem ─project→ Projection ─vjp→ arrays
//!    │                └─audit, check, freeze, apply, price→ reports as text, JSON, HTML, Markdown, SARIF
//!    ├─ Layer ─solve→ Solution   forward and backward of a batch, for torch
//!    │    └─part→ Part ─solve→   the same for samples elsewhere, by their sums
//!    ├─ Warehouse  queries for a database, and reports on the sums that it answers
//!    └─ Stream  batches answered one after another
//! main  the command line, for the command `fairc` that the package brings
//! ```
//!
//! Nothing is decided here: arrays come in as slices, tasks (`fairc::tasks`) do the work, results go out as arrays or JSON,
//! and errors as the diagnostics that the command line prints. Every solve runs without the interpreter's lock. The classes that people use are in
//! `fairc/*.py`.

mod arrays;
mod audit;
mod batches;
mod command;
mod encoded;
mod errors;
mod first_spec;
mod impact;
mod layer;
mod problem;
mod program;
mod shared;
mod solution;
mod stream;
mod sums;
mod warehouse;

use pyo3::prelude::*;

/// The text of a metric of the standard library.
#[pyfunction]
fn metric(name: &str) -> Option<&'static str> {
    fairc::language::library::find(name)
}

/// The names of the standard library.
#[pyfunction]
fn metrics() -> Vec<&'static str> {
    fairc::language::library::names().collect()
}

/// The page of a code, as `fairc explain` prints it.
#[pyfunction]
fn explain(code: &str) -> Option<String> {
    fairc::language::explain::page(code).map(|page| page.plain())
}

/// The draws of keys, from 0 to below 1: a sample is decided 1 where its draw is below its chance.
#[pyfunction]
fn drawn(seed: u64, keys: Vec<String>) -> Vec<f64> {
    keys.iter().map(|key| fairc::runtime::decide::drawn(seed, key.as_bytes())).collect()
}

#[pymodule]
fn _fairc(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<program::PyProgram>()?;
    module.add_class::<encoded::PyEncoded>()?;
    module.add_class::<problem::PyProblem>()?;
    module.add_class::<problem::PyProjection>()?;
    module.add_class::<impact::PyImpact>()?;
    module.add_class::<layer::PyLayer>()?;
    module.add_class::<solution::PySolution>()?;
    module.add_class::<sums::PyPart>()?;
    module.add_class::<sums::PyCells>()?;
    module.add_class::<stream::PyStream>()?;
    module.add_class::<warehouse::PyWarehouse>()?;
    module.add_function(wrap_pyfunction!(warehouse::count_of_tables, module)?)?;
    module.add_function(wrap_pyfunction!(warehouse::make_table, module)?)?;
    module.add_function(wrap_pyfunction!(command::main, module)?)?;
    module.add_function(wrap_pyfunction!(metric, module)?)?;
    module.add_function(wrap_pyfunction!(metrics, module)?)?;
    module.add_function(wrap_pyfunction!(explain, module)?)?;
    module.add_function(wrap_pyfunction!(drawn, module)?)?;
    module.add_function(wrap_pyfunction!(first_spec::first_spec, module)?)?;
    Ok(())
}
