//! A data set encoded once: for every sample its cell and the factors that differ within cells.
//!
//! Reading is streamed, a batch of rows at a time. What stays is one cell id per sample, one number per sample for each
//! factor that is no function of the cell, the weights and the predictions.

use std::borrow::Cow;
use std::sync::Arc;

use crate::data::{Batch, Column, Source};
use crate::language::program::{Program, RAW};

use super::cells::{Cells, Tuples};
use super::columns::{At, PlannedColumn, PredictionReader, Reader, WeightReader, columns_of};
use super::encoded::{Encoded, Lines};
use super::error::{BEYOND_WHOLE, BindError};
use super::formula::{Formula, Scope};
use super::inputs::{Inputs, RawSource};
use super::offenders::Offenders;
use super::pair_table::Kept;
use super::params::Params;
use super::plan::{EncodeOptions, Plan, PlannedRelation, Raw, Relations};
use super::shape::{Part, places};
use super::unplaced::Unplaced;

/// Encodes a table, batch by batch.
pub struct Encoder {
    pub(super) file: String,
    pub(super) plan: Arc<Plan>,
    headers: Vec<String>,
    readers: Vec<(Reader, Option<usize>)>,
    weight: Option<(WeightReader, Option<usize>)>,
    prediction: Option<(PredictionReader, Option<usize>)>,
    /// Where the predictions come from as they were handed in, if rows read them and no column of their own has them.
    pub(super) raw: Option<(usize, RawSource)>,
    errors: Vec<BindError>,
    /// By factor: samples in which a row needs it and a nullable column is null, or the value is not finite.
    null_factors: Vec<Option<(Offenders, usize)>>,
    wild_factors: Vec<Option<(Offenders, usize)>>,
    /// By part: samples whose number may be another than the one that it is compared with, and that one.
    alike: Vec<Option<(Offenders, f64)>>,
    codes: Vec<Vec<u32>>,
    values: Vec<Vec<f64>>,
    pub(super) tuples: Tuples,
    pub(super) cells: Cells,
    /// By group that may leave samples over, how many it did.
    outside: Vec<usize>,
    /// By factor: it is constant by cell, and has no finite value in a cell that a row needs.
    undefined: Vec<bool>,
    pub(super) out: Arrays,
    /// What is kept to be joined with pairs.
    pub(super) kept: Kept,
    /// Joins the data with the pairs of relations, where rows are about these.
    pub(super) join: Option<Box<Join>>,
}

/// What a join needs.
#[derive(Debug)]
pub(super) struct Join {
    pub program: Program,
    pub params: Params,
    pub options: EncodeOptions,
}

/// One entry per sample.
#[derive(Debug, Default)]
pub(super) struct Arrays {
    pub cell: Vec<u32>,
    /// By factor; empty where it is constant by cell.
    pub factors: Vec<Vec<f64>>,
    pub weight: Vec<f64>,
    pub lines: Lines,
    pub inputs: Inputs,
}

/// The columns to read from a table, as they are found in it.
struct Wanted<'a> {
    file: &'a str,
    known: &'a [String],
    headers: Vec<String>,
    errors: Vec<BindError>,
}

