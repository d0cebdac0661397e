//! What changed between two versions of a spec, promise by promise: names, order and spelling do not count.
//!
//! Promises are matched if they compare the same means and sums. Of several, those that ask for the same come first, then
//! those of the same name, then those of the same limits or options.

use std::collections::{BTreeMap, BTreeSet};

use super::kinds::{Constants, Settings};
use crate::language::program::{Aggregate, Data, Enforce, Event, Origin, Program, PromisedRow, RowOptions, WhenEmpty};

/// What became of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    New,
    Gone,
    /// It allows less: whatever it allows was allowed before.
    Tighter,
    Looser,
    /// Neither, or which cannot be told without data.
    Moved,
    /// Other options, which change nothing in what it allows.
    Options,
    Same,
}

/// A promise of either program: its place in the old and the new one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Changed {
    pub change: Change,
    pub old: Option<PromisedRow>,
    pub new: Option<PromisedRow>,
}

/// The promises of both programs on means and sums, in the order of the new one; those that are gone last. Numbers are
/// compared at the default values of the params.
pub fn rows(old: &Program, new: &Program) -> Vec<Changed> {
    Versions::new(old, new).pair(asked_rows(old), asked_rows(new))
}

/// The promises on single predictions, likewise.
pub fn sample_rows(old: &Program, new: &Program) -> Vec<Changed> {
    Versions::new(old, new).pair(asked_sample_rows(old), asked_sample_rows(new))
}

/// What is compared, without the coefficients.
type Parts<'a> = Vec<(Aggregate, &'a Data, Option<&'a Data>, &'a Event)>;

/// What one constraint asks for.
struct Asked<'a> {
    promised: PromisedRow,
    origin: &'a Origin,
    parts: Parts<'a>,
    coefficients: Vec<&'a Data>,
    options: RowOptions,
    /// The events that must not be empty.
    reads: BTreeSet<&'a Event>,
    labels: BTreeSet<&'a str>,
    /// Of a row about pairs, whose.
    relation: Option<&'a str>,
}

fn asked_rows(program: &Program) -> Vec<Asked<'_>> {
    let asked = |promised: PromisedRow| {
        let (row, origin) = (program.rows.get(promised.row)?, program.origin(promised)?);
        let parts = row.terms.iter().map(|term| (term.aggregate, &term.factor, term.at.as_ref(), &program[term.event]));
        Some(Asked {
            promised,
            origin,
            parts: parts.collect(),
            coefficients: row.terms.iter().map(|term| &term.coefficient).collect(),
            options: row.options,
            reads: row.reads.iter().map(|&event| &program[event]).collect(),
            labels: row.labels.iter().map(String::as_str).collect(),
            relation: None,
        })
    };
    program.promised_rows().into_iter().filter_map(asked).collect()
}

fn asked_sample_rows(program: &Program) -> Vec<Asked<'_>> {
    const ONE: &Data = &Data::Number(1.0);
    let asked = |promised: PromisedRow| {
        let (row, origin) = (program.sample_rows.get(promised.row)?, program.sample_origin(promised)?);
        let event = &program[row.event];
        Some(Asked {
            promised,
            origin,
            parts: vec![(Aggregate::Mean, ONE, None, event); 1 + usize::from(row.pairs.is_some())],
            coefficients: [&row.coefficient].into_iter().chain(row.pairs.iter().map(|pairs| &pairs.second)).collect(),
            options: row.options,
            reads: row.reads.iter().map(|&event| &program[event]).chain([event]).collect(),
            labels: row.labels.iter().map(String::as_str).collect(),
            relation: row.pairs.as_ref().map(|pairs| pairs.relation.as_str()),
        })
    };
    program.promised_sample_rows().into_iter().filter_map(asked).collect()
}

/// How much is asked for afterwards.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Same,
    More,
    Less,
    Unclear,
}

impl Way {
    fn of(more: bool, less: bool) -> Way {
        match (more, less) {
            (true, true) => Way::Same,
            (true, false) => Way::More,
            (false, true) => Way::Less,
            (false, false) => Way::Unclear,
        }
    }

    fn and(self, other: Way) -> Way {
        match (self, other) {
            (Way::Same, way) | (way, Way::Same) => way,
            (a, b) if a == b => a,
            (_, _) => Way::Unclear,
        }
    }

    fn turned(self) -> Way {
        match self {
            Way::More => Way::Less,
            Way::Less => Way::More,
            same => same,
        }
    }
}

/// Two versions of a spec with the default values of their params.
struct Versions {
    params: [Settings; 2],
    /// Of the predictions in either.
    range: (f64, f64),
}

