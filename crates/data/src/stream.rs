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

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema};

use super::batch::{Batch, Lines};
use super::dialect::Dialect;
use super::error::DataError;
use super::format::Format;
use super::pieces::{Piece, ReadPieces};
use super::table::{check_dialect, refuse_duplicate};
use super::table_format::Incoming;
use super::write::Added;

/// A table that is read piece by piece.
pub struct TableStream {
    name: Arc<str>,
    columns: Vec<String>,
    format: Format,
    pieces: Box<dyn ReadPieces>,
}

impl TableStream {
    /// Begins to read: the header of a CSV, the first line of JSON Lines.
    ///
    /// # Errors
    /// An empty input, one whose header or first line cannot be read, and [`DataError::NoStream`] for formats that are read
    /// as a whole.
    pub fn open(
        name: &str,
        input: Box<dyn Read + Send>,
        format: Format,
        dialect: &Dialect,
    ) -> Result<TableStream, DataError> {
        let expected = format.expected();
        check_dialect(name, expected, dialect)?;
        let incoming = Incoming { name: name.to_owned(), input, dialect: dialect.clone(), expected };
        let pieces = format.table_format().stream(incoming)?;
        Ok(TableStream { name: name.into(), columns: pieces.columns(), format, pieces })
    }

    /// Whether all lines have the columns that are known from the start, as those of CSV do.
    pub fn has_header(&self) -> bool {
        self.pieces.has_header()
    }

    /// Of JSON Lines: the first line has no object, and so tells no key.
    pub fn begins_empty(&self) -> bool {
        self.pieces.begins_empty()
    }

    /// Of JSON Lines: finds out which of these columns the first line lacks and another line has. `whole` is the same
    /// table from its beginning; it is read until all are found, or to its end or the first line that is broken.
    pub fn look_through(&mut self, wanted: &[&str], mut whole: TableStream) {
        let mut missing: Vec<&str> = self.missing(wanted);
        while !missing.is_empty()
            && let Some(columns) = whole.pieces.next_columns()
        {
            for key in columns {
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
        let missing = self.missing(columns).into_iter().map(str::to_owned).collect();
        self.pieces.bar(missing);
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
    ///
    /// # Errors
    /// [`DataError::NoField`]
    pub fn header(&self, added: &[&str]) -> Result<Vec<u8>, DataError> {
        self.pieces.header(added)
    }

    /// The next piece, of `size` samples where the input does not say how many belong together; none at the end.
    ///
    /// # Errors
    /// Records and lines that cannot be read.
    pub fn next(&mut self, size: usize) -> Result<Option<Piece>, DataError> {
        let piece = self.pieces.next(size)?;
        Ok((!piece.texts.is_empty()).then_some(piece))
    }

    /// Some columns of a piece, in this order.
    ///
    /// # Errors
    /// Lines that are no objects, and values that are no plain ones.
    pub fn batch(&self, piece: &Piece, headers: &[String]) -> Result<Batch, DataError> {
        headers.iter().try_for_each(|header| refuse_duplicate(&self.name, &self.columns, header))?;
        let mut lines = Lines::new();
        piece.lines().for_each(|line| lines.push(line));
        let columns = self.pieces.values(piece, headers)?;
        let fields =
            headers.iter().zip(&columns).map(|(name, values)| Field::new(name, values.data_type().clone(), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let options = RecordBatchOptions::new().with_row_count(Some(piece.samples()));
        let batch = RecordBatch::try_new_with_options(schema, columns, &options)
            .map_err(|error| DataError::Read { file: self.name.to_string(), source: std::io::Error::other(error) })?;
        Ok(Batch::new(batch, lines, self.name.clone()))
    }

    /// Appends the piece to an output, with more numbers for each sample.
    ///
    /// # Errors
    /// An object that has a key already.
    pub fn write(&self, piece: &Piece, added: &[Added<'_>], out: &mut Vec<u8>) -> Result<(), DataError> {
        self.pieces.write(piece, added, out)
    }
}
