//! What a spec costs, as a page: for each param the values and what they cost, as charts and as a table.

use super::build::{Html, each, el};
use super::chart::{Scale, cut, tenth, tick};
use super::document;
use super::parts::{self, Body, capital, code, drawing, label, line, prose, section};
use crate::analyze::Point;
use crate::report::number::{many, plain, short};
use crate::report::price::{PriceReport, Sweep, change};

/// Groups with a chart.
const MOST: usize = 12;
/// The place of a chart in its frame, which a telephone shows at its size.
const WIDTH: f64 = 330.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 318.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 160.0;

/// The page; `version` is that of the program.
pub fn price_page(report: &PriceReport<'_>, version: &str) -> String {
    let title = format!("What it costs: {}", report.spec);
    let of = format!(" of `{}`", report.data);
    let priced = match &report.by_cutoff {
        Some(alone) => alone.words(report.prediction, &of),
        None => format!("predictions `{}`{of}", report.prediction),
    };
    let left_over = report.left_over_lines();
    let left_over = left_over.split_first().map(|(first, lines)| {
        let lines = el!("ul"; each(lines, |line| el!("li"; prose(line), ".")));
        section("left-over", capital(first), vec![lines])
    });
    let settings: String = report.settings.iter().map(|setting| format!(", {setting}")).collect();
    let body = el!("body";
        el!("header";
            el!("h1"; &title),
            el!("p", "class" = "soft"; prose(&capital(&priced)), ", ", many(report.n, "sample"), settings),
        ),
        el!("main";
            each(&report.sweeps, |sweep| el!("p", "class" = "answer"; report.headline(sweep), ".")),
            each(report.sweeps.iter().enumerate(), |(place, sweep)| one(report, place, sweep)),
            left_over,
        ),
        el!("footer"; el!("p", "class" = "soft"; format!("Made by fairc {version}."))),
    );
    document(&title, version, body)
}

fn one(report: &PriceReport<'_>, place: usize, sweep: &Sweep<'_>) -> Html {
    let lines = report.values(sweep);
    let head: Vec<(&str, bool)> =
        lines.heads.iter().enumerate().map(|(at, head)| (head.as_str(), at > 0 && !lines.is_text(at))).collect();
    let cells = |cells: Vec<String>| cells.iter().map(Html::from).collect::<Vec<Html>>();
    let caption = format!("What each value of {} costs", sweep.param);
    let words = match &report.by_cutoff {
        Some(alone) => report.words_of_gains(alone, sweep),
        None => report.words(sweep),
    };
    let (groups, hidden) = report.shown_groups(sweep);
    // Charts are of the groups that a terminal shows.
    let told = format!("{}{hidden}{words}", report.unusual(sweep));
    let told: Vec<&str> = told.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let inside = vec![
        el!("div", "class" = "many"; charts(report, &groups, sweep)),
        parts::table(&caption, &head, [Body::of(lines.cells().map(cells))]),
        el!("ul"; each(told, |line| el!("li"; el!("p"; prose(&capital(line)), ".")))),
    ];
    section(
        &format!("param-{}", place + 1),
        vec![code(sweep.param), format!(", now {}", plain(sweep.present)).into()],
        inside,
    )
}

/// What it costs, and what becomes of each group, on one scale.
fn charts(report: &PriceReport<'_>, groups: &[usize], sweep: &Sweep<'_>) -> Html {
    let groups = groups.get(..groups.len().min(MOST)).unwrap_or_default();
    let first = match &report.by_cutoff {
        Some(alone) => chart(sweep, "gain of decisions", range(sweep, [gain], [alone.gain]), gain, Some(alone.gain)),
        None => {
            chart(sweep, &format!("mean move of {}", report.prediction), range(sweep, [mean], [0.0]), mean, Some(0.0))
        }
    };
    let before = |event: usize| match &report.by_cutoff {
        Some(alone) => alone.rates.get(event).copied().flatten(),
        None => Some(0.0),
    };
    let own = |event: usize| {
        move |point: &Point| match &point.decided {
            Some(decided) => decided.rates.get(event).copied().flatten(),
            None => point.movement.and(change(point, event)),
        }
    };
    let without = groups.iter().filter_map(|&event| before(event));
    let shared = range(sweep, groups.iter().map(|&event| own(event)), without);
    let of_group = |&event: &usize| {
        let what = if report.by_cutoff.is_some() { "selection rate" } else { "mean change" };
        chart(sweep, &format!("{what}: {}", report.sized_name(event)), shared, own(event), before(event))
    };
    vec![first, each(groups, of_group)].into()
}

