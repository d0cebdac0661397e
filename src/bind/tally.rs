//! What a batch adds up to: counts, weights and sums by cell, then by event.

use std::ops::Range;

use super::encode::{Encoded, FactorValues};
use super::error::BindError;
use crate::runtime::online::Pool;
use crate::runtime::problem::{Sum, count_into};

/// The samples of a batch, in the order in which the problem has them.
#[derive(Clone, Debug)]
pub enum Samples<'a> {
    All,
    Range(Range<usize>),
    /// Indices into the encoded data; a sample may appear more than once.
    Rows(&'a [u32]),
}

impl Samples<'_> {
    pub(super) fn check(&self, n: usize) -> Result<(), BindError> {
        let beyond = match self {
            Samples::All => None,
            Samples::Range(range) => (range.end > n || range.start > range.end).then_some(range.end.max(range.start)),
            // One pass that vectorises.
            Samples::Rows(rows) => rows.iter().max().map(|&row| row as usize).filter(|&row| row >= n),
        };
        beyond.map_or(Ok(()), |sample| Err(BindError::NoSuchSample { sample, n }))
    }

    /// The entries of an array with one entry per encoded sample.
    pub(super) fn gather<T: Copy>(&self, all: &[T]) -> Vec<T> {
        match self {
            Samples::All => all.to_vec(),
            Samples::Range(range) => all.get(range.clone()).unwrap_or_default().to_vec(),
            Samples::Rows(rows) => {
                let Some(&first) = all.first() else { return Vec::new() };
                // Rows have been checked; to leave none out keeps the loop plain.
                rows.iter().map(|&row| all.get(row as usize).copied().unwrap_or(first)).collect()
            }
        }
    }

    /// The encoded sample at a place of the batch.
    pub(super) fn sample(&self, place: usize) -> usize {
        match self {
            Samples::All => place,
            Samples::Range(range) => range.start + place,
            Samples::Rows(rows) => rows.get(place).map_or(place, |&row| row as usize),
        }
    }
}

/// The batch by the cells that occur in it, numbered anew in their old order.
pub(super) struct Tally {
    /// The cell of each sample.
    pub cell: Vec<u32>,
    /// The encoded cell of each cell.
    pub origin: Vec<u32>,
    /// Samples of positive weight, by cell.
    pub samples: Vec<usize>,
    /// Sum of weights, by cell.
    pub weights: Vec<f64>,
    /// The weight of each sample.
    pub weight: Option<Vec<f64>>,
    /// By event, the cells in it, ascending.
    pub members: Vec<Vec<u32>>,
    /// By factor, `Σ w·φ` by cell of samples that are not in the batch, earlier ones or elsewhere; empty where there are none.
    past: Vec<Vec<f64>>,
}

impl Tally {
    pub(super) fn new(encoded: &Encoded, samples: &Samples) -> Tally {
        let mut cell = samples.gather(&encoded.cell);
        let mut counts = vec![0_u32; encoded.cells()];
        count_into(&cell, &mut counts);
        let origin: Vec<u32> = (0..).zip(&counts).filter(|(_, count)| **count > 0).map(|(cell, _)| cell).collect();
        if origin.len() < counts.len() {
            let mut renumbered = vec![0_u32; encoded.cells()];
            for (new, &old) in (0..).zip(&origin) {
                if let Some(slot) = renumbered.get_mut(old as usize) {
                    *slot = new;
                }
            }
            cell.iter_mut().for_each(|slot| *slot = renumbered.get(*slot as usize).copied().unwrap_or(0));
        }
        let weight = encoded.weight.as_ref().map(|weight| samples.gather(weight));
        let (samples, weights) = match &weight {
            None => {
                let counts: Vec<usize> =
                    counts.into_iter().filter(|&count| count > 0).map(|count| count as usize).collect();
                let weights = counts.iter().map(|&count| count as f64).collect();
                (counts, weights)
            }
            Some(weight) => weigh(&cell, weight, origin.len()),
        };
        let members = members(encoded, &origin);
        Tally { cell, origin, samples, weights, weight, members, past: Vec::new() }
    }

    /// With the earlier samples of a stream: all cells that are known, and counts, weights and sums of data over them
    /// and the batch.
    pub(super) fn pooled(encoded: &Encoded, samples: &Samples, pool: &Pool) -> Tally {
        let cell = samples.gather(&encoded.cell);
        let weight = encoded.weight.as_ref().map(|weight| samples.gather(weight));
        let cells = encoded.cells();
        let (mut counts, mut weights) = match &weight {
            Some(weight) => weigh(&cell, weight, cells),
            None => {
                let mut counts = vec![0; cells];
                cell.iter().filter_map(|&c| counts.get_mut(c as usize).map(|count| *count += 1)).for_each(drop);
                let weights = counts.iter().map(|&count| count as f64).collect();
                (counts, weights)
            }
        };
        for ((count, weight), sums) in counts.iter_mut().zip(&mut weights).zip(pool.cells()) {
            // With a decay fewer samples count than there were; rounding must not make one less of a whole number.
            *count += (sums.samples + 1e-9) as usize;
            *weight += sums.weight.value();
        }
        let of_factor = |place: usize| {
            let sums = pool.cells().iter().map(|sums| sums.factors.get(place).map_or(0.0, |[with, ..]| with.value()));
            sums.collect()
        };
        let mut past = vec![Vec::new(); encoded.factors.len()];
        for (place, factor) in encoded.pooled_factors().enumerate() {
            if let Some(slot) = past.get_mut(factor) {
                *slot = of_factor(place);
            }
        }
        let origin: Vec<u32> = (0..cells as u32).collect();
        let members = members(encoded, &origin);
        Tally { cell, origin, samples: counts, weights, weight, members, past }
    }

