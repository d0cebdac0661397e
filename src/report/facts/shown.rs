//! A comparison as people read it: who is compared, in the unit of the promise, and in a sentence.

use serde::Serialize;

use super::interval::Interval;
use super::people::label;
use crate::language::program::Aggregate;
use crate::report::number::{apart, finite, fixed, many};
use crate::report::ratio::{Part, Ratio};
use crate::report::row::{GroupJson, RowJson, Written};

/// What the number of a comparison is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// The mean of one group less that of another.
    Difference,
    /// The mean of one group, divided by that of another.
    Ratio,
    /// The mean of one group.
    Mean,
    /// Whatever the row adds up.
    Value,
}

/// A comparison in the unit of its promise.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    pub unit: Unit,
    /// Who is compared: `female and male`, where a ratio is shown `female to male`.
    pub who: String,
    pub value: f64,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
    pub interval: Option<Interval>,
    /// To the nearer limit; below zero where that is missed.
    pub slack: Option<f64>,
    /// `female 0.080 lower than male; allowed 0.020`.
    pub sentence: String,
    /// The groups with their numbers; empty where more is added up than a mean or two.
    pub groups: String,
    /// A ratio of at least 1, of a pair of which another comparison has the lower ratio.
    pub mirrored: bool,
}

impl Shown {
    /// The sentence without the limit.
    pub fn claim(&self) -> &str {
        self.sentence.rsplit_once("; ").map_or(self.sentence.as_str(), |(claim, _)| claim)
    }

    /// The value, with as many digits as tell it from the limits.
    pub fn number(&self) -> String {
        fixed(self.value, apart(self.value, [self.lower, self.upper].into_iter().flatten()))
    }

    /// The limits for a table: `-0.020 to 0.020`, `at least 0.80`.
    pub fn allowed(&self, digits: usize) -> String {
        let number = |value: f64| fixed(value, digits);
        match (self.lower, self.upper) {
            (Some(lower), Some(upper)) if lower == upper => number(lower),
            (Some(lower), Some(upper)) => format!("{} to {}", number(lower), number(upper)),
            (Some(lower), None) => format!("at least {}", number(lower)),
            (None, Some(upper)) => format!("at most {}", number(upper)),
            (None, None) => "anything".to_owned(),
        }
    }
}

/// What is known of a row beside its numbers.
pub(in crate::report) struct Context<'a> {
    pub prediction: &'a str,
    pub decisions: bool,
    pub interval: Option<Interval>,
    pub slack: Option<f64>,
    /// The replicates of the mean of a group of the row.
    pub series: &'a dyn Fn(usize) -> Option<&'a [f64]>,
}

/// The comparison of a row, where it was made.
pub(in crate::report) fn shown(row: &RowJson, context: &Context<'_>) -> Option<Shown> {
    let value = row.before?;
    if let Some(shown) = ratio(row, context) {
        return Some(shown);
    }
    if let Some(written) = &row.written {
        return Some(of_written(written, context));
    }
    let plain = row.groups.iter().all(|group| group.is_plain_mean(context.prediction));
    let digits = apart(value, [row.lower, row.upper].into_iter().flatten());
    let number = |value: f64| fixed(value, digits);
    let limit = allowed(row.lower, row.upper, digits);
    let (unit, who, sentence) = match &row.groups[..] {
        [a, b] if plain && a.coefficient == Some(1.0) && b.coefficient == Some(-1.0) => {
            let Pair { first, second, common } = Pair::of(a, b);
            let gap = match number(value.abs()) {
                zero if zero.chars().all(|c| "0.".contains(c)) => format!("{first} and {second} alike"),
                gap if value < 0.0 => format!("{first}{} {gap} lower than {second}", apart_from_numbers(&first)),
                gap => format!("{first}{} {gap} higher than {second}", apart_from_numbers(&first)),
            };
            let limit = allowed_gap(row.lower, row.upper, digits);
            (Unit::Difference, format!("{first} and {second}{common}"), format!("{gap}{common}; {limit}"))
        }
        [a] if plain && a.coefficient == Some(1.0) => {
            let who = label(&a.conditions);
            let what = if context.decisions { "selection rate" } else { "mean" };
            (Unit::Mean, who.clone(), format!("{who}: {what} {}; {limit}", number(value)))
        }
        _ => (Unit::Value, row.compares.clone(), format!("the value is {}; {limit}", number(value))),
    };
    let groups = if plain && row.groups.len() <= 2 { sizes(&row.groups, context) } else { String::new() };
    let (lower, upper, interval, slack) = (row.lower, row.upper, context.interval, context.slack);
    Some(Shown { unit, who, value, lower, upper, interval, slack, sentence, groups, mirrored: false })
}

/// Between the name of a group and a number: a colon behind `age under 30`.
fn apart_from_numbers(name: &str) -> &'static str {
    if name.ends_with(|c: char| c.is_ascii_digit()) { ":" } else { "" }
}

/// Two groups without what they have in common.
struct Pair {
    first: String,
    second: String,
    /// ` where income = 1`.
    common: String,
}

