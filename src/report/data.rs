//! A spec against data, without predictions: how large the events are, and whether all rows can hold together.

use serde::Serialize;

use super::headline::NOTHING_PROMISED;
use super::impact::SMALL;
use super::layout::fit;
use super::number::{many, plain, rounded, short, whole};
use super::project::left_over;
use super::relation_use::{RelationUse, relations_text};
use super::row_summaries::RowSummaries;
use super::table::{Align, Paint, Table};
use super::unplaced::unplaced_text;
use crate::analyze::batches::Share;
use crate::bind::{Bound, Unplaced};
use crate::language::program::{EventId, Names};
use crate::language::words::counted;

/// More events than these are not listed.
const MOST: usize = 20;

/// The outcome of a check against data.
pub struct DataReport<'a> {
    pub data: &'a str,
    pub n: usize,
    pub summaries: RowSummaries<'a>,
    pub events: Vec<EventSize>,
    pub weighted: bool,
    /// None where the solver did not come to an end.
    pub feasible: Option<bool>,
    pub conflict: Vec<ConflictSide>,
    /// The `each` constraints without which these sides could hold together.
    pub each_in_conflict: Vec<String>,
    pub params: Vec<ParamRange>,
    pub batches: Option<BatchShares>,
    /// Columns with samples in no level.
    pub unplaced: Vec<Unplaced>,
    /// Why what needs predictions would refuse these data.
    pub predictions: Vec<String>,
}

/// A side of a row that is in conflict with others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConflictSide {
    pub row: String,
    /// `lower` or `upper`.
    pub side: &'static str,
    pub limit: f64,
}

/// For which values of a param all rows can hold, the others as they are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParamRange {
    pub name: String,
    pub value: f64,
    /// None where no value will do, or it is not known.
    pub least: Option<f64>,
    pub greatest: Option<f64>,
    /// The search ended at the least value, and smaller ones may do too.
    pub below: bool,
    /// The same of the greatest value.
    pub above: bool,
    /// `range`, `never` or `unknown`.
    pub verdict: &'static str,
}

/// Which batches of a size can meet the spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BatchShares {
    pub size: usize,
    pub random: Share,
    pub stratified: Share,
}

/// How large an event is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventSize {
    event: String,
    samples: usize,
    weight: f64,
}

/// As `--format json` prints it.
#[derive(Clone, Debug, Serialize)]
pub struct DataView {
    file: String,
    n: usize,
    events: Vec<EventSize>,
    /// Rows that take no part, and why.
    skipped: Vec<SkippedRow>,
    feasible: Option<bool>,
    /// False where the spec has constraints and none of them takes part.
    checked: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    conflict: Vec<ConflictSide>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    each_in_conflict: Vec<String>,
    params: Vec<ParamRange>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batches: Option<BatchShares>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    relations: Vec<RelationUse>,
    unplaced: Vec<Unplaced>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    predictions: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
struct SkippedRow {
    name: String,
    reason: String,
}

/// The sizes of the events that rows read.
pub fn event_sizes(summaries: &RowSummaries<'_>, bound: &Bound) -> Vec<EventSize> {
    let names = Names::of(summaries.program);
    let counts = bound.events.iter().enumerate().filter_map(|(index, count)| Some((index, (*count)?)));
    counts
        .map(|(index, count)| EventSize {
            event: summaries.program.event_text(EventId(u32::try_from(index).unwrap_or(u32::MAX)), &names),
            samples: count.samples,
            weight: count.weight,
        })
        .collect()
}

impl DataReport<'_> {
    /// Whether any constraint could be looked at, if there are any.
    pub fn checked(&self) -> bool {
        let (rows, each) = (&self.summaries.rows, &self.summaries.sample_rows);
        let all = rows.len() + each.len();
        all == 0 || rows.iter().any(|row| row.before.is_some()) || each.iter().any(|row| row.kept > 0)
    }

    pub fn json(&self) -> DataView {
        let rows = self.summaries.rows.iter().enumerate().map(|(index, row)| (self.summaries.name(index), row));
        let samples = self.summaries.sample_rows.iter().enumerate();
        let samples = samples.map(|(index, row)| (self.summaries.sample_row_name(index), row));
        let skipped = rows
            .chain(samples)
            .filter_map(|(name, row)| Some(SkippedRow { name: name.to_owned(), reason: row.reason.clone()? }));
        DataView {
            file: self.data.to_owned(),
            n: self.n,
            events: self.events.clone(),
            skipped: skipped.collect(),
            feasible: self.feasible.filter(|feasible| !feasible || self.checked()),
            checked: self.checked(),
            conflict: self.conflict.clone(),
            each_in_conflict: self.each_in_conflict.clone(),
            params: self.params.clone(),
            batches: self.batches,
            relations: self.summaries.relations.clone(),
            unplaced: self.unplaced.clone(),
            predictions: self.predictions.clone(),
        }
    }

