//! The columns of a file that has no header.

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;

use serde_json::Value;

use super::read::{Lines, describe_line};
use crate::data::error::DataError;

/// The columns of a JSON Lines file are the keys of this many first objects.
pub const SAMPLE: usize = 1000;

/// The keys of the objects, in order of first appearance.
#[derive(Debug, Clone)]
pub(in crate::data) struct Keys(Arc<[Key]>);

#[derive(Debug, Clone)]
struct Key {
    name: String,
    /// Every value seen is `true`, `false` or `null`, and one is not `null`.
    boolean: bool,
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
        let mut found: Vec<(String, Option<bool>)> = Vec::new();
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
                if let (Some((_, boolean)), false) = (found.get_mut(place), value.is_null()) {
                    *boolean = Some(boolean.unwrap_or(true) && value.is_boolean());
                }
            }
        }
        if found.is_empty() {
            return Err(DataError::Empty { file: file.to_owned() });
        }
        let key = |(name, boolean): (String, Option<bool>)| Key { name, boolean: boolean == Some(true) };
        Ok(Self(found.into_iter().map(key).collect()))
    }

    /// Their names.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|key| key.name.clone()).collect()
    }

    /// Name of a key, and whether it holds booleans only.
    pub fn get(&self, index: usize) -> Option<(&str, bool)> {
        self.0.get(index).map(|key| (key.name.as_str(), key.boolean))
    }
}

fn not_json(file: &str, line: u64) -> DataError {
    DataError::Json { file: file.to_owned(), line, column: 1, message: "not an object".into() }
}
