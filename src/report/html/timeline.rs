//! The audit by the values of a column: a chart and a table for each row.

use maud::{Markup, html};

use super::chart::{Scale, cut, tenth, tick};
use super::parts::{badge, number};
use crate::report::facts::{Facts, RowVerdict, SliceFacts, SliceRow, SlicesFacts};
use crate::report::number::{limit, short};
use crate::report::slices::note;

/// Of more rows only the worst get a chart.
const MOST_CHARTS: usize = 12;

pub(super) fn section(facts: &Facts, slices: &SlicesFacts) -> Markup {
    let mut order: Vec<usize> = (0..facts.rows.len()).collect();
    let least = |index: &usize| {
        let rows = slices.values.iter().filter_map(|slice| slice.rows.get(*index)?.room);
        rows.fold(f64::INFINITY, f64::min)
    };
    if order.len() > MOST_CHARTS {
        order.sort_by(|a, b| least(a).total_cmp(&least(b)));
    }
    let (charted, others) = order.split_at(order.len().min(MOST_CHARTS));
    html! {
        section aria-labelledby="over" {
            h2 id="over" { "By " code { (slices.column) } }
            (overview(slices))
            @for index in charted { (row(facts, slices, *index, true)) }
            @if !others.is_empty() {
                details {
                    summary { (others.len()) " more comparisons" }
                    @for index in others { (row(facts, slices, *index, false)) }
                }
            }
        }
    }
}

fn overview(slices: &SlicesFacts) -> Markup {
    let count = |slice: &SliceFacts, verdict: RowVerdict| slice.rows.iter().filter(|row| row.verdict == verdict).count();
    html! {
        div class="scroll" {
            table {
                caption { "What holds for each value of " (slices.column) }
                thead {
                    tr {
                        th scope="col" { (slices.column) }
                        th scope="col" class="number" { "Samples" }
                        th scope="col" class="number" { "Hold" }
                        th scope="col" class="number" { "Violated" }
                        th scope="col" class="number" { "Not compared" }
                        th scope="col" class="number" { "Outside bounds" }
                        th scope="col" { "Verdict" }
                    }
                }
                tbody {
                    @for slice in &slices.values {
                        @let (held, violated) = (count(slice, RowVerdict::Held), count(slice, RowVerdict::Violated));
                        @let verdict = if slice.status == "held" { RowVerdict::Held } else { RowVerdict::Violated };
                        tr {
                            th scope="row" class="wrap" { (slice.label()) }
                            td class="number" { (slice.n) }
                            td class="number" { (held) }
                            td class="number" { (violated) }
                            td class="number" { (slice.rows.len() - held - violated) }
                            td class="number" { (slice.outside_bounds) }
                            td { (badge(verdict, verdict.word())) }
                        }
                    }
                }
            }
        }
    }
}

fn row(facts: &Facts, slices: &SlicesFacts, index: usize, charted: bool) -> Markup {
    let Some(name) = facts.rows.get(index).map(|row| row.row.name.as_str()) else { return html! {} };
    let points: Vec<(&SliceFacts, &SliceRow)> =
        slices.values.iter().filter_map(|slice| Some((slice, slice.rows.get(index)?))).collect();
    html! {
        h3 { (name) " by " code { (slices.column) } }
        @if charted { (chart(slices, name, &points)) }
        div class="scroll" {
            table {
                caption { (name) " for each value of " (slices.column) }
                thead {
                    tr {
                        th scope="col" { (slices.column) }
                        th scope="col" class="number" { "Samples" }
                        th scope="col" class="number" { "Value" }
                        th scope="col" class="number" { "Limit" }
                        th scope="col" class="number" { "Room" }
                        th scope="col" { "Verdict" }
                    }
                }
                tbody {
                    @for (slice, row) in &points {
                        tr {
                            th scope="row" class="wrap" { (slice.label()) }
                            td class="number" { (slice.n) }
                            td class="number" { (number(row.value)) }
                            td class="number" {
                                @if row.value.is_some() {
                                    (limit(row.lower.unwrap_or(f64::NEG_INFINITY), row.upper.unwrap_or(f64::INFINITY)))
                                } @else { "–" }
                            }
                            td class="number" { (number(row.room)) }
                            td { (badge(row.verdict, &note(row))) }
                        }
                    }
                }
            }
        }
    }
}

/// The place of the chart in its frame.
const WIDTH: f64 = 760.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 740.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 200.0;

