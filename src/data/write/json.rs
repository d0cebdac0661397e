//! JSON Lines to JSON Lines: the bytes of every line are kept, but for values that are replaced.

use std::io::Write;
use std::ops::Range;

use serde::de::{DeserializeOwned, IgnoredAny};

use super::{OnExisting, Plan, REPORT_ROWS};
use crate::data::error::DataError;
use crate::data::json::{RawLines, describe_line};

/// Copies the table and returns the number of its rows. Blank lines are dropped.
pub(super) fn copy(plan: &Plan<'_>, out: &mut impl Write) -> Result<usize, DataError> {
    let file = plan.source.name();
    let keys: Vec<String> = plan.added.iter().map(|column| serde_json::Value::from(column.name).to_string()).collect();
    let mut lines = RawLines::new(file, plan.source.reopen()?);
    let mut bytes = Vec::new();
    let mut row = 0;
    while let Some(line) = lines.read_onto(&mut bytes)? {
        let mut text = match String::from_utf8(std::mem::take(&mut bytes)) {
            Ok(text) => text,
            Err(_) => return Err(DataError::NotUtf8 { file: file.to_owned(), line, column: None }),
        };
        for (index, (column, key)) in plan.added.iter().zip(&keys).enumerate() {
            let number = serde_json::Value::from(plan.value(index, row)).to_string();
            // A key that only begins to appear late in the file is not among the columns of the source.
            let old = if text.contains(key.as_str()) { find_value(&text, column.name) } else { None };
            match (old, end_of_members(&text)) {
                (Some(old), _) if plan.output.existing == OnExisting::Replace => text.replace_range(old, &number),
                (Some(_), _) => {
                    return Err(DataError::ColumnExists { file: file.to_owned(), column: column.name.to_owned() });
                }
                (None, Some((end, comma))) => text.insert_str(end, &format!("{comma}{key}:{number}")),
                (None, None) => {
                    let error = describe_line(file, line, text.as_bytes(), &[]);
                    return Err(error.unwrap_or(DataError::NotAnObject { file: file.to_owned(), line, found: "text" }));
                }
            }
        }
        out.write_all(text.as_bytes()).map_err(|error| plan.write_error(error))?;
        bytes = text.into_bytes();
        bytes.clear();
        row += 1;
        if row.is_multiple_of(REPORT_ROWS) {
            plan.report(lines.bytes_read());
        }
    }
    Ok(row)
}

/// Where a member may be inserted into an object, and what separates it from the one before.
fn end_of_members(line: &str) -> Option<(usize, &'static str)> {
    let text = line.trim_end();
    let members = text.strip_suffix('}')?.trim_end();
    Some((members.len(), if members.trim_start() == "{" { "" } else { "," }))
}

/// The bytes of the value of a key of the object on this line.
fn find_value(line: &str, key: &str) -> Option<Range<usize>> {
    let mut at = line.find('{')? + 1;
    loop {
        let (name, end) = parse_at::<String>(line, at)?;
        at = skip(line, end, ':')?;
        let (_, end) = parse_at::<IgnoredAny>(line, at)?;
        if name == key {
            let space = line.get(at..end)?.len() - line.get(at..end)?.trim_start().len();
            return Some(at + space..end);
        }
        at = skip(line, end, ',')?;
    }
}

/// The value that begins at a byte of the line, and where it ends.
fn parse_at<T: DeserializeOwned>(line: &str, at: usize) -> Option<(T, usize)> {
    let mut values = serde_json::Deserializer::from_str(line.get(at..)?).into_iter();
    let value = values.next()?.ok()?;
    Some((value, at + values.byte_offset()))
}

fn skip(line: &str, at: usize, mark: char) -> Option<usize> {
    let rest = line.get(at..)?.trim_start();
    rest.strip_prefix(mark).map(|rest| line.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_end_before_the_brace() {
        assert_eq!(end_of_members("{\"a\":1}\n"), Some((6, ",")));
        assert_eq!(end_of_members("{ \"a\": {} } \r\n"), Some((9, ",")));
        assert_eq!(end_of_members(" { }"), Some((2, "")));
        assert_eq!(end_of_members("[1]"), None);
    }

    #[test]
    fn values_are_found_at_the_top_only() {
        let line = r#" {"x": {"a": 1}, "b\n":"}", "a" : -2.50 , "c":[3]}"#;
        assert_eq!(&line[find_value(line, "a").unwrap()], "-2.50");
        assert_eq!(&line[find_value(line, "c").unwrap()], "[3]");
        assert_eq!(&line[find_value(line, "b\n").unwrap()], "\"}\"");
        assert_eq!(find_value(line, "d"), None);
    }
}
