//! The derivative of the projection in the direction of a change of `z`.
//!
//! `J = ∂ŷ/∂z = D − W⁻¹ Qᵀ Q` (see [`super::Tangent`]) is symmetric but for the weights: `W J = Jᵀ W`, and so
//! `J v = W⁻¹ Jᵀ (W v)`, which is the rule that [`super::Gradient`] has already. A sample without weight is in no row and
//! passes as it is.

use super::projection::{Gradient, ProjectError, Projection};
use super::projector::Projector;
use super::sample::Sample;
use crate::problem::Problem;

impl<T: Sample> Projection<T> {
    /// How `ŷ` moves as `z` moves by `v`: the derivative that [`Projection::vjp`] is the transpose of.
    ///
    /// `problem` must be the one that was projected. [`Projector::jvp_into`] keeps its buffers.
    ///
    /// # Errors
    /// As [`Projection::vjp`].
    pub fn jvp(&self, problem: &Problem, v: &[T]) -> Result<Vec<T>, ProjectError> {
        let mut out = Gradient::default();
        Projector::new().jvp_into(problem, self, v, &mut out)?;
        Ok(out.z)
    }
}

impl<T: Sample> Projector<T> {
    /// As [`Projection::jvp`], into the `z` of an existing gradient, whose other parts mean nothing then.
    ///
    /// # Errors
    /// As [`Projection::vjp`].
    pub fn jvp_into(
        &mut self,
        problem: &Problem,
        projection: &Projection<T>,
        v: &[T],
        out: &mut Gradient<T>,
    ) -> Result<(), ProjectError> {
        let weights = problem.weights().filter(|weights| weights.len() == v.len());
        // Of another length, `v` is refused as it is.
        let Some(weights) = weights else { return self.vjp_into(problem, projection, v, out) };
        let weighed = v.iter().zip(&weights).map(|(v, &w)| if w > 0.0 { T::narrow(v.widen() * w) } else { *v });
        self.vjp_into(problem, projection, &weighed.collect::<Vec<T>>(), out)?;
        for (out, w) in out.z.iter_mut().zip(&weights).filter(|(_, w)| **w > 0.0) {
            *out = T::narrow(out.widen() / w);
        }
        Ok(())
    }
}
