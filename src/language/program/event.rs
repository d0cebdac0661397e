//! Events: predicates over the columns and labels of one sample.

use serde::{Deserialize, Serialize};

use super::data::Data;

/// An event in normal form: build it with the smart constructors, which keep the form.
///
/// Normal form: negations pushed inwards (and into level sets), `and`/`or` flat, ascending by canonical text and free of
/// repetitions, level sets of one column merged within an `and` or an `or`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Every sample.
    All,
    /// No sample.
    Never,
    /// The column's value is one of these levels (ascending), or, with `other`, none of the declared ones (null or
    /// undeclared, possible only where the column is nullable).
    Levels { column: String, levels: Vec<String>, other: bool },
    /// `left op right`: `left` reads columns and has no constant part and a positive first coefficient; `right` reads
    /// none. False where a column is null.
    Compare { left: Data, op: Comparison, right: Data },
    /// The negation of a comparison that reads a nullable column (so true where it is null).
    Not(Box<Event>),
    And(Vec<Event>),
    Or(Vec<Event>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Comparison {
    #[serde(rename = "==")]
    Equal,
    #[serde(rename = "!=")]
    NotEqual,
    #[serde(rename = "<")]
    Less,
    #[serde(rename = "<=")]
    LessEqual,
    #[serde(rename = ">")]
    Greater,
    #[serde(rename = ">=")]
    GreaterEqual,
}
