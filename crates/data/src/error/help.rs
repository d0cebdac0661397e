//! What the user can do about each error.

use std::io;

use super::DataError;
use crate::hint::{header_hint, list_columns};

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
            Self::Write { source, .. } if source.kind() == io::ErrorKind::IsADirectory => "name a file in it".into(),
            Self::Write { source, .. }
                if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
            {
                "make the folder, or name another".into()
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
            Self::UnknownOutput { known, .. } => {
                format!("the known extensions are {known}; or name the format, for example `--output-format csv`")
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
            Self::RepeatedKey { .. } => "rename one of the two, or leave it out".into(),
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
