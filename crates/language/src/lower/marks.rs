//! What indicators stand as while a per-sample expression is put together: columns whose headers no data have.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::program::{Data, Event};

/// No name can hold a line end.
const MARK: char = '\n';

/// The events of the indicators that were met.
#[derive(Default)]
pub(super) struct Indicators {
    events: RefCell<Vec<Event>>,
    places: RefCell<BTreeMap<Event, usize>>,
    /// An expression had more cases than are looked at.
    full: Cell<bool>,
}

impl Indicators {
    /// The number that an event is.
    pub fn number(&self, event: Event) -> Data {
        match event {
            Event::All => Data::one(),
            Event::Never => Data::zero(),
            event => {
                let mut events = self.events.borrow_mut();
                let place = *self.places.borrow_mut().entry(event.clone()).or_insert(events.len());
                if place == events.len() {
                    events.push(event);
                }
                Data::column(format!("{MARK}{place}"))
            }
        }
    }

    /// The event that a mark stands for.
    pub fn event(&self, header: &str) -> Option<Event> {
        let place: usize = header.strip_prefix(MARK)?.parse().ok()?;
        self.events.borrow().get(place).cloned()
    }

    /// Notes that an expression has too many of them to go through all cases.
    pub fn overflow(&self) {
        self.full.set(true);
    }

    /// Whether cases were left out since the last call.
    pub fn take_full(&self) -> bool {
        self.full.take()
    }
}

/// Whether a header is that of an indicator.
pub(super) fn is_mark(header: &str) -> bool {
    header.starts_with(MARK)
}
