//! The promised rows of a stream: where their pooled quantities stand.

use serde::{Deserialize, Serialize};

use super::number::finite;
use super::reading::Reading;
use super::row_summaries::{centre_of, is_centred};
use super::verdict::{Tolerance, Verdict};
use crate::bind::{RowReading, RowStatus};
use crate::language::program::{Origin, Program, PromisedRow};

/// As for an audit.
pub(super) const TOLERATED: Tolerance = Tolerance::Rounding;

/// A promised row: the pooled quantity in the direction in which it was written, and the sides of its constraint.
pub(super) struct Live<'a> {
    pub reading: &'a RowReading,
    pub origin: &'a Origin,
    pub promised: PromisedRow,
    pub value: f64,
    pub lower: f64,
    pub upper: f64,
    /// Whether data stand on both sides of the promise.
    centred: bool,
    /// The size of predictions at their bounds, or 1 where the bounds are wider; 0 where there are none.
    bounds: f64,
}

impl<'a> Live<'a> {
    /// All promised rows of a program, in their order; `rows` has one reading for each of its rows.
    pub fn all(program: &'a Program, rows: &'a [RowReading]) -> impl Iterator<Item = Live<'a>> {
        let bounds = crate::bind::size_of_bounds(program).unwrap_or(0.0);
        program.promised_rows().into_iter().filter_map(move |promised| {
            let reading = rows.get(promised.row)?;
            let origin = program.origin(promised)?;
            let (lower, upper) = reading.own.get(promised.origin).copied().unwrap_or((reading.lower, reading.upper));
            let (lower, upper) = origin.direction().sides(lower, upper);
            let value = origin.direction().number(reading.value);
            let centred = is_centred(origin);
            Some(Live { reading, origin, promised, value, lower, upper, centred, bounds })
        })
    }

    /// Whether it takes part.
    pub fn is_kept(&self) -> bool {
        matches!(self.reading.status, RowStatus::Kept(_))
    }

    pub fn excess(&self) -> f64 {
        self.reading().excess()
    }

    pub fn held(&self) -> bool {
        self.reading().held(TOLERATED)
    }

    pub fn reading(&self) -> Reading {
        let Live { value, lower, upper, .. } = *self;
        let sizes = [value, lower, upper].into_iter().filter(|value| value.is_finite());
        let size = sizes.fold(0.0_f64, |size, value| size.max(value.abs()));
        let bounds = self.bounds * self.reading.mass;
        let (centre, magnitude) = (centre_of(self.centred, lower, upper), self.reading.magnitude);
        Reading { value, lower, upper, centre, size, magnitude, bounds, batch: 0 }
    }
}

/// A stream over time: where its promised rows stood after some of its batches.
///
/// Of a long stream every second, fourth, eighth .. batch is kept, so that there are never more than [`OverTime::MOST`] moments. Which
/// ones depends on their number alone: a stream that was interrupted keeps the same.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OverTime {
    every: u64,
    moments: Vec<Moment>,
}

/// Where the rows stood after so many batches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    pub batches: u64,
    pub samples: u64,
    /// In the order of the promised rows.
    pub rows: Vec<MomentRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MomentRow {
    /// The pooled quantity; none where the row could not be compared.
    pub value: Option<f64>,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
    pub verdict: Verdict,
}

impl Default for OverTime {
    fn default() -> OverTime {
        OverTime { every: 1, moments: Vec::new() }
    }
}

impl OverTime {
    pub const MOST: usize = 128;
    /// Of very many rows there are fewer moments: a state is written with all of them.
    const NUMBERS: usize = 1 << 14;
    const LEAST: usize = 8;

    /// Whether the moment after so many batches is one to keep.
    pub fn keeps(&self, batches: u64) -> bool {
        batches.is_multiple_of(self.every.max(1))
    }

    /// Enters a moment.
    pub fn enter(&mut self, moment: Moment) {
        let most = (Self::NUMBERS / moment.rows.len().max(1)).clamp(Self::LEAST, Self::MOST);
        self.moments.push(moment);
        if self.moments.len() > most {
            self.every = self.every.max(1).saturating_mul(2);
            let every = self.every;
            self.moments.retain(|moment| moment.batches.is_multiple_of(every));
        }
    }

    /// The moments up to `now`, which is the last of them.
    pub fn until(&self, now: Moment) -> Vec<Moment> {
        let before = self.moments.iter().filter(|moment| moment.batches < now.batches);
        before.cloned().chain((now.batches > 0).then(|| now.clone())).collect()
    }
}

impl Moment {
    pub fn new(program: &Program, rows: &[RowReading], batches: u64, samples: u64) -> Moment {
        let row = |live: Live<'_>| {
            let kept = live.is_kept() && live.value.is_finite();
            let [value, lower, upper] = live.reading().written().map(|number| finite(number).filter(|_| kept));
            MomentRow {
                value,
                lower,
                upper,
                verdict: match (kept, kept && live.held()) {
                    (false, _) => Verdict::NotChecked,
                    (true, true) => Verdict::Held,
                    (true, false) => Verdict::Violated,
                },
            }
        };
        Moment { batches, samples, rows: Live::all(program, rows).map(row).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_thin_out_evenly() {
        let mut over_time = OverTime::default();
        let moment = |batches| Moment { batches, samples: 3 * batches, rows: Vec::new() };
        for batches in 1..=10_000 {
            if over_time.keeps(batches) {
                over_time.enter(moment(batches));
            }
        }
        let kept: Vec<u64> = over_time.until(moment(10_001)).iter().map(|moment| moment.batches).collect();
        assert!(kept.len() > OverTime::MOST / 2 && kept.len() <= OverTime::MOST + 1, "{}", kept.len());
        assert_eq!((kept.first(), kept.last()), (Some(&128), Some(&10_001)));
        assert!(kept.windows(2).all(|pair| pair[1] - pair[0] == 128 || pair[1] == 10_001), "{kept:?}");
        assert_eq!(over_time.until(moment(0)), [], "nothing was answered");
    }

    #[test]
    fn many_rows_have_few_moments() {
        let row = MomentRow { value: None, lower: None, upper: None, verdict: Verdict::NotChecked };
        let mut over_time = OverTime::default();
        for batches in 1..=100 {
            if over_time.keeps(batches) {
                over_time.enter(Moment { batches, samples: batches, rows: vec![row.clone(); 5_000] });
            }
        }
        let kept: Vec<u64> = over_time.moments.iter().map(|moment| moment.batches).collect();
        assert_eq!(kept, [16, 32, 48, 64, 80, 96]);
    }
}
