//! The lines of a file, or the elements of the one list that it is; and what is wrong with one of them.

use std::io::{BufRead, BufReader, Read};

use serde_json::Value;

use super::members::values_of;
use crate::error::DataError;
use crate::text::Text;

const BUFFER: usize = 1 << 18;
const MAX_LINE: u64 = 1 << 26;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The lines of a file that are not blank, or the elements of the one list that it is.
pub(crate) struct Lines<R = Text> {
    file: String,
    input: BufReader<R>,
    line: u64,
    bytes: u64,
    shape: Shape,
    /// Of a list: bytes read of the present line, and where on its line the last element begins, from 1.
    column: u64,
    start: u64,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// A list if it begins as one, else lines.
    Unknown,
    Lines,
    /// One list, of which the next element is or is not the first.
    List {
        first: bool,
    },
    /// The list is closed.
    Closed,
}

impl<R: Read> Lines<R> {
    /// Lines or one list of objects, as it comes.
    pub fn new(file: &str, input: R) -> Self {
        let input = BufReader::with_capacity(BUFFER, input);
        Self { file: file.to_owned(), input, line: 0, bytes: 0, shape: Shape::Unknown, column: 0, start: 1 }
    }

    /// Lines alone: a list on a line is a line.
    pub fn of_stream(file: &str, input: R) -> Self {
        Self { shape: Shape::Lines, ..Self::new(file, input) }
    }

    /// Whether the file is one list; known once something was read.
    pub fn is_list(&self) -> bool {
        matches!(self.shape, Shape::List { .. } | Shape::Closed)
    }

    /// Where on its line the last element of a list begins, from 1; none of a line.
    pub fn start(&self) -> Option<u64> {
        self.is_list().then_some(self.start)
    }

    /// What errors call the file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Bytes of the lines read so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes
    }

    /// Appends the next line that is not blank, with its line end, to `out` and returns its number. An element of a list is
    /// appended as one line, in which a tab is a line end, and the number is that of the line on which it begins.
    pub fn read_onto(&mut self, out: &mut Vec<u8>) -> Result<Option<u64>, DataError> {
        if self.shape == Shape::Unknown {
            self.shape = self.look()?;
        }
        match self.shape {
            Shape::List { first } => return self.read_element(first, out),
            Shape::Closed => return Ok(None),
            Shape::Unknown | Shape::Lines => {}
        }
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

impl<R: Read> Lines<R> {
    /// What the file begins as. A bracket that opens a list is passed, with what stands before it.
    fn look(&mut self) -> Result<Shape, DataError> {
        let failed = |source| DataError::Read { file: self.file.clone(), source };
        let bytes = self.input.fill_buf().map_err(failed)?;
        let mark = if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let blank = bytes.iter().skip(mark).take_while(|byte| byte.is_ascii_whitespace()).count();
        if bytes.get(mark + blank) != Some(&b'[') {
            return Ok(Shape::Lines);
        }
        let passed = mark + blank + 1;
        let newlines = bytes.iter().take(passed).filter(|&&byte| byte == b'\n').count() as u64;
        let last = bytes.iter().take(passed).rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        self.line = 1 + newlines;
        self.column = (passed - last) as u64;
        self.bytes += passed as u64;
        self.input.consume(passed);
        Ok(Shape::List { first: true })
    }

    /// Appends the next element of the list. Tabs within it become spaces and line ends tabs, which JSON reads alike: so it is
    /// one line, and where the others ended is known.
    fn read_element(&mut self, first: bool, out: &mut Vec<u8>) -> Result<Option<u64>, DataError> {
        let start = out.len();
        let (mut depth, mut quoted, mut escaped, mut line) = (0_u32, false, false, self.line);
        loop {
            let Some(byte) = self.next_byte()? else {
                return Err(self.wrong("the list is not closed"));
            };
            if out.len() - start > MAX_LINE as usize {
                let (file, limit) = (self.file.clone(), MAX_LINE as usize);
                return Err(DataError::RecordTooLong { file, line, limit });
            }
            let empty = out.len() == start;
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' if empty => continue,
                b'\n' => {
                    out.push(b'\t');
                    continue;
                }
                b'\r' | b'\t' if !quoted => {
                    out.push(b' ');
                    continue;
                }
                b',' | b']' if depth == 0 && !quoted => {
                    let closed = byte == b']';
                    if empty && !(closed && first) {
                        return Err(self.wrong("a value is missing in the list"));
                    }
                    self.shape = if closed { Shape::Closed } else { Shape::List { first: false } };
                    if closed {
                        self.end()?;
                    }
                    out.extend((!empty).then_some(b'\n'));
                    return Ok((!empty).then_some(line));
                }
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b'[' | b'{' if !quoted => depth = depth.saturating_add(1),
                b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
                _ => {}
            }
            if empty {
                (line, self.start) = (self.line, self.column);
            }
            out.push(byte);
        }
    }

    /// Nothing may follow the list.
    fn end(&mut self) -> Result<(), DataError> {
        while let Some(byte) = self.next_byte()? {
            if !byte.is_ascii_whitespace() {
                return Err(self.wrong("text follows the list"));
            }
        }
        Ok(())
    }

    fn next_byte(&mut self) -> Result<Option<u8>, DataError> {
        let failed = |source| DataError::Read { file: self.file.clone(), source };
        let Some(&byte) = self.input.fill_buf().map_err(failed)?.first() else { return Ok(None) };
        self.input.consume(1);
        self.bytes += 1;
        self.line += u64::from(byte == b'\n');
        self.column = if byte == b'\n' { 0 } else { self.column + 1 };
        Ok(Some(byte))
    }

    fn wrong(&self, message: &str) -> DataError {
        let (file, column) = (self.file.clone(), usize::try_from(self.column).unwrap_or(usize::MAX).max(1));
        DataError::Json { file, line: self.line, column, message: message.to_owned() }
    }
}

/// What is wrong with a line of which `columns` are to be read; none if nothing is.
pub(crate) fn describe_line(file: &str, line: u64, text: &[u8], columns: &[&str]) -> Option<DataError> {
    describe(file, line, None, text, columns)
}

/// As [`describe_line`], of the element of a list that begins at `start` on its line.
pub(crate) fn describe(file: &str, line: u64, start: Option<u64>, text: &[u8], columns: &[&str]) -> Option<DataError> {
    let file = file.to_owned();
    let Ok(text) = std::str::from_utf8(text) else {
        return Some(DataError::NotUtf8 { file, line, column: None });
    };
    match serde_json::from_str::<Value>(text.trim_end()) {
        Ok(Value::Object(object)) => columns.iter().find_map(|&column| {
            if let Some(second) = values_of(text, column).nth(1) {
                let (line, _) = place(line, start, text, second.start + 1);
                return Some(DataError::RepeatedKey { file: file.clone(), line, key: column.to_owned() });
            }
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
            let (line, column) = place(line, start, text, error.column().max(1));
            Some(DataError::Json { file, line, column, message })
        }
    }
}

/// Line and column of a byte of a text, from 1, which is an element of a list if it has a `start`.
fn place(line: u64, start: Option<u64>, text: &str, at: usize) -> (u64, usize) {
    let Some(start) = start else { return (line, at) };
    let before = text.as_bytes().get(..at - 1).unwrap_or(text.as_bytes());
    match before.iter().rposition(|&byte| byte == b'\t') {
        None => (line, usize::try_from(start).unwrap_or(1) + before.len()),
        Some(last) => (line + before.iter().filter(|&&byte| byte == b'\t').count() as u64, before.len() - last),
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
