//! Decisions for rows that read labels: by a rule that looks at none.

use super::deciding::{DecideOptions, Decided, by_cutoff, compared, compared_column, report, spread, unfinished};
use super::draws::Draws;
use super::refused::undecided as refused;
use super::{Case, Refused};
use crate::bind::{Bound, Frozen, Samples, Thresholds, VisibleCells};
use crate::language::words::listed;
use crate::report::{DecideReport, Gains, How, Rule, WithoutDraws};
use crate::runtime::decide::{
    BlindDecisions, Cut, DecideStatus, SingleThresholds, Visible, decide_blind, missed, priced, single_thresholds,
};
use crate::source::{Conflict, Failure};

/// What the rule is fitted on.
#[derive(Clone, Copy)]
pub(super) struct Fit<'f, 'a> {
    pub case: &'f Case<'a>,
    pub options: &'f DecideOptions<'f>,
    pub bound: &'f Bound,
    pub visible: &'f VisibleCells,
    pub gain: &'f [f64],
}

/// Decides by thresholds in visible cells: one in each where such are found that keep all rows, else by draws between several.
pub(super) fn decide_by_rule<'a>(fit: &Fit<'_, 'a>) -> Result<Decided<'a>, Refused> {
    let Fit { case, options, bound, visible, gain } = *fit;
    let cell = visible.of_samples(case.encoded);
    let seen = Visible { cell: &cell, cells: visible.count(), value: compared(case, options, gain) };
    let fitted = decide_blind(&bound.problem, gain, &seen).map_err(refused)?;
    match &fitted.found.status {
        DecideStatus::Infeasible(_) if options.relax => return relaxed(fit, &seen, &fitted),
        DecideStatus::Infeasible(proof) => return Err(infeasible(fit, &proof.rows)),
        DecideStatus::Unfinished => return Err(unfinished(&fitted.found)),
        DecideStatus::Optimal => {}
    }
    let drawing = fitted.cuts.iter().filter(|cuts| cuts.len() > 1).count();
    let single = match options.draws {
        Some(_) => None,
        None => Some(single_thresholds(&bound.problem, gain, &seen, &fitted).map_err(refused)?),
    };
    let rule = |without_draws| Some(Rule { drawing, without_draws });
    let mut misses = Vec::new();
    let (decisions, how, cuts, rule) = match single {
        Some(SingleThresholds::Found { cuts, whole }) => {
            let how = How::Whole { between: fitted.found.between.len(), bound: whole.bound };
            (whole.decisions, how, cuts, rule(Some(WithoutDraws::Found)))
        }
        none => {
            let draws = options.draws.unwrap_or(Draws { seed: 0, keys: None });
            let chances = &fitted.found.decisions;
            let how = How::Drawn { seed: draws.seed, samples: fitted.found.between.len(), missed_in_expectation: 0 };
            let word = none.map(|none| match none {
                SingleThresholds::None { proven: true } => WithoutDraws::None,
                SingleThresholds::None { proven: false } | SingleThresholds::Found { .. } => WithoutDraws::NotFound,
            });
            let decisions = draws.decide(chances);
            misses = draws.misses(case, bound, chances, &decisions)?;
            (decisions, how, fitted.cuts.clone(), rule(word))
        }
    };
    let thresholds = thresholds(fit, &cuts);
    let before = by_cutoff(case, options);
    let gains = Gains::of(gain, &bound.problem, &before, &decisions, fitted.found.certificate.dual);
    let report = report(case, options, bound, &fitted.found, (&before, &decisions), how, gains)?;
    let spread = thresholds.as_ref().ok().map(|thresholds| spread(case, options, visible, thresholds, gain));
    let report = DecideReport { thresholds: thresholds.as_ref().ok().cloned(), spread, rule, misses, ..report };
    Ok(Decided { report, decisions, missed: None, thresholds })
}

fn thresholds(fit: &Fit<'_, '_>, cuts: &[Vec<Cut>]) -> Result<Thresholds, Failure> {
    let Fit { case, options, visible, gain, .. } = *fit;
    let (column, cutoff) = compared_column(case, options);
    let frozen = case.encoded.freeze_visible(case.context.program, case.params, visible, None, case.column);
    let frozen = frozen.map_err(|errors| super::deciding::no_thresholds(&errors))?;
    let frozen = Frozen { prediction: column.to_owned(), ..frozen };
    let mut thresholds = case.encoded.rule(visible, frozen, cutoff, compared(case, options, gain), cuts);
    thresholds.gains = options.gain.is_some();
    Ok(thresholds)
}

/// Why there is no rule: no decisions at all, or none that look at no label.
fn infeasible(fit: &Fit<'_, '_>, rows: &[usize]) -> Refused {
    let Fit { case, bound, gain, .. } = *fit;
    match crate::runtime::decide::decide(&bound.problem, gain).map(|found| found.status) {
        Ok(DecideStatus::Infeasible(proof)) => {
            let conflict = Conflict::of(&proof, case.encoded, case.params, &Samples::All);
            Refused::Infeasible(Box::new(case.context.infeasible(&conflict, &bound.rows, "")))
        }
        Ok(DecideStatus::Optimal | DecideStatus::Unfinished) | Err(_) => {
            let mut names: Vec<String> =
                rows.iter().map(|&row| super::deciding::row_name(&case.context, &bound.rows, row)).collect();
            names.dedup();
            let most = names.len();
            let message = format!("no thresholds that look at no label satisfy {} together", listed(&names, most));
            let help = format!("allow more in one of them; {} takes the nearest", case.context.front.relax);
            Failure::new(message, help).into()
        }
    }
}

/// The nearest decisions by thresholds, where no rule satisfies the rows.
fn relaxed<'a>(fit: &Fit<'_, 'a>, seen: &Visible<'_>, fitted: &BlindDecisions) -> Result<Decided<'a>, Refused> {
    let Fit { case, options, bound, gain, .. } = *fit;
    let problem = priced(&bound.problem, gain).map_err(refused)?;
    let near = decide_blind(&problem, gain, seen).map_err(refused)?;
    let decisions = match single_thresholds(&problem, gain, seen, &near).map_err(refused)? {
        SingleThresholds::Found { whole, .. } => whole.decisions,
        SingleThresholds::None { .. } if near.found.decisions.is_empty() => return Err(unfinished(&near.found)),
        SingleThresholds::None { .. } => near.found.decisions.iter().map(|chance| chance.round()).collect(),
    };
    let before = by_cutoff(case, options);
    let gains = Gains::of(gain, &bound.problem, &before, &decisions, f64::INFINITY);
    let how = How::Nearest { proven: true };
    let mut report = report(case, options, bound, &fitted.found, (&before, &decisions), how, gains)?;
    report.rule = Some(Rule { drawing: 0, without_draws: None });
    let thresholds = Err(Failure::new("no thresholds satisfy all rows, so that none can be kept", ""));
    Ok(Decided { report, decisions, missed: None, thresholds })
}

/// How many hard rows chances miss in expectation.
pub(super) fn missed_in_expectation(bound: &Bound, chances: &[f64]) -> Result<usize, Refused> {
    Ok(missed(&bound.problem, chances).map_err(refused)?.len())
}
