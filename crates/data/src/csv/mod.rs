//! Comma- and tab-separated values.
//!
//! Fields are text exactly as written: nothing is guessed about types and no space is trimmed, so `007` and `0.10`
//! stay what they are. An empty field is a null, quoted or not, as in pandas and Arrow; fields of white space are
//! text. Blank lines are skipped. `\n`, `\r\n` and a lone `\r` end a record, but lines are counted by `\n`. A UTF-8
//! byte order mark is skipped. Only the columns that are read have to be UTF-8.

mod read;
mod records;

use std::fs::File;

pub(super) use read::Reader;
pub(super) use records::Records;

use super::error::DataError;
use super::source::Format;

/// The names in the first record.
pub(super) fn read_header(name: &str, file: File, format: Format) -> Result<Vec<String>, DataError> {
    let mut records = Records::new(name, file, format);
    let Some(record) = records.next()? else {
        return Err(DataError::Empty { file: name.to_owned() });
    };
    let names = record.fields().map(|field| std::str::from_utf8(field).map(str::to_owned));
    names.collect::<Result<_, _>>().map_err(|_| DataError::NotUtf8 {
        file: name.to_owned(),
        line: record.line,
        column: None,
    })
}

/// A field as it is written in a file.
pub(super) fn quote(text: &str, delimiter: u8) -> Vec<u8> {
    let needed = text.is_empty() || text.bytes().any(|byte| byte == delimiter || b"\"\r\n".contains(&byte));
    if needed { format!("\"{}\"", text.replace('"', "\"\"")).into_bytes() } else { text.as_bytes().to_vec() }
}
