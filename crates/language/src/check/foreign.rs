//! Names that nothing declares and of which it is known what was meant: an aggregate without brackets, `raw` without the
//! prediction, `all` for a condition, and moments that the language has no aggregate for.

use crate::diagnostic::Fix;
use crate::program::text::name as written;
use crate::span::{Span, one_line};
use crate::syntax::ast::{self, AggregateKind};
use crate::words::{CORRELATIONS, DEVIATIONS, RANKS};

use super::kind::is_event;
use super::name::{Found, NUMBER, PARAM, RAW_CALL};
use super::{Checker, Env, Finding, Kind};

/// What is written where every sample is meant.
const ALL: [&str; 6] = ["all", "everyone", "everybody", "everything", "population", "always"];
const ALL_COUNTED: &str = "the number of all samples is `Sum[1]`";
const NO_CONDITION: &str = "leave the condition out: without one every sample is meant";

impl<'a> Checker<'a> {
    /// What a name that nothing declares says elsewhere, and what to write for it.
    pub(super) fn meant_otherwise(&self, name: &str, expected: &str) -> Option<(String, Option<String>)> {
        let raw = self.raw_call();
        match (name, expected) {
            ("N", NUMBER | PARAM) => {
                Some((format!("{ALL_COUNTED}, that of an event `N[sex == female]`"), Some("Sum[1]".to_string())))
            }
            ("E" | "Sum" | "P" | "Cov" | "Var", NUMBER | PARAM) => {
                Some((format!("an aggregate says in brackets what it is of: `{name}[..]`"), None))
            }
            (RAW_CALL, PARAM) => {
                Some((format!("the mean of the raw predictions is `E[{raw}]`"), Some(format!("E[{raw}]"))))
            }
            (name, "event") if ALL.contains(&name) => Some((NO_CONDITION.to_string(), None)),
            _ => None,
        }
    }

    /// `E[score | all]` and `N[all]`, where `all` is no event: told with the aggregate that is meant.
    pub(super) fn over_all(&mut self, span: Span, aggregate: &'a ast::Aggregate, env: &Env<'a>) -> bool {
        let (all, fix) = match (aggregate.arguments.as_slice(), &aggregate.condition) {
            ([all], None) if aggregate.kind == AggregateKind::Count => (all, Fix::one(span, "Sum[1]", false)),
            ([.., last], Some(condition)) => {
                let [all] = condition.terms.as_slice() else { return false };
                let behind = Span { start: last.span.end, end: condition.span.end, ..condition.span };
                (all, Fix::one(behind, "", false))
            }
            _ => return false,
        };
        let ast::ExprKind::Name(name) = &all.bare().kind else { return false };
        if !ALL.contains(&name.text.as_str()) || !matches!(self.look_up(name, env), Found::Nothing) {
            return false;
        }
        if self.incomplete || !self.unknown.insert(name.text.clone()) {
            return true;
        }
        let hint = match aggregate.condition {
            None => ALL_COUNTED,
            Some(_) => NO_CONDITION,
        };
        let hint = Some(hint.to_string());
        let kind = Kind::UnknownName { expected: "event", name: name.text.clone(), similar: None, hint };
        self.report(Finding::new(kind, name.span).mended(self.call.is_none().then_some(fix)));
        true
    }

    /// `E[repaid == 1 | sex == female]`: the share of an event, told with its condition.
    pub(super) fn event_as_value(&mut self, span: Span, aggregate: &'a ast::Aggregate, env: &Env<'a>) -> bool {
        let [event] = aggregate.arguments.as_slice() else { return false };
        if !is_event(event) || self.prediction_in(event, env).is_some() {
            return false;
        }
        let inside = self.sources.text(event.span);
        let condition = aggregate.condition.as_ref().map(|condition| self.sources.text(condition.span));
        let (instead, what) = match (aggregate.kind, condition) {
            (AggregateKind::Mean, Some(given)) => (format!("P[{inside} | {given}]"), "the share of an event is"),
            (AggregateKind::Mean, None) => (format!("P[{inside}]"), "the share of an event is"),
            (AggregateKind::Sum, Some(given)) => (format!("N[{inside}, {given}]"), "the size of an event is"),
            (AggregateKind::Sum, None) => (format!("N[{inside}]"), "the size of an event is"),
            (AggregateKind::Variance, Some(given)) => {
                (format!("Var[[{inside}] | {given}]"), "as the number 0 or 1 it is")
            }
            (AggregateKind::Variance, None) => (format!("Var[[{inside}]]"), "as the number 0 or 1 it is"),
            (AggregateKind::Count | AggregateKind::Probability | AggregateKind::Covariance, _) => return false,
        };
        let (text, found) = (self.text(event.span), "an event".to_string());
        let hint = Some(format!("{what} `{}`", one_line(&instead)));
        let kind = Kind::WrongKind { text, found, expected: "a number".to_string(), hint };
        let fix = self.call.is_none().then(|| Fix::one(span, instead, false));
        self.report(Finding::new(kind, event.span).mended(fix));
        true
    }

    /// `Corr[score, age]`, `std(score)`, `median(score)`: told with what has rows.
    pub(super) fn foreign_moment(&mut self, span: Span, name: &ast::Name, arguments: &'a [ast::Expr]) -> bool {
        let word = name.text.to_lowercase();
        let score = self.hir.prediction.as_ref().map_or("score".to_string(), |prediction| written(&prediction.name));
        let raw = self.raw_call();
        let texts: Vec<&str> = arguments.iter().map(|argument| self.sources.text(argument.span)).collect();
        let of_data = |text: &&str| if *text == score { raw.clone() } else { (*text).to_string() };
        let (hint, instead) = match texts.as_slice() {
            texts if CORRELATIONS.contains(&word.as_str()) => {
                let (a, b) = match texts {
                    [a, b] => (*a, *b),
                    _ => (score.as_str(), "age"),
                };
                let hint = format!(
                    "bound the covariance, `|Cov[{a}, {b}]| <= c * sqrt(Var[{}] * Var[{}])`: over deviations of the predictions \
                     themselves it has no linear rows",
                    of_data(&a),
                    of_data(&b)
                );
                (hint, None)
            }
            [only] if DEVIATIONS.contains(&word.as_str()) => {
                let instead = format!("sqrt(Var[{}])", of_data(only));
                let note =
                    if *only == score { ", of the raw predictions: that of the predictions is not affine" } else { "" };
                (format!("a standard deviation is `{instead}`{note}"), Some(instead).filter(|_| note.is_empty()))
            }
            _ if DEVIATIONS.contains(&word.as_str()) => {
                ("a standard deviation is `sqrt(Var[age])`, of data alone".to_string(), None)
            }
            _ if RANKS.contains(&word.as_str()) => {
                let hint = format!(
                    "what depends on the order of predictions has no linear rows: bound a mean, `E[{score} | ..]`, also of those \
                     beyond a cut of the raw prediction, `E[{score} | {raw} >= 50%]`"
                );
                (hint, None)
            }
            _ => return false,
        };
        let fix = instead.filter(|_| self.call.is_none()).map(|instead| Fix::one(span, instead, false));
        let (at, name, expected) = (name.span, name.text.clone(), "aggregate");
        let kind = Kind::UnknownName { expected, name, similar: None, hint: Some(hint) };
        self.report(Finding::new(kind, at).mended(fix));
        true
    }
}
