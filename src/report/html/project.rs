//! A projection as a page: what holds now, and each promise and each group before and after.

use super::bar::moved_bar;
use super::build::{Html, each, el};
use super::chart::{Scale, cut, tenth, tick};
use super::document;
use super::parts::{
    self, Body, answer, capital, code, count, drawing, label, line, number, promise_line, prose, section, toned,
};
use super::source::source_section;
use crate::report::facts::{Unit, label as label_of, params_in_words};
use crate::report::headline::NOTHING_PROMISED;
use crate::report::judged::PromiseJson;
use crate::report::number::{apart, many, plain, sides, whole};
use crate::report::project::{Batching, ProjectReport, Projected, ProjectedRow};
use crate::report::relation_use::RelationUse;
use crate::report::row::GroupJson;
use crate::report::unplaced;
use crate::report::verdict::Verdict;

/// Rows and groups that are shown.
const MOST: usize = 60;
/// Groups that are drawn.
const MOST_DRAWN: usize = 24;

/// The page; `version` is that of the program.
pub fn project_page(report: &ProjectReport<'_>, version: &str) -> String {
    let facts = report.json();
    let what = if report.status == "frozen" { "Per-group offsets" } else { "Projection" };
    let title = format!("{what}: {}", report.spec);
    let headline = report.headline();
    let moves = report.moves();
    let body = el!("body";
        el!("header";
            el!("h1"; &title),
            el!("p", "class" = "soft";
                "Predictions ", code(report.prediction), " of ", code(report.data), ", ", size(report), params(&facts),
            ),
        ),
        el!("main";
            answer(&headline, &headline.words()),
            each(moves.lines(), |line| el!("p"; prose(&capital(line)), ".")),
            el!("ul", "class" = "promises"; each(&facts.promises, |promise| promised(&facts, promise))),
            unenforced("Not enforced", report, &facts),
            rows(report, &facts),
            groups(report, &facts),
            bounds(&facts),
            section("reading", "How to read this", vec![el!("ul"; each(notes(report), |note| el!("li"; el!("p"; note))))]),
            source_section(source(report, &facts, version)),
        ),
    );
    document(&title, version, body)
}

fn size(report: &ProjectReport<'_>) -> String {
    match report.batching {
        Batching::Whole => many(report.n, "sample"),
        Batching::By(size) => format!("{} in batches of {}", many(report.n, "sample"), whole(size)),
    }
}

fn params(facts: &Projected) -> String {
    facts.params.iter().map(|param| format!(", {} = {}", param.name, plain(param.value))).collect()
}

/// The promises, what was not checked of them, and their comparisons, before and after; `left_out` heads the second.
pub(super) fn judged(report: &ProjectReport<'_>, left_out: &str) -> [Html; 3] {
    let facts = report.json();
    let promises = el!("ul", "class" = "promises"; each(&facts.promises, |promise| promised(&facts, promise)));
    [promises, unenforced(left_out, report, &facts), rows(report, &facts)]
}

/// A promise: its verdict now, its words, and the comparison that was worst before, before and after.
fn promised(facts: &Projected, promise: &PromiseJson) -> Html {
    let rows = || promise.rows.iter().filter_map(|&index| facts.rows.get(index));
    let slack = |row: &ProjectedRow| row.shown.as_ref().and_then(|shown| shown.slack).unwrap_or(f64::INFINITY);
    let worst = rows().filter(|row| row.shown.is_some()).min_by(|a, b| slack(a).total_cmp(&slack(b)));
    let which = match rows().filter(|row| row.row.before.is_some()).count() {
        0 | 1 => "Before: ".to_owned(),
        several => format!("Worst of {} comparisons before: ", whole(several)),
    };
    let before = worst.and_then(|row| row.shown.as_ref());
    let after = worst.and_then(|row| row.shown_after.as_ref());
    let finding = before.map(|before| {
        let now = after.map_or_else(String::new, |after| format!(" Now: {}.", after.sentence));
        el!("p", "class" = "finding"; which, prose(before.claim()), ".", prose(&now))
    });
    let picture = before.zip(after).map(|(before, after)| moved_bar(before, after, promise.verdict));
    let verdict = toned(promise.verdict, promise.comparisons.not_made == 0, &capital(&promise.answer));
    promise_line(verdict, &promise.constraint, &promise.sentence, finding.into(), picture)
}

