//! Which samples are learned from together, and which are kept apart for validation and tests.

use serde::{Deserialize, Serialize};

use super::random::Random;

/// How batches are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// Every batch has of every cell its share of the data, to within one sample.
    #[default]
    Stratified,
    /// Any sample in any batch.
    Plain,
}

/// The samples of a data set in three parts, as indices, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    pub train: Vec<u32>,
    pub valid: Vec<u32>,
    pub test: Vec<u32>,
}

impl Split {
    /// Takes the shares `valid` and `test` (together below 1) out at random, of every cell alike.
    pub fn new(cells: &[u32], valid: f64, test: f64, seed: u64) -> Split {
        let all: Vec<u32> = (0..).zip(cells).map(|(sample, _)| sample).collect();
        let order = dealt(cells, &all, &mut Random::new(seed, "split", 0));
        let share = |part: f64| (part * cells.len() as f64).round() as usize;
        let (test, valid) = (share(test), share(valid));
        // Dealt order is mixed through and through: any stretch of it has its share of every cell.
        let part = |from: usize, len: usize| {
            let mut part: Vec<u32> = order.iter().skip(from).take(len).copied().collect();
            part.sort_unstable();
            part
        };
        Split { test: part(0, test), valid: part(test, valid), train: part(test + valid, usize::MAX) }
    }

    /// What each epoch ends with a look at: the validation part, or the training part where there is none.
    pub fn watched(&self) -> Watched<'_> {
        if self.valid.is_empty() {
            Watched { samples: &self.train, part: "training", loss: "after the epoch" }
        } else {
            Watched { samples: &self.valid, part: "validation", loss: "validation" }
        }
    }
}

/// A part of the samples, and in words the part and the loss on it.
#[derive(Clone, Copy, Debug)]
pub struct Watched<'a> {
    pub samples: &'a [u32],
    pub part: &'static str,
    /// Beside the mean loss of the training batches, each before its step.
    pub loss: &'static str,
}

/// The batches of an epoch: every one of `samples` is in exactly one of them. Sizes differ by at most one, so no batch is
/// a small rest.
pub fn epoch(sampling: Sampling, cells: &[u32], samples: &[u32], size: usize, seed: u64, epoch: u64) -> Vec<Vec<u32>> {
    let mut random = Random::new(seed, "batches", epoch);
    let order = match sampling {
        Sampling::Stratified => dealt(cells, samples, &mut random),
        Sampling::Plain => {
            let mut order = samples.to_vec();
            random.shuffle(&mut order);
            order
        }
    };
    let count = order.len().div_ceil(size.max(1));
    let edge = |batch: usize| batch * order.len() / count.max(1);
    (0..count).map(|batch| order.get(edge(batch)..edge(batch + 1)).unwrap_or_default().to_vec()).collect()
}

/// A random order in which every stretch holds its share of every cell, to within one sample at either end: the `j`-th of
/// the `m` samples of a cell, in random order, goes to place `(j + u) / m` with one `u` in `[0, 1)` for the cell.
fn dealt(cells: &[u32], samples: &[u32], random: &mut Random) -> Vec<u32> {
    let mut mixed = samples.to_vec();
    random.shuffle(&mut mixed);
    let cell = |sample: u32| cells.get(sample as usize).copied().unwrap_or(0) as usize;
    let count = mixed.iter().map(|&sample| cell(sample) + 1).max().unwrap_or(0);
    let mut sizes = vec![0_usize; count];
    for &sample in &mixed {
        if let Some(size) = sizes.get_mut(cell(sample)) {
            *size += 1;
        }
    }
    let offsets: Vec<f64> = (0..count).map(|_| random.uniform()).collect();
    let mut seen = vec![0_usize; count];
    let mut placed: Vec<(f64, u32)> = Vec::with_capacity(mixed.len());
    for &sample in &mixed {
        let c = cell(sample);
        let (Some(size), Some(offset), Some(seen)) = (sizes.get(c), offsets.get(c), seen.get_mut(c)) else { continue };
        placed.push(((*seen as f64 + offset) / *size as f64, sample));
        *seen += 1;
    }
    // Stable, so that ties are in the shuffled order.
    placed.sort_by(|a, b| a.0.total_cmp(&b.0));
    placed.into_iter().map(|(_, sample)| sample).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(n: u32) -> Vec<u32> {
        (0..n).map(|i| if i % 50 == 0 { 2 } else { u32::from(i % 3 == 0) }).collect()
    }

    #[test]
    fn every_sample_is_in_one_batch_and_every_batch_has_its_share_of_every_cell() {
        let cells = cells(1003);
        let samples: Vec<u32> = (0..1003).filter(|i| i % 7 != 0).collect();
        let count = |part: &[u32], cell: u32| part.iter().filter(|&&s| cells[s as usize] == cell).count() as f64;
        for epoch_number in 0..3 {
            let batches = epoch(Sampling::Stratified, &cells, &samples, 100, 5, epoch_number);
            let mut all: Vec<u32> = batches.concat();
            all.sort_unstable();
            assert_eq!(all, samples);
            assert_eq!(batches.len(), samples.len().div_ceil(100));
            for batch in &batches {
                assert!(batch.len().abs_diff(samples.len() / batches.len()) <= 1);
                for cell in 0..3 {
                    let share = count(&samples, cell) * batch.len() as f64 / samples.len() as f64;
                    assert!((count(batch, cell) - share).abs() <= 2.0, "cell {cell}");
                }
            }
        }
    }

    #[test]
    fn epochs_differ_and_repeat_from_the_seed() {
        let cells = cells(300);
        let samples: Vec<u32> = (0..300).collect();
        for sampling in [Sampling::Stratified, Sampling::Plain] {
            let draw = |seed, number| epoch(sampling, &cells, &samples, 64, seed, number);
            assert_eq!(draw(1, 0), draw(1, 0));
            assert_ne!(draw(1, 0), draw(1, 1));
            assert_ne!(draw(1, 0), draw(2, 0));
        }
    }

    #[test]
    fn the_parts_of_a_split_have_their_shares() {
        let cells = cells(1000);
        let split = Split::new(&cells, 0.2, 0.1, 3);
        assert_eq!((split.train.len(), split.valid.len(), split.test.len()), (700, 200, 100));
        let mut all = [&split.train[..], &split.valid, &split.test].concat();
        all.sort_unstable();
        assert!(all.iter().copied().eq(0..1000));
        let rare = split.valid.iter().filter(|&&s| cells[s as usize] == 2).count();
        assert!((3..=5).contains(&rare), "{rare}");
    }

    #[test]
    fn nothing_makes_no_batches() {
        assert!(epoch(Sampling::Stratified, &[], &[], 8, 0, 0).is_empty());
    }
}
