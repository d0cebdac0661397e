//! Samples that stay on their device: only sums by cell cross to the host, see [`crate::runtime::remote`].

use tch::{Device, Kind, Tensor};

use super::by_cell::sums_by_cell;
use super::derivative::{Derivative, Linear};
use super::error::LayerError;
use super::solver::ActiveSet;
use super::solver::{Scalar, Solved, refuse_unsolved};
use crate::runtime::problem::{Bounds, Problem};
use crate::runtime::project::{ProjectError, Settings};
use crate::runtime::remote::{Cuts, Remote, RemoteProjection, Sums, project_remote};

/// Whether the rows of a problem see the cells of samples alone; any other goes through the host.
pub(super) fn is_by_cell(problem: &Problem) -> bool {
    let constant = (0..problem.factors()).all(|f| problem.factor(f).is_none());
    constant && problem.weights().is_none() && matches!(problem.bounds(), Bounds::Uniform { .. })
}

/// Projects a flat tensor of samples where it is, for a problem that [`is_by_cell`].
///
/// # Errors
/// As the layer's.
pub(super) fn solve<T: Scalar>(
    problem: &Problem,
    z: &Tensor,
    settings: &Settings,
    with_gradient: bool,
) -> Result<(Solved, Derivative), LayerError> {
    let mut there = There::new(problem, z)?;
    let found = project_remote::<T, _>(problem, &mut there, settings)?;
    refuse_unsolved(&found.status, &found.certificate, problem)?;
    there.finish(found, with_gradient)
}

/// A batch on its device.
struct There {
    /// In double precision.
    z: Tensor,
    kind: Kind,
    cell: Tensor,
    cells: i64,
    /// The last numbers made, and whether they are free.
    y: Tensor,
    free: Tensor,
}

impl There {
    fn new(problem: &Problem, z: &Tensor) -> Result<There, LayerError> {
        let cell: Vec<i64> = problem.cell().iter().map(|&cell| i64::from(cell)).collect();
        let wide = z.f_detach()?.f_to_kind(Kind::Double)?;
        Ok(There {
            kind: z.kind(),
            cell: on(&cell, z.device())?,
            cells: problem.cells() as i64,
            y: wide.shallow_clone(),
            free: wide.shallow_clone(),
            z: wide,
        })
    }

    /// Sums over the samples by cell: those of the first of `values`, then those of the next.
    fn add_up(&self, values: &[&Tensor], part: Option<(&Tensor, i64)>) -> Result<Tensor, LayerError> {
        sums_by_cell(&Tensor::f_stack(values, 0)?, (&self.cell, self.cells), part)
    }

    /// The result as tensors on the device.
    fn finish(self, found: RemoteProjection, with_gradient: bool) -> Result<(Solved, Derivative), LayerError> {
        let RemoteProjection { status, free: count, multipliers, active, tangent, certificate, .. } = found;
        let free = self.free.f_to_kind(self.kind)?;
        let directions = if with_gradient && !tangent.rows.is_empty() {
            let factor = on(&tangent.factor, self.z.device())?.f_reshape([tangent.rows.len() as i64, -1])?;
            Some(factor.f_to_kind(self.kind)?.f_index_select(1, &self.cell)?.f_mul(&free)?)
        } else {
            None
        };
        let solved = Solved { y: self.y, free: count, status, multipliers, active, certificate };
        Ok((solved, Derivative::Device(Linear { set: ActiveSet { free, rows: tangent.rows }, directions })))
    }
}

impl Remote for There {
    type Error = LayerError;

    fn sums(&mut self, cuts: &Cuts, shift: &[f64], (lo, hi): (f64, f64)) -> Result<Sums, LayerError> {
        let (each, device) = (cuts.each as i64, self.z.device());
        let values = on(&cuts.values, device)?.f_reshape([self.cells, each])?;
        let above = self.z.f_unsqueeze(1)?.f_gt_tensor(&values.f_index_select(0, &self.cell)?)?;
        let below = above.f_sum_dim_intlist([1].as_slice(), false, Kind::Int64)?;
        let lumps = self.add_up(&[&self.z.f_ones_like()?, &self.z], Some((&below, each + 1)))?;

        let shifted = self.z.f_sub(&on(shift, device)?.f_index_select(0, &self.cell)?)?;
        self.y = shifted.f_clamp(lo, hi)?.f_to_kind(self.kind)?;
        self.free = self.y.f_gt(lo)?.f_logical_and(&self.y.f_lt(hi)?)?;
        let y = self.y.f_to_kind(Kind::Double)?;
        let fair = self.add_up(&[&y, &y.f_abs()?, &self.free.f_to_kind(Kind::Double)?], None)?;

        let both = Tensor::f_cat(&[lumps, fair], 0)?;
        let mut host = vec![0.0; both.numel()];
        let length = host.len();
        both.f_copy_data(&mut host, length)?;
        let mut rest = &host[..];
        let mut next = |length: i64| {
            let (line, behind) = rest.split_at_checked(length as usize).unwrap_or((rest, &[]));
            rest = behind;
            line.to_vec()
        };
        let places = self.cells * (each + 1);
        Ok(Sums {
            weight: next(places),
            sum: next(places),
            fair: next(self.cells),
            size: next(self.cells),
            free: next(self.cells),
        })
    }

    fn not_finite(&mut self) -> LayerError {
        let place = || -> Result<ProjectError, LayerError> {
            let wild = self.z.f_isfinite()?.f_logical_not()?.f_to_kind(Kind::Int64)?;
            let place = wild.f_argmax(None, false)?.f_int64_value(&[])?;
            let value = self.z.f_double_value(&[place])?;
            Ok(ProjectError::NotFinite { what: "z", index: usize::try_from(place).unwrap_or(0), value })
        };
        place().map_or_else(|error| error, LayerError::Project)
    }
}

fn on<T: tch::kind::Element>(values: &[T], device: Device) -> Result<Tensor, LayerError> {
    Ok(Tensor::f_from_slice(values)?.f_to_device(device)?)
}
