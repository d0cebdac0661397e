//! New fields in a file that has habits of its own.

use crate::dialect::Dialect;
use crate::error::DataError;

/// Where a field stands in its record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It is the only one.
    Alone,
    First,
    Later,
}

/// Appends fields to records of a file, so that each is read back as one field.
pub(super) struct Fields<'a> {
    pub file: &'a str,
    pub delimiter: u8,
    pub dialect: &'a Dialect,
}

impl Fields<'_> {
    /// Appends the name of a column.
    ///
    /// # Errors
    /// [`DataError::Unquoted`]
    pub fn name(&self, name: &str, place: Place, out: &mut Vec<u8>) -> Result<(), DataError> {
        let start = out.len();
        out.extend_from_slice(name.as_bytes());
        self.enclose(start, place, out)
    }

    /// Appends a number.
    ///
    /// # Errors
    /// [`DataError::Unquoted`]
    pub fn number(&self, value: f64, place: Place, out: &mut Vec<u8>) -> Result<(), DataError> {
        let start = out.len();
        self.dialect.write_number(value, out);
        self.enclose(start, place, out)
    }

    /// Appends a null.
    ///
    /// # Errors
    /// [`DataError::Unquoted`]
    pub fn null(&self, place: Place, out: &mut Vec<u8>) -> Result<(), DataError> {
        self.enclose(out.len(), place, out)
    }

    /// Puts what was appended from `start` on into quotes, if it needs them.
    fn enclose(&self, start: usize, place: Place, out: &mut Vec<u8>) -> Result<(), DataError> {
        let field = out.get(start..).unwrap_or_default();
        let trouble = self.trouble(field, place);
        if !self.dialect.quotes {
            let text = || String::from_utf8_lossy(if field.is_empty() { b"null" } else { field }).into_owned();
            let refused = |reason| DataError::Unquoted { file: self.file.to_owned(), text: text(), reason };
            return trouble.map_or(Ok(()), |reason| Err(refused(reason)));
        }
        if trouble.is_some() || field.contains(&b'"') {
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
    fn trouble(&self, field: &[u8], place: Place) -> Option<&'static str> {
        let divides = |byte: &u8| *byte == self.delimiter || b"\r\n".contains(byte);
        if field.iter().any(divides) {
            return Some("it would end at a delimiter or a line end");
        }
        match place {
            Place::Alone if field.is_empty() => Some("its line would be blank, which is no row"),
            Place::Alone | Place::First if field.first().is_some_and(|byte| Some(*byte) == self.dialect.comment) => {
                Some("its line would be a comment")
            }
            _ => None,
        }
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
    }

    #[test]
    fn without_quotes_such_fields_are_refused() {
        let quotes_off = |decimal, comment| Dialect { quotes: false, decimal, comment, ..Dialect::default() };
        let commas = written(b',', quotes_off(Decimal::Comma, Some(b'-')));
        assert_eq!(commas("a\"b", Place::First).unwrap(), "a\"b");
        let refused = [("a,b", Place::Later), ("0.5", Place::Later), ("", Place::Alone), ("-5", Place::First)];
        insta::assert_snapshot!(refused.map(|(text, place)| commas(text, place).unwrap_err()).join("\n"), @r"
        `a,b` cannot be written into a copy of `f`, where quotes are off: it would end at a delimiter or a line end
        `0,5` cannot be written into a copy of `f`, where quotes are off: it would end at a delimiter or a line end
        `null` cannot be written into a copy of `f`, where quotes are off: its line would be blank, which is no row
        `-5` cannot be written into a copy of `f`, where quotes are off: its line would be a comment
        ");
    }
}
