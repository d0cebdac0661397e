//! The local model of the dual, solved exactly by a dual active-set method.
//!
//! With the set of free samples fixed, row activities are affine in the multipliers: `r(μ) = r₀ − H μ` with
//! `H = A_F W⁻¹ A_Fᵀ = N Nᵀ`. In the space of cells, row `j` is the vector `a_j = Lᵀ C_jᵀ`, where `L Lᵀ` is the block
//! diagonal matrix of the free samples' factor products, so the model is the least-distance problem
//!
//! ```text
//! minimise ½‖x‖²   subject to   l ≤ r₀ + N x ≤ u,        x = −Nᵀ μ
//! ```
//!
//! It has as many unknowns as slots, whatever the number of rows. The method of Goldfarb and Idnani (1983) enters the
//! most violated row, moves along the dual path and drops rows whose multipliers reach zero. Dependent rows never enter
//! the basis together; a violated row that depends on the basis and finds nothing to drop gives a *ray*: a direction of
//! multipliers along which the model has no end. Soft rows are the same with multipliers capped, `|μ_j| ≤ ρ_j`:
//! a row that reaches its cap leaves the basis and stays there, a constant.

mod candidates;
mod levels;
mod moves;
mod pricing;

use self::candidates::Candidates;
use self::levels::Levels;
use super::basis::Basis;
use super::fine::Double;
use super::sides::Sides;
use crate::problem::Problem;

/// Where the multiplier of a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Zero: the row is inside its sides.
    Zero,
    /// In the basis at its upper side (multiplier ≥ 0) or lower side (≤ 0); equalities may have either sign.
    Basic(Side),
    /// A soft row at its cap, beyond the side.
    Capped(Side),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Lower,
    Upper,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// `target` minimises the model.
    Solved,
    /// From `target` on, the model falls for ever along `ray`.
    Ray,
    /// Too many steps (cycling on rounding errors); `target` is the best found.
    Stalled,
}

#[derive(Debug, Default, Clone)]
pub(crate) struct Local {
    /// Multipliers that minimise the model.
    pub(crate) target: Vec<f64>,
    /// Of rows in the basis, how far the target is from where the model starts: what keeps its digits if both are large.
    pub(crate) change: Vec<f64>,
    pub(crate) ray: Vec<f64>,
    pub(crate) places: Vec<Place>,
    /// Rows in the basis, in the order of its columns.
    pub(crate) active: Vec<usize>,
    pub(crate) basis: Basis,
    /// Per cell the lower triangular factor of the free samples' products.
    factor: Vec<f64>,
    base: Vec<f64>,
    activity: Vec<f64>,
    x: Vec<f64>,
    slots: Vec<f64>,
    vector: Vec<f64>,
    combination: Vec<f64>,
    ignored: Vec<bool>,
    /// The multipliers that the model starts from, where it is solved in differences from them; else empty.
    from: Vec<f64>,
    pairs: Vec<Double>,
    candidates: Candidates,
    levels: Levels,
}

impl Local {
    /// Solves the model at `multipliers`, where the rows have `activity` and the free samples have products `gram`.
    /// Violations of at most `tolerance` (per row) count as none, and up to `ignorable` tolerances where nothing can
    /// be done about them. With `differences` the model is in changes of the multipliers, which costs nothing that large
    /// ones would have rounded off.
    #[allow(clippy::too_many_arguments, reason = "the numbers of one Newton step")]
    pub(crate) fn solve(
        &mut self,
        problem: &Problem,
        gram: &[f64],
        activity: &[f64],
        multipliers: &[f64],
        sides: &Sides,
        tolerance: &[f64],
        ignorable: f64,
        differences: bool,
    ) -> Outcome {
        self.from.clear();
        if differences {
            self.from.extend_from_slice(multipliers);
        }
        self.prepare(problem, gram, activity, multipliers);
        if problem.rows() <= 2 * problem.slots() && multipliers.iter().all(|&mu| mu == 0.0) {
            self.enter_violated(problem, activity, sides, tolerance);
        } else {
            self.enter_known(problem, multipliers, sides);
        }
        let limit = 50 + 20 * (problem.rows() + problem.slots()).min(20_000);
        let mut steps = 0;
        self.ignored.clear();
        self.ignored.resize(problem.rows(), false);
        self.candidates.start(tolerance);
        loop {
            let Some((row, side, down)) = self.next_violated(problem, sides) else { return Outcome::Solved };
            match self.enter(problem, sides, row, side, down, &mut steps) {
                Entered::Done => {}
                Entered::Ray(violation) if violation <= ignorable * tolerance[row] => self.ignored[row] = true,
                Entered::Ray(_) => return Outcome::Ray,
            }
            steps += 1;
            if steps > limit {
                return Outcome::Stalled;
            }
        }
    }

