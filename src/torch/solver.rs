//! The runtime at work on tensors: numbers out, active set and directions back.

use tch::Tensor;

use super::error::LayerError;
use crate::runtime::problem::{Bounds, Problem};
use crate::runtime::project::{Certificate, Projection, Projector, Sample, Settings, Side, Status, Tangent};

/// The two kinds of numbers that tensors and the runtime share.
pub trait Scalar: Sample + tch::kind::Element {}

impl Scalar for f32 {}
impl Scalar for f64 {}

/// A projector with its buffers.
#[derive(Debug, Default)]
pub struct Solver<T: Scalar> {
    projector: Projector<T>,
    projection: Projection<T>,
    z: Vec<T>,
    scratch: Vec<T>,
}

/// A projection as tensors.
#[derive(Debug)]
pub struct Solved {
    /// `ŷ`, the runtime's own numbers.
    pub y: Tensor,
    /// 1 where a sample is free, 0 where it is at a bound.
    pub free: Tensor,
    /// What the active rows take out of the derivative; none if no row is active.
    pub directions: Option<Directions>,
    /// Active rows that do not depend on each other.
    pub rows: Vec<usize>,
    pub status: Status,
    pub multipliers: Vec<f64>,
    pub active: Vec<Side>,
    pub certificate: Certificate,
}

/// `∂ŷ/∂z = D + back · rows`.
#[derive(Debug)]
pub struct Directions {
    /// `Q`, active rows × samples.
    pub rows: Tensor,
    /// `−W⁻¹ Qᵀ`.
    pub back: Tensor,
}

impl<T: Scalar> Solver<T> {
    /// Projects a flat tensor. One copy in, one out.
    pub fn solve(
        &mut self,
        problem: &Problem,
        z: &Tensor,
        settings: &Settings,
        with_gradient: bool,
    ) -> Result<Solved, LayerError> {
        let n = problem.n();
        self.z.resize(n, T::default());
        z.f_copy_data(&mut self.z, n)?;
        self.projector.project_into(problem, &self.z, settings, &mut self.projection)?;
        let projection = &self.projection;
        refuse_unsolved(projection, problem)?;
        let to_tensor = |values: &[T]| Tensor::f_from_slice(values)?.f_to_device(z.device());
        let y = to_tensor(&projection.y)?;
        let (mut free, mut directions, mut rows) = (Tensor::new(), None, Vec::new());
        if with_gradient {
            free_into(problem, &projection.y, &mut self.scratch);
            let tangent = projection.tangent(problem)?;
            if !tangent.rows.is_empty() {
                let q = directions_of(problem, &tangent, &self.scratch);
                let back = weighted_back(problem, &q, n);
                let shape = [tangent.rows.len() as i64, -1];
                directions = Some(Directions {
                    rows: to_tensor(&q)?.f_view(shape)?,
                    back: to_tensor(&back)?.f_view(shape)?.f_tr()?,
                });
            }
            free = to_tensor(&self.scratch)?;
            rows = tangent.rows;
        }
        Ok(Solved {
            y,
            free,
            directions,
            rows,
            status: projection.status.clone(),
            multipliers: projection.multipliers.clone(),
            active: projection.active.clone(),
            certificate: projection.certificate,
        })
    }
}

/// A projection that is no solution is an error.
pub(super) fn refuse_unsolved<T: Sample>(projection: &Projection<T>, problem: &Problem) -> Result<(), LayerError> {
    match &projection.status {
        Status::Optimal | Status::Relaxed(_) => Ok(()),
        Status::Infeasible(proof) => Err(LayerError::infeasible(proof, problem)),
        Status::IterationLimit => Err(LayerError::Unfinished { violation: projection.certificate.row_violation }),
    }
}

/// 1 where a sample is strictly between its bounds (as numbers of its type), else 0.
fn free_into<T: Scalar>(problem: &Problem, y: &[T], free: &mut Vec<T>) {
    let (one, none) = (T::narrow(1.0), T::narrow(0.0));
    let inside = |y: T, (lo, hi): (f64, f64)| if y.widen() > lo && y.widen() < hi { one } else { none };
    free.clear();
    match problem.bounds() {
        Bounds::Uniform { lo, hi } => {
            let interval = T::inward(lo, hi);
            free.extend(y.iter().map(|&y| inside(y, interval)));
        }
        Bounds::PerSample { lo, hi } => {
            let intervals = lo.iter().zip(&hi).map(|(&lo, &hi)| T::inward(lo, hi));
            free.extend(y.iter().zip(intervals).map(|(&y, interval)| inside(y, interval)));
        }
    }
    if let Some(weights) = problem.weights() {
        free.iter_mut().zip(&weights).filter(|(_, w)| **w == 0.0).for_each(|(free, _)| *free = none);
    }
}

/// `Q` by rows: `Q[k, i] = Σ_f φ_f(i) · factor[k, slot(i, f)]` on free samples.
fn directions_of<T: Scalar>(problem: &Problem, tangent: &Tangent, free: &[T]) -> Vec<T> {
    let (n, width, cell) = (problem.n(), problem.factors(), problem.cell());
    let factors: Vec<Option<Vec<f64>>> = (0..width).map(|f| problem.factor(f)).collect();
    let slots = width * problem.cells();
    let mut q = Vec::with_capacity(tangent.rows.len() * n);
    for line in tangent.factor.chunks_exact(slots.max(1)) {
        match &factors[..] {
            [None] => q.extend(
                cell.iter()
                    .zip(free)
                    .map(|(&c, &free)| T::narrow(line.get(c as usize).copied().unwrap_or(0.0) * free.widen())),
            ),
            _ => q.extend(cell.iter().zip(free).enumerate().map(|(i, (&c, &free))| {
                let of_cell = line.iter().skip(c as usize * width).take(width);
                let terms = of_cell.zip(&factors).map(|(value, factor)| match factor {
                    None => *value,
                    Some(phi) => value * phi.get(i).copied().unwrap_or(0.0),
                });
                T::narrow(terms.sum::<f64>() * free.widen())
            })),
        }
    }
    q
}

/// `−W⁻¹ Q` by rows.
fn weighted_back<T: Scalar>(problem: &Problem, q: &[T], n: usize) -> Vec<T> {
    match problem.weights() {
        None => q.iter().map(|v| T::narrow(-v.widen())).collect(),
        Some(weights) => {
            let over = |(v, w): (&T, &f64)| T::narrow(if *w > 0.0 { -v.widen() / w } else { 0.0 });
            q.chunks_exact(n.max(1)).flat_map(|line| line.iter().zip(&weights).map(over)).collect()
        }
    }
}
