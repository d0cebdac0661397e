//! Does one program imply another on all data without empty groups?
//!
//! A proof is a linear program over the means of the events (`Relaxation`), in cases where only data tell in which
//! proportions events consist of others ([`follows_by_cases`]). A refutation is a small data set, made up, with predictions
//! that keep the first program and break the second ([`Refuter`]). Where neither is found it is not known.

use super::feasibility::RowSide;
use super::implication::{Claim, Verdict};
use super::kinds::{Kinds, Unlisted};
use super::linear::Linear;
use super::refute::{Example, Refuter, Specimen};
use super::relaxation::{Half, Relaxation, sample_bounds};
use super::structure::{ByCases, Structure, follows_by_cases};
use crate::language::program::{Event, EventId, SampleRow};

pub use super::relaxation::{Different, Spec};

/// Most cases of one proof.
const MOST_CASES: usize = 4000;
/// Where events overlap each case takes three linear programs.
const MOST_OVERLAPPING: usize = 200;
/// Looks at whether a kind of sample is in an event.
const MOST_LOOKS: usize = 1 << 22;
/// The least shares of events in made up data, and their sizes.
const SHARES: [(f64, f64); 3] = [(0.05, 100.0), (0.005, 1000.0), (1e-4, 1e5)];

/// The question.
#[derive(Debug)]
pub struct Question<'a> {
    specs: [Spec<'a>; 2],
    premises: Linear,
    /// Per line of the premises, the side of a row of the premising program.
    sides: Vec<RowSide>,
    structure: Structure,
    boxes: Vec<(f64, f64)>,
    members: Vec<Option<Vec<usize>>>,
    /// Per variable an event of one of the programs, for words; remainders have none.
    pub events: Vec<Event>,
    rows: Vec<Vec<Half>>,
    kinds: Result<Kinds, Unlisted>,
    chosen: Vec<usize>,
    unknowns: bool,
}

/// What came of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Per side, and whether that is the upper.
    pub sides: Vec<(Half, ByCases)>,
    /// Data that break it.
    pub example: Option<Example>,
}

/// What came of bounds of single predictions.
#[derive(Debug, Clone, PartialEq)]
pub enum OfBounds {
    Implied,
    Broken(Example),
    Undecided,
}

