//! What can be said of a spec on data before anything is trained: feasibility, conflicts, tolerances, implication.
//!
//! ```text
//! Bound batches ─generators→ a few variables ─┬ feasibility: can all rows hold? if not, which of them conflict?
//!   (10⁷ samples)              (cells)        ├ tolerance:   for which values of a param can they?
//!                                             └ implication: does one spec imply another? with proof or counterexample
//! ```
//!
//! All questions are linear programs over what the boxes of the samples allow ([`generators`]), which is exact: cells of
//! many samples become one variable, so their number and not that of the samples decides the cost.
//!
//! [`generators`]: crate::runtime::problem::generators

mod atoms;
pub mod batches;
pub mod difference;
pub mod feasibility;
pub mod implication;
pub mod linear;
pub mod on_data;
pub mod structure;
pub mod tolerance;
pub mod unbound;

/// More variables than this are not put into a linear program.
pub const MOST_VARIABLES: usize = 4000;
