//! Tables that arrive bit by bit: a piece is read, answered, and written with one more column before the next is read.
//!
//! | format | a piece |
//! | --- | --- |
//! | CSV, TSV | so many records |
//! | JSON Lines, objects | so many lines |
//! | JSON Lines, lists of objects | one line, whatever its length |
//!
//! Nothing is read ahead of what the system hands over, so a pipe is answered as its lines come. Records keep their
//! bytes; blank lines are dropped.

use std::io::Read;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow_schema::{Field, Schema};

use super::batch::{Batch, Lines};
use super::csv::{Records, quote};
use super::dialect::{Dialect, Header};
use super::error::DataError;
use super::json::{Kind, Members, RawLines, Wanted, Written, column, describe_line, elements, end_of_members};
use super::source::{Format, check_dialect, refuse_duplicate};
use super::text::{self, Packing, Text};
use super::write::Added;

/// A table that is read piece by piece.
pub struct TableStream {
    name: Arc<str>,
    columns: Vec<String>,
    format: Format,
    input: Input,
}

enum Input {
    Csv(Box<Csv>),
    Json { lines: RawLines<Text>, ahead: Option<(u64, String)> },
}

struct Csv {
    records: Records<Text>,
    /// The first record of a table without header.
    first: Option<Record>,
    dialect: Dialect,
    delimiter: u8,
    /// The header ends in `\r\n`.
    windows_ends: bool,
    /// Records read.
    count: usize,
}

/// A record that outlives the reader's buffer.
struct Record {
    line: u64,
    body: Vec<u8>,
    fields: Vec<Vec<u8>>,
    windows_end: bool,
}

impl Csv {
    fn next(&mut self) -> Result<Option<Record>, DataError> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let Some(record) = self.records.next()? else { return Ok(None) };
        Ok(Some(Record {
            line: record.line,
            body: record.body.to_vec(),
            fields: record.fields().map(<[u8]>::to_vec).collect(),
            windows_end: record.end == b"\r",
        }))
    }
}

/// Some samples that are answered together.
#[derive(Debug)]
pub struct Piece {
    /// The records, or the lines of objects or of one list, without line ends.
    texts: Vec<(u64, String)>,
    /// Of one list, the bytes of its objects.
    list: Option<Vec<std::ops::Range<usize>>>,
    /// Of each record, its fields; empty for JSON.
    fields: Vec<Vec<Option<String>>>,
    windows_ends: bool,
}

impl TableStream {
    /// Begins to read: the header of a CSV, the first line of JSON Lines.
    ///
    /// # Errors
    /// An empty input, one whose header or first line cannot be read, and Parquet, which is read from its end.
    pub fn open(
        name: &str,
        input: Box<dyn Read + Send>,
        format: Format,
        dialect: &Dialect,
    ) -> Result<TableStream, DataError> {
        check_dialect(name, format, dialect)?;
        if format == Format::Parquet {
            return Err(DataError::ParquetStream { file: name.to_owned() });
        }
        let input = text::open(input, name, format, Packing::Either, dialect)?;
        let (columns, input) = match format {
            Format::Csv | Format::Tsv => {
                let records = Records::new(name, input, format, dialect);
                let (dialect, delimiter) = (dialect.clone(), dialect.delimiter(format));
                let mut csv = Box::new(Csv { records, first: None, dialect, delimiter, windows_ends: false, count: 0 });
                let Some(header) = csv.next()? else { return Err(DataError::Empty { file: name.to_owned() }) };
                let names = csv.dialect.names(header.fields.iter().map(Vec::as_slice), name, header.line)?;
                csv.windows_ends = header.windows_end;
                csv.first = Some(header).filter(|_| csv.dialect.header != Header::FirstRecord);
                (names, Input::Csv(csv))
            }
            Format::JsonLines | Format::Parquet => {
                let mut lines = RawLines::of_stream(name, input);
                let ahead = next_line(&mut lines, name)?;
                let Some((line, text)) = &ahead else { return Err(DataError::Empty { file: name.to_owned() }) };
                let list = elements(text);
                if list.is_none() && text.starts_with('[') {
                    return Err(DataError::ListStream { file: name.to_owned() });
                }
                let first = list.as_ref().map_or(Some(text.as_str()), |all| text.get(all.first()?.clone()));
                let object = first.unwrap_or("{}");
                if let Some(error) = describe_line(name, *line, object.as_bytes(), &[]) {
                    return Err(error);
                }
                (Members::of(object).map(|(key, _)| key).collect(), Input::Json { lines, ahead })
            }
        };
        Ok(TableStream { name: name.into(), columns, format, input })
    }

    /// The names of the columns; of JSON Lines, the keys of the first object.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Fails if one of these columns is missing.
    ///
    /// # Errors
    /// [`DataError::ColumnMissing`]
    pub fn require(&self, headers: &[String]) -> Result<(), DataError> {
        headers.iter().try_for_each(|header| refuse_duplicate(&self.name, &self.columns, header))?;
        match headers.iter().find(|header| !self.columns.contains(header)) {
            None => Ok(()),
            Some(header) => Err(DataError::ColumnMissing {
                file: self.name.to_string(),
                column: header.clone(),
                known: self.columns.clone(),
            }),
        }
    }

