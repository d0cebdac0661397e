//! The audit by the values of a column: a chart and a table for each row.

use super::build::{Html, each, el};
use super::chart::{Scale, cut, tenth, tick};
use super::parts::{self, Body, code, count, drawing, interval, label, line, number, scrolled, toned};
use crate::report::facts::{Facts, SliceFacts, SliceRow, SlicesFacts};
use crate::report::number::{many, short, sides, whole};
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
    let points: Vec<Point> = slices.values.iter().filter_map(|slice| Some((slice, slice.rows.get(index)?))).collect();
    let resampled = facts.bootstrap.is_some();
    let line = |(slice, row): &Point| {
        let mut cells = vec![Html::from(slice.label()), count(slice.n), number(row.value)];
        cells.extend(resampled.then(|| interval(row.interval)));
        cells.extend([sides(row.value, row.lower, row.upper).into(), number(row.room)]);
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

/// The place of the chart in its frame.
const WIDTH: f64 = 760.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 740.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 200.0;

fn chart(slices: &SlicesFacts, name: &str, points: &[Point]) -> Html {
    let step = (RIGHT - LEFT) / points.len().max(1) as f64;
    let start = |index: usize| tenth(LEFT + step * index as f64);
    let x = |index: usize| tenth(LEFT + step * (index as f64 + 0.5));
    let y = Scale::new(range(points), (BOTTOM, TOP));
    // As many labels as fit.
    let widest = points.iter().map(|(slice, _)| slice.label().chars().count().min(12)).max().unwrap_or(1);
    let every = ((widest as f64 * 7.5 + 10.0) / step).ceil().max(1.0) as usize;
    let allowed = |(index, (_, row)): (usize, &Point)| {
        let (bottom, top) = band(row, y)?;
        let (width, height) = (tenth(step + 0.2), tenth((bottom - top).max(1.0)));
        Some(el!("rect", "class" = "band", "x" = start(index), "y" = top, "width" = width, "height" = height))
    };
    let limits = |(index, (_, row)): (usize, &Point)| {
        let side = |side: f64| line("limit", (start(index), y.at(side)), (start(index + 1), y.at(side)));
        each([row.lower, row.upper].into_iter().flatten(), side)
    };
    let grid = |value: f64| {
        let at = y.at(value);
        vec![line("grid", (LEFT, at), (RIGHT, at)), label("", (LEFT - 8.0, at + 4.0), "end", tick(value))].into()
    };
    let path = |run: Vec<(usize, f64)>| {
        let places: Vec<String> = run.iter().map(|(index, value)| format!("{},{}", x(*index), y.at(*value))).collect();
        el!("polyline", "class" = "path", "points" = places.join(" "))
    };
    let name_of =
        |(index, (slice, _)): (usize, &Point)| label("", (x(index), BOTTOM + 18.0), "middle", cut(slice.label(), 12));
    let whisker = |(index, (_, row)): (usize, &Point)| {
        let between = row.interval?;
        Some(line("whisker", (x(index), y.at(between.lower)), (x(index), y.at(between.upper))))
    };
    let drawn = vec![
        each(points.iter().enumerate(), |point| allowed(point).into()),
        each(y.ticks(5), grid),
        each(points.iter().enumerate(), limits),
        each(points.iter().enumerate(), |point| whisker(point).into()),
        each(runs(points), path),
        each(points.iter().enumerate(), |(index, (slice, row))| point(x(index), y, slice, row)),
        line("axis", (LEFT, BOTTOM), (RIGHT, BOTTOM)),
        each(points.iter().enumerate().step_by(every), name_of),
    ];
    let lines =
        if points.iter().any(|(_, row)| row.interval.is_some()) { "Upright lines: 95% intervals. " } else { "" };
    let legend = "Dashed: the limit; shaded: what is allowed; square: violated; empty circle: not made.";
    let words = words(slices, name, points);
    el!("figure";
        scrolled(&format!("Chart of {name}"), drawing(WIDTH, BOTTOM + 34.0, &words, drawn)),
        el!("figcaption"; format!("The value of {name} for each "), code(&slices.column), ". ", lines, legend),
    )
}

fn point(x: f64, y: Scale, slice: &SliceFacts, row: &SliceRow) -> Html {
    let words = |value: f64| format!("{}: {} ({})", slice.label(), short(value), row.verdict.word());
    match (row.value, row.verdict) {
        (Some(value), Verdict::Violated) => {
            let (left, top) = (tenth(x - 5.0), tenth(y.at(value) - 5.0));
            el!("rect", "class" = "wrong", "x" = left, "y" = top, "width" = 10, "height" = 10; el!("title"; words(value)))
        }
        (Some(value), Verdict::Held | Verdict::NotChecked | Verdict::NotApplicable) => {
            el!("circle", "class" = "dot", "cx" = x, "cy" = y.at(value), "r" = 4.5; el!("title"; words(value)))
        }
        (None, _) => {
            let title = el!("title"; format!("{}: {}", slice.label(), note(row)));
            el!("circle", "class" = "absent", "cx" = x, "cy" = BOTTOM - 8.0, "r" = 4.5; title)
        }
    }
}

/// Values and limits with some air around them.
fn range(points: &[Point]) -> (f64, f64) {
    let ends = |row: &SliceRow| row.interval.map(|it| [it.lower, it.upper]);
    let numbers = points.iter().flat_map(|(_, row)| {
        [row.value, row.lower, row.upper].into_iter().flatten().chain(ends(row).into_iter().flatten())
    });
    let (low, high) =
        numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), number| (low.min(number), high.max(number)));
    if low > high {
        return (0.0, 1.0);
    }
    let air = (0.08 * (high - low)).max(1e-9 * high.abs()).max(1e-12);
    (low - air, high + air)
}

/// What is allowed, from its lower to its upper place.
fn band(row: &SliceRow, y: Scale) -> Option<(f64, f64)> {
    if row.lower.is_none() && row.upper.is_none() {
        return None;
    }
    Some((row.lower.map_or(BOTTOM, |lower| y.at(lower)), row.upper.map_or(TOP, |upper| y.at(upper))))
}

/// Neighbours that have a value, as lines.
fn runs(points: &[Point]) -> Vec<Vec<(usize, f64)>> {
    let mut runs: Vec<Vec<(usize, f64)>> = vec![Vec::new()];
    for (index, (_, row)) in points.iter().enumerate() {
        match (row.value, runs.last_mut()) {
            (Some(value), Some(run)) => run.push((index, value)),
            (Some(_), None) | (None, _) => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| run.len() > 1);
    runs
}

/// The chart for those who do not see it.
fn words(slices: &SlicesFacts, name: &str, points: &[Point]) -> String {
    let of = |verdict: Verdict| points.iter().filter(|(_, row)| row.verdict == verdict).count();
    let mut values =
        points.iter().filter_map(|(slice, row)| Some(format!("{} at {}", short(row.value?), slice.label())));
    let first = values.next().unwrap_or_default();
    let last = values.next_back().unwrap_or_else(|| first.clone());
    let (held, violated) = (of(Verdict::Held), of(Verdict::Violated));
    format!(
        "{name} by {}: from {first} to {last}; holds for {held}, violated for {violated} of {} values",
        slices.column,
        points.len()
    )
}
