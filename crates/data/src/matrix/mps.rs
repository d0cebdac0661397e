//! Free-format MPS with a quadratic objective (`QUADOBJ`), which almost every solver reads.
//!
//! Sample `i` (from 1) is the column `yi`, the objective `½ Σ w y² − Σ w z y`, and minus its constant stands as the right
//! side of the objective row. MPS wants columns; the compressed rows are merged while they are written, so nothing is
//! kept beside the matrix.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Write};

use super::Numbers;
use super::names::{Alphabet, one_line, safe};
use super::quadratic::{Sides, Slack};
use crate::column::Shortest;

const OBJECTIVE: &str = "obj";

pub(super) fn write(numbers: &Numbers<'_>, out: &mut impl Write) -> io::Result<()> {
    let names = safe(numbers.names, Alphabet::Mps, &[OBJECTIVE]);
    let slacks = numbers.slacks();
    writeln!(out, "* y1 is the first sample, rows keep their order")?;
    if numbers.auxiliaries > 0 {
        writeln!(out, "* t1 is at least the distance of a prediction from a point, by the rows t1_above and t1_below")?;
    }
    for (name, old) in names.iter().zip(numbers.names).filter(|(name, old)| name != old) {
        writeln!(out, "* row {name}: {}", one_line(old))?;
    }
    writeln!(out, "NAME fairc\nROWS\n N {OBJECTIVE}")?;
    let sides = || numbers.l.iter().zip(numbers.u).map(|(&lower, &upper)| Sides::of(lower, upper));
    for (name, sides) in names.iter().zip(sides()) {
        writeln!(out, " {} {name}", kind(sides))?;
    }
    columns(numbers, &names, &slacks, out)?;
    writeln!(out, "RHS")?;
    let constant = numbers.constant();
    if constant != 0.0 {
        writeln!(out, " SIDES {OBJECTIVE} {}", Shortest(-constant))?;
    }
    for (name, sides) in names.iter().zip(sides()) {
        if let Some(side) = side(sides).filter(|side| *side != 0.0) {
            writeln!(out, " SIDES {name} {}", Shortest(side))?;
        }
    }
    writeln!(out, "RANGES")?;
    for (name, sides) in names.iter().zip(sides()) {
        if let Sides::Between(lower, upper) = sides {
            writeln!(out, " WIDTHS {name} {}", Shortest(range(lower, upper).width))?;
        }
    }
    writeln!(out, "BOUNDS")?;
    let bounds = numbers.lo.iter().zip(numbers.hi).enumerate();
    bounds.into_iter().try_for_each(|(column, (&lo, &hi))| bound(&numbers.column(column), lo, hi, out))?;
    let squares = || (1..).zip(0..numbers.samples()).filter_map(|(y, sample)| Some((y, numbers.costs(sample)?.1)));
    if squares().next().is_some() {
        writeln!(out, "QUADOBJ")?;
        squares().try_for_each(|(y, square): (usize, f64)| writeln!(out, " y{y} y{y} {}", Shortest(square)))?;
    }
    writeln!(out, "ENDATA")
}

fn kind(sides: Sides) -> char {
    match sides {
        Sides::Free => 'N',
        Sides::Equal(_) => 'E',
        Sides::AtLeast(_) => 'G',
        Sides::AtMost(_) => 'L',
        Sides::Between(lower, upper) => range(lower, upper).kind,
    }
}

/// The right side of a row; none for a free one.
fn side(sides: Sides) -> Option<f64> {
    match sides {
        Sides::Free => None,
        Sides::Equal(side) | Sides::AtLeast(side) | Sides::AtMost(side) => Some(side),
        Sides::Between(lower, upper) => Some(if range(lower, upper).kind == 'G' { lower } else { upper }),
    }
}

/// A two-sided row: one side, and the distance to the other.
struct Range {
    /// `G`: the side is the lower one, and the other is `side + width`; `L`: the upper one, and `side - width`.
    kind: char,
    width: f64,
}

