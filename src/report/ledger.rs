//! What became of each row of a program over one batch or many.

use serde::Serialize;

use super::number::plain;
use crate::bind::{Bound, BoundSampleRow, Left, RowStatus, Samples, Skip};
use crate::language::program::{Aggregate, Names, Origin, Program, Row};
use crate::runtime::project::{Projection, Side};

/// The value of a row in a batch, and the sides there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    pub value: f64,
    pub lower: f64,
    pub upper: f64,
    /// The largest number in the row: its terms and its sides.
    pub size: f64,
    /// The batch, from 0.
    pub batch: usize,
}

impl Reading {
    /// How far the value lies outside its sides; negative is room left.
    pub fn excess(&self) -> f64 {
        (self.lower - self.value).max(self.value - self.upper)
    }

    /// The value for people: what is rounding beside the numbers in the row is 0.
    pub fn shown(&self) -> String {
        const ROUNDING: f64 = 1e-9;
        super::number::short(if self.value.abs() <= ROUNDING * self.size { 0.0 } else { self.value })
    }

    pub fn held(&self, tolerance: f64) -> bool {
        self.excess() <= tolerance * self.size
    }
}

/// One event that a row compares.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// `sex == "female"`, or `all`.
    pub event: String,
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
        let what = match self.what.contains(" * ") {
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

/// One row over all batches.
#[derive(Clone, Debug, Default)]
pub struct RowLedger {
    /// The worst of the batches.
    pub before: Option<Reading>,
    pub after: Option<Reading>,
    /// Of the worst batch before.
    pub groups: Vec<Group>,
    /// The largest in size.
    pub multiplier: Option<f64>,
    pub active: bool,
    /// Batches in which it took part.
    pub kept: usize,
    /// Batches in which it did not, and why in the first of them.
    pub skipped: usize,
    pub reason: Option<String>,
    /// It takes no part in any batch: a label is missing, or it is for training alone.
    pub left_out: bool,
}

/// A per-sample constraint, as JSON shows it.
#[derive(Clone, Debug, Serialize)]
pub struct EachJson {
    pub(super) name: String,
    pub(super) text: String,
    /// How many predictions it bounds.
    pub(super) predictions: usize,
    pub(super) skipped: Option<String>,
}

/// The rows of a program, then its per-sample rows, in their order.
pub struct Ledger<'a> {
    pub program: &'a Program,
    names: Names<'a>,
    pub rows: Vec<RowLedger>,
    pub sample_rows: Vec<RowLedger>,
    pub batches: usize,
}

/// The bound batch that is entered, with the values of its terms.
pub struct Entry<'b> {
    pub bound: &'b Bound,
    pub values: &'b [f64],
    pub terms: &'b [Vec<f64>],
}

impl<'a> Ledger<'a> {
    pub fn new(program: &'a Program) -> Ledger<'a> {
        Ledger {
            program,
            names: Names::of(program),
            rows: vec![RowLedger::default(); program.rows.len()],
            sample_rows: vec![RowLedger::default(); program.sample_rows.len()],
            batches: 0,
        }
    }

    /// Enters a batch with its predictions.
    ///
    /// # Errors
    /// If the predictions are not as many as the samples of the batch.
    pub fn enter(
        &mut self,
        bound: &Bound,
        encoded: &crate::bind::Encoded,
        samples: &Samples<'_>,
        predictions: &[f64],
    ) -> Result<(), crate::runtime::problem::ProblemError> {
        let values = bound.problem.activity(predictions)?;
        let terms = encoded.term_values(samples, predictions);
        let entry = Entry { bound, values: &values, terms: &terms };
        let batch = self.batches;
        self.batches += 1;
        for (index, row) in self.program.rows.iter().enumerate() {
            let reading = read(row, index, &entry, batch);
            let worse = reading.is_some_and(|new| {
                self.rows.get(index).and_then(|ledger| ledger.before).is_none_or(|old| new.excess() > old.excess())
            });
            let groups = if worse { self.groups(row, index, &entry) } else { Vec::new() };
            let Some(ledger) = self.rows.get_mut(index) else { continue };
            if worse {
                (ledger.before, ledger.groups) = (reading, groups);
            }
            ledger.kept += usize::from(reading.is_some());
            match bound.rows.get(index).map(|row| &row.status) {
                Some(RowStatus::Skipped(skip)) => ledger.skip(skip),
                Some(RowStatus::Left(left)) => ledger.leave(left),
                Some(RowStatus::Kept(_)) | None => {}
            }
        }
        self.enter_sample_rows(bound);
        Ok(())
    }

    fn enter_sample_rows(&mut self, bound: &Bound) {
        for (ledger, status) in self.sample_rows.iter_mut().zip(&bound.sample_rows) {
            match status {
                BoundSampleRow::Applied { samples } => ledger.kept += samples,
                BoundSampleRow::Skipped(skip) => ledger.skip(skip),
                BoundSampleRow::Left(left) => ledger.leave(left),
            }
        }
    }

    /// Enters what the projection of the batch entered last came to.
    ///
    /// # Errors
    /// If the projection is of another batch.
    pub fn enter_projection(
        &mut self,
        bound: &Bound,
        encoded: &crate::bind::Encoded,
        samples: &Samples<'_>,
        projection: &Projection<f64>,
    ) -> Result<(), crate::runtime::problem::ProblemError> {
        let values = bound.problem.activity(&projection.y)?;
        let terms = encoded.term_values(samples, &projection.y);
        let entry = Entry { bound, values: &values, terms: &terms };
        let batch = self.batches.saturating_sub(1);
        for (index, (row, ledger)) in self.program.rows.iter().zip(&mut self.rows).enumerate() {
            let Some(reading) = read(row, index, &entry, batch) else { continue };
            if ledger.after.is_none_or(|old| reading.excess() > old.excess()) {
                ledger.after = Some(reading);
            }
            if ledger.before.is_some_and(|before| before.batch == batch) {
                let after = terms.get(index).map_or(&[][..], Vec::as_slice);
                ledger.groups.iter_mut().zip(after).for_each(|(group, after)| group.after = Some(*after));
            }
            let Some(RowStatus::Kept(place)) = bound.rows.get(index).map(|row| &row.status) else { continue };
            let multiplier = projection.multipliers.get(*place).copied().unwrap_or(0.0);
            if ledger.multiplier.is_none_or(|old| multiplier.abs() > old.abs()) {
                ledger.multiplier = Some(multiplier);
            }
            ledger.active |= projection.active.get(*place).is_some_and(|side| *side != Side::Inactive);
        }
        Ok(())
    }

    fn groups(&self, row: &Row, index: usize, entry: &Entry<'_>) -> Vec<Group> {
        let terms = entry.terms.get(index).map_or(&[][..], Vec::as_slice);
        let group = |(term, value): (&crate::language::program::Term, &f64)| {
            let count = entry.bound.events.get(term.event.0 as usize).copied().flatten();
            let prediction = &self.program.prediction.name;
            Group {
                event: self.program.event_text(term.event, &self.names),
                what: match term.factor.is_one() {
                    true => prediction.clone(),
                    false => format!("{} * {prediction}", term.factor.text(&self.names)),
                },
                aggregate: term.aggregate,
                coefficient: term.coefficient.as_number(),
                samples: count.map_or(0, |count| count.samples),
                weight: count.map_or(0.0, |count| count.weight),
                value: *value,
                after: None,
            }
        };
        row.terms.iter().zip(terms).map(group).collect()
    }

    /// What a row compares, without its limits.
    pub fn compared(&self, index: usize) -> String {
        self.program.rows.get(index).map_or_else(String::new, |row| self.program.terms_text(&row.terms, &self.names))
    }

    /// A per-sample row in the words of the spec.
    pub fn sample_row_text(&self, index: usize) -> String {
        let row = self.program.sample_rows.get(index);
        row.map_or_else(String::new, |row| self.program.sample_row_text(row, &self.names))
    }

    /// The constraint that a row is shown under: the first that gave it.
    pub fn origin(&self, index: usize) -> Option<&'a Origin> {
        self.program.rows.get(index).and_then(|row| row.origins.first())
    }

