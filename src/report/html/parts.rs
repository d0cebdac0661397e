//! Pieces that all sections use.

use maud::{Markup, html};

use crate::report::facts::{Interval, RowVerdict};
use crate::report::number::short;

/// A number for people, with all of its digits for programs.
pub(super) fn number(value: Option<f64>) -> Markup {
    html! {
        @match value {
            Some(value) => data value=(value) { (short(value)) },
            None => span class="soft" { "–" },
        }
    }
}

pub(super) fn interval(interval: Option<Interval>) -> Markup {
    html! {
        @match interval {
            Some(Interval { lower, upper }) => { (number(Some(lower))) " .. " (number(Some(upper))) },
            None => span class="soft" { "–" },
        }
    }
}

pub(super) fn percent(share: f64) -> Markup {
    html! { data value=(share) { (format!("{:.1}%", 100.0 * share)) } }
}

/// A verdict: told by word and sign, not by colour alone.
pub(super) fn badge(verdict: RowVerdict, words: &str) -> Markup {
    let (tone, sign) = match verdict {
        RowVerdict::Held => ("good", "✓ "),
        RowVerdict::Violated => ("bad", "✗ "),
        RowVerdict::Skipped | RowVerdict::LeftOut => ("warn", "○ "),
    };
    html! { span class={ "badge " (tone) } { span aria-hidden="true" { (sign) } (words) } }
}

pub(super) fn mark(words: &str) -> Markup {
    html! { span class="badge warn" { (words) } " " }
}

/// Text with code in backticks.
pub(super) fn prose(text: &str) -> Markup {
    html! {
        @for (index, piece) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (piece) } } @else { (piece) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_code_is_marked() {
        assert_eq!(prose("a `b<c` & d").into_string(), "a <code>b&lt;c</code> &amp; d");
    }
}
