//! The published online algorithm: a price `λ` on the largest gap of each batch, raised where the gap was above its
//! tolerance and lowered where it was below.
//!
//! ```text
//! ŷ_t = argmin ½‖ŷ − z‖² + λ_t b_t · max_j e_j(ŷ)             (see `penalty`)
//! λ_{t+1} = max(0, λ_t + η₀/√t · b_t · max_j e_j(ŷ_t))         e_j = gap_j − ε_j
//! ```
//!
//! **Certificate.** From the update `b_t e_t ≤ (λ_{t+1} − λ_t) √t / η₀`. Summed by parts over `T` batches, with `N = Σ b_t`,
//!
//! ```text
//! (1/N) Σ b_t e_t  ≤  λ_{T+1} √T / (η₀ N):      the mean gap is at most ε + λ √T / (η₀ N)
//! ```
//!
//! at any finite time. The mean is over the gaps *of the batches*, weighted by their sizes; the gap of all answers pooled
//! can be larger or smaller. A batch in which no row can be formed (one sample, a group that is absent) has no gap: it
//! is answered with its own predictions, and counts neither in `T` nor in `N`.

use serde::{Deserialize, Serialize};

use super::penalty::{Excess, Penalised, largest};
use super::{Answer, OnlineError};
use crate::problem::Problem;

/// All that is kept between batches.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrimalDualState {
    /// `η₀`.
    pub step: f64,
    /// `λ`, of the next batch.
    pub price: f64,
    /// `T`, batches with a gap.
    pub batches: u64,
    /// `N`, their samples.
    pub samples: u64,
    /// `Σ b_t e_t`.
    pub excess: f64,
}

/// The algorithm with its state and its solver.
#[derive(Clone, Debug)]
pub struct PrimalDual {
    pub state: PrimalDualState,
    solver: Penalised,
}

impl PrimalDual {
    /// `η₀` where the caller does not choose.
    pub const STEP: f64 = 0.1;

    /// Starts with the price 0.
    ///
    /// # Errors
    /// A step that is no number above zero.
    pub fn new(step: f64) -> Result<PrimalDual, OnlineError> {
        if !(step > 0.0 && step.is_finite()) {
            return Err(OnlineError::Setting { what: "step", value: step, expected: "a number above 0" });
        }
        Ok(PrimalDual::resume(PrimalDualState { step, price: 0.0, batches: 0, samples: 0, excess: 0.0 }))
    }

    /// Goes on from a state.
    pub fn resume(state: PrimalDualState) -> PrimalDual {
        PrimalDual { state, solver: Penalised::default() }
    }

    /// Answers a batch and updates the price. The problem is that of the batch alone.
    ///
    /// # Errors
    /// As [`Penalised::solve`].
    pub fn answer(&mut self, problem: &mut Problem, z: &[f64], answer: &mut Answer) -> Result<(), OnlineError> {
        let size = z.len() as f64;
        let solved = self.solver.solve(problem, z, self.state.price * size)?;
        answer.y.clone_from(&solved.y);
        answer.multipliers.clone_from(&solved.multipliers);
        answer.values = problem.activity(&answer.y)?;
        let excess = Excess::of(problem);
        let beyond = excess.iter().zip(&answer.values).map(|(excess, value)| excess.at(*value));
        answer.outside = beyond.enumerate().filter(|(_, e)| e.is_some_and(|e| e > 1e-12)).map(|(row, _)| row).collect();
        if let Some(excess) = largest(&excess, &answer.values) {
            let state = &mut self.state;
            state.batches += 1;
            state.samples += z.len() as u64;
            state.excess += size * excess;
            state.price = (state.price + state.step / (state.batches as f64).sqrt() * size * excess).max(0.0);
        }
        Ok(())
    }
}

impl PrimalDualState {
    /// The mean over the batches of their gap beyond the tolerance; none before the first batch with a gap.
    pub fn mean_excess(&self) -> Option<f64> {
        (self.samples > 0).then(|| self.excess / self.samples as f64)
    }

    /// What the certificate says that this mean is at most.
    pub fn certificate(&self) -> Option<f64> {
        let samples = self.samples as f64;
        (self.samples > 0).then(|| self.price * (self.batches as f64).sqrt() / (self.step * samples))
    }
}
