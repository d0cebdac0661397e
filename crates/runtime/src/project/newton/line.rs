//! Along a step of the local model, or a ray on which it has no end: how far to go.

use super::{Ended, Newton, admissible};
use crate::problem::Problem;
use crate::project::farkas;
use crate::project::fine::Double;
use crate::project::local::Place;
use crate::project::sample::Sample;

/// Most times that a ray is made eight times longer.
const LONGEST: usize = 60;

impl Newton {
    pub(super) fn follow_step<T: Sample>(&mut self, problem: &Problem, z: &[T]) -> Option<Ended> {
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
    pub(super) fn slope_noise(&self) -> f64 {
        self.step.iter().zip(&self.tolerance).map(|(s, t)| (s * t).abs()).sum()
    }

    /// A ray: either a proof of infeasibility, or a long step to where the dual stops falling.
    pub(super) fn follow_ray<T: Sample>(&mut self, problem: &Problem, z: &[T]) -> Option<Ended> {
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
            if self.has_wandered() {
                break;
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
    pub(super) fn ray_length<T: Sample>(&mut self, problem: &Problem, z: &[T]) -> f64 {
        let given = z.iter().fold(1e-300_f64, |m, v| m.max(v.widen().abs()));
        // Where all predictions are zero, what the rows ask for still has a size.
        let size = (0..problem.rows()).fold(given, |m, row| m.max(self.move_asked(problem, row)));
        let mut shift = vec![0.0; problem.slots()];
        problem.rows.shift_into(&self.local.ray, &mut shift);
        let speed = shift.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        if speed > 0.0 { 1e-3 * size / speed } else { 1.0 }
    }

    /// How far the predictions of a row that is violated have to move, at least.
    pub(super) fn move_asked(&self, problem: &Problem, row: usize) -> f64 {
        let activity = self.activity[row];
        let violation = (activity - self.sides.upper[row]).max(self.sides.lower[row] - activity).max(0.0);
        let coefficients: f64 = problem.rows.row(row).map(|(_, value)| value.abs()).sum();
        let asked = violation / (coefficients * problem.n() as f64);
        if asked.is_finite() { asked } else { 0.0 }
    }

    pub(super) fn go_to<T: Sample>(&mut self, problem: &Problem, z: &[T], length: f64) {
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
    pub(super) fn set_step(&mut self) {
        self.step.clear();
        self.step.extend(self.local.target.iter().zip(&self.multipliers).map(|(t, m)| t - m));
        if self.fine {
            for &row in &self.local.active {
                self.step[row] = self.local.change[row];
            }
        }
    }

    /// Notes the multipliers, to go back to them.
    pub(super) fn keep_trial(&mut self) {
        self.trial.clear();
        self.trial.extend_from_slice(&self.multipliers);
        if self.fine {
            self.trial_rest.clear();
            self.trial_rest.extend_from_slice(&self.rest);
        }
    }

    pub(super) fn back_to_trial(&mut self) {
        self.multipliers.copy_from_slice(&self.trial);
        if self.fine {
            self.rest.copy_from_slice(&self.trial_rest);
        }
    }

    /// Slope of the dual along the step at its point `length`, from the left (from the right at 0).
    pub(super) fn slope(&self, length: f64) -> f64 {
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
    pub(super) fn search<T: Sample>(&mut self, problem: &Problem, z: &[T], before: f64, after: f64) {
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
            if at == left.0 || at == right.0 || self.has_wandered() {
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
