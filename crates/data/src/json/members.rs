//! The parts of one line of JSON, by their bytes.

use std::ops::Range;

use serde::de::{DeserializeOwned, IgnoredAny};

/// The members of the object on a line: each key with the bytes of its value. Ends at the first thing that is none.
pub(crate) struct Members<'a> {
    line: &'a str,
    /// Where the next key begins.
    at: Option<usize>,
}

impl<'a> Members<'a> {
    pub fn of(line: &'a str) -> Members<'a> {
        Members { line, at: line.find('{').map(|at| at + 1) }
    }
}

/// The bytes of the values of a key of the object on a line: more than one where the key is repeated.
pub(crate) fn values_of(line: &str, key: &str) -> impl Iterator<Item = Range<usize>> {
    Members::of(line).filter(move |(name, _)| name == key).map(|(_, value)| value)
}

impl Iterator for Members<'_> {
    type Item = (String, Range<usize>);

    fn next(&mut self) -> Option<(String, Range<usize>)> {
        let (key, end) = parse_at::<String>(self.line, self.at.take()?)?;
        let value = value_at(self.line, skip(self.line, end, ':')?)?;
        self.at = skip(self.line, value.end, ',');
        Some((key, value))
    }
}

/// The bytes of the elements of the list on a line, if that is what stands there and nothing else.
pub(crate) fn elements(line: &str) -> Option<Vec<Range<usize>>> {
    let mut at = skip(line, 0, '[')?;
    let mut found = Vec::new();
    if skip(line, at, ']').is_none() {
        loop {
            let value = value_at(line, at)?;
            at = value.end;
            found.push(value);
            match skip(line, at, ',') {
                Some(next) => at = next,
                None => break,
            }
        }
    }
    let end = skip(line, at, ']')?;
    line.get(end..)?.trim().is_empty().then_some(found)
}

/// Where a member may be inserted into an object, and what separates it from the one before.
pub(crate) fn end_of_members(line: &str) -> Option<(usize, &'static str)> {
    let text = line.trim_end();
    let members = text.strip_suffix('}')?.trim_end();
    Some((members.len(), if members.trim_start() == "{" { "" } else { "," }))
}

/// The value that begins at a byte of the line, after white space.
fn value_at(line: &str, at: usize) -> Option<Range<usize>> {
    let (_, end) = parse_at::<IgnoredAny>(line, at)?;
    let text = line.get(at..end)?;
    Some(at + (text.len() - text.trim_start().len())..end)
}

/// The value that begins at a byte of the line, and where it ends.
fn parse_at<T: DeserializeOwned>(line: &str, at: usize) -> Option<(T, usize)> {
    let mut values = serde_json::Deserializer::from_str(line.get(at..)?).into_iter();
    let value = values.next()?.ok()?;
    Some((value, at + values.byte_offset()))
}

fn skip(line: &str, at: usize, mark: char) -> Option<usize> {
    let rest = line.get(at..)?.trim_start();
    rest.strip_prefix(mark).map(|rest| line.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_at_the_top_only() {
        let line = r#" {"x": {"a": 1}, "b\n":"}", "a" : -2.50 , "c":[3]}"#;
        let found: Vec<(String, &str)> = Members::of(line).map(|(key, value)| (key, &line[value])).collect();
        let expected = [("x", r#"{"a": 1}"#), ("b\n", "\"}\""), ("a", "-2.50"), ("c", "[3]")];
        assert_eq!(found, expected.map(|(key, value)| (key.to_owned(), value)));
    }

    #[test]
    fn members_end_before_the_brace() {
        assert_eq!(end_of_members("{\"a\":1}\n"), Some((6, ",")));
        assert_eq!(end_of_members("{ \"a\": {} } \r\n"), Some((9, ",")));
        assert_eq!(end_of_members(" { }"), Some((2, "")));
        assert_eq!(end_of_members("[1]"), None);
    }

    #[test]
    fn lists_are_taken_apart() {
        let texts =
            |line: &'static str| elements(line).map(|all| all.into_iter().map(|e| &line[e]).collect::<Vec<_>>());
        assert_eq!(texts(r#" [{"a":[1,2]}, 3 ,"]"] "#), Some(vec![r#"{"a":[1,2]}"#, "3", "\"]\""]));
        assert_eq!(texts("[ ]"), Some(vec![]));
        assert_eq!((texts("[1,]"), texts("[1] 2"), texts("{}"), texts("[1")), (None, None, None, None));
    }
}
