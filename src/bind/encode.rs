//! A data set encoded once: for every sample its cell and the factors that differ within cells.
//!
//! Reading is streamed, a batch of rows at a time. What stays is one cell id per sample, one number per sample for each
//! factor that is no function of the cell, the weights and the predictions.

use std::sync::Arc;

use crate::data::{Batch, Source};
use crate::language::program::{EventId, Program};

use super::cells::{Bits, Tuples};
use super::columns::{At, PredictionReader, Reader, WeightReader, columns_of};
use super::error::{BindError, Offenders, closest};
use super::formula::{Formula, Scope};
use super::params::Params;
use super::plan::{Left, Plan, Purpose};
use super::shape::{Part, place};

/// What to encode.
#[derive(Clone, Debug, Default)]
pub struct EncodeOptions {
    pub purpose: Purpose,
    /// The header of the predictions, if they are in the table.
    pub prediction: Option<String>,
}

/// Encodes a table, batch by batch.
pub struct Encoder {
    file: String,
    plan: Plan,
    headers: Vec<String>,
    readers: Vec<(Reader, Option<usize>)>,
    weight: Option<(WeightReader, Option<usize>)>,
    prediction: Option<(PredictionReader, Option<usize>)>,
    errors: Vec<BindError>,
    /// By factor: samples in which a row needs it and a nullable column is null, or the value is not finite.
    null_factors: Vec<Option<(Offenders, usize)>>,
    wild_factors: Vec<Option<(Offenders, usize)>>,
    codes: Vec<Vec<u32>>,
    values: Vec<Vec<f64>>,
    tuples: Tuples,
    /// By factor: it is constant by cell, and has no finite value in a cell that a row needs.
    undefined: Vec<bool>,
    out: Arrays,
}

/// One entry per sample.
#[derive(Debug, Default)]
struct Arrays {
    cell: Vec<u32>,
    /// By factor; empty where it is constant by cell.
    factors: Vec<Vec<f64>>,
    weight: Vec<f64>,
    lines: Lines,
}

/// Lines of rows, kept where one does not follow the line before.
#[derive(Clone, Debug, Default)]
struct Lines {
    /// `(row, line)`, ascending.
    jumps: Vec<(usize, u64)>,
}

impl Lines {
    fn add(&mut self, batch: &Batch) {
        for row in 0..batch.rows() {
            let Some(line) = batch.line(row) else { return };
            let at = batch.first_row + row;
            let expected = self.jumps.last().map(|&(row, line)| line + (at - row) as u64);
            if expected != Some(line) {
                self.jumps.push((at, line));
            }
        }
    }

    fn get(&self, row: usize) -> Option<u64> {
        let before = self.jumps.partition_point(|&(start, _)| start <= row);
        let (start, line) = self.jumps.get(before.checked_sub(1)?)?;
        Some(line + (row - start) as u64)
    }
}

impl Encoder {
    /// Prepares to encode a table with these headers. Missing columns are reported by [`Encoder::finish`], together
    /// with the values at fault in the others.
    ///
    /// # Errors
    /// The program has forms that cannot be bound.
    pub fn new(
        program: &Program,
        params: &Params,
        file: &str,
        known: &[String],
        options: &EncodeOptions,
    ) -> Result<Encoder, Vec<BindError>> {
        let plan = Plan::new(program, params, known, options.purpose)?;
        let (mut headers, mut errors) = (Vec::new(), Vec::new());
        let mut find = |header: &str, name: &str| {
            if !known.iter().any(|other| other == header) {
                let suggestion = closest(header, known.iter().map(String::as_str));
                let (file, header, name) = (file.to_owned(), header.to_owned(), name.to_owned());
                errors.push(BindError::ColumnMissing { file, header, name, suggestion, known: known.to_vec() });
                return None;
            }
            headers.push(header.to_owned());
            Some(headers.len() - 1)
        };
        let readers = plan
            .columns
            .iter()
            .map(|column| (Reader::new(column.clone(), file), find(&column.header, &column.name)))
            .collect();
        let weight = program
            .weight
            .as_ref()
            .map(|weight| (WeightReader::new(file, &weight.header), find(&weight.header, &weight.name)));
        let prediction =
            options.prediction.as_ref().map(|header| (PredictionReader::new(file, header), find(header, "")));
        let factors = plan.factors.len();
        Ok(Encoder {
            file: file.to_owned(),
            headers,
            readers,
            weight,
            prediction,
            errors,
            null_factors: vec![None; factors],
            wild_factors: vec![None; factors],
            codes: vec![Vec::new(); plan.parts.len()],
            values: Vec::new(),
            tuples: Tuples::new(&plan.parts),
            undefined: vec![false; factors],
            out: Arrays { factors: vec![Vec::new(); factors], ..Arrays::default() },
            plan,
        })
    }

