//! Comma- and tab-separated values.
//!
//! Fields are text exactly as written: nothing is guessed about types and no space is trimmed, so `007` and `0.10`
//! stay what they are. An empty field is a null, quoted or not, as in pandas and Arrow; fields of white space are
//! text. Blank lines are skipped. `\n`, `\r\n` and a lone `\r` end a record and a line. A UTF-8 byte order mark is skipped.
//! Only the columns that are read have to be UTF-8. A [`Dialect`](crate::Dialect) says what is otherwise.

mod copy;
mod field;
mod grammar;
mod read;
mod records;
mod sink;
mod spans;
mod stream;

use std::io::Write;
use std::sync::Arc;

use arrow_schema::SchemaRef;

use super::batch::{Limits, ReadBatches};
use super::error::DataError;
use super::pieces::ReadPieces;
use super::table::Table;
use super::table_format::{Incoming, Inspected, OpenTable, Sink, TableFormat};
use super::write::Plan;
use records::Records;

/// Values with a byte between them.
pub(crate) struct Delimited {
    name: &'static str,
    label: &'static str,
    extensions: &'static [&'static str],
    delimiter: u8,
}

/// Comma-separated values.
pub(crate) static COMMAS: Delimited = Delimited { name: "csv", label: "CSV", extensions: &["csv"], delimiter: b',' };

/// Tab-separated values.
pub(crate) static TABS: Delimited =
    Delimited { name: "tsv", label: "TSV", extensions: &["tsv", "tab"], delimiter: b'\t' };

impl TableFormat for Delimited {
    fn name(&self) -> &'static str {
        self.name
    }

    fn label(&self) -> &'static str {
        self.label
    }

    fn extensions(&self) -> &'static [&'static str] {
        self.extensions
    }

    fn is_text(&self) -> bool {
        true
    }

    fn delimiter(&self) -> Option<u8> {
        Some(self.delimiter)
    }

    fn inspect(&self, table: &Table) -> Result<Inspected, DataError> {
        let mut records = Records::new(&table.name, table.text()?, table.delimiter(), &table.dialect);
        let Some(record) = records.next()? else {
            return Err(DataError::Empty { file: table.name.clone() });
        };
        let columns = table.dialect.names(record.fields(), &table.name, record.line)?;
        Ok(Inspected { columns, open: Arc::new(Opened) })
    }

    fn streams(&self) -> bool {
        true
    }

    fn stream(&self, incoming: Incoming) -> Result<Box<dyn ReadPieces>, DataError> {
        Ok(Box::new(stream::Pieces::open(incoming)?))
    }

    fn sink<'a>(
        &self,
        plan: &Plan<'_>,
        schema: SchemaRef,
        out: &'a mut (dyn Write + Send),
    ) -> Result<Box<dyn Sink + 'a>, DataError> {
        Ok(Box::new(sink::Records::open(plan, &schema, self.delimiter, out)?))
    }
}

/// A table whose header was read.
#[derive(Debug)]
struct Opened;

impl OpenTable for Opened {
    fn read(&self, table: &Table, columns: &[usize], limits: Limits) -> Result<Box<dyn ReadBatches>, DataError> {
        Ok(Box::new(read::Reader::new(table, columns, limits.rows)?))
    }

    fn copy(&self, plan: &Plan<'_>, out: &mut (dyn Write + Send)) -> Result<usize, DataError> {
        copy::copy(plan, out)
    }
}
