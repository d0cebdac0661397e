//! Pieces that all sections use.

use super::build::{Html, each, el};
use crate::report::facts::{Interval, Promise};
use crate::report::headline::{Headline, Tone};
use crate::report::number::{apart, fixed, whole};
use crate::report::row_summary::EachJson;
use crate::report::verdict::Verdict;

/// A number for people, with all of its digits for programs.
pub(super) fn number(value: Option<f64>) -> Html {
    let digits = value.map_or(0, |value| apart(value, []));
    rounded(value, digits)
}

/// The same with so many decimals.
pub(super) fn rounded(value: Option<f64>, digits: usize) -> Html {
    match value {
        Some(value) => el!("data", "value" = value; fixed(value, digits)),
        None => el!("span", "class" = "soft"; "–"),
    }
}

pub(super) fn interval(interval: Option<Interval>) -> Html {
    let digits = interval.map_or(0, |it| apart(it.lower, []).max(apart(it.upper, [])));
    between(interval, digits)
}

pub(super) fn between(interval: Option<Interval>, digits: usize) -> Html {
    match interval {
        Some(Interval { lower, upper }) => {
            el!("span"; rounded(Some(lower), digits), " to ", rounded(Some(upper), digits))
        }
        None => number(None),
    }
}

/// A count, thousands apart.
pub(super) fn count(count: usize) -> Html {
    whole(count).into()
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
    el!("span", "class" = tone; el!("span", "aria-hidden" = "true"; sign), prose(words))
}

/// The answer of a page, in the colour that it has everywhere.
pub(super) fn answer(headline: &Headline, words: &str) -> Html {
    let tone = match headline.tone() {
        Tone::Good => "answer good",
        Tone::Careful => "answer warn",
        Tone::Bad => "answer bad",
    };
    let sign = match headline.verdict {
        Verdict::Held => "✓ ",
        Verdict::Violated => "✗ ",
        Verdict::NotChecked | Verdict::NotApplicable => "○ ",
    };
    el!("p", "class" = tone; el!("span", "aria-hidden" = "true"; sign), prose(words), ".")
}

/// The verdict on a promise: green only where all of it was checked and the data settle it.
pub(super) fn promised(promise: &Promise) -> Html {
    let certain = promise.comparisons.not_made == 0 && promise.settled != Some(false);
    toned(promise.verdict, certain, &promise.verdict_words())
}

/// A promise on the first screen: its verdict and name, its words, what was found, and a picture.
pub(super) fn promise_line(verdict: Html, name: &str, sentence: &str, found: Html, picture: Option<Html>) -> Html {
    el!("li";
        el!("div", "class" = "told";
            el!("p"; verdict, " ", el!("span", "class" = "name"; name)),
            el!("p"; prose(&capital(sentence)), "."),
            found,
        ),
        picture,
    )
}

/// Whether the data settle a verdict.
pub(super) fn certainty(settled: Option<bool>) -> Html {
    match settled {
        Some(true) => el!("span", "class" = "badge plain"; "clear"),
        Some(false) => el!("span", "class" = "badge warn"; "inconclusive"),
        None => Html::default(),
    }
}

/// Words of care.
pub(super) fn marked(words: &[&str]) -> Html {
    each(words, |words| vec![el!("span", "class" = "badge warn"; *words), " ".into()].into())
}

/// Text with code in backticks.
pub(super) fn prose(text: &str) -> Html {
    each(text.split('`').enumerate(), |(index, piece)| if index % 2 == 1 { code(piece) } else { piece.into() })
}

/// Lines of a table under a heading of their own, where they have one. The first cell of a line is its head.
#[derive(Default)]
pub(super) struct Body {
    pub title: Option<Html>,
    pub lines: Vec<Vec<Html>>,
}

impl Body {
    pub fn of(lines: impl IntoIterator<Item = Vec<Html>>) -> Body {
        Body { title: None, lines: lines.into_iter().collect() }
    }
}

/// A table that can be scrolled sideways by itself, also by keyboard; on a narrow page each line is a card. `head` has the
/// names of the columns, and whether they hold numbers.
pub(super) fn table(caption: &str, head: &[(&str, bool)], bodies: impl IntoIterator<Item = Body>) -> Html {
    let name = |(text, is_number): &(&str, bool)| el!("th", "scope" = "col", "role" = "columnheader", "class" = if *is_number { "number" } else { "" }; *text);
    let cell = |(index, inside): (usize, Html)| {
        let (text, is_number) = head.get(index).copied().unwrap_or_default();
        match index {
            0 => el!("th", "scope" = "row", "role" = "rowheader", "class" = "wrap"; inside),
            _ => {
                el!("td", "role" = "cell", "data-label" = text, "class" = if is_number { "number" } else { "" }; inside)
            }
        }
    };
    let body = |body: Body| {
        let title = body.title.map(|title| {
            let head =
                el!("th", "scope" = "rowgroup", "role" = "rowheader", "class" = "part", "colspan" = head.len(); title);
            el!("tr", "role" = "row"; head)
        });
        let lines = each(body.lines, |line| el!("tr", "role" = "row"; each(line.into_iter().enumerate(), cell)));
        el!("tbody", "role" = "rowgroup"; title, lines)
    };
    scrolled(
        caption,
        el!("table", "role" = "table";
            el!("caption"; caption),
            el!("thead", "role" = "rowgroup"; el!("tr", "role" = "row"; each(head, name))),
            each(bodies, body),
        ),
    )
}

/// What may be wider than the page: it scrolls by itself, and by keyboard.
pub(super) fn scrolled(name: &str, inside: Html) -> Html {
    el!("div", "class" = "scroll", "tabindex" = "0", "role" = "region", "aria-label" = name; inside)
}

/// Bounds of single predictions: what each line is called, and the bound.
pub(super) fn bounds<'a>(caption: &str, head: &str, lines: impl Iterator<Item = (&'a str, &'a EachJson)>) -> Html {
    let line = |(name, one): (&str, &EachJson)| {
        let mut cells = vec![name.into()];
        cells.extend(one.numbers().map(Html::from));
        cells.push(toned(one.verdict, one.skipped.is_none(), &one.note()));
        cells
    };
    let head = [(head, false), ("Predictions", true), ("Outside", true), ("By at most", true), ("Verdict", false)];
    table(caption, &head, [Body::of(lines.map(line))])
}

/// `<section>` under its heading.
pub(super) fn section(id: &str, heading: impl Into<Html>, inside: Vec<Html>) -> Html {
    el!("section", "aria-labelledby" = id; el!("h2", "id" = id; heading.into()), inside)
}

/// A chart at its size, with its words for those who do not see it.
pub(super) fn drawing(width: f64, height: f64, words: &str, inside: Vec<Html>) -> Html {
    let frame = format!("0 0 {width} {height}");
    el!("svg", "viewBox" = frame, "width" = width, "height" = height, "role" = "img", "aria-label" = words; el!("title"; words), inside)
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
