//! What columns are for: as the user said, else guessed by names and values.

use super::shape::{Wanted, shape_of};
use super::survey::{Seen, Survey};
use super::{InitOptions, Planned, unfit};
use crate::language::words::counted;
use crate::source::Failure;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Column,
    Label,
    Weight,
    Prediction,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Role::Column => "column",
            Role::Label => "label",
            Role::Weight => "weight",
            Role::Prediction => "prediction",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Said,
    Guess,
}

const PREDICTIONS: [&str; 20] = [
    "score",
    "prediction",
    "pred",
    "predicted",
    "probability",
    "prob",
    "proba",
    "yhat",
    "y_hat",
    "y_pred",
    "y_prob",
    "y_score",
    "p_hat",
    "scores",
    "predictions",
    "logit",
    "risk_score",
    "risk",
    "model_score",
    "scored_probability",
];
const PREDICTION_ENDS: [&str; 6] = ["_score", "_pred", "_prediction", "_prob", "_proba", "_probability"];
const LABELS: [&str; 10] =
    ["label", "labels", "target", "y", "y_true", "outcome", "truth", "ground_truth", "actual", "class"];
/// Words in the names of columns of zeros and ones that are to be predicted.
const OUTCOMES: [&str; 24] = [
    "income",
    "default",
    "defaulted",
    "approve",
    "approved",
    "recid",
    "recidivism",
    "hired",
    "repaid",
    "admitted",
    "admit",
    "churn",
    "survived",
    "attrition",
    "good",
    "bad",
    "fraud",
    "readmitted",
    "pass",
    "passed",
    "promoted",
    "accepted",
    "granted",
    "success",
];
const WEIGHTS: [&str; 11] = [
    "weight",
    "weights",
    "w",
    "wt",
    "sample_weight",
    "sample_weights",
    "sampling_weight",
    "survey_weight",
    "fnlwgt",
    "pweight",
    "perwt",
];
/// Words in the names of columns that people are told apart by.
const PROTECTED: [&str; 18] = [
    "sex",
    "gender",
    "race",
    "ethnicity",
    "ethnic",
    "nationality",
    "religion",
    "disability",
    "disabled",
    "marital",
    "veteran",
    "foreign",
    "minority",
    "orientation",
    "group",
    "pregnant",
    "age_group",
    "age_cat",
];

/// Gives every column its role and its type.
pub(super) fn assign(survey: &Survey, options: &InitOptions) -> Result<Vec<Planned>, Failure> {
    let said = |header: &str| {
        let is = |name: &Option<String>| name.as_deref() == Some(header);
        match () {
            () if is(&options.prediction) => Some(Role::Prediction),
            () if is(&options.weight) => Some(Role::Weight),
            () if options.labels.iter().any(|label| label == header) => Some(Role::Label),
            () if options.groups.iter().any(|group| group == header) => Some(Role::Column),
            () => None,
        }
    };
    let taken = |seen: &&Seen| said(&seen.header).is_none() && seen.fault.is_none();
    let free: Vec<&Seen> = survey.columns.iter().filter(taken).collect();
    let prediction = options.prediction.is_none().then(|| guessed_prediction(&free)).flatten();
    let label = options.labels.is_empty().then(|| guessed_label(&free, prediction)).flatten();
    let weight = options.weight.is_none().then(|| guessed_weight(&free, prediction)).flatten();
    let guessed = |header: &str| {
        let is = |guess: Option<&str>| guess == Some(header);
        match () {
            () if is(prediction) => Some(Role::Prediction),
            () if is(label) => Some(Role::Label),
            () if is(weight) => Some(Role::Weight),
            () => None,
        }
    };
    let plan = |seen: &Seen| match (said(&seen.header), guessed(&seen.header)) {
        (Some(role), _) => {
            let group = options.groups.contains(&seen.header);
            let column = planned(seen, role, Why::Said, group);
            fits(&column, seen, group).map(|()| column)
        }
        (None, Some(role)) => Ok(planned(seen, role, Why::Guess, false)),
        (None, None) => Ok(planned(seen, Role::Column, Why::Guess, false)),
    };
    survey.columns.iter().map(plan).collect()
}

fn planned(seen: &Seen, role: Role, why: Why, group: bool) -> Planned {
    let wanted = match role {
        Role::Prediction | Role::Weight => Wanted::Number,
        Role::Label => Wanted::Label,
        Role::Column if group => Wanted::Levels,
        Role::Column => Wanted::Any,
    };
    let judged = shape_of(seen, wanted);
    let cuts = if group { cuts(seen) } else { Vec::new() };
    Planned {
        header: seen.header.clone(),
        role,
        why,
        shape: judged.shape,
        nullable: judged.nullable,
        note: judged.note,
        cuts,
    }
}

