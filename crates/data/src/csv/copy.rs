//! CSV to CSV: the bytes of every record are kept.

use std::io::Write;
use std::ops::Range;

use super::field::{Fields, Place};
use super::records::Records;
use super::spans::Spans;
use crate::dialect::Header;
use crate::error::DataError;
use crate::write::{Plan, REPORT_ROWS, Slot};

/// Copies the table and returns the number of its rows.
pub(super) fn copy(plan: &Plan<'_>, out: &mut (dyn Write + Send)) -> Result<usize, DataError> {
    let failed = |error| plan.write_error(error);
    let table = plan.table;
    let dialect = &table.dialect;
    let delimiter = table.delimiter();
    let new = Fields { file: &table.name, delimiter, dialect };
    new.check()?;
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
    spans.clear();
    // A record with a stray quote is refused before.
    spans.extend(Spans::new(record, delimiter, &plan.table.dialect).filter_map(Result::ok));
    for (place, slot) in plan.slots.iter().enumerate() {
        if place > 0 {
            fields.push(delimiter);
        }
        match *slot {
            Slot::Added(index) => {
                let place = match (place, plan.slots.len()) {
                    (0, 1) => Place::Alone,
                    (0, _) => Place::First,
                    _ => Place::Later,
                };
                added(index, place, fields)?;
            }
            Slot::Kept(index) => {
                let span = spans.get(index).cloned().unwrap_or_default();
                fields.extend_from_slice(record.get(span).unwrap_or_default());
            }
        }
    }
    Ok(())
}
