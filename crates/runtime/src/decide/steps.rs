//! The values that rows can have where decisions are whole: multiples of a step.
//!
//! A mean over 30 samples is a multiple of 1/30, a difference of two means one of their common denominator. So sides can be drawn in to
//! the next multiple (Chvátal 1973), which says at once that no whole decisions make `E[d | ..] == 0.25` of 30 samples hold.

use std::collections::HashMap;

use super::lp::Lp;
use crate::problem::Problem;

/// Share of a row's largest coefficient below which a step says nothing.
const LEAST: f64 = 1e-6;
/// Share of it that counts as nothing while a common step is sought.
const NOTHING: f64 = 1e-10;
/// Most values of a factor, as weights have, of which a common step is sought.
const MOST_VALUES: usize = 16;
/// Share of a step by which a side may be off a multiple and still be one.
const AT: f64 = 1e-4;

/// The sides of each row, drawn in to multiples of its step; a row whose sides then cross.
pub(super) fn drawn_in(problem: &Problem, lp: &Lp, scales: &[f64]) -> Result<(Vec<f64>, Vec<f64>), usize> {
    let (mut lower, mut upper) = both_sides(problem);
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

/// The sides of each row, and those that the same row has elsewhere, also turned around: `a - b <= 0` beside `b - a <= 0` is an equality.
fn both_sides(problem: &Problem) -> (Vec<f64>, Vec<f64>) {
    let alike = |row: usize| {
        let turned = problem.rows.row(row).find(|(_, value)| *value != 0.0).is_some_and(|(_, value)| value < 0.0);
        let sign = if turned { -1.0 } else { 1.0 };
        let values = problem.rows.row(row).filter(|(_, value)| *value != 0.0);
        (turned, values.map(|(slot, value)| (slot, (sign * value).to_bits())).collect::<Vec<_>>())
    };
    let turn = |turned: bool, (l, u): (f64, f64)| if turned { (-u, -l) } else { (l, u) };
    let mut sides: HashMap<&Vec<(usize, u64)>, (f64, f64)> = HashMap::new();
    let (mut lower, mut upper) = (problem.lower.clone(), problem.upper.clone());
    let hard = (0..problem.rows()).filter(|&row| problem.soft[row] == f64::INFINITY);
    let hard: Vec<_> = hard.map(|row| (row, alike(row))).collect();
    for (row, (turned, key)) in &hard {
        let (l, u) = turn(*turned, (lower[*row], upper[*row]));
        let both = sides.entry(key).or_insert((l, u));
        *both = (both.0.max(l), both.1.min(u));
    }
    for (row, (turned, key)) in &hard {
        if let Some(both) = sides.get(key) {
            (lower[*row], upper[*row]) = turn(*turned, *both);
        }
    }
    (lower, upper)
}

/// Per row a number of which all of its coefficients are multiples; none where there is none.
fn steps(lp: &Lp, samples: usize) -> Vec<Option<f64>> {
    let peaks = lp.peaks(samples);
    let mut steps: Vec<Option<f64>> = vec![Some(0.0); lp.rows()];
    for cell in (0..lp.cells()).filter(|&cell| lp.columns(cell).start < lp.columns(cell).end.min(samples)) {
        let times: Vec<Option<Vec<f64>>> =
            (0..lp.width() as u32).map(|factor| distinct(lp, cell, factor, samples)).collect();
        for entry in lp.entries(cell).iter().filter(|entry| entry.value != 0.0) {
            let row = entry.row as usize;
            let step = &mut steps[row];
            *step = match &times[entry.factor as usize] {
                None => None,
                Some(times) => times.iter().filter(|times| **times != 0.0).fold(*step, |step, times| {
                    step.and_then(|own| common(own, (entry.value * times).abs(), peaks[row]))
                }),
            };
        }
    }
    steps.into_iter().map(|step| step.filter(|step| *step > 0.0)).collect()
}

/// The values of a factor in a cell; none if they are many.
fn distinct(lp: &Lp, cell: usize, factor: u32, samples: usize) -> Option<Vec<f64>> {
    let mut found: Vec<f64> = Vec::new();
    for column in lp.columns(cell).filter(|&column| column < samples) {
        let value = lp.factor(factor, column).abs();
        if !found.contains(&value) {
            found.push(value);
        }
        if found.len() > MOST_VALUES {
            return None;
        }
        if factor == 0 {
            break;
        }
    }
    Some(found)
}

/// The largest number of which both are multiples (Euclid), as far as rounding tells.
pub(super) fn common(a: f64, b: f64, peak: f64) -> Option<f64> {
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
