//! Copies of a table with columns added.
//!
//! Into the same text format, every record keeps its bytes and gets the new fields at its end. Into Parquet and
//! between formats, tables are read and written anew:
//!
//! | from | to CSV, TSV | to JSON Lines | to Parquet |
//! | --- | --- | --- | --- |
//! | CSV, TSV | text, quoted where needed | strings and nulls | text columns |
//! | JSON Lines | text as written | bytes kept | booleans, integers, doubles, text |
//! | Parquet | shortest text | typed values, lists and records too | columns as they were, unread |

mod arrow_message;
mod convert;
mod csv;
mod json;
mod objects;
mod parquet;

use std::io;
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

/// Where a copy goes, and how.
#[derive(Clone, Copy)]
pub struct Output<'a> {
    /// Its file; `-` is standard output. It may be the file that is read.
    pub path: &'a Path,
    /// Its format; if none, what the extension says, and for standard output that of the source.
    pub format: Option<Format>,
    /// What to do when the table has a column of the added name already.
    pub existing: OnExisting,
    /// Called now and then with the bytes of the source that have been copied, of [`Source::size`].
    pub progress: Option<&'a dyn Fn(u64)>,
}

impl<'a> Output<'a> {
    /// An output in the format that its path says, which replaces no column.
    pub fn new(path: &'a Path) -> Self {
        Self { path, format: None, existing: OnExisting::Refuse, progress: None }
    }

    fn format_for(&self, source: &Source) -> Result<Format, DataError> {
        match self.format {
            Some(format) => Ok(format),
            None if self.path == Path::new(STANDARD_STREAM) => Ok(source.format()),
            None if self.path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gz")) => {
                Err(DataError::PackedOutput { file: self.path.display().to_string() })
            }
            None => Format::of_path(self.path),
        }
    }
}

/// Writes a copy of `source` with columns added, atomically.
///
/// # Errors
/// What is wrong with the input, [`DataError::ColumnExists`], [`DataError::RowCount`], [`DataError::Convert`] or
/// [`DataError::Write`].
pub fn write_with_columns(source: &Source, added: &[Added<'_>], output: &Output<'_>) -> Result<(), DataError> {
    let format = output.format_for(source)?;
    let same = source.format() == format;
    let all_keys;
    let source = if same {
        source
    } else {
        all_keys = source.with_all_keys()?;
        &all_keys
    };
    let plan = Plan::new(source, added, output)?;
    write_atomically(output.path, |out| {
        let rows = match &source.layout {
            Layout::Csv if same => csv::copy(&plan, out)?,
            Layout::Json(_) if same => json::copy(&plan, out)?,
            Layout::Parquet(footer) if same => parquet::copy(&plan, footer, out)?,
            _ => convert::copy(&plan, format, out)?,
        };
        plan.check_rows(rows)
    })
}

/// The columns of the copy.
struct Plan<'a> {
    source: &'a Source,
    added: &'a [Added<'a>],
    output: &'a Output<'a>,
    slots: Vec<Slot>,
}

/// Copies that go record by record report their progress after this many.
const REPORT_ROWS: usize = 1 << 16;

/// Where a column of the copy comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    /// From the column of this index.
    Kept(usize),
    /// From the added column of this index.
    Added(usize),
}

impl<'a> Plan<'a> {
    fn new(source: &'a Source, added: &'a [Added<'a>], output: &'a Output<'a>) -> Result<Self, DataError> {
        let mut slots: Vec<Slot> = (0..source.columns().len()).map(Slot::Kept).collect();
        for (index, column) in added.iter().enumerate() {
            let exists = || DataError::ColumnExists { file: source.name().to_owned(), column: column.name.to_owned() };
            let twice = added.iter().take(index).any(|other| other.name == column.name);
            super::source::refuse_duplicate(source.name(), source.columns(), column.name)?;
            let place = source.columns().iter().position(|name| name == column.name);
            match place.and_then(|place| slots.get_mut(place)) {
                _ if twice => return Err(exists()),
                Some(slot) if output.existing == OnExisting::Replace => *slot = Slot::Added(index),
                Some(_) => return Err(exists()),
                None => slots.push(Slot::Added(index)),
            }
        }
        Ok(Self { source, added, output, slots })
    }

    /// Whether every column of the source is kept, so that the new ones all stand at the end.
    fn only_appends(&self) -> bool {
        self.slots.iter().take(self.source.columns().len()).all(|slot| matches!(slot, Slot::Kept(_)))
    }

    /// The value of an added column; NaN, a null, where there is none.
    fn value(&self, index: usize, row: usize) -> f64 {
        self.added.get(index).and_then(|column| column.values.get(row)).copied().unwrap_or(f64::NAN)
    }

    /// Tells the caller how far the copy is.
    fn report(&self, bytes: u64) {
        if let Some(progress) = self.output.progress {
            progress(bytes);
        }
    }

    /// The same, of a copy that has done so many of its parts.
    fn report_share(&self, done: usize, parts: usize) {
        let share = done as f64 / parts.max(1) as f64;
        self.report((share * self.source.size() as f64) as u64);
    }

    /// A table that cannot be written as it was.
    fn refuse_text(&self, message: &str) -> DataError {
        let (file, format) = (self.source.name().to_owned(), self.source.format().label());
        DataError::Convert { file, format, message: message.to_owned() }
    }

    /// A table that cannot be written as Parquet.
    fn refuse_parquet(&self, message: String) -> DataError {
        DataError::Convert { file: self.source.name().to_owned(), format: Format::Parquet.label(), message }
    }

    /// An error of the system while the output is written.
    fn write_error(&self, source: io::Error) -> DataError {
        DataError::Write { file: self.output.path.display().to_string(), source }
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

#[cfg(test)]
mod tests;
