//! The command line of fairc as the process of an interpreter.

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs the command line `arguments`, the first of which is the name of the program, and returns the exit code. Signals then end
/// the process, as they end the program of its own: for the process of the command `fairc`, and nothing else.
#[pyfunction]
pub fn main(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| fairc::cli::process(arguments))
}
