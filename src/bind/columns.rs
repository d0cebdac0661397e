//! Reading one column of a batch as the program declares it, and noting every value at fault.

use crate::data::{Batch, Code, Column, DataError, Level, LevelCoder, Value};
use crate::language::program::{Interval, Level as Declared, PairColumn};
use crate::language::words::nearest;

use super::error::{BEYOND_WHOLE, BindError};
use super::offenders::{Offenders, Place};
use super::unplaced::{Counter, Unplaced};

/// A column to be read.
#[derive(Clone, Debug)]
pub(super) struct PlannedColumn {
    pub header: String,
    pub name: String,
    pub kind: ColumnKind,
    pub nullable: bool,
}

#[derive(Clone, Debug)]
pub(super) enum ColumnKind {
    Levels(Vec<Declared>),
    Number { range: Interval, whole: bool },
}

/// The header, for messages; a column of a pair goes by its name.
fn shown_header(planned: &PlannedColumn) -> &str {
    if PairColumn::of(&planned.header).is_some() { &planned.name } else { &planned.header }
}

/// Where the rows of a batch stand.
pub(super) struct At<'a> {
    pub batch: &'a Batch,
}

impl At<'_> {
    pub(super) fn place(&self, row: usize, value: impl ToString) -> Place {
        Place::in_batch(self.batch, row, value)
    }
}

/// The faults of the values of one column.
#[derive(Debug)]
struct Faults {
    unknown: Offenders,
    null: Offenders,
    range: Offenders,
    text: Offenders,
}

impl Faults {
    fn new(file: &str, header: &str) -> Faults {
        let none = Offenders::new(file, header);
        Faults { unknown: none.clone(), null: none.clone(), range: none.clone(), text: none }
    }

    /// The faults noted so far, which are forgotten.
    fn take(&mut self) -> Faults {
        let new = Faults::new(&self.null.file, &self.null.column);
        std::mem::replace(self, new)
    }

    fn any(&self) -> bool {
        [&self.unknown, &self.null, &self.range, &self.text].iter().any(|offenders| offenders.count > 0)
    }

    fn errors(self, levels: &[String], expected: String) -> Vec<BindError> {
        let mut errors = Vec::new();
        if self.unknown.count > 0 {
            let found = self.unknown.first.first().map_or("", |place| &place.value);
            let suggestion = nearest(found, levels.iter().map(String::as_str)).map(str::to_owned);
            errors.push(BindError::UnknownLevel { at: Box::new(self.unknown), levels: levels.to_vec(), suggestion });
        }
        if self.null.count > 0 {
            errors.push(BindError::Null { at: Box::new(self.null) });
        }
        if self.range.count > 0 {
            errors.push(BindError::OutOfRange { at: Box::new(self.range), expected });
        }
        if self.text.count > 0 {
            errors.push(BindError::NotANumber { at: Box::new(self.text) });
        }
        errors
    }
}

/// Reads a declared column. What is at fault reads as null.
#[derive(Debug)]
pub(super) struct Reader {
    planned: PlannedColumn,
    coder: LevelCoder,
    /// The number of each level, and NaN for none.
    numbers: Vec<f64>,
    /// Whether anything reads the numbers of levels, sample by sample.
    as_number: bool,
    /// Of a column of numbers: whether samples without one are counted, and how many there were.
    counts_missing: bool,
    missing: usize,
    raw: Vec<Code>,
    /// Level codes of the batch; the number of levels where there is none.
    pub codes: Vec<u32>,
    /// Values of the batch; NaN where there is none.
    pub values: Vec<f64>,
    faults: Faults,
    unplaced: Counter,
}

impl Reader {
    pub(super) fn new(planned: PlannedColumn, (as_number, counts_missing): (bool, bool), file: &str) -> Reader {
        let levels: Vec<Level> = match &planned.kind {
            ColumnKind::Levels(levels) => {
                levels.iter().map(|level| Level { text: level.text.clone(), number: level.number }).collect()
            }
            ColumnKind::Number { .. } => Vec::new(),
        };
        Reader {
            coder: LevelCoder::new(&levels),
            numbers: levels.iter().map(|level| level.number.unwrap_or(f64::NAN)).chain([f64::NAN]).collect(),
            as_number,
            counts_missing,
            missing: 0,
            raw: Vec::new(),
            codes: Vec::new(),
            values: Vec::new(),
            faults: Faults::new(file, shown_header(&planned)),
            unplaced: Counter::default(),
            planned,
        }
    }

