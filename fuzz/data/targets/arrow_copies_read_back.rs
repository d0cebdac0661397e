//! What is read of a file or a stream of Arrow IPC, whole or damaged, does not depend on how much is read at a time; a copy of it with a column added says the
//! same, in every format, or is refused.

#![no_main]

use fairc_data::{Dialect, Format, OnExisting, Source};
use fairc_fuzz_data::{
    Cell, New, alike, assert_converted, assert_written, copied, equal, equal_or_empty, equal_or_no_json, numbers,
    read_all, with_numbers,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (format, other) = match bytes.starts_with(&[0xff; 4]) {
        true => (Format::ArrowStream, Format::Arrow),
        false => (Format::Arrow, Format::ArrowStream),
    };
    let Ok(source) = Source::from_stream("fuzz", bytes, format) else { return };
    let Some(table) = read_all(&source) else { return };
    let new = New { name: "added", existing: OnExisting::Refuse };
    let whole = table.columns.len() == source.columns().len();
    if whole && !source.columns().iter().any(|name| name == new.name) {
        let values = numbers(table.places.len());
        if let Ok(path) = copied(&source, new, &values, format) {
            assert_written((&path, true), format, &Dialect::default(), &with_numbers(&table, new, &values), same);
        }
    }
    let (text, json) = (equal_or_empty as fn(&Cell, &Cell) -> bool, equal_or_no_json as fn(&Cell, &Cell) -> bool);
    let columnar = [(Format::Parquet, equal as _), (other, equal as _)];
    assert_converted(&source, &table, &[[(Format::Csv, text), (Format::JsonLines, json)], columnar].concat());
});

/// Values keep their types, and so their text; the numbers that were added are compared as such.
fn same(left: &Cell, right: &Cell) -> bool {
    alike(left, right) || (left.number.is_some() && equal(left, right))
}
