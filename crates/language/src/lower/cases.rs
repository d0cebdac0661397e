//! Groups from events.
//!
//! From: the first of the events e1, e2, .. that holds. To: e2 and not e1, and so on, where of e1 is left out what e2 says
//! already. Why equivalent: where `a and b` is no part of an event that lies within a, it is `not b`; where e1 and e2 have
//! no sample in common, e2 holds only where e1 does not; and `not e1` says nothing beside `not e2` if e1 lies within e2.

use crate::program::{Comparison, Data, Event, Universe};

/// That the last of the events holds, and none before it.
pub(super) fn first(events: &[Event], universe: &Universe) -> Event {
    let Some((this, before)) = events.split_last() else { return Event::Never };
    let before: Vec<&Event> = before.iter().filter(|before| !excludes(before, this, universe)).collect();
    // Of two that are the same the later stays. Those behind come first: levels mostly grow.
    let covered = |at: usize, one: &Event| {
        let (earlier, later) = (before.iter().take(at), before.iter().skip(at + 1));
        later.clone().any(|other| within(one, other))
            || earlier.clone().any(|other| within(one, other) && !within(other, one))
    };
    let left = before.iter().enumerate().filter(|(at, one)| !covered(*at, one));
    let none = left.map(|(_, one)| beyond(one, this, universe).not(universe));
    Event::and(none.chain([this.clone()]), universe)
}

/// What an event asks for that another does not.
fn beyond(event: &Event, known: &Event, universe: &Universe) -> Event {
    let new = parts(event).iter().filter(|part| !parts(known).iter().any(|known| implies(known, part)));
    Event::and(new.cloned(), universe)
}

/// Whether it is plain that no sample is in both events.
fn excludes(a: &Event, b: &Event, universe: &Universe) -> bool {
    let apart = |a: &Bound<'_>, b: &Bound<'_>| a.left == b.left && (a.ends_before(b) || b.ends_before(a));
    let bounds = |event| parts(event).iter().filter_map(bound);
    let some_apart = bounds(a).any(|a| bounds(b).any(|b| apart(&a, &b)));
    some_apart || Event::and([a.clone(), b.clone()], universe) == Event::Never
}

/// Whether it is plain that every sample of one event is in the other.
fn within(inner: &Event, outer: &Event) -> bool {
    parts(outer).iter().all(|part| parts(inner).iter().any(|known| implies(known, part)))
}

/// The events that must all hold.
fn parts(event: &Event) -> &[Event] {
    match event {
        Event::And(parts) => parts,
        Event::All => &[],
        Event::Never | Event::Levels { .. } | Event::Compare { .. } | Event::Not(_) | Event::Or(_) => {
            std::slice::from_ref(event)
        }
    }
}

/// Whether the one event, which is no `and`, is plainly a part of the other.
fn implies(one: &Event, other: &Event) -> bool {
    match (one, other) {
        (Event::Levels { column, levels, other: null }, Event::Levels { column: of, levels: more, other: nulls }) => {
            column == of && (*nulls || !null) && levels.iter().all(|level| more.contains(level))
        }
        _ => one == other || bound(one).zip(bound(other)).is_some_and(|(one, other)| one.implies(&other)),
    }
}

/// `left op number`.
struct Bound<'e> {
    left: &'e Data,
    op: Comparison,
    number: f64,
}

impl Bound<'_> {
    /// Every value that satisfies this one is less than every value that satisfies the other.
    fn ends_before(&self, other: &Bound<'_>) -> bool {
        let highest = matches!(self.op, Comparison::Less | Comparison::LessEqual | Comparison::Equal);
        let lowest = matches!(other.op, Comparison::Greater | Comparison::GreaterEqual | Comparison::Equal);
        let touch = self.is_closed() && other.is_closed();
        highest && lowest && (self.number < other.number || (self.number == other.number && !touch))
    }

    fn implies(&self, other: &Bound<'_>) -> bool {
        use Comparison::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
        let same_end = self.number == other.number && (other.is_closed() || !self.is_closed());
        self.left == other.left
            && match (self.op, other.op) {
                (Equal, op) => op.holds(self.number, other.number),
                (Less | LessEqual, Less | LessEqual) => self.number < other.number || same_end,
                (Greater | GreaterEqual, Greater | GreaterEqual) => self.number > other.number || same_end,
                (Less | LessEqual, Equal | NotEqual | Greater | GreaterEqual)
                | (Greater | GreaterEqual, Equal | NotEqual | Less | LessEqual)
                | (NotEqual, _) => false,
            }
    }

    fn is_closed(&self) -> bool {
        !matches!(self.op, Comparison::Less | Comparison::Greater)
    }
}

fn bound(event: &Event) -> Option<Bound<'_>> {
    match event {
        Event::Compare { left, op, right } => Some(Bound { left, op: *op, number: right.as_number()? }),
        Event::All | Event::Never | Event::Levels { .. } | Event::Not(_) | Event::And(_) | Event::Or(_) => None,
    }
}
