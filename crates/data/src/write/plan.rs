//! The columns of a copy, and where each comes from.

use std::io;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array};
use arrow_schema::{DataType, Field, FieldRef};

use super::spilled::Spilled;
use crate::error::DataError;
use crate::table::{Table, refuse_duplicate};

/// A column of numbers to add to a table.
#[derive(Debug, Clone, Copy)]
pub struct Added<'a> {
    /// Its name.
    pub name: &'a str,
    /// One number for each row of the table. NaN becomes a null, in JSON infinity too.
    pub values: Values<'a>,
}

/// Where the numbers of an added column are.
#[derive(Debug, Clone, Copy)]
pub enum Values<'a> {
    Here(&'a [f64]),
    Spilled(&'a Spilled),
}

impl<'a> From<&'a [f64]> for Values<'a> {
    fn from(values: &'a [f64]) -> Values<'a> {
        Values::Here(values)
    }
}

impl<'a> From<&'a Spilled> for Values<'a> {
    fn from(spilled: &'a Spilled) -> Values<'a> {
        Values::Spilled(spilled)
    }
}

impl Values<'_> {
    fn len(&self) -> usize {
        match self {
            Values::Here(values) => values.len(),
            Values::Spilled(spilled) => spilled.len(),
        }
    }
}

impl Added<'_> {
    /// The value of a row; NaN, a null, where there is none.
    pub(crate) fn value(&self, row: usize) -> f64 {
        match self.values {
            Values::Here(values) => values.get(row).copied().unwrap_or(f64::NAN),
            Values::Spilled(spilled) => spilled.value(row),
        }
    }
}

/// What to do when the table has a column of this name already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnExisting {
    /// Nothing is written; the error is [`DataError::ColumnExists`].
    #[default]
    Refuse,
    /// The new values stand in the place of the old ones.
    Replace,
}

/// The columns of the copy.
pub(crate) struct Plan<'a> {
    pub table: &'a Table,
    pub added: &'a [Added<'a>],
    pub slots: Vec<Slot>,
    pub existing: OnExisting,
    /// Where the copy goes.
    pub path: &'a Path,
    pub progress: Option<&'a dyn Fn(u64)>,
    /// Where the values of the added columns for its first row are: the table may be a part of another.
    first: usize,
}

/// Copies that go record by record report their progress after this many.
pub(crate) const REPORT_ROWS: usize = 1 << 16;

/// Where a column of the copy comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// From the column of this index.
    Kept(usize),
    /// From the added column of this index.
    Added(usize),
}

impl<'a> Plan<'a> {
    pub fn new(
        table: &'a Table,
        added: &'a [Added<'a>],
        existing: OnExisting,
        path: &'a Path,
        progress: Option<&'a dyn Fn(u64)>,
    ) -> Result<Self, DataError> {
        let mut slots: Vec<Slot> = (0..table.columns.len()).map(Slot::Kept).collect();
        for (index, column) in added.iter().enumerate() {
            let exists = || DataError::ColumnExists { file: table.name.clone(), column: column.name.to_owned() };
            let twice = added.iter().take(index).any(|other| other.name == column.name);
            refuse_duplicate(&table.name, &table.columns, column.name)?;
            let place = table.columns.iter().position(|name| name == column.name);
            match place.and_then(|place| slots.get_mut(place)) {
                _ if twice => return Err(exists()),
                Some(slot) if existing == OnExisting::Replace => *slot = Slot::Added(index),
                Some(_) => return Err(exists()),
                None => slots.push(Slot::Added(index)),
            }
        }
        Ok(Self { table, added, slots, existing, path, progress, first: 0 })
    }

    /// The plan of a part that begins in this row of the added columns.
    pub fn starting_at(self, first: usize) -> Self {
        Self { first, ..self }
    }

    /// Whether every column of the source is kept, so that the new ones all stand at the end.
    pub fn only_appends(&self) -> bool {
        self.slots.iter().take(self.table.columns.len()).all(|slot| matches!(slot, Slot::Kept(_)))
    }

    /// The added columns with their places in the copy.
    pub fn places(&self) -> Vec<(usize, &'a str)> {
        let places = self.slots.iter().enumerate().filter_map(|(place, slot)| match *slot {
            Slot::Added(index) => Some((place, self.added.get(index)?.name)),
            Slot::Kept(_) => None,
        });
        places.collect()
    }

    /// The value of an added column; NaN, a null, where there is none.
    pub fn value(&self, index: usize, row: usize) -> f64 {
        self.added.get(index).map_or(f64::NAN, |column| column.value(self.first + row))
    }

    /// The values of an added column for so many rows from the row `first` on.
    pub fn added_column(&self, index: usize, first: usize, rows: usize) -> ArrayRef {
        let number = |row| Some(self.value(index, row)).filter(|value| !value.is_nan());
        Arc::new((first..first + rows).map(number).collect::<Float64Array>())
    }

    /// Name and type of an added column.
    pub fn added_field(&self, index: usize) -> FieldRef {
        let name = self.added.get(index).map_or("", |column| column.name);
        Arc::new(Field::new(name, DataType::Float64, true))
    }

    /// Tells the caller how far the copy is, in bytes of the source.
    pub fn report(&self, bytes: u64) {
        if let Some(progress) = self.progress {
            progress(bytes);
        }
    }

    /// The same, of a copy that has done so many of its parts.
    pub fn report_share(&self, done: usize, parts: usize) {
        let share = done as f64 / parts.max(1) as f64;
        self.report((share * self.table.size as f64) as u64);
    }

    /// A table that cannot be written as it was.
    pub fn refuse_same(&self, message: impl Into<String>) -> DataError {
        self.refuse(self.table.expected.label, message.into())
    }

    /// A table that cannot be written as the format of this label.
    pub fn refuse(&self, format: &'static str, message: String) -> DataError {
        DataError::Convert { file: self.table.name.clone(), format, message }
    }

    /// A column that cannot be written.
    pub fn unsupported(&self, column: String, found: String) -> DataError {
        DataError::UnsupportedType { file: self.table.name.clone(), column, found }
    }

    /// An error of the system while the output is written.
    pub fn write_error(&self, source: io::Error) -> DataError {
        DataError::Write { file: self.path.display().to_string(), source }
    }

    /// Fails if the table had more or fewer rows than the added columns have values, or some of these could not be read.
    pub fn check_rows(&self, rows: usize) -> Result<(), DataError> {
        let failed = |column: &Added<'_>| match column.values {
            Values::Here(_) => None,
            Values::Spilled(spilled) => spilled.failure(),
        };
        if let Some(source) = self.added.iter().find_map(failed) {
            return Err(self.write_error(source));
        }
        match self.added.iter().find(|column| column.values.len() != rows) {
            None => Ok(()),
            Some(column) => Err(DataError::RowCount {
                file: self.table.name.clone(),
                column: column.name.to_owned(),
                rows,
                values: column.values.len(),
            }),
        }
    }
}
