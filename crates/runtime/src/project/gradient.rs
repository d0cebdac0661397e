//! Derivatives of the projection.
//!
//! Where no sample is at a kink, the free samples `F` and the active rows `W` stay what they are, and
//! `ŷ_F = z_F − W⁻¹ A_WFᵀ μ`, `A_W ŷ = b`. So with `M = A_WF W⁻¹ A_WFᵀ` and `M q = A_WF W⁻¹ v_F`:
//!
//! ```text
//! ∂(vᵀŷ)/∂z_F = v_F − A_WFᵀ q,    ∂/∂b = q,    ∂/∂w_i = (∂/∂z_i) (z_i − ŷ_i) / w_i
//! ```
//!
//! and all else is zero. Dependent active rows have no
//! unique `q`; that of an independent subset is used, and `∂/∂z` is the same for all. At a kink (a sample exactly at a
//! bound, a row that touches its side without multiplier) the sample counts as clipped and the row as
//! inactive: one element of the generalised Jacobian.

use super::buffers::Buffers;
use super::fine::interval;
use super::kernel::{LANES, plain_interval};
use super::masks::{self, ByCell};
use super::output::for_each_sample;
use super::passes::factor_at;
use super::projection::{Gradient, ProjectError, Projection, Side, Status, finite};
use super::projector::Projector;
use super::sample::Sample;
use super::sparse;
use crate::problem::Problem;

impl<T: Sample> Projection<T> {
    /// The gradient of `vᵀ ŷ` with respect to `z`, the sides and the weights.
    ///
    /// `problem` must be the one that was projected. [`Projector::vjp_into`] keeps its buffers.
    ///
    /// # Errors
    /// If `v` has the wrong length or is not finite, or if there is no optimal (or relaxed) point.
    pub fn vjp(&self, problem: &Problem, v: &[T]) -> Result<Gradient<T>, ProjectError> {
        let mut out = Gradient::default();
        Projector::new().vjp_into(problem, self, v, &mut out)?;
        Ok(out)
    }
}

impl<T: Sample> Projector<T> {
    /// As [`Projection::vjp`], into an existing gradient.
    ///
    /// # Errors
    /// As [`Projection::vjp`].
    pub fn vjp_into(
        &mut self,
        problem: &Problem,
        projection: &Projection<T>,
        v: &[T],
        out: &mut Gradient<T>,
    ) -> Result<(), ProjectError> {
        check(problem, projection, v)?;
        let buffers = &mut self.gradient;
        let (n, rows) = (problem.n(), problem.rows());
        buffers.shift.resize(problem.slots(), 0.0);
        problem.rows.shift_into(&projection.multipliers, &mut buffers.shift);
        let plain = plain_interval::<T>(problem).map(|(lo, hi)| (T::narrow(lo), T::narrow(hi)));
        match plain {
            Some(interval) => plain_moments(problem, &projection.y, v, interval, buffers),
            None => general_moments(problem, &projection.y, v, buffers),
        }
        buffers.rows.clear();
        let fixed = |side: &Side| matches!(side, Side::Lower | Side::Upper | Side::Both);
        buffers.rows.extend((0..rows).filter(|&row| fixed(&projection.active[row])));
        buffers.right.clear();
        buffers.right.resize(rows, 0.0);
        for &row in &buffers.rows {
            buffers.right[row] = problem.rows.dot(row, &buffers.moment);
        }
        solve(problem, projection, buffers);
        buffers.back.resize(problem.slots(), 0.0);
        problem.rows.shift_into(&buffers.q, &mut buffers.back);
        out.z.resize(n, T::default());
        out.weights.resize(if problem.weights.is_some() { n } else { 0 }, 0.0);
        match plain {
            Some(interval) => plain_gradient(problem, &projection.y, v, interval, buffers, out),
            None => general_gradient(problem, buffers, out),
        }
        out.lower.clear();
        out.upper.clear();
        for (side, &q) in projection.active.iter().zip(&buffers.q) {
            out.lower.push(if *side == Side::Lower { q } else { 0.0 });
            out.upper.push(if matches!(side, Side::Upper | Side::Both) { q } else { 0.0 });
        }
        Ok(())
    }
}

