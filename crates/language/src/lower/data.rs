//! Data terms.
//!
//! From: an expression free of the prediction. To: a canonical data expression. Why equivalent: `E[e | event]` is the
//! total of `e` over the event divided by its count, `P[a | b]` is `N[a and b] / N[b]`, and the constructors of
//! [`Data`] keep the value.

use crate::hir::{Expr, ExprKind, Fold};
use crate::program::{Data, Event, Function};

use super::event::{elements, event};
use super::fold::Folded;
use super::scope::Scope;
use super::{covariance, indicator};

pub(super) fn data(expr: &Expr, scope: Scope<'_>) -> Data {
    match &expr.kind {
        ExprKind::Number(value) => Data::number(*value),
        ExprKind::Param(param) => Data::param(&scope.hir[*param].name),
        ExprKind::ParamOf { table, at } => Data::param(&scope.hir[scope.param_of(*table, at)].name),
        ExprKind::Binder(binder) => match scope.value(*binder).number {
            Some(number) => Data::number(number),
            None => unreachable!("the checker takes no level for a number"),
        },
        ExprKind::Column(column) => Data::column(scope.header(*column)),
        ExprKind::Prediction | ExprKind::SecondPrediction => {
            unreachable!("the prediction is no data: callers take it out first")
        }
        ExprKind::Negate(inner) => data(inner, scope).neg(),
        ExprKind::Add(terms) => Data::sum(terms.iter().map(|term| data(term, scope))),
        ExprKind::Multiply(left, right) => data(left, scope).mul(data(right, scope)),
        ExprKind::Divide(left, right) => data(left, scope).div(data(right, scope)),
        ExprKind::Call(function, arguments) => {
            Data::call(*function, arguments.iter().map(|argument| data(argument, scope)).collect())
        }
        ExprKind::Mean { value, event: given } => indicator::mean(data(value, scope), event(given, scope), scope),
        ExprKind::Sum { value, event: given } => indicator::total(data(value, scope), event(given, scope), scope),
        ExprKind::Count { event: counted } => Data::count(event(counted, scope)),
        ExprKind::Probability { event: inner, given } => {
            let given = event(given, scope);
            let both = Event::and([event(inner, scope), given.clone()], scope.universe);
            Data::count(both).div(Data::count(given))
        }
        ExprKind::Covariance { left, right, event: given } => {
            covariance::of_data(data(left, scope), data(right, scope), event(given, scope), scope)
        }
        ExprKind::Variance { value, event: given } => {
            let value = data(value, scope);
            covariance::of_data(value.clone(), value, event(given, scope), scope)
        }
        ExprKind::Indicator(inner) => scope.indicators.number(event(inner, scope)),
        ExprKind::Fold { fold, over, depends, value, .. } => {
            fold_of(Folded { fold: *fold, over, depends: *depends, value }, scope)
        }
    }
}

/// A fold that is free of the prediction.
fn fold_of(folded: Folded<'_>, scope: Scope<'_>) -> Data {
    let Folded { fold, over, value, .. } = folded;
    let mut values = Vec::new();
    let never: Result<usize, std::convert::Infallible> = elements(over, scope, &mut |scope| {
        values.push(data(value, scope));
        Ok(())
    });
    let Ok(count) = never;
    if let Some(finding) = folded.nothing().filter(|_| count == 0) {
        scope.work.fail(finding);
        return Data::zero();
    }
    match fold {
        Fold::Max => Data::call(Function::Max, values),
        Fold::Min => Data::call(Function::Min, values),
        Fold::Sum => Data::sum(values),
        Fold::Mean => Data::sum(values).div(Data::number(count as f64)),
    }
}