impl Versions {
    fn new(old: &Program, new: &Program) -> Versions {
        let params = |program: &Program| program.params.iter().map(|param| (param.name.clone(), param.value)).collect();
        let (a, b) = (&old.prediction, &new.prediction);
        Versions { params: [params(old), params(new)], range: (a.lower.min(b.lower), a.upper.max(b.upper)) }
    }

    /// Matches the promises that compare the same, what fits best first.
    fn pair(&self, old: Vec<Asked<'_>>, new: Vec<Asked<'_>>) -> Vec<Changed> {
        type Compared<'k> = (&'k Parts<'k>, Option<&'k str>);
        let mut known: BTreeMap<Compared<'_>, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        old.iter()
            .enumerate()
            .for_each(|(at, asked)| known.entry((&asked.parts, asked.relation)).or_default().0.push(at));
        new.iter()
            .enumerate()
            .for_each(|(at, asked)| known.entry((&asked.parts, asked.relation)).or_default().1.push(at));
        let (mut partner, mut taken) = (vec![None; new.len()], vec![false; old.len()]);
        for (before, after) in known.into_values() {
            for fits in FITS {
                for &at in &after {
                    let free = |other: &&usize| !taken[**other] && fits(self, &old[**other], &new[at]);
                    if partner[at].is_none()
                        && let Some(&other) = before.iter().find(free)
                    {
                        (partner[at], taken[other]) = (Some(other), true);
                    }
                }
            }
        }
        let found = new.iter().zip(&partner).map(|(asked, partner)| match partner.map(|at| &old[at]) {
            Some(other) => {
                let change = self.change(other, asked);
                Changed { change, old: Some(other.promised), new: Some(asked.promised) }
            }
            None => Changed { change: Change::New, old: None, new: Some(asked.promised) },
        });
        let gone = old.iter().zip(&taken).filter(|(_, taken)| !**taken);
        let gone = gone.map(|(asked, _)| Changed { change: Change::Gone, old: Some(asked.promised), new: None });
        found.chain(gone).collect()
    }

    fn change(&self, a: &Asked<'_>, b: &Asked<'_>) -> Change {
        // What may give way allows everything.
        match (a.options.soft, b.options.soft) {
            (None, Some(_)) => return Change::Looser,
            (Some(_), None) => return Change::Tighter,
            (_, _) => {}
        }
        let ways = [self.numbers(a, b), weights(a.options, b.options), enforced(a, b), emptiness(a, b)];
        match ways.into_iter().fold(Way::Same, Way::and) {
            Way::Same if a.options == b.options => Change::Same,
            Way::Same => Change::Options,
            Way::More => Change::Tighter,
            Way::Less => Change::Looser,
            Way::Unclear => Change::Moved,
        }
    }

    /// By coefficients and sides.
    fn numbers(&self, a: &Asked<'_>, b: &Asked<'_>) -> Way {
        let of_parts = |(_, factor, at, event): &(Aggregate, &'_ Data, Option<&'_ Data>, &'_ Event)| -> Vec<String> {
            let data = [Some(*factor), *at].into_iter().flatten().flat_map(Data::params);
            data.chain(event.params()).map(str::to_owned).collect()
        };
        let read = a.parts.iter().flat_map(of_parts);
        let mut read = read.chain(a.reads.iter().flat_map(|event| event.params()).map(str::to_owned));
        if read.any(|name| self.params[0].get(&name) != self.params[1].get(&name)) {
            return Way::Unclear;
        }
        let (old, new) = (&self.params[0], &self.params[1]);
        Way::of(self.keeps((b, new), (a, old)), self.keeps((a, old), (b, new)))
    }

    /// Whether predictions that satisfy one promise satisfy another on the same quantities, wherever their means are.
    fn keeps(&self, tight: (&Asked<'_>, &Settings), loose: (&Asked<'_>, &Settings)) -> bool {
        let side = |upper: bool| {
            let of = |asked: &Asked<'_>| if upper { asked.origin.upper.clone() } else { asked.origin.lower.clone() };
            let Some(limit) = of(loose.0) else { return true };
            let Some(own) = of(tight.0) else { return false };
            let sign = if upper { 1.0 } else { -1.0 };
            // How much farther the quantity of the loose promise can be than that of the tight one.
            let mut beyond = 0.0;
            for ((part, a), b) in tight.0.parts.iter().zip(&tight.0.coefficients).zip(&loose.0.coefficients) {
                let more = match difference((a, tight.1), (b, loose.1)) {
                    Some(0.0) => continue,
                    Some(more) if part.0 == Aggregate::Mean && part.1.is_one() => sign * more,
                    Some(_) | None => return false,
                };
                beyond += (more * self.range.0).max(more * self.range.1);
            }
            difference((&own, tight.1), (&limit, loose.1)).is_some_and(|room| beyond <= sign * room)
        };
        side(true) && side(false)
    }

    fn same_coefficients(&self, a: &Asked<'_>, b: &Asked<'_>) -> bool {
        let mut both = a.coefficients.iter().zip(&b.coefficients);
        both.all(|(a, b)| difference((a, &self.params[0]), (b, &self.params[1])) == Some(0.0))
    }
}