    /// As [`Local::solve`] where all rows hold means near levels, from the sums over slots and the products of their free samples;
    /// none if a level has no end.
    pub(crate) fn solve_levels(
        &mut self,
        problem: &Problem,
        sums: (&[f64], &[f64]),
        multipliers: &[f64],
        sides: &Sides,
    ) -> Option<Outcome> {
        self.active.clear();
        self.from.clear();
        self.places.clear();
        self.places.resize(problem.rows(), Place::Zero);
        self.target.clear();
        self.target.resize(problem.rows(), 0.0);
        let mut levels = problem.levels.iter();
        levels.try_for_each(|level| self.levels.solve(level, sums, multipliers, sides, &mut self.target))?;
        Some(Outcome::Solved)
    }

    /// Factor the products of each cell, and set the activities at `μ = 0`.
    fn prepare(&mut self, problem: &Problem, gram: &[f64], activity: &[f64], multipliers: &[f64]) {
        let (width, slots, rows) = (problem.width(), problem.slots(), problem.rows());
        self.set_gram(problem, gram);
        self.basis.reset(slots);
        self.active.clear();
        self.x.clear();
        self.x.resize(slots, 0.0);
        self.slots.resize(slots, 0.0);
        self.vector.resize(slots, 0.0);
        self.places.clear();
        self.places.resize(rows, Place::Zero);
        self.target.clear();
        self.target.resize(rows, 0.0);
        self.change.clear();
        self.change.resize(rows, 0.0);
        self.activity.clear();
        self.activity.resize(rows, 0.0);
        if !self.from.is_empty() {
            self.base.clear();
            self.base.extend_from_slice(activity);
            self.change.iter_mut().zip(multipliers).for_each(|(change, mu)| *change = -mu);
            return;
        }
        // r₀ = r + N Nᵀ μ
        problem.rows.shift_into(multipliers, &mut self.slots);
        for cell in 0..problem.cells() {
            let range = cell * width..(cell + 1) * width;
            let factor = &self.factor[cell * width * width..(cell + 1) * width * width];
            transpose_times(factor, &self.slots[range.clone()], &mut self.vector[range]);
        }
        self.load_slots(problem);
        self.base.clear();
        self.base.extend((0..rows).map(|j| activity[j] + problem.rows.dot(j, &self.slots)));
    }

    pub(crate) fn set_gram(&mut self, problem: &Problem, gram: &[f64]) {
        let width = problem.width();
        self.factor.clear();
        self.factor.extend_from_slice(gram);
        for block in self.factor.chunks_exact_mut((width * width).max(1)) {
            cholesky(block, width);
        }
    }

    /// `slots = L vector`.
    fn load_slots(&mut self, problem: &Problem) {
        let width = problem.width();
        for cell in 0..problem.cells() {
            let range = cell * width..(cell + 1) * width;
            let factor = &self.factor[cell * width * width..(cell + 1) * width * width];
            times(factor, &self.vector[range.clone()], &mut self.slots[range]);
        }
    }

    /// `vector = a_j`.
    fn load_row(&mut self, problem: &Problem, row: usize) {
        let width = problem.width();
        self.vector.fill(0.0);
        if let (1, Some((first, values))) = (width, problem.rows.without_gaps(row)) {
            let own = self.vector[first..].iter_mut().zip(&self.factor[first..]);
            own.zip(values).for_each(|((v, l), value)| *v = l * value);
            return;
        }
        for (slot, value) in problem.rows.row(row) {
            let (cell, g) = (slot / width, slot % width);
            let factor = &self.factor[(cell * width + g) * width..];
            let own = &mut self.vector[cell * width..=cell * width + g];
            own.iter_mut().zip(factor).for_each(|(v, l)| *v += l * value);
        }
    }

