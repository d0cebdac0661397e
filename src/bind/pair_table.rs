//! The table of a relation, and what is kept of the data to be joined with it.

use std::collections::BTreeSet;

use crate::data::{Batch, Source};
use crate::language::program::{Owner, PairColumn, Program, Relation};

use super::error::BindError;

/// A table of pairs, as far as rows read it.
#[derive(Clone, Debug)]
pub struct PairTable {
    /// What messages call it.
    pub name: String,
    pub headers: Vec<String>,
    pub batches: Vec<Batch>,
}

impl PairTable {
    /// The headers that rows about a relation read of its table.
    pub fn headers_of(program: &Program, relation: &Relation) -> Vec<String> {
        let own = program.columns.iter().filter_map(|column| PairColumn::of(&column.header));
        let own = own.filter(|column| column.relation == relation.name && column.owner == Owner::Pair);
        [&relation.first, &relation.second].into_iter().cloned().chain(own.map(|it| it.header.to_owned())).collect()
    }

    /// The headers that rows about a relation read of the data: that of the key, and of columns of samples.
    pub fn data_headers_of(program: &Program, relation: &Relation) -> Vec<String> {
        let of_samples = program.columns.iter().filter_map(|column| PairColumn::of(&column.header));
        let of_samples = of_samples.filter(|column| column.relation == relation.name && column.owner != Owner::Pair);
        let columns: BTreeSet<&str> = of_samples.map(|it| it.header).collect();
        [relation.key.as_str()].into_iter().chain(columns).map(str::to_owned).collect()
    }

    /// Reads what rows need of a table.
    ///
    /// # Errors
    /// A column is not there, or the table cannot be read.
    pub fn read(program: &Program, relation: &Relation, source: &Source) -> Result<PairTable, Vec<BindError>> {
        let headers = PairTable::headers_of(program, relation);
        PairTable::has(&headers, source.name(), source.columns())?;
        let one = |error: crate::data::DataError| vec![BindError::Data(error)];
        let batches = source.read(&headers).map_err(one)?.collect::<Result<_, _>>().map_err(one)?;
        Ok(PairTable { name: source.name().to_owned(), headers, batches })
    }

    /// Whether a table has these columns.
    ///
    /// # Errors
    /// One for each that it has not.
    pub fn has(headers: &[String], name: &str, known: &[String]) -> Result<(), Vec<BindError>> {
        let missing = headers.iter().filter(|header| !known.contains(header));
        let missing: Vec<BindError> =
            missing.map(|header| BindError::column_missing(name, header, "", known)).collect();
        if missing.is_empty() { Ok(()) } else { Err(missing) }
    }

    pub(super) fn place_of(&self, header: &str) -> Option<usize> {
        self.headers.iter().position(|known| known == header)
    }
}

/// What is kept of the data while they are read, to be joined with pairs.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// The headers that are kept, with their places among the columns of a batch.
    columns: Vec<(String, usize)>,
    pub(super) batches: Vec<Batch>,
}

impl Kept {
    pub(super) fn new(columns: Vec<(String, usize)>) -> Kept {
        Kept { columns, batches: Vec::new() }
    }

    pub(super) fn push(&mut self, batch: &Batch) -> Result<(), BindError> {
        if !self.columns.is_empty() {
            let places: Vec<usize> = self.columns.iter().map(|(_, place)| *place).collect();
            self.batches.push(batch.select(&places)?);
        }
        Ok(())
    }

    /// For the next table.
    pub(super) fn clear(&mut self) {
        self.batches.clear();
    }

    pub(super) fn place_of(&self, header: &str) -> Option<usize> {
        self.columns.iter().position(|(known, _)| known == header)
    }
}
