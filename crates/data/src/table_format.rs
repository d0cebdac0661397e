//! What a format can do: the seam behind which CSV, Parquet and the others stand.
//!
//! ```text
//! TableFormat ─inspect→ OpenTable ─┬ read(columns) → batches
//!    │                             └ copy(plan)    → the same format with columns added
//!    ├─stream→ ReadPieces            piece by piece, where the format can
//!    └─sink→ Sink                    batches of another format, written as this one
//! ```
//!
//! `format.rs` lists the formats; nothing but that list and a format's own files knows which there are.

use std::fmt::Debug;
use std::io::{Read, Write};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::batch::{Batches, Limits, ReadBatches};
use super::dialect::Dialect;
use super::error::DataError;
use super::pieces::ReadPieces;
use super::table::Table;
use super::text::{self, Expected, Packing, Text};
use super::write::Plan;

/// A way to store tables.
pub(crate) trait TableFormat: Sync {
    /// The name by which a user asks for it.
    fn name(&self) -> &'static str;

    /// What sentences call it.
    fn label(&self) -> &'static str;

    /// The extensions that stand for it, without their point.
    fn extensions(&self) -> &'static [&'static str];

    /// Names by which a user may ask for it as well.
    fn other_names(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether it is text, which may be packed with gzip.
    fn is_text(&self) -> bool {
        false
    }

    /// The byte between fields, for formats that have one.
    fn delimiter(&self) -> Option<u8> {
        None
    }

    /// Whether a file that was taken for another format is of this one, by its first bytes.
    fn recognises(&self, _head: &[u8]) -> bool {
        false
    }

    /// Looks at what the file says of itself. It has a byte at least.
    fn inspect(&self, table: &Table) -> Result<Inspected, DataError>;

    /// Whether it can be read bit by bit, by a `stream` of its own.
    fn streams(&self) -> bool {
        false
    }

    /// Begins to read a table that arrives bit by bit.
    fn stream(&self, incoming: Incoming) -> Result<Box<dyn ReadPieces>, DataError> {
        Err(DataError::NoStream { file: incoming.name, format: self.label(), why: self.why_whole() })
    }

    /// Why a table of this format cannot be read as a stream; for formats that have no `stream`.
    fn why_whole(&self) -> &'static str {
        "it is read as a whole"
    }

    /// Whether columns have types, so that numbers should come as numbers.
    fn has_types(&self) -> bool {
        false
    }

    /// Begins a table of these columns.
    fn sink<'a>(
        &self,
        plan: &Plan<'_>,
        schema: SchemaRef,
        out: &'a mut (dyn Write + Send),
    ) -> Result<Box<dyn Sink + 'a>, DataError>;
}

/// A table as its format knows it after a look at it.
pub(crate) trait OpenTable: Debug + Send + Sync {
    /// Reads the columns at these places, which are ascending.
    fn read(&self, table: &Table, columns: &[usize], limits: Limits) -> Result<Box<dyn ReadBatches>, DataError>;

    /// Writes a copy in the same format with columns added, and returns the number of its rows.
    fn copy(&self, plan: &Plan<'_>, out: &mut (dyn Write + Send)) -> Result<usize, DataError>;

    /// The types of the columns, where the file says them.
    fn schema(&self) -> Option<SchemaRef> {
        None
    }

    /// How many rows were looked at to find the columns, where later rows may have others.
    fn sampled(&self) -> Option<usize> {
        None
    }

    /// The files of a table that is a folder, in the order of their rows.
    fn parts(&self) -> &[Table] {
        &[]
    }

    /// The table after a look at all its rows, where that may tell more.
    fn inspect_all(&self, _table: &Table) -> Result<Option<Inspected>, DataError> {
        Ok(None)
    }
}

/// What a look at a table tells.
pub(crate) struct Inspected {
    /// The names of the columns.
    pub columns: Vec<String>,
    pub open: Arc<dyn OpenTable>,
}

/// A table that arrives bit by bit.
pub(crate) struct Incoming {
    pub name: String,
    pub input: Box<dyn Read + Send>,
    pub dialect: Dialect,
    pub expected: Expected,
}

impl Incoming {
    /// Its text.
    pub fn text(self) -> Result<Text, DataError> {
        text::open(self.input, &self.name, self.expected, Packing::Either, &self.dialect)
    }
}

/// A table being written.
pub(crate) trait Sink {
    /// Writes some rows.
    fn write(&mut self, plan: &Plan<'_>, batch: &RecordBatch) -> Result<(), DataError>;

    /// Ends the table.
    fn close(self: Box<Self>, plan: &Plan<'_>) -> Result<(), DataError>;
}

/// The columns of a table at these places, in this order.
pub(crate) fn read_at(
    table: &Table,
    open: &dyn OpenTable,
    wanted: &[usize],
    limits: Limits,
) -> Result<Batches, DataError> {
    let mut unique = wanted.to_vec();
    unique.sort_unstable();
    unique.dedup();
    let order = wanted.iter().filter_map(|index| unique.binary_search(index).ok()).collect();
    Ok(Batches::new(open.read(table, &unique, limits)?, order, &table.name, table.size))
}
