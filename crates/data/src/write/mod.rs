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
mod folder;
mod plan;
mod spilled;

use std::io::Write;
use std::path::Path;

use super::atomic::{STANDARD_STREAM, write_atomically};
use super::error::DataError;
use super::format::Format;
use super::new_folder::NewFolder;
use super::source::Source;
use super::text::{self, Expected};

pub(crate) use convert::converted;
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

    /// Whether a folder is written, of the names that the files of the source have. It is if the source is a folder, and the path
    /// ends in `/`, has no extension, or is that of a folder.
    pub fn is_folder(&self, source: &Source) -> bool {
        let separated = |byte: &u8| std::path::is_separator(char::from(*byte));
        let ends = self.path.as_os_str().as_encoded_bytes().last().is_some_and(separated);
        !source.opened().parts().is_empty()
            && self.format.is_none()
            && self.path != Path::new(STANDARD_STREAM)
            && (ends || self.path.extension().is_none() || self.path.is_dir())
    }

    /// Fails if the output cannot be written because of its name or of what is there. Asked before the work is done, not after.
    ///
    /// # Errors
    /// [`DataError::FolderExists`], or as [`Format::of_output`].
    pub fn refuse_existing(&self, source: &Source) -> Result<(), DataError> {
        if self.is_folder(source) { NewFolder::refuse_existing(self.path) } else { self.format_for(source).map(drop) }
    }

    fn format_for(&self, source: &Source) -> Result<Format, DataError> {
        match self.format {
            Some(format) => Ok(format),
            None if self.path == Path::new(STANDARD_STREAM) => Ok(source.format()),
            None => Format::of_output(self.path),
        }
    }
}

/// Writes a copy of `source` with columns added, atomically. A folder is written as one file, or as a folder, see [`Output::is_folder`].
///
/// # Errors
/// What is wrong with the input, [`DataError::ColumnExists`], [`DataError::RowCount`], [`DataError::Convert`] or
/// [`DataError::Write`].
pub fn write_with_columns(source: &Source, added: &[Added<'_>], output: &Output<'_>) -> Result<(), DataError> {
    if output.is_folder(source) {
        return folder::copy(source, added, output);
    }
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
        let mut out = Beginning { out, bytes: Vec::new() };
        let rows = match same {
            true => source.opened().copy(&plan, &mut out)?,
            false => converted(&plan, source.opened(), format.table_format(), &mut out)?,
        };
        out.check(&plan, format.expected())?;
        plan.check_rows(rows)
    })
}

/// An output of which the beginning is kept.
struct Beginning<'a> {
    out: &'a mut (dyn Write + Send),
    bytes: Vec<u8>,
}

impl Beginning<'_> {
    /// Fails if a text would be taken for something else when it is read.
    fn check(&self, plan: &Plan<'_>, expected: Expected) -> Result<(), DataError> {
        match text::other_format(&self.bytes, expected).filter(|_| expected.delimiter.is_some()) {
            Some((found, _)) => Err(DataError::BeginsAs { file: plan.table.name.clone(), found }),
            None => Ok(()),
        }
    }
}

impl Write for Beginning<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes.extend(bytes.iter().take(written.min(text::HEAD.saturating_sub(self.bytes.len()))));
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests;
