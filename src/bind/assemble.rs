//! A program bound to a batch: the problem, and what became of each row.
//!
//! With `W_e` the weight of event `e` in the batch, a term `c · E[φ·ŷ | e]` adds `c·w_i·φ_i / W_e` to the entry of each
//! sample of `e`, and `c · Sum[φ·ŷ | e]` adds `c·w_i·φ_i`. What of it is constant by cell goes into the dictionary, what
//! is not is a factor of the problem; weights are part of the factors, so a sample of weight 0 has no entry at all.

use std::collections::BTreeMap;

use crate::language::program::Aggregate;
use crate::runtime::convex::ConvexProblem;
use crate::runtime::problem::{Problem, ProblemError, Sum};

use super::binder::{About, Binder, Matrix};
use super::bound::{Bound, EventCount};
use super::encoded::{Encoded, FactorValues};
use super::error::BindError;
use super::formula::Scope;
use super::measure::{Basis, Measure};
use super::params::Params;
use super::sample_rows;
use super::tally::{Samples, Tally};

impl Encoded {
    /// Binds a batch of the encoded samples; `params` are those of the program that was encoded.
    ///
    /// # Errors
    /// Empty events where the spec says so, sides without a value, per-sample bounds that cross, and a param that events
    /// or factors read with another value than the one encoded.
    pub fn bind(&self, params: &Params, samples: &Samples) -> Result<Bound, Vec<BindError>> {
        samples.check(self.n()).map_err(|error| vec![error])?;
        self.has_raw().map_err(|error| vec![error])?;
        self.bind_tally(params, samples, Tally::new(self, samples), &mut |_| {})
    }

    /// The same where rows may have absolute values of predictions inside of their means: [`Bound::convex`].
    ///
    /// # Errors
    /// As [`Encoded::bind`], which refuses such rows.
    pub fn bind_convex(&self, params: &Params, samples: &Samples) -> Result<Bound, Vec<BindError>> {
        samples.check(self.n()).map_err(|error| vec![error])?;
        self.has_raw().map_err(|error| vec![error])?;
        self.bind_all(params, samples, Tally::new(self, samples), &mut |_| {})
    }

    /// Binds with the counts and sums of a tally; `look` sees the matrix before it is a problem.
    pub(super) fn bind_tally(
        &self,
        params: &Params,
        samples: &Samples,
        tally: Tally,
        look: &mut dyn FnMut(&Matrix),
    ) -> Result<Bound, Vec<BindError>> {
        self.is_affine()?;
        self.bind_all(params, samples, tally, look)
    }

    /// Fails at a row with absolute values of predictions inside of its means, for whoever needs rows of a matrix.
    ///
    /// # Errors
    /// There is one.
    pub fn is_affine(&self) -> Result<(), Vec<BindError>> {
        match self.plan.rows.iter().find(|row| row.is_convex()) {
            Some(row) => Err(vec![BindError::ConvexRow { row: row.name.clone() }]),
            None => Ok(()),
        }
    }

    fn bind_all(
        &self,
        params: &Params,
        samples: &Samples,
        tally: Tally,
        look: &mut dyn FnMut(&Matrix),
    ) -> Result<Bound, Vec<BindError>> {
        let changed = self.changed(params);
        if !changed.is_empty() {
            return Err(changed);
        }
        let about = About::new(self, &tally, samples);
        let totals = self.totals(&tally, &about, samples);
        let scope = Scope { params: params.values(), totals: &totals, ..Scope::default() };
        let (errors, matrix) = (Vec::new(), Matrix::new(self));
        let mut binder = Binder { encoded: self, tally: &tally, about: &about, scope, errors, matrix };
        let rows = binder.rows();
        let (of_pairs, became, pairs) = self.pair_rows(params, samples, &mut binder.errors);
        let (bounds, sample_rows) = sample_rows::bounds(&mut binder, samples, became);
        let Binder { errors, matrix, .. } = binder;
        if !errors.is_empty() {
            return Err(errors);
        }
        look(&matrix);
        let events = self.plan.program_events.iter().map(|event| {
            event.map(|event| EventCount { samples: tally.count(event), weight: tally.over(event, &tally.weights) })
        });
        let events = events.collect();
        let pair_rows = of_pairs.promised.clone();
        let (mut terms, points) = (matrix.convex_terms(self, &tally, samples), matrix.points());
        let parts = matrix.into_parts(self, tally, &about.deviations, samples, bounds);
        let parts = of_pairs.add_to(parts, &mut terms);
        let wrong = |error: ProblemError| vec![error.into()];
        let (problem, convex) = if terms.is_empty() {
            (Problem::new(parts).map_err(wrong)?, None)
        } else {
            let convex = ConvexProblem::new(parts, terms).map_err(wrong)?;
            (convex.affine().clone(), Some(Box::new(convex)))
        };
        Ok(Bound { problem, convex, points, rows, sample_rows, pairs, pair_rows, events })
    }

