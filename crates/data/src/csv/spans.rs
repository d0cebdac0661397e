//! Where the fields of a record stand in its bytes.

use std::ops::Range;

use crate::dialect::Dialect;

/// The fields of a record one by one, or the place of a closing quote that is followed by something else than a delimiter or the end of
/// the record.
pub(super) struct Spans<'a> {
    body: &'a [u8],
    delimiter: u8,
    dialect: &'a Dialect,
    /// Where the next field begins; none behind the last.
    next: Option<usize>,
}

impl<'a> Spans<'a> {
    pub fn new(body: &'a [u8], delimiter: u8, dialect: &'a Dialect) -> Self {
        Self { body, delimiter, dialect, next: Some(0) }
    }

    /// How many spaces that are no part of a value stand at a place.
    fn spaces(&self, from: usize) -> usize {
        let ignored = |byte: &&u8| self.dialect.trim && is_space(**byte, self.delimiter);
        self.body.iter().skip(from).take_while(ignored).count()
    }

    /// The place of the first delimiter from here on, or the end.
    fn delimiter(&self, from: usize) -> usize {
        let rest = self.body.get(from..).unwrap_or_default();
        from + memchr::memchr(self.delimiter, rest).unwrap_or(rest.len())
    }

    /// The place of the quote that closes what another before `from` opened, or the end.
    fn closing(&self, from: usize) -> usize {
        let mut at = from;
        loop {
            let rest = self.body.get(at..).unwrap_or_default();
            let Some(quote) = memchr::memchr(b'"', rest) else { return self.body.len() };
            at += quote;
            if self.body.get(at + 1) != Some(&b'"') {
                return at;
            }
            at += 2;
        }
    }
}

impl Iterator for Spans<'_> {
    type Item = Result<Range<usize>, usize>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.next.take()?;
        let first = start + self.spaces(start);
        let end = if self.dialect.quotes && self.body.get(first) == Some(&b'"') {
            let closing = self.closing(first + 1);
            let end = closing + 1 + self.spaces(closing + 1);
            if self.body.get(end).is_some_and(|&byte| byte != self.delimiter) {
                return Some(Err(closing));
            }
            end.min(self.body.len())
        } else {
            self.delimiter(start)
        };
        self.next = (end < self.body.len()).then_some(end + 1);
        Some(Ok(start..end))
    }
}

/// Whether a byte may be ignored around quotes.
pub(super) fn is_space(byte: u8, delimiter: u8) -> bool {
    matches!(byte, b' ' | b'\t') && byte != delimiter
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(dialect: &Dialect, text: &str) -> Result<Vec<String>, usize> {
        Spans::new(text.as_bytes(), b',', dialect).map(|span| span.map(|span| text[span].to_owned())).collect()
    }

    #[test]
    fn fields_of_a_record() {
        let spans = |text| spans(&Dialect::default(), text);
        assert_eq!(spans("a,b").unwrap(), ["a", "b"]);
        assert_eq!(spans(",\"a,\"\"\n,b\",,").unwrap(), ["", "\"a,\"\"\n,b\"", "", ""]);
        assert_eq!(spans("\"\",x\"y,z\"").unwrap(), ["\"\"", "x\"y", "z\""]);
        assert_eq!(spans(" \"a,b\"").unwrap(), [" \"a", "b\""]);
        assert_eq!(spans("").unwrap(), [""]);
        assert_eq!(spans("\"a\"b\",c"), Err(2));
        assert_eq!(spans("x,\"a\" ,c"), Err(4));
    }

    #[test]
    fn fields_of_other_dialects() {
        let trim = |text| spans(&Dialect { trim: true, ..Dialect::default() }, text);
        assert_eq!(trim("1, \"x,\"\"y\"\t,\t, ").unwrap(), ["1", " \"x,\"\"y\"\t", "\t", " "]);
        assert_eq!(trim(" \"x\" y"), Err(3));

        let no_quotes = |text| spans(&Dialect { quotes: false, trim: true, ..Dialect::default() }, text);
        assert_eq!(no_quotes("\"a,b\", \"c,\"\"").unwrap(), ["\"a", "b\"", " \"c", "\"\""]);
    }
}
