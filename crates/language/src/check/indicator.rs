//! Indicators: `[race == black]`, an event as the number 0 or 1.
//!
//! Events are two-valued, so the number is 0 or 1 for every sample, nulls included. It is data; an event that the
//! prediction decides would be a step, and is refused as it is behind a bar.

use crate::diagnostic::Fix;
use crate::hir::{Curvature, Expr, ExprKind, Shape};
use crate::interval::Interval;
use crate::span::{Span, one_line};
use crate::syntax::ast;

use super::kind::is_event;
use super::place::{Place, Reads};
use super::{Checker, Env, Finding, Kind};

impl<'a> Checker<'a> {
    pub(super) fn indicator(
        &mut self,
        span: Span,
        condition: &'a ast::Condition,
        env: &Env<'a>,
        place: Place,
    ) -> Option<Expr> {
        for term in &condition.terms {
            if let Some(prediction) = self.prediction_in(term, env) {
                let text = self.text(span);
                return self.refuse(Kind::PredictionInIndicator { text, prediction }, span);
            }
        }
        let reads = if place == Place::Where { Reads::Binders } else { Reads::Data };
        let event = self.condition(condition, env, reads)?;
        let shape = event.reads_samples().then_some(Shape::Sample);
        if place == Place::Batch && shape.is_some() {
            if !std::mem::replace(&mut self.sample_value_reported, true) {
                let text = self.text(span);
                self.report(Finding::new(Kind::SampleValue { text, numeric: true }, span));
            }
            return None;
        }
        let kind = ExprKind::Indicator(event);
        Some(Expr { kind, span, shape, curvature: Curvature::Constant, range: Interval::UNIT })
    }

    /// Tells `I(race == black)`, which other languages write.
    pub(super) fn round_indicator(&mut self, span: Span, function: &ast::Name, arguments: &[ast::Expr]) -> bool {
        let named =
            matches!(function.text.as_str(), "I" | "indicator" | "Indicator" | "ind" | "iverson" | "int" | "bool");
        let [event] = arguments else { return false };
        if !named || !is_event(event) {
            return false;
        }
        let instead = format!("[{}]", self.sources.text(event.span));
        let fix = Some(Fix::one(span, instead.clone(), true));
        let kind = Kind::RoundIndicator { name: function.text.clone(), instead: one_line(&instead) };
        self.report(Finding::new(kind, function.span).mended(fix));
        true
    }
}
