//! How the data of a command are stored: their format, and the dialect of CSV files that are not written as most are.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::data::{DataError, Decimal, Dialect, Encoding, Format, Header, Source, TableStream, is_standard_input};
use crate::source::typed;

/// Where `-h` lists the options of dialects.
const DIALECT: &str = "Dialect of CSV and TSV data";

/// The names of all formats, with something before each: `.csv, .tsv or .parquet`.
pub fn formats(before: &str) -> String {
    formats_of(&Format::ALL, before)
}

/// The names of these formats.
pub fn formats_of(formats: &[Format], before: &str) -> String {
    let names: Vec<String> = formats.iter().map(|format| format!("{before}{}", format.name())).collect();
    names.split_last().map_or_else(String::new, |(last, rest)| format!("{} or {last}", rest.join(", ")))
}

/// The help of `--data-format` where the data are in one of the formats of these names.
pub fn format_help(names: &str) -> String {
    format!("The format, where the extension does not tell it: {names}")
}

/// The arguments that say how data are stored.
#[derive(Clone, Debug, clap::Args)]
pub struct Form {
    #[arg(long, value_name = "FORMAT", help = format_help(&formats("")))]
    pub data_format: Option<Format>,
    /// What separates fields: one character, or `\t`
    #[arg(long, value_name = "CHAR", value_parser = byte, help_heading = DIALECT)]
    pub delimiter: Option<u8>,
    /// Texts that are nulls, beside the empty one: `--null NA,?`
    #[arg(long, value_name = "TEXT,..", value_delimiter = ',', help_heading = DIALECT)]
    pub null: Vec<String>,
    /// Leave out spaces and tabs around values and names
    #[arg(long, help_heading = DIALECT)]
    pub trim: bool,
    /// What stands before the fraction of a number: `.` or `,`
    #[arg(long, value_name = "CHAR", value_parser = decimal, default_value = ".", hide_default_value = true, help_heading = DIALECT)]
    pub decimal: Decimal,
    /// The first line is data; the columns are called `1`, `2`, ..
    #[arg(long, help_heading = DIALECT)]
    pub no_header: bool,
    /// The first line is data; the columns have these names
    #[arg(long, value_name = "NAME,..", value_delimiter = ',', conflicts_with = "no_header", help_heading = DIALECT)]
    pub header: Vec<String>,
    /// Skip lines that begin with this character
    #[arg(long, value_name = "CHAR", value_parser = byte, help_heading = DIALECT)]
    pub comment: Option<u8>,
    /// Quotes are ordinary characters
    #[arg(long, help_heading = DIALECT)]
    pub no_quotes: bool,
    /// How characters are stored: utf-8, latin-1, windows-1252 or utf-16
    #[arg(long, value_name = "NAME", default_value = "utf-8", hide_default_value = true, help_heading = DIALECT)]
    pub encoding: Encoding,
}

fn byte(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" | b"tab" => Ok(b'\t'),
        [b'"' | b'\n' | b'\r'] => Err("quotes and line ends have a meaning of their own".to_owned()),
        [byte] if byte.is_ascii() => Ok(*byte),
        _ => Err("give one ASCII character, or `\\t`".to_owned()),
    }
}

fn decimal(text: &str) -> Result<Decimal, String> {
    match text {
        "." => Ok(Decimal::Point),
        "," => Ok(Decimal::Comma),
        _ => Err("give `.` or `,`".to_owned()),
    }
}

impl Form {
    pub fn dialect(&self) -> Dialect {
        Dialect {
            delimiter: self.delimiter,
            nulls: self.null.clone(),
            trim: self.trim,
            decimal: self.decimal,
            header: match self.header.as_slice() {
                [] if self.no_header => Header::Numbers,
                [] => Header::FirstRecord,
                names => Header::Names(names.to_vec()),
            },
            comment: self.comment,
            quotes: !self.no_quotes,
            encoding: self.encoding,
        }
    }

    /// The arguments again, for another command on the same data; a blank before each.
    pub fn repeated(&self) -> String {
        let usual = Dialect::default();
        let byte = |byte: u8| if byte == b'\t' { "\\t".to_owned() } else { char::from(byte).to_string() };
        let texts = |texts: &[String]| (!texts.is_empty()).then(|| texts.join(","));
        let values = [
            ("data-format", self.data_format.map(|format| format.name().to_owned())),
            ("delimiter", self.delimiter.map(byte)),
            ("null", texts(&self.null)),
            ("decimal", (self.decimal != usual.decimal).then(|| ",".to_owned())),
            ("header", texts(&self.header)),
            ("comment", self.comment.map(byte)),
            ("encoding", (self.encoding != usual.encoding).then(|| self.encoding.name().to_owned())),
        ];
        let values = values.into_iter().filter_map(|(name, value)| Some(format!(" --{name} {}", typed(&value?))));
        let flags = [("trim", self.trim), ("no-header", self.no_header), ("no-quotes", self.no_quotes)];
        let flags = flags.into_iter().filter(|(_, set)| *set).map(|(name, _)| format!(" --{name}"));
        values.chain(flags).collect()
    }

    /// The dialect as arguments, but for what a copy does not keep.
    pub fn of_copies(&self) -> String {
        let copies = Form { data_format: None, encoding: Encoding::default(), ..self.clone() };
        copies.repeated().trim_start().to_owned()
    }

    /// Opens data that are read as a whole.
    pub fn open(&self, data: &Path) -> Result<Source, DataError> {
        Source::open_as(data, self.data_format, &self.dialect())
    }

    /// Opens data that are read batch by batch another time, from their beginning; none if they come but once.
    pub fn stream_again(&self, data: &Path) -> Option<TableStream> {
        if !is_standard_input(data) {
            let again = data.metadata().is_ok_and(|meta| meta.is_file());
            return again.then(|| self.stream(data).ok()).flatten();
        }
        // A file that is opened again has a place of its own; elsewhere it might share the place of standard input.
        let path = Path::new("/proc/self/fd/0");
        let again = cfg!(target_os = "linux") && path.metadata().is_ok_and(|meta| meta.is_file());
        let file = File::open(path).ok().filter(|_| again)?;
        let format = self.data_format.unwrap_or(Format::Csv);
        TableStream::open("standard input", Box::new(file), format, &self.dialect()).ok()
    }

    /// Opens data that are read batch by batch.
    pub fn stream(&self, data: &Path) -> Result<TableStream, DataError> {
        let dialect = self.dialect();
        if is_standard_input(data) {
            let format = self.data_format.unwrap_or(Format::Csv);
            return TableStream::open("standard input", Box::new(io::stdin()), format, &dialect);
        }
        let name = data.display().to_string();
        let known = Format::of_input(data).map(|(format, _)| format);
        let format = match (self.data_format, known) {
            (Some(format), _) => format,
            (None, Err(_)) if dialect != Dialect::default() || !is_named(data) => Format::Csv,
            (None, known) => known?,
        };
        if data.is_dir() {
            return Err(DataError::Directory { file: name });
        }
        let file = File::open(data).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => DataError::NotFound { file: name.clone() },
            _ => DataError::Read { file: name.clone(), source },
        })?;
        TableStream::open(&name, Box::new(file), format, &dialect)
    }
}

/// Whether the name of data may tell their format: not that of a pipe, or of a file handed over as a descriptor.
fn is_named(data: &Path) -> bool {
    !data.starts_with("/dev") && data.metadata().map_or(true, |meta| meta.is_file())
}
