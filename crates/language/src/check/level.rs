//! Comparisons with levels: `race == white`, `race == r`, `sex_race == r`, `r != s`, `race in {white, black}`.

use std::sync::Arc;

use crate::diagnostic::Fix;
use crate::hir::{BinderId, Event, Expr, ExprKind, LevelRef, Value};
use crate::program::Comparison;
use crate::span::{Span, one_line};
use crate::syntax::ast;
use crate::words::{is_null, product_text};

use super::category::{Category, braced, index_of};
use super::name::Found;
use super::place::Reads;
use super::{Checker, Env, Finding, Kind, Symbol};

/// One side of a comparison.
pub(super) enum Operand<'a> {
    Category(Category),
    Binder(BinderId, Span),
    /// A name that nothing declares: a level, if the other side has it.
    Bare(String, &'a ast::Expr),
    /// A number as written: a level where the other side is categorical.
    Literal(Value),
    /// Anything else, to be checked as a number.
    Other,
    /// What only an argument will tell.
    Open,
}

impl<'a> Checker<'a> {
    pub(super) fn compare(
        &mut self,
        span: Span,
        left: &'a ast::Expr,
        op: Comparison,
        right: &'a ast::Expr,
        env: &Env<'a>,
        reads: Reads,
    ) -> Option<Event> {
        if self.event_compared(span, left, right, env) {
            return None;
        }
        // A level may have the name of something declared: beside its column, or a binder of its levels, it is the level.
        let (level_right, level_left) = (self.level_beside(left, right, env), self.level_beside(right, left, env));
        let first = match level_left {
            Some(text) => Some(Operand::Bare(text, left.bare())),
            None => self.operand(left, env, reads),
        };
        let second = match level_right {
            Some(text) => Some(Operand::Bare(text, right.bare())),
            None => self.operand(right, env, reads),
        };
        let (first, second) = (first?, second?);
        match (&first, &second) {
            (Operand::Open, other) | (other, Operand::Open) => {
                if matches!(other, Operand::Other) {
                    let expr = if matches!(first, Operand::Open) { right } else { left };
                    self.number(expr, env, reads.place())?;
                }
                Some(Event::All)
            }
            (Operand::Category(category), _) => self.category_compare(span, *category, &second, op, (left, right), env),
            (_, Operand::Category(category)) => {
                self.category_compare(span, *category, &first, op.mirrored(), (right, left), env)
            }
            (Operand::Bare(..), Operand::Binder(..)) | (Operand::Binder(..), Operand::Bare(..)) => {
                self.binder_compare(span, &first, &second, op)
            }
            // Levels that are numbers are equal with all their digits, beyond those of a double too.
            // The levels of a group are no numbers, even where their names are.
            (Operand::Binder(a, _), Operand::Literal(_)) | (Operand::Literal(_), Operand::Binder(a, _))
                if matches!(op, Comparison::Equal | Comparison::NotEqual) && !self.is_number(*a) =>
            {
                self.binder_compare(span, &first, &second, op)
            }
            (Operand::Binder(a, _), Operand::Binder(b, _))
                if matches!(op, Comparison::Equal | Comparison::NotEqual)
                    || !(self.is_number(*a) && self.is_number(*b)) =>
            {
                self.binder_compare(span, &first, &second, op)
            }
            (Operand::Bare(text, expr), _) | (_, Operand::Bare(text, expr)) => {
                let name = ast::Name { text: text.clone(), span: expr.span };
                self.unknown_name(&name, "name", env)
            }
            (
                Operand::Binder(..) | Operand::Literal(..) | Operand::Other,
                Operand::Binder(..) | Operand::Literal(..) | Operand::Other,
            ) => self.number_compare(span, left, op, right, env, reads),
        }
    }

