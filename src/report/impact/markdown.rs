//! The tables as Markdown.

use super::{CategoryTable, Impact, NOBODY, cells, heads};
use crate::report::markdown::{row, text};

/// All tables, and what they mean.
pub fn markdown(impact: &Impact) -> String {
    let title = impact.title.as_deref().unwrap_or("Selection rates and impact ratios");
    let date = impact.date.iter().map(|date| format!(", {}", text(date))).collect::<String>();
    let mut out = format!("# {}\n\n{}{date}: **{}**\n", text(title), text(&impact.data), impact.headline());
    for table in &impact.tables {
        out.push_str(&one(impact, table));
    }
    out.push_str("\n## How to read this\n\n");
    impact.notes().iter().for_each(|note| out.push_str(&format!("- {}\n", text(note))));
    out.extend(impact.verdict().map(|verdict| format!("\n**{}**\n", text(&verdict))));
    out
}

fn one(impact: &Impact, table: &CategoryTable) -> String {
    let head = heads(table);
    let rule = head.iter().enumerate().map(|(place, _)| {
        let is_number = place >= table.columns.len() && place + 1 < head.len();
        if is_number { "---:" } else { "---" }.to_owned()
    });
    let mut out = format!("\n## By {}\n\n", text(&table.name()));
    out.push_str(&row(head.iter().map(|name| text(name))));
    out.push_str(&row(rule));
    for category in &table.categories {
        out.push_str(&row(cells(category, impact.min_share).iter().map(|cell| text(cell))));
    }
    out.extend(table.unknown_words().map(|words| format!("\n{words}.\n")));
    out.extend(table.small_highest_words().map(|words| format!("\n{}\n", text(&words))));
    if table.categories.is_empty() {
        out.push_str(&format!("\n{NOBODY}\n"));
    }
    out
}
