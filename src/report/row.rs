//! A row as `--format json` prints it, in audits and after projections alike.

use serde::Serialize;

use super::number::finite;
use super::reading::Reading;
use super::row_summaries::RowSummaries;
use super::row_summary::{Group, RowSummary};
use crate::language::program::Aggregate;

#[derive(Clone, Debug, Serialize)]
pub(super) struct RowJson {
    pub name: String,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
    pub before: Option<f64>,
    pub after: Option<f64>,
    pub multiplier: Option<f64>,
    pub active: bool,
    /// Why the row took no part; with several batches, in the first of those in which it did not.
    pub skipped: Option<String>,
    pub groups: Vec<GroupJson>,
    pub compares: String,
    pub constraint: String,
    /// A side of the promise is a sum or a count of the data.
    #[serde(skip)]
    pub counted: bool,
    /// What the promise is about where that is another thing: the value is then this less the centre.
    #[serde(skip)]
    pub written: Option<Written>,
}

/// A row as its promise is written, where data stand on both sides.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Written {
    pub what: String,
    pub value: f64,
    pub lower: f64,
    pub upper: f64,
}

impl Written {
    fn of(reading: Reading, what: Option<String>) -> Option<Written> {
        let [value, lower, upper] = reading.written();
        what.map(|what| Written { what, value, lower, upper })
    }
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct GroupJson {
    pub event: String,
    /// In words.
    #[serde(skip)]
    pub conditions: Vec<String>,
    pub samples: usize,
    pub weight: f64,
    pub mean: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_after: Option<f64>,
    pub aggregate: &'static str,
    pub of: String,
    pub coefficient: Option<f64>,
}

impl RowJson {
    pub(super) fn new(summaries: &RowSummaries<'_>, index: usize, row: &RowSummary) -> RowJson {
        let sides: Option<Reading> = row.after.or(row.before);
        RowJson {
            name: summaries.name(index).to_owned(),
            lower: sides.and_then(|reading| finite(reading.lower)),
            upper: sides.and_then(|reading| finite(reading.upper)),
            before: row.before.map(|reading| reading.value),
            after: row.after.map(|reading| reading.value),
            multiplier: row.multiplier,
            active: row.active,
            skipped: row.reason.clone(),
            groups: row.groups.iter().map(GroupJson::new).collect(),
            compares: summaries.compared(index),
            constraint: summaries.constraint(index).to_owned(),
            counted: row.counted,
            written: row.before.and_then(|reading| Written::of(reading, summaries.written(index))),
        }
    }
}

impl RowJson {
    /// A row of which the value and its sides are known alone.
    pub(super) fn of_value(reading: Reading, compares: &str, written: Option<String>) -> RowJson {
        RowJson {
            name: String::new(),
            lower: finite(reading.lower),
            upper: finite(reading.upper),
            before: Some(reading.value),
            after: Some(reading.value),
            multiplier: None,
            active: false,
            skipped: None,
            groups: Vec::new(),
            compares: compares.to_owned(),
            constraint: String::new(),
            counted: false,
            written: Written::of(reading, written),
        }
    }

    /// The row as it is after the projection; none where nothing is known of that.
    pub(super) fn afterwards(&self, after: Option<Reading>) -> Option<RowJson> {
        let written = Written::of(after?, self.written.as_ref().map(|written| written.what.clone()));
        let after = |group: &GroupJson| Some(GroupJson { mean: group.mean_after?, ..group.clone() });
        let groups = self.groups.iter().map(after).collect::<Option<Vec<GroupJson>>>()?;
        Some(RowJson { before: self.after, groups, written, ..self.clone() })
    }
}

impl GroupJson {
    /// Whether this is the mean of the prediction itself.
    pub fn is_plain_mean(&self, prediction: &str) -> bool {
        self.aggregate == "mean" && self.of == prediction
    }

    fn new(group: &Group) -> GroupJson {
        GroupJson {
            event: group.event.clone(),
            conditions: group.conditions.clone(),
            samples: group.samples,
            weight: group.weight,
            mean: group.value,
            mean_after: group.after,
            aggregate: match group.aggregate {
                Aggregate::Mean => "mean",
                Aggregate::Sum => "sum",
            },
            of: group.what.clone(),
            coefficient: group.coefficient,
        }
    }
}
