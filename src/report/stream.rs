//! What a stream came to: where the pooled quantities stand, and how far predictions moved.

use serde::Serialize;

use super::facts::{Context, ParamFacts, Shown, sentence, shown};
use super::heading::{heading, needs_words};
use super::headline::Headline;
use super::judged::{PromiseJson, together};
use super::layout::fit;
use super::live::{Live, Moment, TOLERATED};
use super::number::{finite, holding, limit, many, short, whole};
use super::reading::Reading;
use super::row::RowJson;
use super::row_summaries::RowSummaries;
use super::table::{Align, Paint, Table};
use super::unplaced::unplaced_text;
use super::verdict::{Comparisons, Verdict, When, shortfall};
use crate::analyze::Movement;
use crate::bind::{BoundSampleRow, RowReading, RowStatus, Unplaced};
use crate::language::program::{Names, Program};
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
    /// All params.
    pub params: Vec<ParamFacts>,
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
    /// Where the rows stood at some moments, the last of them now; empty unless that was asked for.
    pub over_time: Vec<Moment>,
    /// Show at most so many rows.
    pub most: usize,
}

/// As `--format json` prints it.
#[derive(Serialize)]
pub struct Streamed {
    pub(super) spec: String,
    pub(super) fingerprint: String,
    pub(super) method: &'static str,
    n: u64,
    batches: u64,
    batches_outside: u64,
    held_since: Option<u64>,
    pub(super) params: Vec<ParamFacts>,
    pub(super) verdict: Verdict,
    pub(super) comparisons: Comparisons,
    pub(super) promises: Vec<PromiseJson>,
    pub(super) rows: Vec<StreamedRow>,
    max_violation: f64,
    moved: usize,
    mean_move: f64,
    largest_move: f64,
    distance: f64,
    pub(super) unplaced: Vec<Unplaced>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) over_time: Vec<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mean_batch_excess: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<f64>,
}

