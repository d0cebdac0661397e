//! What predictions are worth: loss, accuracy, ranking, and how far the rows are from their sides.

use serde::{Deserialize, Serialize};

use crate::bind::Bound;

/// The worst row of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// Distance of the worst row from the middle of its sides; where rows have sides of different widths, or one side
    /// only, how far the worst row is beyond its side (negative inside).
    pub value: f64,
    /// What `value` may be at most.
    pub limit: f64,
    /// How far the worst row is beyond its side; at most 0 if all hold.
    pub excess: f64,
    /// Rows that are beyond a side by more than rounding (1e-12 of the row's size).
    pub violated: usize,
    pub rows: usize,
}

impl Gap {
    /// The rows of a batch on predictions, summed with compensation; `None` without rows.
    pub fn of(bound: &Bound, y: &[f64]) -> Option<Gap> {
        const ROUNDING: f64 = 1e-12;
        let (problem, activity) = (&bound.problem, bound.row_values(y).ok()?.values);
        let sides = || problem.lower().iter().zip(problem.upper());
        let widths: Vec<f64> = sides().map(|(l, u)| u - l).collect();
        let first = *widths.first()?;
        let alike = first.is_finite() && widths.iter().all(|width| (width - first).abs() <= 1e-9 * first.abs());
        let mut gap = Gap { excess: f64::NEG_INFINITY, rows: activity.len(), ..Gap::default() };
        let mut from_middle = 0.0_f64;
        for (a, (l, u)) in activity.iter().zip(sides()) {
            let excess = (l - a).max(a - u);
            gap.excess = gap.excess.max(excess);
            let size = [l.abs(), u.abs(), a.abs()].into_iter().filter(|v| v.is_finite()).fold(0.0, f64::max);
            gap.violated += usize::from(excess > ROUNDING * size);
            from_middle = from_middle.max((a - (l + (u - l) / 2.0)).abs());
        }
        (gap.value, gap.limit) = if alike { (from_middle, first / 2.0) } else { (gap.excess, 0.0) };
        Some(gap)
    }

    /// The worse of two batches, with their rows counted together.
    pub fn worse(a: Option<Gap>, b: Option<Gap>) -> Option<Gap> {
        match (a, b) {
            (Some(a), Some(b)) => {
                let worst = if b.excess > a.excess { b } else { a };
                let (violated, rows) = (a.violated + b.violated, a.rows + b.rows);
                Some(Gap { violated, rows, value: a.value.max(b.value), ..worst })
            }
            (a, b) => a.or(b),
        }
    }
}

/// Share of predictions on the label's side of one half; labels in `{0, 1}`.
pub fn accuracy(y: &[f64], target: &[f64]) -> f64 {
    let right = y.iter().zip(target).filter(|(y, target)| (**y >= 0.5) == (**target >= 0.5)).count();
    right as f64 / y.len().max(1) as f64
}

/// Area under the receiver operating characteristic: the chance that a random positive ranks above a random negative,
/// ties counting one half (Mann & Whitney 1947). `None` without both kinds.
pub fn auc(y: &[f64], target: &[f64]) -> Option<f64> {
    let mut ranked: Vec<(f64, bool)> = y.iter().zip(target).map(|(&y, &target)| (y, target >= 0.5)).collect();
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    let positives = ranked.iter().filter(|(_, positive)| *positive).count() as f64;
    let negatives = ranked.len() as f64 - positives;
    if positives == 0.0 || negatives == 0.0 {
        return None;
    }
    let mut below = 0.0;
    let mut wins = 0.0;
    for tied in ranked.chunk_by(|a, b| a.0 == b.0) {
        let up = tied.iter().filter(|(_, positive)| *positive).count() as f64;
        let down = tied.len() as f64 - up;
        wins += up * (below + 0.5 * down);
        below += down;
    }
    Some(wins / (positives * negatives))
}

/// What a set of samples came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    pub samples: usize,
    /// Of the predictions that are given out.
    pub loss: f64,
    /// Of the network's own output.
    pub raw_loss: f64,
    pub accuracy: Option<f64>,
    pub auc: Option<f64>,
    /// Of the predictions that are given out: the worst batch.
    pub gap: Option<Gap>,
    pub raw_gap: Option<Gap>,
    /// Rows that took no part in a batch, for lack of samples: rows times batches.
    pub skipped: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranking_counts_ties_half() {
        assert_eq!(auc(&[0.1, 0.4, 0.35, 0.8], &[0.0, 0.0, 1.0, 1.0]), Some(0.75));
        assert_eq!(auc(&[0.5, 0.5], &[0.0, 1.0]), Some(0.5));
        assert_eq!(auc(&[0.5, 0.5], &[1.0, 1.0]), None);
        assert_eq!(accuracy(&[0.6, 0.4, 0.5], &[1.0, 1.0, 1.0]), 2.0 / 3.0);
    }
}
