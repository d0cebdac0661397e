//! What a stream came to: where the pooled quantities stand, and how far predictions moved.

use serde::Serialize;

use super::headline::Headline;
use super::judged::{Judged, PromiseJson, together};
use super::layout::fit;
use super::number::{finite, holding, limit, many, short, whole};
use super::project::{heading, needs_words};
use super::reading::Reading;
use super::row_summaries::RowSummaries;
use super::table::{Align, Paint, Table};
use super::unplaced::unplaced_text;
use super::verdict::{Comparisons, Tolerance, Verdict, When};
use crate::analyze::Movement;
use crate::bind::{BoundSampleRow, RowReading, RowStatus, Unplaced};
use crate::language::program::{Names, Origin, Program, PromisedRow};
use crate::language::words::counted;

/// All that is known after a run.
pub struct StreamReport<'a> {
    pub spec: &'a str,
    pub data: &'a str,
    pub prediction: &'a str,
    pub program: &'a Program,
    /// `pooled`, `pooled --smooth` or `primal-dual`.
    pub method: &'static str,
    /// Params and memory, as `name = value`.
    pub settings: Vec<String>,
    pub samples: u64,
    pub batches: u64,
    pub behind: u64,
    pub held_since: Option<u64>,
    /// Whether each answer keeps the rows where it can, so that it is told where one could not.
    pub keeps: bool,
    pub movement: Movement,
    pub rows: Vec<RowReading>,
    /// What became of each per-sample row.
    pub sample_rows: Vec<BoundSampleRow>,
    /// Columns with samples in no level.
    pub unplaced: Vec<Unplaced>,
    /// Of the primal-dual algorithm: price, mean excess of the batches' gaps, and what the certificate says it is at most.
    pub price: Option<(f64, Option<f64>, Option<f64>)>,
    /// Show at most so many rows.
    pub most: usize,
}

/// As `--format json` prints it.
#[derive(Serialize)]
pub struct Streamed {
    spec: String,
    fingerprint: String,
    method: &'static str,
    n: u64,
    batches: u64,
    batches_outside: u64,
    held_since: Option<u64>,
    verdict: Verdict,
    comparisons: Comparisons,
    promises: Vec<PromiseJson>,
    rows: Vec<StreamedRow>,
    max_violation: f64,
    moved: usize,
    mean_move: f64,
    largest_move: f64,
    distance: f64,
    unplaced: Vec<Unplaced>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mean_batch_excess: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<f64>,
}

#[derive(Serialize)]
struct StreamedRow {
    name: String,
    lower: Option<f64>,
    upper: Option<f64>,
    pooled: Option<f64>,
    batches_moved: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    multiplier: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bound: Option<f64>,
    skipped: Option<String>,
    compares: String,
    constraint: String,
}

/// As for an audit.
const TOLERATED: Tolerance = Tolerance::Rounding;

/// A promised row: the pooled quantity in the direction in which it was written, and the sides of its constraint.
struct Live<'a> {
    reading: &'a RowReading,
    origin: &'a Origin,
    promised: PromisedRow,
    value: f64,
    lower: f64,
    upper: f64,
    /// The size of predictions at their bounds, or 1 where the bounds are wider; 0 where there are none.
    bounds: f64,
}

impl Live<'_> {
    fn excess(&self) -> f64 {
        self.reading().excess()
    }

    fn held(&self) -> bool {
        self.reading().held(TOLERATED)
    }

    fn reading(&self) -> Reading {
        let Live { value, lower, upper, .. } = *self;
        let sizes = [value, lower, upper].into_iter().filter(|value| value.is_finite());
        let size = sizes.fold(0.0_f64, |size, value| size.max(value.abs()));
        let bounds = self.bounds * self.reading.mass;
        Reading { value, lower, upper, size, magnitude: self.reading.magnitude, bounds, batch: 0 }
    }
}

fn reason(status: &RowStatus) -> Option<String> {
    match status {
        RowStatus::Kept(_) => None,
        RowStatus::Skipped(skip) => Some(super::row_summary::skipped(skip)),
        RowStatus::Left(left) => Some(super::row_summary::left_out(left)),
    }
}

