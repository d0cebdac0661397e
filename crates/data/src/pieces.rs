//! Pieces of a table that arrives bit by bit.

use std::ops::Range;

use arrow_array::ArrayRef;

use super::error::DataError;
use super::write::Added;

/// Some samples that are answered together.
#[derive(Debug)]
pub struct Piece {
    /// The records, or the lines of objects or of one list, without line ends.
    pub(crate) texts: Vec<(u64, String)>,
    /// Of one list, the bytes of its objects.
    pub(crate) list: Option<Vec<Range<usize>>>,
    /// Of each record, its fields; empty for JSON.
    pub(crate) fields: Vec<Vec<Option<String>>>,
}

impl Piece {
    pub(crate) fn new() -> Piece {
        Piece { texts: Vec::new(), list: None, fields: Vec::new() }
    }

    /// How many samples there are.
    pub fn samples(&self) -> usize {
        self.list.as_ref().map_or(self.texts.len(), Vec::len)
    }

    /// The objects, each with its line.
    pub(crate) fn objects(&self) -> impl Iterator<Item = (u64, &str)> {
        let single = self.texts.iter().filter(|_| self.list.is_none()).map(|(line, text)| (*line, text.as_str()));
        let listed = self.list.iter().flatten().filter_map(|range| {
            let (line, text) = self.texts.first()?;
            Some((*line, text.get(range.clone())?))
        });
        single.chain(listed)
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = u64> {
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

/// A reader and writer of the pieces of one format.
pub(crate) trait ReadPieces: Send {
    /// The names of the columns that are known from the start.
    fn columns(&self) -> Vec<String>;

    /// Whether these are all.
    fn has_header(&self) -> bool;

    /// Whether the first line tells no column, since it has no sample.
    fn begins_empty(&self) -> bool {
        false
    }

    /// The columns of the line after those looked at so far; none at the end, and where a line is broken.
    fn next_columns(&mut self) -> Option<Vec<String>> {
        None
    }

    /// Refuses later lines with one of these columns.
    fn bar(&mut self, _columns: Vec<String>) {}

    /// The header line of an output with these columns added.
    fn header(&self, _added: &[&str]) -> Result<Vec<u8>, DataError> {
        Ok(Vec::new())
    }

    /// The next piece, of `size` samples where the input does not say how many belong together; empty at the end.
    fn next(&mut self, size: usize) -> Result<Piece, DataError>;

    /// Some columns of a piece, in this order.
    fn values(&self, piece: &Piece, wanted: &[String]) -> Result<Vec<ArrayRef>, DataError>;

    /// Appends the piece to an output, with more numbers for each sample.
    fn write(&self, piece: &Piece, added: &[Added<'_>], out: &mut Vec<u8>) -> Result<(), DataError>;
}
