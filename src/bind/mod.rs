//! From a program and data to a problem: *Program + data → Problem*.
//!
//! ```text
//!           once per data set                         once per batch
//! Program ─┐                                    ┌─ gather cells and factors
//! Params  ─┼─ encode ─→ Encoded ─ bind(batch) ──┼─ histogram → counts, weights, sums → coefficients, sides
//! table   ─┘            cell ids, factors       └─ dictionary by cell → Problem, and what became of each row
//! ```
//!
//! Encoding reads the table, checks every value against its declaration and says everything that is wrong with it in
//! one run. Binding looks at no text, no predicate and no hash.

mod about;
mod assemble;
mod binder;
mod bound;
mod cells;
mod centre;
mod columns;
mod deviation;
mod encode;
mod encoded;
mod error;
mod finish;
mod formula;
mod frozen;
mod inputs;
mod limits;
mod measure;
mod offenders;
mod online;
mod pair_rows;
mod pair_table;
mod pairs;
mod params;
mod plan;
mod planner;
mod pull;
mod raw;
mod reads;
mod real;
mod resample;
mod rounding;
mod sample_rows;
mod shape;
mod sides;
mod slopes;
mod spread;
mod stream;
mod tally;
mod tape;
mod trace;
mod unplaced;
mod visible;
mod warehouse;

#[cfg(test)]
mod tests;

pub use bound::{Bound, BoundPairs, BoundRow, BoundSampleRow, EventCount, RowPrice, RowStatus, Skip, blamed};
pub use cells::CellKey;
pub use encode::{Encoder, encode};
pub use encoded::{Encoded, PairsLeft};
pub use error::{BindError, Remedy};
pub use formula::Arithmetic;
pub use frozen::{Condition, End, Frozen, FrozenCell, LevelValue, Spread, Step, ThresholdCell, Thresholds};
pub use offenders::{Offenders, Place, SHOWN};
pub use online::{Difference, Method, Online, OnlineState, RowReading, StreamError, StreamSpec};
pub use pair_table::PairTable;
pub use params::Params;
pub use plan::{EncodeOptions, Left, Purpose, Raw, Relations};
pub use pull::Pulled;
pub(crate) use real::Real;
pub use resample::{Replicates, Resampling, Series};
pub use rounding::{OF_BOUNDS, size_of_bounds};
pub use sample_rows::SampleReading;
pub use sides::{Reach, Sides};
pub use spread::{BatchShare, SharedCells};
pub use stream::{BoundPooled, StreamEncoder};
pub use tally::Samples;
pub use trace::{TraceError, TracedRow, Tracked};
pub use unplaced::{NearMiss, Unplaced};
pub use visible::VisibleCells;
pub use warehouse::{
    Between, Exception, FileSums, Level, Lumps, MovedBatch, Rule, Stored, Summed, SummedRows, Table, Value as Answer,
    Warehouse, Weights, Window,
};
