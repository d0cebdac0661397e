//! The outer iteration: semismooth Newton on the dual.

use super::farkas;
use super::fine::{self, Double};
use super::kernel::plain_interval;
use super::local::{Local, Outcome, Place};
use super::passes::{SAMPLED, Sums};
use super::sample::Sample;
use super::sides::Sides;
use super::sparse;
use super::trust::Trust;
use crate::problem::Problem;

/// Most times that a ray is made eight times longer.
const LONGEST: usize = 60;
/// Most steps on a sample of the samples.
const SAMPLED_STEPS: usize = 6;
/// A stalled iteration is still called converged if every row is within this of its size.
const ACCEPTABLE: f64 = 1e-12;
/// Share of the rounding error that rows without margins are held within, and most steps to get there.
const STRICT: f64 = 0.02;
const STRICT_STEPS: usize = 20;
/// A row of more than so many spacings near zero does not feel them.
const GRAINS: f64 = 1.0 / (f64::EPSILON * f64::EPSILON);

/// How the iteration ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ended {
    Converged,
    /// A direction of multipliers that proves that no point satisfies the rows.
    Infeasible(Vec<f64>),
    Limit,
}

/// Buffers of the iteration, kept between solves.
#[derive(Debug, Default, Clone)]
pub(crate) struct Newton {
    pub(crate) multipliers: Vec<f64>,
    /// What is to be added to the multipliers, once the iteration is fine; else zero.
    pub(crate) rest: Vec<f64>,
    /// Whether multipliers are pairs (see [`fine`]).
    pub(crate) fine: bool,
    pub(crate) shift: Vec<f64>,
    /// The shift as pairs, once the iteration is fine.
    pub(crate) pairs: Vec<Double>,
    pub(crate) sums: Sums,
    pub(crate) activity: Vec<f64>,
    /// Size of each row's sum, for tolerances.
    pub(crate) scale: Vec<f64>,
    pub(crate) first_scale: Vec<f64>,
    pub(crate) tolerance: Vec<f64>,
    pub(crate) local: Local,
    pub(crate) sides: Sides,
    pub(crate) passes: usize,
    /// The rounding error of a row's sum relative to its size: within it a row counts as satisfied.
    pub(crate) unit: f64,
    /// Share of it that rows are to be held within: 1, but where nothing is left to draw them in.
    strictness: f64,
    sampled: bool,
    /// Whether the iteration ended with all rows within their tolerances.
    tight: bool,
    trust: Trust,
    /// Whether the last evaluation was over all samples, and not those near a bound alone.
    pub(crate) whole: bool,
    /// Whether it was over the numbers as they will be returned.
    pub(crate) rounded: bool,
    trial: Vec<f64>,
    trial_rest: Vec<f64>,
    step: Vec<f64>,
    /// Per slot the sum of the sizes of its factor, where rows are so small that the spacing of numbers near zero counts.
    mass: Vec<f64>,
    /// The spacing near zero of the numbers that are returned.
    pub(crate) spacing: f64,
}

impl Newton {
    /// Takes `multipliers` and evaluates the rows there.
    pub(crate) fn start<T: Sample>(&mut self, problem: &Problem, z: &[T], multipliers: Option<&[f64]>) {
        let (slots, rows) = (problem.slots(), problem.rows());
        self.passes = 0;
        self.sums.prepare(problem);
        // Coefficients and the last sums take a few roundings, sums over a task about the root of their number.
        self.unit = f64::EPSILON * (4.0 + 0.1 * (problem.n().min(1 << 14) as f64).sqrt());
        self.shift.resize(slots, 0.0);
        self.fine = false;
        self.strictness = 1.0;
        self.mass.clear();
        let multiple = [&mut self.multipliers, &mut self.rest];
        let measured = [&mut self.activity, &mut self.scale, &mut self.first_scale, &mut self.tolerance];
        for buffer in multiple.into_iter().chain(measured) {
            buffer.clear();
            buffer.resize(rows, 0.0);
        }
        if let Some(start) = multipliers {
            for (row, &mu) in start.iter().enumerate().take(rows) {
                self.multipliers[row] = admissible(problem, row, mu);
            }
        }
        self.sampled = false;
        self.trust.off();
        if multipliers.is_none() && problem.n() >= SAMPLED {
            self.start_sampled(problem, z);
        }
        self.evaluate::<T, false>(problem, z);
        self.first_scale.copy_from_slice(&self.scale);
    }

