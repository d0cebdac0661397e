//! Events in the words of people: `female`, `age 25 to under 35`, `income = 1`.

use crate::language::program::{ColumnType, Comparison, Data, Event, Names, Program};

/// Of more levels than these an event is written as the language writes it.
const MOST_LEVELS: usize = 4;
/// What stands for the event of every sample.
const EVERYONE: &str = "all samples";

/// The conditions of an event, each in words; none for the event of every sample.
pub(in crate::report) fn conditions(event: &Event, program: &Program, names: &Names<'_>) -> Vec<String> {
    let parts = match event {
        Event::All => return Vec::new(),
        Event::And(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut words: Vec<String> = Vec::new();
    let mut taken = vec![false; parts.len()];
    for (index, part) in parts.iter().enumerate() {
        if taken.get(index).copied().unwrap_or(false) {
            continue;
        }
        let other = compared(part).and_then(|own| {
            let rest = parts.iter().enumerate().skip(index + 1);
            rest.filter_map(|(place, part)| Some((place, compared(part)?))).find(|(_, other)| is_range(own, *other))
        });
        let range = compared(part).zip(other).map(|(own, (place, other))| {
            if let Some(slot) = taken.get_mut(place) {
                *slot = true;
            }
            range(own, other, program)
        });
        words.push(range.unwrap_or_else(|| condition(part, program, names)));
    }
    words
}

/// The words of an event together.
pub(in crate::report) fn label(conditions: &[String]) -> String {
    if conditions.is_empty() { EVERYONE.to_owned() } else { conditions.join(", ") }
}

type Compared<'a> = (&'a str, Comparison, f64);

/// A column beside a number.
fn compared(event: &Event) -> Option<Compared<'_>> {
    let Event::Compare { left, op, right: Data::Number(number) } = event else { return None };
    match left {
        Data::Column(header) => Some((header, *op, *number)),
        Data::Sum { constant, terms } if *constant == 0.0 => match &terms[..] {
            [(1.0, Data::Column(header))] => Some((header, *op, *number)),
            _ => None,
        },
        _ => None,
    }
}

fn is_lower(op: Comparison) -> bool {
    matches!(op, Comparison::Greater | Comparison::GreaterEqual)
}

fn is_upper(op: Comparison) -> bool {
    matches!(op, Comparison::Less | Comparison::LessEqual)
}

fn is_range(a: Compared<'_>, b: Compared<'_>) -> bool {
    a.0 == b.0 && (is_lower(a.1) && is_upper(b.1) || is_upper(a.1) && is_lower(b.1))
}

/// `age 25 to under 35`.
fn range(a: Compared<'_>, b: Compared<'_>, program: &Program) -> String {
    let (low, high) = if is_lower(a.1) { (a, b) } else { (b, a) };
    let over = if low.1 == Comparison::Greater { "over " } else { "" };
    let under = if high.1 == Comparison::Less { "under " } else { "" };
    format!("{} {over}{} to {under}{}", named(low.0, program), low.2, high.2)
}

fn named<'a>(header: &'a str, program: &'a Program) -> &'a str {
    program.column(header).map_or(header, |column| column.name.as_str())
}

fn condition(event: &Event, program: &Program, names: &Names<'_>) -> String {
    if let Some((header, op, number)) = compared(event) {
        let name = named(header, program);
        return match op {
            Comparison::Equal => format!("{name} = {number}"),
            Comparison::NotEqual => format!("{name} not {number}"),
            Comparison::Less => format!("{name} under {number}"),
            Comparison::LessEqual => format!("{name} {number} or under"),
            Comparison::Greater => format!("{name} over {number}"),
            Comparison::GreaterEqual => format!("{name} {number} or over"),
        };
    }
    match event {
        Event::Levels { column, levels, other: false } if (1..=MOST_LEVELS).contains(&levels.len()) => {
            let words = levels.join(" or ");
            // A level such as `1` or `yes` says nothing without its column. All levels of a column stand alike.
            let declared = match program.column(column).map(|column| &column.ty) {
                Some(ColumnType::Categorical(declared)) => declared.as_slice(),
                Some(_) | None => &[],
            };
            let bare = declared.iter().map(|level| &level.text).chain(levels).all(|level| speaks(level));
            if bare { words } else { format!("{} = {words}", named(column, program)) }
        }
        other => other.text(names),
    }
}

fn speaks(level: &str) -> bool {
    let lower = level.to_lowercase();
    let answer = ["yes", "no", "true", "false", "none", "other", "unknown"].contains(&lower.as_str());
    level.chars().count() > 2 && level.parse::<f64>().is_err() && !answer
}
