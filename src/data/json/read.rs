//! Lines to batches.
//!
//! `arrow-json` decodes whole batches fast, but its errors carry no line. So lines are gathered here, and when a
//! batch fails they are looked at one by one to say which is wrong and why.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_json::ReaderBuilder;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use serde_json::Value;

use super::keys::{Keys, Kind};
use crate::data::batch::{Limits, Lines as RowLines, MAX_BATCH_BYTES, Part, ReadBatches};
use crate::data::error::DataError;
use crate::data::source::Source;

const BUFFER: usize = 1 << 18;
const MAX_LINE: u64 = 1 << 26;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The lines of a file that are not blank.
pub(in crate::data) struct Lines<R = File> {
    file: String,
    input: BufReader<R>,
    line: u64,
    bytes: u64,
}

impl<R: Read> Lines<R> {
    pub fn new(file: &str, input: R) -> Self {
        Self { file: file.to_owned(), input: BufReader::with_capacity(BUFFER, input), line: 0, bytes: 0 }
    }

    /// Bytes of the lines read so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes
    }

    /// Appends the next line that is not blank, with its line end, to `out` and returns its number.
    pub fn read_onto(&mut self, out: &mut Vec<u8>) -> Result<Option<u64>, DataError> {
        let start = out.len();
        loop {
            let read = self
                .input
                .by_ref()
                .take(MAX_LINE)
                .read_until(b'\n', out)
                .map_err(|source| DataError::Read { file: self.file.clone(), source })?;
            if read == 0 {
                return Ok(None);
            }
            self.line += 1;
            if read as u64 == MAX_LINE {
                let (file, limit) = (self.file.clone(), MAX_LINE as usize);
                return Err(DataError::RecordTooLong { file, line: self.line, limit });
            }
            if self.bytes == 0 && out[start..].starts_with(BYTE_ORDER_MARK) {
                out.drain(start..start + BYTE_ORDER_MARK.len());
            }
            self.bytes += read as u64;
            if !out[start..].trim_ascii().is_empty() {
                return Ok(Some(self.line));
            }
            out.truncate(start);
        }
    }
}

fn type_as_written(kind: Kind) -> DataType {
    if kind == Kind::Boolean { DataType::Boolean } else { DataType::Utf8 }
}

fn type_with_numbers(kind: Kind) -> DataType {
    match kind {
        Kind::Boolean => DataType::Boolean,
        Kind::Integer => DataType::Int64,
        Kind::Number => DataType::Float64,
        Kind::Text | Kind::Nested => DataType::Utf8,
    }
}

/// Reads some keys of a JSON Lines file.
pub(in crate::data) struct Reader {
    lines: Lines,
    /// Columns as the sample promised them, and all as text, for batches that break the promise.
    schema: SchemaRef,
    text_schema: SchemaRef,
    batch_rows: usize,
    next_row: usize,
}

impl Reader {
    /// A reader of the keys at `indices`, which are ascending.
    ///
    /// Numbers are text as written unless `numbers` is set, which needs the kinds of all values to be known.
    pub fn new(source: &Source, file: File, keys: &Keys, indices: &[usize], limits: Limits) -> Self {
        // Without any column a batch would lose its rows; the first key does no harm, the caller drops it.
        let indices = if indices.is_empty() { &[0] } else { indices };
        let schema = |type_of: fn(Kind) -> DataType| {
            let keys = indices.iter().filter_map(|&index| keys.get(index));
            let fields: Vec<Field> = keys.map(|(name, kind)| Field::new(name, type_of(kind), true)).collect();
            Arc::new(Schema::new(fields))
        };
        Self {
            lines: Lines::new(source.name(), file),
            schema: schema(if limits.numbers { type_with_numbers } else { type_as_written }),
            text_schema: schema(|_| DataType::Utf8),
            batch_rows: limits.rows,
            next_row: 0,
        }
    }

