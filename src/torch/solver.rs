//! The runtime at work on tensors: numbers out, active set and directions back.

use tch::{Device, Tensor};

use super::error::LayerError;
use crate::runtime::problem::{Bounds, Problem};
use crate::runtime::project::{
    Certificate, Gradient, ProjectError, Projection, Projector, Sample, Settings, Side, Status, Tangent,
};

/// The two kinds of numbers that tensors and the runtime share.
pub trait Scalar: Sample + tch::kind::Element {}

impl Scalar for f32 {}
impl Scalar for f64 {}

/// A projector with its buffers and its last projection.
#[derive(Debug, Default)]
pub struct Solver<T: Scalar> {
    projector: Projector<T>,
    projection: Projection<T>,
    gradient: Gradient<T>,
    free: Vec<bool>,
    scratch: Vec<T>,
}

/// A projection as tensors.
#[derive(Debug)]
pub struct Solved {
    /// `ŷ`, the runtime's own numbers.
    pub y: Tensor,
    /// How many samples are free: strictly between their bounds.
    pub free: usize,
    pub status: Status,
    pub multipliers: Vec<f64>,
    pub active: Vec<Side>,
    pub certificate: Certificate,
}

/// `∂ŷ/∂z = D + back · rows` as tensors.
#[derive(Debug)]
pub struct Linear {
    /// The diagonal of `D`: 1 where a sample is free, 0 where it is at a bound.
    pub free: Tensor,
    /// What the active rows take out; none if no row is active.
    pub directions: Option<Directions>,
    /// Active rows that do not depend on each other.
    pub rows: Vec<usize>,
}

/// The factors of what the active rows take out of the derivative.
#[derive(Debug)]
pub struct Directions {
    /// `Q`, active rows × samples.
    pub rows: Tensor,
    /// `−W⁻¹ Qᵀ`.
    pub back: Tensor,
}

impl Linear {
    /// `(∂ŷ/∂z)ᵀ g`.
    pub fn pull_back(&self, g: &Tensor) -> Result<Tensor, LayerError> {
        let kept = self.free.f_mul(g)?;
        match &self.directions {
            None => Ok(kept),
            Some(Directions { rows, back }) => Ok(kept.f_addmv(&rows.f_tr()?, &back.f_tr()?.f_mv(g)?)?),
        }
    }
}

impl<T: Scalar> Solver<T> {
    /// Projects a flat tensor, and keeps the projection for what is asked next. One copy in, one out.
    pub fn solve(&mut self, problem: &Problem, z: &Tensor, settings: &Settings) -> Result<Solved, LayerError> {
        self.copy_in(z, problem.n())?;
        self.projector.project_into(problem, &self.scratch, settings, &mut self.projection)?;
        let Projection { y, status, multipliers, active, certificate, .. } = &self.projection;
        refuse_unsolved(status, certificate, problem)?;
        free_into(problem, y, &mut self.free);
        Ok(Solved {
            y: to_tensor(y, z)?,
            free: self.free.iter().filter(|free| **free).count(),
            status: status.clone(),
            multipliers: multipliers.clone(),
            active: active.clone(),
            certificate: *certificate,
        })
    }

    /// The derivative of the last projection, where `z` is.
    pub fn linear(&mut self, problem: &Problem, z: &Tensor) -> Result<Linear, LayerError> {
        let tangent = self.projection.tangent(problem)?;
        let directions = if tangent.rows.is_empty() {
            None
        } else {
            let q = directions_of::<T>(problem, &tangent, &self.free);
            let back = weighted_back(problem, &q);
            let shape = [tangent.rows.len() as i64, -1];
            Some(Directions {
                rows: to_tensor(&q, z)?.f_view(shape)?,
                back: to_tensor(&back, z)?.f_view(shape)?.f_tr()?,
            })
        };
        self.scratch.clear();
        self.scratch.extend(self.free.iter().map(|&free| T::narrow(f64::from(u8::from(free)))));
        Ok(Linear { free: to_tensor(&self.scratch, z)?, directions, rows: tangent.rows })
    }

    /// `(∂ŷ/∂z)ᵀ g` of the last projection, by the runtime. One copy in, one out.
    pub fn pull_back(&mut self, problem: &Problem, g: &Tensor) -> Result<Tensor, LayerError> {
        self.copy_in(g, problem.n())?;
        let pulled = self.projector.vjp_into(problem, &self.projection, &self.scratch, &mut self.gradient);
        pulled.map_err(|error| match error {
            ProjectError::NotFinite { index, value, .. } => LayerError::Gradient { index, value },
            other => other.into(),
        })?;
        to_tensor(&self.gradient.z, g)
    }

