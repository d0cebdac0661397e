//! Decisions of 0 or 1 that satisfy a spec and gain the most.

use super::deciding::{
    DecideOptions, Decided, by_cutoff, compared, compared_column, no_thresholds, report, row_name, spread, unfinished,
};
use super::draws::Draws;
use super::refused::undecided as refused;
use super::rule::{Fit, decide_by_rule, missed_in_expectation};
use super::{Case, Context, Refused, kept};
use crate::bind::{Bound, BoundRow, Frozen, Samples, Thresholds, VisibleCells};
use crate::language::words::counted;
use crate::report::{DecideReport, Gains, How};
use crate::runtime::decide::{DecideStatus, Decisions, GainCertificate, Whole, decide_whole, missed, nearest_whole};
use crate::runtime::online::state::{self, Kind};
use crate::runtime::project::Side;
use crate::source::{Conflict, Failure};

/// Decides all samples.
///
/// # Errors
/// Data that do not fit the spec, a spec whose predictions are no probabilities, rows that no decisions satisfy, and numbers
/// that cannot be decided on.
pub fn decide<'a>(case: &Case<'a>, options: &DecideOptions<'_>) -> Result<Decided<'a>, Refused> {
    case.ready()?;
    fits(case, options)?;
    let Case { context, encoded, params, predictions, .. } = *case;
    let bound = encoded.bind(params, &Samples::All)?;
    let gain = options.gains(predictions);
    let visible = encoded.visible(context.program, params)?;
    if encoded.reads_labels(context.program) {
        return decide_by_rule(&Fit { case, options, bound: &bound, visible: &visible, gain: &gain });
    }
    let found = crate::runtime::decide::decide(&bound.problem, &gain).map_err(refused)?;
    match &found.status {
        DecideStatus::Infeasible(_) if options.relax => return relaxed(case, options, &bound, &found, &gain),
        DecideStatus::Infeasible(proof) => {
            let conflict = Conflict::of(proof, encoded, params, &Samples::All);
            return Err(Refused::Infeasible(Box::new(context.infeasible(&conflict, &bound.rows, ""))));
        }
        DecideStatus::Unfinished => return Err(unfinished(&found)),
        DecideStatus::Optimal => {}
    }
    let thresholds = thresholds(case, options, &visible, &bound, &found, &gain);
    let mut misses = Vec::new();
    let (decisions, how, miss) = match options.draws {
        Some(draws) => {
            // Equal scores of a group have equal chances.
            let chances = match &thresholds {
                Ok(thresholds) if bound.sample_rows.is_empty() => chances(case, options, &visible, thresholds, &gain)?,
                Ok(_) | Err(_) => found.decisions.clone(),
            };
            let count = chances.iter().filter(|chance| **chance > 0.0 && **chance < 1.0).count();
            let missed = missed_in_expectation(&bound, &chances)?;
            let how = How::Drawn { seed: draws.seed, samples: count, missed_in_expectation: missed };
            let decisions = draws.decide(&chances);
            misses = draws.misses(case, &bound, &chances, &decisions)?;
            (decisions, how, None)
        }
        None => whole(case, &bound, &gain, &found, options.relax)?,
    };
    let cutoff_alone = by_cutoff(case, options);
    let gains = Gains::of(&gain, &bound.problem, &cutoff_alone, &decisions, found.certificate.dual);
    let report = report(case, options, &bound, &found, (&cutoff_alone, &decisions), how, gains)?;
    let spread = thresholds.as_ref().ok().map(|thresholds| spread(case, options, &visible, thresholds, &gain));
    let report = DecideReport { thresholds: thresholds.as_ref().ok().cloned(), spread, misses, ..report };
    Ok(Decided { report, decisions, missed: miss, thresholds })
}

/// The nearest decisions of 0 and 1, where none satisfy the rows.
fn relaxed<'a>(
    case: &Case<'a>,
    options: &DecideOptions<'_>,
    bound: &Bound,
    found: &Decisions,
    gain: &[f64],
) -> Result<Decided<'a>, Refused> {
    let decisions = nearest_whole(&bound.problem, gain).map_err(refused)?;
    let before = by_cutoff(case, options);
    let gains = Gains::of(gain, &bound.problem, &before, &decisions, f64::INFINITY);
    let how = How::Nearest { proven: true };
    let report = report(case, options, bound, found, (&before, &decisions), how, gains)?;
    let thresholds = Err(Failure::new("no decisions satisfy all rows, so that there are no thresholds", ""));
    Ok(Decided { report, decisions, missed: None, thresholds })
}

