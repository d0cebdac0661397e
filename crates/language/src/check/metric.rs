//! The definition of a metric, checked where it is written, used or not.
//!
//! A parameter stands for something of its kind: a number within its limits, a label with its levels. Where the kind
//! says too little (none, or a group whose levels are the caller's), it is *open*: an event that reads it is taken to
//! be one, and nothing is said of a number that it is part of. What depends on the argument is told at the `use`.

use std::rc::Rc;

use crate::hir::{Column, ColumnId, Param, ParamId};
use crate::interval::Interval;
use crate::program::{ColumnType, Level};
use crate::span::Span;
use crate::syntax::ast::{self, Accepts};
use crate::words::nearest;

use super::limits::MOST_METRICS;
use super::parameter::{Fit, Given, Target};
use super::using::{given, words};
use super::{Call, Checker, Env, Finding, Kind, MetricDeclaration, Passed, Standin, Symbol, UnitOrigin};

impl<'a> Checker<'a> {
    /// Checks every metric of the root file.
    pub(super) fn definitions(&mut self) {
        let mut metrics: Vec<MetricDeclaration<'a>> =
            self.metrics.values().filter(|metric| metric.origin == UnitOrigin::Root).copied().collect();
        metrics.sort_by_key(|declaration| declaration.metric.name.span);
        for declaration in metrics {
            self.is_sound(declaration, declaration.metric.name.span);
        }
    }

    /// Whether the definition has no error; checked on first use. The library's are known to have none.
    pub(super) fn is_sound(&mut self, declaration: MetricDeclaration<'a>, mention: Span) -> bool {
        let name = declaration.metric.name.text.as_str();
        match self.metrics_checked.get(name) {
            Some(Some(sound)) => return *sound,
            Some(None) => {
                let kind = Kind::MetricCycle { name: name.to_string() };
                let finding = Finding::new(kind, mention).with(declaration.metric.name.span, "defined here");
                self.findings.push(finding);
                return false;
            }
            None => {}
        }
        if self.metrics_open >= MOST_METRICS {
            let what = format!("`{name}`");
            let kind = Kind::TooLarge { what, limit: MOST_METRICS, unit: "metrics that use each other" };
            self.findings.push(Finding::new(kind, declaration.metric.name.span));
            return false;
        }
        self.metrics_checked.insert(name, None);
        self.metrics_open += 1;
        let call = self.call.take();
        let sound = declaration.origin == UnitOrigin::Library || self.definition(declaration);
        self.call = call;
        self.metrics_open -= 1;
        self.metrics_checked.insert(name, Some(sound));
        sound
    }

    fn definition(&mut self, declaration: MetricDeclaration<'a>) -> bool {
        let metric = declaration.metric;
        let known = self.findings.len();
        for parameter in &metric.parameters {
            self.parameter_kind(parameter, metric);
        }
        self.needs(metric);
        if self.findings.len() == known {
            let (columns, params, binders) = (self.hir.columns.len(), self.hir.params.len(), self.hir.binders.len());
            self.body_for_any_argument(metric);
            self.hir.columns.truncate(columns);
            self.hir.params.truncate(params);
            self.hir.binders.truncate(binders);
            self.numeric_binders.truncate(binders);
            self.open_binders.clear();
            self.mentions.clear();
        }
        // What is only a warning is told where the metric is used, with the arguments.
        let found = self.findings.split_off(known.min(self.findings.len()));
        let errors: Vec<Finding> = found.into_iter().filter(Finding::is_error).collect();
        let sound = errors.is_empty();
        self.findings.extend(errors);
        sound
    }