    /// Whether all rows can hold, and with which params; nothing where there are no rows of which this could be said.
    pub fn headline(&self, paint: &dyn Paint) -> String {
        let kept = self.summaries.rows.iter().filter(|row| row.before.is_some()).count();
        let rows = if kept <= 1 { "rows".to_owned() } else { format!("{kept} rows") };
        let mut out = match self.feasible {
            Some(true) if !self.checked() => {
                format!("{}\n", paint.careful("not checked: no constraint takes part in these data"))
            }
            Some(true) if self.summaries.rows.is_empty() && self.summaries.sample_rows.is_empty() => {
                format!("{}\n", paint.careful(&format!("nothing is promised: {NOTHING_PROMISED}")))
            }
            Some(true) if kept == 0 && self.summaries.relations.is_empty() => String::new(),
            Some(true) => format!("{}: all {rows} can hold\n", paint.good("feasible")),
            Some(false) => format!("{}: the rows cannot all hold\n", paint.bad("infeasible")),
            None => "whether all rows can hold together could not be decided\n".to_owned(),
        };
        self.predictions.iter().for_each(|line| out.push_str(&format!("{}\n", paint.careful(line))));
        if kept > 0 {
            self.params.iter().for_each(|param| out.push_str(&self.range(param)));
        }
        fit(&out, paint.width())
    }

    /// The samples of each event, what takes no part, and the batches that were tried.
    pub fn details(&self, paint: &dyn Paint) -> String {
        let mut out = String::new();
        out.push_str(&format!("{}: {}\n", self.data, many(self.n, "sample")));
        out.push_str(&self.sizes(paint.width()));
        out.extend(relations_text(&self.summaries.relations));
        out.push_str(&left_over(&self.summaries));
        if !self.unplaced.is_empty() {
            out.push('\n');
            out.push_str(&unplaced_text(&self.unplaced, paint));
        }
        out.push_str(&self.shares());
        fit(&out, paint.width())
    }

    /// The report for people.
    pub fn text(&self, paint: &dyn Paint) -> String {
        format!("{}\n{}", self.headline(paint), self.details(paint))
    }

    /// `the rows can hold for eps from 0.0731 (0.02 now)`.
    fn range(&self, param: &ParamRange) -> String {
        let ParamRange { name, value, least, greatest, below, above, verdict } = param;
        let now = format!("({} now)", plain(*value));
        match (least, greatest) {
            (Some(least), Some(greatest)) if least == greatest => {
                format!("the rows can hold for {name} = {} alone {now}\n", plain(rounded(*least)))
            }
            (Some(least), Some(greatest)) => {
                let end =
                    |value: f64, open: bool, more| format!("{}{}", plain(rounded(value)), if open { more } else { "" });
                let (least, greatest) = (end(*least, *below, " or less"), end(*greatest, *above, " or more"));
                format!("the rows can hold for {name} from {least} to {greatest} {now}\n")
            }
            _ if *verdict == "never" => format!("the rows cannot hold for any value of {name} {now}\n"),
            _ => String::new(),
        }
    }

    fn shares(&self) -> String {
        let Some(BatchShares { size, random, stratified }) = &self.batches else { return String::new() };
        let line = |kind: &str, share: &Share| {
            let percent = |count: usize| format!("{}%", plain(100.0 * count as f64 / share.drawn.max(1) as f64));
            let skips = match share.with_skips {
                0 => String::new(),
                some => format!("; {} skip a row, having too few samples", percent(some)),
            };
            format!("  {kind}: {} of {} can meet all rows{skips}\n", percent(share.feasible), share.drawn)
        };
        format!("\nbatches of {size}\n{}{}", line("random", random), line("stratified", stratified))
    }

    fn sizes(&self, width: usize) -> String {
        if self.events.is_empty() {
            return String::new();
        }
        let mut table = Table::default();
        let weight = self.weighted.then_some("weight");
        table.cells(["", "samples"].into_iter().chain(weight).map(str::to_owned));
        let mut events: Vec<&EventSize> = self.events.iter().collect();
        let hidden = events.len().saturating_sub(MOST);
        if hidden > 0 {
            events.sort_by_key(|event| event.samples);
            events.truncate(MOST);
        }
        for event in &events {
            let note = match event.samples {
                0 => "empty",
                few if few < SMALL => "small",
                _ => "",
            };
            let cells = [event.event.clone(), whole(event.samples)].into_iter();
            let weight = self.weighted.then(|| short(event.weight));
            table.cells(cells.chain(weight).chain([note.to_owned()]));
        }
        let mut align = vec![Align::Left, Align::Right];
        align.extend(self.weighted.then_some(Align::Right));
        let mut out = table.render("  ", width, &align, |_, cell| cell);
        if hidden > 0 {
            out.push_str(&format!("  and {}\n", counted(hidden, "larger group")));
        }
        out
    }
}
