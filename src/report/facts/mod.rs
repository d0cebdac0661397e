//! All that an audit found, as one value. Every format shows these facts, so that they cannot disagree:
//!
//! ```text
//! RowSummaries + Encoded + predictions ─gather→ Facts ─┬ serde     → JSON
//!                                                      ├ html      → a page
//!                                                      ├ markdown
//!                                                      └ sarif
//! ```

mod about;
mod group;
mod interval;
mod partition;
mod people;
mod promise;
mod row;
mod shown;
mod slice;
mod unchecked;

use serde::Serialize;

pub use about::{About, ParamFacts, params as param_facts};
pub(super) use about::{params_in_words, sentence};
pub(super) use group::CellSums;
pub use group::{FOUR_FIFTHS, GroupFacts, PartitionFacts};
pub use interval::{Interval, LEVEL};
pub use partition::{Partition, partitions};
pub(super) use people::{conditions, label};
pub use promise::Promise;
pub(super) use row::few;
use row::{Drawn, Reader};
pub use row::{Place, Places, RowFacts};
pub(super) use shown::{Context, shown};
pub use shown::{Shown, Unit};
pub use slice::{MOST_VALUES, SliceFacts, SliceRow, Slicer, SlicesFacts, Slicing};

use super::audit::Audit;
use super::judged::together;
use super::relation_use::RelationUse;
use super::row_summary::EachJson;
use super::verdict::{Comparisons, Verdict, When};
use crate::bind::{Encoded, Params, Replicates, Resampling, Samples, Summed, Unplaced};
use crate::language::program::{Event, Names, Program};
use crate::language::words::nearest;
use crate::report::impact::{MIN_SHARE, Share};

/// What the facts are gathered from, beside the audit itself.
pub struct Evidence<'a> {
    pub encoded: &'a Encoded,
    pub params: &'a Params,
    pub predictions: Judged<'a>,
    /// BLAKE3 of the data file, and its size in bytes.
    pub data_hash: String,
    pub data_bytes: u64,
    pub watch: &'a Watch,
    /// Where the constraint of each promised row stands, and of each promised per-sample row.
    pub places: Places,
    /// None for no intervals.
    pub resampling: Option<Resampling>,
    pub slices: Option<SlicesFacts>,
    pub date: Option<String>,
    pub about: About,
    /// The command ends with 0 where something could not be checked.
    pub allow_unchecked: bool,
}

/// The predictions under audit.
#[derive(Clone, Copy)]
pub enum Judged<'a> {
    /// One for each sample.
    Samples(&'a [f64]),
    /// Those of samples elsewhere, by their sums.
    Sums(&'a Summed),
}

impl Judged<'_> {
    /// Sums by cell, as a report shows them.
    pub(super) fn cell_sums(self, encoded: &Encoded, decisions: bool, bounds: (f64, f64)) -> CellSums {
        match (self, decisions) {
            (Judged::Samples(predictions), true) => CellSums::of_decisions(encoded, predictions),
            (Judged::Samples(predictions), false) => CellSums::of_scores(encoded, predictions, bounds),
            (Judged::Sums(summed), _) => CellSums::of_sums(summed, decisions),
        }
    }

    /// How many are outside the bounds that are declared.
    fn outside(self, (lower, upper): (f64, f64)) -> usize {
        match self {
            Judged::Samples(predictions) => {
                predictions.iter().filter(|value| **value < lower || **value > upper).count()
            }
            Judged::Sums(summed) => summed.outside.0,
        }
    }
}

/// The groups that the report shows, as events that the data are encoded with.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    partitions: Vec<Partition>,
    compared: Vec<(String, Event)>,
    yardstick: Yardstick,
}

/// What groups are compared with.
#[derive(Clone, Debug)]
pub struct Yardstick {
    /// Partitions and the level of each that is its reference, where one was chosen.
    references: Vec<(String, usize)>,
    /// Groups with a smaller share are no reference, and are not marked.
    min_share: Share,
}

impl Default for Yardstick {
    fn default() -> Yardstick {
        Yardstick { references: Vec::new(), min_share: MIN_SHARE }
    }
}

impl Yardstick {
    fn reference(&self, partition: &str) -> Option<usize> {
        self.references.iter().find(|(name, _)| name == partition).map(|(_, level)| *level)
    }

