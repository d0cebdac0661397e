//! What indicators stand as while a per-sample expression is put together: columns whose headers no data have.
//!
//! A header says what the event is, so that no order of declarations shows in what is made of it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::program::{Data, Event, Names};

/// No name can hold a line end.
const MARK: char = '\n';

/// The events of the indicators that were met.
#[derive(Default)]
pub(super) struct Indicators {
    events: RefCell<BTreeMap<String, Event>>,
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
                let header = format!("{MARK}{}", event.text(&Names::canonical()));
                self.events.borrow_mut().entry(header.clone()).or_insert(event);
                Data::column(header)
            }
        }
    }

    /// The event that a mark stands for.
    pub fn event(&self, header: &str) -> Option<Event> {
        if is_mark(header) { self.events.borrow().get(header).cloned() } else { None }
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
