//! The events that a comparison conditions on, which must not be empty for it to mean anything.

use crate::hir::{Expr, ExprKind, Relation};
use crate::program::Event;

use super::event::event;
use super::scope::Scope;

/// In canonical order, each once; the event of all samples is left out.
pub(super) fn reads(relations: &[Relation], scope: Scope<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    for relation in relations {
        collect(&relation.left, scope, &mut events);
        collect(&relation.right, scope, &mut events);
    }
    events.retain(|event| *event != Event::All);
    events.sort();
    events.dedup();
    events
}

fn collect(expr: &Expr, scope: Scope<'_>, events: &mut Vec<Event>) {
    match &expr.kind {
        ExprKind::Mean { event: given, .. }
        | ExprKind::Sum { event: given, .. }
        | ExprKind::Covariance { event: given, .. }
        | ExprKind::Variance { event: given, .. }
        | ExprKind::Probability { given, .. } => events.push(event(given, scope)),
        ExprKind::Negate(inner) => collect(inner, scope, events),
        ExprKind::Add(terms) | ExprKind::Call(_, terms) => terms.iter().for_each(|term| collect(term, scope, events)),
        ExprKind::Multiply(left, right) | ExprKind::Divide(left, right) => {
            collect(left, scope, events);
            collect(right, scope, events);
        }
        ExprKind::Number(_)
        | ExprKind::Param(_)
        | ExprKind::Binder(_)
        | ExprKind::Column(_)
        | ExprKind::Prediction
        | ExprKind::Count { .. } => {}
    }
}
