//! The canonical form: what a spec means, free of names, order and spelling.
//!
//! A [`Program`] is a list of rows `l ≤ Σ_k c_k · agg_k ≤ u` where each `agg_k` is a mean or a sum of `φ_k · ŷ` over an
//! event, and a list of per-sample rows, which become bounds. Everything else in it (coefficients, sides) is a
//! [`Data`] expression, known once a batch is.
//!
//! Columns are identified by their header in the data, so that renaming a column inside a spec changes nothing.

mod algebra;
mod artefact;
pub mod data;
mod evaluate;
pub mod event;
mod fingerprint;
mod functions;
mod logic;
mod number;
mod promise;
mod relation;
pub mod text;
mod validate;

use serde::{Deserialize, Serialize};

pub use artefact::{ArtefactError, VERSION};
pub use data::{Data, Function};
pub use evaluate::Values;
pub use event::{Comparison, Event};
pub use fingerprint::{Fingerprint, NotAFingerprint};
pub use logic::Universe;
pub use number::power;
pub use promise::{Direction, PromisedRow};
pub use relation::{Owner, PairColumn, Pairs, Relation};
pub use text::Names;
pub use validate::{Invalid, MAX_DEPTH};

pub use super::interval::Interval;

/// The header of the column that `raw(..)` reads: the predictions as they were handed in. No file has it, since no name in a
/// spec has a backtick.
pub const RAW: &str = "raw(`prediction`)";

/// The index of an event in [`Program::events`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventId(pub u32);

/// A compiled, data-free spec.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Program {
    pub prediction: Prediction,
    pub weight: Option<Weight>,
    /// The columns and labels that rows read, by header, ascending.
    pub columns: Vec<Column>,
    /// All declared params, by name, ascending.
    pub params: Vec<Param>,
    /// The distinct events that rows read, in canonical order.
    pub events: Vec<Event>,
    /// In canonical order.
    pub rows: Vec<Row>,
    /// The `each` constraints, in canonical order.
    pub sample_rows: Vec<SampleRow>,
    /// The groups that may leave samples over, by name, ascending. For reports; no part of the fingerprint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partitions: Vec<Partition>,
    /// The relations that rows read, by name, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relations: Vec<Relation>,
}

impl Program {
    /// The first row with a term `|ŷ − c|`: it is no row of a matrix.
    pub fn convex_row(&self) -> Option<&Row> {
        self.rows.iter().find(|row| row.is_convex())
    }

    /// The declared column with this header.
    pub fn column(&self, header: &str) -> Option<&Column> {
        self.columns
            .binary_search_by(|column| column.header.as_str().cmp(header))
            .ok()
            .and_then(|i| self.columns.get(i))
    }

    /// Whether a row reads the predictions as they were handed in.
    pub fn reads_raw(&self) -> bool {
        self.column(RAW).is_some()
    }

    /// The columns and labels of the data.
    pub fn data_columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| column.header != RAW && PairColumn::of(&column.header).is_none())
    }

    pub fn param(&self, name: &str) -> Option<&Param> {
        self.param_place(name).and_then(|place| self.params.get(place))
    }

    /// Where the param stands in [`Program::params`].
    pub fn param_place(&self, name: &str) -> Option<usize> {
        self.params.binary_search_by(|param| param.name.as_str().cmp(name)).ok()
    }

    pub fn event(&self, id: EventId) -> Option<&Event> {
        self.events.get(id.0 as usize)
    }
}

/// Events of this program's own rows, which exist: lowering makes them so, and what is read from a file is validated.
impl std::ops::Index<EventId> for Program {
    type Output = Event;