    /// The level that an expression names, if what it is compared with is a column, a group or a binder that has it.
    fn level_beside(&mut self, home: &'a ast::Expr, expr: &'a ast::Expr, env: &Env<'a>) -> Option<String> {
        let text = match &expr.bare().kind {
            ast::ExprKind::Name(name) if env.binders.iter().any(|(text, _)| *text == name.text) => return None,
            ast::ExprKind::Name(name) => name.text.clone(),
            ast::ExprKind::Product(first, rest) => written_product(first, rest)?,
            _ => return None,
        };
        let ast::ExprKind::Name(home) = &home.bare().kind else { return None };
        let value = Value { text, number: None, span: expr.span };
        if let Some((_, binder)) = env.binders.iter().rev().find(|(text, _)| *text == home.text) {
            return self.binder_has(*binder, &value).then_some(value.text);
        }
        let category = self.category_named(home, env)?;
        self.category_levels(category).index.find(&value.text, None).map(|_| value.text)
    }

    /// The categorical column or group that a name stands for, past the parameters of metrics.
    fn category_named(&mut self, name: &'a ast::Name, env: &Env<'a>) -> Option<Category> {
        match self.look_up(name, env) {
            Found::Symbol(Symbol::Column(column)) if self.is_categorical(column) => Some(Category::Column(column)),
            Found::Symbol(Symbol::Group(index)) => Some(Category::Group(self.resolve_group(index, name.span)?)),
            Found::Argument(argument, env) => match &argument.bare().kind {
                ast::ExprKind::Name(name) => self.category_named(name, &env),
                _ => None,
            },
            _ => None,
        }
    }

    fn number_compare(
        &mut self,
        span: Span,
        left: &'a ast::Expr,
        op: Comparison,
        right: &'a ast::Expr,
        env: &Env<'a>,
        reads: Reads,
    ) -> Option<Event> {
        let first = self.number(left, env, reads.place());
        let second = self.number(right, env, reads.place());
        let (first, second) = (first?, second?);
        // What binders alone decide is known when the spec is compiled, as that two levels are the same.
        let bound = |side: &Expr| side.of_one_binder().is_some();
        let fixed = |side: &Expr| bound(side) || matches!(side.kind, ExprKind::Number(_));
        let decided = (bound(&first) || bound(&second)) && fixed(&first) && fixed(&second);
        if reads == Reads::Data && first.shape.is_none() && second.shape.is_none() && !decided {
            let hint = Some("mention a column: `age >= 60`".to_string());
            self.wrong_kind(span, "the same for every sample", "an event", hint);
            return None;
        }
        Some(Event::Compare { left: Box::new(first), op, right: Box::new(second) })
    }

