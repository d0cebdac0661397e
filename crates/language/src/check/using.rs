//! `use`: the metric's body is checked with the arguments in place of its parameters.
//!
//! Names in an argument are the caller's, names in the body the metric's, so neither can capture the other. A mistake
//! of the caller (an argument that the body cannot use) is told at the argument. A metric that uses another is followed
//! to the one that has a body, and a set of groups gives a constraint for each.

use std::rc::Rc;

use crate::diagnostic::Fix;
use crate::span::{Sources, Span, one_line, quote};
use crate::syntax::ast;

use super::argument::Choice;
use super::constraint::Heading;
use super::kind::{in_words, interval, prediction_within};
use super::limits::MOST_METRICS;
use super::parameter::Given;
use super::{Call, Checker, Env, Finding, Kind, MetricDeclaration, Passed, UnitOrigin};

/// The most constraints that one `use` may give.
pub(super) const MOST_INSTANCES: usize = 1_000;

/// What a `use` comes to so far.
#[derive(Default)]
struct Expansion<'a> {
    instances: Vec<Instance<'a>>,
    /// Choices of arguments looked at, those that did not fit included.
    tried: usize,
    /// There were too many, which has been reported.
    full: bool,
}

/// One application of a metric with a body.
struct Instance<'a> {
    call: Rc<Call<'a>>,
    body: &'a ast::Statement,
    /// The groups that were taken from sets: with the set's place.
    taken: Vec<(Span, String)>,
}

/// A call that is being followed.
struct Site<'a> {
    call: &'a ast::Call,
    declaration: MetricDeclaration<'a>,
    caller: Option<Rc<Call<'a>>>,
    /// The metric and the prediction are such that it can be.
    usable: bool,
}

/// An argument, whether it is a default, and the place of the set that it is from.
pub(super) type Chosen<'a> = (&'a ast::Expr, bool, Option<Span>);

impl<'a> Checker<'a> {
    pub(super) fn use_metric(&mut self, item: &'a ast::Item, used: &'a ast::Use) {
        let Some(declaration) = self.metric_named(&used.call.metric) else {
            self.touch(&used.call, &Env::default());
            return;
        };
        let mut expansion = Expansion::default();
        self.expand(&used.call, None, (&[], 0), &mut expansion);
        for Instance { call, body, taken } in expansion.instances {
            let heading = Heading {
                name: self.instance_name(used, &taken),
                doc: if item.doc.is_empty() { declaration.doc } else { &item.doc },
                name_span: used.alias.as_ref().map_or(used.call.span, |alias| alias.span),
                span: item.span,
                body_span: used.call.span,
                options: &used.options,
            };
            self.call = Some(call.clone());
            let known = self.findings.len();
            self.constraint(heading, body, Env::of(Some(call.clone())));
            self.call = None;
            if call.outside {
                // An argument out of its limits is the mistake; errors that follow from it are not told as others.
                self.findings.truncate(known);
            }
        }
    }

    /// The name of a constraint: the alias or the text of the call, with the group in the place of a set.
    fn instance_name(&self, used: &ast::Use, taken: &[(Span, String)]) -> String {
        let span = used.call.span;
        let (written, inner): (Vec<_>, Vec<_>) = taken.iter().partition(|(set, _)| span.contains(*set));
        let groups = |taken: &[&(Span, String)]| match taken {
            [] => String::new(),
            taken => format!("[{}]", taken.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(",")),
        };
        if let Some(alias) = &used.alias {
            return format!("{}{}", alias.text, groups(&taken.iter().collect::<Vec<_>>()));
        }
        let (mut text, mut from) = (String::new(), span.start);
        let mut written = written;
        written.sort_by_key(|(set, _)| set.start);
        for (set, group) in written {
            text.push_str(self.sources.text(Span { start: from, end: set.start, ..span }));
            text.push_str(group);
            from = set.end;
        }
        text.push_str(self.sources.text(Span { start: from, ..span }));
        one_line(&text) + &groups(&inner)
    }

