//! What a database answered: lines of values, by the names of its columns.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::bind::error::{BEYOND_WHOLE, BindError};
use crate::data::Shortest;

/// A value of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Number(f64),
    Text(String),
}

impl Value {
    /// Some order of all values, in which equal ones are next to each other.
    pub fn order(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Number(a), Value::Number(b)) => a.total_cmp(b),
            (Value::Text(a), Value::Text(b)) => a.cmp(b),
            _ => self.kind().cmp(&other.kind()),
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Value::Null => 0,
            Value::Number(_) => 1,
            Value::Text(_) => 2,
        }
    }
}

/// The lines of an answer, by the names of its columns.
pub(super) struct Lines<'a> {
    places: HashMap<&'a str, usize>,
    pub lines: &'a [Vec<Value>],
}

impl<'a> Lines<'a> {
    pub fn new(names: &'a [String], lines: &'a [Vec<Value>]) -> Lines<'a> {
        Lines { places: names.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect(), lines }
    }

    pub fn value(&self, line: &'a [Value], name: &str) -> Result<&'a Value, BindError> {
        let found = self.places.get(name).and_then(|&place| line.get(place));
        found.ok_or_else(|| broken(&format!("no column `{name}`")))
    }

    /// Over so many rows with a value: a sum of nothing is null, and so is one that has no value where the engine has no NaN.
    pub fn over(&self, line: &'a [Value], name: &str, rows: usize) -> Result<f64, BindError> {
        match self.value(line, name)? {
            Value::Null if rows == 0 => Ok(0.0),
            _ => self.number(line, name),
        }
    }

    pub fn number(&self, line: &'a [Value], name: &str) -> Result<f64, BindError> {
        match self.value(line, name)? {
            Value::Number(number) => Ok(*number),
            Value::Null => Err(broken(&format!("no number in column `{name}`"))),
            Value::Text(text) => text.parse().map_err(|_| broken(&format!("`{text}` in column `{name}`"))),
        }
    }

    pub fn count(&self, line: &'a [Value], name: &str) -> Result<usize, BindError> {
        let number = self.number(line, name)?;
        match number >= 0.0 && number.fract() == 0.0 && number < BEYOND_WHOLE {
            true => Ok(number as usize),
            false => Err(broken(&format!("{number} in column `{name}`"))),
        }
    }

    /// Of a column that need not be there, over all lines.
    pub fn total(&self, name: &str) -> Result<usize, BindError> {
        if !self.places.contains_key(name) {
            return Ok(0);
        }
        self.lines.iter().map(|line| self.count(line, name)).sum()
    }

    pub fn example(&self, name: &str) -> Option<String> {
        let place = *self.places.get(name)?;
        self.lines.iter().find_map(|line| match line.get(place)? {
            Value::Null => None,
            Value::Number(number) => Some(Shortest(*number).to_string()),
            Value::Text(text) => Some(text.clone()),
        })
    }
}

fn broken(what: &str) -> BindError {
    BindError::Answer { what: what.to_owned() }
}
