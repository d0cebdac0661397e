//! Percentile intervals of bootstrap replicates.

use serde::Serialize;

/// The share of replicates that an interval holds.
pub const LEVEL: f64 = 0.95;
/// Of fewer replicates with a value no interval is told: an event was empty in the others.
const LEAST: f64 = 0.9;

/// An interval from its lower to its upper end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    pub lower: f64,
    pub upper: f64,
}

impl Interval {
    /// The percentile interval (Efron and Tibshirani, *An Introduction to the Bootstrap*, 1993, chapter 13): what is
    /// left when the replicates at both ends are cut off, `1 - LEVEL` of them together. Quantiles lie between
    /// neighbours linearly. None where fewer than nine in ten replicates have a value, or there are fewer than two.
    pub fn of(replicates: &[f64]) -> Option<Interval> {
        let mut sorted: Vec<f64> = replicates.iter().copied().filter(|value| value.is_finite()).collect();
        if sorted.len() < 2 || (sorted.len() as f64) < LEAST * replicates.len() as f64 {
            return None;
        }
        sorted.sort_by(f64::total_cmp);
        let tail = (1.0 - LEVEL) / 2.0;
        Some(Interval { lower: quantile(&sorted, tail)?, upper: quantile(&sorted, 1.0 - tail)? })
    }

    /// Whether both ends lie strictly on one side of zero.
    pub fn has_sign(&self) -> bool {
        self.lower > 0.0 || self.upper < 0.0
    }
}

fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * (sorted.len() - 1) as f64;
    let (low, high) = (sorted.get(place.floor() as usize)?, sorted.get(place.ceil() as usize)?);
    Some(low + (high - low) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_are_quantiles() {
        let values: Vec<f64> = (0..=200).map(f64::from).rev().collect();
        assert_eq!(Interval::of(&values).map(|it| (it.lower.round(), it.upper.round())), Some((5.0, 195.0)));
        let mut holes = values.clone();
        holes.iter_mut().take(15).for_each(|value| *value = f64::NAN);
        assert!(Interval::of(&holes).is_some());
        holes.iter_mut().take(40).for_each(|value| *value = f64::NAN);
        assert_eq!(Interval::of(&holes), None);
        assert_eq!(Interval::of(&[1.0]), None);
    }
}
