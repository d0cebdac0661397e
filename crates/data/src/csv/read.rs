//! Records to batches of text columns.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow_buffer::{Buffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::Records;
use crate::batch::{DEFAULT_BATCH_ROWS, Lines, MAX_BATCH_BYTES, Part, ReadBatches};
use crate::dialect::{Dialect, Header};
use crate::error::DataError;
use crate::source::Source;
use crate::text::Text;

/// Reads some columns of a CSV file.
pub(crate) struct Reader {
    file: String,
    records: Records<Text>,
    dialect: Arc<Dialect>,
    /// Fields of every record.
    width: usize,
    indices: Vec<usize>,
    schema: SchemaRef,
    batch_rows: usize,
    next_row: usize,
}

impl Reader {
    /// A reader of the columns at `indices`, which are ascending.
    pub fn new(source: &Source, indices: &[usize], batch_rows: usize) -> Result<Self, DataError> {
        let dialect = source.dialect.clone();
        let mut records = Records::new(source.name(), source.text()?, source.format(), &dialect);
        if dialect.header == Header::FirstRecord {
            records.next()?; // the source knows it
        }
        let names = indices.iter().filter_map(|&index| source.columns().get(index));
        let fields: Vec<Field> = names.map(|name| Field::new(name, DataType::Utf8, true)).collect();
        Ok(Self {
            file: source.name().to_owned(),
            records,
            dialect,
            width: source.columns().len(),
            indices: indices.to_vec(),
            schema: Arc::new(Schema::new(fields)),
            batch_rows,
            next_row: 0,
        })
    }

    fn finish(&self, texts: Vec<TextBuilder>, rows: usize, lines: &Lines) -> Result<RecordBatch, DataError> {
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(texts.len());
        for (text, field) in texts.into_iter().zip(self.schema.fields()) {
            let array = text.finish().map_err(|row| DataError::NotUtf8 {
                file: self.file.clone(),
                line: lines.get(row).unwrap_or(0),
                column: Some(field.name().clone()),
            })?;
            columns.push(Arc::new(array));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)
            .map_err(|error| DataError::Read { file: self.file.clone(), source: std::io::Error::other(error) })
    }
}

impl ReadBatches for Reader {
    fn next_batch(&mut self) -> Result<Option<Part>, DataError> {
        let mut texts: Vec<TextBuilder> = self.indices.iter().map(|_| TextBuilder::new(self.batch_rows)).collect();
        let mut lines = Lines::new();
        let (mut rows, mut bytes) = (0, 0);
        let plain = self.dialect.is_plain();
        while rows < self.batch_rows && bytes < MAX_BATCH_BYTES {
            let Some(record) = self.records.next()? else { break };
            if record.len() != self.width {
                return Err(DataError::FieldCount {
                    file: self.file.clone(),
                    line: record.line,
                    expected: self.width,
                    found: record.len(),
                    first: self.next_row + rows == 0,
                });
            }
            let wanted = texts.iter_mut().zip(&self.indices);
            if plain {
                wanted.for_each(|(text, &index)| text.push(record.field(index)));
            } else {
                wanted.for_each(|(text, &index)| text.push(&self.dialect.value(record.field(index))));
            }
            lines.push(record.line);
            bytes += record.body.len();
            rows += 1;
        }
        if rows == 0 {
            return Ok(None);
        }
        let columns = self.finish(texts, rows, &lines)?;
        let first_row = self.next_row;
        self.next_row += rows;
        Ok(Some(Part { columns, first_row, lines }))
    }

    fn bytes_read(&self) -> u64 {
        self.records.bytes_read()
    }
}

/// A text column being built. Bytes are gathered first and checked to be UTF-8 together, which is much faster than
/// field by field.
struct TextBuilder {
    bytes: Vec<u8>,
    ends: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl TextBuilder {
    fn new(rows: usize) -> Self {
        let rows = rows.min(DEFAULT_BATCH_ROWS);
        let mut ends = Vec::with_capacity(rows + 1);
        ends.push(0);
        Self { bytes: Vec::with_capacity(8 * rows), ends, nulls: NullBufferBuilder::new(rows) }
    }

    /// Appends a field. The length stays below `i32::MAX` because batches end at `MAX_BATCH_BYTES` and no record is
    /// longer than that again.
    #[inline(always)] // It is called in two places, for every field of a file.
    fn push(&mut self, field: &[u8]) {
        self.bytes.extend_from_slice(field);
        self.ends.push(self.bytes.len() as i32);
        self.nulls.append(!field.is_empty());
    }

    /// The column, or the first row that is not UTF-8.
    fn finish(mut self) -> Result<StringArray, usize> {
        let nulls = self.nulls.finish();
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.ends));
        let bytes = Buffer::from_vec(self.bytes);
        StringArray::try_new(offsets.clone(), bytes.clone(), nulls).map_err(|_| {
            let bad = |(start, end): (&i32, &i32)| {
                let field = bytes.get(*start as usize..*end as usize).unwrap_or_default();
                std::str::from_utf8(field).is_err()
            };
            offsets.iter().zip(offsets.iter().skip(1)).position(bad).unwrap_or(0)
        })
    }
}
