//! Before and after: what a projection did to predictions and constraints.

use std::collections::BTreeMap;

use serde::Serialize;

use super::facts::{Context, ParamFacts, Shown, sentence, shown};
use super::heading::{heading, needs_words};
use super::headline::Headline;
use super::impact::SMALL;
use super::judged::{Judged, PromiseJson, together};
use super::layout::fit;
use super::number::{apart, finite, fixed, limit, many, plain, short, whole};
use super::ratio::RatioReading;
use super::reading::Reading;
use super::relation_use::{RelationUse, relations_text};
use super::row::RowJson;
use super::row_summaries::RowSummaries;
use super::row_summary::{EachJson, Group, RowSummary};
use super::table::{Align, Paint, PlainText, Table};
use super::unplaced::unplaced_text;
use super::verdict::{Comparisons, Tolerance, Verdict, When, shortfall};
use crate::analyze::Movement;
use crate::bind::Unplaced;
use crate::language::words::counted;

/// Rows that compare more groups are shown without them.
const MOST_GROUPS: usize = 4;

/// Heads the verdicts where there are several batches.
const WORST_BATCH: &str = "(worst batch)";

/// How the data were cut into batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batching {
    Whole,
    By(usize),
}

/// All that is known after a run.
pub struct ProjectReport<'a> {
    pub spec: &'a str,
    pub data: &'a str,
    /// The header of the predictions.
    pub prediction: &'a str,
    /// Params that were set, as `name = value`.
    pub settings: Vec<String>,
    /// All params.
    pub params: Vec<ParamFacts>,
    pub summaries: RowSummaries<'a>,
    /// Whether predictions are decisions of 0 or 1.
    pub decisions: bool,
    pub n: usize,
    pub movement: Movement,
    /// Predictions outside their bounds before: how many, and by how much at most.
    pub outside: (usize, f64),
    pub batching: Batching,
    pub tolerance: Tolerance,
    /// Predictions outside their bounds afterwards.
    pub outside_after: usize,
    /// Columns with samples in no level.
    pub unplaced: Vec<Unplaced>,
    pub status: &'static str,
    /// Show at most so many rows.
    pub most: usize,
}

/// As `--format json` prints it.
#[derive(Serialize)]
pub struct Projected {
    pub(super) spec: String,
    pub(super) fingerprint: String,
    pub(super) n: usize,
    pub(super) params: Vec<ParamFacts>,
    pub(super) rows: Vec<ProjectedRow>,
    max_violation: Option<f64>,
    distance: Option<f64>,
    pub(super) status: &'static str,
    /// On the predictions after the projection.
    pub(super) verdict: Verdict,
    pub(super) comparisons: Comparisons,
    pub(super) promises: Vec<PromiseJson>,
    moved: usize,
    share_moved: f64,
    mean_move: f64,
    largest_move: f64,
    batches: usize,
    pub(super) each: Vec<EachJson>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) relations: Vec<RelationUse>,
    pub(super) unplaced: Vec<Unplaced>,
}

#[derive(Serialize)]
pub(super) struct ProjectedRow {
    #[serde(flatten)]
    pub(super) row: RowJson,
    /// Batches in which it took no part.
    skipped_batches: usize,
    pub(super) verdict_before: Verdict,
    pub(super) verdict: Verdict,
    /// As people read it, before and after; none where it could not be made.
    pub(super) shown: Option<Shown>,
    pub(super) shown_after: Option<Shown>,
}