fn mean(point: &Point) -> Option<f64> {
    Some(point.movement?.mean())
}

fn gain(point: &Point) -> Option<f64> {
    Some(point.decided.as_ref()?.gain)
}

/// All numbers of several charts, those without the spec among them, with some air around them.
fn range<F: Fn(&Point) -> Option<f64>>(
    sweep: &Sweep<'_>,
    numbers: impl IntoIterator<Item = F>,
    without: impl IntoIterator<Item = f64>,
) -> (f64, f64) {
    let shown = sweep.shown();
    let all =
        numbers.into_iter().flat_map(|number| shown.iter().filter_map(|point| number(point)).collect::<Vec<f64>>());
    let (low, high) = all
        .chain(without)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return (0.0, 1.0);
    }
    // Of one number an axis with marks that tell apart.
    let air = if high - low > 1e-9 * high.abs() { 0.08 * (high - low) } else { (0.1 * high.abs()).max(1e-3) };
    (low - air, high + air)
}

/// A number at each value of the param; `before` is what it is without the spec.
fn chart(
    sweep: &Sweep<'_>,
    name: &str,
    range: (f64, f64),
    number: impl Fn(&Point) -> Option<f64>,
    before: Option<f64>,
) -> Html {
    let shown = sweep.shown();
    let ends = match (shown.first(), shown.last()) {
        // One value stands in the middle.
        (Some(first), Some(last)) if first.value == last.value => {
            let air = (0.5 * first.value.abs()).max(1e-3);
            (first.value - air, first.value + air)
        }
        (first, last) => (first.map_or(0.0, |point| point.value), last.map_or(1.0, |point| point.value)),
    };
    let (x, y) = (Scale::new(ends, (LEFT, RIGHT)), Scale::new(range, (BOTTOM, TOP)));
    let known: Vec<(f64, f64)> = shown.iter().filter_map(|point| Some((point.value, number(point)?))).collect();
    let places: Vec<String> =
        known.iter().map(|(value, number)| format!("{},{}", x.at(*value), y.at(*number))).collect();
    let grid = |value: f64| {
        let at = y.at(value);
        vec![line("grid", (LEFT, at), (RIGHT, at)), label("", (LEFT - 6.0, at + 4.0), "end", tick(value))].into()
    };
    let dot = |(value, number): &(f64, f64)| {
        let title = el!("title"; format!("{} = {}: {}", sweep.param, plain(*value), short(*number)));
        el!("circle", "class" = "dot", "cx" = x.at(*value), "cy" = y.at(*number), "r" = 2.5; title)
    };
    let now = x.at(sweep.present);
    let inside = before.filter(|before| range.0 <= *before && *before <= range.1);
    let words = match (known.first(), known.last()) {
        (Some(first), Some(last)) => {
            let at =
                |(value, number): &(f64, f64)| format!("{} at {} = {}", short(*number), sweep.param, plain(*value));
            format!("{name}: from {} to {}", at(first), at(last))
        }
        _ => format!("{name}: no value satisfies the spec"),
    };
    let drawn = vec![
        each(y.ticks(4), grid),
        line("axis", (LEFT, BOTTOM), (RIGHT, BOTTOM)),
        each(x.ticks(4), |value| label("", (x.at(value), BOTTOM + 16.0), "middle", tick(value))),
        label("", (tenth((LEFT + RIGHT) / 2.0), BOTTOM + 33.0), "middle", cut(sweep.param, 40)),
        line("now", (now, TOP), (now, BOTTOM)),
        inside.map(|before| line("limit", (LEFT, y.at(before)), (RIGHT, y.at(before)))).into(),
        el!("polyline", "class" = "path", "points" = places.join(" ")),
        each(&known, dot),
    ];
    let caption = if before.is_some() { ". Dashed: without the spec; dotted: now." } else { ". Dotted: now." };
    el!("figure"; drawing(WIDTH, BOTTOM + 40.0, &words, drawn), el!("figcaption"; el!("strong"; capital(name)), caption))
}