    pub(super) fn operand(&mut self, expr: &'a ast::Expr, env: &Env<'a>, reads: Reads) -> Option<Operand<'a>> {
        match &expr.kind {
            ast::ExprKind::Paren(inner) => self.operand(inner, env, reads),
            ast::ExprKind::Number { value, text } => {
                let value = Value { text: text.clone(), number: Some(*value), span: expr.span };
                Some(Operand::Literal(value))
            }
            ast::ExprKind::Negate(inner) => Some(match &inner.kind {
                ast::ExprKind::Number { value, text } => {
                    let value = Value { text: format!("-{text}"), number: Some(-value), span: expr.span };
                    Operand::Literal(value)
                }
                _ => Operand::Other,
            }),
            ast::ExprKind::Product(..) => Some(match self.combined_level(expr, env) {
                Some(text) => Operand::Bare(text, expr),
                None => Operand::Other,
            }),
            ast::ExprKind::Name(name) => self.operand_name(name, expr, env, reads),
            _ => Some(Operand::Other),
        }
    }

    fn operand_name(
        &mut self,
        name: &'a ast::Name,
        expr: &'a ast::Expr,
        env: &Env<'a>,
        reads: Reads,
    ) -> Option<Operand<'a>> {
        match self.look_up(name, env) {
            Found::Binder(binder) if self.open_binders.contains(&binder) => Some(Operand::Open),
            Found::Binder(binder) => Some(Operand::Binder(binder, name.span)),
            Found::Argument(argument, env) => self.operand(argument, &env, reads),
            Found::Level(value, _) if value.number.is_some() => Some(Operand::Literal(value)),
            Found::Level(value, expr) => Some(Operand::Bare(value.text, expr)),
            Found::Open { kind: Some(kind @ ast::Accepts::Event), .. } => {
                self.wrong_kind(name.span, super::kind::open_kind(kind), "a number or a level", None);
                None
            }
            Found::Open { .. } => Some(Operand::Open),
            Found::Broken => None,
            Found::Nothing => Some(Operand::Bare(name.text.clone(), expr)),
            Found::Symbol(symbol) => {
                if reads == Reads::Binders {
                    return self.refuse(Kind::WhereReadsData { text: name.text.clone() }, name.span);
                }
                match symbol {
                    Symbol::Column(column) if self.is_categorical(column) => {
                        self.of_one_sample(symbol, name)?;
                        self.mentions.push((column, name.span));
                        Some(Operand::Category(Category::Column(column)))
                    }
                    Symbol::Group(index) => {
                        self.of_one_sample(symbol, name)?;
                        let group = self.resolve_group(index, name.span)?;
                        self.mention_group(group, name.span);
                        Some(Operand::Category(Category::Group(group)))
                    }
                    Symbol::Column(_) | Symbol::Param(_) | Symbol::Table(_) | Symbol::Let(_) => Some(Operand::Other),
                    Symbol::Event(_) | Symbol::Weight | Symbol::Prediction | Symbol::Key(_) | Symbol::Relation(_) => {
                        let (found, hint) = self.describe(symbol, &name.text);
                        self.wrong_kind(name.span, &found, "a number or a level", hint);
                        None
                    }
                }
            }
        }
    }

    /// `female * white`, where neither is declared: a level of a product group.
    fn combined_level(&mut self, expr: &'a ast::Expr, env: &Env<'a>) -> Option<String> {
        let ast::ExprKind::Product(first, rest) = &expr.kind else { return None };
        let mut parts = vec![self.bare_text(first, env)?];
        for (op, factor) in rest {
            if *op != ast::ProductOp::Times {
                return None;
            }
            parts.push(self.bare_text(factor, env)?);
        }
        let is_bare = |part: &(String, bool)| part.1;
        let joined = || product_text(parts.iter().map(|(text, _)| (false, text.as_str())));
        parts.iter().any(is_bare).then(joined)
    }

    fn bare_text(&mut self, expr: &'a ast::Expr, env: &Env<'a>) -> Option<(String, bool)> {
        match &expr.kind {
            ast::ExprKind::Name(name) => match self.look_up(name, env) {
                Found::Nothing => Some((name.text.clone(), true)),
                Found::Level(value, _) => Some((value.text, true)),
                Found::Binder(_) | Found::Argument(..) | Found::Open { .. } | Found::Symbol(_) | Found::Broken => None,
            },
            ast::ExprKind::Number { text, .. } => Some((text.clone(), false)),
            _ => None,
        }
    }

    /// `category op other`; `exprs` are the two sides as written.
    fn category_compare(
        &mut self,
        span: Span,
        category: Category,
        other: &Operand<'a>,
        op: Comparison,
        (category_expr, other_expr): (&'a ast::Expr, &'a ast::Expr),
        env: &Env<'a>,
    ) -> Option<Event> {
        let numeric = self.category_levels(category).numeric;
        let equality = matches!(op, Comparison::Equal | Comparison::NotEqual);
        if !equality && !numeric {
            let name = self.category_name(category);
            let hint = Some(format!("compare with `==`, `!=` or `in {{..}}`, or declare `{name}` as `real` or `int`"));
            self.wrong_kind(span, "a comparison of levels, which have no order", "`==` or `!=`", hint);
            return None;
        }
        let event = match other {
            Operand::Category(..) => {
                let hint = Some("compare each with a level".to_string());
                self.wrong_kind(span, "a comparison of two columns", "a column and a level", hint);
                return None;
            }
            Operand::Bare(text, expr) => {
                let value = Value { text: text.clone(), number: None, span: expr.span };
                self.not_null(span, category, &value, op, category_expr)?;
                let level = self.level_of(category, &value)?;
                one_level(category, level)
            }
            Operand::Literal(value) if equality => one_level(category, self.level_of(category, value)?),
            Operand::Binder(binder, use_span) if equality => self.binder_level(category, *binder, *use_span)?,
            Operand::Binder(..) | Operand::Literal(..) | Operand::Other if numeric => {
                let left = self.number(category_expr, env, Reads::Data.place());
                let right = self.number(other_expr, env, Reads::Data.place());
                let (left, right) = (left?, right?);
                if equality {
                    self.reaches_levels(category, &right)?;
                }
                return Some(Event::Compare { left: Box::new(left), op, right: Box::new(right) });
            }
            Operand::Open => return Some(Event::All),
            Operand::Binder(..) | Operand::Literal(..) | Operand::Other => {
                let name = self.category_name(category);
                let joined = matches!(other_expr.bare().kind, ast::ExprKind::Sum(..) | ast::ExprKind::Product(..));
                let hint = match joined {
                    true => format!("compare `{name}` with one of its levels, and join conditions by `and`"),
                    false => format!("compare `{name}` with one of its levels"),
                };
                self.wrong_kind(other_expr.span, "a number", "a level", Some(hint));
                return None;
            }
        };
        Some(if op == Comparison::NotEqual { self.another_level(category, event) } else { event })
    }

    /// Refuses `race == null`, with the condition that holds for nulls.
    fn not_null(
        &mut self,
        span: Span,
        category: Category,
        value: &Value,
        op: Comparison,
        column: &'a ast::Expr,
    ) -> Option<()> {
        let levels = self.category_levels(category);
        if !is_null(&value.text) || levels.index.find(&value.text, None).is_some() {
            return Some(());
        }
        let known = levels.values.clone();
        let not = if op == Comparison::NotEqual { "" } else { "not " };
        let column = self.sources.text(column.span).to_string();
        let instead = braced(&known).map(|levels| format!("{column} {not}in {levels}"));
        let Some(instead) = instead.filter(|_| self.call.is_none()) else {
            return self.unknown_level(category, value, value.span);
        };
        let hint =
            Some(format!("a null is in no level, and no comparison with one holds: write `{}`", one_line(&instead)));
        let column = self.category_name(category);
        let kind = Kind::UnknownLevel { level: value.text.clone(), column, levels: String::new(), similar: None, hint };
        self.report(Finding::new(kind, value.span).mended(Some(Fix::one(span, instead, false))));
        None
    }

    /// `year == t + 1`: a number made from a binder must be a level, whatever the binder is.
    fn reaches_levels(&mut self, category: Category, number: &Expr) -> Option<()> {
        let Some((binder, value_at)) = number.of_one_binder() else { return Some(()) };
        let values = self.hir.binders.get(binder.0)?.values.clone();
        self.spend(values.len().saturating_mul(number.nodes()), number.span)?;
        for value in values.iter().filter_map(|value| value.number) {
            let number_here = value_at(value);
            let text = number_here.to_string();
            if self.category_levels(category).index.find(&text, Some(number_here)).is_none() {
                let value = Value { text, number: Some(number_here), span: number.span };
                return self.unknown_level(category, &value, number.span);
            }
        }
        Some(())
    }

    /// `race != white`: in a declared level, but not in this one; so a null is out, as in every comparison.
    fn another_level(&mut self, category: Category, event: Event) -> Event {
        let levels = (0..self.category_levels(category).values.len()).collect();
        Event::And(vec![any_level(category, levels), Event::Not(Box::new(event))])
    }

    pub(super) fn binder_level(&mut self, category: Category, binder: BinderId, span: Span) -> Option<Event> {
        let values = self.hir.binders.get(binder.0).map(|binder| binder.values.clone()).unwrap_or_default();
        let levels = self.category_levels(category);
        let known = Arc::ptr_eq(&values, &levels.values);
        self.spend(if known { 1 } else { values.len() }, span)?;
        for value in values.iter().filter(|_| !known) {
            if levels.index.find(&value.text, value.number).is_none() {
                // A level written in `{..}` is at fault where it stands; one of another column, where it is used.
                let written = self.sources.text(value.span) == value.text && !value.span.range().is_empty();
                let is_declared = self.hir.columns.iter().any(|column| column.span == value.span);
                let span = if written && !is_declared { value.span } else { span };
                return self.unknown_level(category, value, span);
            }
        }
        Some(match category {
            Category::Column(column) => Event::LevelOf { column, binder },
            Category::Group(group) => Event::GroupOf { group, binder },
        })
    }

    /// `r != s`, `r == white`.
    fn binder_compare(&mut self, span: Span, left: &Operand<'a>, right: &Operand<'a>, op: Comparison) -> Option<Event> {
        if !matches!(op, Comparison::Equal | Comparison::NotEqual) {
            let hint = Some("compare with `==` or `!=`".to_string());
            self.wrong_kind(span, "a comparison of levels, which have no order", "`==` or `!=`", hint);
            return None;
        }
        let (left, right) = (self.level_ref(left, right)?, self.level_ref(right, left)?);
        let event = Event::SameLevel { left, right };
        Some(if op == Comparison::NotEqual { Event::Not(Box::new(event)) } else { event })
    }

    fn level_ref(&mut self, operand: &Operand<'a>, other: &Operand<'a>) -> Option<LevelRef> {
        match (operand, other) {
            (Operand::Binder(binder, _), _) => Some(LevelRef::Binder(*binder)),
            (Operand::Bare(text, expr), Operand::Binder(binder, _)) => {
                let value = Value { text: text.clone(), number: None, span: expr.span };
                self.values_of_binder(*binder, std::slice::from_ref(&value))?;
                Some(LevelRef::Level(value))
            }
            (Operand::Literal(value), Operand::Binder(binder, _)) => {
                self.values_of_binder(*binder, std::slice::from_ref(value))?;
                Some(LevelRef::Level(value.clone()))
            }
            _ => None,
        }
    }

    pub(super) fn values_of_binder(&mut self, binder: BinderId, values: &[Value]) -> Option<()> {
        let (name, known) = self.hir.binders.get(binder.0).map(|b| (b.name.clone(), b.values.clone()))?;
        let name = self.domains.get(&binder).cloned().unwrap_or(name);
        // Levels belong to a column; the binder may be one that only a metric knows.
        let home = self.levels.iter().find(|(_, levels)| Arc::ptr_eq(&levels.values, &known)).map(|(home, _)| *home);
        let name = home.map_or(name, |home| self.category_name(home));
        let Some(first) = values.first() else { return Some(()) };
        self.spend(known.len(), first.span)?;
        let index = index_of(&known);
        let mut found = Some(());
        for value in values {
            if index.find(&value.text, value.number).is_none() {
                found = self.no_such_level(value, name.clone(), &known, value.span);
            }
        }
        found
    }
}

