//! The dual simplex method with long steps, and primal steps at its end.
//!
//! A basic variable outside of its bounds says in which direction the dual descends. Along it the dual is convex and piecewise
//! linear: at each breakpoint the reduced cost of one variable changes its sign, and the variable its bound. The step goes on
//! to the breakpoint where the dual turns up again (Maros 2003, *A generalized dual phase-2 simplex algorithm*), so one
//! step moves as many samples over a threshold as it takes.

use super::lp::Lp;
use super::simplex::{At, ReducedCosts, Simplex, Variable, ZERO};

/// Share of the largest pivot below which another breakpoint is looked for.
const TINY: f64 = 1e-7;
/// Share of its terms below which a pivot counts as zero.
const NONE: f64 = 1e-11;
/// Share of the largest gain that a reduced cost has to have to count.
const NOTHING: f64 = 1e-15;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Optimal,
    /// No values of the variables satisfy the rows, as far as rounding tells.
    Infeasible,
    Limit,
}

/// Where the reduced cost of a variable changes its sign.
#[derive(Clone, Copy, Debug)]
struct Break {
    at: f64,
    /// By how much the slope of the dual grows.
    slope: f64,
    pivot: f64,
    variable: Variable,
}

/// The basic variable that leaves.
struct Leaving {
    place: usize,
    /// By how much it is outside of its bounds.
    outside: f64,
    to: At,
}

impl Simplex<'_> {
    /// Dual steps until the basic variables are within their bounds.
    pub fn dual(&mut self, most: usize) -> Ended {
        let mut breaks = Vec::new();
        for _ in 0..most {
            self.set_multipliers();
            self.set_values();
            let Some(leaving) = self.leaving() else {
                match self.is_fresh() || !self.refresh() {
                    true => return Ended::Optimal,
                    false => continue,
                }
            };
            let sign = if leaving.to == At::Hi { 1.0 } else { -1.0 };
            let along: Vec<f64> = self.inverse.row(leaving.place).iter().map(|value| sign * value).collect();
            self.breaks(&along, &mut breaks);
            let Some(end) = crossing(&mut breaks, leaving.outside - self.slack(leaving.place)) else {
                return Ended::Infeasible;
            };
            let entering = steady(&breaks[..=end]);
            let passed = breaks[entering].at;
            let variable = breaks[entering].variable;
            for (place, flipped) in breaks[..=end].iter().enumerate() {
                if place != entering && flipped.at <= passed && (entering == end || flipped.at < passed) {
                    self.flip(flipped.variable);
                }
            }
            let image = self.inverse.times(&self.column(variable));
            if !self.pivot(leaving.place, leaving.to, variable, &image) {
                return Ended::Limit;
            }
        }
        Ended::Limit
    }

    /// The basic variable that is the furthest outside, by the length of the way that the multipliers go for it.
    fn leaving(&self) -> Option<Leaving> {
        let mut best: Option<(f64, Leaving)> = None;
        for (place, (&variable, &x)) in self.basic.iter().zip(&self.x).enumerate() {
            let (lo, hi) = self.bounds(variable);
            let (outside, to) = if x > hi { (x - hi, At::Hi) } else { (lo - x, At::Lo) };
            if outside <= 0.0 || outside <= self.slack(place) {
                continue;
            }
            let length: f64 = self.inverse.row(place).iter().map(|value| value * value).sum();
            let worth = outside * outside / length;
            if best.as_ref().is_none_or(|(most, _)| worth > *most) {
                best = Some((worth, Leaving { place, outside, to }));
            }
        }
        best.map(|(_, leaving)| leaving)
    }

    /// The breakpoints where reduced costs change by `step · αᵀ a` for `α = along`.
    fn breaks(&self, along: &[f64], breaks: &mut Vec<Break>) {
        breaks.clear();
        let lp = self.lp;
        let mut reduced = ReducedCosts::new(lp);
        let (mut shift, mut size) = (vec![0.0; lp.width()], vec![0.0; lp.width()]);
        for cell in 0..lp.cells() {
            lp.shift(cell, along, &mut shift, &mut size);
            if size.iter().all(|size| *size == 0.0) {
                continue;
            }
            reduced.enter(lp, cell, &self.multipliers);
            for column in lp.columns(cell) {
                let at = self.at[column];
                let pivot = lp.dot(column, &shift);
                let towards = if at == At::Hi { -pivot } else { pivot };
                let range = lp.hi[column] - lp.lo[column];
                if at == At::Basic || towards <= 0.0 || range == 0.0 || towards <= NONE * lp.dot_size(column, &size) {
                    continue;
                }
                let (r, _) = reduced.of(lp, column, self.cost[column]);
                let r = if at == At::Hi { r } else { -r };
                breaks.push(Break {
                    at: r.max(0.0) / towards,
                    slope: towards * range,
                    pivot: towards,
                    variable: column,
                });
            }
        }
        let largest = along.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        for (row, along) in along.iter().enumerate() {
            let variable = lp.len() + row;
            let at = self.at[variable];
            let towards = if at == At::Hi { *along } else { -along };
            let range = lp.upper[row] - lp.lower[row];
            if at == At::Basic || range == 0.0 || towards <= NONE * largest {
                continue;
            }
            let r = if at == At::Hi { self.multipliers[row] } else { -self.multipliers[row] };
            breaks.push(Break { at: r.max(0.0) / towards, slope: towards * range, pivot: towards, variable });
        }
    }

    /// Primal steps until no reduced cost has the wrong sign; false if they do not end.
    pub fn primal(&mut self, most: usize) -> bool {
        for _ in 0..most {
            self.set_multipliers();
            self.set_values();
            let Some((entering, sign)) = self.entering() else {
                match self.is_fresh() || !self.refresh() {
                    true => return true,
                    false => continue,
                }
            };
            let image = self.inverse.times(&self.column(entering));
            let (lo, hi) = self.bounds(entering);
            match self.first_bound(&image, sign, hi - lo) {
                Some((place, to)) => {
                    if !self.pivot(place, to, entering, &image) {
                        return false;
                    }
                }
                None if (hi - lo).is_finite() => {
                    self.flip(entering);
                    self.steps += 1;
                }
                None => return false,
            }
        }
        false
    }

    /// The basic variable that reaches a bound first, if one does within `range`; of those that do at about the same time, the
    /// one with the largest pivot.
    fn first_bound(&self, image: &[f64], sign: f64, range: f64) -> Option<(usize, At)> {
        let largest = image.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let steps = image.iter().enumerate().filter(|(_, value)| value.abs() > NONE * largest).map(|(place, value)| {
            let rate = -sign * value;
            let (lo, hi) = self.bounds(self.basic[place]);
            let (room, to) = if rate > 0.0 { (hi - self.x[place], At::Hi) } else { (self.x[place] - lo, At::Lo) };
            (room.max(0.0) / rate.abs(), (room.max(0.0) + self.slack(place)) / rate.abs(), rate.abs(), place, to)
        });
        let steps: Vec<_> = steps.collect();
        let most = steps.iter().fold(range, |least, step| least.min(step.1));
        let reached = steps.into_iter().filter(|step| step.0 <= most && step.0 < range);
        reached.max_by(|a, b| a.2.total_cmp(&b.2)).map(|(_, _, _, place, to)| (place, to))
    }

    /// The variable with the worst reduced cost, and which way it wants to go.
    fn entering(&self) -> Option<(Variable, f64)> {
        let lp = self.lp;
        let mut worst: Option<(f64, Variable, f64)> = None;
        // Where gains cancel, what is left of them is rounding of the largest: there is no end to following it.
        let nothing = NOTHING * self.cost.iter().fold(0.0_f64, |most, cost| most.max(cost.abs()));
        let mut enter = |variable: Variable, at: At, r: f64, size: f64| {
            let wrong = if at == At::Hi { -r } else { r };
            if wrong > (ZERO * size).max(nothing) && worst.is_none_or(|(most, ..)| wrong > most) {
                worst = Some((wrong, variable, if at == At::Hi { -1.0 } else { 1.0 }));
            }
        };
        let mut reduced = ReducedCosts::new(lp);
        for cell in 0..lp.cells() {
            reduced.enter(lp, cell, &self.multipliers);
            for column in lp.columns(cell) {
                if self.at[column] != At::Basic && lp.lo[column] < lp.hi[column] {
                    let (r, size) = reduced.of(lp, column, self.cost[column]);
                    enter(column, self.at[column], r, size);
                }
            }
        }
        let sizes = self.multiplier_sizes();
        for (row, (&multiplier, size)) in self.multipliers.iter().zip(sizes).enumerate() {
            let variable = lp.len() + row;
            if self.at[variable] != At::Basic && lp.lower[row] < lp.upper[row] {
                enter(variable, self.at[variable], multiplier, size);
            }
        }
        worst.map(|(_, variable, sign)| (variable, sign))
    }
}

