//! What stands in the columns of a table: one pass, a batch at a time.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write;

use super::{InitOptions, MOST_LEVELS};
use crate::data::{Batch, Column, DataError, Source, Value, parse_number};
use crate::source::Failure;

/// A table, looked through.
pub(super) struct Survey {
    /// Number of rows.
    pub n: usize,
    /// The columns, in the order of the table.
    pub columns: Vec<Seen>,
}

/// What a column holds.
#[derive(Default)]
pub(super) struct Seen {
    pub header: String,
    /// Why the column cannot be read.
    pub fault: Option<String>,
    /// Rows without a value.
    pub nulls: usize,
    /// Rows whose value is a number, but none: NaN.
    pub nans: usize,
    /// Rows with a value.
    pub values: usize,
    /// Rows whose value is a finite number; a truth value is 1 or 0.
    pub numbers: usize,
    /// Rows whose value is a truth value.
    pub truths: usize,
    /// Whether infinite values are among them.
    pub infinite: bool,
    /// Whether all numbers are whole.
    pub fractions: bool,
    /// Whether numbers have more digits than a double keeps.
    pub long: bool,
    /// The least and the greatest number.
    pub range: Option<(f64, f64)>,
    /// Values as text; none if they are [`MOST_LEVELS`] or more.
    pub texts: Few<BTreeSet<String>>,
    /// Numbers, by their bits.
    pub distinct: Few<HashSet<u64>>,
    /// All numbers, where they are asked for.
    pub kept: Option<Vec<f64>>,
}

/// Distinct values, until there are too many.
pub(super) enum Few<T> {
    These(T),
    Many,
}

impl<T: Default> Default for Few<T> {
    fn default() -> Self {
        Few::These(T::default())
    }
}

/// Digits that any double keeps.
const DIGITS: usize = 15;

impl Survey {
    /// Looks through a table; what cannot be read of single columns is noted with them.
    pub fn of(source: &Source, options: &InitOptions, progress: &mut dyn FnMut(u64, u64)) -> Result<Survey, Failure> {
        let columns: Vec<Seen> = source.columns().iter().map(|header| Seen::new(header, source, options)).collect();
        let mut survey = Survey { n: 0, columns };
        let readable = |seen: &Seen| seen.fault.is_none();
        let places: Vec<usize> =
            (0..survey.columns.len()).filter(|&at| survey.columns.get(at).is_some_and(readable)).collect();
        let Err(error) = survey.read(source, &places, progress) else { return Ok(survey) };
        // One column may be at fault: then the others can still be read.
        let mut read = false;
        for place in places {
            if let Some(seen) = survey.columns.get_mut(place) {
                *seen = Seen::new(&seen.header, source, options);
            }
            match survey.read(source, &[place], &mut |_, _| {}) {
                Ok(()) => read = true,
                Err(error) => {
                    if let Some(seen) = survey.columns.get_mut(place) {
                        seen.fault = Some(error.to_string());
                    }
                }
            }
        }
        if read { Ok(survey) } else { Err(error.into()) }
    }

    fn read(&mut self, source: &Source, places: &[usize], progress: &mut dyn FnMut(u64, u64)) -> Result<(), DataError> {
        let headers: Vec<String> =
            places.iter().filter_map(|&place| Some(self.columns.get(place)?.header.clone())).collect();
        let mut batches = source.read(&headers)?;
        let mut n = 0;
        while let Some(batch) = batches.next() {
            let batch: Batch = batch?;
            n += batch.rows();
            for (index, &place) in places.iter().enumerate() {
                let Some(seen) = self.columns.get_mut(place).filter(|seen| seen.fault.is_none()) else { continue };
                match batch.column(index) {
                    Ok(column) => seen.add(&column),
                    Err(error) => seen.fault = Some(error.to_string()),
                }
            }
            progress(batches.bytes_read(), batches.total_bytes());
        }
        self.n = n;
        Ok(())
    }
}

impl Seen {
    fn new(header: &str, source: &Source, options: &InitOptions) -> Seen {
        let twice = source.columns().iter().filter(|other| *other == header).count() > 1;
        Seen {
            header: header.to_owned(),
            fault: twice.then(|| "several columns have this header".to_owned()),
            kept: options.groups.iter().any(|group| group == header).then(Vec::new),
            ..Seen::default()
        }
    }

    fn add(&mut self, column: &Column) {
        let mut text = String::new();
        for row in 0..column.rows() {
            self.note(column.value(row), &mut text);
        }
    }

    fn note(&mut self, value: Value<'_>, text: &mut String) {
        if value.is_null() {
            self.nulls += 1;
            return;
        }
        self.values += 1;
        if let Few::These(texts) = &mut self.texts {
            text.clear();
            let _always_fits = write!(text, "{value}");
            if !texts.contains(text) {
                texts.insert(text.clone());
            }
            if texts.len() >= MOST_LEVELS {
                self.texts = Few::Many;
            }
        }
        match value {
            Value::Bool(_) => self.truths += 1,
            Value::Text(text) | Value::Decimal(text, _) => {
                self.truths += usize::from(parse_number(text).is_none() && value.number().is_ok());
                self.long |= text.bytes().filter(u8::is_ascii_digit).count() > DIGITS;
            }
            Value::Null | Value::Int(_) | Value::Float(_) | Value::Single(_) => {}
        }
        match value.number() {
            Ok(Some(number)) if number.is_nan() => self.nans += 1,
            Ok(Some(number)) if number.is_infinite() => self.infinite = true,
            // One zero is enough.
            Ok(Some(number)) => self.note_number(number + 0.0),
            Ok(None) | Err(_) => {}
        }
    }

    fn note_number(&mut self, number: f64) {
        self.numbers += 1;
        self.fractions |= number.fract() != 0.0;
        let (lo, hi) = self.range.unwrap_or((number, number));
        self.range = Some((lo.min(number), hi.max(number)));
        if let Few::These(numbers) = &mut self.distinct {
            numbers.insert(number.to_bits());
            if numbers.len() >= MOST_LEVELS {
                self.distinct = Few::Many;
            }
        }
        if let Some(kept) = &mut self.kept {
            kept.push(number);
        }
    }

    /// Whether every value is a number, or NaN.
    pub fn is_numeric(&self) -> bool {
        self.values > 0 && self.numbers + self.nans == self.values
    }

    /// Whether every value is a truth value.
    pub fn is_truth(&self) -> bool {
        self.values > 0 && self.truths == self.values
    }

    /// Whether there is a number in every row.
    pub fn is_complete(&self) -> bool {
        self.is_numeric() && self.nulls == 0 && self.nans == 0
    }

    /// The numbers, ascending; none if there are many.
    pub fn few_numbers(&self) -> Option<Vec<f64>> {
        let Few::These(bits) = &self.distinct else { return None };
        let mut numbers: Vec<f64> = bits.iter().map(|&bits| f64::from_bits(bits)).collect();
        numbers.sort_by(f64::total_cmp);
        Some(numbers)
    }
}
