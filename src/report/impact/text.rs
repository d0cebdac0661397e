//! The tables for people at a terminal.

use super::{Category, CategoryTable, Impact, Mark, NOBODY, cells};
use crate::report::layout::fit;
use crate::report::table::{Align, Paint, Table};

/// All tables, and what they mean.
pub fn text(impact: &Impact, paint: &dyn Paint) -> String {
    let mut out = String::new();
    if let Some(verdict) = impact.verdict() {
        let painted = match impact.reached {
            Some(true) => paint.good(&verdict),
            Some(false) => paint.bad(&verdict),
            None => paint.careful(&verdict),
        };
        out.push_str(&format!("{painted}\n"));
    }
    out.extend(impact.title.iter().map(|title| format!("{}\n", paint.strong(title))));
    out.push_str(&format!("{}: {}\n", impact.data, paint.strong(&impact.headline())));
    for table in &impact.tables {
        out.push_str(&one(impact, table, paint));
    }
    out.push('\n');
    out.push_str(&format!("{}\n", paint.faint(RATES)));
    for note in impact.notes() {
        out.push_str(&format!("{}\n", paint.faint(&note)));
    }
    fit(&out, paint.width())
}

fn one(impact: &Impact, table: &CategoryTable, paint: &dyn Paint) -> String {
    let mut shown = Table::default();
    let heads = ["applicants", "selected", "rate", "ratio", ""].map(str::to_owned);
    shown.cells(table.columns.iter().cloned().chain(heads));
    table.categories.iter().for_each(|category| shown.cells(short_cells(category, impact)));
    table.unknown_words().into_iter().for_each(|words| shown.text(format!("  {words}")));
    table.small_highest_words().into_iter().for_each(|words| shown.text(format!("  {words}")));
    if table.categories.is_empty() {
        shown.text(format!("  {NOBODY}"));
    }
    let mut align = vec![Align::Left; table.columns.len()];
    align.extend([Align::Right; 4]);
    let tone = |_, cell: String| if cell.trim().starts_with(BELOW) { paint.bad(&cell) } else { cell };
    format!("\nby {}\n{}", table.name(), shown.render("  ", paint.width(), &align, tone))
}

/// What the short heads mean.
const RATES: &str = "Rate: the selection rate, the share of the applicants who are selected. Ratio: the impact ratio.";
/// The mark of a ratio below four fifths.
const BELOW: &str = "under 4/5";

/// A line of a table, with marks that leave room for names.
fn short_cells(category: &Category, impact: &Impact) -> Vec<String> {
    let mut cells = cells(category, impact.min_share);
    if let Some(mark) = cells.last_mut() {
        *mark = category.note(match category.mark {
            Mark::BelowFourFifths => BELOW.to_owned(),
            Mark::Highest => "highest".to_owned(),
            Mark::UnderMinShare => format!("under {}", impact.min_share_words()),
            Mark::None => String::new(),
        });
    }
    cells
}