/// `M q = right` over the active rows.
fn solve<T: Sample>(problem: &Problem, projection: &Projection<T>, buffers: &mut Buffers<T>) {
    // Slots with few samples each may have thousands of sparse rows.
    if sparse::is_large(problem) {
        buffers.y.resize(problem.n(), T::default());
        problem.grouping.group_into(&projection.y, &mut buffers.y, &mut buffers.next);
        let y = &buffers.y;
        let is_free = |place: usize| {
            let (lo, hi) = interval(problem, place);
            let (lo, hi) = T::inward(lo, hi);
            y[place].widen() > lo && y[place].widen() < hi
        };
        if sparse::solve_active(problem, is_free, &buffers.rows, &buffers.right, &mut buffers.q) {
            return;
        }
    }
    buffers.local.solve_rows(problem, &projection.gram, &buffers.rows, &buffers.right, &mut buffers.q);
}

fn check<T: Sample>(problem: &Problem, projection: &Projection<T>, v: &[T]) -> Result<(), ProjectError> {
    if !matches!(projection.status, Status::Optimal | Status::Relaxed(_)) {
        return Err(ProjectError::NoDerivative);
    }
    let gram = problem.slots() * problem.width();
    if projection.gram.is_empty() && gram > 0 {
        return Err(ProjectError::NoDerivative);
    }
    let lengths = [
        ("v", v.len(), problem.n()),
        ("y", projection.y.len(), problem.n()),
        ("multipliers", projection.multipliers.len(), problem.rows()),
        ("active", projection.active.len(), problem.rows()),
        ("gram", projection.gram.len(), gram),
    ];
    for (what, found, expected) in lengths {
        if found != expected {
            return Err(ProjectError::Length { what, found, expected });
        }
    }
    finite("v", v)
}

/// Per cell `Σ v` over the free samples.
fn plain_moments<T: Sample>(problem: &Problem, y: &[T], v: &[T], interval: (T, T), buffers: &mut Buffers<T>) {
    let (cell, cells) = (problem.grouping.cell(), problem.cells());
    buffers.moment.clear();
    if cells <= 2 {
        buffers.moment.extend_from_slice(&masks::sum_free(cell, y, v, interval)[..cells]);
        return;
    }
    sum_through_memory(cell, y, v, interval, cells, &mut buffers.lanes);
    let lanes = |c: usize| buffers.lanes.iter().skip(c).step_by(cells);
    buffers.moment.extend((0..cells).map(|c| lanes(c).sum::<f64>()));
}

/// Sums in four lanes, so that samples of one cell in a row do not wait on each other.
fn sum_through_memory<T: Sample>(cell: &[u32], y: &[T], v: &[T], (lo, hi): (T, T), cells: usize, lanes: &mut Vec<f64>) {
    const LANES: usize = 4;
    lanes.clear();
    lanes.resize(LANES * cells, 0.0);
    let (first, rest) = lanes.split_at_mut(cells);
    let (second, rest) = rest.split_at_mut(cells);
    let (third, fourth) = rest.split_at_mut(cells);
    let lanes = [first, second, third, fourth];
    let free = |y: T, v: T| if (y > lo) & (y < hi) { v.widen() } else { 0.0 };
    let whole = v.len() / LANES * LANES;
    let chunks = y.chunks_exact(LANES).zip(v.chunks_exact(LANES)).zip(cell.chunks_exact(LANES));
    for ((y, v), cell) in chunks {
        for lane in 0..LANES {
            lanes[lane][cell[lane] as usize] += free(y[lane], v[lane]);
        }
    }
    for ((y, v), cell) in y[whole..].iter().zip(&v[whole..]).zip(&cell[whole..]) {
        lanes[0][*cell as usize] += free(*y, *v);
    }
}

fn plain_gradient<T: Sample>(
    problem: &Problem,
    y: &[T],
    v: &[T],
    interval: (T, T),
    buffers: &Buffers<T>,
    out: &mut Gradient<T>,
) {
    let z = &mut out.z[..];
    pulp::Arch::new().dispatch(PlainGradient { cell: problem.grouping.cell(), y, v, interval, back: &buffers.back, z });
}

