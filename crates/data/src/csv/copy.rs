//! CSV to CSV: the bytes of every record are kept.

use std::io::Write;
use std::ops::Range;

use super::field::{Fields, Place};
use super::records::{Records, leading_spaces};
use crate::dialect::{Dialect, Header};
use crate::error::DataError;
use crate::write::{Plan, REPORT_ROWS, Slot};

/// Copies the table and returns the number of its rows.
pub(super) fn copy(plan: &Plan<'_>, out: &mut (dyn Write + Send)) -> Result<usize, DataError> {
    let failed = |error| plan.write_error(error);
    let table = plan.table;
    let dialect = &table.dialect;
    let delimiter = table.delimiter();
    let new = Fields { file: &table.name, delimiter, dialect };
    let mut records = Records::new(&table.name, table.text()?, delimiter, dialect);
    let mut spans = Vec::new();
    let mut fields = Vec::new();
    // None: the header.
    let mut row = if dialect.header == Header::FirstRecord { None } else { Some(0) };
    while let Some(record) = records.next()? {
        if record.len() != table.columns.len() {
            let (expected, found) = (table.columns.len(), record.len());
            let (file, first) = (table.name.clone(), row == Some(0));
            return Err(DataError::FieldCount { file, line: record.line, expected, found, first });
        }
        let added = |index: usize, place: Place, fields: &mut Vec<u8>| match row {
            None => plan.added.get(index).map_or(Ok(()), |column| new.name(column.name, place, fields)),
            Some(row) => match plan.value(index, row) {
                value if value.is_nan() => new.null(place, fields),
                value => new.number(value, place, fields),
            },
        };
        fields.clear();
        fields.extend_from_slice(record.lead);
        copy_fields(plan, record.body, &added, &mut spans, &mut fields)?;
        fields.extend_from_slice(record.end);
        out.write_all(&fields).map_err(failed)?;
        let done = row.map_or(0, |row| row + 1);
        row = Some(done);
        if done.is_multiple_of(REPORT_ROWS) {
            plan.report(records.bytes_read());
        }
    }
    out.write_all(records.tail()).map_err(failed)?;
    Ok(row.unwrap_or(0))
}

/// A record with its new fields, which `added` writes.
fn copy_fields(
    plan: &Plan<'_>,
    record: &[u8],
    added: &impl Fn(usize, Place, &mut Vec<u8>) -> Result<(), DataError>,
    spans: &mut Vec<Range<usize>>,
    fields: &mut Vec<u8>,
) -> Result<(), DataError> {
    let delimiter = plan.table.delimiter();
    if plan.only_appends() {
        fields.extend_from_slice(record);
        for index in 0..plan.added.len() {
            fields.push(delimiter);
            added(index, Place::Later, fields)?;
        }
        return Ok(());
    }
    raw_spans(record, delimiter, &plan.table.dialect, spans);
    for (place, slot) in plan.slots.iter().enumerate() {
        if place > 0 {
            fields.push(delimiter);
        }
        match *slot {
            Slot::Added(index) if plan.slots.len() == 1 => added(index, Place::Alone, fields)?,
            Slot::Added(index) if place == 0 => added(index, Place::First, fields)?,
            Slot::Added(index) => added(index, Place::Later, fields)?,
            Slot::Kept(index) => {
                let span = spans.get(index).cloned().unwrap_or_default();
                fields.extend_from_slice(record.get(span).unwrap_or_default());
            }
        }
    }
    Ok(())
}

/// Where the fields of a record stand, by the same grammar that told the record apart: quotes open a field only at
/// its start, and after the closing quote anything up to the delimiter still belongs to it.
fn raw_spans(body: &[u8], delimiter: u8, dialect: &Dialect, spans: &mut Vec<Range<usize>>) {
    spans.clear();
    let (mut start, mut at) = (0, 0);
    let mut quoted = enter_quote(body, delimiter, dialect, &mut at);
    while let Some(&byte) = body.get(at) {
        let doubled = byte == b'"' && body.get(at + 1) == Some(&b'"');
        at += if quoted && doubled { 2 } else { 1 };
        if quoted {
            quoted = byte != b'"' || doubled;
        } else if byte == delimiter {
            spans.push(start..at - 1);
            start = at;
            quoted = enter_quote(body, delimiter, dialect, &mut at);
        }
    }
    spans.push(start..body.len());
}

/// Steps behind the quote that opens the field at `at`, if one does.
fn enter_quote(body: &[u8], delimiter: u8, dialect: &Dialect, at: &mut usize) -> bool {
    let spaces = if dialect.trim { leading_spaces(body, *at, delimiter) } else { 0 };
    let opens = dialect.quotes && body.get(*at + spaces) == Some(&b'"');
    if opens {
        *at += spaces + 1;
    }
    opens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_fields() {
        let by = |dialect: Dialect, text: &'static str| {
            let mut spans = Vec::new();
            raw_spans(text.as_bytes(), b',', &dialect, &mut spans);
            spans.into_iter().map(|span| &text[span]).collect::<Vec<_>>()
        };
        let spans = |text| by(Dialect::default(), text);
        assert_eq!(spans("a,b"), ["a", "b"]);
        assert_eq!(spans(",\"a,\"\"\n,b\",,"), ["", "\"a,\"\"\n,b\"", "", ""]);
        assert_eq!(spans("\"\",x\"y,z\""), ["\"\"", "x\"y", "z\""]);
        assert_eq!(spans("\"a\"b\",c"), ["\"a\"b\"", "c"]);
        assert_eq!(spans(""), [""]);
        assert_eq!(spans(" \"a,b\""), [" \"a", "b\""]);

        let trim = |text| by(Dialect { trim: true, ..Dialect::default() }, text);
        assert_eq!(trim("1, \"x,\"\"y\"\t,\t, "), ["1", " \"x,\"\"y\"\t", "\t", " "]);

        let no_quotes = |text| by(Dialect { quotes: false, trim: true, ..Dialect::default() }, text);
        assert_eq!(no_quotes("\"a,b\", \"c,\"\""), ["\"a", "b\"", " \"c", "\"\""]);
    }
}
