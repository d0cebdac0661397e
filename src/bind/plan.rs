//! A program prepared for one table: which rows take part, and everything they read, by index.
//!
//! ```text
//! Program ─┬ rows that take part ──→ events   (each once)      ──→ parts: what of a sample decides them
//!          │                         factors  φ (each once)    ──→ columns to read
//!          │                         totals   Σ w·φ over event
//!          └ rows left out: a label that the data do not have, or enforced in training only
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::language::program::{Aggregate, Data, Enforce, Event, PromisedRow, Relation, RowOptions};

use super::columns::{ColumnKind, PlannedColumn};
use super::formula::Formula;
use super::measure::{Basis, Measure};
use super::pair_table::PairTable;
use super::params::Params;
use super::rounding::size_of;
use super::shape::{Part, Shape};

/// What to encode.
#[derive(Clone, Debug, Default)]
pub struct EncodeOptions {
    pub purpose: Purpose,
    /// The header of the predictions, if they are in the table.
    pub prediction: Option<String>,
    /// Where the predictions are as they were handed in, for rows that read `raw(..)`.
    pub raw: Raw,
    /// Leave out rows that read labels even where the table has them: what is made of it will be used where it has not.
    pub without_labels: bool,
    /// Tell apart what rows that read labels would tell apart without these, and leave out bounds of single predictions that read
    /// labels: what is made of the data is a rule that cannot.
    pub visible: bool,
    /// Events to tell apart besides those that rows read.
    pub watch: Vec<Event>,
    /// Where the pairs are that rows are about.
    pub relations: Relations,
}

/// The predictions as they were handed in.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Raw {
    /// Nobody knows them: rows that read them take no part.
    #[default]
    Unknown,
    /// In the column of the table with this header.
    Column(String),
    /// One for each row of the table.
    Values(Arc<[f64]>),
    /// They come with each batch: [`Encoded::with_raw`](super::Encoded::with_raw).
    ByBatch,
}

/// Where the pairs of relations are, for rows about these.
#[derive(Clone, Debug)]
pub enum Relations {
    /// What is wanted cannot be had with such rows: why.
    Refused(&'static str),
    /// The tables, by the names of the relations.
    Given(Arc<BTreeMap<String, PairTable>>),
    /// The table is that of the pairs of this relation, joined with the data: rows about them read it, and no others do.
    Joined(String),
}

impl Default for Relations {
    fn default() -> Relations {
        Relations::Refused("they are not read here")
    }
}

/// What predictions are wanted for; rows with `enforce = train` take part in training alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    #[default]
    Training,
    Inference,
}

/// Why a row takes no part, whatever the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// It needs a label that is no column of the data.
    LabelAbsent { label: String },
    /// It needs a label, and what is made of the data is for where there is none.
    LabelUnread { label: String },
    /// It bounds single predictions by a label, and no rule may look at one.
    LabelHidden { label: String },
    /// It is enforced in training only, and this is inference.
    TrainingOnly,
    /// It needs the predictions as they were handed in, which nobody knows.
    RawAbsent,
}

impl Left {
    /// Whether the promise asks nothing of these data, where it is enforced so; else nobody knows whether it holds.
    pub fn asks_nothing(&self, enforce: Enforce) -> bool {
        match self {
            Left::TrainingOnly => true,
            Left::RawAbsent => false,
            Left::LabelAbsent { .. } | Left::LabelUnread { .. } | Left::LabelHidden { .. } => enforce == Enforce::Train,
        }
    }
}

/// `φ`: a per-sample number.
#[derive(Clone, Debug)]
pub(super) struct Factor {
    pub data: Data,
    pub formula: Formula,
    pub text: String,
    pub columns: Vec<usize>,
    /// Constant within each cell: the cells are fine enough to tell its values apart.
    pub by_cell: bool,
    /// The events in which a row needs it.
    pub needed: BTreeSet<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct PlannedTerm {
    pub coefficient: Formula,
    pub aggregate: Aggregate,
    pub of: Measure,
    pub event: usize,
    /// Of the distance of predictions from this factor, instead of the predictions themselves.
    pub at: Option<At>,
}

/// What a distance is taken from: a factor, or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At(pub Option<usize>);

#[derive(Clone, Debug)]
pub(super) struct PlannedRow {
    pub row: usize,
    pub name: String,
    pub text: String,
    pub terms: Vec<PlannedTerm>,
    /// The terms as they stand in the program, where `terms` are about means instead.
    pub written: Option<Vec<PlannedTerm>>,
    pub lower: Option<Formula>,
    pub upper: Option<Formula>,
    /// Where several constraints gave the row, what each of them asks for.
    pub own: Vec<OwnSides>,
    pub options: RowOptions,
    pub reads: Vec<usize>,
}

/// The sides that one of the origins of a row asks for.
#[derive(Clone, Debug)]
pub(super) struct OwnSides {
    pub name: String,
    pub text: String,
    pub lower: Option<Formula>,
    pub upper: Option<Formula>,
}

impl PlannedRow {
    /// Whether it has terms in distances of predictions.
    pub(super) fn is_convex(&self) -> bool {
        self.terms.iter().any(|term| term.at.is_some())
    }

    /// The terms in the order of the program.
    pub(super) fn written(&self) -> &[PlannedTerm] {
        self.written.as_ref().unwrap_or(&self.terms)
    }

