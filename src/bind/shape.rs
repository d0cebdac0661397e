//! What of a sample decides its events: a few small codes, the *parts*.
//!
//! A categorical column is one part, coded by level. All comparisons of one expression with numbers are one part too,
//! coded by where the value lies among the numbers `t_0 < t_1 < ..` that it is compared with:
//!
//! ```text
//!   value      v < t_0   = t_0   between   = t_1   v > t_1   undefined
//!   code          0        1        2        3        4          5
//! ```

use std::collections::{BTreeMap, HashMap};

use crate::language::program::{Comparison, Data, Event};

use super::columns::{ColumnKind, PlannedColumn};
use super::formula::{Formula, SampleNames, Scope, Unresolved};

/// A small code of a sample.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// The level; the number of levels where it has none.
    Level { column: usize, levels: usize },
    /// The place of a value among thresholds, ascending.
    Place { value: Formula, thresholds: Vec<f64> },
}

impl Part {
    /// The number of codes.
    pub(super) fn codes(&self) -> usize {
        match self {
            Part::Level { levels, .. } => levels + 1,
            Part::Place { thresholds, .. } => 2 * thresholds.len() + 2,
        }
    }
}

/// The code of a value among thresholds.
pub(super) fn place(value: f64, thresholds: &[f64]) -> u32 {
    if value.is_nan() {
        return 2 * thresholds.len() as u32 + 1;
    }
    let below = thresholds.partition_point(|&threshold| threshold < value);
    let equal = thresholds.get(below).is_some_and(|&threshold| threshold == value);
    2 * below as u32 + u32::from(equal)
}

/// [`place`] of each value, appended to `codes`.
pub(super) fn places(values: &[f64], thresholds: &[f64], codes: &mut Vec<u32>) {
    // Few comparisons with all values vectorise; a search in each does not.
    const FEW: usize = 8;
    if thresholds.len() > FEW {
        codes.extend(values.iter().map(|&value| place(value, thresholds)));
        return;
    }
    let (first, undefined) = (codes.len(), 2 * thresholds.len() as u32 + 1);
    codes.extend(values.iter().map(|value| if value.is_nan() { undefined } else { 0 }));
    for &threshold in thresholds {
        for (code, &value) in codes.iter_mut().skip(first).zip(values) {
            *code += 2 * u32::from(threshold < value) + u32::from(threshold == value);
        }
    }
}

/// An event over the codes of a sample.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    All,
    Never,
    /// The code of the part is one of these.
    Codes {
        part: usize,
        chosen: Codes,
    },
    Not(Box<Shape>),
    And(Vec<Shape>),
    Or(Vec<Shape>),
}

impl Shape {
    pub(super) fn holds(&self, codes: &[u32]) -> bool {
        match self {
            Shape::All => true,
            Shape::Never => false,
            Shape::Codes { part, chosen } => {
                // No comparison holds for what is undefined, which has the last code.
                chosen.contains(codes[*part])
            }
            Shape::Not(shape) => !shape.holds(codes),
            Shape::And(shapes) => shapes.iter().all(|shape| shape.holds(codes)),
            Shape::Or(shapes) => shapes.iter().any(|shape| shape.holds(codes)),
        }
    }
}

/// A set of codes as runs, first and last, ascending and apart. A comparison has at most two of them, however many others there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Codes(Vec<(u32, u32)>);

impl Codes {
    /// The union of runs in any order.
    fn of(mut runs: Vec<(u32, u32)>) -> Codes {
        runs.retain(|(first, last)| first <= last);
        runs.sort_unstable();
        let mut apart: Vec<(u32, u32)> = Vec::with_capacity(runs.len());
        for (first, last) in runs {
            match apart.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
                _ => apart.push((first, last)),
            }
        }
        Codes(apart)
    }

    /// First and last of each run, ascending.
    pub(super) fn runs(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.0.iter().copied()
    }

    fn contains(&self, code: u32) -> bool {
        let after = self.0.partition_point(|&(first, _)| first <= code);
        after.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|&(_, last)| code <= last)
    }
}

