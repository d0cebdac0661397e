//! Tables read and written anew, between formats.

use std::io::Write;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::objects::write_objects;
use super::{Plan, Slot};
use crate::batch::{Batch, DEFAULT_BATCH_ROWS, Limits};
use crate::column::{Column, Shortest, Value};
use crate::error::DataError;
use crate::parquet::Footer;
use crate::source::{Format, Layout, refuse_duplicate};

/// Copies the table into `format` and returns the number of its rows.
pub(super) fn copy(plan: &Plan<'_>, format: Format, out: &mut (impl Write + Send)) -> Result<usize, DataError> {
    if format.delimiter().is_none() {
        let columns = plan.source.columns();
        columns.iter().try_for_each(|name| refuse_duplicate(plan.source.name(), columns, name))?;
    }
    let kept = plan.slots.iter().filter_map(|slot| match *slot {
        Slot::Kept(index) => Some(index),
        Slot::Added(_) => None,
    });
    let kept: Vec<usize> = kept.collect();
    let limits = Limits { rows: DEFAULT_BATCH_ROWS, numbers: format == Format::Parquet };
    let mut batches = plan.source.read_at(&kept, limits)?;
    let mut sink: Option<Sink<'_, _>> = None;
    let mut out = Some(out);
    let mut rows = 0;
    while let Some(batch) = batches.next() {
        let batch = plan.widen(&batch?, format)?;
        if let Some(out) = out.take() {
            sink = Some(Sink::open(plan, format, batch.schema(), out)?);
        }
        if let Some(sink) = &mut sink {
            sink.write(plan, &batch)?;
        }
        rows += batch.num_rows();
        plan.report(batches.bytes_read());
    }
    if let Some(out) = out.take() {
        // No rows: the header still says what the columns are.
        sink = Some(Sink::open(plan, format, plan.empty_schema(), out)?);
    }
    sink.map_or(Ok(()), |sink| sink.close(plan))?;
    Ok(rows)
}

impl Plan<'_> {
    /// The batch with its added columns.
    fn widen(&self, batch: &Batch, format: Format) -> Result<RecordBatch, DataError> {
        let schema = batch.columns.schema();
        let mut kept = batch.columns.columns().iter().zip(schema.fields());
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.slots.len());
        let mut fields: Vec<FieldRef> = Vec::with_capacity(self.slots.len());
        for slot in &self.slots {
            let (column, field) = match *slot {
                Slot::Added(index) => {
                    let number = |row| Some(self.value(index, row)).filter(|value| !value.is_nan());
                    let rows = batch.first_row..batch.first_row + batch.rows();
                    (Arc::new(rows.map(number).collect::<Float64Array>()) as ArrayRef, self.added_field(index))
                }
                Slot::Kept(_) => match kept.next() {
                    Some((column, field)) => (column.clone(), field.clone()),
                    None => continue,
                },
            };
            columns.push(column);
            fields.push(field);
        }
        let schema = Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()));
        RecordBatch::try_new(schema, columns).map_err(|error| self.refuse(format, error.to_string()))
    }

    fn added_field(&self, index: usize) -> FieldRef {
        let name = self.added.get(index).map_or("", |column| column.name);
        Arc::new(Field::new(name, DataType::Float64, true))
    }

    /// The columns of a copy without rows.
    fn empty_schema(&self) -> SchemaRef {
        let footer = self.footer();
        let field = |slot: &Slot| match *slot {
            Slot::Added(index) => self.added_field(index),
            Slot::Kept(index) => match footer.and_then(|footer| footer.schema().fields().get(index)) {
                Some(field) => field.clone(),
                None => Arc::new(Field::new(
                    self.source.columns().get(index).map_or("", String::as_str),
                    DataType::Utf8,
                    true,
                )),
            },
        };
        let fields: Vec<FieldRef> = self.slots.iter().map(field).collect();
        let metadata = footer.map(|footer| footer.schema().metadata().clone()).unwrap_or_default();
        Arc::new(Schema::new_with_metadata(fields, metadata))
    }

    fn footer(&self) -> Option<&Footer> {
        match &self.source.layout {
            Layout::Parquet(footer) => Some(footer),
            Layout::Csv | Layout::Json(_) => None,
        }
    }

    fn unsupported(&self, column: String, found: String) -> DataError {
        DataError::UnsupportedType { file: self.source.name().to_owned(), column, found }
    }

    fn refuse(&self, format: Format, message: String) -> DataError {
        DataError::Convert { file: self.source.name().to_owned(), format: format.label(), message }
    }
}