    /// The columns to read from the table, in this order. May name a column twice.
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Encodes the next rows, whose columns are those of [`Encoder::headers`].
    ///
    /// # Errors
    /// A column holds no plain values, or there are more rows than an index can count. Values at fault are collected
    /// and reported by [`Encoder::finish`].
    pub fn push(&mut self, batch: &Batch) -> Result<(), BindError> {
        let rows = batch.rows();
        let total = self.out.cell.len() + rows;
        if u32::try_from(total).is_err() {
            return Err(BindError::TooManyRows { rows: total });
        }
        let columns = columns_of(batch, &self.file)?;
        let at = At { batch };
        for (reader, place) in &mut self.readers {
            match place.and_then(|place| columns.get(place)) {
                Some(column) => reader.read(column, &at),
                None => reader.read_nothing(rows),
            }
        }
        if let Some((reader, place)) = &mut self.weight {
            match place.and_then(|place| columns.get(place)) {
                Some(column) => reader.read(column, &at),
                None => reader.values = vec![1.0; rows],
            }
            self.out.weight.extend_from_slice(&reader.values);
        }
        if let Some((reader, place)) = &mut self.prediction
            && let Some(column) = place.and_then(|place| columns.get(place))
        {
            reader.read(column, &at);
        }
        self.out.lines.add(batch);
        self.encode(rows, &at);
        Ok(())
    }

    fn encode(&mut self, rows: usize, at: &At) {
        // The readers lend their values to the formulas and get them back.
        self.values.clear();
        self.values.extend(self.readers.iter_mut().map(|(reader, _)| std::mem::take(&mut reader.values)));
        for (part, codes) in self.plan.parts.iter().zip(&mut self.codes) {
            codes.clear();
            match part {
                Part::Level { column, .. } => {
                    codes.extend_from_slice(self.readers.get(*column).map_or(&[], |(reader, _)| &reader.codes));
                }
                Part::Place { value, thresholds } => {
                    codes.extend((0..rows).map(|row| {
                        place(value.value(&Scope { columns: &self.values, row, ..Scope::default() }), thresholds)
                    }));
                }
            }
        }
        let first = self.out.cell.len();
        let readers = &self.readers;
        let level = |column: usize, code: u32| readers.get(column).map_or(f64::NAN, |(reader, _)| reader.number(code));
        let known = self.tuples.list.len();
        self.tuples.number(&self.plan, &self.codes, rows, &level, &mut self.out.cell);
        for index in self.tuples.list.iter().skip(known).flat_map(|tuple| &tuple.undefined) {
            if let Some(flag) = self.undefined.get_mut(*index) {
                *flag = true;
            }
        }
        self.encode_factors(first, rows, at);
        for ((reader, _), values) in self.readers.iter_mut().zip(self.values.drain(..)) {
            reader.values = values;
        }
    }

    fn encode_factors(&mut self, first: usize, rows: usize, at: &At) {
        for index in 0..self.plan.factors.len() {
            let Some(factor) = self.plan.factors.get(index) else { continue };
            if factor.by_cell {
                if self.undefined.get(index) == Some(&true) {
                    (0..rows).for_each(|row| self.note_fault(index, first, row, at));
                }
                continue;
            }
            let start = self.out.factors.get(index).map_or(0, Vec::len);
            if let Some(out) = self.out.factors.get_mut(index) {
                match &factor.formula {
                    Formula::Column(column) => out.extend_from_slice(self.values.get(*column).map_or(&[], |v| v)),
                    formula => out.extend(
                        (0..rows).map(|row| formula.value(&Scope { columns: &self.values, row, ..Scope::default() })),
                    ),
                }
            }
            for row in 0..rows {
                let value = self.out.factors.get_mut(index).and_then(|out| out.get_mut(start + row));
                if value.is_some_and(|value| {
                    !value.is_finite() && {
                        *value = 0.0;
                        true
                    }
                }) {
                    self.note_fault(index, first, row, at);
                }
            }
        }
    }

