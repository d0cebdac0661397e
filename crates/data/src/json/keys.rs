//! The columns of a file that has no header.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::read::{Lines, describe};
use crate::error::DataError;
use crate::text::Text;

/// The columns of a JSON Lines file are the keys of this many first objects.
pub const SAMPLE: usize = 1000;

/// The keys of the objects, in order of first appearance.
#[derive(Debug, Clone)]
pub(crate) struct Keys(Arc<[Key]>);

#[derive(Debug, Clone)]
struct Key {
    name: String,
    kind: Kind,
}

/// What all the values of a key are, nulls aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Boolean,
    /// Integers of 64 bits.
    Integer,
    Number,
    /// Anything else that is plain, and a key without values.
    Text,
    /// Some value is a list or an object.
    Nested,
}

impl Kind {
    /// What a value is, as it is written. Integers of more than 64 bits are text, so that they keep their digits.
    fn of(value: &str) -> Option<Self> {
        match value.as_bytes() {
            b"null" => None,
            b"true" | b"false" => Some(Self::Boolean),
            [b'[' | b'{', ..] => Some(Self::Nested),
            [b'"', ..] => Some(Self::Text),
            digits if digits.iter().any(|byte| b".eE".contains(byte)) => {
                Some(if value.parse().is_ok_and(f64::is_finite) { Self::Number } else { Self::Text })
            }
            _ => Some(if value.parse::<i64>().is_ok() { Self::Integer } else { Self::Text }),
        }
    }

    fn join(self, other: Self) -> Self {
        match (self, other) {
            _ if self == other => self,
            (Self::Nested, _) | (_, Self::Nested) => Self::Nested,
            (Self::Integer, Self::Number) | (Self::Number, Self::Integer) => Self::Number,
            _ => Self::Text,
        }
    }
}

impl Keys {
    /// The keys of the first [`SAMPLE`] objects.
    pub fn sample(file: &str, input: Text) -> Result<Self, DataError> {
        Self::collect(file, input, SAMPLE)
    }

    /// The keys of all objects.
    pub fn scan(file: &str, input: Text) -> Result<Self, DataError> {
        Self::collect(file, input, usize::MAX)
    }

    fn collect(file: &str, input: Text, most: usize) -> Result<Self, DataError> {
        let mut lines = Lines::new(file, input);
        let mut found: Vec<(String, Option<Kind>)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut objects = 0;
        let mut line = Vec::new();
        while objects < most {
            line.clear();
            let Some(number) = lines.read_onto(&mut line)? else { break };
            let Ok(Members(members)) = serde_json::from_slice(&line) else {
                let wrong = describe(file, number, lines.start(), &line, &[]);
                return Err(wrong.unwrap_or_else(|| not_json(file, number)));
            };
            objects += 1;
            for (name, value) in members {
                let place = *places.entry(name).or_insert_with_key(|name| {
                    found.push((name.clone(), None));
                    found.len() - 1
                });
                if let (Some((_, kind)), Some(new)) = (found.get_mut(place), Kind::of(value.get())) {
                    *kind = Some(kind.map_or(new, |kind| kind.join(new)));
                }
            }
        }
        if found.is_empty() {
            return Err(DataError::Empty { file: file.to_owned() });
        }
        let key = |(name, kind): (String, Option<Kind>)| Key { name, kind: kind.unwrap_or(Kind::Text) };
        Ok(Self(found.into_iter().map(key).collect()))
    }

    /// Their names.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|key| key.name.clone()).collect()
    }

    /// Name of a key, and what its values are.
    pub fn get(&self, index: usize) -> Option<(&str, Kind)> {
        self.0.get(index).map(|key| (key.name.as_str(), key.kind))
    }
}

/// The members of an object, with their values as they are written.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

fn not_json(file: &str, line: u64) -> DataError {
    DataError::Json { file: file.to_owned(), line, column: 1, message: "not an object".into() }
}
