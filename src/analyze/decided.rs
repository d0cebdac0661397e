//! The decisions of the largest gain at one value of a param, for the price of a spec.

use crate::bind::{Encoded, Params, Samples};
use crate::language::program::Program;
use crate::runtime::decide::{
    DecideStatus, Decisions, SingleThresholds, Visible, Whole, decide, decide_blind, decide_whole, single_thresholds,
    soft_cost,
};
use crate::runtime::problem::{Problem, Sum};
use crate::runtime::project::{Projection, Status};

use super::sweep_error::SweepError;

/// What decisions are made by.
#[derive(Clone, Copy, Debug)]
pub struct Deciding<'a> {
    /// What a decision of 1 gains, for each sample.
    pub gain: &'a [f64],
    /// What thresholds compare, for each sample.
    pub compared: &'a [f64],
}

/// What the best decisions come to; shares of a decision count as such.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DecidedPoint {
    /// `Σ w g d`, less what soft rows cost: no decisions within the rows gain more.
    pub gain: f64,
    /// What soft rows cost.
    soft: f64,
    /// Decisions of 0 and 1 within the rows, where such were found.
    pub whole: Option<WholePoint>,
    /// How many are decided 1, and how many that were not, and no longer are.
    pub selected: f64,
    pub became_1: f64,
    pub became_0: f64,
    /// For each event of the program the selection rate in it; none where it has no samples.
    pub rates: Vec<Option<f64>>,
}

/// What decisions of 0 and 1 come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WholePoint {
    pub gain: f64,
    pub selected: usize,
    pub became_1: usize,
    pub became_0: usize,
    /// Until they are counted.
    decisions: Vec<f64>,
}

impl WholePoint {
    fn new(gain: f64, decisions: Vec<f64>) -> WholePoint {
        WholePoint { gain, decisions, ..WholePoint::default() }
    }

    fn count(&mut self, before: &[f64]) {
        let decisions = std::mem::take(&mut self.decisions);
        let changed =
            |holds: fn(f64, f64) -> bool| before.iter().zip(&decisions).filter(|(b, a)| holds(**b, **a)).count();
        self.selected = decisions.iter().filter(|decision| **decision > 0.5).count();
        (self.became_1, self.became_0) = (changed(|b, a| b < a), changed(|b, a| b > a));
    }
}

impl Deciding<'_> {
    /// The best decisions in the form of a projection, and what such of 0 and 1 gain. Where rows read labels they are those of the
    /// best rule that looks at none.
    pub(super) fn decide(
        &self,
        program: &Program,
        encoded: &Encoded,
        params: &Params,
        problem: &Problem,
    ) -> Result<(Projection<f64>, Option<DecidedPoint>), SweepError> {
        let is_optimal = |found: &Decisions| found.status == DecideStatus::Optimal;
        let (found, whole) = if encoded.reads_labels(program) {
            let seen = Seen::of(program, encoded, params)?;
            let seen = seen.by(self.compared);
            let fitted = decide_blind(problem, self.gain, &seen)?;
            let single = is_optimal(&fitted.found).then(|| single_thresholds(problem, self.gain, &seen, &fitted));
            let whole = match single.transpose()? {
                Some(SingleThresholds::Found { whole, .. }) => Some(whole.decisions),
                Some(SingleThresholds::None { .. }) | None => None,
            };
            (fitted.found, whole)
        } else {
            let found = decide(problem, self.gain)?;
            let whole = is_optimal(&found).then(|| decide_whole(problem, self.gain, &found)).transpose()?;
            let whole = match whole {
                Some(Whole::Found(whole)) => Some(whole.decisions),
                Some(Whole::Missed { .. } | Whole::NoneWithin { .. } | Whole::Infeasible(_)) | None => None,
            };
            (found, whole)
        };
        let whole = whole.map(|decisions| WholePoint::new(net_gain(self.gain, problem, &decisions), decisions));
        let decided = is_optimal(&found).then(|| DecidedPoint {
            whole,
            soft: soft_cost(problem, &found.decisions),
            ..DecidedPoint::default()
        });
        Ok((as_projection(found), decided))
    }

    /// The multipliers of the best decisions; none if there are none.
    pub(super) fn multipliers(
        &self,
        program: &Program,
        encoded: &Encoded,
        params: &Params,
        problem: &Problem,
    ) -> Result<Option<Vec<f64>>, SweepError> {
        let found = if encoded.reads_labels(program) {
            decide_blind(problem, self.gain, &Seen::of(program, encoded, params)?.by(self.compared))?.found
        } else {
            decide(problem, self.gain)?
        };
        Ok((found.status == DecideStatus::Optimal).then_some(found.multipliers))
    }
}

/// `Σ w g d`, less what soft rows cost.
pub fn net_gain(gain: &[f64], problem: &Problem, decisions: &[f64]) -> f64 {
    total_gain(gain, problem.weights().as_deref(), decisions) - soft_cost(problem, decisions)
}

/// `Σ w g d`.
pub fn total_gain(gain: &[f64], weights: Option<&[f64]>, decisions: &[f64]) -> f64 {
    let weight = |sample: usize| weights.and_then(|weights| weights.get(sample)).copied().unwrap_or(1.0);
    let terms = gain.iter().zip(decisions).enumerate();
    terms.map(|(sample, (gain, d))| weight(sample) * gain * d).collect::<Sum>().value()
}

/// The visible cell of each sample.
struct Seen {
    cell: Vec<u32>,
    cells: usize,
}

impl Seen {
    fn of(program: &Program, encoded: &Encoded, params: &Params) -> Result<Seen, SweepError> {
        let visible = encoded.visible(program, params).map_err(SweepError::Bind)?;
        Ok(Seen { cell: visible.of_samples(encoded), cells: visible.count() })
    }

    fn by<'s>(&'s self, value: &'s [f64]) -> Visible<'s> {
        Visible { cell: &self.cell, cells: self.cells, value }
    }
}

fn as_projection(found: Decisions) -> Projection<f64> {
    let mut projection = Projection::default();
    projection.status = match found.status {
        DecideStatus::Optimal => Status::Optimal,
        DecideStatus::Infeasible(proof) => Status::Infeasible(proof),
        DecideStatus::Unfinished => Status::IterationLimit,
    };
    projection.y = found.decisions;
    (projection.multipliers, projection.active) = (found.multipliers, found.active);
    projection
}

impl DecidedPoint {
    /// Adds what follows from the decisions themselves.
    pub(super) fn enter(&mut self, deciding: &Deciding<'_>, encoded: &Encoded, before: &[f64], after: &[f64]) {
        self.gain = total_gain(deciding.gain, encoded.weight(), after) - self.soft;
        self.whole.iter_mut().for_each(|whole| whole.count(before));
        self.selected = after.iter().sum();
        let changes = before.iter().zip(after).map(|(b, a)| a - b);
        (self.became_1, self.became_0) =
            changes.fold(
                (0.0, 0.0),
                |(up, down), change| {
                    if change > 0.0 { (up + change, down) } else { (up, down - change) }
                },
            );
        self.rates = encoded.event_means(&Samples::All, after);
    }
}
