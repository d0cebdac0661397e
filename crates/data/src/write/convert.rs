//! Tables read and written again, between formats.

use std::io::Write;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};

use super::plan::{Plan, Slot};
use crate::batch::{Batch, DEFAULT_BATCH_ROWS, Limits};
use crate::error::DataError;
use crate::table::refuse_duplicate;
use crate::table_format::{OpenTable, TableFormat, read_at};

/// Copies the table into `format` and returns the number of its rows.
pub(crate) fn converted(
    plan: &Plan<'_>,
    source: &dyn OpenTable,
    format: &dyn TableFormat,
    out: &mut (dyn Write + Send),
) -> Result<usize, DataError> {
    if format.delimiter().is_none() {
        let columns = &plan.table.columns;
        columns.iter().try_for_each(|name| refuse_duplicate(&plan.table.name, columns, name))?;
    }
    let kept = plan.slots.iter().filter_map(|slot| match *slot {
        Slot::Kept(index) => Some(index),
        Slot::Added(_) => None,
    });
    let kept: Vec<usize> = kept.collect();
    let limits = Limits { rows: DEFAULT_BATCH_ROWS, numbers: format.has_types() };
    let mut batches = read_at(plan.table, source, &kept, limits)?;
    let first = batches.next().transpose()?.map(|batch| plan.widen(&batch, format.label())).transpose()?;
    // Without rows the header still says what the columns are.
    let schema = first.as_ref().map_or_else(|| plan.empty_schema(source.schema()), RecordBatch::schema);
    let mut sink = format.sink(plan, schema, out)?;
    let (mut next, mut rows) = (first, 0);
    while let Some(batch) = next {
        sink.write(plan, &batch)?;
        rows += batch.num_rows();
        drop(batch);
        plan.report(batches.bytes_read());
        next = batches.next().transpose()?.map(|batch| plan.widen(&batch, format.label())).transpose()?;
    }
    sink.close(plan)?;
    Ok(rows)
}

impl Plan<'_> {
    /// The batch with its added columns.
    fn widen(&self, batch: &Batch, format: &'static str) -> Result<RecordBatch, DataError> {
        let schema = batch.columns.schema();
        let mut kept = batch.columns.columns().iter().zip(schema.fields());
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.slots.len());
        let mut fields: Vec<FieldRef> = Vec::with_capacity(self.slots.len());
        for slot in &self.slots {
            let (column, field) = match *slot {
                Slot::Added(index) => {
                    (self.added_column(index, batch.first_row, batch.rows()), self.added_field(index))
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

    /// The columns of a copy without rows; `known` are the types of the source, where it says them.
    fn empty_schema(&self, known: Option<SchemaRef>) -> SchemaRef {
        let field = |slot: &Slot| match *slot {
            Slot::Added(index) => self.added_field(index),
            Slot::Kept(index) => match known.as_ref().and_then(|known| known.fields().get(index)) {
                Some(field) => field.clone(),
                None => {
                    let name = self.table.columns.get(index).map_or("", String::as_str);
                    Arc::new(Field::new(name, DataType::Utf8, true))
                }
            },
        };
        let fields: Vec<FieldRef> = self.slots.iter().map(field).collect();
        let metadata = known.map(|known| known.metadata().clone()).unwrap_or_default();
        Arc::new(Schema::new_with_metadata(fields, metadata))
    }
}
