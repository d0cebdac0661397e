//! Tables of params: `param tol[race] = {white: 2%, otherwise: 5%}`, and `tol[a]`. Each entry is a param of its own, called
//! `tol[white]`, from here on.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::diagnostic::Fix;
use crate::hir::{BinderId, Curvature, Expr, ExprKind, LevelRef, ParamId, Table, TableId, Value};
use crate::interval::Interval;
use crate::program::text::name as written;
use crate::span::Span;
use crate::syntax::ast;
use crate::words::{counted, listed, product_text};

use super::cases::{OTHERWISE, is_otherwise};
use super::category::{Category, index_of};
use super::domain::LARGEST;
use super::name::{Found, LevelArgument, level_argument};
use super::number::leaf;
use super::place::Place;
use super::{Checker, Env, Finding, Kind, MOST_LISTED, Progress, Symbol};

/// The name of an entry.
fn entry_name(table: &str, level: &str) -> String {
    format!("{table}[{level}]")
}

impl<'a> Checker<'a> {
    /// The checked table of a declaration with its domains; checked on first use.
    pub(super) fn resolve_table(&mut self, index: usize, mention: Span) -> Option<(TableId, Rc<[Category]>)> {
        let declaration = self.tables.get_mut(index)?;
        let (name, table, range) = (declaration.name, declaration.table, declaration.range);
        match std::mem::replace(&mut declaration.progress, Progress::Running) {
            Progress::Done(result) => {
                declaration.progress = Progress::Done(result.clone());
                result
            }
            Progress::Running => self.definition_cycle(name, mention),
            Progress::Waiting => {
                let result = self.declared(name, |checker| checker.table(name, table, range));
                let result = result.map(|(table, _)| table);
                if let Some(declaration) = self.tables.get_mut(index) {
                    declaration.progress = Progress::Done(result.clone());
                }
                result
            }
        }
    }

    fn table(
        &mut self,
        name: &'a ast::Name,
        table: &'a ast::Table,
        declared: Option<&'a ast::Range>,
    ) -> Option<(TableId, Rc<[Category]>)> {
        let domains: Vec<_> = table.domains.iter().map(|domain| self.table_domain(domain)).collect();
        let parts = table.entries.iter().map(|entry| (entry.span, entry.level.is_none()));
        let last = self.otherwise_last(table.span, parts);
        let domains: Rc<[Category]> = domains.into_iter().collect::<Option<Vec<_>>>()?.into();
        let products: Vec<bool> = domains.iter().map(|domain| self.has_products(*domain)).collect();
        let levels = self.combinations(&domains, &products, table.span)?;
        self.spend(levels.len(), table.span)?;
        let values = self.entries(name, table, &domains, &levels)?;
        last?;
        let range = self.range(declared).unwrap_or(Interval::ALL);
        let first = ParamId(self.hir.params.len());
        for (level, value) in levels.iter().zip(values) {
            let entry = entry_name(&name.text, &level.text);
            if let Some((_, other)) = self.names.get(entry.as_str()) {
                let kind = Kind::DuplicateName { what: "param", name: entry };
                self.report(Finding::new(kind, name.span).with(*other, "first declared here"));
                return None;
            }
            self.push_param(entry, value, range, declared);
        }
        self.hir.tables.push(Table { name: name.text.clone(), levels, products, first });
        Some((TableId(self.hir.tables.len() - 1), domains))
    }

    /// Whether the levels are those of a product of groups.
    fn has_products(&self, category: Category) -> bool {
        match category {
            Category::Column(_) => false,
            Category::Group(id) => {
                self.hir.groups.get(id.0).is_some_and(|group| group.levels.iter().any(|level| level.product))
            }
        }
    }

