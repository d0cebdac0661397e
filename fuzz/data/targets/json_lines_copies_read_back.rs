//! What is read of JSON Lines, or of a list of objects, does not depend on how much is read at a time; a copy of it with a column added
//! says the same, in every format, and so does the same text read and written as a stream.
//!
//! The first byte chooses whether the column is new or takes the place of another.

#![no_main]

use std::io::Cursor;
use std::sync::Arc;

use fairc_data::{Added, Dialect, Format, OnExisting, Source, TableStream};
use fairc_fuzz_data::{
    Cell, New, Table, alike, assert_converted, assert_same, assert_written, copied, equal, equal_or_empty, numbers,
    read_all, with_numbers,
};
use libfuzzer_sys::fuzz_target;

/// The same table piece by piece: what is read, and the output.
fn streamed(bytes: &[u8], columns: &[String], added: &str) -> Option<(Table, Vec<u8>)> {
    let input = Box::new(Cursor::new(bytes.to_vec()));
    let mut stream = TableStream::open("fuzz", input, Format::JsonLines, &Dialect::default()).ok()?;
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    stream.expect(&names);
    let (mut table, mut out, mut size) = (Table::of(columns), Vec::new(), 1);
    while let Some(piece) = stream.next(size).ok()? {
        let first = table.places.len();
        table.push(&stream.batch(&piece, columns).ok()?);
        let values = numbers(table.places.len());
        stream.write(&piece, &[Added { name: added, values: values[first..].into() }], &mut out).ok()?;
        size = size % 3 + 1;
    }
    Some((table, out))
}

fn opened(bytes: &[u8]) -> Option<(Source, Table)> {
    let source = Source::in_memory("fuzz", Arc::from(bytes), Format::JsonLines, &Dialect::default()).ok()?;
    let table = read_all(&source)?;
    Some((source, table))
}

fuzz_target!(|data: &[u8]| {
    let [replace, bytes @ ..] = data else { return };
    let Some((source, table)) = opened(bytes) else { return };
    let replaced = source.columns().first().filter(|_| replace % 2 == 1);
    let new = match replaced {
        Some(name) => New { name, existing: OnExisting::Replace },
        None => New { name: "added", existing: OnExisting::Refuse },
    };
    let known = source.columns().iter().any(|name| name == new.name);
    if replaced.is_some() || !known {
        let values = numbers(table.places.len());
        let expected = with_numbers(&table, new, &values);
        let path = copied(&source, new, &values, Format::JsonLines)
            .unwrap_or_else(|error| panic!("a table that was read cannot be copied: {error}"));
        // Of a table without rows no key is known.
        if !expected.places.is_empty() {
            assert_written((&path, true), Format::JsonLines, &Dialect::default(), &expected, equal);
        }
    }
    if !known && let Some((read, out)) = streamed(bytes, &table.columns, "added") {
        // A list on a line is many samples of a stream.
        if table.places == read.places {
            assert_same(&table, &read, alike, "as a stream");
            let values = numbers(table.places.len());
            let expected = with_numbers(&table, New { name: "added", existing: OnExisting::Refuse }, &values);
            let (_, again) = opened(&out).unwrap_or_else(|| panic!("what a stream wrote cannot be read"));
            assert_same(&expected, &in_order(&expected, again), equal, "written as a stream");
        }
    }
    let (text, number) = (equal_or_empty as fn(&Cell, &Cell) -> bool, equal as fn(&Cell, &Cell) -> bool);
    assert_converted(&source, &table, &[(Format::Csv, text), (Format::Parquet, number), (Format::Arrow, number)]);
});

/// The table with its columns in the order of another: a key that is new in the first object comes before those that begin later.
fn in_order(other: &Table, table: Table) -> Table {
    let place = |name: &String| table.columns.iter().position(|column| column == name);
    let places: Option<Vec<usize>> = other.columns.iter().map(place).collect();
    let Some(places) = places.filter(|places| places.len() == table.columns.len()) else { return table };
    Table {
        columns: other.columns.clone(),
        cells: places.into_iter().map(|place| table.cells[place].clone()).collect(),
        places: table.places,
    }
}
