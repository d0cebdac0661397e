//! Thresholds of decisions, one for each cell: the shifts of their gains as numbers to compare a score with.
//!
//! Decisions of the largest gain are `1` where `g − shift(cell) > 0`, and `shift` is that of the projection with the multipliers
//! of the decisions. So the threshold of a score is `cutoff + shift(cell)`. Of samples exactly there a share is decided `1`:
//! that of the reference data. What the shift leaves to rounding is settled by the reference samples themselves.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Frozen, FrozenCell};
use crate::bind::cells::Identity;
use crate::bind::encoded::Encoded;
use crate::bind::error::BindError;
use crate::bind::visible::VisibleCells;
use crate::runtime::decide::Cut;

/// Thresholds of all cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// The column that is compared with them.
    pub column: String,
    /// The column has gains, and no scores.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gains: bool,
    /// What a score is compared with where no row presses; 0 for gains.
    pub cutoff: f64,
    pub params: Vec<(String, f64)>,
    /// Reference samples.
    pub samples: usize,
    /// The events that cells are told apart by, as text.
    pub(in crate::bind) events: Vec<String>,
    pub cells: Vec<ThresholdCell>,
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdCell {
    /// Above it a sample is decided 1, below it 0.
    pub threshold: f64,
    /// The share of those exactly there that is decided 1.
    pub share: f64,
    /// Reference samples exactly there.
    pub at: usize,
    /// Lower thresholds, ascending, each with the chance of a decision of 1 from there up to the next: a draw between them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    #[serde(flatten)]
    pub cell: FrozenCell,
}

/// From this value on a sample is decided 1 by this chance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub from: f64,
    pub chance: f64,
}

/// What the reference samples of a cell say.
struct Seen {
    /// The highest that was not wholly decided 1, and the lowest that was not wholly decided 0.
    refused: f64,
    taken: f64,
}

impl Encoded {
    /// The thresholds that shifts of gains make of scores. `values` are compared with them, and `decisions`, shares from 0 to 1,
    /// were made of these; both have one number for each sample. `free` tells samples that no bound of their own decides.
    pub fn thresholds(
        &self,
        visible: &VisibleCells,
        frozen: Frozen,
        cutoff: f64,
        values: &[f64],
        decisions: &[f64],
        free: &dyn Fn(usize) -> bool,
    ) -> Thresholds {
        let decided = self.cell().iter().zip(values).zip(decisions).enumerate();
        let samples = || {
            decided.clone().filter(|(sample, _)| free(*sample)).map(|(sample, ((&cell, &value), &decision))| {
                let weight = self.weight().and_then(|weight| weight.get(sample)).copied().unwrap_or(1.0);
                DecidedSample { cell, value, decision, samples: 1, weight }
            })
        };
        visible.thresholds(frozen, cutoff, &samples)
    }
}

/// Samples of a cell of the data that have the same value, and the share of them that is decided 1.
pub(in crate::bind) struct DecidedSample {
    pub cell: u32,
    pub value: f64,
    pub decision: f64,
    pub samples: usize,
    /// Of all of them.
    pub weight: f64,
}