    /// The levels of a domain, or all combinations of those of several, the last fastest.
    fn combinations(&mut self, domains: &[Category], products: &[bool], span: Span) -> Option<Arc<[Value]>> {
        let all: Vec<Arc<[Value]>> =
            domains.iter().map(|domain| self.category_levels(*domain).values.clone()).collect();
        if let [only] = &all[..] {
            return Some(only.clone());
        }
        let size = all.iter().try_fold(1_usize, |size, levels| size.checked_mul(levels.len()));
        if size.is_none_or(|size| size > LARGEST) {
            let what = format!("`{}`", self.domain_name_of(domains));
            return self.refuse(Kind::TooLarge { what, limit: LARGEST, unit: "levels" }, span);
        }
        let mut tuples: Vec<Vec<(bool, &str)>> = vec![Vec::new()];
        for (levels, product) in all.iter().zip(products) {
            tuples = tuples
                .iter()
                .flat_map(|tuple| {
                    levels.iter().map(move |level| [&tuple[..], &[(*product, level.text.as_str())]].concat())
                })
                .collect();
        }
        let value = |parts: Vec<(bool, &str)>| Value { text: product_text(parts), number: None, span: Span::default() };
        Some(tuples.into_iter().map(value).collect())
    }

    /// `sex * race`.
    fn domain_name_of(&self, domains: &[Category]) -> String {
        domains.iter().map(|domain| self.category_name(*domain)).collect::<Vec<_>>().join(" * ")
    }

    fn table_domain(&mut self, domain: &'a ast::Name) -> Option<Category> {
        let env = Env::default();
        match self.look_up(domain, &env) {
            Found::Symbol(Symbol::Column(column)) if self.is_categorical(column) => Some(Category::Column(column)),
            Found::Symbol(Symbol::Group(index)) => self.resolve_group(index, domain.span).map(Category::Group),
            _ => {
                self.domain_name(domain, &env);
                None
            }
        }
    }