    pub fn constraint(&self, index: usize) -> &'a str {
        self.origin(index).map_or("", |origin| &origin.constraint)
    }

    /// The per-sample rows for JSON.
    pub fn each(&self) -> Vec<EachJson> {
        let rows = self.sample_rows.iter().enumerate();
        rows.map(|(index, row)| EachJson {
            name: self.sample_row_name(index).to_owned(),
            text: self.sample_row_text(index),
            predictions: row.kept,
            skipped: row.reason.clone(),
        })
        .collect()
    }

    pub fn name(&self, index: usize) -> &'a str {
        self.origin(index).map_or("", |origin| &origin.name)
    }

    pub fn sample_row_name(&self, index: usize) -> &'a str {
        let origin = self.program.sample_rows.get(index).and_then(|row| row.origins.first());
        origin.map_or("", |origin| &origin.name)
    }

    pub fn is_soft(&self, index: usize) -> bool {
        self.program.rows.get(index).is_some_and(|row| row.options.soft.is_some())
    }
}

impl RowLedger {
    fn skip(&mut self, skip: &Skip) {
        self.skipped += 1;
        self.reason.get_or_insert_with(|| skipped(skip));
    }

    fn leave(&mut self, left: &Left) {
        self.skipped += 1;
        self.left_out = true;
        self.reason.get_or_insert_with(|| left_out(left));
    }
}

/// Why a row was skipped.
pub(super) fn skipped(skip: &Skip) -> String {
    let Skip { event, samples, least } = skip;
    let needed = if *least > 1 { format!(", and {least} are needed") } else { String::new() };
    let found = if *samples == 0 { "no samples".to_owned() } else { super::number::counted(*samples, "sample") };
    format!("`{event}` has {found}{needed}")
}

/// Why a row takes no part in any batch.
pub fn left_out(left: &Left) -> String {
    match left {
        Left::LabelAbsent { label } => format!("needs the label `{label}`, which is not in the data"),
        Left::TrainingOnly => "is enforced in training only".to_owned(),
    }
}

fn read(row: &Row, index: usize, entry: &Entry<'_>, batch: usize) -> Option<Reading> {
    let bound = entry.bound.rows.get(index)?;
    let RowStatus::Kept(place) = bound.status else { return None };
    let value = *entry.values.get(place)?;
    let terms = row.terms.iter().zip(entry.terms.get(index)?);
    let sizes = terms.map(|(term, value)| term.coefficient.as_number().unwrap_or(1.0) * value);
    let sides = [bound.lower, bound.upper].into_iter().filter(|side| side.is_finite());
    let size = sizes.chain(sides).fold(0.0_f64, |largest, number| largest.max(number.abs()));
    Some(Reading { value, lower: bound.lower, upper: bound.upper, size, batch })
}