/// Whether a column can be what it was named for.
fn fits(column: &Planned, seen: &Seen, group: bool) -> Result<(), Failure> {
    let refuse = |role: &str, why: &str| Err(unfit(&seen.header, role, why));
    let role = if group { "group" } else { column.role.name() };
    if let Err(why) = &column.shape {
        return refuse(role, why);
    }
    if group && column.levels().is_none() && column.cuts.is_empty() {
        return refuse("group", "it has no values that could be levels, and none that bins could tell apart");
    }
    let least = seen.range.map_or(0.0, |(lo, _)| lo);
    match column.role {
        Role::Prediction | Role::Weight if !seen.is_numeric() => refuse(role, "some of its values are no numbers"),
        Role::Prediction | Role::Weight if !seen.is_complete() => {
            let (without, all) = (seen.nulls + seen.nans, seen.nulls + seen.values);
            let message = format!(
                "`{}` can be no {role}: {without} of {} have no number, and every row needs one",
                seen.header,
                counted(all, "row")
            );
            Err(Failure::new(message, "leave these rows out, or fill them in"))
        }
        Role::Weight if least < 0.0 => refuse(role, "some of its values are negative"),
        Role::Prediction | Role::Weight | Role::Label | Role::Column => Ok(()),
    }
}

/// The name in small letters, and what is no letter or digit as `_`.
fn plain(header: &str) -> String {
    header.trim().chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

fn guessed_prediction<'a>(free: &[&'a Seen]) -> Option<&'a str> {
    // Sums of larger numbers may overflow.
    const LARGE: f64 = 1e100;
    let sane = |seen: &Seen| seen.range.is_some_and(|(lo, hi)| lo > -LARGE && hi < LARGE);
    let fits = |seen: &&&'a Seen| seen.is_complete() && !seen.is_truth() && sane(seen);
    let named = |name: &str| free.iter().filter(fits).find(|seen| plain(&seen.header) == name);
    let ends = |seen: &&&'a Seen| PREDICTION_ENDS.iter().any(|end| plain(&seen.header).ends_with(end));
    let found = PREDICTIONS.iter().find_map(|name| named(name));
    found.or_else(|| free.iter().filter(fits).find(ends)).map(|seen| seen.header.as_str())
}

/// By its name, else zeros and ones whose name speaks of an outcome.
fn guessed_label<'a>(free: &[&'a Seen], prediction: Option<&str>) -> Option<&'a str> {
    let fits = |seen: &&&'a Seen| {
        prediction != Some(seen.header.as_str()) && seen.values > 0 && shape_of(seen, Wanted::Label).shape.is_ok()
    };
    let named = |seen: &&&'a Seen| {
        let name = plain(&seen.header);
        LABELS.contains(&name.as_str()) || name.ends_with("_label") || name.ends_with("_target")
    };
    let outcome = |seen: &&&'a Seen| {
        let two = seen.is_truth() || seen.few_numbers().is_some_and(|numbers| numbers == [0.0, 1.0]);
        two && !is_protected(&seen.header) && speaks_of(&seen.header, &OUTCOMES)
    };
    let found = free.iter().filter(fits).find(named).or_else(|| free.iter().filter(fits).rfind(outcome));
    found.map(|seen| seen.header.as_str())
}

fn guessed_weight<'a>(free: &[&'a Seen], prediction: Option<&str>) -> Option<&'a str> {
    let fits = |seen: &&&'a Seen| {
        let positive = seen.range.is_some_and(|(lo, hi)| lo >= 0.0 && hi > 0.0);
        seen.is_complete() && !seen.is_truth() && positive && prediction != Some(seen.header.as_str())
    };
    let named = |seen: &&&'a Seen| WEIGHTS.contains(&plain(&seen.header).as_str());
    free.iter().filter(fits).find(named).map(|seen| seen.header.as_str())
}

/// Whether a name speaks of a group of people.
pub(super) fn is_protected(header: &str) -> bool {
    speaks_of(header, &PROTECTED)
}

/// Whether one of the words stands in a name.
fn speaks_of(header: &str, words: &[&str]) -> bool {
    let name = format!("_{}_", plain(header));
    words.iter().any(|word| name.contains(&format!("_{word}_")))
}

/// Quartiles that cut numbers into bins, ascending; none lies at the least number, below which nothing is.
fn cuts(seen: &Seen) -> Vec<f64> {
    let mut sorted = seen.kept.clone().unwrap_or_default();
    if !seen.is_numeric() || sorted.is_empty() {
        return Vec::new();
    }
    sorted.sort_by(f64::total_cmp);
    let at = |quarter: usize| sorted.get(sorted.len() * quarter / 4).copied();
    let mut cuts: Vec<f64> = [1, 2, 3].into_iter().filter_map(at).collect();
    cuts.retain(|&cut| seen.range.is_some_and(|(lo, _)| cut > lo) && cut.abs() < f64::powi(2.0, 53));
    cuts.dedup();
    cuts
}
