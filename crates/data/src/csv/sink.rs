//! Batches of other formats as records.

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::Schema;

use crate::column::{Column, Shortest, Value};
use crate::error::DataError;
use crate::table_format::Sink;
use crate::write::Plan;

/// Records being written.
pub(super) struct Records<'a>(csv::Writer<&'a mut (dyn Write + Send)>);

impl<'a> Records<'a> {
    /// Writes the header.
    pub fn open(
        plan: &Plan<'_>,
        schema: &Schema,
        delimiter: u8,
        out: &'a mut (dyn Write + Send),
    ) -> Result<Self, DataError> {
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(out);
        let names = schema.fields().iter().map(|field| field.name());
        writer.write_record(names).map_err(|error| csv_error(plan, error))?;
        Ok(Self(writer))
    }
}

impl Sink for Records<'_> {
    fn write(&mut self, plan: &Plan<'_>, batch: &RecordBatch) -> Result<(), DataError> {
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
                self.0.write_field(&field).map_err(|error| csv_error(plan, error))?;
            }
            self.0.write_record(None::<&[u8]>).map_err(|error| csv_error(plan, error))?;
        }
        Ok(())
    }

    fn close(mut self: Box<Self>, plan: &Plan<'_>) -> Result<(), DataError> {
        self.0.flush().map_err(|error| plan.write_error(error))
    }
}

fn csv_error(plan: &Plan<'_>, error: csv::Error) -> DataError {
    plan.write_error(error.into())
}
