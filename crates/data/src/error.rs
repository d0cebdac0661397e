//! What can go wrong while tables are read and written.

mod help;

use std::io;
use std::path::Path;

/// Why a table could not be read, or an output could not be written.
///
/// Files, columns and values are named as the user wrote them; lines and columns count from 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The path names nothing.
    #[error("cannot read `{file}`: there is no such file")]
    NotFound {
        /// The file asked for.
        file: String,
    },

    /// The path of an input names a folder.
    #[error("cannot read `{file}`: it is a folder")]
    Directory {
        /// The path asked for.
        file: String,
    },

    /// The path names a folder that is not a table of Parquet files.
    #[error("`{folder}` is a folder that cannot be read as one table: {why}")]
    Folder {
        /// The path asked for.
        folder: String,
        /// What stands in the way.
        why: Box<super::no_table::NoTable>,
    },

    /// A folder that was to be written is there already.
    #[error("cannot write the folder `{folder}`: {}", if *.is_folder { "it is there already, with files in it" } else { "it is a file" })]
    FolderExists {
        /// The folder asked for.
        folder: String,
        /// Whether what is there is a folder too.
        is_folder: bool,
    },

    /// The system refused to open or read the file.
    #[error("cannot read `{file}`: {}", plain(.source))]
    Read {
        /// The file being read.
        file: String,
        /// What the system said.
        source: io::Error,
    },

    /// The system refused to write the file. Nothing was left at its path.
    #[error("cannot write `{file}`: {}", unwritten(.source))]
    Write {
        /// The file being written.
        file: String,
        /// What the system said.
        source: io::Error,
    },

    /// The extension of an output tells no format, and none was given.
    #[error("cannot tell the format of `{file}`: {}", describe_extension(.extension.as_deref()))]
    UnknownOutput {
        /// The output.
        file: String,
        /// Its extension, if it has one.
        extension: Option<String>,
        /// The extensions that tell one.
        known: String,
    },

    /// The extension of an input tells no format, and none was given.
    #[error("cannot tell the format of `{file}`: {}", describe_extension(.extension.as_deref()))]
    UnknownFormat {
        /// The file asked for.
        file: String,
        /// Its extension, if it has one.
        extension: Option<String>,
        /// The extensions that tell one.
        known: String,
    },

    /// The file holds no table at all: no header line, no object.
    #[error("`{file}` is empty")]
    Empty {
        /// The file asked for.
        file: String,
    },

    /// Two columns have the same name.
    #[error("`{file}` has two columns named `{column}`: column {first} and column {second}")]
    DuplicateColumn {
        /// The file being read.
        file: String,
        /// The name that stands twice.
        column: String,
        /// Position of the first, from 1.
        first: usize,
        /// Position of the second, from 1.
        second: usize,
    },

    /// A column that was asked for is not in the table.
    #[error("`{file}` has no column `{column}`")]
    ColumnMissing {
        /// The file being read.
        file: String,
        /// The name asked for.
        column: String,
        /// The names that the file has.
        known: Vec<String>,
    },

    /// A record has more or fewer fields than the header.
    #[error("`{file}` line {line}: expected {expected} fields as in the header, found {found}")]
    FieldCount {
        /// The file being read.
        file: String,
        /// Line on which the record starts.
        line: u64,
        /// Fields in the header.
        expected: usize,
        /// Fields in this record.
        found: usize,
        /// Whether it is the first record after the header.
        first: bool,
    },

    /// The names that were given for the columns are more or fewer than the columns.
    #[error("`{file}` line {line} has {found} fields, and {expected} names were given for the columns")]
    NamesGiven {
        /// The file being read.
        file: String,
        /// Line on which the first record starts.
        line: u64,
        /// Names given.
        expected: usize,
        /// Fields in this record.
        found: usize,
    },

    /// The first bytes of the file are those of another format.
    #[error("`{file}` is not {expected}: it begins as {found}")]
    OtherFormat {
        /// The file being read.
        file: String,
        /// What it was taken for.
        expected: &'static str,
        /// What it seems to be.
        found: &'static str,
        /// The name of that format, if it can be read.
        known: Option<&'static str>,
    },

    /// A copy would be written in a packed format.
    #[error("cannot write `{file}`: outputs are not packed")]
    PackedOutput {
        /// The output.
        file: String,
    },

    /// How a CSV file is written was said of a file of another format.
    #[error("`{file}` is {format}, which has no dialects")]
    NoDialects {
        /// The file being read.
        file: String,
        /// Its format.
        format: &'static str,
    },

    /// One character would separate fields and begin lines to be skipped.
    #[error("`{mark}` cannot both separate the fields of `{file}` and begin its comments")]
    SameMark {
        /// The file being read.
        file: String,
        /// The character.
        mark: char,
    },

    /// A format that needs the whole file.
    #[error("`{file}` is {format}, which cannot be read as a stream: {why}")]
    NoStream {
        /// The file asked for.
        file: String,
        /// Its format.
        format: &'static str,
        /// What the format needs the file for.
        why: &'static str,
    },

    /// A stream has one object or one list on each line.
    #[error("`{file}` is one list over several lines, which cannot be read as a stream")]
    ListStream {
        /// The file asked for.
        file: String,
    },

    /// Text follows a quoted field before the next delimiter.
    #[error("`{file}` line {line}: text follows a closing quote{}", started(*.start, *.line))]
    StrayQuote {
        /// The file being read.
        file: String,
        /// Line of the quote.
        line: u64,
        /// Line on which the record starts.
        start: u64,
    },

    /// Text that is not UTF-8.
    #[error("`{file}` line {line}: {} is not UTF-8", describe_column(.column.as_deref()))]
    NotUtf8 {
        /// The file being read.
        file: String,
        /// Line on which the record starts.
        line: u64,
        /// The column, where known.
        column: Option<String>,
    },

    /// The file ends inside a quoted field.
    #[error("`{file}` line {line}: a quote is opened in this record and never closed")]
    OpenQuote {
        /// The file being read.
        file: String,
        /// Line on which the record starts.
        line: u64,
    },

    /// One record is too long to be held in memory.
    #[error("`{file}` line {line}: this record is longer than {} MiB", .limit >> 20)]
    RecordTooLong {
        /// The file being read.
        file: String,
        /// Line on which the record starts.
        line: u64,
        /// The limit in bytes.
        limit: usize,
    },

    /// A line that is not JSON.
    #[error("`{file}` line {line}, column {column}: invalid JSON: {message}")]
    Json {
        /// The file being read.
        file: String,
        /// The line.
        line: u64,
        /// Byte on that line, from 1.
        column: usize,
        /// What the parser said.
        message: String,
    },

    /// A line that is JSON, but not an object.
    #[error("`{file}` line {line}: expected an object, found {found}")]
    NotAnObject {
        /// The file being read.
        file: String,
        /// The line.
        line: u64,
        /// What stands there.
        found: &'static str,
    },

    /// An object has a key twice, so that nobody can tell which value is meant.
    #[error("`{file}` line {line}: the object has the key `{key}` twice")]
    RepeatedKey {
        /// The file being read.
        file: String,
        /// The line of its second value.
        line: u64,
        /// The key.
        key: String,
    },

    /// A value that is a list or an object where one plain value belongs.
    #[error("`{file}` line {line}: `{column}` holds {found}, not a plain value")]
    Nested {
        /// The file being read.
        file: String,
        /// The line.
        line: u64,
        /// The key.
        column: String,
        /// What stands there.
        found: &'static str,
    },

    /// A file that cannot be decoded.
    #[error("`{file}` is not a readable {format} file: {message}")]
    Damaged {
        /// The file being read.
        file: String,
        /// Its format.
        format: &'static str,
        /// What the decoder said.
        message: String,
    },

    /// A key comes up in a pipe after lines that were answered without it.
    #[error("`{file}` line {line}: the key `{column}` comes up here, and the lines before were answered without it")]
    LateColumn {
        /// The file being read.
        file: String,
        /// The first line with the key.
        line: u64,
        /// The key.
        column: String,
    },

    /// A pipe or a device holds more than is copied.
    #[error("`{file}` holds more than {}, which is as much as is copied of it", describe_size(*.limit))]
    CopyTooLong {
        /// The stream being read.
        file: String,
        /// The limit in bytes.
        limit: u64,
    },

    /// A column in a codec that cannot be unpacked.
    #[error("column `{column}` of `{file}` is compressed with {codec}, which cannot be read here")]
    Codec {
        /// The file being read.
        file: String,
        /// The column.
        column: String,
        /// The codec.
        codec: &'static str,
    },

    /// A column of a type that has no plain values, such as lists.
    #[error("column `{column}` of `{file}` holds {found}, not plain values")]
    UnsupportedType {
        /// The file being read.
        file: String,
        /// The column.
        column: String,
        /// Its type in plain words.
        found: String,
    },

    /// A column that was to be added is there already.
    #[error("`{file}` already has a column `{column}`")]
    ColumnExists {
        /// The file being copied.
        file: String,
        /// The column that was to be added.
        column: String,
    },

    /// An added column has more or fewer values than the table has rows.
    #[error("`{file}` has {rows} rows, but `{column}` has {values} values")]
    RowCount {
        /// The file being copied.
        file: String,
        /// The column that was to be added.
        column: String,
        /// Rows in the file.
        rows: usize,
        /// Values given.
        values: usize,
    },

    /// A new field that would not be read back as it is.
    #[error("`{text}` cannot be written beside the columns of `{file}`: {reason}")]
    NoField {
        /// The file being copied.
        file: String,
        /// The field.
        text: String,
        /// What would become of it.
        reason: &'static str,
        /// What can be done.
        help: &'static str,
    },

    /// A copy that would be taken for a file of another format.
    #[error("a copy of `{file}` would begin as {found}")]
    BeginsAs {
        /// The file being copied.
        file: String,
        /// What it would be taken for.
        found: &'static str,
    },

    /// A table that cannot be written in the format asked for.
    #[error("cannot convert `{file}` to {format}: {message}")]
    Convert {
        /// The file being copied.
        file: String,
        /// The format asked for.
        format: &'static str,
        /// What stands in the way.
        message: String,
    },

    /// The parts of an export contradict each other.
    #[error("the export does not fit together: {what} is {found}, expected {expected}")]
    MatrixShape {
        /// The part, or its length.
        what: &'static str,
        /// What it should be.
        expected: usize,
        /// What it is.
        found: usize,
    },

    /// A format of several files was to go to standard output.
    #[error("an export to `{format}` is several files and cannot go to standard output")]
    SeveralFiles {
        /// The format asked for.
        format: &'static str,
    },

    /// Rows with terms in distances, in a format of matrices.
    #[error("an export to `{format}` is a matrix, and rows with distances of predictions are none of one")]
    NoDistances {
        /// The format asked for.
        format: &'static str,
    },
}