impl StreamReport<'_> {
    /// All promised rows.
    fn promised(&self) -> impl Iterator<Item = Live<'_>> {
        let bounds = crate::bind::size_of_bounds(self.program).unwrap_or(0.0);
        self.program.promised_rows().into_iter().filter_map(move |promised| {
            // One for each row of the program, in their order.
            let reading = self.rows.get(promised.row)?;
            let origin = self.program.origin(promised)?;
            let (lower, upper) = reading.own.get(promised.origin).copied().unwrap_or((reading.lower, reading.upper));
            let (lower, upper) = origin.direction().sides(lower, upper);
            let value = origin.direction().number(reading.value);
            Some(Live { reading, origin, promised, value, lower, upper, bounds })
        })
    }

    /// Those that take part.
    fn live(&self) -> impl Iterator<Item = Live<'_>> {
        self.promised().filter(|row| matches!(row.reading.status, RowStatus::Kept(_)))
    }

    /// The promises and their verdicts on all that was answered.
    fn judged(&self) -> RowSummaries<'_> {
        let mut summaries = RowSummaries::new(self.program);
        let rows: Vec<(Option<Reading>, RowStatus)> = self
            .promised()
            .map(|row| {
                let kept = matches!(row.reading.status, RowStatus::Kept(_)) && row.value.is_finite();
                (kept.then_some(row.reading()), row.reading.status.clone())
            })
            .collect();
        summaries.enter_readings(&rows, &self.sample_rows, self.samples as usize);
        summaries
    }

    /// Whether a promise could not be enforced.
    pub fn unenforced(&self) -> bool {
        let summaries = self.judged();
        summaries.promises(When::After, TOLERATED).iter().any(|promise| promise.verdict == Verdict::NotChecked)
    }

    /// Whether all rows that took part hold.
    pub fn holds(&self) -> bool {
        self.live().all(|row| row.held())
    }

    fn max_violation(&self) -> f64 {
        self.live().map(|row| row.excess()).fold(0.0, f64::max)
    }

    pub fn json(&self) -> Streamed {
        let words = Names::of(self.program);
        let summaries = self.judged();
        let promises = summaries.promises(When::After, TOLERATED);
        let row = |Live { reading, origin, promised, value, lower, upper, .. }: Live<'_>| {
            let row = self.program.promised(promised);
            StreamedRow {
                name: origin.name.clone(),
                lower: finite(lower),
                upper: finite(upper),
                pooled: finite(value),
                batches_moved: reading.moved,
                multiplier: reading.multiplier.map(|multiplier| origin.direction().number(multiplier.next)),
                bound: reading.multiplier.map(|multiplier| multiplier.bound),
                skipped: reason(&reading.status),
                compares: row.map_or_else(String::new, |row| self.program.terms_text(&row.terms, &words)),
                constraint: origin.constraint.clone(),
            }
        };
        Streamed {
            spec: self.spec.to_owned(),
            fingerprint: self.program.fingerprint().to_string(),
            method: self.method,
            n: self.samples,
            batches: self.batches,
            batches_outside: self.behind,
            held_since: self.held_since,
            verdict: summaries.verdict(&promises, self.samples as usize, 0),
            comparisons: together(&promises),
            promises: promises.iter().map(Judged::json).collect(),
            rows: self.promised().map(row).collect(),
            max_violation: self.max_violation(),
            moved: self.movement.moved,
            mean_move: self.movement.mean(),
            largest_move: self.movement.largest,
            distance: self.movement.distance(),
            unplaced: self.unplaced.clone(),
            price: self.price.map(|(price, _, _)| price),
            mean_batch_excess: self.price.and_then(|(_, mean, _)| mean),
            certificate: self.price.and_then(|(_, _, certificate)| certificate),
        }
    }

    /// The report for people.
    pub fn text(&self, paint: &dyn Paint) -> String {
        let settings = if self.settings.is_empty() { String::new() } else { format!(", {}", self.settings.join(", ")) };
        let (samples, batches) = (many(self.samples as usize, "sample"), self.batches);
        let batches = if batches == 1 { "1 batch".to_owned() } else { format!("{batches} batches") };
        let summaries = self.judged();
        let promises = summaries.promises(When::After, TOLERATED);
        let verdict = summaries.verdict(&promises, self.samples as usize, 0);
        let mut out = Headline::of(verdict, &promises, 0).line("", paint);
        out.push_str(&format!(
            "{} on {}: {samples} in {batches}, predictions `{}`, {}{settings}\n",
            self.spec, self.data, self.prediction, self.method
        ));
        out.push_str(&self.moves());
        out.push_str(&self.verdict(paint));
        out.push_str(&unplaced_text(&self.unplaced, paint));
        out.push_str(&self.rows(paint));
        for row in self.promised() {
            if let Some(why) = reason(&row.reading.status) {
                out.push_str(&format!("\n  {}: {why}\n", row.origin.name));
            }
        }
        fit(&out, paint.width())
    }

    fn rows(&self, paint: &dyn Paint) -> String {
        let words = Names::of(self.program);
        let mut shown: Vec<Live<'_>> = self.live().collect();
        shown.sort_by(|a, b| b.excess().total_cmp(&a.excess()));
        let hidden = shown.len().saturating_sub(self.most);
        shown.truncate(self.most);
        shown.sort_by_key(|row| row.promised);
        let (mut table, mut last) = (Table::default(), "");
        for live in &shown {
            let (reading, origin) = (live.reading, live.origin);
            if last != origin.constraint {
                table.text(String::new());
                table.text(heading(origin, paint));
                let bound = if reading.multiplier.is_some() { "beyond by at most" } else { "" };
                table.cells(["", "pooled", "limit", "", bound].map(str::to_owned));
                last = &origin.constraint;
            }
            table.cells([
                origin.name.clone(),
                short(live.value),
                limit(live.lower, live.upper),
                if live.held() { "held" } else { "outside" }.to_owned(),
                reading.multiplier.map_or_else(String::new, |multiplier| short(multiplier.bound)),
            ]);
            if needs_words(origin) {
                let row = self.program.promised(live.promised);
                let compared = row.map_or_else(String::new, |row| self.program.terms_text(&row.terms, &words));
                table.text(format!("      {}", paint.faint(&compared)));
            }
        }
        let align = [Align::Left, Align::Right, Align::Left, Align::Left, Align::Right];
        let mut out = table.render("    ", paint.width(), &align, |column, cell| match (column, cell.trim()) {
            (3, "held") => paint.good(&cell),
            (3, "outside") => paint.bad(&cell),
            _ => cell,
        });
        if hidden > 0 {
            out.push_str(&format!("  and {} (`--all` shows them)\n", counted(hidden, "more row")));
        }
        out
    }

    fn moves(&self) -> String {
        let Movement { n, moved, largest, .. } = self.movement;
        if moved == 0 {
            return format!("no prediction was moved: {}\n", many(n, "sample"));
        }
        format!(
            "{} of {} predictions moved: by {} on average, {} at most\n",
            whole(moved),
            whole(n),
            short(self.movement.mean()),
            short(largest)
        )
    }

    fn verdict(&self, paint: &dyn Paint) -> String {
        let mut out = String::new();
        if let Some((price, mean, certificate)) = self.price {
            out.push_str(&format!("price {}", short(price)));
            match (mean, certificate) {
                (Some(mean), Some(certificate)) => out.push_str(&format!(
                    "; the mean gap of the batches is {} beyond its tolerance, and provably at most {}\n",
                    short(mean),
                    short(certificate)
                )),
                _ => out.push_str("; no batch had a gap\n"),
            }
        }
        let (live, holding_now) = (self.live().count(), self.live().filter(|row| row.held()).count());
        if live == 0 {
            let summaries = self.judged();
            let promises = summaries.promises(When::After, TOLERATED);
            out.push_str(&match summaries.verdict(&promises, self.samples as usize, 0) {
                Verdict::Held => format!("{}\n", paint.good("all answers lie within their bounds")),
                _ => format!("{}\n", paint.careful("not checked: no comparison could be made")),
            });
            out.push_str(&self.not_made(&promises, paint));
            return out;
        }
        let words = holding(holding_now, live);
        out.push_str(&if holding_now == live {
            paint.good(&words)
        } else {
            format!("{}, by {} at most", paint.bad(&words), short(self.max_violation()))
        });
        match (self.held_since, self.behind) {
            _ if !self.keeps => {}
            (Some(first), behind) if behind > 0 => {
                out.push_str(&format!("; held from sample {first} on ({} before left one outside)", batches(behind)));
            }
            (None, behind) => {
                out.push_str(&format!("; {} left one outside", batches(behind)));
            }
            _ => {}
        }
        out.push('\n');
        out.push_str(&self.not_made(&self.judged().promises(When::After, TOLERATED), paint));
        out
    }

    /// Promises that were not enforced in whole, and why.
    fn not_made(&self, promises: &[Judged<'_>], paint: &dyn Paint) -> String {
        super::project::not_enforced(promises, paint)
    }
}

fn batches(count: u64) -> String {
    if count == 1 { "1 batch".to_owned() } else { format!("{count} batches") }
}
