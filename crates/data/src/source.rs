//! A table on disk or on standard input: its format, its columns, and batches of its rows.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use super::atomic::STANDARD_STREAM;
use super::batch::{Batches, DEFAULT_BATCH_ROWS, Limits, ReadBatches};
use super::dialect::Dialect;
use super::error::{DataError, list_columns};
use super::hint::header_hint;
use super::text::{self, Packing, Text};
use super::{csv, json, parquet};

/// How a table is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Comma-separated values with a header line (RFC 4180).
    Csv,
    /// The same with tabs for commas.
    Tsv,
    /// Apache Parquet.
    Parquet,
    /// One JSON object on each line.
    JsonLines,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Tsv, Self::Parquet, Self::JsonLines];

    /// The name by which a user asks for the format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Parquet => "parquet",
            Self::JsonLines => "jsonl",
        }
    }

    /// What sentences call it.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Tsv => "TSV",
            Self::Parquet => "Parquet",
            Self::JsonLines => "JSON Lines",
        }
    }

    /// The format that the extension of a path stands for.
    ///
    /// # Errors
    /// [`DataError::UnknownFormat`]
    pub fn of_path(path: &Path) -> Result<Self, DataError> {
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        match extension.as_deref() {
            Some("csv") => Ok(Self::Csv),
            Some("tsv" | "tab") => Ok(Self::Tsv),
            Some("parquet" | "pq") => Ok(Self::Parquet),
            Some("jsonl" | "ndjson" | "json") => Ok(Self::JsonLines),
            _ => Err(DataError::UnknownFormat { file: path.display().to_string(), extension }),
        }
    }

    /// The format that the name of an input stands for, and whether it says that the file is packed.
    pub fn of_input(path: &Path) -> Result<(Self, Packing), DataError> {
        let packed = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
        let plain = if packed { path.with_extension("") } else { path.to_path_buf() };
        let refused =
            |_| Self::of_path(path).err().unwrap_or(DataError::PackedOutput { file: path.display().to_string() });
        match Self::of_path(&plain).map_err(refused)? {
            Self::Parquet if packed => Self::of_path(path).map(|format| (format, Packing::Plain)),
            format => Ok((format, if packed { Packing::Gzip } else { Packing::Plain })),
        }
    }

    /// The delimiter, for the two formats that have one.
    pub(super) fn delimiter(self) -> Option<u8> {
        match self {
            Self::Csv => Some(b','),
            Self::Tsv => Some(b'\t'),
            Self::Parquet | Self::JsonLines => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "ndjson" | "json" => Ok(Self::JsonLines),
            _ => Self::ALL.into_iter().find(|format| format.name() == text).ok_or_else(|| {
                format!("unknown format `{text}`; the formats are {}", Self::ALL.map(Self::name).join(", "))
            }),
        }
    }
}

/// A table: where it is, how it is stored, and what columns it has.
///
/// It can be read any number of times. Standard input and pipes can be read once only, so they are copied to a
/// temporary file first, at most [`MAX_COPY`] bytes of them. The file has no name where the system can open it without, so
/// that nothing is left however the process ends; it goes when the last clone of the source does.
#[derive(Debug, Clone)]
pub struct Source {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) format: Format,
    pub(super) dialect: Arc<Dialect>,
    packing: Packing,
    size: u64,
    columns: Arc<[String]>,
    pub(super) layout: Layout,
    _spool: Option<Arc<Spool>>,
}

/// As many bytes of standard input or a pipe are copied at most: 64 GiB.
pub const MAX_COPY: u64 = 1 << 36;

/// A device, which may have no end, gives this many at most: 64 MiB, more than anybody types into a terminal.
const MAX_TYPED: u64 = 1 << 26;

/// Other names of standard input.
const STDIN_NAMES: [&str; 3] = ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

/// What each format learns when it opens a file.
#[derive(Debug, Clone)]
pub(super) enum Layout {
    Csv,
    Json(json::Keys),
    Parquet(parquet::Footer),
}

