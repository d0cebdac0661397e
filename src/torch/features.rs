//! From columns to the numbers a network reads: standardised numbers, one-hot levels, fitted on the training part alone.
//!
//! | column | becomes |
//! | --- | --- |
//! | numbers | `(x − mean) / deviation`; with nulls among them one more column that is 1 for a null (whose number is the mean) |
//! | text | a column for each level seen in training, 1 for the level; a level not seen is 0 everywhere, and counted |
//!
//! A column with one value in training tells nothing and is left out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::error::TrainError;
use crate::data::{Batch, Source, Value};

/// Text with more levels than this is a name or a number plate, not a feature.
const MOST_LEVELS: usize = 1000;

/// How columns become numbers; stored with the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Features {
    columns: Vec<Feature>,
    /// Columns with one value in training, which are not read.
    pub constant: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Feature {
    header: String,
    #[serde(flatten)]
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
enum Kind {
    Number { mean: f64, deviation: f64, nulls: bool },
    Levels { levels: Vec<String> },
}

/// A table of features, row by row, and what was unusual in it.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub rows: usize,
    pub width: usize,
    pub values: Vec<f32>,
    /// By header, values of text columns that training did not have.
    pub unseen: BTreeMap<String, usize>,
}

/// A column as it stands in the file.
enum Raw {
    /// NaN for a null.
    Numbers(Vec<f64>),
    /// Places among the texts, in order of appearance; an empty text for a null.
    Texts { texts: Vec<String>, codes: Vec<u32> },
}

impl Features {
    /// Fits the columns on the rows of the training part and encodes all rows.
    ///
    /// # Errors
    /// A column is missing or holds lists, has infinite numbers, or text of too many levels; or nothing is left.
    pub fn fit(source: &Source, headers: &[String], train: &[u32]) -> Result<(Features, Table), TrainError> {
        let raw = read(source, headers, &|_| None)?;
        let (mut columns, mut constant) = (Vec::new(), Vec::new());
        for (header, raw) in headers.iter().zip(&raw) {
            match fit_column(header, raw, train)? {
                Some(kind) => columns.push(Feature { header: header.clone(), kind }),
                None => constant.push(header.clone()),
            }
        }
        if columns.is_empty() {
            return Err(TrainError::NoFeatures);
        }
        let features = Features { columns, constant };
        let kept: Vec<&Raw> =
            headers.iter().zip(&raw).filter(|(header, _)| features.has(header)).map(|(_, raw)| raw).collect();
        let table = features.encode(&kept);
        Ok((features, table))
    }

    /// Encodes another table in the same way.
    ///
    /// # Errors
    /// A column is missing, or holds text where training had numbers.
    pub fn apply(&self, source: &Source) -> Result<Table, TrainError> {
        let headers: Vec<String> = self.headers().map(str::to_owned).collect();
        let numeric =
            |header: &str| self.columns.iter().find(|f| f.header == header).map(|feature| feature.kind.is_number());
        let raw = read(source, &headers, &numeric)?;
        Ok(self.encode(&raw.iter().collect::<Vec<_>>()))
    }

    /// Encodes a batch whose columns are those of [`Features::headers`]; `file` is what messages call its table.
    ///
    /// # Errors
    /// Text where training had numbers.
    pub fn apply_batch(&self, file: &str, batch: &Batch) -> Result<Table, TrainError> {
        let mut readings: Vec<Reading> =
            self.columns.iter().map(|feature| Reading::new(Some(feature.kind.is_number()))).collect();
        let headers: Vec<&str> = self.headers().collect();
        read_batch(file, &headers, batch, &mut readings)?;
        let raw: Vec<Raw> = readings.into_iter().map(Reading::finish).collect();
        Ok(self.encode(&raw.iter().collect::<Vec<_>>()))
    }

    /// The columns that are read.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|feature| feature.header.as_str())
    }

    /// Numbers per sample.
    pub fn width(&self) -> usize {
        self.columns.iter().map(|feature| feature.kind.width()).sum()
    }

    fn has(&self, header: &str) -> bool {
        self.headers().any(|known| known == header)
    }

    fn encode(&self, raw: &[&Raw]) -> Table {
        let rows = raw.first().map_or(0, |raw| raw.len());
        let width = self.width();
        let mut table = Table { rows, width, values: vec![0.0; rows * width], unseen: BTreeMap::new() };
        let mut place = 0;
        for (feature, raw) in self.columns.iter().zip(raw) {
            let unseen = feature.kind.encode(raw, place, width, &mut table.values);
            if unseen > 0 {
                table.unseen.insert(feature.header.clone(), unseen);
            }
            place += feature.kind.width();
        }
        table
    }
}

impl Raw {
    fn len(&self) -> usize {
        match self {
            Raw::Numbers(numbers) => numbers.len(),
            Raw::Texts { codes, .. } => codes.len(),
        }
    }
}

impl Kind {
    fn is_number(&self) -> bool {
        matches!(self, Kind::Number { .. })
    }

    fn width(&self) -> usize {
        match self {
            Kind::Number { nulls, .. } => 1 + usize::from(*nulls),
            Kind::Levels { levels } => levels.len(),
        }
    }