    /// No samples here, and sums over others: counts and weights by cell, and by factor `Σ w·φ` by cell.
    pub(super) fn elsewhere(encoded: &Encoded, samples: Vec<usize>, weights: Vec<f64>, past: Vec<Vec<f64>>) -> Tally {
        let origin: Vec<u32> = (0..encoded.cells() as u32).collect();
        let members = members(encoded, &origin);
        let weight = encoded.weight.as_ref().map(|_| Vec::new());
        Tally { cell: Vec::new(), origin, samples, weights, weight, members, past }
    }

    pub(super) fn members(&self, event: usize) -> &[u32] {
        self.members.get(event).map_or(&[], |cells| cells)
    }

    /// Samples of positive weight in an event.
    pub(super) fn count(&self, event: usize) -> usize {
        self.members(event).iter().filter_map(|&cell| self.samples.get(cell as usize)).sum()
    }

    /// Sum over the cells of an event.
    pub(super) fn over(&self, event: usize, by_cell: &[f64]) -> f64 {
        let mut sum = Sum::default();
        self.members(event).iter().filter_map(|&cell| by_cell.get(cell as usize)).for_each(|&value| sum.add(value));
        sum.value()
    }

    /// `Σ w·φ` by cell, over earlier samples of a stream too.
    pub(super) fn data_by_cell(&self, encoded: &Encoded, factor: usize, samples: &Samples) -> Vec<f64> {
        let mut sums = self.by_cell(encoded.factors.get(factor), samples, None);
        sums.iter_mut().zip(self.past.get(factor).into_iter().flatten()).for_each(|(sum, past)| *sum += past);
        sums
    }

    /// `Σ w·φ·y` by cell over the batch, with `y = 1` where none is given.
    pub(super) fn by_cell(&self, factor: Option<&FactorValues>, samples: &Samples, y: Option<&[f64]>) -> Vec<f64> {
        let scaled = |values: &[f64], of_cell: Vec<f64>| -> Vec<f64> {
            let value = |&old: &u32| values.get(old as usize).copied().unwrap_or(0.0);
            self.origin.iter().map(value).zip(of_cell).map(|(value, sum)| value * sum).collect()
        };
        match (factor, y) {
            (None, None) => self.weights.clone(),
            (None, Some(y)) => self.sums(|i| y.get(i).copied().unwrap_or(0.0)),
            (Some(FactorValues::ByCell(values)), y) => scaled(values, self.by_cell(None, samples, y)),
            (Some(FactorValues::BySample(values)), None) => {
                self.sums(|i| values.get(samples.sample(i)).copied().unwrap_or(0.0))
            }
            (Some(FactorValues::BySample(values)), Some(y)) => {
                self.sums(|i| values.get(samples.sample(i)).copied().unwrap_or(0.0) * y.get(i).copied().unwrap_or(0.0))
            }
        }
    }

    fn sums(&self, value: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut sums = vec![Sum::default(); self.origin.len()];
        for (i, &cell) in self.cell.iter().enumerate() {
            let weight = self.weight.as_ref().and_then(|weight| weight.get(i)).copied().unwrap_or(1.0);
            if let Some(sum) = sums.get_mut(cell as usize) {
                sum.add(weight * value(i));
            }
        }
        sums.into_iter().map(Sum::value).collect()
    }
}

/// By event, the cells in it.
fn members(encoded: &Encoded, origin: &[u32]) -> Vec<Vec<u32>> {
    let mut members = vec![Vec::new(); encoded.plan.shapes.len()];
    for (new, &old) in (0..).zip(origin) {
        for event in encoded.events.get(old as usize).into_iter().flat_map(|bits| bits.iter()) {
            if let Some(cells) = members.get_mut(event) {
                cells.push(new);
            }
        }
    }
    members
}

fn weigh(cell: &[u32], weight: &[f64], cells: usize) -> (Vec<usize>, Vec<f64>) {
    let mut counts = vec![0; cells];
    let mut sums = vec![Sum::default(); cells];
    for (&cell, &weight) in cell.iter().zip(weight) {
        if let (Some(count), Some(sum)) = (counts.get_mut(cell as usize), sums.get_mut(cell as usize)) {
            *count += usize::from(weight > 0.0);
            sum.add(weight);
        }
    }
    (counts, sums.into_iter().map(Sum::value).collect())
}
