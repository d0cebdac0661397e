//! Rows that other rows imply: they add nothing, and who reads the spec may think that they do.
//!
//! Only rows of other constraints count as premises: rows of one constraint stand or fall together, and that one of three
//! gaps bounds the third on some data is no fault of who asked for all. Of rows that imply each other one is told, that of
//! the constraint which stands later. Without data a row counts as implied if it is for all data and all values of the
//! params in their ranges.
//!
//! The rows are those of promises ([`Program::by_promise`]), each with its own sides. Of two on one quantity whose numbers
//! compare, the compiler has told already which adds nothing (W0103).
//!
//! The cost has a bound, so that checking stays a matter of milliseconds: where there is more to look at, nothing is said.

use std::collections::BTreeSet;

use super::feasibility::Cells;
use super::implication::{Claim, Proof, Verdict, claims, follows};
use super::kinds::Settings;
use super::linear::{Line, Linear};
use super::relaxation::{Half, Relaxation, Spec, holds_beside};
use super::structure::follows_by_cases;
use crate::bind::Bound;
use crate::language::program::{Program, Row};

/// Looks at whether a kind of sample is in an event.
const MOST_LOOKS: usize = 20_000;
/// More rows, or more variables, are not compared.
const MOST_ROWS: usize = 120;
const MOST_VARIABLES: usize = 60;
/// Most cases of one proof.
const MOST_CASES: usize = 32;
/// Work that all linear programs may cost: the sum of the sizes of their matrices.
const MOST_WORK: usize = 60_000;
/// A row is implied if it holds to these digits: closer than any tolerance that is meant.
const ROUNDING: f64 = 1e-11;

/// A row that others imply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redundant {
    pub row: usize,
    /// Of other constraints.
    pub by: Vec<usize>,
    /// The bounds of predictions are used too.
    pub uses_bounds: bool,
}

/// The rows of a program by promises that others imply on all data without empty groups.
pub fn without_data(program: &Program) -> Vec<Redundant> {
    if program.rows.len() > MOST_ROWS || constraints(&program.rows) < 2 || program.convex_row().is_some() {
        return Vec::new();
    }
    let none = Settings::new();
    let specs = [Spec { program, params: &none }];
    let Ok(mut relaxation) = Relaxation::new(&specs, MOST_LOOKS) else { return Vec::new() };
    if relaxation.kinds.is_err() || relaxation.events.len() > MOST_VARIABLES {
        return Vec::new();
    }
    let halves: Vec<Vec<Half>> = program.rows.iter().map(|row| relaxation.halves(0, row)).collect();
    let lines: Vec<Vec<Line>> = halves.iter().map(|of| of.iter().map(|(_, claim)| claim.line()).collect()).collect();
    let claims = halves.into_iter().map(|of| of.into_iter().map(|(_, claim)| claim).collect()).collect();
    let (intervals, structure) = (relaxation.intervals(), relaxation.structure(MOST_CASES));
    // A param in an event decides who is in it.
    let fixed = |row: &Row| {
        let mut events = row.reads.iter().copied().chain(row.terms.iter().map(|term| term.event));
        events.all(|id| program.event(id).is_some_and(|event| event.params().is_empty()))
    };
    let usable = program.rows.iter().map(fixed).collect();
    search(program, Rows { lines, claims, usable }, &intervals, &mut |premises, claim| {
        let found = follows_by_cases(premises, &structure, claim);
        (found.verdict, found.cases.max(1))
    })
}

/// The rows that others imply on given data, beside those that are `known` to be. `bound` is of the `whole` program, whose
/// promises `program` has as rows.
pub fn on_data(program: &Program, whole: &Program, bound: &Bound, known: &[Redundant]) -> Vec<Redundant> {
    if program.rows.len() > MOST_ROWS || constraints(&program.rows) < 2 || program.convex_row().is_some() {
        return Vec::new();
    }
    let Ok(Some(cells)) = Cells::of(&bound.problem) else { return Vec::new() };
    if cells.program.intervals.len() > MOST_VARIABLES {
        return Vec::new();
    }
    let mut rows = Rows::empty(program.rows.len());
    for (row, promised) in whole.promised_rows().into_iter().enumerate() {
        let Some(one) = bound.rows.get(promised.row) else { continue };
        let Some(line) = one.kept().and_then(|place| cells.program.lines.get(place)) else { continue };
        let mut line = line.clone();
        if program.rows.get(row).is_some_and(|row| row.options.soft.is_none()) {
            (line.lower, line.upper) = one.sides_of(promised.origin);
        }
        if let (Some(lines), Some(of), Some(usable)) =
            (rows.lines.get_mut(row), rows.claims.get_mut(row), rows.usable.get_mut(row))
        {
            *of = claims(&line).into_iter().map(|(_, claim)| claim).collect();
            *lines = vec![line];
            *usable = known.iter().all(|one| one.row != row);
        }
    }
    search(program, rows, &cells.program.intervals, &mut |premises, claim| (follows(premises, claim), 1))
}

/// Whether a claim follows, and how many linear programs that took.
type Decide<'a> = dyn FnMut(&Linear, &Claim) -> (Verdict, usize) + 'a;

