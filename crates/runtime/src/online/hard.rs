//! Every answer keeps the pooled rows where it can.
//!
//! The projection of the batch onto the pooled rows: of all answers that keep them, the one nearest to `z`. Once the
//! rows hold they can be kept for ever where a new sample may take the mean of its group, which changes no mean. Where a
//! batch cannot keep them, its answer has the least total violation, and the rows outside are named.

use super::{Answer, OnlineError, Pooled};
use crate::project::{OnInfeasible, Projection, Projector, Settings, Status};

/// Share of its size that a row may be missed by where the solver did not come to an end.
const KEPT: f64 = 1e-9;

/// The solver with its buffers; all state is in the [`super::Pool`].
#[derive(Debug, Clone, Default)]
pub struct Hard {
    projector: Projector<f64>,
    projection: Projection<f64>,
}

impl Hard {
    /// Answers a batch.
    ///
    /// # Errors
    /// `z` has the wrong length or holds NaN or infinite numbers, or the solver did not come to an end.
    pub fn answer(&mut self, pooled: &Pooled, z: &[f64], answer: &mut Answer) -> Result<(), OnlineError> {
        let settings = Settings { on_infeasible: OnInfeasible::Relax, ..Settings::default() };
        self.projector.project_into(&pooled.problem, z, &settings, &mut self.projection)?;
        match self.projection.status {
            Status::Optimal | Status::Relaxed(_) => {}
            // Rows that only just contradict each other: the point keeps them to rounding, and that is what an answer is for.
            Status::IterationLimit if self.projection.certificate.relative_row_violation <= KEPT => {}
            Status::IterationLimit | Status::Infeasible(_) => {
                return Err(OnlineError::Unfinished { width: self.projection.certificate.row_violation });
            }
        }
        std::mem::swap(&mut answer.y, &mut self.projection.y);
        std::mem::swap(&mut answer.multipliers, &mut self.projection.multipliers);
        Ok(pooled.read(answer)?)
    }
}
