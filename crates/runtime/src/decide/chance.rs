//! The chance that a row is missed on a draw.
//!
//! Chances are drawn one by one, so a row is a sum of independent numbers: its distribution is their convolution, one after another.
//! Samples with one key share a draw, and are one number. Where there are too many different sums, a normal distribution of
//! the same mean and variance stands in.

use super::decisions::DecideError;
use crate::problem::{Factor, Problem, ROUNDING, Sum};

/// More numbers or sums than this are not convolved.
const MOST_DRAWN: usize = 4000;
const MOST_SUMS: usize = 4096;
/// Rounding of sums that are added up again and again.
const LOOSE: f64 = 1e3;

/// A row of the problem with the sides that count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AskedRow {
    pub row: usize,
    pub lower: f64,
    pub upper: f64,
}

/// The chance that it is missed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MissChance {
    pub chance: f64,
    /// By convolution, and not by a normal distribution.
    pub exact: bool,
}

/// The chance that each row is missed when decisions are drawn by `chances`; samples with the same number in `draw` share one.
///
/// # Errors
/// There is another number of chances or draws than of samples, or of rows.
pub fn miss_chances(
    problem: &Problem,
    chances: &[f64],
    draw: &[u32],
    asked: &[AskedRow],
) -> Result<Vec<MissChance>, DecideError> {
    let expected = problem.n();
    for (what, found) in [("chances", chances.len()), ("draws", draw.len())] {
        if found != expected {
            return Err(DecideError::Length { what, found, expected });
        }
    }
    if let Some(wrong) = asked.iter().find(|asked| asked.row >= problem.rows()) {
        return Err(DecideError::Length { what: "rows", found: wrong.row + 1, expected: problem.rows() });
    }
    let drawn = |chance: f64| chance > 0.0 && chance < 1.0;
    let fixed: Vec<f64> = chances.iter().map(|&chance| if drawn(chance) { 0.0 } else { chance }).collect();
    let values = problem.activity(&fixed).unwrap_or_default();
    let sizes = problem.row_values(chances).unwrap_or_default().magnitudes;
    let samples: Vec<u32> = problem.grouping.group(&(0..expected as u32).collect::<Vec<_>>());
    let mut open: Vec<(u32, f64, usize)> = samples
        .iter()
        .enumerate()
        .map(|(place, &sample)| (draw[sample as usize], chances[sample as usize], place))
        .filter(|(_, chance, _)| drawn(*chance))
        .collect();
    // The likeliest first: a draw below a chance is below all that are larger.
    open.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2)));
    let of = |asked: &AskedRow| {
        let counted = coefficients(problem, asked.row);
        let numbers: Vec<Vec<(f64, f64)>> =
            open.chunk_by(|a, b| a.0 == b.0).map(|shared| outcomes(shared, &counted)).collect();
        let sides = [asked.lower, asked.upper].into_iter().filter(|side| side.is_finite());
        let size = sides.fold(sizes[asked.row], |m, side| m.max(side.abs()));
        let slack = LOOSE * ROUNDING * size;
        let (lower, upper) = (asked.lower - slack, asked.upper + slack);
        match convolved(values[asked.row], &numbers, slack) {
            Some(sums) => {
                let missed = sums.iter().filter(|(value, _)| *value < lower || *value > upper);
                MissChance { chance: missed.map(|(_, chance)| chance).sum::<f64>().clamp(0.0, 1.0), exact: true }
            }
            None => MissChance { chance: normal(values[asked.row], &numbers, lower, upper), exact: false },
        }
    };
    Ok(asked.iter().map(of).collect())
}

/// The coefficient of the row, by place in grouped order.
fn coefficients(problem: &Problem, row: usize) -> impl Fn(usize) -> f64 + '_ {
    let width = problem.width().max(1);
    let mut by_slot = vec![0.0; problem.slots()];
    problem.rows.row(row).for_each(|(slot, value)| by_slot[slot] += value);
    move |place| {
        let cell = problem.cell_at(place);
        let of = |(factor, values): (usize, &Factor)| {
            let phi = match values {
                Factor::One => 1.0,
                Factor::Data(phi) => phi[place],
            };
            by_slot[cell * width + factor] * phi
        };
        problem.factors.iter().enumerate().map(of).sum()
    }
}

/// What samples that share a draw add to the row, each with its chance.
fn outcomes(shared: &[(u32, f64, usize)], coefficient: &impl Fn(usize) -> f64) -> Vec<(f64, f64)> {
    let mut found = Vec::with_capacity(shared.len() + 1);
    let (mut sum, mut above) = (0.0, 1.0);
    for &(_, chance, place) in shared {
        if above > chance {
            found.push((sum, above - chance));
        }
        above = chance;
        sum += coefficient(place);
    }
    found.push((sum, above));
    found
}

