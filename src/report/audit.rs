//! An audit: does each constraint hold for these predictions, and what does it compare?

use super::heading::heading;
use super::headline::Headline;
use super::impact::SMALL;
use super::judged::Judged;
use super::layout::fit;
use super::number::{apart, fixed, holding, limit, many, short, whole};
use super::project::{left_over, sample_rows, worst};
use super::ratio::RatioReading;
use super::reading::Reading;
use super::row_summaries::RowSummaries;
use super::row_summary::RowSummary;
use super::table::{Align, Paint, Table};
use super::unplaced::unplaced_text;
use super::verdict::{Tolerance, Verdict, When};
use crate::bind::Unplaced;
use crate::language::program::Aggregate;
use crate::language::words::counted;

/// The outcome of an audit.
pub struct Audit<'a> {
    pub spec: &'a str,
    pub data: &'a str,
    pub prediction: &'a str,
    pub settings: Vec<String>,
    pub n: usize,
    pub summaries: RowSummaries<'a>,
    /// Predictions outside their bounds, those of per-sample constraints included: how many, and by how much at most.
    pub outside: (usize, f64),
    pub weighted: bool,
    /// Samples of weight 0, which count in no mean; none where the samples are not at hand.
    pub weightless: Option<usize>,
    /// The predictions are decisions, 0 or 1 each.
    pub decisions: bool,
    /// What counts as rounding.
    pub tolerance: Tolerance,
    /// Columns with samples in no level.
    pub unplaced: Vec<Unplaced>,
    pub most: usize,
}

