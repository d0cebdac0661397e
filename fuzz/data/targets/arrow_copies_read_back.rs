//! What is read of a file of Arrow IPC, whole or damaged, does not depend on how much is read at a time; a copy of it with a column added says the
//! same, in every format, or is refused.

#![no_main]

use fairc_data::{Dialect, Format, OnExisting, Source};
use fairc_fuzz_data::{
    Cell, New, alike, assert_converted, assert_written, copied, equal, equal_or_empty, equal_or_no_json, numbers,
    read_all, with_numbers,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(source) = Source::from_stream("fuzz", bytes, Format::Arrow) else { return };
    let Some(table) = read_all(&source) else { return };
    let new = New { name: "added", existing: OnExisting::Refuse };
    let whole = table.columns.len() == source.columns().len();
    if whole && !source.columns().iter().any(|name| name == new.name) {
        let values = numbers(table.places.len());
        if let Ok(path) = copied(&source, new, &values, Format::Arrow) {
            assert_written(
                (&path, true),
                Format::Arrow,
                &Dialect::default(),
                &with_numbers(&table, new, &values),
                same,
            );
        }
    }
    let (text, json) = (equal_or_empty as fn(&Cell, &Cell) -> bool, equal_or_no_json as fn(&Cell, &Cell) -> bool);
    assert_converted(&source, &table, &[(Format::Csv, text), (Format::JsonLines, json), (Format::Parquet, equal)]);
});

/// Values keep their types, and so their text; the numbers that were added are compared as such.
fn same(left: &Cell, right: &Cell) -> bool {
    alike(left, right) || (left.number.is_some() && equal(left, right))
}
