//! The facts as one page of HTML that needs nothing else: no network, no script, no font.
//!
//! All text goes through maud, which escapes it. Each number stands in a `<data>` element with all of its digits in
//! `value`, so that the page can be read by a program as well.

mod chart;
mod constraints;
mod groups;
mod parts;
mod timeline;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::facts::Facts;
use super::summary::{headline, outside, read_me, source_of};
use parts::{badge, prose};

const STYLE: &str = include_str!("style.css");

/// The page.
pub fn page(facts: &Facts) -> String {
    let title = format!("Fairness audit: {}", facts.spec);
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content={ "fairc " (facts.version) };
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a class="skip" href="#summary" { "Skip to the summary" }
                header {
                    h1 { (title) }
                    p class="soft" {
                        "Predictions " code { (facts.column) } " of " code { (facts.data.file) } ", "
                        (super::number::counted(facts.n, "sample"))
                        @if let Some(date) = &facts.date { ", " (date) }
                    }
                }
                (contents(facts))
                main {
                    (summary(facts))
                    (groups::section(facts))
                    (groups::distributions(facts))
                    (constraints::section(facts))
                    @if let Some(slices) = &facts.group_by { (timeline::section(facts, slices)) }
                    (reading(facts))
                    (provenance(facts))
                }
                footer { p class="soft" { "Made by fairc " (facts.version) "." } }
            }
        }
    };
    let mut page = markup.into_string();
    page.push('\n');
    page
}

fn contents(facts: &Facts) -> Markup {
    html! {
        nav aria-label="Contents" {
            ul {
                li { a href="#summary" { "Summary" } }
                @if !facts.partitions.is_empty() || !facts.compared.is_empty() { li { a href="#groups" { "Groups" } } }
                @if groups::has_distributions(facts) { li { a href="#scores" { "Score distributions" } } }
                li { a href="#constraints" { "Constraints" } }
                @if let Some(slices) = &facts.group_by { li { a href="#over" { "By " (slices.column) } } }
                li { a href="#reading" { "How to read this" } }
                li { a href="#source" { "Where this comes from" } }
            }
        }
    }
}

/// What was promised, whether it holds, for whom, by how much.
fn summary(facts: &Facts) -> Markup {
    let (tone, sign) = if facts.passed() { ("good", "✓ ") } else { ("bad", "✗ ") };
    let lines = outside(facts);
    html! {
        section aria-labelledby="summary" {
            h2 id="summary" { "Summary" }
            p class={ "answer " (tone) } { span aria-hidden="true" { (sign) } (headline(facts)) "." }
            ul class="promises" {
                @for promise in &facts.promises {
                    li {
                        p { span class="name" { (promise.constraint) } ": " (prose(&promise.words)) ". " (badge(promise.verdict, &promise.verdict_words())) }
                        @if let Some(finding) = &promise.finding {
                            p class="soft" {
                                @if promise.rows.len() > 1 { "Closest or worst of " (promise.rows.len()) ": " }
                                (prose(finding)) "."
                            }
                        }
                    }
                }
            }
            @if !lines.is_empty() {
                ul { @for line in &lines { li { (line) } } }
            }
        }
    }
}

fn reading(facts: &Facts) -> Markup {
    html! {
        section aria-labelledby="reading" {
            h2 id="reading" { "How to read this" }
            ul { @for line in read_me(facts) { li { p { (line) } } } }
        }
    }
}

fn provenance(facts: &Facts) -> Markup {
    html! {
        section aria-labelledby="source" {
            h2 id="source" { "Where this comes from" }
            dl { @for (name, value) in source_of(facts) { dt { (name) } dd { code { (value) } } } }
        }
    }
}
