//! Each constraint as written, with its numbers.

use maud::{Markup, html};

use super::parts::{badge, interval, number, prose};
use crate::report::facts::{Facts, Promise, RowFacts};
use crate::report::number::{limit, plain};
use crate::report::summary::verdict_note;

/// Of more rows the worst are shown, and the others on request.
const MOST: usize = 12;

pub(super) fn section(facts: &Facts) -> Markup {
    html! {
        section aria-labelledby="constraints" {
            h2 id="constraints" { "Constraints" }
            @if facts.promises.is_empty() { p { "The spec compares no groups; it bounds predictions one by one." } }
            @for promise in &facts.promises { (article(facts, promise)) }
        }
    }
}

fn article(facts: &Facts, promise: &Promise) -> Markup {
    let rows: Vec<&RowFacts> = promise.rows.iter().filter_map(|&index| facts.rows.get(index)).collect();
    let mut worst = rows.clone();
    if rows.len() > MOST {
        let room = |row: &RowFacts| row.room.unwrap_or(f64::INFINITY);
        worst.sort_by(|a, b| room(a).total_cmp(&room(b)));
        worst.truncate(MOST);
    }
    let hidden = rows.len() - worst.len();
    let place = &promise.place;
    html! {
        article {
            h3 { (promise.constraint) " " (badge(promise.verdict, &promise.verdict_words())) }
            p { (prose(&promise.words)) "." }
            p class="soft" { code { (place.file) ":" (place.line) } }
            pre tabindex="0" { code { (promise.place.source.as_deref().unwrap_or(&promise.text)) } }
            (table(facts, &worst, &format!("Comparisons of {}", promise.constraint)))
            @if hidden > 0 {
                details {
                    summary { "All " (rows.len()) " comparisons" }
                    (table(facts, &rows, &format!("All comparisons of {}", promise.constraint)))
                }
            }
            details {
                summary { "The groups behind these numbers" }
                (behind(&rows, promise))
            }
        }
    }
}

fn table(facts: &Facts, rows: &[&RowFacts], caption: &str) -> Markup {
    let soft = rows.iter().any(|row| row.soft);
    html! {
        div class="scroll" {
            table {
                caption { (caption) @if soft { " (soft: they may give way)" } }
                thead {
                    tr {
                        th scope="col" { "Comparison" }
                        th scope="col" class="number" { "Value" }
                        @if facts.bootstrap.is_some() { th scope="col" class="number" { "95% interval" } }
                        th scope="col" class="number" { "Limit" }
                        th scope="col" class="number" { "Room" }
                        th scope="col" { "Verdict" }
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            th scope="row" class="wrap" { (row.row.name) }
                            td class="number" { (number(row.row.before)) }
                            @if facts.bootstrap.is_some() { td class="number" { (interval(row.interval)) } }
                            td class="number" { (sides(row)) }
                            td class="number" { (number(row.room)) }
                            td { (badge(row.verdict, &verdict_note(row))) }
                        }
                    }
                }
            }
        }
    }
}

fn sides(row: &RowFacts) -> String {
    if row.row.before.is_none() {
        return "–".to_owned();
    }
    limit(row.row.lower.unwrap_or(f64::NEG_INFINITY), row.row.upper.unwrap_or(f64::INFINITY))
}

/// The means that each comparison adds up.
fn behind(rows: &[&RowFacts], promise: &Promise) -> Markup {
    html! {
        div class="scroll" {
            table {
                caption { "What each comparison of " (promise.constraint) " adds up: factor times mean or sum" }
                thead {
                    tr {
                        th scope="col" { "Comparison" }
                        th scope="col" class="number" { "Factor" }
                        th scope="col" { "Of" }
                        th scope="col" { "Over" }
                        th scope="col" class="number" { "Samples" }
                        th scope="col" class="number" { "Mean or sum" }
                    }
                }
                @for row in rows.iter().filter(|row| !row.row.groups.is_empty()) {
                    tbody {
                        @for (index, group) in row.row.groups.iter().enumerate() {
                            tr {
                                @if index == 0 {
                                    th scope="rowgroup" class="wrap" rowspan=(row.row.groups.len()) { (row.row.name) }
                                }
                                td class="number" { (group.coefficient.map_or_else(|| "of the data".to_owned(), plain)) }
                                td { (group.aggregate) " of " code { (group.of) } }
                                td { code { (group.event) } }
                                td class="number" { data value=(group.samples) { (group.samples) } }
                                td class="number" { (number(Some(group.mean))) }
                            }
                        }
                    }
                }
            }
        }
    }
}
