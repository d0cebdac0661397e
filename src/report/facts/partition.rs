//! Which groups a report shows: the levels of the columns that constraints read, declared groups, and intersections.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::language::program::{Column, ColumnType, Event, Names, Program, Universe};

/// Of more levels than these no table is made by itself.
pub const MOST_LEVELS: usize = 64;

/// A cut of the samples into levels; samples in none of them are of an unknown group.
#[derive(Clone, Debug, PartialEq)]
pub struct Partition {
    pub name: String,
    pub kind: PartitionKind,
    /// The text of each level and its event.
    pub levels: Vec<(String, Event)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartitionKind {
    /// One column, or a declared group over one.
    Attribute,
    /// A combination of several.
    Intersection,
}

impl Partition {
    fn columns(&self) -> BTreeSet<&str> {
        self.levels.iter().flat_map(|(_, event)| event.columns_read()).collect()
    }
}

/// The partitions of a program: its categorical columns, the declared groups (name, and text and event of each level)
/// over columns that rows read, and the product of the attributes where it is small and no declared group has it.
/// Labels are no attributes of people; what constraints compare by label is shown with the constraints.
pub fn partitions(program: &Program, declared: Vec<(String, Vec<(String, Event)>)>) -> Vec<Partition> {
    let universe = Universe::new(&program.columns);
    let asked: BTreeSet<&str> = program.events.iter().flat_map(Event::level_columns).collect();
    let columns = program.data_columns().filter(|column| !column.label && asked.contains(column.header.as_str()));
    let mut all: Vec<Partition> = columns.filter_map(|column| of_column(column, &universe)).collect();
    for (name, levels) in declared {
        let mut partition = Partition { name, kind: PartitionKind::Attribute, levels };
        let columns = partition.columns();
        let known = |header: &&str| program.column(header).is_some_and(|column| !column.label);
        let fits = !columns.is_empty() && columns.iter().all(known) && partition.levels.len() <= MOST_LEVELS;
        let several = columns.len() > 1;
        if several {
            partition.kind = PartitionKind::Intersection;
        }
        let again = all.iter().any(|other| same_levels(other, &partition));
        if fits && !again {
            all.push(partition);
        }
    }
    all.extend(product(&all, &universe));
    all.sort_by_key(|partition| partition.kind == PartitionKind::Intersection);
    all
}

fn of_column(column: &Column, universe: &Universe) -> Option<Partition> {
    let ColumnType::Categorical(levels) = &column.ty else { return None };
    if levels.len() > MOST_LEVELS {
        return None;
    }
    let level = |text: &String| (text.clone(), Event::levels(&column.header, [text.as_str()], universe));
    let levels = levels.iter().map(|declared| level(&declared.text)).collect();
    Some(Partition { name: column.name.clone(), kind: PartitionKind::Attribute, levels })
}

fn same_levels(a: &Partition, b: &Partition) -> bool {
    a.levels.len() == b.levels.len() && a.levels.iter().zip(&b.levels).all(|((_, a), (_, b))| a == b)
}

/// The product of the attributes over different columns.
fn product(all: &[Partition], universe: &Universe) -> Option<Partition> {
    let mut factors: Vec<&Partition> = Vec::new();
    let mut columns: BTreeSet<&str> = BTreeSet::new();
    for partition in all.iter().filter(|partition| partition.kind == PartitionKind::Attribute) {
        let own = partition.columns();
        if own.is_disjoint(&columns) {
            columns.extend(own);
            factors.push(partition);
        }
    }
    let size = factors.iter().try_fold(1_usize, |size, factor| size.checked_mul(factor.levels.len()))?;
    let declared = all.iter().any(|other| other.kind == PartitionKind::Intersection && other.columns() == columns);
    if factors.len() < 2 || size > MOST_LEVELS || declared {
        return None;
    }
    let mut levels: Vec<(String, Event)> = vec![(String::new(), Event::All)];
    for factor in &factors {
        let join = |(text, event): &(String, Event), (more, inner): &(String, Event)| {
            let text = if text.is_empty() { more.clone() } else { format!("{text} * {more}") };
            (text, Event::and([event.clone(), inner.clone()], universe))
        };
        levels = levels.iter().flat_map(|level| factor.levels.iter().map(move |more| join(level, more))).collect();
    }
    let name = factors.iter().map(|factor| factor.name.as_str()).collect::<Vec<_>>().join(" * ");
    Some(Partition { name, kind: PartitionKind::Intersection, levels })
}

/// The events that rows compare, and that are no level of a partition.
pub(super) fn compared(program: &Program, partitions: &[Partition]) -> Vec<(String, Event)> {
    let names = Names::of(program);
    let shown: Vec<&Event> =
        partitions.iter().flat_map(|partition| &partition.levels).map(|(_, event)| event).collect();
    let ids: BTreeSet<_> = program.rows.iter().flat_map(|row| &row.terms).map(|term| term.event).collect();
    let events = ids.into_iter().filter_map(|id| program.event(id));
    let new = events.filter(|event| **event != Event::All && !shown.contains(event));
    new.map(|event| (event.text(&names), event.clone())).collect()
}
