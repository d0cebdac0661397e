//! Implication on given data: both specs bound to the same samples.

use super::MOST_VARIABLES;
use super::feasibility::lines;
use super::implication::{Claim, Verdict, claims, follows};
use super::linear::{Line, Linear};
use crate::runtime::problem::{Generator, Problem, ProblemError, generators};

/// A generator, if rows read the sample, and the sample's own column.
type Alone = (Option<usize>, Vec<(usize, f64)>);

/// Two problems over the same samples as one question.
#[derive(Debug)]
pub struct Joint {
    pub generators: Vec<Generator>,
    pub premises: Linear,
    /// Per row of the claiming problem its sides: whether it is the upper, and the claim.
    pub rows: Vec<Vec<(bool, Claim)>>,
}

impl Joint {
    /// Does `premise` imply `claim`? None if the variables are too many.
    ///
    /// # Errors
    /// If the problems have different numbers of samples.
    pub fn new(premise: &Problem, claim: &Problem) -> Result<Option<Joint>, ProblemError> {
        let Some(generators) = generators(&[premise, claim], MOST_VARIABLES)? else { return Ok(None) };
        let premises = Linear {
            intervals: generators.iter().map(|generator| (generator.lo, generator.hi)).collect(),
            lines: lines(premise, &generators, 0),
        };
        let rows = lines(claim, &generators, 1).iter().map(claims).collect();
        Ok(Some(Joint { premises, rows, generators }))
    }

    pub fn answer(&self, claim: &Claim) -> Verdict {
        follows(&self.premises, claim)
    }

    /// Whether the premises keep the prediction of a sample within `[lo, hi]`: its own variable beside those of the
    /// others.
    pub fn bounds_follow(&self, premise: &Problem, sample: usize, (lo, hi): (f64, f64)) -> Verdict {
        let (least, greatest) = premise.bounds().at(sample);
        let Some((place, alone)) = self.alone(premise, sample) else { return Verdict::Undecided };
        let mut apart = self.premises.clone();
        let own = apart.intervals.len();
        apart.intervals.push((least, greatest));
        if let Some(place) = place {
            // The others keep their part of the mean.
            let others = self.generators.get(place).map_or(1, |generator| generator.samples) as f64;
            for line in &mut apart.lines {
                line.entries.iter_mut().filter(|(at, _)| *at == place).for_each(|(_, value)| {
                    *value *= (others - 1.0) / others;
                });
            }
        }
        for &(row, value) in &alone {
            if let Some(line) = apart.lines.get_mut(row) {
                line.entries.push((own, value));
            }
        }
        let line = Line { entries: vec![(own, 1.0)], lower: lo, upper: hi };
        for (_, claim) in claims(&line) {
            match follows(&apart, &claim) {
                Verdict::Implied(_) => {}
                other => return other,
            }
        }
        Verdict::Implied(super::implication::Proof::default())
    }

    /// The generator of a sample and its own column; none if its share of the generator is not known.
    fn alone(&self, premise: &Problem, sample: usize) -> Option<Alone> {
        let cell = premise.cell().get(sample)?;
        let mine = |generator: &&Generator| premise.cell().get(generator.first) == Some(cell);
        let mut found = self.generators.iter().filter(mine);
        let Some(generator) = found.next() else { return Some((None, Vec::new())) };
        if found.next().is_some() || !generator.is_mean {
            return None;
        }
        let place = self.generators.iter().position(|other| std::ptr::eq(other, generator))?;
        let column = generator.columns.first()?;
        let share = 1.0 / generator.samples as f64;
        Some((Some(place), column.iter().map(|&(row, value)| (row as usize, value * share)).collect()))
    }
}

/// One sample of each kind whose bounds are tighter in the claim: of a cell of both, and a pair of intervals.
pub fn tighter(premise: &Problem, claim: &Problem) -> Vec<usize> {
    const MOST: usize = 64;
    let (ours, theirs) = (premise.bounds(), claim.bounds());
    let mut kinds = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    for sample in 0..premise.n() {
        let ((lo, hi), (least, greatest)) = (ours.at(sample), theirs.at(sample));
        if lo >= least && hi <= greatest {
            continue;
        }
        let cells = (premise.cell().get(sample), claim.cell().get(sample));
        if kinds.insert((cells, [lo, hi, least, greatest].map(f64::to_bits))) {
            found.push(sample);
        }
        if found.len() == MOST {
            break;
        }
    }
    found
}
