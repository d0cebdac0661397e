//! Membership in a list of levels: `race in {white, black}`, `race in {a, white}`, `r in {white}`, `k in {1, 2}`.

use crate::hir::{BinderId, Event, Expr, LevelRef, Value};
use crate::program::Comparison;
use crate::span::Span;
use crate::syntax::ast;

use super::category::{Category, index_of};
use super::level::{Operand, any_level};
use super::name::Found;
use super::place::Reads;
use super::{Checker, Env, Kind};

impl<'a> Checker<'a> {
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
            Operand::Category(category) => self.category_in(category, values, env),
            Operand::Binder(binder, _) => {
                let known = index_of(&self.hir.binders.get(binder.0)?.values);
                let has = |_: &mut Self, value: &Value| known.find(&value.text, value.number).is_some();
                let (others, values) = self.binders_among(&values, env, has);
                self.values_of_binder(binder, &values)?;
                let same = |right| Event::SameLevel { left: LevelRef::Binder(binder), right };
                let others = others.into_iter().map(|(other, _)| LevelRef::Binder(other));
                Some(Event::Or(others.chain(values.into_iter().map(LevelRef::Level)).map(same).collect()))
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

    /// `race in {a, white}`: levels, and binders that stand for levels.
    fn category_in(&mut self, category: Category, values: Vec<Value>, env: &Env<'a>) -> Option<Event> {
        let (binders, values) = self.binders_among(&values, env, |this, value| this.has_level(category, value));
        let binders: Vec<_> =
            binders.into_iter().map(|(binder, span)| self.binder_level(category, binder, span)).collect();
        let found: Vec<_> = values.iter().map(|value| self.level_of(category, value)).collect();
        let mut events: Vec<Event> = binders.into_iter().collect::<Option<_>>()?;
        let found: Vec<usize> = found.into_iter().collect::<Option<_>>()?;
        if events.is_empty() {
            return Some(any_level(category, found));
        }
        if !found.is_empty() {
            events.push(any_level(category, found));
        }
        Some(Event::Or(events))
    }

    /// The binders that stand in a list of levels, and the rest; what is a level of its own is one.
    fn binders_among(
        &mut self,
        values: &[Value],
        env: &Env<'a>,
        has: impl Fn(&mut Self, &Value) -> bool,
    ) -> (Vec<(BinderId, Span)>, Vec<Value>) {
        let (mut binders, mut levels) = (Vec::new(), Vec::new());
        for value in values {
            let binder = env.binders.iter().rev().find(|(text, _)| *text == value.text).map(|(_, binder)| *binder);
            let known = has(self, value);
            // What is passed for a parameter that asks for a level.
            let name = crate::syntax::ast::Name { text: value.text.clone(), span: value.span };
            let passed = match known || binder.is_some() || env.passed(&name.text).is_none() {
                true => None,
                false => Some(self.look_up(&name, env)),
            };
            match passed {
                Some(Found::Level(level, _)) => {
                    levels.push(level);
                    continue;
                }
                Some(Found::Open { .. } | Found::Broken) => continue,
                _ => {}
            }
            let known = known || binder.is_none();
            match binder.filter(|binder| !known && !self.open_binders.contains(binder)) {
                Some(binder) => binders.push((binder, value.span)),
                // What an open binder stands for is told where the metric is used.
                None if !known => {}
                None => levels.push(value.clone()),
            }
        }
        (binders, levels)
    }

    pub(super) fn binder_has(&self, binder: BinderId, value: &Value) -> bool {
        self.hir.binders.get(binder.0).is_some_and(|binder| binder.values.iter().any(|known| known.is(value)))
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
