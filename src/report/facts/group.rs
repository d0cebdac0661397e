//! Sizes, means, ratios and distributions of groups of samples.

use serde::Serialize;

use super::Yardstick;
use super::interval::Interval;
use super::partition::PartitionKind;
use crate::bind::{Encoded, Summed};
use crate::report::impact::{SMALL, Share};

/// The four-fifths rule of the US Uniform Guidelines on Employee Selection Procedures (29 CFR 1607.4 D).
pub const FOUR_FIFTHS: f64 = 0.8;
/// Bars of a histogram.
const BARS: usize = 20;

/// A table of groups.
#[derive(Clone, Debug, Serialize)]
pub struct PartitionFacts {
    pub name: String,
    pub kind: PartitionKind,
    /// The group that was chosen, else that with the highest mean among those that may be compared: with a share of at least
    /// `min_share`, and of scores not small (or among all, where none may).
    pub reference: Option<String>,
    pub groups: Vec<GroupFacts>,
}

#[derive(Clone, Debug, Serialize)]
pub struct GroupFacts {
    pub group: String,
    /// Its name for people: `age under 25` for `(-inf,25)`.
    pub label: String,
    /// Samples of positive weight.
    pub samples: usize,
    pub weight: f64,
    /// Of the weight of all samples.
    pub share: f64,
    /// Samples of positive weight that are decided 1, where the predictions are decisions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selected: Option<usize>,
    /// The mean and the ratio under the names that they have for decisions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub impact_ratio: Option<f64>,
    pub mean: Option<f64>,
    pub mean_interval: Option<Interval>,
    /// Of the mean to that of the reference, where predictions cannot be negative; none of decisions of a group whose share is too
    /// small to compare.
    pub ratio: Option<f64>,
    pub ratio_interval: Option<Interval>,
    pub small: bool,
    /// Null, or a value that is no declared level.
    pub unknown: bool,
    pub below_four_fifths: bool,
    /// Its share is too small to be a reference, or to be marked.
    pub below_min_share: bool,
    /// The share of the group's weight in each bar.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub histogram: Vec<f64>,
}

/// What is known of each cell.
pub(in crate::report) struct CellSums {
    samples: Vec<usize>,
    weights: Vec<f64>,
    scores: Vec<f64>,
    /// Of decisions: those of 1.
    selected: Option<Vec<usize>>,
    /// Of scores.
    bars: Vec<Vec<f64>>,
    /// The ends of the bars, one more than these; none of decisions.
    pub edges: Vec<f64>,
}

/// The sets of cells of a partition: one for each level, the last for the unknown.
pub(super) fn with_unknown(levels: &[Vec<u32>], cells: usize) -> Vec<Vec<u32>> {
    let mut known = vec![false; cells];
    for &cell in levels.iter().flatten() {
        if let Some(slot) = known.get_mut(cell as usize) {
            *slot = true;
        }
    }
    let unknown = (0_u32..).zip(&known).filter(|(_, known)| !**known).map(|(cell, _)| cell).collect();
    levels.iter().cloned().chain([unknown]).collect()
}

impl CellSums {
    /// Of samples elsewhere, by their sums; without histograms, for which each prediction is needed.
    pub(in crate::report) fn of_sums(summed: &Summed, decisions: bool) -> CellSums {
        let mut sums = CellSums {
            samples: Vec::new(),
            weights: Vec::new(),
            scores: Vec::new(),
            selected: decisions.then(Vec::new),
            bars: Vec::new(),
            edges: Vec::new(),
        };
        for (samples, weight, score, selected) in summed.cells() {
            sums.samples.push(samples);
            sums.weights.push(weight);
            sums.scores.push(score);
            sums.selected.iter_mut().for_each(|all| all.push(selected));
        }
        sums
    }

    /// Of scores within bounds.
    pub(in crate::report) fn of_scores(encoded: &Encoded, scores: &[f64], bounds: (f64, f64)) -> CellSums {
        CellSums::filled(encoded, scores, edges(scores, bounds), None)
    }

