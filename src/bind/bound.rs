//! A program bound to a batch: the problem, and what became of each row.
//!
//! With `W_e` the weight of event `e` in the batch, a term `c · E[φ·ŷ | e]` adds `c·w_i·φ_i / W_e` to the entry of each
//! sample of `e`, and `c · Sum[φ·ŷ | e]` adds `c·w_i·φ_i`. What of it is constant by cell goes into the dictionary, what
//! is not is a factor of the problem; weights are part of the factors, so a sample of weight 0 has no entry at all.

use std::collections::BTreeMap;

use crate::language::program::{Aggregate, Direction, PromisedRow, WhenEmpty};
use crate::runtime::problem::{Problem, ProblemParts, RowsByCell, Sum};

use super::about::{Basis, Measure};
use super::deviation::{Centres, Deviations};
use super::encode::{Encoded, FactorValues};
use super::error::BindError;
use super::formula::{Formula, Scope};
use super::params::Params;
use super::plan::{Left, PlannedRow, PlannedTerm};
use super::sides::{self, own_sides, sides_of};
use super::tally::{Samples, Tally};

/// A batch, ready to be projected.
#[derive(Debug, Clone)]
pub struct Bound {
    pub problem: Problem,
    /// One for each row of the program, in its order.
    pub rows: Vec<BoundRow>,
    /// One for each per-sample row of the program, in its order.
    pub sample_rows: Vec<BoundSampleRow>,
    /// One for each event of the program; none for those that only rows read which are left out.
    pub events: Vec<Option<EventCount>>,
}

/// What became of a row of the program.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundRow {
    pub status: RowStatus,
    /// The sides on this batch; infinite where there is none or the row takes no part.
    pub lower: f64,
    pub upper: f64,
    /// The sides that each origin of the row asks for, in their order; none where it takes no part.
    pub own: Vec<(f64, f64)>,
    /// The size of the sums that its sides are made of: their rounding errors are relative to it.
    pub side_size: f64,
}

impl BoundRow {
    /// The sides that an origin of the row asks for.
    pub fn sides_of(&self, origin: usize) -> (f64, f64) {
        self.own.get(origin).copied().unwrap_or((self.lower, self.upper))
    }

    /// What one origin of the row costs: the multiplier belongs to the constraint whose side is reached, to the first where
    /// several ask for the same.
    pub fn price(&self, origin: usize, direction: Direction, multiplier: f64, active: bool) -> RowPrice {
        let upper = |own: &(f64, f64)| own.1 == self.upper && self.upper.is_finite();
        let lower = |own: &(f64, f64)| own.0 == self.lower && self.lower.is_finite();
        let reached = |own: &(f64, f64)| match multiplier {
            above if above > 0.0 => upper(own),
            below if below < 0.0 => lower(own),
            _ => upper(own) || lower(own),
        };
        let own = self.own.get(origin).is_none_or(reached);
        let first = self.own.iter().position(reached).unwrap_or(0) == origin;
        RowPrice { multiplier: if first { direction.number(multiplier) } else { 0.0 }, active: active && own }
    }

    /// The origin whose side is that of the row: the first, where several ask for the same.
    pub fn blamed(&self, upper: bool) -> usize {
        let reached = |own: &(f64, f64)| if upper { own.1 == self.upper } else { own.0 == self.lower };
        self.own.iter().position(reached).unwrap_or(0)
    }

    /// Its place among the rows of the problem, if it takes part.
    pub fn kept(&self) -> Option<usize> {
        match self.status {
            RowStatus::Kept(place) => Some(place),
            RowStatus::Skipped(_) | RowStatus::Left(_) => None,
        }
    }
}

/// What one constraint costs by its side of a row, in the direction in which it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowPrice {
    pub multiplier: f64,
    pub active: bool,
}

/// Whose side is that of a row of the problem, and the sides there as written; none if there is no such row.
pub fn blamed(rows: &[BoundRow], place: usize, upper: bool) -> Option<(PromisedRow, (f64, f64))> {
    let (row, bound) = rows.iter().enumerate().find(|(_, row)| row.kept() == Some(place))?;
    let origin = bound.blamed(upper);
    Some((PromisedRow { row, origin }, bound.sides_of(origin)))
}

