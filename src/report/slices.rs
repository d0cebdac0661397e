//! An audit by the values of a column, for people at a terminal.

use super::facts::{Interval, SliceFacts, SliceRow, SlicesFacts, few};
use super::layout::fit;
use super::number::{short, sides, whole};
use crate::language::words::counted;

use super::table::{Align, Paint, Table};
use super::verdict::Verdict;

/// A table for each row: its value and verdict for each value of the column; then one for each bound of single predictions.
pub fn slices_text(slices: &SlicesFacts, most: usize, paint: &dyn Paint) -> String {
    let mut out = format!("\nby `{}`: {}\n", slices.column, counted(slices.values.len(), "value"));
    let outside: Vec<String> = outside(slices).map(|line| format!("{}\n", paint.bad(&line))).collect();
    out.extend(outside);
    let rows = slices.values.first().map_or(&[][..], |slice| &slice.rows);
    for (index, row) in rows.iter().enumerate().take(most) {
        let mut table = Table::default();
        let known = slices
            .values
            .iter()
            .filter_map(|slice| slice.rows.get(index))
            .any(|row| row.shown.is_some_and(|shown| shown.interval.is_some()));
        let head = ["", "samples", "value"].into_iter().chain(known.then_some("95% interval")).chain(["limit", ""]);
        table.cells(head.map(str::to_owned));
        for slice in &slices.values {
            let Some(row) = slice.rows.get(index) else { continue };
            table.cells(cells(slice, row, known));
        }
        let mut align = vec![Align::Left, Align::Right, Align::Right, Align::Left, Align::Left];
        align.extend(known.then_some(Align::Left));
        let last = align.len() - 1;
        let tone = |column: usize, cell: String| verdict_toned(column == last, cell, paint);
        out.push_str(&format!("\n  {}\n{}", row.name, table.render("    ", paint.width(), &align, tone)));
    }
    if rows.len() > most {
        out.push_str(&format!("\n  and {} (`--all` shows them)\n", counted(rows.len() - most, "more row")));
    }
    out.push_str(&each_text(slices, most, paint));
    fit(&out, paint.width())
}

/// The bounds of single predictions for each value.
fn each_text(slices: &SlicesFacts, most: usize, paint: &dyn Paint) -> String {
    let mut out = String::new();
    let each = slices.values.first().map_or(&[][..], |slice| &slice.each);
    for (index, one) in each.iter().enumerate().take(most) {
        let mut table = Table::default();
        table.cells(["", "predictions", "outside", "by at most", ""].map(str::to_owned));
        for slice in &slices.values {
            let Some(one) = slice.each.get(index) else { continue };
            let [all, outside, excess] = one.numbers();
            table.cells([slice.label().to_owned(), all, outside, excess, one.note()]);
        }
        let align = [Align::Left, Align::Right, Align::Right, Align::Right, Align::Left];
        let table = table.render("    ", paint.width(), &align, |column, cell| verdict_toned(column == 4, cell, paint));
        out.push_str(&format!("\n  {}\n{table}", one.name));
    }
    if each.len() > most {
        out.push_str(&format!("\n  and {} (`--all` shows them)\n", counted(each.len() - most, "more bound")));
    }
    out
}

fn verdict_toned(is_verdict: bool, cell: String, paint: &dyn Paint) -> String {
    match cell {
        cell if !is_verdict => cell,
        cell if cell.starts_with(Verdict::Violated.word()) => paint.bad(&cell),
        cell if cell.starts_with(Verdict::Held.word()) => paint.good(&cell),
        cell => cell,
    }
}

/// Values with predictions outside their bounds.
pub(super) fn outside(slices: &SlicesFacts) -> impl Iterator<Item = String> {
    let out = slices.values.iter().filter(|slice| slice.outside_bounds > 0);
    out.map(|slice| format!("`{}`: {} outside the bounds", slice.label(), counted(slice.outside_bounds, "prediction")))
}

fn cells(slice: &SliceFacts, row: &SliceRow, intervals: bool) -> impl Iterator<Item = String> {
    let dash = || "-".to_owned();
    let value = row.shown.map_or_else(dash, |shown| short(shown.value));
    let interval = intervals.then(|| row.shown.and_then(|shown| shown.interval).map_or_else(dash, interval));
    let sides = row.shown.map_or_else(dash, |shown| sides(Some(shown.value), shown.lower, shown.upper));
    let start = [slice.label().to_owned(), whole(slice.n), value].into_iter();
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
        row.samples.filter(|_| row.small).map(few),
        (row.settled == Some(false)).then(|| "inconclusive".to_owned()),
    ];
    let reasons: Vec<String> = reasons.into_iter().flatten().collect();
    match (&row.skipped, &reasons[..]) {
        (Some(reason), _) => format!("{}: {reason}", row.verdict.word()),
        (None, []) => row.verdict.word().to_owned(),
        (None, some) => format!("{} ({})", row.verdict.word(), some.join(", ")),
    }
}

/// `violated for 1 of 3 values of week; not checked for 1`, as a terminal shows the name of a column.
pub fn slices_in_words(slices: &SlicesFacts) -> String {
    in_words(slices, &format!("`{}`", slices.column))
}

/// The same, the column as it is shown elsewhere.
pub(super) fn in_words(slices: &SlicesFacts, column: &str) -> String {
    let count = |verdict: Verdict| slices.values.iter().filter(|slice| slice.verdict == verdict).count();
    let of = format!("{} of {column}", counted(slices.values.len(), "value"));
    match (count(Verdict::Violated), count(Verdict::NotChecked)) {
        (0, 0) => format!("held for all {of}"),
        (0, unchecked) => format!("not checked for {unchecked} of {of}"),
        (violated, 0) => format!("violated for {violated} of {of}"),
        (violated, unchecked) => format!("violated for {violated} of {of}, not checked for {unchecked}"),
    }
}
