//! The words that every format of a report uses.

use super::facts::{FOUR_FIFTHS, Facts, GroupFacts, Interval, SlicesFacts, params_in_words};
use super::headline::Headline;
use super::impact::SMALL;
use super::number::{many, short, thousands, whole};
use super::verdict::{Tolerance, Verdict};

/// The title that was given, or one of the spec.
pub fn title(facts: &Facts) -> String {
    facts.about.title.clone().unwrap_or_else(|| format!("Fairness audit: {}", facts.spec))
}

/// The answer in one line: `Not met: 3 of 4 promises violated, 1 inconclusive, 12 of 33 comparisons not made`.
pub fn headline(facts: &Facts) -> String {
    let slices = facts.group_by.as_ref().map(|slices| super::slices::in_words(slices, &slices.column));
    std::iter::once(answer(facts).words()).chain(slices).collect::<Vec<String>>().join("; ")
}

/// The same with what colours it.
pub(super) fn answer(facts: &Facts) -> Headline {
    Headline {
        verdict: facts.verdict,
        promises: facts.promises.iter().map(|promise| promise.verdict).collect(),
        inconclusive: facts.promises.iter().filter(|promise| promise.settled == Some(false)).count(),
        comparisons: facts.comparisons,
        outside: facts.outside_declared,
        unplaced: super::unplaced::briefly(&facts.unplaced),
        parts: facts.group_by.as_ref().map_or(Verdict::Held, SlicesFacts::checked),
    }
}

/// Predictions outside the bounds that the spec declares them with; those outside the bounds of a promise are told with it.
fn outside_declared(facts: &Facts) -> Option<String> {
    let count = facts.outside_declared;
    // By how much is known of all together.
    let most = match count == facts.outside_bounds {
        true => format!(", by {} at most", short(facts.largest_outside)),
        false => String::new(),
    };
    (count > 0).then(|| format!("{} outside the declared bounds{most}", many(count, "prediction")))
}

/// What the list of what was not checked does not say: predictions outside their declared bounds, pairs that were left out, and values that
/// may have been meant as levels.
pub fn beside(facts: &Facts) -> Vec<String> {
    let pairs = facts.relations.iter().map(super::relation_use::RelationUse::line);
    let near = facts.unplaced.iter().flat_map(|column| {
        let lines = super::unplaced::lines(column).into_iter().skip(1);
        lines.map(|line| format!("`{}`: {}", column.column, line.trim())).collect::<Vec<String>>()
    });
    outside_declared(facts).into_iter().chain(pairs).chain(near).collect()
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
    marks.extend(group.unknown.then_some("unknown: empty or another value"));
    marks.extend((group.samples == 0).then_some("empty"));
    marks.extend((group.small && group.samples > 0).then_some("small"));
    marks.extend(group.below_four_fifths.then_some("below four fifths"));
    marks.extend(in_doubt(group).then_some("four fifths inconclusive"));
    marks
}

/// The marks, and that a group is too small a share of the samples to be flagged.
pub fn notes(facts: &Facts, group: &GroupFacts) -> Vec<String> {
    let mut notes: Vec<String> = marks(group).into_iter().map(str::to_owned).collect();
    notes.extend(group.below_min_share.then(|| format!("under {}: not flagged", share(facts.min_share))));
    notes
}

/// `2%`.
pub fn share(share: f64) -> String {
    format!("{}%", (share * 1e6).round() / 1e4)
}

/// Whether another sample could say otherwise about four fifths of the reference.
fn in_doubt(group: &GroupFacts) -> bool {
    let open = |it: Interval| it.lower < FOUR_FIFTHS && FOUR_FIFTHS <= it.upper;
    !group.below_min_share && !group.unknown && group.ratio_interval.is_some_and(open)
}

/// What the numbers mean and do not mean.
pub fn read_me(facts: &Facts) -> Vec<String> {
    let prediction = &facts.prediction;
    let means = Quantity::of(facts).short;
    let mut lines = vec![
        match facts.decisions {
            true => {
                format!("The audit compares selection rates of groups: the shares that are decided 1 (`{prediction}`).")
            }
            false => format!("The audit compares mean predictions (`{prediction}`) of groups."),
        },
        "Slack is the distance to the nearer limit; a negative slack is how far the limit is missed.".to_owned(),
    ];
    let groups = || facts.partitions.iter().flat_map(|partition| &partition.groups).chain(&facts.compared);
    lines.extend(groups().any(|group| group.small).then(|| {
        format!("Small marks groups of fewer than {SMALL} samples: their {means}s can differ much by chance.")
    }));
    let unknown = "Unknown marks samples whose value is empty, or is none of those that the spec declares. No promise reads them as a group.";
    lines.extend(groups().any(|group| group.unknown).then(|| unknown.to_owned()));
    if facts.partitions.iter().any(|partition| partition.reference.is_some()) {
        let fifths = 100.0 * FOUR_FIFTHS;
        let better = match facts.decisions {
            true => "It assumes that a decision of 1 is better for the person.".to_owned(),
            false => format!("It assumes that a higher `{prediction}` is better for the person."),
        };
        let about = match facts.decisions {
            true => "",
            false => " The rule is about selection rates; here it is applied to mean scores, and not to small groups.",
        };
        lines.push(format!(
            "A ratio below {fifths}% is flagged, after the four-fifths rule of US employment guidelines. {better}{about} It is a sign \
             to look closer, not a legal finding."
        ));
    }
    if let Some(bootstrap) = &facts.bootstrap {
        lines.push(format!(
            "Intervals hold the middle 95% of {} bootstrap replicates (Poisson counts, seed {}): how much a number would differ had \
             other people been drawn in the same way. They know nothing of bias in how the data were collected, and are too \
             narrow for small groups.",
            whole(bootstrap.replicates),
            bootstrap.seed
        ));
        let settled = |so| facts.rows.iter().any(|row| row.settled == Some(so));
        let clear =
            "Clear: the 95% interval is on one side of the limit, so another sample would hardly reverse the verdict.";
        lines.extend(settled(true).then(|| clear.to_owned()));
        let open = "Inconclusive: another sample could reverse the verdict, since the 95% interval contains the limit.";
        lines.extend((settled(false) || groups().any(in_doubt)).then(|| open.to_owned()));
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
        (
            "data",
            format!(
                "{} ({} samples, {} bytes)",
                facts.data.file,
                whole(facts.n),
                thousands(&facts.data.bytes.to_string())
            ),
        ),
        ("BLAKE3 of the data", facts.data.blake3.clone()),
        ("predictions", facts.column.clone()),
        (
            "weights",
            if facts.weighted { "as the spec declares" } else { "none: all samples count the same" }.to_owned(),
        ),
    ];
    lines.push(("params", params_in_words(&facts.params)));
    lines.extend(facts.about.lines().map(|(name, text)| (name, text.to_owned())));
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
