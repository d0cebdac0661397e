//! `use`: the metric's body is checked with the arguments in place of its parameters.
//!
//! Names in an argument are the caller's, names in the body the metric's, so neither can capture the other. A mistake
//! of the caller (an argument that the body cannot use) is told at the argument.

use crate::span::{Sources, Span, quote};
use crate::syntax::ast;

use super::constraint::Heading;
use super::domain::count;
use super::{Call, Checker, Env, Finding, Kind, UnitOrigin};

impl<'a> Checker<'a> {
    pub(super) fn use_metric(&mut self, item: &'a ast::Item, used: &'a ast::Use) {
        let name = used.metric.text.as_str();
        let Some(declaration) = self.metrics.get(name).copied() else {
            self.unknown_metric(&used.metric);
            return;
        };
        self.used_metrics.insert(&declaration.metric.name.text);
        let metric = declaration.metric;
        let wanted = metric.parameters.len();
        if used.arguments.len() != wanted {
            let parameters: Vec<&str> = metric.parameters.iter().map(|parameter| parameter.text.as_str()).collect();
            let kind = Kind::ArgumentCount {
                callee: name.to_string(),
                expected: count(wanted, "argument"),
                found: count(used.arguments.len(), "argument"),
                signature: format!("{name}({})", parameters.join(", ")),
            };
            self.report(Finding::new(kind, used.call_span));
            // The arguments are still used, so that the names in them do not seem forgotten.
            used.arguments.iter().for_each(|argument| self.touch(argument));
            return;
        }
        let library = declaration.origin == UnitOrigin::Library;
        let call = Call { metric, library, arguments: &used.arguments, span: used.call_span };
        let heading = Heading {
            name: used.alias.as_ref().map_or_else(|| self.text(used.call_span), |alias| alias.text.clone()),
            doc: if item.doc.is_empty() { declaration.doc } else { &item.doc },
            name_span: used.alias.as_ref().map_or(used.call_span, |alias| alias.span),
            span: item.span,
            body_span: used.call_span,
            options: &used.options,
        };
        self.call = Some(call);
        self.constraint(heading, &metric.body, Env::in_call(call));
        self.call = None;
    }

    fn unknown_metric(&mut self, name: &'a ast::Name) {
        if self.incomplete || self.broken_metrics.contains(name.text.as_str()) {
            return;
        }
        let mut known: Vec<String> = self.metrics.keys().map(|name| name.to_string()).collect();
        known.extend(crate::library::names().map(str::to_string));
        let similar = self.suggest(&name.text, known.iter().map(String::as_str));
        let kind = Kind::UnknownName { expected: "metric", name: name.text.clone(), similar };
        self.report(Finding::new(kind, name.span));
    }

    /// Marks the names of an expression as used.
    fn touch(&mut self, expr: &'a ast::Expr) {
        let _ = self.prediction_in(expr, &Env::default());
    }
}

/// A finding inside a metric, told from the side of the `use`.
pub(super) fn from_the_caller(finding: Finding, call: Call<'_>, sources: &Sources) -> Finding {
    let argument = call.arguments.iter().find(|argument| contains(argument.span, finding.span));
    if let Some(argument) = argument {
        let text = quote(sources, argument.span);
        let callee = format!("`{}`", call.metric.name.text);
        let (found, expected) = match &finding.kind {
            Kind::SampleValue { .. } => ("one value per sample".into(), "a number, a param or an aggregate".into()),
            Kind::AggregateValue { .. } => ("one value for the whole batch".into(), "a column, label or number".into()),
            Kind::WrongKind { found, expected, .. } => (found.clone(), expected.clone()),
            _ => return finding,
        };
        return Finding::new(Kind::ArgumentKind { argument: text, found, callee, expected }, argument.span);
    }
    if finding.span.source == call.span.source && !contains(call.metric.body.body.span, finding.span) {
        return finding;
    }
    if call.library {
        let text = format!("in the metric `{}`", call.metric.name.text);
        let mut turned = Finding::new(finding.kind, call.span).with(finding.span, text);
        turned.related.extend(finding.related);
        return turned;
    }
    finding.with(call.span, "used here")
}

fn contains(outer: Span, inner: Span) -> bool {
    outer.source == inner.source && outer.start <= inner.start && inner.end <= outer.end
}
