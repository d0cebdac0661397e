//! Interval arithmetic on the extended reals: what the declared bounds prove about a sign or a limit.
//!
//! Ends are rounded to nearest, not outwards: the checker compares them only with what the user wrote, and a proof that
//! hangs on the last bit of a bound is no help to anyone.

use serde::{Deserialize, Serialize};

/// `[lower, upper]`, never empty; ends may be infinite, which an artefact writes as `null`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    #[serde(with = "lower_bound")]
    pub lower: f64,
    #[serde(with = "upper_bound")]
    pub upper: f64,
}

impl Interval {
    pub const ALL: Interval = Interval { lower: f64::NEG_INFINITY, upper: f64::INFINITY };
    pub const NON_NEGATIVE: Interval = Interval { lower: 0.0, upper: f64::INFINITY };
    pub const UNIT: Interval = Interval { lower: 0.0, upper: 1.0 };

    pub fn point(value: f64) -> Self {
        Interval { lower: value, upper: value }
    }

    /// The smallest interval that holds all of `values`; everything for none.
    pub fn hull(values: impl IntoIterator<Item = f64>) -> Self {
        let start = Interval { lower: f64::INFINITY, upper: f64::NEG_INFINITY };
        let hull = values
            .into_iter()
            .fold(start, |acc, value| Interval { lower: acc.lower.min(value), upper: acc.upper.max(value) });
        if hull.lower <= hull.upper { hull } else { Interval::ALL }
    }

    /// A plain number within, for examples: the middle, or one step from the only end.
    pub fn inner(self) -> f64 {
        match (self.lower.is_finite(), self.upper.is_finite()) {
            (true, true) => self.lower + 0.5 * (self.upper - self.lower),
            (true, false) => self.lower + 1.0,
            (false, true) => self.upper - 1.0,
            (false, false) => 0.0,
        }
    }

    pub fn is_non_negative(self) -> bool {
        self.lower >= 0.0
    }

    pub fn is_non_positive(self) -> bool {
        self.upper <= 0.0
    }

    pub fn is_zero(self) -> bool {
        self.lower == 0.0 && self.upper == 0.0
    }

    pub fn contains(self, value: f64) -> bool {
        self.lower <= value && value <= self.upper
    }

    pub fn negate(self) -> Self {
        Interval { lower: -self.upper, upper: -self.lower }
    }

    pub fn multiply(self, other: Self) -> Self {
        Interval::hull([
            product(self.lower, other.lower),
            product(self.lower, other.upper),
            product(self.upper, other.lower),
            product(self.upper, other.upper),
        ])
    }

    /// Everything where the divisor can be zero inside; one-sided where zero is an end of the divisor.
    pub fn divide(self, other: Self) -> Self {
        if other.is_zero() || (other.lower < 0.0 && other.upper > 0.0) {
            return Interval::ALL;
        }
        let reciprocal = if other.is_non_negative() {
            Interval { lower: 1.0 / other.upper, upper: 1.0 / other.lower.abs() }
        } else {
            Interval { lower: -1.0 / other.upper.abs(), upper: 1.0 / other.lower }
        };
        self.multiply(reciprocal)
    }

    pub fn abs(self) -> Self {
        if self.is_non_negative() {
            self
        } else if self.is_non_positive() {
            self.negate()
        } else {
            Interval { lower: 0.0, upper: self.upper.max(-self.lower) }
        }
    }

    pub fn max(self, other: Self) -> Self {
        Interval { lower: self.lower.max(other.lower), upper: self.upper.max(other.upper) }
    }

    pub fn min(self, other: Self) -> Self {
        Interval { lower: self.lower.min(other.lower), upper: self.upper.min(other.upper) }
    }

    /// The image under an increasing function; NaN ends (outside its domain) become infinite.
    pub fn map_increasing(self, f: impl Fn(f64) -> f64) -> Self {
        let (lower, upper) = (f(self.lower), f(self.upper));
        Interval {
            lower: if lower.is_nan() { f64::NEG_INFINITY } else { lower },
            upper: if upper.is_nan() { f64::INFINITY } else { upper },
        }
    }

    /// What a sum of any number of values from this interval can be.
    pub fn total(self) -> Self {
        Interval {
            lower: if self.lower >= 0.0 { 0.0 } else { f64::NEG_INFINITY },
            upper: if self.upper <= 0.0 { 0.0 } else { f64::INFINITY },
        }
    }
}

impl std::ops::Add for Interval {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (lower, upper) = (self.lower + other.lower, self.upper + other.upper);
        Interval {
            lower: if lower.is_nan() { f64::NEG_INFINITY } else { lower },
            upper: if upper.is_nan() { f64::INFINITY } else { upper },
        }
    }
}

impl From<f64> for Interval {
    fn from(value: f64) -> Self {
        Interval::point(value)
    }
}

/// `0 · ∞ = 0`: an end that is infinite is only approached.
fn product(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { 0.0 } else { a * b }
}

/// A lower bound: minus infinity is `null`.
pub mod lower_bound {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        value.is_finite().then_some(*value).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NEG_INFINITY))
    }
}

/// An upper bound: infinity is `null`.
pub mod upper_bound {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        value.is_finite().then_some(*value).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::INFINITY))
    }
}