impl VisibleCells {
    /// As [`Encoded::thresholds`], of these samples.
    pub(in crate::bind) fn thresholds<I: Iterator<Item = DecidedSample>>(
        &self,
        frozen: Frozen,
        cutoff: f64,
        samples: &dyn Fn() -> I,
    ) -> Thresholds {
        let mut seen: HashMap<&Identity, Seen> = HashMap::new();
        let identity = |cell: u32| &self.identities[self.of_cells()[cell as usize] as usize];
        for DecidedSample { cell, value, decision, .. } in samples() {
            let none = Seen { refused: f64::NEG_INFINITY, taken: f64::INFINITY };
            let seen = seen.entry(identity(cell)).or_insert(none);
            if decision < 1.0 {
                seen.refused = seen.refused.max(value);
            }
            if decision > 0.0 {
                seen.taken = seen.taken.min(value);
            }
        }
        let mut at: HashMap<Identity, (f64, usize, f64, f64)> = HashMap::new();
        for cell in &frozen.cells {
            let identity = cell.key().identity();
            let between =
                seen.get(&identity).map_or((f64::NEG_INFINITY, f64::INFINITY), |seen| (seen.refused, seen.taken));
            at.insert(identity, (threshold(cutoff - cell.add, between), 0, 0.0, 0.0));
        }
        for DecidedSample { cell, value, decision, samples, weight: own } in samples() {
            if let Some((threshold, count, weight, sum)) = at.get_mut(identity(cell))
                && value == *threshold
            {
                (*count, *weight, *sum) = (*count + samples, *weight + own, *sum + own * decision);
            }
        }
        let of = |cell: FrozenCell| {
            let known = at.get(&cell.key().identity()).copied();
            let (threshold, at, weight, sum) = known.unwrap_or((cutoff - cell.add, 0, 0.0, 0.0));
            // Nobody was there: as with the cutoff itself, whoever reaches it is decided 1.
            let share = if weight > 0.0 { sum / weight } else { 1.0 };
            ThresholdCell { threshold, share, at, steps: Vec::new(), cell }
        };
        Thresholds::of(frozen, cutoff, of)
    }
}

impl Encoded {
    /// The thresholds of a rule that was fitted to `visible` cells. `frozen` is the table of these, and `values` are what the rule
    /// compares. A group that nobody was in is decided by the cutoff.
    pub fn rule(
        &self,
        visible: &VisibleCells,
        frozen: Frozen,
        cutoff: f64,
        values: &[f64],
        cuts: &[Vec<Cut>],
    ) -> Thresholds {
        let by_cell: HashMap<&Identity, &Vec<Cut>> = visible.identities.iter().zip(cuts).collect();
        let mut at: HashMap<(&Identity, u64), usize> = HashMap::new();
        for (cell, value) in visible.of_samples(self).into_iter().zip(values) {
            *at.entry((&visible.identities[cell as usize], (value + 0.0).to_bits())).or_insert(0) += 1;
        }
        let of = |cell: FrozenCell| {
            let identity = cell.key().identity();
            let cuts = by_cell.get(&identity).map_or(&[][..], |cuts| cuts.as_slice());
            let from = |cut: &Cut| threshold(cutoff, (cut.refused, cut.taken));
            let top = cuts.first().map_or(cutoff, from);
            let mut left = 0.0;
            let mut steps: Vec<Step> = Vec::new();
            for cut in cuts.iter().skip(1).rev() {
                left += cut.share;
                steps.push(Step { from: from(cut), chance: left });
            }
            let at = at.get(&(&identity, (top + 0.0).to_bits())).copied().unwrap_or(0);
            ThresholdCell { threshold: top, share: 1.0, at, steps, cell }
        };
        Thresholds::of(frozen, cutoff, of)
    }

    /// The chance of a decision of 1 for each sample: 0 or 1, but for those exactly at a threshold.
    ///
    /// # Errors
    /// The thresholds belong to other events, as those of other params do.
    pub fn chances(
        &self,
        visible: &VisibleCells,
        thresholds: &Thresholds,
        values: &[f64],
    ) -> Result<Vec<f64>, BindError> {
        let samples = self.cell().iter().copied().zip(values.iter().copied());
        visible.chances(thresholds, samples)
    }
}

impl VisibleCells {
    /// As [`Encoded::chances`], of samples by cell of the data and value.
    ///
    /// # Errors
    /// As [`Encoded::chances`].
    pub fn chances(
        &self,
        thresholds: &Thresholds,
        samples: impl Iterator<Item = (u32, f64)>,
    ) -> Result<Vec<f64>, BindError> {
        if thresholds.events != self.plan.event_texts {
            let what = "the thresholds tell groups apart by other events than these data".to_owned();
            return Err(BindError::NotFrozen { what });
        }
        let known: HashMap<Identity, &ThresholdCell> =
            thresholds.cells.iter().map(|cell| (cell.cell.key().identity(), cell)).collect();
        let by_cell: Vec<Option<&ThresholdCell>> =
            self.identities.iter().map(|identity| known.get(identity).copied()).collect();
        let chances = samples.map(|(cell, value)| {
            let cell = by_cell[self.of_cells()[cell as usize] as usize]
                .ok_or_else(|| BindError::NotFrozen { what: "a sample is in no cell of the table".to_owned() })?;
            Ok(cell.chance(value))
        });
        chances.collect()
    }
}