impl Pair {
    fn of(a: &GroupJson, b: &GroupJson) -> Pair {
        let (first, second) = (&a.conditions, &b.conditions);
        let common: Vec<String> = first.iter().filter(|one| second.contains(one)).cloned().collect();
        let own = |all: &[String]| -> Vec<String> { all.iter().filter(|one| !common.contains(one)).cloned().collect() };
        let common = if common.is_empty() { String::new() } else { format!(" where {}", common.join(", ")) };
        Pair { first: label(&own(first)), second: label(&own(second)), common }
    }
}

/// `mean score 0.644 of 310 samples, and 0.723 of 690`.
fn sizes(groups: &[GroupJson], context: &Context<'_>) -> String {
    let what = match context.decisions {
        true => "selection rate".to_owned(),
        false => format!("mean {}", context.prediction),
    };
    let size = |group: &GroupJson| format!("{} of {}", fixed(group.mean, 3), many(group.samples, "sample"));
    let all: Vec<String> = groups.iter().map(size).collect();
    format!("{what} {}", all.join(" and "))
}

/// A promise with data on both sides. How these vary with the samples is not in the interval of the value.
fn of_written(written: &Written, context: &Context<'_>) -> Shown {
    let Written { what, value, lower, upper } = written;
    let (lower, upper) = (finite(*lower), finite(*upper));
    let digits = apart(*value, [lower, upper].into_iter().flatten());
    let limit = allowed(lower, upper, digits);
    let sentence = format!("the value is {}; {limit}", fixed(*value, digits));
    let (unit, who, value, groups) = (Unit::Value, what.clone(), *value, String::new());
    Shown { unit, who, value, lower, upper, interval: None, slack: context.slack, sentence, groups, mirrored: false }
}

/// `p·a - q·b >= 0` as the ratio `a / b >= q / p` that it was, and the same with the roles turned around.
fn ratio(row: &RowJson, context: &Context<'_>) -> Option<Shown> {
    let [a, b] = &row.groups[..] else { return None };
    if a.aggregate != b.aggregate || [a, b].iter().any(|group| group.of != context.prediction) {
        return None;
    }
    let aggregate = if a.aggregate == "mean" { Aggregate::Mean } else { Aggregate::Sum };
    let part = |group: &GroupJson| Some(Part::of(aggregate, group.coefficient?, group.weight));
    let read = Ratio::of((row.lower, row.upper, row.counted), aggregate, [part(a)?, part(b)?])?;
    let value = read.value([a.mean, b.mean], [a.weight, b.weight])?;
    if !read.is_of_means() {
        return Some(of_sums(&read, value, [a, b], context));
    }
    let (over, under, (least, _)) = (read.above, read.below, read.limit());
    let (above, below) = if over == 0 { (a, b) } else { (b, a) };
    let replicates = (context.series)(over).zip((context.series)(under));
    let interval = replicates.and_then(|(above, below)| {
        Interval::of(&above.iter().zip(below).map(|(above, below)| above / below).collect::<Vec<f64>>())
    });
    let Pair { first, second, common } = Pair::of(above, below);
    let digits = apart(value, [least]).max(2);
    let sentence = format!(
        "{first} at {} of {second}{common}; needs at least {}",
        fixed(value, digits),
        fixed(least, 2.min(digits))
    );
    Some(Shown {
        unit: Unit::Ratio,
        who: format!("{first} to {second}{common}"),
        value,
        lower: Some(least),
        upper: None,
        interval,
        slack: Some(value - least),
        sentence,
        groups: sizes(&[above.clone(), below.clone()], context),
        mirrored: false,
    })
}

/// A ratio of sums, such as precision.
fn of_sums(read: &Ratio, value: f64, groups: [&GroupJson; 2], context: &Context<'_>) -> Shown {
    let (limit, is_least) = read.limit();
    let digits = apart(value, [limit]);
    let sentence = format!("the ratio is {}; {}", fixed(value, digits), allowed(read.lower, read.upper, digits));
    Shown {
        unit: Unit::Ratio,
        who: read.text(context.prediction, groups.map(|group| group.event.as_str())),
        value,
        lower: read.lower,
        upper: read.upper,
        interval: None,
        slack: Some(if is_least { value - limit } else { limit - value }),
        sentence,
        groups: String::new(),
        mirrored: false,
    }
}

/// `allowed 0.020`, where a difference may go either way.
fn allowed_gap(lower: Option<f64>, upper: Option<f64>, digits: usize) -> String {
    let number = |value: f64| fixed(value.abs(), digits);
    match (lower, upper) {
        (Some(lower), Some(upper)) if lower == -upper => format!("allowed {}", number(upper)),
        (None, Some(upper)) if upper >= 0.0 => format!("allowed at most {} higher", number(upper)),
        (Some(lower), None) if lower <= 0.0 => format!("allowed at most {} lower", number(lower)),
        (lower, upper) => allowed(lower, upper, digits),
    }
}

/// `allowed between 0.2 and 0.5`, `allowed at most 0.5`.
fn allowed(lower: Option<f64>, upper: Option<f64>, digits: usize) -> String {
    let number = |value: f64| fixed(value, digits);
    match (lower, upper) {
        (Some(lower), Some(upper)) if lower == upper => format!("needs exactly {}", number(lower)),
        (Some(lower), Some(upper)) => format!("allowed from {} to {}", number(lower), number(upper)),
        (Some(lower), None) => format!("needs at least {}", number(lower)),
        (None, Some(upper)) => format!("allowed at most {}", number(upper)),
        (None, None) => "no limit".to_owned(),
    }
}
