//! Each constraint as written, with its numbers.

use super::build::{Html, each, el};
use super::parts::{self, capital, code, interval, number, number_cell, promised, prose, row_head, toned};
use crate::report::facts::{Facts, Promise, RowFacts};
use crate::report::number::{plain, sides};
use crate::report::row::GroupJson;
use crate::report::summary::verdict_note;

/// Of more rows the worst are shown, and the others on request.
const MOST: usize = 12;

pub(super) fn section(facts: &Facts) -> Html {
    let none = "The spec has no constraints; it bounds predictions one by one.";
    let none = facts.promises.is_empty().then(|| el!("p"; none));
    let articles = each(&facts.promises, |promise| article(facts, promise));
    parts::section("constraints", "Constraints", vec![none.into(), articles])
}

fn article(facts: &Facts, promise: &Promise) -> Html {
    let rows: Vec<&RowFacts> = promise.rows.iter().filter_map(|&index| facts.rows.get(index)).collect();
    let mut worst = rows.clone();
    let more = rows.len() > MOST;
    if more {
        let room = |row: &RowFacts| row.room.unwrap_or(f64::INFINITY);
        worst.sort_by(|a, b| room(a).total_cmp(&room(b)));
        worst.truncate(MOST);
    }
    let name = &promise.constraint;
    let shown = table(facts, &worst, &format!("Comparisons of {name}"));
    // On paper the table of all is open, and serves alone.
    let shown = if more { el!("div", "class" = "excerpt"; shown) } else { shown };
    let all = more.then(|| {
        el!("details";
            el!("summary"; format!("All {} comparisons", rows.len())),
            table(facts, &rows, &format!("All comparisons of {name}")),
        )
    });
    el!("article";
        el!("h3"; name, " ", promised(promise)),
        el!("p"; prose(&capital(&promise.words)), "."),
        el!("p", "class" = "soft"; code(&format!("{}:{}", promise.place.file, promise.place.line))),
        el!("pre", "tabindex" = "0"; code(promise.place.source.as_deref().unwrap_or(&promise.text))),
        (!rows.is_empty()).then_some(shown),
        all,
        rows.is_empty().then(|| promise.finding.as_ref().map(|finding| el!("p"; prose(&capital(finding)), "."))).flatten(),
        (!promise.each.is_empty()).then(|| {
            let bounds = promise.each.iter().filter_map(|&index| facts.each.get(index));
            parts::bounds(format!("Bounds of {name}"), "Bound", bounds.map(|one| (one.name.as_str(), one)))
        }),
        (!rows.is_empty()).then(|| {
            el!("details"; el!("summary"; "The groups behind these numbers"), behind(&rows, name))
        }),
    )
}

fn table(facts: &Facts, rows: &[&RowFacts], caption: &str) -> Html {
    let resampled = facts.bootstrap.is_some();
    let soft = rows.iter().any(|row| row.soft).then_some(" (soft: they may give way)");
    let mut head: Vec<(Html, bool)> = vec![("Comparison".into(), false), ("Value".into(), true)];
    head.extend(resampled.then(|| ("95% interval".into(), true)));
    head.extend([("Limit".into(), true), ("Room".into(), true), ("Verdict".into(), false)]);
    let (head, numbers): (Vec<Html>, Vec<bool>) = head.into_iter().unzip();
    let row = |row: &&RowFacts| {
        el!("tr";
            row_head(&row.row.name),
            number_cell(number(row.row.before)),
            resampled.then(|| number_cell(interval(row.interval))),
            number_cell(sides(row.row.before, row.row.lower, row.row.upper)),
            number_cell(number(row.room)),
            el!("td"; toned(row.verdict, row.settled != Some(false), &verdict_note(row))),
        )
    };
    parts::table(vec![Html::from(caption), soft.into()].into(), head, &numbers, vec![el!("tbody"; each(rows, row))])
}

/// The means that each comparison adds up.
fn behind(rows: &[&RowFacts], name: &str) -> Html {
    let caption = format!("What each comparison of {name} adds up: factor times mean or sum");
    let head = ["Comparison", "Factor", "Of", "Over", "Samples", "Mean or sum"].map(Html::from).to_vec();
    let line = |row: &RowFacts, index: usize, group: &GroupJson| {
        let own = || el!("th", "scope" = "rowgroup", "class" = "wrap", "rowspan" = row.row.groups.len(); &row.row.name);
        el!("tr";
            (index == 0).then(own),
            number_cell(group.coefficient.map_or_else(|| "of the data".to_owned(), plain)),
            el!("td"; format!("{} of ", group.aggregate), code(&group.of)),
            el!("td"; code(&group.event)),
            number_cell(group.samples),
            number_cell(number(Some(group.mean))),
        )
    };
    let body = |row: &&RowFacts| el!("tbody"; each(row.row.groups.iter().enumerate(), |(index, group)| line(row, index, group)));
    let compared = rows.iter().filter(|row| !row.row.groups.is_empty());
    let numbers = [false, true, false, false, true, true];
    parts::table(caption.into(), head, &numbers, compared.map(body).collect())
}
