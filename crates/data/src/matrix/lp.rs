//! CPLEX LP: rows as one would write them, for people and solvers.
//!
//! Sample `i` (from 1) is the variable `yi`. The constant of the objective stands behind its linear terms. Readers do not
//! agree on `l <= .. <= u` (HiGHS 1.15 takes it apart wrongly), so a two-sided row `j` is written `.. - rowj = 0`, and its
//! value `rowj` has the sides as bounds: to the last bit, where a width would be rounded. Numbers are the shortest that
//! read back as the same doubles.

use std::io::{self, Write};

use super::Numbers;
use super::names::{Alphabet, one_line, safe};
use super::quadratic::{Sides, Slack};
use crate::column::Shortest;

/// Terms on a line.
const TERMS: usize = 6;
/// The variable that is the value of a two-sided row.
const VALUE: &str = "row";

pub(super) fn write(numbers: &Numbers<'_>, out: &mut impl Write) -> io::Result<()> {
    let names = safe(numbers.names, Alphabet::Lp, &["obj"]);
    let slacks = numbers.slacks();
    writeln!(out, "\\ y1 is the first sample, row1 the value of the first row, rows keep their order")?;
    if numbers.auxiliaries > 0 {
        writeln!(
            out,
            "\\ t1 is at least the distance of a prediction from a point, by the rows t1_above and t1_below"
        )?;
    }
    for (name, old) in names.iter().zip(numbers.names).filter(|(name, old)| name != old) {
        writeln!(out, "\\ row {name}: {}", one_line(old))?;
    }
    objective(numbers, &slacks, out)?;
    writeln!(out, "Subject To")?;
    for (row, name) in names.iter().enumerate() {
        constraint(numbers, row, name, &slacks, out)?;
    }
    writeln!(out, "Bounds")?;
    for (column, (&lo, &hi)) in numbers.lo.iter().zip(numbers.hi).enumerate() {
        bound(&numbers.column(column), Sides::of(lo, hi), out)?;
    }
    for (row, (&lower, &upper)) in (1..).zip(numbers.l.iter().zip(numbers.u)) {
        if let sides @ Sides::Between(..) = Sides::of(lower, upper) {
            bound(&format!("{VALUE}{row}"), sides, out)?;
        }
    }
    writeln!(out, "End")
}

fn bound(name: &str, sides: Sides, out: &mut impl Write) -> io::Result<()> {
    match sides {
        Sides::Free => writeln!(out, " {name} free"),
        Sides::Equal(value) => writeln!(out, " {name} = {}", Shortest(value)),
        Sides::AtLeast(lo) => writeln!(out, " {name} >= {}", Shortest(lo)),
        Sides::AtMost(hi) => writeln!(out, " -infinity <= {name} <= {}", Shortest(hi)),
        Sides::Between(lo, hi) => writeln!(out, " {} <= {name} <= {}", Shortest(lo), Shortest(hi)),
    }
}

fn objective(numbers: &Numbers<'_>, slacks: &[Slack], out: &mut impl Write) -> io::Result<()> {
    let costs = || (0..numbers.samples()).filter_map(|sample| Some((sample + 1, numbers.costs(sample)?)));
    writeln!(out, "Minimize")?;
    write!(out, " obj:")?;
    let mut terms = Terms { out, written: 0 };
    for (y, (linear, _)) in costs().filter(|(_, (linear, _))| *linear != 0.0) {
        terms.add(linear, format_args!(" y{y}"))?;
    }
    for slack in slacks {
        terms.add(slack.cost, format_args!(" {}", slack.name))?;
    }
    let constant = numbers.constant();
    if constant != 0.0 {
        terms.add(constant, format_args!(""))?;
    }
    if costs().next().is_some() {
        write!(terms.out, "\n  + [")?;
        terms.written = 0;
        for (y, (_, square)) in costs() {
            terms.add(square, format_args!(" y{y} ^2"))?;
        }
        write!(terms.out, " ] / 2")?;
    }
    writeln!(out)
}

fn constraint(numbers: &Numbers<'_>, row: usize, name: &str, slacks: &[Slack], out: &mut impl Write) -> io::Result<()> {
    let side = |sides: &[f64], none: f64| sides.get(row).copied().unwrap_or(none);
    let sides = Sides::of(side(numbers.l, f64::NEG_INFINITY), side(numbers.u, f64::INFINITY));
    write!(out, " {name}:")?;
    let mut terms = Terms { out, written: 0 };
    for (sample, value) in numbers.row(row) {
        terms.add(value, format_args!(" {}", numbers.column(sample)))?;
    }
    let first = slacks.partition_point(|slack| slack.row < row);
    for slack in slacks.iter().skip(first).take_while(|slack| slack.row == row) {
        terms.add(slack.entry, format_args!(" {}", slack.name))?;
    }
    if let Sides::Between(..) = sides {
        terms.add(-1.0, format_args!(" {VALUE}{}", row + 1))?;
    }
    if terms.written == 0 {
        // A row needs a term.
        terms.add(0.0, format_args!(" y1"))?;
    }
    match sides {
        Sides::Free => writeln!(out, " >= -infinity"),
        Sides::Equal(value) => writeln!(out, " = {}", Shortest(value)),
        Sides::AtLeast(lower) => writeln!(out, " >= {}", Shortest(lower)),
        Sides::AtMost(upper) => writeln!(out, " <= {}", Shortest(upper)),
        Sides::Between(..) => writeln!(out, " = 0"),
    }
}

/// A sum, a few terms on a line.
struct Terms<'o, W> {
    out: &'o mut W,
    written: usize,
}

impl<W: Write> Terms<'_, W> {
    fn add(&mut self, coefficient: f64, variable: std::fmt::Arguments<'_>) -> io::Result<()> {
        let sign = if coefficient.is_sign_negative() { '-' } else { '+' };
        let gap = if self.written > 0 && self.written.is_multiple_of(TERMS) { "\n  " } else { " " };
        self.written += 1;
        write!(self.out, "{gap}{sign} {}{variable}", Shortest(coefficient.abs()))
    }
}
