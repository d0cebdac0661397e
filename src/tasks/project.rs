//! The closest predictions that satisfy a spec.

use std::ops::Range;

use super::{Case, Context, Refused};
use crate::bind::{Bound, BoundRow, Encoded, Params, Samples};
use crate::report::{Batching, Movement, ProjectReport, RowSummaries, Tolerance, Verdict, param_facts};
use crate::runtime::project::{OnInfeasible, Projection, Projector, Sample, Settings, Status};
use crate::source::{Conflict, Failure, Fault, outside, status_word};

/// How predictions are projected.
#[derive(Clone, Copy, Debug)]
pub struct ProjectOptions {
    /// Project each so many consecutive samples by themselves; by default all together.
    pub batch: Option<usize>,
    pub on_infeasible: OnInfeasible,
    /// Show at most so many rows.
    pub most: usize,
}

/// What a projection came to.
pub struct Projected<'a> {
    pub report: ProjectReport<'a>,
    /// Fewer than there are samples if a batch is infeasible.
    pub y: Vec<f64>,
    /// The rows that no predictions satisfy, where that was not allowed.
    pub infeasible: Option<Fault>,
    /// Batches that were not solved to the end.
    pub unfinished: usize,
}

/// Projects the predictions of all samples, batch by batch.
///
/// # Errors
/// Data that do not fit the spec, and numbers that cannot be projected. An infeasible batch is no error but an answer: the
/// report tells what came before it.
pub fn project<'a>(case: &Case<'a>, options: &ProjectOptions) -> Result<Projected<'a>, Refused> {
    case.context.moves_predictions()?;
    case.ready()?;
    let n = case.encoded.n();
    let size = options.batch.unwrap_or(n).max(1);
    let mut answers = Answers::new(case, options.batch, options.most);
    let mut projector = Projector::new();
    let settings = Settings { on_infeasible: options.on_infeasible, ..Settings::default() };
    for start in (0..n).step_by(size) {
        let range = start..(start + size).min(n);
        let samples = if options.batch.is_some() { Samples::Range(range.clone()) } else { Samples::All };
        let z = case.predictions.get(range.clone()).unwrap_or_default();
        let bound = case.encoded.bind_convex(case.params, &samples)?;
        let projection = bound.project(&mut projector, z, &settings)?;
        let place = options.batch.map_or_else(String::new, |_| place(&range));
        answers.enter(&bound, &samples, z, projection, &place)?;
        if answers.done.infeasible.is_some() {
            break;
        }
    }
    Ok(answers.done)
}

fn place(range: &Range<usize>) -> String {
    format!(" in the batch of rows {} to {}", range.start + 1, range.end)
}

/// The report on an answer to all samples that was found elsewhere.
///
/// # Errors
/// The answer is one to other data.
pub fn report_of<'a, T: Sample>(
    case: &Case<'a>,
    bound: &Bound,
    samples: &Samples<'_>,
    found: &Projection<T>,
    most: usize,
) -> Result<Projected<'a>, Refused> {
    let mut wide = Projection::<f64>::default();
    wide.y = found.y.iter().map(|y| y.widen()).collect();
    (wide.status, wide.multipliers) = (found.status.clone(), found.multipliers.clone());
    (wide.active, wide.certificate, wide.objective) = (found.active.clone(), found.certificate, found.objective);
    let mut answers = Answers::new(case, None, most);
    answers.enter(bound, samples, case.predictions, wide, "")?;
    Ok(answers.done)
}

/// A report that grows batch by batch.
pub(super) struct Answers<'a, 'c> {
    case: &'c Case<'a>,
    pub done: Projected<'a>,
}

impl<'a, 'c> Answers<'a, 'c> {
    pub fn new(case: &'c Case<'a>, batch: Option<usize>, most: usize) -> Answers<'a, 'c> {
        let report = ProjectReport {
            spec: &case.context.spec.name,
            data: case.table,
            prediction: case.column,
            settings: case.settings_in_words(),
            params: param_facts(case.context.program, case.params),
            summaries: RowSummaries::new(case.context.program),
            decisions: false,
            n: case.encoded.n(),
            movement: Movement::default(),
            outside: (0, 0.0),
            batching: batch.map_or(Batching::Whole, Batching::By),
            tolerance: Tolerance::Rounding,
            outside_after: 0,
            unplaced: case.encoded.unplaced().to_vec(),
            status: status_word(&Status::Optimal),
            most,
        };
        Answers { case, done: Projected { report, y: Vec::new(), infeasible: None, unfinished: 0 } }
    }

