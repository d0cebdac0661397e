//! Selection rates and impact ratios as a page.

use super::build::{Html, each, el};
use super::document;
use super::parts::{self, Body, capital, code, marked, prose, section};
use crate::report::impact::{Category, CategoryTable, Impact, Mark, cells, heads};

/// The page.
pub fn impact_page(impact: &Impact) -> String {
    let title = impact.title.clone().unwrap_or_else(|| "Selection rates and impact ratios".to_owned());
    let date = impact.date.iter().map(|date| format!(", {date}")).collect::<String>();
    let body = el!("body";
        el!("header";
            el!("h1"; &title),
            el!("p", "class" = "soft"; "Column ", code(&impact.column), " of ", code(&impact.data), date),
        ),
        el!("main";
            el!("p", "class" = "answer"; capital(&impact.headline()), "."),
            impact.verdict().map(|verdict| el!("p", "class" = tone(impact); capital(&verdict), ".")),
            each(impact.tables.iter().enumerate(), |(place, table)| one(impact, place, table)),
            section("reading", "How to read this", vec![
                el!("ul"; each(impact.notes(), |note| el!("li"; el!("p"; prose(&note))))),
            ]),
        ),
        el!("footer"; el!("p", "class" = "soft"; format!("Made by fairc {}.", impact.version))),
    );
    document(&title, impact.version, body)
}

fn tone(impact: &Impact) -> &'static str {
    match impact.reached {
        Some(true) => "answer good",
        Some(false) => "answer bad",
        None => "answer warn",
    }
}

fn one(impact: &Impact, place: usize, table: &CategoryTable) -> Html {
    let head = heads(table);
    let is_number = |at: usize| at >= table.columns.len() && at + 1 < head.len();
    let names: Vec<String> = head.iter().map(|name| capital(name)).collect();
    let head: Vec<(&str, bool)> = names.iter().enumerate().map(|(at, name)| (name.as_str(), is_number(at))).collect();
    let caption = format!("Applicants and selected, by {}", table.name());
    let lines = table.categories.iter().map(|category| line(impact, category));
    let unknown = table.unknown_words().map(|words| el!("p", "class" = "soft"; capital(&words), "."));
    let small = table.small_highest_words().map(|words| el!("p"; words));
    let heading = format!("By {}", table.name());
    let shown = match table.categories.is_empty() {
        true => el!("p"; capital(super::super::impact::NOBODY), "."),
        false => parts::table(&caption, &head, [Body::of(lines)]),
    };
    section(&format!("table-{}", place + 1), &heading, vec![shown, unknown.into(), small.into()])
}

fn line(impact: &Impact, category: &Category) -> Vec<Html> {
    let cells = cells(category, impact.min_share);
    let last = cells.len().saturating_sub(1);
    let careful = match category.mark {
        Mark::BelowFourFifths | Mark::UnderMinShare => true,
        Mark::None | Mark::Highest => category.small,
    };
    let cell = |(at, text): (usize, &String)| match careful && at == last && at > 0 {
        true => marked(&[text.as_str()]),
        false => text.into(),
    };
    cells.iter().enumerate().map(cell).collect()
}
