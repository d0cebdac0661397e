//! The first screen: the verdict in words, a line and a bar for each promise, and what was not checked.

use super::build::{Html, each, el};
use super::chart::{Scale, tenth};
use super::parts::{self, capital, certainty, drawing, label, line, prose, section};
use crate::report::facts::{Facts, Promise, Shown, Unit};
use crate::report::number::{apart, fixed, whole};
use crate::report::summary::{headline, outside};
use crate::report::verdict::Verdict;

/// What was promised, whether it holds, for whom, by how much.
pub(super) fn summary(facts: &Facts) -> Html {
    let (tone, sign) = match facts.verdict {
        Verdict::Held if everything_checked(facts) => ("answer good", "✓ "),
        Verdict::Held => ("answer warn", "✓ "),
        Verdict::Violated => ("answer bad", "✗ "),
        Verdict::NotChecked | Verdict::NotApplicable => ("answer warn", "○ "),
    };
    let lines = outside(facts);
    section(
        "summary",
        "Summary",
        vec![
            el!("p", "class" = tone; el!("span", "aria-hidden" = "true"; sign), headline(facts), "."),
            el!("ul", "class" = "promises"; each(&facts.promises, |promise| promised(facts, promise))),
            Html::from(
                (!lines.is_empty()).then(|| el!("ul"; each(lines, |line| el!("li"; prose(&capital(&line)), ".")))),
            ),
            el!("div", "class" = "unchecked";
                el!("h3", "id" = "unchecked"; "Not checked"),
                el!("ul"; each(&facts.unchecked, |line| el!("li"; prose(&capital(line)), "."))),
            ),
        ],
    )
}

/// Whether green is right: all comparisons were made, for the slices too, no promise was left out, and the data settle them.
fn everything_checked(facts: &Facts) -> bool {
    let slices = facts.group_by.iter().flat_map(|slices| &slices.values);
    let settled = facts.promises.iter().all(|promise| promise.settled != Some(false));
    settled && facts.comparisons.not_made == 0 && slices.map(|slice| slice.comparisons.not_made).sum::<usize>() == 0
}

fn promised(facts: &Facts, promise: &Promise) -> Html {
    let worst = promise.worst.and_then(|index| facts.rows.get(index));
    let shown = worst.and_then(|row| row.shown.as_ref());
    let made =
        promise.rows.iter().filter(|&&index| facts.rows.get(index).is_some_and(|row| row.shown.is_some())).count();
    let missing = match promise.comparisons.not_made {
        0 => String::new(),
        count => format!(" ({} not made)", whole(count)),
    };
    let several = (made > 1).then(|| match promise.verdict {
        Verdict::Violated => format!("Worst of {} comparisons{missing}: ", whole(made)),
        _ => format!("Closest of {} comparisons{missing}: ", whole(made)),
    });
    let finding = |sentence: &str| {
        let text = if several.is_some() { sentence.to_owned() } else { capital(sentence) };
        el!("p", "class" = "finding"; several.as_ref(), prose(&text), ". ", certainty(worst.and_then(|row| row.settled)))
    };
    let sentence = shown.map(|shown| shown.sentence.as_str()).or(promise.finding.as_deref());
    el!("li";
        el!("div", "class" = "told";
            el!("p"; parts::promised(promise), " ", el!("span", "class" = "name"; &promise.constraint)),
            el!("p"; prose(&capital(&promise.sentence)), "."),
            sentence.map(finding),
        ),
        shown.map(|shown| bar(shown, promise.verdict)),
    )
}

const WIDTH: f64 = 320.0;
const LEFT: f64 = 6.0;
const RIGHT: f64 = 314.0;
const LINE: f64 = 30.0;

/// What is allowed, the value and its interval, on one line.
fn bar(shown: &Shown, verdict: Verdict) -> Html {
    let digits = apart(shown.value, [shown.lower, shown.upper].into_iter().flatten());
    let ends = shown.interval.map(|it| [it.lower, it.upper]).into_iter().flatten();
    // Where nothing differs.
    let rest = match shown.unit {
        Unit::Difference => Some(0.0),
        Unit::Ratio => Some(1.0),
        Unit::Mean | Unit::Value => None,
    };
    let all = [Some(shown.value), shown.lower, shown.upper, rest].into_iter().flatten().chain(ends);
    let all = all.filter(|number| number.is_finite());
    let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), it| (low.min(it), high.max(it)));
    let air = (0.1 * (high - low)).max(1e-6 * high.abs()).max(1e-9);
    let scale = Scale::new((low - air, high + air), (LEFT, RIGHT));
    let (from, to) = (shown.lower.map_or(LEFT, |it| scale.at(it)), shown.upper.map_or(RIGHT, |it| scale.at(it)));
    let side = |at: Option<f64>| at.map(|at| line("limit", (scale.at(at), LINE - 12.0), (scale.at(at), LINE + 12.0)));
    let number = |value: f64| fixed(value, digits);
    let limits = match (shown.lower, shown.upper) {
        (Some(lower), Some(upper)) if lower == upper => format!("exactly {}", shown.allowed(digits)),
        (Some(_), Some(_)) => format!("allowed {}", shown.allowed(digits)),
        (Some(_), None) | (None, Some(_)) => shown.allowed(digits),
        (None, None) => String::new(),
    };
    // Text stays within the picture.
    let within = |at: f64, text: &str| {
        let half = 3.6 * text.chars().count() as f64;
        tenth(at.min(RIGHT - half).max(LEFT + half))
    };
    let x = scale.at(shown.value);
    let value = number(shown.value);
    let centre = match (shown.lower, shown.upper) {
        (Some(_), None) => from,
        (None, Some(_)) => to,
        _ => (from + to) / 2.0,
    };
    let whisker = shown.interval.map(|it| line("whisker", (scale.at(it.lower), LINE), (scale.at(it.upper), LINE)));
    let interval = shown.interval.map(|it| format!(", 95% interval {} to {}", number(it.lower), number(it.upper)));
    let words = format!("{}: {value}{}; {limits}", shown.who, interval.unwrap_or_default());
    let drawn = vec![
        el!(
            "rect",
            "class" = "band",
            "x" = from,
            "y" = LINE - 10.0,
            "width" = tenth((to - from).max(1.0)),
            "height" = 20
        ),
        line("axis", (LEFT, LINE), (RIGHT, LINE)),
        side(shown.lower).into(),
        side(shown.upper).into(),
        whisker.into(),
        mark(verdict, (x, LINE)),
        label("label", (within(x, &value), 13.0), "middle", value.as_str()),
        label("", (within(centre, &limits), 57.0), "middle", limits.as_str()),
    ];
    drawing(WIDTH, 64.0, &words, drawn)
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