    /// The value of each level.
    fn entries(
        &mut self,
        name: &'a ast::Name,
        table: &'a ast::Table,
        domains: &[Category],
        levels: &[Value],
    ) -> Option<Vec<&'a ast::Bound>> {
        let several = (domains.len() > 1).then(|| index_of(levels));
        let mut values: HashMap<usize, &'a ast::Entry> = HashMap::new();
        let mut rest = None;
        let mut sound = Some(());
        for entry in &table.entries {
            let Some(parts) = &entry.level else {
                rest = Some(&entry.value);
                continue;
            };
            let key = key(parts, entry.key_span);
            let left = match parts.as_slice() {
                [only] => is_otherwise(&only.text) && domains.iter().all(|domain| !self.has_level(*domain, &key)),
                _ => false,
            };
            if left {
                let kind = Kind::UnknownLevel {
                    level: key.text,
                    column: self.domain_name_of(domains),
                    levels: String::new(),
                    similar: Some(OTHERWISE.into()),
                    hint: None,
                };
                let fix = Fix::one(key.span, OTHERWISE, true);
                self.report(Finding::new(kind, key.span).mended(Some(fix)));
                rest = Some(&entry.value);
                sound = None;
                continue;
            }
            let level = match (&several, domains) {
                (None, [only]) => self.level_of(*only, &key),
                (None, _) => None,
                (Some(index), _) => match index.find(&key.text, None) {
                    Some(level) => Some(level),
                    None => self.no_such_level(&key, self.domain_name_of(domains), levels, key.span),
                },
            };
            let Some(level) = level else {
                sound = None;
                continue;
            };
            if let Some(first) = values.insert(level, entry) {
                let kind = Kind::DuplicateName { what: "level", name: self.text(entry.key_span) };
                self.report(Finding::new(kind, entry.key_span).with(first.key_span, "first written here"));
                sound = None;
            }
        }
        sound?;
        let missing = |place: &usize| rest.is_none() && !values.contains_key(place);
        let missing: Vec<&Value> = (0..levels.len()).filter(missing).filter_map(|place| levels.get(place)).collect();
        // Braces that the author did not close may have been about to go on.
        if !missing.is_empty() && !self.sources.text(table.span).ends_with('}') {
            return None;
        }
        if !missing.is_empty() {
            self.missing_levels(name, table, &missing);
            return None;
        }
        (0..levels.len()).map(|place| values.get(&place).map(|entry| &entry.value).or(rest)).collect()
    }

    fn missing_levels(&mut self, name: &'a ast::Name, table: &'a ast::Table, missing: &[&Value]) {
        let last = table.entries.last();
        let value = last.map_or(String::new(), |entry| self.text(entry.value.span));
        let added = match missing {
            [only] => format!("{}: {value}", level_as_written(only)),
            _ => format!("{OTHERWISE}: {value}"),
        };
        let fix = last.map(|entry| {
            let end = Span { start: entry.span.end, ..entry.span };
            Fix::one(end, format!(", {added}"), false)
        });
        let levels = listed(missing.iter().map(|level| &level.text), MOST_LISTED);
        let kind = Kind::MissingLevels { table: name.text.clone(), levels, added };
        self.report(Finding::new(kind, table.span).mended(fix));
    }

    /// `tol[a]`.
    pub(super) fn table_at(
        &mut self,
        span: Span,
        table: &'a ast::Name,
        levels: &'a [ast::Expr],
        env: &Env<'a>,
        place: Place,
    ) -> Option<Expr> {
        match self.look_up(table, env) {
            Found::Symbol(Symbol::Table(index)) => {
                let (id, domains) = self.resolve_table(index, table.span)?;
                let kind = match (&domains[..], levels) {
                    ([domain], [level]) => self.entry_at(id, *domain, level, env)?,
                    (several, levels) => self.entry_of_several(span, id, several, levels, env)?,
                };
                if place == Place::Where {
                    return self.refuse(Kind::WhereReadsData { text: self.text(span) }, span);
                }
                let first = self.hir.tables.get(id.0).and_then(|table| self.hir.params.get(table.first.0));
                let range = first.map_or(Interval::ALL, |param| param.range);
                Some(leaf(kind, span, None, Curvature::Constant, range))
            }
            Found::Symbol(Symbol::Prediction) if self.pair.is_some() => self.prediction_at(span, table, levels, place),
            Found::Argument(argument, scope) => match &argument.bare().kind {
                // The level is the body's, whatever the table.
                ast::ExprKind::Name(name) => match self.look_up(name, &scope) {
                    Found::Symbol(Symbol::Table(_)) if scope.call.is_none() => {
                        self.table_at(span, name, levels, env, place)
                    }
                    _ => self.no_table(span, table, levels, env),
                },
                _ => self.no_table(span, table, levels, env),
            },
            Found::Open { kind: None, .. } | Found::Broken => None,
            Found::Open { .. } | Found::Symbol(_) | Found::Binder(_) | Found::Level(..) | Found::Nothing => {
                self.no_table(span, table, levels, env)
            }
        }
    }

    fn entry_at(
        &mut self,
        table: TableId,
        category: Category,
        level: &'a ast::Expr,
        env: &Env<'a>,
    ) -> Option<ExprKind> {
        if let ast::ExprKind::Name(name) = &level.bare().kind
            && let Some((_, binder)) = env.binders.iter().rev().find(|(text, _)| *text == name.text)
        {
            if self.open_binders.contains(binder) {
                return None;
            }
            self.binder_level(category, *binder, name.span)?;
            return Some(ExprKind::ParamOf { table, at: vec![LevelRef::Binder(*binder)] });
        }
        let value = match level_argument(level, env) {
            LevelArgument::Level(value, _) => value,
            LevelArgument::Open => return None,
            LevelArgument::NotALevel(expr) => {
                let expected = format!("a level of `{}`", self.category_name(category));
                self.wrong_kind(expr.span, super::kind::words(expr), &expected, None);
                return None;
            }
        };
        if let Some(domain) = self.is_domain(category, &value) {
            let hint = format!("run over its levels, and take that of each: `forall a in {domain}: .. [a]`");
            self.wrong_kind(value.span, "what the table is about", "one of its levels", Some(hint));
            return None;
        }
        let level = self.level_of(category, &value)?;
        Some(ExprKind::Param(self.hir.tables.get(table.0)?.param(level)))
    }

    /// `tol[a, b]`, `tol[female, b]`, `tol[female * black]`: a table of several domains.
    fn entry_of_several(
        &mut self,
        span: Span,
        table: TableId,
        domains: &[Category],
        levels: &'a [ast::Expr],
        env: &Env<'a>,
    ) -> Option<ExprKind> {
        let known = self.hir.tables.get(table.0)?.clone();
        if let ([level], true) = (levels, domains.len() > 1)
            && let LevelArgument::Level(value, ast::Expr { kind: ast::ExprKind::Product(..), .. }) =
                level_argument(level, env)
        {
            return match index_of(&known.levels).find(&value.text, None) {
                Some(level) => Some(ExprKind::Param(known.param(level))),
                None => self.no_such_level(&value, self.domain_name_of(domains), &known.levels, value.span),
            };
        }
        if levels.len() != domains.len() {
            let names: Vec<String> = domains.iter().map(|domain| self.category_name(*domain)).collect();
            let kind = Kind::ArgumentCount {
                callee: known.name.clone(),
                expected: counted(domains.len(), "level"),
                found: counted(levels.len(), "level"),
                signature: format!("{}[{}]", written(&known.name), names.join(", ")),
            };
            return self.refuse(kind, span);
        }
        if self.swapped_levels(span, &known.name, domains, levels, env) {
            return None;
        }
        let at: Vec<Option<LevelRef>> =
            domains.iter().zip(levels).map(|(domain, level)| self.level_at(*domain, level, env)).collect();
        let at: Vec<LevelRef> = at.into_iter().collect::<Option<_>>()?;
        let texts = at.iter().zip(&known.products).map(|(level, product)| match level {
            LevelRef::Level(value) => Some((*product, value.text.as_str())),
            LevelRef::Binder(_) => None,
        });
        match texts.collect::<Option<Vec<_>>>() {
            Some(texts) => {
                let level = index_of(&known.levels).find(&product_text(texts), None)?;
                Some(ExprKind::Param(known.param(level)))
            }
            None => Some(ExprKind::ParamOf { table, at }),
        }
    }

    pub(super) fn has_level(&mut self, domain: Category, value: &Value) -> bool {
        self.category_levels(domain).index.find(&value.text, value.number).is_some()
    }

    /// What stands for a level of one of the domains of a table.
    fn level_at(&mut self, domain: Category, level: &'a ast::Expr, env: &Env<'a>) -> Option<LevelRef> {
        if let ast::ExprKind::Name(name) = &level.bare().kind
            && let Some((_, binder)) = env.binders.iter().rev().find(|(text, _)| *text == name.text)
        {
            if self.open_binders.contains(binder) {
                return None;
            }
            self.binder_level(domain, *binder, name.span)?;
            return Some(LevelRef::Binder(*binder));
        }
        match level_argument(level, env) {
            LevelArgument::Level(value, _) => {
                let place = self.level_of(domain, &value)?;
                self.category_levels(domain).values.get(place).cloned().map(LevelRef::Level)
            }
            LevelArgument::Open => None,
            LevelArgument::NotALevel(expr) => {
                let expected = format!("a level of `{}`", self.category_name(domain));
                self.wrong_kind(expr.span, super::kind::words(expr), &expected, None);
                None
            }
        }
    }

    /// The name of the domain, where that stands in the place of a level.
    fn is_domain(&mut self, category: Category, value: &Value) -> Option<String> {
        let domain = self.category_name(category);
        (value.text == domain && !self.has_level(category, value)).then_some(domain)
    }

    /// `eps[a]` where `eps` is no table.
    fn no_table(&mut self, span: Span, name: &'a ast::Name, levels: &'a [ast::Expr], env: &Env<'a>) -> Option<Expr> {
        let text = written(&name.text);
        let (found, hint, fix) = match self.look_up(name, env) {
            Found::Nothing => return self.unknown_table(span, name, levels, env),
            Found::Symbol(Symbol::Param(_)) => (
                "a param with one value".to_string(),
                format!("write `{text}`, or give each level a value: `param {text}[..] = {{..}}`"),
                Some(Fix::one(span, text, true)),
            ),
            Found::Symbol(Symbol::Prediction) => (
                "the prediction".to_string(),
                format!(
                    "`{text}` is that of every sample: constrain each with `each: ..`, or a mean with `E[{text} | ..]`"
                ),
                None,
            ),
            Found::Symbol(symbol) => {
                let (found, hint) = self.describe(symbol, &name.text);
                (found, hint.unwrap_or_default(), None)
            }
            Found::Binder(_) => ("a binder".to_string(), String::new(), None),
            Found::Level(..) => ("a level".to_string(), String::new(), None),
            Found::Argument(..) | Found::Open { .. } => {
                ("a number".to_string(), format!("write `{text}`, or use a table by its own name"), None)
            }
            Found::Broken => return None,
        };
        let expected = "a table of params".to_string();
        let hint = Some(hint).filter(|hint| !hint.is_empty());
        let kind = Kind::WrongKind { text: self.text(name.span), found, expected, hint };
        self.report(Finding::new(kind, name.span).mended(fix));
        None
    }

    /// A name that nothing declares; it may be what an aggregate is called elsewhere.
    fn unknown_table(
        &mut self,
        span: Span,
        name: &'a ast::Name,
        levels: &'a [ast::Expr],
        env: &Env<'a>,
    ) -> Option<Expr> {
        // What is not imported may declare it.
        if self.incomplete {
            return None;
        }
        if self.raw_without_call(span, name) || self.foreign_moment(span, name, levels) || self.of_elsewhere(name) {
            return None;
        }
        if let Some(instead) = ast::aggregate_called(&name.text) {
            let fix = Fix::one(name.span, instead, true);
            let kind = Kind::ForeignAggregate { found: name.text.clone(), instead };
            self.report(Finding::new(kind, name.span).mended(Some(fix)));
            return None;
        }
        self.unknown_name(name, "table", env)
    }

    /// `tol` alone.
    pub(super) fn table_without_level(&mut self, name: &'a ast::Name, index: usize, env: &Env<'a>) -> Option<Expr> {
        let (table, _) = self.resolve_table(index, name.span)?;
        let hint = self.table_hint(index);
        let in_scope = env.binders.iter().find(|(_, binder)| self.runs_over(table, *binder)).map(|(text, _)| *text);
        let level = match in_scope {
            Some(binder) => Some(binder.to_string()),
            None => self.hir.tables.get(table.0).and_then(|table| table.levels.first()).map(level_as_written),
        };
        let fix = level.map(|level| Fix::one(name.span, entry_name(&written(&name.text), &level), false));
        let (found, expected) = ("a table of params".to_string(), "a number".to_string());
        let fix = fix.filter(|_| self.call.is_none());
        self.report(
            Finding::new(Kind::WrongKind { text: name.text.clone(), found, expected, hint }, name.span).mended(fix),
        );
        None
    }

    /// How a number is taken from a table.
    pub(super) fn table_hint(&self, index: usize) -> Option<String> {
        let declaration = self.tables.get(index)?;
        let name = written(&declaration.name.text);
        let domains: Vec<String> = declaration.table.domains.iter().map(|domain| written(&domain.text)).collect();
        Some(match &domains[..] {
            [domain] => {
                format!(
                    "take the value of a level: `{name}[a]` under `forall a in {domain}`, or that of one by its name"
                )
            }
            several => format!(
                "take the value of one level of each: with a binder for each, under `forall (a, b) in {}`, `{name}[a, b]`",
                several.join(" * ")
            ),
        })
    }

    /// Whether every value of the binder is a level of the table.
    fn runs_over(&self, table: TableId, binder: BinderId) -> bool {
        let (Some(table), Some(binder)) = (self.hir.tables.get(table.0), self.hir.binders.get(binder.0)) else {
            return false;
        };
        std::sync::Arc::ptr_eq(&table.levels, &binder.values)
    }
}

/// The level that the words before a colon name.
fn key(parts: &[ast::Level], span: Span) -> Value {
    match parts {
        [only] => Value { text: only.text.clone(), number: only.number, span },
        parts => {
            let text = product_text(parts.iter().map(|level| (false, level.text.as_str())));
            Value { text, number: None, span }
        }
    }
}

/// A level as the language writes it.
fn level_as_written(level: &Value) -> String {
    match level.number {
        Some(_) => level.text.clone(),
        None => written(&level.text),
    }
}
