//! Can all rows of a batch hold at once, and if not, which of them are in conflict?

use super::MOST_VARIABLES;
use super::linear::{Line, Linear};
use crate::runtime::problem::{Generator, Problem, ProblemError, generators};

/// One side of a row of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowSide {
    pub row: usize,
    pub upper: bool,
}

/// The verdict.
#[derive(Debug, Clone, PartialEq)]
pub enum Feasibility {
    Feasible,
    /// The sides cannot all hold, and without any one of them they can: an irreducible infeasible subsystem.
    Conflict(Vec<RowSide>),
    /// Too many variables, or the solver gave up.
    Undecided,
}

/// A batch as a linear program.
#[derive(Debug, Clone)]
pub struct Cells {
    pub generators: Vec<Generator>,
    /// The lines are the hard rows, in their order; soft rows give way and have an empty line.
    pub program: Linear,
}

impl Cells {
    /// None if the variables are too many.
    ///
    /// # Errors
    /// None for one problem; see [`generators`].
    pub fn of(problem: &Problem) -> Result<Option<Cells>, ProblemError> {
        let Some(generators) = generators(&[problem], MOST_VARIABLES)? else { return Ok(None) };
        let program = Linear {
            intervals: generators.iter().map(|generator| (generator.lo, generator.hi)).collect(),
            lines: lines(problem, &generators, 0),
        };
        Ok(Some(Cells { generators, program }))
    }
}

/// The rows of the problem in the given place of the generators, over their variables.
pub fn lines(problem: &Problem, generators: &[Generator], place: usize) -> Vec<Line> {
    let sides = problem.lower().iter().zip(problem.upper()).zip(problem.soft());
    let mut lines: Vec<Line> = sides
        .map(|((&lower, &upper), soft)| match soft.is_finite() {
            true => Line { entries: Vec::new(), lower: f64::NEG_INFINITY, upper: f64::INFINITY },
            false => Line { entries: Vec::new(), lower, upper },
        })
        .collect();
    for (variable, generator) in generators.iter().enumerate() {
        let column = generator.columns.get(place).map_or(&[][..], Vec::as_slice);
        for &(row, value) in column {
            if let Some(line) = lines.get_mut(row as usize) {
                line.entries.push((variable, value));
            }
        }
    }
    lines
}

/// Whether all hard rows can hold, by linear programming; the deletion filter finds a conflict (Chinneck and Dravnieks
/// 1991, "Locating minimal infeasible constraint sets in linear programs").
///
/// `suspects` are rows known to be in conflict, tried first; empty if nothing is known.
pub fn feasibility(cells: &Cells, suspects: &[usize]) -> Feasibility {
    match cells.program.is_feasible() {
        Some(true) => return Feasibility::Feasible,
        Some(false) => {}
        None => return Feasibility::Undecided,
    }
    let all: Vec<RowSide> = sides(&cells.program, |_| true);
    let few: Vec<RowSide> = sides(&cells.program, |row| suspects.contains(&row));
    let start = match conflicts(&cells.program, &few) {
        Some(true) => few,
        Some(false) | None => all,
    };
    irreducible(&cells.program, start)
}

fn sides(program: &Linear, wanted: impl Fn(usize) -> bool) -> Vec<RowSide> {
    let rows = program.lines.iter().enumerate().filter(|(row, _)| wanted(*row));
    rows.flat_map(|(row, line)| {
        let upper = (line.upper < f64::INFINITY).then_some(RowSide { row, upper: true });
        let lower = (line.lower > f64::NEG_INFINITY).then_some(RowSide { row, upper: false });
        upper.into_iter().chain(lower)
    })
    .collect()
}

/// Whether no point satisfies these sides.
pub(super) fn conflicts(program: &Linear, sides: &[RowSide]) -> Option<bool> {
    let lines = sides.iter().filter_map(|side| {
        let line = program.lines.get(side.row)?;
        let (lower, upper) = match side.upper {
            true => (f64::NEG_INFINITY, line.upper),
            false => (line.lower, f64::INFINITY),
        };
        Some(Line { entries: line.entries.clone(), lower, upper })
    });
    let part = Linear { intervals: program.intervals.clone(), lines: lines.collect() };
    part.is_feasible().map(|feasible| !feasible)
}

/// Drops whatever the conflict does not need: first in halves, then one by one.
fn irreducible(program: &Linear, mut kept: Vec<RowSide>) -> Feasibility {
    let mut chunk = kept.len().div_ceil(2);
    while chunk > 0 {
        let mut at = 0;
        while at < kept.len() {
            let end = (at + chunk).min(kept.len());
            let rest: Vec<RowSide> =
                kept.iter().enumerate().filter(|(i, _)| !(at..end).contains(i)).map(|(_, s)| *s).collect();
            match conflicts(program, &rest) {
                Some(true) => kept = rest,
                Some(false) => at = end,
                None => return Feasibility::Undecided,
            }
        }
        chunk = if chunk == 1 { 0 } else { chunk.div_ceil(2) };
    }
    kept.sort();
    Feasibility::Conflict(kept)
}