impl ProjectReport<'_> {
    /// Largest violation of a hard row after the projection, in the row's units.
    pub fn max_violation(&self) -> f64 {
        let hard = self.summaries.rows.iter().enumerate().filter(|(index, _)| !self.summaries.is_soft(*index));
        hard.filter_map(|(_, row)| row.after).map(|reading| reading.excess()).fold(0.0, f64::max)
    }

    /// The promises on the predictions after the projection, or before where there is none.
    pub fn promises(&self) -> Vec<Judged<'_>> {
        self.summaries.promises(self.when(), self.tolerance)
    }

    fn when(&self) -> When {
        if self.status == "infeasible" { When::Before } else { When::After }
    }

    /// What keeps some promise from being held: it is violated, or could not be enforced.
    pub fn shortfall(&self) -> Option<Verdict> {
        let promises = self.promises();
        let whole = (!promises.is_empty()).then(|| self.verdict());
        shortfall(promises.iter().map(|promise| promise.verdict).chain(whole))
    }

    pub fn verdict(&self) -> Verdict {
        let outside = if self.when() == When::After { self.outside_after } else { self.outside.0 };
        self.summaries.verdict(&self.promises(), outside)
    }

    pub fn json(&self) -> Projected {
        let rows = self.summaries.rows.iter().enumerate().map(|(index, row)| self.row(index, row));
        let projected = self.when() == When::After;
        let promises = self.promises();
        Projected {
            spec: self.spec.to_owned(),
            fingerprint: self.summaries.program.fingerprint().to_string(),
            n: self.n,
            params: self.params.clone(),
            rows: rows.collect(),
            max_violation: projected.then(|| self.max_violation()),
            distance: projected.then(|| self.movement.distance()),
            status: self.status,
            verdict: self.verdict(),
            comparisons: together(&promises),
            promises: promises.iter().map(|promise| promise.json(sentence(promise.origin, &self.params))).collect(),
            moved: self.movement.moved,
            share_moved: self.movement.share(),
            mean_move: self.movement.mean(),
            largest_move: self.movement.largest,
            batches: self.summaries.batches,
            each: self.summaries.each(self.when()),
            relations: self.summaries.relations.clone(),
            unplaced: self.unplaced.clone(),
        }
    }

    fn row(&self, index: usize, summary: &RowSummary) -> ProjectedRow {
        let row = RowJson::new(&self.summaries, index, summary);
        let told = |row: &RowJson, reading: Option<Reading>| {
            let context = Context {
                prediction: &self.summaries.program.prediction.name,
                decisions: self.decisions,
                interval: None,
                slack: reading.and_then(|reading| finite(-reading.excess())),
                series: &|_| None,
            };
            shown(row, &context)
        };
        // The groups of a batch before are not those of the worst batch after.
        let [before, after] = match self.batching {
            Batching::Whole => [Some(row.clone()), row.afterwards(summary.after)],
            Batching::By(_) => {
                let written = || row.written.as_ref().map(|written| written.what.clone());
                let of = |reading: Option<Reading>| Some(RowJson::of_value(reading?, &row.compares, written()));
                [summary.before, summary.after].map(of)
            }
        };
        ProjectedRow {
            shown: before.and_then(|row| told(&row, summary.before)),
            shown_after: after.and_then(|row| told(&row, summary.after)),
            skipped_batches: summary.skipped,
            verdict_before: Verdict::of_row(summary, When::Before, self.tolerance),
            verdict: Verdict::of_row(summary, self.when(), self.tolerance),
            row,
        }
    }

    /// The report for people.
    pub fn text(&self, paint: &dyn Paint) -> String {
        let (heading, moves, conclusion) = (self.heading(), self.moves(), self.conclusion(paint, "before"));
        fit(
            &format!("{}{heading}{moves}{conclusion}{}", self.headline().line("", paint), self.body(paint)),
            paint.width(),
        )
    }

    /// What holds, in one line.
    pub(super) fn headline(&self) -> Headline {
        let outside = if self.when() == When::After { self.outside_after } else { self.outside.0 };
        Headline::of(self.verdict(), &self.promises(), outside, &self.unplaced)
    }

    /// What was not enforced in whole, and why.
    pub(super) fn not_enforced(&self) -> Vec<String> {
        not_enforced(&self.promises(), &PlainText).lines().map(str::to_owned).collect()
    }

    /// The rows, and what took no part.
    pub(super) fn body(&self, paint: &dyn Paint) -> String {
        let mut out = String::new();
        let shown = worst(&self.summaries, self.most);
        out.push_str(&self.rows(&shown, paint));
        let more = self.summaries.rows.iter().filter(|row| row.before.is_some()).count() - shown.len();
        if more > 0 {
            let hidden = self.summaries.rows.iter().enumerate().filter(|(index, _)| !shown.contains(index));
            let bad = hidden.filter(|(_, row)| row.after.is_some_and(|after| !after.held(self.tolerance))).count();
            let state = if bad == 0 { "all hold".to_owned() } else { format!("{bad} violated") };
            out.push_str(&format!("  and {}, {state} (`--all` shows them)\n", counted(more, "more row")));
        }
        out.push_str(&sample_rows(&self.summaries, self.when(), paint));
        out.push_str(&left_over(&self.summaries));
        let unplaced = unplaced_text(&self.unplaced, paint);
        out.push_str(&if unplaced.is_empty() { unplaced } else { format!("\n{unplaced}") });
        out
    }

    fn heading(&self) -> String {
        let batches = match self.batching {
            Batching::Whole => String::new(),
            Batching::By(size) => format!(
                " in {} of {size}",
                match self.summaries.batches {
                    1 => "1 batch".to_owned(),
                    several => format!("{several} batches"),
                }
            ),
        };
        let settings = if self.settings.is_empty() { String::new() } else { format!(", {}", self.settings.join(", ")) };
        format!(
            "{} on {}: {}{batches}, predictions `{}`{settings}\n",
            self.spec,
            self.data,
            many(self.n, "sample"),
            self.prediction
        )
    }

    fn rows(&self, shown: &[usize], paint: &dyn Paint) -> String {
        let mut table = Table::default();
        let mut last = "";
        for &index in shown {
            let (Some(row), Some(origin)) = (self.summaries.rows.get(index), self.summaries.origin(index)) else {
                continue;
            };
            if last != origin.constraint {
                table.text(String::new());
                table.text(heading(origin, paint));
                let worst = if matches!(self.batching, Batching::By(_)) { WORST_BATCH } else { "" };
                table.cells(["", "before", "after", "limit"].map(str::to_owned).into_iter().chain([worst.to_owned()]));
                last = &origin.constraint;
            }
            let (Some(before), after) = (row.before, row.after) else { continue };
            let number = |reading: Option<Reading>| reading.map_or_else(|| "-".to_owned(), |it| it.shown());
            let sides = after.unwrap_or(before);
            let ratio = RatioReading::of(row, &self.summaries.program.prediction.name);
            let ratio = ratio.filter(|_| self.batching == Batching::Whole);
            let [first, second, limit] = match &ratio {
                Some(ratio) => ratio_cells(ratio),
                None => {
                    let [_, lower, upper] = sides.written();
                    [number(Some(before)), number(after), limit(lower, upper)]
                }
            };
            table.cells([self.summaries.name(index).to_owned(), first, second, limit, self.change(row, index)]);
            if self.batching == Batching::Whole && row.groups.len() <= MOST_GROUPS {
                row.groups.iter().for_each(|group| table.cells(means(group, ratio.is_some())));
            } else if needs_words(origin) {
                table.text(format!("      {}", paint.faint(&self.summaries.compared(index))));
            }
        }
        let align = [Align::Left, Align::Right, Align::Right, Align::Left, Align::Left];
        table.render("    ", paint.width(), &align, |column, cell| match column {
            4 if cell.trim().is_empty() || cell.trim() == WORST_BATCH => cell,
            4 if cell.ends_with("violated") => paint.bad(&cell),
            4 => paint.good(&cell),
            _ => cell,
        })
    }

    /// `violated -> held`.
    fn change(&self, row: &RowSummary, index: usize) -> String {
        let word = |reading: Reading| match reading.held(self.tolerance) {
            true => "held",
            false if self.summaries.is_soft(index) => "gives way",
            false => "violated",
        };
        match (row.before.map(word), row.after.map(word)) {
            (Some(before), Some(after)) if before == after => before.to_owned(),
            (Some(before), Some(after)) => format!("{before} -> {after}"),
            (before, after) => after.or(before).unwrap_or("").to_owned(),
        }
    }

    /// How many predictions moved, and how far.
    pub(super) fn moves(&self) -> String {
        let Movement { n, moved, largest, .. } = self.movement;
        if self.status == "infeasible" {
            return String::new();
        }
        let outside = match self.outside {
            (0, _) => String::new(),
            (count, most) => {
                format!(
                    "{} of {} predictions lay outside their bounds, by {} at most\n",
                    whole(count),
                    whole(n),
                    short(most)
                )
            }
        };
        if moved == 0 {
            return format!("none of {} had to move\n", many(n, "prediction"));
        }
        format!(
            "{outside}{} of {} predictions moved: by {} on average, {} at most (distance {})\n",
            whole(moved),
            whole(n),
            short(self.movement.mean()),
            short(largest),
            short(self.movement.distance())
        )
    }

    /// How many rows hold; `earlier` says when they did or did not, as in *before*.
    pub(super) fn conclusion(&self, paint: &dyn Paint, earlier: &str) -> String {
        if self.status == "infeasible" {
            return String::new();
        }
        let count = |reading: fn(&RowSummary) -> Option<Reading>| {
            let readings = self.summaries.rows.iter().filter_map(reading);
            readings.filter(|reading| reading.held(self.tolerance)).count()
        };
        let kept = self.summaries.rows.iter().filter(|row| row.before.is_some()).count();
        let (before, after) = (count(|row| row.before), count(|row| row.after));
        let mut out = match self.status {
            "relaxed" => "no predictions satisfy all rows: these come closest\n".to_owned(),
            _ => String::new(),
        };
        let by = plain(self.max_violation());
        out.push_str(&match (after, kept, before) {
            (_, 0, _) if self.verdict() == Verdict::Held => {
                format!("{}\n", paint.good("all predictions lie within their bounds"))
            }
            (_, 0, _) if self.verdict() == Verdict::Violated => {
                format!("{}\n", paint.bad("predictions lie outside their bounds"))
            }
            // The headline has said that nothing is promised.
            (_, 0, _) if self.promises().is_empty() => String::new(),
            (_, 0, _) => format!("{}\n", paint.careful("not checked: no comparison could be made")),
            (1, 1, 1) => format!("{}, as it did {earlier}\n", paint.good("the row holds")),
            (1, 1, _) => format!("{}; it did not {earlier}\n", paint.good("the row holds")),
            (_, 1, 1) => format!("{} by {by}; it held {earlier}\n", paint.bad("the row is violated")),
            (_, 1, _) => format!("{} by {by}, as it was {earlier}\n", paint.bad("the row is violated")),
            (after, kept, before) if after == kept => {
                format!(
                    "{}; {} did {earlier}\n",
                    paint.good(&format!("all {} rows hold", whole(kept))),
                    or_none(before)
                )
            }
            (after, kept, before) => {
                let holding = paint.bad(&format!("{} of {} rows hold", whole(after), whole(kept)));
                format!("{holding}, violated by {by} at most; {} did {earlier}\n", or_none(before))
            }
        });
        out.push_str(&not_enforced(&self.promises(), paint));
        out
    }
}

