//! One signed multiplier a row steers the pooled quantity: all samples of a cell get the same shift at a time.
//!
//! With `a` the pooled value of a row after a batch, the multiplier of the next batch is that of the augmented
//! Lagrangian (Hestenes 1969; Powell 1969; Rockafellar 1973 for inequalities) around the mean `m̄` of all earlier ones,
//!
//! ```text
//! m = max(0, m̄ + g (a − u)) + min(0, m̄ + g (a − l)),      g = η √n,      shift of sample i = m · aᵢ / (wᵢ ‖a‖²)
//! ```
//!
//! in the units of the row: a shift of `m` for all samples would move its value by `m`. `n = (Σ|aᵢ|)²/‖a‖²` is the number
//! of samples that the row rests on (of two groups, four times the smaller one at most), so a rare group is not steered
//! by each of its samples. `g` grows as slowly as the noise of a mean falls, and the mean takes over what the first term
//! had to do, so the pooled value settles at its side instead of beyond it.
//!
//! By its definition `m ≥ m̄ + g (a − u)` and `m ≤ m̄ + g (a − l)`, so
//!
//! ```text
//! a − u ≤ (m − m̄) / g     and     l − a ≤ (m̄ − m) / g:      no row is outside by more than |m − m̄| / g
//! ```
//!
//! which is [`Multiplier::bound`]. Multipliers of a stream that does not change its nature settle down, `g` grows, and
//! the bound goes to zero as `1/√n` or faster.

use serde::{Deserialize, Serialize};

use super::{Answer, OnlineError, Pooled, at};
use crate::problem::Problem;
use crate::project::{ProjectError, finite, for_each_sample};

/// The multiplier of one row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Multiplier {
    /// What the next batch is answered with, in the units of the row.
    pub next: f64,
    /// The mean of all so far, by samples.
    pub mean: f64,
    /// Over so many samples; no more than the pool remembers.
    pub weight: f64,
    /// The pooled value is outside of its sides by no more than this.
    pub bound: f64,
}

/// The multipliers of all rows: the whole state, beside the [`super::Pool`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Smooth {
    gain: f64,
    rows: Vec<Multiplier>,
}

impl Default for Smooth {
    fn default() -> Self {
        Smooth { gain: Smooth::GAIN, rows: Vec::new() }
    }
}

impl Smooth {
    /// `η`: larger follows faster and moves the first samples more.
    pub const GAIN: f64 = 0.5;

    /// # Errors
    /// A gain that is no number above zero.
    pub fn new(gain: f64) -> Result<Smooth, OnlineError> {
        if gain > 0.0 && gain.is_finite() {
            return Ok(Smooth { gain, ..Smooth::default() });
        }
        Err(OnlineError::Setting { what: "gain", value: gain, expected: "a number above 0" })
    }

    /// One for each row identity that ever occurred.
    pub fn rows(&self) -> &[Multiplier] {
        &self.rows
    }

    /// Answers a batch, with what earlier batches came to.
    ///
    /// # Errors
    /// `z` has the wrong length or holds NaN or infinite numbers.
    pub fn answer(&mut self, pooled: &Pooled, z: &[f64], answer: &mut Answer) -> Result<(), OnlineError> {
        let problem = &pooled.problem;
        if z.len() != problem.n() {
            return Err(ProjectError::Length { what: "z", found: z.len(), expected: problem.n() }.into());
        }
        finite("z", z)?;
        let most = pooled.id.iter().max().map_or(0, |id| id + 1);
        if self.rows.len() < most {
            self.rows.resize(most, Multiplier::default());
        }
        answer.multipliers.clear();
        answer.multipliers.extend(pooled.id.iter().zip(&pooled.norm).map(|(&id, &norm)| {
            let next = self.rows.get(id).map_or(0.0, |row| row.next);
            if norm > 0.0 { next / norm } else { 0.0 }
        }));
        answer.y = shifted(problem, z, &answer.multipliers);
        pooled.read(answer)?;
        let batch = problem.weights().map_or(z.len() as f64, |weights| weights.iter().sum());
        for (row, &id) in pooled.id.iter().enumerate() {
            let gain = self.gain * at(&pooled.rests_on, row).sqrt();
            if let Some(multiplier) = self.rows.get_mut(id) {
                multiplier.update(at(&answer.values, row), at(&pooled.lower, row), at(&pooled.upper, row), gain);
                multiplier.average(batch, pooled.weight);
            }
        }
        Ok(())
    }
}

impl Multiplier {
    fn update(&mut self, value: f64, lower: f64, upper: f64, gain: f64) {
        // An infinite side never pulls; a row without samples neither.
        let pull = |side: f64| if side.is_finite() { gain * (value - side) } else { -side };
        self.next = (self.mean + pull(upper)).max(0.0) + (self.mean + pull(lower)).min(0.0);
        self.bound = if gain > 0.0 { (self.next - self.mean).abs() / gain } else { 0.0 };
    }

    fn average(&mut self, batch: f64, remembered: f64) {
        self.weight = (self.weight + batch).min(remembered);
        if self.weight > 0.0 {
            self.mean += (batch / self.weight).min(1.0) * (self.next - self.mean);
        }
    }
}

/// `clip(z − W⁻¹ Aᵀ μ)`.
fn shifted(problem: &Problem, z: &[f64], multipliers: &[f64]) -> Vec<f64> {
    let mut shift = vec![0.0; problem.slots()];
    problem.rows.shift_into(multipliers, &mut shift);
    let mut y = problem.grouping.group(z);
    for_each_sample(problem, &shift, |place, t, w, lo, hi| {
        if let Some(y) = y.get_mut(place) {
            *y = (if w > 0.0 { *y - t / w } else { *y }).max(lo).min(hi);
        }
    });
    problem.grouping.ungroup(&y)
}