    /// Good multipliers from a sample of the samples: saves full passes, and changes nothing else.
    fn start_sampled<T: Sample>(&mut self, problem: &Problem, z: &[T]) {
        self.sampled = true;
        self.sides.set(problem, &self.multipliers);
        self.evaluate::<T, false>(problem, z);
        self.run(problem, z, SAMPLED_STEPS);
        self.sampled = false;
        self.passes = 0;
        self.trust.arm::<T>(problem, &self.sums);
    }

    /// Activities at the present multipliers, with `ROUND` of the numbers as they will be returned.
    pub(crate) fn evaluate<T: Sample, const ROUND: bool>(&mut self, problem: &Problem, z: &[T]) {
        if self.fine {
            fine::shift_into(problem, &self.multipliers, &self.rest, &mut self.pairs);
            self.shift.iter_mut().zip(&self.pairs).for_each(|(shift, pair)| *shift = pair.high);
        } else {
            problem.rows.shift_into(&self.multipliers, &mut self.shift);
        }
        (self.whole, self.rounded) = (false, ROUND);
        if self.sampled {
            self.sums.estimate(problem, z, &self.shift);
        } else if !ROUND && self.trust.covers(&self.shift) {
            self.trust.evaluate::<T>(problem, &self.shift, &mut self.sums);
        } else {
            self.whole = true;
            self.passes += 1;
            if self.fine && plain_interval::<T>(problem).is_none() {
                fine::evaluate::<T, ROUND>(problem, z, &self.pairs, &mut self.sums);
            } else if !ROUND && self.trust.is_armed() {
                self.sums.watch(problem, z, &self.shift, &mut self.trust);
            } else {
                self.sums.evaluate::<T, ROUND>(problem, z, &self.shift);
            }
        }
        self.measure_rows(problem);
    }

    fn measure_rows(&mut self, problem: &Problem) {
        let unit = self.strictness * self.unit;
        let mut tiny = false;
        for row in 0..problem.rows() {
            self.activity[row] = problem.rows.dot(row, &self.sums.value);
            // At least the size at the start: a row whose terms have vanished is known no better than they were.
            self.scale[row] = self.first_scale[row].max(problem.rows.dot_abs(row, &self.sums.size));
            self.tolerance[row] = unit * self.scale[row];
            tiny |= self.scale[row] <= f64::GRAIN * GRAINS;
        }
        if tiny {
            for row in 0..problem.rows() {
                self.tolerance[row] += self.grain(problem, row, f64::GRAIN);
            }
        }
    }

    /// How far the spacing of numbers near zero, `grain`, can move a row: where a row is not tiny, that is nothing.
    #[inline]
    pub(crate) fn grain(&mut self, problem: &Problem, row: usize, grain: f64) -> f64 {
        if self.scale[row] > grain * GRAINS { 0.0 } else { self.grain_of_tiny(problem, row, grain) }
    }

    #[cold]
    fn grain_of_tiny(&mut self, problem: &Problem, row: usize, grain: f64) -> f64 {
        if self.mass.is_empty() {
            let slots = (0..problem.cells()).flat_map(|cell| problem.factors.iter().map(move |factor| (cell, factor)));
            self.mass.extend(slots.map(|(cell, factor)| problem.moments(cell, factor).1));
        }
        let (count, sum) = problem
            .rows
            .row(row)
            .fold((2.0, 0.0), |(count, sum), (slot, value)| (count + 1.0, sum + value.abs() * self.mass[slot]));
        grain.max(f64::GRAIN) * sum + f64::GRAIN * count
    }

