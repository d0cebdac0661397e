//! What the derivative asks of sparse rows: `M q = b` with `M = A_WF W⁻¹ A_WFᵀ` over active rows and free samples.

use super::{LARGEST, Normal, Rows, rows_if_large};
use crate::problem::Problem;

/// Most refinements, each of which takes the error down by about the number of digits that the matrix leaves.
const STEPS: usize = 30;
/// Where rows are not independent, `σ` above this gains nothing.
const ENOUGH: f64 = 1e-14;
const SIGMAS: [f64; 3] = [LARGEST, 1e5, 1e3];
/// What may be left of the right side.
const ACCEPTABLE: f64 = 1e-11;

/// Solves for the `active` rows (ascending; `is_free` by grouped place), from `right` into `q`, one number for each row and
/// 0 for the others; of dependent rows any solution. False if the rows are not such as the sparse method is for.
pub(crate) fn solve_active(
    problem: &Problem,
    is_free: impl Fn(usize) -> bool,
    active: &[usize],
    right: &[f64],
    q: &mut Vec<f64>,
) -> bool {
    let Some(mut rows) = rows_if_large(problem) else { return false };
    let unit = rows.scale();
    let n = problem.n();
    let weight = |i: usize| problem.weights.as_ref().map_or(1.0, |w| w[i]);
    let inverse: Vec<f64> = (0..n).map(|i| if is_free(i) && weight(i) > 0.0 { 1.0 / weight(i) } else { 0.0 }).collect();
    let mean = inverse.iter().sum::<f64>() / n.max(1) as f64;
    let known: Vec<f64> = right.iter().zip(&unit).map(|(right, unit)| right * unit).collect();
    // A large σ takes few refinements, but may leave too few digits, above all where long rows are kept apart.
    let found = SIGMAS.iter().any(|sigma| {
        let sigma = if mean > 0.0 { sigma / mean } else { *sigma };
        refine(&rows, &inverse, active, &known, sigma, q).is_some_and(|error| error <= ACCEPTABLE)
    });
    q.iter_mut().zip(&unit).for_each(|(q, unit)| *q *= unit);
    found
}

/// Refines `q` from zero while that helps; the error that is left, relative to the right side. `None` if there is no factor.
fn refine(rows: &Rows, inverse: &[f64], active: &[usize], right: &[f64], sigma: f64, q: &mut Vec<f64>) -> Option<f64> {
    let n = inverse.len();
    let diagonal: Vec<f64> =
        inverse.iter().map(|&v| if v > 0.0 { 1.0 / v } else { super::HEAVY * sigma.max(1.0) }).collect();
    let mut weights = vec![0.0; rows.count()];
    active.iter().for_each(|&j| weights[j] = sigma);
    let mut normal = Normal::default();
    if !(normal.analyse(rows, n, |j| weights[j] > 0.0) && normal.factor(rows, &diagonal, &weights)) {
        return None;
    }
    q.clear();
    q.resize(rows.count(), 0.0);
    let size = active.iter().fold(f64::MIN_POSITIVE, |most, &j| most.max(right[j].abs()));
    let (mut best, mut rho, mut step) = (f64::INFINITY, vec![0.0; rows.count()], vec![0.0; n]);
    let mut kept = q.clone();
    for _ in 0..STEPS {
        step.fill(0.0);
        active.iter().for_each(|&j| rows.add(j, q[j], &mut step));
        step.iter_mut().zip(inverse).for_each(|(v, inverse)| *v *= inverse);
        active.iter().for_each(|&j| rho[j] = right[j] - rows.dot(j, &step));
        let error = active.iter().fold(0.0_f64, |most, &j| most.max(rho[j].abs()));
        let is_better = error < 0.5 * best;
        if error < best {
            (best, kept) = (error, q.clone());
        }
        if error <= ENOUGH * size || !is_better {
            break;
        }
        step.fill(0.0);
        active.iter().for_each(|&j| rows.add(j, sigma * rho[j], &mut step));
        normal.solve_well(rows, &diagonal, &weights, &mut step);
        active.iter().for_each(|&j| q[j] += sigma * (rho[j] - rows.dot(j, &step)));
    }
    *q = kept;
    Some(best / size)
}