    pub(super) fn min_share(&self) -> Share {
        self.min_share
    }
}

/// A group that was to be a reference, and is none.
#[derive(Clone, Debug, PartialEq)]
pub struct NoReference {
    pub message: String,
    pub help: String,
}

impl Watch {
    /// The groups of `partitions`, and the events that rows compare and that are in none of these.
    pub fn new(program: &crate::language::program::Program, partitions: Vec<Partition>) -> Watch {
        let compared = partition::compared(program, &partitions);
        Watch { partitions, compared, yardstick: Yardstick::default() }
    }

    /// Compares with these groups, each a partition and one of its levels, and not with those of fewer samples than the share.
    ///
    /// # Errors
    /// A partition or a level that the report does not show.
    pub fn compare_with(
        &mut self,
        references: &[(String, String)],
        min_share: Option<Share>,
    ) -> Result<(), NoReference> {
        self.yardstick.min_share = min_share.unwrap_or(MIN_SHARE);
        for (name, level) in references {
            let none = |what: &str, wrong: &str, known: Vec<&str>| {
                let near = nearest(wrong, known.iter().copied()).map(|near| format!("did you mean `{near}`? "));
                let known = known.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
                let help = format!("{}the report has {known}", near.unwrap_or_default());
                NoReference { message: format!("the report has no {what} `{wrong}` to compare with"), help }
            };
            let found = self.partitions.iter().find(|partition| partition.name == *name);
            let all = || self.partitions.iter().map(|partition| partition.name.as_str()).collect();
            let partition = found.ok_or_else(|| none("groups by", name, all()))?;
            // Products may be written with or without blanks.
            let bare = |text: &str| text.split('*').map(str::trim).collect::<Vec<_>>().join("*");
            let place = partition.levels.iter().position(|(text, _)| text == level || bare(text) == bare(level));
            let levels = || partition.levels.iter().map(|(text, _)| text.as_str()).collect();
            let place = place.ok_or_else(|| none("group", level, levels()))?;
            self.yardstick.references.push((name.clone(), place));
        }
        Ok(())
    }

    pub(super) fn yardstick(&self) -> &Yardstick {
        &self.yardstick
    }

    /// The groups, without the events that are in none of these.
    pub fn partitions(&self) -> &[Partition] {
        &self.partitions
    }

    /// Each event with its place among the sets of cells, of which a partition has one more: the unknown.
    fn places(&self, lengths: &[usize]) -> Vec<(&Event, usize)> {
        let starts = lengths.iter().scan(0, |next, length| {
            *next += length;
            Some(*next - length)
        });
        let levels = self.partitions.iter().map(|partition| &partition.levels).chain([&self.compared]);
        let each = starts.zip(levels);
        each.flat_map(|(start, levels)| {
            levels.iter().enumerate().map(move |(place, (_, event))| (event, start + place))
        })
        .collect()
    }

