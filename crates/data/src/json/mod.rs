//! JSON Lines: one object on each line; or one list of objects.
//!
//! Strings are text, numbers are text exactly as written, `null` and a missing key are nulls, and a column of
//! nothing but `true` and `false` is boolean. Blank lines are skipped. Lists and objects have no place in a column
//! that is read; in other columns they may stand. A line keeps its bytes when it is copied.

mod copy;
mod decode;
mod keys;
mod lines;
mod members;
mod objects;
mod read;
mod stream;

use std::io::Write;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::batch::{Limits, ReadBatches};
use super::error::DataError;
use super::pieces::ReadPieces;
use super::table::Table;
use super::table_format::{Incoming, Inspected, OpenTable, Sink, TableFormat};
use super::write::Plan;
use keys::Keys;

pub use keys::SAMPLE;

/// Objects, one on each line.
pub(crate) struct JsonLines;

impl TableFormat for JsonLines {
    fn name(&self) -> &'static str {
        "jsonl"
    }

    fn label(&self) -> &'static str {
        "JSON Lines"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["jsonl", "ndjson", "json"]
    }

    fn other_names(&self) -> &'static [&'static str] {
        &["ndjson", "json"]
    }

    fn is_text(&self) -> bool {
        true
    }

    fn recognises(&self, head: &[u8]) -> bool {
        let text = head.trim_ascii_start();
        let text = text.strip_prefix(b"[").map_or(text, <[u8]>::trim_ascii_start);
        let object = text.strip_prefix(b"{").unwrap_or_default().trim_ascii_start();
        object.starts_with(b"\"") && object.windows(2).any(|pair| pair == b"\":")
    }

    fn inspect(&self, table: &Table) -> Result<Inspected, DataError> {
        Ok(inspected(Keys::sample(&table.name, table.text()?)?))
    }

    fn streams(&self) -> bool {
        true
    }

    fn stream(&self, incoming: Incoming) -> Result<Box<dyn ReadPieces>, DataError> {
        Ok(Box::new(stream::Pieces::open(incoming)?))
    }

    fn sink<'a>(
        &self,
        _plan: &Plan<'_>,
        _schema: SchemaRef,
        out: &'a mut (dyn Write + Send),
    ) -> Result<Box<dyn Sink + 'a>, DataError> {
        Ok(Box::new(Objects(out)))
    }
}

fn inspected(keys: Keys) -> Inspected {
    Inspected { columns: keys.names(), open: Arc::new(keys) }
}

impl OpenTable for Keys {
    fn read(&self, table: &Table, columns: &[usize], limits: Limits) -> Result<Box<dyn ReadBatches>, DataError> {
        Ok(Box::new(read::Reader::new(table, self, columns, limits)?))
    }

    fn copy(&self, plan: &Plan<'_>, out: &mut (dyn Write + Send)) -> Result<usize, DataError> {
        copy::copy(plan, out)
    }

    fn sampled(&self) -> Option<usize> {
        Some(SAMPLE)
    }

    fn inspect_all(&self, table: &Table) -> Result<Option<Inspected>, DataError> {
        Ok(Some(inspected(Keys::scan(&table.name, table.text()?)?)))
    }
}

/// Objects being written.
struct Objects<'a>(&'a mut (dyn Write + Send));

impl Sink for Objects<'_> {
    fn write(&mut self, plan: &Plan<'_>, batch: &RecordBatch) -> Result<(), DataError> {
        objects::write_objects(self.0, batch)
            .map_err(|error| plan.write_error(error))?
            .map_err(|(column, found)| plan.unsupported(column, found))
    }

    fn close(self: Box<Self>, _plan: &Plan<'_>) -> Result<(), DataError> {
        Ok(())
    }
}
