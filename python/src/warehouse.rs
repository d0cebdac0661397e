//! A table that stays in a database: queries out, sums in.

use std::sync::{Arc, Mutex};

use fairc::bind::{
    Answer, BindError, BoundRow, Params, Purpose, Raw, RowStatus, Stored, Summed, Table, Thresholds, Warehouse,
};
use fairc::report::{Watch, left_out, skipped};
use fairc::runtime::problem::ProblemError;
use fairc::runtime::project::ProjectError;
use fairc::source::{PYTHON, status_word, watch};
use fairc::sql::{Dialect, Relation};
use fairc::tasks::{
    Asked, AuditOptions, DecideSums, ProjectedTable, Refused, Use, audit_sums, decide_sums, freeze_sums,
    left_out as left_out_rows, prediction_column, project_table, thresholds_json,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::audit::{Reported, reports};
use crate::errors::{self, Kind};
use crate::program::PyProgram;
use crate::shared::{Shared, on_infeasible, overrides, writer};

/// A program with a table in a database, and what that has answered.
#[pyclass(frozen, module = "fairc._fairc", name = "Warehouse")]
pub struct PyWarehouse {
    shared: Arc<Shared>,
    table: Table,
    column: String,
    settings: Vec<(String, f64)>,
    params: Params,
    watch: Watch,
    purpose: Wanted,
    summed: Mutex<Option<Summed>>,
}

/// What the sums are for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Audit,
    Project,
    Freeze,
    Decide,
}

/// The names of columns and the lines of an answer.
type Lines = (Vec<String>, Vec<Vec<Answer>>);

/// The query that makes the table, gain and bound, samples that are decided 1 and that were in between, thresholds with notes, and by
/// row why it takes no part.
type Decided = (String, (f64, f64), (usize, usize), Option<(String, Vec<String>)>, Vec<(String, String)>);

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
    // Engines answer in any order, and nothing may depend on it.
    let order = |a: &Vec<Answer>, b: &Vec<Answer>| {
        let values = a.iter().zip(b).map(|(a, b)| a.order(b));
        values.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    };
    all.sort_by(order);
    Ok((names, all))
}

/// The query that counts tables and views of this name; none where no query tells.
#[pyfunction]
pub fn count_of_tables(dialect: &str, name: &str) -> PyResult<Option<String>> {
    Ok(spoken(dialect)?.count_of_tables(name))
}

/// The statements that make a table, or a view, of a query, and whether they are of one transaction.
#[pyfunction]
pub fn make_table(dialect: &str, name: &str, query: &str, replaces: bool, view: bool) -> PyResult<(Vec<String>, bool)> {
    let dialect = spoken(dialect)?;
    Ok((dialect.make_table(name, query, replaces, view), dialect.has_transactions()))
}

fn spoken(dialect: &str) -> PyResult<Dialect> {
    dialect.parse().map_err(PyValueError::new_err)
}

