//! CSV to CSV: the bytes of every record are kept.

use std::io::Write;
use std::ops::Range;

use super::records::{Records, quote};
use crate::dialect::{Decimal, Header};
use crate::error::DataError;
use crate::write::{Plan, REPORT_ROWS, Slot};

/// Copies the table and returns the number of its rows.
pub(super) fn copy(plan: &Plan<'_>, out: &mut (dyn Write + Send)) -> Result<usize, DataError> {
    let failed = |error| plan.write_error(error);
    let table = plan.table;
    let dialect = &table.dialect;
    let delimiter = table.delimiter();
    if dialect.decimal == Decimal::Comma && delimiter == b',' {
        return Err(plan.refuse_same("numbers with a decimal comma cannot stand between commas"));
    }
    let names = names(plan)?;
    let mut records = Records::new(&table.name, table.text()?, delimiter, dialect);
    let mut spans = Vec::new();
    let mut fields = Vec::new();
    // Alone on its line an empty field would be a blank line, which is no row.
    let alone = plan.slots.len() == 1;
    let null: &[u8] = if alone { b"\"\"" } else { b"" };
    // None: the header.
    let mut row = if dialect.header == Header::FirstRecord { None } else { Some(0) };
    while let Some(record) = records.next()? {
        if record.len() != table.columns.len() {
            let (expected, found) = (table.columns.len(), record.len());
            let (file, first) = (table.name.clone(), row == Some(0));
            return Err(DataError::FieldCount { file, line: record.line, expected, found, first });
        }
        if alone && !dialect.quotes && row.is_some_and(|row| plan.value(0, row).is_nan()) {
            return Err(plan.refuse_same("a null in the only column would be a blank line, and quotes are off"));
        }
        let added = |index: usize, fields: &mut Vec<u8>| match row {
            None => fields.extend_from_slice(names.get(index).map_or(&[][..], Vec::as_slice)),
            Some(row) => match plan.value(index, row) {
                value if value.is_nan() => fields.extend_from_slice(null),
                value => dialect.write_number(value, fields),
            },
        };
        fields.clear();
        fields.extend_from_slice(record.lead);
        copy_fields(plan, record.body, &added, &mut spans, &mut fields);
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

/// The names of the new columns, as fields of the header.
fn names(plan: &Plan<'_>) -> Result<Vec<Vec<u8>>, DataError> {
    let delimiter = plan.table.delimiter();
    if plan.table.dialect.quotes {
        return Ok(plan.added.iter().map(|column| quote(column.name, delimiter)).collect());
    }
    let names: Vec<Vec<u8>> = plan.added.iter().map(|column| column.name.as_bytes().to_vec()).collect();
    let divides = |byte: &u8| *byte == delimiter || b"\r\n".contains(byte);
    if names.iter().flatten().any(divides) {
        return Err(plan.refuse_same("the name of the new column has a delimiter or a line end, and quotes are off"));
    }
    Ok(names)
}

/// A record with its new fields, which `added` writes.
fn copy_fields(
    plan: &Plan<'_>,
    record: &[u8],
    added: &impl Fn(usize, &mut Vec<u8>),
    spans: &mut Vec<Range<usize>>,
    fields: &mut Vec<u8>,
) {
    let delimiter = plan.table.delimiter();
    if plan.only_appends() {
        fields.extend_from_slice(record);
        for index in 0..plan.added.len() {
            fields.push(delimiter);
            added(index, fields);
        }
        return;
    }
    raw_spans(record, delimiter, spans);
    for (place, slot) in plan.slots.iter().enumerate() {
        if place > 0 {
            fields.push(delimiter);
        }
        match *slot {
            Slot::Added(index) => added(index, fields),
            Slot::Kept(index) => {
                let span = spans.get(index).cloned().unwrap_or_default();
                fields.extend_from_slice(record.get(span).unwrap_or_default());
            }
        }
    }
}

/// Where the fields of a record stand, by the same grammar that told the record apart: quotes open a field only at
/// its start, and after the closing quote anything up to the delimiter still belongs to it.
fn raw_spans(body: &[u8], delimiter: u8, spans: &mut Vec<Range<usize>>) {
    spans.clear();
    let (mut start, mut quoted) = (0, body.first() == Some(&b'"'));
    let mut at = usize::from(quoted);
    while let Some(&byte) = body.get(at) {
        let next = body.get(at + 1).copied();
        at += match byte {
            b'"' if quoted && next == Some(b'"') => 2,
            b'"' if quoted => {
                quoted = false;
                1
            }
            _ if byte == delimiter && !quoted => {
                spans.push(start..at);
                start = at + 1;
                quoted = next == Some(b'"');
                1 + usize::from(quoted)
            }
            _ => 1,
        };
    }
    spans.push(start..body.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_fields() {
        let spans = |text: &'static str| {
            let mut spans = Vec::new();
            raw_spans(text.as_bytes(), b',', &mut spans);
            spans.into_iter().map(|span| &text[span]).collect::<Vec<_>>()
        };
        assert_eq!(spans("a,b"), ["a", "b"]);
        assert_eq!(spans(",\"a,\"\"\n,b\",,"), ["", "\"a,\"\"\n,b\"", "", ""]);
        assert_eq!(spans("\"\",x\"y,z\""), ["\"\"", "x\"y", "z\""]);
        assert_eq!(spans("\"a\"b\",c"), ["\"a\"b\"", "c"]);
        assert_eq!(spans(""), [""]);
    }

    #[test]
    fn names_are_quoted_where_needed() {
        assert_eq!(quote("a b", b','), b"a b");
        assert_eq!(quote("a,\"b", b','), b"\"a,\"\"b\"");
        assert_eq!(quote("a,b", b'\t'), b"a,b");
    }
}
