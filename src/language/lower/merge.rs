//! Merging rows with equal left sides.
//!
//! From: several rows over the same terms with the same options and needs. To: one row with the tightest sides. Why
//! equivalent: `l <= e` and `m <= e` together are `max(l, m) <= e`, and the same for upper sides. All origins are kept.

use std::collections::{BTreeMap, HashSet};

use crate::language::program::{Data, Event, Function, Origin, RowOptions};
use crate::language::span::Span;

use super::affine::Quantity;
use super::error::{Finding, Kind};
use super::sides::Sided;

/// A row before the events are numbered.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub row: Sided,
    /// Its place among the rows of its instance, as written; the first one where several were merged.
    pub written: usize,
    /// Set for a row under `each`: the samples that it is for.
    pub each: Option<Event>,
    pub options: RowOptions,
    pub reads: Vec<Event>,
    pub labels: Vec<String>,
    pub origins: Vec<Origin>,
    /// Which constraint, and where it stands.
    pub constraint: usize,
    pub span: Span,
}

type Key = (Option<Event>, Vec<(Quantity, Data)>, OptionKey, Vec<String>, Vec<Event>);
type OptionKey = (u64, crate::language::program::WhenEmpty, u64, crate::language::program::Enforce);

fn key(draft: &Draft) -> Key {
    let terms = draft.row.terms.iter().map(|(quantity, coefficient)| (quantity.clone(), coefficient.clone()));
    let options = &draft.options;
    let soft = options.soft.map_or(u64::MAX, f64::to_bits);
    let options = (options.min_count, options.when_empty, soft, options.enforce);
    (draft.each.clone(), terms.collect(), options, draft.labels.clone(), draft.reads.clone())
}

/// The merged rows, in the order of their keys, and what was noticed.
pub(super) fn merge(drafts: Vec<Draft>) -> (Vec<Draft>, Vec<Finding>) {
    let mut merged: BTreeMap<Key, Draft> = BTreeMap::new();
    let mut findings = Vec::new();
    for draft in drafts {
        match merged.entry(key(&draft)) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                findings.extend(empty(&draft));
                entry.insert(draft);
            }
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                findings.extend(join(entry.get_mut(), draft));
            }
        }
    }
    merged.values_mut().for_each(|draft| once(&mut draft.origins));
    (merged.into_values().collect(), findings)
}

/// Each origin once.
fn once(origins: &mut Vec<Origin>) {
    let mut seen = HashSet::new();
    let first = origins.iter().map(|origin| seen.insert((origin.name.clone(), origin.file.clone(), origin.start)));
    let mut first = first.collect::<Vec<_>>().into_iter();
    origins.retain(|_| first.next().unwrap_or(true));
}

fn join(known: &mut Draft, draft: Draft) -> Option<Finding> {
    let was_empty = empty(known).is_some();
    let before = known.row.clone();
    known.row.lower = tightest(Function::Max, before.lower.clone(), draft.row.lower.clone());
    known.row.upper = tightest(Function::Min, before.upper.clone(), draft.row.upper.clone());
    let finding = if known.constraint == draft.constraint { None } else { redundant(&before, known, &draft) };
    known.origins.extend(draft.origins);
    if was_empty {
        return finding;
    }
    empty(known).map(|found| Finding { span: draft.span, ..found }.with(known.span, "the other side")).or(finding)
}

/// W0103 where one of the two rows adds nothing to the other.
fn redundant(before: &Sided, merged: &Draft, draft: &Draft) -> Option<Finding> {
    let name = |draft: &Draft| draft.origins.first().map(|origin| origin.constraint.clone()).unwrap_or_default();
    let row = &merged.row;
    if row.lower == before.lower && row.upper == before.upper {
        let same = before.lower == draft.row.lower && before.upper == draft.row.upper;
        let (name, first) = (name(draft), name(merged));
        let kind = if same { Kind::SameRow { name, first } } else { Kind::LooserRow { name, first } };
        return Some(Finding::new(kind, draft.span).with(merged.span, "the other constraint"));
    }
    if row.lower == draft.row.lower && row.upper == draft.row.upper {
        let kind = Kind::LooserRow { name: name(merged), first: name(draft) };
        return Some(Finding::new(kind, merged.span).with(draft.span, "the tighter constraint"));
    }
    None
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
