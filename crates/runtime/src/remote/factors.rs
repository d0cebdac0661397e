//! The projection of samples elsewhere whose rows weigh them by what differs within cells: `ŷ = clip(z − Σ_f t[cell, f]·φ_f)`.
//!
//! No cuts of `z` tell which samples of a cell meet their bounds, so they are asked for each `t` again: Newton's method on the dual,
//! with a round for each step.
//!
//! ```text
//! t ─elsewhere: which samples are below, free and above, and moments of these by cell→ a model ─here: project→ μ, t = Cᵀ μ
//! ▲                                                                                                        │
//! └────────────── halfway back where the dual became worse ────────────── until nobody changes sides ──────┘
//! ```
//!
//! In the model the free samples of a cell are as many as there are factors, without bounds, with the same products of factors and of
//! predictions; those at a bound are one, with their mean. At `t` the model has the values of all rows, so its solution lies
//! where the dual rises; where the same samples are free there, it is the solution of all samples.

use super::margins::{Margins, RowSums};
use super::{MARGINS, ROUNDS, SLACK};
use crate::problem::{Bounds, Problem, ProblemError, ProblemParts, RowsByCell};
use crate::project::{
    Certificate, Infeasibility, OnInfeasible, ProjectError, Projection, Settings, Side, Status, project,
};

/// A shift that moves samples by less, relative to its size and the bounds', stays what it is.
const STILL: f64 = 1e-13;
/// A dual that is less worse than this, relative to its terms, is as good.
const AS_GOOD: f64 = 1e-11;
/// A pivot below this share of its square is rounding.
const PIVOT: f64 = 1e-13;
/// So far are samples shifted to see the least that a combination of rows can be.
const FAR: f64 = 1e100;

/// Samples that are elsewhere, with weights `w` and factors `φ_f`.
pub trait RemoteFactors {
    /// What goes wrong there, and what is found wrong here.
    type Error: From<ProjectError> + From<ProblemError>;

    /// Makes `ŷ = clip(z − Σ_f shift[cell · factors + f]·φ_f)`, between the `bounds`, and sums by cell those that are at the lower
    /// bound, free, and at the upper bound. A factor whose shift is 0 may have no value.
    ///
    /// # Errors
    /// Whatever keeps the samples from being shifted or summed.
    fn moments(&mut self, shift: &[f64], bounds: (f64, f64)) -> Result<Vec<[Moments; 3]>, Self::Error>;

    /// What to say of samples whose sums are NaN or infinite.
    fn not_finite(&mut self) -> Self::Error;
}

/// Sums over samples of a cell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Moments {
    /// How many of positive weight.
    pub samples: f64,
    /// `Σ w`, `Σ w·z` and `Σ w·z²`.
    pub weight: f64,
    pub sum: f64,
    pub square: f64,
    /// `Σ w·φ_f` and `Σ w·φ_f·z`.
    pub alone: Vec<f64>,
    pub with: Vec<f64>,
    /// `Σ w·φ_f·φ_g` for `g ≤ f`, row by row.
    pub products: Vec<f64>,
    /// `Σ w·φ_f·ŷ` and `Σ w·|φ_f·ŷ|`.
    pub fair: Vec<f64>,
    pub size: Vec<f64>,
}

impl Moments {
    /// Of no samples.
    pub fn none(factors: usize) -> Moments {
        let list = vec![0.0; factors];
        let (alone, with, fair, size) = (list.clone(), list.clone(), list.clone(), list);
        let products = vec![0.0; factors * (factors + 1) / 2];
        Moments { alone, with, products, fair, size, ..Moments::default() }
    }

    fn is_finite(&self) -> bool {
        let one = [self.samples, self.weight, self.sum, self.square];
        let lists = [&self.alone, &self.with, &self.products, &self.fair, &self.size];
        one.iter().chain(lists.into_iter().flatten()).all(|number| number.is_finite())
    }