    pub(super) fn metric_named(&mut self, name: &'a ast::Name) -> Option<MetricDeclaration<'a>> {
        let declaration = self.metrics.get(name.text.as_str()).copied();
        match declaration {
            Some(declaration) => {
                self.used_metrics.insert(&declaration.metric.name.text);
            }
            None => self.unknown_metric(name),
        }
        declaration
    }

    fn unknown_metric(&mut self, name: &'a ast::Name) {
        if self.incomplete || self.broken_metrics.contains(name.text.as_str()) {
            return;
        }
        let mut known: Vec<String> = self.metrics.keys().map(|name| name.to_string()).collect();
        known.extend(crate::library::names().map(str::to_string));
        let similar = self.suggest(&name.text, known.iter().map(String::as_str));
        let similar = similar.or_else(|| crate::library::also_called(&name.text).map(str::to_owned));
        let fix = similar.as_ref().map(|similar| Fix::one(name.span, similar.clone(), false));
        let kind = Kind::UnknownName { expected: "metric", name: name.text.clone(), similar, hint: None };
        self.report(Finding::new(kind, name.span).mended(fix));
    }

    /// All applications that a call comes to, past metrics that use others; mistakes in the arguments are told.
    fn expand(
        &mut self,
        call: &'a ast::Call,
        caller: Option<Rc<Call<'a>>>,
        (taken, depth): (&[(Span, String)], usize),
        out: &mut Expansion<'a>,
    ) {
        if depth > MOST_METRICS {
            let what = format!("`{}`", self.text(call.span));
            let kind = Kind::TooLarge { what, limit: MOST_METRICS, unit: "metrics that use each other" };
            self.report(Finding::new(kind, call.span));
            out.full = true;
            return;
        }
        let Some(declaration) = self.metric_named(&call.metric) else { return };
        let sound = self.is_sound(declaration, call.span);
        self.call = caller.clone();
        let choices = self.matched(call, declaration.metric);
        let usable = choices.is_some() && self.prediction_fits(call, declaration.metric) && sound;
        self.call = None;
        let Some(choices) = choices else {
            self.touch(call, &Env::of(caller));
            return;
        };
        if number_of(&choices) > MOST_INSTANCES {
            out.full = true;
            self.too_many(call.span);
        }
        let site = Site { call, declaration, caller, usable };
        for choice in combinations(&choices) {
            out.tried += 1;
            if out.tried > 4 * MOST_INSTANCES && !std::mem::replace(&mut out.full, true) {
                self.too_many(call.span);
            }
            if out.full {
                out.instances.clear();
                return;
            }
            let Some((next, groups)) = self.apply(&site, &choices, &choice) else { continue };
            let taken = [taken, &groups].concat();
            match &declaration.metric.body {
                ast::MetricBody::Statement(body) => out.instances.push(Instance { call: next, body, taken }),
                ast::MetricBody::Use(inner) => self.expand(inner, Some(next), (&taken, depth + 1), out),
            }
        }
    }

    /// The call with one choice of its arguments, and the groups that were taken from sets; `None` where it cannot be
    /// followed, for a reason that was told.
    #[allow(clippy::type_complexity)]
    fn apply(
        &mut self,
        site: &Site<'a>,
        written: &[Choice<'a>],
        choice: &[Chosen<'a>],
    ) -> Option<(Rc<Call<'a>>, Vec<(Span, String)>)> {
        let env = Env::of(site.caller.clone());
        let given: Vec<Given<'a>> = choice.iter().map(|(expr, default, _)| given(expr, *default, &env)).collect();
        let known = self.findings.len();
        self.call = site.caller.clone();
        let fits = self.arguments_fit(site.call, site.declaration.metric, &given, written);
        let groups = choice.iter().filter_map(|(expr, _, set)| Some(((*set)?, self.text(expr.span)))).collect();
        self.call = None;
        if !fits || !site.usable {
            return None;
        }
        let outside = self.findings.len() > known || site.caller.as_ref().is_some_and(|caller| caller.outside);
        let passed = given.into_iter().map(|Given { expr, env }| Passed::Argument { expr, scope: env.call });
        let call = Call {
            metric: site.declaration.metric,
            library: site.declaration.origin == UnitOrigin::Library,
            passed: passed.collect(),
            span: site.call.span,
            caller: site.caller.clone(),
            outside,
        };
        Some((Rc::new(call), groups))
    }

    pub(super) fn too_many(&mut self, span: Span) {
        let what = format!("`{}`", self.text(span));
        self.report(Finding::new(Kind::TooLarge { what, limit: MOST_INSTANCES, unit: "constraints" }, span));
    }

    /// Whether the declared bounds of the prediction are those that the metric needs.
    fn prediction_fits(&mut self, call: &'a ast::Call, metric: &'a ast::Metric) -> bool {
        let Some(needs) = metric.needs.as_ref().filter(|_| !self.prediction_refused) else { return true };
        let Some(prediction) = self.hir.prediction.clone() else { return true };
        let (range, limits) = (prediction.range, &needs.limits);
        let above = range.lower > limits.lower || (range.lower == limits.lower && !limits.open);
        let below = range.upper < limits.upper || (range.upper == limits.upper && !limits.open);
        let unbounded = |inner: f64, outer: f64| inner == outer && outer.is_infinite();
        if (above || unbounded(range.lower, limits.lower)) && (below || unbounded(range.upper, limits.upper)) {
            return true;
        }
        let kind = Kind::PredictionBounds {
            callee: metric.name.text.clone(),
            needed: in_words(limits),
            prediction: prediction.name.clone(),
            range: interval(range),
            declaration: prediction_within(&prediction.name, limits),
        };
        let declared = self.names.get(prediction.name.as_str()).map(|(_, span)| *span);
        let mut finding = Finding::new(kind, call.span);
        if let Some(declared) = declared {
            finding = finding.with(declared, "declared here");
        }
        self.report(finding);
        false
    }
}

/// An argument with the scope of its names: those of a default are the metric's, which sees the declarations alone.
pub(super) fn given<'a>(expr: &'a ast::Expr, default: bool, env: &Env<'a>) -> Given<'a> {
    Given { expr, env: if default { Env::default() } else { env.clone() } }
}

/// How many combinations there are.
pub(super) fn number_of(choices: &[Choice<'_>]) -> usize {
    choices.iter().fold(1, |total: usize, choice| match choice {
        Choice::One(_) | Choice::Default(_) => total,
        Choice::Each(groups, _) => total.saturating_mul(groups.len()),
    })
}

/// One element of each set, in turn.
pub(super) fn combinations<'a>(choices: &[Choice<'a>]) -> impl Iterator<Item = Vec<Chosen<'a>>> {
    let options: Vec<Vec<Chosen<'a>>> = choices
        .iter()
        .map(|choice| match choice {
            Choice::One(expr) => vec![(*expr, false, None)],
            Choice::Default(expr) => vec![(*expr, true, None)],
            Choice::Each(exprs, span) => exprs.iter().map(|expr| (expr, false, Some(*span))).collect(),
        })
        .collect();
    (0..number_of(choices)).map(move |mut number| {
        let mut chosen: Vec<_> = options
            .iter()
            .rev()
            .filter_map(|list| {
                let one = list.get(number % list.len().max(1)).copied();
                number /= list.len().max(1);
                one
            })
            .collect();
        chosen.reverse();
        chosen
    })
}

/// A finding inside a metric, told from the side of the `use`.
pub(super) fn from_the_caller(finding: Finding, call: &Call<'_>, sources: &Sources) -> Finding {
    let chain: Vec<&Call<'_>> = std::iter::successors(Some(call), |call| call.caller.as_deref()).collect();
    let outermost = chain.last().map_or(call.span, |call| call.span);
    // An argument that the user wrote at a `use`: the outermost call is looked at last, and is the one.
    let argument = chain.iter().rev().find_map(|call| {
        let written = call.passed.iter().find_map(|passed| match passed {
            Passed::Argument { expr, scope: None } if expr.span.contains(finding.span) => Some(*expr),
            Passed::Argument { .. } | Passed::Standin(_) => None,
        })?;
        outermost.contains(written.span).then_some((written, call.metric.name.text.as_str()))
    });
    if let Some((argument, callee)) = argument {
        let text = quote(sources, argument.span);
        let callee = format!("`{callee}`");
        let (found, expected, hint) = match &finding.kind {
            Kind::SampleValue { .. } => {
                ("one value per sample".into(), "a number, a param or an aggregate".into(), None)
            }
            Kind::AggregateValue { .. } => {
                ("one value for the whole batch".into(), "a column, label or number".into(), None)
            }
            Kind::WrongKind { found, expected, hint, .. } => (found.clone(), expected.clone(), hint.clone()),
            _ => return finding,
        };
        let kind = Kind::ArgumentKind { argument: text, found, callee, expected, hint };
        return Finding::new(kind, argument.span);
    }
    match chain.iter().find(|call| call.metric.span().contains(finding.span)) {
        None => finding,
        Some(inside) if inside.library => {
            let text = format!("in the metric `{}`", inside.metric.name.text);
            let mut turned = Finding::new(finding.kind, outermost).with(finding.span, text);
            turned.related.extend(finding.related);
            turned
        }
        Some(_) => finding.with(outermost, "used here"),
    }
}

/// The text of a part of a metric's body, with the caller's arguments in place of the parameters.
pub(super) fn in_callers_words(span: Span, call: &Call<'_>, prediction: &str, sources: &Sources) -> String {
    one_line(&replaced(span, Some(call), prediction, sources))
}

fn replaced(span: Span, call: Option<&Call<'_>>, prediction: &str, sources: &Sources) -> String {
    let text = sources.text(span);
    let Some(call) = call else { return text.to_string() };
    let argument = |word: &str| {
        let position = call.metric.parameters.iter().position(|parameter| parameter.name.text == word)?;
        match call.passed.get(position)? {
            Passed::Argument { expr, scope } => {
                let inner = replaced(expr.span, scope.as_deref(), prediction, sources);
                Some(if is_compound(expr) { format!("({inner})") } else { inner })
            }
            Passed::Standin(_) => None,
        }
    };
    let mut out = String::new();
    for (word, plain) in words(text) {
        match plain.and_then(|name| if name == "prediction" { Some(prediction.to_string()) } else { argument(name) }) {
            Some(instead) => out.push_str(&instead),
            None => out.push_str(word),
        }
    }
    out
}

fn is_compound(expr: &ast::Expr) -> bool {
    if let ast::ExprKind::Negate(inner) = &expr.kind {
        return is_compound(inner);
    }
    !matches!(
        expr.kind,
        ast::ExprKind::Name(_)
            | ast::ExprKind::Number { .. }
            | ast::ExprKind::Paren(_)
            | ast::ExprKind::Call { .. }
            | ast::ExprKind::Index { .. }
            | ast::ExprKind::Aggregate(_)
            | ast::ExprKind::Abs(_)
            | ast::ExprKind::Indicator(_)
            | ast::ExprKind::Fold(_)
    )
}

/// The pieces of a text, comments left out; those that are names with the name.
pub(super) fn words(text: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        while rest.starts_with('#') {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        }
        let first = rest.chars().next()?;
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let (end, name) = if first == '`' {
            let end = rest[1..].find('`').map_or(rest.len(), |at| at + 2);
            (end, Some(rest[..end].trim_matches('`')))
        } else if is_word(first) {
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            (end, (!first.is_ascii_digit()).then_some(&rest[..end]))
        } else {
            (first.len_utf8(), None)
        };
        let piece = &rest[..end];
        rest = &rest[end..];
        Some((piece, name))
    })
}
