//! Data expressions: numbers that are known once a batch and the params are.
//!
//! The type, its order and its queries; the smart constructors that keep the normal form are in `algebra`.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::event::Event;
pub use crate::interval::{lower_bound, upper_bound};

/// A data expression in normal form: build it with the smart constructors, which keep the form.
///
/// Normal form: sums are flat lists of `coefficient · monomial` with like terms collected, ascending in the canonical
/// order of the monomials; products are flat, ascending, with powers of equal factors collected, numbers pulled out and
/// sums among the factors scaled to a first coefficient of 1; products of sums are not multiplied out. Two expressions
/// that differ by commutativity, associativity, or constant folding have the same form.
///
/// The canonical order ([`Ord`]) is structural: by kind of node, then by content. It depends on nothing that is
/// declared, and equality is equality in this order.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Data {
    Number(f64),
    /// A param, by name.
    Param(String),
    /// The value of a numeric column or label, by header: per sample.
    Column(String),
    /// The (weighted) sum of a per-sample value over an event; `N[event]` is the total of 1.
    Total {
        value: Box<Data>,
        event: Box<Event>,
    },
    /// `constant + Σ coefficient · monomial`.
    Sum {
        constant: f64,
        terms: Vec<(f64, Data)>,
    },
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

impl Function {
    /// The name in the language.
    pub fn name(self) -> &'static str {
        match self {
            Function::Abs => "abs",
            Function::Exp => "exp",
            Function::Log => "log",
            Function::Sqrt => "sqrt",
            Function::Max => "max",
            Function::Min => "min",
            Function::Power => "pow",
        }
    }

    /// Whether the function takes `count` arguments.
    pub fn takes(self, count: usize) -> bool {
        match self {
            Function::Abs | Function::Exp | Function::Log | Function::Sqrt => count == 1,
            Function::Max | Function::Min => count >= 1,
            Function::Power => count == 2,
        }
    }
}

