//! What is read of a CSV in any dialect does not depend on how much is read at a time; a copy of it with a column added says the same,
//! in CSV and in every other format, and so does the same text read and written as a stream.
//!
//! The first two bytes choose the dialect, see `dialect`.

#![no_main]

use std::io::Cursor;
use std::sync::Arc;

use fairc_data::{Added, Decimal, Dialect, Encoding, Format, Header, OnExisting, Source, TableStream};
use fairc_fuzz_data::{
    Cell, New, Same, Table, alike, alike_or_number, assert_converted, assert_same, assert_written, copied, equal,
    numbers, read_all, with_numbers,
};
use libfuzzer_sys::fuzz_target;

struct Chosen {
    format: Format,
    dialect: Dialect,
    name: &'static str,
    replace: bool,
    /// Whether it is written in the other formats too: that takes ten times as long as all else, so few inputs are.
    convert: bool,
}

fn chosen(first: u8, second: u8) -> Chosen {
    let bit = |byte: u8, place: u32| byte >> place & 1 == 1;
    let dialect = Dialect {
        delimiter: [None, Some(b';'), Some(b'|'), Some(b' ')][usize::from(second & 3)],
        nulls: if bit(first, 1) { vec!["NA".into(), "-".into()] } else { Vec::new() },
        trim: bit(first, 2),
        decimal: if bit(first, 3) { Decimal::Comma } else { Decimal::Point },
        header: if bit(first, 4) { Header::Numbers } else { Header::FirstRecord },
        comment: bit(first, 5).then_some(b'#'),
        quotes: !bit(first, 6),
        encoding: Encoding::ALL[usize::from(second >> 2 & 3)],
    };
    Chosen {
        format: if bit(first, 0) { Format::Tsv } else { Format::Csv },
        dialect,
        // Without quotes no name has a delimiter.
        name: if bit(first, 7) && !bit(first, 6) { " a,;|\t\"b\"\n#" } else { "added" },
        replace: bit(second, 4),
        convert: second >> 5 == 0,
    }
}

/// Without a header, columns are called by their places, so the new one is too.
fn expected(table: &Table, new: New<'_>, values: &[f64], dialect: &Dialect) -> Table {
    let mut expected = with_numbers(table, new, values);
    if dialect.header != Header::FirstRecord {
        expected.columns = (1..=expected.columns.len()).map(|place| place.to_string()).collect();
    }
    if dialect.trim {
        let trimmed = |name: &mut String| *name = name.trim_matches([' ', '\t']).to_owned();
        expected.columns.iter_mut().for_each(trimmed);
    }
    expected
}

/// The same table piece by piece: what is read, and the output.
fn streamed(bytes: &[u8], chosen: &Chosen, added: Option<&str>) -> Result<(Table, Vec<u8>), String> {
    let told = |error: fairc_data::DataError| error.to_string();
    let input = Box::new(Cursor::new(bytes.to_vec()));
    let mut stream = TableStream::open("fuzz", input, chosen.format, &chosen.dialect).map_err(told)?;
    let columns = stream.columns().to_vec();
    let mut table = Table::of(&columns);
    let mut out = added.map(|name| stream.header(&[name])).transpose().map_err(told)?.unwrap_or_default();
    let mut size = 1;
    while let Some(piece) = stream.next(size).map_err(told)? {
        let first = table.places.len();
        table.push(&stream.batch(&piece, &columns).map_err(told)?);
        if let Some(name) = added {
            let values = numbers(table.places.len());
            stream.write(&piece, &[Added { name, values: values[first..].into() }], &mut out).map_err(told)?;
        }
        size = size % 3 + 1;
    }
    Ok((table, out))
}

fuzz_target!(|data: &[u8]| {
    let [first, second, bytes @ ..] = data else { return };
    let chosen = chosen(*first, *second);
    let Ok(source) = Source::in_memory("fuzz", Arc::from(bytes), chosen.format, &chosen.dialect) else { return };
    let Some(table) = read_all(&source) else { return };
    let all = table.columns.len() == source.columns().len();
    let new = match source.columns().first().filter(|_| chosen.replace && all) {
        Some(name) => New { name, existing: OnExisting::Replace },
        None => New { name: chosen.name, existing: OnExisting::Refuse },
    };
    if !all || (!chosen.replace && source.columns().iter().any(|name| name == new.name)) {
        return;
    }
    let values = numbers(table.places.len());
    let wanted = expected(&table, new, &values, &chosen.dialect);
    let path = copied(&source, new, &values, chosen.format);
    // Without quotes some numbers cannot be written.
    let appended = (!chosen.replace && path.is_ok()).then_some(new.name);
    let copy = Dialect { encoding: Encoding::Utf8, ..chosen.dialect.clone() };
    if let Ok(path) = path {
        assert_written((&path, true), chosen.format, &copy, &wanted, equal);
    }
    // A stream takes what a file gives.
    let (read, out) = streamed(bytes, &chosen, appended)
        .unwrap_or_else(|error| panic!("a stream is refused that is a file: {error}"));
    assert_same(&table, &read, alike, "as a stream");
    assert_eq!(table.places, read.places);
    if appended.is_some() {
        let written = String::from_utf8_lossy(&out).into_owned();
        let again = Source::in_memory("fuzz", out.into(), chosen.format, &copy);
        let again = again.unwrap_or_else(|error| panic!("what a stream wrote is refused: {error}: {written:?}"));
        let again = read_all(&again).unwrap_or_else(|| panic!("what a stream wrote cannot be read: {written:?}"));
        assert_same(&wanted, &again, same_or_nan, "written as a stream");
    }
    // Values of CSV are texts, in other formats too.
    let formats = [Format::JsonLines, Format::Parquet, Format::Arrow].map(|format| (format, alike_or_number as Same));
    if chosen.convert && bytes.len().is_multiple_of(4) {
        assert_converted(&source, &table, &formats);
    }
});

/// A stream writes NaN for a null number.
fn same_or_nan(left: &Cell, right: &Cell) -> bool {
    equal(left, right) || (left.text.is_none() && right.text.as_deref() == Some("NaN"))
}
