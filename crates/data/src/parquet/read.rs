//! Pages to batches.

use std::fs::File;
use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Schema, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{Compression, Type as PhysicalType};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use super::pages;
use crate::batch::{Lines, Part, ReadBatches};
use crate::decimals::check_decimals;
use crate::error::DataError;
use crate::guard::guard;
use crate::table::Table;

/// What sentences call the format.
pub(super) const LABEL: &str = "Parquet";

/// What stands at the end of a Parquet file: schema and row groups.
pub(super) type Footer = ArrowReaderMetadata;

pub(super) fn read_footer(name: &str, file: File) -> Result<(Vec<String>, Footer), DataError> {
    let footer = guard(name, LABEL, || {
        let metadata = Arc::new(ParquetMetaDataReader::new().parse_and_finish(&file)?);
        pages::check_footer(&metadata, file.metadata()?.len())?;
        typed(metadata)
    })?
    .map_err(|error| describe(name, &error))?;
    let columns: Vec<String> = footer.schema().fields().iter().map(|field| field.name().clone()).collect();
    if columns.is_empty() {
        return Err(DataError::Empty { file: name.to_owned() });
    }
    Ok((columns, footer))
}

/// The footer with the types by which columns are read.
///
/// These are the types of the Arrow schema that the file carries, but keys of dictionaries have 32 bits (the dictionaries
/// of a file may have more values together than each alone), and INT96 moments have microseconds (a count of nanoseconds
/// ends in the year 2262). A schema with types of which Arrow does not know is left alone.
fn typed(metadata: Arc<ParquetMetaData>) -> Result<Footer, ParquetError> {
    let options = ArrowReaderOptions::new();
    let footer = ArrowReaderMetadata::try_new(metadata.clone(), options.clone())
        .or_else(|_| ArrowReaderMetadata::try_new(metadata.clone(), options.clone().with_skip_arrow_metadata(true)))?;
    let roots = metadata.file_metadata().schema().get_fields();
    let fields: Vec<FieldRef> = footer
        .schema()
        .fields()
        .iter()
        .enumerate()
        .map(|(index, field)| {
            let is_int96 = roots
                .get(index)
                .is_some_and(|root| root.is_primitive() && root.get_physical_type() == PhysicalType::INT96);
            let kind = match field.data_type() {
                // The decoder has none of nulls.
                DataType::Dictionary(_, values) if **values == DataType::Null => DataType::Null,
                DataType::Dictionary(_, values) => DataType::Dictionary(Box::new(DataType::Int32), values.clone()),
                DataType::Timestamp(TimeUnit::Nanosecond, zone) if is_int96 => {
                    DataType::Timestamp(TimeUnit::Microsecond, zone.clone())
                }
                _ => return field.clone(),
            };
            Arc::new(Field::clone(field).with_data_type(kind))
        })
        .collect();
    let schema = Arc::new(Schema::new_with_metadata(fields, footer.schema().metadata().clone()));
    if schema.fields() == footer.schema().fields() {
        return Ok(footer);
    }
    Ok(ArrowReaderMetadata::try_new(metadata, options.with_schema(schema)).unwrap_or(footer))
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
        table: &Table,
        file: File,
        footer: &Footer,
        indices: &[usize],
        batch_rows: usize,
    ) -> Result<Self, DataError> {
        let mask = ProjectionMask::roots(footer.parquet_schema(), indices.iter().copied());
        check_codecs(table, footer, &mask)?;
        guard(&table.name, LABEL, || pages::check(&file, footer.metadata(), &mask))?
            .map_err(|error| describe(&table.name, &error))?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, footer.clone())
            .with_projection(mask)
            .with_batch_size(batch_rows);
        let batches = guard(&table.name, LABEL, || builder.build())?.map_err(|error| describe(&table.name, &error))?;
        Ok(Self { file: table.name.clone(), batches, next_row: 0, rows: rows(footer), bytes: table.size })
    }
}

/// Refuses columns in codecs that this program is built without.
fn check_codecs(table: &Table, footer: &Footer, mask: &ProjectionMask) -> Result<(), DataError> {
    for group in footer.metadata().row_groups() {
        for (_, chunk) in group.columns().iter().enumerate().filter(|(leaf, _)| mask.leaf_included(*leaf)) {
            let codec = match chunk.compression() {
                Compression::BROTLI(_) => "Brotli",
                Compression::LZO => "LZO",
                _ => continue,
            };
            let (file, column) = (table.name.clone(), chunk.column_path().parts().join("."));
            return Err(DataError::Codec { file, column, codec });
        }
    }
    Ok(())
}

impl ReadBatches for Reader {
    fn next_batch(&mut self) -> Result<Option<Part>, DataError> {
        let Some(columns) = guard(&self.file, LABEL, || self.batches.next())? else { return Ok(None) };
        let columns = columns.and_then(|columns| check_decimals(&columns).map(|()| columns));
        let columns = columns.map_err(|error| damaged(&self.file, &error.to_string()))?;
        let first_row = self.next_row;
        self.next_row += columns.num_rows();
        Ok(Some(Part { columns, first_row, lines: Lines::Absent }))
    }

    fn bytes_read(&self) -> u64 {
        let share = self.next_row as f64 / self.rows.max(1) as f64;
        (share * self.bytes as f64) as u64
    }
}

fn describe(name: &str, error: &ParquetError) -> DataError {
    damaged(name, &error.to_string())
}

fn damaged(name: &str, message: &str) -> DataError {
    DataError::Damaged { file: name.to_owned(), format: LABEL, message: plain(message) }
}

/// The decoder's words without its prefixes.
pub(super) fn plain(message: &str) -> String {
    let mut message = message;
    for prefix in ["Parquet argument error: ", "Parquet error: ", "External: ", "EOF: ", "NYI: ", "Arrow: "] {
        message = message.strip_prefix(prefix).unwrap_or(message);
    }
    message.trim_end_matches('.').to_owned()
}
