//! Numbers whose squares would overflow, or vanish: scaled by powers of two, which costs no digit.

use super::newton::Newton;
use super::projection::{ProjectError, Projection, Status};
use super::projector::Projector;
use super::sample::Sample;
use super::settings::Settings;
use crate::problem::{Bounds, Problem};

/// As [`super::project`], by way of rows with coefficients near 1. The result has no derivative.
pub(crate) fn scale_rows<T: Sample>(
    problem: &Problem,
    z: &[T],
    settings: &Settings,
    out: &mut Projection<T>,
) -> Result<(), ProjectError> {
    let (tamed, exponents) = scaled(problem)?;
    let mut settings = settings.clone();
    if let Some(start) = &mut settings.warm_start {
        start.iter_mut().zip(&exponents).for_each(|(mu, e)| *mu = times_power(*mu, *e));
    }
    let mut solver = Projector::new();
    let largest = exponents.iter().max().copied().unwrap_or(0);
    solver.units.extend(exponents.iter().map(|e| times_power(1.0, e - largest)));
    solver.project_into(&tamed, z, &settings, out)?;
    let activity = &solver.newton.activity;
    out.gram.clear();
    out.certificate.row_violation = 0.0;
    for (row, &exponent) in exponents.iter().enumerate() {
        // A row whose own sums overflow says nothing that anyone could check.
        if !times_power(solver.newton.scale[row], exponent).is_finite() {
            return Err(ProjectError::Overflow { row });
        }
        out.multipliers[row] = times_power(out.multipliers[row], -exponent);
        if !out.multipliers[row].is_finite() {
            if !matches!(out.status, Status::Relaxed(_)) {
                return Err(ProjectError::Overflow { row });
            }
            // A penalty may be as large as it likes.
            out.multipliers[row] = f64::MAX.copysign(out.multipliers[row]);
        }
        if tamed.soft[row] == f64::INFINITY && !out.y.is_empty() {
            let excess = (activity[row] - tamed.upper[row]).max(tamed.lower[row] - activity[row]).max(0.0);
            let violation = times_power(excess, exponent);
            out.certificate.row_violation = out.certificate.row_violation.max(violation);
        }
    }
    if let Status::Infeasible(proof) | Status::Relaxed(proof) = &mut out.status {
        let used = proof.rows.iter().filter_map(|&row| exponents.get(row));
        let least = used.min().copied().unwrap_or(0);
        proof.combination.iter_mut().zip(&exponents).for_each(|(f, e)| *f = times_power(*f, least - e));
        proof.margin = times_power(proof.margin, least);
    }
    Ok(())
}

/// Below this all numbers of a batch are so small that products of them vanish.
const TINY: f64 = 1e-200;

/// The power of two that makes numbers of a usual size of a batch of tiny ones; `newton` has started.
pub(crate) fn lift_of(problem: &Problem, newton: &Newton) -> Option<i32> {
    let mut size = 0.0_f64;
    let mut misses = false;
    for row in 0..problem.rows() {
        let excess = (newton.activity[row] - problem.upper[row]).max(problem.lower[row] - newton.activity[row]);
        size = size.max(newton.scale[row]).max(excess);
        misses |= excess > 0.0 || newton.multipliers[row] != 0.0;
        if size >= TINY {
            return None;
        }
    }
    (misses && size > 0.0).then(|| -(size.log2().floor() as i32))
}

