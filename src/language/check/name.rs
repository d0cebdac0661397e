//! Looking names up: binders first, then the parameters of a metric, then the declarations.

use crate::language::diagnostic::{Edit, Fix};
use crate::language::hir::BinderId;
use crate::language::program::text::name as written;
use crate::language::span::Span;
use crate::language::syntax::ast;

use super::{Call, Checker, Env, Finding, Kind, Symbol};

/// What is missing where a number is expected.
pub(super) const NUMBER: &str = "name";

/// What a name stands for at a place.
pub(super) enum Found<'a> {
    Binder(BinderId),
    /// The argument that the `use` passes for this parameter; its names are those of the caller.
    Argument(&'a ast::Expr),
    Symbol(Symbol),
    /// Declared, but with an error that has been reported.
    Broken,
    Nothing,
}

impl<'a> Env<'a> {
    pub(super) fn in_call(call: Call<'a>) -> Self {
        Env { binders: Vec::new(), call: Some(call) }
    }

    fn argument(&self, name: &str) -> Option<&'a ast::Expr> {
        let call = self.call?;
        let position = call.metric.parameters.iter().position(|parameter| parameter.text == name)?;
        call.arguments.get(position)
    }
}

impl<'a> Checker<'a> {
    /// What the name means here; marks declarations as used.
    pub(super) fn look_up(&mut self, name: &ast::Name, env: &Env<'a>) -> Found<'a> {
        if let Some((_, binder)) = env.binders.iter().rev().find(|(text, _)| *text == name.text) {
            return Found::Binder(*binder);
        }
        if let Some(argument) = env.argument(&name.text) {
            return Found::Argument(argument);
        }
        if env.call.is_some() && name.text == "prediction" {
            return match self.hir.prediction {
                Some(_) => Found::Symbol(Symbol::Prediction),
                None => Found::Broken,
            };
        }
        if let Some((symbol, _)) = self.names.get(name.text.as_str()) {
            self.used.insert(*symbol);
            return Found::Symbol(*symbol);
        }
        if self.broken.contains(name.text.as_str()) { Found::Broken } else { Found::Nothing }
    }

    /// Reports a name that nothing declares, once.
    pub(super) fn unknown_name<T>(&mut self, name: &ast::Name, expected: &'static str, env: &Env<'a>) -> Option<T> {
        if self.incomplete || self.is_missing_prediction(name, expected) || !self.unknown.insert(name.text.clone()) {
            return None;
        }
        if let Some(column) = self.column_with_level(&name.text) {
            let article = if expected == "event" { "an" } else { "a" };
            let compared = format!("{} == {}", written(&column), written(&name.text));
            let fix = (expected == "event").then(|| Fix::one(name.span, compared.clone(), true));
            let kind = Kind::WrongKind {
                text: name.text.clone(),
                found: format!("a level of `{column}`"),
                expected: format!("{article} {expected}"),
                hint: Some(format!("compare the column with it: `{compared}`")),
            };
            self.report(Finding::new(kind, name.span).mended(fix));
            return None;
        }
        let similar = self.similar_name(&name.text, env);
        let fix = similar.as_ref().and_then(|similar| self.renamed(name, similar));
        let kind = Kind::UnknownName { expected, name: name.text.clone(), similar };
        self.report(Finding::new(kind, name.span).mended(fix));
        None
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
        if self.hir.prediction.is_some() || self.broken_prediction || expected != NUMBER {
            return false;
        }
        self.missing_prediction.get_or_insert_with(|| name.clone()).text == name.text
    }

    fn similar_name(&self, name: &str, env: &Env<'a>) -> Option<String> {
        if name == "prediction" {
            return self.hir.prediction.as_ref().map(|prediction| prediction.name.clone());
        }
        let parameters = env.call.map_or(&[][..], |call| &call.metric.parameters);
        let of_metric = env.call.map(|_| "prediction");
        let known = self.names.keys().copied().chain(env.binders.iter().map(|(text, _)| *text));
        self.suggest(name, known.chain(parameters.iter().map(|parameter| parameter.text.as_str())).chain(of_metric))
    }
}

/// The closest of the known names, if it is close enough to be a slip of the pen.
pub(crate) fn similar<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<String> {
    let lower = name.to_lowercase();
    let length = name.chars().count();
    let far = (length / 3).max(1);
    known
        .into_iter()
        // Every letter more or less is one step.
        .filter(|candidate| candidate.chars().take(length + far + 1).count().abs_diff(length) <= far)
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= far && *candidate != name)
        .min()
        .map(|(_, candidate)| candidate.to_string())
}
