//! An audit by the values of a column, for people at a terminal.

use super::facts::{RowVerdict, SliceFacts, SliceRow, SlicesFacts};
use super::number::{counted, short};
use super::summary::sides;
use super::table::{Align, Paint, Table};

/// A table for each row: its value and verdict for each value of the column.
pub fn slices_text(slices: &SlicesFacts, most: usize, paint: &dyn Paint) -> String {
    let mut out = format!("\nby `{}`: {}\n", slices.column, counted(slices.values.len(), "value"));
    let rows = slices.values.first().map_or(&[][..], |slice| &slice.rows);
    for (index, row) in rows.iter().enumerate().take(most) {
        let mut table = Table::default();
        table.cells(["", "samples", "value", "limit", ""].map(str::to_owned));
        for slice in &slices.values {
            let Some(row) = slice.rows.get(index) else { continue };
            table.cells(cells(slice, row));
        }
        let align = [Align::Left, Align::Right, Align::Right, Align::Left, Align::Left];
        let tone = |column: usize, cell: String| match column {
            4 if cell.starts_with(RowVerdict::Violated.word()) => paint.bad(&cell),
            4 if cell.starts_with(RowVerdict::Held.word()) => paint.good(&cell),
            _ => cell,
        };
        out.push_str(&format!("\n  {}\n{}", row.name, table.render("    ", &align, tone)));
    }
    if rows.len() > most {
        out.push_str(&format!("\n  and {} (`--all` shows them)\n", counted(rows.len() - most, "more row")));
    }
    out.push('\n');
    out.push_str(&conclusion(slices, paint));
    out
}

fn cells(slice: &SliceFacts, row: &SliceRow) -> [String; 5] {
    let value = row.value.map_or_else(|| "-".to_owned(), short);
    let sides = row.value.map_or_else(|| "-".to_owned(), |_| sides(row.value, row.lower, row.upper));
    [slice.label().to_owned(), slice.n.to_string(), value, sides, note(row)]
}

/// The verdict, and why a row was skipped or says little.
pub(super) fn note(row: &SliceRow) -> String {
    match (&row.skipped, row.samples.filter(|_| row.small)) {
        (Some(reason), _) => format!("{}: {reason}", row.verdict.word()),
        (None, Some(samples)) => format!("{} (a group of {samples})", row.verdict.word()),
        (None, None) => row.verdict.word().to_owned(),
    }
}

fn conclusion(slices: &SlicesFacts, paint: &dyn Paint) -> String {
    let violated = slices.values.iter().filter(|slice| slice.status != "held").count();
    let of = counted(slices.values.len(), "value");
    match violated {
        0 => format!(
            "{}\n",
            paint.good(&format!("everything that could be compared holds for all {of} of `{}`", slices.column))
        ),
        _ => format!("{}\n", paint.bad(&format!("violated for {violated} of {of} of `{}`", slices.column))),
    }
}