    /// Notes a factor that has no finite value, if a row needs it for this sample.
    fn note_fault(&mut self, index: usize, first: usize, row: usize, at: &At) {
        let tuple = self.out.cell.get(first + row).and_then(|&tuple| self.tuples.list.get(tuple as usize));
        let weightless = self.out.weight.get(first + row) == Some(&0.0);
        let Some((factor, tuple)) = self.plan.factors.get(index).zip(tuple) else { return };
        if weightless || !tuple.needed.get(index) || (factor.by_cell && !tuple.undefined.contains(&index)) {
            return;
        }
        let missing = |&&column: &&usize| self.values.get(column).and_then(|v| v.get(row)).is_none_or(|v| v.is_nan());
        let nulls: Vec<usize> = factor.columns.iter().filter(missing).copied().collect();
        let event = factor.needed.iter().copied().find(|&event| tuple.events.get(event)).unwrap_or_default();
        let file = &self.file;
        match nulls.first().and_then(|&column| self.readers.get(column)) {
            // A null where none is allowed has been noted when the column was read.
            Some((reader, _)) if reader.nullable() => {
                if let Some(slot) = self.null_factors.get_mut(index) {
                    let new = || (Offenders::new(file, reader.header()), event);
                    slot.get_or_insert_with(new).0.add(|| at.place(row, ""));
                }
            }
            Some(_) => {}
            None => {
                let value = factor.formula.value(&Scope { columns: &self.values, row, ..Scope::default() });
                if let Some(slot) = self.wild_factors.get_mut(index) {
                    let new = || (Offenders::new(file, &factor.text), event);
                    slot.get_or_insert_with(new).0.add(|| at.place(row, crate::data::Shortest(value)));
                }
            }
        }
    }

    /// The encoded data set.
    ///
    /// # Errors
    /// All faults of all columns.
    pub fn finish(self) -> Result<Encoded, Vec<BindError>> {
        let mut errors = self.errors;
        errors.extend(self.readers.into_iter().flat_map(|(reader, _)| reader.errors()));
        errors.extend(self.weight.into_iter().flat_map(|(reader, _)| reader.errors()));
        let prediction = self.prediction.map(|(reader, _)| reader.finish());
        let prediction = prediction.map(|(values, more)| {
            errors.extend(more);
            values
        });
        let event =
            |index: usize| self.plan.event_texts.get(index).map_or_else(String::new, |text| format!("`{text}`"));
        let nulls = self.null_factors.into_iter().flatten();
        errors.extend(nulls.map(|(at, index)| BindError::NullNeeded { at: Box::new(at), event: event(index) }));
        let wild = self.wild_factors.into_iter().flatten();
        errors.extend(wild.map(|(at, index)| BindError::NotFinite { at: Box::new(at), event: event(index) }));
        if !errors.is_empty() {
            return Err(errors);
        }
        let (of_tuple, signatures) = self.tuples.cells();
        let mut cell = self.out.cell;
        cell.iter_mut().for_each(|slot| *slot = of_tuple.get(*slot as usize).copied().unwrap_or(0));
        let factors = self.out.factors.into_iter().enumerate().map(|(index, values)| {
            match self.plan.factors.get(index).is_some_and(|factor| factor.by_cell) {
                true => {
                    let of_cell = |tuple: &&super::cells::Tuple| tuple.values.get(index).copied().unwrap_or(0.0);
                    FactorValues::ByCell(signatures.iter().map(of_cell).collect())
                }
                false => FactorValues::BySample(values),
            }
        });
        Ok(Encoded {
            factors: factors.collect(),
            events: signatures.iter().map(|tuple| tuple.events.clone()).collect(),
            cell,
            weight: (!self.out.weight.is_empty()).then_some(self.out.weight),
            prediction,
            lines: self.out.lines,
            file: self.file,
            plan: Arc::new(self.plan),
        })
    }
}

/// `φ`, by cell or by sample.
#[derive(Clone, Debug)]
pub(super) enum FactorValues {
    ByCell(Vec<f64>),
    BySample(Vec<f64>),
}

/// A data set in codes; batches of it are bound without looking at the table again.
#[derive(Clone, Debug)]
pub struct Encoded {
    pub(super) plan: Arc<Plan>,
    pub(super) cell: Vec<u32>,
    /// For each cell, the events that it lies in.
    pub(super) events: Vec<Bits>,
    pub(super) factors: Vec<FactorValues>,
    pub(super) weight: Option<Vec<f64>>,
    prediction: Option<Vec<f64>>,
    lines: Lines,
    file: String,
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
        let cell = self.cell.get(sample).and_then(|&cell| self.events.get(cell as usize));
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
        let event = self.plan.program_events.get(index).copied().flatten()?;
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

/// Encodes a whole table; `progress` is told the bytes read and the bytes in all after each batch.
///
/// # Errors
/// All that is wrong with the table, in one run.
pub fn encode(
    program: &Program,
    params: &Params,
    source: &Source,
    options: &EncodeOptions,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Encoded, Vec<BindError>> {
    let one = |error: BindError| vec![error];
    let mut encoder = Encoder::new(program, params, source.name(), source.columns(), options)?;
    let mut batches = source.read(encoder.headers()).map_err(|error| one(error.into()))?;
    while let Some(batch) = batches.next() {
        encoder.push(&batch.map_err(|error| one(error.into()))?).map_err(one)?;
        progress(batches.bytes_read(), batches.total_bytes());
    }
    encoder.finish()
}
