//! Tables as they are read, and copies of them: what the targets of tables share.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use fairc_data::{Added, Batch, DataError, Dialect, Format, OnExisting, Output, Source, Value, write_with_columns};

/// One value: none for a null. Its text as people see it, and the number that it is, if it is one.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    pub text: Option<String>,
    pub number: Option<f64>,
}

/// What was read of one column, or why nothing can be.
pub type Cells = Result<Vec<Cell>, String>;

/// What was read of a table.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub columns: Vec<String>,
    pub cells: Vec<Cells>,
    /// Where each row stands.
    pub places: Vec<String>,
}

impl Table {
    /// A table of these columns without rows.
    pub fn of(columns: &[String]) -> Table {
        Table { columns: columns.to_vec(), cells: vec![Ok(Vec::new()); columns.len()], places: Vec::new() }
    }

    /// Appends the rows of a batch that has these columns.
    pub fn push(&mut self, batch: &Batch) {
        self.places.extend((0..batch.rows()).map(|row| batch.place(row).to_string()));
        for (index, cells) in self.cells.iter_mut().enumerate() {
            let Ok(known) = cells else { continue };
            let column = match batch.column(index) {
                Ok(column) => column,
                Err(error) => {
                    *cells = Err(error.to_string());
                    continue;
                }
            };
            known.extend((0..column.rows()).map(|row| {
                let value = column.value(row);
                let text = (!value.is_null()).then(|| value.to_string());
                // A single-precision number is written with the digits that tell it from others of its kind.
                let number = match value {
                    Value::Single(_) => text.as_ref().and_then(|text| text.parse().ok()),
                    value => value.number().ok().flatten(),
                };
                Cell { text, number }
            }));
            assert_eq!(known.len(), self.places.len(), "a value for each row");
        }
    }
}

/// Whether two values are the same text, or the same null.
pub fn alike(left: &Cell, right: &Cell) -> bool {
    left.text == right.text
}

/// Whether two values are the same null, text or number, however that is written.
pub fn equal(left: &Cell, right: &Cell) -> bool {
    let numbers = || Some(left.number? == right.number? || (left.number?.is_nan() && right.number?.is_nan()));
    left.text == right.text || numbers().unwrap_or(false)
}

/// As [`equal`], where an empty text and a null are the same, as in CSV.
pub fn equal_or_empty(left: &Cell, right: &Cell) -> bool {
    let text = |cell: &Cell| cell.text.clone().unwrap_or_default();
    text(left) == text(right) || equal(left, right)
}

/// As [`equal`], where numbers that JSON cannot write have become nulls.
pub fn equal_or_no_json(left: &Cell, right: &Cell) -> bool {
    equal(left, right) || (left.number.is_some_and(|number| !number.is_finite()) && right.text.is_none())
}

/// Reads columns, at most so many rows at a time.
pub fn read(source: &Source, columns: &[String], rows: usize) -> Result<Table, DataError> {
    let mut table = Table::of(columns);
    for batch in source.read_by(columns, rows)? {
        let batch = batch?;
        assert_eq!(batch.first_row, table.places.len(), "batches follow each other");
        assert!(batch.rows() <= rows);
        table.push(&batch);
    }
    Ok(table)
}

/// The columns that can be asked for: those whose name no other has.
pub fn readable(source: &Source) -> Vec<String> {
    let columns = source.columns();
    let once = |name: &&String| columns.iter().filter(|other| other == name).count() == 1;
    columns.iter().filter(once).cloned().collect()
}

/// Reads all that can be asked for, in batches of several sizes, which must not matter; none if it cannot be read.
pub fn read_all(source: &Source) -> Option<Table> {
    let columns = readable(source);
    let whole = read(source, &columns, usize::MAX);
    for rows in [1, 3] {
        match (&whole, &read(source, &columns, rows)) {
            (Ok(whole), Ok(parts)) => assert_same(whole, parts, alike, "in batches"),
            // Of several faults another may be told.
            (Err(_), Err(_)) => {}
            // The last values of a page fill up a byte, and the decoder may take the rest for values where levels are damaged.
            (Err(DataError::Damaged { message, .. }), Ok(_)) | (Ok(_), Err(DataError::Damaged { message, .. }))
                if message.starts_with("insufficient values read") && source.format() == Format::Parquet =>
            {
                return None;
            }
            (whole, parts) => panic!("batches of {rows} rows: {:?}, {:?}", whole.as_ref().err(), parts.as_ref().err()),
        }
    }
    whole.ok()
}

/// Compares columns of the same names, and the places of rows if these are of the same table.
pub fn assert_same(left: &Table, right: &Table, same: fn(&Cell, &Cell) -> bool, what: &str) {
    assert_eq!(left.columns, right.columns, "{what}");
    assert_eq!(left.places.len(), right.places.len(), "{what}: rows");
    for (name, (left, right)) in left.columns.iter().zip(left.cells.iter().zip(&right.cells)) {
        let (Ok(left), Ok(right)) = (left, right) else {
            assert_eq!(left.is_ok(), right.is_ok(), "{what}: `{name}`");
            continue;
        };
        for (row, (left, right)) in left.iter().zip(right).enumerate() {
            assert!(same(left, right), "{what}: `{name}` of row {row} is {left:?}, and then {right:?}");
        }
    }
}