    fn copy_in(&mut self, flat: &Tensor, n: usize) -> Result<(), LayerError> {
        self.scratch.resize(n, T::default());
        Ok(flat.f_copy_data(&mut self.scratch, n)?)
    }
}

/// What knows the derivative of a projection: the solver that found it, or tensors on the samples' device.
#[derive(Debug)]
pub enum Derivative<'l> {
    Single(&'l mut Solver<f32>),
    Double(&'l mut Solver<f64>),
    Device(Linear),
}

impl Derivative<'_> {
    /// As tensors where `z` is.
    pub fn linear(self, problem: &Problem, z: &Tensor) -> Result<Linear, LayerError> {
        match self {
            Derivative::Single(solver) => solver.linear(problem, z),
            Derivative::Double(solver) => solver.linear(problem, z),
            Derivative::Device(linear) => Ok(linear),
        }
    }

    /// `(∂ŷ/∂z)ᵀ g`.
    pub fn pull_back(&mut self, problem: &Problem, g: &Tensor) -> Result<Tensor, LayerError> {
        match self {
            Derivative::Single(solver) => solver.pull_back(problem, g),
            Derivative::Double(solver) => solver.pull_back(problem, g),
            Derivative::Device(linear) => linear.pull_back(g),
        }
    }
}

/// Numbers as a flat tensor where `like` is.
fn to_tensor<T: Scalar>(values: &[T], like: &Tensor) -> Result<Tensor, LayerError> {
    let tensor = Tensor::f_from_slice(values)?;
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

/// A sample is free if it lies strictly between its bounds, as numbers of its type.
fn free_into<T: Scalar>(problem: &Problem, y: &[T], free: &mut Vec<bool>) {
    let narrow = |(lo, hi): (f64, f64)| (T::narrow(lo), T::narrow(hi));
    free.clear();
    match problem.bounds() {
        Bounds::Uniform { lo, hi } => {
            let (lo, hi) = narrow(T::inward(lo, hi));
            free.extend(y.iter().map(|&y| (y > lo) & (y < hi)));
        }
        Bounds::PerSample { lo, hi } => {
            let bounds = lo.iter().zip(&hi).map(|(&lo, &hi)| narrow(T::inward(lo, hi)));
            free.extend(y.iter().zip(bounds).map(|(&y, (lo, hi))| (y > lo) & (y < hi)));
        }
    }
}

/// `Q` by rows: `Q[k, i] = Σ_f φ_f(i) · factor[k, slot(i, f)]` on free samples.
fn directions_of<T: Scalar>(problem: &Problem, tangent: &Tangent, free: &[bool]) -> Vec<T> {
    let (n, width, cell) = (problem.n(), problem.factors(), problem.cell());
    let factors: Vec<Option<Vec<f64>>> = (0..width).map(|f| problem.factor(f)).collect();
    let slots = width * problem.cells();
    let none = T::default();
    let mut q = Vec::with_capacity(tangent.rows.len() * n);
    for line in tangent.factor.chunks_exact(slots.max(1)) {
        match &factors[..] {
            [None] => {
                let of_cell: Vec<T> = line.iter().map(|&value| T::narrow(value)).collect();
                let of = |c: u32| of_cell.get(c as usize).copied().unwrap_or(none);
                q.extend(cell.iter().zip(free).map(|(&c, &free)| if free { of(c) } else { none }));
            }
            _ => q.extend(cell.iter().zip(free).enumerate().map(|(i, (&c, &free))| {
                let of_cell = line.iter().skip(c as usize * width).take(width);
                let terms = of_cell.zip(&factors).map(|(value, factor)| match factor {
                    None => *value,
                    Some(phi) => value * phi.get(i).copied().unwrap_or(0.0),
                });
                if free { T::narrow(terms.sum::<f64>()) } else { none }
            })),
        }
    }
    q
}

/// `−W⁻¹ Q` by rows.
fn weighted_back<T: Scalar>(problem: &Problem, q: &[T]) -> Vec<T> {
    match problem.weights() {
        None => q.iter().map(|v| T::narrow(-v.widen())).collect(),
        Some(weights) => {
            let over = |(v, w): (&T, &f64)| T::narrow(if *w > 0.0 { -v.widen() / w } else { 0.0 });
            q.chunks_exact(problem.n().max(1)).flat_map(|line| line.iter().zip(&weights).map(over)).collect()
        }
    }
}
