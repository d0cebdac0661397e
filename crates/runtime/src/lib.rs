//! The runtime wing: numbers in, numbers out.
//!
//! ```text
//!  ProblemParts ──new──▶ Problem ──project(z)──▶ Projection ──vjp(v)──▶ Gradient
//!       CSR ───from_csr──▶   │                      │
//!                            └──▶ CSR / CSC         └──▶ status, multipliers, certificate
//! ```
//!
//! It solves one problem, exactly, and differentiates the solution:
//!
//! ```text
//! minimise ½ Σ wᵢ (ŷᵢ − zᵢ)²   subject to   l ≤ A ŷ ≤ u,   loᵢ ≤ ŷᵢ ≤ hiᵢ
//! ```
//!
//! Nothing here knows about fairness, languages or tables: whoever has a sparse `A`, sides and a box can use
//! [`problem::Problem::from_csr`] and [`project::project`]. Arrows run one way,
//! `problem → project → {convex, decide, online, remote} → solve_record`.
//!
//! * [`problem`]: the matrix coded by a dictionary of cells, its checks, imports and exports;
//! * [`mod@project`]: dual semismooth Newton, active sets, certificates, derivatives;
//! * [`convex`]: rows with absolute values of predictions, solved in pieces;
//! * [`mod@decide`]: decisions of the largest gain within the same rows, by linear programming;
//! * [`online`]: streams of batches, by running sums or a price, and their saved state;
//! * [`remote`]: samples on a device or spread over processes, by their sums;
//! * [`solve_record`]: one JSON line in, one JSON line out.

pub mod convex;
pub mod decide;
pub mod online;
pub mod problem;
pub mod project;
pub mod remote;
pub mod solve_record;

pub use convex::{ConvexProblem, ConvexTerms};
pub use problem::{Bounds, Problem, ProblemError, ProblemParts, RowsByCell};
pub use project::{
    Certificate, Gradient, OnInfeasible, ProjectError, Projection, Projector, Sample, Settings, Side, Status, Tangent,
    project,
};

/// The examples of the README run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
