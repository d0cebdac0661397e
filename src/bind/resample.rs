//! How much rows and means would differ had other samples been drawn: the Poisson bootstrap.
//!
//! A replicate gives each sample a count of its own, `p_i ~ Poisson(1)`, where the bootstrap of Efron (1979) draws the
//! counts together as multinomial. The counts are independent, so one pass over the data in any order makes a replicate
//! (Chamandy, Muralidharan, Najmi and Naidu, *Estimating uncertainty for massive data streams*, 2012). Samples are
//! resampled, not cells, so the spread within cells counts as well as that of their sizes.
//!
//! ```text
//! Σ_{i in cell} p_i·w_i·φ_i·ŷ_i   for each factor   →   totals, coefficients, sides   →   value and room of each row
//! ```
//!
//! Everything that a row reads of the data is computed again in each replicate, its sides included.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use super::binder::About;
use super::deviation::Centres;
use super::encoded::{Encoded, FactorValues};
use super::formula::Scope;
use super::measure::{Basis, Measure};
use super::params::Params;
use super::plan::PlannedRow;
use super::tally::{Samples, Tally};
use crate::language::program::Aggregate;
use crate::runtime::problem::Sum;

/// How to resample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resampling {
    pub replicates: usize,
    /// Equal seeds give equal replicates, whatever the number of threads.
    pub seed: u64,
}

/// What came of the replicates, in their order; NaN where an event had no weight.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replicates {
    /// One for each row of the program; empty for rows that take no part.
    pub rows: Vec<Series>,
    /// The mean prediction in each set of cells.
    pub means: Vec<Vec<f64>>,
}

/// A row over the replicates.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    pub values: Vec<f64>,
    /// For each origin of the row, the room left to the nearer of its sides, negative where it is missed.
    pub rooms: Vec<Vec<f64>>,
}

/// A sum by cell that rows or means are made of: `Σ w·φ` or `Σ w·φ·ŷ`, with `φ = 1` for no factor.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Channel {
    of: Basis,
    predicted: bool,
}

// The places of the first two channels: those of the factor 1.
const WEIGHT: usize = 0;
const MEAN: usize = 1;

/// Samples whose counts are drawn at a time.
const CHUNK: usize = 4096;

impl Encoded {
    /// Draws replicates of some samples, with the predictions `y` of all, and evaluates each row and the mean prediction in
    /// each set of cells. Rows that take no part in these samples have no values.
    pub fn resample(
        &self,
        params: &Params,
        samples: &Samples<'_>,
        y: &[f64],
        sets: &[Vec<u32>],
        how: Resampling,
    ) -> Replicates {
        let work = Work::new(self, params, samples, y, sets);
        let drawn: Vec<(Vec<Vec<f64>>, Vec<f64>)> =
            (0..how.replicates as u64).into_par_iter().map(|index| work.replicate(how.seed, index)).collect();
        let mut rows = vec![Series::default(); self.plan.rows.len() + self.plan.left.len()];
        for (place, row) in work.rows.iter().enumerate() {
            let series = &mut rows[row.row];
            let at = |number: usize| drawn.iter().map(|(rows, _)| rows[place][number]).collect();
            series.values = drawn.iter().map(|(rows, _)| rows[place][0]).collect();
            series.rooms = (1..=row.own.len().max(1)).map(at).collect();
        }
        let mean = |set: usize| drawn.iter().map(|(_, means)| means[set]).collect();
        Replicates { rows, means: (0..sets.len()).map(mean).collect() }
    }
}

/// What all replicates share.
struct Work<'a> {
    encoded: &'a Encoded,
    params: &'a Params,
    y: Cow<'a, [f64]>,
    /// In the numbering of the tally.
    sets: Vec<Vec<u32>>,
    tally: Tally,
    about: About,
    channels: Vec<Channel>,
    /// By channel, its place among them.
    places: BTreeMap<Channel, usize>,
    /// Per channel, its factor for each sample; none where it has no factor, or one for each cell.
    factors: Vec<Option<Cow<'a, [f64]>>>,
    /// The rows that take part.
    rows: Vec<&'a PlannedRow>,
    poisson: Poisson,
}

