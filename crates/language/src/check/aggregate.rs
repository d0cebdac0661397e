//! Aggregates: `E[e | event]`, `Sum`, `N`, `P`, `Cov`, `Var`.

use crate::diagnostic::Fix;
use crate::hir::{Curvature, Event, Expr, ExprKind, Fold, Shape};
use crate::interval::Interval;
use crate::program::Function;
use crate::program::text::name;
use crate::span::Span;
use crate::syntax::ast::{self, AggregateKind};
use crate::words::counted;

use super::event::all_of;
use super::kind::is_event;
use super::place::{Place, Reads};
use super::{Checker, Env, Finding, Kind};

impl<'a> Checker<'a> {
    /// An aggregate where an aggregate may stand, one of data also where one value per sample does; elsewhere it is refused for
    /// what it is.
    pub(super) fn aggregate_at(
        &mut self,
        span: Span,
        aggregate: &'a ast::Aggregate,
        env: &Env<'a>,
        place: Place,
    ) -> Option<Expr> {
        if self.pair.is_some() {
            let text = self.text(span);
            return self.refuse(Kind::AggregateValue { text, place: "in a row about pairs" }, span);
        }
        if matches!(place, Place::Event | Place::Where) {
            self.for_the_batch(span, place, true)?;
        }
        let number = self.aggregate(span, aggregate, env)?;
        self.for_the_batch(span, place, number.is_constant())?;
        Some(number)
    }

    /// Refuses one value for the batch where one per sample is needed. One of data is the same number for every sample.
    pub(super) fn for_the_batch(&mut self, span: Span, place: Place, of_data: bool) -> Option<()> {
        let place = match place {
            Place::Batch => return Some(()),
            Place::Each | Place::Inside if of_data => return Some(()),
            Place::Each => "under `each`",
            Place::Inside => "inside an aggregate",
            Place::Event => "in an event",
            Place::Where => {
                let text = self.text(span);
                return self.refuse(Kind::WhereReadsData { text }, span);
            }
        };
        let text = self.text(span);
        self.refuse(Kind::AggregateValue { text, place }, span)
    }

    fn aggregate(&mut self, span: Span, aggregate: &'a ast::Aggregate, env: &Env<'a>) -> Option<Expr> {
        let arguments = &aggregate.arguments;
        let kind = aggregate.kind;
        let wanted = match kind {
            AggregateKind::Covariance => 2,
            AggregateKind::Mean | AggregateKind::Sum | AggregateKind::Variance => 1,
            // A comma between events means `and`.
            AggregateKind::Count | AggregateKind::Probability => arguments.len().max(1),
        };
        if kind != AggregateKind::Covariance && self.swapped_condition(aggregate, env)
            || self.over_all(span, aggregate, env)
            || self.event_as_value(span, aggregate, env)
        {
            return None;
        }
        if arguments.len() != wanted {
            let (callee, signature) = signature(kind);
            let expected = counted(wanted, "argument");
            let found = counted(arguments.len(), "argument");
            let kind = Kind::ArgumentCount { callee: callee.into(), expected, found, signature: signature.into() };
            return self.refuse(kind, span);
        }
        match kind {
            AggregateKind::Count | AggregateKind::Probability => self.share(span, aggregate, env),
            AggregateKind::Mean | AggregateKind::Sum | AggregateKind::Variance | AggregateKind::Covariance => {
                let values: Vec<_> =
                    arguments.iter().map(|argument| self.number(argument, env, Place::Inside)).collect();
                let event = self.given(aggregate.condition.as_ref(), env);
                let values: Vec<Expr> = values.into_iter().collect::<Option<_>>()?;
                self.moment(span, kind, values, event?)
            }
        }
    }

    /// `E[sex == female | score]` and `E[score, sex == female]`: the event stands where the value belongs, or a comma where the
    /// bar does. Told once, with the fix.
    fn swapped_condition(&mut self, aggregate: &'a ast::Aggregate, env: &Env<'a>) -> bool {
        let is_share = matches!(aggregate.kind, AggregateKind::Count | AggregateKind::Probability);
        let (value, events) = match (aggregate.arguments.as_slice(), &aggregate.condition) {
            ([event], Some(condition)) if !is_share && is_event(event) => match condition.terms.as_slice() {
                [value] if !is_event(value) && self.prediction_in(value, env).is_some() => (value, vec![event]),
                _ => return false,
            },
            ([value, events @ ..], None)
                if !is_share && !events.is_empty() && !is_event(value) && events.iter().all(is_event) =>
            {
                (value, events.iter().collect())
            }
            _ => return false,
        };
        let texts: Vec<String> = events.iter().map(|event| self.sources.text(event.span).to_string()).collect();
        let inside = format!("{} | {}", self.sources.text(value.span), texts.join(", "));
        let spans = events.iter().map(|event| event.span).fold(value.span, Span::to);
        let head = self.text(aggregate.kind_span);
        let hint = format!("write `{head}[{inside}]`: the value stands before the bar, the condition after it");
        let (text, found) = (self.text(spans), "an event and a value in the wrong order".to_string());
        let expected = "a value and then a condition".to_string();
        let kind = Kind::WrongKind { text, found, expected, hint: Some(hint) };
        self.report(Finding::new(kind, spans).mended(Some(Fix::one(spans, inside, true))));
        true
    }