/// What was not enforced in whole, and samples that no group has.
fn unenforced(heading: &str, report: &ProjectReport<'_>, facts: &Projected) -> Html {
    let mut lines = report.not_enforced();
    lines.extend(facts.relations.iter().filter(|relation| relation.pairs < relation.lines).map(RelationUse::line));
    lines.extend(facts.unplaced.iter().flat_map(unplaced::lines).map(|line| line.trim().to_owned()));
    lines.extend(facts.promises.is_empty().then(|| NOTHING_PROMISED.to_owned()).map(|words| capital(&words)));
    let lines_left = !lines.is_empty();
    if !lines_left {
        lines.push(match facts.verdict {
            Verdict::Held => "Every comparison of every promise holds".to_owned(),
            Verdict::Violated | Verdict::NotChecked | Verdict::NotApplicable => "Every comparison was made".to_owned(),
        });
    }
    el!("div", "class" = "unchecked";
        el!("h2", "id" = "unenforced"; if lines_left { heading } else { "Nothing left out" }),
        el!("ul"; each(lines, |line| el!("li"; prose(&line), "."))),
    )
}

/// Each comparison before and after, those of one promise together and what was violated first.
fn rows(report: &ProjectReport<'_>, facts: &Projected) -> Html {
    let mut made: Vec<&ProjectedRow> = facts.rows.iter().filter(|row| row.row.before.is_some()).collect();
    if made.is_empty() {
        return Html::default();
    }
    let place = |row: &ProjectedRow| facts.promises.iter().position(|promise| promise.constraint == row.row.constraint);
    made.sort_by_cached_key(|row| (place(row), row.verdict_before != Verdict::Violated));
    let shown = made.get(..made.len().min(MOST)).unwrap_or_default();
    let bodies = shown.chunk_by(|a, b| a.row.constraint == b.row.constraint).map(|rows| Body {
        title: rows.first().map(|row| Html::from(&row.row.constraint)),
        lines: rows.iter().map(|row| compared_cells(row)).collect(),
    });
    let numbers = ["Before", "After", "Allowed"].map(|name| (name, true));
    let verdicts = ["Verdict before", "Verdict now"].map(|name| (name, false));
    let head: Vec<(&str, bool)> = [("Comparison", false)].into_iter().chain(numbers).chain(verdicts).collect();
    let caption = match report.batching {
        Batching::Whole => "Each comparison, before and after",
        Batching::By(_) => "Each comparison in its worst batch, before and after",
    };
    section("rows", "Comparisons", vec![parts::table(caption, &head, bodies), more(made.len(), "comparison")])
}

/// In the unit of the promise where there is one.
fn compared_cells(row: &ProjectedRow) -> Vec<Html> {
    let [before, after] = [&row.shown, &row.shown_after].map(Option::as_ref);
    let digits = before.map_or(0, |shown| apart(shown.value, [shown.lower, shown.upper].into_iter().flatten()));
    let allowed = before.map(|shown| shown.allowed(digits));
    let allowed = allowed.unwrap_or_else(|| sides(row.row.before, row.row.lower, row.row.upper));
    let words = before.filter(|shown| shown.unit != Unit::Value).map(|shown| shown.who.as_str());
    vec![
        words.unwrap_or(&row.row.name).into(),
        number(before.map_or(row.row.before, |shown| Some(shown.value))),
        number(after.map_or(row.row.after, |shown| Some(shown.value))),
        allowed.into(),
        toned(row.verdict_before, true, row.verdict_before.word()),
        toned(row.verdict, true, row.verdict.word()),
    ]
}

/// The groups that comparisons are about, each once.
fn compared(facts: &Projected) -> Vec<(String, &GroupJson)> {
    let mut known: Vec<(String, &GroupJson)> = Vec::new();
    for row in facts.rows.iter().filter(|row| row.shown.is_some()) {
        for group in row.row.groups.iter().filter(|group| group.mean_after.is_some() && group.aggregate == "mean") {
            if known.iter().all(|(_, other)| (&other.event, &other.of) != (&group.event, &group.of)) {
                known.push((label_of(&group.conditions), group));
            }
        }
    }
    // All samples first.
    known.sort_by_key(|(_, group)| !group.conditions.is_empty());
    known
}

/// The mean of each group before and after, as a picture and as a table.
fn groups(report: &ProjectReport<'_>, facts: &Projected) -> Html {
    let groups = compared(facts);
    if groups.is_empty() || report.batching != Batching::Whole {
        return Html::default();
    }
    let line = |(label, group): &(String, &GroupJson)| {
        let change = group.mean_after.map(|after| after - group.mean);
        vec![
            Html::from(label),
            code(&group.of),
            count(group.samples),
            number(Some(group.mean)),
            number(group.mean_after),
            number(change),
        ]
    };
    let head =
        [("Group", false), ("Mean of", false), ("Samples", true), ("Before", true), ("After", true), ("Change", true)];
    let table =
        parts::table("The mean of each group, before and after", &head, [Body::of(groups.iter().take(MOST).map(line))]);
    // One scale for one quantity.
    let first = groups.first().map(|(_, group)| group.of.as_str());
    let drawn: Vec<&(String, &GroupJson)> =
        groups.iter().filter(|(_, group)| Some(group.of.as_str()) == first).take(MOST_DRAWN).collect();
    section("groups", "Groups", vec![picture(&drawn), table, more(groups.len(), "group")])
}

