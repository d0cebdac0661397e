//! The values that rows can have where decisions are whole: multiples of a step.
//!
//! A mean over 30 samples is a multiple of 1/30, a difference of two means one of their common denominator. So sides can be drawn in to
//! the next multiple (Chvátal 1973), which says at once that no whole decisions make `E[d | ..] == 0.25` of 30 samples hold.

use super::lp::Lp;
use crate::problem::Problem;

/// Share of a row's largest coefficient below which a step says nothing.
const LEAST: f64 = 1e-6;
/// Share of it that counts as nothing while a common step is sought.
const NOTHING: f64 = 1e-10;
/// Share of a step by which a side may be off a multiple and still be one.
const AT: f64 = 1e-4;

/// The sides of each row, drawn in to multiples of its step; a row whose sides then cross.
pub(super) fn drawn_in(problem: &Problem, lp: &Lp, scales: &[f64]) -> Result<(Vec<f64>, Vec<f64>), usize> {
    let (mut lower, mut upper) = (problem.lower.clone(), problem.upper.clone());
    for (row, step) in steps(lp, problem.n()).into_iter().enumerate() {
        let Some(step) = step.map(|step| step / scales[row]) else { continue };
        if problem.soft[row] < f64::INFINITY {
            continue;
        }
        let (l, u) = (lower[row] / step, upper[row] / step);
        // A little wider than the multiples, so that none is lost to rounding.
        let least = if (l - l.round()).abs() <= AT { l } else { l.ceil() - AT };
        let most = if (u - u.round()).abs() <= AT { u } else { u.floor() + AT };
        if least.round() > most.round() {
            return Err(row);
        }
        if least > l {
            lower[row] = least * step;
        }
        if most < u {
            upper[row] = most * step;
        }
    }
    Ok((lower, upper))
}

/// Per row a number of which all of its coefficients are multiples; none where there is none, or some follow data.
fn steps(lp: &Lp, samples: usize) -> Vec<Option<f64>> {
    let peaks = lp.peaks(samples);
    let mut steps: Vec<Option<f64>> = vec![Some(0.0); lp.rows()];
    for cell in (0..lp.cells()).filter(|&cell| lp.columns(cell).start < lp.columns(cell).end.min(samples)) {
        for entry in lp.entries(cell).iter().filter(|entry| entry.value != 0.0) {
            let row = entry.row as usize;
            let step = &mut steps[row];
            *step = step.filter(|_| entry.factor == 0).and_then(|own| common(own, entry.value.abs(), peaks[row]));
        }
    }
    steps.into_iter().map(|step| step.filter(|step| *step > 0.0)).collect()
}

/// The largest number of which both are multiples (Euclid), as far as rounding tells.
fn common(a: f64, b: f64, peak: f64) -> Option<f64> {
    let (mut a, mut b) = (a.max(b), a.min(b));
    while b > NOTHING * peak {
        let rest = a - (a / b).round() * b;
        (a, b) = (b, rest.abs());
    }
    (a > LEAST * peak).then_some(a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_common_to_coefficients() {
        let near = |found: Option<f64>, step: f64| found.is_some_and(|found| (found - step).abs() < 1e-12);
        assert!(near(common(0.0, 1.0 / 30.0, 1.0 / 30.0), 1.0 / 30.0));
        assert!(near(common(1.0 / 12.0, 1.0 / 18.0, 1.0 / 12.0), 1.0 / 36.0));
        assert!(near(common(1.0, 0.8, 1.0), 0.2));
        assert_eq!(common(1.0, std::f64::consts::FRAC_1_SQRT_2, 1.0), None);
    }
}
