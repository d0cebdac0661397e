//! The smart constructors of [`Event`]: each takes events in normal form and returns one.
//!
//! Logic is two-valued. A sample whose value is null (or, in a nullable column, undeclared) is in no level and satisfies
//! no comparison, `!=` included; only `not` turns that round. So `race != white` leaves nulls out and
//! `not (race == white)` takes them in, and both have forms of their own. To complement a level set, and to see that
//! one is full, the declared levels must be known: the [`Universe`].

use std::collections::{BTreeMap, BTreeSet};

use super::data::Data;
use super::event::{Comparison, Event};
use super::{Column, ColumnType, Level};

/// What the constructors need to know of the declared columns, by header.
#[derive(Clone, Debug, Default)]
pub struct Universe {
    columns: BTreeMap<String, Domain>,
}

#[derive(Clone, Debug)]
struct Domain {
    /// `None` for a numeric column; ascending by text.
    levels: Option<Vec<Level>>,
    nullable: bool,
}

impl Universe {
    pub fn new<'a>(columns: impl IntoIterator<Item = &'a Column>) -> Universe {
        let domain = |column: &Column| {
            let levels = match &column.ty {
                ColumnType::Categorical(levels) => {
                    let mut levels = levels.clone();
                    levels.sort_by(|a, b| a.text.cmp(&b.text));
                    Some(levels)
                }
                ColumnType::Real(_) | ColumnType::Int(_) => None,
            };
            Domain { levels, nullable: column.nullable }
        };
        Universe { columns: columns.into_iter().map(|column| (column.header.clone(), domain(column))).collect() }
    }

    /// Whether samples may have no value; true for a column that is not declared.
    pub(crate) fn nullable(&self, column: &str) -> bool {
        self.columns.get(column).is_none_or(|domain| domain.nullable)
    }

    /// The declared levels of a categorical column, ascending by text.
    fn levels(&self, column: &str) -> Option<&[Level]> {
        self.columns.get(column)?.levels.as_deref()
    }
}

/// Atoms.
impl Event {
    /// The column's value is one of the chosen levels. Levels that are not declared hold for no sample.
    pub fn levels<S: AsRef<str>>(column: &str, chosen: impl IntoIterator<Item = S>, universe: &Universe) -> Event {
        let chosen = chosen.into_iter().map(|level| level.as_ref().to_owned()).collect();
        level_set(column, chosen, false, universe)
    }

    /// `column != level` and the like: the value is a declared level, and none of the chosen ones.
    pub fn other_levels<S: AsRef<str>>(
        column: &str,
        chosen: impl IntoIterator<Item = S>,
        universe: &Universe,
    ) -> Event {
        let chosen: BTreeSet<String> = chosen.into_iter().map(|level| level.as_ref().to_owned()).collect();
        let declared = universe.levels(column).unwrap_or_default().iter().map(|level| level.text.clone());
        level_set(column, declared.filter(|level| !chosen.contains(level)).collect(), false, universe)
    }

    /// `left op right`, both per-sample or constant expressions.
    ///
    /// What is free of columns moves to the right, and the first coefficient on the left becomes positive. A comparison
    /// of numbers folds, and one of a single categorical column with a number becomes the set of levels that satisfy it.
    /// A nullable column that cancels (`a == a`) still has to have a value.
    pub fn compare(left: Data, op: Comparison, right: Data, universe: &Universe) -> Event {
        if let (Some(a), Some(b)) = (left.as_number(), right.as_number()) {
            return constant(op.holds(a, b));
        }
        let mentioned: BTreeSet<String> =
            left.sample_columns().union(&right.sample_columns()).map(|column| (*column).to_owned()).collect();
        let (reading, free) = separate(left.sub(right));
        let kept = reading.sample_columns();
        let lost: Vec<Event> = mentioned
            .iter()
            .filter(|column| !kept.contains(column.as_str()) && universe.nullable(column))
            .map(|column| Event::known(column, universe))
            .collect();
        let event = orient(reading, op, free, universe);
        if lost.is_empty() { event } else { Event::and(lost.into_iter().chain([event]), universe) }
    }

    /// The column is not null.
    pub fn known(column: &str, universe: &Universe) -> Event {
        if universe.levels(column).is_some() {
            return Event::other_levels(column, [""; 0], universe);
        }
        let zero = |op| Event::Compare { left: Data::column(column), op, right: Data::zero() };
        Event::or([zero(Comparison::Less), zero(Comparison::GreaterEqual)], universe)
    }
}

