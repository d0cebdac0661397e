//! The same audit for each value of a column: weeks, model versions.

use std::cmp::Ordering;
use std::collections::HashMap;

use serde::Serialize;

use super::group::SMALL;
use super::interval::Interval;
use super::row::Drawn;
use crate::bind::Replicates;
use crate::report::ledger::Ledger;
use crate::report::number::finite;
use crate::report::verdict::{Comparisons, Tolerance, Verdict, When, together};

/// Of more values than these a column is none to group by.
pub const MOST_VALUES: usize = 500;

/// The samples of each value of a column; the value is none where it is null.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slicing {
    pub column: String,
    pub order: Order,
    pub slices: Vec<(Option<String>, Vec<u32>)>,
}

/// How values are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    Number,
    Date,
    #[default]
    Appearance,
}

/// Collects the values of a column, row by row.
#[derive(Debug, Default)]
pub struct Slicer {
    known: HashMap<Option<String>, usize>,
    slices: Vec<(Option<String>, Vec<u32>)>,
    rows: u32,
}

impl Slicer {
    /// Enters the value of the next row; false if there are too many values.
    pub fn enter(&mut self, value: Option<&str>) -> bool {
        let value = value.map(str::to_owned);
        let next = self.slices.len();
        let place = *self.known.entry(value.clone()).or_insert(next);
        if place == next {
            self.slices.push((value, Vec::new()));
        }
        if let Some((_, rows)) = self.slices.get_mut(place) {
            rows.push(self.rows);
        }
        self.rows = self.rows.saturating_add(1);
        self.slices.len() <= MOST_VALUES
    }

    /// The slices in order: numbers and ISO 8601 dates ascending, other values as they first appear, null last.
    pub fn finish(mut self, column: &str) -> Slicing {
        let values = || self.slices.iter().filter_map(|(value, _)| value.as_deref());
        let order = if values().all(|value| value.parse::<f64>().is_ok_and(f64::is_finite)) {
            Order::Number
        } else if values().all(is_date) {
            Order::Date
        } else {
            Order::Appearance
        };
        let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
        self.slices.sort_by(|(a, _), (b, _)| match (a, b) {
            (Some(a), Some(b)) => match order {
                Order::Number => number(a).total_cmp(&number(b)),
                Order::Date => a.cmp(b),
                Order::Appearance => Ordering::Equal,
            },
            (a, b) => a.is_none().cmp(&b.is_none()),
        });
        Slicing { column: column.to_owned(), order, slices: self.slices }
    }
}

/// `2025`, `2025-03`, `2025-W09`, `2025-03-01`, and the last with a time: what sorts as text.
fn is_date(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let dated = shape.strip_prefix("0000-00-00");
    ["0000", "0000-00", "0000-W00", "0000-Q0"].contains(&shape.as_str())
        || dated.is_some_and(|time| time.is_empty() || time.starts_with(['T', ' ']))
}

/// The audit by the values of a column.
#[derive(Clone, Debug, Serialize)]
pub struct SlicesFacts {
    pub column: String,
    pub order: Order,
    pub values: Vec<SliceFacts>,
}

#[derive(Clone, Debug, Serialize)]
pub struct SliceFacts {
    /// None where the column is null.
    pub value: Option<String>,
    pub n: usize,
    pub verdict: Verdict,
    pub comparisons: Comparisons,
    pub outside_bounds: usize,
    /// One for each promised row, in their order.
    pub rows: Vec<SliceRow>,
}

#[derive(Clone, Debug, Serialize)]
pub struct SliceRow {
    pub name: String,
    pub value: Option<f64>,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
    pub room: Option<f64>,
    pub interval: Option<Interval>,
    pub room_interval: Option<Interval>,
    /// Whether the interval of the room leaves no doubt about the verdict.
    pub settled: Option<bool>,
    pub verdict: Verdict,
    pub skipped: Option<String>,
    /// The fewest samples of an event that the row compares.
    pub samples: Option<usize>,
    pub small: bool,
}

impl SliceFacts {
    /// The replicates are of the samples of this value; none for no intervals.
    pub fn new(
        value: Option<String>,
        n: usize,
        ledger: &Ledger<'_>,
        outside: usize,
        tolerance: Tolerance,
        replicates: &Replicates,
    ) -> SliceFacts {
        let row = |(index, row): (usize, &crate::report::ledger::RowLedger)| {
            let samples = row.groups.iter().map(|group| group.samples).min();
            let drawn = if row.before.is_some() { Drawn::of(ledger, index, replicates) } else { Drawn::default() };
            SliceRow {
                name: ledger.name(index).to_owned(),
                value: row.before.map(|reading| reading.value),
                lower: row.before.and_then(|reading| finite(reading.lower)),
                upper: row.before.and_then(|reading| finite(reading.upper)),
                room: row.before.and_then(|reading| finite(-reading.excess())),
                interval: drawn.value,
                settled: drawn.room.map(|interval| interval.has_sign()),
                room_interval: drawn.room,
                verdict: Verdict::of_row(row, When::Before, tolerance),
                skipped: row.reason.clone(),
                samples,
                small: samples.is_some_and(|samples| samples < SMALL),
            }
        };
        let rows: Vec<SliceRow> = ledger.rows.iter().enumerate().map(row).collect();
        let promises = ledger.promises(When::Before, tolerance);
        let verdict = ledger.verdict(&promises, n, outside);
        SliceFacts { value, n, verdict, comparisons: together(&promises), outside_bounds: outside, rows }
    }

    /// The value for people.
    pub fn label(&self) -> &str {
        self.value.as_deref().unwrap_or("(no value)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(values: &[Option<&str>]) -> (Order, Vec<String>) {
        let mut slicer = Slicer::default();
        values.iter().for_each(|value| assert!(slicer.enter(*value)));
        let slicing = slicer.finish("c");
        let label = |(value, _): &(Option<String>, Vec<u32>)| value.clone().unwrap_or_else(|| "-".to_owned());
        (slicing.order, slicing.slices.iter().map(label).collect())
    }

    #[test]
    fn values_stand_in_their_order() {
        assert_eq!(
            order(&[Some("10"), None, Some("9"), Some("10")]),
            (Order::Number, vec!["9".into(), "10".into(), "-".into()])
        );
        let dates = [Some("2025-10-01"), Some("2025-09-30T10:00")];
        assert_eq!(order(&dates).1, ["2025-09-30T10:00", "2025-10-01"]);
        assert_eq!(order(&[Some("2025-W10"), Some("2025-W09")]).0, Order::Date);
        assert_eq!(order(&[Some("v2"), Some("v1"), Some("v2")]), (Order::Appearance, vec!["v2".into(), "v1".into()]));
    }

    #[test]
    fn too_many_values_are_told() {
        let mut slicer = Slicer::default();
        let all: Vec<bool> = (0..=MOST_VALUES).map(|value| slicer.enter(Some(&value.to_string()))).collect();
        assert_eq!(all.iter().filter(|fine| **fine).count(), MOST_VALUES);
    }
}
