//! An interior-point method for sparse rows: where the multipliers are, before the exact end.
//!
//! Each finite side `c ≤ b` has a slack `s` and a multiplier `λ`; that of a soft row also has `e`, by which it gives way,
//! with `κ = ρ − λ`:
//!
//! ```text
//! c + s − e = b,    s λ = t,    e κ = t,    t → 0
//! ```
//!
//! Newton's method on these and on `W (y − z) + Aᵀ μ + ν = 0`, with all but `y` eliminated, is one system per step,
//!
//! ```text
//! (W + Aᵀ D A + D_box) dy = −r,      D = Σ over sides of 1 / (s/λ + e/κ),
//! ```
//!
//! whose pattern never changes. It is factored once and solved twice, for the predictor and the corrector of Mehrotra
//! (1992). An equality row has `D = 1/δ`: each step is then one of the method of multipliers.

use super::Lagrangian;
use super::halves::{Ahead, Aim, Halves, Measured, THIN};
use crate::project::pattern::Normal;

/// `δ` of equality rows, relative to one over the mean weight.
const EQUALITY: f64 = 1e-8;
/// How near to the boundary a step goes.
const NEARLY: f64 = 0.995;
const STEPS: usize = 80;
/// Most pairs that are not clear where a polish is worth its while, and the share of the target where it is in any case.
const FEW: usize = 3;
const SURELY: f64 = 1e-3;
/// Most numbers in the factor of the matrix of all rows.
const FILL: usize = 1 << 25;
/// Steps shorter than this lead nowhere.
const SHORT: f64 = 1e-8;

/// How the iteration ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reached {
    Target,
    /// Multipliers that grow beyond all bounds: perhaps no point satisfies the rows.
    Growing,
    Stuck,
}

/// The iteration on the problem of a [`Lagrangian`].
pub(super) struct Interior {
    rows: Halves,
    boxes: Halves,
    y: Vec<f64>,
    /// `A y`, and its change.
    c: Vec<f64>,
    dc: Vec<f64>,
    /// The right side of the system, and then its solution.
    dy: Vec<f64>,
    /// How far the last step is to be followed: it is, once the next one begins.
    length: f64,
    residual: Vec<f64>,
    diagonal: Vec<f64>,
    weights: Vec<f64>,
    /// Sizes of a move and of a multiplier.
    size: f64,
    force: f64,
    steps: usize,
}

impl Interior {
    /// `None` if nothing is violated, or the matrix of all rows fills in too much.
    pub(super) fn new(state: &Lagrangian<'_>, normal: &mut Normal) -> Option<Interior> {
        let (n, m) = (state.z.len(), state.rows.count());
        if !normal.analyse(&state.rows, n, |_| true) || normal.entries() > FILL {
            return None;
        }
        let clip = |i: usize| {
            let (lo, hi) = state.interval(i);
            state.z[i].max(lo).min(hi)
        };
        let y: Vec<f64> = (0..n).map(clip).collect();
        let c: Vec<f64> = (0..m).map(|j| state.rows.dot(j, &y)).collect();
        let asked = |(j, c): (usize, &f64)| (c - state.upper[j]).max(state.lower[j] - c);
        let size = c.iter().enumerate().map(asked).fold(0.0, f64::max);
        let mean = state.w.iter().sum::<f64>() / n.max(1) as f64;
        let force = mean * size;
        if !(size.is_finite() && size > 0.0 && force > 0.0 && force.is_finite()) {
            return None;
        }
        let product = 0.3 * size * force;
        let delta = EQUALITY / mean;
        let (mut rows, mut boxes) = (Halves::new(m, delta), Halves::new(n, delta));
        (0..m).for_each(|j| rows.push((state.lower[j], state.upper[j]), c[j], state.cap[j], size, product));
        for (i, &y) in y.iter().enumerate() {
            let (lo, hi) = state.interval(i);
            // A sample that cannot move has no side, but a weight that holds it.
            if hi - lo <= THIN * size {
                boxes.push_none();
            } else {
                boxes.push((lo, hi), y, f64::INFINITY, size, product);
            }
        }
        Some(Interior {
            rows,
            boxes,
            dc: vec![0.0; m],
            dy: vec![0.0; n],
            length: 0.0,
            residual: vec![0.0; n],
            diagonal: vec![0.0; n],
            weights: vec![0.0; m],
            size,
            force,
            steps: 0,
            y,
            c,
        })
    }