fn more(all: usize, what: &str) -> Html {
    let left = all.saturating_sub(MOST);
    Html::from(
        (left > 0).then(|| el!("p", "class" = "soft"; format!("The JSON report has {} more.", many(left, what)))),
    )
}

/// As wide as a telephone, which shows it at its size.
const WIDTH: f64 = 330.0;
const LEFT: f64 = 10.0;
const RIGHT: f64 = 320.0;
const STEP: f64 = 36.0;

/// A line for each group, from its mean before to that after.
fn picture(groups: &[&(String, &GroupJson)]) -> Html {
    let means = groups.iter().flat_map(|(_, group)| [Some(group.mean), group.mean_after]).flatten();
    let (low, high) = means.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), it| (low.min(it), high.max(it)));
    let air = (0.08 * (high - low)).max(1e-6 * high.abs()).max(1e-9);
    let x = Scale::new((low - air, high + air), (LEFT, RIGHT));
    let bottom = STEP * groups.len() as f64 + 8.0;
    let group = |(place, (name, group)): (usize, &&(String, &GroupJson))| -> Html {
        let y = STEP * place as f64 + 28.0;
        let after = group.mean_after.unwrap_or(group.mean);
        vec![
            label("label", (LEFT, y - 12.0), "start", cut(name, 44)),
            line("path", (x.at(group.mean), y), (x.at(after), y)),
            el!("circle", "class" = "was", "cx" = x.at(group.mean), "cy" = y, "r" = 4.5),
            el!("circle", "class" = "dot", "cx" = x.at(after), "cy" = y, "r" = 4.5),
        ]
        .into()
    };
    let grid = |value: f64| -> Html {
        let at = x.at(value);
        vec![line("grid", (at, 4.0), (at, bottom)), label("", (at, bottom + 16.0), "middle", tick(value))].into()
    };
    let told = |(name, group): &&(String, &GroupJson)| {
        format!("{name}: {} before, {} after", plain(group.mean), plain(group.mean_after.unwrap_or(group.mean)))
    };
    let of = groups.first().map_or("", |(_, group)| group.of.as_str());
    let words = format!("Mean {of} of each group. {}", groups.iter().map(told).collect::<Vec<String>>().join("; "));
    let inside = vec![
        each(x.ticks(4), grid),
        line("axis", (LEFT, bottom), (RIGHT, bottom)),
        each(groups.iter().enumerate(), group),
    ];
    el!("figure";
        drawing(WIDTH, tenth(bottom + 22.0), &words, inside),
        el!("figcaption"; "Mean ", code(of), " of each group. Hollow: before; solid: after."),
    )
}

fn bounds(facts: &Projected) -> Html {
    if facts.each.is_empty() {
        return Html::default();
    }
    let lines = facts.each.iter().map(|one| (one.name.as_str(), one));
    section(
        "bounds",
        "Bounds of single predictions",
        vec![parts::bounds("Bounds of single predictions, after the projection", "Bound", lines)],
    )
}

fn notes(report: &ProjectReport<'_>) -> Vec<&'static str> {
    let how = match report.status {
        "relaxed" => {
            "No predictions satisfy all rows. These have the least total violation, and are the closest of those that do."
        }
        "frozen" => {
            "Per-group offsets were applied, and nothing was projected. How well the promises hold depends on how similar these data are to \
             those that the offsets were fitted on."
        }
        "iteration_limit" => "The projection was not solved to the end, so the promises may be violated.",
        _ => {
            "The projection moves predictions as little as it takes: no others that satisfy the spec have a smaller sum of squared moves."
        }
    };
    let mut notes = vec![
        how,
        "In the picture of a promise the shaded part is what is allowed. The hollow circle is the value before; the solid mark is the \
         value now, a square where the promise is violated.",
    ];
    notes.push(match report.batching {
        Batching::Whole => "The verdicts are about the predictions of these data together. They say nothing about other data.",
        Batching::By(_) => {
            "Each batch was projected by itself, and the verdicts are about each batch. A comparison is shown in the batch in which it was worst."
        }
    });
    notes
}

fn source(report: &ProjectReport<'_>, facts: &Projected, version: &str) -> Vec<(&'static str, String)> {
    vec![
        ("Spec", report.spec.to_owned()),
        ("Fingerprint of the spec", facts.fingerprint.clone()),
        ("Data", format!("{} ({})", report.data, many(report.n, "sample"))),
        ("Predictions", report.prediction.to_owned()),
        ("Params", params_in_words(&facts.params)),
        ("Status", facts.status.to_owned()),
        ("Made by", format!("fairc {version}")),
    ]
}
