//! Rows that order samples along chains, `ŷ_i ≤ ŷ_j + d`: isotonic regression, by pooling adjacent violators.
//!
//! With `x_i = y_i + c_i`, where `c` adds up the `d` along a chain, the rows are `x_1 ≤ x_2 ≤ …`, and the nearest such `x` is found in one
//! pass (Ayer et al. 1955; for convex functions such as ours, a parabola on an interval, Best, Chakravarti and Ubhaya 2000). A sample
//! starts a pool of its own, and pools are joined while the value of one is above that of the next: the mean, clipped to what all
//! intervals have in common.
//!
//! Inside a pool of value `v`, the multiplier of a row is `F_i − N_i`, with `F_i = Σ w (x − v)` up to sample `i` and `N_i` what bounds push
//! back up to there: it can rise only at samples whose upper bound is `v`, and fall only at samples whose lower bound is. It rises to the
//! least that `F` is from there on, and falls to the least that `F` is up to there. Sums are in pairs: over a million samples one double would lose the digits that the rows ask for.

use super::Lagrangian;
use crate::project::fine::Double;

const NONE: u32 = u32::MAX;

/// One row that says which of two samples comes first.
#[derive(Debug, Clone, Copy)]
struct Link {
    to: u32,
    /// `y_from ≤ y_to + gap`.
    gap: f64,
    /// The multiplier of the row where that of `y_from − y_to ≤ gap` is one.
    unit: f64,
}

/// A sample of a chain, moved by `c`.
#[derive(Debug, Clone, Copy)]
struct Place {
    sample: usize,
    weight: f64,
    x: Double,
    lo: Double,
    hi: Double,
}

/// Neighbours in a chain with one value.
#[derive(Debug, Clone, Copy)]
struct Pool {
    weight: f64,
    /// `Σ w x`.
    sum: f64,
    lo: Double,
    hi: Double,
    count: usize,
}

impl Pool {
    fn value(&self) -> Double {
        let mean = Double::new(self.sum / self.weight, 0.0);
        least(most(mean, self.lo), self.hi)
    }

    fn join(self, next: Pool) -> Pool {
        let (lo, hi) = (most(self.lo, next.lo), least(self.hi, next.hi));
        Pool { weight: self.weight + next.weight, sum: self.sum + next.sum, lo, hi, count: self.count + next.count }
    }
}

fn key(number: Double) -> (f64, f64) {
    (number.high, number.low)
}

fn most(a: Double, b: Double) -> Double {
    if key(a) >= key(b) { a } else { b }
}

fn least(a: Double, b: Double) -> Double {
    if key(a) <= key(b) { a } else { b }
}

/// The chains of the rows: for each sample the row to the next one.
struct Chains {
    links: Vec<Link>,
    next: Vec<u32>,
    first: Vec<usize>,
}

impl Chains {
    /// `None` if a row is not a link, or samples have two neighbours on one side.
    fn new(state: &Lagrangian<'_>) -> Option<Chains> {
        let n = state.z.len();
        let (mut next, mut has_before) = (vec![NONE; n], vec![false; n]);
        let mut links = Vec::with_capacity(state.rows.count());
        for row in 0..state.rows.count() {
            let (from, link) = link(state, row)?;
            if next[from] != NONE || has_before[link.to as usize] {
                return None;
            }
            next[from] = row as u32;
            has_before[link.to as usize] = true;
            links.push(link);
        }
        let first = (0..n).filter(|&i| !has_before[i] && next[i] != NONE).collect();
        Some(Chains { links, next, first })
    }

    /// The samples from this one on.
    fn walk(&self, state: &Lagrangian<'_>, first: usize, out: &mut Vec<Place>) {
        let (mut sample, mut offset) = (first, Double::default());
        out.clear();
        loop {
            let (lo, hi) = state.interval(sample);
            let moved = |number: f64| if number.is_finite() { offset.plus(number) } else { Double::new(number, 0.0) };
            out.push(Place {
                sample,
                weight: state.w[sample],
                x: moved(state.z[sample]),
                lo: moved(lo),
                hi: moved(hi),
            });
            let Some(link) = self.links.get(self.next[sample] as usize) else { return };
            offset = offset.plus(link.gap);
            sample = link.to as usize;
        }
    }
}

