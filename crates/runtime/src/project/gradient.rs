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

pub(crate) mod levels;
mod plain;

use super::buffers::Buffers;
use super::fine::interval;
use super::kernel::plain_interval;
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
        let plain = plain_interval::<T>(problem).map(|(lo, hi)| (T::narrow(lo), T::narrow(hi)));
        let buffers = &mut self.gradient;
        let n = problem.n();
        buffers.shift.resize(problem.slots(), 0.0);
        problem.rows.shift_into(&projection.multipliers, &mut buffers.shift);
        match plain {
            Some(interval) if plain::moments(problem, &projection.y, v, interval, buffers) => {}
            Some(_) => finite("v", v)?,
            None => {
                finite("v", v)?;
                general_moments(problem, &projection.y, v, buffers);
            }
        }
        if !solve_levels(problem, projection, buffers) {
            solve(problem, projection, buffers);
        }
        buffers.back.resize(problem.slots(), 0.0);
        problem.rows.shift_into(&buffers.q, &mut buffers.back);
        out.z.resize(n, T::default());
        out.weights.resize(if problem.weights.is_some() { n } else { 0 }, 0.0);
        match plain {
            Some(interval) => plain::write(problem, &projection.y, v, interval, &buffers.back, &mut out.z),
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

/// `q` of the active rows where all hold means near levels; false where there are others, or it is not clear.
fn solve_levels<T: Sample>(problem: &Problem, projection: &Projection<T>, buffers: &mut Buffers<T>) -> bool {
    if problem.levels.is_empty() {
        return false;
    }
    let Buffers { levels, moment, q, .. } = buffers;
    q.resize(problem.rows(), 0.0);
    levels.solve(&problem.levels, (&projection.gram, moment), |row| projection.active[row as usize].is_held(), q)
}

/// `q` of the active rows: `M q = A_WF W⁻¹ v_F`.
fn solve<T: Sample>(problem: &Problem, projection: &Projection<T>, buffers: &mut Buffers<T>) {
    buffers.rows.clear();
    buffers.rows.extend((0..problem.rows()).filter(|&row| projection.active[row].is_held()));
    buffers.right.clear();
    buffers.right.resize(problem.rows(), 0.0);
    for &row in &buffers.rows {
        buffers.right[row] = problem.rows.dot(row, &buffers.moment);
    }
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
    Ok(())
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
