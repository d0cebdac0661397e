//! Decisions by group: how many are selected, at which rate, and by how much that differs.

use super::facts::{GroupFacts, Judged, PartitionFacts, Watch, sets};
use super::number::{short, whole};
use super::summary::marks;
use super::table::{Align, Paint, Table};
use crate::bind::Encoded;

/// Whether a number is a decision.
pub fn is_decision(value: f64) -> bool {
    value == 0.0 || value == 1.0
}

/// Who is selected, by the groups of a report.
pub struct Selected {
    partitions: Vec<PartitionFacts>,
    weighted: bool,
}

impl Selected {
    /// Of decisions; `watch` is that with which the data were encoded.
    pub fn of(encoded: &Encoded, watch: &Watch, decisions: Judged<'_>) -> Selected {
        let sums = decisions.cell_sums(encoded, true, (0.0, 1.0));
        let (sets, _) = sets(encoded, watch);
        let partitions = watch.partitions().iter().zip(&sets);
        Selected {
            partitions: partitions
                .map(|(partition, sets)| sums.partition(partition, sets, &[], true, watch.yardstick()))
                .collect(),
            weighted: encoded.weight().is_some(),
        }
    }

    /// A table for each cut into groups.
    pub fn text(&self, paint: &dyn Paint) -> String {
        let tables = self.partitions.iter().map(|partition| {
            let mut table = Table::default();
            let rate = if self.weighted { "rate by weight" } else { "rate" };
            table.cells(["", "samples", "selected", rate, "impact ratio", ""].map(str::to_owned));
            partition.groups.iter().for_each(|group| table.cells(cells(group)));
            let align = [Align::Left, Align::Right, Align::Right, Align::Right, Align::Right, Align::Left];
            let lines = table.render("    ", paint.width(), &align, |_, cell| cell);
            format!("\n  {}: selected\n{lines}", paint.strong(&partition.name))
        });
        tables.collect()
    }
}

fn cells(group: &GroupFacts) -> [String; 6] {
    let share = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), short);
    let selected = group.selected.map_or_else(String::new, whole);
    let (rate, ratio) = (share(group.mean), share(group.ratio));
    [group.group.clone(), whole(group.samples), selected, rate, ratio, marks(group).join(", ")]
}
