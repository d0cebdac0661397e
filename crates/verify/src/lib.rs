//! An independent checker for answers of the projection runtime: a problem and a claimed answer in, *proved* or *refused* out.
//!
//! ```text
//! problem, answer ─record→ numbers as floats ─exact→ whole numbers times powers of two ─proof→ Verdict
//! ```
//!
//! Every float is a whole number times a power of two, so sums and products of floats are too, and are computed here without any
//! rounding. This crate shares no code with the solver: it reads the records itself, knows no cells, and searches nothing.
//!
//! With the multipliers `mu` of the answer, each claim comes down to something that can be added up:
//!
//! | claim | proof |
//! | --- | --- |
//! | the point is allowed | each `l <= A y <= u` and `lo <= y <= hi` is computed |
//! | it is the closest | each sample is where `w (y - z)^2 + (A' mu) y` is least in its box, each multiplier stands on the side it pushes from, and the duality gap is zero |
//! | no point is allowed | a combination `f` of rows with `min over the box of f' A y > max over the sides of f' c` (Farkas) |
//!
//! Rows may have terms `b |y - c|` beside `A y`; at `c` a term has any slope between `-b` and `b`.
//!
//! The second line is sufficient for a convex problem (Karush, Kuhn and Tucker; Boyd and Vandenberghe 2004, section 5.5).

mod exact;
mod infeasible;
mod proof;
mod record;
mod verdict;

pub use proof::verify;
pub use record::{Answer, Distance, Problem, Unreadable};
pub use verdict::{Refusal, Verdict};
