//! Whether an argument is of the kind that a parameter asks for.
//!
//! Nothing is reported here: a fit says what is wrong, and the caller of these functions decides whether that is the
//! mistake, or whether two arguments were swapped.

use crate::diagnostic::Fix;
use crate::hir::{Expr, ExprKind, Shape};
use crate::interval::Interval;
use crate::program::{ColumnType, same_level};
use crate::syntax::ast::{self, Accepts};
use crate::words::listed;

use super::category::Category;
use super::kind::{expected_category, in_range, in_words, interval, is_event, label_hint, within_levels, words};
use super::name::Found;
use super::place::{Place, Reads};
use super::{Checker, Env, Finding, Kind, MOST_LISTED, Symbol};

/// How well an argument fits a parameter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fit {
    Exact,
    /// Usable, though not what the kind names: a column in the place of a label.
    Loose,
    /// Of the kind, but out of the limits; its place in the body is known all the same.
    Outside(Box<Finding>),
    Wrong(Box<Finding>),
}

impl Fit {
    pub fn score(&self) -> usize {
        match self {
            Fit::Exact => 2,
            Fit::Loose | Fit::Outside(_) => 1,
            Fit::Wrong(_) => 0,
        }
    }
}

/// An argument with the scope of its names.
#[derive(Clone)]
pub(super) struct Given<'a> {
    pub expr: &'a ast::Expr,
    pub env: Env<'a>,
}

/// The parameter that an argument is for.
pub(super) struct Target<'a, 'g> {
    pub callee: &'a str,
    pub parameters: &'a [ast::Parameter],
    pub index: usize,
    /// The arguments for all parameters, in their order.
    pub given: &'g [Given<'a>],
}

impl<'a> Checker<'a> {
    pub(super) fn fit(&mut self, target: &Target<'a, '_>) -> Fit {
        let parameter = target.parameters.get(target.index);
        let Some(given) = target.given.get(target.index) else { return Fit::Exact };
        let Some(kind) = parameter.and_then(|parameter| parameter.kind.as_ref()) else { return Fit::Exact };
        match &kind.kind {
            Accepts::Group(levels) => self.fit_category(given, target, levels.as_deref(), false),
            Accepts::Label(levels) => self.fit_category(given, target, levels.as_deref(), true),
            Accepts::Column => self.fit_column(given, target),
            Accepts::Number(limits) => self.fit_number(given, target, limits.as_ref()),
            Accepts::Event => self.fit_event(given, target),
            Accepts::LevelOf(other) => self.fit_level(given, target, other),
        }
    }

    /// The expression that an argument stands for in the end, past the parameters of the metrics around it, and what a
    /// name means.
    pub(super) fn resolved(&mut self, given: &Given<'a>) -> (Given<'a>, Option<Found<'a>>) {
        let mut given = Given { expr: given.expr.bare(), env: given.env.clone() };
        loop {
            let ast::ExprKind::Name(name) = &given.expr.kind else { return (given, None) };
            match self.look_up(name, &given.env) {
                Found::Argument(expr, env) => given = Given { expr: expr.bare(), env },
                found => return (given, Some(found)),
            }
        }
    }

    fn fit_category(
        &mut self,
        given: &Given<'a>,
        target: &Target<'a, '_>,
        levels: Option<&'a [ast::Level]>,
        label: bool,
    ) -> Fit {
        let expected = expected_category(levels, label);
        let (given, found) = self.resolved(given);
        match found {
            Some(Found::Broken) => Fit::Exact,
            Some(Found::Open { kind, .. }) => match kind {
                None | Some(Accepts::Label(_)) => Fit::Exact,
                Some(Accepts::Group(_)) if !label => Fit::Exact,
                Some(Accepts::Group(_) | Accepts::Column) => Fit::Loose,
                Some(Accepts::Event | Accepts::LevelOf(_) | Accepts::Number(_)) => {
                    self.misfit(&given, target, "a parameter of another kind".into(), expected, None)
                }
            },
            Some(Found::Symbol(Symbol::Column(id))) => {
                let column = self.hir.columns.get(id.0).map(|column| (column.ty.clone(), column.label));
                let Some((ty, is_label)) = column else { return Fit::Exact };
                let good = if label && !is_label { Fit::Loose } else { Fit::Exact };
                self.fit_column_type(&given, target, (&ty, is_label), levels, label, good)
            }
            Some(Found::Symbol(Symbol::Group(index))) => self.fit_group(index, &given, target, levels, label),
            Some(Found::Nothing) => self.unknown_argument(&given, if label { "label" } else { "group" }),
            Some(found) => {
                let (found, hint) = self.words_for(&given, &found);
                self.misfit(&given, target, found, expected, hint)
            }
            None if label && !is_event(given.expr) => self.fit_label_expression(&given, target, levels, expected),
            None => {
                let hint = match &given.expr.kind {
                    ast::ExprKind::Indicator(_) => Some("several groups stand in braces: `{sex, race}`".to_string()),
                    ast::ExprKind::Product(..) | ast::ExprKind::Call { .. } => {
                        Some(format!("name it first, `group g = {}`, and pass `g`", self.text(given.expr.span)))
                    }
                    _ => None,
                };
                let fit = self.misfit(&given, target, words(given.expr).into(), expected, hint);
                self.braced(fit, given.expr)
            }
        }
    }

