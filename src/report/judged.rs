//! Promises and the verdicts on them, from the summaries of their rows.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::number::whole;
use super::row_summaries::RowSummaries;
use super::row_summary::Why;
use super::verdict::{Comparisons, Tolerance, Verdict, When};
use crate::language::program::Origin;
use crate::language::words::counted;

/// A promise and what became of its comparisons.
#[derive(Clone, Debug)]
pub struct Judged<'a> {
    /// The first row of the constraint; all of them stand at the same place.
    pub origin: &'a Origin,
    /// Its rows, and its per-sample rows, by place in the summaries of all.
    pub rows: Vec<usize>,
    pub each: Vec<usize>,
    pub held: usize,
    pub violated: usize,
    pub verdict: Verdict,
    pub comparisons: Comparisons,
    /// Why comparisons could not be made, in general.
    pub why: Option<String>,
    /// The same with the groups that it is about.
    pub reason: Option<String>,
}

/// A promise in JSON, beside reports that show rows.
#[derive(Clone, Debug, Serialize)]
pub struct PromiseJson {
    pub(super) constraint: String,
    /// In words, with the values of params.
    pub(super) sentence: String,
    pub(super) verdict: Verdict,
    /// The verdict with what could not be compared, and why.
    pub(super) answer: String,
    pub(super) comparisons: Comparisons,
    pub(super) reason: Option<String>,
    /// The places of its rows in the list of rows.
    #[serde(skip)]
    pub(super) rows: Vec<usize>,
}

impl<'a> RowSummaries<'a> {
    /// The promises in the order of the text.
    pub fn promises(&self, when: When, tolerance: Tolerance) -> Vec<Judged<'a>> {
        let (mut promises, mut known) = (Vec::<Judged<'a>>::new(), Known::new());
        for (index, row) in self.rows.iter().enumerate() {
            if let Some(promise) = self.origin(index).and_then(|origin| of(&mut promises, &mut known, origin)) {
                promise.rows.push(index);
                promise.enter(Verdict::of_row(row, when, tolerance));
            }
        }
        for (index, row) in self.sample_rows.iter().enumerate() {
            if let Some(promise) = self.sample_origin(index).and_then(|origin| of(&mut promises, &mut known, origin)) {
                promise.each.push(index);
                promise.enter(Verdict::of_each(row, when));
            }
        }
        promises.iter_mut().for_each(|promise| promise.judge(self));
        promises.sort_by(|a, b| (&a.origin.file, a.origin.start).cmp(&(&b.origin.file, b.origin.start)));
        promises
    }

    /// The verdict on the whole: on all promises, and on the bounds of the prediction, which `outside` of them break. Bounds alone
    /// promise no group anything, so that predictions within them are no pass.
    pub fn verdict(&self, promises: &[Judged<'_>], outside: usize) -> Verdict {
        let bounds = (outside > 0).then_some(Verdict::Violated);
        Verdict::all(promises.iter().map(|promise| promise.verdict).chain(bounds))
    }
}

/// The places of promises, by where their constraints stand.
type Known<'a> = HashMap<(&'a str, &'a str, u32), usize>;

/// The promise of a constraint, which is added where it is new.
fn of<'b, 'a>(
    promises: &'b mut Vec<Judged<'a>>,
    known: &mut Known<'a>,
    origin: &'a Origin,
) -> Option<&'b mut Judged<'a>> {
    let place = *known.entry((&origin.constraint, &origin.file, origin.start)).or_insert(promises.len());
    if place == promises.len() {
        promises.push(Judged {
            origin,
            rows: Vec::new(),
            each: Vec::new(),
            held: 0,
            violated: 0,
            verdict: Verdict::NotApplicable,
            comparisons: Comparisons::default(),
            why: None,
            reason: None,
        });
    }
    promises.get_mut(place)
}

impl Judged<'_> {
    fn enter(&mut self, comparison: Verdict) {
        match comparison {
            Verdict::Held => self.held += 1,
            Verdict::Violated => self.violated += 1,
            Verdict::NotChecked => self.verdict = Verdict::NotChecked,
            Verdict::NotApplicable => {}
        }
        let made = matches!(comparison, Verdict::Held | Verdict::Violated);
        self.comparisons.made += usize::from(made);
        self.comparisons.not_made += usize::from(!made);
    }

    fn judge(&mut self, summaries: &RowSummaries<'_>) {
        self.verdict = match (self.violated, self.held) {
            (0, 0) => self.verdict,
            (0, _) => Verdict::Held,
            (_, _) => Verdict::Violated,
        };
        let rows = self.rows.iter().filter_map(|&index| summaries.rows.get(index)).filter(|row| row.before.is_none());
        let each = self.each.iter().filter_map(|&index| summaries.sample_rows.get(index)).filter(|row| row.kept == 0);
        let why = rows.chain(each).filter_map(|row| row.why.as_ref());
        let reasons = reasons(why);
        (self.why, self.reason) = (in_general(&reasons), in_detail(&reasons));
    }

