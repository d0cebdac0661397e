//! The picture of a promise: what is allowed, the value and its interval on one line, and where it was before.

use super::build::{Html, el};
use super::chart::{Scale, tenth};
use super::parts::{drawing, label, line};
use crate::report::facts::{Shown, Unit};
use crate::report::number::{apart, fixed};
use crate::report::verdict::Verdict;

const WIDTH: f64 = 320.0;
const LEFT: f64 = 6.0;
const RIGHT: f64 = 314.0;
const LINE: f64 = 30.0;

/// The value of a comparison beside its limits.
pub(super) fn bar(shown: &Shown, verdict: Verdict) -> Html {
    drawn(shown, verdict, None)
}

/// The same with the value before, which `shown` took the place of.
pub(super) fn moved_bar(before: &Shown, shown: &Shown, verdict: Verdict) -> Html {
    drawn(shown, verdict, Some(before.value))
}

fn drawn(shown: &Shown, verdict: Verdict, before: Option<f64>) -> Html {
    let digits = apart(shown.value, [shown.lower, shown.upper].into_iter().flatten());
    let scale = scale(shown, before);
    let (from, to) = (shown.lower.map_or(LEFT, |it| scale.at(it)), shown.upper.map_or(RIGHT, |it| scale.at(it)));
    let side = |at: Option<f64>| at.map(|at| line("limit", (scale.at(at), LINE - 12.0), (scale.at(at), LINE + 12.0)));
    let number = |value: f64| fixed(value, digits);
    let limits = limits(shown, digits);
    let x = scale.at(shown.value);
    let value = number(shown.value);
    let centre = match (shown.lower, shown.upper) {
        (Some(_), None) => from,
        (None, Some(_)) => to,
        _ => (from + to) / 2.0,
    };
    let whisker = shown.interval.map(|it| line("whisker", (scale.at(it.lower), LINE), (scale.at(it.upper), LINE)));
    let interval = shown.interval.map(|it| format!(", 95% interval {} to {}", number(it.lower), number(it.upper)));
    let values = match before {
        Some(before) => format!("{} before, {value} after", number(before)),
        None => value.clone(),
    };
    let words = format!("{}: {values}{}; {limits}", shown.who, interval.unwrap_or_default());
    let (width, height) = (tenth((to - from).max(1.0)), 20);
    let inside = vec![
        el!("rect", "class" = "band", "x" = from, "y" = LINE - 10.0, "width" = width, "height" = height),
        line("axis", (LEFT, LINE), (RIGHT, LINE)),
        side(shown.lower).into(),
        side(shown.upper).into(),
        whisker.into(),
        before.map(|before| was(scale.at(before), x)).into(),
        mark(verdict, (x, LINE)),
        label("label", (within(x, &value), 13.0), "middle", value.as_str()),
        label("", (within(centre, &limits), 57.0), "middle", limits.as_str()),
    ];
    drawing(WIDTH, 64.0, &words, inside)
}

/// All that is drawn, with some air around it.
fn scale(shown: &Shown, before: Option<f64>) -> Scale {
    let ends = shown.interval.map(|it| [it.lower, it.upper]).into_iter().flatten();
    // Where nothing differs.
    let rest = match shown.unit {
        Unit::Difference => Some(0.0),
        Unit::Ratio => Some(1.0),
        Unit::Mean | Unit::Value => None,
    };
    let all = [Some(shown.value), before, shown.lower, shown.upper, rest].into_iter().flatten().chain(ends);
    let all = all.filter(|number| number.is_finite());
    let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), it| (low.min(it), high.max(it)));
    let air = (0.1 * (high - low)).max(1e-6 * high.abs()).max(1e-9);
    Scale::new((low - air, high + air), (LEFT, RIGHT))
}

fn limits(shown: &Shown, digits: usize) -> String {
    match (shown.lower, shown.upper) {
        (Some(lower), Some(upper)) if lower == upper => format!("exactly {}", shown.allowed(digits)),
        (Some(_), Some(_)) => format!("allowed {}", shown.allowed(digits)),
        (Some(_), None) | (None, Some(_)) => shown.allowed(digits),
        (None, None) => String::new(),
    }
}

/// Text stays within the picture.
fn within(at: f64, text: &str) -> f64 {
    let half = 3.6 * text.chars().count() as f64;
    tenth(at.min(RIGHT - half).max(LEFT + half))
}

/// Where the value was, and the way from there.
fn was(before: f64, after: f64) -> Html {
    vec![
        line("path", (before, LINE), (after, LINE)),
        el!("circle", "class" = "was", "cx" = before, "cy" = LINE, "r" = 4.5),
    ]
    .into()
}

/// A square where the promise is violated, a circle elsewhere.
fn mark(verdict: Verdict, (x, y): (f64, f64)) -> Html {
    match verdict {
        Verdict::Violated => {
            el!("rect", "class" = "wrong", "x" = tenth(x - 5.0), "y" = tenth(y - 5.0), "width" = 10, "height" = 10)
        }
        Verdict::Held | Verdict::NotChecked | Verdict::NotApplicable => {
            el!("circle", "class" = "dot", "cx" = x, "cy" = y, "r" = 5)
        }
    }
}
