//! Copies of a table with columns added.
//!
//! Into the same text format, every record keeps its bytes and gets the new fields at its end. Into Parquet and
//! between formats, tables are read and written anew:
//!
//! | from | to CSV, TSV | to JSON Lines | to Parquet |
//! | --- | --- | --- | --- |
//! | CSV, TSV | text, quoted where needed | strings and nulls | text columns |
//! | JSON Lines | text as written | bytes kept | booleans, integers, doubles, text |
//! | Parquet | shortest text | typed values | columns as they were |

mod convert;
mod csv;
mod json;

use std::path::Path;

use super::atomic::{STANDARD_STREAM, write_atomically};
use super::error::DataError;
use super::source::{Format, Layout, Source};

/// A column of numbers to add to a table.
#[derive(Debug, Clone, Copy)]
pub struct Added<'a> {
    /// Its name.
    pub name: &'a str,
    /// One number for each row of the table. NaN becomes a null, in JSON infinity too.
    pub values: &'a [f64],
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

/// Writes a copy of `source` with columns added to `target`, atomically; `-` is standard output.
///
/// The format is `format` if given, else what the extension of `target` says, and that of `source` for standard
/// output. `target` may be the file that is read.
///
/// # Errors
/// What is wrong with the input, [`DataError::ColumnExists`], [`DataError::RowCount`], [`DataError::Convert`] or
/// [`DataError::Write`].
pub fn write_with_columns(
    source: &Source,
    added: &[Added<'_>],
    target: &Path,
    format: Option<Format>,
    existing: OnExisting,
) -> Result<(), DataError> {
    let format = match format {
        Some(format) => format,
        None if target == Path::new(STANDARD_STREAM) => source.format(),
        None => Format::of_path(target)?,
    };
    let same = source.format() == format;
    let all_keys;
    let source = if same {
        source
    } else {
        all_keys = source.with_all_keys()?;
        &all_keys
    };
    let plan = Plan::new(source, added, existing)?;
    let output = target.display().to_string();
    write_atomically(target, |out| {
        let rows = match &source.layout {
            Layout::Csv if same => csv::copy(&plan, out, &output)?,
            Layout::Json(_) if same => json::copy(&plan, out, &output)?,
            _ => convert::copy(&plan, format, out, &output)?,
        };
        plan.check_rows(rows)
    })
}

/// The columns of the copy.
struct Plan<'a> {
    source: &'a Source,
    added: &'a [Added<'a>],
    existing: OnExisting,
    slots: Vec<Slot>,
}

/// Where a column of the copy comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    /// From the column of this index.
    Kept(usize),
    /// From the added column of this index.
    Added(usize),
}

impl<'a> Plan<'a> {
    fn new(source: &'a Source, added: &'a [Added<'a>], existing: OnExisting) -> Result<Self, DataError> {
        let mut slots: Vec<Slot> = (0..source.columns().len()).map(Slot::Kept).collect();
        for (index, column) in added.iter().enumerate() {
            let exists = || DataError::ColumnExists { file: source.name().to_owned(), column: column.name.to_owned() };
            let twice = added.iter().take(index).any(|other| other.name == column.name);
            let place = source.columns().iter().position(|name| name == column.name);
            match place.and_then(|place| slots.get_mut(place)) {
                _ if twice => return Err(exists()),
                Some(slot) if existing == OnExisting::Replace => *slot = Slot::Added(index),
                Some(_) => return Err(exists()),
                None => slots.push(Slot::Added(index)),
            }
        }
        Ok(Self { source, added, existing, slots })
    }

    /// Whether every column of the source is kept, so that the new ones all stand at the end.
    fn only_appends(&self) -> bool {
        self.slots.iter().take(self.source.columns().len()).all(|slot| matches!(slot, Slot::Kept(_)))
    }

    /// The value of an added column; NaN, a null, where there is none.
    fn value(&self, index: usize, row: usize) -> f64 {
        self.added.get(index).and_then(|column| column.values.get(row)).copied().unwrap_or(f64::NAN)
    }

    fn check_rows(&self, rows: usize) -> Result<(), DataError> {
        match self.added.iter().find(|column| column.values.len() != rows) {
            None => Ok(()),
            Some(column) => Err(DataError::RowCount {
                file: self.source.name().to_owned(),
                column: column.name.to_owned(),
                rows,
                values: column.values.len(),
            }),
        }
    }
}

/// An error of the system while writing `output`.
fn write_error(output: &str) -> impl Fn(std::io::Error) -> DataError + '_ {
    move |source| DataError::Write { file: output.to_owned(), source }
}

#[cfg(test)]
mod tests;