impl Source {
    /// Opens a table and reads its header.
    ///
    /// `-` is standard input. The format is `format` if given, else what the extension says; standard input and
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
            return Err(DataError::Directory { file: name });
        }
        if !meta.is_file() {
            let known = Format::of_input(path).ok().map(|(format, _)| format);
            let spool = spool_within(&name, File::open(path).map_err(failed)?, limit_of(Some(&meta)))?;
            return Self::from_spool(&name, spool, format.or(known).unwrap_or(Format::Csv), dialect);
        }
        let (format, packing) = input_format(path, format, dialect)?;
        Self::inspect(name, path.to_path_buf(), format, packing, dialect, None)
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
        Self::inspect(name.to_owned(), spool.path.clone(), format, Packing::Either, dialect, Some(spool))
    }

    fn inspect(
        name: String,
        path: PathBuf,
        format: Format,
        packing: Packing,
        dialect: &Dialect,
        spool: Option<Arc<Spool>>,
    ) -> Result<Self, DataError> {
        check_dialect(&name, format, dialect)?;
        let failed = |source| DataError::Read { file: name.clone(), source };
        let file = File::open(&path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        if size == 0 {
            return Err(DataError::Empty { file: name });
        }
        let text = |file| text::open(file, &name, format, packing, dialect);
        let (columns, layout) = match format {
            Format::Csv | Format::Tsv => (csv::read_header(&name, text(file)?, format, dialect)?, Layout::Csv),
            Format::Parquet => {
                let (columns, footer) = parquet::read_footer(&name, file)?;
                (columns, Layout::Parquet(footer))
            }
            Format::JsonLines => {
                let keys = json::Keys::sample(&name, text(file)?)?;
                (keys.names(), Layout::Json(keys))
            }
        };
        let dialect = Arc::new(dialect.clone());
        Ok(Self { name, path, format, dialect, packing, size, columns: columns.into(), layout, _spool: spool })
    }

    /// What messages call the table: its path as given, or `standard input`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the table is stored.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The names of the columns, in the order of the file.
    ///
    /// JSON Lines has no header: these are the keys of its first objects, see [`JSON_SAMPLE`](super::JSON_SAMPLE).
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What is probably wrong with the table if a column is missing.
    pub fn hint(&self) -> Option<String> {
        header_hint(&self.columns).or_else(|| {
            let sampled = self.format == Format::JsonLines;
            let known = list_columns(&self.columns);
            sampled.then(|| format!("a column is a key of the first {} objects; {known}", json::SAMPLE))
        })
    }

    /// Size of the file in bytes.
    pub fn size(&self) -> u64 {
        self.size
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

    pub(super) fn read_within<N: AsRef<str>>(&self, columns: &[N], limits: Limits) -> Result<Batches, DataError> {
        let wanted: Vec<usize> = columns.iter().map(|name| self.find(name.as_ref())).collect::<Result<_, _>>()?;
        self.read_at(&wanted, limits)
    }

    /// As [`Source::read`], of the columns at these places.
    pub(super) fn read_at(&self, wanted: &[usize], limits: Limits) -> Result<Batches, DataError> {
        let mut unique = wanted.to_vec();
        unique.sort_unstable();
        unique.dedup();
        let order = wanted.iter().filter_map(|index| unique.binary_search(index).ok()).collect();
        let reader: Box<dyn ReadBatches> = match &self.layout {
            Layout::Csv => Box::new(csv::Reader::new(self, &unique, limits.rows)?),
            Layout::Json(keys) => Box::new(json::Reader::new(self, keys, &unique, limits)?),
            Layout::Parquet(footer) => {
                Box::new(parquet::Reader::new(self, self.reopen()?, footer, &unique, limits.rows)?)
            }
        };
        Ok(Batches::new(reader, order, &self.name, self.size))
    }

    /// BLAKE3 of the file's bytes.
    ///
    /// # Errors
    /// [`DataError::Read`]
    pub fn hash(&self) -> Result<blake3::Hash, DataError> {
        let mut hasher = blake3::Hasher::new();
        io::copy(&mut self.reopen()?, &mut hasher)
            .map_err(|source| DataError::Read { file: self.name.clone(), source })?;
        Ok(hasher.finalize())
    }

    /// The same table with the keys of all its objects as columns, if it is JSON Lines; another is as it was.
    pub(super) fn with_all_keys(&self) -> Result<Self, DataError> {
        let mut source = self.clone();
        if let Layout::Json(keys) = &mut source.layout {
            *keys = json::Keys::scan(&self.name, self.text()?)?;
            source.columns = keys.names().into();
        }
        Ok(source)
    }

    /// The text of a text format, from its beginning.
    pub(super) fn text(&self) -> Result<Text, DataError> {
        text::open(self.reopen()?, &self.name, self.format, self.packing, &self.dialect)
    }

    fn find(&self, name: &str) -> Result<usize, DataError> {
        refuse_duplicate(&self.name, &self.columns, name)?;
        self.columns.iter().position(|known| known == name).ok_or_else(|| DataError::ColumnMissing {
            file: self.name.clone(),
            column: name.to_owned(),
            known: self.columns.to_vec(),
        })
    }

    pub(super) fn reopen(&self) -> Result<File, DataError> {
        File::open(&self.path).map_err(|source| DataError::Read { file: self.name.clone(), source })
    }
}

/// Whether a path means the standard input of this process, under whatever name.
pub fn is_standard_input(path: &Path) -> bool {
    path == Path::new(STANDARD_STREAM) || STDIN_NAMES.iter().any(|name| path == Path::new(name))
}

/// A temporary copy, and a path under which it can be opened any number of times.
#[derive(Debug)]
struct Spool {
    path: PathBuf,
    /// Open as long as the copy is in use, since a file without a name goes when it is closed.
    _file: Option<File>,
    /// Removes a file that has a name.
    _named: Option<tempfile::TempPath>,
}

impl Spool {
    fn new() -> io::Result<(File, Spool)> {
        #[cfg(target_os = "linux")]
        {
            use std::os::fd::AsRawFd;
            let file = tempfile::tempfile()?;
            let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
            // A second handle with a place of its own; without `/proc` there is none.
            if File::open(&path).is_ok() {
                return Ok((file.try_clone()?, Spool { path, _file: Some(file), _named: None }));
            }
        }
        let (file, named) = tempfile::NamedTempFile::new()?.into_parts();
        Ok((file, Spool { path: named.to_path_buf(), _file: None, _named: Some(named) }))
    }
}

/// As many bytes are copied of what this says that it is.
#[cfg(unix)]
fn limit_of(stream: Option<&fs::Metadata>) -> u64 {
    use std::os::unix::fs::FileTypeExt;
    if stream.is_some_and(|meta| meta.file_type().is_char_device()) { MAX_TYPED } else { MAX_COPY }
}

#[cfg(not(unix))]
fn limit_of(_: Option<&fs::Metadata>) -> u64 {
    MAX_COPY
}

#[cfg(unix)]
fn standard_input() -> Option<fs::Metadata> {
    use std::os::fd::AsFd;
    File::from(io::stdin().as_fd().try_clone_to_owned().ok()?).metadata().ok()
}

#[cfg(not(unix))]
fn standard_input() -> Option<fs::Metadata> {
    None
}

fn spool(name: &str, stream: impl Read) -> Result<Spool, DataError> {
    spool_within(name, stream, MAX_COPY)
}

fn spool_within(name: &str, stream: impl Read, limit: u64) -> Result<Spool, DataError> {
    let failed = |source| DataError::Read { file: name.to_owned(), source };
    let copying = |source| DataError::Write { file: format!("a temporary copy of {name}"), source };
    let (mut file, spool) = Spool::new().map_err(copying)?;
    let mut stream = stream.take(limit.saturating_add(1));
    let (mut buffer, mut total) = (vec![0; 1 << 16], 0);
    loop {
        let read = match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(error)),
        };
        total += read as u64;
        if total > limit {
            return Err(DataError::CopyTooLong { file: name.to_owned(), limit });
        }
        file.write_all(buffer.get(..read).unwrap_or_default()).map_err(copying)?;
    }
    Ok(spool)
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