    /// Forgets factors that no row reads in the cell: some samples may have no value of these.
    fn only(&mut self, read: &[bool]) {
        for list in [&mut self.alone, &mut self.with, &mut self.fair, &mut self.size] {
            list.iter_mut().zip(read).filter(|(_, read)| !**read).for_each(|(sum, _)| *sum = 0.0);
        }
        let pairs = (0..read.len()).flat_map(|f| (0..=f).map(move |g| (f, g)));
        for (product, (f, g)) in self.products.iter_mut().zip(pairs) {
            if !(read[f] && read[g]) {
                *product = 0.0;
            }
        }
    }

    fn product(&self, f: usize, g: usize) -> f64 {
        let (f, g) = (f.max(g), f.min(g));
        self.products.get(f * (f + 1) / 2 + g).copied().unwrap_or(0.0)
    }
}

/// A projection of samples elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct FactorProjection {
    pub status: Status,
    /// `t`, by cell and factor.
    pub shift: Vec<f64>,
    /// One for each row.
    pub multipliers: Vec<f64>,
    /// Which side of each row is active.
    pub active: Vec<Side>,
    /// Residuals of the returned numbers.
    pub certificate: Certificate,
}

/// Projects samples elsewhere onto the rows of `problem`, of which sides and coefficients by cell and factor count, and no samples that it
/// may hold. Their sums may have lost `wider` times what compensated ones lose.
///
/// Rows that no predictions satisfy are told by [`Status::Infeasible`], whatever the settings say.
///
/// # Errors
/// As [`project`], [`ProjectError::PerSample`] for bounds that differ from sample to sample, and what the samples answer.
pub fn project_factors<R: RemoteFactors>(
    problem: &Problem,
    remote: &mut R,
    settings: &Settings,
    wider: f64,
) -> Result<FactorProjection, R::Error> {
    let Bounds::Uniform { lo, hi } = problem.bounds() else { return Err(ProjectError::PerSample.into()) };
    let mut search = Search::new(problem, (lo, hi), SLACK * f64::EPSILON * wider.max(1.0));
    let mut at = settings.warm_start.clone().unwrap_or_default();
    at.resize(problem.rows(), 0.0);
    let mut best: Option<Seen> = None;
    let mut tries = if settings.exact_rows { 0 } else { MARGINS };
    for round in 0..ROUNDS {
        let now = search.ask(remote, at)?;
        if round == 0 && settings.exact_rows {
            search.first_margins(&now);
        }
        if let Some(known) = &best
            && search.is_worse(known, &now)
        {
            at = known.multipliers.iter().zip(&now.multipliers).map(|(a, b)| 0.5 * (a + b)).collect();
            continue;
        }
        let mut found = search.solve::<R::Error>(&now)?;
        if !found.is_optimal() && search.margins.give_back() {
            tries = MARGINS;
            found = search.solve::<R::Error>(&now)?;
        }
        if let Status::Infeasible(proof) = &found.status {
            return search.refuted(remote, proof, now);
        }
        let settled =
            best.as_ref().is_some_and(|known| known.is_same(&now)) || search.is_still(&now, &found.multipliers);
        if settled {
            tries += 1;
            let rows = search.rows_on(&now);
            if tries > MARGINS || !search.margins.draw_in(&rows, |size| (search.lost * size, 64.0 * search.lost * size))
            {
                return Ok(search.finish(found, now));
            }
            let closer = search.solve::<R::Error>(&now)?;
            // Where the margins have no room, what was found is the answer.
            if !closer.is_optimal() {
                return Ok(search.finish(found, now));
            }
            (at, best) = (closer.multipliers, None);
            continue;
        }
        at = found.multipliers;
        best = Some(now);
    }
    let last = search.ask(remote, at)?;
    let unfinished = Projection { status: Status::IterationLimit, ..search.solve::<R::Error>(&last)? };
    Ok(search.finish(unfinished, last))
}

