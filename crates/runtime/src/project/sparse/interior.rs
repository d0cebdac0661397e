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
use crate::project::pattern::Normal;

/// `δ` of equality rows, relative to one over the mean weight.
const EQUALITY: f64 = 1e-8;
/// How near to the boundary a step goes.
const NEARLY: f64 = 0.995;
/// Sides nearer to each other than this share of the size of a move count as an equality.
const THIN: f64 = 1e-9;
const STEPS: usize = 80;
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

/// One finite side of a row or of a sample, with its unknowns and their steps.
#[derive(Debug, Clone, Copy, Default)]
struct Half {
    /// Of the side: `sign · c ≤ sign · b`.
    b: f64,
    cap: f64,
    s: f64,
    lambda: f64,
    e: f64,
    ds: f64,
    dl: f64,
    de: f64,
    /// What the products of the pairs shall become less what they are.
    rc: f64,
    re: f64,
    /// `1 / (s/λ + e/κ)`.
    weight: f64,
}

impl Half {
    fn new(b: f64, c: f64, cap: f64, least: f64, product: f64) -> Half {
        let s = (b - c).max(least);
        let lambda = (product / s).min(0.5 * cap);
        let e = if cap < f64::INFINITY { product / (cap - lambda) } else { 0.0 };
        Half { b, cap, s, lambda, e, ..Half::default() }
    }

    fn is_soft(&self) -> bool {
        self.cap < f64::INFINITY
    }

    fn kappa(&self) -> f64 {
        self.cap - self.lambda
    }

    fn set_weight(&mut self) {
        let give = if self.is_soft() { self.e / self.kappa() } else { 0.0 };
        self.weight = 1.0 / (self.s / self.lambda + give);
    }

    /// Aims at products of `target`, with the terms of second order of the last direction.
    fn aim(&mut self, target: f64, second: f64) {
        self.rc = target - self.s * self.lambda - second * self.ds * self.dl;
        if self.is_soft() {
            self.re = target - self.e * self.kappa() + second * self.de * self.dl;
        }
    }

    /// `dλ` where the side's `c` stays.
    fn pull(&self, c: f64) -> f64 {
        let give = if self.is_soft() { self.re / self.kappa() } else { 0.0 };
        self.weight * (c - self.b + self.s - self.e + self.rc / self.lambda - give)
    }

    fn set_direction(&mut self, c: f64, dc: f64) {
        self.dl = self.weight * dc + self.pull(c);
        self.ds = (self.rc - self.s * self.dl) / self.lambda;
        if self.is_soft() {
            self.de = (self.re + self.e * self.dl) / self.kappa();
        }
    }

    /// The longest step, at most `length`, that keeps all positive.
    fn longest(&self, length: f64) -> f64 {
        let until = |v: f64, d: f64, length: f64| if d < 0.0 { length.min(-v / d) } else { length };
        let length = until(self.lambda, self.dl, until(self.s, self.ds, length));
        if self.is_soft() { until(self.kappa(), -self.dl, until(self.e, self.de, length)) } else { length }
    }

    fn product(&self, length: f64) -> (f64, usize) {
        let (s, lambda) = (self.s + length * self.ds, self.lambda + length * self.dl);
        match self.is_soft() {
            true => (s * lambda + (self.e + length * self.de) * (self.cap - lambda), 2),
            false => (s * lambda, 1),
        }
    }

    fn go(&mut self, length: f64) {
        self.s += length * self.ds;
        self.lambda += length * self.dl;
        self.e += length * self.de;
    }
}

/// The sides of one quantity `c`: a row's, or a sample's.
#[derive(Debug, Clone, Copy)]
enum Sides {
    None,
    Equal { b: f64, mu: f64, dm: f64 },
    Upper(Half),
    Lower(Half),
    Both([Half; 2]),
}

