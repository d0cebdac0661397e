//! Pieces that all sections use.

use super::build::{Html, each, el};
use crate::report::facts::{Interval, Promise};
use crate::report::number::short;
use crate::report::row_summary::EachJson;
use crate::report::verdict::Verdict;

/// A number for people, with all of its digits for programs.
pub(super) fn number(value: Option<f64>) -> Html {
    match value {
        Some(value) => el!("data", "value" = value; short(value)),
        None => el!("span", "class" = "soft"; "–"),
    }
}

pub(super) fn interval(interval: Option<Interval>) -> Html {
    match interval {
        Some(Interval { lower, upper }) => vec![number(Some(lower)), " .. ".into(), number(Some(upper))].into(),
        None => number(None),
    }
}

pub(super) fn percent(share: f64) -> Html {
    el!("data", "value" = share; format!("{:.1}%", 100.0 * share))
}

pub(super) fn code(text: &str) -> Html {
    el!("code"; text)
}

/// A sentence or a heading from words that stand in a line elsewhere: its first letter is large.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A verdict: told by word and sign, not by colour alone. Amber where it is held and not all of it was checked, or the data
/// leave it open.
pub(super) fn toned(verdict: Verdict, certain: bool, words: &str) -> Html {
    let (tone, sign) = match verdict {
        Verdict::Held if certain => ("badge good", "✓ "),
        Verdict::Held => ("badge warn", "✓ "),
        Verdict::Violated => ("badge bad", "✗ "),
        Verdict::NotChecked | Verdict::NotApplicable => ("badge warn", "○ "),
    };
    el!("span", "class" = tone; el!("span", "aria-hidden" = "true"; sign), words)
}

/// The verdict on a promise: green only where all of it was checked.
pub(super) fn promised(promise: &Promise) -> Html {
    toned(promise.verdict, promise.comparisons.not_made == 0, &promise.verdict_words())
}

/// Words of care.
pub(super) fn marked(words: &[&str]) -> Html {
    each(words, |words| vec![el!("span", "class" = "badge warn"; *words), " ".into()].into())
}

/// Text with code in backticks.
pub(super) fn prose(text: &str) -> Html {
    each(text.split('`').enumerate(), |(index, piece)| if index % 2 == 1 { code(piece) } else { piece.into() })
}

/// A table that can be scrolled sideways by itself; `numbers` says which columns hold numbers.
pub(super) fn table(caption: Html, head: Vec<Html>, numbers: &[bool], bodies: Vec<Html>) -> Html {
    let cell = |(index, text): (usize, Html)| match numbers.get(index) {
        Some(true) => el!("th", "scope" = "col", "class" = "number"; text),
        Some(false) | None => el!("th", "scope" = "col"; text),
    };
    el!("div", "class" = "scroll"; el!("table";
        el!("caption"; caption),
        el!("thead"; el!("tr"; each(head.into_iter().enumerate(), cell))),
        bodies,
    ))
}

/// Bounds of single predictions: what each line is called, and the bound.
pub(super) fn bounds<'a>(caption: String, head: &str, lines: impl Iterator<Item = (&'a str, &'a EachJson)>) -> Html {
    let line = |(name, one): (&str, &EachJson)| {
        let numbers = each(one.numbers(), number_cell);
        el!("tr"; row_head(name), numbers, el!("td"; toned(one.verdict, one.skipped.is_none(), &one.note())))
    };
    let head = [head, "Predictions", "Outside", "By at most", "Verdict"].map(Html::from).to_vec();
    table(caption.into(), head, &[false, true, true, true, false], vec![el!("tbody"; each(lines, line))])
}

pub(super) fn number_cell(inside: impl Into<Html>) -> Html {
    el!("td", "class" = "number"; inside.into())
}

pub(super) fn row_head(text: &str) -> Html {
    el!("th", "scope" = "row", "class" = "wrap"; text)
}

/// `<section>` under its heading.
pub(super) fn section(id: &str, heading: impl Into<Html>, inside: Vec<Html>) -> Html {
    el!("section", "aria-labelledby" = id; el!("h2", "id" = id; heading.into()), inside)
}

/// A chart with its words for those who do not see it.
pub(super) fn drawing(width: f64, height: f64, words: &str, inside: Vec<Html>) -> Html {
    let frame = format!("0 0 {width} {height}");
    el!("svg", "viewBox" = frame, "role" = "img", "aria-label" = words; el!("title"; words), inside)
}

/// A line of a chart.
pub(super) fn line(class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) -> Html {
    el!("line", "class" = class, "x1" = x1, "y1" = y1, "x2" = x2, "y2" = y2)
}

/// Text of a chart, with its `text-anchor`.
pub(super) fn label(class: &str, (x, y): (f64, f64), anchor: &str, text: impl Into<Html>) -> Html {
    el!("text", "class" = class, "x" = x, "y" = y, "text-anchor" = anchor; text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_in_prose_is_marked() {
        assert_eq!(prose("a `b<c` & d").into_string(), "a <code>b&lt;c</code> &amp; d");
    }
}
