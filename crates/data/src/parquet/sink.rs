//! Batches of other formats as pages.

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::read::{LABEL, plain};
use crate::error::DataError;
use crate::table_format::Sink;
use crate::write::Plan;

/// A table being written.
pub(super) struct Pages<'a>(ArrowWriter<&'a mut (dyn Write + Send)>);

impl<'a> Pages<'a> {
    pub fn open(plan: &Plan<'_>, schema: SchemaRef, out: &'a mut (dyn Write + Send)) -> Result<Self, DataError> {
        if let Some(field) = schema.fields().iter().find(|field| !has_a_type(field.data_type())) {
            let (name, ty) = (field.name(), field.data_type());
            return Err(plan.refuse(LABEL, format!("it has no type for `{name}`, which is {ty}")));
        }
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

/// Whether Parquet tells what values of this type are. Seconds would be bare integers, and so would days in milliseconds; values
/// have at least a byte.
fn has_a_type(ty: &DataType) -> bool {
    use DataType::{
        Date64, Dictionary, FixedSizeBinary, FixedSizeList, LargeList, LargeListView, List, ListView, Map,
        RunEndEncoded, Struct, Time32, Timestamp, Union,
    };
    match ty {
        Union(..) | Date64 | FixedSizeBinary(0) | Timestamp(TimeUnit::Second, _) | Time32(TimeUnit::Second) => false,
        Dictionary(_, value) => has_a_type(value),
        RunEndEncoded(_, value) => has_a_type(value.data_type()),
        List(item) | LargeList(item) | ListView(item) | LargeListView(item) | FixedSizeList(item, _) | Map(item, _) => {
            has_a_type(item.data_type())
        }
        Struct(fields) => fields.iter().all(|field| has_a_type(field.data_type())),
        _ => true,
    }
}

fn parquet_error(plan: &Plan<'_>, error: ParquetError) -> DataError {
    match error {
        ParquetError::External(error) => plan.write_error(std::io::Error::other(error)),
        error => plan.refuse(LABEL, plain(&error.to_string())),
    }
}
