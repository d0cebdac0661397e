//! What deciding takes and gives, and what is the same for all ways to decide.

use super::draws::Draws;
use super::project::{Answers, not_all};
use super::refused::undecided as refused;
use super::{Case, Context, Refused};
use crate::bind::{Bound, BoundRow, Samples, Spread, Thresholds, VisibleCells, blamed};
use crate::report::{DecideReport, Gains, GroupDecisions, How, Watch};
use crate::runtime::decide::{Decisions, missed};
use crate::runtime::project::{Projection, Status};
use crate::source::Failure;

/// How decisions are made.
pub struct DecideOptions<'a> {
    /// Where no row presses, scores of at least this are decided 1.
    pub cutoff: f64,
    /// The header of a column, and for each sample what a decision of 1 gains; by default the score less the cutoff.
    pub gain: Option<(&'a str, &'a [f64])>,
    /// Draw samples in between instead of rounding them.
    pub draws: Option<Draws<'a>>,
    /// Take the nearest whole decisions where none keep the rows.
    pub relax: bool,
    /// The groups that the report shows, with which the data were encoded.
    pub watch: &'a Watch,
    /// Show at most so many rows.
    pub most: usize,
}

impl Decided<'_> {
    /// Why the decisions are none to rely on, although they keep the rows.
    pub fn failures(&self, context: &Context<'_>, require_all: bool) -> Vec<String> {
        let short = self.report.rows.shortfall().filter(|_| require_all);
        short.map(|verdict| not_all(context, verdict)).into_iter().collect()
    }
}

impl DecideOptions<'_> {
    /// What a decision of 1 gains, for each sample.
    pub(super) fn gains(&self, scores: &[f64]) -> Vec<f64> {
        match self.gain {
            Some((_, gain)) => gain.to_vec(),
            None => scores.iter().map(|score| score - self.cutoff).collect(),
        }
    }
}

/// What deciding came to.
pub struct Decided<'a> {
    pub report: DecideReport<'a>,
    /// 0 or 1 for each sample.
    pub decisions: Vec<f64>,
    /// Why these are not to be used: they keep not all rows, and that was not allowed.
    pub missed: Option<Failure>,
    /// By which decisions can be made elsewhere, or why that cannot be.
    pub thresholds: Result<Thresholds, Failure>,
}

pub(super) fn unfinished(found: &Decisions) -> Refused {
    let certificate = &found.certificate;
    let message = format!(
        "the decisions were not solved to the end: they may gain {:e} too little, and violate rows by up to {:e}",
        certificate.gap().max(0.0),
        certificate.row_violation
    );
    Refused::Unsolved(Failure::new(message, "scale the numbers of the spec to similar sizes"))
}

/// What scores alone decide: 1 from the cutoff on.
pub(super) fn by_cutoff(case: &Case<'_>, options: &DecideOptions<'_>) -> Vec<f64> {
    // By the score itself: a difference may be rounded to zero.
    let decision = |taken: bool| f64::from(u8::from(taken));
    match options.gain {
        Some((_, gain)) => gain.iter().map(|gain| decision(*gain >= 0.0)).collect(),
        None => case.predictions.iter().map(|score| decision(*score >= options.cutoff)).collect(),
    }
}

/// The promise that a row of the problem belongs to.
pub(super) fn row_name(context: &Context<'_>, rows: &[BoundRow], place: usize) -> String {
    let name = [true, false].into_iter().find_map(|upper| {
        let (promised, _) = blamed(rows, place, upper)?;
        context.program.origin(promised).map(|origin| origin.name.clone())
    });
    name.unwrap_or_else(|| format!("row {place}"))
}

/// What thresholds compare: scores, or gains where these were given.
pub(super) fn compared<'v>(case: &Case<'v>, options: &DecideOptions<'_>, gain: &'v [f64]) -> &'v [f64] {
    if options.gain.is_some() { gain } else { case.predictions }
}

/// The header of what thresholds compare, and what it is compared with where no row presses.
pub(super) fn compared_column<'v>(case: &Case<'v>, options: &DecideOptions<'v>) -> (&'v str, f64) {
    options.gain.map_or((case.column, options.cutoff), |(column, _)| (column, 0.0))
}

/// Bars of the picture of scores.
const BARS: usize = 40;

/// How what is compared is spread in the cells of thresholds: scores from 0 to 1, gains from the least to the largest.
pub(super) fn spread(
    case: &Case<'_>,
    options: &DecideOptions<'_>,
    visible: &VisibleCells,
    thresholds: &Thresholds,
    gain: &[f64],
) -> Spread {
    let range = if options.gain.is_some() { (f64::INFINITY, f64::NEG_INFINITY) } else { (0.0, 1.0) };
    case.encoded.spread(visible, thresholds, compared(case, options, gain), (BARS, range))
}

pub(super) fn no_thresholds(errors: &[crate::bind::BindError]) -> Failure {
    let error = errors.first().map_or_else(String::new, ToString::to_string);
    Failure::new(error.replacen("cannot freeze", "there are no thresholds", 1), "decide each table by itself")
}

/// The report on decisions, the second of the two; the first are those by the cutoff alone.
pub(super) fn report<'a>(
    case: &Case<'a>,
    options: &DecideOptions<'_>,
    bound: &Bound,
    found: &Decisions,
    (before, after): (&[f64], &[f64]),
    how: How,
    gains: Gains,
) -> Result<DecideReport<'a>, Refused> {
    let mut answers = Answers::new(case, None, options.most);
    let mut projection = Projection::default();
    (projection.y, projection.status) = (after.to_vec(), Status::Optimal);
    (projection.multipliers, projection.active) = (found.multipliers.clone(), found.active.clone());
    answers.enter(bound, &Samples::All, before, projection, "")?;
    let mut rows = answers.done.report;
    (rows.status, rows.decisions) = (how.status(), true);
    Ok(DecideReport {
        missed: missed(&bound.problem, after).map_err(refused)?.len(),
        groups: GroupDecisions::all(case.encoded, options.watch, &options.gains(case.predictions), (before, after)),
        cutoff: options.cutoff,
        gain: options.gain.map(|(column, _)| column.to_owned()),
        thresholds: None,
        spread: None,
        rule: None,
        misses: Vec::new(),
        rows,
        gains,
        how,
    })
}
