//! What a batch adds up to: counts, weights and sums by cell, then by event.

use std::collections::BTreeMap;
use std::ops::Range;

use super::encoded::{Encoded, FactorValues};
use super::error::BindError;
use super::measure::Basis;
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

    /// The entries of an array with one entry per encoded sample; samples have been checked.
    pub(super) fn gather<T: Copy>(&self, all: &[T]) -> Vec<T> {
        match self {
            Samples::All => all.to_vec(),
            Samples::Range(range) => all[range.clone()].to_vec(),
            Samples::Rows(rows) => rows.iter().map(|&row| all[row as usize]).collect(),
        }
    }

    /// How many there are, of `n` in all.
    pub(super) fn count(&self, n: usize) -> usize {
        match self {
            Samples::All => n,
            Samples::Range(range) => range.len(),
            Samples::Rows(rows) => rows.len(),
        }
    }

    /// The encoded sample at a place of the batch.
    pub(super) fn sample(&self, place: usize) -> usize {
        match self {
            Samples::All => place,
            Samples::Range(range) => range.start + place,
            Samples::Rows(rows) => rows[place] as usize,
        }
    }
}

/// The batch by the cells that occur in it, numbered again in their old order.
pub(super) struct Tally {
    /// The cell of each sample.
    pub cell: Vec<u32>,
    /// The encoded cell of each cell.
    pub origin: Vec<u32>,
    /// Samples of positive weight, by cell.
    pub samples: Vec<usize>,
    /// Those of a stream before the batch, by cell, with a decay as many as still count; empty where there are none.
    earlier: Vec<f64>,
    /// Sum of weights, by cell.
    pub weights: Vec<f64>,
    /// The same with what its rounding lost.
    pub whole_weights: Vec<Sum>,
    /// The weight of each sample.
    pub weight: Option<Vec<f64>>,
    /// By event, the cells in it, ascending.
    pub members: Vec<Vec<u32>>,
    /// `Σ w·φ` by cell of samples that are not in the batch, earlier ones or elsewhere; empty where there are none.
    pub(super) past: BTreeMap<Basis, Vec<Sum>>,
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
                renumbered[old as usize] = new;
            }
            cell.iter_mut().for_each(|slot| *slot = renumbered[*slot as usize]);
        }
        let weight = encoded.weight.as_ref().map(|weight| samples.gather(weight));
        let (samples, whole_weights) = match &weight {
            None => {
                let counts: Vec<usize> =
                    counts.into_iter().filter(|&count| count > 0).map(|count| count as usize).collect();
                let weights = counts.iter().map(|&count| Sum::from(count as f64)).collect();
                (counts, weights)
            }
            Some(weight) => weigh(&cell, weight, origin.len()),
        };
        let members = members(encoded, &origin);
        let weights = values(&whole_weights);
        let (earlier, past) = (Vec::new(), BTreeMap::new());
        Tally { cell, origin, samples, earlier, weights, whole_weights, weight, members, past }
    }

    /// With the earlier samples of a stream: all cells that are known, and counts, weights and sums of data over them
    /// and the batch.
    pub(super) fn pooled(encoded: &Encoded, samples: &Samples, pool: &Pool) -> Tally {
        let cell = samples.gather(&encoded.cell);
        let weight = encoded.weight.as_ref().map(|weight| samples.gather(weight));
        let cells = encoded.cells();
        let (counts, mut weights) = match &weight {
            Some(weight) => weigh(&cell, weight, cells),
            None => {
                let mut counts = vec![0; cells];
                cell.iter().for_each(|&cell| counts[cell as usize] += 1);
                let weights = counts.iter().map(|&count| Sum::from(count as f64)).collect();
                (counts, weights)
            }
        };
        weights.iter_mut().zip(pool.cells()).for_each(|(weight, sums)| weight.merge(sums.weight));
        let mut earlier: Vec<f64> = pool.cells().iter().map(|sums| sums.samples).collect();
        earlier.resize(cells, 0.0);
        let of_basis = |place: usize| {
            // A cell that was never answered has no sums.
            let sums = pool.cells().iter();
            sums.map(|sums| sums.factors.get(place).map_or_else(Sum::default, |[with, ..]| *with)).collect()
        };
        let bases = encoded.plan.bases.iter().enumerate();
        let past = bases.map(|(place, basis)| (basis.clone(), of_basis(place))).collect();
        let origin: Vec<u32> = (0..cells as u32).collect();
        let members = members(encoded, &origin);
        let whole_weights = weights;
        let weights = values(&whole_weights);
        Tally { cell, origin, samples: counts, earlier, weights, whole_weights, weight, members, past }
    }

    /// No samples here, and sums over others: counts and weights by cell, and `Σ w·φ` by cell.
    pub(super) fn elsewhere(
        encoded: &Encoded,
        samples: Vec<usize>,
        weights: Vec<f64>,
        past: BTreeMap<Basis, Vec<Sum>>,
    ) -> Tally {
        let origin: Vec<u32> = (0..encoded.cells() as u32).collect();
        let members = members(encoded, &origin);
        let weight = encoded.weight.as_ref().map(|_| Vec::new());
        let whole_weights = weights.iter().copied().map(Sum::from).collect();
        let (cell, earlier) = (Vec::new(), Vec::new());
        Tally { cell, origin, samples, earlier, weights, whole_weights, weight, members, past }
    }

    pub(super) fn members(&self, event: usize) -> &[u32] {
        &self.members[event]
    }

    /// Samples of positive weight in an event, earlier ones of a stream included.
    pub(super) fn count(&self, event: usize) -> usize {
        let members = self.members(event);
        let here: usize = members.iter().map(|&cell| self.samples[cell as usize]).sum();
        let earlier: f64 = members.iter().filter_map(|&cell| self.earlier.get(cell as usize)).sum();
        // With a decay fewer count than there were, but some do: an event that has been answered is not empty. Rounding must not make one
        // less of a whole number.
        here + ((earlier + 1e-9) as usize).max(usize::from(here == 0 && earlier > 0.0))
    }

    /// Sum over the cells of an event.
    pub(super) fn over(&self, event: usize, by_cell: &[f64]) -> f64 {
        let mut sum = Sum::default();
        self.members(event).iter().for_each(|&cell| sum.add(by_cell[cell as usize]));
        sum.value()
    }

    /// `Σ w·φ` by cell, over earlier samples of a stream too.
    pub(super) fn data_by_cell(&self, encoded: &Encoded, factor: usize, samples: &Samples) -> Vec<f64> {
        let mut sums = self.by_cell(Some(&encoded.factors[factor]), samples, None);
        let past = self.past.get(&Basis::plain(Some(factor)));
        sums.iter_mut().zip(past.into_iter().flatten()).for_each(|(sum, past)| *sum += past.value());
        sums
    }

    /// `Σ w·(φ − r)` of a factor by cell, with `r` the reference of the cell, over earlier samples of a stream too. Nothing
    /// is lost to rounding: a mean is subtracted from numbers that it may be next to.
    pub(super) fn around_references(
        &self,
        values: &[f64],
        references: &[f64],
        samples: &Samples,
        basis: &Basis,
    ) -> Vec<Sum> {
        let mut sums = vec![Sum::default(); self.origin.len()];
        for (i, &cell) in self.cell.iter().enumerate() {
            let [deviation, rest] = difference(values[samples.sample(i)], references[cell as usize]);
            let sum = &mut sums[cell as usize];
            match &self.weight {
                None => [deviation, rest].into_iter().for_each(|part| sum.add(part)),
                Some(weight) => {
                    sum.add_product(weight[i], deviation);
                    sum.add(weight[i] * rest);
                }
            }
        }
        let past = self.past.get(basis);
        sums.iter_mut().zip(past.into_iter().flatten()).for_each(|(sum, past)| sum.merge(*past));
        sums
    }

    /// `Σ w·φ·y` by cell over the batch, with `y = 1` where none is given.
    pub(super) fn by_cell(&self, factor: Option<&FactorValues>, samples: &Samples, y: Option<&[f64]>) -> Vec<f64> {
        let scaled = |values: &[f64], of_cell: Vec<f64>| -> Vec<f64> {
            let value = |&old: &u32| values[old as usize];
            self.origin.iter().map(value).zip(of_cell).map(|(value, sum)| value * sum).collect()
        };
        match (factor, y) {
            (None, None) => self.weights.clone(),
            (None, Some(y)) => self.sums(|i| y[i]),
            (Some(FactorValues::ByCell(values)), y) => scaled(values, self.by_cell(None, samples, y)),
            (Some(FactorValues::BySample(values)), None) => self.sums(|i| values[samples.sample(i)]),
            (Some(FactorValues::BySample(values)), Some(y)) => self.sums(|i| values[samples.sample(i)] * y[i]),
        }
    }

    pub(super) fn sums(&self, value: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut sums = vec![Sum::default(); self.origin.len()];
        for (i, &cell) in self.cell.iter().enumerate() {
            let weight = self.weight.as_ref().map_or(1.0, |weight| weight[i]);
            sums[cell as usize].add(weight * value(i));
        }
        sums.into_iter().map(Sum::value).collect()
    }
}

/// By event, the cells in it.
fn members(encoded: &Encoded, origin: &[u32]) -> Vec<Vec<u32>> {
    let mut members = vec![Vec::new(); encoded.plan.shapes.len()];
    for (new, &old) in (0..).zip(origin) {
        for event in encoded.events[old as usize].iter() {
            members[event].push(new);
        }
    }
    members
}

fn weigh(cell: &[u32], weight: &[f64], cells: usize) -> (Vec<usize>, Vec<Sum>) {
    let mut counts = vec![0; cells];
    let mut sums = vec![Sum::default(); cells];
    for (&cell, &weight) in cell.iter().zip(weight) {
        counts[cell as usize] += usize::from(weight > 0.0);
        sums[cell as usize].add(weight);
    }
    (counts, sums)
}

fn values(sums: &[Sum]) -> Vec<f64> {
    sums.iter().map(|sum| sum.value()).collect()
}

/// `a − b`, and what its rounding loses (Knuth).
pub(super) fn difference(a: f64, b: f64) -> [f64; 2] {
    let rounded = a - b;
    let back = rounded - a;
    [rounded, (a - (rounded - back)) - (b + back)]
}