/// As [`super::project`], of numbers times `2^exponent`. The result has no derivative.
pub(crate) fn lift<T: Sample>(
    problem: &Problem,
    z: &[T],
    settings: &Settings,
    exponent: i32,
    out: &mut Projection<T>,
) -> Result<(), ProjectError> {
    let mut lifted = problem.clone();
    let up = |values: &mut [f64]| values.iter_mut().for_each(|value| *value = times_power(*value, exponent));
    up(&mut lifted.lower);
    up(&mut lifted.upper);
    for soft in lifted.soft.iter_mut().filter(|soft| **soft < f64::INFINITY) {
        *soft = times_power(*soft, exponent).min(f64::MAX);
    }
    match &mut lifted.bounds {
        Bounds::Uniform { lo, hi } => up_both(lo, hi, exponent),
        Bounds::PerSample { lo, hi } => lo.iter_mut().zip(hi).for_each(|(lo, hi)| up_both(lo, hi, exponent)),
    }
    let z: Vec<T> = z.iter().map(|z| T::narrow(times_power(z.widen(), exponent))).collect();
    let mut settings = settings.clone();
    if let Some(start) = &mut settings.warm_start {
        up(start);
    }
    let mut solver = Projector { spacing: times_power(T::GRAIN, exponent), ..Projector::new() };
    solver.project_into(&lifted, &z, &settings, out)?;
    let down = |value: f64| times_power(value, -exponent);
    out.gram.clear();
    out.y.iter_mut().for_each(|y| *y = T::narrow(down(y.widen())));
    out.multipliers.iter_mut().for_each(|mu| *mu = down(*mu));
    if !out.y.is_empty() {
        let y: Vec<f64> = out.y.iter().map(|y| times_power(y.widen(), exponent)).collect();
        let activity = lifted.activity(&y).unwrap_or_default();
        let hard = (0..problem.rows()).filter(|&row| problem.soft[row] == f64::INFINITY);
        let excess = |row: usize| (activity[row] - lifted.upper[row]).max(lifted.lower[row] - activity[row]);
        out.certificate.row_violation = down(hard.map(excess).fold(0.0, f64::max));
    }
    let certificate = &mut out.certificate;
    certificate.bound_violation = down(certificate.bound_violation);
    certificate.stationarity = down(certificate.stationarity);
    certificate.duality_gap = down(down(certificate.duality_gap));
    out.objective = down(down(out.objective));
    if let Status::Infeasible(proof) | Status::Relaxed(proof) = &mut out.status {
        proof.margin = down(proof.margin);
    }
    Ok(())
}

fn up_both(lo: &mut f64, hi: &mut f64, exponent: i32) {
    (*lo, *hi) = (times_power(*lo, exponent), times_power(*hi, exponent));
}

/// The problem with each row times `2^-e`, and the `e`.
fn scaled(problem: &Problem) -> Result<(Problem, Vec<i32>), ProjectError> {
    let matrix = problem.to_csr();
    let mut values = matrix.values;
    let (mut lower, mut upper, mut soft) = (problem.lower.clone(), problem.upper.clone(), problem.soft.clone());
    let mut exponents = Vec::with_capacity(problem.rows());
    for row in 0..problem.rows() {
        let own = &mut values[matrix.indptr[row]..matrix.indptr[row + 1]];
        let largest = own.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        let exponent = if largest > 0.0 && largest.is_finite() { largest.log2().floor() as i32 } else { 0 };
        own.iter_mut().for_each(|value| *value = times_power(*value, -exponent));
        for side in [&mut lower[row], &mut upper[row]] {
            let scaled = times_power(*side, -exponent);
            // A side that is out of the reach of doubles is that of no row that could be solved.
            if scaled.is_finite() != side.is_finite() {
                return Err(ProjectError::Overflow { row });
            }
            *side = scaled;
        }
        soft[row] = times_power(soft[row], exponent).max(f64::MIN_POSITIVE);
        exponents.push(exponent);
    }
    let indices: Vec<usize> = matrix.indices.iter().map(|&i| i as usize).collect();
    let (bounds, weights) = (problem.bounds(), problem.weights());
    let tamed = Problem::from_csr(problem.n(), &matrix.indptr, &indices, &values, lower, upper, bounds, weights);
    // All was checked before but products of coefficients and factors.
    let mut tamed = tamed.and_then(|tamed| tamed.with_soft(soft)).map_err(|_| ProjectError::Overflow { row: 0 })?;
    tamed.extreme = false;
    Ok((tamed, exponents))
}

/// `value · 2^exponent`, in steps that do not overflow by themselves.
fn times_power(value: f64, exponent: i32) -> f64 {
    let half = exponent / 2;
    value * 2.0_f64.powi(half) * 2.0_f64.powi(exponent - half)
}
