//! Batches: a bounded number of rows at a time, and where each of them stands in its file.

use std::fmt;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};

use super::column::Column;
use super::error::DataError;

/// Rows per batch unless the caller asks otherwise.
pub const DEFAULT_BATCH_ROWS: usize = 1 << 16;

/// A batch of text ends early when it holds this many bytes, so that memory is bounded whatever the field sizes.
pub(super) const MAX_BATCH_BYTES: usize = 1 << 26;

/// How a table is to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Most rows in a batch, at least one.
    pub rows: usize,
    /// Read the numbers of JSON as numbers, not as the text they were written as.
    pub numbers: bool,
}

/// Some consecutive rows of a table, the requested columns only, in the requested order.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The columns.
    pub columns: RecordBatch,
    /// Index in the whole table of the first row, from 0.
    pub first_row: usize,
    lines: Lines,
    file: Arc<str>,
    /// For each row, its index in the whole table, where rows were taken out of batches.
    taken: Option<Arc<[usize]>>,
}

/// Where a row stands in its file, as people count. It displays as `line 12` or `row 12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// The line on which the row starts, from 1; the header counts.
    Line(u64),
    /// The row itself, from 1, in formats without lines.
    Row(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Row(row) => write!(f, "row {row}"),
        }
    }
}

impl Batch {
    /// A batch that is not part of a file which is read as a whole: its rows count from 0.
    pub(super) fn new(columns: RecordBatch, lines: Lines, file: Arc<str>) -> Batch {
        Batch { columns, first_row: 0, lines, file, taken: None }
    }

    /// A batch of a table in memory; `first_row` is the index of its first row in the table, and `name` what errors call
    /// the table.
    pub fn in_memory(columns: RecordBatch, first_row: usize, name: &str) -> Batch {
        Batch { columns, first_row, lines: Lines::Absent, file: name.into(), taken: None }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.columns.num_rows()
    }

    /// Index in the whole table of a row, from 0.
    pub fn row(&self, row: usize) -> usize {
        self.taken.as_ref().and_then(|taken| taken.get(row).copied()).unwrap_or(self.first_row + row)
    }

    /// Some of the columns, by their positions.
    ///
    /// # Errors
    /// There is no such column.
    pub fn select(&self, columns: &[usize]) -> Result<Batch, DataError> {
        let columns = self.columns.project(columns).map_err(|error| unreadable(&self.file, error))?;
        Ok(Batch { columns, ..self.clone() })
    }

    /// Rows of batches of one table, each by batch and row there; they keep their places in the table.
    ///
    /// # Errors
    /// Batches whose columns have different types.
    pub fn gather(batches: &[Batch], rows: &[(usize, usize)]) -> Result<Batch, DataError> {
        let first = batches.first().ok_or_else(|| unreadable("?", "there are no batches"))?;
        let file = first.file.clone();
        let records: Vec<&RecordBatch> = batches.iter().map(|batch| &batch.columns).collect();
        let columns = arrow_select::interleave::interleave_record_batch(&records, rows)
            .map_err(|error| unreadable(&file, error))?;
        let of = |&(batch, row): &(usize, usize)| batches.get(batch).map(|batch| (batch, row));
        let taken = rows.iter().filter_map(of).map(|(batch, row)| batch.row(row)).collect();
        let listed: Option<Vec<u64>> = rows.iter().map(|at| of(at).and_then(|(batch, row)| batch.line(row))).collect();
        let lines = listed.map_or(Lines::Absent, Lines::Listed);
        Ok(Batch { columns, first_row: 0, lines, file, taken: Some(taken) })
    }

    /// The same rows with other columns: names, and places in batches of as many rows.
    ///
    /// # Errors
    /// Columns of another length, or none.
    pub fn with_columns(&self, columns: &[(&str, &Batch, usize)]) -> Result<Batch, DataError> {
        let array = |&(name, batch, place): &(&str, &Batch, usize)| {
            Some((name.to_owned(), batch.columns.columns().get(place)?.clone(), true))
        };
        let columns: Vec<(String, ArrayRef, bool)> = columns.iter().filter_map(array).collect();
        let columns =
            RecordBatch::try_from_iter_with_nullable(columns).map_err(|error| unreadable(&self.file, error))?;
        Ok(Batch { columns, ..self.clone() })
    }

    /// The line of the file, from 1, on which a row of this batch starts; none for formats without lines.
    pub fn line(&self, row: usize) -> Option<u64> {
        self.lines.get(row)
    }

    /// The file in which a row of this batch stands, and its index there, from 0, if the table has several.
    pub fn part(&self, row: usize) -> Option<(Arc<str>, usize)> {
        match &self.lines {
            Lines::OfPart { file, first } => Some((file.clone(), first + row)),
            Lines::Absent | Lines::Consecutive { .. } | Lines::Listed(_) => None,
        }
    }

