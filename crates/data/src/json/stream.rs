//! Lines as they come, with their bytes: an object on each, or a list of objects, which is one piece.

use std::ops::Range;

use arrow_array::ArrayRef;

use super::decode::{Wanted, Written, column};
use super::keys::Kind;
use super::lines::{Lines, describe_line};
use super::members::{Members, elements, end_of_members};
use crate::error::DataError;
use crate::pieces::{Piece, ReadPieces};
use crate::table_format::Incoming;
use crate::write::Added;

/// Pieces of so many objects, or of one list.
pub(super) struct Pieces {
    name: String,
    /// The keys of the first line.
    columns: Vec<String>,
    lines: Lines,
    /// A line that was read and is not answered yet.
    ahead: Option<(u64, String)>,
    /// Keys that no line may have: the plan was made without them.
    barred: Vec<String>,
    /// Lines end with `\r\n`, as the first one does.
    windows_ends: bool,
}

impl Pieces {
    /// Reads the first line.
    pub fn open(incoming: Incoming) -> Result<Pieces, DataError> {
        let name = incoming.name.clone();
        let mut lines = Lines::of_stream(&name, incoming.text()?);
        let Some((line, text, windows_ends)) = next_line(&mut lines)? else {
            return Err(DataError::Empty { file: name });
        };
        let list = elements(&text);
        if list.is_none() && text.starts_with('[') {
            return Err(DataError::ListStream { file: name });
        }
        let first = list.as_ref().map_or(Some(text.as_str()), |all| text.get(all.first()?.clone()));
        let object = first.unwrap_or("{}");
        if let Some(error) = describe_line(&name, line, object.as_bytes(), &[]) {
            return Err(error);
        }
        let mut columns: Vec<String> = Vec::new();
        for (key, _) in objects_of(&text, list.as_deref()).flat_map(Members::of) {
            if !columns.contains(&key) {
                columns.push(key);
            }
        }
        Ok(Pieces { name, columns, lines, ahead: Some((line, text)), barred: Vec::new(), windows_ends })
    }

    fn end(&self) -> &'static [u8] {
        if self.windows_ends { b"\r\n" } else { b"\n" }
    }

    fn next_objects(&mut self, size: usize) -> Result<Piece, DataError> {
        let mut piece = Piece::new();
        while piece.texts.len() < size {
            let next = match self.ahead.take() {
                Some(next) => Some(next),
                None => next_line(&mut self.lines)?.map(|(line, text, _)| (line, text)),
            };
            let Some((line, text)) = next else { break };
            if text.trim_start().starts_with('[') {
                // Objects that came before make a piece of their own.
                if !piece.texts.is_empty() {
                    self.ahead = Some((line, text));
                    break;
                }
                piece.list = Some(elements(&text).ok_or_else(|| {
                    let file = self.name.clone();
                    let found = describe_line(&file, line, text.as_bytes(), &[]);
                    found.unwrap_or(DataError::NotAnObject { file, line, found: "a list" })
                })?);
                piece.texts.push((line, text));
                break;
            }
            piece.texts.push((line, text));
        }
        Ok(piece)
    }
}

impl ReadPieces for Pieces {
    fn columns(&self) -> Vec<String> {
        self.columns.clone()
    }

    fn has_header(&self) -> bool {
        false
    }

    fn begins_empty(&self) -> bool {
        matches!(&self.ahead, Some((_, text)) if elements(text).is_some_and(|all| all.is_empty()))
    }

    fn next_columns(&mut self) -> Option<Vec<String>> {
        // What is wrong with a line is told when it is its turn.
        let (_, text, _) = next_line(&mut self.lines).ok()??;
        let list = elements(&text);
        Some(objects_of(&text, list.as_deref()).flat_map(Members::of).map(|(key, _)| key).collect())
    }

    fn bar(&mut self, columns: Vec<String>) {
        self.barred = columns;
    }

    fn next(&mut self, size: usize) -> Result<Piece, DataError> {
        let piece = self.next_objects(size)?;
        if !self.barred.is_empty() {
            for (line, object) in piece.objects() {
                if let Some((column, _)) = Members::of(object).find(|(key, _)| self.barred.contains(key)) {
                    return Err(DataError::LateColumn { file: self.name.clone(), line, column });
                }
            }
        }
        Ok(piece)
    }

    /// The values of keys, as text or, where all are, as booleans.
    fn values(&self, piece: &Piece, headers: &[String]) -> Result<Vec<ArrayRef>, DataError> {
        let names: Vec<&str> = headers.iter().map(String::as_str).collect();
        let wanted = Wanted::new(names.iter().copied());
        let wrong = |number: usize| {
            let (line, object) = piece.objects().nth(number).unwrap_or_default();
            let not_an_object = || DataError::NotAnObject { file: self.name.clone(), line, found: "text" };
            describe_line(&self.name, line, object.as_bytes(), &names).unwrap_or_else(not_an_object)
        };
        let values = wanted.read(piece.objects().map(|(_, object)| object)).map_err(wrong)?;
        let column = |values: &Written<'_>| {
            column(values, if values.iter().any(Option::is_some) { Kind::Boolean } else { Kind::Text })
        };
        Ok(values.iter().map(column).collect())
    }

    fn write(&self, piece: &Piece, added: &[Added<'_>], out: &mut Vec<u8>) -> Result<(), DataError> {
        let end = self.end();
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
                    let (file, column) = (self.name.clone(), column.name.to_owned());
                    return Err(DataError::ColumnExists { file, column });
                }
                let number = serde_json::Value::from(column.value(sample));
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

/// The objects of a line: its own, or those of its list.
fn objects_of<'a>(text: &'a str, list: Option<&'a [Range<usize>]>) -> impl Iterator<Item = &'a str> {
    let own = Some(text).filter(|_| list.is_none());
    own.into_iter().chain(list.unwrap_or_default().iter().filter_map(|range| text.get(range.clone())))
}

/// The next line that is not blank, without its end, and whether that is `\r\n`.
fn next_line(lines: &mut Lines) -> Result<Option<(u64, String, bool)>, DataError> {
    let mut bytes = Vec::new();
    let Some(line) = lines.read_onto(&mut bytes)? else { return Ok(None) };
    let windows_end = bytes.ends_with(b"\r\n");
    let not_text = |_| DataError::NotUtf8 { file: lines.file().to_owned(), line, column: None };
    let mut text = String::from_utf8(bytes).map_err(not_text)?;
    text.truncate(text.trim_end().len());
    Ok(Some((line, text, windows_end)))
}
