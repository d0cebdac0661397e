//! From pest's pairs to the tree: metrics with their parameters, and the calls of them.

use pest::iterators::Pair;

use super::Rule;
use super::ast::{
    Accepts, Argument, ArgumentValue, Call, Level, Limits, Metric, MetricBody, Needs, Parameter, ParameterKind, Use,
};
use super::build::{Builder, Children, optional};
use crate::span::Span;

impl Builder<'_> {
    pub fn metric(&self, mut children: Children) -> Option<Metric> {
        let name = self.name(children.next()?);
        let parameters = self.parameters(Children::of(children.next()?))?;
        let needs = optional(children.next_if(Rule::needs), |pair| {
            let mut parts = Children::of(pair);
            Some(Needs { name: self.name(parts.next()?), limits: self.limits(parts.next()?)? })
        })?;
        let body = children.next()?;
        let body = match body.as_rule() {
            Rule::call => MetricBody::Use(self.call(body)?),
            _ => MetricBody::Statement(self.statement(body)?),
        };
        Some(Metric { name, parameters, needs, body })
    }

    fn parameters(&self, mut children: Children) -> Option<Vec<Parameter>> {
        let mut parameters = Vec::new();
        while let Some(pair) = children.next() {
            let mut parts = Children::of(pair);
            let name = self.name(parts.next()?);
            let (mut kind, mut default) = (None, None);
            for part in std::iter::from_fn(|| parts.next()) {
                match part.as_rule() {
                    Rule::expr => default = Some(self.expr(part)?),
                    _ => kind = Some(self.kind(part)?),
                }
            }
            parameters.push(Parameter { name, kind, default });
        }
        Some(parameters)
    }

    fn kind(&self, pair: Pair<Rule>) -> Option<ParameterKind> {
        let (rule, start) = (pair.as_rule(), pair.as_span().start());
        let mut children = Children::of(pair);
        let kind = match rule {
            Rule::of_group => Accepts::Group(self.some_levels(children.next())?),
            Rule::of_label => Accepts::Label(self.some_levels(children.next())?),
            Rule::of_column => Accepts::Column,
            Rule::of_number => Accepts::Number(optional(children.next(), |pair| self.limits(pair))?),
            Rule::of_event => Accepts::Event,
            _ => Accepts::LevelOf(self.name(children.next()?)),
        };
        // White space behind the last word belongs to the rule, but not to the kind.
        let rest = children.next();
        debug_assert!(rest.is_none(), "a kind has at most one part");
        Some(ParameterKind { kind, span: self.between(start, children.end()) })
    }

    fn some_levels(&self, pair: Option<Pair<Rule>>) -> Option<Option<Vec<Level>>> {
        optional(pair, |pair| self.levels(Children::of(pair)))
    }

    fn limits(&self, pair: Pair<Rule>) -> Option<Limits> {
        let span = self.span(&pair);
        let mut children = Children::of(pair);
        let first = children.next()?;
        if first.as_rule() == Rule::range {
            let range = self.range(first)?;
            return Some(Limits { lower: range.lower.value, upper: range.upper.value, open: false, span });
        }
        let bound = self.bound(children.next()?)?.value;
        let (lower, upper, open) = match first.as_rule() {
            Rule::less => (f64::NEG_INFINITY, bound, true),
            Rule::less_equal => (f64::NEG_INFINITY, bound, false),
            Rule::greater => (bound, f64::INFINITY, true),
            _ => (bound, f64::INFINITY, false),
        };
        Some(Limits { lower, upper, open, span })
    }

    pub fn use_metric(&self, mut children: Children) -> Option<Use> {
        let call = self.call(children.next()?)?;
        let alias = self.optional_name(children.next_if(Rule::name));
        let options = self.options(children.next_if(Rule::options))?;
        Some(Use { call, alias, options })
    }

    fn call(&self, pair: Pair<Rule>) -> Option<Call> {
        let mut children = Children::of(pair);
        let metric = self.name(children.next()?);
        let passed = children.next()?;
        let span = metric.span.to(self.span(&passed));
        let mut arguments = Vec::new();
        let mut children = Children::of(passed);
        while let Some(pair) = children.next() {
            arguments.push(self.argument(pair)?);
        }
        Some(Call { metric, arguments, span })
    }

    fn argument(&self, pair: Pair<Rule>) -> Option<Argument> {
        let mut parts = Children::of(pair);
        let name = self.optional_name(parts.next_if(Rule::name));
        let value = parts.next()?;
        let (value, end) = match value.as_rule() {
            Rule::groups => {
                let span = self.span(&value);
                let mut children = Children::of(value);
                let mut groups = Vec::new();
                while let Some(pair) = children.next() {
                    groups.push(self.expr(pair)?);
                }
                (ArgumentValue::Each { groups, span }, span)
            }
            _ => {
                let expr = self.expr(value)?;
                let span = expr.span;
                (ArgumentValue::One(expr), span)
            }
        };
        let span = name.as_ref().map_or(end, |name| name.span.to(end));
        Some(Argument { name, value, span })
    }
}

impl Metric {
    /// From its name to the end of its body.
    pub fn span(&self) -> Span {
        let end = match &self.body {
            MetricBody::Statement(statement) => statement.body.span,
            MetricBody::Use(call) => call.span,
        };
        self.name.span.to(end)
    }
}
