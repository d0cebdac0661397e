//! A row under audit: its numbers, its verdict, how certain it is, and where it stands in the spec.

use serde::Serialize;

use super::interval::Interval;
use super::shown::{Context, Shown, Unit};
use crate::bind::Replicates;
use crate::language::program::Event;
use crate::report::impact::SMALL;
use crate::report::number::{finite, many};
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

/// What reads rows for people.
pub(super) struct Reader<'a> {
    pub decisions: bool,
    /// The replicates of the mean of an event.
    pub series: &'a dyn Fn(&Event) -> Option<&'a [f64]>,
}

#[derive(Clone, Debug, Serialize)]
pub struct RowFacts {
    #[serde(flatten)]
    pub(in crate::report) row: RowJson,
    pub verdict: Verdict,
    /// Slack to the nearer limit; negative where the row is violated.
    pub room: Option<f64>,
    pub soft: bool,
    pub interval: Option<Interval>,
    pub room_interval: Option<Interval>,
    /// Whether the interval of the slack leaves no doubt about the verdict.
    pub settled: Option<bool>,
    /// The fewest samples of an event that it compares, and whether these are so few that chance tells much.
    pub samples: Option<usize>,
    pub small: bool,
    /// As people read it; none where it could not be made.
    pub shown: Option<Shown>,
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
        reader: &Reader<'_>,
    ) -> RowFacts {
        let mut shown = RowJson::new(summaries, index, row);
        // Predictions under audit are what will be used.
        shown.after = row.before.map(|reading| reading.value);
        shown.active = row.before.is_some_and(|reading| reading.excess().abs() <= tolerance.allowance(&reading));
        let Drawn { value: interval, room: room_interval } =
            if row.before.is_some() { drawn } else { Drawn::default() };
        let room = row.before.and_then(|reading| finite(-reading.excess()));
        let context = Context {
            prediction: &summaries.program.prediction.name,
            decisions: reader.decisions,
            interval,
            slack: room,
            series: &|group| (reader.series)(summaries.event_of(index, group)?),
        };
        let samples = row.fewest();
        RowFacts {
            samples,
            small: samples.is_some_and(|samples| samples < SMALL),
            shown: super::shown::shown(&shown, &context),
            row: shown,
            verdict: Verdict::of_row(row, When::Before, tolerance),
            room,
            soft: summaries.is_soft(index),
            interval,
            settled: room_interval.map(|interval| interval.has_sign()),
            room_interval,
            place,
        }
    }

    /// `small: 7 samples`, where a group of it is.
    pub fn few(&self) -> Option<String> {
        self.samples.filter(|_| self.small && self.shown.is_some()).map(few)
    }

    /// By how much the limit is missed.
    pub fn excess(&self) -> Option<f64> {
        self.room.filter(|_| self.verdict == Verdict::Violated).map(|room| -room)
    }
}

/// How a comparison with a small group is marked.
pub(in crate::report) fn few(samples: usize) -> String {
    format!("small: {}", many(samples, "sample"))
}

/// Of the two directions of a pair that a ratio compares one is shown: that with the lower ratio, of equals the first.
pub(super) fn fold(rows: &mut [RowFacts], promise: &[usize]) {
    use std::collections::HashMap;
    let key = |row: &RowFacts, turned: bool| {
        let shown = row.shown.as_ref().filter(|shown| shown.unit == Unit::Ratio)?;
        let mut events: Vec<String> = row.row.groups.iter().map(|group| group.event.clone()).collect();
        let swapped = row.row.upper == Some(0.0);
        if swapped != turned {
            events.reverse();
        }
        Some((events, shown.lower?.to_bits()))
    };
    let known: HashMap<_, usize> =
        promise.iter().filter_map(|&index| Some((key(rows.get(index)?, false)?, index))).collect();
    let value = |index: usize| rows.get(index).and_then(|row| Some(row.shown.as_ref()?.value));
    let mirrored: Vec<usize> = promise
        .iter()
        .copied()
        .filter(|&index| {
            let other = rows.get(index).and_then(|row| key(row, true)).and_then(|key| known.get(&key).copied());
            let Some((other, own, its)) = other.and_then(|other| Some((other, value(index)?, value(other)?))) else {
                return false;
            };
            other != index && (own > its || own == its && index > other)
        })
        .collect();
    for index in mirrored {
        if let Some(shown) = rows.get_mut(index).and_then(|row| row.shown.as_mut()) {
            shown.mirrored = true;
        }
    }
}
