//! Groups from events whose levels share samples, or leave none for others.

use std::sync::Arc;

use crate::hir;
use crate::program::Event;

use super::cases::first;
use super::certain::holds_for_none;
use super::error::{Finding, Kind};
use super::event::event;
use super::scope::Scope;

/// W0114: levels that are listed for two events, and events and an `otherwise` that those before leave nothing of.
pub(super) fn findings(scope: Scope<'_>) -> Vec<Finding> {
    let mut seen: Vec<&Arc<[hir::Case]>> = Vec::new();
    let mut findings = Vec::new();
    for level in scope.hir.groups.iter().flat_map(|group| &group.levels) {
        if let hir::Event::Case { cases, .. } = &level.event
            && !seen.iter().any(|known| Arc::ptr_eq(known, cases))
        {
            seen.push(cases);
            findings.extend(overlaps(cases, scope));
        }
        if let hir::Event::Case { cases, place } = &level.event
            && *place == cases.len()
            && let Some(last) = cases.last()
            && holds_for_none(&event(&level.event, scope), scope.hir)
        {
            let span = last.span;
            findings.push(Finding::new(Kind::NoRest { level: level.text.clone() }, span));
        }
    }
    findings
}

fn overlaps(cases: &[hir::Case], scope: Scope<'_>) -> Vec<Finding> {
    let events: Vec<Event> = cases.iter().map(|case| event(&case.event, scope)).collect();
    let mut findings = Vec::new();
    for (place, (case, this)) in cases.iter().zip(&events).enumerate() {
        let name = || case.level.clone();
        if holds_for_none(&first(&events[..=place], scope.universe), scope.hir) {
            let empty = holds_for_none(this, scope.hir);
            let finding = Finding::new(Kind::NoCase { level: name(), empty }, case.span);
            findings.push(finding);
            continue;
        }
        let shared = cases.iter().zip(&events).take(place).find_map(|(earlier, before)| {
            let both = common_levels(before, this)?;
            Some((earlier, both))
        });
        if let Some((earlier, levels)) = shared {
            let kind = Kind::SharedCase { level: name(), first: earlier.level.clone(), levels };
            findings.push(Finding::new(kind, case.span).with(earlier.span, "taken here"));
        }
    }
    findings
}

/// The levels of one column that both events list.
fn common_levels(a: &Event, b: &Event) -> Option<Vec<String>> {
    let (Event::Levels { column, levels, .. }, Event::Levels { column: other, levels: others, .. }) = (a, b) else {
        return None;
    };
    let common: Vec<String> = levels.iter().filter(|level| others.contains(level)).cloned().collect();
    (column == other && !common.is_empty()).then_some(common)
}
