//! What was promised, whether it holds, for whom, and by how much: in words.

use serde::Serialize;

use super::about::{ParamFacts, sentence, words};
use super::row::{Place, Places, RowFacts};
use super::shown::Shown;
use crate::report::audit::Audit;
use crate::report::judged::Judged;
use crate::report::number::{many, short, whole};
use crate::report::row_summary::RowSummary;
use crate::report::verdict::{Comparisons, Verdict};

/// A constraint of the spec and what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct Promise {
    pub constraint: String,
    /// The first sentence of its doc comment, else the comparison as written.
    pub words: String,
    /// The same with the values of params.
    pub sentence: String,
    /// The comparison as written.
    pub text: String,
    pub doc: String,
    pub place: Place,
    pub verdict: Verdict,
    /// Whether other samples would hardly change the verdict; none without intervals.
    pub settled: Option<bool>,
    /// The verdict with what could not be compared, and why.
    pub answer: String,
    pub comparisons: Comparisons,
    /// Why comparisons could not be made.
    pub reason: Option<String>,
    /// Comparisons that are held, and that are violated.
    pub held: usize,
    pub violated: usize,
    /// Its rows, and its bounds of single predictions, as indices of `rows` and of `each`.
    pub rows: Vec<usize>,
    pub each: Vec<usize>,
    /// It may give way.
    pub soft: bool,
    /// The row with the least slack, among those that could be compared: a violated one where there is one, and of these one
    /// without small groups, if there is any.
    pub worst: Option<usize>,
    /// The worst row, or the worst of the bounds, in a sentence.
    pub finding: Option<String>,
}

/// The promises of a program, in the order of its text.
pub(super) fn promises(
    audit: &Audit<'_>,
    judged: Vec<Judged<'_>>,
    rows: &[RowFacts],
    params: &[ParamFacts],
    places: &Places,
) -> Vec<Promise> {
    let prediction = audit.summaries.program.prediction.name.as_str();
    let promise = |judged: Judged<'_>| {
        let origin = judged.origin;
        // By verdict first: slack alone does not compare rows of different sizes.
        let with_room = judged.rows.iter().filter_map(|&index| {
            let row = rows.get(index)?;
            let violated = row.verdict == Verdict::Violated;
            Some((index, (!violated, violated && row.small), row.room?))
        });
        let worst = with_room.min_by(|a, b| a.1.cmp(&b.1).then(a.2.total_cmp(&b.2))).map(|(index, ..)| index);
        let place = |of: &[Place], index: &[usize]| index.first().and_then(|index| of.get(*index)).cloned();
        let outside = judged.each.iter().filter_map(|&index| audit.summaries.sample_rows.get(index));
        let finding = worst.and_then(|index| rows.get(index)).and_then(|row| row.shown.as_ref()).map(Shown::finding);
        Promise {
            constraint: origin.constraint.clone(),
            sentence: sentence(origin, params),
            settled: settled(&judged, rows),
            words: words(origin),
            text: origin.text.clone(),
            doc: origin.doc.clone(),
            place: place(&places.rows, &judged.rows).or_else(|| place(&places.each, &judged.each)).unwrap_or_default(),
            verdict: judged.verdict,
            answer: judged.words(),
            comparisons: judged.comparisons,
            held: judged.held,
            violated: judged.violated,
            soft: judged.rows.iter().any(|&index| audit.summaries.is_soft(index)),
            worst,
            finding: finding.or_else(|| each_finding(outside, prediction)),
            reason: judged.reason,
            rows: judged.rows,
            each: judged.each,
        }
    };
    judged.into_iter().map(promise).collect()
}

/// The bounds of single predictions in a sentence; none where they bound none.
fn each_finding<'a>(rows: impl Iterator<Item = &'a RowSummary>, prediction: &str) -> Option<String> {
    let sum = |(all, out, most): (usize, usize, f64), row: &RowSummary| {
        (all + row.kept, out + row.outside.0, most.max(row.outside.1))
    };
    let rows: Vec<&RowSummary> = rows.collect();
    let of_pairs = rows.iter().all(|row| row.of_pairs);
    match rows.into_iter().fold((0, 0, 0.0), sum) {
        (0, _, _) => None,
        (all, 0, _) if of_pairs => Some(format!("it compares {}, and all keep it", many(all, "pair"))),
        (all, out, most) if of_pairs => {
            Some(format!("{} of {} break it, by {} at most", whole(out), many(all, "pair"), short(most)))
        }
        (all, 0, _) => Some(format!("it bounds {}, and none lies outside", many(all, "prediction"))),
        (all, out, most) => {
            let of = many(all, "prediction");
            Some(format!("{} of {of} `{prediction}` break it, by {} at most", whole(out), short(most)))
        }
    }
}

impl Promise {
    /// `Held`, `Violated in 3 of 6 comparisons`, `Not checked: ..`.
    pub fn verdict_words(&self) -> String {
        let mut letters = self.answer.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    }
}

/// A violation is settled where one of its comparisons is, and a promise that holds where all of them are. Bounds of single
/// predictions are counted and leave no doubt.
fn settled(judged: &Judged<'_>, rows: &[RowFacts]) -> Option<bool> {
    let rows = || judged.rows.iter().filter_map(|&index| rows.get(index));
    let known = |wanted: Verdict| rows().filter(move |row| row.verdict == wanted).filter_map(|row| row.settled);
    match judged.verdict {
        Verdict::Violated => {
            let broken = rows().filter(|row| row.verdict == Verdict::Violated).count() < judged.violated;
            if broken { Some(true) } else { known(Verdict::Violated).reduce(|one, other| one || other) }
        }
        Verdict::Held => known(Verdict::Held).reduce(|one, other| one && other),
        Verdict::NotChecked | Verdict::NotApplicable => None,
    }
}

impl Shown {
    /// The sentence with the groups behind it.
    pub fn finding(&self) -> String {
        if self.groups.is_empty() { self.sentence.clone() } else { format!("{} ({})", self.sentence, self.groups) }
    }
}
