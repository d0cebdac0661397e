//! The batches of a layer: what they are made of, how they are encoded, and how the last one went.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_array::{Array, ArrayRef};
use fairc::bind::{BindError, EncodeOptions, Encoded, Encoder, Params, Purpose, Raw, Relations};
use fairc::runtime::problem::ProblemError;
use fairc::runtime::project::{ProjectError, Settings};
use fairc::tasks::Refused;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrays::{batch, column, contiguous, vector};
use crate::errors;
use crate::shared::Shared;
use crate::solution::Reported;

/// The data of a batch.
pub enum Data {
    /// Places in the encoded table.
    Rows(Vec<u32>),
    /// The columns themselves.
    Columns(Vec<ArrayRef>),
}

impl PartialEq for Data {
    fn eq(&self, other: &Data) -> bool {
        match (self, other) {
            (Data::Rows(a), Data::Rows(b)) => a == b,
            (Data::Columns(a), Data::Columns(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.as_ref() == b.as_ref())
            }
            (Data::Rows(_), Data::Columns(_)) | (Data::Columns(_), Data::Rows(_)) => false,
        }
    }
}

/// What can go wrong without the interpreter.
pub enum Trouble {
    Refused(Refused),
    /// The numbers make no batch.
    Batch(PyErr),
}

impl From<Vec<BindError>> for Trouble {
    fn from(errors: Vec<BindError>) -> Trouble {
        Trouble::Refused(errors.into())
    }
}

impl From<ProjectError> for Trouble {
    fn from(error: ProjectError) -> Trouble {
        Trouble::Refused(error.into())
    }
}

impl From<ProblemError> for Trouble {
    fn from(error: ProblemError) -> Trouble {
        Trouble::Batch(PyValueError::new_err(error.to_string()))
    }
}

impl From<PyErr> for Trouble {
    fn from(error: PyErr) -> Trouble {
        Trouble::Batch(error)
    }
}

impl From<Refused> for Trouble {
    fn from(refused: Refused) -> Trouble {
        Trouble::Refused(refused)
    }
}

/// What the batches of a layer have in common.
pub struct Batches {
    pub shared: Arc<Shared>,
    /// The table that batches are rows of; none if batches bring their columns.
    encoded: Option<Arc<Encoded>>,
    headers: Vec<String>,
    purpose: Purpose,
    pub settings: Settings,
    /// Those that are not at work; as many as there were batches at a time.
    encoders: Mutex<Vec<Encoder>>,
    /// The values that the last batch was solved with.
    params: Mutex<Option<Arc<Params>>>,
    last: Mutex<Option<Arc<dyn Reported>>>,
}

/// What other threads leave behind a panic is whole: each lock guards a single assignment.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Batches {
    pub fn new(
        shared: Arc<Shared>,
        encoded: Option<Arc<Encoded>>,
        headers: Vec<String>,
        purpose: Purpose,
        settings: Settings,
    ) -> Batches {
        let (encoders, params, last) = (Mutex::default(), Mutex::default(), Mutex::default());
        Batches { shared, encoded, headers, purpose, settings, encoders, params, last }
    }

    /// Keeps a solution, for whoever asks how the last batch went.
    pub fn keep(&self, solved: Arc<dyn Reported>) {
        *locked(&self.last) = Some(solved);
    }

    /// How the last batch went, as JSON; none before the first.
    pub fn last(&self) -> Option<String> {
        let last = locked(&self.last).clone();
        last.map(|solved| solved.report(&self.shared))
    }

    /// The table, or the columns of the batch in codes.
    pub fn encoded(&self, data: &Data, n: usize, params: &Params) -> Result<Arc<Encoded>, Trouble> {
        match (data, &self.encoded) {
            (Data::Rows(rows), Some(_)) if rows.len() != n => Err(wrong_length("`rows`", rows.len(), n)),
            (Data::Rows(_), Some(encoded)) => Ok(encoded.clone()),
            (Data::Rows(_), None) => Err(Trouble::Batch(PyValueError::new_err("the layer has no table"))),
            (Data::Columns(columns), _) => self.encode(columns, n, params).map(Arc::new),
        }
    }

    fn encode(&self, columns: &[ArrayRef], rows: usize, params: &Params) -> Result<Encoded, Trouble> {
        if let Some((name, column)) = self.headers.iter().zip(columns).find(|(_, column)| column.len() != rows) {
            return Err(wrong_length(&format!("column `{name}`"), column.len(), rows));
        }
        let mut encoder = match locked(&self.encoders).pop().filter(|encoder| encoder.serves(params)) {
            Some(encoder) => encoder,
            None => {
                let relations =
                    Relations::Refused("a batch that brings its columns has none: give the layer its table");
                let raw = Raw::ByBatch;
                let options = EncodeOptions { purpose: self.purpose, raw, relations, ..EncodeOptions::default() };
                Encoder::new(&self.shared.program, params, "batch", &self.headers, &options)?
            }
        };
        let place = |header: &String| self.headers.iter().position(|known| known == header);
        let used = encoder.headers().iter().filter_map(place).filter_map(|place| columns.get(place).cloned());
        let batch = batch("batch", rows, encoder.headers(), used.collect())?;
        encoder.push(&batch).map_err(|error| vec![error])?;
        let (encoded, encoder) = encoder.finish_one()?;
        locked(&self.encoders).push(encoder);
        Ok(encoded)
    }

    /// The data of a batch as Python hands it over.
    pub fn data(&self, data: Vec<Bound<'_, PyAny>>) -> PyResult<Data> {
        if self.encoded.is_none() {
            let columns = self.headers.iter().zip(&data).map(|(name, value)| column(name, value));
            return Ok(Data::Columns(columns.collect::<PyResult<_>>()?));
        }
        let [rows] = &data[..] else { return Err(PyValueError::new_err("expected one vector of rows")) };
        let rows = vector::<i64>(rows).ok_or_else(|| PyValueError::new_err("expected a vector of rows"))?;
        let place = |(index, &row): (usize, &i64)| {
            u32::try_from(row).map_err(|_| PyValueError::new_err(format!("`rows[{index}]` is {row}, which is no row")))
        };
        contiguous(&rows).iter().enumerate().map(place).collect::<PyResult<_>>().map(Data::Rows)
    }

    pub fn params(&self, py: Python<'_>, values: &[f64]) -> PyResult<Arc<Params>> {
        let known = locked(&self.params).clone();
        if let Some(known) = known.filter(|known| known.values() == values) {
            return Ok(known);
        }
        let program = &self.shared.program;
        if values.len() != program.params.len() {
            let (found, expected) = (values.len(), program.params.len());
            return Err(PyValueError::new_err(format!("`params` has {found} values, expected {expected}")));
        }
        let named = program.params.iter().zip(values).map(|(param, value)| (param.name.clone(), *value));
        let params = Arc::new(self.shared.params(py, &named.collect::<Vec<_>>())?);
        *locked(&self.params) = Some(params.clone());
        Ok(params)
    }

    pub fn raised(&self, py: Python<'_>, trouble: Trouble) -> PyErr {
        match trouble {
            Trouble::Refused(refused) => errors::refused(py, refused, &self.shared.context()),
            Trouble::Batch(error) => error,
        }
    }
}

fn wrong_length(what: &str, found: usize, expected: usize) -> Trouble {
    Trouble::Batch(PyValueError::new_err(format!("{what} has {found} values, expected {expected}")))
}
