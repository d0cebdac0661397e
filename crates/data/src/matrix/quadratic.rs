//! The quadratic program behind the numbers, as text formats write it.
//!
//! ```text
//! minimise  ½ Σ w (y − z)²  +  Σ soft · (over + under)         (the first sum only if z is given)
//! subject to  l ≤ A y − over + under ≤ u,   lo ≤ y ≤ hi,   over, under ≥ 0
//! ```
//!
//! A soft row has a column `over` if it has an upper side, and `under` if it has a lower one: what it gives way by, at the
//! price of its weight. That is the exact penalty of the projection, written as linear rows.

use super::Numbers;

/// A column that lets a soft row give way.
pub(super) struct Slack {
    pub name: String,
    pub row: usize,
    /// In the row: -1 beyond the upper side, 1 beyond the lower one.
    pub entry: f64,
    pub cost: f64,
}

impl Numbers<'_> {
    /// The name of a column: `y1` for the first prediction, `t1` for the first distance of one.
    pub(super) fn column(&self, column: usize) -> String {
        let predictions = self.samples() - self.auxiliaries;
        match column.checked_sub(predictions) {
            None => format!("y{}", column + 1),
            Some(distance) => format!("t{}", distance + 1),
        }
    }

    /// Of `y_i` in the objective, and half of that of `y_i²`: `-w z` and `w`. None without predictions or weight.
    pub(super) fn costs(&self, sample: usize) -> Option<(f64, f64)> {
        let (z, w) = (self.z?.get(sample)?, self.w.get(sample)?);
        (*w != 0.0).then_some((-(w * z), *w))
    }

    /// `½ Σ w z²`: without it the objective is half the squared distance less a constant.
    pub(super) fn constant(&self) -> f64 {
        let z = self.z.unwrap_or_default();
        0.5 * self.w.iter().zip(z).map(|(w, z)| w * z * z).sum::<f64>()
    }

    pub(super) fn slacks(&self) -> Vec<Slack> {
        let soft = self.soft.unwrap_or_default().iter().enumerate().filter(|(_, cost)| cost.is_finite());
        let slack = |(row, &cost): (usize, &f64)| {
            let sides = [("over", self.u.get(row), -1.0), ("under", self.l.get(row), 1.0)];
            let finite = sides.into_iter().filter(|(_, side, _)| side.is_some_and(|side| side.is_finite()));
            finite
                .map(|(word, _, entry)| Slack { name: format!("{word}{}", row + 1), row, entry, cost })
                .collect::<Vec<_>>()
        };
        soft.flat_map(slack).collect()
    }

    /// Index and value of the entries of a row.
    pub(super) fn row(&self, row: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let start = self.indptr.get(row).copied().unwrap_or(0);
        let end = self.indptr.get(row + 1).copied().unwrap_or(start);
        let indices = self.indices.get(start..end).unwrap_or_default();
        let values = self.values.get(start..end).unwrap_or_default();
        indices.iter().copied().zip(values.iter().copied())
    }
}

/// The sides of a row, sorted by what formats tell apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Sides {
    Free,
    Equal(f64),
    AtLeast(f64),
    AtMost(f64),
    Between(f64, f64),
}

impl Sides {
    pub(super) fn of(lower: f64, upper: f64) -> Sides {
        match (lower.is_finite(), upper.is_finite()) {
            (false, false) => Sides::Free,
            (true, false) => Sides::AtLeast(lower),
            (false, true) => Sides::AtMost(upper),
            (true, true) if lower == upper => Sides::Equal(lower),
            (true, true) => Sides::Between(lower, upper),
        }
    }
}
