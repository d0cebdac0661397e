//! What was promised, whether it holds, for whom, and by how much: in words.

use serde::Serialize;

use super::row::{Place, RowFacts, RowVerdict};
use crate::report::ledger::Ledger;
use crate::report::number::{counted, limit_in_words, plain, short};
use crate::report::row::GroupJson;
use crate::report::words::first_sentence;

/// A constraint of the spec and what became of its rows.
#[derive(Clone, Debug, Serialize)]
pub struct Promise {
    pub constraint: String,
    /// The first sentence of its doc comment, else the comparison as written.
    pub words: String,
    /// The comparison as written.
    pub text: String,
    pub doc: String,
    pub place: Place,
    /// `violated` if a row is, `held` if one holds and none is violated, else what became of the first.
    pub verdict: RowVerdict,
    pub held: usize,
    pub violated: usize,
    pub skipped: usize,
    /// Its rows, as indices.
    pub rows: Vec<usize>,
    /// The row with the least room for its size, among those that could be compared.
    pub worst: Option<usize>,
    /// The worst row in a sentence.
    pub finding: Option<String>,
}

/// The promises of a program, in the order of its text.
pub(super) fn promises(ledger: &Ledger<'_>, rows: &[RowFacts], prediction: &str) -> Vec<Promise> {
    let mut promises: Vec<Promise> = Vec::new();
    for (index, facts) in rows.iter().enumerate() {
        let Some(origin) = ledger.origin(index) else { continue };
        match promises.iter_mut().find(|promise| promise.constraint == origin.constraint) {
            Some(promise) => promise.rows.push(index),
            None => {
                let doc = first_sentence(&origin.doc);
                promises.push(Promise {
                    constraint: origin.constraint.clone(),
                    words: if doc.is_empty() { origin.text.clone() } else { doc },
                    text: origin.text.clone(),
                    doc: origin.doc.clone(),
                    place: facts.place.clone(),
                    verdict: facts.verdict,
                    held: 0,
                    violated: 0,
                    skipped: 0,
                    rows: vec![index],
                    worst: None,
                    finding: None,
                });
            }
        }
    }
    promises.iter_mut().for_each(|promise| promise.judge(rows, prediction));
    promises.sort_by(|a, b| (&a.place.file, a.place.start).cmp(&(&b.place.file, b.place.start)));
    promises
}

impl Promise {
    fn judge(&mut self, rows: &[RowFacts], prediction: &str) {
        let of = |verdict: RowVerdict| move |row: &&RowFacts| row.verdict == verdict;
        let own = || self.rows.iter().filter_map(|&index| rows.get(index));
        let (held, violated) =
            (own().filter(of(RowVerdict::Held)).count(), own().filter(of(RowVerdict::Violated)).count());
        let skipped = self.rows.len() - held - violated;
        let with_room = self.rows.iter().filter_map(|&index| Some((index, rows.get(index)?.room?)));
        let worst = with_room.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(index, _)| index);
        let finding = worst.and_then(|index| rows.get(index)).map(|row| finding(row, prediction));
        self.verdict = match (violated, held) {
            (0, 0) => self.verdict,
            (0, _) => RowVerdict::Held,
            (_, _) => RowVerdict::Violated,
        };
        (self.held, self.violated, self.skipped, self.worst, self.finding) = (held, violated, skipped, worst, finding);
    }

    /// `Holds`, `Violated: 3 of 6 comparisons`, `Not checked`.
    pub fn verdict_words(&self) -> String {
        let compared = self.held + self.violated;
        match self.verdict {
            RowVerdict::Held if self.skipped > 0 => {
                format!("Holds in the {} that could be made", counted(compared, "comparison"))
            }
            RowVerdict::Held => "Holds".to_owned(),
            RowVerdict::Violated if compared == 1 => "Violated".to_owned(),
            RowVerdict::Violated => format!("Violated in {} of {}", self.violated, counted(compared, "comparison")),
            RowVerdict::Skipped | RowVerdict::LeftOut => "Not checked".to_owned(),
        }
    }
}

/// A row that was compared, in a sentence: who, how much, what was promised, and by how much that is missed.
pub(in crate::report) fn finding(row: &RowFacts, prediction: &str) -> String {
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
    let means = row.row.groups.iter().all(|group| group.is_plain_mean(prediction));
    match &row.row.groups[..] {
        [a, b] if means => {
            let (first, second) = (sized(a), sized(b));
            let both = format!("the mean `{prediction}` is {first} and {second}");
            match (a.coefficient, b.coefficient) {
                (Some(1.0), Some(-1.0)) => {
                    format!("{both}: a difference of {}, where {limit} is promised: {end}", short(value))
                }
                (Some(p), Some(q)) => match ratio(row, (a, p), (b, q)) {
                    Some(words) => format!("{both}: {words}"),
                    None => format!("{both}: the comparison gives {}, where {limit} is promised: {end}", short(value)),
                },
                _ => format!("{both}: the comparison gives {}, where {limit} is promised: {end}", short(value)),
            }
        }
        [a] if means && a.coefficient == Some(1.0) => {
            format!("the mean `{prediction}` is {}, where {limit} is promised: {end}", sized(a))
        }
        _ => format!("the comparison gives {}, where {limit} is promised: {end}", short(value)),
    }
}

/// `p·a - q·b >= 0` as the ratio `a / b >= q / p` that it was, and the same with the roles turned around.
fn ratio(row: &RowFacts, (a, p): (&GroupJson, f64), (b, q): (&GroupJson, f64)) -> Option<String> {
    let (above, below, least) = match (row.row.lower, row.row.upper) {
        (Some(0.0), None) if p > 0.0 && q < 0.0 => (a, b, -q / p),
        (None, Some(0.0)) if p > 0.0 && q < 0.0 => (b, a, p / -q),
        _ => return None,
    };
    let ratio = above.mean / below.mean;
    let percent = |ratio: f64| format!("{}%", plain((ratio * 1e6).round() / 1e4));
    let shown = |ratio: f64| format!("{:.1}%", 100.0 * ratio);
    let end = match row.verdict {
        RowVerdict::Violated => "missed",
        _ => "kept",
    };
    ratio.is_finite().then(|| {
        format!(
            "`{}` has {} of the mean of `{}`, where at least {} is promised: {end}",
            above.event,
            shown(ratio),
            below.event,
            percent(least)
        )
    })
}
