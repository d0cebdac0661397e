//! Tables that stay in a database: the queries that tell of them.

use super::kept::same_params;
use super::lumped::{project_lumps, too_large};
use super::reading::no_rows;
use super::{Context, Refused, Shifts, Solvable, settle};
use crate::bind::{
    Answer, BindError, Bound, EncodeOptions, Frozen, Params, Raw, Relations, Summed, Table, Thresholds, Warehouse,
};
use crate::report::Watch;
use crate::runtime::problem::ProblemError;
use crate::runtime::project::{OnInfeasible, ProjectError, Settings, Status};
use crate::runtime::remote::{Moments, RemoteFactors, RemoteProjection, project_factors};
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
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Question<'q> {
    /// A line for each comparison, with its verdict.
    Audit,
    /// A line for each combination of codes, with counts, weights and sums.
    Cells,
    /// What is wrong with the values.
    Checks,
    /// The table with predictions by per-group offsets in this column.
    Project(&'q Frozen, &'q str),
    /// The table with decisions by thresholds in this column.
    Decide(&'q Thresholds, &'q str),
}

impl Asked<'_> {
    /// The program, prepared for the table.
    ///
    /// # Errors
    /// Columns that are missing, and what has no SQL.
    pub fn of<'t>(&'t self, table: &'t Table, usage: Use<'_>) -> Result<Warehouse<'t>, Vec<BindError>> {
        let relations = Relations::Refused("a database is asked for sums by group, and not for pairs");
        let options = EncodeOptions { relations, ..usage.options(Some(self.column.to_owned())) };
        let warehouse = Warehouse::new(self.context.program, self.params, table, &options)?;
        Ok(if matches!(usage, Use::Audit(..)) { warehouse.judging() } else { warehouse })
    }
}

/// A query about a table, in its dialect.
///
/// # Errors
/// As of [`Asked::of`], and of what was fitted for other params.
pub fn sql(asked: &Asked<'_>, table: &Table, question: Question<'_>) -> Result<String, Refused> {
    let judged = || asked.of(table, Use::Audit(&Watch::default(), &Raw::Unknown));
    let query = match question {
        Question::Audit => judged()?.audit()?,
        Question::Cells => judged()?.cells()?,
        Question::Checks => judged()?.checks()?,
        Question::Project(frozen, column) => {
            asked.context.moves_predictions()?;
            same_params(&asked.context, "shifts", &frozen.params, asked.params)?;
            asked.of(table, Use::Shifts)?.shifted(frozen, column)?
        }
        Question::Decide(thresholds, column) => {
            same_params(&asked.context, "thresholds", &thresholds.params, asked.params)?;
            // Thresholds were fitted on groups that are told apart without labels.
            let usual = Use::Decide(&Watch::default()).options(Some(asked.column.to_owned()));
            let options = EncodeOptions { without_labels: true, ..usual };
            let warehouse = Warehouse::new(asked.context.program, asked.params, table, &options)?;
            warehouse.thresholded(thresholds, column)?
        }
    };
    Ok(query.text(table.dialect))
}

/// The names of the columns of an answer, and its lines.
pub type Answered = (Vec<String>, Vec<Vec<Answer>>);

/// The shifts, by cell, that move predictions in a database to the nearest that satisfy the spec. `summed` was read with buckets, and
/// `ask` runs a query.
///
/// # Errors
/// Rows that need more than sums by cell, no predictions satisfy them, and whatever `ask` fails with.
fn project_sums<E>(
    asked: &Asked<'_>,
    warehouse: &Warehouse<'_>,
    table: &Table,
    summed: &Summed,
    on_infeasible: OnInfeasible,
    mut ask: impl FnMut(&str) -> Result<Answered, E>,
) -> Result<(Bound, RemoteProjection), E>
where
    E: From<Refused> + From<ProjectError> + From<ProblemError>,
{
    asked.context.moves_predictions().map_err(Refused::from)?;
    if summed.n == 0 {
        return Err(Refused::from(no_rows(asked.table)).into());
    }
    let (bound, _) = summed.bind(asked.params).map_err(Refused::from)?;
    let found = project_lumps(&asked.context, &bound, summed.lumps().clone(), on_infeasible, "queries", |cuts| {
        let query = warehouse.between(summed, cuts).map_err(Refused::from)?;
        let (names, lines) = ask(&query.text(table.dialect))?;
        let read = warehouse.read_between(summed, &names, &lines);
        Ok::<_, E>(read.map_err(|error| Refused::from(vec![error]))?)
    })?;
    Ok((bound, found))
}