    /// The events to encode the data with, in the order in which [`Facts::gather`] reads them.
    pub fn events(&self) -> Vec<Event> {
        let levels = self.partitions.iter().flat_map(|partition| &partition.levels);
        levels.chain(&self.compared).map(|(_, event)| event.clone()).collect()
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct DataFacts {
    pub file: String,
    pub bytes: u64,
    pub blake3: String,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct BootstrapFacts {
    pub replicates: usize,
    pub seed: u64,
    pub level: f64,
}

/// The facts, as `--format json` prints them.
#[derive(Clone, Debug, Serialize)]
pub struct Facts {
    pub spec: String,
    pub fingerprint: String,
    pub n: usize,
    pub rows: Vec<RowFacts>,
    pub outside_bounds: usize,
    pub largest_outside: f64,
    /// Of these, those outside the bounds that the prediction is declared with.
    pub outside_declared: usize,
    pub max_violation: f64,
    /// The share of the largest number in a row that counts as rounding; null where only what rounding can do does.
    pub tolerance: Option<f64>,
    pub distance: f64,
    /// On all promises, by the slices too.
    pub verdict: Verdict,
    pub comparisons: Comparisons,
    /// The verdict under its older name.
    pub status: &'static str,
    /// Whether the command ends with 0.
    #[serde(skip)]
    pub accepted: bool,
    pub each: Vec<EachJson>,
    pub version: &'static str,
    pub date: Option<String>,
    pub about: About,
    pub data: DataFacts,
    /// The name of the prediction in the spec, and the header of the column under audit.
    pub prediction: String,
    pub column: String,
    pub settings: Vec<String>,
    pub params: Vec<ParamFacts>,
    /// The share that a group needs to be a reference, and to be marked.
    pub min_share: f64,
    pub weighted: bool,
    /// Samples of weight 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weightless: Option<usize>,
    /// The predictions are decisions, 0 or 1 each: groups have counts of those selected and no histograms.
    pub decisions: bool,
    pub promises: Vec<Promise>,
    pub partitions: Vec<PartitionFacts>,
    /// Events that rows compare and that are in no partition.
    pub compared: Vec<GroupFacts>,
    /// The ends of the bars of all histograms; none of decisions.
    pub histogram_edges: Vec<f64>,
    pub bootstrap: Option<BootstrapFacts>,
    pub group_by: Option<SlicesFacts>,
    /// What became of the pairs of relations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub relations: Vec<RelationUse>,
    /// Columns with samples in no level.
    pub unplaced: Vec<Unplaced>,
    /// What was not checked, a sentence each.
    pub unchecked: Vec<String>,
}

impl Facts {
    pub fn gather(audit: &Audit<'_>, evidence: Evidence<'_>) -> Facts {
        let (program, predictions) = (audit.summaries.program, evidence.predictions);
        let bounds = (program.prediction.lower, program.prediction.upper);
        let Groups { edges, partitions, compared, mut rows } = Groups::of(audit, &evidence, bounds);
        let excess = audit.summaries.rows.iter().filter_map(|row| row.before).map(|reading| reading.excess());
        let promises = audit.promises();
        promises.iter().for_each(|promise| row::fold(&mut rows, &promise.rows));
        let params = about::params(program, evidence.params);
        let slices = evidence.slices.as_ref().map(SlicesFacts::verdict);
        let verdict = Verdict::all([audit.verdict()].into_iter().chain(slices));
        let accepted = verdict == Verdict::Held || verdict == Verdict::NotChecked && evidence.allow_unchecked;
        let comparisons = together(&promises);
        let promises = promise::promises(audit, promises, &rows, &params, &evidence.places);
        Facts {
            spec: audit.spec.to_owned(),
            fingerprint: program.fingerprint().to_string(),
            n: audit.n,
            outside_bounds: audit.outside.0,
            largest_outside: audit.outside.1,
            max_violation: excess.fold(0.0, f64::max),
            outside_declared: predictions.outside(bounds),
            tolerance: audit.tolerance.relative(),
            distance: 0.0,
            verdict,
            comparisons,
            status: verdict.word(),
            accepted,
            each: audit.summaries.each(When::Before),
            relations: audit.summaries.relations.clone(),
            version: env!("CARGO_PKG_VERSION"),
            date: evidence.date,
            about: evidence.about,
            data: DataFacts { file: audit.data.to_owned(), bytes: evidence.data_bytes, blake3: evidence.data_hash },
            prediction: program.prediction.name.clone(),
            column: audit.prediction.to_owned(),
            settings: audit.settings.clone(),
            params,
            min_share: evidence.watch.yardstick().min_share().number(),
            weighted: audit.weighted,
            weightless: audit.weightless,
            decisions: audit.decisions,
            unchecked: unchecked::unchecked(audit, &promises, evidence.watch.partitions(), evidence.slices.as_ref()),
            promises,
            rows,
            partitions,
            compared,
            histogram_edges: edges,
            bootstrap: evidence.resampling.map(|how| BootstrapFacts {
                replicates: how.replicates,
                seed: how.seed,
                level: LEVEL,
            }),
            group_by: evidence.slices,
            unplaced: audit.unplaced.clone(),
        }
    }
}

/// What the samples of groups have, and what rows say of it.
struct Groups {
    edges: Vec<f64>,
    partitions: Vec<PartitionFacts>,
    compared: Vec<GroupFacts>,
    rows: Vec<RowFacts>,
}

impl Groups {
    fn of(audit: &Audit<'_>, evidence: &Evidence<'_>, bounds: (f64, f64)) -> Groups {
        let Evidence { encoded, params, predictions, watch, .. } = *evidence;
        let sums = predictions.cell_sums(encoded, audit.decisions, bounds);
        let (sets, lengths) = sets(encoded, watch);
        let flat: Vec<Vec<u32>> = sets.iter().flatten().cloned().collect();
        let mut replicates = match (evidence.resampling, predictions) {
            (Some(how), Judged::Samples(predictions)) => {
                encoded.resample(params, &Samples::All, predictions, &flat, how)
            }
            // Sums by cell do not tell how predictions vary within cells.
            (Some(_), Judged::Sums(_)) | (None, _) => Replicates::default(),
        };
        let drawn_means = std::mem::take(&mut replicates.means);
        let mut start = 0;
        let mut means = lengths.iter().map(|&length| {
            start += length;
            drawn_means.get(start - length..start).unwrap_or_default()
        });
        let ratios = bounds.0 >= 0.0;
        let partitions = watch.partitions.iter().zip(&sets).map(|(partition, sets)| {
            sums.partition(partition, sets, means.next().unwrap_or_default(), ratios, watch.yardstick())
        });
        let mut partitions: Vec<PartitionFacts> = partitions.collect();
        name_groups(&mut partitions, watch, audit.summaries.program);
        let names: Vec<String> = watch.compared.iter().map(|(text, _)| text.clone()).collect();
        let compared = sets.last().map_or(&[][..], Vec::as_slice);
        let mut compared = sums.groups(&names, compared, means.next().unwrap_or_default());
        // Why an event is empty is told with the rows that read it.
        compared.retain(|group| group.samples > 0);
        let places = watch.places(&lengths);
        let series = |event: &Event| {
            let (_, place) = places.iter().find(|(known, _)| *known == event)?;
            drawn_means.get(*place).map(Vec::as_slice)
        };
        let reader = Reader { decisions: audit.decisions, series: &series };
        let rows = audit.summaries.rows.iter().enumerate().map(|(index, row)| {
            let drawn = Drawn::of(&audit.summaries, index, &replicates);
            let place = evidence.places.rows.get(index).cloned().unwrap_or_default();
            RowFacts::new(&audit.summaries, index, row, audit.tolerance, drawn, place, &reader)
        });
        Groups { rows: rows.collect(), edges: sums.edges, partitions, compared }
    }
}

/// Levels that stand for more than a value of a column are named in words.
fn name_groups(partitions: &mut [PartitionFacts], watch: &Watch, program: &Program) {
    let names = Names::of(program);
    for (facts, partition) in partitions.iter_mut().zip(&watch.partitions) {
        for group in facts.groups.iter_mut().filter(|group| !group.unknown) {
            let level = partition.levels.iter().find(|(text, _)| *text == group.group);
            if let Some((_, event)) = level.filter(|(_, event)| !matches!(event, Event::Levels { .. })) {
                group.label = people::label(&conditions(event, program, &names));
            }
        }
    }
}

impl SlicesFacts {
    pub fn verdict(&self) -> Verdict {
        Verdict::all(self.values.iter().map(|slice| slice.verdict))
    }

    /// The same, but held only where every comparison was made.
    pub fn checked(&self) -> Verdict {
        match self.verdict() {
            Verdict::Held if self.values.iter().any(|slice| slice.comparisons.not_made > 0) => Verdict::NotChecked,
            verdict => verdict,
        }
    }
}

/// The cells of each group: of each partition with its unknown samples, then of the events compared; and how many
/// groups each has.
pub(super) fn sets(encoded: &Encoded, watch: &Watch) -> (Vec<Vec<Vec<u32>>>, Vec<usize>) {
    let mut watched = encoded.watched().into_iter();
    let mut sets = Vec::new();
    for partition in &watch.partitions {
        let levels: Vec<Vec<u32>> = watched.by_ref().take(partition.levels.len()).collect();
        sets.push(group::with_unknown(&levels, encoded.cells()));
    }
    sets.push(watched.collect());
    let lengths = sets.iter().map(Vec::len).collect();
    (sets, lengths)
}