    fn body_for_any_argument(&mut self, metric: &'a ast::Metric) {
        let passed = metric.parameters.iter().map(|parameter| Passed::Standin(self.standin(parameter)));
        let passed = passed.collect();
        let span = metric.name.span;
        let call = Rc::new(Call { metric, library: false, passed, span, caller: None, outside: false });
        let env = Env::of(Some(call));
        for (index, parameter) in metric.parameters.iter().enumerate() {
            if let Some(default) = &parameter.default {
                self.default_value(metric, index, default);
            }
        }
        self.sample_value_reported = false;
        match &metric.body {
            ast::MetricBody::Statement(body) => {
                self.statement(body, env);
            }
            ast::MetricBody::Use(inner) => self.inner_use(inner, &env),
        }
    }

    /// A metric that uses another: the arguments are checked as far as their kinds are known.
    fn inner_use(&mut self, inner: &'a ast::Call, env: &Env<'a>) {
        self.touch(inner, env);
        let Some(declaration) = self.metric_named(&inner.metric) else { return };
        // A mistake in the other metric is told there.
        if !self.is_sound(declaration, inner.span) {
            return;
        }
        let Some(choices) = self.matched(inner, declaration.metric) else { return };
        if super::using::number_of(&choices) > super::using::MOST_INSTANCES {
            self.too_many(inner.span);
            return;
        }
        for choice in super::using::combinations(&choices) {
            let given: Vec<Given<'a>> = choice.iter().map(|(expr, default, _)| given(expr, *default, env)).collect();
            if !self.arguments_fit(inner, declaration.metric, &given, &choices) {
                return;
            }
        }
    }

    fn default_value(&mut self, metric: &'a ast::Metric, index: usize, default: &'a ast::Expr) {
        // The arguments that a default goes with are not known, so a level is only looked at where it is used.
        let given: Vec<Given<'a>> =
            metric.parameters.iter().map(|_| Given { expr: default, env: Env::default() }).collect();
        let parameters = &metric.parameters;
        let kind = parameters.get(index).and_then(|parameter| parameter.kind.as_ref()).map(|kind| &kind.kind);
        if matches!(kind, Some(Accepts::LevelOf(_)) | None) {
            return;
        }
        match self.fit(&Target { callee: &metric.name.text, parameters, index, given: &given }) {
            Fit::Exact | Fit::Loose => {}
            Fit::Outside(finding) | Fit::Wrong(finding) => self.report(*finding),
        }
    }

    fn parameter_kind(&mut self, parameter: &'a ast::Parameter, metric: &'a ast::Metric) {
        let Some(kind) = &parameter.kind else { return };
        match &kind.kind {
            Accepts::Group(Some(levels)) | Accepts::Label(Some(levels)) if levels.is_empty() => {
                let reason = "name at least one level, or leave the braces out".to_string();
                self.report(Finding::new(Kind::EmptyDomain { reason }, kind.span));
            }
            Accepts::Group(Some(levels)) | Accepts::Label(Some(levels)) => {
                self.unique_levels(levels);
            }
            Accepts::Number(Some(limits)) => self.limits_hold_something(limits),
            Accepts::LevelOf(other) => {
                let found = metric.parameters.iter().find(|known| known.name.text == other.text);
                let of_levels = |found: &ast::Parameter| {
                    let kind = found.kind.as_ref().map(|kind| &kind.kind);
                    matches!(kind, None | Some(Accepts::Group(_) | Accepts::Label(_)))
                };
                match found {
                    Some(found) if of_levels(found) => {}
                    Some(_) => self.wrong_kind(
                        other.span,
                        "no parameter with levels",
                        "a parameter that is a group or a label",
                        None,
                    ),
                    None => {
                        let known = metric.parameters.iter().map(|parameter| parameter.name.text.as_str());
                        let similar = nearest(&other.text, known.filter(|known| *known != parameter.name.text))
                            .map(str::to_owned);
                        let kind =
                            Kind::UnknownName { expected: "parameter", name: other.text.clone(), similar, hint: None };
                        self.report(Finding::new(kind, other.span));
                    }
                }
            }
            Accepts::Group(None) | Accepts::Label(None) | Accepts::Number(None) | Accepts::Column | Accepts::Event => {}
        }
    }

