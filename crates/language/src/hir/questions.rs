//! What stages ask of the checked tree.

use super::{Event, Expr, ExprKind, Shape};
use crate::interval::Interval;
use crate::span::Span;

impl Expr {
    /// What the prediction of a sample is multiplied by, in an expression that is affine in it: all values that this can have.
    pub fn slope(&self) -> Interval {
        let none = Interval::point(0.0);
        match &self.kind {
            ExprKind::Prediction => Interval::point(1.0),
            ExprKind::Negate(inner) => inner.slope().negate(),
            ExprKind::Add(terms) => terms.iter().fold(none, |sum, term| sum + term.slope()),
            ExprKind::Multiply(left, right) => {
                let (factor, inner) = if left.is_constant() { (left, right) } else { (right, left) };
                if inner.is_constant() { none } else { inner.slope().multiply(factor.range) }
            }
            ExprKind::Divide(inner, divisor) if !inner.is_constant() => inner.slope().divide(divisor.range),
            ExprKind::Fold { .. } | ExprKind::Call(..) if !self.is_constant() => Interval::ALL,
            ExprKind::Number(_)
            | ExprKind::Param(_)
            | ExprKind::ParamOf { .. }
            | ExprKind::Binder(_)
            | ExprKind::Column(_)
            | ExprKind::SecondPrediction
            | ExprKind::Divide(..)
            | ExprKind::Call(..)
            | ExprKind::Mean { .. }
            | ExprKind::Sum { .. }
            | ExprKind::Count { .. }
            | ExprKind::Probability { .. }
            | ExprKind::Covariance { .. }
            | ExprKind::Variance { .. }
            | ExprKind::Indicator(_)
            | ExprKind::Fold { .. } => none,
        }
    }

    /// Takes the expression, and all in it, to another place of the text.
    pub fn placed(mut self, span: Span) -> Self {
        self.place(span);
        self
    }

    fn place(&mut self, span: Span) {
        self.span = span;
        match &mut self.kind {
            ExprKind::Number(_)
            | ExprKind::Param(_)
            | ExprKind::ParamOf { .. }
            | ExprKind::Binder(_)
            | ExprKind::Column(_)
            | ExprKind::Prediction
            | ExprKind::SecondPrediction
            | ExprKind::Count { .. }
            | ExprKind::Probability { .. }
            | ExprKind::Indicator(_) => {}
            ExprKind::Negate(inner) => inner.place(span),
            ExprKind::Add(terms) | ExprKind::Call(_, terms) => terms.iter_mut().for_each(|term| term.place(span)),
            ExprKind::Multiply(left, right) | ExprKind::Divide(left, right) => {
                left.place(span);
                right.place(span);
            }
            ExprKind::Mean { value, .. } | ExprKind::Sum { value, .. } | ExprKind::Variance { value, .. } => {
                value.place(span);
            }
            ExprKind::Covariance { left, right, .. } => {
                left.place(span);
                right.place(span);
            }
            ExprKind::Fold { over, value, .. } => {
                (over.span, over.domain_span) = (span, span);
                value.place(span);
            }
        }
    }
}

impl Event {
    /// Whether it differs from sample to sample.
    pub fn reads_samples(&self) -> bool {
        match self {
            Event::All | Event::SameLevel { .. } => false,
            Event::Levels { .. } | Event::LevelOf { .. } | Event::Group { .. } | Event::GroupOf { .. } => true,
            Event::Case { cases, place } => cases.iter().take(place + 1).any(|case| case.event.reads_samples()),
            Event::Compare { left, right, .. } => [left, right].iter().any(|side| side.shape == Some(Shape::Sample)),
            Event::And(events) | Event::Or(events) => events.iter().any(Event::reads_samples),
            Event::Not(inner) => inner.reads_samples(),
        }
    }
}
