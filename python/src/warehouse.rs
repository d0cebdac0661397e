//! A table that stays in a database: queries out, sums in.

use std::sync::{Arc, Mutex};

use fairc::bind::{Answer, BindError, BoundRow, Params, Purpose, Raw, RowStatus, Stored, Summed, Table, Warehouse};
use fairc::report::{Watch, left_out, skipped};
use fairc::runtime::problem::ProblemError;
use fairc::runtime::project::ProjectError;
use fairc::source::{PYTHON, status_word, watch};
use fairc::sql::{Dialect, Relation};
use fairc::tasks::{Asked, AuditOptions, Refused, Use, audit_sums, prediction_column, project_sums};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::audit::{Reported, reports};
use crate::errors::{self, Kind};
use crate::program::PyProgram;
use crate::shared::{Shared, on_infeasible, overrides};

/// A program with a table in a database, and what that has answered.
#[pyclass(frozen, module = "fairc._fairc", name = "Warehouse")]
pub struct PyWarehouse {
    shared: Arc<Shared>,
    table: Table,
    column: String,
    settings: Vec<(String, f64)>,
    params: Params,
    watch: Watch,
    /// Predictions are moved, and not judged.
    moves: bool,
    summed: Mutex<Option<Summed>>,
}

/// The names of columns and the lines of an answer.
type Lines = (Vec<String>, Vec<Vec<Answer>>);

/// The query that makes the table, the status, and by row its multiplier, or why it takes no part.
type Moved = (String, &'static str, Vec<(String, f64)>, Vec<(String, String)>);

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
    #[pyo3(signature = (program, table, dialect, query, columns, prediction=None, params=None, moves=false))]
    #[allow(clippy::too_many_arguments, reason = "keywords of one Python call")]
    fn new(
        py: Python<'_>,
        program: &PyProgram,
        table: &str,
        dialect: &str,
        query: String,
        columns: Vec<(String, String)>,
        prediction: Option<&str>,
        params: Option<&Bound<'_, PyDict>>,
        moves: bool,
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
        Ok(PyWarehouse { shared, table, column, settings, params, watch, moves, summed: Mutex::new(None) })
    }

    /// The query that gives counts, weights and sums by group.
    fn cells(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |warehouse| {
            let query = if self.moves { warehouse.buckets()? } else { warehouse.cells()? };
            Ok(query.text(self.table.dialect))
        })
    }

    /// Takes the answer; returns the columns with undeclared values, each with the query that tells which were meant as levels.
    fn read(&self, py: Python<'_>, names: Vec<String>, rows: &Bound<'_, PyAny>) -> PyResult<Vec<(usize, String)>> {
        let (names, lines) = lines(names, rows)?;
        let (summed, more) = self.with(py, |warehouse| {
            let summed = warehouse.read(&names, &lines, self.moves)?;
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
    fn read_near(&self, py: Python<'_>, column: usize, names: Vec<String>, rows: &Bound<'_, PyAny>) -> PyResult<()> {
        let (names, lines) = lines(names, rows)?;
        let mut kept = self.kept()?;
        let Some(summed) = kept.as_mut() else { return Err(unread()) };
        self.with(py, |warehouse| {
            warehouse.read_near_misses(summed, column, &names, &lines).map_err(|error| vec![error])
        })
    }

    /// The query that gives the table with moved predictions in `column`, the status of the projection, and by row its multiplier and
    /// why it takes no part; `ask` runs a query, and gives the names of the columns and the lines of its answer.
    #[pyo3(signature = (ask, column, infeasible="error"))]
    fn project(&self, py: Python<'_>, ask: &Bound<'_, PyAny>, column: &str, infeasible: &str) -> PyResult<Moved> {
        let kept = self.kept()?;
        let Some(summed) = kept.as_ref() else { return Err(unread()) };
        let (asked, how) = (self.asked(), on_infeasible(infeasible)?);
        let refused = |refused: Refused| errors::refused(py, refused, &asked.context);
        let warehouse = asked.of(&self.table, self.usage()).map_err(|found| refused(found.into()))?;
        let mut run = |query: &str| {
            let (names, rows): (Vec<String>, Bound<'_, PyAny>) =
                ask.call1((query,)).and_then(|answer| answer.extract()).map_err(Broken::Asking)?;
            lines(names, &rows).map_err(Broken::Asking)
        };
        let found = project_sums(&asked, &warehouse, &self.table, summed, how, &mut run);
        let (bound, found) = found.map_err(|broken| match broken {
            Broken::Refused(found) => refused(found),
            Broken::Asking(error) => error,
        })?;
        let query = warehouse.moved(summed, &found.shift, column).map_err(|found| refused(found.into()))?;
        let name = |row: usize| {
            let origin = self.shared.program.rows.get(row).and_then(|row| row.origins.first());
            origin.map_or_else(String::new, |origin| origin.name.clone())
        };
        let rows = bound.rows.iter().enumerate();
        let multiplier = |(row, bound): (usize, &BoundRow)| Some((name(row), *found.multipliers.get(bound.kept()?)?));
        let multipliers = rows.clone().filter_map(multiplier).collect();
        let skipped = rows.filter_map(|(row, bound)| {
            let why = match &bound.status {
                RowStatus::Kept(_) => return None,
                RowStatus::Skipped(skip) => skipped(skip),
                RowStatus::Left(left) => left_out(left),
            };
            Some((name(row), why))
        });
        let skipped = skipped.collect();
        Ok((query.text(self.table.dialect), status_word(&found.status), multipliers, skipped))
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
        let found = audit_sums(&asked, summed, options);
        let origin = || fairc::tasks::Origin { hash: summed.hash(), bytes: 0 };
        let found = found.and_then(|audited| reports(&audited, &self.watch, origin, formats.unwrap_or_default()));
        found.map_err(|refused| errors::refused(py, refused, &asked.context))
    }
}

/// Why a projection broke off: here, or in the database.
enum Broken {
    Refused(Refused),
    Asking(PyErr),
}

impl From<Refused> for Broken {
    fn from(refused: Refused) -> Self {
        Broken::Refused(refused)
    }
}

impl From<ProjectError> for Broken {
    fn from(error: ProjectError) -> Self {
        Broken::Refused(error.into())
    }
}

impl From<ProblemError> for Broken {
    fn from(error: ProblemError) -> Self {
        Broken::Refused(error.into())
    }
}

fn unread() -> PyErr {
    PyValueError::new_err("the database has not been asked yet")
}

impl PyWarehouse {
    fn usage(&self) -> Use<'_> {
        if self.moves { Use::Project(Purpose::Training) } else { Use::Audit(&self.watch, &Raw::Unknown) }
    }

    fn asked(&self) -> Asked<'_> {
        let (context, params) = (self.shared.context(), &self.params);
        Asked { context, params, table: &self.table.name, column: &self.column, settings: &self.settings }
    }

    fn kept(&self) -> PyResult<std::sync::MutexGuard<'_, Option<Summed>>> {
        self.summed.lock().map_err(|_| PyValueError::new_err("an earlier call broke off"))
    }

    fn with<T>(&self, py: Python<'_>, work: impl FnOnce(&Warehouse<'_>) -> Result<T, Vec<BindError>>) -> PyResult<T> {
        let asked = self.asked();
        let found = asked.of(&self.table, self.usage()).and_then(|warehouse| work(&warehouse));
        found.map_err(|found| errors::refused(py, found, &asked.context))
    }
}