/// How values are spread in the cells of thresholds.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// Where bars begin, and where the last ends.
    pub edges: Vec<f64>,
    /// For each cell the share of its samples in each bar; none where there are no samples.
    pub shares: Vec<Vec<f64>>,
}

impl Encoded {
    /// How `values`, which are compared with thresholds, are spread in each of their cells, by `bars` bars over `range` and what is
    /// outside of it.
    pub fn spread(
        &self,
        visible: &VisibleCells,
        thresholds: &Thresholds,
        values: &[f64],
        (bars, range): (usize, (f64, f64)),
    ) -> Spread {
        let (low, high) = values.iter().fold(range, |(low, high), value| (low.min(*value), high.max(*value)));
        let (low, high) = if low < high { (low, high) } else { (low - 0.5, low + 0.5) };
        let width = (high - low) / bars.max(1) as f64;
        let places: HashMap<Identity, usize> =
            thresholds.cells.iter().enumerate().map(|(place, cell)| (cell.cell.key().identity(), place)).collect();
        let by_cell: Vec<Option<usize>> =
            visible.identities.iter().map(|identity| places.get(identity).copied()).collect();
        let mut counts = vec![vec![0_usize; bars]; thresholds.cells.len()];
        for (cell, &value) in visible.of_samples(self).into_iter().zip(values) {
            let bar = (((value - low) / width) as usize).min(bars.saturating_sub(1));
            let place = by_cell.get(cell as usize).copied().flatten();
            if let Some(count) = place.and_then(|place| counts.get_mut(place)?.get_mut(bar)) {
                *count += 1;
            }
        }
        let shares = counts.into_iter().map(|counts| match counts.iter().sum::<usize>() {
            0 => Vec::new(),
            all => counts.into_iter().map(|count| count as f64 / all as f64).collect(),
        });
        Spread { edges: (0..=bars).map(|bar| low + width * bar as f64).collect(), shares: shares.collect() }
    }
}

impl Thresholds {
    fn of(frozen: Frozen, cutoff: f64, cell: impl Fn(FrozenCell) -> ThresholdCell) -> Thresholds {
        Thresholds {
            column: frozen.prediction,
            gains: false,
            cutoff,
            params: frozen.params,
            samples: frozen.samples,
            events: frozen.events,
            cells: frozen.cells.into_iter().map(cell).collect(),
        }
    }

    /// Whether some cells draw between several thresholds.
    pub fn draws(&self) -> bool {
        self.cells.iter().any(|cell| !cell.steps.is_empty())
    }
}

impl ThresholdCell {
    fn chance(&self, value: f64) -> f64 {
        match value.total_cmp(&self.threshold) {
            _ if value == self.threshold => self.share,
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Less | std::cmp::Ordering::Equal => {
                self.steps.iter().rev().find(|step| value >= step.from).map_or(0.0, |step| step.chance)
            }
        }
    }

    /// Whether those exactly at the threshold are decided 1 where nothing is drawn.
    pub fn takes_ties(&self) -> bool {
        self.share >= 0.5
    }
}

/// The threshold that parts those decided 0 from those decided 1, as close as can be to the one computed.
fn threshold(computed: f64, (refused, taken): (f64, f64)) -> f64 {
    if refused >= taken {
        // Some of those exactly there are decided 1, and some are not.
        taken
    } else if refused < computed && computed <= taken {
        computed
    } else {
        taken.min(f64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_part_what_was_decided() {
        let infinity = f64::INFINITY;
        assert_eq!(threshold(0.5, (-infinity, infinity)), 0.5);
        assert_eq!(threshold(0.5, (0.4, 0.6)), 0.5);
        assert_eq!(threshold(0.5, (0.5, 0.6)), 0.6);
        assert_eq!(threshold(0.6, (0.4, 0.6)), 0.6);
        assert_eq!(threshold(0.600_000_1, (0.6, 0.6)), 0.6);
        assert_eq!(threshold(0.5, (0.7, infinity)), f64::MAX);
    }
}
