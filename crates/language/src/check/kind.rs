//! What is said of parameters and arguments: kinds, limits and ways out in words.

use crate::interval::Interval;
use crate::program::text::name as written;
use crate::span::Span;
use crate::syntax::ast::{self, Accepts};
use crate::words::listed;

use super::MOST_LISTED;

/// A label that is passed for one with the levels 0 and 1, brought to them.
pub(super) fn label_hint(name: &str, what: &str, numbers: Option<&[f64]>, wanted: &[ast::Level]) -> Option<String> {
    let wanted_numbers: Option<Vec<f64>> = wanted.iter().map(|level| level.number).collect();
    let binary = wanted_numbers.is_some_and(|mut numbers| {
        numbers.sort_by(f64::total_cmp);
        numbers == [0.0, 1.0]
    });
    let mut numbers = numbers.unwrap_or_default().to_vec();
    numbers.sort_by(f64::total_cmp);
    if let ([low, high], true) = (numbers.as_slice(), binary) {
        let shifted = match *low {
            0.0 => name.to_string(),
            low if low < 0.0 => format!("{name} + {}", -low),
            low => format!("{name} - {low}"),
        };
        let width = high - low;
        let passed = match (width == 1.0, *low == 0.0) {
            (true, _) => shifted,
            (false, true) => format!("{shifted} / {width}"),
            (false, false) => format!("({shifted}) / {width}"),
        };
        return Some(format!("pass `{passed}`, which is 0 for {low} and 1 for {high}"));
    }
    let texts: Vec<&str> = wanted.iter().map(|level| level.text.as_str()).collect();
    Some(format!("code it so in the data, and declare `{what} {name}: {{{}}}`", texts.join(", ")))
}

/// Whether a range lies between the least and the greatest of the levels, which are numbers.
pub(super) fn within_levels(range: Interval, wanted: &[ast::Level]) -> bool {
    let numbers: Option<Vec<f64>> = wanted.iter().map(|level| level.number).collect();
    numbers.is_some_and(|numbers| {
        let hull = Interval::hull(numbers);
        hull.lower <= range.lower && range.upper <= hull.upper && range.lower.is_finite() && range.upper.is_finite()
    })
}

pub(super) fn expected_category(levels: Option<&[ast::Level]>, label: bool) -> String {
    let what = if label { "a label" } else { "a categorical column, a label or a group" };
    match levels {
        None => what.to_string(),
        Some(levels) => {
            format!("{what} with the levels {}", listed(levels.iter().map(|level| &level.text), MOST_LISTED))
        }
    }
}

/// Written as an event: a comparison or several.
pub(super) fn is_event(expr: &ast::Expr) -> bool {
    match &expr.bare().kind {
        ast::ExprKind::Compare(..)
        | ast::ExprKind::In { .. }
        | ast::ExprKind::And(_)
        | ast::ExprKind::Or(_)
        | ast::ExprKind::Not(_) => true,
        ast::ExprKind::Number { .. }
        | ast::ExprKind::Name(_)
        | ast::ExprKind::Paren(_)
        | ast::ExprKind::Negate(_)
        | ast::ExprKind::Sum(..)
        | ast::ExprKind::Product(..)
        | ast::ExprKind::Power(..)
        | ast::ExprKind::PlusMinus(..)
        | ast::ExprKind::Abs(_)
        | ast::ExprKind::Call { .. }
        | ast::ExprKind::Index { .. }
        | ast::ExprKind::Aggregate(_)
        | ast::ExprKind::Indicator(_)
        | ast::ExprKind::Fold(_)
        | ast::ExprKind::Error => false,
    }
}

/// What an expression is, in words.
pub(super) fn words(expr: &ast::Expr) -> &'static str {
    match &expr.kind {
        ast::ExprKind::Number { .. } => "a number",
        ast::ExprKind::Aggregate(_) => "one value for the whole batch",
        _ if is_event(expr) => "an event",
        _ => "an expression",
    }
}

/// `[0, 1]`, ` in [0, 1]` of a type.
pub(super) fn interval(range: Interval) -> String {
    format!("[{}, {}]", range.lower, range.upper)
}

pub(super) fn in_range(range: Interval) -> String {
    if range == Interval::ALL { String::new() } else { format!(" in {}", interval(range)) }
}

/// `in [0, 1]`, `at least 0`, `above 0`.
pub(super) fn in_words(limits: &ast::Limits) -> String {
    match (limits.lower.is_finite(), limits.upper.is_finite(), limits.open) {
        (true, false, false) => format!("at least {}", limits.lower),
        (true, false, true) => format!("above {}", limits.lower),
        (false, true, false) => format!("at most {}", limits.upper),
        (false, true, true) => format!("below {}", limits.upper),
        (true, true, _) | (false, false, _) => format!("in [{}, {}]", limits.lower, limits.upper),
    }
}

/// The declaration of a prediction that satisfies the limits.
pub(super) fn prediction_within(name: &str, limits: &ast::Limits) -> String {
    let end = |value: f64, other: f64| if value.is_finite() { value } else { other };
    let lower = end(limits.lower, if limits.upper.is_finite() { limits.upper - 1.0 } else { 0.0 });
    let upper = end(limits.upper, lower + 1.0);
    format!("predict {}: real in [{lower}, {upper}]", written(name))
}

/// The whole of two spans' texts needs the spans in order.
pub(super) fn ordered(a: Span, b: Span) -> (Span, Span) {
    if (a.start, a.end) <= (b.start, b.end) { (a, b) } else { (b, a) }
}

/// What a parameter of a kind is, in words.
pub(super) fn open_kind(kind: &Accepts) -> &'static str {
    match kind {
        Accepts::Group(_) => "a group",
        Accepts::Label(_) => "a label",
        Accepts::Column => "a column",
        Accepts::Number(_) => "a number",
        Accepts::Event => "an event",
        Accepts::LevelOf(_) => "a level",
    }
}
