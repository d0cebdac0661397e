//! Refutation by specimens, small data sets made up: samples of each kind in chosen numbers, on which one spec holds and another does not.
//!
//! On given data a question of implication is a linear program over the means of the kinds ([`follows`]). So what a
//! specimen breaks is broken for certain, whatever rows read: counts, base rates and per-sample factors are those of the
//! specimen.

use super::implication::{Claim, Verdict, claims, follows};
use super::kinds::{Kinds, Sample, Settings};
use super::linear::{Line, Linear};
use super::relaxation::Spec;
use crate::language::program::{Aggregate, Data, Event, EventId, Row, SampleRow, Values};

/// More kinds than these make no specimen.
const MOST: usize = 512;
/// Specimens tried beside those that a proof suggests; fewer of many kinds.
const TRIED: u64 = 24;

/// Makes specimens to refute that the first spec implies the second.
#[derive(Debug)]
pub struct Refuter<'a> {
    specs: [Spec<'a>; 2],
    samples: Vec<Sample<'a>>,
}

/// A data set by the numbers of its samples of each kind, and what the first spec asks of them.
#[derive(Debug, Clone)]
pub struct Specimen {
    pub counts: Vec<f64>,
    premises: Linear,
}

/// Means of the kinds of a specimen that keep the first spec and break a row of the second.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Those that count most in the row come first.
    pub kinds: Vec<KindMean>,
    /// Whether the upper side is broken; if not, value and limit are turned, as in a claim.
    pub upper: bool,
    pub value: f64,
    pub limit: f64,
}

/// Samples of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct KindMean {
    pub kind: Event,
    pub samples: usize,
    pub mean: f64,
}

/// What is evaluated on a specimen: perhaps for one of its samples.
struct Drawn<'s> {
    samples: &'s [Sample<'s>],
    counts: &'s [f64],
    params: &'s Settings,
    at: Option<usize>,
}

impl Drawn<'_> {
    fn sample(&self) -> Option<&Sample<'_>> {
        self.at.and_then(|at| self.samples.get(at))
    }

    fn at(&self, kind: usize) -> Drawn<'_> {
        Drawn { at: Some(kind), ..*self }
    }

    fn holds(&self, event: &Event, kind: usize) -> bool {
        event.holds(&self.at(kind))
    }

    fn count(&self, event: &Event) -> f64 {
        self.counts.iter().enumerate().filter(|(kind, _)| self.holds(event, *kind)).map(|(_, count)| count).sum()
    }
}

impl Values for Drawn<'_> {
    fn param(&self, name: &str) -> f64 {
        self.params.get(name).copied().unwrap_or(f64::NAN)
    }

    fn column(&self, header: &str) -> f64 {
        self.sample().map_or(f64::NAN, |sample| sample.number(header))
    }

    fn level(&self, header: &str) -> Option<&str> {
        self.sample()?.level(header)
    }

    fn total(&self, value: &Data, event: &Event) -> f64 {
        let within = (0..self.counts.len()).filter(|kind| self.holds(event, *kind));
        within.map(|kind| self.counts.get(kind).copied().unwrap_or(0.0) * value.evaluate(&self.at(kind))).sum()
    }
}

impl<'a> Refuter<'a> {
    /// None if the kinds are too many.
    pub fn new(specs: [Spec<'a>; 2], kinds: &'a Kinds, chosen: &[usize]) -> Option<Refuter<'a>> {
        let samples = chosen.iter().map(|kind| kinds.sample(*kind));
        (chosen.len() <= MOST && !chosen.is_empty()).then(|| Refuter { specs, samples: samples.collect() })
    }

    /// A few data sets of all kinds, in equal numbers and in others.
    pub fn various(&self) -> Vec<Specimen> {
        let kinds = self.samples.len();
        let tried = if kinds <= 64 { TRIED } else { TRIED / 6 };
        let some = (0..tried).filter_map(|seed| {
            let mut random = fastrand::Rng::with_seed(seed);
            let counts =
                (0..kinds).map(|_| if seed == 0 { 1.0 } else { [1.0, 2.0, 5.0, 20.0, 100.0][random.usize(0..5)] });
            self.specimen(counts.collect())
        });
        some.collect()
    }

