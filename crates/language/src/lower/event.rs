//! Events.
//!
//! From: an event over columns, groups and binders. To: a canonical event over headers. Why equivalent: groups are
//! replaced by the events of their levels, binders by the levels that they stand for, and the constructors of
//! [`Event`] keep the meaning.

use std::collections::BTreeSet;

use crate::hir;
use crate::program::{Data, Event};

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
            let sides = [data(left, scope), data(right, scope)];
            let read: BTreeSet<&str> = sides.iter().flat_map(Data::sample_columns).collect();
            // No comparison with a null holds, also where the column cancels, as in `a - a == 0`.
            let lost = named([left, right], scope).into_iter().filter(|column| !read.contains(column));
            let lost: Vec<&str> = lost.filter(|column| scope.universe.nullable(column)).collect();
            let known: Vec<Event> = lost.into_iter().map(|column| Event::known(column, scope.universe)).collect();
            let [left, right] = sides;
            let compared = indicator::compare(left, *op, right, scope);
            match known.is_empty() {
                true => compared,
                false => Event::and(known.into_iter().chain([compared]), scope.universe),
            }
        }
        hir::Event::And(events) => Event::and(events.iter().map(|inner| self::event(inner, scope)), scope.universe),
        hir::Event::Or(events) => Event::or(events.iter().map(|inner| self::event(inner, scope)), scope.universe),
        hir::Event::Not(inner) => self::event(inner, scope).not(scope.universe),
    }
}

/// The headers of the columns that expressions name for a sample itself.
fn named<'a>(sides: [&hir::Expr; 2], scope: Scope<'a>) -> BTreeSet<&'a str> {
    let mut columns = BTreeSet::new();
    for side in sides {
        name(side, scope, &mut columns);
    }
    columns
}

/// Enters the columns of an expression; whether there is an indicator in it. What is multiplied by one is read in its event alone.
fn name<'a>(expr: &hir::Expr, scope: Scope<'a>, columns: &mut BTreeSet<&'a str>) -> bool {
    use hir::ExprKind;
    let mut all = |inner: &[&hir::Expr]| inner.iter().fold(false, |found, expr| name(expr, scope, columns) | found);
    match &expr.kind {
        ExprKind::Column(column) => {
            columns.insert(scope.header(*column));
            false
        }
        ExprKind::Indicator(_) => true,
        ExprKind::Negate(inner) => all(&[inner]),
        ExprKind::Fold { value, .. } => all(&[value]),
        ExprKind::Add(terms) | ExprKind::Call(_, terms) => all(&terms.iter().collect::<Vec<_>>()),
        ExprKind::Multiply(left, right) | ExprKind::Divide(left, right) => {
            let mut inside = BTreeSet::new();
            let indicator = [left, right].into_iter().fold(false, |found, expr| name(expr, scope, &mut inside) | found);
            if !indicator {
                columns.append(&mut inside);
            }
            indicator
        }
        ExprKind::Number(_)
        | ExprKind::Param(_)
        | ExprKind::ParamOf { .. }
        | ExprKind::Binder(_)
        | ExprKind::Prediction
        | ExprKind::SecondPrediction
        | ExprKind::Mean { .. }
        | ExprKind::Sum { .. }
        | ExprKind::Count { .. }
        | ExprKind::Probability { .. }
        | ExprKind::Covariance { .. }
        | ExprKind::Variance { .. } => false,
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
