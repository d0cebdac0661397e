//! The two number types of predictions.

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// `f32` or `f64`: the type of `z` and `ŷ`. All arithmetic in between is `f64`.
pub trait Sample: sealed::Sealed + Copy + Default + PartialOrd + Send + Sync + std::fmt::Debug + 'static {
    /// Half the spacing of numbers near one: the relative error of rounding to this type.
    const ROUNDING: f64;
    /// Exact widening.
    fn widen(self) -> f64;
    /// Rounding to nearest.
    fn narrow(value: f64) -> Self;
}

impl Sample for f32 {
    const ROUNDING: f64 = f32::EPSILON as f64 / 2.0;
    #[inline(always)]
    fn widen(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn narrow(value: f64) -> Self {
        value as f32
    }
}

impl Sample for f64 {
    const ROUNDING: f64 = f64::EPSILON / 2.0;
    #[inline(always)]
    fn widen(self) -> f64 {
        self
    }
    #[inline(always)]
    fn narrow(value: f64) -> Self {
        value
    }
}