    /// A data set with these shares of the kinds; none if an event would be empty.
    pub fn with_shares(&self, shares: &[f64], size: f64) -> Option<Specimen> {
        self.specimen(shares.iter().map(|share| (share * size).round()).collect())
    }

    fn specimen(&self, mut counts: Vec<f64>) -> Option<Specimen> {
        // Enough samples for rows that ask for a number of them.
        let options = |spec: &Spec<'a>| spec.program.rows.iter().map(|row| row.options.min_count).max().unwrap_or(1);
        let wanted = self.specs.iter().map(options).max().unwrap_or(1) as f64;
        let fewest = counts.iter().copied().filter(|count| *count > 0.0).fold(f64::INFINITY, f64::min);
        if wanted > fewest && fewest > 0.0 {
            let times = (wanted / fewest).ceil();
            counts.iter_mut().for_each(|count| *count *= times);
        }
        let [premise, claim] = &self.specs;
        if claim.program.rows.iter().any(|row| !self.is_in_force(row, claim, &counts)) {
            return None;
        }
        let mut premises = Linear { intervals: self.boxes(&counts)?, lines: Vec::new() };
        for row in premise.program.rows.iter().filter(|row| row.options.soft.is_none()) {
            premises.lines.push(self.line(row, premise, &counts)?);
        }
        Some(Specimen { counts, premises })
    }

    fn drawn<'s>(&'s self, spec: &'s Spec<'a>, counts: &'s [f64]) -> Drawn<'s> {
        Drawn { samples: &self.samples, counts, params: spec.params, at: None }
    }

    /// Whether all events that the row reads have the samples that it asks for.
    fn is_in_force(&self, row: &Row, spec: &Spec<'a>, counts: &[f64]) -> bool {
        let drawn = self.drawn(spec, counts);
        let least = row.options.min_count.max(1) as f64;
        let mut events = row.reads.iter().copied().chain(row.terms.iter().map(|term| term.event));
        events.all(|id| spec.program.event(id).is_some_and(|event| drawn.count(event) >= least))
    }

    /// A row over the means of the kinds; none if it is not in force, or not defined.
    fn line(&self, row: &Row, spec: &Spec<'a>, counts: &[f64]) -> Option<Line> {
        if !self.is_in_force(row, spec, counts) {
            return None;
        }
        let drawn = self.drawn(spec, counts);
        let mut dense = vec![0.0; counts.len()];
        for term in &row.terms {
            let event = spec.program.event(term.event)?;
            let coefficient = term.coefficient.evaluate(&drawn);
            let whole = if term.aggregate == Aggregate::Mean { drawn.count(event) } else { 1.0 };
            for (kind, entry) in dense.iter_mut().enumerate().filter(|(kind, _)| drawn.holds(event, *kind)) {
                let count = counts.get(kind).copied().unwrap_or(0.0);
                *entry += coefficient * term.factor.evaluate(&drawn.at(kind)) * count / whole;
            }
        }
        let side = |side: &Option<Data>, none: f64| side.as_ref().map_or(none, |side| side.evaluate(&drawn));
        let (lower, upper) = (side(&row.lower, f64::NEG_INFINITY), side(&row.upper, f64::INFINITY));
        let defined = dense.iter().all(|value| value.is_finite()) && !lower.is_nan() && !upper.is_nan();
        let entries = dense.into_iter().enumerate().filter(|(_, value)| *value != 0.0).collect();
        defined.then_some(Line { entries, lower, upper })
    }