    /// Goes on with pairs: what stalls above the rounding of its rows may get there yet.
    pub(crate) fn refine(&mut self, problem: &Problem) {
        self.fine = true;
        self.rest.clear();
        self.rest.resize(problem.rows(), 0.0);
    }

    /// Iterates from the present multipliers until the rows hold within their tolerances, for all samples.
    pub(crate) fn run<T: Sample>(&mut self, problem: &Problem, z: &[T], max_steps: usize) -> Ended {
        let ended = self.iterate_finely(problem, z, max_steps);
        if self.whole || self.sampled || ended != Ended::Converged {
            return ended;
        }
        // The samples near a bound say so; now all of them, as they will be returned.
        self.evaluate::<T, true>(problem, z);
        let rounding = 2.0 * (T::ROUNDING - f64::ROUNDING) / self.unit;
        if self.residual() <= 1.0 + rounding || self.is_acceptable(self.residual() - rounding) {
            return ended;
        }
        self.trust.off();
        self.evaluate::<T, false>(problem, z);
        self.iterate_finely(problem, z, max_steps)
    }

    /// Whether the iteration ended with rows that are not within their tolerances, though nearly.
    pub(crate) fn is_loose(&self) -> bool {
        !self.tight && self.residual() > 1.0
    }

    /// By how much rows miss their own sides at most, as a share of their size.
    pub(crate) fn missed(&self, problem: &Problem) -> f64 {
        let missed = |row: usize| {
            let excess = (self.activity[row] - problem.upper[row]).max(problem.lower[row] - self.activity[row]);
            if problem.soft[row] < f64::INFINITY { 0.0 } else { excess / self.scale[row].max(f64::MIN_POSITIVE) }
        };
        (0..problem.rows()).map(missed).fold(0.0, f64::max)
    }

    /// Holds rows that have no room for margins as well as numbers can, where the solve has ended.
    pub(crate) fn tighten<T: Sample>(&mut self, problem: &Problem, z: &[T]) {
        let (fine, before) = (self.fine, self.residual());
        let (multipliers, rest) = (self.multipliers.clone(), self.rest.clone());
        let first_scale = std::mem::take(&mut self.first_scale);
        self.first_scale.resize(problem.rows(), 0.0);
        if !fine {
            self.refine(problem);
        }
        self.strictness = STRICT;
        self.evaluate::<T, false>(problem, z);
        self.iterate(problem, z, STRICT_STEPS);
        self.strictness = 1.0;
        self.first_scale = first_scale;
        self.evaluate::<T, false>(problem, z);
        if self.residual() > before {
            (self.fine, self.multipliers, self.rest) = (fine, multipliers, rest);
            self.evaluate::<T, false>(problem, z);
        }
    }

    /// Iterates, and once more with pairs where rows do not end within their tolerances.
    fn iterate_finely<T: Sample>(&mut self, problem: &Problem, z: &[T], max_steps: usize) -> Ended {
        let ended = self.iterate(problem, z, max_steps);
        let is_over = self.tight || self.fine || self.sampled || matches!(ended, Ended::Infeasible(_));
        if is_over || self.residual() <= 1.0 {
            return ended;
        }
        self.refine(problem);
        self.evaluate::<T, false>(problem, z);
        self.iterate(problem, z, max_steps)
    }

