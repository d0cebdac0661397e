//! The words that every format of a report uses.

use super::facts::{FOUR_FIFTHS, Facts, GroupFacts, RowFacts, SMALL};
use super::number::short;
use super::verdict::{Tolerance, Verdict};
use crate::language::words::counted;

/// The answer in one line.
pub fn headline(facts: &Facts) -> String {
    let of = |verdict: Verdict| facts.promises.iter().filter(|promise| promise.verdict == verdict).count();
    let (held, violated) = (of(Verdict::Held), of(Verdict::Violated));
    let unchecked = of(Verdict::NotChecked);
    let idle = of(Verdict::NotApplicable);
    let mut parts = Vec::new();
    match (held, violated) {
        (0, 0) if facts.promises.is_empty() && facts.verdict == Verdict::NotChecked => {
            parts.push("Nothing was promised".to_owned());
        }
        (0, 0) if facts.promises.is_empty() && facts.outside_bounds == 0 => {
            parts.push("All predictions lie within their bounds".to_owned());
        }
        (0, 0) if facts.promises.is_empty() => parts.push("Predictions lie outside their bounds".to_owned()),
        (0, 0) => parts.push("Not checked: no constraint could be".to_owned()),
        (1, 0) if unchecked == 0 => parts.push("The constraint holds".to_owned()),
        (all, 0) if unchecked == 0 => parts.push(format!("All {all} constraints hold")),
        (held, 0) => parts.push(format!("{held} of {} held", counted(held + unchecked, "constraint"))),
        (0, 1) => parts.push("The constraint is violated".to_owned()),
        (held, violated) => parts.push(format!("{violated} of {} violated", counted(held + violated, "constraint"))),
    }
    if unchecked > 0 && held + violated > 0 {
        parts.push(format!("{unchecked} could not be checked"));
    }
    if idle > 0 {
        parts.push(format!("{idle} not applicable"));
    }
    if violated == 0 && held > 0 && unchecked == 0 && facts.comparisons.not_made > 0 {
        let all = counted(facts.comparisons.made + facts.comparisons.not_made, "comparison");
        parts.push(format!("{} of {all} not made", facts.comparisons.not_made));
    }
    if facts.outside_bounds > 0 && !facts.promises.is_empty() {
        parts.push(format!("{} outside the bounds", counted(facts.outside_bounds, "prediction")));
    }
    if let Some(slices) = &facts.group_by {
        parts.push(super::slices::in_words(slices, &slices.column));
    }
    parts.join("; ")
}

/// Predictions outside their bounds, and samples in no level.
pub fn outside(facts: &Facts) -> Vec<String> {
    let mut lines = Vec::new();
    if facts.outside_bounds > 0 {
        let count = counted(facts.outside_bounds, "prediction");
        lines.push(format!("{count} outside the bounds, by {} at most", short(facts.largest_outside)));
    }
    lines.extend(facts.relations.iter().map(super::relation_use::RelationUse::line));
    for unplaced in &facts.unplaced {
        lines.extend(super::unplaced::lines(unplaced).iter().map(|line| line.trim().to_owned()));
    }
    lines
}

/// What groups are compared by, in words.
pub struct Quantity {
    pub mean: &'static str,
    pub ratio: &'static str,
    /// Where the group is named already.
    pub short: &'static str,
}

impl Quantity {
    pub fn of(facts: &Facts) -> Quantity {
        match facts.decisions {
            true => Quantity { mean: "selection rate", ratio: "impact ratio", short: "rate" },
            false => Quantity { mean: "mean", ratio: "ratio", short: "mean" },
        }
    }
}

/// What is to be said of a group.
pub fn marks(group: &GroupFacts) -> Vec<&'static str> {
    let mut marks = Vec::new();
    marks.extend(group.unknown.then_some("unknown: null or no declared level"));
    marks.extend((group.samples == 0).then_some("empty"));
    marks.extend((group.small && group.samples > 0).then_some("small"));
    marks.extend(group.below_four_fifths.then_some("below four fifths"));
    marks
}

/// The verdict of a row, why it was skipped, and whether the data settle it.
pub fn verdict_note(row: &RowFacts) -> String {
    let mut words = row.verdict.word().to_owned();
    if let Some(excess) = row.excess() {
        words.push_str(&format!(" by {}", short(excess)));
    }
    if let Some(reason) = &row.row.skipped {
        words.push_str(&format!(": {reason}"));
    }
    if row.settled == Some(false) {
        words.push_str(", not settled by the data");
    }
    words
}

/// What the numbers mean and do not mean.
pub fn read_me(facts: &Facts) -> Vec<String> {
    let prediction = &facts.prediction;
    let means = Quantity::of(facts).short;
    let mut lines = vec![
        match facts.decisions {
            true => format!(
                "The audit compares selection rates over groups of these data: the shares that are decided 1 ({prediction}). It says nothing about other data."
            ),
            false => format!(
                "The audit compares means of the predictions ({prediction}) over groups of these data. It says nothing about decisions made from them by a threshold, and nothing about other data."
            ),
        },
        format!(
            "Small marks groups of fewer than {SMALL} samples: their {means}s can differ much by chance. Unknown marks samples whose value is missing or is no declared level; constraints do not see them in any group."
        ),
    ];
    if facts.partitions.iter().any(|partition| partition.reference.is_some()) {
        let fifths = 100.0 * FOUR_FIFTHS;
        lines.push(if facts.decisions { format!("An impact ratio is a group's selection rate divided by that of the group with the highest rate that is not small. It takes a decision of 1 to be better for people. Below {fifths}% is marked, by the four-fifths rule of US employment guidelines: a sign to look closer and not a legal finding.") } else { format!("A ratio is a group's mean divided by that of the group with the highest mean that is not small. It takes a higher {prediction} to be better for people. Below {fifths}% is marked: the four-fifths rule of US employment guidelines, which is about selection rates; here it is applied to mean scores, as a sign to look closer and not as a legal finding.") });
    }
    if let Some(bootstrap) = &facts.bootstrap {
        lines.push(format!("Intervals hold the middle 95% of {} bootstrap replicates (Poisson counts, seed {}): how much a number would differ had other people been drawn in the same way. They know nothing of bias in how the data were collected, and are too short for small groups. \"Not settled\" says that the verdict differs among them.", bootstrap.replicates, bootstrap.seed));
    }
    let tolerance = facts.tolerance.map_or(Tolerance::Rounding, Tolerance::Relative);
    lines.push(format!("{}.", capital(&tolerance.words())));
    lines
}

/// Where the numbers come from.
pub fn source_of(facts: &Facts) -> Vec<(&'static str, String)> {
    let mut lines = vec![
        ("spec", facts.spec.clone()),
        ("fingerprint of the spec", facts.fingerprint.clone()),
        ("data", format!("{} ({}, {} bytes)", facts.data.file, counted(facts.n, "sample"), facts.data.bytes)),
        ("BLAKE3 of the data", facts.data.blake3.clone()),
        ("predictions", facts.column.clone()),
        (
            "weights",
            if facts.weighted { "as the spec declares" } else { "none: all samples count the same" }.to_owned(),
        ),
    ];
    if !facts.settings.is_empty() {
        lines.push(("params set", facts.settings.join(", ")));
    }
    if let Some(bootstrap) = &facts.bootstrap {
        lines.push(("intervals", format!("{} replicates, seed {}", bootstrap.replicates, bootstrap.seed)));
    }
    lines.push(("made by", format!("fairc {}", facts.version)));
    lines.extend(facts.date.iter().map(|date| ("date", date.clone())));
    lines
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
