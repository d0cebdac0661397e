//! What of a sample decides its events: a few small codes, the *parts*.
//!
//! A categorical column is one part, coded by level. All comparisons of one expression with numbers are one part too,
//! coded by where the value lies among the numbers `t_0 < t_1 < ..` that it is compared with:
//!
//! ```text
//!   value      v < t_0   = t_0   between   = t_1   v > t_1   undefined
//!   code          0        1        2        3        4          5
//! ```

use std::collections::BTreeMap;

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
        chosen: Vec<bool>,
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
                let code = codes[*part] as usize;
                // No comparison holds for what is undefined, which has the last code.
                chosen.get(code).copied().unwrap_or(false)
            }
            Shape::Not(shape) => !shape.holds(codes),
            Shape::And(shapes) => shapes.iter().all(|shape| shape.holds(codes)),
            Shape::Or(shapes) => shapes.iter().any(|shape| shape.holds(codes)),
        }
    }
}

/// The parts while they are being collected.
pub(super) struct Parts<'a> {
    columns: &'a [PlannedColumn],
    by_column: BTreeMap<usize, usize>,
    by_value: BTreeMap<Data, usize>,
    parts: Vec<Part>,
}

impl<'a> Parts<'a> {
    pub(super) fn new(columns: &'a [PlannedColumn]) -> Parts<'a> {
        Parts { columns, by_column: BTreeMap::new(), by_value: BTreeMap::new(), parts: Vec::new() }
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
            Event::Or(events) => Shape::Or(shapes(events)?),
        })
    }

    fn chosen_levels(&self, part: usize, levels: &[String], other: bool) -> Option<Vec<bool>> {
        let Part::Level { column, .. } = &self.parts[part] else { return None };
        let ColumnKind::Levels(declared) = &self.columns[*column].kind else { return None };
        let chosen = declared.iter().map(|level| levels.binary_search(&level.text).is_ok());
        Some(chosen.chain([other]).collect())
    }

    fn chosen_places(&self, part: usize, op: Comparison, threshold: f64) -> Option<Vec<bool>> {
        let Part::Place { thresholds, .. } = &self.parts[part] else { return None };
        let at = 2 * thresholds.partition_point(|&known| known < threshold) + 1;
        let codes = 0..2 * thresholds.len() + 1;
        Some(if threshold.is_nan() { Vec::new() } else { codes.map(|code| op.holds(code as f64, at as f64)).collect() })
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
