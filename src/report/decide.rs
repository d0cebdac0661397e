//! Decisions before and after: by the cutoff alone, and so that promises hold.

use serde::Serialize;

use super::facts::{CellSums, Watch, sets};
use super::layout::fit;
use super::number::{finite, fixed, many, plain, precise, short, whole};
use super::project::{ProjectReport, Projected};
use super::table::{Align, Paint, Table};
use super::verdict::Verdict;
use crate::analyze::net_gain;
use crate::bind::{Encoded, Spread, Step, ThresholdCell, Thresholds};
use crate::language::words::counted;
use crate::runtime::problem::Problem;

/// Groups and thresholds that are shown.
const MOST: usize = 24;
/// What is no difference of gains.
const NO_LESS: f64 = 1e-9;

/// How decisions became 0 or 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "how")]
pub enum How {
    /// By a search, which left none of those `between` there; none that keep the rows gain more than `bound`.
    Whole { between: usize, bound: f64 },
    /// The nearest, where none that keep the rows were found; `proven` if there are none.
    Nearest { proven: bool },
    /// The samples in between were drawn; their chances themselves miss so many rows.
    Drawn { seed: u64, samples: usize, missed_in_expectation: usize },
    /// By thresholds of other data, where `tied` samples are exactly at one that takes a share.
    Thresholds { tied: usize },
}

impl How {
    /// The name of the status in JSON.
    pub fn status(&self) -> &'static str {
        match self {
            How::Whole { .. } => "whole",
            How::Nearest { .. } => "nearest",
            How::Drawn { .. } => "drawn",
            How::Thresholds { .. } => "thresholds",
        }
    }
}

/// Thresholds that look at no label, where rows read labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Groups in which the best rule draws between several thresholds.
    pub drawing: usize,
    /// Whether there are thresholds without draws that keep all rows; none if they were not sought.
    pub without_draws: Option<WithoutDraws>,
}

/// What came of the search for thresholds without draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WithoutDraws {
    Found,
    /// There are none.
    None,
    NotFound,
}

/// A row that a draw can miss.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Miss {
    pub name: String,
    /// The chance that it is missed on a draw.
    pub chance: f64,
    /// By convolution, and not by a normal distribution.
    pub exact: bool,
    /// Whether it is missed on this draw.
    pub missed: bool,
}

/// A smaller chance is not shown to people.
const NEVER: f64 = 5e-5;

/// What decisions gain, `Σ w g d` less what soft rows cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Gains {
    /// By the cutoff alone.
    pub before: f64,
    pub after: f64,
    /// No decisions within the rows gain more, shares of a decision included; none where thresholds are applied.
    pub bound: Option<f64>,
    /// Decisions of 1, before and after.
    pub selected: (usize, usize),
    /// Decisions that became 1, and that became 0.
    pub flips: (usize, usize),
}

impl Gains {
    pub fn of(gain: &[f64], problem: &Problem, before: &[f64], after: &[f64], bound: f64) -> Gains {
        let sum = |decisions: &[f64]| net_gain(gain, problem, decisions);
        let count =
            |holds: &dyn Fn(f64, f64) -> bool| before.iter().zip(after).filter(|(b, a)| holds(**b, **a)).count();
        Gains {
            before: sum(before),
            after: sum(after),
            bound: finite(bound),
            selected: (count(&|b, _| b > 0.5), count(&|_, a| a > 0.5)),
            flips: (count(&|b, a| b < a), count(&|b, a| b > a)),
        }
    }
}

/// A group's decisions.
#[derive(Clone, Debug, Serialize)]
pub struct GroupDecisions {
    /// The cut that it belongs to: a column, or a declared group.
    pub partition: String,
    pub group: String,
    pub samples: usize,
    /// Null, or a value that is no declared level.
    pub unknown: bool,
    /// Fewer than 30 samples.
    pub small: bool,
    /// Selection rates, and each by that of the group with the highest.
    pub rate_before: Option<f64>,
    pub rate_after: Option<f64>,
    pub impact_ratio_before: Option<f64>,
    pub impact_ratio_after: Option<f64>,
    pub became_1: usize,
    pub became_0: usize,
    /// What its decisions gain.
    pub gain_before: f64,
    pub gain_after: f64,
}