/// The multipliers of the rows (not scaled), if the rows are chains that some point satisfies.
pub(super) fn multipliers(state: &Lagrangian<'_>) -> Option<Vec<Double>> {
    let chains = Chains::new(state)?;
    let mut out = vec![Double::default(); chains.links.len()];
    let (mut chain, mut pools, mut inside, mut seen) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for &first in &chains.first {
        chains.walk(state, first, &mut chain);
        seen += chain.len() - 1;
        join_all(&chain, &mut pools)?;
        let mut rest = chain.as_slice();
        for pool in &pools {
            let (own, after) = rest.split_at(pool.count);
            push_inside(own, pool, &mut inside);
            for (place, push) in own.iter().zip(&inside).take(pool.count - 1) {
                let row = chains.next[place.sample] as usize;
                // Less than nothing is rounding.
                let push = if push.high > 0.0 { *push } else { Double::default() };
                out[row] = Double::default().plus_scaled(push, chains.links[row].unit);
            }
            rest = after;
        }
    }
    // Links that were not met lie on circles.
    (seen == chains.links.len()).then_some(out)
}

/// The row `v y_p − v y_q` with one finite side, as a link, with the sample that it starts from.
fn link(state: &Lagrangian<'_>, row: usize) -> Option<(usize, Link)> {
    let mut entries = state.rows.row(row);
    let ((p, v), (q, u), None) = (entries.next()?, entries.next()?, entries.next()) else { return None };
    let (lower, upper) = (state.lower[row], state.upper[row]);
    if p == q || v != -u || v == 0.0 || state.cap[row] < f64::INFINITY || lower.is_finite() == upper.is_finite() {
        return None;
    }
    // `v (y_p − y_q) ≤ upper`, or `−v (y_p − y_q) ≤ −lower`.
    let (v, side, sign) = if upper.is_finite() { (v, upper, 1.0) } else { (-v, -lower, -1.0) };
    let (from, to) = if v > 0.0 { (p, q) } else { (q, p) };
    Some((from, Link { to: to as u32, gap: side / v.abs(), unit: sign / (v.abs() / state.unit[row]) }))
}

/// `None` if no point satisfies the chain.
fn join_all(chain: &[Place], pools: &mut Vec<Pool>) -> Option<()> {
    pools.clear();
    for place in chain {
        let Place { weight, x, lo, hi, .. } = *place;
        let mut last = Pool { weight, sum: weight * x.high, lo, hi, count: 1 };
        while let Some(before) = pools.pop_if(|before| key(before.value()) >= key(last.value())) {
            last = before.join(last);
            if key(last.lo) > key(last.hi) {
                return None;
            }
        }
        pools.push(last);
    }
    Some(())
}

/// `F − N` at each sample of a pool.
fn push_inside(own: &[Place], pool: &Pool, out: &mut Vec<Double>) {
    let value = pool.value();
    let beyond = |sum: Double, place: &Place, value: Double| {
        let terms = [place.x.high, -value.high, place.x.low, -value.low];
        terms.iter().filter(|term| **term != 0.0).fold(sum, |sum, term| sum.plus_product(place.weight, *term))
    };
    let is_free = key(value) > key(pool.lo) && key(value) < key(pool.hi);
    let left = |value: Double| own.iter().fold(Double::default(), |sum, place| beyond(sum, place, value));
    // A mean in pairs too, so that the sum over the pool ends at zero.
    let value = if is_free { value.plus(left(value).high / pool.weight) } else { value };
    out.clear();
    out.extend(own.iter().scan(Double::default(), |sum, place| {
        *sum = beyond(*sum, place, value);
        Some(*sum)
    }));
    if is_free {
        return;
    }
    let at_upper = key(value) == key(pool.hi);
    let meets = |place: &Place| key(if at_upper { place.hi } else { place.lo }) == key(value);
    // What is left of `F` from a sample that meets its bound on: up to the end, or up to the next such sample.
    let mut left = vec![Double::default(); own.len()];
    let mut from_here: Option<Double> = None;
    for ((left, sum), place) in left.iter_mut().zip(&*out).zip(own).rev() {
        *left = from_here.map_or(*sum, |later| least(later, *sum));
        from_here = if meets(place) && !at_upper { None } else { Some(*left) };
    }
    let mut pushed = Double::default();
    for ((sum, left), place) in out.iter_mut().zip(left).zip(own) {
        if meets(place) {
            pushed = if at_upper { left } else { least(pushed, left) };
        }
        *sum = sum.plus(-pushed.high).plus(-pushed.low);
    }
}