/// Only CSV and TSV have dialects, and one mark has one meaning.
pub(super) fn check_dialect(file: &str, format: Format, dialect: &Dialect) -> Result<(), DataError> {
    match format.delimiter() {
        None if *dialect != Dialect::default() => {
            Err(DataError::NoDialects { file: file.to_owned(), format: format.label() })
        }
        Some(_) if dialect.comment == Some(dialect.delimiter(format)) => {
            Err(DataError::SameMark { file: file.to_owned(), mark: char::from(dialect.delimiter(format)) })
        }
        _ => Ok(()),
    }
}

/// Fails if two columns have this name. Others may: nobody asks for them.
pub(super) fn refuse_duplicate(file: &str, columns: &[String], name: &str) -> Result<(), DataError> {
    let mut places = columns.iter().zip(1..).filter(|(column, _)| *column == name).map(|(_, place)| place);
    match (places.next(), places.next()) {
        (Some(first), Some(second)) => {
            Err(DataError::DuplicateColumn { file: file.to_owned(), column: name.to_owned(), first, second })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_have_no_name_and_an_end() {
        let spool = spool_within("a pipe", &b"0123456789"[..], 10).unwrap();
        let read = |spool: &Spool| std::fs::read_to_string(&spool.path).unwrap();
        // Twice, from the beginning.
        assert_eq!((read(&spool), read(&spool)), ("0123456789".to_owned(), "0123456789".to_owned()));
        if cfg!(target_os = "linux") {
            assert!(spool.path.starts_with("/proc/self/fd"), "{}", spool.path.display());
        }
        let error = spool_within("a pipe", &b"0123456789a"[..], 10).unwrap_err();
        assert!(matches!(error, DataError::CopyTooLong { limit: 10, .. }), "{error}");
    }

    #[test]
    fn standard_input_has_many_names() {
        assert!(["-", "/dev/stdin", "/dev/fd/0"].iter().all(|name| is_standard_input(Path::new(name))));
        assert!(!is_standard_input(Path::new("./-")));
    }
}