fn chart(slices: &SlicesFacts, name: &str, points: &[(&SliceFacts, &SliceRow)]) -> Markup {
    let step = (RIGHT - LEFT) / points.len().max(1) as f64;
    let x = |index: usize| tenth(LEFT + step * (index as f64 + 0.5));
    let y = Scale::new(range(points), (BOTTOM, TOP));
    // As many labels as fit.
    let widest = points.iter().map(|(slice, _)| slice.label().chars().count().min(12)).max().unwrap_or(1);
    let every = ((widest as f64 * 7.5 + 10.0) / step).ceil().max(1.0) as usize;
    let words = words(slices, name, points);
    html! {
        figure {
            svg viewBox=(format!("0 0 {WIDTH} {}", BOTTOM + 34.0)) role="img" aria-label=(words) {
                title { (words) }
                @for (index, (_, row)) in points.iter().enumerate() {
                    @if let Some((bottom, top)) = band(row, y) {
                        rect class="band" x=(tenth(LEFT + step * index as f64)) y=(top) width=(tenth(step + 0.2)) height=(tenth((bottom - top).max(1.0))) {}
                    }
                }
                @for value in y.ticks(5) {
                    line class="grid" x1=(LEFT) x2=(RIGHT) y1=(y.at(value)) y2=(y.at(value)) {}
                    text x=(LEFT - 8.0) y=(y.at(value) + 4.0) text-anchor="end" { (tick(value)) }
                }
                @for (index, (_, row)) in points.iter().enumerate() {
                    @let (left, right) = (tenth(LEFT + step * index as f64), tenth(LEFT + step * (index as f64 + 1.0)));
                    @for side in [row.lower, row.upper].into_iter().flatten() {
                        line class="limit" x1=(left) x2=(right) y1=(y.at(side)) y2=(y.at(side)) {}
                    }
                }
                @for run in runs(points) {
                    @let places: Vec<String> = run.iter().map(|(index, value)| format!("{},{}", x(*index), y.at(*value))).collect();
                    polyline class="path" points=(places.join(" ")) {}
                }
                @for (index, (slice, row)) in points.iter().enumerate() { (point(x(index), y, slice, row)) }
                line class="axis" x1=(LEFT) x2=(RIGHT) y1=(BOTTOM) y2=(BOTTOM) {}
                @for (index, (slice, _)) in points.iter().enumerate().step_by(every) {
                    text x=(x(index)) y=(BOTTOM + 18.0) text-anchor="middle" { (cut(slice.label(), 12)) }
                }
            }
            figcaption {
                "The value of " (name) " for each " code { (slices.column) }
                ". Dashed: the limit; shaded: what is allowed; square: violated; empty circle: not compared."
            }
        }
    }
}

fn point(x: f64, y: Scale, slice: &SliceFacts, row: &SliceRow) -> Markup {
    let words = |value: f64| format!("{}: {} ({})", slice.label(), short(value), row.verdict.word());
    html! {
        @match (row.value, row.verdict) {
            (Some(value), RowVerdict::Violated) => {
                rect class="wrong" x=(tenth(x - 5.0)) y=(tenth(y.at(value) - 5.0)) width="10" height="10" { title { (words(value)) } }
            },
            (Some(value), _) => circle class="dot" cx=(x) cy=(y.at(value)) r="4.5" { title { (words(value)) } },
            (None, _) => circle class="absent" cx=(x) cy=(BOTTOM - 8.0) r="4.5" { title { (slice.label()) ": " (note(row)) } },
        }
    }
}

/// Values and limits with some air around them.
fn range(points: &[(&SliceFacts, &SliceRow)]) -> (f64, f64) {
    let numbers = points.iter().flat_map(|(_, row)| [row.value, row.lower, row.upper]).flatten();
    let (low, high) = numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), number| (low.min(number), high.max(number)));
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
fn runs(points: &[(&SliceFacts, &SliceRow)]) -> Vec<Vec<(usize, f64)>> {
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
fn words(slices: &SlicesFacts, name: &str, points: &[(&SliceFacts, &SliceRow)]) -> String {
    let of = |verdict: RowVerdict| points.iter().filter(|(_, row)| row.verdict == verdict).count();
    let values = points.iter().filter_map(|(slice, row)| Some((slice.label(), row.value?)));
    let first = values.clone().next().map(|(label, value)| format!("{} at {label}", short(value))).unwrap_or_default();
    let last = values.last().map(|(label, value)| format!("{} at {label}", short(value))).unwrap_or_default();
    let (held, violated) = (of(RowVerdict::Held), of(RowVerdict::Violated));
    format!("{name} by {}: from {first} to {last}; holds for {held}, violated for {violated} of {} values", slices.column, points.len())
}