/// `reading + free op 0`, with `free` on the right and a positive first coefficient.
fn orient(reading: Data, op: Comparison, free: Data, universe: &Universe) -> Event {
    let right = free.neg();
    if let (Some(a), Some(b)) = (reading.as_number(), right.as_number()) {
        return constant(op.holds(a, b));
    }
    let (left, op, right) = match leads_negative(if reading.is_zero() { &right } else { &reading }) {
        true => (reading.neg(), op.mirrored(), right.neg()),
        false => (reading, op, right),
    };
    as_level_set(&left, op, &right, universe).unwrap_or(Event::Compare { left, op, right })
}

fn constant(holds: bool) -> Event {
    if holds { Event::All } else { Event::Never }
}

/// The parts of a difference that read columns, and the rest.
fn separate(difference: Data) -> (Data, Data) {
    match difference {
        Data::Sum { constant, terms } => {
            let (reading, free): (Vec<_>, Vec<_>) = terms.into_iter().partition(|(_, term)| term.reads_columns());
            let sum = |terms: Vec<(f64, Data)>| Data::sum(terms.into_iter().map(|(c, monomial)| monomial.scale(c)));
            (sum(reading), sum(free).add(Data::number(constant)))
        }
        other if other.reads_columns() => (other, Data::zero()),
        other => (Data::zero(), other),
    }
}

fn leads_negative(data: &Data) -> bool {
    match data {
        Data::Sum { terms, .. } => terms.first().is_some_and(|(coefficient, _)| *coefficient < 0.0),
        Data::Number(value) => *value < 0.0,
        Data::Param(_) | Data::Column(_) | Data::Total { .. } | Data::Product(_) | Data::Call(..) => false,
    }
}

/// `coefficient · column op number`, for a categorical column whose levels are all numbers, as the levels that satisfy it.
fn as_level_set(left: &Data, op: Comparison, right: &Data, universe: &Universe) -> Option<Event> {
    let bound = right.as_number()?;
    let (coefficient, column) = match left {
        Data::Column(column) => (1.0, column),
        Data::Sum { constant: 0.0, terms } => match &terms[..] {
            [(coefficient, Data::Column(column))] => (*coefficient, column),
            _several => return None,
        },
        Data::Number(_)
        | Data::Param(_)
        | Data::Total { .. }
        | Data::Sum { .. }
        | Data::Product(_)
        | Data::Call(..) => return None,
    };
    let levels = universe.levels(column)?;
    let numbers: Option<Vec<(f64, &str)>> = levels.iter().map(|l| Some((l.number?, l.text.as_str()))).collect();
    let chosen = numbers?.into_iter().filter(|(value, _)| op.holds(coefficient * value, bound));
    Some(Event::levels(column, chosen.map(|(_, text)| text), universe))
}

/// The normal form of a level set: nothing chosen is [`Event::Never`], everything is [`Event::All`].
fn level_set(column: &str, mut chosen: BTreeSet<String>, other: bool, universe: &Universe) -> Event {
    let other = other && universe.nullable(column);
    let mut full = false;
    if let Some(declared) = universe.levels(column) {
        chosen.retain(|level| declared.binary_search_by(|d| d.text.as_str().cmp(level)).is_ok());
        // The one level of a closed column stays: as everything it would not be read, and never checked.
        let is_checked = declared.len() == 1 && !universe.nullable(column);
        full = chosen.len() == declared.len() && (other || !universe.nullable(column)) && !is_checked;
    }
    if full {
        return Event::All;
    }
    if chosen.is_empty() && !other {
        return Event::Never;
    }
    Event::Levels { column: column.to_owned(), levels: chosen.into_iter().collect(), other }
}

/// Connectives.
impl Event {
    pub fn and(events: impl IntoIterator<Item = Event>, universe: &Universe) -> Event {
        Connective::And.join(events, universe)
    }

    pub fn or(events: impl IntoIterator<Item = Event>, universe: &Universe) -> Event {
        Connective::Or.join(events, universe)
    }

