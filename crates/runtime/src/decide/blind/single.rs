//! One threshold in each visible cell, so that nothing is drawn: branch and bound over positions.
//!
//! Where a cell draws between several thresholds, those up to their mean are one branch and those behind it the other. The bound
//! of a branch is the rule with draws within it.

use super::master::{Ended, Master};
use super::order::{Limits, Order};
use super::{BlindDecisions, Cut, Visible};
use crate::decide::decisions::DecideError;
use crate::decide::lp::Scales;
use crate::decide::solve::costs_of;
use crate::decide::whole::{WholeDecisions, gain_of, missed};
use crate::problem::{Bounds, Problem};

/// So many samples are searched whole.
const FEW: usize = 3000;
/// Of more, thresholds this many samples off those that are drawn between.
const AROUND: usize = 100;
/// Most programs.
const NODES: usize = 4000;
/// No more programs than this by the samples and thresholds that one looks at.
const WORK: usize = 60_000_000;
/// Most numbers that their steps look at: about a second of it.
const WORK_OF_STEPS: u64 = 8_000_000_000;
/// Share of the largest gain that counts as no more.
const NO_MORE: f64 = 1e-10;

/// What the search came to.
#[derive(Debug, Clone, PartialEq)]
pub enum SingleThresholds {
    /// One threshold in each cell, and the decisions by them.
    Found { cuts: Vec<Vec<Cut>>, whole: WholeDecisions },
    /// None were found that keep all rows; `proven` if there are none.
    None { proven: bool },
}

struct Node {
    limits: Limits,
    bound: f64,
}

/// Thresholds without draws that keep all rows and gain the most of those that a search finds; `fitted` is the rule with draws of
/// the same problem, gains and view.
///
/// # Errors
/// As of [`decide_blind`](super::decide_blind).
pub fn single_thresholds(
    problem: &Problem,
    gain: &[f64],
    visible: &Visible<'_>,
    fitted: &BlindDecisions,
) -> Result<SingleThresholds, DecideError> {
    if !ends_are_whole(problem) || fitted.cuts.is_empty() {
        return Ok(SingleThresholds::None { proven: false });
    }
    let costs = costs_of(problem, gain)?;
    let all = Order::new(problem, &costs, gain, visible);
    let limits = all.near(&fitted.cuts, if all.len() <= FEW { usize::MAX } else { AROUND });
    let complete = limits == all.limits();
    let order = all.within(&limits);
    let scales = Scales::of(problem, &costs);
    let mut search = Search { problem, costs: &costs, all: &all, offset: &limits, best: None };
    let mut master = Master::new(problem, &order, &scales);
    let most = (WORK / (order.len() + 200 * (order.cells() + problem.rows())).max(1)).clamp(30, NODES);
    let mut open = vec![Node { limits: order.limits(), bound: f64::INFINITY }];
    let (mut nodes, mut finished, mut left) = (0, true, f64::NEG_INFINITY);
    while let Some(node) = open.pop() {
        if !search.can_gain(node.bound) {
            continue;
        }
        if nodes >= most || master.work >= WORK_OF_STEPS {
            finished = false;
            left = open.iter().fold(node.bound, |m, node| m.max(node.bound));
            break;
        }
        nodes += 1;
        match master.generate(&order, &node.limits) {
            Ended::Infeasible(..) => {}
            Ended::Unfinished => {
                finished = false;
                left = left.max(node.bound);
            }
            Ended::Optimal(point) if search.can_gain(point.value) => {
                search.try_near(&point.shares);
                let bound = point.value;
                if let Some(halves) = branch(&point.shares, &node.limits) {
                    open.extend(halves.map(|limits| Node { limits, bound }));
                } else if search.can_gain(bound) {
                    // One threshold each, which misses rows by rounding, as they are counted here.
                    finished = false;
                    left = left.max(bound);
                }
            }
            Ended::Optimal(_) => {}
        }
    }
    let proven = complete && finished;
    let Some((positions, decisions, gain)) = search.best else { return Ok(SingleThresholds::None { proven }) };
    let shares: Vec<Vec<(usize, f64)>> = positions.iter().map(|&position| vec![(position, 1.0)]).collect();
    let dual = fitted.found.certificate.dual;
    let bound = match (complete, finished) {
        (true, true) => gain,
        (true, false) => left.max(gain).min(dual.max(gain)),
        (false, _) => dual.max(gain),
    };
    let whole = WholeDecisions { decisions, gain, bound, nodes };
    Ok(SingleThresholds::Found { cuts: all.cuts(&shares), whole })
}