/// What can be said before anything is solved.
pub(super) fn fits(case: &Case<'_>, options: &DecideOptions<'_>) -> Result<(), Failure> {
    probabilities(&case.context, options.cutoff)?;
    let n = case.encoded.n();
    let wrong = |found: usize, what: &str| {
        (found != n)
            .then(|| Failure::new(format!("there are {found} {what}, and `{}` has {n} samples", case.table), ""))
    };
    let gains = options.gain.and_then(|(_, gain)| wrong(gain.len(), "gains"));
    let keys = options.draws.and_then(|draws| draws.keys).and_then(|keys| wrong(keys.len(), "keys"));
    gains.or(keys).map_or(Ok(()), Err)
}

/// That the spec predicts chances of a decision, which can be compared with this cutoff.
pub(super) fn probabilities(context: &Context<'_>, cutoff: f64) -> Result<(), Failure> {
    let prediction = &context.program.prediction;
    if (prediction.lower, prediction.upper) != (0.0, 1.0) {
        let (lower, upper) = (prediction.lower, prediction.upper);
        let message = format!("`{}` is declared in [{lower}, {upper}], and decisions are 0 or 1", prediction.name);
        let help = format!("declare it `predict {}: real in [0, 1]`: the chance of a decision of 1", prediction.name);
        return Err(Failure::new(message, help));
    }
    if !cutoff.is_finite() {
        return Err(Failure::new(format!("a cutoff of {cutoff} is none to compare scores with"), ""));
    }
    Ok(())
}

type Answer = (Vec<f64>, How, Option<Failure>);

/// Decisions of 0 and 1 near the best ones.
fn whole(case: &Case<'_>, bound: &Bound, gain: &[f64], found: &Decisions, relax: bool) -> Result<Answer, Refused> {
    let front = case.context.front;
    let between = found.between.len();
    match decide_whole(&bound.problem, gain, found).map_err(refused)? {
        Whole::Found(whole) => Ok((whole.decisions, How::Whole { between, bound: whole.bound }, None)),
        Whole::Missed { nearest, misses, proven } => {
            let message = none_found(&case.context, &bound.rows, &misses, proven);
            let help = format!(
                "{} keeps them in expectation, by drawing {}; {} takes the nearest; or allow a little more",
                front.randomize,
                counted(between, "sample"),
                front.relax
            );
            let failure = (!relax).then(|| Failure::new(message, help));
            Ok((nearest, How::Nearest { proven }, failure))
        }
        Whole::NoneWithin { sample, lo, hi } => {
            let message =
                format!("row {} may be decided from {lo} to {hi}, where there is neither 0 nor 1", sample + 1);
            let help = format!("write bounds of `each` that 0 or 1 satisfies, or draw: {}", front.randomize);
            Err(Failure::new(message, help).into())
        }
        Whole::Infeasible(_) => {
            let nearest = nearest_whole(&bound.problem, gain).map_err(refused)?;
            let message = "no decisions of 0 and 1 keep all rows and the bounds of `each`";
            let help = format!(
                "{} keeps them in expectation; {} takes the nearest; or allow a little more",
                front.randomize, front.relax
            );
            let failure = (!relax).then(|| Failure::new(message, help));
            Ok((nearest, How::Nearest { proven: true }, failure))
        }
    }
}

/// Missed rows that are named.
const MOST_MISSES: usize = 3;

/// That no whole decisions keep the rows, and by how much the nearest miss which.
pub(super) fn none_found(context: &Context<'_>, rows: &[BoundRow], misses: &[(usize, f64)], proven: bool) -> String {
    let named = misses
        .iter()
        .map(|(place, by)| format!("`{}` by {}", row_name(context, rows, *place), crate::report::short(*by)));
    let what = if proven {
        "no decisions of 0 and 1 keep all rows"
    } else {
        "no decisions of 0 and 1 that keep all rows were found within the search"
    };
    match named.take(MOST_MISSES).collect::<Vec<_>>().as_slice() {
        [] => what.to_owned(),
        named => {
            let more = misses.len().saturating_sub(MOST_MISSES);
            let more = if more > 0 { format!(" and {more} more rows") } else { String::new() };
            format!("{what}: the nearest miss {}{more}", named.join(", "))
        }
    }
}