impl Wanted<'_> {
    /// The place of a column among those to read; the spec calls it `name`.
    fn find(&mut self, header: &str, name: &str) -> Option<usize> {
        if !self.known.iter().any(|other| other == header) {
            self.errors.push(BindError::column_missing(self.file, header, name, self.known));
            return None;
        }
        self.headers.push(header.to_owned());
        Some(self.headers.len() - 1)
    }

    /// A reader for each column of the plan, and its place. Raw predictions are read from `own`, unless they are `elsewhere`.
    fn of_columns(&mut self, plan: &Plan, elsewhere: bool, own: &str) -> Vec<(Reader, Option<usize>)> {
        let of = |(index, column): (usize, &PlannedColumn)| {
            let reads = (plan.reads_number(index), plan.counts_missing(index));
            let place = match (column.header.as_str(), elsewhere) {
                (RAW, false) => self.find(own, ""),
                (RAW, true) => None,
                (header, _) => self.find(header, &column.name),
            };
            (Reader::new(column.clone(), reads, self.file), place)
        };
        plan.columns.iter().enumerate().map(of).collect()
    }

    /// The columns that relations read, each once.
    fn of_pairs(&mut self, relations: &[PlannedRelation]) -> Vec<(String, usize)> {
        let mut found: Vec<(String, usize)> = Vec::new();
        for planned in relations {
            for header in planned.data.iter().chain([&planned.relation.key]) {
                if found.iter().all(|(known, _)| known != header) {
                    found.extend(self.find(header, header).map(|place| (header.clone(), place)));
                }
            }
        }
        found
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
        let planned: Vec<String> = match options.without_labels {
            true => known.iter().filter(|header| !is_label(program, header)).cloned().collect(),
            false => known.to_vec(),
        };
        let plan = Plan::new(program, params, &planned, options)?;
        let mut wanted = Wanted { file, known, headers: Vec::new(), errors: Vec::new() };
        let raw = plan.raw.and_then(|place| Some((place, RawSource::of(options, file)?)));
        let own = match &options.raw {
            Raw::Column(header) => header.as_str(),
            Raw::Unknown | Raw::Values(_) | Raw::ByBatch => RAW,
        };
        let readers = wanted.of_columns(&plan, raw.is_some(), own);
        let pair_columns = wanted.of_pairs(&plan.relations);
        let of_pairs = matches!(options.relations, Relations::Joined(_));
        let weight = program
            .weight
            .as_ref()
            .filter(|_| !of_pairs)
            .map(|weight| (WeightReader::new(file, &weight.header), wanted.find(&weight.header, &weight.name)));
        let prediction = options
            .prediction
            .as_ref()
            .filter(|_| !of_pairs)
            .map(|header| (PredictionReader::new(file, header), wanted.find(header, "")));
        let factors = plan.factors.len();
        Ok(Encoder {
            file: file.to_owned(),
            headers: wanted.headers,
            readers,
            weight,
            prediction,
            raw,
            errors: wanted.errors,
            null_factors: vec![None; factors],
            wild_factors: vec![None; factors],
            alike: vec![None; plan.parts.len()],
            codes: vec![Vec::new(); plan.parts.len()],
            values: Vec::new(),
            tuples: Tuples::new(&plan.parts),
            cells: Cells::default(),
            undefined: vec![false; factors],
            outside: vec![0; plan.partitions.len()],
            out: Arrays {
                factors: vec![Vec::new(); factors],
                inputs: Inputs::of(&plan, options.raw == Raw::ByBatch),
                ..Arrays::default()
            },
            kept: Kept::new(pair_columns),
            join: (!plan.relations.is_empty())
                .then(|| Box::new(Join { program: program.clone(), params: params.clone(), options: options.clone() })),
            plan: Arc::new(plan),
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
        if columns.len() < self.headers.len() {
            let what = format!("a batch has {} columns, and {} are read", columns.len(), self.headers.len());
            return Err(BindError::Internal { what });
        }
        let at = At { batch };
        for (reader, place) in &mut self.readers {
            match place.map(|place| &columns[place]) {
                Some(column) => reader.read(column, &at),
                // It has been reported as missing.
                None => reader.read_nothing(rows),
            }
        }
        if let Some((reader, place)) = &mut self.weight {
            match place.map(|place| &columns[place]) {
                Some(column) => reader.read(column, &at),
                None => reader.values = vec![1.0; rows],
            }
            self.out.weight.extend_from_slice(&reader.values);
        }
        if let Some((reader, place)) = &mut self.prediction
            && let Some(place) = *place
        {
            reader.read(&columns[place], &at);
        }
        self.read_raw(rows, &at);
        self.out.lines.add(batch);
        self.kept.push(batch)?;
        self.encode(rows, &at, &columns);
        Ok(())
    }

    /// The predictions as they were handed in, from where they are.
    fn read_raw(&mut self, rows: usize, at: &At) {
        let Some((place, source)) = &mut self.raw else { return };
        let predictions = self.prediction.as_ref().map_or(&[][..], |(reader, _)| &reader.values);
        let values = source.next(rows, self.out.cell.len(), predictions, at);
        self.readers[*place].0.supply(values);
    }

    fn encode(&mut self, rows: usize, at: &At, columns: &[Column]) {
        // The readers lend their values to the formulas and get them back.
        self.values.clear();
        self.values.extend(self.readers.iter_mut().map(|(reader, _)| std::mem::take(&mut reader.values)));
        for (part, codes) in self.plan.parts.iter().zip(&mut self.codes) {
            codes.clear();
            match part {
                Part::Level { column, .. } => {
                    codes.extend_from_slice(&self.readers[*column].0.codes);
                }
                Part::Place { value, thresholds } => {
                    places(&evaluated(value, &self.values, rows), thresholds, codes);
                }
            }
        }
        self.note_alike(at, columns);
        let first = self.out.cell.len();
        let readers = &self.readers;
        let level = |column: usize, code: u32| readers[column].0.number(code);
        let known = self.tuples.list.len();
        self.tuples.number(&self.plan, &self.codes, rows, &level, &mut self.out.cell);
        for index in self.tuples.list.iter().skip(known).flat_map(|tuple| &tuple.undefined) {
            self.undefined[*index] = true;
        }
        if !self.outside.is_empty() {
            for tuple in self.out.cell.iter().skip(first) {
                self.tuples.list[*tuple as usize].outside.iter().for_each(|&group| self.outside[group] += 1);
            }
        }
        self.encode_factors(first, rows, at);
        self.out.inputs.keep(&self.values);
        for ((reader, _), values) in self.readers.iter_mut().zip(self.values.drain(..)) {
            reader.values = values;
        }
    }

    /// Notes numbers that equal the one they are compared with where doubles no longer tell whole numbers apart.
    fn note_alike(&mut self, at: &At, columns: &[Column]) {
        for ((part, codes), alike) in self.plan.parts.iter().zip(&self.codes).zip(&mut self.alike) {
            let Part::Place { value, thresholds } = part else { continue };
            let large = |place: usize| thresholds.get(place).filter(|threshold| threshold.abs() >= BEYOND_WHOLE);
            if thresholds.iter().all(|threshold| threshold.abs() < BEYOND_WHOLE) {
                continue;
            }
            // The code of a number that equals a threshold is odd.
            let equal = codes.iter().enumerate().filter(|(_, code)| *code % 2 == 1);
            for (row, threshold) in equal.filter_map(|(row, &code)| Some((row, *large(code as usize / 2)?))) {
                let column = value.first_column();
                let reader = column.and_then(|column| self.readers.get(column));
                let header = reader.map_or("", |(reader, _)| reader.header());
                let stored = reader.and_then(|(_, place)| columns.get((*place)?));
                let text = stored.map_or_else(String::new, |stored| stored.value(row).to_string());
                let new = || (Offenders::new(&self.file, header), threshold);
                alike.get_or_insert_with(new).0.add(|| at.place(row, text));
            }
        }
    }

    fn encode_factors(&mut self, first: usize, rows: usize, at: &At) {
        for index in 0..self.plan.factors.len() {
            let factor = &self.plan.factors[index];
            if factor.by_cell {
                if self.undefined[index] {
                    (0..rows).for_each(|row| self.note_fault(index, first, row, at));
                }
                continue;
            }
            let values = evaluated(&factor.formula, &self.values, rows);
            self.out.factors[index].extend(values.iter().map(|&value| if value.is_finite() { value } else { 0.0 }));
            let wild = values.iter().enumerate().filter(|(_, value)| !value.is_finite()).map(|(row, _)| row);
            for row in wild.collect::<Vec<_>>() {
                self.note_fault(index, first, row, at);
            }
        }
    }

    /// Notes a factor that has no finite value, if a row needs it for this sample.
    fn note_fault(&mut self, index: usize, first: usize, row: usize, at: &At) {
        let tuple = &self.tuples.list[self.out.cell[first + row] as usize];
        let weightless = self.out.weight.get(first + row) == Some(&0.0);
        let factor = &self.plan.factors[index];
        if weightless || !tuple.needed.get(index) || (factor.by_cell && !tuple.undefined.contains(&index)) {
            return;
        }
        // The tuple needs the factor, so it lies in one of the events that do.
        let Some(event) = factor.needed.iter().copied().find(|&event| tuple.events.get(event)) else { return };
        let null = factor.columns.iter().find(|&&column| self.values[column][row].is_nan());
        let file = &self.file;
        match null.map(|&column| &self.readers[column].0) {
            // A null where none is allowed has been noted when the column was read.
            Some(reader) if reader.nullable() => {
                let new = || (Offenders::new(file, reader.header()), event);
                self.null_factors[index].get_or_insert_with(new).0.add(|| at.place(row, ""));
            }
            Some(_) => {}
            None => {
                let value = factor.formula.value(&Scope { columns: &self.values, row, ..Scope::default() });
                let new = || (Offenders::new(file, &factor.text), event);
                let places = &mut self.wild_factors[index].get_or_insert_with(new).0;
                places.add(|| at.place(row, crate::data::Shortest(value)));
            }
        }
    }

    /// What was wrong with the values since the last call, and the predictions since then.
    pub(super) fn take_errors(&mut self) -> (Option<Vec<f64>>, Vec<BindError>) {
        let mut errors = std::mem::take(&mut self.errors);
        errors.extend(self.readers.iter_mut().flat_map(|(reader, _)| reader.take_errors()));
        errors.extend(self.weight.iter_mut().flat_map(|(reader, _)| reader.take_errors()));
        errors.extend(self.raw.iter_mut().filter_map(|(_, source)| source.take_error()));
        let prediction = self.prediction.as_mut().map(|(reader, _)| reader.take());
        let prediction = prediction.map(|(values, more)| {
            errors.extend(more);
            values
        });
        let texts = &self.plan.event_texts;
        let event = |index: usize| format!("`{}`", texts[index]);
        let nulls = self.null_factors.iter_mut().filter_map(Option::take);
        errors.extend(nulls.map(|(at, index)| BindError::NullNeeded { at: Box::new(at), event: event(index) }));
        let wild = self.wild_factors.iter_mut().filter_map(Option::take);
        errors.extend(wild.map(|(at, index)| BindError::NotFinite { at: Box::new(at), event: event(index) }));
        let alike = self.alike.iter_mut().filter_map(Option::take);
        errors.extend(alike.map(|(at, threshold)| BindError::Alike { at: Box::new(at), threshold }));
        (prediction, errors)
    }

    /// The samples in no level of all that was pushed, by column and by group.
    pub(super) fn unplaced(&self) -> Vec<Unplaced> {
        let columns = self.readers.iter().filter_map(|(reader, _)| reader.unplaced());
        let groups = self.plan.partitions.iter().zip(&self.outside).filter(|(_, count)| **count > 0);
        let groups = groups.map(|((name, _), count)| Unplaced::of_group(name, *count));
        columns.chain(groups).collect()
    }

    /// What was encoded since the last call.
    pub(super) fn take_arrays(&mut self) -> Arrays {
        let inputs = self.out.inputs.emptied();
        let empty = Arrays { factors: vec![Vec::new(); self.plan.factors.len()], inputs, ..Arrays::default() };
        std::mem::replace(&mut self.out, empty)
    }

    /// Whether this encoder serves these values too: events and factors read no param that differs.
    pub fn serves(&self, params: &Params) -> bool {
        self.plan.changed(params).next().is_none()
    }
}

/// The value of an expression for each row of `columns`.
fn evaluated<'a>(formula: &Formula, columns: &'a [Vec<f64>], rows: usize) -> Cow<'a, [f64]> {
    match formula {
        Formula::Column(column) => Cow::Borrowed(&columns[*column]),
        formula => (0..rows).map(|row| formula.value(&Scope { columns, row, ..Scope::default() })).collect(),
    }
}

fn is_label(program: &Program, header: &str) -> bool {
    program.column(header).is_some_and(|column| column.label)
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
