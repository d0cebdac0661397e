//! Each constraint as written, with its comparisons.

use super::build::{Html, each, el};
use super::parts::{
    self, Body, between, capital, certainty, code, count, marked, number, promised, prose, rounded, toned,
};
use crate::report::facts::{Facts, Promise, RowFacts, Shown, Unit};
use crate::report::number::{apart, many, plain, whole};
use crate::report::row::GroupJson;

/// Of more rows the worst are shown, and the others on request.
const MOST: usize = 12;

pub(super) fn section(facts: &Facts) -> Html {
    let none = "The spec has no constraint: it promises no group anything, and nothing was compared.";
    let none = facts.promises.is_empty().then(|| el!("p"; none));
    let articles = each(&facts.promises, |promise| article(facts, promise));
    parts::section("constraints", "Constraints", vec![none.into(), articles])
}

fn article(facts: &Facts, promise: &Promise) -> Html {
    let rows: Vec<&RowFacts> = promise.rows.iter().filter_map(|&index| facts.rows.get(index)).collect();
    let made: Vec<(&RowFacts, &Shown)> = rows.iter().filter_map(|row| Some((*row, row.shown.as_ref()?))).collect();
    let mut shown: Vec<(&RowFacts, &Shown)> = made.iter().filter(|(_, shown)| !shown.mirrored).copied().collect();
    let mirrored = made.len() - shown.len();
    let missing: Vec<&RowFacts> = rows.iter().filter(|row| row.shown.is_none()).copied().collect();
    let name = &promise.constraint;
    let more = shown.len() > MOST;
    let all = more.then(|| {
        el!("details";
            el!("summary"; format!("All {} comparisons", whole(shown.len()))),
            table(facts, &shown, &format!("All comparisons of {name}")),
        )
    });
    if more {
        let slack = |row: &(&RowFacts, &Shown)| row.1.slack.unwrap_or(f64::INFINITY);
        shown.sort_by(|a, b| slack(a).total_cmp(&slack(b)));
        shown.truncate(MOST);
    }
    let caption =
        if more { format!("The {MOST} worst comparisons of {name}") } else { format!("Comparisons of {name}") };
    let told = (!shown.is_empty()).then(|| table(facts, &shown, &caption));
    // On paper the table of all is open, and serves alone.
    let told = if more { el!("div", "class" = "excerpt"; told) } else { told.into() };
    let folded = (mirrored > 0).then(|| {
        let (pairs, all) = (whole(made.len() - mirrored), many(made.len(), "comparison"));
        let words = format!("Each pair is shown once, in the direction of its lower ratio: {pairs} of {all}.");
        el!("p", "class" = "soft"; words)
    });
    el!("article";
        el!("h3"; name, " ", promised(promise)),
        el!("p"; prose(&capital(&promise.sentence)), "."),
        el!("p", "class" = "soft"; code(&format!("{}:{}", promise.place.file, promise.place.line))),
        el!("pre", "tabindex" = "0", "role" = "region", "aria-label" = format!("Source of {name}");
            code(promise.place.source.as_deref().unwrap_or(&promise.text))),
        told,
        folded,
        all,
        not_made(&missing),
        (shown.is_empty() && missing.is_empty()).then(|| {
            promise.finding.as_ref().map(|finding| el!("p"; prose(&capital(finding)), "."))
        }).flatten(),
        (!promise.each.is_empty()).then(|| {
            let bounds = promise.each.iter().filter_map(|&index| facts.each.get(index));
            parts::bounds(&format!("Bounds of {name}"), "Bound", bounds.map(|one| (one.name.as_str(), one)))
        }),
        (!shown.is_empty()).then(|| {
            let rows: Vec<&RowFacts> = shown.iter().map(|(row, _)| *row).collect();
            el!("details"; el!("summary"; "The groups behind these numbers"), behind(&rows, name))
        }),
    )
}

/// The comparisons that could not be made, by reason.
fn not_made(rows: &[&RowFacts]) -> Html {
    if rows.is_empty() {
        return Html::default();
    }
    let line = |row: &&RowFacts| el!("li"; &row.row.name, ": ", prose(row.row.skipped.as_deref().unwrap_or_default()));
    el!("details";
        el!("summary"; format!("{} not made", many(rows.len(), "comparison"))),
        el!("ul"; each(rows, line)),
    )
}

fn table(facts: &Facts, rows: &[(&RowFacts, &Shown)], caption: &str) -> Html {
    let resampled = facts.bootstrap.is_some();
    let soft = rows.iter().any(|(row, _)| row.soft);
    let caption = if soft { format!("{caption} (soft: they may give way)") } else { caption.to_owned() };
    let mut head = vec![("Comparison", false), ("Value", true)];
    head.extend(resampled.then_some(("95% interval", true)));
    head.extend([("Allowed", true), ("Slack", true), ("Verdict", false)]);
    let line = |(row, shown): &(&RowFacts, &Shown)| {
        let digits = apart(shown.value, [shown.lower, shown.upper].into_iter().flatten());
        let mut cells = vec![Html::from(&shown.who), rounded(Some(shown.value), digits)];
        cells.extend(resampled.then(|| between(shown.interval, digits)));
        cells.push(shown.allowed(digits).into());
        cells.push(rounded(shown.slack, digits));
        cells.push(
            vec![
                toned(row.verdict, row.settled != Some(false), row.verdict.word()),
                " ".into(),
                certainty(row.settled),
                row.few().map(|few| vec![" ".into(), marked(&[few.as_str()])]).map(Html::from).into(),
            ]
            .into(),
        );
        cells
    };
    parts::table(&caption, &head, [Body::of(rows.iter().map(line))])
}

/// The means of each comparison: those that it adds up, or whose ratio it is.
fn behind(rows: &[&RowFacts], name: &str) -> Html {
    let ratios = rows
        .iter()
        .all(|row| row.shown.as_ref().is_some_and(|shown| shown.unit == Unit::Ratio && !shown.groups.is_empty()));
    let caption = match ratios {
        true => format!("The means whose ratio each comparison of {name} is, as its name says"),
        false => format!("What each comparison of {name} adds up: factor times mean or sum"),
    };
    let mut head = vec![("Over", false), ("Of", false)];
    head.extend((!ratios).then_some(("Factor", true)));
    head.extend([("Samples", true), (if ratios { "Mean" } else { "Mean or sum" }, true)]);
    let line = |group: &GroupJson| {
        let factor = || group.coefficient.map_or_else(|| "of the data".to_owned(), plain).into();
        let mut cells =
            vec![code(&group.event), vec![format!("{} of ", group.aggregate).into(), code(&group.of)].into()];
        cells.extend((!ratios).then(factor));
        cells.extend([count(group.samples), number(Some(group.mean))]);
        cells
    };
    let body = |row: &&RowFacts| Body {
        title: Some(Html::from(row.shown.as_ref().map_or(&row.row.name, |shown| &shown.who))),
        lines: row.row.groups.iter().map(line).collect(),
    };
    let compared = rows.iter().filter(|row| !row.row.groups.is_empty());
    parts::table(&caption, &head, compared.map(body))
}
