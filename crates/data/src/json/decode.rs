//! The values of some keys of an object, as they are written, and columns of them.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::keys::Kind;

/// The keys to be read of every object.
pub(crate) struct Wanted(HashMap<String, Vec<usize>>, usize);

/// The values of one key as written, a line each; nothing for a null and for a missing key.
pub(crate) type Written<'a> = Vec<Option<&'a str>>;

impl Wanted {
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        let mut wanted = Self(HashMap::new(), 0);
        for key in keys {
            wanted.0.entry(key.to_owned()).or_default().push(wanted.1);
            wanted.1 += 1;
        }
        wanted
    }

    /// The values on lines, a vector for each key; the number of the first line, from 0, that is not one object, has one of
    /// the keys twice, or a list or an object for one of the values.
    pub fn read<'a>(&self, lines: impl IntoIterator<Item = &'a str>) -> Result<Vec<Written<'a>>, usize> {
        let mut written = vec![Vec::new(); self.1];
        for (number, line) in lines.into_iter().enumerate() {
            self.read_onto(line, &mut written).ok_or(number)?;
        }
        Ok(written)
    }

    fn read_onto<'a>(&self, line: &'a str, written: &mut [Written<'a>]) -> Option<()> {
        written.iter_mut().for_each(|values| values.push(None));
        let mut line = serde_json::Deserializer::from_str(line);
        Object { wanted: self, written }.deserialize(&mut line).ok()?;
        line.end().ok()?;
        let mut last = written.iter_mut().filter_map(|values| values.last_mut());
        last.all(|value| {
            *value = value.filter(|text| *text != "null");
            value.is_none_or(is_plain)
        })
        .then_some(())
    }
}

struct Object<'a, 'w> {
    wanted: &'w Wanted,
    /// The last value of each is the one of this object; a null is still as it is written.
    written: &'w mut [Written<'a>],
}

impl<'de> DeserializeSeed<'de> for Object<'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(places) = members.next_key_seed(Places(self.wanted))? {
            if places.is_empty() {
                members.next_value::<IgnoredAny>()?;
                continue;
            }
            let text = members.next_value::<&RawValue>()?.get();
            for &place in places {
                let slot = self.written.get_mut(place).and_then(|values| values.last_mut());
                if slot.and_then(|slot| slot.replace(text)).is_some() {
                    return Err(A::Error::custom("a key stands twice"));
                }
            }
        }
        Ok(())
    }
}

/// Reads a key as the places at which it is wanted.
struct Places<'w>(&'w Wanted);

impl<'de, 'w> DeserializeSeed<'de> for Places<'w> {
    type Value = &'w [usize];

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<&'w [usize], D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'w> Visitor<'_> for Places<'w> {
    type Value = &'w [usize];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<&'w [usize], E> {
        Ok(self.0.0.get(key).map_or(&[], Vec::as_slice))
    }
}

/// Whether a value has a place in a column: it is no list and no object, and its escapes stand for characters.
fn is_plain(text: &str) -> bool {
    !text.starts_with(['[', '{']) && (!text.contains("\\u") || serde_json::from_str::<String>(text).is_ok())
}

/// Values as a column of a kind, or as text if one of them is not of that kind.
pub(crate) fn column(values: &[Option<&str>], kind: Kind) -> ArrayRef {
    fn each<'a, T, C: FromIterator<Option<T>> + Array + 'static>(
        values: &[Option<&'a str>],
        read: impl Fn(&'a str) -> Option<T>,
    ) -> Option<ArrayRef> {
        // The outer option: whether the value could be read. The inner one: whether there is one.
        let read = values.iter().map(|value| value.map_or(Some(None), |text| read(text).map(Some)));
        Some(Arc::new(read.collect::<Option<C>>()?))
    }
    let typed = match kind {
        Kind::Boolean => each::<_, BooleanArray>(values, |text| text.parse::<bool>().ok()),
        Kind::Integer => each::<_, Int64Array>(values, |text| text.parse::<i64>().ok()),
        Kind::Number => each::<_, Float64Array>(values, number),
        Kind::Text | Kind::Nested => None,
    };
    typed.unwrap_or_else(|| {
        let mut column = StringBuilder::new();
        for value in values {
            match value {
                None => column.append_null(),
                // A string without escapes is what stands between its quotes.
                Some(text) if text.starts_with('"') => match text.get(1..text.len() - 1) {
                    Some(plain) if !plain.contains('\\') => column.append_value(plain),
                    _ => column.append_value(serde_json::from_str::<String>(text).unwrap_or_default()),
                },
                Some(text) => column.append_value(text),
            }
        }
        Arc::new(column.finish())
    })
}

/// A number that is finite as a double; an integer also has to be that double.
fn number(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok().filter(|number: &f64| number.is_finite())?;
    let is_integer = !text.bytes().any(|byte| b".eE".contains(&byte));
    (!is_integer || text.parse::<i128>().is_ok_and(|integer| number as i128 == integer)).then_some(number)
}

#[cfg(test)]
mod tests {
    use arrow_array::StringArray;

    use super::*;

    #[test]
    fn values_are_as_written() {
        let wanted = Wanted::new(["a", "b\"", "c", "a"]);
        let read = |line: &'static str| wanted.read([line]).map(|values| values.concat());
        assert_eq!(
            read(" {\"a\": 1.50 ,\"x\":{\"a\":[1]},\"b\\\"\":\"\\u00e9\"} \r"),
            Ok(vec![Some("1.50"), Some(r#""\u00e9""#), None, Some("1.50")])
        );
        assert_eq!(read(r#"{"x":1,"a":null,"x":2,"c":true}"#), Ok(vec![None, None, Some("true"), None]));
        for line in [
            "",
            "[]",
            "1",
            "{\"a\":1",
            "{\"a\":[]}",
            "{\"c\":{}}",
            "{} {}",
            "{\"a\":null,\"a\":1}",
            "{\"a\":1,\"\\u0061\":1}",
            "{\"x\":tru}",
            "{\"a\":\"\u{1}\"}",
            r#"{"a":"\ud800"}"#,
        ] {
            assert_eq!(wanted.read(["{}", line]), Err(1), "{line}");
        }
    }

    #[test]
    fn a_column_with_a_value_of_another_kind_is_text() {
        let texts = |text: &'static str, kind| {
            let column = column(&[None, Some(text)], kind);
            let strings = column.as_any().downcast_ref::<StringArray>()?;
            Some((strings.is_null(0), strings.value(1).to_owned()))
        };
        let text = |text: &str| Some((true, text.to_owned()));
        assert_eq!((texts("1", Kind::Boolean), texts("\"true\"", Kind::Boolean)), (text("1"), text("true")));
        assert_eq!(
            (texts("true", Kind::Boolean), texts("1", Kind::Integer), texts("1", Kind::Number)),
            (None, None, None)
        );
        assert_eq!(
            (texts("1.5", Kind::Integer), texts("-9223372036854775809", Kind::Integer)),
            (text("1.5"), text("-9223372036854775809"))
        );
        assert_eq!((texts("\"1\"", Kind::Number), texts("1e400", Kind::Number)), (text("1"), text("1e400")));
        assert_eq!((texts("\"a\\n\"", Kind::Text), texts("\"\"", Kind::Text)), (text("a\n"), text("")));
    }
}
