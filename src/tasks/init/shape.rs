//! The type of a column, so that its values are read without a fault.

use super::MOST_LEVELS;
use super::survey::{Few, Seen};
use crate::data::Shortest;
use crate::language::syntax::written;

/// The type of a column.
pub(super) enum Shape {
    /// Levels as the language writes them.
    Levels(Vec<String>),
    Int {
        lo: f64,
        hi: f64,
    },
    Real {
        lo: f64,
        hi: f64,
    },
    /// No value was seen.
    Unseen,
}

/// What is asked of a type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Whatever the values look like.
    Any,
    /// Levels, if there are few values.
    Levels,
    /// The same; truth values as 0 and 1, which metrics ask for.
    Label,
    /// A number.
    Number,
}

/// The type of a column, whether it allows nulls, and what it leaves out.
pub(super) struct Judged {
    pub shape: Result<Shape, String>,
    pub nullable: bool,
    pub note: Option<String>,
}

/// Whole numbers are told apart below this.
const WHOLE: f64 = 9_007_199_254_740_992.0;
/// No more whole numbers than these are codes, where each of them is often seen.
const MOST_CODES: usize = 12;
/// How often that is.
const OFTEN: usize = 4;
/// A longer text is no level.
const LONGEST: usize = 200;

pub(super) fn shape_of(seen: &Seen, wanted: Wanted) -> Judged {
    let judged = |shape| Judged { shape, nullable: seen.nulls + seen.nans > 0, note: None };
    if let Some(fault) = &seen.fault {
        return judged(Err(fault.clone()));
    }
    if written(&seen.header).is_none() {
        return judged(Err("this header cannot be written in a spec, not even in backticks".to_owned()));
    }
    if seen.values == 0 {
        return Judged { note: Some("no value is there to tell its type by".to_owned()), ..judged(Ok(Shape::Unseen)) };
    }
    if seen.is_truth() && wanted != Wanted::Number {
        let is_seen = |bit: f64| seen.few_numbers().is_some_and(|numbers| numbers.contains(&bit));
        let words = [("false", 0.0), ("true", 1.0)].into_iter().filter(|(_, bit)| is_seen(*bit)).map(|(word, _)| word);
        let levels: Vec<&str> = if wanted == Wanted::Label { vec!["0", "1"] } else { words.collect() };
        return judged(Ok(Shape::Levels(levels.into_iter().map(str::to_owned).collect())));
    }
    if seen.is_numeric() {
        if let Some(levels) = numeric_levels(seen, wanted) {
            return judged(Ok(Shape::Levels(levels)));
        }
        let large = seen.range.is_some_and(|(lo, hi)| lo <= -WHOLE || hi >= WHOLE);
        // As levels large numbers are told apart by all their digits.
        if !large || seen.fractions || wanted == Wanted::Number || matches!(seen.texts, Few::Many) {
            return judged(Ok(range(seen)));
        }
    }
    match &seen.texts {
        Few::These(texts) => of_texts(seen, texts.iter().map(String::as_str)),
        Few::Many if seen.infinite => judged(Err("infinite values are among its numbers".to_owned())),
        Few::Many => judged(Err(format!("a text with {MOST_LEVELS} different values or more"))),
    }
}

/// Numbers that are codes, or asked for as levels.
fn numeric_levels(seen: &Seen, wanted: Wanted) -> Option<Vec<String>> {
    let numbers = seen.few_numbers()?;
    let few = numbers.len() <= MOST_CODES;
    let fine = match wanted {
        Wanted::Number => false,
        Wanted::Levels | Wanted::Label => few,
        Wanted::Any => !seen.fractions && few && (numbers.len() <= 2 || numbers.len() * OFTEN <= seen.numbers),
    };
    // Of other numbers a level may be another one than it says.
    let exact = !seen.long && numbers.iter().all(|number| number.abs() < WHOLE);
    let levels = numbers.into_iter().map(|number| Shortest(number).to_string()).collect::<Vec<_>>();
    (fine && exact && !levels.is_empty()).then_some(levels)
}

fn range(seen: &Seen) -> Shape {
    match seen.range {
        None => Shape::Unseen,
        Some((lo, hi)) if !seen.fractions && lo > -WHOLE && hi < WHOLE => Shape::Int { lo, hi },
        Some((lo, hi)) => Shape::Real { lo, hi },
    }
}

/// Levels for texts. What can be none is in no level, which a nullable column allows.
fn of_texts<'a>(seen: &Seen, texts: impl Iterator<Item = &'a str>) -> Judged {
    let (mut levels, mut without) = (Vec::new(), 0);
    for text in texts {
        match level(text) {
            Some(level) => levels.push(level),
            None => without += 1,
        }
    }
    if levels.is_empty() {
        let why = "none of its values can be written as a level";
        return Judged { shape: Err(why.to_owned()), nullable: false, note: None };
    }
    let note = (without > 0).then(|| match without {
        1 => "a value that cannot be written as a level (empty, several lines, or long) is in none".to_owned(),
        more => format!("{more} values that cannot be written as levels (several lines, or long) are in none"),
    });
    Judged { shape: Ok(Shape::Levels(levels)), nullable: seen.nulls > 0 || without > 0, note }
}

/// A level as the language writes it. A text that is a number in its shortest form is written as one; `01` is a text.
fn level(text: &str) -> Option<String> {
    let is_code = text.parse::<i64>().is_ok_and(|number| number.to_string() == text && number.unsigned_abs() < 1 << 53);
    if is_code {
        return Some(text.to_owned());
    }
    written(text).filter(|_| text.chars().count() <= LONGEST)
}
