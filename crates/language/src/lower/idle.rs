//! W0103: rows that add nothing to those of another constraint, collected so that each pair of constraints is told once.

use std::collections::{BTreeMap, BTreeSet};

use crate::program::Origin;
use crate::span::Span;

use super::draft::Draft;
use super::error::{Finding, Kind};

/// The idle rows of one constraint beside those of another.
struct Pair {
    name: String,
    first: String,
    /// The rows that add nothing.
    rows: Vec<String>,
    /// Of the other constraint, the row of the first of them.
    other: String,
    same: bool,
    /// These are all rows of the constraint.
    all: bool,
    span: Span,
    other_span: Span,
}

/// A constraint by where it stands.
type Key = (String, u32, u32);

fn key(origin: &Origin) -> Key {
    (origin.file.clone(), origin.start, origin.end)
}

/// A row of so many constraints is compared with the first of them: this is a warning.
const MOST: usize = 64;

fn same(a: &Origin, b: &Origin) -> bool {
    (a.start, a.end) == (b.start, b.end) && a.file == b.file
}

/// What was found so far.
pub(super) struct Redundant {
    /// How many rows each constraint has, its place in the spec and its span.
    constraints: BTreeMap<Key, (usize, usize, Span)>,
    /// By the places of the two constraints.
    pairs: BTreeMap<(usize, usize), Pair>,
    /// Rows that were told.
    told: BTreeSet<(usize, String)>,
}

impl Redundant {
    pub(super) fn new(drafts: &[Draft]) -> Self {
        let mut constraints = BTreeMap::new();
        for draft in drafts {
            for origin in draft.origins.iter().take(1) {
                constraints.entry(key(origin)).or_insert((0, draft.constraint, draft.span)).0 += 1;
            }
        }
        Redundant { constraints, pairs: BTreeMap::new(), told: BTreeSet::new() }
    }

    /// Notes which of the constraints of a merged row add nothing to that of a draft with the same left side, or whether
    /// the draft adds nothing to one of them.
    pub(super) fn compare(&mut self, known: &Draft, draft: &Draft) {
        let Some(new) = draft.origins.first() else { return };
        let others = known.origins.iter().take(MOST).filter(|origin| !same(origin, new));
        match others.clone().find(|other| other.covers(new)) {
            Some(other) => self.note(new, other),
            None => others.filter(|old| new.covers(old)).for_each(|old| self.note(old, new)),
        }
    }

    fn note(&mut self, row: &Origin, other: &Origin) {
        let (Some(&(_, idle, span)), Some(&(_, by, other_span))) =
            (self.constraints.get(&key(row)), self.constraints.get(&key(other)))
        else {
            return;
        };
        if !self.told.insert((idle, row.name.clone())) {
            return;
        }
        let pair = self.pairs.entry((idle, by)).or_insert_with(|| Pair {
            name: row.constraint.clone(),
            first: other.constraint.clone(),
            rows: Vec::new(),
            other: other.name.clone(),
            same: true,
            all: false,
            span,
            other_span,
        });
        pair.same &= row.lower == other.lower && row.upper == other.upper;
        pair.rows.push(row.name.clone());
        pair.all = self.constraints.get(&key(row)).is_some_and(|(rows, ..)| *rows <= pair.rows.len());
    }

    pub(super) fn findings(self) -> impl Iterator<Item = Finding> {
        // Two constraints of one name have been told as that.
        let pairs = self.pairs.into_values().filter(|pair| pair.name != pair.first);
        pairs.map(|Pair { name, first, rows, other, same, all, span, other_span }| {
            let first = if all { first } else { other };
            let kind = match (all, same) {
                (true, true) => Kind::SameRow { name, first },
                (true, false) => Kind::LooserRow { name, first },
                (false, _) => Kind::IdleRows { name, rows, first, same },
            };
            let label = if same { "the other constraint" } else { "the tighter constraint" };
            Finding::new(kind, span).with(other_span, label)
        })
    }
}