    /// The events that it needs, each with its least number of samples: those that it compares, and those of its means.
    pub(super) fn needs(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        let least = self.options.min_count.max(1);
        let means = self.written().iter().filter(|term| term.aggregate == Aggregate::Mean).map(|term| (term.event, 1));
        self.reads.iter().map(move |&event| (event, least)).chain(means)
    }
}

/// `Σ coefficient · φ`.
pub(super) type Split = Vec<(Formula, Option<usize>)>;

#[derive(Clone, Debug)]
pub(super) struct PlannedSampleRow {
    /// Of a row about pairs, the coefficient of the second sample.
    pub second: Option<Split>,
    /// The events of the aggregates of data that it reads.
    pub reads: Vec<usize>,
    pub row: usize,
    /// Its place among the origins of the row: each bounds the predictions by its own sides.
    pub origin: usize,
    pub name: String,
    pub text: String,
    pub event: usize,
    pub coefficient: Split,
    pub lower: Option<Split>,
    pub upper: Option<Split>,
    pub options: RowOptions,
}

impl PlannedSampleRow {
    pub(super) fn promised(&self) -> PromisedRow {
        PromisedRow { row: self.row, origin: self.origin }
    }

    /// Whether its numbers are those of a batch.
    pub(super) fn reads_aggregates(&self) -> bool {
        let numbers = self.coefficient.iter().chain(self.lower.iter().chain(&self.upper).flatten());
        numbers.map(|(coefficient, _)| coefficient).any(|it| it.has_leaf(|leaf| matches!(leaf, Formula::Total(_))))
    }
}

/// A relation, and what its rows read of the data.
#[derive(Clone, Debug)]
pub(super) struct PlannedRelation {
    pub relation: Relation,
    /// The headers of the columns of its own table that rows read.
    pub own: BTreeSet<String>,
    /// Those of the data.
    pub data: BTreeSet<String>,
    /// The rows that are about its pairs.
    pub rows: Vec<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub columns: Vec<PlannedColumn>,
    pub parts: Vec<Part>,
    pub events: Vec<Event>,
    pub shapes: Vec<Shape>,
    pub event_texts: Vec<String>,
    /// For each event of the program, its place among `shapes`; none if only rows that are left out read it.
    pub program_events: Vec<Option<usize>>,
    /// Groups that may leave samples over, and the samples that they do not.
    pub partitions: Vec<(String, Shape)>,
    /// For each event that was asked for beside the rows, its place among `shapes`.
    pub watched: Vec<usize>,
    pub factors: Vec<Factor>,
    /// `Σ w·φ` over an event.
    pub totals: Vec<(Measure, usize)>,
    /// The factors whose deviations are read, ascending.
    pub atoms: Vec<usize>,
    /// The events whose means they are deviations from: factor and event.
    pub centres: Vec<(usize, usize)>,
    /// What differs within cells of all that is summed over samples.
    pub bases: Vec<Basis>,
    pub rows: Vec<PlannedRow>,
    pub sample_rows: Vec<PlannedSampleRow>,
    pub left: Vec<(usize, Left)>,
    pub left_samples: Vec<(usize, Left)>,
    /// The relations that rows are about which take part.
    pub relations: Vec<PlannedRelation>,
    /// The params whose values the encoding depends on: place, name, value.
    pub fixed: Vec<(usize, String, f64)>,
    /// The column of the predictions as they were handed in, if rows read them.
    pub raw: Option<usize>,
    /// Of the prediction.
    pub bounds: (f64, f64),
    /// Predictions are judged and not made: sides that contradict each other are no error.
    pub judging: bool,
    /// Which share of the largest number in a row about single samples or pairs counts as rounding, where somebody asked for one.
    pub within: Option<f64>,
}

impl Plan {
    /// The share of the largest number in a row that counts as rounding, and the size of predictions among these numbers: one near 0 may be the
    /// rest of numbers of the size of its bounds.
    pub(super) fn rounding(&self, usual: f64) -> (f64, f64) {
        self.within.map_or_else(|| (usual, size_of(self.bounds).unwrap_or(0.0)), |share| (share, 0.0))
    }

    /// Whether an expression reads the number of a column, sample by sample.
    pub(super) fn reads_number(&self, column: usize) -> bool {
        self.factors.iter().any(|factor| factor.columns.contains(&column)) || self.is_compared(column)
    }

    /// Whether a condition compares an expression that reads the number of a column.
    fn is_compared(&self, column: usize) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Place { value, .. } => {
                value.has_leaf(|leaf| matches!(leaf, Formula::Column(index) if *index == column))
            }
            Part::Level { .. } => false,
        })
    }

    /// Whether samples without a number in a column, which it may have, are counted, since conditions read it.
    pub(super) fn counts_missing(&self, column: usize) -> bool {
        let may = |planned: &PlannedColumn| planned.nullable && matches!(planned.kind, ColumnKind::Number { .. });
        self.columns.get(column).is_some_and(may) && self.is_compared(column)
    }

    /// The number of a level by its code; NaN for none.
    pub(super) fn level_number(&self, column: usize, code: u32) -> f64 {
        match &self.columns[column].kind {
            // The code behind the levels is that of none.
            ColumnKind::Levels(levels) => levels.get(code as usize).and_then(|level| level.number).unwrap_or(f64::NAN),
            ColumnKind::Number { .. } => f64::NAN,
        }
    }

    /// Whether a factor reads the predictions as they were handed in.
    pub(super) fn is_raw(&self, factor: usize) -> bool {
        self.raw.is_some_and(|raw| self.factors[factor].columns.contains(&raw))
    }

    /// The params that have another value than the one that events and factors were prepared with: place, name, and value
    /// then.
    pub(super) fn changed(&self, params: &Params) -> impl Iterator<Item = &(usize, String, f64)> {
        self.fixed.iter().filter(|(index, _, value)| params.values().get(*index) != Some(value))
    }
}