    fn iterate<T: Sample>(&mut self, problem: &Problem, z: &[T], max_steps: usize) -> Ended {
        self.tight = self.residual() <= 1.0;
        if self.tight {
            return Ended::Converged;
        }
        if let Some(rows) = sparse::rows_if_large(problem) {
            return sparse::run(self, problem, z, rows);
        }
        let mut best = f64::INFINITY;
        let mut stalled = 0;
        for _ in 0..max_steps {
            let residual = self.residual();
            self.tight = residual <= 1.0;
            if self.tight {
                return Ended::Converged;
            }
            // Steps at the level of rounding errors do not get better.
            stalled = if residual < 0.5 * best { 0 } else { stalled + 1 };
            best = best.min(residual);
            if stalled >= 4 && self.is_acceptable(residual) {
                return Ended::Converged;
            }
            let outcome = self.local.solve(
                problem,
                &self.sums.gram,
                &self.activity,
                &self.multipliers,
                &self.sides,
                &self.tolerance,
                ACCEPTABLE / self.unit,
                self.fine,
            );
            let ended = match outcome {
                Outcome::Ray => self.follow_ray(problem, z),
                _ => self.follow_step(problem, z),
            };
            if let Some(ended) = ended {
                return ended;
            }
            if outcome == Outcome::Solved && !self.sampled {
                self.repeat_step(problem, z);
            }
        }
        Ended::Limit
    }

    /// Largest error of a row in units of its tolerance: violation, or distance from the side that its multiplier
    /// says.
    pub(crate) fn residual(&self) -> f64 {
        let mut worst = 0.0_f64;
        for (row, &mu) in self.multipliers.iter().enumerate() {
            let (over, under) =
                (self.activity[row] - self.sides.upper[row], self.sides.lower[row] - self.activity[row]);
            let at_cap = mu.abs() >= self.sides.cap[row];
            let error = if mu > 0.0 {
                if at_cap { -over } else { over.abs() }
            } else if mu < 0.0 {
                if at_cap { -under } else { under.abs() }
            } else {
                over.max(under)
            };
            // `max` would drop what is no number.
            worst = if error.is_nan() { f64::INFINITY } else { worst.max(error / self.tolerance[row]) };
        }
        worst
    }

    /// Further steps with the factors of the last one, while they pay: where the basis is large, a pass over the samples
    /// costs less than a new factorisation, and near the end the set of free samples hardly changes.
    fn repeat_step<T: Sample>(&mut self, problem: &Problem, z: &[T]) {
        let basic = self.local.active.len();
        if basic * basic * problem.slots() < problem.n() {
            return;
        }
        for _ in 0..8 {
            let before = self.residual();
            if before <= 1.0 {
                return;
            }
            self.step.clear();
            for &row in &self.local.active {
                let side = if self.multipliers[row] > 0.0 { self.sides.upper[row] } else { self.sides.lower[row] };
                self.step.push(self.activity[row] - side);
            }
            self.local.correct(&mut self.step);
            let fits = |(&row, step): (&usize, &f64)| {
                let (mu, next) = (self.multipliers[row], self.multipliers[row] + step);
                next.abs() < self.sides.cap[row] && (self.sides.is_equality(row) || mu * next > 0.0)
            };
            if !self.local.active.iter().zip(&self.step).all(fits) {
                return;
            }
            self.keep_trial();
            for (&row, step) in self.local.active.iter().zip(&self.step) {
                if self.fine {
                    let sum = Double::new(self.multipliers[row], self.rest[row]).plus(*step);
                    (self.multipliers[row], self.rest[row]) = (sum.high, sum.low);
                } else {
                    self.multipliers[row] += step;
                }
            }
            self.evaluate::<T, false>(problem, z);
            let after = self.residual();
            if after > before {
                self.back_to_trial();
                self.evaluate::<T, false>(problem, z);
            }
            if after > 0.2 * before {
                return;
            }
        }
    }

    /// Whether a residual that does not get smaller is rounding error.
    pub(crate) fn is_acceptable(&self, residual: f64) -> bool {
        residual * self.unit <= ACCEPTABLE
    }

    fn follow_step<T: Sample>(&mut self, problem: &Problem, z: &[T]) -> Option<Ended> {
        self.set_step();
        if self.step.iter().all(|&s| s == 0.0) {
            let within = self.is_acceptable(self.residual());
            return Some(if within { Ended::Converged } else { Ended::Limit });
        }
        let before = self.slope(0.0);
        self.keep_trial();
        self.go_to(problem, z, 1.0);
        let after = self.slope(1.0);
        if after > (1e-9 * before.abs()).max(self.slope_noise()) {
            self.search(problem, z, before, after);
        }
        None
    }

