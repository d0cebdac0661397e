//! A stream encoded batch by batch, and bound together with all that was answered before.
//!
//! ```text
//!  batch ─StreamEncoder::encode→ Encoded ─bind_pooled(pool)→ Pooled ─runtime::online→ ŷ ─record→ pool
//!           cells keep their numbers       counts and sums of
//!           from batch to batch            the pool and the batch
//! ```

use std::borrow::Cow;
use std::sync::Arc;

use super::bound::{BoundRow, BoundSampleRow, EventCount, RowStatus};
use super::cells::{Bits, CellKey};
use super::deviation::Deviations;
use super::encode::{Arrays, Encoder};
use super::encoded::{Encoded, FactorValues};
use super::error::BindError;
use super::inputs::Inputs;
use super::measure::Basis;
use super::params::Params;
use super::plan::{EncodeOptions, Raw};
use super::spread::SharedCells;
use super::tally::{Samples, Tally};
use super::unplaced::Unplaced;
use crate::data::Batch;
use crate::language::program::Program;
use crate::runtime::online::{Answered, Moment, Pool, Pooled};

/// Encodes the batches of a stream, one after another.
pub struct StreamEncoder {
    encoder: Encoder,
    cells: SharedCells,
    /// The cell of each tuple of codes.
    of_tuple: Vec<u32>,
    events: Arc<[Bits]>,
    /// By factor, the values by cell; none where they differ within cells.
    by_cell: Vec<Option<Arc<[f64]>>>,
    /// By place among the atoms and by cell, what deviations are from.
    references: Vec<Vec<f64>>,
}

impl StreamEncoder {
    /// Prepares to encode batches with these headers; `cells` are those of a state to go on from.
    ///
    /// # Errors
    /// As [`Encoder::new`], and columns that are missing.
    pub fn new(
        program: &Program,
        params: &Params,
        file: &str,
        known: &[String],
        options: &EncodeOptions,
        cells: Vec<CellKey>,
    ) -> Result<StreamEncoder, Vec<BindError>> {
        let mut encoder = Encoder::new(program, params, file, known, options)?;
        if options.raw == Raw::ByBatch && encoder.plan.raw.is_some() {
            return Err(vec![BindError::RawMissing]);
        }
        let (_, errors) = encoder.take_errors();
        if !errors.is_empty() {
            return Err(errors);
        }
        if let Some(row) = encoder.plan.sample_rows.iter().find(|row| row.reads_aggregates()) {
            return Err(vec![BindError::MovingBound { row: row.name.clone() }]);
        }
        if let Some(row) = encoder.plan.rows.iter().find(|row| row.is_convex()) {
            return Err(vec![BindError::ConvexRow { row: row.name.clone() }]);
        }
        let by_cell = encoder.plan.factors.iter().map(|factor| factor.by_cell.then(|| Arc::from([])));
        let by_cell = by_cell.collect();
        let mut stream = StreamEncoder {
            encoder,
            cells: SharedCells::default(),
            of_tuple: Vec::new(),
            events: Arc::from([]),
            by_cell,
            references: Vec::new(),
        };
        stream.cells.add(cells);
        stream.cells.check(&stream.encoder.plan).map_err(|error| vec![error])?;
        stream.refresh();
        Ok(stream)
    }

    /// The columns to read, as [`Encoder::headers`].
    pub fn headers(&self) -> &[String] {
        self.encoder.headers()
    }

    /// The samples so far that are in no level, by column.
    pub fn unplaced(&self) -> Vec<Unplaced> {
        self.encoder.unplaced()
    }

    /// All cells so far, in the order of their numbers.
    pub fn cells(&self) -> &[CellKey] {
        self.cells.keys()
    }

    /// The same, for parts of batches.
    pub(super) fn shared(&self) -> &SharedCells {
        &self.cells
    }

    /// How many quantities a pool sums, beside weights and answers.
    pub(super) fn sums(&self) -> usize {
        self.encoder.plan.bases.len()
    }

    /// Encodes a batch.
    ///
    /// # Errors
    /// All faults of all its values.
    pub fn encode(&mut self, batch: &Batch) -> Result<Encoded, Vec<BindError>> {
        self.encoder.push(batch).map_err(|error| vec![error])?;
        let (prediction, errors) = self.encoder.take_errors();
        let mut out = self.encoder.take_arrays();
        if !errors.is_empty() {
            return Err(errors);
        }
        self.take_in_tuples();
        out.cell.iter_mut().for_each(|slot| *slot = self.of_tuple[*slot as usize]);
        self.take_references(&out);
        Ok(self.encoded(out, prediction))
    }

    /// A batch without samples.
    pub fn empty(&self) -> Encoded {
        let out = Arrays { factors: vec![Vec::new(); self.by_cell.len()], ..Arrays::default() };
        self.encoded(out, None)
    }

    fn encoded(&self, out: Arrays, prediction: Option<Vec<f64>>) -> Encoded {
        let factors = out.factors.into_iter().zip(&self.by_cell).map(|(values, by_cell)| match by_cell {
            Some(values) => FactorValues::ByCell(values.clone()),
            None => FactorValues::BySample(values),
        });
        Encoded {
            pairs: Vec::new(),
            factors: factors.collect(),
            events: self.events.clone(),
            references: Some(self.references.clone()),
            cell: out.cell,
            weight: (!out.weight.is_empty()).then_some(out.weight),
            prediction,
            inputs: Inputs::default(),
            lines: out.lines,
            file: self.encoder.file.clone(),
            plan: self.encoder.plan.clone(),
            unplaced: Vec::new(),
        }
    }