    /// Of decisions, 0 or 1 each, which make no histogram.
    pub(in crate::report) fn of_decisions(encoded: &Encoded, decisions: &[f64]) -> CellSums {
        CellSums::filled(encoded, decisions, Vec::new(), Some(vec![0; encoded.cells()]))
    }

    fn filled(encoded: &Encoded, predictions: &[f64], edges: Vec<f64>, selected: Option<Vec<usize>>) -> CellSums {
        let cells = encoded.cells();
        let bars = if selected.is_some() { Vec::new() } else { vec![vec![0.0; BARS]; cells] };
        let (samples, weights, scores) = (vec![0; cells], vec![0.0; cells], vec![0.0; cells]);
        let mut sums = CellSums { samples, weights, scores, selected, bars, edges };
        for (index, (&cell, score)) in encoded.cell().iter().zip(predictions).enumerate() {
            let weight = encoded.weight().and_then(|weight| weight.get(index)).copied().unwrap_or(1.0);
            sums.add(cell as usize, *score, weight);
        }
        sums
    }

    fn add(&mut self, cell: usize, score: f64, weight: f64) {
        let slots = (self.samples.get_mut(cell), self.weights.get_mut(cell), self.scores.get_mut(cell));
        if let (Some(samples), Some(weights), Some(scores)) = slots {
            *samples += usize::from(weight > 0.0);
            *weights += weight;
            *scores += weight * score;
        }
        if let Some(selected) = self.selected.as_mut().and_then(|selected| selected.get_mut(cell)) {
            *selected += usize::from(weight > 0.0 && score > 0.5);
        }
        let bar = self.edges.partition_point(|edge| *edge <= score).clamp(1, BARS) - 1;
        if let Some(bar) = self.bars.get_mut(cell).and_then(|bars| bars.get_mut(bar)) {
            *bar += weight;
        }
    }

    /// A group that is made of these cells.
    fn group(&self, name: &str, cells: &[u32], histogram: bool) -> GroupFacts {
        fn over<T: Copy + std::iter::Sum<T>>(of: &[T], cells: &[u32]) -> T {
            cells.iter().filter_map(|&cell| of.get(cell as usize).copied()).sum()
        }
        // The sum of no numbers is a negative zero.
        let (samples, weight) = (over(&self.samples, cells), over(&self.weights, cells) + 0.0);
        let bar = |bar: usize| {
            let of_cell = |&cell: &u32| self.bars.get(cell as usize).and_then(|bars| bars.get(bar));
            cells.iter().filter_map(of_cell).sum::<f64>() / weight
        };
        let mean = (weight > 0.0).then(|| over(&self.scores, cells) / weight);
        let selected = self.selected.as_ref().map(|selected| over(selected, cells));
        let histogram = histogram && selected.is_none() && !self.edges.is_empty();
        GroupFacts {
            group: name.to_owned(),
            label: name.to_owned(),
            samples,
            weight,
            share: weight / self.weights.iter().sum::<f64>(),
            selected,
            selection_rate: mean.filter(|_| selected.is_some()),
            impact_ratio: None,
            mean,
            mean_interval: None,
            ratio: None,
            ratio_interval: None,
            small: samples < SMALL,
            unknown: false,
            below_four_fifths: false,
            below_min_share: false,
            histogram: if histogram && weight > 0.0 { (0..BARS).map(bar).collect() } else { Vec::new() },
        }
    }

    /// Groups that need not be a partition: no ratios.
    pub(super) fn groups(&self, names: &[String], sets: &[Vec<u32>], means: &[Vec<f64>]) -> Vec<GroupFacts> {
        let groups = names.iter().zip(sets).enumerate().map(|(index, (name, cells))| {
            let mean_interval = means.get(index).and_then(|means| Interval::of(means));
            GroupFacts { mean_interval, ..self.group(name, cells, false) }
        });
        groups.collect()
    }