    /// How far rounding errors of the rows can move a slope along the step: less than that is no slope.
    fn slope_noise(&self) -> f64 {
        self.step.iter().zip(&self.tolerance).map(|(s, t)| (s * t).abs()).sum()
    }

    /// A ray: either a proof of infeasibility, or a long step to where the dual stops falling.
    fn follow_ray<T: Sample>(&mut self, problem: &Problem, z: &[T]) -> Option<Ended> {
        self.local.refine_ray(problem);
        if let Some(proof) = farkas::proof_from(problem, &self.local.ray) {
            return Some(Ended::Infeasible(proof));
        }
        self.keep_trial();
        let mut length = self.ray_length(problem, z);
        let mut moved = false;
        for _ in 0..LONGEST {
            self.step.clear();
            if moved {
                self.back_to_trial();
            }
            if self.fine {
                self.set_step();
                self.step.iter_mut().zip(&self.local.ray).for_each(|(step, ray)| *step += length * ray);
            } else {
                let parts = self.local.target.iter().zip(&self.local.ray).zip(&self.trial);
                self.step.extend(parts.map(|((t, r), m)| t + length * r - m));
            }
            for (row, step) in self.step.iter_mut().enumerate() {
                // Soft rows stop at their caps.
                *step = admissible(problem, row, self.trial[row] + *step) - self.trial[row];
            }
            if moved {
                self.evaluate::<T, false>(problem, z);
            }
            // A short ray need not outweigh the way back to the target: only a long one is sure to go down.
            let before = self.slope(0.0);
            if before >= -self.slope_noise() {
                length *= 8.0;
                continue;
            }
            moved = true;
            self.go_to(problem, z, 1.0);
            let after = self.slope(1.0);
            // Rows that only a corner of the box satisfies end here: their slope nears zero from below.
            if after >= -self.slope_noise() {
                if after > 1e-9 * before.abs() {
                    self.search(problem, z, before, after);
                }
                return None;
            }
            length *= 8.0;
        }
        // Neither a proof nor an end: go back to numbers of a sane size.
        self.back_to_trial();
        self.evaluate::<T, false>(problem, z);
        Some(Ended::Limit)
    }

    /// A length of the ray that shifts predictions by about a thousandth of their size.
    fn ray_length<T: Sample>(&mut self, problem: &Problem, z: &[T]) -> f64 {
        let given = z.iter().fold(1e-300_f64, |m, v| m.max(v.widen().abs()));
        // Where all predictions are zero, what the rows ask for still has a size.
        let size = (0..problem.rows()).fold(given, |m, row| m.max(self.move_asked(problem, row)));
        let mut shift = vec![0.0; problem.slots()];
        problem.rows.shift_into(&self.local.ray, &mut shift);
        let speed = shift.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        if speed > 0.0 { 1e-3 * size / speed } else { 1.0 }
    }

    /// How far the predictions of a row that is violated have to move, at least.
    fn move_asked(&self, problem: &Problem, row: usize) -> f64 {
        let activity = self.activity[row];
        let violation = (activity - self.sides.upper[row]).max(self.sides.lower[row] - activity).max(0.0);
        let coefficients: f64 = problem.rows.row(row).map(|(_, value)| value.abs()).sum();
        let asked = violation / (coefficients * problem.n() as f64);
        if asked.is_finite() { asked } else { 0.0 }
    }

