//! Tables that arrive bit by bit: a piece is read, answered, and written with one more column before the next is read.
//!
//! | format | a piece |
//! | --- | --- |
//! | CSV, TSV | so many records |
//! | JSON Lines, objects | so many lines |
//! | JSON Lines, lists of objects | one line, whatever its length |
//!
//! Nothing is read ahead of what the system hands over, so a pipe is answered as its lines come. Records keep their
//! bytes; blank lines are dropped, and all lines end as the first one does.
//!
//! JSON Lines have no header. Which keys there are is known from the first line, from [`TableStream::look_through`] where
//! the table can be read twice, and from [`TableStream::expect`] where it cannot.

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
    /// Of JSON Lines, keys that no line may have: the plan was made without them.
    barred: Vec<String>,
    input: Input,
    /// Lines end with `\r\n`, as the first one does.
    windows_ends: bool,
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
    /// The header as it is written, without its line end.
    header: Vec<u8>,
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
        let (columns, input, windows_ends) = match format {
            Format::Csv | Format::Tsv => {
                let records = Records::new(name, input, format, dialect);
                let (dialect, delimiter) = (dialect.clone(), dialect.delimiter(format));
                let mut csv = Box::new(Csv { records, first: None, dialect, delimiter, header: Vec::new(), count: 0 });
                let Some(header) = csv.next()? else { return Err(DataError::Empty { file: name.to_owned() }) };
                let names = csv.dialect.names(header.fields.iter().map(Vec::as_slice), name, header.line)?;
                let windows_ends = header.windows_end;
                match csv.dialect.header {
                    Header::FirstRecord => csv.header = header.body,
                    Header::Numbers | Header::Names(_) => csv.first = Some(header),
                }
                (names, Input::Csv(csv), windows_ends)
            }
            Format::JsonLines | Format::Parquet => {
                let mut lines = RawLines::of_stream(name, input);
                let Some((line, text, windows_ends)) = next_line(&mut lines, name)? else {
                    return Err(DataError::Empty { file: name.to_owned() });
                };
                let list = elements(&text);
                if list.is_none() && text.starts_with('[') {
                    return Err(DataError::ListStream { file: name.to_owned() });
                }
                let first = list.as_ref().map_or(Some(text.as_str()), |all| text.get(all.first()?.clone()));
                let object = first.unwrap_or("{}");
                if let Some(error) = describe_line(name, line, object.as_bytes(), &[]) {
                    return Err(error);
                }
                let mut columns: Vec<String> = Members::of(object).map(|(key, _)| key).collect();
                let others = objects_of(&text, list.as_deref()).skip(1);
                for (key, _) in others.flat_map(Members::of) {
                    if !columns.contains(&key) {
                        columns.push(key);
                    }
                }
                (columns, Input::Json { lines, ahead: Some((line, text)) }, windows_ends)
            }
        };
        Ok(TableStream { name: name.into(), columns, format, barred: Vec::new(), input, windows_ends })
    }

    /// Whether all lines have the columns that are known from the start, as those of CSV do.
    pub fn has_header(&self) -> bool {
        matches!(self.input, Input::Csv(_))
    }

    /// Of JSON Lines: the first line has no object, and so tells no key.
    pub fn begins_empty(&self) -> bool {
        matches!(&self.input, Input::Json { ahead: Some((_, text)), .. } if elements(text).is_some_and(|all| all.is_empty()))
    }

    /// Of JSON Lines: finds out which of these columns the first line lacks and another line has. `whole` is the same
    /// table from its beginning; it is read until all are found, or to its end or the first line that is broken.
    pub fn look_through(&mut self, wanted: &[&str], mut whole: TableStream) {
        let mut missing: Vec<&str> = self.missing(wanted);
        let Input::Json { lines, .. } = &mut whole.input else { return };
        // What is wrong with a line is told when it is its turn.
        while !missing.is_empty()
            && let Ok(Some((_, text, _))) = next_line(lines, &self.name)
        {
            let list = elements(&text);
            for (key, _) in objects_of(&text, list.as_deref()).flat_map(Members::of) {
                if let Some(place) = missing.iter().position(|column| *column == key) {
                    missing.swap_remove(place);
                    self.columns.push(key);
                }
            }
        }
    }

    /// Of JSON Lines that come but once: takes these columns as there, null in every object that lacks them.
    pub fn expect(&mut self, columns: &[&str]) {
        if !self.has_header() {
            let missing: Vec<String> = self.missing(columns).into_iter().map(str::to_owned).collect();
            self.columns.extend(missing);
        }
    }

    /// Of JSON Lines: refuses lines with one of these keys, if they are no columns; what is done with the table counts on
    /// that.
    pub fn bar(&mut self, columns: &[&str]) {
        if !self.has_header() {
            self.barred = self.missing(columns).into_iter().map(str::to_owned).collect();
        }
    }

    /// Those of the columns that are not known, each once.
    fn missing<'a>(&self, wanted: &[&'a str]) -> Vec<&'a str> {
        let mut missing: Vec<&str> = Vec::new();
        for &column in wanted {
            if !missing.contains(&column) && !self.columns.iter().any(|known| known == column) {
                missing.push(column);
            }
        }
        missing
    }

    /// The names of the columns; of JSON Lines, those that are known.
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

    /// The header line for an output with more columns, otherwise as it was written; nothing for JSON Lines.
    pub fn header(&self, added: &[&str]) -> Vec<u8> {
        let Input::Csv(csv) = &self.input else { return Vec::new() };
        if csv.dialect.header != Header::FirstRecord {
            return Vec::new();
        }
        let mut line = csv.header.clone();
        for name in added {
            line.push(csv.delimiter);
            line.extend_from_slice(&quote(name, csv.delimiter));
        }
        line.extend_from_slice(self.end());
        line
    }

    fn end(&self) -> &'static [u8] {
        if self.windows_ends { b"\r\n" } else { b"\n" }
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
        if !self.barred.is_empty() {
            for (line, object) in piece.objects() {
                if let Some((column, _)) = Members::of(object).find(|(key, _)| self.barred.contains(key)) {
                    return Err(DataError::LateColumn { file: self.name.to_string(), line, column });
                }
            }
        }
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
        let end = self.end();
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
        let (open, close): (&[u8], &[u8]) = if list { (b"[", b"]") } else { (b"", b"") };
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
        if list {
            out.extend_from_slice(end);
        }
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
    let mut piece = Piece { texts: Vec::new(), list: None, fields: Vec::new() };
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
    let mut piece = Piece { texts: Vec::new(), list: None, fields: Vec::new() };
    while piece.texts.len() < size {
        let next = match ahead.take() {
            Some(next) => Some(next),
            None => next_line(lines, file)?.map(|(line, text, _)| (line, text)),
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

/// The objects of a line: its own, or those of its list.
fn objects_of<'a>(text: &'a str, list: Option<&'a [std::ops::Range<usize>]>) -> impl Iterator<Item = &'a str> {
    let own = Some(text).filter(|_| list.is_none());
    own.into_iter().chain(list.unwrap_or_default().iter().filter_map(|range| text.get(range.clone())))
}

/// The next line that is not blank, without its end, and whether that is `\r\n`.
fn next_line(lines: &mut RawLines<Text>, file: &str) -> Result<Option<(u64, String, bool)>, DataError> {
    let mut bytes = Vec::new();
    let Some(line) = lines.read_onto(&mut bytes)? else { return Ok(None) };
    let windows_end = bytes.ends_with(b"\r\n");
    let mut text =
        String::from_utf8(bytes).map_err(|_| DataError::NotUtf8 { file: file.to_owned(), line, column: None })?;
    text.truncate(text.trim_end().len());
    Ok(Some((line, text, windows_end)))
}