impl GroupDecisions {
    /// The groups of all partitions of `watch`, with which the data were encoded.
    /// `gain` is what a decision of 1 gains, by sample.
    pub fn all(
        encoded: &Encoded,
        watch: &Watch,
        gain: &[f64],
        (before, after): (&[f64], &[f64]),
    ) -> Vec<GroupDecisions> {
        let mut gains = vec![(0.0, 0.0); encoded.cells()];
        for (sample, (&cell, gain)) in encoded.cell().iter().zip(gain).enumerate() {
            let own = |decisions: &[f64]| decisions.get(sample).map_or(0.0, |d| d * gain);
            let weight = encoded.weight().and_then(|weight| weight.get(sample)).copied().unwrap_or(1.0);
            if let Some((first, second)) = gains.get_mut(cell as usize) {
                *first += weight * own(before);
                *second += weight * own(after);
            }
        }
        let mut flips = vec![(0, 0); encoded.cells()];
        for (&cell, (b, a)) in encoded.cell().iter().zip(before.iter().zip(after)) {
            if let Some((up, down)) = flips.get_mut(cell as usize) {
                *up += usize::from(b < a);
                *down += usize::from(b > a);
            }
        }
        let sums = [before, after].map(|decisions| CellSums::of_decisions(encoded, decisions));
        let (sets, _) = sets(encoded, watch);
        let mut all = Vec::new();
        for (partition, sets) in watch.partitions().iter().zip(&sets) {
            let [first, second] =
                sums.each_ref().map(|sums| sums.partition(partition, sets, &[], true, watch.yardstick()));
            // Groups without samples are left out of both, so that their places differ from those of the sets.
            for (before, after) in first.groups.iter().zip(&second.groups) {
                let place = partition.levels.iter().position(|(name, _)| !before.unknown && *name == before.group);
                let cells = sets.get(place.unwrap_or(partition.levels.len())).map_or(&[][..], Vec::as_slice);
                let own = cells.iter().filter_map(|&cell| flips.get(cell as usize));
                let (became_1, became_0) = own.fold((0, 0), |sum, own| (sum.0 + own.0, sum.1 + own.1));
                let own = cells.iter().filter_map(|&cell| gains.get(cell as usize));
                let (gain_before, gain_after) = own.fold((0.0, 0.0), |sum, own| (sum.0 + own.0, sum.1 + own.1));
                all.push(GroupDecisions {
                    gain_before,
                    gain_after,
                    partition: partition.name.clone(),
                    group: before.group.clone(),
                    samples: before.samples,
                    unknown: before.unknown,
                    small: before.small,
                    rate_before: before.mean,
                    rate_after: after.mean,
                    impact_ratio_before: before.ratio,
                    impact_ratio_after: after.ratio,
                    became_1,
                    became_0,
                });
            }
        }
        all
    }
}

/// All that is known after deciding.
pub struct DecideReport<'a> {
    /// The rows: before, of the decisions by the cutoff alone, and after.
    pub rows: ProjectReport<'a>,
    pub cutoff: f64,
    /// The column of gains, where there is one.
    pub gain: Option<String>,
    pub gains: Gains,
    pub groups: Vec<GroupDecisions>,
    pub how: How,
    /// Hard rows that the decisions miss.
    pub missed: usize,
    /// Where rows read labels.
    pub rule: Option<Rule>,
    /// Of decisions that were drawn: the chance that a draw misses each hard row, and whether this one does.
    pub misses: Vec<Miss>,
    /// Where thresholds for each cell tell all.
    pub thresholds: Option<Thresholds>,
    /// What these are compared with, by their cells.
    pub spread: Option<Spread>,
}

