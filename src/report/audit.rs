//! An audit: does each constraint hold for these predictions, and what does it compare?

use serde::Serialize;

use super::ledger::{EachJson, Ledger, Reading, RowLedger};
use super::number::{counted, finite, holding, limit, plain, short};
use super::project::{heading, left_over, sample_rows, worst};
use super::row::RowJson;
use super::table::{Align, Paint, Table};
use crate::language::program::Aggregate;

/// The outcome of an audit.
pub struct Audit<'a> {
    pub spec: &'a str,
    pub data: &'a str,
    pub prediction: &'a str,
    pub settings: Vec<String>,
    pub n: usize,
    pub ledger: Ledger<'a>,
    /// Predictions outside their bounds, those of per-sample constraints included: how many, and by how much at most.
    pub outside: (usize, f64),
    pub weighted: bool,
    /// Relative to the size of a row.
    pub tolerance: f64,
    pub most: usize,
}

/// As `--format json` prints it.
#[derive(Serialize)]
pub struct AuditView {
    spec: String,
    fingerprint: String,
    n: usize,
    rows: Vec<AuditedRow>,
    outside_bounds: usize,
    max_violation: f64,
    tolerance: f64,
    distance: f64,
    status: &'static str,
    each: Vec<EachJson>,
}

#[derive(Serialize)]
struct AuditedRow {
    #[serde(flatten)]
    row: RowJson,
    verdict: &'static str,
    /// Room left to the nearer limit; negative where the row is violated.
    room: Option<f64>,
}

impl Audit<'_> {
    /// Whether every row holds and every prediction lies within its bounds.
    pub fn passed(&self) -> bool {
        self.outside.0 == 0 && self.violated() == 0
    }

    fn violated(&self) -> usize {
        self.ledger.rows.iter().filter(|row| self.verdict(row) == "violated").count()
    }

    fn verdict(&self, row: &RowLedger) -> &'static str {
        match row.before {
            Some(reading) if reading.held(self.tolerance) => "held",
            Some(_) => "violated",
            None if row.left_out => "left_out",
            None => "skipped",
        }
    }

    pub fn json(&self) -> AuditView {
        let rows = self.ledger.rows.iter().enumerate().map(|(index, row)| {
            let mut shown = RowJson::new(&self.ledger, index, row);
            // Predictions under audit are what will be used.
            shown.after = row.before.map(|reading| reading.value);
            shown.active = row.before.is_some_and(|reading| reading.excess().abs() <= self.tolerance * reading.size);
            let room = row.before.and_then(|reading| finite(-reading.excess()));
            AuditedRow { row: shown, verdict: self.verdict(row), room }
        });
        let excess = self.ledger.rows.iter().filter_map(|row| row.before).map(|reading| reading.excess());
        AuditView {
            spec: self.spec.to_owned(),
            fingerprint: self.ledger.program.fingerprint().to_string(),
            n: self.n,
            rows: rows.collect(),
            outside_bounds: self.outside.0,
            max_violation: excess.fold(0.0, f64::max),
            tolerance: self.tolerance,
            distance: 0.0,
            status: if self.passed() { "held" } else { "violated" },
            each: self.ledger.each(),
        }
    }

    /// The report for people.
    pub fn text(&self, paint: &dyn Paint) -> String {
        let settings = if self.settings.is_empty() { String::new() } else { format!(", {}", self.settings.join(", ")) };
        let n = counted(self.n, "sample");
        let mut out = format!("{} on {}: {n}, predictions `{}`{settings}\n", self.spec, self.data, self.prediction);
        let shown = worst(&self.ledger, self.most);
        let mut last = "";
        for &index in &shown {
            let (Some(row), Some(origin)) = (self.ledger.rows.get(index), self.ledger.origin(index)) else { continue };
            if last != origin.constraint {
                out.push_str(&format!("\n{}\n", heading(origin, paint)));
                last = &origin.constraint;
            }
            out.push_str(&self.row(index, row, paint));
        }
        let kept = self.ledger.rows.iter().filter(|row| row.before.is_some()).count();
        if kept > shown.len() {
            let hidden = self.ledger.rows.iter().enumerate().filter(|(index, _)| !shown.contains(index));
            let violated = hidden.filter(|(_, row)| self.verdict(row) == "violated").count();
            let state = if violated == 0 { "all hold".to_owned() } else { format!("{violated} violated") };
            out.push_str(&format!(
                "\n  and {}, {state} (`--all` shows them)\n",
                counted(kept - shown.len(), "more row")
            ));
        }
        out.push_str(&sample_rows(&self.ledger));
        out.push_str(&left_over(&self.ledger));
        out.push('\n');
        out.push_str(&self.conclusion(kept, paint));
        out
    }

    fn row(&self, index: usize, row: &RowLedger, paint: &dyn Paint) -> String {
        let Some(reading) = row.before else { return String::new() };
        let mut out = format!("    {}: {}\n", self.ledger.name(index), self.finding(reading, paint));
        let mut table = Table::default();
        let aggregate =
            if row.groups.iter().all(|group| group.aggregate == Aggregate::Mean) { "mean" } else { "value" };
        let weight = self.weighted.then_some("weight");
        let head = ["", "samples"].into_iter().chain(weight).chain([aggregate]);
        table.cells(head.map(str::to_owned));
        for group in &row.groups {
            let cells = [group.signed(), group.samples.to_string()].into_iter();
            table.cells(cells.chain(self.weighted.then(|| short(group.weight))).chain([short(group.value)]));
        }
        out.push_str(&table.render("      ", &[Align::Left, Align::Right, Align::Right, Align::Right], |_, cell| cell));
        out
    }

    fn finding(&self, reading: Reading, paint: &dyn Paint) -> String {
        let Reading { lower, upper, size, .. } = reading;
        let (excess, bounds) = (reading.excess(), limit(lower, upper));
        let value = reading.shown();
        if reading.held(self.tolerance) {
            let room =
                if excess < -self.tolerance * size { format!(", room {}", short(-excess)) } else { String::new() };
            format!("{value}, limit {bounds}: {}{room}", paint.good("held"))
        } else {
            format!("{value}, limit {bounds}: {} by {}", paint.bad("violated"), short(excess))
        }
    }

    fn conclusion(&self, kept: usize, paint: &dyn Paint) -> String {
        let mut out = String::new();
        if self.outside.0 > 0 {
            let (count, most) = self.outside;
            let line = format!("{} outside the bounds, by {} at most", counted(count, "prediction"), short(most));
            out.push_str(&format!("{}\n", paint.bad(&line)));
        }
        out.push_str(&match self.violated() {
            _ if self.ledger.rows.is_empty() && self.outside.0 > 0 => String::new(),
            _ if self.ledger.rows.is_empty() => {
                format!("{}\n", paint.good("all predictions lie within their bounds"))
            }
            _ if kept == 0 => "no row could be compared\n".to_owned(),
            0 => format!("{}\n", paint.good(&holding(kept, kept))),
            violated => format!("{}\n", paint.bad(&holding(kept - violated, kept))),
        });
        out.push_str(&format!("(up to {} of the largest number in a row counts as rounding)\n", plain(self.tolerance)));
        out
    }
}