    /// `[sex, race]` for `{sex, race}`.
    fn braced(&self, fit: Fit, expr: &ast::Expr) -> Fit {
        let (Fit::Wrong(finding), ast::ExprKind::Indicator(groups)) = (fit.clone(), &expr.kind) else { return fit };
        let names = groups.terms.iter().all(|term| matches!(term.kind, ast::ExprKind::Name(_)));
        let fix = names.then(|| Fix::one(expr.span, format!("{{{}}}", self.sources.text(groups.span)), true));
        Fit::Wrong(Box::new(finding.mended(fix)))
    }

    /// A declared group; its levels have no numbers, so they are compared by their texts.
    fn fit_group(
        &mut self,
        index: usize,
        given: &Given<'a>,
        target: &Target<'a, '_>,
        levels: Option<&'a [ast::Level]>,
        label: bool,
    ) -> Fit {
        let Some(group) = self.resolve_group(index, given.expr.span) else { return Fit::Exact };
        let known = self.category_levels(Category::Group(group));
        let is_known = |level: &ast::Level| known.index.find(&level.text, None).is_some();
        let same = levels.is_none_or(|wanted| wanted.len() == known.values.len() && wanted.iter().all(is_known));
        if !same {
            let found = format!(
                "a group with the levels {}",
                listed(known.values.iter().map(|value| &value.text), MOST_LISTED)
            );
            return self.misfit(given, target, found, expected_category(levels, label), None);
        }
        if label { Fit::Loose } else { Fit::Exact }
    }

    /// A column whose type has to have these levels; numbers between them will do for what is computed with them.
    fn fit_column_type(
        &mut self,
        given: &Given<'a>,
        target: &Target<'a, '_>,
        (ty, is_label): (&ColumnType, bool),
        wanted: Option<&'a [ast::Level]>,
        label: bool,
        good: Fit,
    ) -> Fit {
        let what = if is_label { "label" } else { "column" };
        let expected = expected_category(wanted, label);
        let name = self.text(given.expr.span);
        match (ty, wanted) {
            (ColumnType::Categorical(_), None) => good,
            (ColumnType::Categorical(levels), Some(wanted)) => {
                let has = |level: &ast::Level| {
                    levels.iter().any(|known| same_level((&known.text, known.number), (&level.text, level.number)))
                };
                if levels.len() == wanted.len() && wanted.iter().all(has) {
                    return good;
                }
                let texts = listed(levels.iter().map(|level| &level.text), MOST_LISTED);
                let numbers: Option<Vec<f64>> = levels.iter().map(|level| level.number).collect();
                let hint = label_hint(&name, what, numbers.as_deref(), wanted);
                self.misfit(given, target, format!("a {what} with the levels {texts}"), expected, hint)
            }
            (ColumnType::Real(_) | ColumnType::Int(_), None) if label => good,
            (ColumnType::Real(range) | ColumnType::Int(range), Some(wanted)) if within_levels(*range, wanted) => {
                Fit::Loose
            }
            (ColumnType::Real(range) | ColumnType::Int(range), Some(wanted)) => {
                let hint = label_hint(&name, what, None, wanted);
                let found = format!("a numeric {what}{}", in_range(*range));
                self.misfit(given, target, found, expected, hint)
            }
            (ColumnType::Real(_) | ColumnType::Int(_), None) => {
                let hint = Some(format!("cut it into bins, `group g = bins({name}, ..)`, and pass `g`"));
                self.misfit(given, target, format!("a numeric {what}"), expected, hint)
            }
        }
    }

