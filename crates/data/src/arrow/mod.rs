//! Arrow IPC: files, which pandas and others call Feather, and streams.
//!
//! Columns keep the types of the file. A file is a footer, which says where its blocks are, and blocks: dictionaries, and
//! batches of rows. Only the columns asked for are decoded; a block is read whole.
//!
//! ```text
//! ARROW1 │ schema │ block │ block │ .. │ footer: schema, places of the blocks │ ARROW1
//!                   └ head: rows, places of the buffers │ body: the buffers, packed or not
//! ```
//!
//! A stream has the schema and the blocks alone, and an end mark (`stream.rs`).

mod copy;
mod footer;
mod form;
mod read;
mod sink;
mod stream;

use std::io::Write;
use std::sync::Arc;

use arrow_schema::SchemaRef;

use super::batch::{Limits, ReadBatches};
use super::error::DataError;
use super::table::Table;
use super::table_format::{Inspected, OpenTable, Sink, TableFormat};
use super::write::Plan;
use footer::Footer;
use form::Form;

/// Columns in batches, as they are in memory.
pub(crate) struct Arrow {
    form: Form,
}

/// Files, with a footer.
pub(crate) const FILES: Arrow = Arrow { form: Form::File };
/// Streams, with an end mark.
pub(crate) const STREAMS: Arrow = Arrow { form: Form::Stream };

impl TableFormat for Arrow {
    fn name(&self) -> &'static str {
        match self.form {
            Form::File => "arrow",
            Form::Stream => "arrows",
        }
    }

    fn label(&self) -> &'static str {
        self.form.label()
    }

    fn extensions(&self) -> &'static [&'static str] {
        match self.form {
            Form::File => &["arrow", "feather", "ipc"],
            Form::Stream => &["arrows"],
        }
    }

    fn other_names(&self) -> &'static [&'static str] {
        match self.form {
            Form::File => &["feather", "ipc"],
            Form::Stream => &[],
        }
    }

    fn recognises(&self, head: &[u8]) -> bool {
        head.starts_with(self.form.begins())
    }

    fn inspect(&self, table: &Table) -> Result<Inspected, DataError> {
        let footer = match self.form {
            Form::File => footer::read_footer(table)?,
            Form::Stream => stream::read_blocks(table)?,
        };
        let columns: Vec<String> = footer.schema.fields().iter().map(|field| field.name().clone()).collect();
        if columns.is_empty() {
            return Err(DataError::Empty { file: table.name.clone() });
        }
        Ok(Inspected { columns, open: Arc::new(footer) })
    }

    fn why_whole(&self) -> &'static str {
        match self.form {
            Form::File => "where its rows are stands at its end",
            Form::Stream => "its rows come in batches, and answers line by line",
        }
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
        Ok(Box::new(sink::Blocks::open(plan, self.form, &schema, out)?))
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
mod stream_tests;
#[cfg(test)]
mod tests;