/// As `--format json` prints it.
#[derive(Serialize)]
pub struct DecidedJson<'r> {
    #[serde(flatten)]
    rows: Projected,
    decided: &'r How,
    cutoff: f64,
    gain_column: Option<&'r str>,
    gain_before: f64,
    gain_after: f64,
    gain_bound: Option<f64>,
    selected_before: usize,
    selected_after: usize,
    became_1: usize,
    became_0: usize,
    groups: &'r [GroupDecisions],
    rule: Option<Rule>,
    misses: &'r [Miss],
    thresholds: Option<Vec<ThresholdJson<'r>>>,
}

#[derive(Serialize)]
struct ThresholdJson<'r> {
    when: &'r str,
    threshold: f64,
    share: f64,
    at: usize,
    #[serde(skip_serializing_if = "<[Step]>::is_empty")]
    steps: &'r [Step],
    samples: usize,
}

impl DecideReport<'_> {
    pub fn json(&self) -> DecidedJson<'_> {
        let thresholds = self.thresholds.as_ref().map(|thresholds| {
            let cells = thresholds.cells.iter().map(|cell| ThresholdJson {
                when: &cell.cell.when,
                threshold: cell.threshold,
                share: cell.share,
                at: cell.at,
                steps: &cell.steps,
                samples: cell.cell.samples,
            });
            cells.collect()
        });
        DecidedJson {
            rows: self.rows.json(),
            decided: &self.how,
            cutoff: self.cutoff,
            gain_column: self.gain.as_deref(),
            gain_before: self.gains.before,
            gain_after: self.gains.after,
            gain_bound: self.gains.bound,
            selected_before: self.gains.selected.0,
            selected_after: self.gains.selected.1,
            became_1: self.gains.flips.0,
            became_0: self.gains.flips.1,
            groups: &self.groups,
            rule: self.rule,
            misses: &self.misses,
            thresholds,
        }
    }

    /// The report for people.
    pub fn text(&self, paint: &dyn Paint) -> String {
        let mut out = self.rows.headline().line("", paint);
        out.push_str(&self.heading());
        out.push_str(&self.sums());
        out.push_str(&self.rounding());
        out.push_str(&self.rows.conclusion(paint, "by the cutoff alone"));
        if self.rule.is_some() {
            out.push_str("some rows read labels: decisions are made by thresholds that look at no label\n");
        }
        out.push_str(&self.rows.body(paint));
        out.push_str(&self.groups(paint));
        out.push_str(&self.thresholds(paint));
        out.push_str(&self.missing(paint));
        fit(&out, paint.width())
    }

    fn heading(&self) -> String {
        let by = match &self.gain {
            Some(column) => format!("decisions by the gains `{column}`"),
            None => format!("decisions by `{}`, cutoff {}", self.rows.prediction, plain(self.cutoff)),
        };
        let settings: String = self.rows.settings.iter().map(|setting| format!(", {setting}")).collect();
        let ProjectReport { spec, data, n, .. } = self.rows;
        format!("{spec} on {data}: {}, {by}{settings}\n", many(n, "sample"))
    }

    /// A table for each cut into groups.
    fn groups(&self, paint: &dyn Paint) -> String {
        let shown = self.groups.get(..self.groups.len().min(MOST)).unwrap_or_default();
        let mut out = String::new();
        for groups in shown.chunk_by(|a, b| a.partition == b.partition) {
            let title = paint.strong(groups.first().map_or("", |group| &group.partition));
            out.push_str(&format!(
                "\n  {title}: selected, impact ratio, decisions that changed, and gain; by the cutoff alone, and after\n"
            ));
            let mut table = Table::default();
            let words = ["", "samples", "rate", "after", "ratio", "after", "to 1", "to 0", "gain", "after"];
            table.cells(words.map(str::to_owned));
            groups.iter().for_each(|group| table.cells(group_cells(group)));
            let mut align = [Align::Right; 10];
            align[0] = Align::Left;
            out.push_str(&table.render("    ", paint.width(), &align, |_, cell| cell));
        }
        out.push_str(&more(self.groups.len(), "more group"));
        out
    }

    /// Cells in which there are samples, those of the same threshold together.
    fn thresholds(&self, paint: &dyn Paint) -> String {
        let Some(thresholds) = &self.thresholds else { return String::new() };
        let seen = thresholds.cells.iter().filter(|cell| cell.cell.samples > 0);
        let mut table = Table::default();
        for cell in seen.clone().take(MOST) {
            let (threshold, rest) = threshold_words(thresholds, cell);
            table.cells([cell.cell.when.clone(), whole(cell.cell.samples), threshold, rest]);
        }
        let lines =
            table.render("    ", paint.width(), &[Align::Left, Align::Right, Align::Left, Align::Left], |_, cell| cell);
        let rest = more(seen.clone().count(), "more group");
        let shared = seen.clone().any(|cell| cell.share > 0.0 && cell.share < 1.0);
        let rule = match shared {
            true => "whoever satisfies it is decided 1, and whoever is equal to it with the chance beside it",
            false => "whoever reaches it is decided 1",
        };
        format!("\n  {}: {rule}\n{lines}{rest}", paint.strong("thresholds"))
    }

    /// What the decisions gain and whom they select, a sentence each.
    pub(super) fn sentences(&self) -> Vec<String> {
        let text = format!("{}{}", self.sums(), self.rounding());
        text.lines().map(str::to_owned).collect()
    }

    fn sums(&self) -> String {
        let Gains { before, after, selected, flips, .. } = self.gains;
        let changed = match flips {
            (0, 0) => "none changed".to_owned(),
            (to_1, to_0) => format!("{} became 1, {} became 0", whole(to_1), whole(to_0)),
        };
        let difference = before - after;
        let change = match difference {
            _ if difference.abs() <= NO_LESS * before.abs() => "as much as by the cutoff alone".to_owned(),
            less if less > 0.0 => format!("{} less than by the cutoff alone", short(less)),
            less => format!("{} more than by the cutoff alone", short(-less)),
        };
        // Decisions that miss rows are not to be compared with those within.
        let room = self.bound().filter(|_| self.missed == 0).map_or_else(String::new, |bound| match bound - after {
            room if room <= NO_LESS * bound.abs().max(after.abs()) => {
                format!("; no {} within the rows gain more", self.alternatives())
            }
            room => {
                format!("; at most {} below what the best {} within the rows gain", short(room), self.alternatives())
            }
        });
        format!(
            "gain {}: {change}{room}\nselected {} of {}, {} by the cutoff alone: {changed}\n",
            short(after),
            whole(selected.1),
            whole(self.rows.n),
            whole(selected.0),
        )
    }

    /// What no [alternatives](Self::alternatives) within the rows gain more than.
    fn bound(&self) -> Option<f64> {
        match self.how {
            How::Whole { bound, .. } => Some(self.gains.bound.map_or(bound, |other| other.min(bound))),
            _ => self.gains.bound,
        }
    }

    /// What the bound is about.
    fn alternatives(&self) -> &'static str {
        match self.how {
            _ if self.rule.is_some() => "such rules",
            How::Whole { .. } => "decisions of 0 and 1",
            _ => "decisions",
        }
    }

    /// The rows that a draw can miss.
    fn missing(&self, paint: &dyn Paint) -> String {
        let mut table = Table::default();
        let possible = self.misses.iter().filter(|miss| miss.missed || miss.chance > NEVER);
        for miss in possible.clone().take(MOST) {
            let by = if miss.exact { "" } else { "by a normal distribution" };
            let word = if miss.missed { paint.bad("missed") } else { paint.good("held") };
            table.cells([miss.name.clone(), short(miss.chance), word, by.to_owned()]);
        }
        if possible.clone().count() == 0 {
            return String::new();
        }
        let lines = table.render("    ", paint.width(), &[Align::Left; 4], |_, cell| cell);
        format!("\nchance that a draw misses a row, and this draw:\n{lines}{}", more(possible.count(), "more row"))
    }

    fn rounding(&self) -> String {
        match &self.how {
            How::Whole { between: 0, .. } => String::new(),
            How::Whole { between, .. } if self.rule.is_some() => {
                format!("{} drawn by the best such rule; these thresholds draw nobody\n", counted_are(*between))
            }
            How::Whole { between, .. } => {
                format!("{} between 0 and 1 at the optimum, rounded so that all rows hold\n", counted_are(*between))
            }
            How::Nearest { proven: true } => "no decisions of 0 and 1 keep all rows: these come closest\n".to_owned(),
            How::Nearest { proven: false } => {
                "no decisions of 0 and 1 that keep all rows were found within the search: these come closest\n"
                    .to_owned()
            }
            How::Drawn { samples: 0, .. } => "nothing had to be drawn\n".to_owned(),
            How::Drawn { seed, samples, missed_in_expectation: missed } => {
                let kept = match (missed, self.missed) {
                    (0, 0) => "in expectation all rows hold, and on this draw too".to_owned(),
                    (0, _) => "in expectation all rows hold, but not on this draw".to_owned(),
                    (missed, _) => format!(
                        "in expectation {} missed",
                        if *missed == 1 { "1 row is".to_owned() } else { format!("{missed} rows are") }
                    ),
                };
                let why = match self.rule.and_then(|rule| rule.without_draws) {
                    Some(WithoutDraws::None) => "no thresholds without draws keep all rows: ",
                    Some(WithoutDraws::NotFound) => "no thresholds without draws were found that keep all rows: ",
                    Some(WithoutDraws::Found) | None => "",
                };
                format!("{why}{} drawn with seed {seed}: {kept}\n", counted_are(*samples))
            }
            How::Thresholds { tied: 0 } => String::new(),
            How::Thresholds { tied } => {
                format!(
                    "{} equal to a threshold where only some are to be decided 1; without draws, all of a group are decided alike\n",
                    counted_are(*tied)
                )
            }
        }
    }

    /// On the decisions, counted exactly.
    pub fn verdict(&self) -> Verdict {
        self.rows.verdict()
    }
}

