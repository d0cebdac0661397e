//! Tables: reading them, reading their columns as numbers, text or levels, and writing them back.
//!
//! ```text
//! path ─Source::open→ Source ─read(columns)→ Batch, Batch, ..  ─Column::new→ Column ─┬ numbers
//!  CSV, TSV, Parquet,   names of the columns,  at most 65536 rows                      ├ text
//!  JSON Lines, `-`      size, hash              each, with their lines                 └ LevelCoder → codes
//! ```
//!
//! This room knows Arrow and files, and nothing of the language or the solver.

mod atomic;
mod batch;
mod column;
mod csv;
mod error;
mod json;
mod levels;
mod parquet;
mod source;

pub use atomic::{STANDARD_STREAM, write_atomically};
pub use batch::{Batch, Batches, DEFAULT_BATCH_ROWS};
pub use column::{Column, Value, format_number, parse_number};
pub use error::DataError;
pub use json::SAMPLE as JSON_SAMPLE;
pub use levels::{Code, Level, LevelCoder};
pub use source::{Format, Source};

#[cfg(test)]
mod tests;
