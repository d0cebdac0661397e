//! Decisions as a page: what they gain, who is selected, and the scores of each group with its threshold.

use super::build::{Html, each, el};
use super::chart::{Scale, tenth, tick};
use super::document;
use super::parts::{self, Body, answer, capital, code, count, drawing, label, line, marked, number, prose, section};
use super::project::judged;
use crate::bind::{Spread, ThresholdCell, Thresholds};
use crate::language::words::counted;
use crate::report::decide::{DecideReport, GroupDecisions, threshold_words};
use crate::report::number::short;

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 96.0;
/// Room for the numbers of thresholds above the bars.
const ABOVE: f64 = 16.0;
/// More pictures than these are not looked at.
const MOST: usize = 24;

/// The page; `version` is that of the program.
pub fn decide_page(report: &DecideReport<'_>, version: &str) -> String {
    let title = format!("Decisions: {}", report.rows.spec);
    let headline = report.rows.headline();
    let [promises, unchecked, rows] = judged(&report.rows, "Not checked");
    let mut sentences = report.sentences().into_iter();
    let first = sentences.next().unwrap_or_default();
    let body = el!("body";
        el!("header";
            el!("h1"; &title),
            el!("p", "class" = "soft";
                "Decisions by ", code(report.gain.as_deref().unwrap_or(report.rows.prediction)), " of ", code(report.rows.data),
                format!(", {}", counted(report.rows.n, "sample")),
            ),
        ),
        el!("main";
            answer(&headline, &headline.words()),
            el!("p"; capital(&first), "."),
            each(sentences, |sentence| el!("p", "class" = "soft"; capital(&sentence), ".")),
            promises,
            unchecked,
            groups(report),
            report.thresholds.as_ref().map(|thresholds| cells(thresholds, report.spread.as_ref())),
            rows,
            section("reading", "How to read this", vec![el!("ul"; each(notes(report), |note| el!("li"; el!("p"; prose(note)))))]),
        ),
        el!("footer"; el!("p", "class" = "soft"; format!("Made by fairc {version}."))),
    );
    document(&title, version, body)
}