impl DataError {
    /// An output whose path is that of a folder.
    pub fn folder_as_output(path: &Path) -> DataError {
        DataError::Write { file: path.display().to_string(), source: io::ErrorKind::IsADirectory.into() }
    }
}

/// What the system said of a file that is read, in the usual words for the usual cases.
pub fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".into(),
        io::ErrorKind::IsADirectory => "it is a folder".into(),
        io::ErrorKind::NotADirectory => "its path leads through a file, or to a folder that is not there".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => error.to_string(),
    }
}

/// The same of a file that is written, which need not be there, but in a folder that is.
fn unwritten(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such folder".into(),
        _ => plain(error),
    }
}

fn started(start: u64, line: u64) -> String {
    if start == line { String::new() } else { format!(", in a record that starts on line {start}") }
}
fn describe_size(bytes: u64) -> String {
    if bytes >= 1 << 30 { format!("{} GiB", bytes >> 30) } else { format!("{} MiB", bytes >> 20) }
}

fn describe_extension(extension: Option<&str>) -> String {
    match extension {
        Some(extension) => format!("unknown extension `.{extension}`"),
        None => "it has no extension".into(),
    }
}

fn describe_column(column: Option<&str>) -> String {
    match column {
        Some(column) => format!("the value of `{column}`"),
        None => "the text".into(),
    }
}
