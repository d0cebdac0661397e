//! Exact arithmetic on whole numbers times powers of two.

use std::cmp::Ordering;
use std::ops::{Add, Mul, Neg, Sub};

use num_bigint::{BigInt, Sign};

/// Eight roundings of a float, as a share of it.
pub const ROUNDING: f64 = 8.0 * f64::EPSILON;

/// `mantissa * 2^exponent`, without rounding.
#[derive(Clone, Debug)]
pub struct Exact {
    mantissa: BigInt,
    exponent: i64,
}

impl Exact {
    pub fn zero() -> Exact {
        Exact { mantissa: BigInt::ZERO, exponent: 0 }
    }

    /// The number that a finite float is.
    pub fn of(value: f64) -> Exact {
        debug_assert!(value.is_finite());
        let bits = value.to_bits();
        let (biased, fraction) = ((bits >> 52) & 0x7ff, bits & ((1 << 52) - 1));
        // A subnormal has no leading one, and the exponent of the smallest normal numbers.
        let (whole, biased) = if biased == 0 { (fraction, 1) } else { (fraction | (1 << 52), biased) };
        let whole = BigInt::from(whole);
        Exact { mantissa: if value < 0.0 { -whole } else { whole }, exponent: biased as i64 - 1075 }
    }

    pub fn is_zero(&self) -> bool {
        self.mantissa == BigInt::ZERO
    }

    pub fn is_positive(&self) -> bool {
        self.mantissa.sign() == Sign::Plus
    }

    pub fn is_negative(&self) -> bool {
        self.mantissa.sign() == Sign::Minus
    }

    pub fn abs(&self) -> Exact {
        if self.is_negative() { -self } else { self.clone() }
    }

    /// A float near the number, for people: infinite beyond the range of floats.
    pub fn approximate(&self) -> f64 {
        const DIGITS: u64 = 60;
        let dropped = self.mantissa.bits().saturating_sub(DIGITS);
        let leading = i128::try_from(&self.mantissa >> dropped).map_or(f64::NAN, |leading| leading as f64);
        let mut exponent = self.exponent + dropped as i64;
        let mut value = leading;
        // In steps, so that a subnormal result is reached through normal numbers.
        while exponent != 0 && value != 0.0 && value.is_finite() {
            let step = exponent.clamp(-500, 500);
            value *= 2f64.powi(step as i32);
            exponent -= step;
        }
        value
    }

    /// An upper bound of `self / divisor` for a positive divisor, right to 200 binary digits.
    pub fn over_rounded_up(&self, divisor: &Exact) -> Exact {
        const DIGITS: i64 = 200;
        let shift = (DIGITS + divisor.mantissa.bits() as i64 - self.mantissa.bits() as i64).max(0);
        let (numerator, denominator) = (&self.mantissa << shift, &divisor.mantissa);
        // Whole division rounds towards zero; one more is above the quotient whatever its sign.
        Exact { mantissa: numerator / denominator + 1, exponent: self.exponent - divisor.exponent - shift }
    }

    /// By how much the number lies outside an interval with possibly infinite ends; zero inside.
    pub fn outside(&self, (lower, upper): (f64, f64)) -> Exact {
        let below = if lower.is_finite() { &Exact::of(lower) - self } else { Exact::zero() };
        let above = if upper.is_finite() { self - &Exact::of(upper) } else { Exact::zero() };
        below.max(above).max(Exact::zero())
    }

    /// Both mantissas at one exponent.
    fn aligned(&self, other: &Exact) -> (BigInt, BigInt, i64) {
        let exponent = self.exponent.min(other.exponent);
        let at = |number: &Exact| &number.mantissa << (number.exponent - exponent);
        (at(self), at(other), exponent)
    }
}

impl Add for &Exact {
    type Output = Exact;

    fn add(self, other: &Exact) -> Exact {
        // Zero has no exponent of its own: it must not drag the sum's down.
        if self.is_zero() {
            return other.clone();
        }
        if other.is_zero() {
            return self.clone();
        }
        let (a, b, exponent) = self.aligned(other);
        Exact { mantissa: a + b, exponent }
    }
}

impl Neg for &Exact {
    type Output = Exact;

    fn neg(self) -> Exact {
        Exact { mantissa: -&self.mantissa, exponent: self.exponent }
    }
}

impl Sub for &Exact {
    type Output = Exact;

    fn sub(self, other: &Exact) -> Exact {
        self + &-other
    }
}

impl Mul for &Exact {
    type Output = Exact;

    fn mul(self, other: &Exact) -> Exact {
        Exact { mantissa: &self.mantissa * &other.mantissa, exponent: self.exponent + other.exponent }
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Exact) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Exact {}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Exact) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Exact) -> Ordering {
        if self.is_zero() || other.is_zero() || self.is_negative() != other.is_negative() {
            return self.mantissa.cmp(&other.mantissa);
        }
        let (a, b, _) = self.aligned(other);
        a.cmp(&b)
    }
}

#[cfg(test)]
mod tests {
    use super::Exact;

    #[test]
    fn floats_are_what_they_are() {
        for value in [0.0, -0.0, 1.0, -0.1, f64::MIN_POSITIVE, 5e-324, f64::MAX, 1.0 / 3.0, -1e-310] {
            assert_eq!(Exact::of(value).approximate(), value, "{value:e}");
        }
    }

    #[test]
    fn nothing_is_rounded() {
        let (large, small) = (Exact::of(1e300), Exact::of(5e-324));
        assert!(&large + &small > large);
        assert_eq!(&(&large + &small) - &large, small);
        assert_eq!(&Exact::of(3.0) * &Exact::of(0.5), Exact::of(1.5));
        assert!(&Exact::of(0.1) + &Exact::of(0.2) < Exact::of(0.1 + 0.2));
    }

    #[test]
    fn quotients_are_rounded_up() {
        for (a, b) in [(1.0, 3.0), (-1.0, 3.0), (2.0, 7e-300), (0.0, 2.0), (1e-300, 1e300)] {
            let quotient = Exact::of(a).over_rounded_up(&Exact::of(b));
            let product = &quotient * &Exact::of(b);
            assert!(product >= Exact::of(a), "{a} / {b}");
            let near = (&product - &Exact::of(a)).abs();
            assert!(near <= &Exact::of(a.abs().max(1e-300) * 1e-50) + &Exact::of(b * 1e-55), "{a} / {b}");
        }
    }
}
