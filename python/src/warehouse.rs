//! A table that stays in a database: queries out, sums in.

use std::sync::{Arc, Mutex};

use fairc::bind::{Answer, BindError, Params, Stored, Summed, Table, Warehouse};
use fairc::report::Watch;
use fairc::source::{PYTHON, watch};
use fairc::sql::{Dialect, Relation};
use fairc::tasks::{Asked, AuditOptions, Refused, audit_sums, prediction_column};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::audit::{Reported, reports};
use crate::errors::{self, Kind};
use crate::program::PyProgram;
use crate::shared::{Shared, overrides};

/// A program with a table in a database, and what that has answered.
#[pyclass(frozen, module = "fairc._fairc", name = "Warehouse")]
pub struct PyWarehouse {
    shared: Arc<Shared>,
    table: Table,
    column: String,
    settings: Vec<(String, f64)>,
    params: Params,
    watch: Watch,
    summed: Mutex<Option<Summed>>,
}

/// The names of columns and the lines of an answer.
type Lines = (Vec<String>, Vec<Vec<Answer>>);

fn lines(names: Vec<String>, rows: &Bound<'_, PyAny>) -> PyResult<Lines> {
    let mut all = Vec::new();
    for row in rows.try_iter()? {
        let mut line = Vec::with_capacity(names.len());
        for value in row?.try_iter()? {
            let value = value?;
            line.push(match (value.is_none(), value.extract::<f64>()) {
                (true, _) => Answer::Null,
                (false, Ok(number)) => Answer::Number(number),
                (false, Err(_)) => Answer::Text(value.str()?.to_string()),
            });
        }
        all.push(line);
    }
    Ok((names, all))
}

#[pymethods]
impl PyWarehouse {
    /// `query` is what gives the rows of the table, in the dialect; `columns` are names and types.
    #[new]
    #[pyo3(signature = (program, table, dialect, query, columns, prediction=None, params=None))]
    fn new(
        py: Python<'_>,
        program: &PyProgram,
        table: &str,
        dialect: &str,
        query: String,
        columns: Vec<(String, String)>,
        prediction: Option<&str>,
        params: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyWarehouse> {
        let shared = program.shared.clone();
        let dialect: Dialect = dialect.parse().map_err(PyValueError::new_err)?;
        let known: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        let column = prediction_column(prediction, &shared.program, &PYTHON, table, &known, None);
        let column = column.map_err(|failure| errors::failure(py, Kind::Data, &failure))?;
        let columns = columns.into_iter().map(|(name, stored)| (name, Stored::named(&stored))).collect();
        let settings = overrides(params)?;
        let params = shared.params(py, &settings)?;
        let table = Table { name: table.to_owned(), relation: Relation::Query(query), dialect, columns };
        let watch = watch(&shared.spec, &shared.program);
        Ok(PyWarehouse { shared, table, column, settings, params, watch, summed: Mutex::new(None) })
    }

    /// The query that gives counts, weights and sums by group.
    fn cells(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |warehouse| Ok(warehouse.cells(&[])?.text(self.table.dialect)))
    }

    /// Takes the answer; returns the columns with undeclared values, each with the query that tells which were meant as levels.
    fn read(&self, py: Python<'_>, names: Vec<String>, rows: &Bound<'_, PyAny>) -> PyResult<Vec<(usize, String)>> {
        let (names, lines) = lines(names, rows)?;
        let (summed, more) = self.with(py, |warehouse| {
            let summed = warehouse.read(&names, &lines, 0)?;
            let mut more = Vec::new();
            for column in warehouse.undeclared(&summed) {
                let query = warehouse.near_misses(column)?;
                more.extend(query.map(|query| (column, query.text(self.table.dialect))));
            }
            Ok((summed, more))
        })?;
        *self.kept()? = Some(summed);
        Ok(more)
    }

    /// Takes the answer about undeclared values of a column.
    fn read_near(
        &self,
        py: Python<'_>,
        column: usize,
        names: Vec<String>,
        rows: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let (names, lines) = lines(names, rows)?;
        let mut kept = self.kept()?;
        let Some(summed) = kept.as_mut() else { return Err(unread()) };
        self.with(py, |warehouse| {
            warehouse.read_near_misses(summed, column, &names, &lines).map_err(|error| vec![error])
        })
    }

    #[pyo3(signature = (*, tolerance=None, allow_unchecked=false, formats=None))]
    fn audit(
        &self,
        py: Python<'_>,
        tolerance: Option<f64>,
        allow_unchecked: bool,
        formats: Option<Vec<String>>,
    ) -> PyResult<Reported> {
        let kept = self.kept()?;
        let Some(summed) = kept.as_ref() else { return Err(unread()) };
        let options = AuditOptions { tolerance, allow_unchecked, most: usize::MAX, ..AuditOptions::default() };
        let asked = self.asked();
        let found = audit_sums(&asked, summed, options).map_err(Refused::from);
        let origin = || fairc::tasks::Origin { hash: summed.hash(), bytes: 0 };
        let found = found.and_then(|audited| reports(&audited, &self.watch, origin, formats.unwrap_or_default()));
        found.map_err(|refused| errors::refused(py, refused, &asked.context))
    }
}

fn unread() -> PyErr {
    PyValueError::new_err("the database has not been asked yet")
}

impl PyWarehouse {
    fn asked(&self) -> Asked<'_> {
        let (context, params) = (self.shared.context(), &self.params);
        Asked { context, params, table: &self.table.name, column: &self.column, settings: &self.settings }
    }

    fn kept(&self) -> PyResult<std::sync::MutexGuard<'_, Option<Summed>>> {
        self.summed.lock().map_err(|_| PyValueError::new_err("an earlier call broke off"))
    }

    fn with<T>(&self, py: Python<'_>, work: impl FnOnce(&Warehouse<'_>) -> Result<T, Vec<BindError>>) -> PyResult<T> {
        let asked = self.asked();
        let found = asked.of(&self.table, &self.watch).and_then(|warehouse| work(&warehouse));
        found.map_err(|found| errors::refused(py, found, &asked.context))
    }
}