    /// Says which line of a batch is wrong.
    fn diagnose(&self, bytes: &[u8], lines: &RowLines, error: &ArrowError) -> DataError {
        let file = &self.lines.file;
        let columns: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        let mut rest = bytes;
        let mut row = 0;
        while let Some(line) = lines.get(row) {
            let length = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |at| at + 1);
            let (text, after) = rest.split_at(length);
            if let Some(error) = describe_line(file, line, text, &columns) {
                return error;
            }
            (rest, row) = (after, row + 1);
        }
        let message = error.to_string();
        let message = message.strip_prefix("Json error: ").unwrap_or(&message).to_owned();
        DataError::Json { file: file.clone(), line: lines.get(0).unwrap_or(1), column: 1, message }
    }
}

impl ReadBatches for Reader {
    fn next_batch(&mut self) -> Result<Option<Part>, DataError> {
        let mut bytes = Vec::new();
        let mut lines = RowLines::new();
        let (mut rows, mut one_object_each) = (0, true);
        while rows < self.batch_rows && bytes.len() < MAX_BATCH_BYTES {
            let start = bytes.len();
            let Some(line) = self.lines.read_onto(&mut bytes)? else { break };
            // An object that spans lines would have a line that does not begin or does not end like this.
            let text = bytes[start..].trim_ascii();
            one_object_each &= text.starts_with(b"{") && text.ends_with(b"}");
            lines.push(line);
            rows += 1;
        }
        if rows == 0 {
            return Ok(None);
        }
        let decoded = if one_object_each {
            decode(&self.schema, &bytes, rows).or_else(|error| {
                if self.schema == self.text_schema { Err(error) } else { decode(&self.text_schema, &bytes, rows) }
            })
        } else {
            Err(ArrowError::JsonError("each line must be one object".into()))
        };
        let columns = decoded.map_err(|error| self.diagnose(&bytes, &lines, &error))?;
        let first_row = self.next_row;
        self.next_row += rows;
        Ok(Some(Part { columns, first_row, lines }))
    }

    fn bytes_read(&self) -> u64 {
        self.lines.bytes
    }
}

/// Decodes `rows` objects; more or fewer in `bytes` are an error.
fn decode(schema: &SchemaRef, bytes: &[u8], rows: usize) -> Result<RecordBatch, ArrowError> {
    let mut decoder =
        ReaderBuilder::new(schema.clone()).with_coerce_primitive(true).with_batch_size(rows).build_decoder()?;
    let used = decoder.decode(bytes)?;
    let rest = bytes.get(used..).unwrap_or_default();
    let batch = decoder.flush()?;
    match batch {
        Some(batch) if batch.num_rows() == rows && rest.trim_ascii().is_empty() => Ok(batch),
        _ => Err(ArrowError::JsonError("each line must be one object".into())),
    }
}

/// What is wrong with a line of which `columns` are to be read; none if nothing is.
pub(in crate::data) fn describe_line(file: &str, line: u64, text: &[u8], columns: &[&str]) -> Option<DataError> {
    let file = file.to_owned();
    let Ok(text) = std::str::from_utf8(text) else {
        return Some(DataError::NotUtf8 { file, line, column: None });
    };
    match serde_json::from_str::<Value>(text.trim_end()) {
        Ok(Value::Object(object)) => columns.iter().find_map(|&column| {
            let found = match object.get(column)? {
                Value::Array(_) => "a list",
                Value::Object(_) => "an object",
                _ => return None,
            };
            Some(DataError::Nested { file: file.clone(), line, column: column.to_owned(), found })
        }),
        Ok(value) => Some(DataError::NotAnObject { file, line, found: name_of(&value) }),
        Err(error) => {
            let message = explain(text, &error);
            Some(DataError::Json { file, line, column: error.column().max(1), message })
        }
    }
}

fn explain(text: &str, error: &serde_json::Error) -> String {
    let at = text.get(error.column().saturating_sub(1)..).unwrap_or_default().trim_start_matches('-');
    if error.is_syntax() && (at.starts_with("NaN") || at.starts_with("aN") || at.starts_with("Infinity")) {
        return "NaN or Infinity is not JSON".into();
    }
    let message = error.to_string();
    message.split(" at line ").next().unwrap_or(&message).to_owned()
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