    /// Enters the answer to a batch; `place` says which, where there are several.
    pub fn enter(
        &mut self,
        bound: &Bound,
        samples: &Samples<'_>,
        z: &[f64],
        mut projection: Projection<f64>,
        place: &str,
    ) -> Result<(), Refused> {
        let Case { encoded, params, context, .. } = *self.case;
        let Projected { report, y, infeasible, unfinished } = &mut self.done;
        report.summaries.enter(bound, encoded, params, samples, z)?;
        let (count, most) = outside(&bound.problem, z);
        report.outside = (report.outside.0 + count, report.outside.1.max(most));
        match &projection.status {
            Status::Optimal => {}
            Status::IterationLimit => {
                report.status = status_word(&projection.status);
                *unfinished += 1;
            }
            Status::Relaxed(_) if *unfinished > 0 => {}
            Status::Relaxed(_) => report.status = status_word(&projection.status),
            Status::Infeasible(proof) => {
                let conflict = Conflict::of(proof, encoded, params, samples);
                *infeasible = Some(context.infeasible(&conflict, &bound.rows, place));
                report.status = status_word(&projection.status);
                return Ok(());
            }
        }
        report.summaries.enter_projection(bound, encoded, params, samples, &projection)?;
        report.outside_after += outside(&bound.problem, &projection.y).0;
        report.movement.enter(z, &projection.y, bound.problem.weights().as_deref());
        y.append(&mut projection.y);
        Ok(())
    }
}

impl Projected<'_> {
    /// Why the answers are none to rely on, although they were found.
    pub fn failures(&self, context: &Context<'_>, require_all: bool) -> Vec<String> {
        let mut failures = Vec::new();
        if self.unfinished > 0 {
            let message =
                format!("{} of {} batches were not solved to the end", self.unfinished, self.report.summaries.batches);
            failures.push(format!("{message}; the predictions may violate the rows"));
        }
        failures.extend(self.report.shortfall().filter(|_| require_all).map(|verdict| not_all(context, verdict)));
        failures
    }
}

/// Why not all is as it was asked.
pub(super) fn not_all(context: &Context<'_>, verdict: Verdict) -> String {
    let what = if verdict == Verdict::Violated { "is violated" } else { "was not enforced" };
    format!("a promise {what}, and {} is given", context.front.require_all)
}

/// A bound batch, with what it was bound from: all that is needed to say why it has no projection.
#[derive(Clone, Copy)]
pub struct Solvable<'a> {
    pub rows: &'a [BoundRow],
    /// None where the samples are elsewhere.
    pub encoded: Option<(&'a Encoded, &'a Params, &'a Samples<'a>)>,
}

/// The projection of a bound batch.
///
/// # Errors
/// Numbers that cannot be projected, and as [`settle`].
pub fn solve<T: Sample>(
    context: &Context<'_>,
    encoded: &Encoded,
    params: &Params,
    samples: &Samples<'_>,
    bound: &Bound,
    z: &[T],
    on_infeasible: OnInfeasible,
) -> Result<Projection<T>, Refused> {
    context.moves_predictions()?;
    let settings = Settings { on_infeasible, ..Settings::default() };
    let found = bound.project(&mut Projector::new(), z, &settings)?;
    let batch = Solvable { rows: &bound.rows, encoded: Some((encoded, params, samples)) };
    settle(context, &found.status, found.certificate.row_violation, &batch)?;
    Ok(found)
}

/// Fails unless there is a point that is the projection, or that of least violation where that was asked for.
///
/// # Errors
/// No predictions satisfy the rows, or the solver did not come to an end.
pub fn settle(context: &Context<'_>, status: &Status, violation: f64, batch: &Solvable<'_>) -> Result<(), Refused> {
    match status {
        Status::Optimal | Status::Relaxed(_) => Ok(()),
        Status::Infeasible(proof) => {
            let conflict = match batch.encoded {
                Some((encoded, params, samples)) => Conflict::of(proof, encoded, params, samples),
                None => Conflict { sides: crate::source::sides_of(proof), ..Conflict::default() },
            };
            Err(Refused::Infeasible(Box::new(context.infeasible(&conflict, batch.rows, ""))))
        }
        Status::IterationLimit => {
            let message = format!("the projection was not solved to the end; rows are violated by up to {violation:e}");
            let help = "scale the numbers of the spec to similar sizes";
            Err(Refused::Unsolved(Failure::new(message, help)))
        }
    }
}
