//! How large trees are: what it costs to go through them.

use super::{Constraint, Event, Expr, ExprKind};

impl Expr {
    /// How many nodes the tree has, those of events included and folds written out.
    pub fn nodes(&self) -> usize {
        let inside: usize = match &self.kind {
            ExprKind::Number(_)
            | ExprKind::Param(_)
            | ExprKind::ParamOf { .. }
            | ExprKind::Binder(_)
            | ExprKind::Column(_)
            | ExprKind::Prediction
            | ExprKind::SecondPrediction => 0,
            ExprKind::Negate(inner) => inner.nodes(),
            ExprKind::Add(terms) | ExprKind::Call(_, terms) => {
                terms.iter().fold(0, |sum, term| sum.saturating_add(term.nodes()))
            }
            ExprKind::Multiply(left, right) | ExprKind::Divide(left, right) => {
                left.nodes().saturating_add(right.nodes())
            }
            ExprKind::Mean { value, event } | ExprKind::Sum { value, event } | ExprKind::Variance { value, event } => {
                value.nodes().saturating_add(event.nodes())
            }
            ExprKind::Count { event } => event.nodes(),
            ExprKind::Probability { event, given } => event.nodes() + given.nodes(),
            ExprKind::Covariance { left, right, event } => {
                left.nodes().saturating_add(right.nodes()).saturating_add(event.nodes())
            }
            ExprKind::Indicator(event) => event.nodes(),
            // What comes of an element weighs more than its nodes.
            ExprKind::Fold { elements, value, .. } => elements.saturating_mul(value.nodes().saturating_add(16)),
        };
        inside.saturating_add(1)
    }
}

impl Event {
    /// How many nodes the tree has, those of expressions and the levels of sets included.
    pub fn nodes(&self) -> usize {
        let inside: usize = match self {
            Event::All
            | Event::LevelOf { .. }
            | Event::Group { .. }
            | Event::GroupOf { .. }
            | Event::SameLevel { .. } => 0,
            Event::Levels { levels, .. } => levels.len(),
            Event::Case { cases, place } => {
                let events = cases.iter().take(place + 1).map(|case| case.event.nodes());
                events.fold(0, usize::saturating_add)
            }
            Event::Compare { left, right, .. } => left.nodes().saturating_add(right.nodes()),
            Event::And(events) | Event::Or(events) => {
                events.iter().fold(0, |sum, event| sum.saturating_add(event.nodes()))
            }
            Event::Not(inner) => inner.nodes(),
        };
        inside.saturating_add(1)
    }
}

impl Constraint {
    /// How many nodes all of its trees have: what each instance goes through.
    pub fn nodes(&self) -> usize {
        let each = self.each.as_ref().map_or(0, Event::nodes);
        let sides = self.comparisons.iter().flat_map(|relation| [&relation.left, &relation.right]);
        sides.fold(each, |sum, side| sum.saturating_add(side.nodes()))
    }
}