    pub(super) fn header(&self) -> &str {
        shown_header(&self.planned)
    }

    pub(super) fn nullable(&self) -> bool {
        self.planned.nullable
    }

    /// The value of a level, for expressions over categorical columns.
    pub(super) fn number(&self, code: u32) -> f64 {
        self.numbers[code as usize]
    }

    /// A column that is not there: all null, without faults.
    pub(super) fn read_nothing(&mut self, rows: usize) {
        let none = self.numbers.len().saturating_sub(1) as u32;
        self.codes.clear();
        self.codes.resize(rows, none);
        self.values.clear();
        self.values.resize(rows, f64::NAN);
    }

    /// Takes values that were read elsewhere.
    pub(super) fn supply(&mut self, values: Vec<f64>) {
        self.values = values;
    }

    pub(super) fn read(&mut self, column: &Column, at: &At) {
        match &self.planned.kind {
            ColumnKind::Levels(_) => self.read_levels(column, at),
            ColumnKind::Number { range, whole } => {
                let (range, whole, nullable) = (*range, *whole, self.planned.nullable);
                read_numbers(column, range, whole, nullable, at, &mut self.values, &mut self.faults);
                if self.counts_missing {
                    self.missing += self.values.iter().filter(|value| value.is_nan()).count();
                }
            }
        }
    }

    fn read_levels(&mut self, column: &Column, at: &At) {
        self.raw.clear();
        self.coder.encode(column, &mut self.raw);
        let none = self.numbers.len().saturating_sub(1) as u32;
        let (nullable, faults) = (self.planned.nullable, &mut self.faults);
        self.codes.clear();
        self.codes.extend(self.raw.iter().map(|code| code.level().map_or(none, |level| level as u32)));
        if !nullable && self.codes.iter().fold(false, |any, &code| any | (code == none)) {
            for (row, code) in self.raw.iter().enumerate().filter(|(_, code)| code.level().is_none()) {
                let fault = if *code == Code::NULL { &mut faults.null } else { &mut faults.unknown };
                fault.add(|| at.place(row, column.value(row)));
            }
        }
        if nullable && self.codes.contains(&none) {
            self.count_unplaced(column);
        }
        self.values.clear();
        if self.as_number {
            let number = |&code: &u32| self.numbers[code as usize];
            self.values.extend(self.codes.iter().map(number));
        }
    }

    /// Notes the samples in no level, which a nullable column may have.
    fn count_unplaced(&mut self, column: &Column) {
        let levels = self.levels();
        for (row, code) in self.raw.iter().enumerate().filter(|(_, code)| code.level().is_none()) {
            match *code {
                Code::NULL => self.unplaced.null(),
                _ => self.unplaced.undeclared(column.value(row).to_string(), &levels),
            }
        }
    }

    fn levels(&self) -> Vec<String> {
        match &self.planned.kind {
            ColumnKind::Levels(levels) => levels.iter().map(|level| level.text.clone()).collect(),
            ColumnKind::Number { .. } => Vec::new(),
        }
    }

    /// The samples so far that are in no level, or have no number that conditions read.
    pub(super) fn unplaced(&self) -> Option<Unplaced> {
        if self.missing > 0 {
            return Some(Unplaced::of_numbers(shown_header(&self.planned), self.missing));
        }
        self.unplaced.finish(shown_header(&self.planned), &self.levels())
    }

    /// What was wrong since the last call.
    pub(super) fn take_errors(&mut self) -> Vec<BindError> {
        if !self.faults.any() {
            return Vec::new();
        }
        let (levels, expected) = match &self.planned.kind {
            ColumnKind::Levels(levels) => (levels.iter().map(|level| level.text.clone()).collect(), String::new()),
            ColumnKind::Number { range, whole } => (Vec::new(), describe_range(*range, *whole)),
        };
        self.faults.take().errors(&levels, expected)
    }
}

pub(super) fn describe_range(range: Interval, whole: bool) -> String {
    let kind = if whole { "int" } else { "real" };
    let (lower, upper) = (crate::data::Shortest(range.lower), crate::data::Shortest(range.upper));
    if range.lower == f64::NEG_INFINITY && range.upper == f64::INFINITY {
        format!("`{kind}`")
    } else {
        format!("`{kind} in [{lower}, {upper}]`")
    }
}

/// Whether this is a whole number, and no other one.
fn is_whole(value: f64) -> bool {
    value.fract() == 0.0 && value.abs() < BEYOND_WHOLE
}