/// By how much the second number is larger; none where only data tell.
fn difference((a, ours): (&Data, &Settings), (b, theirs): (&Data, &Settings)) -> Option<f64> {
    if a == b && a.params().iter().all(|name| ours.get(*name) == theirs.get(*name)) {
        return Some(0.0);
    }
    let (a, b) = (a.evaluate(&Constants(ours)), b.evaluate(&Constants(theirs)));
    Some(if a == b { 0.0 } else { b - a }).filter(|difference| !difference.is_nan())
}

/// Of two promises that may give way, the heavier pulls harder.
fn weights(a: RowOptions, b: RowOptions) -> Way {
    let (a, b) = (a.soft.unwrap_or(f64::INFINITY), b.soft.unwrap_or(f64::INFINITY));
    Way::of(b >= a, b <= a)
}

/// In training alone, or only where labels are known, is less.
fn enforced(a: &Asked<'_>, b: &Asked<'_>) -> Way {
    let always = |asked: &Asked<'_>| asked.options.enforce == Enforce::Always;
    let labels = Way::of(b.labels.is_subset(&a.labels), a.labels.is_subset(&b.labels));
    Way::of(always(b) || !always(a), always(a) || !always(b)).and(labels)
}

/// A promise that is skipped more often is less; one that refuses data more often is more.
fn emptiness(a: &Asked<'_>, b: &Asked<'_>) -> Way {
    // Whether whatever empties the first empties the second.
    let wider = |a: &Asked<'_>, b: &Asked<'_>| {
        let least = |asked: &Asked<'_>| asked.options.min_count.max(1);
        a.reads.is_empty() || (a.reads.is_subset(&b.reads) && least(a) <= least(b))
    };
    let way = Way::of(wider(b, a), wider(a, b));
    match (a.options.when_empty, b.options.when_empty) {
        _ if a.reads.is_empty() && b.reads.is_empty() => Way::Same,
        (WhenEmpty::Skip, WhenEmpty::Skip) => way,
        (WhenEmpty::Error, WhenEmpty::Error) => way.turned(),
        (WhenEmpty::Skip, WhenEmpty::Error) => Way::More,
        (WhenEmpty::Error, WhenEmpty::Skip) => Way::Less,
    }
}

/// Whether two promises on the same quantities are taken for one, from the closest likeness to the loosest.
const FITS: [fn(&Versions, &Asked<'_>, &Asked<'_>) -> bool; 9] = [
    |of, a, b| a.origin.name == b.origin.name && of.change(a, b) == Change::Same,
    |of, a, b| of.change(a, b) == Change::Same,
    |of, a, b| a.origin.name == b.origin.name && of.same_coefficients(a, b),
    |of, a, b| a.origin.constraint == b.origin.constraint && same_kind(a, b) && of.same_coefficients(a, b),
    |of, a, b| of.same_coefficients(a, b) && of.numbers(a, b) == Way::Same && same_softness(a, b),
    |of, a, b| of.same_coefficients(a, b) && of.numbers(a, b) == Way::Same,
    |of, a, b| of.same_coefficients(a, b) && same_kind(a, b) && same_softness(a, b),
    |of, a, b| of.same_coefficients(a, b) && same_kind(a, b),
    |_, a, b| a.origin.constraint == b.origin.constraint && same_kind(a, b),
];

/// Bounded on the same sides.
fn same_kind(a: &Asked<'_>, b: &Asked<'_>) -> bool {
    let kind = |asked: &Asked<'_>| (asked.origin.lower.is_some(), asked.origin.upper.is_some());
    kind(a) == kind(b)
}

fn same_softness(a: &Asked<'_>, b: &Asked<'_>) -> bool {
    a.options.soft.is_some() == b.options.soft.is_some()
}

#[cfg(test)]
#[path = "difference_tests.rs"]
mod tests;
