//! Rows on single samples, and on pairs of them, as text.

use super::super::{Event, Owner, Pairs, Program, SampleRow};
use super::{Names, name, quoted_name, two_sided, write_multiple};

/// A column of one of the samples of a pair, as a spec writes it: `i.level`.
pub fn pair_column_name(owner: Owner, column: &str, (first, second): (&str, &str)) -> String {
    match owner {
        Owner::First => format!("{}.{}", name(first), name(column)),
        Owner::Second => format!("{}.{}", name(second), name(column)),
        Owner::Pair => name(column),
    }
}

impl Program {
    /// `each where event: lower <= coefficient * score <= upper`; about pairs, `each (i, j) in near where ..`.
    pub fn sample_row_text(&self, row: &SampleRow, names: &Names) -> String {
        if let Some(about) = &row.pairs {
            return pair_row_text(self, row, about, names);
        }
        let mut middle = String::new();
        write_multiple(true, &row.coefficient, names.prediction, names, &mut middle);
        let comparison = comparison(row, &middle, names);
        format!("each{}: {comparison}", restriction(self, row, names))
    }
}

/// The comparison; for people, a lower side alone stands on the right, as it is mostly written.
fn comparison(row: &SampleRow, middle: &str, names: &Names) -> String {
    match (&row.lower, &row.upper) {
        (Some(lower), None) if names.for_people() => format!("{middle} >= {}", lower.text(names)),
        (lower, upper) => two_sided(lower.as_ref(), middle, upper.as_ref(), names),
    }
}

/// ` where event`; for people, nothing where that is every sample.
fn restriction(program: &Program, row: &SampleRow, names: &Names) -> String {
    let everyone = program.event(row.event) == Some(&Event::All);
    if everyone && names.for_people() {
        String::new()
    } else {
        format!(" where {}", program.event_text(row.event, names))
    }
}

/// `each (i, j) in near where event: lower <= a * score[i] + b * score[j] <= upper`.
fn pair_row_text(program: &Program, row: &SampleRow, about: &Pairs, names: &Names) -> String {
    let known = program.relation(&about.relation).filter(|_| names.for_people());
    let (first, second) =
        known.map_or(("first", "second"), |relation| (relation.first.as_str(), relation.second.as_str()));
    let relation = if known.is_some() { name(&about.relation) } else { quoted_name(&about.relation) };
    let (first, second) = (name(first), name(second));
    let mut middle = String::new();
    for (coefficient, sample) in [(&row.coefficient, &first), (&about.second, &second)] {
        if !coefficient.is_zero() {
            let prediction = format!("{}[{sample}]", names.prediction);
            write_multiple(middle.is_empty(), coefficient, &prediction, names, &mut middle);
        }
    }
    if middle.is_empty() {
        middle.push('0');
    }
    let comparison = comparison(row, &middle, names);
    format!("each ({first}, {second}) in {relation}{}: {comparison}", restriction(program, row, names))
}
