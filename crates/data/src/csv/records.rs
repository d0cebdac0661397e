//! One CSV record at a time: its fields, its bytes as they stand in the file, and its line.
//!
//! The grammar is the `csv-core` crate's, but where there are comments, or spaces around quotes. That crate is used
//! directly, and not through `csv`, because the writers need the raw bytes of each record, errors need its true line, and
//! an unclosed quote must be noticed.
//!
//! ```text
//! file    a,1\n \n"b\nc",2\r \nd,3\r \n
//! record  1----  2-----------  3------  tail
//!                ^^ `lead`: the line ends before it
//!                  ^^^^^^^^ `body`
//!                          ^^ `end`, one byte or none: the `\n` of `\r\n` leads the next record
//! ```

use std::io::Read;

use csv_core::ReadRecordResult;

use super::grammar::OwnReader;
use super::spans::Spans;
use crate::dialect::Dialect;
use crate::error::DataError;
use crate::text::BYTE_ORDER_MARK;

const BUFFER: usize = 1 << 20;
/// Longest record that is read. An unclosed quote would otherwise swallow the rest of the file.
const MAX_RECORD: usize = 1 << 26;

/// Reads records from a stream.
pub(crate) struct Records<R> {
    name: String,
    input: R,
    grammar: Grammar,
    delimiter: u8,
    dialect: Dialect,
    /// Line ends of `\r` alone, which the grammar does not count.
    lone_returns: u64,
    /// The last record ended in `\r`.
    after_return: bool,
    /// Bytes of the file; `buffer[..filled]` are valid.
    buffer: Vec<u8>,
    filled: usize,
    /// Where the next record begins in `buffer`.
    start: usize,
    at_end: bool,
    /// Bytes taken from `input`.
    taken: u64,
    /// Unescaped fields of the current record, one after the other, and where each ends.
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// What tells records and fields apart.
enum Grammar {
    Usual(Box<csv_core::Reader>),
    Own(OwnReader),
}

impl Grammar {
    fn new(delimiter: u8, dialect: &Dialect) -> Self {
        if dialect.comment.is_some() || (dialect.trim && dialect.quotes) {
            return Self::Own(OwnReader::new(delimiter, dialect));
        }
        let mut reader = csv_core::ReaderBuilder::new();
        reader.delimiter(delimiter).quoting(dialect.quotes);
        Self::Usual(Box::new(reader.build()))
    }

    fn line(&self) -> u64 {
        match self {
            Self::Usual(reader) => reader.line(),
            Self::Own(reader) => reader.line(),
        }
    }

    #[inline]
    fn read_record(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        ends: &mut [usize],
    ) -> (ReadRecordResult, usize, usize, usize) {
        match self {
            Self::Usual(reader) => reader.read_record(input, output, ends),
            Self::Own(reader) => reader.read_record(input, output, ends),
        }
    }
}

/// One record.
pub(crate) struct Record<'a> {
    /// Line on which it starts, from 1.
    pub line: u64,
    /// Line ends (and a byte order mark) between the previous record and this one.
    pub lead: &'a [u8],
    /// The record as written, without its line end.
    pub body: &'a [u8],
    /// Its line end; empty at the end of a file.
    pub end: &'a [u8],
    text: &'a [u8],
    ends: &'a [usize],
}

impl<'a> Record<'a> {
    /// Number of fields.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The fields, unquoted.
    pub fn fields(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (text, ends) = (self.text, self.ends);
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts.zip(ends).map(move |(start, &end)| text.get(start..end).unwrap_or_default())
    }

    /// One field, unquoted; empty if there is none.
    #[inline]
    pub fn field(&self, index: usize) -> &'a [u8] {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(index).copied().unwrap_or(0);
        self.text.get(start..end).unwrap_or_default()
    }
}

