//! Rows that are ratios: `p·a − q·b >= 0` says that `a / b >= q / p`, which is how people read it.

use super::reading::Reading;
use super::row_summary::{Group, RowSummary};
use crate::language::program::Aggregate;

/// The ratio of one of two groups to the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// The place of the group above the line, and of that below.
    pub above: usize,
    pub below: usize,
    pub least: f64,
}

impl Ratio {
    /// Of a row of two means with these coefficients.
    pub fn of(lower: Option<f64>, upper: Option<f64>, p: f64, q: f64) -> Option<Ratio> {
        let (turned, least) = match (lower, upper) {
            (Some(0.0), None) if p > 0.0 && q < 0.0 => (false, -q / p),
            (None, Some(0.0)) if p > 0.0 && q < 0.0 => (true, p / -q),
            _ => return None,
        };
        let (above, below) = if turned { (1, 0) } else { (0, 1) };
        // `0.8` of `4 / 5`.
        Some(Ratio { above, below, least: (least * 1e12).round() / 1e12 })
    }

    /// Of a summarised row about the means of the prediction itself.
    pub fn of_row(row: &RowSummary, prediction: &str) -> Option<Ratio> {
        let reading = row.before?;
        let plain = |group: &Group| group.aggregate == Aggregate::Mean && group.what == prediction;
        match &row.groups[..] {
            [a, b] if plain(a) && plain(b) => {
                let side = |value: f64| Some(value).filter(|value| value.is_finite());
                Ratio::of(side(reading.lower), side(reading.upper), a.coefficient?, b.coefficient?)
            }
            _ => None,
        }
    }

    /// The value of the ratio; none where nothing can be divided by.
    pub fn value(&self, means: [f64; 2]) -> Option<f64> {
        let [above, below] = [means.get(self.above)?, means.get(self.below)?];
        Some(above / below).filter(|ratio| ratio.is_finite() && *below > 0.0)
    }
}

/// A row in the unit of its promise: its value and its lower limit, before and after.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RatioReading {
    pub ratio: Ratio,
    pub before: f64,
    pub after: Option<f64>,
}

impl RatioReading {
    pub fn of(row: &RowSummary, prediction: &str) -> Option<RatioReading> {
        let ratio = Ratio::of_row(row, prediction)?;
        let [a, b] = &row.groups[..] else { return None };
        let before = ratio.value([a.value, b.value])?;
        let after = a.after.zip(b.after).and_then(|(a, b)| ratio.value([a, b]));
        let known = row.after.map(|_: Reading| ()).is_none() || after.is_some();
        known.then_some(RatioReading { ratio, before, after })
    }
}
