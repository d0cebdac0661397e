//! The checked expressions at a place.

use crate::hir::{Constraint, Event, Expr, ExprKind, Hir, Quantifier};
use crate::span::SourceId;

/// The smallest checked expression around a place. What a name stands for has the place of the name, whole and in parts:
/// of these it is the whole.
pub fn at(hir: &Hir, source: SourceId, offset: usize) -> Option<&Expr> {
    let mut search = Search { source, offset, found: None };
    hir.constraints.iter().for_each(|constraint| search.constraint(constraint));
    search.found
}

struct Search<'h> {
    source: SourceId,
    offset: usize,
    found: Option<&'h Expr>,
}

impl<'h> Search<'h> {
    fn constraint(&mut self, constraint: &'h Constraint) {
        constraint.quantifiers.iter().for_each(|quantifier| self.quantifier(quantifier));
        constraint.each.iter().for_each(|event| self.event(event));
        for relation in &constraint.comparisons {
            self.expr(&relation.left);
            self.expr(&relation.right);
        }
    }

    fn quantifier(&mut self, quantifier: &'h Quantifier) {
        quantifier.condition.iter().for_each(|event| self.event(event));
    }

    fn expr(&mut self, expr: &'h Expr) {
        let length = |expr: &Expr| expr.span.range().len();
        if expr.span.touches(self.source, self.offset) && self.found.is_none_or(|found| length(expr) < length(found)) {
            self.found = Some(expr);
        }
        match &expr.kind {
            ExprKind::Number(_)
            | ExprKind::Param(_)
            | ExprKind::ParamOf { .. }
            | ExprKind::Binder(_)
            | ExprKind::Column(_)
            | ExprKind::Prediction
            | ExprKind::SecondPrediction => {}
            ExprKind::Negate(inner) => self.expr(inner),
            ExprKind::Add(terms) | ExprKind::Call(_, terms) => terms.iter().for_each(|term| self.expr(term)),
            ExprKind::Multiply(left, right) | ExprKind::Divide(left, right) => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Mean { value, event } | ExprKind::Sum { value, event } | ExprKind::Variance { value, event } => {
                self.expr(value);
                self.event(event);
            }
            ExprKind::Count { event } | ExprKind::Indicator(event) => self.event(event),
            ExprKind::Probability { event, given } => {
                self.event(event);
                self.event(given);
            }
            ExprKind::Covariance { left, right, event } => {
                self.expr(left);
                self.expr(right);
                self.event(event);
            }
            ExprKind::Fold { over, value, .. } => {
                self.quantifier(over);
                self.expr(value);
            }
        }
    }

    fn event(&mut self, event: &'h Event) {
        match event {
            Event::All
            | Event::Levels { .. }
            | Event::LevelOf { .. }
            | Event::Group { .. }
            | Event::GroupOf { .. }
            | Event::SameLevel { .. } => {}
            Event::Case { cases, place } => cases.iter().take(place + 1).for_each(|case| self.event(&case.event)),
            Event::Compare { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            Event::And(events) | Event::Or(events) => events.iter().for_each(|event| self.event(event)),
            Event::Not(inner) => self.event(inner),
        }
    }
}
