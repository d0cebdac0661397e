//! Rows whose coefficients would overflow when squared, or vanish: scaled by powers of two, which costs no digit.

use super::projection::{ProjectError, Projection, Status};
use super::projector::Projector;
use super::sample::Sample;
use super::settings::Settings;
use crate::runtime::problem::Problem;

/// As [`super::project`], by way of rows with coefficients near 1. The result has no derivative.
pub(crate) fn project<T: Sample>(
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
    solver.project_into(&tamed, z, &settings, out)?;
    let activity = &solver.newton.activity;
    out.gram.clear();
    out.certificate.row_violation = 0.0;
    for (row, &exponent) in exponents.iter().enumerate() {
        out.multipliers[row] = times_power(out.multipliers[row], -exponent);
        if !out.multipliers[row].is_finite() {
            return Err(ProjectError::Overflow { row });
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
