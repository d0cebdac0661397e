//! What can be said of a spec on data before anything is trained: feasibility, conflicts, tolerances, implication.
//!
//! ```text
//! Bound batches ─generators→ a few variables ─┬ feasibility: can all rows hold? if not, which of them conflict?
//!   (10⁷ samples)              (cells)        ├ tolerance:   for which values of a param can they?
//!                                             └ implication: does one spec imply another? with proof or counterexample
//! ```
//!
//! A `sweep` is no linear program: it follows the projection of predictions over the values of a param, how far they have to
//! move and what a little more room would save.
//!
//! The other questions are linear programs over what the boxes of the samples allow ([`generators`]), which is exact: cells of
//! many samples become one variable, so their number and not that of the samples decides the cost.
//!
//! [`generators`]: crate::runtime::problem::generators

pub mod batches;
mod blame;
mod decided;
pub mod difference;
pub mod feasibility;
pub mod implication;
mod kinds;
pub mod linear;
mod movement;
pub mod on_data;
pub mod redundant;
pub mod refute;
mod relaxation;
pub mod structure;
mod sweep;
mod sweep_error;
mod sweep_values;
pub mod tolerance;
pub mod unbound;
mod weights;

pub use blame::each_in_conflict;
pub use decided::{DecidedPoint, Deciding, net_gain, total_gain};
pub use kinds::{Constants, Settings};
pub use movement::Movement;
pub use sweep::{EncodeAgain, Ended, ParamSweep, Point, RowPoint};
pub use sweep_error::SweepError;
pub use sweep_values::{between, sensible};

/// More variables than this are not put into a linear program.
pub const MOST_VARIABLES: usize = 4000;
