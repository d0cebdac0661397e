//! Samples that stay on their device: only sums by cell cross to the host, see [`crate::runtime::remote`].

use tch::{Device, Kind, Tensor};

use super::error::LayerError;
use super::solver::{Derivative, Directions, Linear, Scalar, Solved, refuse_unsolved};
use crate::runtime::problem::{Bounds, Problem};
use crate::runtime::project::{ProjectError, Settings};
use crate::runtime::remote::{Cuts, Lumps, Remote, RemoteProjection, Shifted, project_remote};

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
) -> Result<(Solved, Derivative<'static>), LayerError> {
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

    /// Sums over the samples by place, on the host: a vector for each line of `values`.
    fn add_up(&self, values: &[&Tensor], place: &Tensor, places: i64) -> Result<Vec<Vec<f64>>, LayerError> {
        let lines = values.len() as i64;
        let zeros = Tensor::f_zeros([lines, places], (Kind::Double, self.z.device()))?;
        let sums = zeros.f_index_add(1, place, &Tensor::f_stack(values, 0)?)?.f_reshape([-1])?;
        let mut host = vec![0.0; (lines * places) as usize];
        sums.f_copy_data(&mut host, (lines * places) as usize)?;
        Ok(host.chunks_exact(places.max(1) as usize).map(<[f64]>::to_vec).collect())
    }

    /// The result as tensors on the device.
    fn finish(self, found: RemoteProjection, with_gradient: bool) -> Result<(Solved, Derivative<'static>), LayerError> {
        let RemoteProjection { status, free: count, multipliers, active, tangent, certificate, .. } = found;
        let free = self.free.f_to_kind(self.kind)?;
        let directions = if with_gradient && !tangent.rows.is_empty() {
            let factor = on(&tangent.factor, self.z.device())?.f_reshape([tangent.rows.len() as i64, -1])?;
            let rows = factor.f_to_kind(self.kind)?.f_index_select(1, &self.cell)?.f_mul(&free)?;
            Some(Directions { back: rows.f_neg()?.f_tr()?, rows })
        } else {
            None
        };
        let solved = Solved { y: self.y, free: count, status, multipliers, active, certificate };
        Ok((solved, Derivative::Device(Linear { free, directions, rows: tangent.rows })))
    }
}

impl Remote for There {
    type Error = LayerError;

    fn between(&mut self, cuts: &Cuts) -> Result<Lumps, LayerError> {
        let each = cuts.each as i64;
        let values = on(&cuts.values, self.z.device())?.f_reshape([self.cells, each])?;
        let above = self.z.f_unsqueeze(1)?.f_gt_tensor(&values.f_index_select(0, &self.cell)?)?;
        let below = above.f_sum_dim_intlist([1].as_slice(), false, Kind::Int64)?;
        let place = self.cell.f_mul_scalar(each + 1)?.f_add(&below)?;
        let sums = self.add_up(&[&self.z.f_ones_like()?, &self.z], &place, self.cells * (each + 1))?;
        let [weight, sum] = <[Vec<f64>; 2]>::try_from(sums).unwrap_or_default();
        Ok(Lumps { weight, sum })
    }

    fn shift(&mut self, shift: &[f64], (lo, hi): (f64, f64)) -> Result<Shifted, LayerError> {
        let shifted = self.z.f_sub(&on(shift, self.z.device())?.f_index_select(0, &self.cell)?)?;
        self.y = shifted.f_clamp(lo, hi)?.f_to_kind(self.kind)?;
        self.free = self.y.f_gt(lo)?.f_logical_and(&self.y.f_lt(hi)?)?;
        let wide = self.y.f_to_kind(Kind::Double)?;
        let sums =
            self.add_up(&[&wide, &wide.f_abs()?, &self.free.f_to_kind(Kind::Double)?], &self.cell, self.cells)?;
        let [sum, size, free] = <[Vec<f64>; 3]>::try_from(sums).unwrap_or_default();
        Ok(Shifted { sum, size, free })
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