/// A projection of a table in a database.
pub struct ProjectedTable {
    pub bound: Bound,
    pub status: Status,
    /// One for each row of the problem.
    pub multipliers: Vec<f64>,
    /// The query that gives the table with the new predictions.
    pub query: String,
}

/// The projection of the predictions of a table, which a query writes into `column`: by shifts of cells, or, where rows weigh predictions
/// by what differs within these, by shifts of what they weigh by. `summed` was read with buckets, or with deviations.
///
/// # Errors
/// As of `project_sums`.
pub fn project_table<E>(
    asked: &Asked<'_>,
    warehouse: &Warehouse<'_>,
    table: &Table,
    summed: &Summed,
    (on_infeasible, column): (OnInfeasible, &str),
    mut ask: impl FnMut(&str) -> Result<Answered, E>,
) -> Result<ProjectedTable, E>
where
    E: From<Refused> + From<ProjectError> + From<ProblemError>,
{
    if !warehouse.weighs() {
        let (bound, found) = project_sums(asked, warehouse, table, summed, on_infeasible, ask)?;
        let query = warehouse.moved(summed, &found.shift, column).map_err(Refused::from)?.text(table.dialect);
        return Ok(ProjectedTable { bound, status: found.status, multipliers: found.multipliers, query });
    }
    asked.context.moves_predictions().map_err(Refused::from)?;
    if summed.n == 0 {
        return Err(Refused::from(no_rows(asked.table)).into());
    }
    let (bound, weights) = summed.bind_weights(asked.params).map_err(Refused::from)?;
    let mut moments = Weighed {
        ask: |shifts: &[f64]| {
            let query = warehouse.moments(summed, &weights, shifts).map_err(Refused::from)?;
            let (names, lines) = ask(&query.text(table.dialect))?;
            let read = warehouse.read_moments((summed, &weights), &names, &lines);
            Ok::<_, E>(read.map_err(|error| Refused::from(vec![error]))?)
        },
    };
    let found = project_factors(&bound.problem, &mut moments, &Settings::default(), summed.wider())?;
    let batch = Solvable { rows: &bound.rows, encoded: None };
    settle(&asked.context, &found.status, found.certificate.row_violation, &batch).map_err(unrelaxed)?;
    let query = warehouse.moved_weighed(summed, &weights, &found.shift, column).map_err(Refused::from)?;
    let query = query.text(table.dialect);
    Ok(ProjectedTable { bound, status: found.status, multipliers: found.multipliers, query })
}

/// A conflict of rows that are not relaxed: with another help than where they are.
fn unrelaxed(refused: Refused) -> Refused {
    let Refused::Infeasible(mut fault) = refused else { return refused };
    let help = "loosen one of them, for example by a larger tolerance; rows that weigh predictions by what differs within groups \
                are not relaxed in a database: for the point of least violation project a copy of the table in memory";
    fault.diagnostic.help = Some(help.to_owned());
    Refused::Infeasible(fault)
}

/// Predictions by moments for shifts, which `ask` gives.
struct Weighed<A> {
    ask: A,
}

impl<E, A> RemoteFactors for Weighed<A>
where
    E: From<Refused> + From<ProjectError> + From<ProblemError>,
    A: FnMut(&[f64]) -> Result<Vec<[Moments; 3]>, E>,
{
    type Error = E;

    fn moments(&mut self, shift: &[f64], _: (f64, f64)) -> Result<Vec<[Moments; 3]>, E> {
        (self.ask)(shift)
    }

    fn not_finite(&mut self) -> E {
        too_large().into()
    }
}

/// The shifts of that projection, for use elsewhere. `warehouse` was prepared for [`Use::Shifts`].
///
/// # Errors
/// As of `project_sums`, and of freezing.
pub fn freeze_sums<E>(
    asked: &Asked<'_>,
    warehouse: &Warehouse<'_>,
    table: &Table,
    summed: &Summed,
    on_infeasible: OnInfeasible,
    ask: impl FnMut(&str) -> Result<Answered, E>,
) -> Result<Shifts, E>
where
    E: From<Refused> + From<ProjectError> + From<ProblemError>,
{
    let not_frozen = warehouse.beyond_cells().into_iter().map(|what| BindError::NotFrozen { what });
    let not_frozen: Vec<BindError> = not_frozen.collect();
    if !not_frozen.is_empty() {
        return Err(Refused::from(not_frozen).into());
    }
    let (bound, found) = project_sums(asked, warehouse, table, summed, on_infeasible, ask)?;
    let of = (&bound, found.multipliers.as_slice());
    let frozen = summed.freeze(asked.context.program, asked.params, of, asked.column).map_err(Refused::from)?;
    Ok(Shifts::of(&asked.context, summed.encoded(), &found.status, frozen))
}
