//! Values at fault: counted in full, and shown by the first few places.

use std::fmt;
use std::sync::Arc;

use crate::data::Batch;

/// How many places an error shows.
pub const SHOWN: usize = 5;

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its file, where the table has several.
    pub file: Option<Arc<str>>,
    /// Line of the file, from 1; none for formats without lines.
    pub line: Option<u64>,
    /// Row of the table, or of its file where it has several, from 0; [`Place::NOWHERE`] where rows have no order.
    pub row: usize,
    /// The value as it stands there; empty for a null.
    pub value: String,
}

/// All values of one column with the same fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offenders {
    pub file: String,
    /// The header of the column.
    pub column: String,
    pub count: u64,
    /// The first [`SHOWN`] of them.
    pub first: Vec<Place>,
}

impl Place {
    /// The row of a value in a table without an order, as those of databases are.
    pub const NOWHERE: usize = usize::MAX;

    /// The place of a value in this row of a batch.
    pub(super) fn in_batch(batch: &Batch, row: usize, value: impl ToString) -> Place {
        let (file, place) = batch.part(row).unzip();
        Place { file, line: batch.line(row), row: place.unwrap_or_else(|| batch.row(row)), value: value.to_string() }
    }

    /// What it is in.
    pub fn file_of<'a>(&'a self, table: &'a str) -> &'a str {
        self.file.as_deref().unwrap_or(table)
    }
}

impl Offenders {
    pub(super) fn new(file: &str, column: &str) -> Offenders {
        Offenders { file: file.to_owned(), column: column.to_owned(), count: 0, first: Vec::new() }
    }

    pub(super) fn add(&mut self, place: impl FnOnce() -> Place) {
        if self.first.len() < SHOWN {
            self.first.push(place());
        }
        self.count += 1;
    }

    /// `file line 7`, of the first place.
    pub(super) fn at(&self) -> String {
        let first = self.first.first();
        let describe = |place: &Place| describe_place(place.file_of(&self.file), place.line, place.row);
        first.map_or_else(|| format!("`{}`", self.file), describe)
    }

    pub fn value(&self) -> &str {
        self.first.first().map_or("", |place| &place.value)
    }

    /// `; 12 values in all, also on lines 20, 31`, where there are more than one.
    pub(super) fn others(&self) -> String {
        if self.count < 2 {
            return String::new();
        }
        if self.first.len() < 2 {
            return format!("; {} such values in all", self.count);
        }
        let places: Vec<String> = self
            .first
            .iter()
            .zip(self.first.iter().skip(1))
            .map(|(before, place)| {
                let at = place.line.map_or_else(|| format!("row {}", place.row + 1), |line| format!("line {line}"));
                let at = match place.file.as_deref().filter(|_| place.file != before.file) {
                    Some(file) => format!("{at} of `{file}`"),
                    None => at,
                };
                if place.value.is_empty() { at } else { format!("{at} (`{}`)", place.value) }
            })
            .collect();
        let more = if self.count > self.first.len() as u64 { ", .." } else { "" };
        format!("; {} such values in all, also at {}{more}", self.count, places.join(", "))
    }
}

/// `file` and the line, or the row where there are no lines.
pub(super) fn describe_place(file: &str, line: Option<u64>, row: usize) -> String {
    match line {
        Some(line) => format!("`{file}` line {line}"),
        None if row == Place::NOWHERE => format!("`{file}`"),
        None => format!("`{file}` row {}", row + 1),
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}"),
            None if self.row == Place::NOWHERE => f.write_str("some row"),
            None => write!(f, "row {}", self.row + 1),
        }
    }
}
