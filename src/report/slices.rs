//! An audit by the values of a column, for people at a terminal.

use super::facts::{Interval, RowVerdict, SliceFacts, SliceRow, SlicesFacts};
use super::number::{counted, short};
use super::summary::sides;
use super::table::{Align, Paint, Table};

/// A table for each row: its value and verdict for each value of the column.
pub fn slices_text(slices: &SlicesFacts, most: usize, paint: &dyn Paint) -> String {
    let mut out = format!("\nby `{}`: {}\n", slices.column, counted(slices.values.len(), "value"));
    let rows = slices.values.first().map_or(&[][..], |slice| &slice.rows);
    for (index, row) in rows.iter().enumerate().take(most) {
        let mut table = Table::default();
        let known = slices.values.iter().filter_map(|slice| slice.rows.get(index)).any(|row| row.interval.is_some());
        let head = ["", "samples", "value"].into_iter().chain(known.then_some("95% interval")).chain(["limit", ""]);
        table.cells(head.map(str::to_owned));
        for slice in &slices.values {
            let Some(row) = slice.rows.get(index) else { continue };
            table.cells(cells(slice, row, known));
        }
        let mut align = vec![Align::Left, Align::Right, Align::Right, Align::Left, Align::Left];
        align.extend(known.then_some(Align::Left));
        let last = align.len() - 1;
        let tone = |column: usize, cell: String| match column {
            verdict if verdict != last => cell,
            _ if cell.starts_with(RowVerdict::Violated.word()) => paint.bad(&cell),
            _ if cell.starts_with(RowVerdict::Held.word()) => paint.good(&cell),
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

fn cells(slice: &SliceFacts, row: &SliceRow, intervals: bool) -> impl Iterator<Item = String> {
    let dash = || "-".to_owned();
    let value = row.value.map_or_else(dash, short);
    let interval = intervals.then(|| row.interval.map_or_else(dash, interval));
    let sides = row.value.map_or_else(dash, |_| sides(row.value, row.lower, row.upper));
    let start = [slice.label().to_owned(), slice.n.to_string(), value].into_iter();
    start.chain(interval).chain([sides, note(row)])
}

/// `-0.03 .. 0.05`.
pub(super) fn interval(interval: Interval) -> String {
    format!("{} .. {}", short(interval.lower), short(interval.upper))
}

/// The verdict, and why a row was skipped or says little.
pub(super) fn note(row: &SliceRow) -> String {
    let reasons = [
        row.skipped.clone(),
        row.samples.filter(|_| row.small).map(|samples| format!("a group of {samples}")),
        (row.settled == Some(false)).then(|| "not settled by the data".to_owned()),
    ];
    let reasons: Vec<String> = reasons.into_iter().flatten().collect();
    match (&row.skipped, &reasons[..]) {
        (Some(reason), _) => format!("{}: {reason}", row.verdict.word()),
        (None, []) => row.verdict.word().to_owned(),
        (None, some) => format!("{} ({})", row.verdict.word(), some.join(", ")),
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
