//! Convex expressions inside of aggregates.
//!
//! From: `E[max(a, b) | event]` with `a`, `b` affine in the prediction of a sample. To: `E[(a + b) / 2 | event] + Σ c·E[φ·|ŷ − at| | event]`.
//! Why equivalent: `max(a, b)` is half of `a + b + |a − b|`, and `|s·ŷ + k|` is `|s|·|ŷ + k/s|`, where the checker has proved that `s` is
//! not 0. What is under a minus is a minimum, which is a maximum of negatives.

use crate::hir::{Curvature, Expr, ExprKind};
use crate::program::{Data, Function};

use super::affine::Affine;
use super::data::data;
use super::error::Finding;
use super::scope::Scope;

/// What an expression without bends is.
pub(super) type Straight = fn(&Expr, Scope<'_>) -> Result<Affine, Finding>;

/// The form of `expr`, or of `-expr`, for a sample: affine in its prediction and in distances of it from data.
pub(super) fn bent(expr: &Expr, negate: bool, scope: Scope<'_>, straight: Straight) -> Result<Affine, Finding> {
    if expr.curvature != Curvature::Piecewise {
        let affine = straight(expr, scope)?;
        return Ok(if negate { affine.negate() } else { affine });
    }
    match &expr.kind {
        ExprKind::Negate(inner) => bent(inner, !negate, scope, straight),
        ExprKind::Add(terms) => {
            let zero = Affine::constant(Data::zero());
            terms.iter().try_fold(zero, |sum, term| Ok(sum.add(bent(term, negate, scope, straight)?)))
        }
        ExprKind::Multiply(left, right) => {
            let (factor, inner) = if left.is_constant() { (left, right) } else { (right, left) };
            scaled(data(factor, scope), factor.range.is_non_positive(), inner, negate, (scope, straight))
        }
        ExprKind::Divide(left, right) => {
            let factor = Data::one().div(data(right, scope));
            scaled(factor, right.range.is_non_positive(), left, negate, (scope, straight))
        }
        ExprKind::Call(Function::Abs, arguments) => {
            absolute(bent(&arguments[0], false, scope, straight)?, &arguments[0])
        }
        // The larger of what the sign leaves of the arguments.
        ExprKind::Call(_, arguments) => largest(arguments, negate, scope, straight),
        ExprKind::Number(_)
        | ExprKind::Param(_)
        | ExprKind::ParamOf { .. }
        | ExprKind::Binder(_)
        | ExprKind::Column(_)
        | ExprKind::Prediction
        | ExprKind::SecondPrediction
        | ExprKind::Mean { .. }
        | ExprKind::Sum { .. }
        | ExprKind::Count { .. }
        | ExprKind::Probability { .. }
        | ExprKind::Covariance { .. }
        | ExprKind::Variance { .. }
        | ExprKind::Indicator(_)
        | ExprKind::Fold { .. } => unreachable!("the checker refuses it inside of an aggregate"),
    }
}

/// `|form|`, the slope of which has the sign that its expression proves.
fn absolute(form: Affine, expr: &Expr) -> Result<Affine, Finding> {
    Ok(distance(form, expr.slope().is_non_positive()))
}

fn distance(form: Affine, negative: bool) -> Affine {
    let slope = form.slope();
    if slope.is_zero() {
        return Affine::constant(Data::call(Function::Abs, vec![form.constant]));
    }
    let negative = slope.as_number().map_or(negative, |slope| slope < 0.0);
    Affine::distance(slope, negative, form.constant)
}

/// `max(a, b)` of one argument with the prediction and one of data, or of two with it; all arguments of data are one.
fn largest(arguments: &[Expr], negate: bool, scope: Scope<'_>, straight: Straight) -> Result<Affine, Finding> {
    let (constant, moving): (Vec<&Expr>, Vec<&Expr>) = arguments.iter().partition(|argument| argument.is_constant());
    let mut forms = Vec::new();
    let mut slope = crate::interval::Interval::point(0.0);
    for argument in moving {
        let own = if negate { argument.slope().negate() } else { argument.slope() };
        slope = if forms.is_empty() { own } else { slope + own.negate() };
        forms.push(bent(argument, negate, scope, straight)?);
    }
    if !constant.is_empty() {
        let values = constant.iter().map(|argument| {
            let value = data(argument, scope);
            if negate { value.neg() } else { value }
        });
        forms.push(Affine::constant(Data::call(Function::Max, values.collect())));
    }
    let half = Data::number(0.5);
    let mut forms = forms.into_iter();
    let first = forms.next().unwrap_or_else(|| Affine::constant(Data::zero()));
    Ok(match forms.next() {
        None => first,
        Some(second) => {
            let difference = first.clone().add(second.clone().negate());
            let apart = distance(difference, slope.is_non_positive());
            first.add(second).add(apart).scale(half)
        }
    })
}

/// The form of `factor · inner`; a factor that is never positive turns it around.
fn scaled(
    factor: Data,
    non_positive: bool,
    inner: &Expr,
    negate: bool,
    (scope, straight): (Scope<'_>, Straight),
) -> Result<Affine, Finding> {
    let factor = if non_positive { factor.neg() } else { factor };
    Ok(bent(inner, negate != non_positive, scope, straight)?.scale(factor))
}