/// `none`, `3`.
fn or_none(count: usize) -> String {
    if count == 0 { "none".to_owned() } else { whole(count) }
}

/// Promises of which not every comparison was made, so that they were not enforced in whole, and why.
pub(super) fn not_enforced(promises: &[Judged<'_>], paint: &dyn Paint) -> String {
    let line = |promise: &Judged<'_>| {
        let words = promise.words().replacen("not checked", "not enforced", 1);
        let words = format!("`{}`: {words}", promise.origin.constraint);
        format!("{}\n", if promise.verdict == Verdict::Held { words } else { paint.careful(&words) })
    };
    promises.iter().filter(|promise| promise.comparisons.not_made > 0).map(line).collect()
}

/// A ratio before and after, and its limit.
fn ratio_cells(read: &RatioReading) -> [String; 3] {
    let digits = [Some(read.before), read.after].into_iter().flatten();
    let (limit, is_least) = read.ratio.limit();
    let digits = digits.map(|value| apart(value, [limit])).max().unwrap_or(3);
    let after = read.after.map_or_else(|| "-".to_owned(), |after| fixed(after, digits));
    [fixed(read.before, digits), after, format!("{} {}", if is_least { ">=" } else { "<=" }, fixed(limit, 3))]
}

/// A group that a row compares, and its mean before and after.
fn means(group: &Group, plain: bool) -> [String; 3] {
    let name = if plain { group.event.clone() } else { group.signed() };
    let small = if group.samples < SMALL { ", small" } else { "" };
    let name = format!("  {name} ({}{small})", whole(group.samples));
    [name, short(group.value), group.after.map_or_else(|| "-".to_owned(), short)]
}