    /// `1 - y`, `(y + 1) / 2`: an expression of columns with values between the levels.
    fn fit_label_expression(
        &mut self,
        given: &Given<'a>,
        target: &Target<'a, '_>,
        levels: Option<&'a [ast::Level]>,
        expected: String,
    ) -> Fit {
        match self.quiet_number(given, Place::Inside) {
            Ok(number) if !number.is_constant() => {
                self.misfit(given, target, "an expression of the prediction".into(), expected, None)
            }
            Ok(number) => match levels {
                _ if number.shape == Some(Shape::Aggregate) => {
                    self.misfit(given, target, "one value for the whole batch".into(), expected, None)
                }
                Some(wanted) if !within_levels(number.range, wanted) || number.shape.is_none() => {
                    let found = format!("an expression with values in {}", interval(number.range));
                    self.misfit(given, target, found, expected, None)
                }
                Some(_) | None => Fit::Loose,
            },
            Err(finding) => self.inner(finding, given, target, expected),
        }
    }

    fn fit_column(&mut self, given: &Given<'a>, target: &Target<'a, '_>) -> Fit {
        let expected = "a column or label, or an expression of columns".to_string();
        let (given, found) = self.resolved(given);
        match found {
            Some(Found::Symbol(Symbol::Column(_)) | Found::Broken) => Fit::Exact,
            Some(Found::Symbol(Symbol::Param(_))) => Fit::Loose,
            Some(Found::Open { kind, .. }) => match kind {
                None | Some(Accepts::Column | Accepts::Label(_)) => Fit::Exact,
                Some(Accepts::Number(_) | Accepts::Group(_)) => Fit::Loose,
                Some(Accepts::Event | Accepts::LevelOf(_)) => {
                    self.misfit(&given, target, "a parameter of another kind".into(), expected, None)
                }
            },
            Some(Found::Nothing) => self.unknown_argument(&given, "column"),
            Some(found) => {
                let (found, _) = self.words_for(&given, &found);
                self.misfit(&given, target, found, expected, None)
            }
            None if is_event(given.expr) => self.misfit(&given, target, "an event".into(), expected, None),
            None => match self.quiet_number(&given, Place::Inside) {
                Ok(number) if !number.is_constant() => {
                    self.misfit(&given, target, "an expression of the prediction".into(), expected, None)
                }
                Ok(number) if number.shape == Some(Shape::Aggregate) => {
                    self.misfit(&given, target, "one value for the whole batch".into(), expected, None)
                }
                Ok(_) => Fit::Loose,
                Err(finding) => self.inner(finding, &given, target, expected),
            },
        }
    }

    fn fit_number(&mut self, given: &Given<'a>, target: &Target<'a, '_>, limits: Option<&'a ast::Limits>) -> Fit {
        let expected = "a number, a param or an aggregate".to_string();
        let (given, found) = self.resolved(given);
        let number = match found {
            Some(Found::Broken) => return Fit::Exact,
            Some(Found::Open { kind: None | Some(Accepts::Number(_)), .. }) => return Fit::Exact,
            Some(Found::Nothing) => return self.unknown_argument(&given, super::name::PARAM),
            Some(Found::Symbol(Symbol::Param(_))) | None if !is_event(given.expr) => {
                match self.quiet_number(&given, Place::Batch) {
                    Ok(number) => number,
                    Err(finding) => return self.inner(finding, &given, target, expected),
                }
            }
            Some(found) => {
                let (found, _) = self.words_for(&given, &found);
                return self.misfit(&given, target, found, expected, None);
            }
            None => return self.misfit(&given, target, "an event".into(), expected, None),
        };
        match limits {
            Some(limits) => self.fit_limits(&given, target, &number, limits),
            None => Fit::Exact,
        }
    }