#[pymethods]
impl PyWarehouse {
    /// `query` is what gives the rows of the table, in the dialect; `columns` are names and types.
    #[new]
    #[pyo3(signature = (program, table, dialect, query, columns, prediction=None, params=None, purpose="audit"))]
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
        purpose: &str,
    ) -> PyResult<PyWarehouse> {
        let purpose = match purpose {
            "audit" => Wanted::Audit,
            "project" => Wanted::Project,
            "freeze" => Wanted::Freeze,
            "decide" => Wanted::Decide,
            other => return Err(PyValueError::new_err(format!("no purpose: {other:?}"))),
        };
        let shared = program.shared.clone();
        let dialect = spoken(dialect)?;
        let known: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        let column = prediction_column(prediction, &shared.program, &PYTHON, table, &known, None);
        let column = column.map_err(|failure| errors::failure(py, Kind::Data, &failure))?;
        let columns = columns.into_iter().map(|(name, stored)| (name, Stored::named(&stored))).collect();
        let settings = overrides(params)?;
        let params = shared.params(py, &settings)?;
        let table = Table { name: table.to_owned(), relation: Relation::Query(query), dialect, columns };
        let watch = watch(&shared.spec, &shared.program);
        Ok(PyWarehouse { shared, table, column, settings, params, watch, purpose, summed: Mutex::new(None) })
    }

    /// The query that gives counts, weights and sums by group.
    fn cells(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |warehouse| {
            let query = if self.in_buckets(warehouse) { warehouse.buckets()? } else { warehouse.cells()? };
            Ok(query.text(self.table.dialect))
        })
    }

    /// Takes the answer; returns the columns with undeclared values, each with the query that tells which were meant as levels.
    fn read(&self, py: Python<'_>, names: Vec<String>, rows: &Bound<'_, PyAny>) -> PyResult<Vec<(usize, String)>> {
        let (names, lines) = lines(names, rows)?;
        let (summed, more) = self.with(py, |warehouse| {
            let summed = warehouse.read(&names, &lines, self.in_buckets(warehouse))?;
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

    /// The query that rows about means need too, if there are some; after [`PyWarehouse::read`].
    fn deviations(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let kept = self.kept()?;
        let wanted = matches!(self.purpose, Wanted::Audit | Wanted::Project);
        let Some(summed) = kept.as_ref().filter(|_| wanted) else { return Ok(None) };
        self.with(py, |warehouse| Ok(warehouse.deviations(summed)?.map(|query| query.text(self.table.dialect))))
    }

    /// Takes the answer.
    fn read_deviations(&self, py: Python<'_>, names: Vec<String>, rows: &Bound<'_, PyAny>) -> PyResult<()> {
        let (names, lines) = lines(names, rows)?;
        let mut kept = self.kept()?;
        let Some(summed) = kept.as_mut() else { return Err(unread()) };
        self.with(py, |warehouse| warehouse.read_deviations(summed, &names, &lines).map_err(|error| vec![error]))
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
        let mut run = |query: &str| asking(ask, query);
        let found = project_table(&asked, &warehouse, &self.table, summed, (how, column), &mut run);
        let ProjectedTable { bound, status, multipliers, query } = found.map_err(|broken| broken.raised(refused))?;
        let rows = bound.rows.iter().enumerate();
        let multiplier =
            |(row, bound): (usize, &BoundRow)| Some((self.row_name(row), *multipliers.get(bound.kept()?)?));
        let multipliers = rows.filter_map(multiplier).collect();
        let skipped = self.skipped(&bound.rows);
        Ok((query, status_word(&status), multipliers, skipped))
    }

    /// Shifts fitted to the table, as JSON or SQL, with notes.
    #[pyo3(signature = (ask, to="json", infeasible="error"))]
    fn freeze(
        &self,
        py: Python<'_>,
        ask: &Bound<'_, PyAny>,
        to: &str,
        infeasible: &str,
    ) -> PyResult<(String, Vec<String>)> {
        let kept = self.kept()?;
        let Some(summed) = kept.as_ref() else { return Err(unread()) };
        let (asked, how, write) = (self.asked(), on_infeasible(infeasible)?, writer(to)?);
        let refused = |refused: Refused| errors::refused(py, refused, &asked.context);
        let warehouse = asked.of(&self.table, self.usage()).map_err(|found| refused(found.into()))?;
        let mut run = |query: &str| asking(ask, query);
        let shifts = freeze_sums(&asked, &warehouse, &self.table, summed, how, &mut run);
        let shifts = shifts.map_err(|broken| broken.raised(refused))?;
        Ok((write(&shifts, &asked.context).map_err(refused)?, shifts.notes))
    }

    /// The query that gives the table with decisions in `column`, and what is to be told of these.
    #[pyo3(signature = (ask, column, cutoff, key=None, freeze=false))]
    fn decide(
        &self,
        py: Python<'_>,
        ask: &Bound<'_, PyAny>,
        column: &str,
        cutoff: f64,
        key: Option<&str>,
        freeze: bool,
    ) -> PyResult<Decided> {
        let kept = self.kept()?;
        let Some(summed) = kept.as_ref() else { return Err(unread()) };
        let asked = self.asked();
        let refused = |refused: Refused| errors::refused(py, refused, &asked.context);
        let warehouse = asked.of(&self.table, self.usage()).map_err(|found| refused(found.into()))?;
        let options = DecideSums { cutoff, column, key, freeze };
        let found = decide_sums(&asked, &warehouse, &self.table, summed, &options, |query| asking(ask, query));
        let found = found.map_err(|broken: Broken| broken.raised(refused))?;
        let thresholds = found.thresholds.transpose().map_err(|failure| refused(failure.into()))?;
        let written = |(thresholds, note): (Thresholds, Option<String>)| {
            let text = thresholds_json(&asked.context, &thresholds).map_err(|failure| refused(failure.into()));
            Ok::<_, PyErr>((text?, left_out_rows(summed.encoded(), &asked.context).into_iter().chain(note).collect()))
        };
        let thresholds = thresholds.map(written).transpose()?;
        let counts = (found.selected, found.between);
        Ok((found.query, (found.gain, found.most), counts, thresholds, self.skipped(&found.bound.rows)))
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

impl Broken {
    fn raised(self, refused: impl Fn(Refused) -> PyErr) -> PyErr {
        match self {
            Broken::Refused(found) => refused(found),
            Broken::Asking(error) => error,
        }
    }
}

/// What a query is answered.
fn asking(ask: &Bound<'_, PyAny>, query: &str) -> Result<Lines, Broken> {
    let (names, rows): (Vec<String>, Bound<'_, PyAny>) =
        ask.call1((query,)).and_then(|answer| answer.extract()).map_err(Broken::Asking)?;
    lines(names, &rows).map_err(Broken::Asking)
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
        match self.purpose {
            Wanted::Audit => Use::Audit(&self.watch, &Raw::Unknown),
            Wanted::Project => Use::Project(Purpose::Training),
            Wanted::Freeze => Use::Shifts,
            Wanted::Decide => Use::Decide(&self.watch),
        }
    }

    /// Whether the first scan is by buckets of predictions too, from which multipliers are guessed.
    fn in_buckets(&self, warehouse: &Warehouse<'_>) -> bool {
        match self.purpose {
            Wanted::Audit => false,
            Wanted::Project => !warehouse.weighs(),
            Wanted::Freeze | Wanted::Decide => true,
        }
    }

    fn asked(&self) -> Asked<'_> {
        let (context, params) = (self.shared.context(), &self.params);
        Asked { context, params, table: &self.table.name, column: &self.column, settings: &self.settings }
    }

    fn row_name(&self, row: usize) -> String {
        let origin = self.shared.program.rows.get(row).and_then(|row| row.origins.first());
        origin.map_or_else(String::new, |origin| origin.name.clone())
    }

    /// The rows that take no part, and why.
    fn skipped(&self, rows: &[BoundRow]) -> Vec<(String, String)> {
        let why = |(row, bound): (usize, &BoundRow)| {
            let why = match &bound.status {
                RowStatus::Kept(_) => return None,
                RowStatus::Skipped(skip) => skipped(skip),
                RowStatus::Left(left) => left_out(left),
            };
            Some((self.row_name(row), why))
        };
        rows.iter().enumerate().filter_map(why).collect()
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