/// Who is decided 1 in a cell, and what of those who do not reach the threshold.
pub(super) fn threshold_words(thresholds: &Thresholds, cell: &ThresholdCell) -> (String, String) {
    let (sign, mut rest) = match (cell.at, cell.share) {
        (_, share) if share >= 1.0 => (">=", String::new()),
        (_, share) if share <= 0.0 => (">", String::new()),
        (at, share) => (">", format!("{} equal: chance {}", whole(at), plain(share))),
    };
    for step in cell.steps.iter().rev() {
        let and = if rest.is_empty() { "" } else { ", " };
        rest.push_str(&format!("{and}from {} on: chance {}", precise(step.from), plain(step.chance)));
    }
    (format!("{} {sign} {}", thresholds.column, precise(cell.threshold)), rest)
}

fn group_cells(group: &GroupDecisions) -> [String; 10] {
    let share = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| fixed(value, 3));
    [
        format!("{}{}", group.group, if group.small { " (small)" } else { "" }),
        whole(group.samples),
        share(group.rate_before),
        share(group.rate_after),
        share(group.impact_ratio_before),
        share(group.impact_ratio_after),
        whole(group.became_1),
        whole(group.became_0),
        short(group.gain_before),
        short(group.gain_after),
    ]
}

/// `1 sample is`, `3 samples are`.
fn counted_are(count: usize) -> String {
    format!("{} {}", counted(count, "sample"), if count == 1 { "is" } else { "are" })
}

fn more(all: usize, what: &str) -> String {
    if all > MOST { format!("    and {}\n", counted(all - MOST, what)) } else { String::new() }
}
