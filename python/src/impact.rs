//! Selection rates and impact ratios of a table.

use fairc::data::Batch;
use fairc::report::impact::{self, Impact, MIN_SHARE, NO_SHARE, Share};
use fairc::report::{PlainText, impact_page};
use fairc::source::{Failure, PYTHON};
use fairc::tasks::{Applicants, ImpactOptions, Reading, Threshold, impact_columns};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{self, Broken, Stream};
use crate::errors::{self, Kind};

/// The tables, in all their forms.
#[pyclass(frozen, name = "Impact", module = "fairc._fairc")]
pub struct PyImpact(Impact);

#[pymethods]
impl PyImpact {
    /// Counts the applicants of a table: `columns` by name and their number of rows, or an Arrow stream.
    #[staticmethod]
    #[pyo3(signature = (table, data, rows, decisions, by, *, known=None, threshold=None, median=false, selected=Vec::new(),
        skip_empty=false, unknown=Vec::new(), min_share=None, least=None, title=None, date=None))]
    #[allow(clippy::too_many_arguments, reason = "keywords of one Python call")]
    fn of(
        py: Python<'_>,
        table: &str,
        data: &Bound<'_, PyAny>,
        rows: Option<usize>,
        decisions: &str,
        by: Vec<String>,
        known: Option<Vec<String>>,
        threshold: Option<f64>,
        median: bool,
        selected: Vec<String>,
        skip_empty: bool,
        unknown: Vec<String>,
        min_share: Option<&str>,
        least: Option<&str>,
        title: Option<String>,
        date: Option<String>,
    ) -> PyResult<PyImpact> {
        let failed = |failure: Failure| errors::failure(py, Kind::Data, &failure);
        let share = |text: &str| {
            let wrong = || PyValueError::new_err(NO_SHARE);
            Share::parse(text).ok_or_else(wrong)
        };
        let options = ImpactOptions {
            threshold: if median { Some(Threshold::Median) } else { threshold.map(Threshold::At) },
            min_share: min_share.map(share).transpose()?.unwrap_or(MIN_SHARE),
            least: least.map(share).transpose()?,
            title,
            date,
        };
        let (stream, known) = match (rows, data.cast::<PyDict>()) {
            (Some(rows), Ok(vectors)) => (Err((vectors, rows)), known.map_or_else(|| vectors.keys().extract(), Ok)?),
            _ => {
                let stream = Stream::new(data)?;
                let known = known.unwrap_or_else(|| stream.headers());
                (Ok(stream), known)
            }
        };
        let columns = impact_columns(table, &known, decisions, &by, &PYTHON).map_err(failed)?;
        let headers: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
        let mut applicants = Applicants::of(table, &columns, Reading { unknown, selected, skip_empty });
        let mut read = |batch: &Batch| applicants.read(batch);
        match stream {
            Err((vectors, rows)) => read(&arrays::columns(table, vectors, rows, &headers)?).map_err(failed)?,
            Ok(stream) => stream.each(table, &headers, read).map_err(|broken| match broken {
                Broken::Refused(failure) => failed(failure),
                Broken::Stream(text) => PyValueError::new_err(text),
            })?,
        }
        py.detach(|| fairc::tasks::impact(&applicants, &options, &PYTHON)).map(PyImpact).map_err(failed)
    }

    fn text(&self) -> String {
        impact::text(&self.0, &PlainText)
    }

    fn markdown(&self) -> String {
        impact::markdown(&self.0)
    }

    fn csv(&self) -> PyResult<String> {
        impact::csv(&self.0).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    fn html(&self) -> String {
        impact_page(&self.0)
    }

    /// All facts, as JSON.
    fn facts(&self) -> PyResult<String> {
        serde_json::to_string(&self.0).map_err(|error| PyValueError::new_err(error.to_string()))
    }
}