fn thresholds(
    case: &Case<'_>,
    options: &DecideOptions<'_>,
    visible: &VisibleCells,
    bound: &Bound,
    found: &Decisions,
    gain: &[f64],
) -> Result<Thresholds, Failure> {
    let Case { context, encoded, params, .. } = *case;
    let (column, cutoff) = compared_column(case, options);
    let multipliers = Some((bound, found.multipliers.as_slice()));
    let frozen = encoded.freeze_visible(context.program, params, visible, multipliers, case.column);
    let frozen = frozen.map_err(|errors| no_thresholds(&errors))?;
    let frozen = Frozen { prediction: column.to_owned(), ..frozen };
    let bounds = bound.problem.bounds();
    // A sample without weight is decided by its own gain, which says nothing of the threshold.
    let weight = encoded.weight();
    let weighs = |sample: usize| weight.is_none_or(|weight| weight.get(sample).is_none_or(|weight| *weight > 0.0));
    let free = |sample: usize| bounds.at(sample) == (0.0, 1.0) && weighs(sample);
    let mut thresholds =
        encoded.thresholds(visible, frozen, cutoff, compared(case, options, gain), &found.decisions, &free);
    thresholds.gains = options.gain.is_some();
    Ok(thresholds)
}

fn chances(
    case: &Case<'_>,
    options: &DecideOptions<'_>,
    visible: &VisibleCells,
    thresholds: &Thresholds,
    gain: &[f64],
) -> Result<Vec<f64>, Refused> {
    case.encoded.chances(visible, thresholds, compared(case, options, gain)).map_err(|error| vec![error].into())
}

/// The chance of a decision of 1 by thresholds that were fitted on other data: 0 or 1, but for those exactly at a threshold that
/// takes a share.
///
/// # Errors
/// As of [`decide_by`].
pub fn chances_by(case: &Case<'_>, thresholds: &Thresholds, options: &DecideOptions<'_>) -> Result<Vec<f64>, Refused> {
    case.ready()?;
    let options = &DecideOptions { cutoff: thresholds.cutoff, ..*options };
    fits(case, options)?;
    let bound = case.encoded.bind(case.params, &Samples::All)?;
    within(case, thresholds, options, &bound)
}

/// The same within the bounds of single decisions.
fn within(
    case: &Case<'_>,
    thresholds: &Thresholds,
    options: &DecideOptions<'_>,
    bound: &Bound,
) -> Result<Vec<f64>, Refused> {
    kept::same_params(&case.context, "thresholds", &thresholds.params, case.params)?;
    if thresholds.gains && options.gain.is_none() {
        let message = format!("the thresholds were fitted for gains, `{}`, and these are scores", thresholds.column);
        return Err(
            Failure::new(message, format!("give the gains of these samples: {}", case.context.front.gains)).into()
        );
    }
    if let Some((column, _)) = options.gain.filter(|_| !thresholds.gains) {
        let message =
            format!("the thresholds were fitted for the scores `{}`, and `{column}` are gains", thresholds.column);
        return Err(Failure::new(message, format!("leave out {}", case.context.front.gains)).into());
    }
    let bounds = bound.problem.bounds();
    let visible = case.encoded.visible(case.context.program, case.params)?;
    let chances = chances(case, options, &visible, thresholds, &options.gains(case.predictions))?;
    let within = chances.iter().enumerate().map(|(sample, chance)| {
        let (lo, hi) = bounds.at(sample);
        if *chance >= 1.0 { hi } else { lo + (hi - lo) * chance }
    });
    Ok(within.collect())
}

