//! Merging rows with equal left sides.
//!
//! From: several rows over the same terms with the same options and needs. To: one row with the tightest sides. Why
//! equivalent: `l <= e` and `m <= e` together are `max(l, m) <= e`, and the same for upper sides. All origins are kept,
//! each with its own sides. Rows that may give way are not merged: of two penalties on one quantity both count.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::hir::RelationId;
use crate::program::{Data, Enforce, Event, Function, Origin, WhenEmpty};

use super::affine::Quantity;
use super::draft::Draft;
use super::error::{Finding, Kind};
use super::idle::Redundant;
use super::reads::Reads;

type Key = (Option<Event>, Option<RelationId>, Vec<(Quantity, Data)>, OptionKey, Vec<String>, Reads);
type OptionKey = (u64, WhenEmpty, u64, Enforce);

fn key(draft: &Draft) -> Key {
    let terms = draft.row.terms.iter().map(|(quantity, coefficient)| (quantity.clone(), coefficient.clone()));
    let options = &draft.options;
    let soft = options.soft.map_or(u64::MAX, f64::to_bits);
    let options = (options.min_count, options.when_empty, soft, options.enforce);
    (draft.each.clone(), draft.pairs, terms.collect(), options, draft.labels.clone(), draft.reads.clone())
}

/// The rows of one comparison, where the pieces of an absolute value or a maximum have a left side in common.
pub(super) fn pieces(drafts: Vec<Draft>) -> (Vec<Draft>, Vec<Finding>) {
    let mut merged: BTreeMap<Key, Vec<Joined>> = BTreeMap::new();
    let mut findings = Vec::new();
    for draft in drafts {
        let known = merged.entry(key(&draft)).or_default();
        findings.extend(match known.iter_mut().find(|known| known.goes_with(&draft)) {
            Some(known) => known.join(draft),
            None => {
                let new = Joined::new(draft);
                let found = new.empty();
                known.push(new);
                found
            }
        });
    }
    (merged.into_values().flatten().map(Joined::finish).collect(), findings)
}

/// The merged rows of all constraints, in the order of their keys, and what was noticed. Rows that may give way stay as
/// they are, in the order of their sides: each has a penalty of its own.
pub(super) fn merge(drafts: Vec<Draft>) -> (Vec<Draft>, Vec<Finding>) {
    let mut idle = Redundant::new(&drafts);
    let mut merged: BTreeMap<Key, Vec<Joined>> = BTreeMap::new();
    let mut findings = Vec::new();
    for draft in drafts {
        let known = merged.entry(key(&draft)).or_default();
        match known.first_mut().filter(|_| draft.options.soft.is_none()) {
            None => known.push(Joined::new(draft)),
            Some(known) => {
                idle.compare(&known.draft, &draft);
                findings.extend(known.join(draft));
            }
        }
    }
    findings.extend(idle.findings());
    let by_sides = |a: &Draft, b: &Draft| (&a.row.lower, &a.row.upper).cmp(&(&b.row.lower, &b.row.upper));
    let merged = merged.into_values().flat_map(|rows| {
        let mut rows: Vec<Draft> = rows.into_iter().map(Joined::finish).collect();
        rows.sort_by(by_sides);
        rows
    });
    (merged.collect(), findings)
}

/// Each origin once.
fn once(origins: &mut Vec<Origin>) {
    let mut seen = HashSet::new();
    let first = origins.iter().map(|origin| seen.insert((origin.name.clone(), origin.file.clone(), origin.start)));
    let mut first = first.collect::<Vec<_>>().into_iter();
    origins.retain(|_| first.next().unwrap_or(true));
}

/// A row and those that were merged into it. Their sides are put together once all are there.
struct Joined {
    draft: Draft,
    lower: Tightest,
    upper: Tightest,
}

impl Joined {
    fn new(mut draft: Draft) -> Joined {
        let mut lower = Tightest::new(Function::Max);
        let mut upper = Tightest::new(Function::Min);
        lower.enter(draft.row.lower.take());
        upper.enter(draft.row.upper.take());
        Joined { draft, lower, upper }
    }

    /// Whether the tightest of all sides can be told for each sample: one that reads its columns, and one of the batch, are two rows.
    fn goes_with(&self, draft: &Draft) -> bool {
        if draft.each.is_none() {
            return true;
        }
        let sides = self.lower.others.iter().chain(&self.upper.others).chain(&draft.row.lower).chain(&draft.row.upper);
        let (columns, totals) = sides.fold((false, false), |(columns, totals), side| {
            (columns || !side.sample_columns().is_empty(), totals || side.reads_totals())
        });
        !(columns && totals)
    }

    /// Tightens the sides of a row; E0502 where no value is left between them.
    fn join(&mut self, draft: Draft) -> Option<Finding> {
        let was_empty = self.empty().is_some();
        self.lower.enter(draft.row.lower);
        self.upper.enter(draft.row.upper);
        self.draft.origins.extend(draft.origins);
        let found = self.empty().filter(|_| !was_empty)?;
        Some(Finding { span: draft.span, ..found }.with(self.draft.span, "the other side"))
    }

    /// E0502 for numeric sides that exclude each other.
    fn empty(&self) -> Option<Finding> {
        let (lower, upper) = (self.lower.number()?, self.upper.number()?);
        (lower > upper && !self.draft.row.terms.is_empty())
            .then(|| Finding::new(Kind::EmptyInterval { lower, upper }, self.draft.span))
    }

    fn finish(mut self) -> Draft {
        self.draft.row.lower = self.lower.finish();
        self.draft.row.upper = self.upper.finish();
        once(&mut self.draft.origins);
        self.draft
    }
}

/// The tightest of many sides: of numbers the largest or the smallest, beside all that are no numbers.
struct Tightest {
    function: Function,
    number: Option<f64>,
    others: BTreeSet<Data>,
}

impl Tightest {
    fn new(function: Function) -> Tightest {
        Tightest { function, number: None, others: BTreeSet::new() }
    }

    fn enter(&mut self, side: Option<Data>) {
        match side {
            None => {}
            Some(Data::Number(value)) => {
                let tighter =
                    |known: f64| if self.function == Function::Max { known.max(value) } else { known.min(value) };
                self.number = Some(self.number.map_or(value, tighter));
            }
            Some(other) => {
                self.others.insert(other);
            }
        }
    }

    /// The side, if it is a number.
    fn number(&self) -> Option<f64> {
        self.number.filter(|_| self.others.is_empty())
    }

    fn finish(self) -> Option<Data> {
        let mut sides: Vec<Data> = self.number.map(Data::number).into_iter().chain(self.others).collect();
        match sides.len() {
            0 | 1 => sides.pop(),
            _ => Some(Data::call(self.function, sides)),
        }
    }
}
