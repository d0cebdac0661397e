//! What constraints say about predictions, as tables for people and as JSON.
//!
//! ```text
//! Program + Bound + predictions ─Ledger→ rows: values, sides, verdicts ─┬ project: before and after
//!                                                                       └ audit: the groups compared
//! stream:  the pooled quantities, from the sums that a stream keeps
//! Program + the points of a sweep ─→ price: what each value of a param costs, and a picture of it
//! ```

mod audit;
mod data;
mod implication;
mod ledger;
mod number;
pub mod plot;
mod price;
mod project;
mod row;
mod stream;
mod table;
mod words;

pub use crate::analyze::Movement;
pub use audit::{Audit, AuditView};
pub use data::{BatchShares, ConflictSide, DataReport, DataView, EventSize, ParamRange, event_sizes};
pub use implication::{Implication, Implied, ImpliedRow, Mean, Multiplier};
pub use ledger::{Group, Ledger, Reading, RowLedger, left_out};
pub use number::short;
pub use price::{PriceReport, Priced, Sweep};
pub use project::{Batching, ProjectReport, Projected};
pub use stream::{StreamReport, Streamed};
pub use table::{Align, Paint, Table};
pub use words::{first_sentence, wrapped};
