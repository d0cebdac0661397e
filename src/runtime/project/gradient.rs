//! Derivatives of the projection.
//!
//! Where no sample is at a kink, the free samples `F` and the active rows `W` stay what they are, and
//! `ŷ_F = z_F − W⁻¹ A_WFᵀ μ`, `A_W ŷ = b`. So with `M = A_WF W⁻¹ A_WFᵀ` and `M q = A_WF W⁻¹ v_F`:
//!
//! ```text
//! ∂(vᵀŷ)/∂z_F = v_F − A_WFᵀ q,    ∂/∂b = q,    ∂/∂w_i = (∂/∂z_i) (z_i − ŷ_i) / w_i
//! ```
//!
//! zero for the other samples and rows. Dependent active rows have no unique `q`; the one of an independent subset is
//! used, and `∂/∂z` is the same for all. At a kink (a sample exactly at a bound, an active row without
//! multiplier) the sample counts as clipped and the row as inactive: one element of the generalised Jacobian.

use super::finish::for_each_sample;
use super::local::Local;
use super::projection::{Gradient, ProjectError, Projection, Side, Status};
use super::sample::Sample;
use crate::runtime::problem::{Factor, Problem};

impl<T: Sample> Projection<T> {
    /// The gradient of `vᵀ ŷ` with respect to `z`, the sides and the weights.
    ///
    /// # Errors
    /// If `v` has the wrong length or is not finite, or if there is no optimal (or relaxed) point.
    pub fn vjp(&self, problem: &Problem, v: &[T]) -> Result<Gradient<T>, ProjectError> {
        if !matches!(self.status, Status::Optimal | Status::Relaxed(_)) {
            return Err(ProjectError::NoDerivative);
        }
        for (what, found) in [("v", v.len()), ("y", self.y.len())] {
            if found != problem.n() {
                return Err(ProjectError::Length { what, found, expected: problem.n() });
            }
        }
        if let Some(index) = v.iter().position(|v| !v.widen().is_finite()) {
            return Err(ProjectError::NotFinite { what: "v", index, value: v[index].widen() });
        }
        Ok(differentiate(self, problem, v))
    }
}

fn differentiate<T: Sample>(projection: &Projection<T>, problem: &Problem, v: &[T]) -> Gradient<T> {
    let width = problem.width();
    let y = problem.grouping.group(&projection.y);
    let v = problem.grouping.group(v);
    let mut shift = vec![0.0; problem.slots()];
    problem.rows.shift_into(&projection.multipliers, &mut shift);
    let is_free = |place: usize, lo: f64, hi: f64| y[place].widen() > lo && y[place].widen() < hi;

    let mut gram = vec![0.0; problem.slots() * width];
    let mut moment = vec![0.0; problem.slots()];
    let mut cell_of = CellWalk::new(problem);
    for_each_sample(problem, &shift, |place, _, w, lo, hi| {
        let cell = cell_of.at(place);
        if w > 0.0 && is_free(place, lo, hi) {
            for f in 0..width {
                let phi = factor_at(problem, f, place) / w;
                moment[cell * width + f] += phi * v[place].widen();
                for g in 0..width {
                    gram[(cell * width + f) * width + g] += phi * factor_at(problem, g, place);
                }
            }
        }
    });
    let fixed = |side: &Side| matches!(side, Side::Lower | Side::Upper | Side::Both);
    let rows: Vec<usize> = (0..problem.rows()).filter(|&j| fixed(&projection.active[j])).collect();
    let right: Vec<f64> = (0..problem.rows()).map(|j| problem.rows.dot(j, &moment)).collect();
    let q = Local::default().solve_rows(problem, &gram, &rows, &right);

    let mut back = vec![0.0; problem.slots()];
    problem.rows.shift_into(&q, &mut back);
    let mut grad_z = vec![T::default(); v.len()];
    let mut grad_w = vec![0.0; v.len()];
    let mut cell_of = CellWalk::new(problem);
    for_each_sample(problem, &shift, |place, t, w, lo, hi| {
        let cell = cell_of.at(place);
        if w == 0.0 {
            let free = is_free(place, lo, hi);
            grad_z[place] = if free { v[place] } else { T::default() };
        } else if is_free(place, lo, hi) {
            let dual: f64 = (0..width).map(|f| factor_at(problem, f, place) * back[cell * width + f]).sum();
            let g = v[place].widen() - dual;
            grad_z[place] = T::narrow(g);
            grad_w[place] = g / w * (t / w);
        }
    });
    let pick = |sides: &[Side]| {
        let keep = |(side, q): (&Side, &f64)| if sides.contains(side) { *q } else { 0.0 };
        projection.active.iter().zip(&q).map(keep).collect()
    };
    Gradient {
        z: problem.grouping.ungroup(&grad_z),
        lower: pick(&[Side::Lower]),
        upper: pick(&[Side::Upper, Side::Both]),
        weights: problem.grouping.ungroup(&grad_w),
    }
}

fn factor_at(problem: &Problem, f: usize, place: usize) -> f64 {
    match &problem.factors[f] {
        Factor::One => 1.0,
        Factor::Data(phi) => phi[place],
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