/// A table being written.
enum Sink<'a, W: Write + Send> {
    Text(Box<csv::Writer<&'a mut W>>),
    Json(&'a mut W),
    Parquet(Box<ArrowWriter<&'a mut W>>),
}

impl<'a, W: Write + Send> Sink<'a, W> {
    fn open(plan: &Plan<'_>, format: Format, schema: SchemaRef, out: &'a mut W) -> Result<Self, DataError> {
        match format {
            Format::Csv | Format::Tsv => {
                let delimiter = format.delimiter().unwrap_or(b',');
                let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(out);
                let names = schema.fields().iter().map(|field| field.name());
                writer.write_record(names).map_err(|error| csv_error(plan, error))?;
                Ok(Self::Text(Box::new(writer)))
            }
            Format::JsonLines => Ok(Self::Json(out)),
            Format::Parquet => {
                let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default()));
                let writer = ArrowWriter::try_new(out, schema, Some(properties.build()))
                    .map_err(|error| parquet_error(plan, error))?;
                Ok(Self::Parquet(Box::new(writer)))
            }
        }
    }

    fn write(&mut self, plan: &Plan<'_>, batch: &RecordBatch) -> Result<(), DataError> {
        match self {
            Self::Text(writer) => write_text(plan, writer, batch),
            Self::Json(out) => write_objects(out, batch)
                .map_err(|error| plan.write_error(error))?
                .map_err(|(column, found)| plan.unsupported(column, found)),
            Self::Parquet(writer) => writer.write(batch).map_err(|error| parquet_error(plan, error)),
        }
    }

    fn close(self, plan: &Plan<'_>) -> Result<(), DataError> {
        match self {
            Self::Text(mut writer) => writer.flush().map_err(|error| plan.write_error(error)),
            Self::Json(_) => Ok(()),
            Self::Parquet(writer) => {
                writer.close().map(|_| ()).map_err(|error| plan.write_error(std::io::Error::other(error)))
            }
        }
    }
}

fn write_text<W: Write>(plan: &Plan<'_>, writer: &mut csv::Writer<W>, batch: &RecordBatch) -> Result<(), DataError> {
    let mut columns = Vec::with_capacity(batch.num_columns());
    for (array, field) in batch.columns().iter().zip(batch.schema().fields()) {
        columns.push(Column::new(array).map_err(|found| plan.unsupported(field.name().clone(), found))?);
    }
    let mut field = Vec::new();
    for row in 0..batch.num_rows() {
        for column in &columns {
            field.clear();
            match column.value(row) {
                Value::Text(text) => field.extend_from_slice(text.as_bytes()),
                // Writing to memory cannot fail.
                Value::Float(value) => drop(write!(field, "{}", Shortest(value))),
                value => drop(write!(field, "{value}")),
            }
            writer.write_field(&field).map_err(|error| csv_error(plan, error))?;
        }
        writer.write_record(None::<&[u8]>).map_err(|error| csv_error(plan, error))?;
    }
    Ok(())
}

fn csv_error(plan: &Plan<'_>, error: csv::Error) -> DataError {
    plan.write_error(error.into())
}

fn parquet_error(plan: &Plan<'_>, error: ParquetError) -> DataError {
    match error {
        ParquetError::External(error) => plan.write_error(std::io::Error::other(error)),
        error => plan.refuse(Format::Parquet, error.to_string()),
    }
}
