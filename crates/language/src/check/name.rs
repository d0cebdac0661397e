//! Looking names up: binders first, then the parameters of a metric, then the declarations.

use std::rc::Rc;

use crate::diagnostic::{Edit, Fix};
use crate::hir::{BinderId, Value};
use crate::program::text::name as written;
use crate::span::Span;
use crate::syntax::ast;

use super::{Call, Checker, Env, Finding, Kind, Passed, Standin, Symbol};

/// What is missing where a number is expected.
pub(super) const NUMBER: &str = "name";

/// The same where one number is needed for the whole batch: a param, if it is no aggregate.
pub(super) const PARAM: &str = "param";

/// What the prediction as it was handed in is called: `raw(score)`.
pub(super) const RAW_CALL: &str = "raw";

/// What a name stands for at a place.
pub(super) enum Found<'a> {
    Binder(BinderId),
    /// The argument that the `use` passes for this parameter, and the scope of its names.
    Argument(&'a ast::Expr, Env<'a>),
    /// A level: the argument of a parameter that asks for one, whatever else its name stands for.
    Level(Value, &'a ast::Expr),
    /// A parameter in a definition that is being checked; as a number it is this column or param.
    Open {
        kind: Option<&'a ast::Accepts>,
        number: Option<Symbol>,
    },
    Symbol(Symbol),
    /// Declared, but with an error that has been reported.
    Broken,
    Nothing,
}

impl<'a> Env<'a> {
    /// The names that the body of a metric sees; without a call, the declarations.
    pub(super) fn of(call: Option<Rc<Call<'a>>>) -> Self {
        Env { binders: Vec::new(), call }
    }

    /// The parameter of this name, and what it stands for.
    pub(super) fn passed(&self, name: &str) -> Option<(&'a ast::Parameter, &Passed<'a>)> {
        let call = self.call.as_deref()?;
        let position = call.metric.parameters.iter().position(|parameter| parameter.name.text == name)?;
        Some((call.metric.parameters.get(position)?, call.passed.get(position)?))
    }
}