impl<'a> Work<'a> {
    fn new(
        encoded: &'a Encoded,
        params: &'a Params,
        samples: &Samples<'_>,
        y: &'a [f64],
        sets: &[Vec<u32>],
    ) -> Work<'a> {
        let tally = Tally::new(encoded, samples);
        let chosen = |all: &'a [f64]| match samples {
            Samples::All => Cow::Borrowed(all),
            Samples::Range(_) | Samples::Rows(_) => Cow::Owned(samples.gather(all)),
        };
        let place = |cell: &u32| tally.origin.binary_search(cell).ok().map(|place| place as u32);
        let sets = sets.iter().map(|set| set.iter().filter_map(place).collect()).collect();
        let full = |row: &&PlannedRow| {
            let means = row.written().iter().filter(|term| term.aggregate == Aggregate::Mean).map(|term| term.event);
            let least = row.options.min_count.max(1);
            row.reads.iter().all(|&event| tally.count(event) as u64 >= least)
                && means.into_iter().all(|event| tally.count(event) > 0)
        };
        let rows: Vec<&PlannedRow> = encoded.plan.rows.iter().filter(full).collect();
        let about = About::new(encoded, &tally, samples);
        let mut channels = Channels::default();
        channels.add(Basis::default(), false);
        channels.add(Basis::default(), true);
        for &(atom, _) in &encoded.plan.centres {
            channels.add(Basis { factor: None, powers: vec![(atom, 1)] }, false);
        }
        let totals = encoded.plan.totals.iter().map(|(of, event)| (of, *event, false));
        let terms = rows.iter().flat_map(|row| &row.terms).map(|term| (&term.of, term.event, true));
        for (of, event, predicted) in totals.chain(terms) {
            match of.powers.is_empty() {
                true => channels.add(Basis::plain(of.factor), predicted),
                false => {
                    let parts = about.deviations.expand(encoded, &tally, &about.centres, of, event);
                    parts.into_iter().for_each(|(basis, _)| channels.add(basis, predicted));
                }
            }
        }
        let Channels { list: channels, places } = channels;
        let factor = |channel: &Channel| match encoded.factor(channel.of.factor) {
            Some(FactorValues::BySample(values)) if channel.of.powers.is_empty() => Some(chosen(values)),
            Some(FactorValues::ByCell(_)) | None if channel.of.powers.is_empty() => None,
            Some(_) | None => {
                Some(Cow::Owned(about.deviations.values(encoded, samples, &channel.of, tally.cell.len())))
            }
        };
        let factors = channels.iter().map(factor).collect();
        let (y, poisson) = (chosen(y), Poisson::new());
        Work { encoded, params, y, sets, tally, about, channels, places, factors, rows, poisson }
    }

    /// The sum of a measure over an event in a replicate.
    fn total(&self, sums: &[Vec<f64>], centres: &Centres, of: &Measure, event: usize, predicted: bool) -> f64 {
        let of_basis = |basis: Basis| &sums[self.places[&Channel { of: basis, predicted }]];
        if of.powers.is_empty() {
            return self.tally.over(event, of_basis(Basis::plain(of.factor)));
        }
        let parts = self.about.deviations.expand(self.encoded, &self.tally, centres, of, event);
        let part = |(basis, coefficients): (Basis, Vec<f64>)| -> f64 {
            let sums = of_basis(basis);
            let cells = self.tally.members(event).iter().zip(coefficients);
            cells.map(|(&cell, coefficient)| coefficient * sums[cell as usize]).sum()
        };
        parts.into_iter().map(part).sum()
    }

    /// The means of this replicate, which deviations are about.
    fn centres(&self, sums: &[Vec<f64>]) -> Centres {
        let whole = |sums: &[f64]| sums.iter().copied().map(Sum::from).collect::<Vec<Sum>>();
        let channel = |atom| Channel { of: Basis::deviation(atom), predicted: false };
        let mut of_atom = |atom| whole(&sums[self.places[&channel(atom)]]);
        self.about.deviations.centres(self.encoded, &self.tally, &whole(&sums[WEIGHT]), &mut of_atom)
    }

    /// The value of each row and its room by each of its origins, and the means of the sets.
    fn replicate(&self, seed: u64, index: u64) -> (Vec<Vec<f64>>, Vec<f64>) {
        let sums = self.sums(seed, index);
        let centres = self.centres(&sums);
        let weights = &sums[WEIGHT];
        let totals: Vec<f64> = (self.encoded.plan.totals.iter())
            .map(|(of, event)| self.total(&sums, &centres, of, *event, false))
            .collect();
        let scope = Scope { params: self.params.values(), totals: &totals, ..Scope::default() };
        let row = |row: &&PlannedRow| {
            let term = |term: &super::plan::PlannedTerm| {
                let total = self.total(&sums, &centres, &term.of, term.event, true);
                let value = match term.aggregate {
                    Aggregate::Mean => total / self.tally.over(term.event, weights),
                    Aggregate::Sum => total,
                };
                term.coefficient.value(&scope) * value
            };
            // Draws are added up by cell, which says nothing of distances.
            let value: f64 = if row.is_convex() { f64::NAN } else { row.terms.iter().map(term).sum() };
            let side = |side: &Option<super::formula::Formula>, none: f64| {
                side.as_ref().map_or(none, |formula| formula.value(&scope))
            };
            let room = |lower: &Option<super::formula::Formula>, upper: &Option<super::formula::Formula>| {
                let (lower, upper) = (side(lower, f64::NEG_INFINITY), side(upper, f64::INFINITY));
                let missing = lower.is_nan() || upper.is_nan();
                if missing { f64::NAN } else { (value - lower).min(upper - value) }
            };
            let mut numbers = vec![value];
            match &row.own[..] {
                [] => numbers.push(room(&row.lower, &row.upper)),
                several => numbers.extend(several.iter().map(|own| room(&own.lower, &own.upper))),
            }
            numbers
        };
        let mean = |set: &Vec<u32>| {
            let sum = |of: &[f64]| set.iter().map(|&cell| of[cell as usize]).sum::<f64>();
            sum(&sums[MEAN]) / sum(weights)
        };
        (self.rows.iter().map(row).collect(), self.sets.iter().map(mean).collect())
    }

    /// The sums of each channel by cell, with counts drawn for this replicate.
    fn sums(&self, seed: u64, index: u64) -> Vec<Vec<f64>> {
        let mut random = random(seed, index);
        let mut sums = vec![vec![0.0; self.tally.origin.len()]; self.channels.len()];
        let mut counts = [0.0; CHUNK];
        let mut weights = [0.0; CHUNK];
        for (chunk, cells) in self.tally.cell.chunks(CHUNK).enumerate() {
            let start = chunk * CHUNK;
            self.poisson.fill(&mut random, &mut counts);
            weights.copy_from_slice(&counts);
            if let Some(weight) = &self.tally.weight {
                let weight = weight.get(start..).unwrap_or_default();
                weights.iter_mut().zip(weight).for_each(|(count, weight)| *count *= weight);
            }
            let y = self.y.get(start..).unwrap_or_default();
            for ((channel, factor), sums) in self.channels.iter().zip(&self.factors).zip(&mut sums) {
                if factor.is_none() && channel.of.factor.is_some() {
                    continue;
                }
                let factor = factor.as_ref().map(|values| values.get(start..).unwrap_or_default());
                let weighed = cells.iter().zip(&weights);
                match (factor, channel.predicted) {
                    (None, false) => weighed.for_each(|(&cell, weight)| add(sums, cell, *weight)),
                    (None, true) => weighed.zip(y).for_each(|((&cell, weight), y)| add(sums, cell, weight * y)),
                    (Some(factor), false) => {
                        weighed.zip(factor).for_each(|((&cell, weight), factor)| add(sums, cell, weight * factor));
                    }
                    (Some(factor), true) => weighed
                        .zip(factor.iter().zip(y))
                        .for_each(|((&cell, weight), (factor, y))| add(sums, cell, weight * factor * y)),
                }
            }
        }
        self.scale(&mut sums);
        sums
    }

    /// A factor that is constant by cell scales the sums without it.
    fn scale(&self, sums: &mut [Vec<f64>]) {
        for place in 0..self.channels.len() {
            let channel = &self.channels[place];
            let Some(FactorValues::ByCell(values)) = self.encoded.factor(channel.of.factor) else { continue };
            let plain = &sums[if channel.predicted { MEAN } else { WEIGHT }];
            let plain = plain.iter().zip(&self.tally.origin);
            sums[place] = plain.map(|(sum, cell)| sum * values[*cell as usize]).collect();
        }
    }
}

