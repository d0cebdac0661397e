//! A table on disk or on standard input: its format, its columns, and batches of its rows.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::atomic::STANDARD_STREAM;
use super::batch::{Batches, DEFAULT_BATCH_ROWS, Limits};
use super::dialect::{Dialect, Header};
use super::error::DataError;
use super::format::Format;
use super::hint::{header_hint, list_columns};
#[cfg(feature = "columnar")]
use super::parquet::Folder;
use super::spool::{Spool, limit_of, spool, spool_within, standard_input};
use super::table::{Stored, Table, check_dialect, refuse_duplicate};
use super::table_format::{Inspected, OpenTable, read_at};
use super::text::Packing;

/// A table: where it is, how it is stored, and what columns it has.
///
/// It can be read any number of times. Standard input and pipes can be read once only, so they are copied to a
/// temporary file first, at most [`MAX_COPY`](super::MAX_COPY) bytes of them. The file has no name where the system can open it without, so
/// that nothing is left however the process ends; it goes when the last clone of the source does.
#[derive(Debug, Clone)]
pub struct Source {
    table: Table,
    format: Format,
    /// What the format learned when it opened the file.
    opened: Arc<dyn OpenTable>,
    _spool: Option<Arc<Spool>>,
}

/// Other names of standard input.
const STDIN_NAMES: [&str; 3] = ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

impl Source {
    /// Opens a table and reads its header.
    ///
    /// A folder is the table of the Parquet files in it, in the order of their names. `-` is standard input. The format is `format` if given, else what the extension says; standard input and
    /// pipes without extension are CSV.
    ///
    /// # Errors
    /// Whatever is wrong with the file as a whole or with its header.
    pub fn open(path: &Path, format: Option<Format>) -> Result<Self, DataError> {
        Self::open_as(path, format, &Dialect::default())
    }

