//! What was promised, whether it holds, for whom, and by how much: in words.

use serde::Serialize;

use super::row::{Place, Places, RowFacts};
use crate::language::words::counted;
use crate::report::audit::Audit;
use crate::report::judged::Judged;
use crate::report::number::{limit_in_words, plain, short};
use crate::report::row::GroupJson;
use crate::report::row_summary::RowSummary;
use crate::report::verdict::{Comparisons, Verdict};
use crate::report::words::first_sentence;

/// A constraint of the spec and what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct Promise {
    pub constraint: String,
    /// The first sentence of its doc comment, else the comparison as written.
    pub words: String,
    /// The comparison as written.
    pub text: String,
    pub doc: String,
    pub place: Place,
    pub verdict: Verdict,
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
    /// The row with the least room for its size, among those that could be compared.
    pub worst: Option<usize>,
    /// The worst row, or the worst of the bounds, in a sentence.
    pub finding: Option<String>,
}

/// The promises of a program, in the order of its text.
pub(super) fn promises(
    audit: &Audit<'_>,
    judged: Vec<Judged<'_>>,
    rows: &[RowFacts],
    prediction: &str,
    places: &Places,
) -> Vec<Promise> {
    let promise = |judged: Judged<'_>| {
        let (origin, doc) = (judged.origin, first_sentence(&judged.origin.doc));
        let with_room = judged.rows.iter().filter_map(|&index| Some((index, rows.get(index)?.room?)));
        let worst = with_room.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(index, _)| index);
        let place = |of: &[Place], index: &[usize]| index.first().and_then(|index| of.get(*index)).cloned();
        let outside = judged.each.iter().filter_map(|&index| audit.summaries.sample_rows.get(index));
        let finding = worst.and_then(|index| rows.get(index)).map(|row| finding(row, prediction, audit.decisions));
        Promise {
            constraint: origin.constraint.clone(),
            words: if doc.is_empty() { origin.text.clone() } else { doc },
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
        (all, 0, _) if of_pairs => Some(format!("it compares {}, and all keep it", counted(all, "pair"))),
        (all, out, most) if of_pairs => {
            Some(format!("{out} of {} break it, by {} at most", counted(all, "pair"), short(most)))
        }
        (all, 0, _) => Some(format!("it bounds {}, and none lies outside", counted(all, "prediction"))),
        (all, out, most) => {
            let of = counted(all, "prediction");
            Some(format!("{out} of {of} `{prediction}` outside, by {} at most", short(most)))
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

/// A row that was compared, in a sentence: who, how much, what was promised, and by how much that is missed.
pub(in crate::report) fn finding(row: &RowFacts, prediction: &str, decisions: bool) -> String {
    let Some(value) = row.row.before else { return String::new() };
    let limit = limit_in_words(row.row.lower, row.row.upper);
    let end = match (row.excess(), row.room) {
        (Some(excess), _) => format!("missed by {}", short(excess)),
        (None, Some(room)) if row.row.active || room <= 0.0 => "reached and not passed".to_owned(),
        (None, Some(room)) => format!("kept with {} to spare", short(room)),
        (None, None) => "kept".to_owned(),
    };
    let sized = |group: &GroupJson| {
        format!("{} for `{}` ({})", short(group.mean), group.event, counted(group.samples, "sample"))
    };
    let quantity = if decisions { "the selection rate".to_owned() } else { format!("the mean `{prediction}`") };
    let means = row.row.groups.iter().all(|group| group.is_plain_mean(prediction));
    match &row.row.groups[..] {
        [a, b] if means => {
            let (first, second) = (sized(a), sized(b));
            let both = format!("{quantity} is {first} and {second}");
            match (a.coefficient, b.coefficient) {
                (Some(1.0), Some(-1.0)) => {
                    format!("{both}: a difference of {}, where {limit} is promised: {end}", short(value))
                }
                (Some(p), Some(q)) => match ratio(row, (a, p), (b, q), if decisions { "rate" } else { "mean" }) {
                    Some(words) => format!("{both}: {words}"),
                    None => format!("{both}: the comparison gives {}, where {limit} is promised: {end}", short(value)),
                },
                _ => format!("{both}: the comparison gives {}, where {limit} is promised: {end}", short(value)),
            }
        }
        [a] if means && a.coefficient == Some(1.0) => {
            format!("{quantity} is {}, where {limit} is promised: {end}", sized(a))
        }
        _ => format!("the comparison gives {}, where {limit} is promised: {end}", short(value)),
    }
}

/// `p·a - q·b >= 0` as the ratio `a / b >= q / p` that it was, and the same with the roles turned around.
fn ratio(row: &RowFacts, (a, p): (&GroupJson, f64), (b, q): (&GroupJson, f64), what: &str) -> Option<String> {
    let (above, below, least) = match (row.row.lower, row.row.upper) {
        (Some(0.0), None) if p > 0.0 && q < 0.0 => (a, b, -q / p),
        (None, Some(0.0)) if p > 0.0 && q < 0.0 => (b, a, p / -q),
        _ => return None,
    };
    let ratio = above.mean / below.mean;
    let percent = |ratio: f64| format!("{}%", plain((ratio * 1e6).round() / 1e4));
    let shown = |ratio: f64| format!("{:.1}%", 100.0 * ratio);
    let end = match row.verdict {
        Verdict::Violated => "missed",
        _ => "kept",
    };
    ratio.is_finite().then(|| {
        format!(
            "`{}` has {} of the {what} of `{}`, where at least {} is promised: {end}",
            above.event,
            shown(ratio),
            below.event,
            percent(least)
        )
    })
}