    /// `held; 4 of 10 comparisons not made: groups under 30`.
    pub fn words(&self) -> String {
        let Comparisons { made, not_made } = self.comparisons;
        let why = self.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        match self.verdict {
            Verdict::NotChecked | Verdict::NotApplicable => format!("{}{why}", self.verdict.word()),
            Verdict::Violated if made > 1 => {
                let verdict = format!("violated in {} of {}", self.violated, counted(made, "comparison"));
                beside(verdict, self.comparisons, &why)
            }
            Verdict::Held | Verdict::Violated => beside(self.verdict.word().to_owned(), self.comparisons, &why),
        }
        .trim_end_matches(if not_made == 0 { ": " } else { "" })
        .to_owned()
    }

    pub fn json(&self, sentence: String) -> PromiseJson {
        PromiseJson {
            constraint: self.origin.constraint.clone(),
            sentence,
            verdict: self.verdict,
            answer: self.words(),
            comparisons: self.comparisons,
            reason: self.reason.clone(),
            rows: self.rows.clone(),
        }
    }
}

fn beside(verdict: String, Comparisons { made, not_made }: Comparisons, why: &str) -> String {
    match not_made {
        0 => verdict,
        _ => format!("{verdict}; {not_made} of {} not made{why}", counted(made + not_made, "comparison")),
    }
}

/// The comparisons of all promises together.
pub fn together(promises: &[Judged<'_>]) -> Comparisons {
    let sum = |of: fn(&Comparisons) -> usize| promises.iter().map(|promise| of(&promise.comparisons)).sum();
    Comparisons { made: sum(|of| of.made), not_made: sum(|of| of.not_made) }
}

/// Each reason once.
fn in_general(reasons: &[Reason<'_>]) -> Option<String> {
    let words: Vec<&str> = reasons.iter().map(|reason| reason.general.as_str()).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// Each reason once, with the groups that it is about.
fn in_detail(reasons: &[Reason<'_>]) -> Option<String> {
    let words: Vec<String> =
        reasons.iter().map(|reason| format!("{}{}", reason.general, groups_in_words(&reason.groups))).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// A reason in general words, and the groups that it is about, each once, with their samples.
struct Reason<'a> {
    general: String,
    groups: Vec<(&'a str, usize)>,
    known: HashSet<&'a str>,
}

/// The reasons in the order in which they come up.
fn reasons<'a>(all: impl Iterator<Item = &'a Why>) -> Vec<Reason<'a>> {
    let mut reasons: Vec<Reason<'a>> = Vec::new();
    for why in all {
        let general = why.in_general();
        let place = reasons.iter().position(|reason| reason.general == general).unwrap_or(reasons.len());
        if place == reasons.len() {
            reasons.push(Reason { general, groups: Vec::new(), known: HashSet::new() });
        }
        if let (Some(reason), Some(group)) = (reasons.get_mut(place), why.event())
            && reason.known.insert(group.0)
        {
            reason.groups.push(group);
        }
    }
    reasons
}

/// ` (`race == "pacific"` has 6, `race == "native"` has 0)`: some of them.
fn groups_in_words(groups: &[(&str, usize)]) -> String {
    const MOST: usize = 3;
    if groups.is_empty() {
        return String::new();
    }
    let counts = groups.iter().any(|(_, samples)| *samples > 0);
    let one = |(event, samples): &(&str, usize)| match counts {
        true => format!("`{event}` has {}", whole(*samples)),
        false => format!("`{event}`"),
    };
    let mut told: Vec<String> = groups.iter().take(MOST).map(one).collect();
    told.extend((groups.len() > MOST).then(|| format!("{} more", groups.len() - MOST)));
    format!(" ({})", told.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bind::{Left, Skip};

    #[test]
    fn reasons_name_their_groups() {
        let skip = |event: &str, samples, least| {
            Why::Skipped(Skip { pairs_of: None, event: event.to_owned(), samples, least })
        };
        let all = [skip("a", 6, 10), skip("b", 0, 10), skip("a", 6, 10), Why::Left(Left::TrainingOnly)];
        assert_eq!(in_general(&reasons(all.iter())).as_deref(), Some("groups under 10, is enforced in training only"));
        let told = "groups under 10 (`a` has 6, `b` has 0), is enforced in training only";
        assert_eq!(in_detail(&reasons(all.iter())).as_deref(), Some(told));
        let empty: Vec<Why> = ["a", "b", "c", "d"].iter().map(|event| skip(event, 0, 1)).collect();
        assert_eq!(
            in_detail(&reasons(empty.iter())).as_deref(),
            Some("groups without samples (`a`, `b`, `c`, 1 more)")
        );
        assert_eq!(in_detail(&reasons([].iter())), None);
    }
}
