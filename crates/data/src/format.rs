//! The list of formats.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

#[cfg(feature = "columnar")]
use super::arrow::{FILES, STREAMS};
use super::csv::{COMMAS, TABS};
use super::error::DataError;
use super::json::JsonLines;
#[cfg(feature = "columnar")]
use super::parquet::Parquet;
use super::table_format::TableFormat;
use super::text::{Expected, Known, Packing};

/// How a table is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Comma-separated values with a header line (RFC 4180).
    Csv,
    /// The same with tabs for commas.
    Tsv,
    /// Apache Parquet.
    #[cfg(feature = "columnar")]
    Parquet,
    /// One JSON object on each line.
    JsonLines,
    /// A file of Arrow IPC, also called Feather.
    #[cfg(feature = "columnar")]
    Arrow,
    /// The same as a stream, without a footer.
    #[cfg(feature = "columnar")]
    ArrowStream,
}

/// How many formats there are.
const COUNT: usize = if cfg!(feature = "columnar") { 6 } else { 3 };

impl Format {
    /// All formats.
    pub const ALL: [Self; COUNT] = [
        Self::Csv,
        Self::Tsv,
        #[cfg(feature = "columnar")]
        Self::Parquet,
        Self::JsonLines,
        #[cfg(feature = "columnar")]
        Self::Arrow,
        #[cfg(feature = "columnar")]
        Self::ArrowStream,
    ];

    /// What the format can do.
    pub(crate) fn table_format(self) -> &'static dyn TableFormat {
        match self {
            Self::Csv => &COMMAS,
            Self::Tsv => &TABS,
            #[cfg(feature = "columnar")]
            Self::Parquet => &Parquet,
            Self::JsonLines => &JsonLines,
            #[cfg(feature = "columnar")]
            Self::Arrow => &FILES,
            #[cfg(feature = "columnar")]
            Self::ArrowStream => &STREAMS,
        }
    }

    /// The formats that can be read bit by bit.
    pub fn streamed() -> Vec<Self> {
        Self::ALL.into_iter().filter(|format| format.table_format().streams()).collect()
    }

    /// The name by which a user asks for the format.
    pub fn name(self) -> &'static str {
        self.table_format().name()
    }

    /// What a text is expected to be that is read as this format.
    pub(crate) fn expected(self) -> Expected {
        let format = self.table_format();
        Expected { label: format.label(), delimiter: format.delimiter(), recognise }
    }

    /// The format that the extension of a path stands for.
    ///
    /// # Errors
    /// [`DataError::UnknownFormat`]
    pub fn of_path(path: &Path) -> Result<Self, DataError> {
        let extension = extension_of(path);
        Self::of_extension(extension.as_deref()).ok_or_else(|| DataError::UnknownFormat {
            file: path.display().to_string(),
            extension,
            known: known_extensions(", with .gz after them if packed"),
        })
    }

    /// The format that the name of an output stands for.
    ///
    /// # Errors
    /// [`DataError::UnknownOutput`], [`DataError::PackedOutput`], or it is a folder.
    pub fn of_output(path: &Path) -> Result<Self, DataError> {
        let (extension, file) = (extension_of(path), path.display().to_string());
        match Self::of_extension(extension.as_deref()) {
            Some(format) => Ok(format),
            None if path.is_dir() => Err(DataError::folder_as_output(path)),
            None if extension.as_deref() == Some("gz") => Err(DataError::PackedOutput { file }),
            None => Err(DataError::UnknownOutput { file, extension, known: known_extensions("") }),
        }
    }

    fn of_extension(extension: Option<&str>) -> Option<Self> {
        let extension = extension?;
        Self::ALL.into_iter().find(|format| format.table_format().extensions().contains(&extension))
    }

    /// The format that the name of an input stands for, and whether it says that the file is packed.
    pub fn of_input(path: &Path) -> Result<(Self, Packing), DataError> {
        let packed = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
        let plain = if packed { path.with_extension("") } else { path.to_path_buf() };
        let refused =
            |_| Self::of_path(path).err().unwrap_or(DataError::PackedOutput { file: path.display().to_string() });
        let format = Self::of_path(&plain).map_err(refused)?;
        match packed {
            true if !format.table_format().is_text() => Self::of_path(path).map(|format| (format, Packing::Plain)),
            true => Ok((format, Packing::Gzip)),
            false => Ok((format, Packing::Plain)),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.table_format().label())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_called = |format: &Self| format.name() == text || format.table_format().other_names().contains(&text);
        Self::ALL
            .into_iter()
            .find(is_called)
            .ok_or_else(|| format!("unknown format `{text}`; the formats are {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// The format of which a file seems to be.
fn recognise(head: &[u8]) -> Option<Known> {
    let format = Format::ALL.map(Format::table_format).into_iter().find(|format| format.recognises(head))?;
    Some(Known { label: format.label(), name: format.name() })
}

/// In lower case.
fn extension_of(path: &Path) -> Option<String> {
    path.extension().map(|extension| extension.to_string_lossy().to_lowercase())
}

/// `.csv, .tsv and .jsonl, with .gz behind them if packed, and .parquet`, where `packed` is what is said of those that are text.
fn known_extensions(packed: &str) -> String {
    let of = |is_text: bool| -> Vec<String> {
        let formats = Format::ALL.map(Format::table_format).into_iter().filter(|format| format.is_text() == is_text);
        formats.flat_map(|format| format.extensions()).map(|end| format!(".{end}")).collect()
    };
    let list = |ends: Vec<String>| match ends.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => ends.concat(),
    };
    match of(false) {
        others if others.is_empty() => list(of(true)) + packed,
        others if packed.is_empty() => list(of(true).into_iter().chain(others).collect()),
        others => format!("{}{packed}, and {}", list(of(true)), list(others)),
    }
}
