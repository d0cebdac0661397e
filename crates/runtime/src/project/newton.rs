//! The outer iteration: semismooth Newton on the dual.

mod iterate;
mod line;

use super::fine::{self, Double};
use super::fixing::VariableFixing;
use super::in_order::{self, InOrder};
use super::kernel::plain_interval;
use super::local::Local;
use super::passes::{SAMPLED, Sums};
use super::pattern::Prepared;
use super::sample::Sample;
use super::sides::Sides;
use crate::problem::Problem;

/// Most steps on a sample of the samples.
const SAMPLED_STEPS: usize = 6;
/// A stalled iteration is still called converged if every row is within this of its size.
const ACCEPTABLE: f64 = 1e-12;
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
    fixing: VariableFixing,
    pub(crate) in_order: InOrder,
    /// Whether the last evaluation was over all samples, and not those near a bound alone.
    pub(crate) whole: bool,
    /// Whether it was over the numbers as they will be returned.
    pub(crate) rounded: bool,
    trial: Vec<f64>,
    trial_rest: Vec<f64>,
    /// A step of the multipliers, and scratch before and after the iteration.
    pub(super) step: Vec<f64>,
    /// Per slot the sum of the sizes of its factor, where rows are so small that the spacing of numbers near zero counts.
    mass: Vec<f64>,
    /// The spacing near zero of the numbers that are returned.
    pub(crate) spacing: f64,
    /// The rows of the problem for the sparse method, once it has run.
    pub(crate) prepared: Option<Box<Prepared>>,
}

impl Newton {
    /// Takes `multipliers` and evaluates the rows there; `z` is in grouped order.
    pub(crate) fn start<T: Sample>(&mut self, problem: &Problem, z: &[T], multipliers: Option<&[f64]>) {
        self.reset(problem, multipliers);
        if multipliers.is_none() && problem.n() >= SAMPLED && problem.width() > 0 && !problem.has_small_slots() {
            self.start_sampled(problem, z);
            self.fixing.arm::<T>(problem, &self.sums);
        }
        self.evaluate::<T, false>(problem, z);
        self.first_scale.copy_from_slice(&self.scale);
    }

    /// As [`Newton::start`] without multipliers, for samples in the order in which they came ([`super::in_order`]); false if
    /// a number is not finite, or the sketch says that no point satisfies the rows.
    pub(crate) fn start_in_order<T: Sample>(&mut self, problem: &Problem, z: &[T]) -> bool {
        self.reset(problem, None);
        self.in_order.on = true;
        if !self.in_order.sketch.draw(problem, z) || matches!(self.start_sampled(problem, z), Ended::Infeasible(_)) {
            return false;
        }
        self.in_order.sketch.errors::<T>(problem, &self.shift, &self.sums, &mut self.step);
        let errors = in_order::errors(problem.cells());
        self.fixing.arm_within(self.step.iter().map(|error| errors * error));
        self.evaluate::<T, false>(problem, z);
        self.first_scale.copy_from_slice(&self.scale);
        self.in_order.finite
    }

    /// Prepares all buffers for a problem.
    fn reset(&mut self, problem: &Problem, multipliers: Option<&[f64]>) {
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
        self.in_order.on = false;
        self.fixing.off();
        self.prepared = None;
    }

    /// Good multipliers from a sample of the samples: saves full passes, and changes nothing else.
    fn start_sampled<T: Sample>(&mut self, problem: &Problem, z: &[T]) -> Ended {
        self.sampled = true;
        self.sides.set(problem, &self.multipliers);
        self.evaluate::<T, false>(problem, z);
        let ended = self.run(problem, z, SAMPLED_STEPS);
        self.sampled = false;
        self.passes = 0;
        ended
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
        if self.sampled && self.in_order.on {
            self.in_order.sketch.estimate::<T>(problem, &self.shift, &mut self.sums);
        } else if self.sampled {
            self.sums.estimate(problem, z, &self.shift);
        } else if !ROUND && self.fixing.covers(&self.shift) {
            self.fixing.evaluate::<T>(problem, &self.shift, &mut self.sums);
        } else {
            self.whole = true;
            self.passes += 1;
            if self.in_order.on {
                self.in_order.pass(problem, z, &self.shift, &mut self.fixing, &mut self.sums);
            } else if self.fine && plain_interval::<T>(problem).is_none() {
                fine::evaluate::<T, ROUND>(problem, z, &self.pairs, &mut self.sums);
            } else if !ROUND && self.fixing.is_armed() {
                self.sums.watch(problem, z, &self.shift, &mut self.fixing);
            } else {
                self.sums.evaluate::<T, ROUND>(problem, z, &self.shift);
            }
        }
        self.measure_rows(problem);
    }

    pub(crate) fn measure_rows(&mut self, problem: &Problem) {
        let unit = self.strictness * self.unit;
        let mut tiny = false;
        let Newton { activity, scale, first_scale, tolerance, sums, .. } = self;
        problem.rows.measure(&sums.value, &sums.size, |row, sum, size| {
            activity[row] = sum;
            // At least the size at the start: a row whose terms have vanished is known no better than they were.
            scale[row] = first_scale[row].max(size);
            tolerance[row] = unit * scale[row];
            tiny |= scale[row] <= f64::GRAIN * GRAINS;
        });
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