/// What samples say of some multipliers.
struct Seen {
    multipliers: Vec<f64>,
    shift: Vec<f64>,
    cells: Vec<[Moments; 3]>,
}

impl Seen {
    /// Whether as many samples are at each bound in each cell.
    fn is_same(&self, other: &Seen) -> bool {
        let counts = |seen: &Seen| -> Vec<f64> { seen.cells.iter().flatten().map(|sums| sums.samples).collect() };
        counts(self) == counts(other)
    }
}

struct Search<'a> {
    problem: &'a Problem,
    dictionary: Vec<RowsByCell>,
    bounds: (f64, f64),
    /// What sums may have lost, relative to the size of their terms.
    lost: f64,
    margins: Margins<'a>,
}

impl<'a> Search<'a> {
    fn new(problem: &'a Problem, bounds: (f64, f64), lost: f64) -> Search<'a> {
        let dictionary = (0..problem.factors()).map(|f| problem.dictionary(f)).collect();
        Search { problem, dictionary, bounds, lost, margins: Margins::none(problem) }
    }

    fn factors(&self) -> usize {
        self.dictionary.len()
    }

    fn shift_of(&self, multipliers: &[f64]) -> Vec<f64> {
        let mut shift = vec![0.0; self.problem.slots()];
        self.problem.rows.shift_into(multipliers, &mut shift);
        shift
    }

    fn ask<R: RemoteFactors>(&self, remote: &mut R, multipliers: Vec<f64>) -> Result<Seen, R::Error> {
        let shift = self.shift_of(&multipliers);
        let mut cells = remote.moments(&shift, self.bounds)?;
        if cells.len() != self.problem.cells() {
            let (what, found, expected) = ("moments", cells.len(), self.problem.cells());
            return Err(ProjectError::Length { what, found, expected }.into());
        }
        let k = self.factors();
        for sums in cells.iter().flatten() {
            let lists = [&sums.alone, &sums.with, &sums.fair, &sums.size].map(Vec::len).into_iter();
            let lists = lists.map(|found| (found, k)).chain([(sums.products.len(), k * (k + 1) / 2)]);
            if let Some((found, expected)) = lists.into_iter().find(|(found, expected)| found != expected) {
                return Err(ProjectError::Length { what: "moments of factors", found, expected }.into());
            }
        }
        for (cell, parts) in cells.iter_mut().enumerate() {
            let read: Vec<bool> = self.dictionary.iter().map(|rows| rows.cell(cell).next().is_some()).collect();
            parts.iter_mut().for_each(|sums| sums.only(&read));
        }
        if !cells.iter().flatten().all(Moments::is_finite) {
            return Err(remote.not_finite());
        }
        Ok(Seen { multipliers, shift, cells })
    }

    /// Sums of all samples of a cell, by slot.
    fn by_slot(&self, seen: &Seen, of: fn(&Moments) -> &Vec<f64>) -> Vec<f64> {
        let slot = |parts: &[Moments; 3], f: usize| parts.iter().filter_map(|sums| of(sums).get(f)).sum::<f64>();
        seen.cells.iter().flat_map(|parts| (0..self.factors()).map(move |f| slot(parts, f))).collect()
    }

    fn rows_on(&self, seen: &Seen) -> RowSums {
        let (fair, size) = (self.by_slot(seen, |sums| &sums.fair), self.by_slot(seen, |sums| &sums.size));
        let rows = 0..self.problem.rows();
        RowSums {
            activity: rows.clone().map(|row| self.problem.rows.dot(row, &fair)).collect(),
            size: rows.map(|row| self.problem.rows.dot_abs(row, &size)).collect(),
        }
    }

    /// The dual, and the sum of the sizes of its terms.
    fn dual(&self, seen: &Seen) -> (f64, f64) {
        let (mut dual, mut size) = (0.0, 0.0);
        let mut add = |term: f64| {
            dual += term;
            size += term.abs();
        };
        for (parts, shift) in seen.cells.iter().zip(seen.shift.chunks(self.factors().max(1))) {
            let dot = |list: &[f64]| list.iter().zip(shift).map(|(sum, t)| sum * t).sum::<f64>();
            let [below, free, above] = parts;
            let squares = (0..shift.len()).flat_map(|f| (0..shift.len()).map(move |g| (f, g)));
            let square: f64 = squares.map(|(f, g)| shift[f] * shift[g] * free.product(f, g)).sum();
            add(dot(&free.with));
            add(-0.5 * square);
            for (sums, bound) in [(below, self.bounds.0), (above, self.bounds.1)] {
                if sums.samples > 0.0 {
                    add(0.5 * (bound * bound * sums.weight - 2.0 * bound * sums.sum + sums.square));
                    add(bound * dot(&sums.alone));
                }
            }
        }
        let sides = self.margins.sides.lower.iter().zip(&self.margins.sides.upper);
        for (mu, (lower, upper)) in seen.multipliers.iter().zip(sides).filter(|(mu, _)| **mu != 0.0) {
            add(-mu * if *mu > 0.0 { upper } else { lower });
        }
        (dual, size)
    }

    fn is_worse(&self, best: &Seen, now: &Seen) -> bool {
        let ((before, one), (after, other)) = (self.dual(best), self.dual(now));
        after < before - AS_GOOD * one.max(other)
    }

    fn is_still(&self, seen: &Seen, multipliers: &[f64]) -> bool {
        let k = self.factors().max(1);
        let least = self.bounds.0.abs().min(1.0) + self.bounds.1.abs().min(1.0);
        let next = self.shift_of(multipliers);
        let cells = seen.cells.iter().zip(seen.shift.chunks(k).zip(next.chunks(k)));
        cells.into_iter().all(|(parts, (before, after))| {
            let weight: f64 = parts.iter().map(|sums| sums.weight).sum();
            let (mut moved, mut size) = (0.0, 0.0);
            for (f, (a, b)) in before.iter().zip(after).enumerate() {
                let square: f64 = parts.iter().map(|sums| sums.product(f, f)).sum();
                let usual = if weight > 0.0 { (square / weight).sqrt() } else { 0.0 };
                moved += (a - b).abs() * usual;
                size += b.abs() * usual;
            }
            moved <= STILL * (size + least)
        })
    }

    /// The solution of the model, with the sides as they are.
    fn solve<E>(&self, seen: &Seen) -> Result<Projection<f64>, E>
    where
        E: From<ProjectError> + From<ProblemError>,
    {
        let mut model = Model { factors: vec![Vec::new(); self.factors()], ..Model::default() };
        for (cell, [below, free, above]) in (0..).zip(&seen.cells) {
            model.push_free(cell, free, self.factors());
            for sums in [below, above] {
                model.push_lump(cell, sums, self.bounds);
            }
        }
        let (lo, hi) = model.ends.iter().copied().unzip();
        let none = RowsByCell::empty(self.problem.cells());
        let problem = Problem::new(ProblemParts {
            cell: model.cell,
            cells: self.problem.cells(),
            dictionary: [none].into_iter().chain(self.dictionary.iter().cloned()).collect(),
            factors: model.factors,
            lower: self.margins.sides.lower.clone(),
            upper: self.margins.sides.upper.clone(),
            bounds: Bounds::PerSample { lo, hi },
            weights: Some(model.weights),
            soft: self.problem.soft().to_vec(),
            names: Vec::new(),
        })?;
        let settings = Settings { exact_rows: false, on_infeasible: OnInfeasible::Error, ..Settings::default() };
        Ok(project(&problem, &model.z, &settings)?)
    }

    /// Margins that are wide enough for most batches.
    fn first_margins(&mut self, seen: &Seen) {
        self.margins.set(self.rows_on(seen).size.iter().map(|size| 1.5 * self.lost * size).collect());
    }

    fn finish(&self, found: Projection<f64>, seen: Seen) -> FactorProjection {
        let rows = self.rows_on(&seen);
        let row_violation = rows.violation(self.problem);
        let certificate = Certificate { row_violation, bound_violation: 0.0, ..found.certificate };
        let (status, active) = (found.status, found.active);
        FactorProjection { status, shift: seen.shift, multipliers: seen.multipliers, active, certificate }
    }

    /// Whether a combination of rows that refutes the model refutes all samples: the least that it can be is what it is where all samples
    /// are pushed to a bound.
    fn refuted<R: RemoteFactors>(
        &self,
        remote: &mut R,
        proof: &Infeasibility,
        seen: Seen,
    ) -> Result<FactorProjection, R::Error> {
        let largest = self.shift_of(&proof.combination).iter().fold(0.0_f64, |most, t| most.max(t.abs()));
        let far = proof.combination.iter().map(|f| f * (FAR / largest.max(f64::MIN_POSITIVE))).collect();
        let pushed = self.ask(remote, far)?;
        let rows = self.rows_on(&pushed);
        let (mut margin, mut size) = (0.0, 0.0);
        for (row, f) in proof.combination.iter().enumerate().filter(|(_, f)| **f != 0.0) {
            let side = if *f > 0.0 { self.problem.upper()[row] } else { self.problem.lower()[row] };
            margin += f * (rows.activity[row] - side);
            size += f.abs() * (rows.size[row] + side.abs());
        }
        let status = match margin > self.lost * size && margin.is_finite() {
            true => Status::Infeasible(Infeasibility { margin, ..proof.clone() }),
            false => Status::IterationLimit,
        };
        let rows = self.problem.rows();
        let found = Projection { status, active: vec![Side::Inactive; rows], ..Projection::default() };
        Ok(self.finish(found, seen))
    }
}

/// Few samples in place of all.
#[derive(Default)]
struct Model {
    cell: Vec<u32>,
    z: Vec<f64>,
    weights: Vec<f64>,
    /// By factor.
    factors: Vec<Vec<f64>>,
    ends: Vec<(f64, f64)>,
}

impl Model {
    fn push(&mut self, cell: u32, (weight, z): (f64, f64), ends: (f64, f64), factor: impl Fn(usize) -> f64) {
        self.cell.push(cell);
        self.z.push(z);
        self.weights.push(weight);
        self.ends.push(ends);
        self.factors.iter_mut().enumerate().for_each(|(f, values)| values.push(factor(f)));
    }

