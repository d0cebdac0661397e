//! Apache Parquet.
//!
//! Columns keep the types of the file. Only top-level columns can be read, and only those asked for are decoded.
//!
//! The decoder panics on some damaged pages. This is caught here and becomes an error like the others; what the panic
//! hook prints stays visible, since it is a mistake of the decoder.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;

use super::batch::{Lines, Part, ReadBatches};
use super::error::DataError;
use super::source::Source;

/// What stands at the end of a Parquet file: schema and row groups.
pub(super) type Footer = ArrowReaderMetadata;

pub(super) fn read_footer(name: &str, file: File) -> Result<(Vec<String>, Footer), DataError> {
    let footer = guard(name, || ArrowReaderMetadata::load(&file, Default::default()))?
        .map_err(|error| describe(name, &error))?;
    let columns: Vec<String> = footer.schema().fields().iter().map(|field| field.name().clone()).collect();
    if columns.is_empty() {
        return Err(DataError::Empty { file: name.to_owned() });
    }
    Ok((columns, footer))
}

/// Rows in the whole file.
pub(super) fn rows(footer: &Footer) -> usize {
    usize::try_from(footer.metadata().file_metadata().num_rows()).unwrap_or(0)
}

/// Reads some columns of a Parquet file.
pub(super) struct Reader {
    file: String,
    batches: ParquetRecordBatchReader,
    next_row: usize,
    rows: usize,
    bytes: u64,
}

impl Reader {
    /// A reader of the columns at `indices`, which are ascending.
    pub fn new(
        source: &Source,
        file: File,
        footer: &Footer,
        indices: &[usize],
        batch_rows: usize,
    ) -> Result<Self, DataError> {
        let mask = ProjectionMask::roots(footer.parquet_schema(), indices.iter().copied());
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, footer.clone())
            .with_projection(mask)
            .with_batch_size(batch_rows);
        let batches = guard(source.name(), || builder.build())?.map_err(|error| describe(source.name(), &error))?;
        Ok(Self { file: source.name().to_owned(), batches, next_row: 0, rows: rows(footer), bytes: source.size() })
    }
}

impl ReadBatches for Reader {
    fn next_batch(&mut self) -> Result<Option<Part>, DataError> {
        let Some(columns) = guard(&self.file, || self.batches.next())? else { return Ok(None) };
        let columns = columns
            .map_err(|error| DataError::Parquet { file: self.file.clone(), message: plain(&error.to_string()) })?;
        let first_row = self.next_row;
        self.next_row += columns.num_rows();
        Ok(Some(Part { columns, first_row, lines: Lines::Absent }))
    }

    fn bytes_read(&self) -> u64 {
        let share = self.next_row as f64 / self.rows.max(1) as f64;
        (share * self.bytes as f64) as u64
    }
}

/// Runs the decoder; a panic becomes an error. The reader is not used after one, so no broken state is seen.
fn guard<T>(name: &str, decode: impl FnOnce() -> T) -> Result<T, DataError> {
    catch_unwind(AssertUnwindSafe(decode))
        .map_err(|_| DataError::Parquet { file: name.to_owned(), message: "its pages are damaged".into() })
}

fn describe(name: &str, error: &ParquetError) -> DataError {
    DataError::Parquet { file: name.to_owned(), message: plain(&error.to_string()) }
}

/// The decoder's words without its prefixes.
fn plain(message: &str) -> String {
    let mut message = message;
    for prefix in ["Parquet argument error: ", "Parquet error: ", "External: ", "EOF: ", "NYI: ", "Arrow: "] {
        message = message.strip_prefix(prefix).unwrap_or(message);
    }
    message.trim_end_matches('.').to_owned()
}
