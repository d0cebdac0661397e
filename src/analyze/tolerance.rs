//! For which values of a param can all rows hold?
//!
//! Where the param enters the sides alone, and they are affine in it, it is one more variable of the linear program, and
//! the answer is exact. Where it enters coefficients, values are tried and the ends of the feasible interval bisected.

use super::feasibility::Cells;
use super::linear::{Answer, Line};
use crate::runtime::problem::Problem;

/// The values of a param with which all rows can hold, the other params as they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tolerance {
    /// From the least to the greatest. Whether all between are feasible too is known where `exact`; else the interval
    /// around a value that is. Which of the two is no more than where the search ended, so that values beyond it may do too, is
    /// known by `open`.
    Within { least: f64, greatest: f64, exact: bool, open: [bool; 2] },
    /// No value of its range will do.
    Never,
    /// Too many variables, a param that decides who is in an event, or the solver gave up.
    Unknown,
}

/// The batch with the param at a value; none where no problem can be made, for instance since sides cross.
pub type AtValue<'a> = dyn FnMut(f64) -> Option<Problem> + 'a;

/// Values tried in search of a feasible one.
const TRIED: usize = 33;
/// Steps of bisection: more than the digits of a double.
const HALVINGS: usize = 60;
/// An infinite range is searched this far, in units of the present value (and at least one).
const FAR: f64 = 1e3;

/// Searches `range` for feasible values of a param that is `value` now.
pub fn tolerance(at: &mut AtValue<'_>, value: f64, range: (f64, f64)) -> Tolerance {
    let far = FAR * value.abs().max(1.0);
    let searched = (range.0.max(value - far), range.1.min(value + far));
    let mut found = as_variable(at, value, searched).unwrap_or_else(|| by_trial(at, value, searched));
    if let Tolerance::Within { least, greatest, open, .. } = &mut found {
        let near = 1e-9 * far;
        let (below, above) = (range.0 < searched.0, searched.1 < range.1);
        *open = [below && *least <= searched.0 + near, above && *greatest >= searched.1 - near];
    }
    found
}

/// The param as a variable; none where it does not enter by affine sides alone.
fn as_variable(at: &mut AtValue<'_>, value: f64, range: (f64, f64)) -> Option<Tolerance> {
    let step = (1e-3 * value.abs().max(1.0)).min(0.25 * (range.1 - range.0));
    let base = if value + 2.0 * step <= range.1 { value } else { value - 2.0 * step };
    if step.partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) || base < range.0 {
        return None;
    }
    let mut cells = |value: f64| Cells::of(&at(value)?).ok()?;
    let (zero, one, two) = (cells(base)?, cells(base + step)?, cells(base + 2.0 * step)?);
    let same = |other: &Cells| {
        let entries = |cells: &Cells| cells.program.lines.iter().map(|line| line.entries.clone()).collect::<Vec<_>>();
        other.program.intervals == zero.program.intervals && entries(other) == entries(&zero)
    };
    if !same(&one) || !same(&two) {
        return None;
    }
    // What is affine here may bend elsewhere: `min(eps, 0.03)`.
    for far in [0.0, 0.3, 0.7, 1.0].map(|part| range.0 + part * (range.1 - range.0)) {
        let there = cells(far)?;
        if !same(&there) || bends([&zero, &one, &there], (far - base) / step) {
            return None;
        }
    }
    let mut program = zero.program.clone();
    let param = program.intervals.len();
    program.intervals.push(range);
    let lines = zero.program.lines.iter().zip(&one.program.lines).zip(&two.program.lines);
    let mut moved = Vec::new();
    for ((zero, one), two) in lines {
        for (sign, sides) in [(1.0, [zero.upper, one.upper, two.upper]), (-1.0, [-zero.lower, -one.lower, -two.lower])]
        {
            if sides.iter().all(|side| *side == f64::INFINITY) {
                continue;
            }
            let slope = (sides[1] - sides[0]) / step;
            let bend = sides[2] - 2.0 * sides[1] + sides[0];
            if !sides.iter().all(|side| side.is_finite()) || bend.abs() > 1e-12 * sides[0].abs().max(step) {
                return None;
            }
            // sign·a x ≤ side + slope (p − base)
            let mut entries: Vec<(usize, f64)> = zero.entries.iter().map(|&(place, a)| (place, sign * a)).collect();
            entries.push((param, -slope));
            moved.push(Line { entries, lower: f64::NEG_INFINITY, upper: sides[0] - slope * base });
        }
    }
    program.lines = moved;
    Some(match (program.minimise(&[(param, 1.0)]), program.maximise(&[(param, 1.0)])) {
        (Answer::Optimal { value: least, .. }, Answer::Optimal { value: greatest, .. }) => {
            Tolerance::Within { least, greatest, exact: true, open: [false; 2] }
        }
        (Answer::Infeasible, _) | (_, Answer::Infeasible) => Tolerance::Never,
        _ => Tolerance::Unknown,
    })
}

/// Whether a side is off the line through its values at the first two, so many steps from the first.
fn bends([zero, one, there]: [&Cells; 3], steps: f64) -> bool {
    let off = |zero: f64, one: f64, there: f64| {
        let line = zero + (one - zero) * steps;
        // No side is none everywhere.
        let none = zero.is_infinite() && zero == there;
        !(none || (line - there).abs() <= 1e-9 * zero.abs().max(there.abs()).max(1.0))
    };
    let lines = zero.program.lines.iter().zip(&one.program.lines).zip(&there.program.lines);
    let mut lines = lines
        .map(|((zero, one), there)| off(zero.lower, one.lower, there.lower) || off(zero.upper, one.upper, there.upper));
    lines.any(|bent| bent)
}

/// Tries values, and bisects the ends of the feasible ones.
fn by_trial(at: &mut AtValue<'_>, value: f64, range: (f64, f64)) -> Tolerance {
    let mut feasible = |value: f64| match at(value) {
        Some(problem) => Cells::of(&problem).ok().flatten()?.program.is_feasible(),
        None => Some(false),
    };
    let steps = (0..TRIED).map(|i| range.0 + (range.1 - range.0) * i as f64 / (TRIED - 1) as f64);
    for inside in std::iter::once(value).chain(steps) {
        match feasible(inside) {
            Some(false) => continue,
            // It will not be decided elsewhere either.
            None => return Tolerance::Unknown,
            Some(true) => {}
        }
        let ends = [range.0, range.1].map(|end| bisect(&mut feasible, inside, end));
        return match ends {
            [Some(least), Some(greatest)] => Tolerance::Within { least, greatest, exact: false, open: [false; 2] },
            _ => Tolerance::Unknown,
        };
    }
    Tolerance::Never
}

/// The last feasible value between one that is and an end; none where that cannot be decided.
fn bisect(feasible: &mut impl FnMut(f64) -> Option<bool>, inside: f64, end: f64) -> Option<f64> {
    if feasible(end)? {
        return Some(end);
    }
    let (mut good, mut bad) = (inside, end);
    for _ in 0..HALVINGS {
        let middle = good + 0.5 * (bad - good);
        if middle == good || middle == bad {
            break;
        }
        if feasible(middle)? { good = middle } else { bad = middle }
    }
    Some(good)
}
