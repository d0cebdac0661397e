//! A first spec for a table.

use std::path::PathBuf;

use fairc::data::{Format, Source};
use fairc::source::Failure;
use fairc::tasks::{InitOptions, init};
use pyo3::prelude::*;

use crate::errors::{self, Kind};

/// Drafts a spec for a file, or for a table as the bytes of an Arrow file.
#[pyfunction]
#[pyo3(signature = (name, path=None, bytes=None, *, prediction=None, groups=Vec::new(), labels=Vec::new(), weight=None))]
#[allow(clippy::too_many_arguments, reason = "keywords of one Python call")]
pub fn first_spec(
    py: Python<'_>,
    name: &str,
    path: Option<PathBuf>,
    bytes: Option<&[u8]>,
    prediction: Option<String>,
    groups: Vec<String>,
    labels: Vec<String>,
    weight: Option<String>,
) -> PyResult<String> {
    let options = InitOptions { prediction, groups, labels, weight };
    let drafted = || {
        let source = match path {
            Some(path) => Source::open(&path, None),
            None => Source::from_stream(name, bytes.unwrap_or_default(), Format::Arrow),
        };
        init(&source.map_err(Failure::from)?, &options, &mut |_, _| {})
    };
    drafted().map(|drafted| drafted.text).map_err(|failure| errors::failure(py, Kind::Data, &failure))
}