    /// How the table is written: the answers are written so too.
    pub fn format(&self) -> Format {
        self.format
    }

    /// What messages call the table.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The header line for an output with more columns; nothing for JSON Lines.
    pub fn header(&self, added: &[&str]) -> Vec<u8> {
        let Input::Csv(csv) = &self.input else { return Vec::new() };
        if csv.dialect.header != Header::FirstRecord {
            return Vec::new();
        }
        let delimiter = &csv.delimiter;
        let names = self.columns.iter().map(String::as_str).chain(added.iter().copied());
        let names: Vec<Vec<u8>> = names.map(|name| quote(name, *delimiter)).collect();
        let mut line = names.join(delimiter);
        line.extend_from_slice(if csv.windows_ends { b"\r\n" } else { b"\n" });
        line
    }

    /// The next piece, of `size` samples where the input does not say how many belong together; none at the end.
    ///
    /// # Errors
    /// Records and lines that cannot be read.
    pub fn next(&mut self, size: usize) -> Result<Option<Piece>, DataError> {
        let piece = match &mut self.input {
            Input::Csv(csv) => next_records(csv, size, self.columns.len(), &self.name)?,
            Input::Json { lines, ahead } => next_objects(lines, ahead, size, &self.name)?,
        };
        Ok((!piece.texts.is_empty()).then_some(piece))
    }

