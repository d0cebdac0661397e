//! Merging rows with equal left sides.
//!
//! From: several rows over the same terms with the same options and needs. To: one row with the tightest sides. Why
//! equivalent: `l <= e` and `m <= e` together are `max(l, m) <= e`, and the same for upper sides. All origins are kept,
//! each with its own sides. Rows that may give way are not merged: of two penalties on one quantity both count.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};

use crate::program::{Data, Enforce, Event, Function, Origin, WhenEmpty};

use super::affine::Quantity;
use super::draft::Draft;
use super::error::{Finding, Kind};
use super::idle::Redundant;

type Key = (Option<Event>, Vec<(Quantity, Data)>, OptionKey, Vec<String>, Vec<Event>);
type OptionKey = (u64, WhenEmpty, u64, Enforce);

fn key(draft: &Draft) -> Key {
    let terms = draft.row.terms.iter().map(|(quantity, coefficient)| (quantity.clone(), coefficient.clone()));
    let options = &draft.options;
    let soft = options.soft.map_or(u64::MAX, f64::to_bits);
    let options = (options.min_count, options.when_empty, soft, options.enforce);
    (draft.each.clone(), terms.collect(), options, draft.labels.clone(), draft.reads.clone())
}

/// The rows of one comparison, where the pieces of an absolute value or a maximum have a left side in common.
pub(super) fn pieces(drafts: Vec<Draft>) -> (Vec<Draft>, Vec<Finding>) {
    let mut merged: BTreeMap<Key, Draft> = BTreeMap::new();
    let mut findings = Vec::new();
    for draft in drafts {
        findings.extend(match merged.entry(key(&draft)) {
            Entry::Vacant(entry) => empty(entry.insert(draft)),
            Entry::Occupied(mut entry) => join(entry.get_mut(), draft),
        });
    }
    merged.values_mut().for_each(|draft| once(&mut draft.origins));
    (merged.into_values().collect(), findings)
}

/// The merged rows of all constraints, in the order of their keys, and what was noticed. Rows that may give way stay as
/// they are, in the order of their sides: each has a penalty of its own.
pub(super) fn merge(drafts: Vec<Draft>) -> (Vec<Draft>, Vec<Finding>) {
    let mut idle = Redundant::new(&drafts);
    let mut merged: BTreeMap<Key, Vec<Draft>> = BTreeMap::new();
    let mut findings = Vec::new();
    for draft in drafts {
        let known = merged.entry(key(&draft)).or_default();
        match known.first_mut().filter(|_| draft.options.soft.is_none()) {
            None => known.push(draft),
            Some(known) => {
                idle.compare(known, &draft);
                findings.extend(join(known, draft));
            }
        }
    }
    findings.extend(idle.findings());
    let by_sides = |a: &Draft, b: &Draft| (&a.row.lower, &a.row.upper).cmp(&(&b.row.lower, &b.row.upper));
    for rows in merged.values_mut() {
        rows.sort_by(by_sides);
        rows.iter_mut().for_each(|draft| once(&mut draft.origins));
    }
    (merged.into_values().flatten().collect(), findings)
}

/// Each origin once.
fn once(origins: &mut Vec<Origin>) {
    let mut seen = HashSet::new();
    let first = origins.iter().map(|origin| seen.insert((origin.name.clone(), origin.file.clone(), origin.start)));
    let mut first = first.collect::<Vec<_>>().into_iter();
    origins.retain(|_| first.next().unwrap_or(true));
}

/// Tightens the sides of a row; E0502 where no value is left between them.
fn join(known: &mut Draft, draft: Draft) -> Option<Finding> {
    let was_empty = empty(known).is_some();
    known.row.lower = tightest(Function::Max, known.row.lower.take(), draft.row.lower);
    known.row.upper = tightest(Function::Min, known.row.upper.take(), draft.row.upper);
    known.origins.extend(draft.origins);
    let found = empty(known).filter(|_| !was_empty)?;
    Some(Finding { span: draft.span, ..found }.with(known.span, "the other side"))
}

fn tightest(function: Function, first: Option<Data>, second: Option<Data>) -> Option<Data> {
    match (first, second) {
        (Some(a), Some(b)) if a == b => Some(a),
        (Some(a), Some(b)) => Some(Data::call(function, vec![a, b])),
        (side, None) | (None, side) => side,
    }
}

/// E0502 for numeric sides that exclude each other.
fn empty(draft: &Draft) -> Option<Finding> {
    let lower = draft.row.lower.as_ref().and_then(Data::as_number)?;
    let upper = draft.row.upper.as_ref().and_then(Data::as_number)?;
    (lower > upper && !draft.row.terms.is_empty())
        .then(|| Finding::new(Kind::EmptyInterval { lower, upper }, draft.span))
}