fn notes(report: &DecideReport<'_>) -> Vec<&'static str> {
    let mut notes = vec![
        "By the cutoff alone, or before: what scores decide where no row is looked at.",
        "The impact ratio of a group is its selection rate, divided by that of the group with the highest.",
    ];
    if report.thresholds.is_some() {
        notes.push(
            "In a picture each bar is the share of a group's samples in one range; dark ones are decided 1. Lines are thresholds, and \
             all pictures have the same scale across.",
        );
    }
    if report.rule.is_some() {
        notes.push(
            "Some rows read labels: thresholds look at none, so that they can decide on people whose label is unknown.",
        );
    }
    notes
}

/// A table for each partition.
fn groups(report: &DecideReport<'_>) -> Html {
    if report.groups.is_empty() {
        return Html::default();
    }
    let one = |groups: &[GroupDecisions]| {
        let caption = format!("By {}", groups.first().map_or("", |group| &group.partition));
        let names = [
            "Samples",
            "Rate before",
            "Rate after",
            "Ratio before",
            "Ratio after",
            "0 → 1",
            "1 → 0",
            "Gain before",
            "Gain after",
        ];
        let head: Vec<(&str, bool)> = [("Group", false)].into_iter().chain(names.map(|name| (name, true))).collect();
        parts::table(&caption, &head, [Body::of(groups.iter().map(group))])
    };
    section("groups", "Who is selected", vec![each(report.groups.chunk_by(|a, b| a.partition == b.partition), one)])
}

fn group(group: &GroupDecisions) -> Vec<Html> {
    let small: &[&str] = if group.small { &["small"] } else { &[] };
    vec![
        vec![Html::from(&group.group), " ".into(), marked(small)].into(),
        count(group.samples),
        number(group.rate_before),
        number(group.rate_after),
        number(group.impact_ratio_before),
        number(group.impact_ratio_after),
        count(group.became_1),
        count(group.became_0),
        number(Some(group.gain_before)),
        number(Some(group.gain_after)),
    ]
}

/// The thresholds as a table, and a picture for each cell that has samples.
fn cells(thresholds: &Thresholds, spread: Option<&Spread>) -> Html {
    let seen = || thresholds.cells.iter().enumerate().filter(|(_, cell)| cell.cell.samples > 0);
    let row = |(_, cell): (usize, &ThresholdCell)| {
        let (words, rest) = threshold_words(thresholds, cell);
        vec![Html::from(&cell.cell.when), count(cell.cell.samples), words.into(), rest.into()]
    };
    let head = [("Group", false), ("Samples", true), ("Decided 1", false), ("Decided 1 by chance", false)];
    let table = parts::table("Whoever reaches it is decided 1", &head, [Body::of(seen().map(row))]);
    let pictures = spread.map(|spread| {
        let tallest = spread.shares.iter().flatten().copied().fold(0.0, f64::max);
        let one = |(place, cell): (usize, &ThresholdCell)| {
            spread
                .shares
                .get(place)
                .map_or_else(Html::default, |shares| picture(thresholds, cell, (spread, shares), tallest))
        };
        el!("div", "class" = "many"; each(seen().take(MOST), one))
    });
    section("thresholds", "Thresholds", vec![table, pictures.into()])
}

/// The scores of one cell; dark from its threshold on.
fn picture(thresholds: &Thresholds, cell: &ThresholdCell, (spread, shares): (&Spread, &[f64]), tallest: f64) -> Html {
    let ends = (spread.edges.first().copied().unwrap_or(0.0), spread.edges.last().copied().unwrap_or(1.0));
    let across = Scale::new(ends, (8.0, WIDTH - 8.0));
    let up = Scale::new((0.0, tallest), (ABOVE + HEIGHT, ABOVE + 4.0));
    let piece = |class: &str, (low, high): (f64, f64), share: f64| {
        let (left, right, top) = (across.at(low), across.at(high), up.at(share));
        let (width, height) = (tenth(right - left), tenth(ABOVE + HEIGHT - top));
        el!("rect", "class" = class, "x" = left, "y" = top, "width" = width, "height" = height)
    };
    let bar = |((&low, &high), &share): ((&f64, &f64), &f64)| -> Html {
        let middle = cell.threshold.clamp(low, high);
        let parts = [("bar", (low, middle)), ("dot", (middle, high))];
        each(parts.into_iter().filter(|(_, (low, high))| low < high && share > 0.0), |(class, range)| {
            piece(class, range, share)
        })
    };
    // The number of the threshold alone: those of draws below it are near, and stand under the picture.
    let mark = |(class, at): (&str, f64)| -> Html {
        let x = across.at(at);
        let anchor = match x {
            x if x < 30.0 => "start",
            x if x > WIDTH - 30.0 => "end",
            _ => "middle",
        };
        let number = (at == cell.threshold).then(|| label("label", (x, ABOVE - 4.0), anchor, short(at)));
        vec![line(class, (x, ABOVE), (x, ABOVE + HEIGHT)), number.into()].into()
    };
    let inside = |at: &f64| (ends.0..=ends.1).contains(at);
    let lines = std::iter::once(("mean", cell.threshold)).chain(cell.steps.iter().map(|step| ("limit", step.from)));
    let (words, rest) = threshold_words(thresholds, cell);
    let rest = if rest.is_empty() { rest } else { format!("; {rest}") };
    let told = format!(
        "{} {}: decided 1 where {words}{rest}; {}",
        thresholds.column,
        cell.cell.when,
        spread_words(spread, shares)
    );
    let drawn = vec![
        each(spread.edges.iter().zip(spread.edges.iter().skip(1)).zip(shares), bar),
        line("axis", (8.0, ABOVE + HEIGHT), (WIDTH - 8.0, ABOVE + HEIGHT)),
        each(lines.filter(|(_, at)| inside(at)), mark),
        each(across.ticks(4), |value| label("", (across.at(value), ABOVE + HEIGHT + 15.0), "middle", tick(value))),
    ];
    el!("figure";
        drawing(WIDTH, ABOVE + HEIGHT + 20.0, &told, drawn),
        el!("figcaption"; el!("strong"; &cell.cell.when), format!(": {}, {words}{rest}", counted(cell.cell.samples, "sample"))),
    )
}

/// The quarter marks of a histogram, for those who do not see it.
fn spread_words(spread: &Spread, shares: &[f64]) -> String {
    let quantile = |wanted: f64| {
        let mut sum = 0.0;
        let place = shares.iter().position(|share| {
            sum += share;
            sum >= wanted - 1e-9
        });
        place.and_then(|place| spread.edges.get(place)).copied().map_or_else(String::new, tick)
    };
    format!(
        "a quarter is below about {}, half below {}, three quarters below {}",
        quantile(0.25),
        quantile(0.5),
        quantile(0.75)
    )
}
