//! Quantifier expansion.
//!
//! From: `forall x in D: body`. To: the body once for each element of `D` that satisfies the `where`. Why equivalent:
//! every domain is finite, and a conjunction over it is what `forall` means.

use crate::language::hir::{BinderId, Component, Constraint, Hir, Quantifier};
use crate::language::program::{Event, Universe};
use crate::language::span::Sources;

use super::error::{Finding, Kind};
use super::event::event;
use super::scope::Scope;

/// The most combinations of binder values that one spec may run through.
const MOST_COMBINATIONS: usize = 1_000_000;

/// Counts down over the whole spec.
pub(super) struct Budget(usize);

impl Budget {
    pub fn new() -> Self {
        Budget(MOST_COMBINATIONS)
    }
}

/// Calls `each` with the binders of every instance; true if there was one.
pub(super) fn instances<'a>(
    constraint: &'a Constraint,
    hir: &'a Hir,
    sources: &'a Sources,
    universe: &'a Universe,
    budget: &mut Budget,
    each: &mut dyn FnMut(Scope<'_>) -> Result<(), Finding>,
) -> Result<bool, Finding> {
    let slots: Vec<Slot<'a>> = constraint.quantifiers.iter().flat_map(slots).collect();
    let mut binders = vec![None; hir.binders.len()];
    let mut walk = Walk { hir, sources, universe, budget, each, any: false };
    walk.from(&slots, &mut binders)?;
    Ok(walk.any)
}

/// One binder, with what limits its values.
struct Slot<'a> {
    binder: BinderId,
    /// The values start behind that of this binder.
    after: Option<BinderId>,
    /// Checked once this binder, the last of its quantifier, has its value.
    condition: Option<&'a Quantifier>,
    span: crate::language::span::Span,
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
                slots.push(slot(*second, Some(*first)));
            }
        }
    }
    if let Some(last) = slots.last_mut() {
        last.condition = quantifier.condition.is_some().then_some(quantifier);
    }
    slots
}

struct Walk<'w, 'a> {
    hir: &'a Hir,
    sources: &'a Sources,
    universe: &'a Universe,
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
        let values = self.hir[slot.binder].values.len();
        let after = slot.after.and_then(|binder| binders[binder.0]);
        for value in after.map_or(0, |after| after + 1)..values {
            self.budget.0 = self.budget.0.checked_sub(1).ok_or_else(|| {
                Finding::new(Kind::TooLarge { limit: MOST_COMBINATIONS, unit: "combinations of binders" }, slot.span)
            })?;
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
        Scope { hir: self.hir, sources: self.sources, universe: self.universe, binders }
    }
}

/// `odds[c=1]`, `four_fifths[r=white,s=black]`: the constraint's name with the values of its binders.
pub(super) fn instance_name(constraint: &Constraint, scope: Scope<'_>) -> String {
    let components = constraint.quantifiers.iter().flat_map(|quantifier| &quantifier.components);
    let binders = components.flat_map(|component| match component {
        Component::Single(binder) => vec![*binder],
        Component::Pairs(first, second) => vec![*first, *second],
    });
    let values: Vec<String> = binders.map(|id| format!("{}={}", scope.hir[id].name, scope.value(id).text)).collect();
    match values.is_empty() {
        true => constraint.name.clone(),
        false => format!("{}[{}]", constraint.name, values.join(",")),
    }
}