    /// Some columns of a piece, in this order.
    ///
    /// # Errors
    /// Lines that are no objects, and values that are no plain ones.
    pub fn batch(&self, piece: &Piece, headers: &[String]) -> Result<Batch, DataError> {
        let (mut lines, mut columns) = (Lines::new(), Vec::with_capacity(headers.len()));
        piece.lines().for_each(|line| lines.push(line));
        match &self.input {
            Input::Csv(_) => {
                for header in headers {
                    refuse_duplicate(&self.name, &self.columns, header)?;
                    let place = self.columns.iter().position(|column| column == header);
                    let field = |fields: &Vec<Option<String>>| fields.get(place?)?.clone();
                    let values: StringArray = piece.fields.iter().map(field).collect();
                    columns.push(Arc::new(values) as ArrayRef);
                }
            }
            Input::Json { .. } => columns = self.values(piece, headers)?,
        }
        let fields =
            headers.iter().zip(&columns).map(|(name, values)| Field::new(name, values.data_type().clone(), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let options = RecordBatchOptions::new().with_row_count(Some(piece.samples()));
        let batch = RecordBatch::try_new_with_options(schema, columns, &options)
            .map_err(|error| DataError::Read { file: self.name.to_string(), source: std::io::Error::other(error) })?;
        Ok(Batch::new(batch, lines, self.name.clone()))
    }

    /// The values of keys, as text or, where all are, as booleans.
    fn values(&self, piece: &Piece, headers: &[String]) -> Result<Vec<ArrayRef>, DataError> {
        let names: Vec<&str> = headers.iter().map(String::as_str).collect();
        let wanted = Wanted::new(names.iter().copied());
        let wrong = |number: usize| {
            let (line, object) = piece.objects().nth(number).unwrap_or_default();
            let not_an_object = || DataError::NotAnObject { file: self.name.to_string(), line, found: "text" };
            describe_line(&self.name, line, object.as_bytes(), &names).unwrap_or_else(not_an_object)
        };
        let values = wanted.read(piece.objects().map(|(_, object)| object)).map_err(wrong)?;
        let column = |values: &Written<'_>| {
            column(values, if values.iter().any(Option::is_some) { Kind::Boolean } else { Kind::Text })
        };
        Ok(values.iter().map(column).collect())
    }

    /// Appends the piece to an output, with more numbers for each sample.
    ///
    /// # Errors
    /// An object that has a key already.
    pub fn write(&self, piece: &Piece, added: &[Added<'_>], out: &mut Vec<u8>) -> Result<(), DataError> {
        let end: &[u8] = if piece.windows_ends { b"\r\n" } else { b"\n" };
        let value = |column: &Added<'_>, sample: usize| column.values.get(sample).copied().unwrap_or(f64::NAN);
        if let Input::Csv(csv) = &self.input {
            for (sample, (_, text)) in piece.texts.iter().enumerate() {
                out.extend_from_slice(text.as_bytes());
                for column in added {
                    out.push(csv.delimiter);
                    out.extend_from_slice(&csv.dialect.number(value(column, sample)));
                }
                out.extend_from_slice(end);
            }
            return Ok(());
        }
        let keys: Vec<String> = added.iter().map(|column| serde_json::Value::from(column.name).to_string()).collect();
        let list = piece.list.is_some();
        let (open, close): (&[u8], &[u8]) = if list { (b"[", b"]\n") } else { (b"", b"") };
        out.extend_from_slice(open);
        for (sample, (_, object)) in piece.objects().enumerate() {
            if list && sample > 0 {
                out.push(b',');
            }
            let (at, mut comma) = end_of_members(object).unwrap_or((object.len(), ""));
            let (head, tail) = object.split_at_checked(at).unwrap_or((object, ""));
            out.extend_from_slice(head.as_bytes());
            for (key, column) in keys.iter().zip(added) {
                if object.contains(key.as_str()) && Members::of(object).any(|(key, _)| key == column.name) {
                    let (file, column) = (self.name.to_string(), column.name.to_owned());
                    return Err(DataError::ColumnExists { file, column });
                }
                let number = serde_json::Value::from(value(column, sample));
                out.extend_from_slice(format!("{comma}{key}:{number}").as_bytes());
                comma = ",";
            }
            out.extend_from_slice(tail.as_bytes());
            if !list {
                out.extend_from_slice(end);
            }
        }
        out.extend_from_slice(close);
        Ok(())
    }
}

impl Piece {
    /// How many samples there are.
    pub fn samples(&self) -> usize {
        self.list.as_ref().map_or(self.texts.len(), Vec::len)
    }

    /// The objects, each with its line.
    fn objects(&self) -> impl Iterator<Item = (u64, &str)> {
        let single = self.texts.iter().filter(|_| self.list.is_none()).map(|(line, text)| (*line, text.as_str()));
        let listed = self.list.iter().flatten().filter_map(|range| {
            let (line, text) = self.texts.first()?;
            Some((*line, text.get(range.clone())?))
        });
        single.chain(listed)
    }

    fn lines(&self) -> impl Iterator<Item = u64> {
        let single = self.texts.iter().filter(|_| self.list.is_none()).map(|(line, _)| *line);
        let line = self.texts.first().map_or(0, |(line, _)| *line);
        single.chain(self.list.iter().flatten().map(move |_| line))
    }

    /// A hash of this piece and all before it, which hashed to `before`.
    pub fn chain(&self, before: &str) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(before.as_bytes());
        for (_, text) in &self.texts {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }
}

fn next_records(csv: &mut Csv, size: usize, width: usize, file: &str) -> Result<Piece, DataError> {
    let mut piece = Piece { texts: Vec::new(), list: None, fields: Vec::new(), windows_ends: false };
    while piece.texts.len() < size {
        let Some(record) = csv.next()? else { break };
        let (line, found) = (record.line, record.fields.len());
        if found != width {
            let first = csv.count == 0;
            return Err(DataError::FieldCount { file: file.to_owned(), line, expected: width, found, first });
        }
        csv.count += 1;
        let not_text = |_| DataError::NotUtf8 { file: file.to_owned(), line, column: None };
        let text = String::from_utf8(record.body).map_err(|error| not_text(error.utf8_error()))?;
        let fields = record.fields.iter().map(|field| {
            let field = csv.dialect.value(field);
            let field = std::str::from_utf8(&field).map_err(not_text)?;
            Ok((!field.is_empty()).then(|| field.to_owned()))
        });
        piece.fields.push(fields.collect::<Result<_, DataError>>()?);
        piece.windows_ends |= record.windows_end;
        piece.texts.push((line, text));
    }
    Ok(piece)
}

fn next_objects(
    lines: &mut RawLines<Text>,
    ahead: &mut Option<(u64, String)>,
    size: usize,
    file: &str,
) -> Result<Piece, DataError> {
    let mut piece = Piece { texts: Vec::new(), list: None, fields: Vec::new(), windows_ends: false };
    while piece.texts.len() < size {
        let next = match ahead.take() {
            Some(next) => Some(next),
            None => next_line(lines, file)?,
        };
        let Some((line, text)) = next else { break };
        if text.trim_start().starts_with('[') {
            // Objects that came before make a piece of their own.
            if !piece.texts.is_empty() {
                *ahead = Some((line, text));
                break;
            }
            piece.list = Some(elements(&text).ok_or_else(|| {
                let found = describe_line(file, line, text.as_bytes(), &[]);
                found.unwrap_or(DataError::NotAnObject { file: file.to_owned(), line, found: "a list" })
            })?);
            piece.texts.push((line, text));
            break;
        }
        piece.texts.push((line, text));
    }
    Ok(piece)
}

/// The next line that is not blank, without its end.
fn next_line(lines: &mut RawLines<Text>, file: &str) -> Result<Option<(u64, String)>, DataError> {
    let mut bytes = Vec::new();
    let Some(line) = lines.read_onto(&mut bytes)? else { return Ok(None) };
    let mut text =
        String::from_utf8(bytes).map_err(|_| DataError::NotUtf8 { file: file.to_owned(), line, column: None })?;
    text.truncate(text.trim_end().len());
    Ok(Some((line, text)))
}