    fn go_to<T: Sample>(&mut self, problem: &Problem, z: &[T], length: f64) {
        let target = &self.local.target;
        // Exact at the end, so that dropped rows are exactly zero.
        let ends = |row: usize, trial: f64, step: f64| length == 1.0 && target[row] - trial == step;
        for (row, mu) in self.multipliers.iter_mut().enumerate() {
            let (trial, step) = (self.trial[row], self.step[row]);
            *mu = if ends(row, trial, step) { target[row] } else { trial + length * step };
        }
        if self.fine {
            for (row, (mu, rest)) in self.multipliers.iter_mut().zip(&mut self.rest).enumerate() {
                let (trial, step) = (self.trial[row], self.step[row]);
                let basic = matches!(self.local.places[row], Place::Basic(_));
                let sum = Double::new(trial, self.trial_rest[row]).plus(length * step);
                let settled = ends(row, trial, step) && !basic;
                (*mu, *rest) = if settled { (target[row], 0.0) } else { (sum.high, sum.low) };
            }
        }
        self.evaluate::<T, false>(problem, z);
    }

    /// The step from the multipliers to their targets.
    fn set_step(&mut self) {
        self.step.clear();
        self.step.extend(self.local.target.iter().zip(&self.multipliers).map(|(t, m)| t - m));
        if self.fine {
            for &row in &self.local.active {
                self.step[row] = self.local.change[row];
            }
        }
    }

    /// Notes the multipliers, to go back to them.
    fn keep_trial(&mut self) {
        self.trial.clear();
        self.trial.extend_from_slice(&self.multipliers);
        if self.fine {
            self.trial_rest.clear();
            self.trial_rest.extend_from_slice(&self.rest);
        }
    }

    fn back_to_trial(&mut self) {
        self.multipliers.copy_from_slice(&self.trial);
        if self.fine {
            self.rest.copy_from_slice(&self.trial_rest);
        }
    }

    /// Slope of the dual along the step at its point `length`, from the left (from the right at 0).
    fn slope(&self, length: f64) -> f64 {
        let mut slope = 0.0;
        for (row, &step) in self.step.iter().enumerate() {
            if step == 0.0 {
                continue;
            }
            let mu = self.multipliers[row];
            let toward = if mu != 0.0 {
                mu
            } else if length == 0.0 {
                step
            } else {
                -step
            };
            let side = if toward > 0.0 { self.sides.upper[row] } else { self.sides.lower[row] };
            slope += step * (side - self.activity[row]);
        }
        slope
    }

    /// Finds where the slope changes sign on the step, roughly: the Illinois variant of false position.
    fn search<T: Sample>(&mut self, problem: &Problem, z: &[T], before: f64, after: f64) {
        let (mut left, mut right) = ((0.0, before), (1.0, after));
        let mut last = 0;
        for _ in 0..100 {
            let mut at = if left.1.is_finite() && right.1.is_finite() {
                (left.0 * right.1 - right.0 * left.1) / (right.1 - left.1)
            } else {
                0.5 * (left.0 + right.0)
            };
            if !(at > left.0 && at < right.0) {
                at = 0.5 * (left.0 + right.0);
            }
            if at == left.0 || at == right.0 {
                return;
            }
            self.go_to(problem, z, at);
            let slope = self.slope(at);
            if slope.abs() <= (0.05 * before.abs()).max(self.slope_noise()) {
                return;
            }
            if slope < 0.0 {
                left = (at, slope);
                right.1 *= if last == -1 { 0.5 } else { 1.0 };
                last = -1;
            } else {
                right = (at, slope);
                left.1 *= if last == 1 { 0.5 } else { 1.0 };
                last = 1;
            }
        }
    }
}

/// The multiplier nearest to `mu` that the row allows: no sign that lacks a side, no more than the cap.
fn admissible(problem: &Problem, row: usize, mu: f64) -> f64 {
    let cap = problem.soft[row];
    let mu = if mu.is_finite() { mu.clamp(-cap, cap) } else { 0.0 };
    if (mu > 0.0 && problem.upper[row] == f64::INFINITY) || (mu < 0.0 && problem.lower[row] == f64::NEG_INFINITY) {
        0.0
    } else {
        mu
    }
}
