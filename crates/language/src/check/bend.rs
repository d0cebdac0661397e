//! Absolute values, maxima and minima inside of a mean or a sum.
//!
//! `E[|score - salary| | ..]` is a row with one breakpoint for each sample, `E[max(a, b)]` one of `(a + b + |a - b|) / 2`. So inside of an
//! aggregate stand absolute values of what is affine in the prediction, and the larger or smaller of two such expressions; a factor of
//! the prediction under them has a proven sign, since `|s * score + k|` bends where `s * score` is `-k`. Which way they may bend is decided
//! from the comparison down, as for all others (`relation`).

use crate::hir::{Curvature, Expr, ExprKind};
use crate::program::Function;
use crate::span::Span;

use super::aggregate::innermost_piecewise;
use super::{Checker, Finding, Kind};

impl Checker<'_> {
    /// Refuses what bends inside of an aggregate and is no row.
    pub(super) fn bends(&mut self, expr: &Expr) -> Option<()> {
        if expr.curvature != Curvature::Piecewise {
            return Some(());
        }
        if self.hir.prediction.as_ref().is_some_and(|prediction| prediction.decision) {
            let score = self.prediction_name();
            let hint =
                format!("of a decision it is affine: for a column `y` of 0 and 1 write `y + (1 - 2 * y) * {score}`");
            return self.no_row("an absolute value, maximum or minimum of decisions in a mean", hint, expr.span);
        }
        match &expr.kind {
            ExprKind::Negate(inner) => self.bends(inner),
            ExprKind::Add(terms) => terms.iter().try_for_each(|term| self.bends(term).ok_or(())).ok(),
            ExprKind::Multiply(left, right) => {
                self.bends(left)?;
                self.bends(right)
            }
            ExprKind::Divide(inner, divisor) if divisor.curvature != Curvature::Piecewise => self.bends(inner),
            ExprKind::Call(Function::Abs, arguments) => {
                arguments.iter().try_for_each(|argument| self.straight(argument).ok_or(())).ok()?;
                self.sloped(arguments.first().map(Expr::slope), expr.span)
            }
            ExprKind::Call(_, arguments) => self.larger(expr, arguments),
            ExprKind::Divide(..)
            | ExprKind::Number(_)
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
            | ExprKind::Fold { .. } => {
                let hint = "write out its elements, or take the larger or smaller of means: `max(a in race: E[score | race == a])`";
                self.no_row("a maximum, minimum or sum over a domain of what bends in a mean", hint.into(), expr.span)
            }
        }
    }

    /// `max(a, b)` and `min(a, b)`: at most two arguments, all of data counted as one.
    fn larger(&mut self, expr: &Expr, arguments: &[Expr]) -> Option<()> {
        arguments.iter().try_for_each(|argument| self.straight(argument).ok_or(())).ok()?;
        let (data, moving): (Vec<&Expr>, Vec<&Expr>) = arguments.iter().partition(|argument| argument.is_constant());
        match (moving.as_slice(), data.is_empty()) {
            ([_], true) => Some(()),
            ([first], false) => self.sloped(Some(first.slope()), expr.span),
            ([first, second], true) => self.sloped(Some(first.slope() + second.slope().negate()), expr.span),
            _ => {
                let hint = "take two arguments, of which one may be data: `max(score - 0.8, 0)`".to_string();
                self.no_row("the mean of a maximum or minimum of three predictions", hint, expr.span)
            }
        }
    }

    /// An argument that is affine in the prediction.
    fn straight(&mut self, argument: &Expr) -> Option<()> {
        let Some((span, _)) = innermost_piecewise(argument) else { return Some(()) };
        let hint = "add them up instead, one bend each: `E[|score - 0.2| + |score - 0.8|]`".to_string();
        self.no_row("an absolute value, maximum or minimum inside of another in a mean", hint, span)
    }

    /// What the prediction is multiplied by is not 0, whatever the data.
    fn sloped(&mut self, slope: Option<crate::interval::Interval>, span: Span) -> Option<()> {
        match slope {
            Some(slope) if slope.lower > 0.0 || slope.upper < 0.0 || slope.is_zero() => Some(()),
            _ => {
                let hint = "take the factor out, `E[w * |score - c|]`, or give it a range without 0, for example `in [0.1, 10]`";
                self.no_row("the mean of a bend whose prediction has a factor that may be 0", hint.into(), span)
            }
        }
    }

    fn no_row(&mut self, what: &str, hint: String, span: Span) -> Option<()> {
        self.report(Finding::new(Kind::Nonlinear { what: what.into(), hint }, span));
        None
    }
}