    /// As [`Source::open`], of a CSV or TSV file that is written in a dialect.
    ///
    /// # Errors
    /// As [`Source::open`]; [`DataError::NoDialects`] if the file is of another format.
    pub fn open_as(path: &Path, format: Option<Format>, dialect: &Dialect) -> Result<Self, DataError> {
        if is_standard_input(path) {
            let spool = spool_within("standard input", io::stdin().lock(), limit_of(standard_input().as_ref()))?;
            return Self::from_spool("standard input", spool, format.unwrap_or(Format::Csv), dialect);
        }
        let name = path.display().to_string();
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => DataError::NotFound { file: name.clone() },
            _ => DataError::Read { file: name.clone(), source },
        };
        let meta = fs::metadata(path).map_err(failed)?;
        if meta.is_dir() {
            return Self::folder(name, path, format, dialect);
        }
        if !meta.is_file() {
            let known = Format::of_input(path).ok().map(|(format, _)| format);
            let spool = spool_within(&name, File::open(path).map_err(failed)?, limit_of(Some(&meta)))?;
            return Self::from_spool(&name, spool, format.or(known).unwrap_or(Format::Csv), dialect);
        }
        let (format, packing) = input_format(path, format, dialect)?;
        Self::at(name, path.to_path_buf(), format, packing, dialect, None)
    }

    /// Opens a table that goes with another one: if it is CSV or TSV, it has the other's dialect, but for the names of its columns, which
    /// stand in its first record, and for the delimiter if it is called TSV.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn open_beside(path: &Path, dialect: &Dialect) -> Result<Self, DataError> {
        let known = Format::of_input(path).ok().map(|(format, _)| format.expected());
        let other = path.is_dir() || known.is_some_and(|expected| expected.delimiter.is_none());
        let delimiter = dialect.delimiter.filter(|_| known.is_none_or(|expected| expected.delimiter != Some(b'\t')));
        let alike = || Dialect { header: Header::FirstRecord, delimiter, ..dialect.clone() };
        let own = if other { Dialect::default() } else { alike() };
        Self::open_as(path, None, &own)
    }

    /// Copies a stream to a temporary file and opens that; `name` is what errors call it.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn from_stream(name: &str, stream: impl Read, format: Format) -> Result<Self, DataError> {
        Self::from_spool(name, spool(name, stream)?, format, &Dialect::default())
    }

    fn from_spool(name: &str, spool: Spool, format: Format, dialect: &Dialect) -> Result<Self, DataError> {
        let spool = Arc::new(spool);
        Self::at(name.to_owned(), spool.path.clone(), format, Packing::Either, dialect, Some(spool))
    }

    /// Opens a table of which the bytes are at hand, of a format that is text; `name` is what errors call it.
    ///
    /// # Errors
    /// As [`Source::open`]; [`DataError::Read`] if the format is no text.
    pub fn in_memory(name: &str, bytes: Arc<[u8]>, format: Format, dialect: &Dialect) -> Result<Self, DataError> {
        let size = bytes.len() as u64;
        Self::inspect(name.to_owned(), Stored::InMemory(bytes), size, format, Packing::Either, dialect)
    }

    /// Opens a folder of Parquet files as one table.
    #[cfg(feature = "columnar")]
    fn folder(name: String, path: &Path, format: Option<Format>, dialect: &Dialect) -> Result<Self, DataError> {
        if format.is_some_and(|format| format != Format::Parquet) {
            return Err(DataError::Directory { file: name });
        }
        let expected = Format::Parquet.expected();
        check_dialect(&name, expected, dialect)?;
        let dialect = Arc::new(dialect.clone());
        let folder = Folder::open(&name, path, &dialect, expected)?;
        let parts = folder.parts();
        let paths = parts.iter().filter_map(|part| part.path().map(Path::to_path_buf)).collect();
        let size = parts.iter().map(|part| part.size).sum();
        let columns = parts.first().map_or_else(|| Arc::from([]), |part| part.columns.clone());
        let stored = Stored::Parts(paths);
        let table = Table { name, stored, size, columns, dialect, packing: Packing::Plain, expected };
        Ok(Self { table, format: Format::Parquet, opened: Arc::new(folder), _spool: None })
    }

    #[cfg(not(feature = "columnar"))]
    fn folder(name: String, _: &Path, _: Option<Format>, _: &Dialect) -> Result<Self, DataError> {
        Err(DataError::Directory { file: name })
    }

    fn at(
        name: String,
        path: PathBuf,
        format: Format,
        packing: Packing,
        dialect: &Dialect,
        spool: Option<Arc<Spool>>,
    ) -> Result<Self, DataError> {
        let failed = |source| DataError::Read { file: name.clone(), source };
        let size = File::open(&path).and_then(|file| file.metadata()).map_err(failed)?.len();
        let source = Self::inspect(name, Stored::At(path), size, format, packing, dialect)?;
        Ok(Self { _spool: spool, ..source })
    }

    fn inspect(
        name: String,
        stored: Stored,
        size: u64,
        format: Format,
        packing: Packing,
        dialect: &Dialect,
    ) -> Result<Self, DataError> {
        let expected = format.expected();
        check_dialect(&name, expected, dialect)?;
        if size == 0 {
            return Err(DataError::Empty { file: name });
        }
        let dialect = Arc::new(dialect.clone());
        let mut table = Table { name, stored, size, columns: Arc::new([]), dialect, packing, expected };
        let Inspected { columns, open } = format.table_format().inspect(&table)?;
        table.columns = columns.into();
        Ok(Self { table, format, opened: open, _spool: None })
    }

    /// What messages call the table: its path as given, or `standard input`.
    pub fn name(&self) -> &str {
        &self.table.name
    }

    /// How the table is stored.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The names of the columns, in the order of the file.
    ///
    /// JSON Lines has no header: these are the keys of its first objects, see [`JSON_SAMPLE`](super::JSON_SAMPLE).
    pub fn columns(&self) -> &[String] {
        &self.table.columns
    }

    /// What is probably wrong with the table if a column is missing.
    pub fn hint(&self) -> Option<String> {
        header_hint(self.columns()).or_else(|| {
            let (sampled, known) = (self.opened.sampled()?, list_columns(self.columns()));
            Some(format!("a column is a key of the first {sampled} objects; {known}"))
        })
    }

    /// What separates the fields of CSV and TSV; none of other formats.
    pub fn delimiter(&self) -> Option<u8> {
        let usual = self.table.expected.delimiter?;
        Some(self.table.dialect.delimiter(Some(usual)))
    }

    /// Size of the file in bytes.
    pub fn size(&self) -> u64 {
        self.table.size
    }

    /// Reads the named columns from the first row on, in batches of [`DEFAULT_BATCH_ROWS`].
    ///
    /// # Errors
    /// [`DataError::ColumnMissing`], or the file cannot be opened any more.
    pub fn read<N: AsRef<str>>(&self, columns: &[N]) -> Result<Batches, DataError> {
        self.read_by(columns, DEFAULT_BATCH_ROWS)
    }

    /// As [`Source::read`], with at most `rows` rows (and at least one) in a batch.
    ///
    /// # Errors
    /// As [`Source::read`].
    pub fn read_by<N: AsRef<str>>(&self, columns: &[N], rows: usize) -> Result<Batches, DataError> {
        self.read_within(columns, Limits { rows: rows.max(1), numbers: false })
    }

    fn read_within<N: AsRef<str>>(&self, columns: &[N], limits: Limits) -> Result<Batches, DataError> {
        let wanted: Vec<usize> = columns.iter().map(|name| self.find(name.as_ref())).collect::<Result<_, _>>()?;
        read_at(&self.table, &*self.opened, &wanted, limits)
    }

    /// BLAKE3 of the file's bytes.
    ///
    /// # Errors
    /// [`DataError::Read`]
    pub fn hash(&self) -> Result<blake3::Hash, DataError> {
        let mut hasher = blake3::Hasher::new();
        io::copy(&mut self.table.reopen()?, &mut hasher)
            .map_err(|source| DataError::Read { file: self.table.name.clone(), source })?;
        Ok(hasher.finalize())
    }

    /// The same table with the columns of all its rows, where only some were looked at.
    pub(super) fn inspect_all(&self) -> Result<Self, DataError> {
        let mut source = self.clone();
        if let Some(Inspected { columns, open }) = self.opened.inspect_all(&self.table)? {
            source.table.columns = columns.into();
            source.opened = open;
        }
        Ok(source)
    }

    pub(super) fn table(&self) -> &Table {
        &self.table
    }

    pub(super) fn opened(&self) -> &dyn OpenTable {
        &*self.opened
    }

    fn find(&self, name: &str) -> Result<usize, DataError> {
        refuse_duplicate(&self.table.name, self.columns(), name)?;
        self.columns().iter().position(|known| known == name).ok_or_else(|| DataError::ColumnMissing {
            file: self.table.name.clone(),
            column: name.to_owned(),
            known: self.columns().to_vec(),
        })
    }
}

/// Whether a path means the standard input of this process, under whatever name.
pub fn is_standard_input(path: &Path) -> bool {
    path == Path::new(STANDARD_STREAM) || STDIN_NAMES.iter().any(|name| path == Path::new(name))
}

/// The format of a file, and whether it is packed. A file in a dialect is CSV if its name says nothing.
fn input_format(path: &Path, format: Option<Format>, dialect: &Dialect) -> Result<(Format, Packing), DataError> {
    match (format, Format::of_input(path)) {
        (None, Err(_)) if *dialect != Dialect::default() => Ok((Format::Csv, Packing::Either)),
        // A file that was handed over as a descriptor has no name to tell its format by.
        (None, Err(_)) if path.starts_with("/dev") => Ok((Format::Csv, Packing::Either)),
        (None, known) => known,
        (Some(format), Ok((_, packing))) => Ok((format, packing)),
        (Some(format), Err(_)) => Ok((format, Packing::Either)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_input_has_many_names() {
        assert!(["-", "/dev/stdin", "/dev/fd/0"].iter().all(|name| is_standard_input(Path::new(name))));
        assert!(!is_standard_input(Path::new("./-")));
    }
}