/// `x * white` as the level of a product of groups, whatever else its words stand for.
fn written_product(first: &ast::Expr, rest: &[(ast::ProductOp, ast::Expr)]) -> Option<String> {
    let text = |expr: &ast::Expr| match &expr.kind {
        ast::ExprKind::Name(name) => Some(product_text([(false, name.text.as_str())])),
        ast::ExprKind::Number { text, .. } => Some(text.clone()),
        ast::ExprKind::Negate(inner) => match &inner.kind {
            ast::ExprKind::Number { text, .. } => Some(format!("-{text}")),
            _ => None,
        },
        _ => None,
    };
    let times = rest.iter().all(|(op, _)| *op == ast::ProductOp::Times);
    let parts: Option<Vec<String>> =
        std::iter::once(first).chain(rest.iter().map(|(_, factor)| factor)).map(text).collect();
    parts.filter(|_| times).map(|parts| parts.join("*"))
}

fn one_level(category: Category, level: usize) -> Event {
    any_level(category, vec![level])
}

pub(super) fn any_level(category: Category, levels: Vec<usize>) -> Event {
    match category {
        Category::Column(column) => Event::Levels { column, levels },
        Category::Group(group) => Event::Or(levels.into_iter().map(|level| Event::Group { group, level }).collect()),
    }
}
