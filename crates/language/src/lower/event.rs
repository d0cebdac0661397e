//! Events.
//!
//! From: an event over columns, groups and binders. To: a canonical event over headers. Why equivalent: groups are
//! replaced by the events of their levels, binders by the levels that they stand for, and the constructors of
//! [`Event`] keep the meaning.

use crate::hir;
use crate::program::Event;

use super::cases;
use super::data::data;
use super::scope::Scope;
use super::{fold, indicator};

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
        hir::Event::Group { group, level } => level_event(*group, *level, scope),
        hir::Event::GroupOf { group, binder } => {
            let value = scope.value(*binder);
            match scope.group_level_of(*group, value) {
                Some(level) => level_event(*group, level, scope),
                None => unreachable!("`{}` is no level of `{}`", value.text, scope.hir[*group].name),
            }
        }
        hir::Event::Case { cases, place } => {
            let events = cases.iter().take(place + 1).map(|case| self::event(&case.event, scope));
            let otherwise = (*place == cases.len()).then_some(Event::All);
            cases::first(&events.chain(otherwise).collect::<Vec<_>>(), scope.universe)
        }
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

/// The event of a level of a group; no binder changes it, so it is made once.
fn level_event(group: hir::GroupId, level: usize, scope: Scope<'_>) -> Event {
    if let Some(known) = scope.tables.known_event(group, level) {
        return known;
    }
    let made = event(&scope.hir[group].levels[level].event, scope);
    scope.tables.keep_event(group, level, made.clone());
    made
}

/// Calls `each` with the binders of every element of a fold, in order; how many there were.
pub(super) fn elements<E>(
    over: &hir::Quantifier,
    scope: Scope<'_>,
    each: &mut dyn FnMut(Scope<'_>) -> Result<(), E>,
) -> Result<usize, E> {
    let mut count = 0;
    fold::combinations(over, scope, &mut |scope| {
        if over.condition.as_ref().is_some_and(|condition| event(condition, scope) != Event::All) {
            return Ok(());
        }
        count += 1;
        each(scope)
    })?;
    Ok(count)
}
