//! Tables: reading them, reading their columns as numbers, text or levels, and writing them back.
//!
//! ```text
//! path ─Source::open→ Source ─read(columns)→ Batch, Batch, ..  ─Column::new→ Column ─┬ numbers
//!  of a `Format`, `-`   names of the columns,  at most 65536 rows                      ├ text
//!                       size, hash              each, with their lines                 └ LevelCoder → codes
//! ```
//!
//! This room knows Arrow and files, and nothing of the language or the solver.

// What only Parquet and Arrow IPC use lies idle without them.
#![cfg_attr(not(feature = "columnar"), allow(dead_code))]

#[cfg(feature = "columnar")]
mod arrow;
mod atomic;
mod batch;
mod bounds;
mod column;
mod csv;
#[cfg(feature = "columnar")]
mod decimals;
mod dialect;
mod error;
mod format;
#[cfg(feature = "columnar")]
mod guard;
mod hint;
mod json;
mod levels;
pub mod matrix;
mod moment;
mod new_folder;
mod no_table;
mod pandas;
#[cfg(feature = "columnar")]
mod parquet;
mod pieces;
mod source;
mod spool;
mod stream;
mod table;
mod table_format;
mod text;
mod write;

pub use atomic::{
    Passing, Replacement, STANDARD_STREAM, Safe, being_written, in_place, remove_unfinished, replace_locked,
    write_atomically, write_text,
};
pub use batch::{Batch, Batches, DEFAULT_BATCH_ROWS, Place};
pub use column::{Column, Shortest, Value, parse_number};
pub use dialect::{Decimal, Dialect, Encoding, Header, decimal_comma};
pub use error::{DataError, plain};
pub use format::Format;
pub use hint::{header_hint, undivided};
pub use json::SAMPLE as JSON_SAMPLE;
pub use levels::{Code, Level, LevelCoder};
pub use no_table::NoTable;
pub use pieces::Piece;
pub use source::{Source, is_standard_input};
pub use spool::MAX_COPY;
pub use stream::TableStream;
pub use text::Packing;
pub use write::{Added, OnExisting, Output, Spilled, Values, write_with_columns};

#[cfg(test)]
mod tests;
