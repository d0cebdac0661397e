//! What counts as rounding of predictions that are near 0: a share of numbers of the size of their bounds.

use crate::language::program::Program;

/// Of the bounds of the prediction: a prediction near 0 may be the rest of numbers of the size of the bounds.
pub const OF_BOUNDS: f64 = 1e-14;

/// Of the largest number of a row about a pair: the method for such rows comes this near to its limit.
pub const OF_PAIRS: f64 = 1e-12;

/// The size of predictions at their bounds, or 1 where the bounds are wider; none where they are infinite.
pub fn size_of_bounds(program: &Program) -> Option<f64> {
    size_of((program.prediction.lower, program.prediction.upper))
}

/// The same for these bounds.
pub fn size_of((lower, upper): (f64, f64)) -> Option<f64> {
    let size = lower.abs().max(upper.abs());
    size.is_finite().then_some(size.min(1.0))
}
