//! Batches of other formats as blocks.
//!
//! A file has one dictionary for a column. Those of other formats differ by batch, so their columns are written as the
//! values that they stand for.

use std::io::Write;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::CompressionType;
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, SchemaRef};
use arrow_select::take::take;

use super::copy::write_error;
use super::form::{Form, Writer};
use crate::error::DataError;
use crate::table_format::Sink;
use crate::write::Plan;

/// A table being written.
pub(super) struct Blocks<'a> {
    form: Form,
    writer: Writer<&'a mut (dyn Write + Send)>,
    schema: SchemaRef,
}

impl<'a> Blocks<'a> {
    pub fn open(
        plan: &Plan<'_>,
        form: Form,
        schema: &Schema,
        out: &'a mut (dyn Write + Send),
    ) -> Result<Self, DataError> {
        let plain = |field: &FieldRef| match field.data_type() {
            DataType::Dictionary(_, values) => Field::clone(field).with_data_type(values.as_ref().clone()).into(),
            _ => field.clone(),
        };
        let fields: Vec<FieldRef> = schema.fields().iter().map(plain).collect();
        let schema = Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()));
        // As pandas and pyarrow pack what they call Feather; what reads streams cannot always unpack.
        let packing = match form {
            Form::File => Some(CompressionType::LZ4_FRAME),
            Form::Stream => None,
        };
        let writer = Writer::open(form, out, &schema, packing).map_err(|error| write_error(plan, form, error))?;
        Ok(Self { form, writer, schema })
    }
}

impl Sink for Blocks<'_> {
    fn write(&mut self, plan: &Plan<'_>, batch: &RecordBatch) -> Result<(), DataError> {
        let columns = batch.columns().iter().map(plain).collect::<Result<Vec<_>, _>>();
        let batch = columns.and_then(|columns| RecordBatch::try_new(self.schema.clone(), columns));
        batch.and_then(|batch| self.writer.write(&batch)).map_err(|error| write_error(plan, self.form, error))
    }

    fn close(mut self: Box<Self>, plan: &Plan<'_>) -> Result<(), DataError> {
        self.writer.finish().map_err(|error| write_error(plan, self.form, error))
    }
}

/// A column without its dictionary.
fn plain(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match column.data_type() {
        DataType::Dictionary(..) => {
            let column = column.as_any_dictionary();
            take(column.values(), column.keys(), None)
        }
        _ => Ok(column.clone()),
    }
}
