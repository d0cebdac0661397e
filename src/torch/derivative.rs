//! What knows the derivative of a projection, and hands it to libtorch as one node of its graph.
//!
//! The derivative is a linear map as long as the active set is what it is, so its own derivative is its transpose, and graphs
//! of derivatives of any order are made of the same node (`crates/autograd`).

use std::error::Error;
use std::sync::{Mutex, PoisonError};

use fairc_autograd::{LinearMap, attach};
use tch::Tensor;

use super::error::LayerError;
use super::solver::{ActiveSet, Solution};

/// `∂ŷ/∂z = D − Qᵀ Q` as tensors, for samples that stay on their device, which have no weights.
#[derive(Debug)]
pub struct Linear {
    /// `D` is 1 on the free samples.
    pub set: ActiveSet,
    /// `Q`, active rows × samples; none if no row is active.
    pub directions: Option<Tensor>,
}

/// The solution of a batch, wherever it was found.
#[derive(Debug)]
pub enum Derivative {
    Single(Solution<f32>),
    Double(Solution<f64>),
    Device(Linear),
}

impl Derivative {
    /// With the free samples as a tensor where `z` is.
    pub fn active_set(self, z: &Tensor) -> Result<ActiveSet, LayerError> {
        match self {
            Derivative::Single(solution) => solution.active_set(z),
            Derivative::Double(solution) => solution.active_set(z),
            Derivative::Device(linear) => Ok(linear.set),
        }
    }

    /// `y` in the shape of `z`, with this derivative.
    pub fn attach(self, y: &Tensor, z: &Tensor) -> Result<Tensor, LayerError> {
        let attached = match self {
            Derivative::Single(solution) => attach(y, z, solution),
            Derivative::Double(solution) => attach(y, z, solution),
            Derivative::Device(linear) => attach(y, z, OnDevice(Mutex::new(linear))),
        };
        Ok(attached?)
    }
}

/// Tensors may go to other threads, but not be used by two at once.
struct OnDevice(Mutex<Linear>);

impl LinearMap for OnDevice {
    /// Without weights the derivative is its own transpose.
    fn apply(&self, v: &Tensor, _transposed: bool) -> Result<Tensor, Box<dyn Error + Send + Sync>> {
        let (free, directions) = {
            let Linear { set, directions } = &*self.0.lock().unwrap_or_else(PoisonError::into_inner);
            (set.free.shallow_clone(), directions.as_ref().map(Tensor::shallow_clone))
        };
        let v = v.f_reshape([-1])?;
        let kept = free.f_mul(&v)?;
        match directions {
            None => Ok(kept),
            Some(q) => Ok(kept.f_sub(&q.f_tr()?.f_mv(&q.f_mv(&v)?)?)?),
        }
    }
}