    /// Goes on until products and residuals are below `target`, relative to their sizes, and of nearly all pairs it is clear which
    /// number of the two stays.
    pub(super) fn advance(&mut self, state: &Lagrangian<'_>, normal: &mut Normal, target: f64) -> Reached {
        while self.steps < STEPS {
            self.steps += 1;
            let (rows, boxes) = self.measure(state);
            let count = (rows.count + boxes.count).max(1) as f64;
            let product = (rows.sum + boxes.sum) / count;
            let error = self.error(rows.missed.max(boxes.missed));
            let reached = product / (self.size * self.force);
            let is_decided = rows.undecided + boxes.undecided <= FEW || reached <= SURELY * target;
            if reached <= target && is_decided && error <= target.sqrt().max(target) {
                return Reached::Target;
            }
            let is_growing = rows.largest > 1e5 * self.force && rows.missed > 1e-6 * self.size;
            if is_growing && self.steps % 4 == 1 {
                return Reached::Growing;
            }
            if !normal.factor(&state.rows, &self.diagonal, &self.weights) {
                return Reached::Stuck;
            }
            let ahead = self.direction(state, normal, Aim::default());
            let after = product + ahead.length * (ahead.slope + ahead.length * ahead.bend) / count;
            let aim = Aim { target: product * (after.max(0.0) / product).powi(3), second: 1.0 };
            self.set_right(state, aim);
            let length = (NEARLY * self.direction(state, normal, aim).length).min(1.0);
            if length <= SHORT || self.dy.iter().any(|d| !d.is_finite()) {
                return Reached::Stuck;
            }
            self.length = length;
        }
        Reached::Stuck
    }

    /// Goes along the last step, and sets there `D`, the residual `W (y − z) + Aᵀ μ + ν` and the right side of a predictor.
    fn measure(&mut self, state: &Lagrangian<'_>) -> (Measured, Measured) {
        let length = std::mem::take(&mut self.length);
        let Interior { rows, boxes, y, c, dy, residual, diagonal, weights, .. } = self;
        if length > 0.0 {
            y.iter_mut().zip(&*dy).for_each(|(y, d)| *y += length * d);
        }
        let of_boxes = boxes.measure(
            length,
            |i| y[i],
            |i, seen| {
                diagonal[i] = if state.is_fixed(i) { super::HEAVY * state.w[i] } else { state.w[i] + seen.weight };
                residual[i] = state.w[i] * (y[i] - state.z[i]) + seen.multiplier;
                dy[i] = -residual[i] - seen.pull;
            },
        );
        let value = |j: usize| {
            c[j] = state.rows.dot(j, y);
            c[j]
        };
        let of_rows = rows.measure(length, value, |j, seen| {
            weights[j] = seen.weight;
            for (i, v) in state.rows.row(j) {
                residual[i] += v * seen.multiplier;
                dy[i] -= v * (seen.multiplier + seen.pull);
            }
        });
        for i in (0..y.len()).filter(|&i| state.is_fixed(i)) {
            (residual[i], dy[i]) = (0.0, 0.0);
        }
        (of_rows, of_boxes)
    }

    /// The largest residual, relative to sizes.
    fn error(&self, missed: f64) -> f64 {
        let dual = self.residual.iter().fold(0.0_f64, |most, r| most.max(r.abs()));
        (dual / self.force).max(missed / self.size)
    }

    /// Sets the right side that an aim asks for.
    fn set_right(&mut self, state: &Lagrangian<'_>, aim: Aim) {
        let Interior { rows, boxes, y, c, dy, residual, .. } = self;
        boxes.pulls(aim, y, |i, pull| dy[i] = -residual[i] - pull);
        rows.pulls(aim, c, |j, pull| state.rows.add(j, -pull, dy));
        (0..y.len()).filter(|&i| state.is_fixed(i)).for_each(|i| dy[i] = 0.0);
    }

    /// Sets the direction that belongs to the right side.
    fn direction(&mut self, state: &Lagrangian<'_>, normal: &mut Normal, aim: Aim) -> Ahead {
        normal.solve_well(&state.rows, &self.diagonal, &self.weights, &mut self.dy);
        self.dc.iter_mut().enumerate().for_each(|(j, dc)| *dc = state.rows.dot(j, &self.dy));
        let longest = 1.0 / NEARLY;
        let of_rows = self.rows.set_steps(aim, &self.c, &self.dc, longest);
        of_rows.and(self.boxes.set_steps(aim, &self.y, &self.dy, longest))
    }

    /// Writes the point to the state, with settled multipliers.
    pub(super) fn write(&self, state: &mut Lagrangian<'_>) {
        state.y.copy_from_slice(&self.y);
        state.mu.iter_mut().zip(self.rows.settled()).for_each(|(mu, settled)| *mu = settled);
        state.nu.iter_mut().zip(self.boxes.settled()).for_each(|(nu, settled)| *nu = settled);
    }

    /// The multipliers as they are, in the units of the rows.
    pub(super) fn multipliers(&self, unit: &[f64]) -> Vec<f64> {
        self.rows.multipliers().zip(unit).map(|(multiplier, unit)| multiplier * unit).collect()
    }
}