/// `Or`, with one set of codes for each part: a sample then looks once for its code, however many levels or numbers a set names.
fn any(shapes: Vec<Shape>) -> Shape {
    let mut by_part: BTreeMap<usize, Vec<(u32, u32)>> = BTreeMap::new();
    let mut others = Vec::new();
    for shape in shapes {
        match shape {
            Shape::Codes { part, chosen } => by_part.entry(part).or_default().extend(chosen.0),
            other => others.push(other),
        }
    }
    let sets = by_part.into_iter().map(|(part, runs)| Shape::Codes { part, chosen: Codes::of(runs) });
    Shape::Or(sets.chain(others).collect())
}

/// The parts while they are being collected.
pub(super) struct Parts<'a> {
    columns: &'a [PlannedColumn],
    by_column: BTreeMap<usize, usize>,
    by_value: BTreeMap<Data, usize>,
    /// By part, the codes of the levels with a text.
    by_level: BTreeMap<usize, HashMap<&'a str, Vec<u32>>>,
    parts: Vec<Part>,
}

impl<'a> Parts<'a> {
    pub(super) fn new(columns: &'a [PlannedColumn]) -> Parts<'a> {
        let by_column = BTreeMap::new();
        Parts { columns, by_column, by_value: BTreeMap::new(), by_level: BTreeMap::new(), parts: Vec::new() }
    }

    /// Makes parts of categorical columns; false if one is numeric.
    pub(super) fn refine(&mut self, columns: &[usize]) -> bool {
        columns.iter().all(|&column| self.level_part(column).is_some())
    }

    /// The part of a column of levels that an event names.
    fn part_of(&mut self, header: &str, names: &SampleNames) -> Result<usize, Unresolved> {
        let column = names.columns.get(header).copied();
        column.and_then(|column| self.level_part(column)).ok_or_else(|| Unresolved::Name(header.to_owned()))
    }

    fn level_part(&mut self, column: usize) -> Option<usize> {
        if let Some(&part) = self.by_column.get(&column) {
            return Some(part);
        }
        let ColumnKind::Levels(levels) = &self.columns[column].kind else { return None };
        let part = self.parts.len();
        let mut codes: HashMap<&str, Vec<u32>> = HashMap::with_capacity(levels.len());
        for (level, code) in levels.iter().zip(0..) {
            codes.entry(&level.text).or_default().push(code);
        }
        self.by_level.insert(part, codes);
        self.parts.push(Part::Level { column, levels: levels.len() });
        self.by_column.insert(column, part);
        Some(part)
    }

    /// Notes what an event compares.
    pub(super) fn collect(&mut self, event: &Event, names: &mut SampleNames) -> Result<(), Unresolved> {
        match event {
            Event::All | Event::Never => Ok(()),
            Event::Levels { column, .. } => self.part_of(column, names).map(|_| ()),
            Event::Compare { left, right, .. } => {
                let threshold = threshold(right, names)?;
                let part = match self.by_value.get(left) {
                    Some(&part) => part,
                    None => {
                        let value = Formula::of(left, names)?;
                        self.by_value.insert(left.clone(), self.parts.len());
                        self.parts.push(Part::Place { value, thresholds: Vec::new() });
                        self.parts.len() - 1
                    }
                };
                if let (Part::Place { thresholds, .. }, false) = (&mut self.parts[part], threshold.is_nan()) {
                    thresholds.push(threshold);
                }
                Ok(())
            }
            Event::Not(event) => self.collect(event, names),
            Event::And(events) | Event::Or(events) => events.iter().try_for_each(|event| self.collect(event, names)),
        }
    }

    /// Brings the thresholds in order, once all are known.
    pub(super) fn sort(&mut self) {
        for part in &mut self.parts {
            if let Part::Place { thresholds, .. } = part {
                thresholds.sort_by(f64::total_cmp);
                thresholds.dedup();
            }
        }
    }

    /// An event over the codes of the parts; none for one that was not collected.
    pub(super) fn shape(&self, event: &Event, names: &mut SampleNames) -> Option<Shape> {
        let mut shapes =
            |events: &[Event]| events.iter().map(|event| self.shape(event, names)).collect::<Option<Vec<Shape>>>();
        Some(match event {
            Event::All => Shape::All,
            Event::Never => Shape::Never,
            Event::Levels { column, levels, other } => {
                let part = *self.by_column.get(names.columns.get(column)?)?;
                Shape::Codes { part, chosen: self.chosen_levels(part, levels, *other)? }
            }
            Event::Compare { left, op, right } => {
                let threshold = threshold(right, names).ok()?;
                let part = *self.by_value.get(left)?;
                Shape::Codes { part, chosen: self.chosen_places(part, *op, threshold)? }
            }
            Event::Not(event) => Shape::Not(Box::new(self.shape(event, names)?)),
            Event::And(events) => Shape::And(shapes(events)?),
            Event::Or(events) => any(shapes(events)?),
        })
    }

    fn chosen_levels(&self, part: usize, levels: &[String], other: bool) -> Option<Codes> {
        let (Part::Level { levels: declared, .. }, codes) = (self.parts.get(part)?, self.by_level.get(&part)?) else {
            return None;
        };
        let named = levels.iter().filter_map(|level| codes.get(level.as_str())).flatten().copied();
        let none = u32::try_from(*declared).ok().filter(|_| other);
        Some(Codes::of(named.chain(none).map(|code| (code, code)).collect()))
    }

    fn chosen_places(&self, part: usize, op: Comparison, threshold: f64) -> Option<Codes> {
        let Part::Place { thresholds, .. } = self.parts.get(part)? else { return None };
        if threshold.is_nan() {
            return Some(Codes::default());
        }
        let equal = u32::try_from(2 * thresholds.partition_point(|&known| known < threshold) + 1).ok()?;
        let last = u32::try_from(2 * thresholds.len()).ok()?;
        Some(Codes::of(match op {
            Comparison::Equal => vec![(equal, equal)],
            Comparison::NotEqual => vec![(0, equal - 1), (equal + 1, last)],
            Comparison::Less => vec![(0, equal - 1)],
            Comparison::LessEqual => vec![(0, equal)],
            Comparison::Greater => vec![(equal + 1, last)],
            Comparison::GreaterEqual => vec![(equal, last)],
        }))
    }

    pub(super) fn finish(self) -> Vec<Part> {
        self.parts
    }
}

/// The right side of a comparison, which is known once the params are.
fn threshold(right: &Data, names: &mut SampleNames) -> Result<f64, Unresolved> {
    Ok(Formula::of(right, names)?.value(&Scope::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_tells_all_comparisons_apart() {
        let thresholds = [1.0, 2.0];
        let codes: Vec<u32> = [0.5, 1.0, 1.5, 2.0, 9.0, f64::NAN].iter().map(|&v| place(v, &thresholds)).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn codes_are_a_set() {
        let chosen = Codes::of(vec![(7, 9), (3, 3), (4, 5), (9, 8), (8, 8), (0, 0)]);
        assert_eq!(chosen, Codes(vec![(0, 0), (3, 5), (7, 9)]));
        let held: Vec<u32> = (0..12).filter(|&code| chosen.contains(code)).collect();
        assert_eq!(held, [0, 3, 4, 5, 7, 8, 9]);
        assert!(!Codes::default().contains(0));
    }

    #[test]
    fn many_values_have_the_places_of_each() {
        let values: Vec<f64> = (0..40).map(|i| f64::from(i) / 2.0).chain([f64::NAN, -1.0, f64::INFINITY]).collect();
        for count in [0, 1, 2, 8, 9, 15] {
            let thresholds: Vec<f64> = (0..count).map(f64::from).collect();
            let mut codes = vec![7];
            places(&values, &thresholds, &mut codes);
            let expected: Vec<u32> = values.iter().map(|&value| place(value, &thresholds)).collect();
            assert_eq!(codes.split_first(), Some((&7, &expected[..])), "{count} thresholds");
        }
    }
}
