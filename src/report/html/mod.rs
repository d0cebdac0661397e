//! The facts as one page of HTML that needs nothing else: no network, no script, no font.
//!
//! Text is escaped wherever it becomes markup (`build`). Each number stands in a `<data>` element with all of its digits
//! in `value`, so that the page can be read by a program as well.

mod bar;
mod build;
mod chart;
mod constraints;
mod course;
mod decide;
mod groups;
mod histogram;
mod impact;
mod parts;
mod price;
mod project;
mod promises;
mod source;
mod stream;
mod timeline;

use super::facts::Facts;
use super::number::whole;
use super::summary::{read_me, source_of, title};
use build::{Html, each, el};
pub use decide::decide_page;
pub use impact::impact_page;
use parts::{capital, code, prose, section};
pub use price::price_page;
pub use project::project_page;
use source::source_section;
pub use stream::stream_page;

const STYLE: &str = include_str!("style.css");

/// The page.
pub fn page(facts: &Facts) -> String {
    let title = title(facts);
    let line = |(name, value): (&str, Html)| vec![el!("dt"; capital(name)), el!("dd"; value)].into();
    let told = facts.about.lines().map(|(name, text)| (name, Html::from(text)));
    let what = if facts.decisions { "decisions" } else { "predictions" };
    let data = vec![code(&facts.column), " of ".into(), code(&facts.data.file)];
    let own = [(what, Html::from(data)), ("samples", whole(facts.n).into())].into_iter();
    let date = facts.date.iter().map(|date| ("date", Html::from(date)));
    let header = el!("header";
        el!("h1"; &title),
        el!("dl", "class" = "head"; each(told.chain(own).chain(date), line)),
    );
    let body = el!("body";
        el!("a", "class" = "skip", "href" = "#summary"; "Skip to the summary"),
        header,
        contents(facts),
        el!("main";
            promises::summary(facts),
            groups::section(facts),
            histogram::section(facts),
            constraints::section(facts),
            facts.group_by.as_ref().map(|slices| timeline::section(facts, slices)),
            section("reading", "How to read this", vec![
                el!("ul"; each(read_me(facts), |line| el!("li"; el!("p"; prose(&line))))),
            ]),
            source_section(source_of(facts)),
        ),
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
        Html::running_head(title),
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