    /// What the first spec allows each kind; none where nothing is allowed.
    fn boxes(&self, counts: &[f64]) -> Option<Vec<(f64, f64)>> {
        let [premise, _] = &self.specs;
        let bounds = &premise.program.prediction;
        let mut boxes = vec![(bounds.lower, bounds.upper); self.samples.len()];
        for row in premise.program.sample_rows.iter().filter(|row| row.options.soft.is_none()) {
            for (kind, (lo, hi)) in boxes.iter_mut().enumerate() {
                if let Some((lower, upper)) = self.bounds(row, premise, counts, kind) {
                    (*lo, *hi) = (lo.max(lower), hi.min(upper));
                }
            }
        }
        boxes.iter().all(|(lo, hi)| lo <= hi).then_some(boxes)
    }

    /// What a per-sample row allows a kind, if it is in its event; nothing where it is not defined.
    fn bounds(&self, row: &SampleRow, spec: &Spec<'a>, counts: &[f64], kind: usize) -> Option<(f64, f64)> {
        let drawn = self.drawn(spec, counts);
        let event = spec.program.event(row.event)?;
        let least = row.options.min_count.max(1) as f64;
        let known = |id: &EventId| spec.program.event(*id).is_some_and(|event| drawn.count(event) >= least);
        if !drawn.holds(event, kind) || !row.reads.iter().chain([&row.event]).all(known) {
            return None;
        }
        let at = drawn.at(kind);
        let scale = row.coefficient.evaluate(&at);
        let side = |side: &Option<Data>, none: f64| side.as_ref().map_or(none, |side| side.evaluate(&at));
        let (a, b) = (side(&row.lower, f64::NEG_INFINITY) / scale, side(&row.upper, f64::INFINITY) / scale);
        let defined = !a.is_nan() && !b.is_nan() && scale != 0.0;
        Some(if defined { (a.min(b), a.max(b)) } else { (f64::INFINITY, f64::NEG_INFINITY) })
    }

    /// Predictions for the specimen that break a row of the second spec.
    pub fn breaks(&self, specimen: &Specimen, row: &Row) -> Option<Example> {
        let line = self.line(row, &self.specs[1], &specimen.counts)?;
        claims(&line).into_iter().find_map(|half| self.broken(specimen, &half))
    }

    /// Predictions for the specimen that break bounds which the second spec sets for samples of some kinds.
    pub fn breaks_bounds(&self, specimen: &Specimen, row: &SampleRow) -> Option<Example> {
        (0..self.samples.len()).find_map(|kind| {
            let (lower, upper) = self.bounds(row, &self.specs[1], &specimen.counts, kind)?;
            self.leaves(specimen, kind, (lower, upper))
        })
    }

    /// Predictions for the specimen of which some lie outside of bounds.
    pub fn leaves_bounds(&self, specimen: &Specimen, bounds: (f64, f64)) -> Option<Example> {
        (0..self.samples.len()).find_map(|kind| self.leaves(specimen, kind, bounds))
    }

    fn leaves(&self, specimen: &Specimen, kind: usize, (lower, upper): (f64, f64)) -> Option<Example> {
        if specimen.counts.get(kind).is_none_or(|count| *count == 0.0) || lower > upper {
            return None;
        }
        let line = Line { entries: vec![(kind, 1.0)], lower, upper };
        claims(&line).into_iter().find_map(|half| self.broken(specimen, &half))
    }

    fn broken(&self, specimen: &Specimen, (upper, claim): &(bool, Claim)) -> Option<Example> {
        let Verdict::Broken { x, value } = follows(&specimen.premises, claim) else { return None };
        let drawn = claim.influences(x.len()).into_iter().zip(self.samples.iter().zip(&specimen.counts).zip(x));
        let mut drawn: Vec<_> = drawn.filter(|(_, ((_, count), _))| **count > 0.0).collect();
        drawn.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let mean = |(_, ((sample, count), mean)): (f64, ((&Sample<'_>, &f64), f64))| KindMean {
            kind: sample.event(),
            samples: *count as usize,
            mean,
        };
        let kinds = drawn.into_iter().map(mean).collect();
        Some(Example { kinds, upper: *upper, value, limit: claim.limit })
    }
}
