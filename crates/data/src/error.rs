//! What can go wrong while tables are read and written.

use std::io;

use super::hint::{header_hint, list_columns};

/// Why a table could not be read, or an output could not be written.
///
/// Files, columns and values are named as the user wrote them; lines and columns count from 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The path names nothing.
    #[error("`{file}` does not exist")]
    NotFound {
        /// The file asked for.
        file: String,
    },

    /// The path names a directory.
    #[error("`{file}` is a directory, not a data file")]
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
    #[error("cannot read `{file}`: {source}")]
    Read {
        /// The file being read.
        file: String,
        /// What the system said.
        source: io::Error,
    },

    /// The system refused to write the file. Nothing was left at its path.
    #[error("cannot write `{file}`: {source}")]
    Write {
        /// The file being written.
        file: String,
        /// What the system said.
        source: io::Error,
    },

    /// The extension of the path tells no format, and none was given.
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
    /// What the user can do about it, in one sentence.
    pub fn help(&self) -> String {
        match self {
            Self::NotFound { .. } => "check the spelling and the working directory".into(),
            Self::Directory { .. } => "name one file in it".into(),
            Self::Folder { why, .. } => why.help(),
            Self::FolderExists { .. } => "name another folder, or remove this one".into(),
            Self::Read { .. } => "check that the file can be read and is complete".into(),
            Self::Write { source, .. } if source.kind() == io::ErrorKind::ResourceBusy => {
                "wait for its end, or name another output".into()
            }
            Self::Write { source, .. } if source.kind() == io::ErrorKind::FileTooLarge => {
                "the limit on the length of files, `ulimit -f`, is too low, or the file system holds none that long"
                    .into()
            }
            Self::Write { .. } => "check that the directory exists, can be written to and has room".into(),
            Self::UnknownFormat { extension, known, .. } => {
                let known = format!("the known extensions are {known}");
                match extension.as_deref() {
                    Some("zst" | "bz2" | "xz" | "zip") => format!("unpack it first; {known}"),
                    Some("xls" | "xlsx" | "xlsm" | "xlsb" | "ods") => format!("save the workbook as CSV; {known}"),
                    Some("html" | "htm" | "xml" | "pdf") => format!("save the table in it as CSV; {known}"),
                    Some("orc" | "h5" | "pkl" | "rds" | "sav" | "dta" | "sas7bdat") => {
                        format!("save the table as Parquet or CSV; {known}")
                    }
                    _ => format!("{known}; or name the format, for example `--data-format csv`"),
                }
            }
            Self::NamesGiven { .. } => "give one name for each field".into(),
            Self::OtherFormat { expected: "gzip", .. } => "leave `.gz` out of its name if it is not packed".into(),
            Self::OtherFormat { known: Some(name), .. } => format!("name the format, `--data-format {name}`"),
            Self::OtherFormat { found, .. } => match *found {
                "gzip" => "let its name end in `.gz`, as in `data.csv.gz`, or unpack it: `gunzip`".into(),
                "UTF-16" => "name the encoding, `--encoding utf-16`, or save the file as UTF-8".into(),
                "Zstandard" | "bzip2" | "xz" => "unpack it first".into(),
                found if found.starts_with("a ZIP") => "unpack it first; save a workbook as CSV".into(),
                "HTML" => "this is a page and not the file behind it: download that, or save the table as CSV".into(),
                found if found.contains("workbook") => "save the workbook as CSV".into(),
                "the first version of Feather" => "write it again, in Python `df.to_feather(path)`".into(),
                _ => "save the table as CSV or Parquet".into(),
            },
            Self::PackedOutput { .. } => "leave `.gz` out, and pack the output with `gzip`".into(),
            Self::SameMark { .. } => "give another character with `--comment` or `--delimiter`".into(),
            Self::NoDialects { .. } => "leave the options for CSV out".into(),
            Self::NoStream { .. } => {
                "answer the whole table with `fairc project`, or save it as CSV or JSON Lines".into()
            }
            Self::ListStream { .. } => "write one object on each line, or answer it whole with `fairc project`".into(),
            Self::StrayQuote { .. } => {
                "close the quote before the delimiter, and write a quote inside a quoted field twice; where quotes are \
                 characters as others, `--no-quotes`"
                    .into()
            }
            Self::Empty { .. } => "a table needs at least a header line, or one object".into(),
            Self::DuplicateColumn { .. } => "rename one of them".into(),
            Self::ColumnMissing { known, .. } => header_hint(known).unwrap_or_else(|| list_columns(known)),
            Self::FieldCount { first: true, expected, found, .. } if *found == expected + 1 => {
                "if the first field is the name of the row, as R writes it, give the header a name for it: \
                 `write.csv` and `col.names = NA` do"
                    .into()
            }
            Self::FieldCount { expected, found, .. } if found > expected => {
                "put quotes around values that contain the delimiter".into()
            }
            Self::FieldCount { .. } => "fill the missing fields; an empty field is a null".into(),
            Self::NotUtf8 { .. } => {
                "save the file as UTF-8, or name its encoding, such as `--encoding windows-1252`".into()
            }
            Self::OpenQuote { .. } | Self::RecordTooLong { .. } => {
                "close the quote; a quote inside a quoted field is written twice".into()
            }
            Self::Json { message, .. } if message.contains("NaN or Infinity") => {
                "JSON has no NaN and no infinity: write null, or leave the key out".into()
            }
            Self::Json { .. } | Self::NotAnObject { .. } => {
                "a table is one object on each line, or one list of objects".into()
            }
            Self::Nested { .. } => "give the inner value a key of its own".into(),
            Self::Damaged { .. } => "check that the file was copied completely".into(),
            Self::LateColumn { column, .. } => {
                format!(
                    "give the data as a file, which is looked through first, or let `{column}` be null in the first line"
                )
            }
            Self::CopyTooLong { .. } => "write the table to a file and name that".into(),
            Self::Codec { .. } => {
                "write the file again with Zstandard or Snappy, in Python `df.to_parquet(path, compression=\"zstd\")`"
                    .into()
            }
            Self::UnsupportedType { .. } => "store numbers, text or booleans in this column".into(),
            Self::ColumnExists { .. } => "rename the column, or ask for it to be replaced".into(),
            Self::RowCount { .. } => "the file seems to have changed while it was being read; run again".into(),
            Self::NoField { help, .. } => (*help).into(),
            Self::BeginsAs { .. } => "rename the first column, or write the output in another format".into(),
            Self::Convert { .. } => "write the output in another format, such as that of the input".into(),
            Self::MatrixShape { .. } => "this is a mistake in the program, please report it".into(),
            Self::SeveralFiles { .. } => "name a file, or use another format".into(),
            Self::NoDistances { .. } => "`json`, `mps` and `lp` have a form for them".into(),
        }
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
