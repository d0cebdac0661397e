//! Comma- and tab-separated values.
//!
//! Fields are text exactly as written: nothing is guessed about types and no space is trimmed, so `007` and `0.10`
//! stay what they are. An empty field is a null, quoted or not, as in pandas and Arrow; fields of white space are
//! text. Blank lines are skipped. `\n`, `\r\n` and a lone `\r` end a record and a line. A UTF-8 byte order mark is skipped.
//! Only the columns that are read have to be UTF-8. A [`Dialect`] says what is otherwise.

mod read;
mod records;

pub(super) use read::Reader;
pub(super) use records::Records;

use super::dialect::Dialect;
use super::error::DataError;
use super::source::Format;
use super::text::Text;

/// The names of the columns.
pub(super) fn read_header(name: &str, text: Text, format: Format, dialect: &Dialect) -> Result<Vec<String>, DataError> {
    let mut records = Records::new(name, text, format, dialect);
    let Some(record) = records.next()? else {
        return Err(DataError::Empty { file: name.to_owned() });
    };
    dialect.names(record.fields(), name, record.line)
}

/// A field as it is written in a file.
pub(super) fn quote(text: &str, delimiter: u8) -> Vec<u8> {
    let needed = text.is_empty() || text.bytes().any(|byte| byte == delimiter || b"\"\r\n".contains(&byte));
    if needed { format!("\"{}\"", text.replace('"', "\"\"")).into_bytes() } else { text.as_bytes().to_vec() }
}
