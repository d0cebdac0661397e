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
mod dialect;
mod error;
mod hint;
mod json;
mod levels;
pub mod matrix;
mod moment;
mod parquet;
mod source;
mod stream;
mod text;
mod write;

pub use atomic::{
    Replacement, STANDARD_STREAM, Safe, being_written, in_place, remove_unfinished, replace_locked, write_atomically,
};
pub use batch::{Batch, Batches, DEFAULT_BATCH_ROWS, Place};
pub use column::{Column, Shortest, Value, parse_number};
pub use dialect::{Decimal, Dialect, Encoding, Header, decimal_comma};
pub use error::DataError;
pub use hint::header_hint;
pub use json::SAMPLE as JSON_SAMPLE;
pub use levels::{Code, Level, LevelCoder};
pub use source::{Format, MAX_COPY, Source, is_standard_input};
pub use stream::{Piece, TableStream};
pub use text::Packing;
pub use write::{Added, OnExisting, Output, write_with_columns};

#[cfg(test)]
mod tests;
