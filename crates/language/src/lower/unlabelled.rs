//! W0116: sums of predictions over a label beside sums that count samples without a label too, `Sum[s | y == 1] / Sum[s]`.
//!
//! Of two sums of the same values in one row, one over `a and b` and the other over `a`, where `b` reads nothing but labels
//! that may be null, and `a` reads none of them: who has no label counts in the second alone, as if the label were another.

use std::collections::{BTreeMap, BTreeSet};

use crate::hir::Hir;
use crate::program::{Aggregate, Data, Event};

use super::affine::Quantity;
use super::draft::Draft;

/// The first label of which this is so in a row, by its name in the spec.
pub(super) fn unlabelled(drafts: &[Draft], hir: &Hir) -> Option<String> {
    let labels = hir.columns.iter().filter(|column| column.label && column.nullable);
    let labels: BTreeMap<&str, &str> = labels.map(|column| (&*column.header, &*column.name)).collect();
    if labels.is_empty() {
        return None;
    }
    drafts.iter().find_map(|draft| in_row(draft, &labels))
}

fn in_row(draft: &Draft, labels: &BTreeMap<&str, &str>) -> Option<String> {
    let sums: Vec<(&Data, Vec<&Event>)> =
        draft.row.terms.keys().filter_map(sum).map(|(factor, event)| (factor, conjuncts(event))).collect();
    let whole: BTreeSet<&(&Data, Vec<&Event>)> = sums.iter().collect();
    sums.iter().find_map(|(factor, events)| {
        let of_labels = |event: &&&Event| {
            let read = event.columns_read();
            !read.is_empty() && read.iter().all(|header| labels.contains_key(header))
        };
        let (more, rest): (Vec<&&Event>, Vec<&&Event>) = events.iter().partition(of_labels);
        let rest: Vec<&Event> = rest.into_iter().copied().collect();
        let label = more.first()?.columns_read().into_iter().next()?;
        let read_there = rest.iter().any(|event| event.columns_read().iter().any(|header| labels.contains_key(header)));
        (!read_there && whole.contains(&(*factor, rest))).then(|| labels.get(label).map(|name| (*name).to_owned()))?
    })
}

/// What is summed up, and over which event.
fn sum(quantity: &Quantity) -> Option<(&Data, &Event)> {
    match quantity {
        Quantity::Aggregate { event, aggregate: Aggregate::Sum, factor } => Some((factor, event)),
        Quantity::Aggregate { .. }
        | Quantity::Bent { .. }
        | Quantity::Prediction
        | Quantity::Second
        | Quantity::Distance { .. } => None,
    }
}

fn conjuncts(event: &Event) -> Vec<&Event> {
    match event {
        Event::All => Vec::new(),
        Event::And(parts) => parts.iter().collect(),
        Event::Never | Event::Levels { .. } | Event::Compare { .. } | Event::Not(_) | Event::Or(_) => vec![event],
    }
}
