//! The exact projection of predictions onto rows and a box, and its derivative.
//!
//! ```text
//! minimise ½ Σ wᵢ (ŷᵢ − zᵢ)²   subject to   l ≤ A ŷ ≤ u,   loᵢ ≤ ŷᵢ ≤ hiᵢ
//! ```
//!
//! The dual has one unknown per row. Its maximiser `μ` gives the point by `ŷ(μ) = clip(z − W⁻¹ Aᵀ μ)`, and the dual
//! is concave, once differentiable up to the kinks of the sides, and piecewise quadratic: for one row this is the
//! continuous quadratic knapsack problem (Brucker 1984; Kiwiel 2008). A semismooth Newton method (Qi & Sun 1993) with
//! the exact solution of each local model ends at the solution after finitely many steps (Li & Swetits 1997 for
//! piecewise quadratic splines), and derivatives follow from the final active set (Amos & Kolter 2017).
//!
//! | module | job |
//! | --- | --- |
//! | `kernel`, `passes` | the loops over samples, and how they are cut into tasks |
//! | `masks` | masks in place of look-ups where cells are few |
//! | `lanes` | runs of samples, and their sums by cell |
//! | `in_order` | large plain batches in two passes, samples ungrouped |
//! | `fine` | pairs of doubles, where the digits of one do not suffice |
//! | `fixing`, `watch` | variable fixing: passes over the samples near a bound alone |
//! | `local`, `basis` | the local model by a dual active-set method, and its factorisation |
//! | `projector`, `solve` | what outlives a batch, and one solve from start to end |
//! | `newton`, `sides` | the outer iteration, and the sides with margins for rounding |
//! | `sparse`, `pattern` | thousands of sparse rows: interior points, an augmented Lagrangian, sparse Cholesky |
//! | `tame` | rows whose coefficients would overflow, scaled |
//! | `farkas`, `relax` | proofs of infeasibility, and points of least total violation |
//! | `rest` | points far smaller than `z`, projected once more |
//! | `certify`, `output` | rounding to the type of `z`, the returned numbers and their certificate |
//! | `gradient`, `buffers`, `forward`, `tangent` | derivatives, as products and as a matrix |

mod basis;
mod buffers;
mod certify;
mod farkas;
mod fine;
mod fixing;
mod forward;
mod gradient;
mod in_order;
mod kernel;
mod lanes;
mod local;
mod masks;
mod newton;
mod output;
mod passes;
mod pattern;
mod projection;
mod projector;
mod relax;
mod rest;
mod sample;
mod settings;
mod sides;
mod solve;
mod sparse;
mod tame;
mod tangent;
mod watch;

pub(crate) use output::for_each_sample;
pub(crate) use projection::finite;
pub(crate) use sides::Sides;

pub use projection::{Certificate, Gradient, Infeasibility, ProjectError, Projection, Side, Status};
pub use projector::Projector;
pub use sample::Sample;
pub use settings::{OnInfeasible, Settings};
pub use tangent::Tangent;

use super::problem::Problem;

/// Projects `z` onto the rows and the box of `problem`.
///
/// `z` may be `f32` or `f64`, and `ŷ` has its type; all arithmetic is `f64`. Use a [`Projector`] to keep buffers
/// between batches.
///
/// # Errors
/// If `z` has the wrong length or holds NaN or infinite numbers. An infeasible problem is no error: see [`Status`].
pub fn project<T: Sample>(problem: &Problem, z: &[T], settings: &Settings) -> Result<Projection<T>, ProjectError> {
    let mut out = Projection::default();
    Projector::new().project_into(problem, z, settings, &mut out)?;
    Ok(out)
}