#[derive(Serialize)]
pub(super) struct StreamedRow {
    pub(super) name: String,
    pub(super) verdict: Verdict,
    pub(super) lower: Option<f64>,
    pub(super) upper: Option<f64>,
    pub(super) pooled: Option<f64>,
    pub(super) batches_moved: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    multiplier: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bound: Option<f64>,
    pub(super) skipped: Option<String>,
    compares: String,
    constraint: String,
    /// As people read it; none where it could not be compared.
    pub(super) shown: Option<Shown>,
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
        Live::all(self.program, &self.rows)
    }

    /// Those that take part.
    fn live(&self) -> impl Iterator<Item = Live<'_>> {
        self.promised().filter(Live::is_kept)
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

    /// What keeps some promise from being held: it is violated, or could not be enforced.
    pub fn shortfall(&self) -> Option<Verdict> {
        let promises = self.judged().promises(When::After, TOLERATED);
        shortfall(promises.iter().map(|promise| promise.verdict))
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
        let rows = self.promised().zip(&summaries.rows).enumerate().map(|(index, (live, summary))| {
            let Live { reading, origin, promised, value, lower, upper, .. } = live;
            let row = self.program.promised(promised);
            let compares = row.map_or_else(String::new, |row| self.program.terms_text(&row.terms, &words));
            StreamedRow {
                name: origin.name.clone(),
                verdict: Verdict::of_row(summary, When::After, TOLERATED),
                lower: finite(lower),
                upper: finite(upper),
                pooled: finite(value),
                batches_moved: reading.moved,
                multiplier: reading.multiplier.map(|multiplier| origin.direction().number(multiplier.next)),
                bound: reading.multiplier.map(|multiplier| multiplier.bound),
                skipped: reason(&reading.status),
                shown: self.shown(summary.after, &compares, summaries.written(index)),
                compares,
                constraint: origin.constraint.clone(),
            }
        });
        Streamed {
            spec: self.spec.to_owned(),
            fingerprint: self.program.fingerprint().to_string(),
            method: self.method,
            n: self.samples,
            batches: self.batches,
            batches_outside: self.behind,
            held_since: self.held_since,
            params: self.params.clone(),
            verdict: summaries.verdict(&promises, 0),
            comparisons: together(&promises),
            promises: promises.iter().map(|promise| promise.json(sentence(promise.origin, &self.params))).collect(),
            rows: rows.collect(),
            max_violation: self.max_violation(),
            moved: self.movement.moved,
            mean_move: self.movement.mean(),
            largest_move: self.movement.largest,
            distance: self.movement.distance(),
            unplaced: self.unplaced.clone(),
            over_time: self.over_time.clone(),
            price: self.price.map(|(price, _, _)| price),
            mean_batch_excess: self.price.and_then(|(_, mean, _)| mean),
            certificate: self.price.and_then(|(_, _, certificate)| certificate),
        }
    }

    /// A row as people read it: a stream keeps its value alone, and not the groups that it compares.
    fn shown(&self, reading: Option<Reading>, compares: &str, written: Option<String>) -> Option<Shown> {
        let reading = reading?;
        let row = RowJson::of_value(reading, compares, written);
        let slack = finite(-reading.excess());
        let prediction = &self.program.prediction.name;
        shown(&row, &Context { prediction, decisions: false, interval: None, slack, series: &|_| None })
    }

    /// The report for people.
    pub fn text(&self, paint: &dyn Paint) -> String {
        let settings = if self.settings.is_empty() { String::new() } else { format!(", {}", self.settings.join(", ")) };
        let mut out = self.headline().line("", paint);
        out.push_str(&format!(
            "{} on {}: {}, predictions `{}`, {}{settings}\n",
            self.spec,
            self.data,
            self.size(),
            self.prediction,
            self.method
        ));
        out.push_str(&self.moves());
        out.push_str(&self.verdict(paint));
        out.push_str(&unplaced_text(&self.unplaced, paint));
        out.push_str(&self.rows(paint));
        out.push_str(&self.without());
        fit(&out, paint.width())
    }

    /// The comparisons that were not made, and why.
    fn without(&self) -> String {
        let mut lines = String::new();
        let mut count = 0;
        for row in self.promised() {
            let Some(why) = reason(&row.reading.status) else { continue };
            count += 1;
            if count <= self.most {
                lines.push_str(&format!("    {}: {why}\n", row.origin.name));
            }
        }
        let hidden = count - self.most.min(count);
        let more = if hidden > 0 {
            format!("    and {} (`--all` shows them)\n", whole(hidden) + " more")
        } else {
            String::new()
        };
        if count == 0 { lines } else { format!("\n  {} not made:\n{lines}{more}", many(count, "comparison")) }
    }

    /// What holds of all that was answered.
    pub(super) fn headline(&self) -> Headline {
        let summaries = self.judged();
        let promises = summaries.promises(When::After, TOLERATED);
        Headline::of(summaries.verdict(&promises, 0), &promises, 0, &self.unplaced)
    }

    /// `1,000 samples in 4 batches`.
    pub(super) fn size(&self) -> String {
        format!("{} in {}", many(self.samples as usize, "sample"), batches(self.batches))
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
            let [value, lower, upper] = live.reading().written();
            table.cells([
                origin.name.clone(),
                short(value),
                limit(lower, upper),
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

    /// How many predictions moved, and how far.
    pub(super) fn moves(&self) -> String {
        let Movement { n, moved, largest, .. } = self.movement;
        if moved == 0 {
            return format!("none of {} moved\n", many(n, "prediction"));
        }
        format!(
            "{} of {} predictions moved: by {} on average, {} at most\n",
            whole(moved),
            whole(n),
            short(self.movement.mean()),
            short(largest)
        )
    }

    /// How many rows hold, since when, and what was not enforced.
    fn verdict(&self, paint: &dyn Paint) -> String {
        let promises = self.judged();
        format!(
            "{}{}",
            self.standing(paint),
            super::project::not_enforced(&promises.promises(When::After, TOLERATED), paint)
        )
    }

    /// How many rows hold, and since when.
    pub(super) fn standing(&self, paint: &dyn Paint) -> String {
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
            out.push_str(&match summaries.verdict(&promises, 0) {
                Verdict::Held => format!("{}\n", paint.good("all answers lie within their bounds")),
                // The headline has said that nothing is promised.
                _ if promises.is_empty() => String::new(),
                _ => format!("{}\n", paint.careful("not checked: no comparison could be made")),
            });
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
        out
    }
}

fn batches(count: u64) -> String {
    if count == 1 { "1 batch".to_owned() } else { format!("{count} batches") }
}
