//! Apache Parquet.
//!
//! Columns keep the types of the file. Only top-level columns can be read, and only those asked for are decoded.

mod arrow_message;
mod copy;
mod delta;
mod folder;
mod pages;
mod read;
mod sink;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::sync::Arc;

use arrow_schema::SchemaRef;

use super::batch::{Limits, ReadBatches};
use super::error::DataError;
use super::table::Table;
use super::table_format::{Inspected, OpenTable, Sink, TableFormat};
use super::write::Plan;
pub(crate) use folder::Folder;
use read::{Footer, LABEL};

/// Columns in pages, with a footer.
pub(crate) struct Parquet;

impl TableFormat for Parquet {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn label(&self) -> &'static str {
        LABEL
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["parquet", "pq"]
    }

    fn recognises(&self, head: &[u8]) -> bool {
        head.starts_with(b"PAR1")
    }

    fn inspect(&self, table: &Table) -> Result<Inspected, DataError> {
        let (columns, footer) = read::read_footer(&table.name, table.file()?)?;
        Ok(Inspected { columns, open: Arc::new(footer) })
    }

    fn why_whole(&self) -> &'static str {
        "what its columns are stands at its end"
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
        Ok(Box::new(sink::Pages::open(plan, schema, out)?))
    }
}

impl OpenTable for Footer {
    fn read(&self, table: &Table, columns: &[usize], limits: Limits) -> Result<Box<dyn ReadBatches>, DataError> {
        Ok(Box::new(read::Reader::new(table, table.file()?, self, columns, limits.rows)?))
    }

    fn copy(&self, plan: &Plan<'_>, out: &mut (dyn Write + Send)) -> Result<usize, DataError> {
        copy::copy(plan, self, out)
    }

    fn schema(&self) -> Option<SchemaRef> {
        Some(Footer::schema(self).clone())
    }
}
