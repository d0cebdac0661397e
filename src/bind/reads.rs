//! The columns that rows read.

use std::collections::BTreeSet;

use crate::language::program::{Data, EventId, PairColumn, Program, Row, SampleRow};

fn event_columns<'a>(program: &'a Program, id: EventId, into: &mut BTreeSet<&'a str>) {
    into.extend(program[id].columns_read());
}

/// The columns of the events that the last row read: the rows of one comparison read the same, which may be many.
#[derive(Default)]
pub(super) struct ReadColumns<'a> {
    reads: &'a [EventId],
    columns: BTreeSet<&'a str>,
}

/// All columns that a row reads.
pub(super) fn row_columns<'a>(program: &'a Program, row: &'a Row, shared: &mut ReadColumns<'a>) -> BTreeSet<&'a str> {
    if shared.reads != row.reads {
        *shared = ReadColumns { reads: &row.reads, columns: BTreeSet::new() };
        row.reads.iter().for_each(|&id| event_columns(program, id, &mut shared.columns));
    }
    let mut columns: BTreeSet<&str> = row.labels.iter().map(String::as_str).collect();
    for term in &row.terms {
        columns.extend(term.coefficient.columns_read());
        columns.extend(term.factor.columns_read());
        columns.extend(term.at.iter().flat_map(Data::columns_read));
        event_columns(program, term.event, &mut columns);
    }
    columns.extend(row.lower.iter().chain(&row.upper).flat_map(Data::columns_read));
    columns.extend(&shared.columns);
    columns
}

/// The columns of samples and pairs that a row about pairs reads.
pub(super) fn pair_row_columns<'a>(program: &'a Program, row: &'a SampleRow) -> Vec<PairColumn<'a>> {
    let mut headers: BTreeSet<&str> = program[row.event].columns_read();
    let second = row.pairs.iter().map(|pairs| &pairs.second);
    let numbers = row.lower.iter().chain(&row.upper).chain([&row.coefficient]).chain(second);
    headers.extend(numbers.flat_map(Data::columns_read));
    headers.into_iter().filter_map(PairColumn::of).collect()
}

/// All columns that a row on single samples, or on their pairs, reads.
pub(super) fn sample_row_columns<'a>(program: &'a Program, row: &'a SampleRow) -> BTreeSet<&'a str> {
    let mut columns: BTreeSet<&str> = row.labels.iter().map(String::as_str).collect();
    columns.extend(row.coefficient.columns_read());
    columns.extend(row.pairs.iter().flat_map(|pairs| pairs.second.columns_read()));
    columns.extend(row.lower.iter().chain(&row.upper).flat_map(Data::columns_read));
    event_columns(program, row.event, &mut columns);
    row.reads.iter().for_each(|&id| event_columns(program, id, &mut columns));
    columns
}