    /// Samples without bounds that have the same products: the columns of a Cholesky factor of these.
    fn push_free(&mut self, cell: u32, sums: &Moments, k: usize) {
        let mut columns: Vec<Vec<f64>> = Vec::with_capacity(k);
        let mut found: Vec<f64> = Vec::with_capacity(k);
        for own in 0..k {
            let rest = |f: usize| sums.product(f, own) - columns.iter().map(|l| l[f] * l[own]).sum::<f64>();
            let pivot = rest(own);
            let spread = pivot > PIVOT * sums.product(own, own);
            let root = pivot.max(0.0).sqrt();
            let column = (0..k).map(|f| if spread && f >= own { rest(f) / root } else { 0.0 }).collect();
            let known: f64 = columns.iter().zip(&found).map(|(l, z)| l[own] * z).sum();
            found.push(if spread { (sums.with[own] - known) / root } else { 0.0 });
            columns.push(column);
        }
        for (column, z) in columns.iter().zip(&found) {
            if column.iter().any(|value| *value != 0.0) {
                self.push(cell, (1.0, *z), (f64::NEG_INFINITY, f64::INFINITY), |f| column[f]);
            }
        }
    }

    /// One sample that is the mean of those at a bound.
    fn push_lump(&mut self, cell: u32, sums: &Moments, bounds: (f64, f64)) {
        if sums.weight > 0.0 {
            self.push(cell, (sums.weight, sums.sum / sums.weight), bounds, |f| sums.alone[f]);
        }
    }
}

#[cfg(test)]
mod tests;