    /// The value at the defaults of the params has to lie within the limits.
    fn fit_limits(
        &mut self,
        given: &Given<'a>,
        target: &Target<'a, '_>,
        number: &Expr,
        limits: &'a ast::Limits,
    ) -> Fit {
        let value = self.value_at_defaults(number);
        let range = value.map_or(number.range, Interval::point);
        let below = range.upper < limits.lower || (limits.open && range.upper == limits.lower);
        let above = range.lower > limits.upper || (limits.open && range.lower == limits.upper);
        if !below && !above {
            return Fit::Exact;
        }
        let parameter = target.parameters.get(target.index).map_or("", |parameter| parameter.name.text.as_str());
        let percent =
            value.map(|value| value / 100.0).filter(|part| above && limits.lower <= *part && *part <= limits.upper);
        let argument = self.text(given.expr.span);
        let written_so = match &number.kind {
            ExprKind::Param(id) => self.hir.params.get(id.0).is_some_and(|param| param.percent),
            _ => argument.ends_with('%'),
        };
        let hint = match (percent.and(value).filter(|_| !written_so), number.kind.clone()) {
            (Some(value), ExprKind::Param(_)) if argument.ends_with(']') => {
                Some(format!("give it in percent where it is declared: `{value}%`"))
            }
            (Some(value), ExprKind::Param(_)) => Some(format!("declare it in percent: `param {argument} = {value}%`")),
            (Some(value), _) => Some(format!("write `{value}%`")),
            (None, _) => None,
        };
        let kind = Kind::ArgumentLimits {
            argument,
            value: value.filter(|_| !matches!(number.kind, ExprKind::Number(_))),
            callee: target.callee.to_string(),
            parameter: parameter.to_string(),
            limits: in_words(limits),
            hint,
        };
        Fit::Outside(Box::new(Finding::new(kind, given.expr.span).with(limits.span, "the limits")))
    }

    fn fit_event(&mut self, given: &Given<'a>, target: &Target<'a, '_>) -> Fit {
        let expected = "an event".to_string();
        let (given, found) = self.resolved(given);
        match found {
            Some(Found::Symbol(Symbol::Event(_)) | Found::Broken) => Fit::Exact,
            Some(Found::Open { kind: None | Some(Accepts::Event), .. }) => Fit::Exact,
            Some(Found::Nothing) => self.unknown_argument(&given, "event"),
            Some(found) => {
                let (found, hint) = self.words_for(&given, &found);
                self.misfit(&given, target, found, expected, hint)
            }
            None => match self.quietly(|checker| checker.event(given.expr, &given.env, Reads::Data)) {
                (Some(_), _) => Fit::Exact,
                (None, Some(finding)) => self.inner(finding, &given, target, expected),
                (None, None) => Fit::Exact,
            },
        }
    }

    fn fit_level(&mut self, given: &Given<'a>, target: &Target<'a, '_>, other: &ast::Name) -> Fit {
        let position = target.parameters.iter().position(|parameter| parameter.name.text == other.text);
        let Some(group) = position.and_then(|position| target.given.get(position)) else { return Fit::Exact };
        let (group, found) = self.resolved(group);
        let category = match found {
            Some(Found::Symbol(Symbol::Column(column))) if self.is_categorical(column) => Category::Column(column),
            Some(Found::Symbol(Symbol::Group(index))) => match self.resolve_group(index, group.expr.span) {
                Some(group) => Category::Group(group),
                None => return Fit::Exact,
            },
            // What is wrong with the group is told there, and of an open one nothing is known.
            _ => return Fit::Exact,
        };
        let column = self.text(group.expr.span);
        let value = match super::name::level_argument(given.expr, &given.env) {
            super::name::LevelArgument::Level(value, _) => value,
            super::name::LevelArgument::Open => return Fit::Exact,
            super::name::LevelArgument::NotALevel(expr) => {
                let given = Given { expr, env: given.env.clone() };
                return self.misfit(&given, target, words(expr).into(), format!("a level of `{column}`"), None);
            }
        };
        let known = self.category_levels(category);
        if known.index.find(&value.text, value.number).is_some() {
            return Fit::Exact;
        }
        let texts = || known.values.iter().map(|level| level.text.as_str());
        let similar = self.suggest(&value.text, texts());
        let levels = listed(texts(), MOST_LISTED);
        let fix = similar.as_ref().filter(|_| self.sources.text(value.span) == value.text);
        let fix = fix.map(|similar| Fix::one(value.span, crate::program::text::name(similar), false));
        let kind = Kind::UnknownLevel { level: value.text, column, levels, similar, hint: None };
        Fit::Wrong(Box::new(Finding::new(kind, value.span).mended(fix)))
    }