    /// Starts from the rows that have multipliers already, as far as their new multipliers have the right sign.
    fn enter_known(&mut self, problem: &Problem, multipliers: &[f64], sides: &Sides) {
        for (row, &mu) in multipliers.iter().enumerate() {
            if mu == 0.0 {
                continue;
            }
            let side = if mu > 0.0 { Side::Upper } else { Side::Lower };
            if mu.abs() >= sides.cap[row] {
                self.places[row] = Place::Capped(side);
                self.target[row] = mu.signum() * sides.cap[row];
                self.change[row] = 0.0;
                if self.from.is_empty() {
                    self.subtract_row(problem, row, self.target[row]);
                }
                continue;
            }
            self.enter_independent(problem, row, side);
        }
        self.settle_known(problem, sides);
    }

    /// Lets a row into the basis, unless the rows there span it.
    fn enter_independent(&mut self, problem: &Problem, row: usize, side: Side) {
        self.load_row(problem, row);
        if self.basis.reduce(&self.vector) > 0.0 {
            self.basis.push_reduced();
            self.active.push(row);
            self.places[row] = Place::Basic(side);
        }
    }

    /// Starts from all rows that are violated: one pass of guesses in place of one step for each row.
    fn enter_violated(&mut self, problem: &Problem, activity: &[f64], sides: &Sides, tolerance: &[f64]) {
        for row in 0..problem.rows() {
            let side = if activity[row] > sides.upper[row] + tolerance[row] {
                Side::Upper
            } else if activity[row] < sides.lower[row] - tolerance[row] {
                Side::Lower
            } else {
                continue;
            };
            self.enter_independent(problem, row, side);
        }
        self.settle_known(problem, sides);
    }

    /// Corrections of the basic multipliers for `residual` (one per row in the basis), with the factors at hand; in
    /// place.
    pub(crate) fn correct(&self, residual: &mut [f64]) {
        self.basis.solve_lower(residual);
        self.basis.solve_upper(residual);
    }

    /// `x −= amount · a_j`.
    fn subtract_row(&mut self, problem: &Problem, row: usize, amount: f64) {
        self.load_row(problem, row);
        self.x.iter_mut().zip(&self.vector).for_each(|(x, v)| *x -= amount * v);
    }

    /// In differences: `x` of the rows that start with multipliers and have none now.
    fn leave_behind(&mut self, problem: &Problem) {
        self.x.fill(0.0);
        for row in 0..self.from.len() {
            if self.from[row] != 0.0 && self.places[row] == Place::Zero {
                self.subtract_row(problem, row, -self.from[row]);
            }
        }
    }

    fn settle_known(&mut self, problem: &Problem, sides: &Sides) {
        if self.active.is_empty() && !self.from.is_empty() {
            self.leave_behind(problem);
        }
        while !self.active.is_empty() {
            if !self.from.is_empty() {
                self.leave_behind(problem);
            }
            self.update_slots(problem);
            let mut solution = std::mem::take(&mut self.combination);
            solution.clear();
            solution.extend(self.active.iter().map(|&j| self.activity_of(problem, j) - self.side_value(sides, j)));
            self.basis.solve_lower(&mut solution);
            self.basis.solve_upper(&mut solution);
            let before = self.active.len();
            for k in (0..before).rev() {
                let row = self.active[k];
                let from = self.from.get(row).copied().unwrap_or(0.0);
                if self.is_wrong(sides, row, from + solution[k]) {
                    self.active.remove(k);
                    self.basis.remove(k);
                    self.places[row] = Place::Zero;
                }
            }
            self.combination = solution;
            if self.active.len() == before {
                for k in 0..before {
                    let (row, mu) = (self.active[k], self.combination[k]);
                    self.target[row] = self.from.get(row).copied().unwrap_or(0.0) + mu;
                    self.change[row] = mu;
                    self.subtract_row(problem, row, mu);
                }
                return;
            }
            if self.active.is_empty() && !self.from.is_empty() {
                self.leave_behind(problem);
            }
        }
    }