impl Sides {
    /// The sides with a sign each: an upper side bounds `c`, a lower one `−c`.
    fn halves(&self) -> impl Iterator<Item = (f64, &Half)> {
        let (first, second) = match self {
            Sides::None | Sides::Equal { .. } => (None, None),
            Sides::Upper(half) => (Some((1.0, half)), None),
            Sides::Lower(half) => (Some((-1.0, half)), None),
            Sides::Both([upper, lower]) => (Some((1.0, upper)), Some((-1.0, lower))),
        };
        first.into_iter().chain(second)
    }

    fn halves_mut(&mut self) -> impl Iterator<Item = (f64, &mut Half)> {
        let (first, second) = match self {
            Sides::None | Sides::Equal { .. } => (None, None),
            Sides::Upper(half) => (Some((1.0, half)), None),
            Sides::Lower(half) => (Some((-1.0, half)), None),
            Sides::Both([upper, lower]) => (Some((1.0, upper)), Some((-1.0, lower))),
        };
        first.into_iter().chain(second)
    }

    fn multiplier(&self) -> f64 {
        match self {
            Sides::Equal { mu, .. } => *mu,
            _ => self.halves().map(|(sign, half)| sign * half.lambda).sum(),
        }
    }

    /// `D`.
    fn weight(&self, delta: f64) -> f64 {
        match self {
            Sides::Equal { .. } => 1.0 / delta,
            _ => self.halves().map(|(_, half)| half.weight).sum(),
        }
    }

    /// What the multiplier becomes more by where `c` stays.
    fn pull(&self, c: f64, delta: f64) -> f64 {
        match self {
            Sides::Equal { b, .. } => (c - b) / delta,
            _ => self.halves().map(|(sign, half)| sign * half.pull(sign * c)).sum(),
        }
    }

    fn set_direction(&mut self, c: f64, dc: f64, delta: f64) {
        if let Sides::Equal { b, dm, .. } = self {
            *dm = (c - *b + dc) / delta;
        }
        self.halves_mut().for_each(|(sign, half)| half.set_direction(sign * c, sign * dc));
    }

    fn go(&mut self, length: f64) {
        if let Sides::Equal { mu, dm, .. } = self {
            *mu += length * *dm;
        }
        self.halves_mut().for_each(|(_, half)| half.go(length));
    }

    /// By how much `c` misses what slacks say, at most.
    fn error(&self, c: f64) -> f64 {
        match self {
            Sides::Equal { b, .. } => (c - b).abs(),
            _ => {
                self.halves().fold(0.0, |most: f64, (sign, half)| most.max((sign * c - half.b + half.s - half.e).abs()))
            }
        }
    }
}

