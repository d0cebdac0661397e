//! The audit by the values of a column: a chart and a table for each row.

use super::build::{Html, each, el};
use super::course::{self, Course};
use super::parts::{self, Body, code, count, interval, number, toned};
use crate::report::facts::{Facts, SliceFacts, SliceRow, SlicesFacts};
use crate::report::number::{many, sides, whole};
use crate::report::slices::note;
use crate::report::verdict::Verdict;

/// Of more rows only the worst get a chart.
const MOST_CHARTS: usize = 6;
/// And of these the next have a table.
const MOST_TABLES: usize = 24;

/// A value of the column and what became of a row there.
type Point<'a> = (&'a SliceFacts, &'a SliceRow);

pub(super) fn section(facts: &Facts, slices: &SlicesFacts) -> Html {
    let of = |index: usize| slices.values.iter().filter_map(move |slice| slice.rows.get(index));
    // What could be made for no value has one line; of a pair that a ratio compares one direction is shown, where the other
    // is violated for no value.
    let told = |index: &usize| of(*index).any(|row| row.value.is_some());
    let folded = |index: &usize| {
        let mirrored = facts.rows.get(*index).and_then(|row| row.shown.as_ref()).is_some_and(|shown| shown.mirrored);
        mirrored && of(*index).all(|row| row.verdict != Verdict::Violated)
    };
    let (mut order, never): (Vec<usize>, Vec<usize>) = (0..facts.rows.len()).partition(told);
    order.retain(|index| !folded(index));
    let least = |index: &usize| of(*index).filter_map(|row| row.room).fold(f64::INFINITY, f64::min);
    if order.len() > MOST_CHARTS {
        order.sort_by(|a, b| least(a).total_cmp(&least(b)));
    }
    let (charted, others) = order.split_at(order.len().min(MOST_CHARTS));
    let more = (!others.is_empty()).then(|| {
        let left = others.len().saturating_sub(MOST_TABLES);
        let left = (left > 0).then(|| el!("p"; format!("The JSON report has {} more.", whole(left))));
        el!("details";
            el!("summary"; format!("{} more comparisons", whole(others.len()))),
            each(others.iter().take(MOST_TABLES), |index| row(facts, slices, *index, false)),
            left,
        )
    });
    let name = |index: &usize| facts.rows.get(*index).map(|row| el!("li"; &row.row.name));
    let never = (!never.is_empty()).then(|| {
        el!("details";
            el!("summary"; format!("{} made for no value", many(never.len(), "comparison"))),
            el!("ul"; each(&never, |index| name(index).into())),
        )
    });
    let charts = each(charted, |index| row(facts, slices, *index, true));
    let bounds = each(0..facts.each.len(), |index| bounds(facts, slices, index));
    let inside = vec![overview(slices), charts, more.into(), never.into(), bounds];
    parts::section("over", vec!["By ".into(), code(&slices.column)], inside)
}

/// A bound of single predictions for each value.
fn bounds(facts: &Facts, slices: &SlicesFacts, index: usize) -> Html {
    let Some(name) = facts.each.get(index).map(|one| one.name.as_str()) else { return Html::default() };
    let lines = slices.values.iter().filter_map(|slice| Some((slice.label(), slice.each.get(index)?)));
    let caption = format!("{name} for each value of {}", slices.column);
    vec![el!("h3"; name, " by ", code(&slices.column)), parts::bounds(&caption, &slices.column, lines)].into()
}

fn overview(slices: &SlicesFacts) -> Html {
    let verdicts = |slice: &SliceFacts| -> Vec<Verdict> {
        slice.rows.iter().map(|row| row.verdict).chain(slice.each.iter().map(|one| one.verdict)).collect()
    };
    let line = |slice: &SliceFacts| {
        let all = verdicts(slice);
        let with = |verdict| all.iter().filter(|one| **one == verdict).count();
        let (held, violated) = (with(Verdict::Held), with(Verdict::Violated));
        let verdict = slice.verdict;
        let counts = [slice.n, held, violated, all.len() - held - violated, slice.outside_bounds];
        let mut cells = vec![Html::from(slice.label())];
        cells.extend(counts.map(count));
        cells.push(toned(verdict, slice.comparisons.not_made == 0, verdict.word()));
        cells
    };
    let column = slices.column.as_str();
    let names = ["Samples", "Held", "Violated", "Not made", "Outside bounds"].map(|name| (name, true));
    let head: Vec<(&str, bool)> = [(column, false)].into_iter().chain(names).chain([("Verdict", false)]).collect();
    let caption = format!("Verdicts and comparisons for each value of {column}");
    parts::table(&caption, &head, [Body::of(slices.values.iter().map(line))])
}

fn row(facts: &Facts, slices: &SlicesFacts, index: usize, charted: bool) -> Html {
    let Some(row) = facts.rows.get(index) else { return Html::default() };
    let name = row.row.name.as_str();
    let points: Vec<Point<'_>> =
        slices.values.iter().filter_map(|slice| Some((slice, slice.rows.get(index)?))).collect();
    let resampled = facts.bootstrap.is_some();
    let line = |(slice, row): &Point<'_>| {
        let shown = row.shown.as_ref();
        let value = shown.map(|shown| shown.value);
        let mut cells = vec![Html::from(slice.label()), count(slice.n), number(value)];
        cells.extend(resampled.then(|| interval(shown.and_then(|shown| shown.interval))));
        let (lower, upper) = (shown.and_then(|shown| shown.lower), shown.and_then(|shown| shown.upper));
        cells.extend([sides(value, lower, upper).into(), number(shown.and_then(|shown| shown.slack))]);
        cells.push(toned(row.verdict, row.settled != Some(false), &note(row)));
        cells
    };
    let mut head = vec![(slices.column.as_str(), false), ("Samples", true), ("Value", true)];
    head.extend(resampled.then_some(("95% interval", true)));
    head.extend([("Allowed", true), ("Slack", true), ("Verdict", false)]);
    let caption = format!("{name} for each value of {}", slices.column);
    let table = parts::table(&caption, &head, [Body::of(points.iter().map(line))]);
    let who = row.shown.as_ref().map(|shown| el!("p", "class" = "soft"; parts::capital(&shown.who), "."));
    vec![
        el!("h3"; name, " by ", code(&slices.column)),
        who.into(),
        Html::from(charted.then(|| chart(slices, name, &points))),
        el!("details"; el!("summary"; "The numbers"), table),
    ]
    .into()
}

fn chart(slices: &SlicesFacts, name: &str, points: &[Point<'_>]) -> Html {
    let points = points.iter().map(|&(slice, row)| course::Point {
        label: slice.label(),
        value: row.shown.map(|shown| shown.value),
        lower: row.shown.and_then(|shown| shown.lower),
        upper: row.shown.and_then(|shown| shown.upper),
        interval: row.shown.and_then(|shown| shown.interval),
        verdict: row.verdict,
        note: note(row),
    });
    let caption = vec![format!("The value of {name} for each ").into(), code(&slices.column), ".".into()].into();
    course::chart(Course {
        name,
        order: format!("by {}", slices.column),
        place: "value",
        caption,
        points: points.collect(),
    })
}