/// Whether every interval ends at whole numbers, so that decisions within them are whole.
fn ends_are_whole(problem: &Problem) -> bool {
    match &problem.bounds {
        Bounds::Uniform { lo, hi } => lo.fract() == 0.0 && hi.fract() == 0.0,
        Bounds::PerSample { lo, hi } => lo.iter().chain(hi).all(|end| end.fract() == 0.0),
    }
}

/// Two parts of limits, in the cell that draws between thresholds the furthest apart; the part that counts more is the last.
fn branch(shares: &[Vec<(usize, f64)>], limits: &Limits) -> Option<[Limits; 2]> {
    let mean = |shares: &[(usize, f64)]| shares.iter().map(|&(position, share)| share * position as f64).sum::<f64>();
    let apart = |shares: &[(usize, f64)]| {
        let mean = mean(shares);
        shares.iter().map(|&(position, share)| share * (position as f64 - mean).abs()).sum::<f64>()
    };
    let drawing = shares.iter().enumerate().filter(|(_, shares)| shares.len() > 1);
    let (cell, shares) = drawing.max_by(|(_, a), (_, b)| apart(a).total_cmp(&apart(b)))?;
    let (first, last) = (shares.first()?.0, shares.last()?.0);
    let middle = (mean(shares).floor() as usize).clamp(first, last - 1);
    let (mut low, mut high) = (limits.clone(), limits.clone());
    low[cell].1 = middle;
    high[cell].0 = middle + 1;
    let below: f64 = shares.iter().filter(|(position, _)| *position <= middle).map(|(_, share)| share).sum();
    Some(if below > 0.5 { [high, low] } else { [low, high] })
}

struct Search<'a> {
    problem: &'a Problem,
    costs: &'a [f64],
    all: &'a Order,
    offset: &'a Limits,
    best: Option<(Vec<usize>, Vec<f64>, f64)>,
}

impl Search<'_> {
    fn can_gain(&self, bound: f64) -> bool {
        self.best.as_ref().is_none_or(|(_, _, best)| bound > best + NO_MORE * (1.0 + best.abs()))
    }

    /// Tries the thresholds that count most, and those in the middle.
    fn try_near(&mut self, shares: &[Vec<(usize, f64)>]) {
        let most = |shares: &Vec<(usize, f64)>| {
            shares.iter().max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(position, _)| *position)
        };
        let middle = |shares: &Vec<(usize, f64)>| {
            shares.iter().map(|&(position, share)| share * position as f64).sum::<f64>().round() as usize
        };
        let first: Vec<usize> = shares.iter().map(most).collect();
        let second: Vec<usize> = shares.iter().map(middle).collect();
        if second != first {
            self.try_positions(&second);
        }
        self.try_positions(&first);
    }

    fn try_positions(&mut self, positions: &[usize]) {
        let positions: Vec<usize> = positions.iter().zip(self.offset).map(|(own, (least, _))| own + least).collect();
        let shares: Vec<Vec<(usize, f64)>> = positions.iter().map(|&position| vec![(position, 1.0)]).collect();
        let decisions = self.all.chances(self.problem, &shares);
        if missed(self.problem, &decisions).is_ok_and(|missed| !missed.is_empty()) {
            return;
        }
        let grouped = self.problem.grouping.group(&decisions);
        let gain = gain_of(self.problem, self.costs, &grouped, &decisions);
        if self.can_gain(gain) {
            self.best = Some((positions, decisions, gain));
        }
    }
}
