//! The tables for people.

use super::{ByCutoff, PriceReport, Sweep, change, costly};
use crate::analyze::{Ended, Point, RowPoint};
use crate::bind::Reach;
use crate::report::layout::fit;
use crate::report::number::{limit, many, plain, short, whole};
use crate::report::table::{Align, Paint, Table};

/// More groups than these are shown by `--all` alone.
const MOST_GROUPS: usize = 4;
pub(super) const NOTHING: &str = "-";

impl PriceReport<'_> {
    /// The report for people: for each param a line for each value, then the groups.
    pub fn text(&self, paint: &dyn Paint) -> String {
        let settings = if self.settings.is_empty() { String::new() } else { format!(", {}", self.settings.join(", ")) };
        let n = many(self.n, "sample");
        let priced = match &self.by_cutoff {
            Some(alone) => alone.words(self.prediction),
            None => format!("predictions `{}`", self.prediction),
        };
        let mut out: String = self.sweeps.iter().map(|sweep| paint.strong(&self.headline(sweep)) + "\n").collect();
        out.push_str(&format!("{} on {}: {n}, {priced}{settings}\n", self.spec, self.data));
        for sweep in &self.sweeps {
            out.push_str(&format!("\n  {}, now {}\n\n", paint.strong(sweep.param), plain(sweep.present)));
            let (second, words) = match &self.by_cutoff {
                Some(alone) => (self.rates(alone, sweep, paint), self.words_of_gains(alone, sweep)),
                None => (self.changes(sweep, paint), self.words(sweep)),
            };
            out.push_str(&self.values(sweep).render(paint));
            out.push_str(&self.unusual(sweep));
            out.push_str(&second);
            if self.all {
                out.push_str(&self.rows(sweep, paint));
            }
            out.push_str(&words);
        }
        if !self.left_over.is_empty() {
            out.push_str(&format!(
                "\n  {} no part:\n",
                match self.left_over.len() {
                    1 => "1 row takes".to_owned(),
                    several => format!("{several} rows take"),
                }
            ));
            let shown = if self.all { usize::MAX } else { MOST_GROUPS };
            for (row, reason) in self.left_over.iter().take(shown) {
                out.push_str(&format!("    {}: {reason}\n", self.row_name(*row)));
            }
            if self.left_over.len() > shown {
                out.push_str(&format!("    and {} more (`--all` shows them)\n", self.left_over.len() - shown));
            }
        }
        fit(&out, paint.width())
    }

    /// What the spec costs as it is: `eps = 0.02: 1,000 of 1,000 predictions move, by 0.0257 on average; none from 0.08 on`.
    pub(in crate::report) fn headline(&self, sweep: &Sweep<'_>) -> String {
        let shown = sweep.shown();
        let named = format!("{} = {}", sweep.param, plain(sweep.present));
        let Some(point) = shown.iter().find(|point| sweep.is_now(point)) else {
            return format!("{named}: its sides cross");
        };
        let words = match (&point.decided, &self.by_cutoff, point.movement) {
            (Some(decided), Some(alone), _) => {
                let kept = alone.kept(decided.gain);
                let kept = kept
                    .map_or_else(String::new, |kept| format!(", {:.1}% of what the cutoff alone gains", 100.0 * kept));
                format!("decisions gain {}{kept}", short(decided.gain))
            }
            (_, None, Some(moves)) if moves.moved == 0 => "no prediction has to move".to_owned(),
            (_, None, Some(moves)) => {
                let (moved, all) = (whole(moves.moved), many(moves.n, "prediction"));
                format!("{moved} of {all} move, by {} on average", short(moves.mean()))
            }
            _ => "nothing satisfies the spec".to_owned(),
        };
        let rests = |point: &&&Point| point.movement.is_some_and(|moves| moves.moved == 0);
        let free = shown.iter().rev().take_while(rests).last().filter(|free| free.value > sweep.present);
        let free = free.filter(|_| self.by_cutoff.is_none());
        format!(
            "{named}: {words}{}",
            free.map_or_else(String::new, |free| format!("; none from {} on", plain(free.value)))
        )
    }

    /// What each value costs, and the row that costs most.
    fn costs(&self, sweep: &Sweep<'_>) -> Lines {
        let several = costly(sweep).len() > 1;
        let priced = sweep.reach == Reach::Sides;
        let mut heads = vec![sweep.param.to_owned()];
        heads.extend(["moved", "mean move", "largest"].map(str::to_owned));
        heads.extend(priced.then(|| "price".to_owned()));
        let rows: &[&str] = if several { &["costliest row"] } else { &["before", "after"] };
        heads.extend(rows.iter().map(|head| (*head).to_owned()));
        let name = if several { heads.len() - 1 } else { usize::MAX };
        let mut lines = Lines::new(heads, name);
        for point in sweep.shown() {
            let mut cells = vec![plain(point.value)];
            let Some(movement) = point.movement else {
                cells.push("infeasible".to_owned());
                cells.extend(vec![NOTHING.to_owned(); lines.heads.len() - 2]);
                lines.enter(cells, sweep.is_now(point));
                continue;
            };
            cells.extend([
                format!("{:.0}%", 100.0 * movement.share()),
                short(movement.mean()),
                short(movement.largest),
            ]);
            cells.extend(priced.then(|| point.price.map_or_else(|| NOTHING.to_owned(), short)));
            cells.extend(self.costliest_cells(sweep, point, several));
            lines.enter(cells, sweep.is_now(point));
        }
        lines
    }

    /// What each value costs, as predictions or decisions are priced.
    pub(in crate::report) fn values(&self, sweep: &Sweep<'_>) -> Lines {
        match &self.by_cutoff {
            Some(alone) => self.gains(alone, sweep),
            None => self.costs(sweep),
        }
    }

    /// The name of the row that costs most, where there are several; else its value before and after.
    pub(super) fn costliest_cells(&self, sweep: &Sweep<'_>, point: &Point, several: bool) -> Vec<String> {
        let rows = || point.rows.iter().enumerate().filter_map(|(index, row)| Some((index, (*row)?)));
        let size = |row: &RowPoint| row.multiplier.unwrap_or(0.0).abs();
        let largest = rows().filter(|(_, row)| size(row) > 0.0).max_by(|a, b| size(&a.1).total_cmp(&size(&b.1)));
        let active = largest.is_some();
        let first = costly(sweep).first().copied().unwrap_or(0);
        let Some((index, row)) = largest.or_else(|| rows().find(|(index, _)| *index == first)) else {
            return vec![NOTHING.to_owned(); if several { 1 } else { 2 }];
        };
        let after = row.after.map_or_else(|| NOTHING.to_owned(), |value| rounded(value, &row));
        match (several, active) {
            (true, true) => vec![self.row_name(index)],
            (true, false) => vec![NOTHING.to_owned()],
            (false, _) => vec![rounded(row.before, &row), after],
        }
    }

    /// Values that did not end well.
    pub(in crate::report) fn unusual(&self, sweep: &Sweep<'_>) -> String {
        let mut out = String::new();
        let conflicts: Vec<Vec<String>> = sweep.shown().into_iter().map(|point| self.conflict(point)).collect();
        if let Some(rows) = conflicts.iter().find(|rows| !rows.is_empty()) {
            let names: Vec<String> = rows.iter().take(MOST_GROUPS).map(|name| format!("`{name}`")).collect();
            let more = rows.len().saturating_sub(MOST_GROUPS);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let none = self.by_cutoff.as_ref().map_or("no predictions within their bounds", ByCutoff::alternatives);
            out.push_str(&format!("    infeasible: {none} satisfy {}{more}\n", names.join(", ")));
        } else if sweep.shown().into_iter().any(|point| matches!(point.ended, Ended::Infeasible(..))) {
            out.push_str("    infeasible: the sides of a row leave no value\n");
        }
        if sweep.shown().into_iter().any(|point| point.ended == Ended::IterationLimit) {
            out.push_str("    some values were not solved to the end\n");
        }
        out
    }

    /// The mean change of each group; of the few that change most, unless all are wanted.
    fn changes(&self, sweep: &Sweep<'_>, paint: &dyn Paint) -> String {
        let (groups, more) = self.shown_groups(sweep);
        if groups.is_empty() {
            return String::new();
        }
        let heads = std::iter::once(sweep.param.to_owned()).chain(groups.iter().map(|&event| self.sized_name(event)));
        let mut lines = Lines::new(heads.collect(), usize::MAX);
        for point in sweep.shown().into_iter().filter(|point| point.movement.is_some()) {
            let cell = |event: &usize| change(point, *event).map_or_else(|| NOTHING.to_owned(), signed);
            lines.enter(
                std::iter::once(plain(point.value)).chain(groups.iter().map(cell)).collect(),
                sweep.is_now(point),
            );
        }
        format!("\n  mean change of each group\n\n{}{more}", lines.render(paint))
    }

    /// A group with its size.
    pub(in crate::report) fn sized_name(&self, event: usize) -> String {
        let size = self.sizes.get(event).copied().flatten();
        let size = size.map_or_else(String::new, |size| format!(" ({size})"));
        format!("{}{size}", self.event_name(event))
    }

    /// The groups that are shown, and a line on those that are not.
    pub(in crate::report) fn shown_groups(&self, sweep: &Sweep<'_>) -> (Vec<usize>, String) {
        let largest = |event: usize| {
            let changes = sweep.shown().into_iter().filter_map(|point| change(point, event));
            changes.fold(0.0_f64, |largest, change| largest.max(change.abs()))
        };
        let mut groups = self.groups();
        let most = if self.all { groups.len() } else { MOST_GROUPS };
        let hidden = groups.len().saturating_sub(most);
        if hidden > 0 {
            groups.sort_by(|a, b| largest(*b).total_cmp(&largest(*a)));
            groups.truncate(most);
            groups.sort_unstable();
        }
        let more = match hidden {
            0 => String::new(),
            _ => format!("    and {} (`--all` shows them)\n", many(hidden, "more group")),
        };
        (groups, more)
    }

    /// Every row at every value.
    fn rows(&self, sweep: &Sweep<'_>, paint: &dyn Paint) -> String {
        let mut table = Table::default();
        table.cells([sweep.param, "row", "before", "after", "multiplier", "limit"].map(str::to_owned));
        for point in sweep.shown() {
            for (index, row) in point.rows.iter().enumerate().filter_map(|(index, row)| Some((index, (*row)?))) {
                let number =
                    |value: Option<f64>| value.map_or_else(|| NOTHING.to_owned(), |value| rounded(value, &row));
                table.cells([
                    plain(point.value),
                    self.row_name(index),
                    number(Some(row.before)),
                    number(row.after),
                    row.multiplier.map_or_else(|| NOTHING.to_owned(), short),
                    limit(row.lower, row.upper),
                ]);
            }
        }
        let align = [Align::Right, Align::Left, Align::Right, Align::Right, Align::Right, Align::Left];
        format!("\n  every row\n\n{}", table.render("    ", paint.width(), &align, |_, cell| cell))
    }

    /// What the columns mean, in words.
    pub(in crate::report) fn words(&self, sweep: &Sweep<'_>) -> String {
        let param = sweep.param;
        let cost = "cost: half the squared distance of all moves";
        let price = match sweep.reach {
            Reach::Sides => format!("\n  price: cost saved per unit of extra {param} ({cost})\n"),
            Reach::Nothing => format!("\n  no row that takes part reads {param}\n"),
            Reach::Matrix | Reach::Encoding => String::new(),
        };
        let multiplier = format!("  multiplier: cost saved per unit of extra slack in the row ({cost})\n");
        format!("{price}{}", if self.all { multiplier } else { String::new() })
    }
}

