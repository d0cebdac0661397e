//! From multipliers to the returned numbers: rounding, margins, and the certificate of what is returned.

use super::projection::{Certificate, Infeasibility, Projection, Side, Status};
use super::projector::Projector;
use super::sample::Sample;
use super::settings::Settings;
use crate::runtime::problem::{Bounds, Factor, Problem};

/// Rounding units that inequality rows keep from their sides in `f64`.
const MARGIN: f64 = 12.0;

/// The margin to start with: rounding errors of `f64` sums and coefficients.
pub(crate) fn first_margin<T: Sample>(_: &Problem, scale: &[f64], exact: bool, margin: &mut Vec<f64>) {
    margin.clear();
    let unit = if exact { MARGIN * f64::EPSILON + 2.0 * (T::ROUNDING - f64::ROUNDING) } else { 0.0 };
    margin.extend(scale.iter().map(|s| s * unit));
}

/// Writes the point, the active sides and the certificate.
pub(crate) fn finish<T: Sample>(
    solver: &mut Projector<T>,
    problem: &Problem,
    z: &[T],
    _settings: &Settings,
    out: &mut Projection<T>,
) {
    let newton = &mut solver.newton;
    let mut grouped = vec![T::default(); z.len()];
    let mut certificate = Certificate::default();
    out.objective = 0.0;
    for_each_sample(problem, &newton.shift, |place, t, w, lo, hi| {
        let z = solver.z[place].widen();
        let x = if w > 0.0 { z - t / w } else { z };
        let y = within(T::narrow(x.max(lo).min(hi)), lo, hi);
        grouped[place] = y;
        let y = y.widen();
        certificate.bound_violation = certificate.bound_violation.max(lo - y).max(y - hi);
        let gradient = w * (y - z) + t;
        // ν is free on the side of a bound that is touched.
        let error = if x >= hi && lo < hi {
            gradient.max(0.0)
        } else if x <= lo && lo < hi {
            (-gradient).max(0.0)
        } else {
            gradient.abs()
        };
        if lo < hi {
            certificate.stationarity = certificate.stationarity.max(error);
        }
        out.objective += 0.5 * w * (y - z) * (y - z);
    });
    out.y.resize(z.len(), T::default());
    problem.grouping.ungroup_into(&grouped, &mut out.y, &mut solver.next);
    out.multipliers.clear();
    out.multipliers.extend_from_slice(&newton.multipliers);
    out.active.clear();
    let wide: Vec<f64> = out.y.iter().map(|y| y.widen()).collect();
    let activity = problem.activity(&wide).unwrap_or_default();
    for row in 0..problem.rows() {
        let (mu, l, u) = (newton.multipliers[row], problem.lower[row], problem.upper[row]);
        out.active.push(side(mu, l, u, problem.soft[row]));
        let violation = (activity[row] - u).max(l - activity[row]).max(0.0);
        if problem.soft[row] == f64::INFINITY {
            certificate.row_violation = certificate.row_violation.max(violation);
            certificate.relative_row_violation =
                certificate.relative_row_violation.max(violation / newton.scale[row].max(f64::MIN_POSITIVE));
        }
        if mu != 0.0 && mu.abs() < problem.soft[row] {
            certificate.duality_gap += mu * (if mu > 0.0 { u } else { l } - activity[row]);
        }
    }
    out.certificate = certificate;
}

fn side(mu: f64, l: f64, u: f64, cap: f64) -> Side {
    match mu {
        m if m == 0.0 && l != u => Side::Inactive,
        m if m >= cap => Side::AboveUpper,
        m if m <= -cap => Side::BelowLower,
        _ if l == u => Side::Both,
        m if m > 0.0 => Side::Upper,
        _ => Side::Lower,
    }
}

fn within<T: Sample>(y: T, _lo: f64, _hi: f64) -> T {
    y
}

/// Calls `visit(place, shift, weight, lo, hi)` for each sample in grouped order.
pub(crate) fn for_each_sample(problem: &Problem, shift: &[f64], mut visit: impl FnMut(usize, f64, f64, f64, f64)) {
    let width = problem.width();
    for cell in 0..problem.cells() {
        for place in problem.grouping.range(cell) {
            let mut t = 0.0;
            for (factor, slot) in problem.factors.iter().zip(cell * width..) {
                t += match factor {
                    Factor::One => shift[slot],
                    Factor::Data(phi) => shift[slot] * phi[place],
                };
            }
            let w = problem.weights.as_ref().map_or(1.0, |w| w[place]);
            let (lo, hi) = match &problem.bounds {
                Bounds::Uniform { lo, hi } => (*lo, *hi),
                Bounds::PerSample { lo, hi } => (lo[place], hi[place]),
            };
            visit(place, t, w, lo, hi);
        }
    }
}

/// The result for rows that no point satisfies: the proof and no point.
pub(crate) fn no_point<T: Sample>(problem: &Problem, proof: Infeasibility, out: &mut Projection<T>) {
    *out = Projection { status: Status::Infeasible(proof), ..Projection::default() };
    out.multipliers.resize(problem.rows(), 0.0);
    out.active.resize(problem.rows(), Side::Inactive);
}
