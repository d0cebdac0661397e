//! A row under audit: its numbers, its verdict, how certain it is, and where it stands in the spec.

use serde::Serialize;

use super::interval::Interval;
use crate::bind::Replicates;
use crate::report::number::finite;
use crate::report::row::RowJson;
use crate::report::row_summaries::RowSummaries;
use crate::report::row_summary::RowSummary;
use crate::report::verdict::{Tolerance, Verdict, When};

/// Where the constraint of a row stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Place {
    pub file: String,
    /// Byte offsets into the file.
    pub start: u32,
    pub end: u32,
    /// Lines and columns count from 1, columns in characters. No columns where the source was not read.
    pub line: u32,
    pub column: Option<usize>,
    pub end_line: Option<usize>,
    pub end_column: Option<usize>,
    /// The constraint as written, where the source was read.
    pub source: Option<String>,
}

/// Where the constraints of promised rows stand, and of promised per-sample rows.
#[derive(Clone, Debug, Default)]
pub struct Places {
    pub rows: Vec<Place>,
    pub each: Vec<Place>,
}

/// The intervals of a promised row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Drawn {
    pub value: Option<Interval>,
    pub room: Option<Interval>,
}

impl Drawn {
    /// Of replicates that may have none.
    pub fn of(summaries: &RowSummaries<'_>, index: usize, replicates: &Replicates) -> Drawn {
        let Some(promised) = summaries.promised().get(index) else { return Drawn::default() };
        let Some(series) = replicates.rows.get(promised.row) else { return Drawn::default() };
        let direction = summaries.origin(index).map_or_else(Default::default, |origin| origin.direction());
        let turned = |interval: Interval| {
            let (lower, upper) = direction.sides(interval.lower, interval.upper);
            Interval { lower, upper }
        };
        Drawn {
            value: Interval::of(&series.values).map(turned),
            room: series.rooms.get(promised.origin).and_then(|rooms| Interval::of(rooms)),
        }
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct RowFacts {
    #[serde(flatten)]
    pub(in crate::report) row: RowJson,
    pub verdict: Verdict,
    /// Room left to the nearer limit; negative where the row is violated.
    pub room: Option<f64>,
    pub soft: bool,
    pub interval: Option<Interval>,
    pub room_interval: Option<Interval>,
    /// Whether the interval of the room leaves no doubt about the verdict.
    pub settled: Option<bool>,
    pub place: Place,
}

impl RowFacts {
    pub(super) fn new(
        summaries: &RowSummaries<'_>,
        index: usize,
        row: &RowSummary,
        tolerance: Tolerance,
        drawn: Drawn,
        place: Place,
    ) -> RowFacts {
        let mut shown = RowJson::new(summaries, index, row);
        // Predictions under audit are what will be used.
        shown.after = row.before.map(|reading| reading.value);
        shown.active = row.before.is_some_and(|reading| reading.excess().abs() <= tolerance.allowance(&reading));
        let Drawn { value: interval, room: room_interval } =
            if row.before.is_some() { drawn } else { Drawn::default() };
        RowFacts {
            row: shown,
            verdict: Verdict::of_row(row, When::Before, tolerance),
            room: row.before.and_then(|reading| finite(-reading.excess())),
            soft: summaries.is_soft(index),
            interval,
            settled: room_interval.map(|interval| interval.has_sign()),
            room_interval,
            place,
        }
    }

    /// By how much the limit is missed.
    pub fn excess(&self) -> Option<f64> {
        self.room.filter(|_| self.verdict == Verdict::Violated).map(|room| -room)
    }
}