impl Audit<'_> {
    /// The promises in the order of the text.
    pub fn promises(&self) -> Vec<Judged<'_>> {
        self.summaries.promises(When::Before, self.tolerance)
    }

    /// The verdict on all promises and the bounds of the prediction.
    pub fn verdict(&self) -> Verdict {
        self.summaries.verdict(&self.promises(), self.outside.0)
    }

    fn violated(&self) -> usize {
        self.summaries.rows.iter().filter(|row| self.is_violated(row)).count()
    }

    fn is_violated(&self, row: &RowSummary) -> bool {
        Verdict::of_row(row, When::Before, self.tolerance) == Verdict::Violated
    }

    /// The report for people, with the tables of those `selected`, which only decisions have; of data in parts with the
    /// verdict on these, and with what the answer says of them.
    pub fn text(&self, selected: &str, (parts, more): (Verdict, &str), paint: &dyn Paint) -> String {
        let settings = if self.settings.is_empty() { String::new() } else { format!(", {}", self.settings.join(", ")) };
        let n = many(self.n, "sample");
        let what = if self.decisions { "decisions" } else { "predictions" };
        let kept = self.summaries.rows.iter().filter(|row| row.before.is_some()).count();
        let headline = Headline::of(self.verdict(), &self.promises(), self.outside.0, &self.unplaced);
        let mut out = Headline { parts, ..headline }.line(more, paint);
        out.push_str(&format!("{} on {}: {n}, {what} `{}`{settings}\n", self.spec, self.data, self.prediction));
        out.push_str(&self.conclusion(kept, paint));
        let shown = worst(&self.summaries, self.most);
        let mut last = "";
        for &index in &shown {
            let (Some(row), Some(origin)) = (self.summaries.rows.get(index), self.summaries.origin(index)) else {
                continue;
            };
            if last != origin.constraint {
                out.push_str(&format!("\n{}\n", heading(origin, paint)));
                last = &origin.constraint;
            }
            out.push_str(&self.row(index, row, paint));
        }
        if kept > shown.len() {
            let hidden = self.summaries.rows.iter().enumerate().filter(|(index, _)| !shown.contains(index));
            let violated = hidden.filter(|(_, row)| self.is_violated(row)).count();
            let state = if violated == 0 { "all hold".to_owned() } else { format!("{violated} violated") };
            out.push_str(&format!(
                "\n  and {}, {state} (`--all` shows them)\n",
                counted(kept - shown.len(), "more row")
            ));
        }
        out.push_str(&sample_rows(&self.summaries, When::Before, paint));
        out.push_str(&left_over(&self.summaries));
        out.push_str(selected);
        out.push_str(&format!("\n({})\n", self.tolerance.words()));
        fit(&out, paint.width())
    }

    fn row(&self, index: usize, row: &RowSummary, paint: &dyn Paint) -> String {
        let Some(reading) = row.before else { return String::new() };
        let ratio = RatioReading::of(row, &self.summaries.program.prediction.name);
        let finding = match &ratio {
            Some(ratio) => self.ratio(ratio, reading, paint),
            None => self.finding(reading, paint),
        };
        let mut out = format!("    {}: {finding}\n", self.summaries.name(index));
        let mut table = Table::default();
        let means = row.groups.iter().all(|group| group.aggregate == Aggregate::Mean);
        let plain = || row.groups.iter().all(|group| group.what == self.summaries.program.prediction.name);
        let aggregate = match means {
            true if self.decisions && plain() => "rate",
            true => "mean",
            false if row.groups.iter().all(|group| group.aggregate == Aggregate::Sum) => "sum",
            false => "value",
        };
        let weight = self.weighted.then_some("weight");
        let head = ["", "samples"].into_iter().chain(weight).chain([aggregate]);
        table.cells(head.map(str::to_owned));
        for group in &row.groups {
            let name = if ratio.is_some() { group.event.clone() } else { group.signed() };
            let cells = [name, whole(group.samples)].into_iter();
            let cells = cells.chain(self.weighted.then(|| short(group.weight))).chain([short(group.value)]);
            table.cells(cells.chain((group.samples < SMALL).then(|| "small".to_owned())));
        }
        let mut align = vec![Align::Left, Align::Right, Align::Right];
        align.extend(self.weighted.then_some(Align::Right));
        align.push(Align::Left);
        out.push_str(&table.render("      ", paint.width(), &align, |_, cell| cell));
        out
    }

    /// `ratio 0.778, needs at least 0.800: violated`.
    fn ratio(&self, read: &RatioReading, reading: Reading, paint: &dyn Paint) -> String {
        let (limit, is_least) = read.ratio.limit();
        let digits = apart(read.before, [limit]);
        let (value, limit) = (fixed(read.before, digits), fixed(limit, digits.min(3)));
        let allowed = if is_least { "needs at least" } else { "allowed at most" };
        let verdict = match reading.held(self.tolerance) {
            true => paint.good("held"),
            false => paint.bad("violated"),
        };
        format!("ratio {value}, {allowed} {limit}: {verdict}")
    }

    fn finding(&self, reading: Reading, paint: &dyn Paint) -> String {
        let [_, lower, upper] = reading.written();
        let (excess, bounds) = (reading.excess(), limit(lower, upper));
        let value = reading.shown();
        if reading.held(self.tolerance) {
            let room = if excess < -self.tolerance.allowance(&reading) {
                format!(", slack {}", short(-excess))
            } else {
                String::new()
            };
            format!("{value}, limit {bounds}: {}{room}", paint.good("held"))
        } else {
            format!("{value}, limit {bounds}: {} by {}", paint.bad("violated"), short(excess))
        }
    }

    /// `327 samples of weight 0 count in no mean`.
    pub(super) fn weightless_line(&self) -> Option<String> {
        let count = self.weightless.filter(|count| *count > 0)?;
        let verb = if count == 1 { "counts" } else { "count" };
        Some(format!("{} of weight 0 {verb} in no mean", many(count, "sample")))
    }

    fn conclusion(&self, kept: usize, paint: &dyn Paint) -> String {
        let mut out = self.weightless_line().map_or_else(String::new, |line| format!("{}\n", paint.careful(&line)));
        out.push_str(&unplaced_text(&self.unplaced, paint));
        if self.outside.0 > 0 {
            let (count, most) = self.outside;
            let line = format!("{} outside the bounds, by {} at most", counted(count, "prediction"), short(most));
            out.push_str(&format!("{}\n", paint.bad(&line)));
        }
        let pairs = self.summaries.sample_rows.iter().filter(|row| row.of_pairs);
        let (count, most) = pairs.fold((0, 0.0_f64), |(all, most), row| (all + row.outside.0, most.max(row.outside.1)));
        if count > 0 {
            let line = format!("{} outside the limits, by {} at most", counted(count, "pair"), short(most));
            out.push_str(&format!("{}\n", paint.bad(&line)));
        }
        let promises = self.promises();
        let unchecked: Vec<&Judged<'_>> =
            promises.iter().filter(|promise| promise.verdict == Verdict::NotChecked).collect();
        let bounds = !self.summaries.sample_rows.is_empty() || promises.is_empty();
        out.push_str(&match (self.verdict(), self.violated()) {
            (_, violated) if violated > 0 => format!("{}\n", paint.bad(&holding(kept - violated, kept))),
            (_, _) if kept > 0 && unchecked.is_empty() => format!("{}\n", paint.good(&holding(kept, kept))),
            (_, _) if kept > 0 => format!("{}\n", holding(kept, kept)),
            (Verdict::Held, _) => format!("{}\n", paint.good("all predictions lie within their bounds")),
            (Verdict::Violated, _) if bounds => String::new(),
            // The headline has said that nothing is promised.
            (_, _) if promises.is_empty() => String::new(),
            (_, _) => format!("{}\n", paint.careful("not checked: no comparison could be made")),
        });
        for promise in promises.iter().filter(|promise| promise.comparisons.not_made > 0) {
            let words = format!("`{}`: {}", promise.origin.constraint, promise.words());
            let held = promise.verdict == Verdict::Held;
            out.push_str(&format!("{}\n", if held { words } else { paint.careful(&words) }));
        }
        if self.verdict() == Verdict::NotChecked && kept > 0 {
            let count = counted(unchecked.len(), "promise");
            out.push_str(&format!("{}\n", paint.careful(&format!("not checked: {count} of {}", promises.len()))));
        }
        out
    }
}
