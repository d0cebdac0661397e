//! The tables for people at a terminal.

use super::{CategoryTable, Impact, Mark, NOBODY, cells, heads};
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
    for note in impact.notes() {
        out.push_str(&format!("{}\n", paint.faint(&note)));
    }
    fit(&out, paint.width())
}

fn one(impact: &Impact, table: &CategoryTable, paint: &dyn Paint) -> String {
    let mut shown = Table::default();
    shown.cells(heads(table));
    table.categories.iter().for_each(|category| shown.cells(cells(category, impact.min_share)));
    table.unknown_words().into_iter().for_each(|words| shown.text(format!("  {words}")));
    if table.categories.is_empty() {
        shown.text(format!("  {NOBODY}"));
    }
    let mut align = vec![Align::Left; table.columns.len()];
    align.extend([Align::Right; 4]);
    let below = Mark::BelowFourFifths.words(impact.min_share);
    let tone = |_, cell: String| if cell == below { paint.bad(&cell) } else { cell };
    format!("\nby {}\n{}", table.name(), shown.render("  ", paint.width(), &align, tone))
}
