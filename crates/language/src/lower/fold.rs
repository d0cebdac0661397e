//! Folds.
//!
//! From: `max(x in D: e)`, `sum(x in D: e)`. To: the pieces of `e` for each element of `D`, as those of a list; the sum of `e`
//! for each element. Why equivalent: every domain is finite. A mean is the sum over the number of elements.

use crate::hir::{BinderId, Component, Expr, Fold, Quantifier};

use super::error::{Finding, Kind};
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

/// Calls `each` with the binders of every combination of values, in order, whatever the `where` says.
pub(super) fn combinations<E>(
    over: &Quantifier,
    scope: Scope<'_>,
    each: &mut dyn FnMut(Scope<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let slots = slots(over, scope);
    let (mut bound, mut value): (Vec<(BinderId, usize)>, usize) = (Vec::new(), 0);
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
                each(Scope { fold: Some(&Bound { values: &bound, outer: scope.fold }), ..scope })?;
            }
        }
        match bound.pop() {
            Some((_, last)) => value = last + 1,
            None => return Ok(()),
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
    pub fn nothing(&self) -> Option<Finding> {
        let mistake = match self.fold {
            Fold::Max | Fold::Min | Fold::Mean => true,
            Fold::Sum => !self.depends,
        };
        mistake.then(|| Finding::new(Kind::EmptyFold { fold: self.fold.name() }, self.over.span))
    }
}
