//! Lines to batches.
//!
//! Lines are gathered and decoded together; when a batch fails they are looked at one by one to say which is wrong and
//! why.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Field, Schema};

use super::decode::{Wanted, column};
use super::keys::{Keys, Kind};
use super::lines::{Lines, describe};
use crate::batch::{Limits, Lines as RowLines, MAX_BATCH_BYTES, Part, ReadBatches};
use crate::error::DataError;
use crate::table::Table;

/// Reads some keys of a JSON Lines file.
pub(crate) struct Reader {
    lines: Lines,
    names: Vec<String>,
    /// What the columns hold, as the sample promised; one that breaks the promise holds text.
    kinds: Vec<Kind>,
    wanted: Wanted,
    batch_rows: usize,
    next_row: usize,
}

impl Reader {
    /// A reader of the keys at `indices`, which are ascending.
    ///
    /// Numbers are text as written unless `numbers` is set, which needs the kinds of all values to be known.
    pub fn new(table: &Table, keys: &Keys, indices: &[usize], limits: Limits) -> Result<Self, DataError> {
        // Without any column a batch would lose its rows; the first key does no harm, the caller drops it.
        let indices = if indices.is_empty() { &[0] } else { indices };
        let (names, kinds): (Vec<String>, Vec<Kind>) = indices
            .iter()
            .filter_map(|&index| keys.get(index))
            .map(|(name, kind)| {
                let typed = limits.numbers || kind == Kind::Boolean;
                (name.to_owned(), if typed { kind } else { Kind::Text })
            })
            .unzip();
        Ok(Self {
            lines: Lines::new(&table.name, table.text()?),
            wanted: Wanted::new(names.iter().map(String::as_str)),
            names,
            kinds,
            batch_rows: limits.rows,
            next_row: 0,
        })
    }

    /// The batch that lines make; none if one of them is wrong.
    fn decode(&self, bytes: &[u8]) -> Option<RecordBatch> {
        let text = std::str::from_utf8(bytes).ok()?;
        let values = self.wanted.read(text.split_inclusive('\n')).ok()?;
        let columns: Vec<_> = values.iter().zip(&self.kinds).map(|(values, &kind)| column(values, kind)).collect();
        let fields = self.names.iter().zip(&columns);
        let fields: Vec<Field> =
            fields.map(|(name, column)| Field::new(name, column.data_type().clone(), true)).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).ok()
    }

    /// Says which line of a batch is wrong; `starts` says where on their lines the elements of a list begin.
    fn diagnose(&self, bytes: &[u8], lines: &RowLines, starts: &[u64]) -> DataError {
        let file = self.lines.file();
        let columns: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let texts = bytes.split_inclusive(|&byte| byte == b'\n').enumerate();
        let mut wrong = texts.filter_map(|(row, text)| {
            let start = starts.get(row).copied();
            describe(file, lines.get(row)?, start, text, &columns)
        });
        wrong.next().unwrap_or_else(|| {
            let message = "each line must be one object".to_owned();
            DataError::Json { file: file.to_owned(), line: lines.get(0).unwrap_or(1), column: 1, message }
        })
    }
}

impl ReadBatches for Reader {
    fn next_batch(&mut self) -> Result<Option<Part>, DataError> {
        let mut bytes = Vec::new();
        let mut lines = RowLines::new();
        let (mut rows, mut starts) = (0, Vec::new());
        while rows < self.batch_rows && bytes.len() < MAX_BATCH_BYTES {
            let Some(line) = self.lines.read_onto(&mut bytes)? else { break };
            lines.push(line);
            starts.extend(self.lines.start());
            rows += 1;
        }
        if rows == 0 {
            return Ok(None);
        }
        let columns = self.decode(&bytes).ok_or_else(|| self.diagnose(&bytes, &lines, &starts))?;
        let first_row = self.next_row;
        self.next_row += rows;
        Ok(Some(Part { columns, first_row, lines }))
    }

    fn bytes_read(&self) -> u64 {
        self.lines.bytes_read()
    }
}