/// Makes decisions by thresholds that were fitted on other data, which are read as for [`super::Use::Decide`].
///
/// # Errors
/// Thresholds that were fitted with other params, of another column, or that tell other groups apart.
pub fn decide_by<'a>(
    case: &Case<'a>,
    thresholds: &Thresholds,
    options: &DecideOptions<'_>,
) -> Result<Decided<'a>, Refused> {
    case.ready()?;
    let options = &DecideOptions { cutoff: thresholds.cutoff, draws: options.draws, ..*options };
    fits(case, options)?;
    let Case { encoded, params, predictions, .. } = *case;
    let gain = options.gains(predictions);
    let bound = encoded.bind(params, &Samples::All)?;
    let within = within(case, thresholds, options, &bound)?;
    let tied = tied(&within);
    let mut misses = Vec::new();
    let drawn = options.draws.or_else(|| thresholds.draws().then_some(Draws { seed: 0, keys: None }));
    let (decisions, how) = match drawn {
        Some(draws) => {
            let missed_in_expectation = missed_in_expectation(&bound, &within)?;
            let decisions = draws.decide(&within);
            misses = draws.misses(case, &bound, &within, &decisions)?;
            (decisions, How::Drawn { seed: draws.seed, samples: tied, missed_in_expectation })
        }
        None => (alike(&within), How::Thresholds { tied }),
    };
    let before = by_cutoff(case, options);
    let gains = Gains::of(&gain, &bound.problem, &before, &decisions, f64::INFINITY);
    let rows = bound.problem.rows();
    let nothing = Decisions {
        decisions: Vec::new(),
        status: DecideStatus::Optimal,
        multipliers: vec![0.0; rows],
        active: vec![Side::Inactive; rows],
        between: Vec::new(),
        certificate: GainCertificate::default(),
        steps: 0,
    };
    let mut report = report(case, options, &bound, &nothing, (&before, &decisions), how, gains)?;
    let visible = encoded.visible(case.context.program, params)?;
    report.spread = Some(spread(case, options, &visible, thresholds, &gain));
    (report.thresholds, report.misses) = (Some(thresholds.clone()), misses);
    Ok(Decided { report, decisions, missed: None, thresholds: Ok(thresholds.clone()) })
}

/// What is lost where the data that thresholds were fitted on are decided by these alone, which cannot tell apart those exactly at one:
/// a note, where hard rows are missed then that the decisions keep.
///
/// # Errors
/// As of [`decide_by`].
pub fn lost_by_freezing(
    case: &Case<'_>,
    thresholds: &Thresholds,
    options: &DecideOptions<'_>,
) -> Result<Option<String>, Refused> {
    if thresholds.draws() || options.draws.is_some() {
        return Ok(None);
    }
    let options = &DecideOptions { cutoff: thresholds.cutoff, ..*options };
    let bound = case.encoded.bind(case.params, &Samples::All)?;
    let within = within(case, thresholds, options, &bound)?;
    let missed = missed(&bound.problem, &alike(&within)).map_err(refused)?.len();
    Ok(lost_by_thresholds(missed, tied(&within)))
}

/// That so many rows are missed by thresholds alone, with so many samples exactly at one.
pub(super) fn lost_by_thresholds(missed: usize, tied: usize) -> Option<String> {
    (missed > 0).then(|| {
        let are = if missed == 1 { "is" } else { "are" };
        format!(
            "by the thresholds alone {} {are} missed on these data: the {} exactly at a threshold cannot be told apart by it; \
             a narrower tolerance leaves more room",
            counted(missed, "row"),
            counted(tied, "sample")
        )
    })
}

/// How many samples are exactly at a threshold that takes a share.
fn tied(within: &[f64]) -> usize {
    within.iter().filter(|chance| **chance > 0.0 && **chance < 1.0).count()
}

/// Decisions of all those at a threshold as of most of them.
pub(super) fn alike(within: &[f64]) -> Vec<f64> {
    within.iter().map(|chance| f64::from(u8::from(*chance >= 0.5))).collect()
}

/// Thresholds as JSON, one field a line.
///
/// # Errors
/// They cannot be written as JSON.
pub fn thresholds_json(context: &Context<'_>, thresholds: &Thresholds) -> Result<String, Failure> {
    let fingerprint = context.program.fingerprint().to_string();
    let failed = |reason: String| Failure::new(reason, "");
    let text = state::write(Kind::Thresholds, &fingerprint, thresholds).map_err(|error| failed(error.to_string()))?;
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
    Ok(format!("{value:#}\n"))
}

/// Thresholds as one SQL expression.
///
/// # Errors
/// The spec bounds single predictions.
pub fn thresholds_sql(context: &Context<'_>, thresholds: &Thresholds) -> Result<String, Failure> {
    kept::no_bounds_of_each(context, context.front.apply_thresholds)?;
    let head = kept::sql_head(context, "thresholds", &thresholds.params, thresholds.samples);
    Ok(format!("{head}{}", thresholds.sql()))
}

/// The chance of a decision of 1 as one SQL expression, to be compared with a draw.
///
/// # Errors
/// As of [`thresholds_sql`].
pub fn chances_sql(context: &Context<'_>, thresholds: &Thresholds) -> Result<String, Failure> {
    kept::no_bounds_of_each(context, context.front.apply_thresholds)?;
    let head = kept::sql_head(context, "chances by thresholds", &thresholds.params, thresholds.samples);
    Ok(format!("{head}{}", thresholds.chances_sql()))
}
