//! A batch of which only sums by cell are known, and what its rows come to.

use std::collections::BTreeMap;

use super::level::Level;
use super::lumps::Lumps;
use crate::bind::binder::Matrix;
use crate::bind::bound::Bound;
use crate::bind::encoded::{Encoded, FactorValues};
use crate::bind::error::BindError;
use crate::bind::frozen::{DecidedSample, Frozen, Thresholds};
use crate::bind::measure::Basis;
use crate::bind::params::Params;
use crate::bind::tally::{Samples, Tally};
use crate::bind::unplaced::Unplaced;
use crate::bind::visible::VisibleCells;
use crate::language::program::{Aggregate, Program};
use crate::runtime::problem::{RowValues, Sum};

/// What the rows of a problem weigh predictions by, and the shifts of a projection by cell and by these.
#[derive(Clone, Debug)]
pub struct Weights(pub(super) Vec<Basis>);

/// Sums over the samples of each cell.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    /// All samples, and those of positive weight.
    pub all: Vec<usize>,
    pub samples: Vec<usize>,
    pub weights: Vec<Sum>,
    /// `Σ w·ŷ` and `Σ w·|ŷ|`.
    pub scores: Vec<Sum>,
    pub sizes: Vec<f64>,
    /// Samples of positive weight that are decided 1.
    pub selected: Vec<usize>,
    /// By factor that differs within cells.
    pub factors: BTreeMap<usize, FactorSums>,
    /// Of products of deviations from the references of cells, where rows are about means.
    pub products: BTreeMap<Basis, FactorSums>,
}

/// `Σ w·φ`, `Σ w·φ·ŷ`, and the same of sizes, by cell.
#[derive(Clone, Debug, Default)]
pub(super) struct FactorSums {
    pub alone: Vec<Sum>,
    pub with: Vec<Sum>,
    pub size: Vec<f64>,
    pub own_size: Vec<f64>,
}

/// Samples elsewhere, by their sums.
#[derive(Clone, Debug)]
pub struct Summed {
    /// The plan and its cells, without samples.
    pub(super) encoded: Encoded,
    pub(super) sums: Sums,
    /// How many samples there are, those without weight too.
    pub n: usize,
    /// The samples whose predictions are outside the bounds that are declared, and by how much at most.
    pub outside: (usize, f64),
    /// The smallest and the largest prediction.
    pub ends: (f64, f64),
    /// All predictions are 0 or 1; and how many are not.
    pub decided: bool,
    pub undecided: u64,
    /// How much more than by compensated sums the values may be wrong: of plain sums the error grows with the number of rows.
    pub(super) wider: f64,
    /// The codes that occur, as they were asked for, and the cell of each.
    pub(super) tuples: BTreeMap<Vec<i128>, usize>,
    /// Where buckets were asked for.
    pub(super) lumps: Lumps,
}

/// What the rows of a batch come to.
#[derive(Clone, Debug)]
pub struct SummedRows {
    pub rows: RowValues,
    /// The magnitudes of rows for predictions of size 1.
    pub units: Vec<f64>,
    /// As [`Encoded::term_values`] has them.
    pub terms: Vec<Vec<f64>>,
}

impl Summed {
    /// Of a file: how many samples, those outside their bounds, and the ends of the predictions.
    pub(super) fn of_file(
        encoded: Encoded,
        sums: Sums,
        (n, outside, ends): (usize, (usize, f64), (f64, f64)),
        lumps: Lumps,
    ) -> Summed {
        let tuples = BTreeMap::new();
        Summed { encoded, sums, n, outside, ends, decided: false, undecided: 0, wider: 1.0, tuples, lumps }
    }

    /// The plan and its cells, without samples.
    pub fn encoded(&self) -> &Encoded {
        &self.encoded
    }

    /// The samples in no level, by column.
    pub fn unplaced(&self) -> &[Unplaced] {
        &self.encoded.unplaced
    }

