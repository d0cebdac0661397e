//! A value and its limits in an order: by the values of a column, or over time.

use super::build::{Html, each, el};
use super::chart::{Scale, cut, tenth, tick};
use super::parts::{drawing, label, line, scrolled};
use crate::report::facts::Interval;
use crate::report::number::short;
use crate::report::verdict::Verdict;

/// The place of the chart in its frame.
const WIDTH: f64 = 760.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 740.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 200.0;

/// One place of the order, and what became of the comparison there.
pub(super) struct Point<'a> {
    pub label: &'a str,
    pub value: Option<f64>,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
    pub interval: Option<Interval>,
    pub verdict: Verdict,
    /// Why it was not made.
    pub note: String,
}

/// What is drawn.
pub(super) struct Course<'a> {
    /// The comparison.
    pub name: &'a str,
    /// How the order is called: `by week`, `over time`.
    pub order: String,
    /// What a place is called: `value`, `time`.
    pub place: &'static str,
    /// What the places are, under the chart.
    pub caption: Html,
    pub points: Vec<Point<'a>>,
}

/// The chart.
pub(super) fn chart(course: Course<'_>) -> Html {
    let points = &course.points;
    let step = (RIGHT - LEFT) / points.len().max(1) as f64;
    let start = |index: usize| tenth(LEFT + step * index as f64);
    let x = |index: usize| tenth(LEFT + step * (index as f64 + 0.5));
    let y = Scale::new(range(points), (BOTTOM, TOP));
    // As many labels as fit.
    let widest = points.iter().map(|point| point.label.chars().count().min(12)).max().unwrap_or(1);
    let every = ((widest as f64 * 7.5 + 10.0) / step).ceil().max(1.0) as usize;
    let allowed = |(index, point): (usize, &Point<'_>)| {
        let (bottom, top) = band(point, y)?;
        let (width, height) = (tenth(step + 0.2), tenth((bottom - top).max(1.0)));
        Some(el!("rect", "class" = "band", "x" = start(index), "y" = top, "width" = width, "height" = height))
    };
    let limits = |(index, point): (usize, &Point<'_>)| {
        let side = |side: f64| line("limit", (start(index), y.at(side)), (start(index + 1), y.at(side)));
        each([point.lower, point.upper].into_iter().flatten(), side)
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
        |(index, point): (usize, &Point<'_>)| label("", (x(index), BOTTOM + 18.0), "middle", cut(point.label, 12));
    let whisker = |(index, point): (usize, &Point<'_>)| {
        let between = point.interval?;
        Some(line("whisker", (x(index), y.at(between.lower)), (x(index), y.at(between.upper))))
    };
    // Marks that stand close are small.
    let size = tenth((0.4 * step).clamp(2.0, 4.5));
    let drawn = vec![
        each(points.iter().enumerate(), |point| allowed(point).into()),
        each(y.ticks(5), grid),
        each(points.iter().enumerate(), limits),
        each(points.iter().enumerate(), |point| whisker(point).into()),
        each(runs(points), path),
        each(points.iter().enumerate(), |(index, point)| mark((x(index), y), size, point)),
        line("axis", (LEFT, BOTTOM), (RIGHT, BOTTOM)),
        each(points.iter().enumerate().step_by(every), name_of),
    ];
    let lines = if points.iter().any(|point| point.interval.is_some()) { "Upright lines: 95% intervals. " } else { "" };
    let legend = "Dashed: the limit; shaded: what is allowed; square: violated; empty circle: not made.";
    let words = words(&course);
    el!("figure";
        scrolled(&format!("Chart of {}", course.name), drawing(WIDTH, BOTTOM + 34.0, &words, drawn)),
        el!("figcaption"; course.caption, " ", lines, legend),
    )
}

fn mark((x, y): (f64, Scale), size: f64, point: &Point<'_>) -> Html {
    let words = |value: f64| format!("{}: {} ({})", point.label, short(value), point.verdict.word());
    match (point.value, point.verdict) {
        (Some(value), Verdict::Violated) => {
            let half = size + 0.5;
            let (left, top) = (tenth(x - half), tenth(y.at(value) - half));
            el!("rect", "class" = "wrong", "x" = left, "y" = top, "width" = 2.0 * half, "height" = 2.0 * half; el!("title"; words(value)))
        }
        (Some(value), Verdict::Held | Verdict::NotChecked | Verdict::NotApplicable) => {
            el!("circle", "class" = "dot", "cx" = x, "cy" = y.at(value), "r" = size; el!("title"; words(value)))
        }
        (None, _) => {
            let title = el!("title"; format!("{}: {}", point.label, point.note));
            el!("circle", "class" = "absent", "cx" = x, "cy" = BOTTOM - 8.0, "r" = size; title)
        }
    }
}

/// Values and limits with some air around them.
fn range(points: &[Point<'_>]) -> (f64, f64) {
    let ends = |point: &Point<'_>| point.interval.map(|it| [it.lower, it.upper]);
    let numbers = points.iter().flat_map(|point| {
        [point.value, point.lower, point.upper].into_iter().flatten().chain(ends(point).into_iter().flatten())
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
fn band(point: &Point<'_>, y: Scale) -> Option<(f64, f64)> {
    if point.lower.is_none() && point.upper.is_none() {
        return None;
    }
    Some((point.lower.map_or(BOTTOM, |lower| y.at(lower)), point.upper.map_or(TOP, |upper| y.at(upper))))
}

/// Neighbours that have a value, as lines.
fn runs(points: &[Point<'_>]) -> Vec<Vec<(usize, f64)>> {
    let mut runs: Vec<Vec<(usize, f64)>> = vec![Vec::new()];
    for (index, point) in points.iter().enumerate() {
        match (point.value, runs.last_mut()) {
            (Some(value), Some(run)) => run.push((index, value)),
            (Some(_), None) | (None, _) => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| run.len() > 1);
    runs
}

/// The chart for those who do not see it.
fn words(course: &Course<'_>) -> String {
    let Course { name, order, place, points, .. } = course;
    let of = |verdict: Verdict| points.iter().filter(|point| point.verdict == verdict).count();
    let mut values = points.iter().filter_map(|point| Some(format!("{} at {}", short(point.value?), point.label)));
    let first = values.next().unwrap_or_default();
    let last = values.next_back().unwrap_or_else(|| first.clone());
    let (held, violated) = (of(Verdict::Held), of(Verdict::Violated));
    format!(
        "{name} {order}: from {first} to {last}; holds for {held}, violated for {violated} of {} {place}s",
        points.len()
    )
}
