//! W0106: rows that other constraints imply.

use std::collections::BTreeMap;

use crate::analyze::redundant::Redundant;
use crate::language::diagnostic::{Code, Diagnostic};
use crate::language::program::{Origin, Program};
use crate::language::words::counted;
use crate::source::{Fault, Spec, at_row};

/// A warning for each constraint with rows of `program`, which stands by promises, that others imply, in the order in which they stand in the spec.
pub fn warnings(found: &[Redundant], on_data: bool, spec: &Spec, program: &Program) -> Vec<Fault> {
    let mut by_constraint: BTreeMap<(u32, &str), Vec<&Redundant>> = BTreeMap::new();
    for one in found {
        if let Some(origin) = origin(program, one.row) {
            by_constraint.entry((origin.start, &origin.constraint)).or_default().push(one);
        }
    }
    by_constraint.values().map(|rows| warning(rows, on_data, spec, program)).collect()
}

fn warning(rows: &[&Redundant], on_data: bool, spec: &Spec, program: &Program) -> Fault {
    let mut implied: Vec<&str> = rows.iter().filter_map(|one| Some(origin(program, one.row)?.name.as_str())).collect();
    let constraint = rows.first().and_then(|one| origin(program, one.row)).map_or("", |origin| &origin.constraint);
    let all = program.rows.iter().flat_map(|row| &row.origins).filter(|origin| origin.constraint == constraint);
    if all.count() == implied.len() {
        implied = vec![constraint];
    }
    let mut premises: Vec<usize> = rows.iter().flat_map(|one| one.by.iter().copied()).collect();
    premises.sort_unstable();
    premises.dedup();
    let names: Vec<&str> = premises.iter().filter_map(|row| Some(origin(program, *row)?.name.as_str())).collect();
    let bounds = match (rows.iter().any(|one| one.uses_bounds), on_data) {
        (false, _) => "",
        (true, false) => ", within the ranges of predictions and params",
        (true, true) => ", within the range of predictions",
    };
    let data = if on_data { "on these data " } else { "" };
    let verb = if implied.len() == 1 { "is" } else { "are" };
    let message = format!("{data}{} {verb} implied by {}{bounds}", listed(&implied), listed(&names));
    let help = match on_data {
        true => "it changes nothing here, and may on other data; if more was meant, make it tighter",
        false => "leave it out, or make it tighter if more was meant",
    };
    let diagnostic =
        Diagnostic { code: Code("W0106"), message, help: Some(help.to_owned()), labels: Vec::new(), fix: None };
    let mut fault = Fault { diagnostic, places: Vec::new() };
    if let Some(origin) = rows.first().and_then(|one| origin(program, one.row)) {
        at_row(&mut fault, &origin.name, "adds nothing", spec, program);
    }
    let verb = if names.len() == 1 { "implies it" } else { "one of those that imply it" };
    let mut told: Vec<&str> = vec![constraint];
    for origin in premises.iter().filter_map(|row| origin(program, *row)) {
        if !told.contains(&origin.constraint.as_str()) {
            told.push(&origin.constraint);
            at_row(&mut fault, &origin.name, verb, spec, program);
        }
    }
    fault
}

fn origin(program: &Program, row: usize) -> Option<&Origin> {
    program.rows.get(row)?.origins.first()
}

/// `` `a`, `b` and 3 more rows ``.
fn listed(names: &[&str]) -> String {
    const MOST: usize = 4;
    let quoted: Vec<String> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(MOST);
    match (&quoted[..], more) {
        ([head @ .., last], 0) if !head.is_empty() => format!("{} and {last}", head.join(", ")),
        (few, 0) => few.join(""),
        (few, more) => format!("{} and {}", few.join(", "), counted(more, "more row")),
    }
}
