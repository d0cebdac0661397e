//! The two number types of predictions.

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// `f32` or `f64`: the type of `z` and `ŷ`. All arithmetic in between is `f64`.
pub trait Sample: sealed::Sealed + Copy + Default + PartialOrd + Send + Sync + std::fmt::Debug + 'static {
    /// The relative error of rounding an `f64` to this type.
    const ROUNDING: f64;
    /// The spacing of numbers near zero.
    const GRAIN: f64;
    /// Exact widening.
    fn widen(self) -> f64;
    /// Rounding to nearest.
    fn narrow(value: f64) -> Self;
    /// The interval of numbers of this type inside `[lo, hi]`; if there is none, the nearest numbers.
    fn inward(lo: f64, hi: f64) -> (f64, f64);
}

impl Sample for f32 {
    const ROUNDING: f64 = f32::EPSILON as f64 / 2.0;
    const GRAIN: f64 = f32::from_bits(1) as f64;
    #[inline(always)]
    fn widen(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn narrow(value: f64) -> Self {
        value as f32
    }
    #[inline(always)]
    fn inward(lo: f64, hi: f64) -> (f64, f64) {
        // Rounding to nearest, then one step back where it went out.
        let (near_lo, near_hi) = (lo as f32, hi as f32);
        let in_lo = if f64::from(near_lo) < lo { near_lo.next_up() } else { near_lo };
        let in_hi = if f64::from(near_hi) > hi { near_hi.next_down() } else { near_hi };
        if in_lo <= in_hi { (f64::from(in_lo), f64::from(in_hi)) } else { (f64::from(near_lo), f64::from(near_lo)) }
    }
}

impl Sample for f64 {
    const ROUNDING: f64 = f64::EPSILON / 2.0;
    const GRAIN: f64 = f64::from_bits(1);
    #[inline(always)]
    fn widen(self) -> f64 {
        self
    }
    #[inline(always)]
    fn narrow(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn inward(lo: f64, hi: f64) -> (f64, f64) {
        (lo, hi)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_of_f32_are_rounded_inward() {
        for (lo, hi) in [(0.1, 0.9), (-0.1, 0.3), (0.0, 1.0), (f64::NEG_INFINITY, 1.0 / 3.0)] {
            let (a, b) = f32::inward(lo, hi);
            assert!(a >= lo && b <= hi && a == f64::from(a as f32) && b == f64::from(b as f32));
        }
        let (a, b) = f32::inward(0.1, 0.1);
        assert_eq!(a, b);
    }
}
