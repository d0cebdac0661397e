//! Arrow IPC to Arrow IPC: block by block, with columns added.
//!
//! Names, types, dictionaries and their order, metadata and batches stay as they are, and buffers are packed as they were.

use std::io::Write;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, FieldRef, Schema};

use super::footer::{Footer, plain};
use super::form::{Form, Writer};
use super::read::Blocks;
use crate::error::DataError;
use crate::guard::guard;
use crate::pandas::with_pandas;
use crate::write::{Plan, Slot};

/// Copies the table and returns the number of its rows.
pub(super) fn copy(plan: &Plan<'_>, footer: &Footer, out: &mut (dyn Write + Send)) -> Result<usize, DataError> {
    let failed = |error| write_error(plan, footer.form, error);
    let schema = Arc::new(widened(plan, footer));
    let mut blocks = Blocks::open(plan.table, footer, None)?;
    let mut writer = Writer::open(footer.form, out, &schema, footer.compression).map_err(failed)?;
    for (key, value) in &footer.pairs {
        writer.note(key, value);
    }
    let mut rows = 0;
    while let Some(batch) = blocks.next()? {
        let columns: Vec<ArrayRef> = plan
            .slots
            .iter()
            .filter_map(|slot| match *slot {
                Slot::Added(index) => Some(plan.added_column(index, rows, batch.num_rows())),
                Slot::Kept(index) => batch.columns().get(index).cloned(),
            })
            .collect();
        rows += batch.num_rows();
        let write = || writer.write(&RecordBatch::try_new(schema.clone(), columns)?);
        guard(&plan.table.name, footer.form.label(), write)?.map_err(failed)?;
        plan.report(blocks.bytes);
    }
    writer.finish().map_err(failed)?;
    Ok(rows)
}

/// The schema with its new columns.
fn widened(plan: &Plan<'_>, footer: &Footer) -> Schema {
    let field = |slot: &Slot| match *slot {
        Slot::Added(index) => Some(plan.added_field(index)),
        Slot::Kept(index) => footer.schema.fields().get(index).cloned(),
    };
    let fields: Vec<FieldRef> = plan.slots.iter().filter_map(field).collect();
    let mut metadata = footer.schema.metadata().clone();
    if let Some(text) = metadata.get("pandas").map(|text| with_pandas(text, &plan.places())) {
        metadata.insert("pandas".to_owned(), text);
    }
    Schema::new_with_metadata(fields, metadata)
}

pub(super) fn write_error(plan: &Plan<'_>, form: Form, error: ArrowError) -> DataError {
    match error {
        ArrowError::IoError(_, error) => plan.write_error(error),
        error => plan.refuse(form.label(), plain(&error)),
    }
}
