//! Per-sample rows whose numbers read indicators: a row for each case. In it the indicators are numbers, and its samples are those
//! of the case.

use std::collections::BTreeSet;

use crate::program::{Data, Event};

use super::indicator::{Known, cases, headers, with};
use super::scope::Scope;
use super::sides::Sided;

/// A row for the samples of an event, as rows for some of them each.
pub(super) fn rows(row: Sided, each: &Event, scope: Scope<'_>) -> Vec<(Event, Sided)> {
    let data = row.terms.values().chain(&row.lower).chain(&row.upper);
    let inside: BTreeSet<String> = data.flat_map(headers).collect();
    if inside.is_empty() {
        return vec![(each.clone(), row)];
    }
    let row = |(case, known): (Event, Known)| {
        let terms = row.terms.iter().map(|(quantity, coefficient)| (quantity.clone(), with(coefficient, &known)));
        let terms = terms.filter(|(_, coefficient)| !coefficient.is_zero()).collect();
        let side = |side: &Option<Data>| side.as_ref().map(|side| with(side, &known));
        let (lower, upper) = (side(&row.lower), side(&row.upper));
        (case, Sided { terms, lower, upper, reversed: row.reversed })
    };
    cases(&inside, each, scope).into_iter().map(row).collect()
}
