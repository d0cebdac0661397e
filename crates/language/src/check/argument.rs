//! The arguments of a `use`: which parameter each is for, and whether each fits.

use std::collections::HashMap;

use crate::diagnostic::{Edit, Fix};
use crate::span::Span;
use crate::syntax::ast::{self, ArgumentValue};
use crate::words::{counted, nearest};

use super::kind::ordered;
use super::name::Found;
use super::parameter::{Fit, Given, Target};
use super::{Checker, Env, Finding, Kind};

/// What a `use` gives for one parameter.
#[derive(Clone, Copy)]
pub(super) enum Choice<'a> {
    One(&'a ast::Expr),
    /// The metric is applied to each in turn.
    Each(&'a [ast::Expr], Span),
    /// The names of a default are those of the metric.
    Default(&'a ast::Expr),
}

/// Among more arguments no pair is tried in each other's place.
const MOST_SWAPPED: usize = 12;

impl<'a> Checker<'a> {
    /// What is given for each parameter, in the order of the parameters.
    pub(super) fn matched(&mut self, call: &'a ast::Call, metric: &'a ast::Metric) -> Option<Vec<Choice<'a>>> {
        let parameters = &metric.parameters;
        let mut choices: Vec<Option<Choice<'a>>> = vec![None; parameters.len()];
        let mut named: Option<&ast::Name> = None;
        let mut sound = true;
        let positions: HashMap<&str, usize> = parameters
            .iter()
            .enumerate()
            .rev()
            .map(|(index, parameter)| (parameter.name.text.as_str(), index))
            .collect();
        let compared: Vec<_> =
            call.arguments.iter().map(|argument| self.named_by_comparison(argument, &positions)).collect();
        if let Some(finding) = self.comparisons_for_names(&compared) {
            self.report(finding);
            return None;
        }
        for (index, argument) in call.arguments.iter().enumerate() {
            let position = match (&argument.name, named) {
                (Some(name), _) => {
                    named = Some(name);
                    let position = positions.get(name.text.as_str()).copied();
                    position.or_else(|| self.unknown_parameter(name, metric))
                }
                (None, None) if index >= parameters.len() => return self.argument_count(call, metric),
                (None, None) => Some(index),
                (None, Some(first)) => {
                    let kind = Kind::PositionAfterName { argument: self.text(argument.span) };
                    self.report(Finding::new(kind, argument.span).with(first.span, "named arguments begin here"));
                    None
                }
            };
            let Some(position) = position else {
                sound = false;
                continue;
            };
            let parameter = parameters.get(position)?;
            let choice = match &argument.value {
                ArgumentValue::One(expr) => Choice::One(expr),
                ArgumentValue::Each { groups, span } => Choice::Each(groups, *span),
            };
            if choices.get(position).is_some_and(Option::is_some) {
                let kind = Kind::ArgumentTwice { name: parameter.name.text.clone() };
                self.report(Finding::new(kind, argument.span));
                sound = false;
            } else if let Some(place) = choices.get_mut(position) {
                *place = Some(choice);
            }
            if let Choice::Each(_, span) = choice {
                sound &= self.takes_groups(metric, parameter, span);
            }
        }
        if !sound {
            return None;
        }
        let filled = choices.into_iter().zip(parameters);
        let filled = filled.map(|(choice, parameter)| choice.or(parameter.default.as_ref().map(Choice::Default)));
        let choices: Option<Vec<Choice<'a>>> = filled.collect();
        if choices.is_none() {
            return self.argument_count(call, metric);
        }
        choices
    }

    /// `attr == sex` for `attr = sex`: the name of a parameter that nothing else has, and the place of the `==`.
    fn named_by_comparison(
        &mut self,
        argument: &'a ast::Argument,
        positions: &HashMap<&str, usize>,
    ) -> Option<(Span, Span, String)> {
        let (None, ArgumentValue::One(expr)) = (&argument.name, &argument.value) else { return None };
        let ast::ExprKind::Compare(first, rest) = &expr.kind else { return None };
        let ([(ast::Comparison::Equal, value)], ast::ExprKind::Name(name)) = (&rest[..], &first.kind) else {
            return None;
        };
        let known = !matches!(self.look_up(name, &Env::default()), Found::Nothing);
        let between = Span { start: first.span.end, end: value.span.start, ..expr.span };
        let instead = format!("{} = {}", self.text(first.span), self.text(value.span));
        (positions.contains_key(name.text.as_str()) && !known).then_some((expr.span, between, instead))
    }

    /// One mistake, however many arguments are named so.
    fn comparisons_for_names(&self, compared: &[Option<(Span, Span, String)>]) -> Option<Finding> {
        let all: Vec<&(Span, Span, String)> = compared.iter().flatten().collect();
        let (span, _, instead) = all.first()?;
        let edit = |(_, between, _): &&(Span, Span, String)| Edit { span: *between, text: " = ".into() };
        let fix = Fix { edits: all.iter().map(edit).collect(), sure: true };
        Some(Finding::new(Kind::NamedByComparison { instead: instead.clone() }, *span).mended(Some(fix)))
    }

    fn unknown_parameter<T>(&mut self, name: &'a ast::Name, metric: &'a ast::Metric) -> Option<T> {
        let known = metric.parameters.iter().map(|parameter| parameter.name.text.as_str());
        let similar = nearest(&name.text, known).map(str::to_owned);
        let fix = similar.as_ref().map(|similar| Fix::one(name.span, similar.clone(), false));
        let (callee, signature) = (metric.name.text.clone(), signature(metric));
        let kind = Kind::UnknownParameter { name: name.text.clone(), callee, similar, signature };
        self.report(Finding::new(kind, name.span).mended(fix));
        None
    }

    /// A set of groups goes where a group is asked for.
    fn takes_groups(&mut self, metric: &'a ast::Metric, parameter: &'a ast::Parameter, span: Span) -> bool {
        let kind = parameter.kind.as_ref().map(|kind| &kind.kind);
        if matches!(kind, Some(ast::Accepts::Group(_))) {
            return true;
        }
        let hint = match kind {
            None => Some(format!("declare the parameter as a group, `{}: group`", parameter.name.text)),
            Some(_) => Some("write one `use` for each".to_string()),
        };
        let kind = Kind::ArgumentKind {
            argument: self.text(span),
            found: "a set of groups".into(),
            callee: format!("`{}`", metric.name.text),
            expected: format!("one value for `{}`", parameter.name.text),
            hint,
        };
        self.report(Finding::new(kind, span));
        false
    }

    fn argument_count<T>(&mut self, call: &'a ast::Call, metric: &'a ast::Metric) -> Option<T> {
        let most = metric.parameters.len();
        let least = metric.parameters.iter().filter(|parameter| parameter.default.is_none()).count();
        let expected =
            if least == most { counted(most, "argument") } else { format!("{least} to {}", counted(most, "argument")) };
        let braced = self.groups_without_braces(call, metric);
        let kind = Kind::ArgumentCount {
            callee: metric.name.text.clone(),
            expected,
            found: counted(call.arguments.len(), "argument"),
            signature: braced.as_ref().map_or_else(|| signature(metric), |(text, _)| text.clone()),
        };
        self.report(Finding::new(kind, call.span).mended(braced.map(|(_, fix)| fix)));
        None
    }

    /// `m(sex, race, 5%)` for `m({sex, race}, 5%)`: as many groups too many as come first.
    fn groups_without_braces(&mut self, call: &'a ast::Call, metric: &'a ast::Metric) -> Option<(String, Fix)> {
        let first = metric.parameters.first()?.kind.as_ref();
        let extra = call.arguments.len().checked_sub(metric.parameters.len()).filter(|extra| *extra > 0)?;
        let groups = call.arguments.get(..=extra)?;
        let is_group = |this: &mut Self, argument: &'a ast::Argument| match (&argument.name, &argument.value) {
            (None, ArgumentValue::One(expr)) => this.has_levels(expr, &Env::default()),
            (_, ArgumentValue::One(_) | ArgumentValue::Each { .. }) => false,
        };
        let fits = matches!(first.map(|kind| &kind.kind), Some(ast::Accepts::Group(_)));
        if !fits || call.span.source != call.arguments.first()?.span.source {
            return None;
        }
        if !groups.iter().all(|argument| is_group(self, argument)) {
            return None;
        }
        let span = groups.first()?.span.to(groups.last()?.span);
        let set = format!("{{{}}}", self.sources.text(span));
        let text = |start: u32, end: u32| self.sources.text(Span { start, end, ..call.span });
        let whole = format!("{}{set}{}", text(call.span.start, span.start), text(span.end, call.span.end));
        let whole = whole.split_whitespace().collect::<Vec<_>>().join(" ");
        Some((whole, Fix::one(span, set, false)))
    }

    /// Whether every argument fits its parameter; what does not is told. An argument that is out of its limits fits.
    pub(super) fn arguments_fit(
        &mut self,
        call: &'a ast::Call,
        metric: &'a ast::Metric,
        given: &[Given<'a>],
        written: &[Choice<'a>],
    ) -> bool {
        let target = |index| Target { callee: &metric.name.text, parameters: &metric.parameters, index, given };
        let fits: Vec<Fit> = (0..given.len()).map(|index| self.fit(&target(index))).collect();
        if let Some(swapped) = self.swapped(call, metric, given, written, &fits) {
            self.report(swapped);
            return false;
        }
        let mut sound = true;
        let wrong: Vec<&str> = (metric.parameters.iter().zip(&fits))
            .filter_map(|(parameter, fit)| matches!(fit, Fit::Wrong(_)).then_some(parameter.name.text.as_str()))
            .collect();
        // Of a level of something that is wrong itself nothing is said.
        let told = |parameter: &ast::Parameter| match parameter.kind.as_ref().map(|kind| &kind.kind) {
            Some(ast::Accepts::LevelOf(other)) => !wrong.contains(&other.text.as_str()),
            _ => true,
        };
        for (fit, parameter) in fits.iter().cloned().zip(&metric.parameters) {
            match fit {
                Fit::Wrong(_) if !told(parameter) => sound = false,
                Fit::Exact | Fit::Loose => {}
                Fit::Outside(finding) => self.report(*finding),
                Fit::Wrong(finding) => {
                    sound = false;
                    if let Kind::UnknownName { name, .. } = &finding.kind {
                        self.unknown.insert(name.clone());
                    }
                    self.report(*finding);
                }
            }
        }
        sound
    }

    /// Two arguments each of which fits the parameter of the other better.
    fn swapped(
        &mut self,
        call: &'a ast::Call,
        metric: &'a ast::Metric,
        given: &[Given<'a>],
        written: &[Choice<'a>],
        fits: &[Fit],
    ) -> Option<Finding> {
        let label_for_group = |index: usize| {
            let kind =
                metric.parameters.get(index).and_then(|parameter| parameter.kind.as_ref()).map(|kind| &kind.kind);
            matches!(kind, Some(ast::Accepts::Label(_))) && fits.get(index) == Some(&Fit::Loose)
        };
        let suspicious = |index: usize| matches!(fits.get(index), Some(Fit::Wrong(_))) || label_for_group(index);
        // Of several pairs the one with which most fits.
        let mut best: Option<(usize, (usize, usize))> = None;
        for second in 1..given.len().min(MOST_SWAPPED) {
            for first in 0..second {
                if !suspicious(first) && !suspicious(second) {
                    continue;
                }
                let mut turned = given.to_vec();
                turned.swap(first, second);
                let target =
                    |index| Target { callee: &metric.name.text, parameters: &metric.parameters, index, given: &turned };
                let score = |fits: &[Fit]| fits.iter().map(Fit::score).sum::<usize>();
                let better = [self.fit(&target(first)), self.fit(&target(second))];
                let now = score(fits.get(first..=first)?) + score(fits.get(second..=second)?);
                let gain = score(&better).saturating_sub(now);
                if better.contains(&Fit::Exact)
                    && better.iter().all(|fit| fit.score() > 0)
                    && gain > best.map_or(0, |(known, _)| known)
                {
                    best = Some((gain, (first, second)));
                }
            }
        }
        let (_, (first, second)) = best?;
        self.swapped_pair(call, written.get(first)?, written.get(second)?, metric)
    }

    fn swapped_pair(
        &self,
        call: &'a ast::Call,
        a: &Choice<'a>,
        b: &Choice<'a>,
        metric: &ast::Metric,
    ) -> Option<Finding> {
        let (Choice::One(a), Choice::One(b)) = (a, b) else { return None };
        let (first, second) = ordered(a.span, b.span);
        if first.source != call.span.source || first.end > second.start {
            return None;
        }
        let text = |start: u32, end: u32| self.sources.text(Span { start, end, ..call.span }).to_string();
        let mended = [
            text(call.span.start, first.start),
            text(second.start, second.end),
            text(first.end, second.start),
            text(first.start, first.end),
            text(second.end, call.span.end),
        ];
        let kind = Kind::SwappedArguments {
            first: self.text(first),
            second: self.text(second),
            callee: metric.name.text.clone(),
            mended: mended.concat().split_whitespace().collect::<Vec<_>>().join(" "),
        };
        let edit = |span: Span, by: Span| Edit { span, text: self.sources.text(by).to_owned() };
        let fix = Fix { edits: vec![edit(first, second), edit(second, first)], sure: false };
        Some(Finding::new(kind, first).with(second, "and this").mended(Some(fix)))
    }

    /// Marks the names in arguments as used, where nothing else is said of them.
    pub(super) fn touch(&mut self, call: &'a ast::Call, env: &Env<'a>) {
        for argument in &call.arguments {
            let exprs = match &argument.value {
                ArgumentValue::One(expr) => std::slice::from_ref(expr),
                ArgumentValue::Each { groups, .. } => groups,
            };
            for expr in exprs {
                let _ = self.prediction_in(expr, env);
            }
        }
    }
}

/// `demographic_parity(attr, tol = 5%)`.
pub(super) fn signature(metric: &ast::Metric) -> String {
    let parameters = metric.parameters.iter().map(|parameter| match &parameter.default {
        Some(ast::Expr { kind: ast::ExprKind::Number { text, .. }, .. }) => format!("{} = {text}", parameter.name.text),
        Some(_) => format!("{} = ..", parameter.name.text),
        None => parameter.name.text.clone(),
    });
    format!("{}({})", metric.name.text, parameters.collect::<Vec<_>>().join(", "))
}
