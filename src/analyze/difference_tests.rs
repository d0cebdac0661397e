//! Each kind of change has its word, in both directions.

use super::*;
use crate::analyze::redundant::tests::program;

/// The changes between two lists of constraints, by the names in the new spec, or in the old where there is none.
fn changes(old: &str, new: &str) -> Vec<(Change, String)> {
    let (old, new) = (program(old), program(new));
    let name = |changed: Changed, origin: fn(&Program, PromisedRow) -> Option<&Origin>| {
        let after = changed.new.and_then(|at| origin(&new, at));
        let found = after.or_else(|| changed.old.and_then(|at| origin(&old, at)));
        (changed.change, found.map_or("?", |origin| &origin.name).to_owned())
    };
    let rows = rows(&old, &new).into_iter().map(|changed| name(changed, Program::origin));
    let samples = sample_rows(&old, &new).into_iter().map(|changed| name(changed, Program::sample_origin));
    rows.chain(samples).filter(|(change, _)| *change != Change::Same).collect()
}

/// The same seen from the other side.
fn turned(change: Change) -> Change {
    match change {
        Change::Tighter => Change::Looser,
        Change::Looser => Change::Tighter,
        Change::New => Change::Gone,
        Change::Gone => Change::New,
        same => same,
    }
}

#[test]
fn each_kind_of_change_has_its_word_both_ways() {
    use Change::{Gone, Looser, Moved, Options, Tighter};
    let table = [
        // Sides.
        ("c: E[score] <= 0.3", "c: E[score] <= 0.5", Looser),
        ("c: E[score] >= 0.3", "c: E[score] >= 0.5", Tighter),
        ("c: 0.2 <= E[score] <= 0.5", "c: 0.3 <= E[score] <= 0.4", Tighter),
        ("c: 0.2 <= E[score] <= 0.5", "c: 0.3 <= E[score] <= 0.6", Moved),
        ("c: E[score] == 0.3", "c: E[score] <= 0.3", Looser),
        ("c: E[score] >= 0.3", "c: E[score] <= 0.3", Moved),
        ("c: E[score] <= eps", "c: E[score] <= 2 * eps", Looser),
        ("c: E[score] <= eps", "c: E[score] <= 0.05", Options),
        ("c: E[score] <= E[y]", "c: E[score] <= 0.3", Moved),
        ("c: each where sex == f: score <= 0.4", "c: each where sex == f: score <= 0.3", Tighter),
        // Coefficients: a ratio.
        (
            "c: E[score | sex == f] / E[score | sex == m] >= 0.8",
            "c: E[score | sex == f] / E[score | sex == m] >= 0.9",
            Tighter,
        ),
        (
            "c: E[score | sex == m] / E[score | sex == f] <= 1.2",
            "c: E[score | sex == m] / E[score | sex == f] <= 1.3",
            Looser,
        ),
        ("c: E[age * score] <= 20", "c: E[age * score] <= 30", Looser),
        // Options.
        ("c: E[score] <= 0.3", "c (soft = 3): E[score] <= 0.3", Looser),
        ("c: E[score] <= 0.3", "c (soft = 3): E[score] <= 0.1", Looser),
        ("c (soft = 3): E[score] <= 0.3", "c (soft = 4): E[score] <= 0.3", Tighter),
        ("c (soft = 3): E[score] <= 0.3", "c (soft = 4): E[score] <= 0.4", Moved),
        ("c (soft = 3): E[score] <= 0.3", "c (soft = 2): E[score] <= 0.4", Looser),
        ("c: E[score] <= 0.3", "c (enforce = train): E[score] <= 0.3", Looser),
        ("c: E[score] <= 0.3", "c (enforce = train): E[score] <= 0.2", Moved),
        ("c: E[score | sex == f] <= 0.3", "c (min_count = 9): E[score | sex == f] <= 0.3", Looser),
        ("c: E[score | sex == f] <= 0.3", "c (when_empty = error): E[score | sex == f] <= 0.3", Tighter),
        (
            "c (when_empty = error): E[score | sex == f] <= 0.3",
            "c (when_empty = error, min_count = 9): E[score | sex == f] <= 0.3",
            Tighter,
        ),
        ("c (when_empty = error): E[score | sex == f] <= 0.3", "c (min_count = 9): E[score | sex == f] <= 0.3", Looser),
        ("c (min_count = 9): E[score | sex == f] <= 0.3", "c (min_count = 20): E[score | sex == f] <= 0.2", Moved),
        // No event that could be empty.
        ("c: E[score] <= 0.3", "c (min_count = 9): E[score] <= 0.3", Options),
        // Another event.
        ("c: E[score | sex == f] <= 0.3\nconstraint d: E[score] <= 0.9", "d: E[score] <= 0.9", Gone),
    ];
    for (old, new, change) in table {
        let (old, new) = (format!("constraint {old}"), format!("constraint {new}"));
        let told =
            if change == Options && !new.contains("min_count") { Vec::new() } else { vec![(change, "c".to_owned())] };
        assert_eq!(changes(&old, &new), told, "{old} -> {new}");
        let back: Vec<_> = told.into_iter().map(|(change, name)| (turned(change), name)).collect();
        assert_eq!(changes(&new, &old), back, "{new} -> {old}");
    }
}

