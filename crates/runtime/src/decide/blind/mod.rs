//! Decisions by what is visible of a sample alone, for rows that read what is not: labels.
//!
//! A rule for new people cannot read their labels. So what is sought are thresholds on a value, in each *visible* cell, and a
//! rule that draws between several of them (Hardt, Price & Srebro 2016, *Equality of opportunity in supervised learning*):
//!
//! ```text
//! maximise Σ_c Σ_k x_ck gain(c, k)   subject to   l ≤ Σ_c Σ_k x_ck rows(c, k) ≤ u,   Σ_k x_ck = 1 in each cell,   x ≥ 0
//! ```
//!
//! where threshold `k` of a cell takes its samples with the `k` largest values, and `rows` counts them with their labels. There
//! is a column for each threshold, and few of them are needed: given multipliers, the best threshold of a cell is the largest
//! prefix sum, one pass over its samples (column generation, Dantzig & Wolfe 1960). It ends when no threshold is worth
//! more than those that are known, and then the multipliers prove the answer. A basic solution mixes as many thresholds as there
//! are cells and active rows at most.
//!
//! | module | job |
//! | --- | --- |
//! | `order` | the samples of each cell in the order of their values; best prefixes and their sums |
//! | `master` | the program of the thresholds that are known |
//! | `single` | one threshold in each cell, by branch and bound |

mod master;
mod order;
mod single;

use super::decisions::{DecideError, DecideStatus, Decisions, GainCertificate};
use super::lp::Scales;
use super::solve::{certify, check, costs_of, interval, side_of};
use crate::problem::{Problem, Sum};
use crate::project::{Infeasibility, Side};
use master::{Ended, Master};
use order::Order;

pub use single::{SingleThresholds, single_thresholds};

/// What a rule sees of samples.
#[derive(Debug, Clone, Copy)]
pub struct Visible<'a> {
    /// The visible cell of each sample.
    pub cell: &'a [u32],
    /// How many there are.
    pub cells: usize,
    /// What is compared with thresholds, for each sample. In a cell a larger value must not gain less.
    pub value: &'a [f64],
}

/// A threshold of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// The largest value below it, `-inf` if there is none.
    pub refused: f64,
    /// The smallest value not below it, `inf` if there is none.
    pub taken: f64,
    /// The chance that it is this one that counts.
    pub share: f64,
}

/// A rule, and what it comes to on the samples that it was fitted on.
#[derive(Debug, Clone, PartialEq)]
pub struct BlindDecisions {
    /// Chances in place of decisions. The certificate's `dual` is what no rule of this kind gains more than, and the rows of a
    /// proof are those that no such rule satisfies together.
    pub found: Decisions,
    /// The thresholds of each visible cell, the strictest first; none where there are no samples.
    pub cuts: Vec<Vec<Cut>>,
}

/// The rule of the largest `Σ w g d` within the rows of `problem`, of all that draw between thresholds in visible cells.
///
/// # Errors
/// As of [`decide`](super::decide), or what is visible has another length.
pub fn decide_blind(problem: &Problem, gain: &[f64], visible: &Visible<'_>) -> Result<BlindDecisions, DecideError> {
    check(problem, gain)?;
    for (what, found) in [("visible cell", visible.cell.len()), ("value", visible.value.len())] {
        if found != problem.n() {
            return Err(DecideError::Length { what, found, expected: problem.n() });
        }
    }
    if let Some(index) = visible.value.iter().position(|value| value.is_nan()) {
        return Err(DecideError::NotFinite { what: "value", index, value: visible.value[index] });
    }
    let costs = costs_of(problem, gain)?;
    let order = Order::new(problem, &costs, gain, visible);
    let scales = Scales::of(problem, &costs);
    let mut master = Master::new(problem, &order, &scales);
    let whole = order.limits();
    let point = match master.generate(&order, &whole) {
        Ended::Optimal(point) => point,
        Ended::Infeasible(multipliers, margin) => {
            return Ok(BlindDecisions { found: none(problem, multipliers, margin), cuts: Vec::new() });
        }
        Ended::Unfinished => return Ok(BlindDecisions { found: unfinished(problem), cuts: Vec::new() }),
    };
    let cuts = order.cuts(&point.shares);
    let decisions = order.chances(problem, &point.shares);
    let mut multipliers = point.multipliers;
    let mut active = Vec::with_capacity(problem.rows());
    for (row, multiplier) in multipliers.iter_mut().enumerate() {
        let (l, u, cap) = (problem.lower[row], problem.upper[row], problem.soft[row]);
        *multiplier = multiplier.clamp(if l.is_finite() { -cap } else { 0.0 }, if u.is_finite() { cap } else { 0.0 });
        active.push(side_of(point.at[row], *multiplier, (l, u), cap));
    }
    let grouped = problem.grouping.group(&decisions);
    let certificate = certify(problem, &costs, &grouped, &decisions, &multipliers);
    let (dual, size) = order.dual(problem, &multipliers);
    let certificate = GainCertificate { dual, size: size.max(certificate.size), ..certificate };
    let between = between(problem, &decisions);
    let status = if certificate.is_sound() { DecideStatus::Optimal } else { DecideStatus::Unfinished };
    let steps = master.rounds;
    Ok(BlindDecisions {
        found: Decisions { decisions, status, multipliers, active, between, certificate, steps },
        cuts,
    })
}

/// The samples strictly inside of their interval.
fn between(problem: &Problem, decisions: &[f64]) -> Vec<usize> {
    let grouped = problem.grouping.group(decisions);
    let inside = grouped.iter().enumerate().map(|(place, d)| {
        let (lo, hi) = interval(problem, place);
        lo < *d && *d < hi
    });
    let inside: Vec<bool> = problem.grouping.ungroup(&inside.collect::<Vec<_>>());
    inside.iter().enumerate().filter(|(_, inside)| **inside).map(|(sample, _)| sample).collect()
}

fn none(problem: &Problem, combination: Vec<f64>, margin: f64) -> Decisions {
    let rows = (0..problem.rows()).filter(|&row| combination[row] != 0.0).collect();
    let proof = Infeasibility { combination, rows, margin };
    Decisions { status: DecideStatus::Infeasible(proof), ..unfinished(problem) }
}

fn unfinished(problem: &Problem) -> Decisions {
    Decisions {
        decisions: Vec::new(),
        status: DecideStatus::Unfinished,
        multipliers: vec![0.0; problem.rows()],
        active: vec![Side::Inactive; problem.rows()],
        between: Vec::new(),
        certificate: GainCertificate::default(),
        steps: 0,
    }
}

impl Order {
    /// What no rule gains more than, by multipliers of the rows, and the size of the terms.
    fn dual(&self, problem: &Problem, multipliers: &[f64]) -> (f64, f64) {
        let (mut dual, mut size) = (Sum::default(), self.base.size);
        dual.add(self.base.gain);
        for (row, &multiplier) in multipliers.iter().enumerate().filter(|(_, multiplier)| **multiplier != 0.0) {
            let side = if multiplier > 0.0 { problem.upper[row] } else { problem.lower[row] };
            dual.add_product(multiplier, side);
            dual.add_product(-multiplier, self.base.rows[row]);
            size += (multiplier * side).abs() + (multiplier * self.base.rows[row]).abs();
        }
        for best in self.best(problem, multipliers, true, &self.limits()) {
            dual.add(best.value);
            size += best.size;
        }
        (dual.value(), size)
    }
}
