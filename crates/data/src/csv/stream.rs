//! Records as they come, with their bytes.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};

use super::field::{Fields, Place};
use super::records::Records;
use crate::dialect::{Dialect, Header};
use crate::error::DataError;
use crate::pieces::{Piece, ReadPieces};
use crate::table_format::Incoming;
use crate::text::Text;
use crate::write::Added;

/// The byte order mark.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// Pieces of so many records.
pub(super) struct Pieces {
    name: String,
    columns: Vec<String>,
    records: Records<Text>,
    /// The first record of a table without header.
    first: Option<Record>,
    dialect: Dialect,
    delimiter: u8,
    /// The header as it is written, without its line end.
    header: Vec<u8>,
    /// Records read.
    count: usize,
    /// Lines end with `\r\n`, as the first one does.
    windows_ends: bool,
}

/// A record that outlives the reader's buffer.
struct Record {
    line: u64,
    body: Vec<u8>,
    fields: Vec<Vec<u8>>,
    windows_end: bool,
}

impl Pieces {
    /// Reads the header.
    pub fn open(incoming: Incoming) -> Result<Pieces, DataError> {
        let (name, dialect) = (incoming.name.clone(), incoming.dialect.clone());
        let delimiter = dialect.delimiter(incoming.expected.delimiter);
        let mut records = Records::new(&name, incoming.text()?, delimiter, &dialect);
        let Some(head) = next_record(&mut records)? else { return Err(DataError::Empty { file: name }) };
        let columns = dialect.names(head.fields.iter().map(Vec::as_slice), &name, head.line)?;
        let windows_ends = head.windows_end;
        let (header, first) = match dialect.header {
            Header::FirstRecord => (head.body, None),
            Header::Numbers | Header::Names(_) => (Vec::new(), Some(head)),
        };
        Ok(Pieces { name, columns, records, first, dialect, delimiter, header, count: 0, windows_ends })
    }

    fn fields(&self) -> Fields<'_> {
        Fields { file: &self.name, delimiter: self.delimiter, dialect: &self.dialect }
    }

    fn end(&self) -> &'static [u8] {
        if self.windows_ends { b"\r\n" } else { b"\n" }
    }
}

fn next_record(records: &mut Records<Text>) -> Result<Option<Record>, DataError> {
    let Some(record) = records.next()? else { return Ok(None) };
    Ok(Some(Record {
        line: record.line,
        body: record.body.to_vec(),
        fields: record.fields().map(<[u8]>::to_vec).collect(),
        windows_end: record.end == b"\r",
    }))
}

impl ReadPieces for Pieces {
    fn columns(&self) -> Vec<String> {
        self.columns.clone()
    }

    fn has_header(&self) -> bool {
        true
    }

    fn header(&self, added: &[&str]) -> Result<Vec<u8>, DataError> {
        self.fields().check()?;
        let first = self.first.as_ref().map_or(&self.header, |first| &first.body);
        // Blank lines and comments before it are not written: at the beginning one such mark is none of the text.
        let mut line = if first.starts_with(MARK) { MARK.to_vec() } else { Vec::new() };
        if self.dialect.header != Header::FirstRecord {
            return Ok(line);
        }
        line.extend_from_slice(&self.header);
        for name in added {
            line.push(self.delimiter);
            self.fields().name(name, Place::Later, &mut line)?;
        }
        line.extend_from_slice(self.end());
        Ok(line)
    }

    fn next(&mut self, size: usize) -> Result<Piece, DataError> {
        let mut piece = Piece::new();
        while piece.texts.len() < size {
            let next = match self.first.take() {
                Some(first) => Some(first),
                None => next_record(&mut self.records)?,
            };
            let Some(record) = next else { break };
            let (line, expected, found) = (record.line, self.columns.len(), record.fields.len());
            if found != expected {
                let first = self.count == 0;
                return Err(DataError::FieldCount { file: self.name.clone(), line, expected, found, first });
            }
            self.count += 1;
            let not_text = |_| DataError::NotUtf8 { file: self.name.clone(), line, column: None };
            let text = String::from_utf8(record.body).map_err(|error| not_text(error.utf8_error()))?;
            let fields = record.fields.iter().map(|field| {
                let field = self.dialect.value(field);
                let field = std::str::from_utf8(&field).map_err(not_text)?;
                Ok((!field.is_empty()).then(|| field.to_owned()))
            });
            piece.fields.push(fields.collect::<Result<_, DataError>>()?);
            piece.texts.push((line, text));
        }
        Ok(piece)
    }

    fn values(&self, piece: &Piece, wanted: &[String]) -> Result<Vec<ArrayRef>, DataError> {
        let column = |name: &String| {
            let place = self.columns.iter().position(|column| column == name);
            let field = |fields: &Vec<Option<String>>| fields.get(place?)?.clone();
            Arc::new(piece.fields.iter().map(field).collect::<StringArray>()) as ArrayRef
        };
        Ok(wanted.iter().map(column).collect())
    }

    fn write(&self, piece: &Piece, added: &[Added<'_>], out: &mut Vec<u8>) -> Result<(), DataError> {
        for (sample, (_, text)) in piece.texts.iter().enumerate() {
            out.extend_from_slice(text.as_bytes());
            for column in added {
                out.push(self.delimiter);
                self.fields().number(column.value(sample), Place::Later, out)?;
            }
            out.extend_from_slice(self.end());
        }
        Ok(())
    }
}
