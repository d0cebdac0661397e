//! Declared groups, for reports that show every level of them.

use super::event::event;
use super::scope::{Ground, Scope};
use crate::hir::{self, Hir};
use crate::program::{Event, MAX_DEPTH, Partition, Program};
use crate::span::Sources;

/// A declared group: a partition of the samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub name: String,
    /// The text of each level and its canonical event.
    pub levels: Vec<(String, Event)>,
}

/// The groups that a spec declares, in the order of their declaration. Rows need none of them: what a row reads of a
/// group stands in its own events.
pub fn groups(hir: &Hir, sources: &Sources) -> Vec<Group> {
    let ground = Ground::of(hir);
    let scope = ground.outside(hir, sources);
    let group = |group: &crate::hir::Group| Group {
        name: group.name.clone(),
        levels: group.levels.iter().map(|level| (level.text.clone(), event(&level.event, scope))).collect(),
    };
    hir.groups.iter().map(group).collect()
}

/// The groups in use that may leave samples over, of those whose columns the rows of `program` read.
pub(super) fn partitions(program: &Program, scope: Scope<'_>) -> Vec<Partition> {
    let partial = scope.hir.groups.iter().filter(|group| group.used && group.partial);
    let partition = |group: &hir::Group| {
        let events: Vec<&hir::Event> = match &group.levels.first()?.event {
            hir::Event::Case { cases, .. } => cases.iter().map(|case| &case.event).collect(),
            _ => group.levels.iter().map(|level| &level.event).collect(),
        };
        let event = Event::or(events.into_iter().map(|inner| event(inner, scope)), scope.universe);
        let read = event.columns_read().iter().all(|header| program.column(header).is_some());
        let kept = read && event != Event::All && event.depth() <= MAX_DEPTH;
        kept.then(|| Partition { name: group.name.clone(), event })
    };
    let mut partitions: Vec<Partition> = partial.filter_map(partition).collect();
    partitions.sort_by(|a, b| a.name.cmp(&b.name));
    partitions
}
