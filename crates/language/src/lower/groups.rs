//! Declared groups, for reports that show every level of them.

use super::event::event;
use super::scope::Ground;
use crate::hir::Hir;
use crate::program::Event;
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