    fn limits_hold_something(&mut self, limits: &'a ast::Limits) {
        let Interval { lower, upper } = Interval { lower: limits.lower, upper: limits.upper };
        if lower > upper || lower == f64::INFINITY || upper == f64::NEG_INFINITY {
            let what = format!("`{}`", self.text(limits.span));
            self.report(Finding::new(Kind::EmptyInterval { what }, limits.span));
        }
    }

    fn needs(&mut self, metric: &'a ast::Metric) {
        let Some(needs) = &metric.needs else { return };
        if needs.name.text != "prediction" {
            let hint = Some("what a parameter must be stands after its name: `tol: number in [0, 1]`".to_string());
            self.wrong_kind(needs.name.span, "not the prediction", "`prediction`", hint);
        }
        self.limits_hold_something(&needs.limits);
    }

    fn standin(&mut self, parameter: &'a ast::Parameter) -> Standin<'a> {
        let kind = parameter.kind.as_ref().map(|kind| &kind.kind);
        match kind {
            Some(Accepts::Number(limits)) => {
                let all = Interval::ALL;
                let range = limits.as_ref().map_or(all, |it| Interval { lower: it.lower, upper: it.upper });
                let id = ParamId(self.hir.params.len());
                self.hir.params.push(Param {
                    name: parameter.name.text.clone(),
                    value: range.inner(),
                    percent: false,
                    range,
                });
                Standin::Open { kind, number: Some(Symbol::Param(id)) }
            }
            Some(Accepts::Group(Some(levels))) => Standin::Symbol(self.standin_column(parameter, Some(levels), false)),
            Some(Accepts::Label(Some(levels))) => Standin::Symbol(self.standin_column(parameter, Some(levels), true)),
            Some(Accepts::Label(None)) => {
                Standin::Open { kind, number: Some(self.standin_column(parameter, None, true)) }
            }
            Some(Accepts::Column) => Standin::Open { kind, number: Some(self.standin_column(parameter, None, false)) },
            Some(Accepts::Group(None) | Accepts::Event | Accepts::LevelOf(_)) | None => {
                Standin::Open { kind, number: None }
            }
        }
    }

    fn standin_column(&mut self, parameter: &ast::Parameter, levels: Option<&[ast::Level]>, label: bool) -> Symbol {
        let id = ColumnId(self.hir.columns.len());
        let level = |level: &ast::Level| Level { text: level.text.clone(), number: level.number };
        let name = parameter.name.text.clone();
        self.hir.columns.push(Column {
            header: name.clone(),
            name,
            label,
            ty: levels.map_or(ColumnType::Real(Interval::ALL), |levels| {
                ColumnType::Categorical(levels.iter().map(level).collect())
            }),
            nullable: false,
            span: parameter.name.span,
        });
        Symbol::Column(id)
    }

    /// W0101 for each parameter that the body does not mention.
    pub(super) fn unused_parameters(&self, metric: &'a ast::Metric) -> Vec<Finding> {
        let start = metric.parameters.last().map_or(metric.name.span, |last| last.name.span);
        let body = Span { start: start.end, ..metric.span() };
        let mentioned: std::collections::HashSet<&str> =
            words(self.sources.text(body)).filter_map(|(_, name)| name).collect();
        let levels_of = metric.parameters.iter().filter_map(|other| match other.kind.as_ref().map(|kind| &kind.kind) {
            Some(Accepts::LevelOf(of)) => Some(of.text.as_str()),
            _ => None,
        });
        let mentioned: std::collections::HashSet<&str> = mentioned.into_iter().chain(levels_of).collect();
        let mut findings = Vec::new();
        for parameter in &metric.parameters {
            let name = parameter.name.text.as_str();
            if !mentioned.contains(name) {
                let kind = Kind::Unused { what: "parameter", name: name.to_string() };
                findings.push(Finding::new(kind, parameter.name.span));
            }
        }
        findings
    }
}
