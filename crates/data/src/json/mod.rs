//! JSON Lines: one object on each line; or one list of objects.
//!
//! Strings are text, numbers are text exactly as written, `null` and a missing key are nulls, and a column of
//! nothing but `true` and `false` is boolean. Blank lines are skipped. Lists and objects have no place in a column
//! that is read; in other columns they may stand. A line keeps its bytes when it is copied.

mod decode;
mod keys;
mod members;
mod read;

pub(super) use decode::{Wanted, Written, column};
pub use keys::SAMPLE;
pub(super) use keys::{Keys, Kind};
pub(super) use members::{Members, elements, end_of_members};
pub(super) use read::{Lines as RawLines, Reader, describe_line};
