//! The columns of a file that has no header.

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;

use serde_json::Value;

use super::read::{Lines, describe_line};
use crate::error::DataError;

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
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Null => None,
            Value::Bool(_) => Some(Self::Boolean),
            Value::Number(number) if number.is_i64() => Some(Self::Integer),
            Value::Number(number) if number.is_f64() => Some(Self::Number),
            Value::Number(_) | Value::String(_) => Some(Self::Text),
            Value::Array(_) | Value::Object(_) => Some(Self::Nested),
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
    pub fn sample(file: &str, input: File) -> Result<Self, DataError> {
        Self::collect(file, input, SAMPLE)
    }

    /// The keys of all objects.
    pub fn scan(file: &str, input: File) -> Result<Self, DataError> {
        Self::collect(file, input, usize::MAX)
    }

    fn collect(file: &str, input: File, most: usize) -> Result<Self, DataError> {
        let mut lines = Lines::new(file, input);
        let mut found: Vec<(String, Option<Kind>)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut objects = 0;
        let mut line = Vec::new();
        while objects < most {
            line.clear();
            let Some(number) = lines.read_onto(&mut line)? else { break };
            let Ok(Value::Object(object)) = serde_json::from_slice(&line) else {
                return Err(describe_line(file, number, &line, &[]).unwrap_or_else(|| not_json(file, number)));
            };
            objects += 1;
            for (name, value) in object {
                let place = *places.entry(name).or_insert_with_key(|name| {
                    found.push((name.clone(), None));
                    found.len() - 1
                });
                if let (Some((_, kind)), Some(new)) = (found.get_mut(place), Kind::of(&value)) {
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

fn not_json(file: &str, line: u64) -> DataError {
    DataError::Json { file: file.to_owned(), line, column: 1, message: "not an object".into() }
}
