//! Tables that stay in a database: the queries that tell of them.

use super::reading::no_rows;
use super::{Context, Refused, Solvable, settle};
use crate::bind::{Answer, BindError, Bound, EncodeOptions, Lumps, Params, Raw, Relations, Summed, Table, Warehouse};
use crate::report::Watch;
use crate::runtime::problem::ProblemError;
use crate::runtime::project::{OnInfeasible, ProjectError, Settings};
use crate::runtime::remote::{Cuts, Remote, RemoteProjection, Sums, project_remote};
use crate::source::Failure;
use crate::tasks::Use;

/// A spec with a table in a database and its predictions.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub context: Context<'a>,
    pub params: &'a Params,
    /// What messages call the table.
    pub table: &'a str,
    /// The column of the predictions.
    pub column: &'a str,
    /// The params that were set.
    pub settings: &'a [(String, f64)],
}

/// What a database is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// A line for each comparison, with its verdict.
    Audit,
    /// A line for each combination of codes, with counts, weights and sums.
    Cells,
    /// What is wrong with the values.
    Checks,
}

impl Asked<'_> {
    /// The program, prepared for the table.
    ///
    /// # Errors
    /// Columns that are missing, and what has no SQL.
    pub fn of<'t>(&'t self, table: &'t Table, usage: Use<'_>) -> Result<Warehouse<'t>, Vec<BindError>> {
        let relations = Relations::Refused("a database is asked for sums by group, and not for pairs");
        let options = EncodeOptions { relations, ..usage.options(Some(self.column.to_owned())) };
        Warehouse::new(self.context.program, self.params, table, &options)
    }
}

/// A query about a table, in its dialect.
///
/// # Errors
/// As of [`Asked::of`].
pub fn sql(asked: &Asked<'_>, table: &Table, question: Question) -> Result<String, Vec<BindError>> {
    let warehouse = asked.of(table, Use::Audit(&Watch::default(), &Raw::Unknown))?;
    let query = match question {
        Question::Audit => warehouse.audit()?,
        Question::Cells => warehouse.cells()?,
        Question::Checks => warehouse.checks()?,
    };
    Ok(query.text(table.dialect))
}

/// The names of the columns of an answer, and its lines.
pub type Answered = (Vec<String>, Vec<Vec<Answer>>);

/// Predictions in a database, which answers queries about them.
struct Database<'a, A> {
    warehouse: &'a Warehouse<'a>,
    table: &'a Table,
    summed: &'a Summed,
    lumps: Lumps,
    /// Lumps count as their means, and nothing is asked.
    means: bool,
    ask: A,
}

impl<E, A> Remote for Database<'_, A>
where
    E: From<Refused> + From<ProjectError> + From<ProblemError>,
    A: FnMut(&str) -> Result<Answered, E>,
{
    type Error = E;

    fn sums(&mut self, cuts: &Cuts, shift: &[f64], bounds: (f64, f64)) -> Result<Sums, E> {
        if let Some(known) = self.lumps.sums(cuts, shift, bounds, self.means) {
            return Ok(known);
        }
        let query = self.warehouse.between(self.summed, cuts).map_err(Refused::from)?;
        let (names, lines) = (self.ask)(&query.text(self.table.dialect))?;
        let read = self.warehouse.read_between(self.summed, &names, &lines);
        self.lumps = read.map_err(|error| Refused::from(vec![error]))?;
        let sums = self.lumps.sums(cuts, shift, bounds, false);
        sums.ok_or_else(|| changed().into())
    }

    fn not_finite(&mut self) -> E {
        Refused::from(Failure::new("sums of the predictions are too large", "scale the predictions")).into()
    }
}

fn changed() -> Refused {
    let help = "project a table that nobody changes meanwhile: a copy of it";
    Failure::new("the table changed between two queries", help).into()
}

/// The shifts, by cell, that move predictions in a database to the nearest that satisfy the spec. `summed` was read with buckets, and
/// `ask` runs a query.
///
/// # Errors
/// Rows that need more than sums by cell, no predictions satisfy them, and whatever `ask` fails with.
pub fn project_sums<E>(
    asked: &Asked<'_>,
    warehouse: &Warehouse<'_>,
    table: &Table,
    summed: &Summed,
    on_infeasible: OnInfeasible,
    ask: impl FnMut(&str) -> Result<Answered, E>,
) -> Result<(Bound, RemoteProjection), E>
where
    E: From<Refused> + From<ProjectError> + From<ProblemError>,
{
    asked.context.moves_predictions().map_err(Refused::from)?;
    warehouse.only_cells().map_err(Refused::from)?;
    if summed.n == 0 {
        return Err(Refused::from(no_rows(asked.table)).into());
    }
    let (bound, _) = summed.bind(asked.params).map_err(Refused::from)?;
    let mut database = Database { warehouse, table, summed, lumps: summed.lumps().clone(), means: true, ask };
    let settings = Settings { on_infeasible, ..Settings::default() };
    let guess = project_remote::<f64, _>(&bound.problem, &mut database, &settings)?;
    database.means = false;
    let settings = Settings { warm_start: Some(guess.multipliers), ..settings };
    let found = project_remote::<f64, _>(&bound.problem, &mut database, &settings)?;
    let batch = Solvable { rows: &bound.rows, encoded: None };
    settle(&asked.context, &found.status, found.certificate.row_violation, &batch)?;
    Ok((bound, found))
}
