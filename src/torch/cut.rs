//! The layer cut in two: what a step of training needs of it, and no more.
//!
//! ```text
//! network ─▶ z ──────▶ runtime ──────▶ ŷ, a leaf ─▶ loss      ŷ ─cut off from z
//!            z · s ◀── runtime: s ◀─── g = ∂loss/∂ŷ           s = (∂ŷ/∂z)ᵀ g, a constant
//! ```
//!
//! Autograd runs twice, once on either side of the cut, and the runtime stands between with the few microseconds that its
//! derivative takes; [`super::FairLayer::forward`] writes the derivative as tensors instead, so that autograd can run through it.

use tch::Tensor;

use super::error::LayerError;
use super::layer::Fair;
use super::solver::Derivative;

/// Fair predictions of a batch, cut off from the network.
///
/// `fair.y` is a leaf of the graph. Once a loss that is a function of it has gone `backward`, [`Cut::pull_back`] gives the
/// network the same gradients that it would have had through the [whole layer](super::FairLayer::forward), for less. This
/// will do wherever first derivatives with respect to the network's variables are all that is wanted; second derivatives, and
/// [tracked params and labels](super::FairLayer::forward_tracked), need the whole layer.
#[derive(Debug)]
#[must_use = "the network has no gradients before `pull_back`"]
pub struct Cut<'l> {
    /// The predictions, and how they were found.
    pub fair: Fair,
    /// The raw output, flat.
    z: Tensor,
    derivative: Derivative<'l>,
}

impl<'l> Cut<'l> {
    pub(super) fn new(mut fair: Fair, z: Tensor, derivative: Derivative<'l>) -> Result<Cut<'l>, LayerError> {
        fair.y = fair.y.f_set_requires_grad(true)?;
        Ok(Cut { fair, z, derivative })
    }

    /// Adds the gradient of the loss to those of the network's variables.
    ///
    /// # Errors
    /// As [`Cut::surrogate_loss`].
    pub fn pull_back(self) -> Result<(), LayerError> {
        Ok(self.surrogate_loss()?.f_backward()?)
    }

    /// A number whose gradient with respect to the network's variables is the loss's: to go `backward` together with other
    /// losses of the raw output. Its value means nothing.
    ///
    /// # Errors
    /// If no loss has gone `backward` before, or if its gradient is not finite.
    pub fn surrogate_loss(mut self) -> Result<Tensor, LayerError> {
        let gradient = self.fair.y.f_grad()?;
        if !gradient.defined() {
            return Err(LayerError::NotBackward);
        }
        let gradient = if gradient.dim() == 1 { gradient } else { gradient.f_reshape([-1])? };
        Ok(self.z.f_dot(&self.derivative.pull_back(&self.fair.bound.problem, &gradient)?)?)
    }
}