/// What each row of a program says.
struct Rows {
    lines: Vec<Vec<Line>>,
    claims: Vec<Vec<Claim>>,
    usable: Vec<bool>,
}

impl Rows {
    fn empty(count: usize) -> Rows {
        Rows { lines: vec![Vec::new(); count], claims: vec![Vec::new(); count], usable: vec![false; count] }
    }
}

fn constraints(rows: &[Row]) -> usize {
    rows.iter().flat_map(origins).collect::<BTreeSet<_>>().len()
}

fn origins(row: &Row) -> BTreeSet<(&str, &str, u32)> {
    row.origins.iter().map(|origin| (origin.constraint.as_str(), origin.file.as_str(), origin.start)).collect()
}

/// Looks at the rows one after the other, those of later constraints first; what is implied is no premise any more.
fn search(program: &Program, rows: Rows, intervals: &[(f64, f64)], decide: &mut Decide<'_>) -> Vec<Redundant> {
    // The simplex method may not end where variables have no bounds: not for a warning.
    if intervals.iter().any(|(lo, hi)| !lo.is_finite() || !hi.is_finite()) {
        return Vec::new();
    }
    // Rows that contradict each other imply anything.
    let lines = rows.lines.iter().zip(&program.rows).filter(|(_, row)| row.options.soft.is_none());
    let all = Linear { intervals: intervals.to_vec(), lines: lines.flat_map(|(lines, _)| lines.clone()).collect() };
    if !matches!(decide(&all, &Claim { entries: Vec::new(), limit: -1.0 }).0, Verdict::Broken { .. }) {
        return Vec::new();
    }
    let constraints: Vec<_> = program.rows.iter().map(origins).collect();
    let told: Vec<bool> = (0..program.rows.len()).map(|row| idle(program, row)).collect();
    let mut order: Vec<usize> = (0..program.rows.len()).filter(|row| rows.usable[*row] && !told[*row]).collect();
    let stands = |row: &usize| program.rows[*row].origins.first().map(|origin| (origin.line, origin.start));
    order.sort_by_key(|row| std::cmp::Reverse((stands(row), *row)));
    let mut gone = vec![false; program.rows.len()];
    let (mut found, mut work) = (Vec::new(), 0);
    for row in order {
        let candidate = &program.rows[row];
        let is_premise = |other: &usize| {
            let others = &program.rows[*other];
            rows.usable[*other]
                && !gone[*other]
                && !told[*other]
                && !constraints[*other].is_subset(&constraints[row])
                && holds_beside(others, candidate)
        };
        let premises: Vec<usize> = (0..program.rows.len()).filter(is_premise).collect();
        let (mut linear, mut from) = (Linear { intervals: intervals.to_vec(), lines: Vec::new() }, Vec::new());
        for &premise in &premises {
            for line in &rows.lines[premise] {
                linear.lines.push(line.clone());
                from.push(premise);
            }
        }
        let mut programs = 0;
        let mut counted = |premises: &Linear, claim: &Claim| {
            let (verdict, count) = decide(premises, claim);
            programs += count;
            (verdict, count)
        };
        let by = implied(&linear, &rows.claims[row], &from, &mut counted);
        work += programs * (linear.lines.len() + 1) * intervals.len();
        if work > MOST_WORK {
            break;
        }
        if let Some((mut by, uses_bounds)) = by {
            gone[row] = true;
            by.sort_by_key(|row| (stands(row), *row));
            found.push(Redundant { row, by, uses_bounds });
        }
    }
    found.sort_by_key(|one| one.row);
    found
}

/// Whether the numbers of another promise on the same quantity leave this one nothing to add.
fn idle(program: &Program, row: usize) -> bool {
    let one = &program.rows[row];
    let by = |(at, other): (usize, &Row)| {
        let same = at != row
            && (&other.terms, other.options, &other.reads, &other.labels)
                == (&one.terms, one.options, &one.reads, &one.labels);
        let (Some(a), Some(b)) = (one.origins.first(), other.origins.first()) else { return false };
        same && b.covers(a) && (!a.covers(b) || at < row)
    };
    one.options.soft.is_none() && program.rows.iter().enumerate().any(by)
}

/// The premises that prove all sides of a row; none if they do not, if none is needed, or if they contradict each other.
fn implied(linear: &Linear, claims: &[Claim], from: &[usize], decide: &mut Decide<'_>) -> Option<(Vec<usize>, bool)> {
    let (mut by, mut bounds) = (BTreeSet::new(), false);
    for claim in claims {
        let Verdict::Implied(Proof { multipliers, uses_bounds, bound, vacuous }) = decide(linear, claim).0 else {
            return None;
        };
        if vacuous || bound > claim.limit + ROUNDING * claim.size() {
            return None;
        }
        by.extend(multipliers.iter().filter_map(|(side, _)| from.get(side.row).copied()));
        bounds |= uses_bounds;
    }
    (!by.is_empty()).then(|| (by.into_iter().collect(), bounds))
}

#[cfg(test)]
#[path = "redundant_tests.rs"]
pub(super) mod tests;
