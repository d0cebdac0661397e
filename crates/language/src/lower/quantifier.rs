//! Quantifier expansion.
//!
//! From: `forall x in D: body`. To: the body once for each element of `D` that satisfies the `where`. Why equivalent:
//! every domain is finite, and a conjunction over it is what `forall` means.

use crate::hir::{BinderId, Component, Constraint, Quantifier};
use crate::program::Event;
use crate::span::Span;

use super::error::{Finding, Kind};
use super::event::event;
use super::scope::{Scope, too_much};

/// The most combinations of binder values that one spec may run through.
const MOST_COMBINATIONS: usize = 1_000_000;

/// Counts down over the whole spec.
pub(super) struct Budget {
    left: usize,
    /// Whether only walking through the combinations tells whether they are too many.
    unknown: bool,
}

impl Budget {
    pub fn new() -> Self {
        Budget { left: MOST_COMBINATIONS, unknown: false }
    }
}

fn too_many(span: Span) -> Finding {
    Finding::new(Kind::TooLarge { limit: MOST_COMBINATIONS, unit: "combinations of binders" }, span)
}

/// Multiplies the sizes of the domains: without a `where` that says all, and too many are refused before any is made.
fn count(slots: &[Slot<'_>], nodes: usize, outside: Scope<'_>, budget: &mut Budget) -> Result<(), Finding> {
    let (mut product, mut all, mut exact) = (1_usize, 0_usize, true);
    budget.unknown = false;
    for slot in slots {
        let values = outside.hir.binders.get(slot.binder.0).map_or(0, |binder| binder.values.len());
        product = match slot.after {
            // Of n times n, those in ascending order.
            Some(After::Any(_)) => {
                (product / values.max(1)).saturating_mul(values.saturating_mul(values.saturating_sub(1)) / 2)
            }
            Some(After::Next(_)) => (product / values.max(1)).saturating_mul(values.saturating_sub(1)),
            None => product.saturating_mul(values),
        };
        all = all.saturating_add(product);
        if all > budget.left {
            if exact {
                return Err(too_many(slot.span));
            }
            budget.unknown = true;
            return Ok(());
        }
        exact &= slot.condition.is_none();
    }
    match slots.last() {
        Some(slot) if exact && !outside.work.affords(product.saturating_mul(nodes)) => Err(too_much(slot.span)),
        Some(_) | None => Ok(()),
    }
}

/// Calls `each` with the binders of every instance; true if there was one.
pub(super) fn instances<'a>(
    constraint: &'a Constraint,
    outside: Scope<'a>,
    budget: &mut Budget,
    each: &mut dyn FnMut(Scope<'_>) -> Result<(), Finding>,
) -> Result<bool, Finding> {
    let slots: Vec<Slot<'a>> = constraint.quantifiers.iter().flat_map(slots).collect();
    let mut binders = vec![None; outside.hir.binders.len()];
    count(&slots, constraint.nodes(), outside, budget)?;
    if budget.unknown {
        // A `where` may leave few: they are counted before any row is made.
        let mut nothing = |_: Scope<'_>| Ok(());
        let mut left = Budget { left: budget.left, unknown: true };
        Walk { outside, budget: &mut left, each: &mut nothing, any: false }.from(&slots, &mut binders)?;
    }
    let mut walk = Walk { outside, budget, each, any: false };
    walk.from(&slots, &mut binders)?;
    Ok(walk.any)
}

/// Which values a binder takes, given that of another.
#[derive(Clone, Copy)]
enum After {
    /// All behind it.
    Any(BinderId),
    /// The one behind it.
    Next(BinderId),
}

/// One binder, with what limits its values.
struct Slot<'a> {
    binder: BinderId,
    /// Limits the values to those behind that of another binder.
    after: Option<After>,
    /// Checked once this binder, the last of its quantifier, has its value.
    condition: Option<&'a Quantifier>,
    span: Span,
}

fn slots(quantifier: &Quantifier) -> Vec<Slot<'_>> {
    let span = quantifier.span;
    let slot = |binder, after| Slot { binder, after, condition: None, span };
    let mut slots: Vec<Slot<'_>> = Vec::new();
    for component in &quantifier.components {
        match component {
            Component::Single(binder) => slots.push(slot(*binder, None)),
            Component::Pairs(first, second) => {
                slots.push(slot(*first, None));
                slots.push(slot(*second, Some(After::Any(*first))));
            }
            Component::Adjacent(first, second) => {
                slots.push(slot(*first, None));
                slots.push(slot(*second, Some(After::Next(*first))));
            }
        }
    }
    if let Some(last) = slots.last_mut() {
        last.condition = quantifier.condition.is_some().then_some(quantifier);
    }
    slots
}

struct Walk<'w, 'a> {
    outside: Scope<'a>,
    budget: &'w mut Budget,
    each: &'w mut dyn FnMut(Scope<'_>) -> Result<(), Finding>,
    any: bool,
}

impl<'a> Walk<'_, 'a> {
    fn from(&mut self, slots: &[Slot<'_>], binders: &mut Vec<Option<usize>>) -> Result<(), Finding> {
        let Some((slot, rest)) = slots.split_first() else {
            self.any = true;
            let scope = self.scope(binders);
            return (self.each)(scope);
        };
        let values = self.outside.hir[slot.binder].values.len();
        let behind = |binder: BinderId| binders[binder.0].map_or(0, |value| value + 1);
        let range = match slot.after {
            None => 0..values,
            Some(After::Any(binder)) => behind(binder)..values,
            Some(After::Next(binder)) => behind(binder)..values.min(behind(binder) + 1),
        };
        for value in range {
            self.budget.left = self.budget.left.checked_sub(1).ok_or_else(|| too_many(slot.span))?;
            binders[slot.binder.0] = Some(value);
            let condition = slot.condition.and_then(|quantifier| quantifier.condition.as_ref());
            if condition.is_none_or(|condition| event(condition, self.scope(binders)) == Event::All) {
                self.from(rest, binders)?;
            }
        }
        binders[slot.binder.0] = None;
        Ok(())
    }

    fn scope<'s>(&self, binders: &'s [Option<usize>]) -> Scope<'s>
    where
        'a: 's,
    {
        Scope { binders, ..self.outside }
    }
}

/// `odds[c=1]`, `four_fifths[r=white,s=black]`: the constraint's name with the values of its binders.
pub(super) fn instance_name(constraint: &Constraint, scope: Scope<'_>) -> String {
    let components = constraint.quantifiers.iter().flat_map(|quantifier| &quantifier.components);
    let binders = components.flat_map(|component| match component {
        Component::Single(binder) => vec![*binder],
        Component::Pairs(first, second) | Component::Adjacent(first, second) => vec![*first, *second],
    });
    let values: Vec<String> = binders.map(|id| format!("{}={}", scope.hir[id].name, scope.value(id).text)).collect();
    match values.is_empty() {
        true => constraint.name.clone(),
        false => format!("{}[{}]", constraint.name, values.join(",")),
    }
}
