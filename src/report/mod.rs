//! What constraints say about predictions, as tables for people and as JSON.
//!
//! ```text
//! Program + Bound + predictions ─RowSummaries→ rows: values, sides, verdicts ─┬ project: before and after
//!                                                                             └ audit: the groups compared
//! decide:  the rows of project, and what decisions gain and change by group
//! stream:  the pooled quantities, from the sums that a stream keeps, now and over time
//! Program + the points of a sweep ─→ price: what each value of a param costs, and a picture of it
//!                                                          facts: the same and more ─→ JSON, html, markdown, sarif, card, cyclonedx
//! all text for people: headline (what holds), table and layout (as wide as the terminal)
//! ```

mod audit;
mod card;
mod cyclonedx;
mod data;
mod decide;
mod facts;
mod heading;
mod headline;
mod html;
pub mod impact;
mod implication;
mod judged;
mod layout;
mod live;
mod markdown;
mod number;
pub mod plot;
mod price;
mod program_rows;
mod project;
mod prose;
mod ratio;
mod reading;
mod relation_use;
mod row;
mod row_summaries;
mod row_summary;
mod sarif;
mod selected;
mod slices;
mod stream;
mod summary;
mod table;
mod unplaced;
mod verdict;
mod words;

pub use crate::analyze::Movement;
pub use audit::Audit;
pub use card::card;
pub use cyclonedx::cyclonedx;
pub use data::{BatchShares, ConflictSide, DataReport, DataView, EventSize, ParamRange, event_sizes};
pub use decide::{DecideReport, Gains, GroupDecisions, How, Miss, Rule, WithoutDraws};
pub use facts::{
    About, Evidence, Facts, Judged, MOST_VALUES, NoReference, ParamFacts, Partition, Place, Places, SliceFacts, Slicer,
    SlicesFacts, Slicing, Watch, param_facts, partitions,
};
pub use html::{decide_page, impact_page, page, price_page, project_page, stream_page};
pub use implication::{Implication, Implied, ImpliedRow, Mean, Multiplier};
pub use layout::{PLAIN_WIDTH, fit, fit_code};
pub use live::{Moment, OverTime};
pub use markdown::markdown;
pub use number::{short, whole};
pub use price::{ByCutoff, PriceReport, Priced, Sweep};
pub use program_rows::{ProgramRow, program_rows, program_rows_text};
pub use project::{Batching, ProjectReport, Projected};
pub use prose::prose;
pub use reading::Reading;
pub use row_summaries::RowSummaries;
pub use row_summary::{Group, RowSummary, Why, left_out, skipped};
pub use sarif::sarif;
pub use selected::{Selected, is_decision};
pub use slices::{slices_in_words, slices_text};
pub use stream::{StreamReport, Streamed};
pub use table::{Align, Paint, PlainText, Table};
pub use unplaced::unplaced_text;
pub use verdict::{Comparisons, Tolerance, Verdict, When};
pub use words::{first_sentence, wrapped};