    /// Which groups may be compared: the known ones with a share that is large enough, and of scores with enough samples too.
    fn compared(&self, groups: &mut [GroupFacts], known: usize, min_share: Share) -> Vec<bool> {
        let total: usize = groups.iter().take(known).map(|group| group.samples).sum();
        let each = groups.iter_mut().enumerate().map(|(index, group)| {
            group.below_min_share = index < known && min_share.exceeds(group.samples as u128, total as u128);
            index < known && group.samples > 0 && !group.below_min_share && (self.selected.is_some() || !group.small)
        });
        each.collect()
    }

    /// A partition; the last of `sets` holds the unknown samples, and `means` has the replicates of each set.
    pub(in crate::report) fn partition(
        &self,
        partition: &super::Partition,
        sets: &[Vec<u32>],
        means: &[Vec<f64>],
        ratios: bool,
        yardstick: &Yardstick,
    ) -> PartitionFacts {
        let histogram = partition.kind == PartitionKind::Attribute;
        let names = partition.levels.iter().map(|(text, _)| text.as_str()).chain(["unknown"]);
        let mut groups: Vec<GroupFacts> =
            names.zip(sets).map(|(name, cells)| self.group(name, cells, histogram)).collect();
        let known = partition.levels.len();
        let compared = self.compared(&mut groups, known, yardstick.min_share());
        let usual = || {
            let any = compared.contains(&true) || self.selected.is_some();
            let able: Vec<bool> = (0..groups.len()).map(|index| index < known && !any).collect();
            most_favoured(&groups, if any { &compared } else { &able })
        };
        let chosen = yardstick.reference(&partition.name);
        let chosen =
            chosen.filter(|&index| groups.get(index).and_then(|group| group.mean).is_some_and(|mean| mean > 0.0));
        let reference = ratios.then(|| chosen.or_else(usual)).flatten();
        let best = reference.and_then(|index| groups.get(index)).and_then(|group| group.mean);
        let best_means = reference.and_then(|index| means.get(index));
        for (index, group) in groups.iter_mut().enumerate() {
            group.unknown = index == known;
            let own = means.get(index);
            group.mean_interval = own.and_then(|own| Interval::of(own));
            let is_compared = compared.get(index) == Some(&true);
            group.ratio =
                group.mean.zip(best).filter(|_| self.selected.is_none() || is_compared).map(|(mean, best)| mean / best);
            group.impact_ratio = group.ratio.filter(|_| self.selected.is_some());
            group.below_four_fifths = is_compared && group.ratio.is_some_and(|ratio| ratio < FOUR_FIFTHS);
            let other = reference != Some(index) && group.ratio.is_some();
            group.ratio_interval = own.zip(best_means).filter(|_| other).and_then(|(own, best)| {
                Interval::of(&own.iter().zip(best).map(|(own, best)| own / best).collect::<Vec<f64>>())
            });
        }
        let reference = reference.and_then(|index| groups.get(index)).map(|group| group.group.clone());
        groups.retain(|group| !group.unknown || group.samples > 0);
        PartitionFacts { name: partition.name.clone(), kind: partition.kind, reference, groups }
    }
}

/// The group of the highest mean among those that are compared. None where no mean is positive.
fn most_favoured(groups: &[GroupFacts], compared: &[bool]) -> Option<usize> {
    let able = groups.iter().zip(compared).enumerate().filter(|(_, (_, compared))| **compared);
    let means = able.filter_map(|(index, (group, _))| Some((index, group.mean.filter(|mean| *mean > 0.0)?)));
    // The first of equals.
    let best = means.fold(None, |best: Option<(usize, f64)>, new| match best {
        Some(old) if old.1 >= new.1 => Some(old),
        _ => Some(new),
    });
    best.map(|(index, _)| index)
}

/// Equal bars between the bounds, or where one is infinite between the smallest and the largest prediction.
fn edges(predictions: &[f64], (lower, upper): (f64, f64)) -> Vec<f64> {
    let low = if lower.is_finite() { lower } else { predictions.iter().copied().fold(f64::INFINITY, f64::min) };
    let high = if upper.is_finite() { upper } else { predictions.iter().copied().fold(f64::NEG_INFINITY, f64::max) };
    let high = if high > low { high } else { low + 1.0 };
    (0..=BARS).map(|bar| low + (high - low) * bar as f64 / BARS as f64).collect()
}
