//! Selection rates and impact ratios of a table.

use fairc::report::impact::{self, Impact, MIN_SHARE, Share};
use fairc::report::{PlainText, impact_page};
use fairc::source::{Failure, PYTHON};
use fairc::tasks::{Applicants, ImpactOptions, Threshold, impact_columns};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{Broken, Stream, batch, column};
use crate::errors::{self, Kind};

/// The tables, in all their forms.
#[pyclass(frozen, name = "Impact", module = "fairc._fairc")]
pub struct PyImpact(Impact);

#[pymethods]
impl PyImpact {
    /// Counts the applicants of a table: `columns` by name and their number of rows, or an Arrow stream.
    #[staticmethod]
    #[pyo3(signature = (table, data, rows, decisions, by, *, known=None, threshold=None, median=false, unknown=Vec::new(),
        min_share=None, least=None, title=None, date=None))]
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
        unknown: Vec<String>,
        min_share: Option<&str>,
        least: Option<&str>,
        title: Option<String>,
        date: Option<String>,
    ) -> PyResult<PyImpact> {
        let failed = |failure: Failure| errors::failure(py, Kind::Data, &failure);
        let share = |text: &str| {
            let wrong = || PyValueError::new_err("a share is a number from 0 to 1, or a percentage: `0.02` or `2%`");
            Share::parse(text).ok_or_else(wrong)
        };
        let options = ImpactOptions {
            threshold: if median { Some(Threshold::Median) } else { threshold.map(Threshold::At) },
            min_share: min_share.map(share).transpose()?.unwrap_or(MIN_SHARE),
            least: least.map(share).transpose()?,
            title,
            date,
        };
        let applicants = match (rows, data.cast::<PyDict>()) {
            (Some(rows), Ok(vectors)) => {
                let known = known.map_or_else(|| vectors.keys().extract(), Ok)?;
                let columns = impact_columns(table, &known, decisions, &by).map_err(failed)?;
                let array = |name: &&str| match vectors.get_item(name)? {
                    Some(value) => column(name, &value),
                    None => Err(PyValueError::new_err(format!("column `{name}` was not handed over"))),
                };
                let arrays = columns.iter().map(array).collect::<PyResult<_>>()?;
                let headers: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
                let mut applicants = Applicants::of(table, &columns);
                applicants.read(&batch(table, rows, &headers, arrays)?, &unknown).map_err(failed)?;
                applicants
            }
            _ => {
                let stream = Stream::new(data)?;
                let known = known.unwrap_or_else(|| stream.headers());
                let columns = impact_columns(table, &known, decisions, &by).map_err(failed)?;
                let headers: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
                let mut applicants = Applicants::of(table, &columns);
                let mut refused = None;
                let read = stream.each(table, &headers, |batch| {
                    if refused.is_none() {
                        refused = applicants.read(batch, &unknown).err();
                    }
                    Ok(())
                });
                match (refused, read) {
                    (Some(failure), _) => return Err(failed(failure)),
                    (None, Err(Broken::Stream(text))) => return Err(PyValueError::new_err(text)),
                    (None, Err(Broken::Bind(error))) => return Err(PyValueError::new_err(error.to_string())),
                    (None, Ok(())) => applicants,
                }
            }
        };
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
