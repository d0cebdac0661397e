//! Copies of a table with columns added.
//!
//! Each format knows how to copy its own tables: text keeps the bytes of every record, others keep what columns are. Between
//! formats tables are read and written again:
//!
//! | from | to text with delimiters | to JSON Lines | to formats with types |
//! | --- | --- | --- | --- |
//! | text with delimiters | text, quoted where needed | strings and nulls | text columns |
//! | JSON Lines | text as written | | booleans, integers, doubles, text |
//! | formats with types | shortest text | typed values, lists and records too | columns of the same types |

mod convert;
mod plan;
mod spilled;

use std::path::Path;

use super::atomic::{STANDARD_STREAM, write_atomically};
use super::error::DataError;
use super::format::Format;
use super::source::Source;

pub use plan::{Added, OnExisting, Values};
pub(crate) use plan::{Plan, REPORT_ROWS, Slot};
pub use spilled::Spilled;

/// Where a copy goes, and how.
#[derive(Clone, Copy)]
pub struct Output<'a> {
    /// Its file; `-` is standard output. It may be the file that is read.
    pub path: &'a Path,
    /// Its format; if none, what the extension says, and for standard output that of the source.
    pub format: Option<Format>,
    /// What to do when the table has a column of the added name already.
    pub existing: OnExisting,
    /// Called now and then with the bytes of the source that have been copied, of [`Source::size`].
    pub progress: Option<&'a dyn Fn(u64)>,
}

impl<'a> Output<'a> {
    /// An output in the format that its path says, which replaces no column.
    pub fn new(path: &'a Path) -> Self {
        Self { path, format: None, existing: OnExisting::Refuse, progress: None }
    }

    fn format_for(&self, source: &Source) -> Result<Format, DataError> {
        match self.format {
            Some(format) => Ok(format),
            None if self.path == Path::new(STANDARD_STREAM) => Ok(source.format()),
            None if self.path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gz")) => {
                Err(DataError::PackedOutput { file: self.path.display().to_string() })
            }
            None => Format::of_path(self.path),
        }
    }
}

/// Writes a copy of `source` with columns added, atomically.
///
/// # Errors
/// What is wrong with the input, [`DataError::ColumnExists`], [`DataError::RowCount`], [`DataError::Convert`] or
/// [`DataError::Write`].
pub fn write_with_columns(source: &Source, added: &[Added<'_>], output: &Output<'_>) -> Result<(), DataError> {
    let format = output.format_for(source)?;
    let same = source.format() == format;
    let whole;
    let source = if same {
        source
    } else {
        whole = source.inspect_all()?;
        &whole
    };
    let plan = Plan::new(source.table(), added, output.existing, output.path, output.progress)?;
    write_atomically(output.path, |out| {
        let rows = match same {
            true => source.opened().copy(&plan, out)?,
            false => convert::copy(&plan, source.opened(), format.table_format(), out)?,
        };
        plan.check_rows(rows)
    })
}

#[cfg(test)]
mod tests;
