//! Data expressions: numbers that are known once a batch and the params are.

use serde::{Deserialize, Serialize};

use super::event::Event;

/// A data expression in normal form: build it with the smart constructors, which keep the form.
///
/// Normal form: sums are flat lists of `coefficient · monomial` with like terms collected, ascending by the
/// monomial's canonical text; products are flat, ascending, with powers of equal factors collected and numbers pulled
/// out; products of sums are not multiplied out. Two expressions that differ by commutativity, associativity, or
/// constant folding have the same form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Data {
    Number(f64),
    /// A param, by name.
    Param(String),
    /// The value of a numeric column or label, by header: per sample.
    Column(String),
    /// The (weighted) sum of a per-sample value over an event; `N[event]` is the total of 1.
    Total { value: Box<Data>, event: Box<Event> },
    /// `constant + Σ coefficient · monomial`.
    Sum { constant: f64, terms: Vec<(f64, Data)> },
    /// Two or more factors, or one with a power other than 1: `Π factor ^ power`.
    Product(Vec<(Data, f64)>),
    Call(Function, Vec<Data>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    Abs,
    Exp,
    Log,
    Sqrt,
    Max,
    Min,
    /// `base ^ exponent` where the exponent is not a number.
    Power,
}

/// Serde: minus infinity is `null`.
pub mod lower_bound {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() { serializer.serialize_some(value) } else { serializer.serialize_none() }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NEG_INFINITY))
    }
}

/// Serde: infinity is `null`.
pub mod upper_bound {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() { serializer.serialize_some(value) } else { serializer.serialize_none() }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::INFINITY))
    }
}