/// Lines of a table of which neighbours that differ in their value alone are one; that of the present value stays.
pub(in crate::report) struct Lines {
    pub heads: Vec<String>,
    /// The column that is text.
    name: usize,
    lines: Vec<Run>,
}

/// Lines that say the same.
struct Run {
    from: String,
    to: Option<String>,
    rest: Vec<String>,
    now: bool,
}

impl Lines {
    pub fn new(heads: Vec<String>, name: usize) -> Lines {
        Lines { heads, name, lines: Vec::new() }
    }

    pub fn enter(&mut self, mut cells: Vec<String>, now: bool) {
        let rest = cells.split_off(1.min(cells.len()));
        let value = cells.pop().unwrap_or_default();
        match self.lines.last_mut() {
            Some(last) if last.rest == rest && !last.now && !now => last.to = Some(value),
            Some(_) | None => self.lines.push(Run { from: value, to: None, rest, now }),
        }
    }

    /// The cells of each line; the first says which is the present value.
    pub fn cells(&self) -> impl Iterator<Item = Vec<String>> {
        self.lines.iter().map(|Run { from, to, rest, now }| {
            let value = to.as_ref().map_or_else(|| from.clone(), |to| format!("{from} .. {to}"));
            let value = if *now { format!("now={value}") } else { value };
            std::iter::once(value).chain(rest.iter().cloned()).collect()
        })
    }