/// The rows that are closest to their limits or farthest beyond, at most `most`; those of one constraint together.
pub(super) fn worst(summaries: &RowSummaries<'_>, most: usize) -> Vec<usize> {
    let relative = |reading: Reading| reading.excess() / reading.size.max(f64::MIN_POSITIVE);
    let of = |row: &RowSummary| {
        let after = row.after.map_or(f64::NEG_INFINITY, relative);
        row.before.map(|before| relative(before).max(after))
    };
    let rows = summaries.rows.iter().enumerate();
    let mut ranked: Vec<(usize, f64)> = rows.filter_map(|(index, row)| Some((index, of(row)?))).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut shown: Vec<usize> = ranked.into_iter().take(most).map(|(index, _)| index).collect();
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for index in 0..summaries.rows.len() {
        first.entry(summaries.constraint(index)).or_insert(index);
    }
    shown.sort_by_key(|&index| (first.get(summaries.constraint(index)), index));
    shown
}

/// The per-sample constraints.
pub(super) fn sample_rows(summaries: &RowSummaries<'_>, when: When, paint: &dyn Paint) -> String {
    let applied = summaries.sample_rows.iter().enumerate().filter(|(_, row)| row.kept > 0);
    let line = |(index, row): (usize, &RowSummary)| {
        let what = counted(row.kept, if row.of_pairs { "pair" } else { "prediction" });
        let (count, most) = if when == When::After { row.outside_after } else { row.outside };
        let verb = if row.of_pairs { "compared" } else { "bounded" };
        let verdict = Verdict::of_each(row, when);
        let state = match count {
            0 => format!("{}: {what} {verb}, none outside", paint.good(verdict.word())),
            _ => {
                let beyond = format!("{count} outside, by {} at most", short(most));
                format!("{}: {what} {verb}, {}", paint.bad(verdict.word()), paint.bad(&beyond))
            }
        };
        format!("\n  {}: {state}\n    {}\n", summaries.sample_row_name(index), summaries.sample_row_text(index))
    };
    applied.map(line).chain(relations_text(&summaries.relations)).collect()
}

