//! The runtime at work on tensors: numbers in, numbers out, forward and backward.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use fairc_autograd::{LinearMap, Real, tensor_of};
use tch::{Device, Tensor};

use super::error::LayerError;
use crate::bind::{Bound, Encoded, Params, Pulled};
use crate::runtime::problem::{Bounds, Problem};
use crate::runtime::project::{
    Certificate, Gradient, ProjectError, Projection, Projector, Sample, Settings, Side, Status,
};

/// What holds with equality at a solution.
#[derive(Debug)]
pub struct ActiveSet {
    /// 1 where a sample is free, 0 where it is at a bound.
    pub free: Tensor,
    /// Active rows that do not depend on each other.
    pub rows: Vec<usize>,
}

/// The two kinds of numbers that tensors and the runtime share.
pub trait Scalar: Sample + Real {}

impl Scalar for f32 {}
impl Scalar for f64 {}

/// A projection as tensors.
#[derive(Debug)]
pub struct Solved {
    /// `ŷ`, the runtime's own numbers; flat.
    pub y: Tensor,
    /// How many samples are free: strictly between their bounds.
    pub free: usize,
    pub status: Status,
    pub multipliers: Vec<f64>,
    pub active: Vec<Side>,
    pub certificate: Certificate,
}

/// A projector and the numbers that go in and out of it.
#[derive(Debug, Default)]
struct Workspace<T: Scalar> {
    projector: Projector<T>,
    numbers: Vec<T>,
    gradient: Gradient<T>,
}

/// Solves on the host, with buffers that outlive a batch: as many sets of them as threads were at work at once.
#[derive(Clone, Debug, Default)]
pub struct Solver<T: Scalar> {
    idle: Arc<Mutex<Vec<Workspace<T>>>>,
}

/// A solved batch, for as long as its derivative may be asked for.
#[derive(Debug)]
pub struct Solution<T: Scalar> {
    bound: Arc<Bound>,
    projection: Projection<T>,
    solver: Solver<T>,
    /// The batch with its raw predictions, where rows read them and so move with them.
    raw: Option<(Arc<Encoded>, Params)>,
}

impl<T: Scalar> Solver<T> {
    /// Projects a tensor. One copy in, one out.
    pub fn solve(
        &self,
        bound: &Arc<Bound>,
        z: &Tensor,
        settings: &Settings,
    ) -> Result<(Solved, Solution<T>), LayerError> {
        let problem = &bound.problem;
        let projection = self.at_work(|Workspace { projector, numbers, .. }| -> Result<_, LayerError> {
            copy_in(z, problem.n(), numbers)?;
            Ok(bound.project(projector, numbers, settings)?)
        })?;
        let Projection { y, status, multipliers, active, certificate, .. } = &projection;
        refuse_unsolved(status, certificate, problem)?;
        let solved = Solved {
            y: to_tensor(y, z)?,
            free: count_free(problem, y),
            status: status.clone(),
            multipliers: multipliers.clone(),
            active: active.clone(),
            certificate: *certificate,
        };
        Ok((solved, Solution { bound: bound.clone(), projection, solver: self.clone(), raw: None }))
    }

    /// Lends a workspace. Nobody waits for another's work.
    fn at_work<R>(&self, work: impl FnOnce(&mut Workspace<T>) -> R) -> R {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let lent = idle().pop();
        let mut workspace = lent.unwrap_or_default();
        let result = work(&mut workspace);
        idle().push(workspace);
        result
    }
}

impl<T: Scalar> Solution<T> {
    /// With a batch whose rows read raw predictions.
    #[must_use]
    pub fn with_raw(mut self, raw: Option<(Arc<Encoded>, Params)>) -> Self {
        self.raw = raw;
        self
    }

    /// Adds to `gradient` what goes through the rows.
    fn add_raw(&self, v: &[T], gradient: &mut Gradient<T>) -> Result<(), ProjectError> {
        let Some((encoded, params)) = &self.raw else { return Ok(()) };
        let pulled = Pulled { bound: &self.bound, projection: &self.projection, v, gradient };
        let more = encoded.by_raw(params, &pulled)?;
        for (own, more) in gradient.z.iter_mut().zip(more) {
            *own = T::narrow(own.widen() + more);
        }
        Ok(())
    }

