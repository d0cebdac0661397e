//! Events.
//!
//! From: an event over columns, groups and binders. To: a canonical event over headers. Why equivalent: groups are
//! replaced by the events of their levels, binders by the levels that they stand for, and the constructors of
//! [`Event`] keep the meaning.

use crate::language::hir;
use crate::language::program::Event;

use super::data::data;
use super::scope::{Scope, same};

pub(super) fn event(event: &hir::Event, scope: Scope<'_>) -> Event {
    match event {
        hir::Event::All => Event::All,
        hir::Event::Levels { column, levels } => {
            let declared = scope.levels(*column);
            let texts = levels.iter().filter_map(|level| declared.get(*level)).map(|level| level.text.as_str());
            Event::levels(scope.header(*column), texts, scope.universe)
        }
        hir::Event::LevelOf { column, binder } => {
            let Some(value) = scope.value(*binder) else { return Event::Never };
            let level = scope.level_of(*column, value).map(|level| level.text.as_str());
            Event::levels(scope.header(*column), level, scope.universe)
        }
        hir::Event::Group { group, level } => {
            let level = scope.hir.groups.get(group.0).and_then(|group| group.levels.get(*level));
            level.map_or(Event::Never, |level| self::event(&level.event, scope))
        }
        hir::Event::GroupOf { group, binder } => {
            let Some(value) = scope.value(*binder) else { return Event::Never };
            let level = scope.group_level_of(*group, value);
            level.map_or(Event::Never, |level| self::event(&level.event, scope))
        }
        hir::Event::SameLevel { left, right } => match (value(left, scope), value(right, scope)) {
            (Some(a), Some(b)) if same(a, b) => Event::All,
            _ => Event::Never,
        },
        hir::Event::Compare { left, op, right } => {
            Event::compare(data(left, scope), *op, data(right, scope), scope.universe)
        }
        hir::Event::And(events) => Event::and(events.iter().map(|inner| self::event(inner, scope)), scope.universe),
        hir::Event::Or(events) => Event::or(events.iter().map(|inner| self::event(inner, scope)), scope.universe),
        hir::Event::Not(inner) => self::event(inner, scope).not(scope.universe),
    }
}

fn value<'s>(level: &'s hir::LevelRef, scope: Scope<'s>) -> Option<&'s hir::Value> {
    match level {
        hir::LevelRef::Binder(binder) => scope.value(*binder),
        hir::LevelRef::Level(value) => Some(value),
    }
}