fn read_numbers(
    column: &Column,
    range: Interval,
    whole: bool,
    nullable: bool,
    at: &At,
    values: &mut Vec<f64>,
    faults: &mut Faults,
) {
    values.clear();
    // One pass that vectorises; the places at fault are looked up only when there are any.
    let fine = |&v: &f64| (v >= range.lower) & (v <= range.upper) & v.is_finite() & (!whole || is_whole(v));
    if column.floats(values) && values.iter().fold(true, |all, value| all & fine(value)) {
        return;
    }
    values.clear();
    values.reserve(column.rows());
    column.visit_numbers(|row, number| {
        let value = match number {
            Ok(Some(value)) if value.is_nan() && nullable => f64::NAN,
            Ok(Some(value)) if value.is_nan() => {
                faults.text.add(|| at.place(row, Value::Float(value)));
                f64::NAN
            }
            Ok(Some(value)) if !value.is_finite() || value < range.lower || value > range.upper => {
                faults.range.add(|| at.place(row, column.value(row)));
                f64::NAN
            }
            Ok(Some(value)) if whole && !is_whole(value) => {
                faults.range.add(|| at.place(row, column.value(row)));
                f64::NAN
            }
            Ok(Some(value)) => value,
            Ok(None) if nullable => f64::NAN,
            Ok(None) => {
                faults.null.add(|| at.place(row, ""));
                f64::NAN
            }
            Err(value) => {
                faults.text.add(|| at.place(row, value));
                f64::NAN
            }
        };
        values.push(value);
    });
}

/// The weights of samples: finite and not negative.
#[derive(Debug)]
pub(super) struct WeightReader {
    pub values: Vec<f64>,
    faults: Faults,
}

/// What weights are, in messages.
pub(super) const WEIGHT: &str = "a weight of at least 0";

impl WeightReader {
    pub(super) fn new(file: &str, header: &str) -> WeightReader {
        WeightReader { values: Vec::new(), faults: Faults::new(file, header) }
    }

    pub(super) fn read(&mut self, column: &Column, at: &At) {
        let range = Interval { lower: 0.0, upper: f64::INFINITY };
        read_numbers(column, range, false, false, at, &mut self.values, &mut self.faults);
    }

    /// What was wrong since the last call.
    pub(super) fn take_errors(&mut self) -> Vec<BindError> {
        self.faults.take().errors(&[], WEIGHT.to_owned())
    }
}

/// The predictions: finite, in any range.
#[derive(Debug)]
pub(super) struct PredictionReader {
    pub values: Vec<f64>,
    wrong: Offenders,
    text: Offenders,
}

impl PredictionReader {
    pub(super) fn new(file: &str, header: &str) -> PredictionReader {
        let none = Offenders::new(file, header);
        PredictionReader { values: Vec::new(), wrong: none.clone(), text: none }
    }

    /// Appends the predictions of a batch.
    pub(super) fn read(&mut self, column: &Column, at: &At) {
        self.values.reserve(column.rows());
        let (values, wrong, text) = (&mut self.values, &mut self.wrong, &mut self.text);
        column.visit_numbers(|row, number| {
            match number {
                Ok(Some(value)) if value.is_finite() => {}
                Ok(Some(_)) | Ok(None) => wrong.add(|| at.place(row, column.value(row))),
                Err(value) => text.add(|| at.place(row, value)),
            }
            values.push(number.ok().flatten().unwrap_or(f64::NAN));
        });
    }

    /// The predictions since the last call, and what was wrong with them.
    pub(super) fn take(&mut self) -> (Vec<f64>, Vec<BindError>) {
        let mut errors = Vec::new();
        let take = |offenders: &mut Offenders| {
            let new = Offenders::new(&offenders.file, &offenders.column);
            std::mem::replace(offenders, new)
        };
        if self.wrong.count > 0 {
            errors.push(BindError::Prediction { at: Box::new(take(&mut self.wrong)) });
        }
        if self.text.count > 0 {
            errors.push(BindError::NotANumber { at: Box::new(take(&mut self.text)) });
        }
        (std::mem::take(&mut self.values), errors)
    }
}

/// The arrays of a batch as columns.
pub(super) fn columns_of(batch: &Batch, file: &str) -> Result<Vec<Column>, BindError> {
    let schema = batch.columns.schema();
    let named = batch.columns.columns().iter().zip(schema.fields());
    let columns = named.map(|(array, field)| {
        Column::new(array).map_err(|found| {
            let column = field.name().clone();
            BindError::Data(DataError::UnsupportedType { file: file.to_owned(), column, found })
        })
    });
    columns.collect()
}
