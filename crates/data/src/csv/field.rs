//! New fields in a file of any dialect.

use crate::dialect::Dialect;
use crate::error::DataError;
use crate::text::BYTE_ORDER_MARK;

/// Where a field stands in its record.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// It is the only one.
    Alone,
    First,
    Later,
}

/// Why a field would not be read back as it is, and what helps.
struct Trouble {
    reason: &'static str,
    help: &'static str,
}

const IS_NULL: Trouble =
    Trouble { reason: "it is one of the texts for nulls", help: "leave it out of these, or write another format" };
const IS_TRIMMED: Trouble =
    Trouble { reason: "the spaces around it would be left out", help: "give the column a name without them" };
/// What quotes would help against.
const QUOTES: &str = "let quotes enclose fields, or give the data in another format, such as JSON Lines";

/// Appends fields to records of a file, so that each is read back as one field.
pub(super) struct Fields<'a> {
    pub file: &'a str,
    pub delimiter: u8,
    pub dialect: &'a Dialect,
}

impl Fields<'_> {
    /// Fails if numbers cannot be written at all. Asked before anything is written.
    ///
    /// # Errors
    /// [`DataError::NoField`]
    pub fn check(&self) -> Result<(), DataError> {
        let mut out = Vec::new();
        self.dialect.write_number(-0.5, &mut out);
        self.enclose(0, Place::Later, &mut out)
    }

    /// Appends the name of a column.
    ///
    /// # Errors
    /// [`DataError::NoField`]
    pub fn name(&self, name: &str, place: Place, out: &mut Vec<u8>) -> Result<(), DataError> {
        if self.dialect.name(name) != name {
            return Err(self.refused(name.as_bytes(), IS_TRIMMED));
        }
        let start = out.len();
        out.extend_from_slice(name.as_bytes());
        self.enclose(start, place, out)
    }

    /// Appends a number.
    ///
    /// # Errors
    /// [`DataError::NoField`]
    pub fn number(&self, value: f64, place: Place, out: &mut Vec<u8>) -> Result<(), DataError> {
        let start = out.len();
        self.dialect.write_number(value, out);
        let field = out.get(start..).unwrap_or_default();
        if self.dialect.nulls.iter().any(|null| null.as_bytes() == field) {
            return Err(self.refused(field, IS_NULL));
        }
        self.enclose(start, place, out)
    }

    /// Appends a null.
    ///
    /// # Errors
    /// [`DataError::NoField`]
    pub fn null(&self, place: Place, out: &mut Vec<u8>) -> Result<(), DataError> {
        self.enclose(out.len(), place, out)
    }

    /// Puts what was appended from `start` on into quotes, if it needs them.
    fn enclose(&self, start: usize, place: Place, out: &mut Vec<u8>) -> Result<(), DataError> {
        let field = out.get(start..).unwrap_or_default();
        let unquoted = self.unquoted(field, place);
        if !self.dialect.quotes {
            return unquoted.map_or(Ok(()), |reason| Err(self.refused(field, Trouble { reason, help: QUOTES })));
        }
        if unquoted.is_some() || field.contains(&b'"') {
            let doubled = |byte: &u8| std::iter::repeat_n(*byte, if *byte == b'"' { 2 } else { 1 });
            let quoted: Vec<u8> = field.iter().flat_map(doubled).collect();
            out.truncate(start);
            out.push(b'"');
            out.extend_from_slice(&quoted);
            out.push(b'"');
        }
        Ok(())
    }

    /// What would become of a field without quotes, if it would not be read back.
    fn unquoted(&self, field: &[u8], place: Place) -> Option<&'static str> {
        let divides = |byte: &u8| *byte == self.delimiter || b"\r\n".contains(byte);
        if field.iter().any(divides) {
            return Some("without quotes it would end at a delimiter or a line end");
        }
        match place {
            Place::Later => None,
            Place::Alone if field.is_empty() => Some("without quotes its line would be blank, which is no row"),
            _ if field.first().is_some_and(|byte| Some(*byte) == self.dialect.comment) => {
                Some("without quotes its line would be a comment")
            }
            _ => field.starts_with(BYTE_ORDER_MARK).then_some("without quotes its byte order mark would be left out"),
        }
    }

    fn refused(&self, field: &[u8], trouble: Trouble) -> DataError {
        let text = String::from_utf8_lossy(if field.is_empty() { b"null" } else { field }).into_owned();
        DataError::NoField { file: self.file.to_owned(), text, reason: trouble.reason, help: trouble.help }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Decimal;

    fn written(delimiter: u8, dialect: Dialect) -> impl Fn(&str, Place) -> Result<String, String> {
        move |text, place| {
            let mut out = b"before".to_vec();
            let fields = Fields { file: "f", delimiter, dialect: &dialect };
            match text.parse() {
                Ok(value) => fields.number(value, place, &mut out),
                Err(_) if text.is_empty() => fields.null(place, &mut out),
                Err(_) => fields.name(text, place, &mut out),
            }
            .map_err(|error| error.to_string())?;
            Ok(String::from_utf8(out).unwrap().strip_prefix("before").unwrap().to_owned())
        }
    }

    #[test]
    fn fields_are_quoted_where_they_would_not_be_read_back() {
        let commas = written(b',', Dialect::default());
        let cases = [
            ("a b", "a b"),
            ("a,\"b", "\"a,\"\"b\""),
            ("a\"b", "\"a\"\"b\""),
            ("a\nb", "\"a\nb\""),
            ("0.5", "0.5"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(commas(text, Place::First).unwrap(), expected);
        }
        assert_eq!(commas("", Place::Alone).unwrap(), "\"\"");
        assert_eq!(written(b'\t', Dialect::default())("a,b", Place::Later).unwrap(), "a,b");

        let comma = Dialect { decimal: Decimal::Comma, ..Dialect::default() };
        assert_eq!(written(b',', comma.clone())("-0.5", Place::Later).unwrap(), "\"-0,5\"");
        assert_eq!(written(b',', comma.clone())("2", Place::Later).unwrap(), "2");
        assert_eq!(written(b';', comma)("-0.5", Place::Later).unwrap(), "-0,5");

        let comment = written(b',', Dialect { comment: Some(b'-'), ..Dialect::default() });
        assert_eq!(comment("-0.5", Place::First).unwrap(), "\"-0.5\"");
        assert_eq!(comment("-0.5", Place::Later).unwrap(), "-0.5");
        assert_eq!(commas("\u{feff}a", Place::First).unwrap(), "\"\u{feff}a\"");
    }

    #[test]
    fn what_is_read_as_something_else_is_refused() {
        let nulls = written(b',', Dialect { nulls: vec!["0.5".into(), "1".into()], ..Dialect::default() });
        let trim = written(b',', Dialect { trim: true, ..Dialect::default() });
        assert_eq!(nulls("0.25", Place::Later).unwrap(), "0.25");
        let refused = [nulls("0.5", Place::Later), nulls("1", Place::First), trim(" a", Place::Later)];
        insta::assert_snapshot!(refused.map(Result::unwrap_err).join("\n"), @r"
        `0.5` cannot be written beside the columns of `f`: it is one of the texts for nulls
        `1` cannot be written beside the columns of `f`: it is one of the texts for nulls
        ` a` cannot be written beside the columns of `f`: the spaces around it would be left out
        ");
    }

    #[test]
    fn without_quotes_such_fields_are_refused() {
        let quotes_off = |decimal, comment| Dialect { quotes: false, decimal, comment, ..Dialect::default() };
        let commas = written(b',', quotes_off(Decimal::Comma, Some(b'-')));
        assert_eq!(commas("a\"b", Place::First).unwrap(), "a\"b");
        let refused = [("a,b", Place::Later), ("0.5", Place::Later), ("", Place::Alone), ("-5", Place::First)];
        insta::assert_snapshot!(refused.map(|(text, place)| commas(text, place).unwrap_err()).join("\n"), @r"
        `a,b` cannot be written beside the columns of `f`: without quotes it would end at a delimiter or a line end
        `0,5` cannot be written beside the columns of `f`: without quotes it would end at a delimiter or a line end
        `null` cannot be written beside the columns of `f`: without quotes its line would be blank, which is no row
        `-5` cannot be written beside the columns of `f`: without quotes its line would be a comment
        ");
    }
}
