//! The facts as one page of HTML that needs nothing else: no network, no script, no font.
//!
//! Text is escaped wherever it becomes markup (`build`). Each number stands in a `<data>` element with all of its digits
//! in `value`, so that the page can be read by a program as well.

mod build;
mod chart;
mod constraints;
mod decide;
mod groups;
mod histogram;
mod impact;
mod parts;
mod timeline;

use super::facts::{Facts, Promise};
use super::summary::{headline, outside, read_me, source_of};
use super::verdict::Verdict;
use crate::language::words::counted;
use build::{Html, each, el};
pub use decide::decide_page;
pub use impact::impact_page;
use parts::{capital, code, prose, section};

const STYLE: &str = include_str!("style.css");

/// The page.
pub fn page(facts: &Facts) -> String {
    let title = format!("Fairness audit: {}", facts.spec);
    let date = facts.date.iter().map(|date| format!(", {date}")).collect::<String>();
    let header = el!("header";
        el!("h1"; &title),
        el!("p", "class" = "soft";
            if facts.decisions { "Decisions " } else { "Predictions " }, code(&facts.column), " of ", code(&facts.data.file),
            format!(", {}{date}", counted(facts.n, "sample")),
        ),
    );
    let body = el!("body";
        el!("a", "class" = "skip", "href" = "#summary"; "Skip to the summary"),
        header,
        contents(facts),
        el!("main";
            summary(facts),
            groups::section(facts),
            histogram::section(facts),
            constraints::section(facts),
            facts.group_by.as_ref().map(|slices| timeline::section(facts, slices)),
            section("reading", "How to read this", vec![
                el!("ul"; each(read_me(facts), |line| el!("li"; el!("p"; line)))),
            ]),
            section("source", "Where this comes from", vec![
                el!("dl"; each(source_of(facts), |(name, value)| vec![el!("dt"; capital(name)), el!("dd"; code(&value))].into())),
            ]),
        ),
        el!("footer"; el!("p", "class" = "soft"; format!("Made by fairc {}.", facts.version))),
    );
    document(&title, facts.version, body)
}

/// A whole document.
fn document(title: &str, version: &str, body: Html) -> String {
    let head = el!("head";
        el!("meta", "charset" = "utf-8"),
        el!("meta", "name" = "viewport", "content" = "width=device-width, initial-scale=1"),
        el!("meta", "name" = "generator", "content" = format!("fairc {version}")),
        el!("title"; title),
        Html::style(STYLE),
    );
    format!("<!DOCTYPE html>\n{}\n", el!("html", "lang" = "en"; head, body).into_string())
}

fn contents(facts: &Facts) -> Html {
    let link = |id: &str, text: Html| el!("li"; el!("a", "href" = format!("#{id}"); text));
    let groups = !facts.partitions.is_empty() || !facts.compared.is_empty();
    el!("nav", "aria-label" = "Contents"; el!("ul";
        link("summary", "Summary".into()),
        groups.then(|| link("groups", "Groups".into())),
        histogram::any(facts).then(|| link("scores", "Score distributions".into())),
        link("constraints", "Constraints".into()),
        facts.group_by.as_ref().map(|slices| link("over", format!("By {}", slices.column).into())),
        link("reading", "How to read this".into()),
        link("source", "Where this comes from".into()),
    ))
}

/// Whether green is right: all comparisons were made, for the slices too, and no promise was left out.
fn everything_checked(facts: &Facts) -> bool {
    let slices = facts.group_by.iter().flat_map(|slices| &slices.values);
    facts.comparisons.not_made == 0 && slices.map(|slice| slice.comparisons.not_made).sum::<usize>() == 0
}

/// What was promised, whether it holds, for whom, by how much.
fn summary(facts: &Facts) -> Html {
    let (tone, sign) = match facts.verdict {
        Verdict::Held if everything_checked(facts) => ("answer good", "✓ "),
        Verdict::Held => ("answer warn", "✓ "),
        Verdict::Violated => ("answer bad", "✗ "),
        Verdict::NotChecked | Verdict::NotApplicable => ("answer warn", "○ "),
    };
    let lines = outside(facts);
    section(
        "summary",
        "Summary",
        vec![
            el!("p", "class" = tone; el!("span", "aria-hidden" = "true"; sign), headline(facts), "."),
            el!("ul", "class" = "promises"; each(&facts.promises, promised)),
            Html::from((!lines.is_empty()).then(|| el!("ul"; each(lines, |line| el!("li"; capital(&line), "."))))),
        ],
    )
}

fn promised(promise: &Promise) -> Html {
    let several = (promise.rows.len() > 1 && promise.worst.is_some())
        .then(|| format!("Closest or worst of {}: ", promise.rows.len()));
    let finding = |finding: &String| {
        let text = if several.is_some() { finding.clone() } else { capital(finding) };
        el!("p", "class" = "soft"; several.as_ref(), prose(&text), ".")
    };
    el!("li";
        el!("p";
            el!("span", "class" = "name"; &promise.constraint), ": ", prose(&promise.words), ". ",
            parts::promised(promise),
        ),
        promise.finding.as_ref().map(finding),
    )
}