impl<'a> Question<'a> {
    /// Does `premise` imply `claim`?
    ///
    /// # Errors
    /// If the programs declare a column differently, or weight samples differently.
    pub fn new(premise: Spec<'a>, claim: Spec<'a>) -> Result<Question<'a>, Different> {
        let specs = [premise, claim];
        let mut relaxation = Relaxation::new(&specs, MOST_LOOKS)?;
        let hard = premise.program.rows.iter().enumerate().filter(|(_, row)| row.options.soft.is_none());
        let (_, _) = relaxation.premises(hard.clone().map(|(index, _)| index));
        let rows = claim.program.rows.iter().map(|row| relaxation.halves(1, row)).collect();
        // Again, now that all variables are there.
        let (premises, origins) = relaxation.premises(hard.map(|(index, _)| index));
        let mut structure = relaxation.structure(MOST_CASES);
        if !structure.hulls.exact {
            structure.most_cases = MOST_OVERLAPPING;
        }
        let members = claim.program.sample_rows.iter().map(|row| relaxation.members(1, row.event)).collect();
        Ok(Question {
            specs,
            premises,
            sides: origins.into_iter().map(|(row, upper)| RowSide { row, upper }).collect(),
            boxes: relaxation.boxes(),
            members,
            unknowns: relaxation.has_unknowns(),
            structure,
            events: relaxation.events,
            rows,
            kinds: relaxation.kinds,
            chosen: relaxation.chosen,
        })
    }

    /// Makes data for counterexamples, where the kinds of samples are known.
    pub fn refuter(&self) -> Option<(Refuter<'_>, Vec<Specimen>)> {
        let refuter = Refuter::new(self.specs, self.kinds.as_ref().ok()?, &self.chosen)?;
        let various = refuter.various();
        Some((refuter, various))
    }

    /// Whether a row of the claiming program follows.
    pub fn answer(&self, index: usize, made: Option<&(Refuter<'_>, Vec<Specimen>)>) -> Answer {
        let mut answer = Answer { sides: Vec::new(), example: None };
        let (premises, sides) = self.premises_of(index);
        for (upper, claim) in self.rows.get(index).into_iter().flatten() {
            let mut found = follows_by_cases(&premises, &self.structure, claim);
            if let Verdict::Implied(proof) = &mut found.verdict {
                for (side, _) in &mut proof.multipliers {
                    *side = sides.get(side.row).copied().unwrap_or(*side);
                }
            } else {
                if answer.example.is_none() {
                    answer.example = made.and_then(|made| self.example(index, &found.verdict, made));
                }
                match (&answer.example, &found.verdict) {
                    (Some(Example { upper, value, limit, .. }), _) => {
                        let broken = Verdict::Broken { x: Vec::new(), value: *value };
                        let half = (*upper, Claim { limit: *limit, ..claim.clone() });
                        answer.sides.push((half, ByCases { verdict: broken, ..found }));
                        continue;
                    }
                    // The means at which the proof failed may be those of no data: of events of share 0, say.
                    (None, Verdict::Broken { .. }) => found.verdict = Verdict::Undecided,
                    (None, _) => {}
                }
            }
            answer.sides.push(((*upper, claim.clone()), found));
        }
        answer
    }

    /// The lines of the premises that are in force wherever a row of the claim is, and the sides that they come from.
    fn premises_of(&self, index: usize) -> (Linear, Vec<RowSide>) {
        let [premise, claim] = &self.specs;
        let in_force = |side: &RowSide| {
            let rows = premise.program.rows.get(side.row).zip(claim.program.rows.get(index));
            rows.is_some_and(|(given, row)| {
                let least = given.options.min_count;
                least <= 1 || (least <= row.options.min_count && self.all_read(&given.reads, &row.reads))
            })
        };
        let kept = self.premises.lines.iter().zip(&self.sides).filter(|(_, side)| in_force(side));
        let (lines, sides) = kept.map(|(line, side)| (line.clone(), *side)).unzip();
        (Linear { lines, intervals: self.premises.intervals.clone() }, sides)
    }

    /// Whether the claiming program reads all events that the premising one does, with the same values of params.
    fn all_read(&self, ours: &[EventId], theirs: &[EventId]) -> bool {
        let [premise, claim] = &self.specs;
        let known = |id: &EventId| premise.program.event(*id);
        ours.iter().all(|id| {
            let same =
                |event: &Event| event.params().iter().all(|name| premise.params.get(*name) == claim.params.get(*name));
            let of = |other: &EventId| claim.program.event(*other) == known(id);
            known(id).is_some_and(same) && theirs.iter().any(of)
        })
    }

    /// Data that break a row: made so that the means occur at which the proof failed, or any.
    fn example(
        &self,
        index: usize,
        verdict: &Verdict,
        (refuter, various): &(Refuter<'_>, Vec<Specimen>),
    ) -> Option<Example> {
        let row = self.specs[1].program.rows.get(index)?;
        let at = match verdict {
            Verdict::Broken { x, .. } => self.structure.weights.as_ref().zip(Some(x)),
            Verdict::Implied(_) | Verdict::Undecided => None,
        };
        // As many of each kind is the plainest example; what the proof suggests is the surest.
        let broken = |specimen: &Specimen| refuter.breaks(specimen, row);
        let suggested = || {
            let (weights, x) = at?;
            SHARES.iter().find_map(|&(least, size)| broken(&refuter.with_shares(&weights.shares(x, least)?, size)?))
        };
        various.first().and_then(broken).or_else(suggested).or_else(|| various.iter().skip(1).find_map(broken))
    }

    /// Whether a bound that the claiming program sets for single predictions follows.
    pub fn bounds_follow(&self, index: usize, made: Option<&(Refuter<'_>, Vec<Specimen>)>) -> OfBounds {
        let [premise, claim] = &self.specs;
        let Some(row) = claim.program.sample_rows.get(index) else { return OfBounds::Undecided };
        let same = |other: &SampleRow| {
            let sides = (&other.coefficient, &other.lower, &other.upper) == (&row.coefficient, &row.lower, &row.upper);
            sides
                && other.options.soft.is_none()
                && other.options.min_count <= row.options.min_count.max(1)
                && self.all_read(&[other.event], &[row.event])
                && self.all_read(&other.reads, &row.reads)
        };
        let params = |row: &SampleRow| {
            row.lower.iter().chain(&row.upper).chain([&row.coefficient]).any(|data| !data.params().is_empty())
        };
        if !params(row) && premise.program.sample_rows.iter().any(same) {
            return OfBounds::Implied;
        }
        if let (Some((lower, upper)), Some(Some(kinds))) = (sample_bounds(row, claim.params), self.members.get(index)) {
            let within = |kind: &usize| self.boxes.get(*kind).is_some_and(|(lo, hi)| *lo >= lower && *hi <= upper);
            if kinds.iter().all(within) {
                return OfBounds::Implied;
            }
        }
        let broken = made.and_then(|(refuter, various)| various.iter().find_map(|one| refuter.breaks_bounds(one, row)));
        broken.map_or(OfBounds::Undecided, OfBounds::Broken)
    }

    /// Whether the declared bounds of predictions follow.
    pub fn declared_bounds_follow(&self, made: Option<&(Refuter<'_>, Vec<Specimen>)>) -> OfBounds {
        let [ours, theirs] = self.specs.map(|spec| (spec.program.prediction.lower, spec.program.prediction.upper));
        let within = |(lo, hi): &(f64, f64)| *lo >= theirs.0 && *hi <= theirs.1;
        if within(&ours) || (!self.boxes.is_empty() && self.boxes.iter().all(within)) {
            return OfBounds::Implied;
        }
        let broken =
            made.and_then(|(refuter, various)| various.iter().find_map(|one| refuter.leaves_bounds(one, theirs)));
        broken.map_or(OfBounds::Undecided, OfBounds::Broken)
    }

    /// Why a row may be left undecided.
    pub fn reason(&self) -> String {
        match &self.kinds {
            Err(reason) => reason.to_string(),
            Ok(_) if self.unknowns => "it depends on what only the data tell".to_owned(),
            Ok(_) => "neither a proof nor a counterexample was found".to_owned(),
        }
    }
}