/// Readers compute the other side, with a rounding: a width is chosen that gives it to the last bit, or the nearest.
fn range(lower: f64, upper: f64) -> Range {
    let width = upper - lower;
    let near = [width, width.next_up(), width.next_down()];
    let exact = near.iter().find(|width| lower + **width == upper).map(|&width| Range { kind: 'G', width });
    let below = || near.iter().find(|width| upper - **width == lower).map(|&width| Range { kind: 'L', width });
    exact.or_else(below).unwrap_or(Range { kind: 'G', width })
}

/// All columns: the next entries of the rows are kept in a heap, least column first.
fn columns(numbers: &Numbers<'_>, names: &[String], slacks: &[Slack], out: &mut impl Write) -> io::Result<()> {
    let mut rows: Vec<_> = (0..numbers.rows()).map(|row| numbers.row(row)).collect();
    let mut next = BinaryHeap::new();
    let mut values = vec![0.0; rows.len()];
    let mut advance = |row: usize, heap: &mut BinaryHeap<Reverse<(usize, usize)>>, values: &mut [f64]| {
        let entry = rows.get_mut(row).and_then(Iterator::next);
        if let (Some((sample, value)), Some(slot)) = (entry, values.get_mut(row)) {
            *slot = value;
            heap.push(Reverse((sample, row)));
        }
    };
    (0..numbers.rows()).for_each(|row| advance(row, &mut next, &mut values));
    writeln!(out, "COLUMNS")?;
    for sample in 0..numbers.samples() {
        let (y, cost) = (numbers.column(sample), numbers.costs(sample).map_or(0.0, |(linear, _)| linear));
        let in_rows = next.peek().is_some_and(|Reverse((at, _))| *at == sample);
        // A column without entries has to be named all the same.
        if cost != 0.0 || !in_rows {
            writeln!(out, " {y} {OBJECTIVE} {}", Shortest(cost))?;
        }
        while let Some(&Reverse((at, row))) = next.peek()
            && at == sample
        {
            next.pop();
            let (name, value) = (names.get(row).map_or("", String::as_str), values.get(row).copied().unwrap_or(0.0));
            writeln!(out, " {y} {name} {}", Shortest(value))?;
            advance(row, &mut next, &mut values);
        }
    }
    for slack in slacks {
        let name = names.get(slack.row).map_or("", String::as_str);
        writeln!(out, " {} {OBJECTIVE} {}", slack.name, Shortest(slack.cost))?;
        writeln!(out, " {} {name} {}", slack.name, Shortest(slack.entry))?;
    }
    Ok(())
}

/// Both sides are written always: what a reader takes for granted differs where an upper bound is negative.
fn bound(y: &str, lo: f64, hi: f64, out: &mut impl Write) -> io::Result<()> {
    match Sides::of(lo, hi) {
        Sides::Free => writeln!(out, " FR BOX {y}"),
        Sides::Equal(value) => writeln!(out, " FX BOX {y} {}", Shortest(value)),
        Sides::AtLeast(lo) => writeln!(out, " LO BOX {y} {}", Shortest(lo)),
        Sides::AtMost(hi) => writeln!(out, " MI BOX {y}\n UP BOX {y} {}", Shortest(hi)),
        Sides::Between(lo, hi) => writeln!(out, " LO BOX {y} {}\n UP BOX {y} {}", Shortest(lo), Shortest(hi)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_read_back() {
        let mut state = 1_u64;
        let mut draw = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let mantissa = (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5;
            mantissa * 10.0_f64.powi((state % 13) as i32 - 6)
        };
        let mut inexact = 0;
        for _ in 0..100_000 {
            let (a, b) = (draw(), draw());
            let (lower, upper) = (a.min(b), a.max(b));
            let Range { kind, width } = range(lower, upper);
            let other = if kind == 'G' { lower + width } else { upper - width };
            let wanted = if kind == 'G' { upper } else { lower };
            inexact += usize::from(other != wanted);
            assert!((other - wanted).abs() <= f64::EPSILON * wanted.abs().max(width));
        }
        // For some sides no width reads back to the last bit; most have one.
        assert!(inexact < 5_000, "{inexact}");
        for eps in [0.02, 0.1, 1e-9, 1.0 / 3.0] {
            let Range { kind, width } = range(-eps, eps);
            assert_eq!((kind, width - eps), ('G', eps));
        }
    }
}