#[test]
fn promises_are_matched_by_what_they_ask_for_and_then_by_name() {
    use Change::{Gone, Looser, New, Tighter};
    let told = |old: &[&str], new: &[&str], expected: &[(Change, &str)]| {
        let text = |lines: &[&str]| lines.iter().map(|line| format!("constraint {line}\n")).collect::<String>();
        let expected: Vec<_> = expected.iter().map(|(change, name)| (*change, (*name).to_owned())).collect();
        assert_eq!(changes(&text(old), &text(new)), expected, "{old:?} -> {new:?}");
    };
    // Names alone.
    told(&["a: E[score] <= 0.3"], &["b: E[score] <= 0.3"], &[]);
    told(&["a: E[score] <= 0.3", "b: E[score] <= 0.2"], &["a: E[score] <= 0.2", "b: E[score] <= 0.3"], &[]);
    // A name and a limit.
    told(&["a: E[score] <= 0.3"], &["b: E[score] <= 0.2"], &[(Tighter, "b")]);
    // Each of two keeps its own.
    let soft = ["a (soft = 1): E[score] <= 0.3", "b (soft = 2): E[score] <= 0.5"];
    told(&soft, &["b (soft = 2): E[score] <= 0.6", "a (soft = 1): E[score] <= 0.3"], &[(Looser, "b")]);
    told(&soft, &["x (soft = 3): E[score] <= 0.5", "a (soft = 1): E[score] <= 0.3"], &[(Tighter, "x")]);
    // A promise that another one hid is told by its own sides.
    let both = ["a: E[score] <= 0.3", "b: E[score] <= 0.5"];
    told(&both, &["a: E[score] <= 0.3", "b: E[score] <= 0.2"], &[(Tighter, "b")]);
    told(&both, &["b: E[score] <= 0.5"], &[(Gone, "a")]);
    // Of other sides.
    told(&["a: E[score] <= 0.3"], &["b: E[score] >= 0.1"], &[(New, "b"), (Gone, "a")]);
    // As a gap was written counts for nothing.
    let gap = "a: |E[score | sex == f] - E[score | sex == m]| <= eps";
    told(&[gap], &["b: |E[score | sex == m] - E[score | sex == f]| <= eps"], &[]);
}

#[test]
fn other_defaults_of_params_are_other_numbers() {
    let change = |constraint: &str| {
        let old = program(constraint);
        let mut new = old.clone();
        new.params.iter_mut().for_each(|param| param.value = param.range.upper);
        rows(&old, &new).into_iter().map(|changed| changed.change).collect::<Vec<_>>()
    };
    assert_eq!(change("constraint c: E[score] <= eps"), [Change::Looser]);
    assert_eq!(change("constraint c: E[score] <= eps * E[y]"), [Change::Moved]);
    assert_eq!(change("constraint c: E[score | sex == f] / E[score | sex == m] >= low"), [Change::Tighter]);
    assert_eq!(change("constraint c: E[score | age / 100 < low] <= 0.5"), [Change::Moved]);
    assert_eq!(change("constraint c: E[score] <= 0.3"), [Change::Same]);
}