    /// Writes the column from `place` on; returns the number of values not seen in training.
    fn encode(&self, raw: &Raw, place: usize, width: usize, values: &mut [f32]) -> usize {
        let rows = values.chunks_exact_mut(width.max(1));
        match (self, raw) {
            (Kind::Number { mean, deviation, nulls }, Raw::Numbers(numbers)) => {
                for (row, number) in rows.zip(numbers) {
                    let standard = if number.is_nan() { 0.0 } else { (number - mean) / deviation };
                    set(row, place, standard as f32);
                    if *nulls && number.is_nan() {
                        set(row, place + 1, 1.0);
                    }
                }
                if *nulls { 0 } else { numbers.iter().filter(|number| number.is_nan()).count() }
            }
            (Kind::Levels { levels }, Raw::Texts { texts, codes }) => {
                let level: Vec<Option<usize>> = texts.iter().map(|text| levels.binary_search(text).ok()).collect();
                let mut unseen = 0;
                for (row, &code) in rows.zip(codes) {
                    match level.get(code as usize).copied().flatten() {
                        Some(level) => set(row, place + level, 1.0),
                        None => unseen += 1,
                    }
                }
                unseen
            }
            // Columns are read as the kind that they have.
            (Kind::Number { .. }, Raw::Texts { .. }) | (Kind::Levels { .. }, Raw::Numbers(_)) => 0,
        }
    }
}

fn set(row: &mut [f32], place: usize, value: f32) {
    if let Some(slot) = row.get_mut(place) {
        *slot = value;
    }
}

fn fit_column(header: &str, raw: &Raw, train: &[u32]) -> Result<Option<Kind>, TrainError> {
    match raw {
        Raw::Numbers(numbers) => {
            let seen: Vec<f64> = train.iter().filter_map(|&row| numbers.get(row as usize).copied()).collect();
            let known: Vec<f64> = seen.iter().copied().filter(|number| !number.is_nan()).collect();
            let nulls = known.len() < seen.len();
            let count = known.len().max(1) as f64;
            let mean = known.iter().sum::<f64>() / count;
            let deviation = (known.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count).sqrt();
            let spread = deviation > 1e-12 * mean.abs().max(f64::MIN_POSITIVE);
            let deviation = if spread { deviation } else { 1.0 };
            Ok((spread || nulls && !known.is_empty()).then_some(Kind::Number { mean, deviation, nulls }))
        }
        Raw::Texts { texts, codes } => {
            let seen: BTreeSet<u32> = train.iter().filter_map(|&row| codes.get(row as usize).copied()).collect();
            if seen.len() > MOST_LEVELS {
                return Err(TrainError::TooManyLevels {
                    column: header.to_owned(),
                    levels: seen.len(),
                    most: MOST_LEVELS,
                });
            }
            let mut levels: Vec<String> = seen.iter().filter_map(|&code| texts.get(code as usize).cloned()).collect();
            levels.sort();
            Ok((levels.len() > 1).then_some(Kind::Levels { levels }))
        }
    }
}

/// Reads columns; `numeric` says which must be numbers, else a column is numbers if all of its values are.
fn read(source: &Source, headers: &[String], numeric: &dyn Fn(&str) -> Option<bool>) -> Result<Vec<Raw>, TrainError> {
    let mut readings: Vec<Reading> = headers.iter().map(|header| Reading::new(numeric(header))).collect();
    let batches = source.read(headers)?;
    for batch in batches {
        read_batch(source.name(), headers, &batch?, &mut readings)?;
    }
    Ok(readings.into_iter().map(Reading::finish).collect())
}

/// Reads on in every column.
fn read_batch<H: AsRef<str>>(
    file: &str,
    headers: &[H],
    batch: &Batch,
    readings: &mut [Reading],
) -> Result<(), TrainError> {
    for (index, (header, reading)) in headers.iter().zip(readings).enumerate() {
        let column = batch.column(index)?;
        for row in 0..column.rows() {
            let fault = |value: String| TrainError::NotANumber {
                file: file.to_owned(),
                place: batch.place(row).to_string(),
                column: header.as_ref().to_owned(),
                value,
            };
            reading.push(&column.value(row)).map_err(fault)?;
        }
    }
    Ok(())
}

/// A column while it is read: numbers as long as all values are numbers.
struct Reading {
    numeric: Option<bool>,
    numbers: Option<Vec<f64>>,
    known: BTreeMap<String, u32>,
    codes: Vec<u32>,
}

impl Reading {
    fn new(numeric: Option<bool>) -> Reading {
        let numbers = (numeric != Some(false)).then(Vec::new);
        Reading { numeric, numbers, known: BTreeMap::new(), codes: Vec::new() }
    }

    /// Fails with the value if it must be a number and is none.
    fn push(&mut self, value: &Value<'_>) -> Result<(), String> {
        let number = value.number().ok().map(|number| number.unwrap_or(f64::NAN)).filter(|n| !n.is_infinite());
        match (&mut self.numbers, number) {
            (Some(numbers), Some(number)) => numbers.push(number),
            (Some(_), None) if self.numeric == Some(true) => return Err(value.to_string()),
            (Some(_), None) => self.numbers = None,
            (None, _) => {}
        }
        if self.numeric != Some(true) {
            let text = if value.is_null() { String::new() } else { value.to_string() };
            let next = self.known.len() as u32;
            // A column of numbers may have as many texts as rows: they are needed only until it is known to be one.
            self.codes.push(*self.known.entry(text).or_insert(next));
        }
        Ok(())
    }

    fn finish(self) -> Raw {
        match self.numbers {
            Some(numbers) => Raw::Numbers(numbers),
            None => {
                let mut texts: Vec<(String, u32)> = self.known.into_iter().collect();
                texts.sort_by_key(|(_, code)| *code);
                Raw::Texts { texts: texts.into_iter().map(|(text, _)| text).collect(), codes: self.codes }
            }
        }
    }
}
