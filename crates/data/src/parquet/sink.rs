//! Batches of other formats as pages.

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::read::LABEL;
use crate::error::DataError;
use crate::table_format::Sink;
use crate::write::Plan;

/// A table being written.
pub(super) struct Pages<'a>(ArrowWriter<&'a mut (dyn Write + Send)>);

impl<'a> Pages<'a> {
    pub fn open(plan: &Plan<'_>, schema: SchemaRef, out: &'a mut (dyn Write + Send)) -> Result<Self, DataError> {
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default()));
        let writer = ArrowWriter::try_new(out, schema, Some(properties.build()));
        writer.map(Self).map_err(|error| parquet_error(plan, error))
    }
}

impl Sink for Pages<'_> {
    fn write(&mut self, plan: &Plan<'_>, batch: &RecordBatch) -> Result<(), DataError> {
        self.0.write(batch).map_err(|error| parquet_error(plan, error))
    }

    fn close(self: Box<Self>, plan: &Plan<'_>) -> Result<(), DataError> {
        self.0.close().map(|_| ()).map_err(|error| plan.write_error(std::io::Error::other(error)))
    }
}

fn parquet_error(plan: &Plan<'_>, error: ParquetError) -> DataError {
    match error {
        ParquetError::External(error) => plan.write_error(std::io::Error::other(error)),
        error => plan.refuse(LABEL, error.to_string()),
    }
}
