//! Samples that stay on their device: only sums by cell cross to the host, see [`crate::runtime::remote`].

use tch::{Device, Kind, Tensor};

use super::by_cell::{Cells, Parted};
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
    cells: Cells,
    /// What the sums are of between cuts: ones, and the numbers.
    raw: Tensor,
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
            cells: Cells::new(on(&cell, z.device())?, problem.cells()),
            raw: Tensor::f_stack(&[&wide.f_ones_like()?, &wide], 0)?,
            y: wide.shallow_clone(),
            free: wide.shallow_clone(),
            z: wide,
        })
    }

    /// The result as tensors on the device.
    fn finish(self, found: RemoteProjection, with_gradient: bool) -> Result<(Solved, Derivative), LayerError> {
        let RemoteProjection { status, free: count, multipliers, active, tangent, certificate, .. } = found;
        let free = self.free.f_to_kind(self.kind)?;
        let directions = if with_gradient && !tangent.rows.is_empty() {
            let factor = on(&tangent.factor, self.z.device())?.f_reshape([tangent.rows.len() as i64, -1])?;
            Some(self.cells.of(&factor.f_to_kind(self.kind)?)?.f_mul(&free)?)
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
        let (count, each) = (shift.len(), cuts.each);
        // By cut and then by cell, the shift last.
        let cut =
            |k: usize| (0..count).map(move |cell| cuts.values.get(cell * each + k).copied().unwrap_or(f64::INFINITY));
        let told: Vec<f64> = (0..each).flat_map(cut).chain(shift.iter().copied()).collect();
        let own = self.cells.of(&on(&told, self.z.device())?.f_reshape([each as i64 + 1, count as i64])?)?;
        let above = self.z.f_gt_tensor(&own.f_narrow(0, 0, each as i64)?)?;
        let below = above.f_sum_dim_intlist([0].as_slice(), false, Kind::Int64)?;

        self.y = self.z.f_sub(&own.f_select(0, each as i64)?)?.f_clamp(lo, hi)?.f_to_kind(self.kind)?;
        self.free = self.y.f_gt(lo)?.f_logical_and(&self.y.f_lt(hi)?)?;
        let y = self.y.f_to_kind(Kind::Double)?;
        let fair = Tensor::f_stack(&[&y, &y.f_abs()?, &self.free.f_to_kind(Kind::Double)?], 0)?;
        let parted = Parted { lines: &self.raw, part: &below, parts: each as i64 + 1 };
        let found = self.cells.sums(&fair, Some(&parted))?;

        let mut host = vec![0.0; found.numel()];
        let length = host.len();
        found.f_copy_data(&mut host, length)?;
        let width = 2 * (each + 1) + 3;
        let column = |from: usize, many: usize| -> Vec<f64> {
            host.chunks(width).flat_map(|row| row.iter().skip(from).take(many)).copied().collect()
        };
        Ok(Sums {
            weight: column(0, each + 1),
            sum: column(each + 1, each + 1),
            fair: column(width - 3, 1),
            size: column(width - 2, 1),
            free: column(width - 1, 1),
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
