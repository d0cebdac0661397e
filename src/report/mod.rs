//! What constraints say about predictions, as tables for people and as JSON.
//!
//! ```text
//! Program + Bound + predictions ─Ledger→ rows: values, sides, verdicts ─┬ project: before and after
//!                                                                       └ audit: the groups compared
//! ```

mod audit;
mod data;
mod implication;
mod ledger;
mod number;
#[cfg(feature = "torch")]
pub mod plot;
mod project;
mod row;
mod table;
mod words;

pub use audit::{Audit, AuditView};
pub use data::{BatchShares, ConflictSide, DataReport, DataView, EventSize, ParamRange, event_sizes};
pub use implication::{Implication, Implied, ImpliedRow, Mean, Multiplier};
pub use ledger::{Group, Ledger, Reading, RowLedger};
pub use number::short;
pub use project::{Batching, Movement, ProjectReport, Projected};
pub use table::{Align, Paint, Table};
pub use words::{first_sentence, wrapped};
