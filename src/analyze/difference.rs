//! What changed between two versions of a spec, in the canonical form: names, order and spelling do not count.

use std::collections::BTreeMap;

use super::atoms::Constants;
use crate::language::program::{Aggregate, Data, Program, Row, RowOptions, SampleRow};

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    New,
    Gone,
    /// Fewer predictions satisfy it.
    Tighter,
    Looser,
    /// One side is tighter, the other looser, or which cannot be told without data.
    Moved,
    /// The same row under other options.
    Options,
    Same,
}

/// A row of either program: its place in the old and the new one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Changed {
    pub change: Change,
    pub old: Option<usize>,
    pub new: Option<usize>,
}

/// The rows of both programs, in the order of the new one; those that are gone last. Sides are compared at the default
/// values of the params.
pub fn rows(old: &Program, new: &Program) -> Vec<Changed> {
    let same = |a: &Row, b: &Row| {
        let term = |program: &Program, row: &Row| -> Vec<(Data, Aggregate, Data, Option<_>)> {
            let parts = row.terms.iter().map(|term| {
                (term.coefficient.clone(), term.aggregate, term.factor.clone(), program.event(term.event).cloned())
            });
            parts.collect()
        };
        term(old, a) == term(new, b)
    };
    pair(&old.rows, &new.rows, same, |a, b| {
        sides([(&a.lower, &a.upper), (&b.lower, &b.upper)], (old, new), a.options, b.options)
    })
}

/// The per-sample rows, likewise.
pub fn sample_rows(old: &Program, new: &Program) -> Vec<Changed> {
    let same =
        |a: &SampleRow, b: &SampleRow| a.coefficient == b.coefficient && old.event(a.event) == new.event(b.event);
    pair(&old.sample_rows, &new.sample_rows, same, |a, b| {
        sides([(&a.lower, &a.upper), (&b.lower, &b.upper)], (old, new), a.options, b.options)
    })
}

fn pair<R>(old: &[R], new: &[R], same: impl Fn(&R, &R) -> bool, compare: impl Fn(&R, &R) -> Change) -> Vec<Changed> {
    let mut taken = vec![false; old.len()];
    let mut found = Vec::new();
    for (place, row) in new.iter().enumerate() {
        let known =
            old.iter().enumerate().position(|(at, other)| !taken.get(at).copied().unwrap_or(true) && same(other, row));
        let change = match known.and_then(|at| old.get(at)) {
            Some(other) => compare(other, row),
            None => Change::New,
        };
        if let Some(slot) = known.and_then(|at| taken.get_mut(at)) {
            *slot = true;
        }
        found.push(Changed { change, old: known, new: Some(place) });
    }
    let gone = taken.iter().enumerate().filter(|(_, taken)| !**taken);
    found.extend(gone.map(|(at, _)| Changed { change: Change::Gone, old: Some(at), new: None }));
    found
}

type Sides<'a> = (&'a Option<Data>, &'a Option<Data>);

/// How the sides moved from the first to the second.
fn sides(sides: [Sides<'_>; 2], programs: (&Program, &Program), a: RowOptions, b: RowOptions) -> Change {
    let params = [programs.0, programs.1].map(|program| -> BTreeMap<String, f64> {
        program.params.iter().map(|param| (param.name.clone(), param.value)).collect()
    });
    let [(a_lower, a_upper), (b_lower, b_upper)] = sides;
    // The number by which a side asks for less, as the upper sides do.
    let moved = |before: &Option<Data>, after: &Option<Data>, sign: f64| -> Option<f64> {
        let value = |side: &Option<Data>, params: &BTreeMap<String, f64>| match side {
            None => Some(f64::INFINITY),
            Some(side) => Some(sign * side.evaluate(&Constants(params))).filter(|value| !value.is_nan()),
        };
        match (value(before, &params[0]), value(after, &params[1])) {
            (Some(before), Some(after)) if before == after => Some(0.0),
            (Some(before), Some(after)) => Some(after - before),
            (_, _) if before == after => Some(0.0),
            (_, _) => None,
        }
    };
    match (moved(a_lower, b_lower, -1.0), moved(a_upper, b_upper, 1.0)) {
        (Some(0.0), Some(0.0)) if a == b => Change::Same,
        (Some(0.0), Some(0.0)) => Change::Options,
        (Some(lower), Some(upper)) if lower <= 0.0 && upper <= 0.0 => Change::Tighter,
        (Some(lower), Some(upper)) if lower >= 0.0 && upper >= 0.0 => Change::Looser,
        (_, _) => Change::Moved,
    }
}
