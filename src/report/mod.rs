//! What constraints say about predictions, as tables for people and as JSON.
//!
//! ```text
//! Program + Bound + predictions ─Ledger→ rows: values, sides, verdicts ─┬ project: before and after
//!                                                                       └ audit: the groups compared
//!                                                          facts: the same and more ─→ JSON, html, markdown, sarif
//! ```

mod audit;
mod data;
mod facts;
mod html;
mod ledger;
mod markdown;
mod number;
mod project;
mod row;
mod sarif;
mod slices;
mod summary;
mod table;
mod words;

pub use audit::Audit;
pub use data::{DataReport, DataView, EventSize, event_sizes};
pub use facts::{
    Evidence, Facts, MOST_VALUES, Partition, Place, SliceFacts, Slicer, SlicesFacts, Slicing, Watch, partitions,
};
pub use html::page;
pub use ledger::{Group, Ledger, Reading, RowLedger};
pub use markdown::markdown;
pub use project::{Batching, Movement, ProjectReport, Projected};
pub use sarif::sarif;
pub use slices::slices_text;
pub use table::Paint;
pub use words::{first_sentence, wrapped};
