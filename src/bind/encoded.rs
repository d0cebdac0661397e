//! A data set in codes.

use std::sync::Arc;

use crate::data::Batch;
use crate::language::program::{EventId, Program, PromisedRow, WhenEmpty};

use super::cells::{Bits, CellKey};
use super::inputs::Inputs;
use super::plan::{Left, Plan, PlannedSampleRow};
use super::unplaced::Unplaced;

/// Lines of rows, kept where one does not follow the line before.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    /// `(row, line)`, ascending.
    jumps: Vec<(usize, u64)>,
}

impl Lines {
    pub(super) fn add(&mut self, batch: &Batch) {
        for row in 0..batch.rows() {
            let Some(line) = batch.line(row) else { return };
            let at = batch.first_row + row;
            let expected = self.jumps.last().map(|&(row, line)| line + (at - row) as u64);
            if expected != Some(line) {
                self.jumps.push((at, line));
            }
        }
    }

    pub(super) fn get(&self, row: usize) -> Option<u64> {
        let before = self.jumps.partition_point(|&(start, _)| start <= row);
        let (start, line) = self.jumps.get(before.checked_sub(1)?)?;
        Some(line + (row - start) as u64)
    }
}

/// `φ`, by cell or by sample.
#[derive(Clone, Debug)]
pub(super) enum FactorValues {
    ByCell(Arc<[f64]>),
    BySample(Vec<f64>),
}

/// A data set in codes; batches of it are bound without looking at the table again.
#[derive(Clone, Debug)]
pub struct Encoded {
    pub(super) plan: Arc<Plan>,
    pub(super) cell: Vec<u32>,
    /// For each cell, the events that it lies in.
    pub(super) events: Arc<[Bits]>,
    pub(super) factors: Vec<FactorValues>,
    /// What deviations are from, by place among the atoms of the plan and by cell; none where each batch may choose.
    pub(super) references: Option<Vec<Vec<f64>>>,
    pub(super) weight: Option<Vec<f64>>,
    pub(super) prediction: Option<Vec<f64>>,
    /// What factors read beside predictions that come with each batch.
    pub(super) inputs: Inputs,
    pub(super) lines: Lines,
    pub(super) file: String,
    pub(super) unplaced: Vec<Unplaced>,
    /// By relation that rows are about.
    pub(super) pairs: Vec<EncodedPairs>,
}

/// The pairs of a relation among the encoded samples.
#[derive(Clone, Debug)]
pub(super) struct EncodedPairs {
    pub relation: String,
    /// The samples of each pair.
    pub pairs: Arc<[(u32, u32)]>,
    /// The key of each sample.
    pub keys: Arc<[Box<str>]>,
    /// The pairs as rows of a table.
    pub encoded: Box<Encoded>,
    pub left: PairsLeft,
}

/// Pairs of a table that take no part, by the reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PairsLeft {
    /// A key is none of the data.
    pub absent: usize,
    /// Both keys are those of one sample.
    pub same: usize,
    /// A sample has weight 0.
    pub weightless: usize,
}

impl Encoded {
    /// Number of samples.
    pub fn n(&self) -> usize {
        self.cell.len()
    }

    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.events.len()
    }

    /// The cell of each sample.
    pub fn cell(&self) -> &[u32] {
        &self.cell
    }

    /// The events of the program that a sample is in, of those that rows read which take part.
    pub fn events_of(&self, sample: usize) -> Vec<EventId> {
        let cell = self.cell.get(sample).map(|&cell| &self.events[cell as usize]);
        let shapes: Vec<usize> = cell.into_iter().flat_map(|bits| bits.iter()).collect();
        let events = (0..).zip(&self.plan.program_events);
        events
            .filter(|(_, shape)| shape.is_some_and(|shape| shapes.contains(&shape)))
            .map(|(id, _)| EventId(id))
            .collect()
    }

    /// For each cell, whether it lies in an event of the program; `None` if no row that takes part reads the event.
    pub fn cells_in(&self, program: &Program, event: &crate::language::program::Event) -> Option<Vec<bool>> {
        let index = program.events.iter().position(|known| known == event)?;
        let event = self.plan.program_events[index]?;
        Some(self.events.iter().map(|events| events.get(event)).collect())
    }

    /// The weights, if the spec declares any.
    pub fn weight(&self) -> Option<&[f64]> {
        self.weight.as_deref()
    }

    /// The predictions, if a column of them was asked for.
    pub fn prediction(&self) -> Option<&[f64]> {
        self.prediction.as_deref()
    }

    /// The line of the file on which a sample stands.
    pub fn line(&self, sample: usize) -> Option<u64> {
        self.lines.get(sample)
    }

    pub(super) fn factor(&self, factor: Option<usize>) -> Option<&FactorValues> {
        factor.map(|factor| &self.factors[factor])
    }

    /// What a cell is known by, in any process and any batch of the same program.
    pub(super) fn key(&self, cell: usize) -> CellKey {
        let value = |factor: &FactorValues| match factor {
            FactorValues::ByCell(values) => Some(values[cell] + 0.0),
            FactorValues::BySample(_) => None,
        };
        CellKey {
            events: self.events[cell].iter().map(|event| event as u32).collect(),
            values: self.factors.iter().filter_map(value).collect(),
            references: self.references.iter().flatten().map(|references| references[cell]).collect(),
        }
    }

    /// The cells of each event of [`EncodeOptions::watch`](super::EncodeOptions::watch), ascending.
    pub fn watched(&self) -> Vec<Vec<u32>> {
        let inside = |&event: &usize| (0_u32..).zip(self.events.iter()).filter(move |(_, bits)| bits.get(event));
        self.plan.watched.iter().map(|event| inside(event).map(|(cell, _)| cell).collect()).collect()
    }

    /// The same data, with rows that ask for `when_empty = error` skipped instead: for parts of data of which the whole
    /// has been bound, and which need not have every event.
    pub fn skipping_empty(mut self) -> Encoded {
        let plan = Arc::make_mut(&mut self.plan);
        let rows = plan.rows.iter_mut().map(|row| &mut row.options);
        rows.chain(plan.sample_rows.iter_mut().map(|row| &mut row.options))
            .for_each(|options| options.when_empty = WhenEmpty::Skip);
        self.change_pairs(Encoded::skipping_empty)
    }

    /// The same data, for audits: constraints that contradict each other are no error, each is judged by itself. `within` is the share of the
    /// largest number in a row that counts as rounding, where that is not what rounding can be.
    pub fn judging(mut self, within: Option<f64>) -> Encoded {
        let plan = Arc::make_mut(&mut self.plan);
        (plan.judging, plan.within) = (true, within);
        self
    }

    /// The same data without some of the bounds of single predictions.
    pub fn without_each(mut self, dropped: &[PromisedRow]) -> Encoded {
        Arc::make_mut(&mut self.plan).sample_rows.retain(|row| !dropped.contains(&row.promised()));
        self
    }

    /// The bounds of single predictions that take part, as constraints ask for them.
    pub fn promised_sample_rows(&self) -> Vec<PromisedRow> {
        self.plan.sample_rows.iter().map(PlannedSampleRow::promised).collect()
    }

    /// The columns with `?` in which samples of the table are in no level. Empty for the batches of a stream.
    pub fn unplaced(&self) -> &[Unplaced] {
        &self.unplaced
    }

    /// The name of the table.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The rows of the program that take no part, by index.
    pub fn left_out(&self) -> &[(usize, Left)] {
        &self.plan.left
    }

    /// The per-sample rows of the program that take no part, by index.
    pub fn left_out_samples(&self) -> &[(usize, Left)] {
        &self.plan.left_samples
    }
}
