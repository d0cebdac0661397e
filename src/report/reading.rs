//! The value of a row beside its sides, and how far beyond them still counts as rounding.

use super::verdict::Tolerance;
use crate::bind::OF_BOUNDS;
use crate::runtime::problem::ROUNDING;

/// The value of a promised row in a batch, and its sides there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    pub value: f64,
    pub lower: f64,
    pub upper: f64,
    /// What data add to both sides of `|E[y - s]| <= t`: the promise is about the value less this.
    pub centre: f64,
    /// The largest number in the row: its terms and its sides.
    pub size: f64,
    /// The sum of the sizes of all that the value is summed from: what rounding is relative to.
    pub magnitude: f64,
    /// The same for predictions of the size of their bounds, or of 1 where the bounds are wider.
    pub bounds: f64,
    /// The batch, from 0.
    pub batch: usize,
}

impl Reading {
    /// How far the value lies outside its sides; negative is room left.
    pub fn excess(&self) -> f64 {
        (self.lower - self.value).max(self.value - self.upper)
    }

    /// The value and its sides as the promise is written.
    pub fn written(&self) -> [f64; 3] {
        let less = |number: f64| match self.centre {
            0.0 => number,
            centre => ((number - centre) * 1e12).round() / 1e12 + 0.0,
        };
        [self.value, self.lower, self.upper].map(less)
    }

    /// The value for people: what is rounding beside the numbers in the row is 0.
    pub fn shown(&self) -> String {
        let rounding = Tolerance::Rounding.allowance(self);
        let [value, ..] = self.written();
        super::number::short(if value.abs() <= rounding { 0.0 } else { value })
    }

    pub fn held(&self, tolerance: Tolerance) -> bool {
        self.excess() <= tolerance.allowance(self)
    }
}

impl Tolerance {
    /// How far beyond its limits a row may be and count as held.
    pub fn allowance(self, reading: &Reading) -> f64 {
        match self {
            Tolerance::Rounding => {
                let sides = [reading.lower, reading.upper].into_iter().filter(|side| side.is_finite());
                let size = sides.fold(reading.magnitude, |most, side| most.max(side.abs()));
                (ROUNDING * size).max(OF_BOUNDS * reading.bounds)
            }
            Tolerance::Relative(share) => share * reading.size,
        }
    }
}