    /// Runs a check whose findings are not reported: with the first of them that is an error.
    fn quietly<T>(&mut self, check: impl FnOnce(&mut Self) -> T) -> (T, Option<Finding>) {
        let findings = std::mem::take(&mut self.findings);
        let (unknown, call) = (std::mem::take(&mut self.unknown), self.call.take());
        let reported = std::mem::replace(&mut self.sample_value_reported, false);
        let result = check(self);
        self.sample_value_reported = reported;
        (self.unknown, self.call) = (unknown, call);
        let found = std::mem::replace(&mut self.findings, findings).into_iter().next();
        let told = |finding: &Finding| match &finding.kind {
            Kind::UnknownName { name, .. } => self.unknown.contains(name),
            _ => false,
        };
        (result, found.filter(|finding| !told(finding)))
    }

    fn quiet_number(&mut self, given: &Given<'a>, place: Place) -> Result<Expr, Option<Finding>> {
        let (number, finding) = self.quietly(|checker| checker.number(given.expr, &given.env, place));
        number.ok_or(finding)
    }

    /// A mistake inside an argument; one of its kind is told as that of the whole.
    fn inner(
        &mut self,
        finding: impl Into<Option<Finding>>,
        given: &Given<'a>,
        target: &Target<'a, '_>,
        expected: String,
    ) -> Fit {
        match finding.into() {
            // Nothing is said of what a mistake already told made unreadable.
            None => Fit::Exact,
            Some(Finding { kind: Kind::SampleValue { .. }, .. }) => {
                self.misfit(given, target, "one value per sample".into(), expected, None)
            }
            Some(Finding { kind: Kind::AggregateValue { .. }, .. }) => {
                self.misfit(given, target, "one value for the whole batch".into(), expected, None)
            }
            Some(Finding { kind: Kind::WrongKind { found, hint, .. }, span, .. }) if span == given.expr.span => {
                self.misfit(given, target, found, expected, hint)
            }
            Some(finding) => Fit::Wrong(Box::new(finding)),
        }
    }

    fn misfit(
        &mut self,
        given: &Given<'a>,
        target: &Target<'a, '_>,
        found: String,
        expected: String,
        hint: Option<String>,
    ) -> Fit {
        let argument = self.text(given.expr.span);
        let callee = format!("`{}`", target.callee);
        let kind = Kind::ArgumentKind { argument, found, callee, expected, hint };
        Fit::Wrong(Box::new(Finding::new(kind, given.expr.span)))
    }

    fn unknown_argument(&mut self, given: &Given<'a>, expected: &'static str) -> Fit {
        let ast::ExprKind::Name(name) = &given.expr.kind else { return Fit::Exact };
        let (_, finding) = self.quietly(|checker| checker.unknown_name::<()>(name, expected, &given.env));
        finding.map_or(Fit::Exact, |finding| Fit::Wrong(Box::new(finding)))
    }

    /// What a name stands for, in words, and how it could become an event.
    fn words_for(&self, given: &Given<'a>, found: &Found<'a>) -> (String, Option<String>) {
        match found {
            Found::Symbol(symbol) => self.describe(*symbol, &self.text(given.expr.span)),
            Found::Binder(_) => ("a binder".into(), None),
            Found::Level(..) => ("a level".into(), None),
            Found::Open { .. } => ("a parameter of another kind".into(), None),
            Found::Argument(..) | Found::Broken | Found::Nothing => ("something else".into(), None),
        }
    }

    /// The value of a number that is known but for the params, at their defaults.
    pub(super) fn value_at_defaults(&self, expr: &Expr) -> Option<f64> {
        match &expr.kind {
            ExprKind::Number(value) => Some(*value),
            ExprKind::Param(id) => self.hir.params.get(id.0).map(|param| param.value),
            ExprKind::Negate(inner) => self.value_at_defaults(inner).map(|value| -value),
            ExprKind::Add(terms) => terms.iter().try_fold(0.0, |sum, term| Some(sum + self.value_at_defaults(term)?)),
            ExprKind::Multiply(a, b) => Some(self.value_at_defaults(a)? * self.value_at_defaults(b)?),
            ExprKind::Divide(a, b) => Some(self.value_at_defaults(a)? / self.value_at_defaults(b)?),
            ExprKind::Call(function, arguments) => {
                let values: Option<Vec<f64>> =
                    arguments.iter().map(|argument| self.value_at_defaults(argument)).collect();
                Some(function.of(values?.into_iter()))
            }
            ExprKind::ParamOf { .. }
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
            | ExprKind::Fold { .. } => None,
        }
        .filter(|value| !value.is_nan() && expr.shape != Some(Shape::Sample))
    }
}
