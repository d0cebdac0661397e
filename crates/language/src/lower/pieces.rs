//! Convex expressions as maxima of affine pieces.
//!
//! From: an expression that the checker proved convex (or, under a minus, concave). To: the list of pieces whose
//! maximum it is. Why equivalent: an absolute value is the larger of two sides, which orientation and merging join into
//! the one row `-t <= e <= t`; sums of maxima are maxima over all combinations of pieces, and a factor that is not negative
//! moves into a maximum.

use crate::hir::{Curvature, Expr, ExprKind, Fold};
use crate::program::{Data, Function};
use crate::span::Span;

use super::affine::{Affine, Quantity};
use super::bend::bent;
use super::covariance;
use super::data::data;
use super::error::{Finding, Kind};
use super::event::{elements, event};
use super::fold::Folded;
use super::ratio::Fraction;
use super::scope::Scope;

/// Their maximum is the expression; never empty.
pub(super) type Pieces = Vec<Fraction>;

/// The most pieces that one side of a comparison may have.
const MOST_PIECES: usize = 4096;

/// The pieces of `expr`, or of `-expr`.
pub(super) fn pieces(expr: &Expr, negate: bool, scope: Scope<'_>) -> Result<Pieces, Finding> {
    if expr.curvature == Curvature::Constant {
        let value = data(expr, scope);
        return Ok(vec![Fraction::affine(Affine::constant(if negate { value.neg() } else { value }))]);
    }
    match &expr.kind {
        ExprKind::Negate(inner) => pieces(inner, !negate, scope),
        ExprKind::Add(terms) => sum(terms, negate, scope),
        ExprKind::Multiply(left, right) => {
            let (factor, inner) = if left.is_constant() { (left, right) } else { (right, left) };
            Ok(scaled(data(factor, scope), factor.range.is_non_positive(), inner, negate, scope)?)
        }
        ExprKind::Divide(left, right) if right.is_constant() => {
            let factor = Data::one().div(data(right, scope));
            scaled(factor, right.range.is_non_positive(), left, negate, scope)
        }
        ExprKind::Divide(left, right) => quotient(expr.span, (left, right), negate, scope),
        // `|e|` is the larger of `e` and `-e`.
        ExprKind::Call(Function::Abs, arguments) => {
            let mut all = pieces(&arguments[0], false, scope)?;
            all.extend(pieces(&arguments[0], true, scope)?);
            Ok(all)
        }
        // `max(a, b)` is at most zero exactly where both are, and `-min(a, b) = max(-a, -b)`.
        ExprKind::Call(_, arguments) => {
            let mut all = Vec::new();
            for argument in arguments {
                all.extend(pieces(argument, negate, scope)?);
            }
            Ok(all)
        }
        ExprKind::Fold { fold, over, depends, value, .. } => {
            fold_of(Folded { fold: *fold, over, depends: *depends, value }, negate, scope)
        }
        ExprKind::Mean { value, event: given } if value.curvature == Curvature::Piecewise => {
            Ok(vec![Fraction::affine(bent(value, negate, scope, straight)?.mean(&event(given, scope), scope))])
        }
        ExprKind::Sum { value, event: given } if value.curvature == Curvature::Piecewise => {
            Ok(vec![Fraction::affine(bent(value, negate, scope, straight)?.total(&event(given, scope), scope))])
        }
        ExprKind::Prediction
        | ExprKind::SecondPrediction
        | ExprKind::Mean { .. }
        | ExprKind::Sum { .. }
        | ExprKind::Covariance { .. }
        | ExprKind::Indicator(_)
        | ExprKind::Number(_)
        | ExprKind::Param(_)
        | ExprKind::ParamOf { .. }
        | ExprKind::Binder(_)
        | ExprKind::Column(_)
        | ExprKind::Count { .. }
        | ExprKind::Probability { .. }
        | ExprKind::Variance { .. } => {
            let affine = aggregate(expr, scope)?;
            Ok(vec![Fraction::affine(if negate { affine.negate() } else { affine })])
        }
    }
}

/// The pieces of a quotient by predictions, or of its negative.
fn quotient(span: Span, (left, right): (&Expr, &Expr), negate: bool, scope: Scope<'_>) -> Result<Pieces, Finding> {
    let negative = !right.range.is_non_negative();
    // What bends the denominator was multiplied out of its comparison.
    if right.curvature == Curvature::Piecewise {
        return Err(Finding::new(Kind::RatioSum { what: "a quotient by a maximum or minimum" }, span));
    }
    let denominator = single(right, scope)?;
    if denominator.denominator.is_some() {
        return Err(Finding::new(Kind::RatioSum { what: "a ratio of ratios of predictions" }, span));
    }
    // `n / d` is `-n / -d`, which bends as `-n` does.
    let turned = negative && left.curvature == Curvature::Piecewise;
    let numerators = pieces(left, negate != turned, scope)?;
    let below = if turned { denominator.numerator.negate() } else { denominator.numerator };
    let divide = |numerator: Fraction| numerator.divide(below.clone(), negative && !turned, span);
    numerators.into_iter().map(divide).collect()
}

