//! JSON Lines to JSON Lines: the bytes of every line are kept, but for values that are replaced.
//!
//! A list of objects stays one, with an object on each line, unless the name of the output ends in `.jsonl` or `.ndjson`.

use std::io::Write;

use super::lines::{Lines, describe_line};
use super::members::{end_of_members, values_of};
use crate::error::DataError;
use crate::write::{OnExisting, Plan, REPORT_ROWS};

/// Copies the table and returns the number of its rows. Blank lines are dropped.
pub(super) fn copy(plan: &Plan<'_>, out: &mut (dyn Write + Send)) -> Result<usize, DataError> {
    let file = plan.table.name.as_str();
    let failed = |error| plan.write_error(error);
    let keys: Vec<String> = plan.added.iter().map(|column| serde_json::Value::from(column.name).to_string()).collect();
    let mut lines = Lines::new(file, plan.table.text()?);
    let mut bytes = Vec::new();
    let mut row = 0;
    let lines_wanted = plan.path.extension().is_some_and(|end| end == "jsonl" || end == "ndjson");
    while let Some(line) = lines.read_onto(&mut bytes)? {
        let mut text = match String::from_utf8(std::mem::take(&mut bytes)) {
            Ok(text) => text,
            Err(_) => return Err(DataError::NotUtf8 { file: file.to_owned(), line, column: None }),
        };
        if lines.is_list() {
            // What were line ends; a string has no tabs as they are.
            text = text.replace('\t', " ");
        }
        for (index, (column, key)) in plan.added.iter().zip(&keys).enumerate() {
            let number = serde_json::Value::from(plan.value(index, row)).to_string();
            // A key that only begins to appear late in the file is not among the columns of the source.
            // Any character of a key may be written as an escape.
            let may = text.contains(key.as_str()) || text.contains('\\');
            let (old, second) = if may {
                let mut values = values_of(&text, column.name);
                (values.next(), values.next())
            } else {
                (None, None)
            };
            if second.is_some() {
                return Err(DataError::RepeatedKey { file: file.to_owned(), line, key: column.name.to_owned() });
            }
            match (old, end_of_members(&text)) {
                (Some(old), _) if plan.existing == OnExisting::Replace => text.replace_range(old, &number),
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
        let list = lines.is_list() && !lines_wanted;
        let (before, line) = match (list, row) {
            (false, _) => ("", text.as_str()),
            (true, 0) => ("[\n", text.trim_end()),
            (true, _) => (",\n", text.trim_end()),
        };
        out.write_all(before.as_bytes()).and_then(|()| out.write_all(line.as_bytes())).map_err(failed)?;
        bytes = text.into_bytes();
        bytes.clear();
        row += 1;
        if row.is_multiple_of(REPORT_ROWS) {
            plan.report(lines.bytes_read());
        }
    }
    if row > 0 && lines.is_list() && !lines_wanted {
        out.write_all(b"\n]\n").map_err(failed)?;
    }
    Ok(row)
}
