//! Events.
//!
//! From: an event over columns, groups and binders. To: a canonical event over headers. Why equivalent: groups are
//! replaced by the events of their levels, binders by the levels that they stand for, and the constructors of
//! [`Event`] keep the meaning.

use crate::hir;
use crate::program::Event;

use super::cases;
use super::data::data;
use super::indicator;
use super::scope::Scope;

pub(super) fn event(event: &hir::Event, scope: Scope<'_>) -> Event {
    match event {
        hir::Event::All => Event::All,
        hir::Event::Levels { column, levels } => {
            let declared = scope.levels(*column);
            let texts = levels.iter().map(|level| declared[*level].text.as_str());
            Event::levels(scope.header(*column), texts, scope.universe)
        }
        hir::Event::LevelOf { column, binder } => {
            let value = scope.value(*binder);
            match scope.level_of(*column, value) {
                Some(level) => Event::levels(scope.header(*column), [level.text.as_str()], scope.universe),
                None => unreachable!("`{}` is no level of `{}`", value.text, scope.header(*column)),
            }
        }
        hir::Event::Group { group, level } => scope.level_event(*group, *level),
        hir::Event::GroupOf { group, binder } => {
            let value = scope.value(*binder);
            match scope.group_level_of(*group, value) {
                Some(level) => scope.level_event(*group, level),
                None => unreachable!("`{}` is no level of `{}`", value.text, scope.hir[*group].name),
            }
        }
        hir::Event::Case { cases, place } => cases::event(cases, *place, scope),
        hir::Event::SameLevel { left, right } => {
            let of = |level: &'_ hir::LevelRef| match level {
                hir::LevelRef::Binder(binder) => scope.value(*binder).clone(),
                hir::LevelRef::Level(value) => value.clone(),
            };
            if of(left).is(&of(right)) { Event::All } else { Event::Never }
        }
        hir::Event::Compare { left, op, right } => {
            indicator::compare(data(left, scope), *op, data(right, scope), scope)
        }
        hir::Event::And(events) => Event::and(events.iter().map(|inner| self::event(inner, scope)), scope.universe),
        hir::Event::Or(events) => Event::or(events.iter().map(|inner| self::event(inner, scope)), scope.universe),
        hir::Event::Not(inner) => self::event(inner, scope).not(scope.universe),
    }
}
