//! The point of least total violation, for batches that no point satisfies.
//!
//! An exact penalty: every hard row becomes soft with the same weight `ρ`. For `ρ` large enough the solution is the
//! nearest to `z` among the points of least total violation; `ρ` grows until the violation stays the same.

use super::finish;
use super::newton::Ended;
use super::projection::{Certificate, Infeasibility, Projection, Status};
use super::projector::Projector;
use super::sample::Sample;
use super::settings::Settings;
use crate::problem::Problem;

pub(crate) fn relax<T: Sample>(
    solver: &mut Projector<T>,
    problem: &Problem,
    z: &[T],
    settings: &Settings,
    proof: Infeasibility,
    out: &mut Projection<T>,
) {
    let mut softened = problem.clone();
    let mut last = f64::INFINITY;
    let mut weight = first_weight(problem, &solver.z);
    let mut status = Status::IterationLimit;
    for _ in 0..12 {
        for (soft, original) in softened.soft.iter_mut().zip(&problem.soft) {
            *soft = original.min(weight);
        }
        solver.newton.start(&softened, &solver.z, None);
        solver.newton.sides.set(&softened, &solver.margin);
        if solver.newton.run(&softened, &solver.z, settings.max_steps) != Ended::Converged {
            break;
        }
        finish::finish(solver, &softened, z, settings, out);
        status = Status::Relaxed(proof.clone());
        let total = total_violation(&softened, &solver.newton.activity);
        if total >= last * (1.0 - 1e-9) {
            break;
        }
        last = total;
        weight *= 32.0;
    }
    measure_hard_rows(problem, &solver.newton.activity, &solver.newton.scale, &mut out.certificate);
    out.status = status;
}

/// The violations of the rows that are hard in the problem as given.
fn measure_hard_rows(problem: &Problem, activity: &[f64], scale: &[f64], certificate: &mut Certificate) {
    for (row, (a, scale)) in activity.iter().zip(scale).enumerate().filter(|(j, _)| problem.soft[*j] == f64::INFINITY) {
        let violation = (a - problem.upper[row]).max(problem.lower[row] - a).max(0.0);
        let relative = violation / scale.max(f64::MIN_POSITIVE);
        certificate.row_violation = certificate.row_violation.max(violation);
        certificate.relative_row_violation = certificate.relative_row_violation.max(relative);
    }
}

/// About a thousand times the multipliers that move every prediction by its own size.
fn first_weight<T: Sample>(problem: &Problem, z: &[T]) -> f64 {
    let size = z.iter().fold(1e-9_f64, |m, v| m.max(v.widen().abs()));
    let mut weight = 0.0_f64;
    for row in 0..problem.rows() {
        let largest = problem.rows.row(row).fold(0.0_f64, |m, (_, v)| m.max(v.abs()));
        if largest > 0.0 {
            weight = weight.max(size / largest);
        }
    }
    1e3 * weight.max(f64::MIN_POSITIVE)
}

fn total_violation(problem: &Problem, activity: &[f64]) -> f64 {
    let rows = activity.iter().zip(problem.lower.iter().zip(&problem.upper));
    rows.map(|(a, (l, u))| (a - u).max(l - a).max(0.0)).sum()
}
