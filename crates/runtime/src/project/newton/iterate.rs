//! The iteration itself.

use super::{ACCEPTABLE, Ended, Newton};
use crate::problem::Problem;
use crate::project::local::Outcome;
use crate::project::pattern::Prepared;
use crate::project::sample::Sample;
use crate::project::sparse;

/// Share of the rounding error that rows without margins are held within, and most steps to get there.
const STRICT: f64 = 0.02;
const STRICT_STEPS: usize = 20;
/// Passes in order before samples are grouped after all.
const WANDERED: usize = 3;

impl Newton {
    /// Iterates from the present multipliers until the rows hold within their tolerances, for all samples.
    pub(crate) fn run<T: Sample>(&mut self, problem: &Problem, z: &[T], max_steps: usize) -> Ended {
        let ended = self.iterate_finely(problem, z, max_steps);
        if self.whole || self.sampled || ended != Ended::Converged {
            return ended;
        }
        // The samples near a bound say so; now all of them, as they will be returned.
        self.evaluate::<T, true>(problem, z);
        if self.holds_rounded::<T>() {
            return ended;
        }
        self.fixing.off();
        self.evaluate::<T, false>(problem, z);
        self.iterate_finely(problem, z, max_steps)
    }

    /// Whether the rows hold for the numbers as they will be returned, by sums over all of them.
    pub(crate) fn holds_rounded<T: Sample>(&self) -> bool {
        let rounding = 2.0 * (T::ROUNDING - f64::ROUNDING) / self.unit;
        self.residual() <= 1.0 + rounding || self.is_acceptable(self.residual() - rounding)
    }

    /// Iterates on samples in the order in which they came; the pass that writes has the last word.
    pub(crate) fn run_in_order<T: Sample>(&mut self, problem: &Problem, z: &[T], max_steps: usize) -> Ended {
        self.iterate_finely(problem, z, max_steps)
    }

    /// Whether passes in order have become more than grouping costs.
    pub(super) fn has_wandered(&self) -> bool {
        self.in_order.on && self.passes > WANDERED
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
        let mut by_levels = !self.fine && self.sides.are_even && !problem.levels.is_empty();
        if !by_levels && let Some(ended) = self.by_sparse_method(problem, z) {
            return ended;
        }
        let mut best = f64::INFINITY;
        let mut stalled = 0;
        for _ in 0..max_steps {
            if self.has_wandered() {
                return Ended::Limit;
            }
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
            let levelled = if by_levels { self.solve_levels(problem) } else { None };
            if by_levels && levelled.is_none() && sparse::is_large(problem) {
                // Where a level has no end, single rows have to say why.
                by_levels = false;
                if let Some(ended) = self.by_sparse_method(problem, z) {
                    return ended;
                }
            }
            let outcome = levelled.unwrap_or_else(|| self.solve_local(problem));
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

    /// Many rows over slots of few samples are for another method; none where they are not.
    fn by_sparse_method<T: Sample>(&mut self, problem: &Problem, z: &[T]) -> Option<Ended> {
        if !sparse::is_large(problem) {
            return None;
        }
        let known = self.prepared.take().map(|prepared| *prepared);
        let prepared = known.or_else(|| sparse::rows_if_large(problem).map(Prepared::new))?;
        Some(sparse::run(self, problem, z, prepared))
    }

    /// The local model where all rows hold means near levels; none if a level has no end.
    fn solve_levels(&mut self, problem: &Problem) -> Option<Outcome> {
        let sums = (&self.sums.value[..], &self.sums.gram[..]);
        self.local.solve_levels(problem, sums, &self.multipliers, &self.sides)
    }

    /// The local model where the iteration is.
    fn solve_local(&mut self, problem: &Problem) -> Outcome {
        self.local.solve(
            problem,
            &self.sums.gram,
            &self.activity,
            &self.multipliers,
            &self.sides,
            &self.tolerance,
            ACCEPTABLE / self.unit,
            self.fine,
        )
    }
}
