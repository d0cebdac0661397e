//! A stream as a page: what holds of all its answers, and where each row stood over time.

use super::bar::bar;
use super::build::{Html, each, el};
use super::course::{Course, Point, chart};
use super::document;
use super::parts::{self, Body, answer, capital, code, number, promise_line, prose, section, toned};
use super::source::source_section;
use crate::report::facts::params_in_words;
use crate::report::judged::PromiseJson;
use crate::report::live::{Moment, MomentRow};
use crate::report::number::{many, sides, whole};
use crate::report::stream::{StreamReport, Streamed, StreamedRow};
use crate::report::table::PlainText;
use crate::report::unplaced;
use crate::report::verdict::Comparisons;

/// Rows with a chart: of more, those with the least slack.
const MOST_CHARTS: usize = 6;
/// The lines of a table over time.
const MOST_LINES: usize = 24;

/// The page; `version` is that of the program.
pub fn stream_page(report: &StreamReport<'_>, version: &str) -> String {
    let (facts, headline) = (report.json(), report.headline());
    let title = format!("Stream: {}", report.spec);
    let settings: String = report.settings.iter().map(|setting| format!(", {setting}")).collect();
    let told = format!("{}{}", report.moves(), report.standing(&PlainText));
    let unplaced = facts.unplaced.iter().flat_map(unplaced::lines).map(|line| line.trim().to_owned());
    let unplaced: Vec<String> = unplaced.collect();
    let body = el!("body";
        el!("header";
            el!("h1"; &title),
            el!("p", "class" = "soft";
                "Predictions ", code(report.prediction), " of ", code(report.data), ", ", report.size(), ", ", report.method, settings,
            ),
        ),
        el!("main";
            answer(&headline, &headline.words()),
            each(told.lines(), |line| el!("p"; prose(&capital(line)), ".")),
            el!("ul", "class" = "promises"; each(&facts.promises, |promise| promised(&facts, promise))),
            not_checked(&facts, &unplaced),
            over_time(&facts),
            rows(&facts),
            section("reading", "How to read this", vec![el!("ul"; each(notes(report, &facts), |note| el!("li"; el!("p"; note))))]),
            source_section(vec![
                ("Spec", report.spec.to_owned()),
                ("Fingerprint of the spec", facts.fingerprint.clone()),
                ("Data", format!("{} ({})", report.data, report.size())),
                ("Predictions", report.prediction.to_owned()),
                ("Method", facts.method.to_owned()),
                ("Params", params_in_words(&facts.params)),
                ("Made by", format!("fairc {version}")),
            ]),
        ),
    );
    document(&title, version, body)
}

/// The box of what was not checked.
fn not_checked(facts: &Streamed, unplaced: &[String]) -> Html {
    let missing = |promise: &&PromiseJson| promise.comparisons.not_made > 0;
    let promise = |promise: &PromiseJson| {
        let why = promise.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
        let Comparisons { made, not_made } = promise.comparisons;
        let of = many(made + not_made, "comparison");
        format!("{} of {of} of `{}`{why}", whole(not_made), promise.constraint)
    };
    let lines: Vec<String> =
        facts.promises.iter().filter(missing).map(promise).chain(unplaced.iter().cloned()).collect();
    if lines.is_empty() {
        return Html::default();
    }
    el!("div", "class" = "unchecked";
        el!("h3"; "Not checked"),
        el!("ul"; each(lines, |line| el!("li"; prose(&capital(&line)), "."))),
    )
}

fn slack(row: &StreamedRow) -> f64 {
    row.shown.as_ref().and_then(|shown| shown.slack).unwrap_or(f64::INFINITY)
}

/// A promise: its verdict, its words, and its row with the least slack.
fn promised(facts: &Streamed, promise: &PromiseJson) -> Html {
    let rows = || promise.rows.iter().filter_map(|&index| facts.rows.get(index)).filter(|row| row.shown.is_some());
    let worst = rows().min_by(|a, b| slack(a).total_cmp(&slack(b)));
    let shown = worst.and_then(|row| row.shown.as_ref());
    let which = match rows().count() {
        0 | 1 => String::new(),
        several => format!("Closest of {} comparisons: ", whole(several)),
    };
    let finding = shown.map(|shown| {
        let text = if which.is_empty() { capital(&shown.sentence) } else { format!("{which}{}", shown.sentence) };
        el!("p", "class" = "finding"; prose(&text), ".")
    });
    let verdict = toned(promise.verdict, promise.comparisons.not_made == 0, &capital(&promise.answer));
    promise_line(
        verdict,
        &promise.constraint,
        &promise.sentence,
        finding.into(),
        shown.map(|shown| bar(shown, promise.verdict)),
    )
}