    /// Whether a row in the basis may not have this multiplier.
    fn is_wrong(&self, sides: &Sides, row: usize, mu: f64) -> bool {
        let cap = sides.cap[row];
        match self.places[row] {
            _ if sides.is_equality(row) => mu.abs() > cap,
            Place::Basic(Side::Upper) => mu < 0.0 || mu > cap,
            _ => mu > 0.0 || mu < -cap,
        }
    }

    fn side_value(&self, sides: &Sides, row: usize) -> f64 {
        match self.places[row] {
            Place::Basic(Side::Lower) | Place::Capped(Side::Lower) => sides.lower[row],
            _ => sides.upper[row],
        }
    }

    /// What `x` adds to the sums over free samples.
    fn update_slots(&mut self, problem: &Problem) {
        self.vector.copy_from_slice(&self.x);
        self.load_slots(problem);
    }

    /// The activity of a row at `x`, with the slots up to date.
    #[inline]
    fn activity_of(&self, problem: &Problem, row: usize) -> f64 {
        self.base[row] + problem.rows.dot(row, &self.slots)
    }

    /// Builds the basis of the given rows, as far as they are independent, and solves `N Nᵀ q = right side` on it;
    /// rows left out get 0.
    pub(crate) fn solve_rows(
        &mut self,
        problem: &Problem,
        gram: &[f64],
        rows: &[usize],
        right: &[f64],
        out: &mut Vec<f64>,
    ) {
        self.independent(problem, gram, rows);
        self.combination.clear();
        self.combination.extend(self.active.iter().map(|&row| right[row]));
        self.basis.solve_lower(&mut self.combination);
        self.basis.solve_upper(&mut self.combination);
        out.clear();
        out.resize(problem.rows(), 0.0);
        self.active.iter().zip(&self.combination).for_each(|(&row, &q)| out[row] = q);
    }

    /// Fills the basis with those of the `rows` that do not depend on the ones before; `active` says which.
    pub(crate) fn independent(&mut self, problem: &Problem, gram: &[f64], rows: &[usize]) {
        self.set_gram(problem, gram);
        self.basis.reset(problem.slots());
        self.vector.resize(problem.slots(), 0.0);
        self.active.clear();
        for &row in rows {
            self.load_row(problem, row);
            if self.basis.reduce(&self.vector) > 0.0 {
                self.basis.push_reduced();
                self.active.push(row);
            }
        }
    }
}

enum Entered {
    Done,
    /// With the violation that is left.
    Ray(f64),
}

/// Lower Cholesky factor of a positive semidefinite block in place (row-major, upper part zeroed); a pivot that is
/// rounding error gives a zero column.
fn cholesky(block: &mut [f64], width: usize) {
    for j in 0..width {
        let whole = block[j * width + j];
        let pivot = whole - (0..j).map(|k| block[j * width + k].powi(2)).sum::<f64>();
        let root = if pivot > 1e-14 * whole { pivot.sqrt() } else { 0.0 };
        block[j * width + j] = root;
        for i in j + 1..width {
            let sum: f64 = (0..j).map(|k| block[i * width + k] * block[j * width + k]).sum();
            block[i * width + j] = if root > 0.0 { (block[i * width + j] - sum) / root } else { 0.0 };
            block[j * width + i] = 0.0;
        }
    }
}

/// `out = L v`.
fn times(factor: &[f64], v: &[f64], out: &mut [f64]) {
    let width = v.len();
    for i in 0..width {
        out[i] = (0..=i).map(|j| factor[i * width + j] * v[j]).sum();
    }
}

/// `out = Lᵀ v`.
fn transpose_times(factor: &[f64], v: &[f64], out: &mut [f64]) {
    let width = v.len();
    for i in 0..width {
        out[i] = (i..width).map(|j| factor[j * width + i] * v[j]).sum();
    }
}