    #[allow(clippy::should_implement_trait, reason = "a constructor that keeps a normal form, not an operator")]
    pub fn not(self, universe: &Universe) -> Event {
        match self {
            Event::All => Event::Never,
            Event::Never => Event::All,
            Event::Levels { column, levels, other } => {
                let declared = universe.levels(&column).unwrap_or_default().iter().map(|level| level.text.clone());
                let rest = declared.filter(|level| levels.binary_search(level).is_err()).collect();
                level_set(&column, rest, !other, universe)
            }
            Event::Compare { left, op, right } => {
                if is_total(&left, &right, universe) {
                    Event::Compare { left, op: op.negated(), right }
                } else {
                    Event::Not(Box::new(Event::Compare { left, op, right }))
                }
            }
            Event::Not(event) => *event,
            Event::And(events) => Event::or(events.into_iter().map(|event| event.not(universe)), universe),
            Event::Or(events) => Event::and(events.into_iter().map(|event| event.not(universe)), universe),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Connective {
    And,
    Or,
}

impl Connective {
    /// The event that changes nothing, and the one that decides.
    fn neutral_and_absorbing(self) -> (Event, Event) {
        match self {
            Connective::And => (Event::All, Event::Never),
            Connective::Or => (Event::Never, Event::All),
        }
    }

    fn join(self, events: impl IntoIterator<Item = Event>, universe: &Universe) -> Event {
        let (neutral, absorbing) = self.neutral_and_absorbing();
        let mut parts = BTreeSet::new();
        let mut sets: BTreeMap<String, (BTreeSet<String>, bool)> = BTreeMap::new();
        for event in events {
            match (self, event) {
                (Connective::And, Event::And(nested)) | (Connective::Or, Event::Or(nested)) => {
                    nested.into_iter().for_each(|event| self.take(event, &mut parts, &mut sets));
                }
                (_, event) => self.take(event, &mut parts, &mut sets),
            }
        }
        parts.extend(sets.into_iter().map(|(column, (levels, other))| level_set(&column, levels, other, universe)));
        parts.remove(&neutral);
        if parts.contains(&absorbing) || parts.iter().any(|part| contradicts(self, part, &parts, universe)) {
            return absorbing;
        }
        let parts: Vec<Event> = parts.into_iter().collect();
        match <[Event; 1]>::try_from(parts) {
            Ok([only]) => only,
            Err(parts) if parts.is_empty() => neutral,
            Err(parts) => match self {
                Connective::And => Event::And(parts),
                Connective::Or => Event::Or(parts),
            },
        }
    }

    /// Adds one part that is not of this connective; level sets of one column meet or join.
    fn take(self, event: Event, parts: &mut BTreeSet<Event>, sets: &mut BTreeMap<String, (BTreeSet<String>, bool)>) {
        let Event::Levels { column, levels, other } = event else {
            parts.insert(event);
            return;
        };
        let levels: BTreeSet<String> = levels.into_iter().collect();
        let Some((known, known_other)) = sets.get_mut(&column) else {
            sets.insert(column, (levels, other));
            return;
        };
        match self {
            Connective::And => {
                known.retain(|level| levels.contains(level));
                *known_other &= other;
            }
            Connective::Or => {
                known.extend(levels);
                *known_other |= other;
            }
        }
    }
}

/// Whether the complement of a comparison is also among the parts, so that `and` is never and `or` is always true.
fn contradicts(connective: Connective, part: &Event, parts: &BTreeSet<Event>, universe: &Universe) -> bool {
    match part {
        Event::Not(event) => {
            let dual = match &**event {
                Event::Compare { left, op, right } if connective == Connective::Or => {
                    Some(Event::Compare { left: left.clone(), op: op.negated(), right: right.clone() })
                }
                _only_comparisons_have_one => None,
            };
            parts.contains(event) || dual.is_some_and(|dual| parts.contains(&Event::Not(Box::new(dual))))
        }
        // `x < 1 and x >= 1` holds for no sample; `x < 1 or x >= 1` leaves out those without a value.
        Event::Compare { left, op, right } => {
            let exact = connective == Connective::And || is_total(left, right, universe);
            exact && parts.contains(&Event::Compare { left: left.clone(), op: op.negated(), right: right.clone() })
        }
        Event::All | Event::Never | Event::Levels { .. } | Event::And(_) | Event::Or(_) => false,
    }
}

/// Whether both sides of a comparison have a value for every sample.
fn is_total(left: &Data, right: &Data, universe: &Universe) -> bool {
    !left.may_be_undefined()
        && !right.may_be_undefined()
        && !left.sample_columns().iter().any(|column| universe.nullable(column))
}
