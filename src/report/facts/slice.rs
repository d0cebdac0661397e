//! The same audit for each value of a column: weeks, model versions.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;

use serde::Serialize;

use super::interval::Interval;
use super::row::Drawn;
use super::shown::{Context, Shown, Unit, shown};
use crate::bind::Replicates;
use crate::language::program::Event;
use crate::report::impact::SMALL;
use crate::report::judged::together;
use crate::report::number::finite;
use crate::report::row::RowJson;
use crate::report::row_summaries::RowSummaries;
use crate::report::row_summary::EachJson;
use crate::report::verdict::{Comparisons, Tolerance, Verdict, When};

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
        self.slices.sort_by(|(a, _), (b, _)| match (a, b) {
            (Some(a), Some(b)) => match order {
                Order::Number => Numeral::of(a).cmp(&Numeral::of(b)),
                Order::Date => a.cmp(b),
                Order::Appearance => Ordering::Equal,
            },
            (a, b) => a.is_none().cmp(&b.is_none()),
        });
        Slicing { column: column.to_owned(), order, slices: self.slices }
    }
}

/// A number in digits, so that its order is that of all of them and not of the nearest doubles.
#[derive(PartialEq, Eq)]
struct Numeral<'a> {
    negative: bool,
    /// Where the point stands, counted from the first digit that is not 0; none for 0.
    point: Option<i64>,
    /// From the first that is not 0 to the last.
    digits: Cow<'a, str>,
}

impl Numeral<'_> {
    fn of(text: &str) -> Numeral<'_> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let far = if exponent.starts_with('-') { i64::MIN / 4 } else { i64::MAX / 4 };
        let exponent = exponent.parse::<i64>().map_or(far, |exponent| exponent.clamp(i64::MIN / 4, i64::MAX / 4));
        let plain = mantissa.trim_start_matches(['+', '-']);
        let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
        let digits: Cow<'_, str> =
            if fraction.is_empty() { whole.into() } else { (whole.to_owned() + fraction).into() };
        let zeros = digits.bytes().take_while(|digit| *digit == b'0').count();
        let digits: Cow<'_, str> = match digits {
            Cow::Borrowed(digits) => digits.trim_matches('0').into(),
            Cow::Owned(digits) => digits.trim_matches('0').to_owned().into(),
        };
        let point = (!digits.is_empty()).then(|| exponent + whole.len() as i64 - zeros as i64);
        Numeral { negative: mantissa.starts_with('-') && point.is_some(), point, digits }
    }
}

impl Ord for Numeral<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = (self.point, &self.digits).cmp(&(other.point, &other.digits));
        match (self.negative, other.negative) {
            (false, false) => size,
            (true, true) => size.reverse(),
            (negative, _) => {
                if negative {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        }
    }
}

impl PartialOrd for Numeral<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
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
    /// One for each promised bound of single predictions, in their order.
    pub each: Vec<EachJson>,
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
    /// In the unit of the promise.
    pub shown: Option<SliceShown>,
    pub verdict: Verdict,
    pub skipped: Option<String>,
    /// The fewest samples of an event that the row compares.
    pub samples: Option<usize>,
    pub small: bool,
}

/// A row in the unit of its promise.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SliceShown {
    pub unit: Unit,
    pub value: f64,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
    pub interval: Option<Interval>,
    pub slack: Option<f64>,
}

impl SliceShown {
    fn of(shown: Shown) -> SliceShown {
        let Shown { unit, value, lower, upper, interval, slack, .. } = shown;
        SliceShown { unit, value, lower, upper, interval, slack }
    }
}

impl SliceFacts {
    /// The replicates are of the samples of this value; none for no intervals. Their means are those of the events beside.
    pub fn new(
        value: Option<String>,
        n: usize,
        summaries: &RowSummaries<'_>,
        outside: usize,
        tolerance: Tolerance,
        (replicates, events): (&Replicates, &[&Event]),
    ) -> SliceFacts {
        let means = |event: &Event| {
            let place = events.iter().position(|known| *known == event)?;
            replicates.means.get(place).map(Vec::as_slice)
        };
        let row = |(index, row): (usize, &crate::report::row_summary::RowSummary)| {
            let samples = row.fewest();
            let drawn = if row.before.is_some() { Drawn::of(summaries, index, replicates) } else { Drawn::default() };
            let room = row.before.and_then(|reading| finite(-reading.excess()));
            let context = Context {
                prediction: &summaries.program.prediction.name,
                decisions: false,
                interval: drawn.value,
                slack: room,
                series: &|group| means(summaries.event_of(index, group)?),
            };
            SliceRow {
                shown: shown(&RowJson::new(summaries, index, row), &context).map(SliceShown::of),
                name: summaries.name(index).to_owned(),
                value: row.before.map(|reading| reading.value),
                lower: row.before.and_then(|reading| finite(reading.lower)),
                upper: row.before.and_then(|reading| finite(reading.upper)),
                room,
                interval: drawn.value,
                settled: drawn.room.map(|interval| interval.has_sign()),
                room_interval: drawn.room,
                verdict: Verdict::of_row(row, When::Before, tolerance),
                skipped: row.reason.clone(),
                samples,
                small: samples.is_some_and(|samples| samples < SMALL),
            }
        };
        let rows: Vec<SliceRow> = summaries.rows.iter().enumerate().map(row).collect();
        let promises = summaries.promises(When::Before, tolerance);
        let verdict = summaries.verdict(&promises, outside);
        let each = summaries.each(When::Before);
        SliceFacts { value, n, verdict, comparisons: together(&promises), outside_bounds: outside, rows, each }
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
        // Beyond what doubles tell apart.
        let large = [
            "9007199254740993",
            "9007199254740992",
            "-9007199254740993",
            "-9007199254740992",
            "1e30",
            "0.10",
            "0.09",
            "0",
        ];
        let ordered = order(&large.map(Some));
        let wanted = [
            "-9007199254740993",
            "-9007199254740992",
            "0",
            "0.09",
            "0.10",
            "9007199254740992",
            "9007199254740993",
            "1e30",
        ];
        assert_eq!(ordered, (Order::Number, wanted.map(str::to_owned).to_vec()));
        assert_eq!(order(&[Some("v2"), Some("v1"), Some("v2")]), (Order::Appearance, vec!["v2".into(), "v1".into()]));
    }

    #[test]
    fn too_many_values_are_told() {
        let mut slicer = Slicer::default();
        let all: Vec<bool> = (0..=MOST_VALUES).map(|value| slicer.enter(Some(&value.to_string()))).collect();
        assert_eq!(all.iter().filter(|fine| **fine).count(), MOST_VALUES);
    }
}