    /// The values of a factor, or of 1, for the samples of a batch.
    pub(super) fn batch_values(&self, factor: Option<usize>, tally: &Tally, samples: &Samples) -> Vec<f64> {
        match factor.map(|factor| &self.factors[factor]) {
            None => vec![1.0; tally.cell.len()],
            Some(FactorValues::BySample(values)) => samples.gather(values),
            Some(FactorValues::ByCell(values)) => {
                tally.cell.iter().map(|&cell| values[tally.origin[cell as usize] as usize]).collect()
            }
        }
    }

    /// The values of the terms of each row of the program on predictions `y` of a batch: the means and sums that a
    /// report compares. Empty for rows that take no part.
    pub fn term_values(&self, samples: &Samples, y: &[f64]) -> Vec<Vec<f64>> {
        let tally = Tally::new(self, samples);
        let mut by_factor: Vec<Option<Vec<f64>>> = vec![None; self.factors.len() + 1];
        let mut all = vec![Vec::new(); self.plan.rows.len() + self.plan.left.len()];
        for row in &self.plan.rows {
            let values = row.written().iter().map(|term| {
                let place = term.of.factor.map_or(0, |factor| factor + 1);
                let factor = term.of.factor.map(|factor| &self.factors[factor]);
                let total = match term.at {
                    Some(at) => {
                        let from = self.batch_values(at.0, &tally, samples);
                        let apart: Vec<f64> = y.iter().zip(from).map(|(y, from)| (y - from).abs()).collect();
                        tally.over(term.event, &tally.by_cell(factor, samples, Some(&apart)))
                    }
                    None => {
                        let sums = by_factor[place].get_or_insert_with(|| tally.by_cell(factor, samples, Some(y)));
                        tally.over(term.event, sums)
                    }
                };
                match term.aggregate {
                    Aggregate::Mean => total / tally.over(term.event, &tally.weights),
                    Aggregate::Sum => total,
                }
            });
            all[row.row] = values.collect();
        }
        all
    }

    /// The mean of `values`, one for each sample of a batch, over each event of the program; none for events without
    /// samples, and for those that only rows read which are left out.
    pub fn event_means(&self, samples: &Samples, values: &[f64]) -> Vec<Option<f64>> {
        let tally = Tally::new(self, samples);
        let sums = tally.by_cell(None, samples, Some(values));
        let mean = |event: usize| tally.over(event, &sums) / tally.over(event, &tally.weights);
        let events = self.plan.program_events.iter();
        events.map(|event| event.map(mean).filter(|mean| mean.is_finite())).collect()
    }

    /// The params that the encoding has fixed at another value.
    fn changed(&self, params: &Params) -> Vec<BindError> {
        let of_pairs = self.fixed_in_pairs().filter(|(index, _, value)| params.values().get(*index) != Some(value));
        let changed = self.plan.changed(params).chain(of_pairs).map(|(index, name, encoded)| {
            let value = params.values()[*index];
            BindError::ParamFixed { name: name.clone(), encoded: *encoded, value }
        });
        changed.collect()
    }

    /// The values of the aggregates of data.
    pub(super) fn totals(&self, tally: &Tally, about: &About, samples: &Samples) -> Vec<f64> {
        let mut by_factor: Vec<Option<Vec<f64>>> = vec![None; self.factors.len()];
        let mut by_basis: BTreeMap<Basis, Vec<f64>> = BTreeMap::new();
        let total = |(of, event): &(Measure, usize)| {
            if !of.powers.is_empty() {
                let About { deviations, centres } = about;
                let members = tally.members(*event);
                let mut sum = Sum::default();
                for (basis, coefficients) in deviations.expand(self, tally, centres, of, *event) {
                    let sums = by_basis
                        .entry(basis)
                        .or_insert_with_key(|basis| tally.deviations_by_cell(self, deviations, samples, basis));
                    let terms = members.iter().zip(coefficients);
                    terms.for_each(|(&cell, coefficient)| sum.add(coefficient * sums[cell as usize]));
                }
                return sum.value();
            }
            let Some(index) = of.factor else { return tally.over(*event, &tally.weights) };
            let sums = by_factor[index].get_or_insert_with(|| tally.data_by_cell(self, index, samples));
            tally.over(*event, sums)
        };
        self.plan.totals.iter().map(total).collect()
    }
}