/// Channels while they are being collected, each once.
#[derive(Default)]
struct Channels {
    list: Vec<Channel>,
    places: BTreeMap<Channel, usize>,
}

impl Channels {
    fn add(&mut self, of: Basis, predicted: bool) {
        let (channel, next) = (Channel { of, predicted }, self.list.len());
        if *self.places.entry(channel.clone()).or_insert(next) == next {
            self.list.push(channel);
        }
    }
}

/// The source of the counts of one replicate.
fn random(seed: u64, index: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed ^ index.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

#[inline]
fn add(sums: &mut [f64], cell: u32, value: f64) {
    sums[cell as usize] += value;
}

/// Draws from the Poisson distribution of mean 1 by inversion: the count is the number of thresholds
/// `2³²·P(X ≤ k)` that a uniform 32-bit number reaches.
#[derive(Clone, Debug)]
struct Poisson {
    thresholds: Vec<u32>,
}

impl Poisson {
    fn new() -> Poisson {
        let (mut chance, mut below) = ((-1.0_f64).exp(), 0.0);
        let mut thresholds = Vec::new();
        for k in 1_u32.. {
            below += chance;
            chance /= f64::from(k);
            let threshold = (below * 2.0_f64.powi(32)).round();
            if threshold > f64::from(u32::MAX) {
                break;
            }
            thresholds.push(threshold as u32);
        }
        Poisson { thresholds }
    }

    fn fill(&self, random: &mut Xoshiro256PlusPlus, counts: &mut [f64]) {
        for pair in counts.chunks_mut(2) {
            let bits = random.next_u64();
            for (count, uniform) in pair.iter_mut().zip([bits as u32, (bits >> 32) as u32]) {
                *count = self.count(uniform);
            }
        }
    }

    #[inline]
    fn count(&self, uniform: u32) -> f64 {
        // All but 0.4% of the draws are below 4: these take no branch that is hard to foresee.
        let (first, rest) = self.thresholds.split_at(4.min(self.thresholds.len()));
        let count: u32 = first.iter().map(|&threshold| u32::from(uniform >= threshold)).sum();
        if count < 4 {
            return f64::from(count);
        }
        f64::from(count) + rest.iter().take_while(|&&threshold| uniform >= threshold).count() as f64
    }
}

/// The counts of the samples in one replicate.
#[cfg(test)]
pub(super) fn counts(n: usize, seed: u64, index: u64) -> Vec<f64> {
    let (poisson, mut random) = (Poisson::new(), random(seed, index));
    let mut counts = vec![0.0; n.next_multiple_of(CHUNK)];
    poisson.fill(&mut random, &mut counts);
    counts.truncate(n);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_the_moments_of_the_distribution() {
        let poisson = Poisson::new();
        let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
        let mut counts = vec![0.0; 1 << 20];
        poisson.fill(&mut random, &mut counts);
        let n = counts.len() as f64;
        let mean = counts.iter().sum::<f64>() / n;
        let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / n;
        let none = counts.iter().filter(|count| **count == 0.0).count() as f64 / n;
        // Five standard errors: of the mean 1/√n, of the variance √(μ4 - 1)/√n = √3/√n.
        assert!((mean - 1.0).abs() < 5.0 / n.sqrt(), "{mean}");
        assert!((variance - 1.0).abs() < 5.0 * (3.0 / n).sqrt(), "{variance}");
        assert!((none - (-1.0_f64).exp()).abs() < 2.5 / n.sqrt(), "{none}");
        assert_eq!(poisson.count(0), 0.0);
        assert!(poisson.count(u32::MAX) >= 9.0);
    }
}
