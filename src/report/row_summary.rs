//! Row summary: what became of one promised row over all batches, and why it took no part.

use serde::Serialize;

use super::number::plain;
use super::reading::Reading;
use super::verdict::{Tolerance, Verdict, When};
use crate::bind::{Left, Skip};
use crate::language::program::{Aggregate, Enforce};

/// One event that a row compares.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The place of the term in the row.
    pub term: usize,
    /// `sex == "female"`, or `all`.
    pub event: String,
    /// Its conditions in words; none for `all`.
    pub conditions: Vec<String>,
    /// `score`, or `age * score`.
    pub what: String,
    pub aggregate: Aggregate,
    /// None where it is no plain number.
    pub coefficient: Option<f64>,
    pub samples: usize,
    pub weight: f64,
    /// The mean, or the sum.
    pub value: f64,
    /// The same after the projection.
    pub after: Option<f64>,
}

impl Group {
    /// With its coefficient: `+ sex == "female"`, `- 0.8 x sex == "male"`.
    pub fn signed(&self) -> String {
        let what = match self.what.contains(" * ") || self.what.starts_with("abs(") {
            true => format!("{} over {}", self.what, self.event),
            false => self.event.clone(),
        };
        match self.coefficient {
            Some(1.0) => format!("+ {what}"),
            Some(-1.0) => format!("- {what}"),
            Some(value) if value < 0.0 => format!("- {} x {what}", plain(-value)),
            Some(value) => format!("+ {} x {what}", plain(value)),
            None => format!("c x {what}"),
        }
    }
}

/// One promised row over all batches.
#[derive(Clone, Debug, Default)]
pub struct RowSummary {
    /// The worst of the batches.
    pub before: Option<Reading>,
    pub after: Option<Reading>,
    /// Of the worst batch before.
    pub groups: Vec<Group>,
    /// A side of the promise is a sum or a count of the data.
    pub counted: bool,
    /// Data stand on both sides of the promise.
    pub centred: bool,
    /// The largest in size.
    pub multiplier: Option<f64>,
    pub active: bool,
    /// Batches in which it took part.
    pub kept: usize,
    /// Batches in which it did not, and why in the first of them.
    pub skipped: usize,
    pub reason: Option<String>,
    pub why: Option<Why>,
    /// It takes no part in any batch: a label is missing, or it is for training alone.
    pub left_out: bool,
    /// It takes no part since it is for training, and these are no data for that.
    pub not_applicable: bool,
    /// A per-sample row about pairs: what it keeps, and what is outside, are pairs.
    pub of_pairs: bool,
    /// Of a per-sample row, the predictions outside: how many, and by how much at most.
    pub outside: (usize, f64),
    /// The same after a projection.
    pub outside_after: (usize, f64),
}

/// A per-sample constraint, as JSON shows it.
#[derive(Clone, Debug, Serialize)]
pub struct EachJson {
    pub(super) name: String,
    pub(super) text: String,
    /// How many predictions it bounds; of a row about pairs, 0.
    pub(super) predictions: usize,
    /// How many pairs it compares, where it is about pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pairs: Option<usize>,
    /// How many of them lie outside, and by how much at most.
    pub(super) outside: usize,
    pub(super) excess: f64,
    pub(super) verdict: Verdict,
    pub(super) skipped: Option<String>,
}

impl EachJson {
    /// `held`, `violated`, `not checked: needs the label ..`.
    pub(super) fn note(&self) -> String {
        let why = self.skipped.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
        format!("{}{why}", self.verdict.word())
    }

    /// How many predictions it bounds, how many lie outside, and by how much; dashes where it bounds none.
    pub(super) fn numbers(&self) -> [String; 3] {
        match (self.pairs.unwrap_or(self.predictions), self.outside) {
            (0, _) => [(); 3].map(|()| "-".to_owned()),
            (all, 0) => [all.to_string(), "0".to_owned(), "-".to_owned()],
            (all, out) => [all.to_string(), out.to_string(), super::number::short(self.excess)],
        }
    }
}

