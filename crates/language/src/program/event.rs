//! Events: predicates over the columns and labels of one sample.
//!
//! The type, its order and its queries; the smart constructors that keep the normal form are in `logic`.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::data::Data;

/// An event in normal form: build it with the smart constructors, which keep the form.
///
/// Normal form: negations pushed inwards (and into level sets), `and`/`or` flat, ascending in canonical order and free
/// of repetitions, level sets of one column merged within an `and` or an `or`.
///
/// The canonical order is structural, as that of [`Data`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Every sample.
    All,
    /// No sample.
    Never,
    /// The column's value is one of these levels (ascending), or, with `other`, none of the declared ones (null or
    /// undeclared, possible only where the column is nullable).
    Levels {
        column: String,
        levels: Vec<String>,
        other: bool,
    },
    /// `left op right`: `left` reads columns and has no constant part and a positive first coefficient; `right` reads
    /// none. (A condition on params alone has a `left` of 0.) False where a column is null.
    Compare {
        left: Data,
        op: Comparison,
        right: Data,
    },
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

impl Comparison {
    /// As written in the language.
    pub fn symbol(self) -> &'static str {
        match self {
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterEqual => ">=",
        }
    }

    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Comparison::Equal => left == right,
            Comparison::NotEqual => left != right,
            Comparison::Less => left < right,
            Comparison::LessEqual => left <= right,
            Comparison::Greater => left > right,
            Comparison::GreaterEqual => left >= right,
        }
    }

    /// `a op b` as `b op' a`.
    pub fn mirrored(self) -> Comparison {
        match self {
            Comparison::Equal => Comparison::Equal,
            Comparison::NotEqual => Comparison::NotEqual,
            Comparison::Less => Comparison::Greater,
            Comparison::LessEqual => Comparison::GreaterEqual,
            Comparison::Greater => Comparison::Less,
            Comparison::GreaterEqual => Comparison::LessEqual,
        }
    }

    /// The comparison that holds exactly where this one does not.
    pub fn negated(self) -> Comparison {
        match self {
            Comparison::Equal => Comparison::NotEqual,
            Comparison::NotEqual => Comparison::Equal,
            Comparison::Less => Comparison::GreaterEqual,
            Comparison::LessEqual => Comparison::Greater,
            Comparison::Greater => Comparison::LessEqual,
            Comparison::GreaterEqual => Comparison::Less,
        }
    }
}

/// Queries.
impl Event {
    /// The headers of the columns whose levels are asked for, here or in an event inside.
    pub fn level_columns(&self) -> BTreeSet<&str> {
        let mut headers = BTreeSet::new();
        self.visit(&mut |event| {
            if let Event::Levels { column, .. } = event {
                headers.insert(column.as_str());
            }
        });
        headers
    }

    /// The headers of all columns that are read.
    pub fn columns_read(&self) -> BTreeSet<&str> {
        let mut headers = self.level_columns();
        self.visit(&mut |event| {
            if let Event::Compare { left, right, .. } = event {
                headers.extend(left.columns_read());
                headers.extend(right.columns_read());
            }
        });
        headers
    }

    /// The names of the params that are read.
    pub fn params(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        self.visit_data(&mut |node| {
            if let Data::Param(name) = node {
                names.insert(name.as_str());
            }
        });
        names
    }

    /// Calls `see` on this event and every event that it is made of, but not on those inside of data expressions.
    pub fn visit<'a>(&'a self, see: &mut dyn FnMut(&'a Event)) {
        see(self);
        match self {
            Event::All | Event::Never | Event::Levels { .. } | Event::Compare { .. } => {}
            Event::Not(event) => event.visit(see),
            Event::And(events) | Event::Or(events) => events.iter().for_each(|event| event.visit(see)),
        }
    }

    /// Calls `see` on every node of every data expression inside.
    pub fn visit_data<'a>(&'a self, see: &mut dyn FnMut(&'a Data)) {
        match self {
            Event::All | Event::Never | Event::Levels { .. } => {}
            Event::Compare { left, right, .. } => {
                left.visit(see);
                right.visit(see);
            }
            Event::Not(event) => event.visit_data(see),
            Event::And(events) | Event::Or(events) => events.iter().for_each(|event| event.visit_data(see)),
        }
    }

    /// How deeply the event is nested; 1 for a leaf.
    pub fn depth(&self) -> usize {
        1 + match self {
            Event::All | Event::Never | Event::Levels { .. } => 0,
            Event::Compare { left, right, .. } => left.depth().max(right.depth()),
            Event::Not(event) => event.depth(),
            Event::And(events) | Event::Or(events) => events.iter().map(Event::depth).max().unwrap_or(0),
        }
    }

    /// How many parts the event has, the levels of sets included.
    pub fn parts(&self) -> usize {
        1 + match self {
            Event::All | Event::Never => 0,
            Event::Levels { levels, .. } => levels.len(),
            Event::Compare { left, right, .. } => left.parts() + right.parts(),
            Event::Not(event) => event.parts(),
            Event::And(events) | Event::Or(events) => events.iter().map(Event::parts).sum(),
        }
    }

    /// The place of the kind of event in the canonical order.
    fn rank(&self) -> u8 {
        match self {
            Event::All => 0,
            Event::Never => 1,
            Event::Levels { .. } => 2,
            Event::Compare { .. } => 3,
            Event::Not(_) => 4,
            Event::And(_) => 5,
            Event::Or(_) => 6,
        }
    }
}

impl Ord for Event {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Event::Levels { column: c, levels: a, other: s }, Event::Levels { column: d, levels: b, other: t }) => {
                c.cmp(d).then_with(|| a.cmp(b)).then_with(|| s.cmp(t))
            }
            (Event::Compare { left: a, op: o, right: x }, Event::Compare { left: b, op: p, right: y }) => {
                a.cmp(b).then_with(|| x.cmp(y)).then_with(|| o.cmp(p))
            }
            (Event::Not(a), Event::Not(b)) => a.cmp(b),
            (Event::And(a), Event::And(b)) | (Event::Or(a), Event::Or(b)) => a.cmp(b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