struct PlainGradient<'a, T> {
    cell: &'a [u32],
    y: &'a [T],
    v: &'a [T],
    interval: (T, T),
    back: &'a [f64],
    z: &'a mut [T],
}

impl<T: Sample> pulp::WithSimd for PlainGradient<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let PlainGradient { cell, y, v, interval: (lo, hi), back, z } = self;
        // Masks are no faster here, however few the cells.
        let back = ByCell::<0>::new(back);
        let one = |y: T, v: T, back: f64| T::narrow(masks::keep(v.widen() - back, (y > lo) & (y < hi)));
        let (cells, rest_cell) = cell.as_chunks::<LANES>();
        let ((ys, rest_y), (vs, rest_v)) = (y.as_chunks::<LANES>(), v.as_chunks::<LANES>());
        let (gradients, rest_z) = z.as_chunks_mut::<LANES>();
        let mut backs = [0.0; LANES];
        for (((z, cell), y), v) in gradients.iter_mut().zip(cells).zip(ys).zip(vs) {
            // The look-up first, by itself: the rest is straight arithmetic.
            back.look_up(cell, &mut backs);
            for lane in 0..LANES {
                z[lane] = one(y[lane], v[lane], backs[lane]);
            }
        }
        for (((z, cell), y), v) in rest_z.iter_mut().zip(rest_cell).zip(rest_y).zip(rest_v) {
            *z = one(*y, *v, back.get(*cell));
        }
    }
}

fn general_moments<T: Sample>(problem: &Problem, y: &[T], v: &[T], buffers: &mut Buffers<T>) {
    let width = problem.width();
    for (from, to) in [(y, &mut buffers.y), (v, &mut buffers.v)] {
        to.resize(from.len(), T::default());
        problem.grouping.group_into(from, to, &mut buffers.next);
    }
    buffers.moment.clear();
    buffers.moment.resize(problem.slots(), 0.0);
    let (y, v, moment) = (&buffers.y, &buffers.v, &mut buffers.moment);
    let mut cell = CellWalk::new(problem);
    for_each_sample(problem, &buffers.shift, |place, _, w, lo, hi| {
        let slot = cell.at(place) * width;
        let (lo, hi) = T::inward(lo, hi);
        let at = y[place].widen();
        if w > 0.0 && at > lo && at < hi {
            for f in 0..width {
                moment[slot + f] += factor_at(problem, f, place) * v[place].widen() / w;
            }
        }
    });
}

fn general_gradient<T: Sample>(problem: &Problem, buffers: &mut Buffers<T>, out: &mut Gradient<T>) {
    let width = problem.width();
    buffers.weights.clear();
    buffers.weights.resize(problem.n(), 0.0);
    let (y, v, back) = (&buffers.y, &mut buffers.v, &buffers.back);
    let weights = &mut buffers.weights;
    let mut cell = CellWalk::new(problem);
    for_each_sample(problem, &buffers.shift, |place, t, w, lo, hi| {
        let slot = cell.at(place) * width;
        let (lo, hi) = T::inward(lo, hi);
        let at = y[place].widen();
        if !(at > lo && at < hi) {
            v[place] = T::default();
        } else if w > 0.0 {
            let dual: f64 = (0..width).map(|f| factor_at(problem, f, place) * back[slot + f]).sum();
            let gradient = v[place].widen() - dual;
            v[place] = T::narrow(gradient);
            weights[place] = gradient / w * (t / w);
        }
    });
    problem.grouping.ungroup_into(v, &mut out.z, &mut buffers.next);
    if problem.weights.is_some() {
        problem.grouping.ungroup_into(weights, &mut out.weights, &mut buffers.next);
    }
}

/// The cell of ascending grouped places.
struct CellWalk<'a> {
    problem: &'a Problem,
    cell: usize,
}

impl<'a> CellWalk<'a> {
    fn new(problem: &'a Problem) -> Self {
        CellWalk { problem, cell: 0 }
    }

    fn at(&mut self, place: usize) -> usize {
        while place >= self.problem.grouping.range(self.cell).end {
            self.cell += 1;
        }
        self.cell
    }
}