    /// The free samples as a tensor where `z` is, and the active rows.
    pub fn active_set(&self, z: &Tensor) -> Result<ActiveSet, LayerError> {
        let (problem, y) = (&self.bound.problem, &self.projection.y);
        let mut free = Vec::with_capacity(y.len());
        for_each_free(problem, y, |is_free| free.push(T::narrow(f64::from(u8::from(is_free)))));
        Ok(ActiveSet { free: to_tensor(&free, z)?, rows: self.projection.tangent(problem)?.rows })
    }
}

impl<T: Scalar> LinearMap for Solution<T> {
    /// `(∂ŷ/∂z)ᵀ v` or `(∂ŷ/∂z) v`, by the runtime. One copy in, one out.
    fn apply(&self, v: &Tensor, transposed: bool) -> Result<Tensor, Box<dyn Error + Send + Sync>> {
        let (bound, projection) = (&self.bound, &self.projection);
        self.solver.at_work(|Workspace { projector, numbers, gradient }| {
            copy_in(v, bound.problem.n(), numbers)?;
            let found = match transposed {
                true => {
                    bound.vjp(projector, projection, numbers, gradient).and_then(|()| self.add_raw(numbers, gradient))
                }
                false if self.raw.is_some() => return Err(LayerError::SecondOrder.into()),
                false => bound.jvp(projector, projection, numbers, gradient),
            };
            match found {
                Ok(()) => Ok(to_tensor(&gradient.z, v)?),
                Err(ProjectError::NotFinite { index, value, .. }) if transposed => {
                    Err(LayerError::Gradient { index, value }.into())
                }
                Err(other) => Err(other.into()),
            }
        })
    }
}

fn copy_in<T: Scalar>(tensor: &Tensor, n: usize, numbers: &mut Vec<T>) -> Result<(), LayerError> {
    numbers.resize(n, T::default());
    Ok(tensor.f_copy_data(numbers, n)?)
}

/// Numbers as a flat tensor where `like` is.
fn to_tensor<T: Scalar>(values: &[T], like: &Tensor) -> Result<Tensor, LayerError> {
    let tensor = tensor_of(values)?;
    match like.device() {
        Device::Cpu => Ok(tensor),
        device => Ok(tensor.f_to_device(device)?),
    }
}

/// A projection that is no solution is an error.
pub(super) fn refuse_unsolved(status: &Status, certificate: &Certificate, problem: &Problem) -> Result<(), LayerError> {
    match status {
        Status::Optimal | Status::Relaxed(_) => Ok(()),
        Status::Infeasible(proof) => Err(LayerError::infeasible(proof, problem)),
        Status::IterationLimit => Err(LayerError::Unfinished { violation: certificate.row_violation }),
    }
}

fn count_free<T: Scalar>(problem: &Problem, y: &[T]) -> usize {
    let mut count = 0;
    for_each_free(problem, y, |is_free| count += usize::from(is_free));
    count
}

/// For each sample, whether it is free: whether it lies strictly between its bounds, as numbers of its type.
fn for_each_free<T: Scalar>(problem: &Problem, y: &[T], mut see: impl FnMut(bool)) {
    let narrow = |(lo, hi): (f64, f64)| (T::narrow(lo), T::narrow(hi));
    match problem.bounds() {
        Bounds::Uniform { lo, hi } => {
            let (lo, hi) = narrow(T::inward(lo, hi));
            y.iter().for_each(|&y| see((y > lo) & (y < hi)));
        }
        Bounds::PerSample { lo, hi } => {
            let bounds = lo.iter().zip(&hi).map(|(&lo, &hi)| narrow(T::inward(lo, hi)));
            y.iter().zip(bounds).for_each(|(&y, (lo, hi))| see((y > lo) & (y < hi)));
        }
    }
}