    /// Where a row of this batch stands in the file.
    pub fn place(&self, row: usize) -> Place {
        self.line(row).map_or(Place::Row(self.row(row) as u64 + 1), Place::Line)
    }

    /// One of the requested columns, by its position among them.
    ///
    /// # Errors
    /// [`DataError::UnsupportedType`], also if there is no such column.
    pub fn column(&self, index: usize) -> Result<Column, DataError> {
        let schema = self.columns.schema();
        let name = schema.fields().get(index).map_or("", |field| field.name().as_str());
        let array = self.columns.columns().get(index).ok_or_else(|| "nothing".to_owned());
        array.and_then(Column::new).map_err(|found| DataError::UnsupportedType {
            file: self.file.to_string(),
            column: name.to_owned(),
            found,
        })
    }
}

fn unreadable(file: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> DataError {
    DataError::Read { file: file.to_owned(), source: std::io::Error::other(error) }
}

/// What a reader yields: a batch of the columns it reads, in the order of the file.
pub(super) struct Part {
    pub columns: RecordBatch,
    pub first_row: usize,
    pub lines: Lines,
}

/// The line on which each row of a batch starts.
#[derive(Debug, Clone)]
pub(super) enum Lines {
    /// The format has no lines.
    Absent,
    /// Nor has it; row `i` is row `first + i` of this file, which is a part of the table.
    OfPart { file: Arc<str>, first: usize },
    /// Row `i` starts on line `first + i`.
    Consecutive { first: u64, rows: usize },
    /// Some row spans several lines, or blank lines stand between rows.
    Listed(Vec<u64>),
}

impl Lines {
    /// Lines of a batch without rows yet.
    pub(super) fn new() -> Self {
        Self::Consecutive { first: 0, rows: 0 }
    }

    /// Notes the line of the next row.
    pub(super) fn push(&mut self, line: u64) {
        match self {
            Self::Absent | Self::OfPart { .. } => {}
            Self::Consecutive { first, rows } if *rows == 0 => (*first, *rows) = (line, 1),
            Self::Consecutive { first, rows } if *first + *rows as u64 == line => *rows += 1,
            Self::Consecutive { first, rows } => {
                let mut lines: Vec<u64> = (*first..*first + *rows as u64).collect();
                lines.push(line);
                *self = Self::Listed(lines);
            }
            Self::Listed(lines) => lines.push(line),
        }
    }

    pub(super) fn get(&self, row: usize) -> Option<u64> {
        match self {
            Self::Absent | Self::OfPart { .. } => None,
            Self::Consecutive { first, rows } => (row < *rows).then(|| first + row as u64),
            Self::Listed(lines) => lines.get(row).copied(),
        }
    }
}

/// A reader of one format: batches of the columns it was opened with, in the order of the file.
pub(super) trait ReadBatches: Send {
    fn next_batch(&mut self) -> Result<Option<Part>, DataError>;
    fn bytes_read(&self) -> u64;
}

/// The batches of a table, in order. After an error the iterator is at its end.
pub struct Batches {
    reader: Box<dyn ReadBatches>,
    /// For each requested column, its place in what the reader yields.
    order: Vec<usize>,
    file: Arc<str>,
    total_bytes: u64,
    done: bool,
}

impl Batches {
    pub(super) fn new(reader: Box<dyn ReadBatches>, order: Vec<usize>, file: &str, total_bytes: u64) -> Self {
        Self { reader, order, file: file.into(), total_bytes, done: false }
    }

    /// Bytes of the file that have been read so far; for Parquet the share of its rows that have been.
    pub fn bytes_read(&self) -> u64 {
        self.reader.bytes_read().min(self.total_bytes)
    }

    /// Bytes of the whole file.
    pub fn total_bytes(&self) -> u64 {
        self.total_bytes
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.reader.next_batch().and_then(|part| {
            let Some(Part { columns, first_row, lines }) = part else { return Ok(None) };
            let file = self.file.clone();
            match columns.project(&self.order) {
                Ok(columns) => Ok(Some(Batch { columns, first_row, lines, file, taken: None })),
                Err(error) => Err(DataError::Read { file: file.to_string(), source: std::io::Error::other(error) }),
            }
        });
        self.done = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_listed_only_when_they_have_to_be() {
        let mut lines = Lines::new();
        for line in [2, 3, 4] {
            lines.push(line);
        }
        assert!(matches!(lines, Lines::Consecutive { first: 2, rows: 3 }));
        lines.push(7);
        lines.push(8);
        let got: Vec<_> = (0..6).map(|row| lines.get(row)).collect();
        assert_eq!(got, [Some(2), Some(3), Some(4), Some(7), Some(8), None]);
    }
}