impl<R: Read> Records<R> {
    /// Records of a stream that is at its beginning; `name` is what errors call it.
    pub fn new(name: &str, input: R, delimiter: u8, dialect: &Dialect) -> Self {
        Self {
            name: name.to_owned(),
            input,
            grammar: Grammar::new(delimiter, dialect),
            delimiter,
            dialect: dialect.clone(),
            lone_returns: 0,
            after_return: false,
            buffer: vec![0; BUFFER],
            filled: 0,
            start: 0,
            at_end: false,
            taken: 0,
            text: vec![0; 1 << 12],
            ends: vec![0; 1 << 6],
        }
    }

    /// Bytes of the stream that belong to records read so far.
    pub fn bytes_read(&self) -> u64 {
        self.taken - (self.filled - self.start) as u64
    }

    /// The next record, or none at the end.
    pub fn next(&mut self) -> Result<Option<Record<'_>>, DataError> {
        let line = self.grammar.line();
        let (mut at, mut text_len, mut count) = (self.start, 0, 0);
        loop {
            if at == self.filled {
                if self.at_end {
                    return self.finish_file(line, text_len, count);
                }
                at -= self.fill(line)?;
                continue;
            }
            let (input, output, ends) =
                (&self.buffer[at..self.filled], &mut self.text[text_len..], &mut self.ends[count..]);
            let (result, read, wrote, ended) = self.grammar.read_record(input, output, ends);
            at += read;
            text_len += wrote;
            count += ended;
            match result {
                ReadRecordResult::InputEmpty | ReadRecordResult::End => {}
                ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => return self.record(at, at - 1, line, count).map(Some),
            }
        }
    }

    /// What follows the last record: line ends. Meaningful once [`Records::next`] has returned none.
    pub fn tail(&self) -> &[u8] {
        &self.buffer[self.start..self.filled]
    }

    /// The last record, if the file does not end with a line end.
    ///
    /// A line end is fed in its place. If the grammar takes that as text, a quote is open.
    fn finish_file(&mut self, line: u64, text_len: usize, count: usize) -> Result<Option<Record<'_>>, DataError> {
        self.text.resize(self.text.len().max(text_len + 1), 0);
        self.ends.resize(self.ends.len().max(count + 1), 0);
        let (output, ends) = (&mut self.text[text_len..], &mut self.ends[count..]);
        let (result, _, wrote, ended) = self.grammar.read_record(b"\n", output, ends);
        match result {
            ReadRecordResult::Record => self.record(self.filled, self.filled, line, count + ended).map(Some),
            _ if wrote > 0 => {
                let raw = &self.buffer[self.start..self.filled];
                let line = line + self.lone_returns + line_ends(&raw[..self.lead(raw)], self.after_return);
                Err(DataError::OpenQuote { file: self.name.clone(), line })
            }
            _ => Ok(None),
        }
    }

    /// The record whose bytes, with what leads it, are `start..body_end` and whose line end reaches to `end`.
    fn record(&mut self, end: usize, body_end: usize, line: u64, count: usize) -> Result<Record<'_>, DataError> {
        let raw = &self.buffer[self.start..body_end];
        let (lead, body) = raw.split_at(self.lead(raw));
        let mut line = line + self.lone_returns;
        if !lead.is_empty() || self.after_return {
            let skipped = line_ends(lead, self.after_return);
            line += skipped;
            self.lone_returns += skipped - lead.iter().filter(|&&byte| byte == b'\n').count() as u64;
        }
        // Quotes that enclose, and spaces around them, are not among the text of the fields. A record without them has no stray quote.
        let text_len = count.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(0);
        if text_len + count != body.len() + 1 {
            let stray = Spans::new(body, self.delimiter, &self.dialect).find_map(Result::err);
            if let Some(stray) = stray {
                let at = line + line_ends(body.get(..stray).unwrap_or_default(), false);
                return Err(DataError::StrayQuote { file: self.name.clone(), line: at, start: line });
            }
            if memchr::memchr(b'\r', body).is_some() {
                let newlines = memchr::memchr_iter(b'\n', body).count() as u64;
                self.lone_returns += line_ends(body, false) - newlines;
            }
        }
        self.start = end;
        let end = &self.buffer[body_end..end];
        self.after_return = end == b"\r";
        Ok(Record { line, lead, body, end, text: &self.text, ends: &self.ends[..count] })
    }

    /// How many bytes stand before the record itself: a byte order mark, line ends, and comments.
    fn lead(&self, raw: &[u8]) -> usize {
        let at_file_start = self.taken == (self.filled - self.start) as u64;
        let mut lead = if at_file_start && raw.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let is_break = |byte: &u8| matches!(byte, b'\r' | b'\n');
        // Most records follow the line end of the one before.
        if lead == 0 && self.dialect.comment.is_none() && !raw.first().is_some_and(is_break) {
            return 0;
        }
        loop {
            let rest = raw.get(lead..).unwrap_or_default();
            lead += rest.iter().take_while(|byte| is_break(byte)).count();
            let rest = raw.get(lead..).unwrap_or_default();
            if self.dialect.comment.is_none() || rest.first() != self.dialect.comment.as_ref() {
                return lead;
            }
            lead += rest.iter().take_while(|byte| !is_break(byte)).count();
        }
    }

    /// Reads more of the file behind the unfinished record, which moves to the front of the buffer. Returns by how
    /// much it moved.
    fn fill(&mut self, line: u64) -> Result<usize, DataError> {
        let moved = self.start;
        self.buffer.copy_within(self.start..self.filled, 0);
        self.filled -= moved;
        self.start = 0;
        if self.filled == self.buffer.len() {
            if self.filled >= MAX_RECORD {
                return Err(DataError::RecordTooLong { file: self.name.clone(), line, limit: MAX_RECORD });
            }
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        // One read at a time: what a pipe has not got yet is not waited for.
        loop {
            match self.input.read(&mut self.buffer[self.filled..]) {
                Ok(0) => self.at_end = true,
                Ok(read) => {
                    self.filled += read;
                    self.taken += read as u64;
                    // A byte order mark is told by all of it.
                    let head = self.buffer.get(..self.filled).unwrap_or_default();
                    if self.filled as u64 == self.taken && head != BYTE_ORDER_MARK && BYTE_ORDER_MARK.starts_with(head)
                    {
                        continue;
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(DataError::Read { file: self.name.clone(), source }),
            }
            break;
        }
        Ok(moved)
    }
}

/// Line ends in some bytes that are followed by others: `\n`, `\r\n` or a lone `\r`. `after_return` says that a `\r` stands
/// before them.
fn line_ends(bytes: &[u8], after_return: bool) -> u64 {
    let (mut count, mut open) = (0, after_return);
    for &byte in bytes {
        count += u64::from(byte == b'\n' || open);
        open = byte == b'\r';
    }
    count + u64::from(open)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pipe that gives a byte at a time.
    struct Slow(std::io::Cursor<Vec<u8>>);

    impl Read for Slow {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            self.0.read(out.get_mut(..1).unwrap_or_default())
        }
    }

    #[test]
    fn a_mark_is_no_part_of_the_first_field_however_slowly_it_comes() {
        for trim in [false, true] {
            let dialect = Dialect { trim, ..Dialect::default() };
            let read = |text: &str| {
                let mut records = Records::new("f", Slow(std::io::Cursor::new(text.into())), b',', &dialect);
                let record = records.next().unwrap().unwrap();
                (
                    String::from_utf8_lossy(record.field(0)).into_owned(),
                    String::from_utf8_lossy(record.body).into_owned(),
                )
            };
            assert_eq!(read("\u{feff}\"a\",b\n"), ("a".to_owned(), "\"a\",b".to_owned()));
            // Two bytes of the three.
            assert_eq!(read("\u{fec0}a"), ("\u{fec0}a".to_owned(), "\u{fec0}a".to_owned()));
        }
    }
}