    /// `N[event]` and `P[event | given]`.
    fn share(&mut self, span: Span, aggregate: &'a ast::Aggregate, env: &Env<'a>) -> Option<Expr> {
        let events: Vec<_> =
            aggregate.arguments.iter().map(|argument| self.event(argument, env, Reads::Data)).collect();
        let given = self.given(aggregate.condition.as_ref(), env);
        let (event, given) = (all_of(events)?, given?);
        let (kind, range) = match (aggregate.kind, given) {
            (AggregateKind::Probability, given) => (ExprKind::Probability { event, given }, Interval::UNIT),
            (_, Event::All) => (ExprKind::Count { event }, Interval::NON_NEGATIVE),
            (_, given) => (ExprKind::Count { event: Event::And(vec![event, given]) }, Interval::NON_NEGATIVE),
        };
        Some(Expr { kind, span, shape: Some(Shape::Aggregate), curvature: Curvature::Constant, range })
    }

    /// The prediction as a spec writes it.
    pub(super) fn prediction_name(&self) -> String {
        self.hir.prediction.as_ref().map_or_else(|| "score".to_string(), |prediction| name(&prediction.name))
    }

    fn moment(&mut self, span: Span, kind: AggregateKind, values: Vec<Expr>, event: Event) -> Option<Expr> {
        let predictions = values.iter().filter(|value| !value.is_constant()).count();
        let quadratic = predictions == 2 || (kind == AggregateKind::Variance && predictions == 1);
        if quadratic {
            let text = self.text(span);
            let score = self.prediction_name();
            let hint = match kind {
                AggregateKind::Variance => {
                    format!("bound the mean, `E[{score} | ..]`, or each sample, `each: a <= {score} <= b`")
                }
                _ => format!("take the covariance with a column or label: `Cov[{score}, age]`"),
            };
            return self.refuse(Kind::Quadratic { text, hint }, span);
        }
        match kind {
            AggregateKind::Mean | AggregateKind::Sum => {
                values.iter().try_for_each(|value| self.bends(value).ok_or(())).ok()?
            }
            AggregateKind::Variance | AggregateKind::Covariance | AggregateKind::Count | AggregateKind::Probability => {
                if let Some((place, _)) = values.iter().find_map(innermost_piecewise) {
                    let what = "the covariance of an absolute value, maximum or minimum".to_string();
                    let hint = "a bend has a row in a mean alone: `E[|score - c|] <= t`".to_string();
                    return self.refuse(Kind::Nonlinear { what, hint }, place);
                }
            }
        }
        let curvature = values.iter().map(|value| value.curvature).max().unwrap_or(Curvature::Constant);
        let mut values = values.into_iter();
        let value = Box::new(values.next()?);
        let (kind, range) = match kind {
            AggregateKind::Mean => {
                let range = value.range;
                (ExprKind::Mean { value, event }, range)
            }
            AggregateKind::Sum => {
                let range = value.range.total();
                (ExprKind::Sum { value, event }, range)
            }
            AggregateKind::Variance => (ExprKind::Variance { value, event }, Interval::NON_NEGATIVE),
            AggregateKind::Covariance => {
                let right = Box::new(values.next()?);
                (ExprKind::Covariance { left: value, right, event }, Interval::ALL)
            }
            AggregateKind::Count | AggregateKind::Probability => return None,
        };
        Some(Expr { kind, span, shape: Some(Shape::Aggregate), curvature, range })
    }
}

/// The smallest `abs`, `max` or `min` of the prediction below an expression.
pub(super) fn innermost_piecewise(expr: &Expr) -> Option<(Span, Function)> {
    if expr.curvature != Curvature::Piecewise {
        return None;
    }
    let below = match &expr.kind {
        ExprKind::Negate(inner) => innermost_piecewise(inner),
        ExprKind::Add(terms) => terms.iter().find_map(innermost_piecewise),
        ExprKind::Multiply(left, right) | ExprKind::Divide(left, right) => {
            innermost_piecewise(left).or_else(|| innermost_piecewise(right))
        }
        ExprKind::Call(function, arguments) => {
            arguments.iter().find_map(innermost_piecewise).or(Some((expr.span, *function)))
        }
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
        | ExprKind::Indicator(_) => None,
        ExprKind::Fold { fold, value, .. } => innermost_piecewise(value).or(match fold {
            Fold::Max => Some((expr.span, Function::Max)),
            Fold::Min => Some((expr.span, Function::Min)),
            Fold::Sum | Fold::Mean => None,
        }),
    };
    below.or(Some((expr.span, Function::Abs)))
}

fn signature(kind: AggregateKind) -> (&'static str, &'static str) {
    match kind {
        AggregateKind::Mean => ("E", "E[score | sex == female]"),
        AggregateKind::Sum => ("Sum", "Sum[score | sex == female]"),
        AggregateKind::Count => ("N", "N[sex == female]"),
        AggregateKind::Probability => ("P", "P[income == 1 | sex == female]"),
        AggregateKind::Covariance => ("Cov", "Cov[score, age]"),
        AggregateKind::Variance => ("Var", "Var[age]"),
    }
}
