//! Quotients by a convex or concave expression, out of comparisons.
//!
//! From: `n / d <= c` with `c` data and `d` of a proven sign. To: `n <= c * d`, turned around where `d` is never positive. Why
//! equivalent: both sides are multiplied by `d`. What then has to be convex or concave is judged as if it had been written so:
//! `a / max(b, c) >= 80%` is `a >= 80% * max(b, c)`.

use crate::hir::{Curvature, Expr, ExprKind, Relation, RelationKind};

use super::arithmetic::{joined, negate, product, quotient};

/// `above / below`, alone on its side of a comparison, and what stands on the other.
struct Quotient {
    above: Expr,
    below: Expr,
    limit: Expr,
}

/// The comparison without the quotient by a convex or concave expression that one of its sides is.
pub(super) fn cleared(relation: &Relation) -> Option<Relation> {
    let Relation { kind, left, right, span } = relation;
    let (quotient, is_left) = match (left.is_constant(), right.is_constant()) {
        (false, true) => (isolated(left, right.clone())?, true),
        (true, false) => (isolated(right, left.clone())?, false),
        (true, true) | (false, false) => return None,
    };
    let Quotient { above, below, limit } = quotient;
    let positive = below.range.is_non_negative();
    let at = below.span;
    let product = product(limit, below, at);
    let (left, right) = match (is_left, positive) {
        _ if *kind == RelationKind::Equal => (above, product),
        (true, true) | (false, false) => (above, product),
        (true, false) | (false, true) => (product, above),
    };
    Some(Relation { kind: *kind, left, right, span: *span })
}

/// The quotient that an expression is but for factors and summands of data, which move to where they do no harm.
fn isolated(expr: &Expr, limit: Expr) -> Option<Quotient> {
    match &expr.kind {
        ExprKind::Divide(above, below) if below.curvature == Curvature::Piecewise => {
            Some(Quotient { above: (**above).clone(), below: (**below).clone(), limit })
        }
        ExprKind::Divide(inner, by) if by.is_constant() => {
            let found = isolated(inner, limit)?;
            let span = found.above.span;
            Some(Quotient { above: quotient(found.above, (**by).clone(), span), ..found })
        }
        ExprKind::Multiply(a, b) => {
            let (factor, inner) = if a.is_constant() { (a, b) } else { (b, a) };
            let found = isolated(inner, limit)?;
            let span = found.above.span;
            Some(Quotient { above: product((**factor).clone(), found.above, span), ..found })
        }
        ExprKind::Negate(inner) => {
            let found = isolated(inner, limit)?;
            let span = found.above.span;
            Some(Quotient { above: negate(found.above, span), ..found })
        }
        ExprKind::Add(terms) => {
            let mut reading = terms.iter().filter(|term| !term.is_constant());
            let (inner, None) = (reading.next()?, reading.next()) else { return None };
            let rest = terms.iter().filter(|term| term.is_constant()).map(|term| negate(term.clone(), term.span));
            let span = limit.span;
            let range = rest.clone().fold(limit.range, |sum, term| sum + term.range);
            let shape = rest.clone().fold(limit.shape, |shape, term| joined(shape, term.shape));
            let kind = ExprKind::Add(std::iter::once(limit).chain(rest).collect());
            isolated(inner, Expr { kind, span, shape, curvature: Curvature::Constant, range })
        }
        _ => None,
    }
}