/// Queries.
impl Data {
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Data::Number(value) => Some(*value),
            Data::Param(_)
            | Data::Column(_)
            | Data::Total { .. }
            | Data::Sum { .. }
            | Data::Product(_)
            | Data::Call(..) => None,
        }
    }

    pub fn is_zero(&self) -> bool {
        self.as_number() == Some(0.0)
    }

    pub fn is_one(&self) -> bool {
        self.as_number() == Some(1.0)
    }

    /// Whether the value differs from sample to sample: a column is read outside of aggregates.
    pub fn reads_columns(&self) -> bool {
        match self {
            Data::Column(_) => true,
            Data::Number(_) | Data::Param(_) | Data::Total { .. } => false,
            Data::Sum { terms, .. } => terms.iter().any(|(_, monomial)| monomial.reads_columns()),
            Data::Product(factors) => factors.iter().any(|(factor, _)| factor.reads_columns()),
            Data::Call(_, arguments) => arguments.iter().any(Data::reads_columns),
        }
    }

    /// Whether the value depends on the batch: an aggregate is read.
    pub fn reads_totals(&self) -> bool {
        match self {
            Data::Total { .. } => true,
            Data::Number(_) | Data::Param(_) | Data::Column(_) => false,
            Data::Sum { terms, .. } => terms.iter().any(|(_, monomial)| monomial.reads_totals()),
            Data::Product(factors) => factors.iter().any(|(factor, _)| factor.reads_totals()),
            Data::Call(_, arguments) => arguments.iter().any(Data::reads_totals),
        }
    }

    /// The names of the params, those inside of aggregates and events included.
    pub fn params(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        self.visit(&mut |node| {
            if let Data::Param(name) = node {
                names.insert(name.as_str());
            }
        });
        names
    }

    /// The headers of all columns that are read, those inside of aggregates and events included.
    pub fn columns_read(&self) -> BTreeSet<&str> {
        let mut headers = BTreeSet::new();
        self.visit(&mut |node| match node {
            Data::Column(header) => {
                headers.insert(header.as_str());
            }
            Data::Total { event, .. } => headers.extend(event.level_columns()),
            Data::Number(_) | Data::Param(_) | Data::Sum { .. } | Data::Product(_) | Data::Call(..) => {}
        });
        headers
    }

    /// The headers of the columns that are read outside of aggregates.
    pub fn sample_columns(&self) -> BTreeSet<&str> {
        let mut headers = BTreeSet::new();
        self.collect_sample_columns(&mut headers);
        headers
    }

    fn collect_sample_columns<'a>(&'a self, headers: &mut BTreeSet<&'a str>) {
        match self {
            Data::Column(header) => {
                headers.insert(header);
            }
            Data::Number(_) | Data::Param(_) | Data::Total { .. } => {}
            Data::Sum { terms, .. } => terms.iter().for_each(|(_, m)| m.collect_sample_columns(headers)),
            Data::Product(factors) => factors.iter().for_each(|(f, _)| f.collect_sample_columns(headers)),
            Data::Call(_, arguments) => arguments.iter().for_each(|a| a.collect_sample_columns(headers)),
        }
    }

    /// The events of the aggregates, outermost first; with repetitions.
    pub fn events(&self) -> Vec<&Event> {
        let mut events = Vec::new();
        self.visit(&mut |node| {
            if let Data::Total { event, .. } = node {
                events.push(&**event);
            }
        });
        events
    }

    /// Calls `see` on every node, those inside of aggregates and of their events included.
    pub fn visit<'a>(&'a self, see: &mut dyn FnMut(&'a Data)) {
        see(self);
        match self {
            Data::Number(_) | Data::Param(_) | Data::Column(_) => {}
            Data::Total { value, event } => {
                value.visit(see);
                event.visit_data(see);
            }
            Data::Sum { terms, .. } => terms.iter().for_each(|(_, monomial)| monomial.visit(see)),
            Data::Product(factors) => factors.iter().for_each(|(factor, _)| factor.visit(see)),
            Data::Call(_, arguments) => arguments.iter().for_each(|argument| argument.visit(see)),
        }
    }

    /// How deeply the expression is nested; 1 for a leaf.
    pub fn depth(&self) -> usize {
        1 + match self {
            Data::Number(_) | Data::Param(_) | Data::Column(_) => 0,
            Data::Total { value, event } => value.depth().max(event.depth()),
            Data::Sum { terms, .. } => terms.iter().map(|(_, monomial)| monomial.depth()).max().unwrap_or(0),
            Data::Product(factors) => factors.iter().map(|(factor, _)| factor.depth()).max().unwrap_or(0),
            Data::Call(_, arguments) => arguments.iter().map(Data::depth).max().unwrap_or(0),
        }
    }

    /// How many parts the expression has, those of events and the levels of sets included.
    pub fn parts(&self) -> usize {
        1 + match self {
            Data::Number(_) | Data::Param(_) | Data::Column(_) => 0,
            Data::Total { value, event } => value.parts() + event.parts(),
            Data::Sum { terms, .. } => terms.iter().map(|(_, monomial)| monomial.parts()).sum(),
            Data::Product(factors) => factors.iter().map(|(factor, _)| factor.parts()).sum(),
            Data::Call(_, arguments) => arguments.iter().map(Data::parts).sum(),
        }
    }

    /// Whether the value may be undefined (a quotient, a logarithm, a root), so that no comparison with it holds.
    pub(super) fn may_be_undefined(&self) -> bool {
        match self {
            Data::Number(_) | Data::Param(_) | Data::Column(_) | Data::Total { .. } => false,
            Data::Sum { terms, .. } => terms.iter().any(|(_, monomial)| monomial.may_be_undefined()),
            Data::Product(factors) => {
                factors.iter().any(|(factor, power)| *power < 0.0 || power.fract() != 0.0 || factor.may_be_undefined())
            }
            Data::Call(function, arguments) => match function {
                Function::Log | Function::Sqrt | Function::Power => true,
                Function::Abs | Function::Exp | Function::Max | Function::Min => {
                    arguments.iter().any(Data::may_be_undefined)
                }
            },
        }
    }

    /// The place of the kind of node in the canonical order.
    fn rank(&self) -> u8 {
        match self {
            Data::Number(_) => 0,
            Data::Param(_) => 1,
            Data::Column(_) => 2,
            Data::Total { .. } => 3,
            Data::Product(_) => 4,
            Data::Sum { .. } => 5,
            Data::Call(..) => 6,
        }
    }
}

impl Ord for Data {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Data::Number(a), Data::Number(b)) => a.total_cmp(b),
            (Data::Param(a), Data::Param(b)) | (Data::Column(a), Data::Column(b)) => a.cmp(b),
            (Data::Total { value: a, event: e }, Data::Total { value: b, event: f }) => e.cmp(f).then_with(|| a.cmp(b)),
            (Data::Product(a), Data::Product(b)) => {
                order_lists(a, b, |(x, p), (y, q)| x.cmp(y).then_with(|| p.total_cmp(q)))
            }
            (Data::Sum { constant: c, terms: a }, Data::Sum { constant: d, terms: b }) => {
                order_lists(a, b, |(k, x), (l, y)| x.cmp(y).then_with(|| k.total_cmp(l))).then_with(|| c.total_cmp(d))
            }
            (Data::Call(f, a), Data::Call(g, b)) => f.cmp(g).then_with(|| order_lists(a, b, Data::cmp)),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

/// Lexicographic.
fn order_lists<T>(a: &[T], b: &[T], order: impl Fn(&T, &T) -> Ordering) -> Ordering {
    let first_difference = a.iter().zip(b).map(|(x, y)| order(x, y)).find(|&o| o != Ordering::Equal);
    first_difference.unwrap_or_else(|| a.len().cmp(&b.len()))
}

impl PartialOrd for Data {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Data {}
