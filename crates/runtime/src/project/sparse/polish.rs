//! The exact end: active rows and free samples are held, and mended where the result contradicts them.
//!
//! Three neighbours nearly in a line give rows that depend on each other, with sides that miss each other by 1e-12. No point
//! meets all three, and their multipliers drift for ever, by `σ` times that in each step. As in the ratio test of an
//! active-set method, they are moved until the first of them is zero, and that row leaves. A step that would turn multipliers is
//! ended alike.

use super::{HEAVY, Lagrangian};
use crate::project::fine::Double;
use crate::project::newton::{Ended, Newton};
use crate::project::pattern::Normal;
use crate::project::sample::Sample;

/// Most steps with the same sets: each has to halve what is left.
const STEPS: usize = 40;
/// Where steps stall with rows this near to their sides, relative to their size, digits are missing.
const NEAR: f64 = 1e-8;
/// Most rows that leave there, and mends.
const LATE: usize = 40;
/// Most rows that leave or enter at once farther away: where more are wrong, the sets are not known.
const FEW: usize = 40;
/// Steps of a multiplier that are less than this share of it are rounding.
const DRIFT: f64 = 1e-6;

impl Lagrangian<'_> {
    /// Newton steps of the dual with the active rows held, from residuals of the dual evaluation, which do not suffer
    /// from a large `σ`: `(H + I/σ)⁻¹ ρ = σ (ρ − A_J (W + σ A_Jᵀ A_J)⁻¹ σ A_Jᵀ ρ)`. Where they stall, rows that have lost their
    /// multipliers leave the set, rows that are violated enter it, and the free samples are those of the present point, up to
    /// `mends` times. Ends the solve if the result is optimal; otherwise nothing changes here.
    pub(super) fn polish<T: Sample>(
        &mut self,
        newton: &mut Newton,
        normal: &mut Normal,
        z: &[T],
        mends: usize,
    ) -> Option<Ended> {
        let mut mu = self.mu.clone();
        let (mut best, mut steps, mut factored) = (f64::INFINITY, 0, false);
        let (mut mended, mut before) = (0, mu.clone());
        newton.fine = false;
        self.hold_known(&mu);
        while steps < STEPS {
            if !newton.fine {
                mu.iter().enumerate().for_each(|(j, &mu)| newton.multipliers[j] = self.unscaled(j, mu));
            }
            newton.evaluate::<T, false>(self.problem, z);
            let residual = newton.residual();
            if residual <= 1.0 {
                return Some(Ended::Converged);
            }
            if factored && residual >= 0.5 * best {
                let is_near = residual * newton.unit <= NEAR;
                let may_change = mended < if is_near { LATE } else { mends };
                let mended_rows = if may_change { self.mend(newton, &mu) } else { 0 };
                if !is_near && mends > 1 && mended_rows > FEW {
                    return None;
                }
                if mended_rows > 0 || may_change && is_near && self.end_drift(newton, &before, &mut mu) {
                    (mended, steps, factored, best) = (mended + 1, 0, false, f64::INFINITY);
                    continue;
                } else if !newton.fine && is_near {
                    newton.refine(self.problem);
                } else {
                    return newton.is_acceptable(residual).then_some(Ended::Converged);
                }
            }
            best = best.min(residual);
            if !factored && !self.factor(&mu, normal) {
                return None;
            }
            factored = true;
            before.copy_from_slice(&mu);
            let change = self.step(newton, normal);
            let turned = self.turned(&mu, &change);
            let is_near = residual * newton.unit <= NEAR;
            let may_leave = !newton.fine && mended < if is_near { LATE } else { mends };
            if may_leave && self.end_at_turned(&turned, is_near, &change, &mut mu) {
                (mended, steps, factored, best) = (mended + 1, 0, false, f64::INFINITY);
            } else {
                self.go(&change, &mut mu, newton);
                steps += 1;
            }
        }
        None
    }

    /// The multiplier of a row as it is: at the cap to the last digit, where it is there.
    fn unscaled(&self, row: usize, mu: f64) -> f64 {
        if mu.abs() >= self.cap[row] { self.problem.soft[row].copysign(mu) } else { mu * self.unit[row] }
    }

    /// Holds the rows that have multipliers.
    fn hold_known(&mut self, mu: &[f64]) {
        for (j, &m) in mu.iter().enumerate() {
            let capped = m.abs() >= self.cap[j];
            self.held[j] = match m {
                _ if capped => 0,
                m if m > 0.0 => 1,
                m if m < 0.0 => -1,
                _ => 0,
            };
            self.active[j] = if self.held[j] != 0 { self.sigma } else { 0.0 };
        }
    }

    /// Lets rows go that have no multiplier of their sign, or one at the cap, and holds those that are violated. Returns how
    /// many, with the samples that have become free or clipped.
    fn mend(&mut self, newton: &Newton, mu: &[f64]) -> usize {
        let mut changes = 0;
        for (j, &m) in mu.iter().enumerate() {
            let over = newton.activity[j] - newton.sides.upper[j];
            let under = newton.sides.lower[j] - newton.activity[j];
            let tolerance = newton.tolerance[j];
            let held = if m.abs() >= self.cap[j] {
                // At the cap as long as the row is beyond its side.
                let inside = if m > 0.0 { -over } else { -under };
                if inside > tolerance { m.signum() as i8 } else { 0 }
            } else if m != 0.0 {
                m.signum() as i8
            } else if over > tolerance {
                1
            } else if under > tolerance {
                -1
            } else {
                0
            };
            changes += usize::from(held != self.held[j]);
            self.held[j] = held;
            self.active[j] = if held != 0 { self.sigma } else { 0.0 };
        }
        let before = self.diagonal.clone();
        self.free_samples(mu);
        changes + before.iter().zip(&self.diagonal).filter(|(old, new)| old != new).count()
    }

    /// Goes on in the direction of the last step until the first multiplier is zero, and lets its row go. False if there is none.
    fn end_drift(&mut self, newton: &Newton, before: &[f64], mu: &mut [f64]) -> bool {
        let ratio = |j: usize| {
            let towards = -(mu[j] - before[j]) * f64::from(self.held[j]);
            // What is left of the multiplier is a small number of such steps, or the step is its rounding.
            let is_drift = towards > DRIFT * mu[j].abs() && self.lower[j] < self.upper[j];
            is_drift.then(|| mu[j].abs() / towards)
        };
        let held = (0..mu.len()).filter(|&j| self.held[j] != 0 && !newton.fine);
        let first = held.filter_map(|j| Some((ratio(j)?, j))).min_by(|a, b| a.0.total_cmp(&b.0));
        let Some((length, row)) = first else { return false };
        for (mu, before) in mu.iter_mut().zip(before) {
            *mu += length * (*mu - before);
        }
        self.let_go(row, mu);
        true
    }

    /// The diagonal of the Newton matrix, by the samples that are free at these multipliers.
    fn free_samples(&mut self, mu: &[f64]) {
        self.gradient.fill(0.0);
        for (j, &m) in mu.iter().enumerate() {
            self.rows.add(j, m, &mut self.gradient);
        }
        for i in 0..self.z.len() {
            let (lo, hi) = self.interval(i);
            let x = self.z[i] - self.gradient[i] / self.w[i];
            // A clipped sample does not move: as good as infinitely heavy.
            self.diagonal[i] = if x > lo && x < hi { self.w[i] } else { HEAVY * self.w[i].max(self.sigma) };
        }
    }

    /// Factors the matrix of the rows that are held and the samples that are free.
    fn factor(&mut self, mu: &[f64], normal: &mut Normal) -> bool {
        self.free_samples(mu);
        normal.analyse(&self.rows, self.z.len(), |j| self.active[j] > 0.0)
            && normal.factor(&self.rows, &self.diagonal, &self.active)
    }

    /// The Newton step of the dual, by rows.
    fn step(&self, newton: &Newton, normal: &mut Normal) -> Vec<f64> {
        let rho = |j: usize| {
            let side = if self.held[j] > 0 { newton.sides.upper[j] } else { newton.sides.lower[j] };
            (newton.activity[j] - side) * self.unit[j]
        };
        let rows = self.rows.count();
        let mut change: Vec<f64> = (0..rows).map(|j| if self.held[j] != 0 { rho(j) } else { 0.0 }).collect();
        let mut step = vec![0.0; self.z.len()];
        for (j, &rho) in change.iter().enumerate() {
            self.rows.add(j, self.sigma * rho, &mut step);
        }
        normal.solve_well(&self.rows, &self.diagonal, &self.active, &mut step);
        for (j, change) in change.iter_mut().enumerate().filter(|(j, _)| self.held[*j] != 0) {
            *change = self.sigma * (*change - self.rows.dot(j, &step));
        }
        change
    }

    /// The rows whose multipliers a step would turn: the multiplier of an inequality may not change its sign.
    fn turned(&self, mu: &[f64], change: &[f64]) -> Vec<usize> {
        let turns = |j: usize| self.lower[j] < self.upper[j] && (mu[j] + change[j]) * f64::from(self.held[j]) <= 0.0;
        (0..mu.len()).filter(|&j| self.held[j] != 0 && turns(j)).collect()
    }

    fn let_go(&mut self, row: usize, mu: &mut [f64]) {
        (mu[row], self.held[row], self.active[row]) = (0.0, 0, 0.0);
    }

    /// Lets rows go whose multipliers a step would turn, if there are some: near the end the first one, where the step ends, and farther
    /// away, where few are wrong, all of them before the step.
    fn end_at_turned(&mut self, turned: &[usize], is_near: bool, change: &[f64], mu: &mut [f64]) -> bool {
        if !is_near {
            let few = turned.len() <= FEW && !turned.is_empty();
            turned.iter().filter(|_| few).for_each(|&j| self.let_go(j, mu));
            return few;
        }
        let ratio = |j: usize| mu[j].abs() / change[j].abs().max(f64::MIN_POSITIVE);
        let first = turned.iter().map(|&j| (ratio(j), j)).min_by(|a, b| a.0.total_cmp(&b.0));
        let Some((length, row)) = first else { return false };
        mu.iter_mut().zip(change).for_each(|(mu, change)| *mu += length * change);
        self.let_go(row, mu);
        true
    }

    /// Makes a step; a multiplier that it would turn becomes zero.
    fn go(&self, change: &[f64], mu: &mut [f64], newton: &mut Newton) {
        for (j, mu) in mu.iter_mut().enumerate().filter(|(j, _)| self.held[*j] != 0) {
            let next = *mu + change[j];
            if newton.fine {
                let pair = Double::new(newton.multipliers[j], newton.rest[j]).plus(change[j] * self.unit[j]);
                (newton.multipliers[j], newton.rest[j]) = (pair.high, pair.low);
            }
            *mu = if self.lower[j] == self.upper[j] || next * f64::from(self.held[j]) > 0.0 {
                next.clamp(-self.cap[j], self.cap[j])
            } else {
                0.0
            };
            if newton.fine && *mu != next {
                (newton.multipliers[j], newton.rest[j]) = (self.unscaled(j, *mu), 0.0);
            }
        }
    }
}
