//! What a projection returns.

use thiserror::Error;

use super::sample::Sample;

/// How a projection ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Status {
    /// The point is the projection.
    Optimal,
    /// No point satisfies the hard rows; the proof is attached, and no point is returned.
    Infeasible(Infeasibility),
    /// Steps ran out; the point returned is **not** the projection, and its certificate says by how much.
    IterationLimit,
    /// No point satisfies the hard rows; the point has the least total violation.
    Relaxed(Infeasibility),
}

/// A proof that no point satisfies the rows: `min over the box of fᵀ A y > max over [l, u] of fᵀ c`.
#[derive(Debug, Clone, PartialEq)]
pub struct Infeasibility {
    /// The combination `f`, one number per row.
    pub combination: Vec<f64>,
    /// The rows in conflict, those with a non-zero number in `combination`.
    pub rows: Vec<usize>,
    /// Difference of the two sides of the inequality, above zero.
    pub margin: f64,
}

/// Which side of a row holds with equality at the solution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Neither.
    Inactive,
    /// The lower side.
    Lower,
    /// The upper side.
    Upper,
    /// Both: an equality row.
    Both,
    /// A soft row that gives way below its lower side.
    BelowLower,
    /// A soft row that gives way above its upper side.
    AboveUpper,
}

impl Side {
    /// Whether the row is held at its side: neither inside it nor, as soft rows may be, beyond.
    pub(crate) fn is_held(self) -> bool {
        matches!(self, Side::Lower | Side::Upper | Side::Both)
    }
}

/// Residuals computed from the returned numbers.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Certificate {
    /// Largest violation of a hard row, in the row's units.
    pub row_violation: f64,
    /// The same relative to the row's size `Σ |A_ji y_i|` (at least the side's size).
    pub relative_row_violation: f64,
    /// Largest violation of a bound.
    pub bound_violation: f64,
    /// Largest error of `w (ŷ − z) + Aᵀ μ + ν = 0` over the samples, with the best sign-correct `ν`.
    pub stationarity: f64,
    /// Duality gap `Σ μ_j (side_j − (A ŷ)_j)`: objective `½ Σ w (ŷ − z)²` minus dual value.
    pub duality_gap: f64,
}

/// The result: a point, the proof that it is the projection, and what is needed to differentiate it.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection<T: Sample = f64> {
    /// `ŷ`, in the type of `z`; empty if the rows are infeasible.
    pub y: Vec<T>,
    /// How it ended.
    pub status: Status,
    /// `μ`, one per row: `w (ŷ − z) + Aᵀ μ + ν = 0`, above zero on upper sides.
    pub multipliers: Vec<f64>,
    /// Which side of each row is active.
    pub active: Vec<Side>,
    /// Residuals of the returned numbers.
    pub certificate: Certificate,
    /// `½ Σ w (ŷ − z)²` of the returned numbers.
    pub objective: f64,
    /// Passes over the samples that it took.
    pub passes: usize,
    /// Products of the free samples per cell, for derivatives.
    pub(crate) gram: Vec<f64>,
}

impl<T: Sample> Default for Projection<T> {
    fn default() -> Self {
        Projection {
            y: Vec::new(),
            status: Status::IterationLimit,
            multipliers: Vec::new(),
            active: Vec::new(),
            certificate: Certificate::default(),
            objective: 0.0,
            passes: 0,
            gram: Vec::new(),
        }
    }
}

impl<T: Sample> Projection<T> {
    /// True if `y` is the projection.
    pub fn is_optimal(&self) -> bool {
        self.status == Status::Optimal
    }
}

/// Derivatives of `vᵀ ŷ`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gradient<T: Sample = f64> {
    /// With respect to `z`, one per sample.
    pub z: Vec<T>,
    /// With respect to the lower sides, one per row.
    pub lower: Vec<f64>,
    /// With respect to the upper sides, one per row. For an equality row the derivative of moving both sides
    /// together is here, and `lower` is zero.
    pub upper: Vec<f64>,
    /// With respect to the weights of the objective, one per sample; empty for a problem without weights.
    pub weights: Vec<f64>,
}

/// Why there is nothing to project or to differentiate. Indices count from zero.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ProjectError {
    /// A vector of the wrong length.
    #[error("`{what}` has length {found}, expected {expected}")]
    Length {
        /// Which vector.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length it should have.
        expected: usize,
    },
    /// A number that is NaN or infinite.
    #[error("`{what}[{index}]` is {value}, expected a finite number")]
    NotFinite {
        /// Which vector.
        what: &'static str,
        /// Place in it.
        index: usize,
        /// The number.
        value: f64,
    },
    /// Numbers so large that sums or shifts overflow.
    #[error("numbers are too large: a sum over row {row} overflows")]
    Overflow {
        /// The row.
        row: usize,
    },
    /// A problem whose samples are elsewhere, with rows or bounds that need the samples themselves.
    #[error("rows or bounds differ from sample to sample, so sums by cell do not decide the projection")]
    PerSample,
    /// Derivatives of a result that is not a projection.
    #[error("the projection did not end at an optimum, so it has no derivative")]
    NoDerivative,
}

/// Fails at the first number that is not finite. One pass that vectorises; the place is looked up only if needed.
pub(crate) fn finite<T: Sample>(what: &'static str, values: &[T]) -> Result<(), ProjectError> {
    let all = all_finite(values);
    match values.iter().position(|v| !all && !v.widen().is_finite()) {
        Some(index) => Err(ProjectError::NotFinite { what, index, value: values[index].widen() }),
        None => Ok(()),
    }
}

pub(super) fn all_finite<T: Sample>(values: &[T]) -> bool {
    pulp::Arch::new().dispatch(AllFinite(values))
}

struct AllFinite<'a, T>(&'a [T]);

impl<T: Sample> pulp::WithSimd for AllFinite<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> bool {
        is_finite(self.0)
    }
}

/// The same inside of a loop that is compiled for the machine's vectors.
#[inline(always)]
pub(super) fn is_finite<T: Sample>(values: &[T]) -> bool {
    let finite = |v: &T| v.widen().abs() < f64::INFINITY;
    values.chunks(256).all(|chunk| chunk.iter().fold(true, |all, v| all & finite(v)))
}