/// The distribution of the sum, ascending; `None` if it has too many values.
fn convolved(start: f64, numbers: &[Vec<(f64, f64)>], same: f64) -> Option<Vec<(f64, f64)>> {
    if numbers.len() > MOST_DRAWN {
        return None;
    }
    let mut sums = vec![(start, 1.0)];
    for outcomes in numbers.iter().filter(|outcomes| outcomes.iter().any(|(value, _)| *value != 0.0)) {
        let shifted =
            outcomes.iter().flat_map(|&(by, chance)| sums.iter().map(move |(value, p)| (value + by, p * chance)));
        let mut next: Vec<(f64, f64)> = shifted.collect();
        next.sort_by(|a, b| a.0.total_cmp(&b.0));
        sums.clear();
        for (value, chance) in next {
            match sums.last_mut() {
                Some((last, sum)) if value - *last <= same => *sum += chance,
                _ => sums.push((value, chance)),
            }
        }
        if sums.len() > MOST_SUMS {
            return None;
        }
    }
    Some(sums)
}

/// The chance to be outside, of a normal distribution with the mean and variance of the sum.
fn normal(start: f64, numbers: &[Vec<(f64, f64)>], lower: f64, upper: f64) -> f64 {
    let (mut mean, mut variance) = (Sum::from(start), Sum::default());
    for outcomes in numbers {
        let own: f64 = outcomes.iter().map(|(value, chance)| value * chance).sum();
        mean.add(own);
        variance.add(outcomes.iter().map(|(value, chance)| (value - own) * (value - own) * chance).sum());
    }
    let (mean, deviation) = (mean.value(), variance.value().max(0.0).sqrt());
    if deviation == 0.0 {
        return f64::from(u8::from(mean < lower || mean > upper));
    }
    (above((upper - mean) / deviation) + above((mean - lower) / deviation)).clamp(0.0, 1.0)
}

/// The chance of a standard normal number above `x`, to 1e-7 (Abramowitz & Stegun 1964, 26.2.17).
fn above(x: f64) -> f64 {
    if x < 0.0 {
        return 1.0 - above(-x);
    }
    if x > 40.0 {
        return 0.0;
    }
    let t = 1.0 / (1.0 + 0.231_641_9 * x);
    let coefficients = [1.330_274_429, -1.821_255_978, 1.781_477_937, -0.356_563_782, 0.319_381_530];
    let polynomial = coefficients.into_iter().fold(0.0, |sum, coefficient| (sum + coefficient) * t);
    (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt() * polynomial
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Bounds, ProblemParts, RowsByCell};

    #[test]
    fn chances_of_sums_are_those_of_all_draws() {
        let parts = ProblemParts {
            cell: vec![0, 1, 0, 1, 0, 0],
            cells: 2,
            dictionary: vec![RowsByCell::from_cells([vec![(0, 1.0)], vec![(0, -0.5)]])],
            lower: vec![-0.25],
            upper: vec![1.0],
            bounds: Bounds::Uniform { lo: 0.0, hi: 1.0 },
            ..ProblemParts::default()
        };
        let problem = Problem::new(parts).unwrap();
        let (chances, draw) = ([0.3, 0.6, 0.5, 0.2, 1.0, 0.0], [0, 1, 2, 2, 3, 4]);
        // Draws of three keys; those of key 2 are taken together below 0.2, and the first alone below 0.5.
        let mut missed = 0.0;
        for (a, pa) in [(1.0, 0.3), (0.0, 0.7)] {
            for (b, pb) in [(-0.5, 0.6), (0.0, 0.4)] {
                for (c, pc) in [(0.5, 0.2), (1.0, 0.3), (0.0, 0.5)] {
                    missed += if (-0.25..=1.0).contains(&(1.0 + a + b + c)) { 0.0 } else { pa * pb * pc };
                }
            }
        }
        let asked = [AskedRow { row: 0, lower: -0.25, upper: 1.0 }];
        let found = miss_chances(&problem, &chances, &draw, &asked).unwrap();
        assert!(found[0].exact && (found[0].chance - missed).abs() < 1e-12, "{found:?} {missed}");
        assert!(miss_chances(&problem, &[], &draw, &asked).is_err());
    }

    #[test]
    fn a_normal_distribution_is_close_to_many_draws() {
        let numbers: Vec<Vec<(f64, f64)>> = (0..400).map(|_| vec![(0.0, 0.5), (1.0, 0.5)]).collect();
        let sums = convolved(0.0, &numbers, 1e-9).unwrap();
        let exact: f64 = sums.iter().filter(|(value, _)| *value > 210.5).map(|(_, chance)| chance).sum();
        assert!((normal(0.0, &numbers, f64::NEG_INFINITY, 210.5) - exact).abs() < 1e-3);
        assert!((above(1.96) - 0.024_997_9).abs() < 1e-7 && (above(-1.0) - 0.841_344_7).abs() < 1e-7);
    }
}
