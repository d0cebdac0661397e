//! Folds: `max(a in race: e)`, `min`, `sum` and `mean` over the elements of a domain.
//!
//! The value is checked once, as it stands: its binders have the range of their domain. A maximum bends as one of a
//! list does, sums and means bend as their terms.

use crate::hir::{Component, Curvature, Expr, ExprKind, Fold, Quantifier};
use crate::interval::Interval;
use crate::span::Span;
use crate::syntax::ast;

use super::place::Place;
use super::{Checker, Env, Kind};

/// The most parts of expressions that one fold may be written out to.
const MOST_PARTS: usize = 5_000_000;

impl<'a> Checker<'a> {
    pub(super) fn fold(&mut self, span: Span, fold: &'a ast::Fold, env: &Env<'a>, place: Place) -> Option<Expr> {
        self.few_binders(std::slice::from_ref(&fold.over))?;
        let mut inner = env.clone();
        let (top_domain, poisoned) = (self.top_domain, self.poisoned.len());
        let over = self.quantifier(&fold.over, &mut inner);
        self.top_domain = top_domain;
        let value = self.number(&fold.body, &inner, place);
        for binder in self.poisoned.split_off(poisoned) {
            self.broken.remove(binder);
        }
        let (over, value) = (over?, value?);
        let elements = self.elements(&over);
        if value.nodes().saturating_mul(elements) > MOST_PARTS {
            let what = format!("`{}`", self.text(span));
            return self.refuse(Kind::TooLarge { what, limit: MOST_PARTS, unit: "parts of expressions" }, span);
        }
        let kind = kind(fold.kind);
        let range = match kind {
            Fold::Max | Fold::Min | Fold::Mean => value.range,
            // The levels of a parameter are not known where a metric is defined.
            Fold::Sum if self.is_open(&over) => value.range.total(),
            Fold::Sum => sum_of(value.range, elements, over.condition.is_some()),
        };
        let curvature = match kind {
            _ if value.is_constant() => Curvature::Constant,
            Fold::Max | Fold::Min => Curvature::Piecewise,
            Fold::Sum | Fold::Mean => value.curvature,
        };
        let shape = value.shape;
        let (over, value, depends) = (Box::new(over), Box::new(value), depends(&fold.over, env));
        let kind = ExprKind::Fold { fold: kind, over, elements, depends, value };
        Some(Expr { kind, span, shape, curvature, range })
    }

    fn is_open(&self, over: &Quantifier) -> bool {
        over.components.iter().any(|component| match component {
            Component::Single(binder) | Component::Pairs(binder, _) | Component::Adjacent(binder, _) => {
                self.open_binders.contains(binder)
            }
        })
    }

    /// How many elements the domain has, those that a `where` leaves out included.
    fn elements(&self, over: &Quantifier) -> usize {
        let values = |binder: crate::hir::BinderId| self.hir.binders.get(binder.0).map_or(0, |it| it.values.len());
        over.components.iter().fold(1, |product: usize, component| match component {
            Component::Single(binder) => product.saturating_mul(values(*binder)),
            Component::Pairs(first, _) => {
                let count = values(*first);
                product.saturating_mul(count.saturating_mul(count.saturating_sub(1)) / 2)
            }
            Component::Adjacent(first, _) => product.saturating_mul(values(*first).saturating_sub(1)),
        })
    }
}

fn kind(kind: ast::FoldKind) -> Fold {
    match kind {
        ast::FoldKind::Max => Fold::Max,
        ast::FoldKind::Min => Fold::Min,
        ast::FoldKind::Sum => Fold::Sum,
        ast::FoldKind::Mean => Fold::Mean,
    }
}

/// Whether the elements are others for other values of the binders around.
fn depends(over: &ast::Quantifier, env: &Env<'_>) -> bool {
    let mut stack = over.expressions();
    while let Some(expr) = stack.pop() {
        if let ast::ExprKind::Name(name) = &expr.kind
            && env.binders.iter().any(|(text, _)| *text == name.text)
        {
            return true;
        }
        stack.extend(expr.children());
    }
    false
}

/// The values that a sum can take. A `where` may leave any number of elements.
fn sum_of(value: Interval, elements: usize, some: bool) -> Interval {
    let all = value.multiply(Interval::point(elements as f64));
    match some {
        false => all,
        true => Interval { lower: all.lower.min(0.0), upper: all.upper.max(0.0) },
    }
}