    /// Whether the column is text.
    pub fn is_text(&self, column: usize) -> bool {
        column == self.name
    }

    /// For a terminal.
    pub fn render(&self, paint: &dyn Paint) -> String {
        let mut table = Table::default();
        table.cells(self.heads.iter().cloned());
        self.cells().for_each(|cells| table.cells(cells));
        let align = |column: usize| if self.is_text(column) { Align::Left } else { Align::Right };
        let align: Vec<Align> = (0..self.heads.len()).map(align).collect();
        table.render("    ", paint.width(), &align, |_, cell| infeasible_as_bad(cell, paint))
    }
}

/// A cell that says so in the colour of what does not hold.
fn infeasible_as_bad(cell: String, paint: &dyn Paint) -> String {
    if cell.trim() == "infeasible" { paint.bad(&cell) } else { cell }
}

fn signed(value: f64) -> String {
    if value.abs() < 5e-7 { "0".to_owned() } else { format!("{value:+.4}") }
}

/// A value of a row; what is rounding beside its other numbers is 0.
fn rounded(value: f64, row: &RowPoint) -> String {
    let size = [row.before, row.lower, row.upper].into_iter().filter(|it| it.is_finite());
    let size = size.fold(0.0_f64, |size, it| size.max(it.abs()));
    short(if value.abs() <= 1e-9 * size { 0.0 } else { value })
}