    /// BLAKE3 of counts, weights and sums, cell by cell.
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for (samples, weight, score, selected) in self.cells() {
            let counts = [samples as u64, selected as u64].into_iter().chain([weight.to_bits(), score.to_bits()]);
            counts.for_each(|number| {
                hasher.update(&number.to_le_bytes());
            });
        }
        hasher.finalize().to_hex().to_string()
    }

    /// The predictions by buckets, where these were asked for.
    pub fn lumps(&self) -> &Lumps {
        &self.lumps
    }

    /// By cell: samples of positive weight, their weight, `Σ w·ŷ`, and those of them that are decided 1.
    pub fn cells(&self) -> impl Iterator<Item = (usize, f64, f64, usize)> {
        let Sums { samples, weights, scores, selected, .. } = &self.sums;
        let counts = samples.iter().zip(selected);
        counts
            .zip(weights.iter().zip(scores))
            .map(|((&samples, &selected), (weight, score))| (samples, weight.value(), score.value(), selected))
    }

    /// The shifts of a projection with these multipliers.
    ///
    /// # Errors
    /// As of [`Encoded::freeze`].
    pub fn freeze(
        &self,
        program: &Program,
        params: &Params,
        of: (&Bound, &[f64]),
        prediction: &str,
    ) -> Result<Frozen, Vec<BindError>> {
        self.encoded.freeze_tally((program, params), (&self.tally(), self.n), of, prediction)
    }

    /// The thresholds that shifts of gains make of scores; `levels` come with the share of them that is decided 1.
    ///
    /// # Errors
    /// As of [`Encoded::freeze`].
    pub fn thresholds(
        &self,
        (program, params): (&Program, &Params),
        visible: &VisibleCells,
        of: (&Bound, &[f64]),
        (prediction, cutoff): (&str, f64),
        levels: &[(Level, f64)],
    ) -> Result<Thresholds, Vec<BindError>> {
        let tally = self.tally();
        let counted = (&tally, self.sums.all.as_slice());
        let frozen = self.encoded.freeze_visible_tally((program, params), visible, counted, Some(of), prediction)?;
        // Of scores that are not told apart the ends are: no threshold lies at one of them.
        let ends = |(level, decision): &(Level, f64)| {
            let (cell, decision) = (level.cell as u32, *decision);
            let (samples, weight) = if level.exact { (level.samples, level.weight) } else { (0, 0.0) };
            let end = |value| DecidedSample { cell, value, decision, samples, weight };
            let other = (!level.exact).then(|| end(level.high));
            [end(level.low)].into_iter().chain(other)
        };
        Ok(visible.thresholds(frozen, cutoff, &|| levels.iter().flat_map(ends)))
    }

    fn tally(&self) -> Tally {
        let Sums { samples, weights, factors, products, .. } = &self.sums;
        let products = products.iter().map(|(basis, sums)| (basis.clone(), sums.alone.clone()));
        let plain = |(&factor, sums): (&usize, &FactorSums)| (Basis::plain(Some(factor)), sums.alone.clone());
        let past = factors.iter().map(plain).chain(products).collect();
        let weights = weights.iter().map(|weight| weight.value()).collect();
        Tally::elsewhere(&self.encoded, samples.clone(), weights, past)
    }

    /// Binds the batch, and says what is behind each factor of the problem.
    ///
    /// # Errors
    /// As [`Encoded::bind`].
    pub fn bind_weights(&self, params: &Params) -> Result<(Bound, Weights), Vec<BindError>> {
        // The constant first; one that no row reads is none of the problem.
        let mut slots: Vec<Basis> = Vec::new();
        let mut look = |matrix: &Matrix| {
            let bases = [Basis::default()].into_iter().chain(matrix.factors.iter().cloned());
            slots = bases.zip(&matrix.triplets).filter(|(_, read)| !read.is_empty()).map(|(basis, _)| basis).collect();
        };
        let bound = self.encoded.bind_tally(params, &Samples::All, self.tally(), &mut look)?;
        Ok((bound, Weights(slots)))
    }

    /// How much more than by compensated sums the sums may be wrong.
    pub fn wider(&self) -> f64 {
        self.wider
    }

    /// Binds the batch, and says what its rows come to.
    ///
    /// # Errors
    /// As [`Encoded::bind`].
    pub fn bind(&self, params: &Params) -> Result<(Bound, SummedRows), Vec<BindError>> {
        let (bound, Weights(slots)) = self.bind_weights(params)?;
        let cells = self.encoded.cells().max(1);
        let (mut values, mut sizes, mut units) = (Vec::new(), Vec::new(), Vec::new());
        for cell in 0..cells {
            for basis in &slots {
                let [value, size, unit] = self.slot(basis, cell)?;
                values.push(value);
                sizes.push(size);
                units.push(unit);
            }
        }
        let one = |error: crate::runtime::problem::ProblemError| vec![error.into()];
        let mut rows = bound.problem.rows_of_sums(&values, &sizes).map_err(one)?;
        rows.magnitudes.iter_mut().for_each(|magnitude| *magnitude *= self.wider);
        let units = bound.problem.rows_of_sums(&units, &units).map_err(one)?.magnitudes;
        let terms = self.terms();
        Ok((bound, SummedRows { rows, units, terms }))
    }

    /// `Σ w·φ·ŷ`, `Σ w·|φ·ŷ|` and `Σ w·|φ|` of a cell.
    fn slot(&self, basis: &Basis, cell: usize) -> Result<[f64; 3], Vec<BindError>> {
        let Sums { weights, scores, sizes, factors, products, .. } = &self.sums;
        let at = |list: &[Sum]| list.get(cell).map_or(0.0, |sum| sum.value());
        let plain = |list: &[f64]| list.get(cell).copied().unwrap_or(0.0);
        match (basis.factor, basis.powers.is_empty()) {
            (None, true) => Ok([at(scores), plain(sizes), at(weights)]),
            (Some(factor), true) if factors.contains_key(&factor) => {
                let sums = factors.get(&factor).cloned().unwrap_or_default();
                Ok([at(&sums.with), plain(&sums.size), plain(&sums.own_size)])
            }
            (_, false) if products.contains_key(basis) => {
                let sums = products.get(basis).cloned().unwrap_or_default();
                Ok([at(&sums.with), plain(&sums.size), plain(&sums.own_size)])
            }
            (_, _) => {
                let what = "a row reads sums that were not asked for".to_owned();
                Err(vec![BindError::Internal { what }])
            }
        }
    }

    /// As [`Encoded::term_values`], by sums.
    fn terms(&self) -> Vec<Vec<f64>> {
        let tally = self.tally();
        let value = |list: &[Sum]| -> Vec<f64> { list.iter().map(|sum| sum.value()).collect() };
        let scores = value(&self.sums.scores);
        let by_cell = |factor: Option<usize>| match factor.map(|factor| (factor, &self.encoded.factors[factor])) {
            None => scores.clone(),
            Some((_, FactorValues::ByCell(values))) => {
                values.iter().zip(&scores).map(|(value, sum)| value * sum).collect()
            }
            Some((factor, FactorValues::BySample(_))) => {
                self.sums.factors.get(&factor).map(|sums| value(&sums.with)).unwrap_or_default()
            }
        };
        let plan = &self.encoded.plan;
        let mut all = vec![Vec::new(); plan.rows.len() + plan.left.len()];
        for row in &plan.rows {
            let values = row.written().iter().map(|term| {
                let total = tally.over(term.event, &by_cell(term.of.factor));
                match term.aggregate {
                    Aggregate::Mean => total / tally.over(term.event, &tally.weights),
                    Aggregate::Sum => total,
                }
            });
            all[row.row] = values.collect();
        }
        all
    }
}
