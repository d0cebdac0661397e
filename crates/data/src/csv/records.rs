//! One CSV record at a time: its fields, its bytes as they stand in the file, and its line.
//!
//! The grammar is the `csv-core` crate's. That crate is used directly, and not through `csv`, because the writers
//! need the raw bytes of each record, errors need its true line, and an unclosed quote must be noticed.
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

use crate::dialect::Dialect;
use crate::error::DataError;

const BUFFER: usize = 1 << 20;
/// Longest record that is read. An unclosed quote would otherwise swallow the rest of the file.
const MAX_RECORD: usize = 1 << 26;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads records from a stream.
pub(crate) struct Records<R> {
    name: String,
    input: R,
    core: csv_core::Reader,
    delimiter: u8,
    comment: Option<u8>,
    /// Spaces and tabs around quotes are no part of a field.
    spaced: bool,
    /// Of the current record, where it has spaces around quotes: its fields, and where each ends.
    spaced_text: Vec<u8>,
    spaced_ends: Vec<usize>,
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
        let mut core = csv_core::ReaderBuilder::new();
        core.delimiter(delimiter).comment(dialect.comment).quoting(dialect.quotes);
        Self {
            name: name.to_owned(),
            input,
            core: core.build(),
            delimiter,
            comment: dialect.comment,
            spaced: dialect.trim && dialect.quotes,
            spaced_text: Vec::new(),
            spaced_ends: Vec::new(),
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
        let line = self.core.line();
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
            let (result, read, wrote, ended) = self.core.read_record(input, output, ends);
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
        let (result, _, wrote, ended) = self.core.read_record(b"\n", output, ends);
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
        // A quote that encloses is not among the text of the fields, so this record has quoted fields.
        let text_len = count.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(0);
        let spaced = self.spaced && memchr::memchr(b'"', body).is_some();
        if spaced {
            let (text, ends) = (&mut self.spaced_text, &mut self.spaced_ends);
            if let Err(fault) = spaced_fields(body, self.delimiter, text, ends) {
                let file = self.name.clone();
                return Err(match fault {
                    Fault::Stray(at) => {
                        let at = line + line_ends(body.get(..at).unwrap_or_default(), false);
                        DataError::StrayQuote { file, line: at, start: line }
                    }
                    Fault::Open => DataError::OpenQuote { file, line },
                });
            }
        }
        if text_len + count != body.len() + 1 {
            if let Some(stray) = stray_quote(body, self.delimiter).filter(|_| !spaced) {
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
        let (text, ends) = match spaced {
            true => (&self.spaced_text, self.spaced_ends.as_slice()),
            false => (&self.text, &self.ends[..count]),
        };
        Ok(Record { line, lead, body, end, text, ends })
    }

    /// How many bytes stand before the record itself: a byte order mark, line ends, and comments.
    fn lead(&self, raw: &[u8]) -> usize {
        let at_file_start = self.taken == (self.filled - self.start) as u64;
        let mut lead = if at_file_start && raw.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let is_break = |byte: &u8| matches!(byte, b'\r' | b'\n');
        // Most records follow the line end of the one before.
        if lead == 0 && self.comment.is_none() && !raw.first().is_some_and(is_break) {
            return 0;
        }
        loop {
            let rest = raw.get(lead..).unwrap_or_default();
            lead += rest.iter().take_while(|byte| is_break(byte)).count();
            let rest = raw.get(lead..).unwrap_or_default();
            if self.comment.is_none() || rest.first() != self.comment.as_ref() {
                return lead;
            }
            // The grammar ends a comment at `\n` alone.
            lead += rest.iter().take_while(|&&byte| byte != b'\n').count();
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

/// Where a closing quote is followed by something else than a delimiter or the end of the record.
fn stray_quote(body: &[u8], delimiter: u8) -> Option<usize> {
    let mut inside = false;
    let mut escaped = None;
    for at in memchr::memchr_iter(b'"', body) {
        if escaped == Some(at) {
            escaped = None;
        } else if !inside {
            // Other quotes are characters of a field that is not quoted.
            inside = at == 0 || body.get(at - 1) == Some(&delimiter);
        } else {
            match body.get(at + 1) {
                Some(b'"') => escaped = Some(at + 1),
                Some(&next) if next != delimiter => return Some(at),
                _ => inside = false,
            }
        }
    }
    None
}

/// What is wrong with the quotes of a record.
enum Fault {
    /// Text follows the closing quote at this byte.
    Stray(usize),
    /// A quote is not closed in this record. One behind spaces cannot enclose a line end, which ends the record for the grammar.
    Open,
}

/// The fields of a record in which spaces and tabs may stand around quotes, which the grammar takes for text.
fn spaced_fields(body: &[u8], delimiter: u8, text: &mut Vec<u8>, ends: &mut Vec<usize>) -> Result<(), Fault> {
    text.clear();
    ends.clear();
    let mut at = 0;
    loop {
        let start = at + leading_spaces(body, at, delimiter);
        if body.get(start) == Some(&b'"') {
            let closing = quoted_field(body, start + 1, text).ok_or(Fault::Open)?;
            at = closing + 1 + leading_spaces(body, closing + 1, delimiter);
            if body.get(at).is_some_and(|&byte| byte != delimiter) {
                return Err(Fault::Stray(closing));
            }
        } else {
            let rest = body.get(at..).unwrap_or_default();
            let length = memchr::memchr(delimiter, rest).unwrap_or(rest.len());
            text.extend_from_slice(rest.get(..length).unwrap_or_default());
            at += length;
        }
        ends.push(text.len());
        if at >= body.len() {
            return Ok(());
        }
        at += 1;
    }
}

/// How many spaces and tabs that may be ignored stand at a place.
pub(super) fn leading_spaces(body: &[u8], from: usize, delimiter: u8) -> usize {
    let is_space = |byte: u8| matches!(byte, b' ' | b'\t') && byte != delimiter;
    body.iter().skip(from).take_while(|&&byte| is_space(byte)).count()
}

/// Appends what is enclosed in quotes, of which the first stands before `from`; returns the place of the closing one.
fn quoted_field(body: &[u8], from: usize, text: &mut Vec<u8>) -> Option<usize> {
    let mut at = from;
    loop {
        let quote = at + memchr::memchr(b'"', body.get(at..)?)?;
        text.extend_from_slice(body.get(at..quote)?);
        if body.get(quote + 1) != Some(&b'"') {
            return Some(quote);
        }
        text.push(b'"');
        at = quote + 2;
    }
}