/// The pieces of a fold, or of its negative.
fn fold_of(folded: Folded<'_>, negate: bool, scope: Scope<'_>) -> Result<Pieces, Finding> {
    let Folded { fold, over, value, .. } = folded;
    let mut all: Pieces = Vec::new();
    let joins = matches!(fold, Fold::Max | Fold::Min);
    let count = elements(over, scope, &mut |scope| {
        let more = pieces(value, negate, scope)?;
        all = match std::mem::take(&mut all) {
            known if known.is_empty() => more,
            mut known if joins => {
                known.extend(more);
                known
            }
            known => combine(known, more, over.span, scope)?,
        };
        Ok(())
    })?;
    if let Some(finding) = folded.nothing().filter(|_| count == 0) {
        return Err(finding);
    }
    Ok(match fold {
        _ if count == 0 => vec![Fraction::affine(Affine::constant(Data::zero()))],
        Fold::Max | Fold::Min | Fold::Sum => all,
        Fold::Mean => {
            let share = Data::one().div(Data::number(count as f64));
            all.into_iter().map(|piece| piece.scale(share.clone())).collect()
        }
    })
}

/// The pieces of a sum: all sums of a piece of each term.
fn sum(terms: &[Expr], negate: bool, scope: Scope<'_>) -> Result<Pieces, Finding> {
    let mut sum: Option<(Pieces, Span)> = None;
    for term in terms {
        let more = pieces(term, negate, scope)?;
        sum = Some(match sum {
            None => (more, term.span),
            Some((known, span)) => {
                let span = span.to(term.span);
                (combine(known, more, span, scope)?, span)
            }
        });
    }
    Ok(sum.map_or_else(Vec::new, |(pieces, _)| pieces))
}

/// An affine expression as its one piece.
fn single(expr: &Expr, scope: Scope<'_>) -> Result<Fraction, Finding> {
    match pieces(expr, false, scope)?.into_iter().next() {
        Some(piece) => Ok(piece),
        None => unreachable!("an expression has a piece"),
    }
}

/// An expression of a sample without a bend.
fn straight(expr: &Expr, scope: Scope<'_>) -> Result<Affine, Finding> {
    Ok(single(expr, scope)?.numerator)
}

/// A leaf that reads the prediction.
fn aggregate(expr: &Expr, scope: Scope<'_>) -> Result<Affine, Finding> {
    Ok(match &expr.kind {
        ExprKind::Prediction => Affine::prediction(Quantity::Prediction),
        ExprKind::SecondPrediction => Affine::prediction(Quantity::Second),
        ExprKind::Mean { value, event: given } => single(value, scope)?.numerator.mean(&event(given, scope), scope),
        ExprKind::Sum { value, event: given } => single(value, scope)?.numerator.total(&event(given, scope), scope),
        ExprKind::Covariance { left, right, event: given } => {
            let (affine, constant) = if right.is_constant() { (left, right) } else { (right, left) };
            let affine = single(affine, scope)?.numerator;
            covariance::of_prediction(affine, data(constant, scope), &event(given, scope), scope)
        }
        ExprKind::Number(_)
        | ExprKind::Param(_)
        | ExprKind::ParamOf { .. }
        | ExprKind::Binder(_)
        | ExprKind::Column(_)
        | ExprKind::Negate(_)
        | ExprKind::Add(_)
        | ExprKind::Multiply(..)
        | ExprKind::Divide(..)
        | ExprKind::Call(..)
        | ExprKind::Count { .. }
        | ExprKind::Probability { .. }
        | ExprKind::Variance { .. }
        | ExprKind::Indicator(_)
        | ExprKind::Fold { .. } => Affine::constant(data(expr, scope)),
    })
}

/// The pieces of `factor · inner`; a factor that is never positive turns convex into concave.
fn scaled(factor: Data, non_positive: bool, inner: &Expr, negate: bool, scope: Scope<'_>) -> Result<Pieces, Finding> {
    let turned = non_positive && inner.curvature == Curvature::Piecewise;
    let factor = if turned { factor.neg() } else { factor };
    let inner = pieces(inner, negate != turned, scope)?;
    Ok(inner.into_iter().map(|piece| piece.scale(factor.clone())).collect())
}

/// All sums of a piece of one and a piece of the other.
pub(super) fn combine(left: Pieces, right: Pieces, span: Span, scope: Scope<'_>) -> Result<Pieces, Finding> {
    if left.len().saturating_mul(right.len()) > MOST_PIECES {
        return Err(Finding::new(Kind::TooLarge { limit: MOST_PIECES, unit: "rows in one comparison" }, span));
    }
    if left.len() == 1 && right.len() == 1 {
        return left.into_iter().zip(right).map(|(a, b)| a.add(b, span)).collect();
    }
    let terms = |pieces: &Pieces| pieces.iter().map(Fraction::terms).sum::<usize>();
    let made = terms(&left).saturating_mul(right.len()).saturating_add(terms(&right).saturating_mul(left.len()));
    scope.work.spend(made, span)?;
    let mut all = Vec::with_capacity(left.len() * right.len());
    for a in &left {
        for b in &right {
            all.push(a.clone().add(b.clone(), span)?);
        }
    }
    Ok(all)
}
