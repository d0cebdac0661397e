//! Files of Arrow IPC, which pandas and others call Feather.
//!
//! Columns keep the types of the file. A file is a footer, which says where its blocks are, and blocks: dictionaries, and
//! batches of rows. Only the columns asked for are decoded; a block is read whole.
//!
//! ```text
//! ARROW1 │ schema │ block │ block │ .. │ footer: schema, places of the blocks │ ARROW1
//!                   └ head: rows, places of the buffers │ body: the buffers, packed or not
//! ```

mod copy;
mod footer;
mod read;
mod sink;

use std::io::Write;
use std::sync::Arc;

use arrow_schema::SchemaRef;

use super::batch::{Limits, ReadBatches};
use super::error::DataError;
use super::table::Table;
use super::table_format::{Inspected, OpenTable, Sink, TableFormat};
use super::write::Plan;
use footer::{Footer, LABEL, MAGIC};

/// Columns in batches, as they are in memory.
pub(crate) struct Arrow;

impl TableFormat for Arrow {
    fn name(&self) -> &'static str {
        "arrow"
    }

    fn label(&self) -> &'static str {
        LABEL
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["arrow", "feather", "ipc"]
    }

    fn other_names(&self) -> &'static [&'static str] {
        &["feather", "ipc"]
    }

    fn recognises(&self, head: &[u8]) -> bool {
        head.starts_with(MAGIC)
    }

    fn inspect(&self, table: &Table) -> Result<Inspected, DataError> {
        let footer = footer::read_footer(table)?;
        let columns: Vec<String> = footer.schema.fields().iter().map(|field| field.name().clone()).collect();
        if columns.is_empty() {
            return Err(DataError::Empty { file: table.name.clone() });
        }
        Ok(Inspected { columns, open: Arc::new(footer) })
    }

    fn why_whole(&self) -> &'static str {
        "where its rows are stands at its end"
    }

    fn has_types(&self) -> bool {
        true
    }

    fn sink<'a>(
        &self,
        plan: &Plan<'_>,
        schema: SchemaRef,
        out: &'a mut (dyn Write + Send),
    ) -> Result<Box<dyn Sink + 'a>, DataError> {
        Ok(Box::new(sink::Blocks::open(plan, &schema, out)?))
    }
}

impl OpenTable for Footer {
    fn read(&self, table: &Table, columns: &[usize], limits: Limits) -> Result<Box<dyn ReadBatches>, DataError> {
        Ok(Box::new(read::Reader::new(table, self, columns, limits.rows)?))
    }

    fn copy(&self, plan: &Plan<'_>, out: &mut (dyn Write + Send)) -> Result<usize, DataError> {
        copy::copy(plan, self, out)
    }

    fn schema(&self) -> Option<SchemaRef> {
        Some(self.schema.clone())
    }
}

#[cfg(test)]
mod tests;