/// A number for each row, with nulls.
pub fn numbers(rows: usize) -> Vec<f64> {
    (0..rows).map(|row| if row % 3 == 2 { f64::NAN } else { row as f64 / 8.0 - 0.1 }).collect()
}

/// What [`numbers`] are when they are read.
pub fn as_read(numbers: &[f64]) -> Vec<Cell> {
    let cell = |&number: &f64| match number.is_nan() {
        true => Cell::default(),
        false => Cell { text: Some(number.to_string()), number: Some(number) },
    };
    numbers.iter().map(cell).collect()
}

/// A folder of this process.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("fairc-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for copies");
    folder
});

/// Where a copy in this format goes.
pub fn path_of(format: Format) -> PathBuf {
    FOLDER.join(format!("copy.{}", format.name()))
}

/// How a column is added.
#[derive(Clone, Copy)]
pub struct New<'a> {
    pub name: &'a str,
    pub existing: OnExisting,
}

/// Writes a copy with numbers added, and returns where it is.
pub fn copied(source: &Source, new: New<'_>, values: &[f64], format: Format) -> Result<PathBuf, DataError> {
    let path = path_of(format);
    let output = Output { format: Some(format), existing: new.existing, ..Output::new(&path) };
    write_with_columns(source, &[Added { name: new.name, values: values.into() }], &output)?;
    Ok(path)
}

/// How two values are compared.
pub type Same = fn(&Cell, &Cell) -> bool;

/// Opens what was written, as a copy in the same format or in another, and compares what it says with what it should say; columns that hold no
/// plain values are not read.
pub fn assert_written((path, copied): (&Path, bool), format: Format, dialect: &Dialect, wanted: &Table, same: Same) {
    let source = Source::open_as(path, Some(format), dialect)
        .unwrap_or_else(|error| panic!("a {format} that was written cannot be opened: {error}"));
    // JSON Lines have the columns of the first objects.
    let (mut found, mut columns) = (source.columns().to_vec(), wanted.columns.clone());
    if format == Format::JsonLines {
        found.sort();
        columns.sort();
    }
    assert_eq!(found, columns, "columns as {format}");
    let plain = |table: &Table| {
        let (columns, cells) =
            table.columns.iter().cloned().zip(table.cells.iter().cloned()).filter(|(_, cells)| cells.is_ok()).unzip();
        Table { columns, cells, places: table.places.clone() }
    };
    let wanted = plain(wanted);
    let again = match read(&source, &wanted.columns, usize::MAX) {
        // Chunks of Parquet are copied unread; damage that did not matter where they were may matter in a copy.
        Err(DataError::Damaged { .. }) if format == Format::Parquet && copied => return,
        again => again.unwrap_or_else(|error| panic!("a {format} that was written cannot be read: {error}")),
    };
    assert_same(&wanted, &again, same, &format!("as {format}"));
}

/// The table with the numbers that were added, as a copy of it should be read.
pub fn with_numbers(table: &Table, new: New<'_>, values: &[f64]) -> Table {
    let mut table = table.clone();
    let cells = Ok(as_read(values));
    match table.columns.iter().position(|name| name == new.name) {
        Some(place) => table.cells[place] = cells,
        None => {
            table.columns.push(new.name.to_owned());
            table.cells.push(cells);
        }
    }
    table
}

/// A copy in each of these formats says what the table says, or is refused.
pub fn assert_converted(source: &Source, table: &Table, formats: &[(Format, Same)]) {
    let new = New { name: "added", existing: OnExisting::Refuse };
    if source.columns().iter().any(|name| name == new.name) || table.columns.len() != source.columns().len() {
        return;
    }
    let values = numbers(table.places.len());
    let expected = with_numbers(table, new, &values);
    for &(format, same) in formats {
        // A file of JSON Lines without lines is none.
        if format == Format::JsonLines && table.places.is_empty() {
            continue;
        }
        let Ok(path) = copied(source, new, &values, format) else { continue };
        assert_written((&path, false), format, &Dialect::default(), &expected, same);
    }
}

/// What is read of a file of columns with types, whole or damaged, does not depend on how much is read at a time; a copy of it with a column
/// added says the same, in every format, or is refused.
pub fn check_typed(bytes: &[u8], format: Format, others: &[Format]) {
    let Ok(source) = Source::from_stream("fuzz", bytes, format) else { return };
    let Some(table) = read_all(&source) else { return };
    let new = New { name: "added", existing: OnExisting::Refuse };
    let whole = table.columns.len() == source.columns().len();
    if whole && !source.columns().iter().any(|name| name == new.name) {
        let values = numbers(table.places.len());
        if let Ok(path) = copied(&source, new, &values, format) {
            let wanted = with_numbers(&table, new, &values);
            assert_written((&path, true), format, &Dialect::default(), &wanted, alike_or_number);
        }
    }
    let mut formats: Vec<(Format, Same)> = vec![(Format::Csv, equal_or_empty), (Format::JsonLines, equal_or_no_json)];
    formats.extend(others.iter().map(|other| (*other, equal as Same)));
    assert_converted(&source, &table, &formats);
}

/// As [`alike`], where numbers are compared as such: values keep their types, and so their text, but what was added is a number.
pub fn alike_or_number(left: &Cell, right: &Cell) -> bool {
    alike(left, right) || (left.number.is_some() && equal(left, right))
}
