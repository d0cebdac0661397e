//! Folds.
//!
//! From: `max(x in D: e)`, `sum(x in D: e)`. To: the pieces of `e` for each element of `D`, as those of a list; the sum of `e`
//! for each element. Why equivalent: every domain is finite. A mean is the sum over the number of elements.

use crate::hir::{BinderId, Component, Expr, Fold, Quantifier};
use crate::program::{Data, Event, Function};

use super::affine::Affine;
use super::data::data;
use super::error::{Finding, Kind};
use super::event::event;
use super::pieces::{Pieces, combine, pieces};
use super::ratio::Fraction;
use super::scope::{Bound, Scope};

/// One binder of a fold.
struct Slot {
    binder: BinderId,
    values: usize,
    after: After,
}

/// How its values depend on that of the binder before.
#[derive(Clone, Copy, PartialEq)]
enum After {
    Nothing,
    /// They start behind it.
    Any,
    /// It is the one behind it.
    Next,
}

fn slots(over: &Quantifier, scope: Scope<'_>) -> Vec<Slot> {
    let slot = |binder: BinderId, after| Slot { binder, values: scope.hir[binder].values.len(), after };
    let slots = over.components.iter().flat_map(|component| match component {
        Component::Single(binder) => vec![slot(*binder, After::Nothing)],
        Component::Pairs(first, second) => vec![slot(*first, After::Nothing), slot(*second, After::Any)],
        Component::Adjacent(first, second) => vec![slot(*first, After::Nothing), slot(*second, After::Next)],
    });
    slots.collect()
}

/// Calls `each` with the binders of every element, in order; how many there were.
pub(super) fn elements<E>(
    over: &Quantifier,
    scope: Scope<'_>,
    each: &mut dyn FnMut(Scope<'_>) -> Result<(), E>,
) -> Result<usize, E> {
    let slots = slots(over, scope);
    let (mut bound, mut value, mut count): (Vec<(BinderId, usize)>, usize, usize) = (Vec::new(), 0, 0);
    loop {
        let end = |slot: &Slot| match (slot.after, bound.last()) {
            (After::Next, Some((_, before))) => slot.values.min(before + 2),
            _ => slot.values,
        };
        match slots.get(bound.len()) {
            Some(slot) if value < end(slot) => {
                bound.push((slot.binder, value));
                let next_ascends = slots.get(bound.len()).is_some_and(|next| next.after != After::Nothing);
                value = if next_ascends { value + 1 } else { 0 };
                continue;
            }
            Some(_) => {}
            None => {
                let here = Scope { fold: Some(&Bound { values: &bound, outer: scope.fold }), ..scope };
                if over.condition.as_ref().is_none_or(|condition| event(condition, here) == Event::All) {
                    count += 1;
                    each(here)?;
                }
            }
        }
        match bound.pop() {
            Some((_, last)) => value = last + 1,
            None => return Ok(count),
        }
    }
}

/// What is folded.
#[derive(Clone, Copy)]
pub(super) struct Folded<'e> {
    pub fold: Fold,
    pub over: &'e Quantifier,
    pub depends: bool,
    pub value: &'e Expr,
}

impl Folded<'_> {
    /// E0501 for a fold over nothing. A sum has a value then, but one that is always of nothing is a mistake.
    fn nothing(&self) -> Option<Finding> {
        let mistake = match self.fold {
            Fold::Max | Fold::Min | Fold::Mean => true,
            Fold::Sum => !self.depends,
        };
        mistake.then(|| Finding::new(Kind::EmptyFold { fold: self.fold.name() }, self.over.span))
    }
}

/// A fold that is free of the prediction.
pub(super) fn data_of(folded: Folded<'_>, scope: Scope<'_>) -> Data {
    let Folded { fold, over, value, .. } = folded;
    let mut values = Vec::new();
    let never: Result<usize, std::convert::Infallible> = elements(over, scope, &mut |scope| {
        values.push(data(value, scope));
        Ok(())
    });
    let Ok(count) = never;
    if let Some(finding) = folded.nothing().filter(|_| count == 0) {
        scope.work.fail(finding);
        return Data::zero();
    }
    match fold {
        Fold::Max => Data::call(Function::Max, values),
        Fold::Min => Data::call(Function::Min, values),
        Fold::Sum => Data::sum(values),
        Fold::Mean => Data::sum(values).div(Data::number(count as f64)),
    }
}

/// The pieces of a fold, or of its negative.
pub(super) fn pieces_of(folded: Folded<'_>, negate: bool, scope: Scope<'_>) -> Result<Pieces, Finding> {
    let Folded { fold, over, value, .. } = folded;
    let mut all: Pieces = Vec::new();
    let joins = matches!(fold, Fold::Max | Fold::Min);
    let count = elements(over, scope, &mut |scope| {
        let more = pieces(value, negate, scope)?;
        all = match std::mem::take(&mut all) {
            known if known.is_empty() => more,
            mut known if joins => {
                known.extend(more);
                known
            }
            known => combine(known, more, over.span, scope)?,
        };
        Ok(())
    })?;
    if let Some(finding) = folded.nothing().filter(|_| count == 0) {
        return Err(finding);
    }
    Ok(match fold {
        _ if count == 0 => vec![Fraction::affine(Affine::constant(Data::zero()))],
        Fold::Max | Fold::Min | Fold::Sum => all,
        Fold::Mean => {
            let share = Data::one().div(Data::number(count as f64));
            all.into_iter().map(|piece| piece.scale(share.clone())).collect()
        }
    })
}