/// Rows that took no part, and why.
pub(super) fn left_over(summaries: &RowSummaries<'_>) -> String {
    const MOST: usize = 5;
    let rows = summaries.rows.iter().enumerate().map(|(index, row)| (summaries.name(index), row));
    let samples = summaries.sample_rows.iter().enumerate().map(|(index, row)| (summaries.sample_row_name(index), row));
    let all: Vec<(&str, &RowSummary)> = rows.chain(samples).filter(|(_, row)| row.skipped > 0).collect();
    let mut out = String::new();
    for (left_out, words) in [(false, "skipped"), (true, "not enforced")] {
        let some: Vec<&(&str, &RowSummary)> = all.iter().filter(|(_, row)| row.left_out == left_out).collect();
        if some.is_empty() {
            continue;
        }
        out.push_str(&format!("\n  {} {words}:\n", counted(some.len(), "row")));
        for (name, row) in some.iter().take(MOST) {
            let times = match (left_out, summaries.batches) {
                (false, batches) if batches > 1 => format!(" (in {} of {batches} batches)", row.skipped),
                (_, _) => String::new(),
            };
            out.push_str(&format!("    {name}: {}{times}\n", row.reason.as_deref().unwrap_or_default()));
        }
        if some.len() > MOST {
            out.push_str(&format!("    and {} more\n", some.len() - MOST));
        }
    }
    out
}
