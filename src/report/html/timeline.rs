//! The audit by the values of a column: a chart and a table for each row.

use super::build::{Html, each, el};
use super::chart::{Scale, cut, tenth, tick};
use super::parts::{self, code, drawing, interval, label, line, number, number_cell, row_head, toned};
use crate::report::facts::{Facts, SliceFacts, SliceRow, SlicesFacts};
use crate::report::number::{short, sides};
use crate::report::slices::note;
use crate::report::verdict::Verdict;

/// Of more rows only the worst get a chart.
const MOST_CHARTS: usize = 12;

/// A value of the column and what became of a row there.
type Point<'a> = (&'a SliceFacts, &'a SliceRow);

pub(super) fn section(facts: &Facts, slices: &SlicesFacts) -> Html {
    let mut order: Vec<usize> = (0..facts.rows.len()).collect();
    let least = |index: &usize| {
        let rows = slices.values.iter().filter_map(|slice| slice.rows.get(*index)?.room);
        rows.fold(f64::INFINITY, f64::min)
    };
    if order.len() > MOST_CHARTS {
        order.sort_by(|a, b| least(a).total_cmp(&least(b)));
    }
    let (charted, others) = order.split_at(order.len().min(MOST_CHARTS));
    let more = (!others.is_empty()).then(|| {
        el!("details";
            el!("summary"; format!("{} more comparisons", others.len())),
            each(others, |index| row(facts, slices, *index, false)),
        )
    });
    let charts = each(charted, |index| row(facts, slices, *index, true));
    let bounds = each(0..facts.each.len(), |index| bounds(facts, slices, index));
    let inside = vec![overview(slices), charts, more.into(), bounds];
    parts::section("over", vec!["By ".into(), code(&slices.column)], inside)
}

/// A bound of single predictions for each value.
fn bounds(facts: &Facts, slices: &SlicesFacts, index: usize) -> Html {
    let Some(name) = facts.each.get(index).map(|one| one.name.as_str()) else { return Html::default() };
    let lines = slices.values.iter().filter_map(|slice| Some((slice.label(), slice.each.get(index)?)));
    let caption = format!("{name} for each value of {}", slices.column);
    vec![el!("h3"; name, " by ", code(&slices.column)), parts::bounds(caption, &slices.column, lines)].into()
}

fn overview(slices: &SlicesFacts) -> Html {
    let verdicts = |slice: &SliceFacts| -> Vec<Verdict> {
        slice.rows.iter().map(|row| row.verdict).chain(slice.each.iter().map(|one| one.verdict)).collect()
    };
    let line = |slice: &SliceFacts| {
        let all = verdicts(slice);
        let count = |verdict| all.iter().filter(|one| **one == verdict).count();
        let (held, violated) = (count(Verdict::Held), count(Verdict::Violated));
        let verdict = slice.verdict;
        let counts = [slice.n, held, violated, all.len() - held - violated, slice.outside_bounds];
        el!("tr"; row_head(slice.label()), each(counts, number_cell), el!("td"; toned(verdict, slice.comparisons.not_made == 0, verdict.word())))
    };
    let head = [slices.column.as_str(), "Samples", "Hold", "Violated", "Not compared", "Outside bounds", "Verdict"];
    let numbers = [false, true, true, true, true, true, false];
    let body = el!("tbody"; each(&slices.values, line));
    let caption = format!("What holds for each value of {}", slices.column);
    parts::table(caption.into(), head.map(Html::from).to_vec(), &numbers, vec![body])
}

fn row(facts: &Facts, slices: &SlicesFacts, index: usize, charted: bool) -> Html {
    let Some(name) = facts.rows.get(index).map(|row| row.row.name.as_str()) else { return Html::default() };
    let points: Vec<Point> = slices.values.iter().filter_map(|slice| Some((slice, slice.rows.get(index)?))).collect();
    let resampled = facts.bootstrap.is_some();
    let line = |(slice, row): &Point| {
        el!("tr";
            row_head(slice.label()),
            number_cell(slice.n),
            number_cell(number(row.value)),
            resampled.then(|| number_cell(interval(row.interval))),
            number_cell(sides(row.value, row.lower, row.upper)),
            number_cell(number(row.room)),
            el!("td"; toned(row.verdict, row.settled != Some(false), &note(row))),
        )
    };
    let head = [slices.column.as_str(), "Samples", "Value"].into_iter().chain(resampled.then_some("95% interval"));
    let head: Vec<Html> = head.chain(["Limit", "Room", "Verdict"]).map(Html::from).collect();
    let numbers: Vec<bool> = (0..head.len()).map(|place| place > 0 && place + 1 < head.len()).collect();
    let caption = format!("{name} for each value of {}", slices.column);
    vec![
        el!("h3"; name, " by ", code(&slices.column)),
        Html::from(charted.then(|| chart(slices, name, &points))),
        parts::table(caption.into(), head, &numbers, vec![el!("tbody"; each(&points, line))]),
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
    let legend = "Dashed: the limit; shaded: what is allowed; square: violated; empty circle: not compared.";
    el!("figure";
        drawing(WIDTH, BOTTOM + 34.0, &words(slices, name, points), drawn),
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
