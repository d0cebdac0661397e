//! Does a spec fit data, and can all of its rows hold there?

use super::{Case, Context, Refused, not_empty, redundancy_warnings};
use crate::analyze::batches::{Failure as Failed, share};
use crate::analyze::each_in_conflict;
use crate::analyze::feasibility::{Cells, Feasibility, RowSide, feasibility};
use crate::analyze::redundant;
use crate::analyze::tolerance::{Tolerance, tolerance};
use crate::bind::{Bound, Reach, Samples};
use crate::language::program::Interval;
use crate::report::{BatchShares, ConflictSide, DataReport, ParamRange, RowSummaries, event_sizes};
use crate::runtime::problem::Problem;
use crate::runtime::project::{Infeasibility, Projector, Settings, Status};
use crate::source::{Asked, Conflict, Fault, sides_of};

/// What came of a spec on data.
pub struct Checked<'a> {
    pub report: DataReport<'a>,
    pub faults: Vec<Fault>,
    /// Warnings that compiling does not give.
    pub warnings: Vec<Fault>,
}

impl Checked<'_> {
    /// All rows can hold, and if the spec has constraints, one of them takes part.
    pub fn ok(&self) -> bool {
        self.faults.is_empty() && self.report.checked()
    }
}

/// Checks a spec against data, which need no predictions; `batch` asks which share of the batches of a size, drawn with a seed,
/// can meet all rows. What audits would say of the predictions is for the caller to add.
///
/// # Errors
/// Data that do not fit the spec. Rows that cannot all hold are no error but an answer.
pub fn check<'a>(case: &Case<'a>, batch: Option<(usize, u64)>) -> Result<Checked<'a>, Refused> {
    let Case { context, encoded, params, .. } = *case;
    let program = context.program;
    not_empty(encoded, case.table)?;
    let bound = encoded.bind_convex(params, &Samples::All)?;
    let start = bound.problem.middle();
    let mut summaries = RowSummaries::new(program);
    summaries.enter(&bound, encoded, params, &Samples::All, &start)?;
    let projection = bound.project(&mut Projector::new(), &start, &Settings::default())?;
    let (feasible, conflict) = match &projection.status {
        Status::Optimal => (Some(true), Conflict::default()),
        Status::Infeasible(proof) | Status::Relaxed(proof) => {
            let sides = if bound.convex.is_some() { sides_of(proof) } else { irreducible(proof, &bound.problem) };
            let each = each_in_conflict(encoded, params, &Samples::All, &sides, &proof.combination);
            let pairs = bound.pairs_among(sides.iter().map(|side| side.row));
            (Some(false), Conflict { sides, each, pairs })
        }
        Status::IterationLimit => (None, Conflict::default()),
    };
    let faults = match feasible {
        Some(false) => vec![context.infeasible(&conflict, &bound.rows, "")],
        Some(true) | None => Vec::new(),
    };
    let promises = program.by_promise();
    let always = redundant::without_data(&promises);
    let here = redundant::on_data(&promises, program, &bound, &always);
    let mut warnings = redundancy_warnings(&always, false, context.spec, &promises);
    warnings.extend(redundancy_warnings(&here, true, context.spec, &promises));
    let batches = batch.map(|(size, seed)| shares(case, size, seed)).transpose()?;
    let each = conflict.each.iter().chain(conflict.pairs.iter().map(|(row, _)| row));
    let each = each.filter_map(|row| Some(program.sample_origin(*row)?.name.clone()));
    let sides = conflict.sides.iter().filter_map(|side| conflict_side(*side, &bound, &context));
    let report = DataReport {
        data: case.table,
        n: encoded.n(),
        events: event_sizes(&summaries, &bound),
        summaries,
        weighted: encoded.weight().is_some(),
        feasible,
        each_in_conflict: each.collect(),
        conflict: sides.collect(),
        params: ranges(case, &bound.problem),
        batches,
        unplaced: encoded.unplaced().to_vec(),
        predictions: Vec::new(),
    };
    Ok(Checked { report, faults, warnings })
}

/// An irreducible conflict where linear programming finds one, else the rows of the proof.
fn irreducible(proof: &Infeasibility, problem: &Problem) -> Vec<RowSide> {
    let cells = Cells::of(problem).ok().flatten();
    match cells.map(|cells| feasibility(&cells, &proof.rows)) {
        Some(Feasibility::Conflict(sides)) => sides,
        Some(Feasibility::Feasible | Feasibility::Undecided) | None => sides_of(proof),
    }
}

fn conflict_side(side: RowSide, bound: &Bound, context: &Context<'_>) -> Option<ConflictSide> {
    let Asked { origin, upper, limit, .. } = Asked::of(side, &bound.rows, context.program)?;
    Some(ConflictSide { row: origin.name.clone(), side: if upper { "upper" } else { "lower" }, limit })
}

/// The values of each param with which all rows can hold; `problem` has the present ones.
fn ranges(case: &Case<'_>, problem: &Problem) -> Vec<ParamRange> {
    let Case { context, encoded, params, .. } = *case;
    let program = context.program;
    // Where the variables are too many now, they need not be counted again for other values.
    let is_small = !program.params.is_empty() && matches!(Cells::of(problem), Ok(Some(_)));
    let range = |(place, (name, value)): (usize, (&str, f64))| {
        let bounds = program.param(name).map_or(Interval::ALL, |param| param.range);
        let mut at = |value: f64| {
            let mut params = params.clone();
            params.set(program, name, value).ok()?;
            Some(encoded.bind(&params, &Samples::All).ok()?.problem)
        };
        let found = match encoded.reach(place) {
            // Linear programs say nothing of rows that bend.
            _ if !is_small || encoded.is_affine().is_err() => Tolerance::Unknown,
            Reach::Encoding => Tolerance::Unknown,
            Reach::Nothing | Reach::Sides | Reach::Matrix => tolerance(&mut at, value, (bounds.lower, bounds.upper)),
        };
        let (least, greatest, verdict, [below, above]) = match found {
            Tolerance::Within { least, greatest, open, .. } => (Some(least), Some(greatest), "range", open),
            Tolerance::Never => (None, None, "never", [false; 2]),
            Tolerance::Unknown => (None, None, "unknown", [false; 2]),
        };
        ParamRange { name: name.to_owned(), value, least, greatest, below, above, verdict }
    };
    params.iter(program).enumerate().map(range).collect()
}

fn shares(case: &Case<'_>, size: usize, seed: u64) -> Result<BatchShares, Refused> {
    let share = |stratified| share(case.encoded, case.params, size, stratified, seed);
    Ok(BatchShares { size, random: share(false)?, stratified: share(true)? })
}

impl From<Failed> for Refused {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Bind(errors) => errors.into(),
            Failed::Project(error) => error.into(),
        }
    }
}