/// The iteration on the problem of a [`Lagrangian`].
pub(super) struct Interior {
    rows: Vec<Sides>,
    boxes: Vec<Sides>,
    y: Vec<f64>,
    /// `A y`, and its change.
    c: Vec<f64>,
    dc: Vec<f64>,
    dy: Vec<f64>,
    residual: Vec<f64>,
    diagonal: Vec<f64>,
    weights: Vec<f64>,
    delta: f64,
    /// Sizes of a move and of a multiplier.
    size: f64,
    force: f64,
    /// The mean product of the pairs now.
    product: f64,
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
        let mut y: Vec<f64> = (0..n).map(clip).collect();
        let c: Vec<f64> = (0..m).map(|j| state.rows.dot(j, &y)).collect();
        let asked = |(j, c): (usize, &f64)| (c - state.upper[j]).max(state.lower[j] - c);
        let size = c.iter().enumerate().map(asked).fold(0.0, f64::max);
        let mean = state.w.iter().sum::<f64>() / n.max(1) as f64;
        let force = mean * size;
        if !(size.is_finite() && size > 0.0 && force > 0.0 && force.is_finite()) {
            return None;
        }
        let sides = |lower: f64, upper: f64, c: f64, cap: f64| {
            let half = |b: f64, c: f64| Half::new(b, c, cap, size, 0.3 * size * force);
            match (lower.is_finite(), upper.is_finite()) {
                (true, true) if upper - lower <= THIN * size && cap == f64::INFINITY => {
                    Sides::Equal { b: 0.5 * (lower + upper), mu: 0.0, dm: 0.0 }
                }
                (true, true) => Sides::Both([half(upper, c), half(-lower, -c)]),
                (true, false) => Sides::Lower(half(-lower, -c)),
                (false, true) => Sides::Upper(half(upper, c)),
                (false, false) => Sides::None,
            }
        };
        let rows = (0..m).map(|j| sides(state.lower[j], state.upper[j], c[j], state.cap[j])).collect();
        let boxes = (0..n).map(|i| {
            let (lo, hi) = state.interval(i);
            // A sample that cannot move has no side, but a weight that holds it.
            if hi - lo <= THIN * size { Sides::None } else { sides(lo, hi, y[i], f64::INFINITY) }
        });
        let boxes = boxes.collect();
        (0..n).filter(|&i| state.is_fixed(i)).for_each(|i| y[i] = state.interval(i).0);
        Some(Interior {
            rows,
            boxes,
            dc: vec![0.0; m],
            dy: vec![0.0; n],
            residual: vec![0.0; n],
            diagonal: vec![0.0; n],
            weights: vec![0.0; m],
            delta: EQUALITY / mean,
            size,
            force,
            product: 0.3 * size * force,
            steps: 0,
            y,
            c,
        })
    }

    /// Goes on until products and residuals are below `target`, relative to their sizes.
    pub(super) fn advance(&mut self, state: &Lagrangian<'_>, normal: &mut Normal, target: f64) -> Reached {
        while self.steps < STEPS {
            self.steps += 1;
            self.c.iter_mut().enumerate().for_each(|(j, c)| *c = state.rows.dot(j, &self.y));
            self.product = self.mean_product(0.0);
            self.set_residual(state);
            if self.product <= target * self.size * self.force && self.error() <= target.sqrt().max(target) {
                return Reached::Target;
            }
            self.all_mut(|half| half.set_weight());
            let delta = self.delta;
            let weights = self.weights.iter_mut().zip(&self.rows);
            weights.for_each(|(weight, sides)| *weight = sides.weight(delta));
            for (i, (diagonal, sides)) in self.diagonal.iter_mut().zip(&self.boxes).enumerate() {
                *diagonal =
                    if state.is_fixed(i) { super::HEAVY * state.w[i] } else { state.w[i] + sides.weight(delta) };
            }
            if !normal.factor(&state.rows, &self.diagonal, &self.weights) {
                return Reached::Stuck;
            }
            self.all_mut(|half| half.aim(0.0, 0.0));
            let length = self.direction(state, normal);
            let after = self.mean_product(length);
            let target = self.product * (after / self.product).powi(3);
            self.all_mut(|half| half.aim(target, 1.0));
            let length = (NEARLY * self.direction(state, normal)).min(1.0);
            if length <= SHORT || self.dy.iter().any(|d| !d.is_finite()) {
                return Reached::Stuck;
            }
            self.y.iter_mut().zip(&self.dy).for_each(|(y, d)| *y += length * d);
            self.rows.iter_mut().chain(&mut self.boxes).for_each(|sides| sides.go(length));
            if self.steps.is_multiple_of(4) && self.is_growing() {
                return Reached::Growing;
            }
        }
        Reached::Stuck
    }

    fn is_growing(&self) -> bool {
        let most = self.rows.iter().fold(0.0_f64, |most, sides| most.max(sides.multiplier().abs()));
        let missed = self.rows.iter().zip(&self.c).fold(0.0_f64, |most, (sides, &c)| most.max(sides.error(c)));
        most > 1e5 * self.force && missed > 1e-6 * self.size
    }

    fn all_mut(&mut self, mut visit: impl FnMut(&mut Half)) {
        for sides in self.rows.iter_mut().chain(&mut self.boxes) {
            sides.halves_mut().for_each(|(_, half)| visit(half));
        }
    }

    fn mean_product(&self, length: f64) -> f64 {
        let all = self.rows.iter().chain(&self.boxes).flat_map(Sides::halves);
        let add = |(sum, count), (more, many): (f64, usize)| (sum + more, count + many);
        let (sum, count) = all.map(|(_, half)| half.product(length)).fold((0.0, 0), add);
        sum / count.max(1) as f64
    }

    /// `W (y − z) + Aᵀ μ + ν`.
    fn set_residual(&mut self, state: &Lagrangian<'_>) {
        for (i, residual) in self.residual.iter_mut().enumerate() {
            *residual = state.w[i] * (self.y[i] - state.z[i]) + self.boxes[i].multiplier();
        }
        for (j, sides) in self.rows.iter().enumerate() {
            state.rows.add(j, sides.multiplier(), &mut self.residual);
        }
        (0..self.y.len()).filter(|&i| state.is_fixed(i)).for_each(|i| self.residual[i] = 0.0);
    }

    /// The largest residual, relative to sizes.
    fn error(&self) -> f64 {
        let dual = self.residual.iter().fold(0.0_f64, |most, r| most.max(r.abs()));
        let rows = self.rows.iter().zip(&self.c).chain(self.boxes.iter().zip(&self.y));
        let primal = rows.fold(0.0_f64, |most, (sides, &c)| most.max(sides.error(c)));
        (dual / self.force).max(primal / self.size)
    }

    /// Sets the direction that the aims ask for, and says how far it may be followed.
    fn direction(&mut self, state: &Lagrangian<'_>, normal: &Normal) -> f64 {
        let delta = self.delta;
        for (i, dy) in self.dy.iter_mut().enumerate() {
            *dy = -self.residual[i] - self.boxes[i].pull(self.y[i], delta);
        }
        for (j, sides) in self.rows.iter().enumerate() {
            state.rows.add(j, -sides.pull(self.c[j], delta), &mut self.dy);
        }
        (0..self.y.len()).filter(|&i| state.is_fixed(i)).for_each(|i| self.dy[i] = 0.0);
        normal.solve_well(&state.rows, &self.diagonal, &self.weights, &mut self.dy);
        self.dc.iter_mut().enumerate().for_each(|(j, dc)| *dc = state.rows.dot(j, &self.dy));
        for ((sides, &c), &dc) in self.rows.iter_mut().zip(&self.c).zip(&self.dc) {
            sides.set_direction(c, dc, delta);
        }
        for ((sides, &y), &dy) in self.boxes.iter_mut().zip(&self.y).zip(&self.dy) {
            sides.set_direction(y, dy, delta);
        }
        let all = self.rows.iter().chain(&self.boxes).flat_map(Sides::halves);
        all.fold(1.0 / NEARLY, |length, (_, half)| half.longest(length))
    }

    /// Writes the point to the state. A multiplier that is smaller than its slack, each in its unit, is taken for zero.
    pub(super) fn write(&self, state: &mut Lagrangian<'_>) {
        let unit = self.force / self.size;
        let settled = |sides: &Sides| match sides {
            Sides::Equal { mu, .. } => *mu,
            _ => sides
                .halves()
                .filter(|(_, half)| half.lambda > unit * half.s)
                .map(|(sign, half)| sign * if half.kappa() < unit * half.e { half.cap } else { half.lambda })
                .sum(),
        };
        state.y.copy_from_slice(&self.y);
        state.mu.iter_mut().zip(&self.rows).for_each(|(mu, sides)| *mu = settled(sides));
        state.nu.iter_mut().zip(&self.boxes).for_each(|(nu, sides)| *nu = settled(sides));
    }

    /// The multipliers as they are, in the units of the rows.
    pub(super) fn multipliers(&self, unit: &[f64]) -> Vec<f64> {
        self.rows.iter().zip(unit).map(|(sides, unit)| sides.multiplier() * unit).collect()
    }
}
