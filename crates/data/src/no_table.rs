//! What keeps a folder from being a table.

use std::fmt;

/// Why a folder is not a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoTable {
    /// It has no Parquet files.
    NoFiles,
    /// It has a folder of this name.
    Folder { name: String },
    /// It has this file, which is not Parquet, and some more.
    Foreign { name: String, more: usize },
    /// What is in it says which files are parts of the table.
    Log { name: String },
    /// It is being written, or was when the writer died.
    Unfinished { name: String },
    /// The columns of two files differ.
    Differs { file: String, found: String, first: String, expected: String },
}

impl fmt::Display for NoTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFiles => f.write_str("it has no Parquet files"),
            Self::Folder { name } => write!(f, "it has a folder `{name}`, and only files are read"),
            Self::Foreign { name, more: 0 } => write!(f, "`{name}` in it is not a Parquet file"),
            Self::Foreign { name, more } => write!(f, "`{name}` and {more} more in it are not Parquet files"),
            Self::Log { name } => write!(f, "it has `{name}`, which says which of its files are part of the table"),
            Self::Unfinished { name } => write!(f, "it has `{name}`, so it may not be written to its end"),
            Self::Differs { file, found, first, expected } => {
                write!(f, "`{file}` has {found}, where `{first}` has {expected}")
            }
        }
    }
}

impl NoTable {
    /// What the user can do about it.
    pub(crate) fn help(&self) -> String {
        match self {
            Self::NoFiles => "name one file, or a folder of files that end in `.parquet`".into(),
            Self::Folder { name } if name.contains('=') => {
                "the names of such folders hold a column; write the files into one folder with that column in them, in DuckDB \
                 `COPY (FROM read_parquet('FOLDER/**/*.parquet', hive_partitioning = true)) TO 'people.parquet'`"
                    .into()
            }
            Self::Folder { .. } => "name one folder with the files, or move the other away".into(),
            Self::Foreign { .. } => "name a folder of Parquet files, or move other files away".into(),
            Self::Log { .. } => {
                "read the table in the engine that keeps it, in Python with `fairc.warehouse`, or write it as Parquet".into()
            }
            Self::Unfinished { .. } => "wait until it is, or write it again".into(),
            Self::Differs { .. } => "write all files with the same columns, of the same types and in the same order".into(),
        }
    }
}
