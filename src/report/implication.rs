//! Whether one spec implies another, row by row, for people and as JSON.

use serde::Serialize;

use super::layout::fit;
use super::number::{plain, rounded, short};
use super::table::{Align, Paint, Table};
use crate::language::program::Direction;
use crate::language::words::counted;

/// A row of the second spec.
#[derive(Clone, Debug, Serialize)]
pub struct ImpliedRow {
    pub name: String,
    /// What it bounds, in the names of its spec.
    pub text: String,
    pub verdict: Implied,
    /// The side that the numbers are about: that which is broken, else the tighter one. `lower` or `upper`.
    pub side: Option<&'static str>,
    /// The furthest that it was found to come towards this side, and the limit there, as the row is written.
    pub reaches: Option<f64>,
    pub limit: Option<f64>,
    /// The rows of the first spec that prove it, with their multipliers.
    pub proof: Vec<Multiplier>,
    pub uses_bounds: bool,
    /// Linear programs that the proof took.
    pub cases: usize,
    /// Means that satisfy the first spec and break this row.
    pub counterexample: Vec<Mean>,
    /// Why it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Implied {
    Implied,
    Broken,
    Unknown,
    /// It takes no part in these data.
    Skipped,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Multiplier {
    pub row: String,
    pub side: &'static str,
    pub multiplier: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mean {
    pub event: String,
    pub samples: Option<usize>,
    pub mean: f64,
}

/// The answer.
#[derive(Clone, Debug, Serialize)]
pub struct Implication {
    pub premise: String,
    pub claim: String,
    pub data: Option<String>,
    pub n: Option<usize>,
    pub implied: Option<bool>,
    /// The specs have the same canonical form.
    pub same: bool,
    /// Nothing satisfies the first spec, so it implies anything.
    pub vacuous: bool,
    pub rows: Vec<ImpliedRow>,
    /// Why nothing can be said, where nothing can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl ImpliedRow {
    /// Enters the value of a side, and its limit, which of a lower side are turned: as the author wrote the row.
    pub fn reach(&mut self, upper: bool, direction: Direction, value: f64, limit: f64) {
        let sign = if upper { 1.0 } else { -1.0 };
        self.side = Some(if direction.is_upper(upper) { "upper" } else { "lower" });
        // Without a negative zero.
        let number = |turned: f64| Some(direction.number(sign * turned) + 0.0);
        (self.reaches, self.limit) = (number(value), number(limit));
    }
}

impl Implication {
    /// Sums the rows up: implied if all are, not implied if one is broken.
    pub fn conclude(&mut self) {
        for row in &mut self.rows {
            let numbers = row.reaches.iter_mut().chain(&mut row.limit);
            let numbers = numbers.chain(row.proof.iter_mut().map(|it| &mut it.multiplier));
            let numbers = numbers.chain(row.counterexample.iter_mut().map(|it| &mut it.mean));
            numbers.for_each(|number| *number = rounded(*number));
        }
        let skipped = self.rows.iter().filter(|row| row.verdict == Implied::Skipped).count();
        if skipped > 0 && !self.same && self.reason.is_none() {
            let rows = if skipped == 1 { "1 row takes".to_owned() } else { format!("{skipped} rows take") };
            self.reason = Some(format!("{rows} no part in these data, so not all could be compared"));
        }
        let any = |verdict| self.rows.iter().any(|row| row.verdict == verdict);
        self.implied = match (any(Implied::Broken), any(Implied::Unknown) || self.reason.is_some()) {
            (true, _) => Some(false),
            (false, true) => None,
            (false, false) => Some(true),
        };
    }

    /// The report for people.
    pub fn text(&self, paint: &dyn Paint, all: bool) -> String {
        let on = match (&self.data, self.n) {
            (Some(data), Some(n)) => format!(" on {data} ({})", counted(n, "sample")),
            _ => " on all data without empty groups".to_owned(),
        };
        let Implication { premise, claim, .. } = self;
        let headline = match self.implied {
            _ if self.same => paint.good(&format!("{premise} and {claim} mean the same")),
            Some(true) => paint.good(&format!("{premise} implies {claim}{on}")),
            Some(false) => paint.bad(&format!("{premise} does not imply {claim}{on}")),
            None => format!("whether {premise} implies {claim}{on} is not known"),
        };
        let mut out = format!("{headline}\n");
        if self.vacuous {
            out.push_str(&format!("  no predictions satisfy {premise}, so it implies anything\n"));
        }
        if let Some(reason) = &self.reason {
            out.push_str(&format!("  {reason}\n"));
        }
        let worth = |row: &&ImpliedRow| all || row.verdict != Implied::Implied || self.implied == Some(true);
        const MOST: usize = 12;
        let shown: Vec<&ImpliedRow> = self.rows.iter().filter(worth).collect();
        let most = if all { usize::MAX } else { MOST };
        shown.iter().take(most).for_each(|row| out.push_str(&self.row(row, paint.width(), all)));
        if shown.len() > most {
            out.push_str(&format!("\n  and {} (`--all` shows them)\n", counted(shown.len() - most, "more row")));
        }
        fit(&out, paint.width())
    }

    fn row(&self, row: &ImpliedRow, width: usize, all: bool) -> String {
        let mut out = format!("\n  {}: {}\n", row.name, row.text);
        let numbers = match (row.reaches, row.limit) {
            (Some(reaches), Some(limit)) => {
                let most = if row.side == Some("lower") { "at least" } else { "at most" };
                format!("{most} {}, limit {}", plain(reaches), plain(limit))
            }
            _ => String::new(),
        };
        match row.verdict {
            Implied::Skipped => out.push_str("    takes no part\n"),
            Implied::Unknown => {
                out.push_str(&format!("    not known: {}\n", row.reason.as_deref().unwrap_or("the solver gave up")));
            }
            Implied::Implied => {
                let from = self.proof(row);
                out.push_str(&format!("    {numbers}: {from}\n"));
            }
            Implied::Broken => {
                match (row.reaches.zip(row.limit), &row.reason) {
                    (Some((reaches, limit)), _) => {
                        let (comes, must) = match row.side {
                            Some("lower") => ("fall to", "at least"),
                            Some(_) | None => ("reach", "at most"),
                        };
                        let (reaches, limit) = (plain(reaches), plain(limit));
                        out.push_str(&format!("    can {comes} {reaches}, must be {must} {limit}"));
                    }
                    (None, reason) => {
                        out.push_str(&format!("    not implied: {}", reason.as_deref().unwrap_or("it is broken")))
                    }
                }
                out.push_str(if row.counterexample.is_empty() { "\n" } else { ", for example with\n" });
                out.push_str(&means(&row.counterexample, width, all));
            }
        }
        out
    }

    /// `from 1 x parity (upper) and the bounds of predictions`.
    fn proof(&self, row: &ImpliedRow) -> String {
        const MOST: usize = 4;
        let part = |it: &Multiplier| format!("{} x `{}` ({})", plain(it.multiplier), it.row, it.side);
        let mut parts: Vec<String> = row.proof.iter().take(MOST).map(part).collect();
        if row.proof.len() > MOST {
            parts.push(format!("{} more", row.proof.len() - MOST));
        }
        if row.uses_bounds || parts.is_empty() {
            parts.push("the bounds of predictions".to_owned());
        }
        let cases = if row.cases > 1 { format!(", in {} cases", row.cases) } else { String::new() };
        format!("from {}{cases}", parts.join(" + "))
    }
}

/// A counterexample has no more lines than these where not all are asked for.
const MOST_MEANS: usize = 12;

/// The means of a counterexample.
fn means(means: &[Mean], width: usize, all: bool) -> String {
    let most = if all { usize::MAX } else { MOST_MEANS };
    let mut table = Table::default();
    let samples = means.iter().any(|mean| mean.samples.is_some());
    let head = [""].into_iter().chain(samples.then_some("samples")).chain(["mean"]);
    table.cells(head.map(str::to_owned));
    for mean in means.iter().take(most) {
        let count = samples.then(|| mean.samples.map_or_else(String::new, |samples| samples.to_string()));
        table.cells([mean.event.clone()].into_iter().chain(count).chain([short(mean.mean)]));
    }
    let mut out = table.render("      ", width, &[Align::Left, Align::Right, Align::Right], |_, cell| cell);
    if means.len() > most {
        let more = counted(means.len() - most, "more kind");
        out.push_str(&format!("      and {more} of samples (`--all` shows them)\n"));
    }
    out
}
