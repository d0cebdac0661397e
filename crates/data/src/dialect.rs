//! How a CSV or TSV file is written, where it is not written as most are.

use std::borrow::Cow;
use std::io::Write;

use super::column::Shortest;
use super::error::DataError;

/// The habits of a CSV or TSV file. The default is RFC 4180 with a header line, in UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// What separates fields; by default what the format says.
    pub delimiter: Option<u8>,
    /// Texts that are nulls, beside the empty one.
    pub nulls: Vec<String>,
    /// Whether spaces and tabs around values and names are no part of them.
    pub trim: bool,
    /// What stands between the digits of a number: a point or a comma.
    pub decimal: Decimal,
    /// Where the names of the columns stand.
    pub header: Header,
    /// Lines that begin with this byte are skipped.
    pub comment: Option<u8>,
    /// Whether quotes enclose fields; else they are characters as others.
    pub quotes: bool,
    /// How characters are stored.
    pub encoding: Encoding,
}

/// The mark before the fractional part of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Decimal {
    /// `0.5`
    #[default]
    Point,
    /// `0,5`
    Comma,
}

/// Where the names of the columns stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Header {
    /// In the first record.
    #[default]
    FirstRecord,
    /// Nowhere: the columns are called `1`, `2`, and so on.
    Numbers,
    /// Nowhere in the file; they are these.
    Names(Vec<String>),
}

/// How the characters of a file are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// ISO 8859-1: each byte is the character of that number.
    Latin1,
    /// Latin-1 with quotes, dashes and the euro in place of control characters.
    Windows1252,
    /// UTF-16; the byte order mark tells the order, without one it is little-endian.
    Utf16,
}

impl Encoding {
    /// All encodings.
    pub const ALL: [Self; 4] = [Self::Utf8, Self::Latin1, Self::Windows1252, Self::Utf16];

    /// The name by which a user asks for the encoding.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Latin1 => "latin-1",
            Self::Windows1252 => "windows-1252",
            Self::Utf16 => "utf-16",
        }
    }
}

impl std::str::FromStr for Encoding {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = text.to_lowercase().replace('_', "-");
        match plain.as_str() {
            "utf-8" | "utf8" => Ok(Self::Utf8),
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" => Ok(Self::Latin1),
            "windows-1252" | "cp1252" => Ok(Self::Windows1252),
            "utf-16" | "utf16" | "utf-16le" | "utf-16be" => Ok(Self::Utf16),
            _ => Err(format!("unknown encoding; the encodings are {}", Self::ALL.map(Self::name).join(", "))),
        }
    }
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            delimiter: None,
            nulls: Vec::new(),
            trim: false,
            decimal: Decimal::Point,
            header: Header::FirstRecord,
            comment: None,
            quotes: true,
            encoding: Encoding::Utf8,
        }
    }
}

impl Dialect {
    /// The byte between fields, in a format where that is `usual`.
    pub(super) fn delimiter(&self, usual: Option<u8>) -> u8 {
        self.delimiter.or(usual).unwrap_or(b',')
    }

    /// Whether values are what stands in their fields.
    pub(super) fn is_plain(&self) -> bool {
        self.nulls.is_empty() && !self.trim && self.decimal == Decimal::Point
    }

    /// The value that a field stands for; empty for a null.
    pub(super) fn value<'a>(&self, field: &'a [u8]) -> Cow<'a, [u8]> {
        let field = if self.trim { trimmed(field) } else { field };
        if self.nulls.iter().any(|null| null.as_bytes() == field) {
            return Cow::Borrowed(&[]);
        }
        match (self.decimal, decimal_comma(field)) {
            (Decimal::Comma, Some(at)) => {
                let mut number = field.to_vec();
                number.iter_mut().skip(at).take(1).for_each(|byte| *byte = b'.');
                Cow::Owned(number)
            }
            _ => Cow::Borrowed(field),
        }
    }

    /// A name as it is read.
    pub(super) fn name<'a>(&self, name: &'a str) -> &'a str {
        if self.trim { name.trim_matches([' ', '\t']) } else { name }
    }

    /// Appends a number as it is written into a field.
    pub(super) fn write_number(&self, value: f64, out: &mut Vec<u8>) {
        let start = out.len();
        let _infallible = write!(out, "{}", Shortest(value));
        if self.decimal == Decimal::Comma {
            out.iter_mut().skip(start).filter(|byte| **byte == b'.').for_each(|byte| *byte = b',');
        }
    }

    /// The names of the columns, given the fields of the first record, which is on `line` of `file`.
    pub(super) fn names<'a>(
        &self,
        fields: impl Iterator<Item = &'a [u8]>,
        file: &str,
        line: u64,
    ) -> Result<Vec<String>, DataError> {
        match &self.header {
            Header::FirstRecord => fields
                .map(|field| std::str::from_utf8(field).map(|name| self.name(name).to_owned()))
                .collect::<Result<_, _>>()
                .map_err(|_| DataError::NotUtf8 { file: file.to_owned(), line, column: None }),
            Header::Numbers => Ok((1..=fields.count()).map(|number| number.to_string()).collect()),
            Header::Names(names) => {
                let found = fields.count();
                if found != names.len() {
                    return Err(DataError::NamesGiven { file: file.to_owned(), line, expected: names.len(), found });
                }
                Ok(names.iter().map(|name| self.name(name).to_owned()).collect())
            }
        }
    }
}

fn trimmed(field: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = field.iter().position(|byte| !is_space(byte)).unwrap_or(field.len());
    let end = field.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    field.get(start..end).unwrap_or_default()
}

/// Where the comma of a number such as `-0,5` or `1,5e3` stands, if the field is one.
pub fn decimal_comma(field: &[u8]) -> Option<usize> {
    let at = field.iter().position(|&byte| byte == b',')?;
    let (before, after) = (field.get(..at)?, field.get(at + 1..)?);
    let whole = before.strip_prefix(b"-").or(before.strip_prefix(b"+")).unwrap_or(before);
    let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let exponent = match after.get(digits..)? {
        [] => true,
        [b'e' | b'E', rest @ ..] => {
            let rest = rest.strip_prefix(b"-").or(rest.strip_prefix(b"+")).unwrap_or(rest);
            !rest.is_empty() && rest.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    };
    (whole.iter().all(u8::is_ascii_digit) && !whole.is_empty() && digits > 0 && exponent).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_in_fields() {
        let dialect =
            Dialect { nulls: vec!["NA".into(), "?".into()], trim: true, decimal: Decimal::Comma, ..Dialect::default() };
        let value = |field: &str| String::from_utf8(dialect.value(field.as_bytes()).into_owned()).unwrap();
        let fields = [" a b\t", " ? ", "NA", "NAN", "-0,50", "1,5e-3", "1,2,3", ",5", "5,", "a,b", " ", ""];
        assert_eq!(fields.map(value), ["a b", "", "", "NAN", "-0.50", "1.5e-3", "1,2,3", ",5", "5,", "a,b", "", ""]);
    }

    #[test]
    fn encodings_have_their_usual_names() {
        for encoding in Encoding::ALL {
            assert_eq!(encoding.name().parse(), Ok(encoding));
        }
        assert_eq!("ISO_8859-1".parse(), Ok(Encoding::Latin1));
        assert!("ebcdic".parse::<Encoding>().is_err());
    }
}
