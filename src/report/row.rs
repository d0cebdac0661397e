//! A row as `--format json` prints it, in audits and after projections alike.

use serde::Serialize;

use super::ledger::{Group, Ledger, Reading, RowLedger};
use super::number::finite;
use crate::language::program::Aggregate;

#[derive(Serialize)]
pub(super) struct RowJson {
    name: String,
    lower: Option<f64>,
    upper: Option<f64>,
    before: Option<f64>,
    pub(super) after: Option<f64>,
    multiplier: Option<f64>,
    pub(super) active: bool,
    /// Why the row took no part; with several batches, in the first of those in which it did not.
    skipped: Option<String>,
    groups: Vec<GroupJson>,
    compares: String,
    constraint: String,
}

#[derive(Serialize)]
struct GroupJson {
    event: String,
    samples: usize,
    weight: f64,
    mean: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    mean_after: Option<f64>,
    aggregate: &'static str,
    of: String,
    coefficient: Option<f64>,
}

impl RowJson {
    pub(super) fn new(ledger: &Ledger<'_>, index: usize, row: &RowLedger) -> RowJson {
        let sides: Option<Reading> = row.after.or(row.before);
        RowJson {
            name: ledger.name(index).to_owned(),
            lower: sides.and_then(|reading| finite(reading.lower)),
            upper: sides.and_then(|reading| finite(reading.upper)),
            before: row.before.map(|reading| reading.value),
            after: row.after.map(|reading| reading.value),
            multiplier: row.multiplier,
            active: row.active,
            skipped: row.reason.clone(),
            groups: row.groups.iter().map(GroupJson::new).collect(),
            compares: ledger.compared(index),
            constraint: ledger.constraint(index).to_owned(),
        }
    }
}

impl GroupJson {
    fn new(group: &Group) -> GroupJson {
        GroupJson {
            event: group.event.clone(),
            samples: group.samples,
            weight: group.weight,
            mean: group.value,
            mean_after: group.after,
            aggregate: match group.aggregate {
                Aggregate::Mean => "mean",
                Aggregate::Sum => "sum",
            },
            of: group.what.clone(),
            coefficient: group.coefficient,
        }
    }
}
