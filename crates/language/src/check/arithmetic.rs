//! Sums, products and quotients of checked numbers, with their shape, range and curvature.

use crate::hir::{Curvature, Expr, ExprKind, Shape};
use crate::interval::Interval;
use crate::span::Span;

/// What two values together are: one per sample, if one of them is.
pub(super) fn joined(a: Option<Shape>, b: Option<Shape>) -> Option<Shape> {
    match (a, b) {
        (Some(Shape::Sample), _) | (_, Some(Shape::Sample)) => Some(Shape::Sample),
        (a, b) => a.or(b),
    }
}

/// `left * right`, of which at most one reads the prediction.
pub(super) fn product(left: Expr, right: Expr, span: Span) -> Expr {
    let range = left.range.multiply(right.range);
    let (curvature, shape) = (left.curvature.max(right.curvature), joined(left.shape, right.shape));
    Expr { kind: ExprKind::Multiply(Box::new(left), Box::new(right)), span, shape, curvature, range }
}

/// `left / right`.
pub(super) fn quotient(left: Expr, right: Expr, span: Span) -> Expr {
    let range = left.range.divide(right.range);
    let (curvature, shape) = (left.curvature.max(right.curvature), joined(left.shape, right.shape));
    Expr { kind: ExprKind::Divide(Box::new(left), Box::new(right)), span, shape, curvature, range }
}

pub(super) fn negate(expr: Expr, span: Span) -> Expr {
    if let ExprKind::Number(value) = expr.kind {
        return Expr::number(-value, span);
    }
    let (shape, curvature, range) = (expr.shape, expr.curvature, expr.range.negate());
    Expr { kind: ExprKind::Negate(Box::new(expr)), span, shape, curvature, range }
}

pub(super) fn add(terms: Vec<Expr>, span: Span) -> Expr {
    let literal = terms.iter().try_fold(0.0, |sum, term| match term.kind {
        ExprKind::Number(value) => Some(sum + value),
        _ => None,
    });
    if let Some(value) = literal {
        return Expr::number(value, span);
    }
    let shape = terms.iter().fold(None, |shape, term| joined(shape, term.shape));
    let curvature = terms.iter().map(|term| term.curvature).max().unwrap_or(Curvature::Constant);
    let range = terms.iter().fold(Interval::point(0.0), |sum, term| sum + term.range);
    Expr { kind: ExprKind::Add(terms), span, shape, curvature, range }
}