    /// Finds the cells of tuples of codes that were not seen before.
    fn take_in_tuples(&mut self) {
        let (known, cells) = (self.of_tuple.len(), self.cells.len());
        let values = |values: &[f64]| -> Vec<f64> {
            let constant = values.iter().zip(&self.by_cell).filter(|(_, by_cell)| by_cell.is_some());
            constant.map(|(value, _)| value + 0.0).collect()
        };
        let new = self.encoder.tuples.list.iter().skip(known);
        let new: Vec<CellKey> = new
            .map(|tuple| CellKey {
                events: tuple.events.iter().map(|event| event as u32).collect(),
                values: values(&tuple.values),
                references: Vec::new(),
            })
            .collect();
        for key in new {
            let place = self.cells.place_or_add(key);
            self.of_tuple.push(place);
        }
        if self.cells.len() > cells {
            self.refresh();
        }
    }

    /// Brings what the batches share up to date.
    fn refresh(&mut self) {
        self.events = self.cells.events(self.encoder.plan.shapes.len());
        for (place, values) in self.by_cell.iter_mut().flatten().enumerate() {
            *values = self.cells.values(place);
        }
        self.references = self.cells.references(self.encoder.plan.atoms.len());
    }

    /// Cells whose first sample of positive weight is in this batch take their references from it.
    fn take_references(&mut self, out: &Arrays) {
        let plan = &self.encoder.plan;
        if plan.atoms.is_empty() || !self.cells.lack_references() {
            return;
        }
        for (sample, &cell) in out.cell.iter().enumerate() {
            if out.weight.get(sample).is_some_and(|weight| *weight <= 0.0) {
                continue;
            }
            let values = |&atom: &usize| match &self.by_cell[atom] {
                Some(values) => values[cell as usize],
                None => out.factors[atom][sample],
            };
            self.cells.refer(cell, || plan.atoms.iter().map(values).collect());
        }
        self.references = self.cells.references(plan.atoms.len());
    }
}

/// A batch bound together with the earlier answers of its stream.
#[derive(Debug, Clone)]
pub struct BoundPooled {
    pub pooled: Pooled,
    /// As in [`super::Bound`], with the sides of the pooled quantities.
    pub rows: Vec<BoundRow>,
    pub sample_rows: Vec<BoundSampleRow>,
    /// Counts over earlier samples and the batch.
    pub events: Vec<Option<EventCount>>,
}

impl Encoded {
    /// Binds a batch of a stream: counts, weights, sums of data and base rates are those of all samples, earlier ones
    /// and these, and so are the rows. An event is empty if it has no sample at all, `min_count` counts all.
    ///
    /// # Errors
    /// As [`Encoded::bind`].
    pub fn bind_pooled(&self, params: &Params, pool: &Pool) -> Result<BoundPooled, Vec<BindError>> {
        let mut used: Vec<Basis> = Vec::new();
        let tally = Tally::pooled(self, &Samples::All, pool);
        let bound = self.bind_tally(params, &Samples::All, tally, &mut |matrix| {
            let factors = [Basis::default()].into_iter().chain(matrix.factors.iter().cloned());
            let kept = factors.zip(&matrix.triplets).filter(|(_, triplets)| !triplets.is_empty());
            used = kept.map(|(factor, _)| factor).collect();
        })?;
        let past: Vec<Vec<Moment>> = used.iter().map(|basis| self.moments(basis, pool)).collect();
        let mut id = vec![0; bound.problem.rows()];
        for (row, bound) in bound.rows.iter().enumerate() {
            if let RowStatus::Kept(index) = bound.status {
                id[index] = row;
            }
        }
        let weight = pool.cells().iter().map(|sums| sums.weight.value()).sum();
        let pooled = Pooled::new(bound.problem, &past, id, weight).map_err(|error| vec![error.into()])?;
        Ok(BoundPooled { pooled, rows: bound.rows, sample_rows: bound.sample_rows, events: bound.events })
    }

    /// What the pool holds of a factor of the problem, by cell.
    fn moments(&self, basis: &Basis, pool: &Pool) -> Vec<Moment> {
        let place = self.plan.bases.iter().position(|other| other == basis);
        let moment = |cell: usize| {
            // A cell that was never answered has no sums.
            let Some(sums) = pool.cells().get(cell) else { return Moment::default() };
            let weight = sums.weight.value();
            match place.map(|place| sums.factors.get(place)) {
                None => Moment { answer: sums.answer.value(), square: weight, mass: weight, size: sums.size.value() },
                Some(None) => Moment::default(),
                Some(Some([_, answer, square, size])) => Moment {
                    answer: answer.value(),
                    square: square.value(),
                    // Cauchy and Schwarz: no less than the sum of the sizes.
                    mass: (weight * square.value()).max(0.0).sqrt(),
                    size: size.value(),
                },
            }
        };
        // A problem has at least one cell, even if it has no samples.
        (0..self.cells().max(1)).map(moment).collect()
    }

    /// Adds the answers of this batch to the pool.
    pub fn record(&self, y: &[f64], pool: &mut Pool) {
        let n = self.n();
        let deviations = match self.plan.atoms.is_empty() {
            true => Deviations::default(),
            false => Deviations::new(self, &Tally::new(self, &Samples::All), &Samples::All),
        };
        let factors: Vec<Cow<'_, [f64]>> = (self.plan.bases.iter())
            .map(|basis| match basis.factor.filter(|_| basis.powers.is_empty()).map(|factor| &self.factors[factor]) {
                Some(FactorValues::BySample(values)) => Cow::Borrowed(values.as_slice()),
                Some(FactorValues::ByCell(_)) | None => Cow::Owned(deviations.values(self, &Samples::All, basis, n)),
            })
            .collect();
        let factors: Vec<&[f64]> = factors.iter().map(|values| &**values).collect();
        pool.add(&Answered { cell: &self.cell, weight: self.weight(), factors: &factors, y });
    }
}