impl<'a> Checker<'a> {
    /// What the name means here; marks declarations as used.
    pub(super) fn look_up(&mut self, name: &ast::Name, env: &Env<'a>) -> Found<'a> {
        if let Some((_, binder)) = env.binders.iter().rev().find(|(text, _)| *text == name.text) {
            return Found::Binder(*binder);
        }
        if let Some(found) = self.of_pair(name) {
            return found;
        }
        if let Some((parameter, passed)) = env.passed(&name.text) {
            let kind = parameter.kind.as_ref().map(|kind| &kind.kind);
            return match passed {
                Passed::Argument { expr, scope } => {
                    let env = Env::of(scope.clone());
                    match (kind, level_argument(expr, &env)) {
                        (Some(ast::Accepts::LevelOf(_)), LevelArgument::Level(value, expr)) => {
                            Found::Level(value, expr)
                        }
                        (Some(ast::Accepts::LevelOf(_)), LevelArgument::Open) => Found::Open { kind, number: None },
                        _ => Found::Argument(expr, env),
                    }
                }
                Passed::Standin(Standin::Symbol(symbol)) => Found::Symbol(*symbol),
                Passed::Standin(Standin::Open { kind, number }) => Found::Open { kind: *kind, number: *number },
            };
        }
        if env.call.is_some() && name.text == "prediction" {
            return match self.hir.prediction {
                Some(_) => Found::Symbol(Symbol::Prediction),
                None => Found::Broken,
            };
        }
        if let Some((symbol, _)) = self.names.get(name.text.as_str()) {
            let symbol = *symbol;
            self.used.insert(symbol);
            return match symbol {
                Symbol::Let(index) => self.lets.get(index).map_or(Found::Broken, |known| known.stands_for()),
                symbol => Found::Symbol(symbol),
            };
        }
        if self.broken.contains(name.text.as_str()) { Found::Broken } else { Found::Nothing }
    }

    /// The named expression that a name stands for here, if it stands for one.
    pub(super) fn named(&mut self, name: &ast::Name, env: &Env<'a>) -> Option<usize> {
        if env.binders.iter().any(|(text, _)| *text == name.text) || env.passed(&name.text).is_some() {
            return None;
        }
        let Some((symbol @ Symbol::Let(index), _)) = self.names.get(name.text.as_str()).copied() else { return None };
        self.used.insert(symbol);
        Some(index)
    }

    /// Reports a name that nothing declares, once.
    pub(super) fn unknown_name<T>(&mut self, name: &ast::Name, expected: &'static str, env: &Env<'a>) -> Option<T> {
        if self.incomplete || self.is_missing_prediction(name, expected) || !self.unknown.insert(name.text.clone()) {
            return None;
        }
        if expected == "event" && self.listed_behind(name) {
            return None;
        }
        if let Some(column) = self.column_with_level(&name.text) {
            let article = if expected == "event" { "an" } else { "a" };
            let compared = format!("{} == {}", written(&column), written(&name.text));
            let fix = (expected == "event").then(|| Fix::one(name.span, compared.clone(), false));
            let kind = Kind::WrongKind {
                text: name.text.clone(),
                found: format!("a level of `{column}`"),
                expected: format!("{article} {expected}"),
                hint: Some(format!("compare the column with it: `{compared}`")),
            };
            self.report(Finding::new(kind, name.span).mended(fix));
            return None;
        }
        if let Some((hint, instead)) = self.meant_otherwise(&name.text, expected) {
            let fix = instead.map(|instead| Fix::one(name.span, instead, false));
            let kind = Kind::UnknownName { expected, name: name.text.clone(), similar: None, hint: Some(hint) };
            self.report(Finding::new(kind, name.span).mended(fix));
            return None;
        }
        if self.raw_without_call(name.span, name) {
            return None;
        }
        let member = self.member_name(name, env);
        let similar = member.clone().or_else(|| self.similar_name(&name.text, env));
        let fix = match &similar {
            Some(similar) if member.is_some() => {
                self.call.is_none().then(|| Fix::one(name.span, similar.clone(), false))
            }
            Some(similar) => self.renamed(name, similar),
            None => (expected == PARAM).then(|| self.new_param(name)).flatten(),
        };
        let kind = Kind::UnknownName { expected, name: name.text.clone(), similar, hint: None };
        self.report(Finding::new(kind, name.span).mended(fix));
        None
    }

    /// A param of this name, declared at the end of the file.
    fn new_param(&self, name: &ast::Name) -> Option<Fix> {
        let end = self.sources.get(name.span.source)?.text.trim_end().len();
        let declaration = format!("\nparam {} = 5%", written(&name.text));
        self.call.is_none().then(|| Fix::one(Span::new(name.span.source, end, end), declaration, false))
    }

    /// Another name in all places of the file that have this one, which nothing declares.
    fn renamed(&self, name: &ast::Name, instead: &str) -> Option<Fix> {
        let source = self.sources.get(name.span.source)?;
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        if self.call.is_some() || !name.text.chars().all(is_word) {
            return None;
        }
        let mut edits = Vec::new();
        let mut start = 0;
        for line in source.text.split_inclusive('\n') {
            let code = line.split('#').next().unwrap_or_default();
            for (at, _) in code.match_indices(name.text.as_str()) {
                let (before, after) = (code.get(..at)?, code.get(at + name.text.len()..)?);
                let apart = |c: Option<char>| c.is_none_or(|c| !is_word(c) && c != '`' && c != '"');
                if apart(before.chars().next_back()) && apart(after.chars().next()) {
                    let span = Span::new(name.span.source, start + at, start + at + name.text.len());
                    edits.push(Edit { span, text: written(instead) });
                }
            }
            start += line.len();
        }
        edits.iter().any(|edit| edit.span == name.span).then_some(Fix { edits, sure: false })
    }

    /// A categorical column that has this level.
    pub(super) fn column_with_level(&mut self, text: &str) -> Option<String> {
        let owner = self.owner(text)?;
        self.hir.columns.get(owner.0).map(|column| column.name.clone())
    }

    /// In a spec without prediction, the first unknown name among numbers is taken for it, and told as that.
    fn is_missing_prediction(&mut self, name: &ast::Name, expected: &'static str) -> bool {
        if self.hir.prediction.is_some() || self.broken_prediction || !matches!(expected, NUMBER | PARAM) {
            return false;
        }
        self.missing_prediction.get_or_insert_with(|| name.clone()).text == name.text
    }

    fn similar_name(&self, name: &str, env: &Env<'a>) -> Option<String> {
        if name == "prediction" {
            return self.hir.prediction.as_ref().map(|prediction| prediction.name.clone());
        }
        let parameters = env.call.as_deref().map_or(&[][..], |call| &call.metric.parameters);
        let of_metric = env.call.as_ref().map(|_| "prediction");
        let known = self.names.keys().copied().chain(env.binders.iter().map(|(text, _)| *text));
        self.suggest(
            name,
            known.chain(parameters.iter().map(|parameter| parameter.name.text.as_str())).chain(of_metric),
        )
    }
}

/// An argument for a parameter that asks for a level.
pub(super) enum LevelArgument<'a> {
    Level(Value, &'a ast::Expr),
    /// A parameter of the metric around it, whose argument is not known.
    Open,
    NotALevel(&'a ast::Expr),
}

/// The level that an argument names, past the parameters of the metrics around it: a name, a number, or a product of
/// these for a product of groups.
pub(super) fn level_argument<'a>(expr: &'a ast::Expr, env: &Env<'a>) -> LevelArgument<'a> {
    let expr = expr.bare();
    if let ast::ExprKind::Name(name) = &expr.kind {
        match env.passed(&name.text) {
            Some((_, Passed::Argument { expr, scope })) => return level_argument(expr, &Env::of(scope.clone())),
            Some((_, Passed::Standin(_))) => return LevelArgument::Open,
            None => {}
        }
    }
    let value = |text: String, number| LevelArgument::Level(Value { text, number, span: expr.span }, expr);
    match &expr.kind {
        ast::ExprKind::Name(name) => value(name.text.clone(), None),
        ast::ExprKind::Number { value: number, text } => value(text.clone(), Some(*number)),
        ast::ExprKind::Negate(inner) => match &inner.kind {
            ast::ExprKind::Number { value: number, text } => value(format!("-{text}"), Some(-number)),
            _ => LevelArgument::NotALevel(expr),
        },
        ast::ExprKind::Product(first, rest) => {
            let part = |expr: &ast::Expr| match &expr.kind {
                ast::ExprKind::Name(name) => Some(name.text.clone()),
                ast::ExprKind::Number { text, .. } => Some(text.clone()),
                _ => None,
            };
            let times = rest.iter().all(|(op, _)| *op == ast::ProductOp::Times);
            let parts: Option<Vec<String>> =
                std::iter::once(&**first).chain(rest.iter().map(|(_, factor)| factor)).map(part).collect();
            match parts.filter(|_| times) {
                Some(parts) => value(parts.join("*"), None),
                None => LevelArgument::NotALevel(expr),
            }
        }
        _ => LevelArgument::NotALevel(expr),
    }
}