/// The breakpoint at which a slope is used up; those that come before it are then before it. `None` if none is.
fn crossing(breaks: &mut [Break], slope: f64) -> Option<usize> {
    if breaks.is_empty() || breaks.iter().map(|point| point.slope).sum::<f64>() < slope {
        return None;
    }
    let (mut begin, mut end, mut left) = (0, breaks.len(), slope);
    while end - begin > 1 {
        let half = (end - begin) / 2;
        let part = &mut breaks[begin..end];
        part.select_nth_unstable_by(half, |a, b| a.at.total_cmp(&b.at).then(a.variable.cmp(&b.variable)));
        let sum: f64 = part[..half].iter().map(|point| point.slope).sum();
        if sum >= left {
            end = begin + half;
        } else {
            left -= sum;
            begin += half;
        }
    }
    Some(begin)
}

/// The last breakpoint with a pivot that is no rounding: an earlier one is a shorter step, which is as sound.
fn steady(breaks: &[Break]) -> usize {
    let largest = breaks.iter().fold(0.0_f64, |m, point| m.max(point.pivot));
    let last = breaks.len() - 1;
    if breaks[last].pivot >= TINY * largest {
        return last;
    }
    let steady = breaks.iter().enumerate().filter(|(_, point)| point.pivot >= TINY * largest);
    steady.max_by(|(_, a), (_, b)| a.at.total_cmp(&b.at)).map_or(last, |(place, _)| place)
}

/// Gains that differ by a little from those given, so that few breakpoints coincide: the same on every machine.
pub(super) fn perturbed(lp: &Lp, share: f64) -> Vec<f64> {
    let mut cost = lp.cost.clone();
    let mut size = vec![0.0; lp.width()];
    for cell in 0..lp.cells() {
        size.fill(0.0);
        for entry in lp.entries(cell) {
            let most = &mut size[entry.factor as usize];
            *most = f64::max(*most, entry.value.abs());
        }
        for column in lp.columns(cell) {
            let mut bits = (column as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            bits = (bits ^ (bits >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
            let uniform = ((bits ^ (bits >> 32)) >> 11) as f64 / (1_u64 << 53) as f64;
            cost[column] += share * (0.5 + uniform) * lp.dot_size(column, &size).max(cost[column].abs());
        }
    }
    cost
}
