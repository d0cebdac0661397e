//! The events that a comparison conditions on, which must not be empty for it to mean anything.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::rc::Rc;

use crate::hir::{Expr, ExprKind, Relation};
use crate::program::Event;

use super::event::{elements, event};
use super::scope::Scope;

/// The events, which all rows of a comparison share: a maximum of many terms has as many rows as events.
#[derive(Clone, Debug, Default)]
pub(super) struct Reads(Rc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    events: Vec<Event>,
    /// The headers that they read.
    headers: BTreeSet<String>,
    /// How deep they nest, and how many parts they have.
    depth: usize,
    parts: usize,
}

impl Reads {
    fn new(events: Vec<Event>) -> Reads {
        let headers = events.iter().flat_map(Event::columns_read).map(str::to_string).collect();
        let depth = events.iter().map(Event::depth).max().unwrap_or(0);
        let parts = events.iter().map(Event::parts).sum();
        Reads(Rc::new(Shared { events, headers, depth, parts }))
    }

    /// In canonical order, each once; the event of all samples is left out.
    pub fn events(&self) -> &[Event] {
        &self.0.events
    }

    pub fn headers(&self) -> &BTreeSet<String> {
        &self.0.headers
    }

    pub fn depth(&self) -> usize {
        self.0.depth
    }

    pub fn parts(&self) -> usize {
        self.0.parts
    }

    /// Equal for rows that share them. Others may have equal events too.
    pub fn address(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }
}

impl PartialEq for Reads {
    fn eq(&self, other: &Reads) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Reads {}

impl PartialOrd for Reads {
    fn partial_cmp(&self, other: &Reads) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Reads {
    /// By the events; what is shared is not looked at.
    fn cmp(&self, other: &Reads) -> Ordering {
        if Rc::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.events().cmp(other.events()) }
    }
}

/// What some comparisons read.
pub(super) fn reads(relations: &[Relation], scope: Scope<'_>) -> Reads {
    let mut events = Vec::new();
    for relation in relations {
        collect(&relation.left, scope, &mut events);
        collect(&relation.right, scope, &mut events);
    }
    events.retain(|event| *event != Event::All);
    events.sort();
    events.dedup();
    Reads::new(events)
}

fn collect(expr: &Expr, scope: Scope<'_>, events: &mut Vec<Event>) {
    match &expr.kind {
        ExprKind::Mean { value, event: given }
        | ExprKind::Sum { value, event: given }
        | ExprKind::Variance { value, event: given } => {
            events.push(event(given, scope));
            collect(value, scope, events);
        }
        ExprKind::Covariance { left, right, event: given } => {
            events.push(event(given, scope));
            collect(left, scope, events);
            collect(right, scope, events);
        }
        ExprKind::Probability { given, .. } => events.push(event(given, scope)),
        ExprKind::Negate(inner) => collect(inner, scope, events),
        ExprKind::Add(terms) | ExprKind::Call(_, terms) => terms.iter().for_each(|term| collect(term, scope, events)),
        ExprKind::Multiply(left, right) | ExprKind::Divide(left, right) => {
            collect(left, scope, events);
            collect(right, scope, events);
        }
        ExprKind::Fold { over, value, .. } => {
            let all: Result<usize, std::convert::Infallible> = elements(over, scope, &mut |scope| {
                collect(value, scope, events);
                Ok(())
            });
            let Ok(_) = all;
        }
        ExprKind::Number(_)
        | ExprKind::Param(_)
        | ExprKind::ParamOf { .. }
        | ExprKind::Binder(_)
        | ExprKind::Column(_)
        | ExprKind::Prediction
        | ExprKind::SecondPrediction
        | ExprKind::Indicator(_)
        | ExprKind::Count { .. } => {}
    }
}