impl RowSummary {
    /// The fewest samples of an event that it compares.
    pub(super) fn fewest(&self) -> Option<usize> {
        self.groups.iter().map(|group| group.samples).min()
    }

    pub(super) fn skip(&mut self, skip: &Skip) {
        self.skipped += 1;
        self.reason.get_or_insert_with(|| skipped(skip));
        self.why.get_or_insert_with(|| Why::Skipped(skip.clone()));
    }

    pub(super) fn leave(&mut self, left: &Left, enforce: Option<Enforce>) {
        self.skipped += 1;
        self.left_out = true;
        self.not_applicable |= enforce.is_some_and(|enforce| left.asks_nothing(enforce));
        self.reason.get_or_insert_with(|| left_out(left));
        self.why.get_or_insert_with(|| Why::Left(left.clone()));
    }
}

/// Why a comparison could not be made.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    Skipped(Skip),
    Left(Left),
}

impl Why {
    /// The event of too few samples, and how many it has.
    pub fn event(&self) -> Option<(&str, usize)> {
        match self {
            Why::Skipped(Skip { pairs_of: None, event, samples, .. }) => Some((event, *samples)),
            Why::Skipped(_) | Why::Left(_) => None,
        }
    }

    /// For several comparisons: without the event.
    pub fn in_general(&self) -> String {
        match self {
            Why::Skipped(skip @ Skip { pairs_of: Some(_), .. }) => skipped(skip),
            Why::Skipped(Skip { least, .. }) if *least > 1 => format!("groups under {least}"),
            Why::Skipped(_) => "groups without samples".to_owned(),
            Why::Left(left) => left_out(left),
        }
    }
}

impl Verdict {
    /// Of a comparison of groups.
    pub fn of_row(row: &RowSummary, when: When, tolerance: Tolerance) -> Verdict {
        let reading = match when {
            When::Before => row.before,
            When::After => row.after,
        };
        match reading {
            Some(reading) if reading.held(tolerance) => Verdict::Held,
            Some(_) => Verdict::Violated,
            None => Verdict::not_made(row),
        }
    }

    /// Of bounds of single predictions.
    pub fn of_each(row: &RowSummary, when: When) -> Verdict {
        let (outside, _) = match when {
            When::Before => row.outside,
            When::After => row.outside_after,
        };
        match (row.kept, outside) {
            (0, _) => Verdict::not_made(row),
            (_, 0) => Verdict::Held,
            (_, _) => Verdict::Violated,
        }
    }

    fn not_made(row: &RowSummary) -> Verdict {
        if row.not_applicable { Verdict::NotApplicable } else { Verdict::NotChecked }
    }
}

/// Why a row was skipped.
pub fn skipped(skip: &Skip) -> String {
    let Skip { pairs_of, event, samples, least } = skip;
    if let Some(relation) = pairs_of {
        let needed = if *least > 1 { format!(", and {least} are needed") } else { String::new() };
        let found = match samples {
            0 => "no pairs among these samples".to_owned(),
            some => crate::language::words::counted(*some, "pair"),
        };
        let condition = if event == "all" { String::new() } else { format!(" where {event}") };
        return format!("`{relation}`{condition} has {found}{needed}");
    }
    let needed = if *least > 1 { format!(", and {least} are needed") } else { String::new() };
    let found =
        if *samples == 0 { "no samples".to_owned() } else { crate::language::words::counted(*samples, "sample") };
    format!("`{event}` has {found}{needed}")
}

/// Why a row takes no part in any batch.
pub fn left_out(left: &Left) -> String {
    match left {
        Left::LabelHidden { label } => {
            format!("bounds single decisions by the label `{label}`, which a rule cannot read")
        }
        Left::LabelUnread { label } => format!("needs the label `{label}`, and labels are not read here"),
        Left::LabelAbsent { label } => format!("needs the label `{label}`, which is not in the data"),
        Left::TrainingOnly => "is enforced in training only".to_owned(),
        Left::RawAbsent => "needs the raw predictions, which were not given".to_owned(),
    }
}