    fn index(&self, id: EventId) -> &Event {
        &self.events[id.0 as usize]
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    pub name: String,
    pub header: String,
    /// `-inf` and `inf` where there is no bound (written as `null` in the artefact).
    #[serde(with = "data::lower_bound")]
    pub lower: f64,
    #[serde(with = "data::upper_bound")]
    pub upper: f64,
    /// Each is 0 or 1, and nothing in between; the bounds are 0 and 1.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub decision: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weight {
    pub name: String,
    pub header: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    pub header: String,
    pub name: String,
    /// A label is known only in training and audits.
    pub label: bool,
    pub ty: ColumnType,
    /// Nulls and undeclared values are allowed; such a sample is in no level, and no comparison with it holds.
    pub nullable: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// In declared order.
    Categorical(Vec<Level>),
    Real(Interval),
    Int(Interval),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Level {
    pub text: String,
    /// Set where the level was declared as a number; data then match by value. It is the nearest double: of a longer number
    /// the text has all digits.
    pub number: Option<f64>,
}

/// Whether two levels, as texts and numbers, are the same: by value if both are numbers, else by text. Whole numbers
/// beyond 2⁵³ are told apart by their digits.
pub fn same_level(left: (&str, Option<f64>), right: (&str, Option<f64>)) -> bool {
    match (left.1, right.1) {
        (Some(a), Some(b)) => a == b && beyond_doubles(left.0, a) == beyond_doubles(right.0, b),
        (Some(_), None) | (None, Some(_)) | (None, None) => left.0 == right.0,
    }
}

/// The value of a whole number that doubles do not tell from the next; none where the double decides.
pub fn beyond_doubles(text: &str, number: f64) -> Option<i128> {
    const LAST: f64 = 9_007_199_254_740_992.0;
    if number.abs() < LAST {
        return None;
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let written = whole.parse().ok().filter(|_| fraction.bytes().all(|digit| digit == b'0'));
    Some(written.unwrap_or(number as i128))
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Param {
    pub name: String,
    pub value: f64,
    pub range: Interval,
}

/// A group made of events without `otherwise`, whose levels rows may read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Partition {
    pub name: String,
    /// The samples in one of its levels; it reads columns that rows read.
    pub event: Event,
}

/// `lower ≤ Σ terms ≤ upper`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// In canonical order; may be empty (a condition on data and params alone).
    pub terms: Vec<Term>,
    /// `None` is minus infinity. Free of columns outside aggregates.
    pub lower: Option<Data>,
    /// `None` is infinity.
    pub upper: Option<Data>,
    pub options: RowOptions,
    /// The events whose sample counts decide whether the row is treated as empty, ascending: the conditions of all
    /// `E`, `Sum`, `Cov`, `Var` and `P` that the constraint wrote, those of its data terms included.
    pub reads: Vec<EventId>,
    /// Headers of the labels that the comparison of the row reads, and [`RAW`] if other rows of it read that, ascending: without one of
    /// them the row takes no part.
    pub labels: Vec<String>,
    /// The constraints that gave this row; never empty, the first one names it.
    pub origins: Vec<Origin>,
}

impl Row {
    /// Whether it has a term `|ŷ − c|`.
    pub fn is_convex(&self) -> bool {
        self.terms.iter().any(|term| term.at.is_some())
    }
}

/// `coefficient · agg`, with `agg = E[factor · ŷ | event]` or `Sum[factor · ŷ | event]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Term {
    pub coefficient: Data,
    pub aggregate: Aggregate,
    /// Per sample: a product of columns, or the number 1.
    pub factor: Data,
    pub event: EventId,
    /// `Some(c)`: of `factor · |ŷ − c|` instead of `factor · ŷ`, with a data expression of one sample, free of aggregates. Such a row is
    /// convex and has an upper side alone; factor and coefficient are not negative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Data>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    Mean,
    Sum,
}

/// `lower ≤ coefficient · ŷ ≤ upper` for each sample of the event; all three may read columns, and aggregates of data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampleRow {
    /// Of a row about pairs: its event and its numbers are those of the pairs of a relation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairs: Option<Pairs>,
    pub event: EventId,
    pub coefficient: Data,
    pub lower: Option<Data>,
    pub upper: Option<Data>,
    pub options: RowOptions,
    /// The events of aggregates of data that the constraint wrote, ascending: the row is treated as empty where one of them
    /// has too few samples, as it is where `event` has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<EventId>,
    pub labels: Vec<String>,
    pub origins: Vec<Origin>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowOptions {
    /// Rows that read an event of fewer samples are treated as empty.
    pub min_count: u64,
    pub when_empty: WhenEmpty,
    /// The exact-penalty weight; `None` is a hard row.
    pub soft: Option<f64>,
    pub enforce: Enforce,
}

impl Default for RowOptions {
    fn default() -> Self {
        RowOptions { min_count: 1, when_empty: WhenEmpty::Skip, soft: None, enforce: Enforce::Always }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenEmpty {
    Skip,
    Error,
}

/// Where a row is enforced; a row with labels is enforced only where they are known, whatever stands here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Enforce {
    Train,
    Always,
}

/// Where a row comes from, in the user's words, and what this constraint alone asks of it. No part of the fingerprint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// `odds[c=1]`, `four_fifths[r=white,s=black]`, `caps.2` for the second row of one instance.
    pub name: String,
    /// The constraint alone: `odds`.
    pub constraint: String,
    pub file: String,
    /// Byte range of the constraint in `file`.
    pub start: u32,
    pub end: u32,
    pub line: u32,
    /// The comparison as written.
    pub text: String,
    pub doc: String,
    /// The sides that this constraint asks for; those of the row are the tightest of all its origins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower: Option<Data>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper: Option<Data>,
    /// The constraint was written about the negative of the terms.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reversed: bool,
}

#[cfg(test)]
mod artefact_tests;
#[cfg(test)]
mod normal_form_tests;