#[derive(Debug, Clone, PartialEq)]
pub enum RowStatus {
    /// A row of the problem, by index.
    Kept(usize),
    Skipped(Skip),
    Left(Left),
}

/// An event with too few samples for a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    /// As text, in the names of the spec.
    pub event: String,
    pub samples: usize,
    /// How many the row asks for.
    pub least: u64,
}

/// What became of a per-sample row of the program.
#[derive(Debug, Clone, PartialEq)]
pub enum BoundSampleRow {
    /// It bounds so many predictions.
    Applied {
        samples: usize,
    },
    Skipped(Skip),
    Left(Left),
}

/// The size of an event in a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EventCount {
    /// Samples of positive weight.
    pub samples: usize,
    /// Their weight; their number where no weight is declared.
    pub weight: f64,
}

impl Encoded {
    /// Binds a batch of the encoded samples; `params` are those of the program that was encoded.
    ///
    /// # Errors
    /// Empty events where the spec says so, sides without a value, per-sample bounds that cross, and a param that events
    /// or factors read with another value than the one encoded.
    pub fn bind(&self, params: &Params, samples: &Samples) -> Result<Bound, Vec<BindError>> {
        samples.check(self.n()).map_err(|error| vec![error])?;
        self.bind_tally(params, samples, Tally::new(self, samples), &mut |_| {})
    }

