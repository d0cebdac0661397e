//! The tables for people.

use super::{ByCutoff, PriceReport, Sweep, change, costly};
use crate::analyze::{Ended, Point, RowPoint};
use crate::bind::Reach;
use crate::language::words::counted;
use crate::report::number::{limit, plain, short};
use crate::report::table::{Align, Paint, Table};

/// More groups than these are shown by `--all` alone.
const MOST_GROUPS: usize = 4;
pub(super) const NOTHING: &str = "-";
const FALLS: &str = "what half the squared distance falls by";

impl PriceReport<'_> {
    /// The report for people: for each param a line for each value, then the groups.
    pub fn text(&self, paint: &dyn Paint) -> String {
        let settings = if self.settings.is_empty() { String::new() } else { format!(", {}", self.settings.join(", ")) };
        let n = counted(self.n, "sample");
        let priced = match &self.by_cutoff {
            Some(alone) => alone.words(self.prediction),
            None => format!("predictions `{}`", self.prediction),
        };
        let mut out = format!("{} on {}: {n}, {priced}{settings}\n", self.spec, self.data);
        for sweep in &self.sweeps {
            out.push_str(&format!("\n  {}, now {}\n\n", paint.strong(sweep.param), plain(sweep.present)));
            let (first, second, words) = match &self.by_cutoff {
                Some(alone) => {
                    (self.gains(alone, sweep, paint), self.rates(alone, sweep), self.words_of_gains(alone, sweep))
                }
                None => (self.costs(sweep, paint), self.changes(sweep), self.words(sweep)),
            };
            out.push_str(&first);
            out.push_str(&second);
            if self.all {
                out.push_str(&self.rows(sweep));
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
        out
    }

    /// What each value costs, and the row that costs most.
    fn costs(&self, sweep: &Sweep<'_>, paint: &dyn Paint) -> String {
        let several = costly(sweep).len() > 1;
        let priced = sweep.reach == Reach::Sides;
        let mut table = Table::default();
        let mut heads = vec![sweep.param, "moved", "mean move", "distance"];
        heads.extend(priced.then_some("price"));
        heads.extend(several.then_some("costliest row"));
        heads.extend(["before", "after", "multiplier"]);
        table.cells(heads.iter().map(|head| (*head).to_owned()));
        for point in &sweep.points {
            let mut cells = vec![plain(point.value)];
            let Some(movement) = point.movement else {
                cells.push("infeasible".to_owned());
                cells.extend(vec![NOTHING.to_owned(); heads.len() - 2]);
                table.cells(cells);
                continue;
            };
            cells.extend([
                format!("{:.0}%", 100.0 * movement.share()),
                short(movement.mean()),
                short(movement.distance()),
            ]);
            cells.extend(priced.then(|| point.price.map_or_else(|| NOTHING.to_owned(), short)));
            let (name, numbers) = self.costliest(sweep, point);
            cells.extend(several.then_some(name));
            cells.extend(numbers);
            table.cells(cells);
        }
        let name = if several { heads.len() - 4 } else { usize::MAX };
        let align: Vec<Align> =
            (0..heads.len()).map(|column| if column == name { Align::Left } else { Align::Right }).collect();
        let mut out = table.render("    ", &align, |_, cell| infeasible_as_bad(cell, paint));
        out.push_str(&self.unusual(sweep));
        out
    }

    /// Name and numbers of the row with the largest multiplier at a value; of that which costs most anywhere where none
    /// is active.
    pub(super) fn costliest(&self, sweep: &Sweep<'_>, point: &Point) -> (String, [String; 3]) {
        let rows = || point.rows.iter().enumerate().filter_map(|(index, row)| Some((index, (*row)?)));
        let size = |row: &RowPoint| row.multiplier.unwrap_or(0.0).abs();
        let largest = rows().filter(|(_, row)| size(row) > 0.0).max_by(|a, b| size(&a.1).total_cmp(&size(&b.1)));
        let active = largest.is_some();
        let first = costly(sweep).first().copied().unwrap_or(0);
        let Some((index, row)) = largest.or_else(|| rows().find(|(index, _)| *index == first)) else {
            return (NOTHING.to_owned(), [NOTHING; 3].map(str::to_owned));
        };
        let name = if active { self.row_name(index) } else { NOTHING.to_owned() };
        let number = |value: Option<f64>| value.map_or_else(|| NOTHING.to_owned(), |value| rounded(value, &row));
        (name, [number(Some(row.before)), number(row.after), row.multiplier.map_or_else(|| NOTHING.to_owned(), short)])
    }

    /// Values that did not end well.
    pub(super) fn unusual(&self, sweep: &Sweep<'_>) -> String {
        let mut out = String::new();
        let conflicts: Vec<Vec<String>> = sweep.points.iter().map(|point| self.conflict(point)).collect();
        if let Some(rows) = conflicts.iter().find(|rows| !rows.is_empty()) {
            let names: Vec<String> = rows.iter().take(MOST_GROUPS).map(|name| format!("`{name}`")).collect();
            let more = rows.len().saturating_sub(MOST_GROUPS);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let none = self.by_cutoff.as_ref().map_or("no predictions within their bounds", ByCutoff::alternatives);
            out.push_str(&format!("    infeasible: {none} satisfy {}{more}\n", names.join(", ")));
        } else if sweep.points.iter().any(|point| matches!(point.ended, Ended::Infeasible(..))) {
            out.push_str("    infeasible: the sides of a row leave no value\n");
        }
        if sweep.points.iter().any(|point| point.ended == Ended::IterationLimit) {
            out.push_str("    some values were not solved to the end\n");
        }
        out
    }

    /// The mean change of each group; of the few that change most, unless all are wanted.
    fn changes(&self, sweep: &Sweep<'_>) -> String {
        let (groups, more) = self.shown_groups(sweep);
        if groups.is_empty() {
            return String::new();
        }
        let mut table = Table::default();
        table.cells(std::iter::once(sweep.param.to_owned()).chain(groups.iter().map(|&event| self.sized_name(event))));
        for point in sweep.points.iter().filter(|point| point.movement.is_some()) {
            let cell = |event: &usize| change(point, *event).map_or_else(|| NOTHING.to_owned(), signed);
            table.cells(std::iter::once(plain(point.value)).chain(groups.iter().map(cell)));
        }
        let align = vec![Align::Right; groups.len() + 1];
        format!("\n  mean change of each group\n\n{}{more}", table.render("    ", &align, |_, cell| cell))
    }

    /// A group with its size.
    pub(super) fn sized_name(&self, event: usize) -> String {
        let size = self.sizes.get(event).copied().flatten();
        let size = size.map_or_else(String::new, |size| format!(" ({size})"));
        format!("{}{size}", self.event_name(event))
    }

    /// The groups that are shown, and a line on those that are not.
    pub(super) fn shown_groups(&self, sweep: &Sweep<'_>) -> (Vec<usize>, String) {
        let largest = |event: usize| {
            let changes = sweep.points.iter().filter_map(|point| change(point, event));
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
        let more =
            if hidden > 0 { format!("    and {hidden} more groups (`--all` shows them)\n") } else { String::new() };
        (groups, more)
    }

    /// Every row at every value.
    fn rows(&self, sweep: &Sweep<'_>) -> String {
        let mut table = Table::default();
        table.cells([sweep.param, "row", "before", "after", "multiplier", "limit"].map(str::to_owned));
        for point in &sweep.points {
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
        format!("\n  every row\n\n{}", table.render("    ", &align, |_, cell| cell))
    }

    /// What the columns mean, in words.
    fn words(&self, sweep: &Sweep<'_>) -> String {
        let param = sweep.param;
        let price = match sweep.reach {
            Reach::Sides => format!("\n  price: {FALLS} for each unit that {param} grows\n"),
            Reach::Nothing => format!("\n  no row that takes part reads {param}\n"),
            Reach::Matrix | Reach::Encoding => "\n".to_owned(),
        };
        let same = if sweep.reach == Reach::Sides { "the same" } else { FALLS };
        format!("{price}  multiplier: {same} for each unit that the limit of the row alone grows\n")
    }
}

/// A cell that says so in the colour of what does not hold.
pub(super) fn infeasible_as_bad(cell: String, paint: &dyn Paint) -> String {
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