/// A chart for each row, and its numbers.
fn over_time(facts: &Streamed) -> Html {
    let (Some(first), Some(last)) = (facts.over_time.first(), facts.over_time.last()) else { return Html::default() };
    let made = |index: &usize| {
        let rows = facts.over_time.iter().filter_map(|moment| moment.rows.get(*index));
        rows.into_iter().any(|row| row.value.is_some())
    };
    let mut order: Vec<usize> = (0..facts.rows.len()).filter(made).collect();
    if order.is_empty() {
        return Html::default();
    }
    let slack_of = |index: &usize| facts.rows.get(*index).map_or(f64::INFINITY, slack);
    if order.len() > MOST_CHARTS {
        order.sort_by(|a, b| slack_of(a).total_cmp(&slack_of(b)));
    }
    let span = format!(
        "Where each row stood, with all answers up to that moment: {}, from batch {} to batch {}.",
        many(facts.over_time.len(), "moment"),
        whole(first.batches as usize),
        whole(last.batches as usize)
    );
    let inside = vec![
        el!("p", "class" = "soft"; span),
        each(order.iter().take(MOST_CHARTS), |index| course(facts, *index)),
        more(order.len().saturating_sub(MOST_CHARTS)),
    ];
    section("over", "Over time", inside)
}

fn course(facts: &Streamed, index: usize) -> Html {
    let Some(row) = facts.rows.get(index) else { return Html::default() };
    let labels: Vec<String> = facts.over_time.iter().map(|moment| whole(moment.samples as usize)).collect();
    let moments = || {
        facts.over_time.iter().zip(&labels).filter_map(|(moment, label)| Some((moment, label, moment.rows.get(index)?)))
    };
    let points = moments()
        .map(|(_, label, row)| Point {
            label,
            value: row.value,
            lower: row.lower,
            upper: row.upper,
            interval: None,
            verdict: row.verdict,
            note: "not made".to_owned(),
        })
        .collect();
    let caption = format!("The pooled value of {} after so many answers.", row.name).into();
    let drawn = chart(Course { name: &row.name, order: "over time".to_owned(), place: "moment", caption, points });
    // The newest alone, where there are many; JSON has them all.
    let all = facts.over_time.len();
    let line = |(moment, label, row): (&Moment, &String, &MomentRow)| {
        vec![
            Html::from(label),
            whole(moment.batches as usize).into(),
            number(row.value),
            sides(row.value, row.lower, row.upper).into(),
            toned(row.verdict, true, row.verdict.word()),
        ]
    };
    let head = [("Answers", false), ("Batches", true), ("Value", true), ("Allowed", true), ("Verdict", false)];
    let table = parts::table(
        &format!("{} over time", row.name),
        &head,
        [Body::of(moments().skip(all.saturating_sub(MOST_LINES)).map(line))],
    );
    let title = if all > MOST_LINES { format!("The newest {MOST_LINES} numbers") } else { "The numbers".to_owned() };
    vec![el!("h3"; &row.name), drawn, el!("details"; el!("summary"; title), table)].into()
}

/// Where each row stands now; of many, those with the least slack.
fn rows(facts: &Streamed) -> Html {
    if facts.rows.is_empty() {
        return Html::default();
    }
    let mut order: Vec<&StreamedRow> = facts.rows.iter().collect();
    if order.len() > MOST_LINES {
        order.sort_by(|a, b| slack(a).total_cmp(&slack(b)));
    }
    let line = |row: &&StreamedRow| {
        let why = row.skipped.as_ref().map(|why| vec![" ".into(), prose(why)].into());
        vec![
            Html::from(&row.name),
            number(row.pooled),
            sides(row.pooled, row.lower, row.upper).into(),
            whole(row.batches_moved as usize).into(),
            vec![toned(row.verdict, true, row.verdict.word()), why.unwrap_or_default()].into(),
        ]
    };
    let numbers = ["Pooled value", "Allowed", "Batches that it moved"].map(|name| (name, true));
    let head: Vec<(&str, bool)> = [("Row", false)].into_iter().chain(numbers).chain([("Verdict", false)]).collect();
    let bodies = [Body::of(order.iter().take(MOST_LINES).map(line))];
    let table = parts::table("Each row, over all that was answered", &head, bodies);
    section("rows", "Where each row stands", vec![table, more(order.len().saturating_sub(MOST_LINES))])
}

fn more(left: usize) -> Html {
    Html::from(
        (left > 0).then(|| el!("p", "class" = "soft"; format!("The JSON report has {} more.", many(left, "row")))),
    )
}

fn notes(report: &StreamReport<'_>, facts: &Streamed) -> Vec<String> {
    let counted =
        match report.settings.iter().find(|setting| setting.starts_with("window") || setting.starts_with("decay")) {
            Some(memory) => {
                format!("The pooled value is that of the answers that count ({memory}), and not of a batch alone.")
            }
            None => "The pooled value is that of all answers so far together, and not of a batch alone.".to_owned(),
        };
    let mut notes = vec![counted];
    if !facts.over_time.is_empty() {
        notes.push("Of a long stream only every second, fourth, eighth .. batch is shown.".to_owned());
    }
    notes.push("An answer that was given is never changed: later ones make up for it.".to_owned());
    notes
}