    /// Binds with the counts and sums of a tally; `look` sees the matrix before it is a problem.
    pub(super) fn bind_tally(
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
        let (bounds, sample_rows) = super::sample_rows::bounds(&mut binder, samples);
        let Binder { errors, matrix, .. } = binder;
        if !errors.is_empty() {
            return Err(errors);
        }
        look(&matrix);
        let events = self.plan.program_events.iter().map(|event| {
            event.map(|event| EventCount { samples: tally.count(event), weight: tally.over(event, &tally.weights) })
        });
        let events = events.collect();
        let parts = matrix.into_parts(self, tally, &about.deviations, samples, bounds);
        let problem = Problem::new(parts).map_err(|error| vec![error.into()])?;
        Ok(Bound { problem, rows, sample_rows, events })
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
                let sums = by_factor[place].get_or_insert_with(|| tally.by_cell(factor, samples, Some(y)));
                let total = tally.over(term.event, sums);
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
        let changed = self.plan.changed(params).map(|(index, name, encoded)| {
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

/// What rows about means need: deviations, and what they are about.
#[derive(Debug, Default)]
pub(super) struct About {
    pub deviations: Deviations,
    pub centres: Centres,
}

impl About {
    pub(super) fn new(encoded: &Encoded, tally: &Tally, samples: &Samples) -> About {
        if encoded.plan.atoms.is_empty() {
            return About::default();
        }
        let deviations = Deviations::new(encoded, tally, samples);
        let mut sums = |atom: usize| deviations.sums(encoded, tally, samples, atom);
        let centres = deviations.centres(encoded, tally, &tally.whole_weights, &mut sums);
        About { deviations, centres }
    }
}

/// The work on one batch.
pub(super) struct Binder<'a> {
    pub encoded: &'a Encoded,
    pub tally: &'a Tally,
    pub about: &'a About,
    pub scope: Scope<'a>,
    pub errors: Vec<BindError>,
    pub matrix: Matrix,
}

impl Binder<'_> {
    fn rows(&mut self) -> Vec<BoundRow> {
        let plan = &self.encoded.plan;
        let nothing = |status| BoundRow {
            status,
            lower: f64::NEG_INFINITY,
            upper: f64::INFINITY,
            own: Vec::new(),
            side_size: 0.0,
        };
        let left = |(index, left): &(usize, Left)| (*index, nothing(RowStatus::Left(left.clone())));
        let mut rows: Vec<(usize, BoundRow)> = plan.left.iter().map(left).collect();
        for row in &plan.rows {
            let least = row.options.min_count.max(1);
            let empty = self.first_empty(&row.reads, least, row.options.when_empty, &row.name);
            let means = row.written().iter().filter(|term| term.aggregate == Aggregate::Mean).map(|term| term.event);
            let empty = match empty {
                None => self.first_empty(&means.collect::<Vec<_>>(), 1, row.options.when_empty, &row.name),
                Some(skip) => Some(skip),
            };
            rows.push((
                row.row,
                match empty {
                    Some(skip) => nothing(RowStatus::Skipped(skip)),
                    // The row has an error, so there will be no rows.
                    None => self.keep(row).unwrap_or_else(|| nothing(RowStatus::Kept(usize::MAX))),
                },
            ));
        }
        rows.sort_by_key(|(index, _)| *index);
        rows.into_iter().map(|(_, row)| row).collect()
    }

    /// The first event with fewer samples than a row needs; an error too, where the row says so.
    pub(super) fn first_empty(&mut self, events: &[usize], least: u64, when: WhenEmpty, row: &str) -> Option<Skip> {
        let tally = self.tally;
        self.too_small(events, &|event| tally.count(event), least, when, row)
    }

    /// The same of samples that are counted otherwise.
    pub(super) fn too_small(
        &mut self,
        events: &[usize],
        count: &dyn Fn(usize) -> usize,
        least: u64,
        when: WhenEmpty,
        row: &str,
    ) -> Option<Skip> {
        let &event = events.iter().find(|&&event| (count(event) as u64) < least)?;
        let samples = count(event);
        let text = self.encoded.plan.event_texts[event].clone();
        match when {
            WhenEmpty::Skip => {}
            WhenEmpty::Error => {
                self.errors.push(BindError::EmptyEvent { row: row.to_owned(), event: text.clone(), samples, least });
            }
        }
        Some(Skip { event: text, samples, least })
    }

    /// Adds a row to the problem; none if it has an error.
    fn keep(&mut self, row: &PlannedRow) -> Option<BoundRow> {
        let index = self.matrix.lower.len();
        for term in &row.terms {
            let scale = self.scale(term, row)?;
            if scale != 0.0 {
                let Binder { encoded, tally, about, .. } = *self;
                match term.of.powers.is_empty() {
                    true => self.matrix.add(encoded, tally, index as u32, scale, term.of.factor, term.event),
                    false => self.matrix.add_about(encoded, tally, about, index as u32, scale, term),
                }
            }
        }
        let (lower, upper) = match sides_of(row, &self.scope) {
            Err(BindError::CrossedSides { .. } | BindError::CrossedRows { .. }) if self.encoded.plan.judging => {
                let crossed = own_sides(row, None, &self.scope).map_err(|error| self.errors.push(error)).ok()?;
                return Some(self.push(row, (f64::NEG_INFINITY, f64::INFINITY), crossed));
            }
            sides => sides.map_err(|error| self.errors.push(error)).ok()?,
        };
        let own = own_sides(row, Some((lower, upper)), &self.scope).map_err(|error| self.errors.push(error)).ok()?;
        Some(self.push(row, (lower, upper), own))
    }

    fn push(&mut self, row: &PlannedRow, (lower, upper): (f64, f64), own: Vec<(f64, f64)>) -> BoundRow {
        let index = self.matrix.lower.len();
        self.matrix.lower.push(lower);
        self.matrix.upper.push(upper);
        self.matrix.soft.push(row.options.soft.unwrap_or(f64::INFINITY));
        self.matrix.names.push(row.name.clone());
        let sizes = row.lower.iter().chain(&row.upper).map(|side| side.size(&self.scope));
        // A size that is no number says nothing of the rounding.
        let side_size = sizes.filter(|size| size.is_finite()).fold(0.0, f64::max);
        BoundRow { status: RowStatus::Kept(index), lower, upper, own, side_size }
    }

    /// What `w·φ·ŷ` of a sample of the term's event counts in the row.
    pub(super) fn scale(&mut self, term: &PlannedTerm, row: &PlannedRow) -> Option<f64> {
        let coefficient = self.finite(&term.coefficient, &row.name, &row.text)?;
        Some(match term.aggregate {
            Aggregate::Mean => coefficient / self.tally.over(term.event, &self.tally.weights),
            Aggregate::Sum => coefficient,
        })
    }

    /// The value of a coefficient or side.
    pub(super) fn finite(&mut self, formula: &Formula, row: &str, text: &str) -> Option<f64> {
        sides::finite(formula, &self.scope, row, text).map_err(|error| self.errors.push(error)).ok()
    }
}

/// An interval, closed where its ends cross by no more than rounding.
pub(super) fn ordered(lower: f64, upper: f64) -> Option<(f64, f64)> {
    if lower <= upper {
        return Some((lower, upper));
    }
    let middle = lower / 2.0 + upper / 2.0;
    let close = lower - upper <= 1e-12 * lower.abs().max(upper.abs()).max(1.0);
    (close && middle.is_finite()).then_some((middle, middle))
}

/// The rows of the problem, while they are being collected.
pub(super) struct Matrix {
    /// For each factor of the problem, `(row, cell, coefficient)`: first the constant, then weights if there are any,
    /// then the factors that differ within cells.
    pub triplets: Vec<Vec<(u32, u32, f64)>>,
    /// What is behind each factor of the problem but the constant; 1 for the weights alone.
    pub factors: Vec<Basis>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    soft: Vec<f64>,
    names: Vec<String>,
}

impl Matrix {
    pub(super) fn new(encoded: &Encoded) -> Matrix {
        let weighted = encoded.weight.is_some();
        Matrix {
            triplets: vec![Vec::new(); 1 + usize::from(weighted)],
            factors: if weighted { vec![Basis::default()] } else { Vec::new() },
            lower: Vec::new(),
            upper: Vec::new(),
            soft: Vec::new(),
            names: Vec::new(),
        }
    }

    fn add(&mut self, encoded: &Encoded, tally: &Tally, row: u32, scale: f64, factor: Option<usize>, event: usize) {
        let by_cell = match factor.map(|factor| &encoded.factors[factor]) {
            Some(FactorValues::ByCell(values)) => Some(values),
            Some(FactorValues::BySample(_)) | None => None,
        };
        let slot = self.slot(encoded, Basis::plain(factor.filter(|_| by_cell.is_none())));
        let triplets = &mut self.triplets[slot];
        for &cell in tally.members(event) {
            let value = by_cell.map_or(1.0, |values| values[tally.origin[cell as usize] as usize]);
            if value != 0.0 {
                triplets.push((row, cell, scale * value));
            }
        }
    }

    /// A term about means.
    fn add_about(&mut self, encoded: &Encoded, tally: &Tally, about: &About, row: u32, scale: f64, term: &PlannedTerm) {
        let About { deviations, centres } = about;
        for (basis, coefficients) in deviations.expand(encoded, tally, centres, &term.of, term.event) {
            let slot = self.slot(encoded, basis);
            let entries = tally.members(term.event).iter().zip(coefficients).filter(|(_, value)| *value != 0.0);
            self.triplets[slot].extend(entries.map(|(&cell, value)| (row, cell, scale * value)));
        }
    }

    /// The place among the factors of the problem.
    fn slot(&mut self, encoded: &Encoded, basis: Basis) -> usize {
        if basis.is_one() {
            return usize::from(encoded.weight.is_some());
        }
        let known = self.factors.iter().position(|other| *other == basis);
        known.unwrap_or_else(|| {
            self.factors.push(basis);
            self.triplets.push(Vec::new());
            self.factors.len() - 1
        }) + 1
    }

    fn into_parts(
        self,
        encoded: &Encoded,
        tally: Tally,
        deviations: &Deviations,
        samples: &Samples,
        bounds: crate::runtime::problem::Bounds,
    ) -> ProblemParts {
        // A problem has at least one cell, even if it has no samples.
        let cells = tally.origin.len().max(1);
        let factor = |basis: &Basis| -> Vec<f64> {
            if basis.is_one() {
                return tally.weight.clone().unwrap_or_default();
            }
            let values = deviations.values(encoded, samples, basis, tally.cell.len());
            match &tally.weight {
                Some(weight) => values.iter().zip(weight).map(|(value, weight)| value * weight).collect(),
                None => values,
            }
        };
        ProblemParts {
            cells,
            factors: self.factors.iter().map(factor).collect(),
            dictionary: self.triplets.iter().map(|triplets| RowsByCell::from_triplets(cells, triplets)).collect(),
            lower: self.lower,
            upper: self.upper,
            bounds,
            soft: self.soft,
            names: self.names,
            cell: tally.cell,
            weights: tally.weight,
        }
    }
}
