//! Comparisons with levels: `race == white`, `race == r`, `sex_race == r`, `r != s`, `race in {white, black}`.

use std::sync::Arc;

use crate::diagnostic::Fix;
use crate::hir::{BinderId, Event, Expr, LevelRef, Value, product_text};
use crate::program::Comparison;
use crate::span::Span;
use crate::syntax::ast;

use super::category::{Category, braced, index_of, is_null};
use super::name::Found;
use super::place::Reads;
use super::{Checker, Env, Finding, Kind, Symbol};

/// One side of a comparison.
enum Operand<'a> {
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
        let first = self.operand(left, env, reads);
        let second = self.operand(right, env, reads);
        let (mut first, mut second) = (first?, second?);
        // A level may have the name of something declared: beside its column it is the level.
        if let Operand::Category(category) = first {
            second = self.level_first(category, second, right);
        } else if let Operand::Category(category) = second {
            first = self.level_first(category, first, left);
        }
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
                self.category_compare(span, *category, &first, flip(op), (right, left), env)
            }
            (Operand::Bare(..), Operand::Binder(..)) | (Operand::Binder(..), Operand::Bare(..)) => {
                self.binder_compare(span, &first, &second, op)
            }
            // Levels that are numbers are equal with all their digits, beyond those of a double too.
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

    fn level_first(&mut self, category: Category, operand: Operand<'a>, expr: &'a ast::Expr) -> Operand<'a> {
        let expr = expr.bare();
        let text = match &expr.kind {
            ast::ExprKind::Name(name) => Some(name.text.clone()),
            ast::ExprKind::Product(first, rest) => written_product(first, rest),
            _ => None,
        };
        let is_binder = matches!(operand, Operand::Binder(..));
        match text.filter(|text| !is_binder && self.category_levels(category).index.find(text, None).is_some()) {
            Some(text) => Operand::Bare(text, expr),
            None => operand,
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
        if reads == Reads::Data && first.shape.is_none() && second.shape.is_none() {
            let hint = Some("mention a column: `age >= 60`".to_string());
            self.wrong_kind(span, "the same for every sample", "an event", hint);
            return None;
        }
        Some(Event::Compare { left: Box::new(first), op, right: Box::new(second) })
    }

    fn operand(&mut self, expr: &'a ast::Expr, env: &Env<'a>, reads: Reads) -> Option<Operand<'a>> {
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
                        self.mentions.push((column, name.span));
                        Some(Operand::Category(Category::Column(column)))
                    }
                    Symbol::Group(index) => {
                        let group = self.resolve_group(index, name.span)?;
                        self.mention_group(group, name.span);
                        Some(Operand::Category(Category::Group(group)))
                    }
                    Symbol::Column(_) | Symbol::Param(_) | Symbol::Table(_) | Symbol::Let(_) => Some(Operand::Other),
                    Symbol::Event(_) | Symbol::Weight | Symbol::Prediction => {
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
                let hint = Some(format!("compare `{name}` with one of its levels"));
                self.wrong_kind(other_expr.span, "a number", "a level", hint);
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
        let hint = Some(format!("a null is in no level, and no comparison with one holds: write `{instead}`"));
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
            _ => None,
        }
    }

    fn values_of_binder(&mut self, binder: BinderId, values: &[Value]) -> Option<()> {
        let (name, known) = self.hir.binders.get(binder.0).map(|b| (b.name.clone(), b.values.clone()))?;
        let name = self.domains.get(&binder).cloned().unwrap_or(name);
        // Levels belong to a column; the binder may be one that only a metric knows.
        let home = self.levels.iter().find(|(_, levels)| Arc::ptr_eq(&levels.values, &known)).map(|(home, _)| *home);
        let name = home.map_or(name, |home| self.category_name(home));
        self.spend(known.len(), values.first()?.span)?;
        let index = index_of(&known);
        let mut found = Some(());
        for value in values {
            if index.find(&value.text, value.number).is_none() {
                found = self.no_such_level(value, name.clone(), &known, value.span);
            }
        }
        found
    }

    /// `value in {a, b}`.
    pub(super) fn membership(
        &mut self,
        span: Span,
        value: &'a ast::Expr,
        levels: &'a [ast::Level],
        env: &Env<'a>,
        reads: Reads,
    ) -> Option<Event> {
        if let Some(prediction) = self.prediction_in(value, env) {
            return self.prediction_in_event(span, prediction, true);
        }
        if levels.is_empty() {
            return self.refuse(Kind::EmptyDomain { reason: "name at least one level".into() }, span);
        }
        let values =
            levels.iter().map(|level| Value { text: level.text.clone(), number: level.number, span: level.span });
        let values: Vec<Value> = values.collect();
        match self.operand(value, env, reads)? {
            Operand::Category(category) => {
                let found: Vec<_> = values.iter().map(|value| self.level_of(category, value)).collect();
                let found: Vec<usize> = found.into_iter().collect::<Option<_>>()?;
                Some(any_level(category, found))
            }
            Operand::Binder(binder, _) => {
                self.values_of_binder(binder, &values)?;
                let same = |value| Event::SameLevel { left: LevelRef::Binder(binder), right: LevelRef::Level(value) };
                Some(Event::Or(values.into_iter().map(same).collect()))
            }
            Operand::Bare(text, expr) => {
                let name = ast::Name { text, span: expr.span };
                self.unknown_name(&name, "column", env)
            }
            Operand::Open => Some(Event::All),
            Operand::Literal(..) | Operand::Other => {
                let number = self.number(value, env, reads.place())?;
                self.spend(number.nodes().saturating_mul(values.len()), span)?;
                self.number_in(number, values)
            }
        }
    }

    fn number_in(&mut self, number: Expr, values: Vec<Value>) -> Option<Event> {
        let mut events = Vec::new();
        for value in values {
            let Some(literal) = value.number else {
                self.wrong_kind(value.span, "a level", "a number", None);
                return None;
            };
            let right = Box::new(Expr::number(literal, value.span));
            events.push(Event::Compare { left: Box::new(number.clone()), op: Comparison::Equal, right });
        }
        Some(Event::Or(events))
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

fn any_level(category: Category, levels: Vec<usize>) -> Event {
    match category {
        Category::Column(column) => Event::Levels { column, levels },
        Category::Group(group) => Event::Or(levels.into_iter().map(|level| Event::Group { group, level }).collect()),
    }
}

/// The comparison with its sides exchanged.
fn flip(op: Comparison) -> Comparison {
    match op {
        Comparison::Equal | Comparison::NotEqual => op,
        Comparison::Less => Comparison::Greater,
        Comparison::LessEqual => Comparison::GreaterEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterEqual => Comparison::LessEqual,
    }
}
