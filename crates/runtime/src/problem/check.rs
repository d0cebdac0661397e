//! Checks of what a caller hands over: every error names the place and the value.

use thiserror::Error;

/// Why numbers do not make a problem. Indices count from zero.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ProblemError {
    /// A vector has the wrong length.
    #[error("`{what}` has length {found}, expected {expected}")]
    Length {
        /// Which vector.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length it should have.
        expected: usize,
    },
    /// A number is NaN, or infinite where it must be finite.
    #[error("`{what}[{index}]` is {value}, expected a {expected} number")]
    NotFinite {
        /// Which vector.
        what: &'static str,
        /// Place in it.
        index: usize,
        /// The number.
        value: f64,
        /// `finite` or `non-NaN`.
        expected: &'static str,
    },
    /// A row whose lower side is above its upper side, or whose sides are infinite on the wrong side.
    #[error("row {row} has lower side {lower} and upper side {upper}, an interval without numbers")]
    Sides {
        /// The row.
        row: usize,
        /// Its lower side.
        lower: f64,
        /// Its upper side.
        upper: f64,
    },
    /// A sample whose interval is empty.
    #[error("sample {index} has bounds [{lo}, {hi}], an interval without numbers")]
    EmptyBox {
        /// The sample.
        index: usize,
        /// Its least value.
        lo: f64,
        /// Its largest value.
        hi: f64,
    },
    /// A negative weight, or a soft penalty weight that is not positive.
    #[error("`{what}[{index}]` is {value}, expected a number {expected}")]
    Negative {
        /// Which vector.
        what: &'static str,
        /// Place in it.
        index: usize,
        /// The number.
        value: f64,
        /// `>= 0` or `> 0`.
        expected: &'static str,
    },
    /// A sample of weight zero whose column of the matrix is not empty: the projection would not be unique.
    #[error("sample {index} has weight 0 but a coefficient in row {row}: its projection is not unique")]
    WeightlessSample {
        /// The sample.
        index: usize,
        /// A row with a coefficient for it.
        row: usize,
    },
    /// An index that points outside.
    #[error("`{what}[{index}]` is {value}, expected a number below {limit}")]
    Index {
        /// Which vector.
        what: &'static str,
        /// Place in it.
        index: usize,
        /// The index found.
        value: usize,
        /// The first index that does not exist.
        limit: usize,
    },
    /// Row pointers of a compressed matrix that do not ascend.
    #[error("`indptr[{index}]` is {value}, less than the pointer before it")]
    Pointers {
        /// Place in the pointers.
        index: usize,
        /// The pointer.
        value: usize,
    },
    /// A convex term with a coefficient below zero: the row would not be convex.
    #[error("row {row} has the coefficient {value} before an absolute value of sample {index}, expected a number >= 0")]
    Concave {
        /// The row.
        row: usize,
        /// The sample.
        index: usize,
        /// The coefficient.
        value: f64,
    },
    /// A row with convex terms and a lower side: what it allows would not be convex.
    #[error("row {row} has absolute values and the lower side {lower}, expected an upper side alone")]
    NotConvex {
        /// The row.
        row: usize,
        /// Its lower side.
        lower: f64,
    },
    /// More breakpoints of one sample than there may be.
    #[error("a sample has {found} breakpoints, at most {most} are supported")]
    Breakpoints {
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// More samples than a 32-bit index can count.
    #[error("{n} samples, at most 4294967295 are supported")]
    TooMany {
        /// The number of samples.
        n: usize,
    },
}

pub(crate) fn length(what: &'static str, found: usize, expected: usize) -> Result<(), ProblemError> {
    if found == expected { Ok(()) } else { Err(ProblemError::Length { what, found, expected }) }
}

pub(crate) fn finite(what: &'static str, values: &[f64]) -> Result<(), ProblemError> {
    // One branch-free pass; the place is looked up only when something is wrong.
    if values.iter().fold(0.0, |sum, v| sum + v * 0.0) == 0.0 {
        return Ok(());
    }
    match values.iter().position(|v| !v.is_finite()) {
        Some(index) => Err(ProblemError::NotFinite { what, index, value: values[index], expected: "finite" }),
        None => Ok(()),
    }
}

pub(crate) fn sides(lower: &[f64], upper: &[f64], rows: usize) -> Result<(), ProblemError> {
    length("lower", lower.len(), rows)?;
    length("upper", upper.len(), rows)?;
    for (row, (&l, &u)) in lower.iter().zip(upper).enumerate() {
        for (what, value) in [("lower", l), ("upper", u)] {
            if value.is_nan() {
                return Err(ProblemError::NotFinite { what, index: row, value, expected: "non-NaN" });
            }
        }
        if l > u || l == f64::INFINITY || u == f64::NEG_INFINITY {
            return Err(ProblemError::Sides { row, lower: l, upper: u });
        }
    }
    Ok(())
}

pub(crate) fn interval(index: usize, lo: f64, hi: f64) -> Result<(), ProblemError> {
    for (what, value) in [("lo", lo), ("hi", hi)] {
        if value.is_nan() {
            return Err(ProblemError::NotFinite { what, index, value, expected: "non-NaN" });
        }
    }
    if lo > hi || lo == f64::INFINITY || hi == f64::NEG_INFINITY {
        return Err(ProblemError::EmptyBox { index, lo, hi });
    }
    Ok(())
}

pub(crate) fn weights(weights: &[f64], n: usize) -> Result<(), ProblemError> {
    length("weights", weights.len(), n)?;
    finite("weights", weights)?;
    match weights.iter().position(|&w| w < 0.0) {
        Some(index) => Err(ProblemError::Negative { what: "weights", index, value: weights[index], expected: ">= 0" }),
        None => Ok(()),
    }
}

pub(crate) fn soft(soft: &[f64], rows: usize) -> Result<(), ProblemError> {
    length("soft", soft.len(), rows)?;
    match soft.iter().position(|&s| s.is_nan() || s <= 0.0) {
        Some(index) => Err(ProblemError::Negative { what: "soft", index, value: soft[index], expected: "> 0" }),
        None => Ok(()),
    }
}
