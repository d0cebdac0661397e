//! The inner loops over the samples of one cell, written so that they vectorise.
//!
//! Every loop adds in [`LANES`] lanes and adds the lanes up in one fixed order, so the bits of a result depend
//! neither on the width of the machine's vectors nor on its threads.

use super::sample::Sample;
use crate::problem::{Bounds, Factor, Problem};

/// Independent partial sums: four vectors of four numbers.
pub(crate) const LANES: usize = 16;
/// Lanes of a cell of no more samples than these.
const FEW: usize = 4;
/// Samples worked on at a time: small enough that the scratch stays in the first-level cache.
const BLOCK: usize = 128;

/// Where a problem is plain (one constant factor, no weights, one interval), the interval in the sample's type.
#[inline(always)]
pub(crate) fn plain_interval<T: Sample>(problem: &Problem) -> Option<(f64, f64)> {
    match (&problem.factors[..], &problem.weights, &problem.bounds) {
        ([Factor::One], None, Bounds::Uniform { lo, hi }) => Some(T::inward(*lo, *hi)),
        _ => None,
    }
}

/// `clip(x)`, rounded to the type of the samples if `ROUND`.
#[inline(always)]
pub(crate) fn settle<T: Sample, const ROUND: bool>(x: f64, lo: f64, hi: f64) -> f64 {
    let y = if x < lo { lo } else { x };
    let y = if y > hi { hi } else { y };
    if ROUND { T::narrow(y).widen() } else { y }
}

/// Numbers that [`plain_sums`] adds up.
pub(crate) const PLAIN: usize = 3;

/// One cell of a plain problem: `[Σ y, Σ |y| (and |z| of free samples), number of free samples]` added to `out`.
#[inline(always)]
pub(crate) fn plain_sums<T: Sample, const ROUND: bool>(z: &[T], shift: f64, lo: f64, hi: f64, out: &mut [f64]) {
    if z.len() <= FEW {
        // The same bits: the other lanes would add nothing.
        let (mut value, mut size, mut free) = ([0.0; FEW], [0.0; FEW], [0.0; FEW]);
        add_each::<T, ROUND, FEW>(z, shift, (lo, hi), [&mut value, &mut size, &mut free]);
        return add_sums([value, size, free], out);
    }
    let (mut value, mut size, mut free) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
    let chunks = z.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for lane in 0..LANES {
            let y = settle::<T, ROUND>(chunk[lane].widen() - shift, lo, hi);
            let inside = (y > lo) & (y < hi);
            value[lane] += y;
            size[lane] += y.abs() + if inside { chunk[lane].widen().abs() } else { 0.0 };
            free[lane] += if inside { 1.0 } else { 0.0 };
        }
    }
    add_each::<T, ROUND, LANES>(rest, shift, (lo, hi), [&mut value, &mut size, &mut free]);
    add_sums([value, size, free], out);
}

#[inline(always)]
fn add_sums<const L: usize>([value, size, free]: [[f64; L]; PLAIN], out: &mut [f64]) {
    out[0] += add_lanes(value);
    out[1] += add_lanes(size);
    out[2] += add_lanes(free);
}

/// A sample to each lane.
#[inline(always)]
fn add_each<T: Sample, const ROUND: bool, const L: usize>(
    z: &[T],
    shift: f64,
    (lo, hi): (f64, f64),
    [value, size, free]: [&mut [f64; L]; 3],
) {
    for (lane, z) in z.iter().enumerate().take(L) {
        let y = settle::<T, ROUND>(z.widen() - shift, lo, hi);
        let inside = (y > lo) & (y < hi);
        value[lane] += y;
        size[lane] += y.abs() + if inside { z.widen().abs() } else { 0.0 };
        free[lane] += if inside { 1.0 } else { 0.0 };
    }
}

/// As [`plain_sums`], and puts the samples to `near` that another shift, less than `reach` from this one, may free or
/// clip.
#[inline(always)]
pub(crate) fn plain_watch<T: Sample>(
    z: &[T],
    shift: f64,
    (lo, hi): (f64, f64),
    reach: f64,
    out: &mut [f64],
    near: &mut Vec<f64>,
) {
    let is_near = |z: T| {
        let y = z.widen() - shift;
        ((y - lo).abs() < reach) | ((y - hi).abs() < reach)
    };
    for block in z.chunks(8 * BLOCK) {
        plain_sums::<T, false>(block, shift, lo, hi, out);
        let mut count = near.len();
        near.resize(count + block.len() + USUAL, 0.0);
        let (chunks, rest) = block.as_chunks::<LANES>();
        for chunk in chunks {
            let hits = chunk.iter().enumerate().fold(0, |hits, (lane, z)| hits | (u32::from(is_near(*z)) << lane));
            count = place_hits(hits, count, |place, lane| {
                if let Some(place) = near.get_mut(place) {
                    *place = chunk[lane].widen();
                }
            });
        }
        near.truncate(count);
        near.extend(rest.iter().filter(|z| is_near(**z)).map(|z| z.widen()));
    }
}

/// How many places are given without a branch.
const USUAL: usize = 3;

/// Gives each lane whose bit is set in `hits` a place, from `count` on, and returns the place behind the last. The first few places are
/// given without asking, so that no branch depends on the samples; what is one too many is overwritten by the next.
#[inline(always)]
fn place_hits(hits: u32, count: usize, mut put: impl FnMut(usize, usize)) -> usize {
    let lane_of = |left: u32| left.trailing_zeros() as usize % LANES;
    let mut left = hits;
    for step in 0..USUAL {
        put(count + step, lane_of(left));
        left &= left.wrapping_sub(1);
    }
    let mut end = count + USUAL.min(hits.count_ones() as usize);
    while left != 0 {
        put(end, lane_of(left));
        left &= left.wrapping_sub(1);
        end += 1;
    }
    end
}

#[inline(always)]
pub(crate) fn add_lanes<const L: usize>(lanes: [f64; L]) -> f64 {
    let mut width = L / 2;
    let mut lanes = lanes;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// One cell of any problem: `[Σ φ_f y.., Σ |φ_f y|.., Σ free φ_f φ_g / w..]` added to `out`.
#[inline(always)]
pub(crate) fn general_sums<T: Sample, const ROUND: bool>(
    problem: &Problem,
    z: &[T],
    shift: &[f64],
    begin: usize,
    end: usize,
    out: &mut [f64],
) {
    let mut block = Block { len: 0, y: [0.0; BLOCK], size: [0.0; BLOCK], slope: [0.0; BLOCK] };
    let mut at = begin;
    while at < end {
        let next = (at + BLOCK).min(end);
        block.load::<T, ROUND>(problem, z, shift, at, next);
        block.add(problem, at, out);
        at = next;
    }
}

/// Scratch for at most [`BLOCK`] samples of one cell.
struct Block {
    len: usize,
    y: [f64; BLOCK],
    /// What rounding errors of `y` are relative to: `|y|`, and `|z|` of free samples.
    size: [f64; BLOCK],
    /// `1 / w` where the sample is free, else 0.
    slope: [f64; BLOCK],
}

impl Block {
    #[inline(always)]
    fn load<T: Sample, const ROUND: bool>(
        &mut self,
        problem: &Problem,
        z: &[T],
        shift: &[f64],
        begin: usize,
        end: usize,
    ) {
        self.len = end - begin;
        let len = self.len;
        let mut total = [0.0; BLOCK];
        for (factor, &s) in problem.factors.iter().zip(shift) {
            match factor {
                Factor::One => total[..len].iter_mut().for_each(|t| *t += s),
                Factor::Data(phi) => total[..len].iter_mut().zip(&phi[begin..end]).for_each(|(t, p)| *t += s * p),
            }
        }
        match &problem.weights {
            None => {
                for ((y, z), t) in self.y[..len].iter_mut().zip(&z[begin..end]).zip(&total[..len]) {
                    *y = z.widen() - t;
                }
                self.slope[..len].fill(1.0);
            }
            Some(weights) => {
                let weights = &weights[begin..end];
                for i in 0..len {
                    let slope = if weights[i] > 0.0 { 1.0 / weights[i] } else { 0.0 };
                    let step = if weights[i] > 0.0 { total[i] / weights[i] } else { 0.0 };
                    self.slope[i] = slope;
                    self.y[i] = z[begin + i].widen() - step;
                }
            }
        }
        match &problem.bounds {
            Bounds::Uniform { lo, hi } => {
                let interval = T::inward(*lo, *hi);
                self.clip::<T, ROUND>(&z[begin..end], |_| interval);
            }
            Bounds::PerSample { lo, hi } => {
                let (lo, hi) = (&lo[begin..end], &hi[begin..end]);
                self.clip::<T, ROUND>(&z[begin..end], |i| T::inward(lo[i], hi[i]));
            }
        }
    }

    #[inline(always)]
    fn clip<T: Sample, const ROUND: bool>(&mut self, z: &[T], interval: impl Fn(usize) -> (f64, f64)) {
        let len = self.len;
        for (i, (y, slope)) in self.y[..len].iter_mut().zip(&mut self.slope[..len]).enumerate() {
            let (lo, hi) = interval(i);
            *y = settle::<T, ROUND>(*y, lo, hi);
            *slope = if (*y > lo) & (*y < hi) { *slope } else { 0.0 };
        }
        let parts = self.size[..len].iter_mut().zip(&self.y[..len]).zip(&self.slope[..len]).zip(&z[..len]);
        for (((size, y), slope), z) in parts {
            *size = y.abs() + if *slope > 0.0 { z.widen().abs() } else { 0.0 };
        }
    }

    #[inline(always)]
    fn add(&self, problem: &Problem, begin: usize, out: &mut [f64]) {
        let (len, width) = (self.len, problem.width());
        let (y, slope, scale) = (&self.y[..len], &self.slope[..len], &self.size[..len]);
        let (value, rest) = out.split_at_mut(width);
        let (size, gram) = rest.split_at_mut(width);
        for f in 0..width {
            let phi_f = factor_slice(&problem.factors[f], begin, len);
            value[f] += match phi_f {
                None => lane_sum(len, |i| y[i]),
                Some(phi) => lane_sum(len, |i| y[i] * phi[i]),
            };
            size[f] += match phi_f {
                None => lane_sum(len, |i| scale[i]),
                Some(phi) => lane_sum(len, |i| scale[i] * phi[i].abs()),
            };
            for g in f..width {
                let sum = match (phi_f, factor_slice(&problem.factors[g], begin, len)) {
                    (None, None) => lane_sum(len, |i| slope[i]),
                    (Some(phi), None) | (None, Some(phi)) => lane_sum(len, |i| slope[i] * phi[i]),
                    (Some(phi), Some(psi)) => lane_sum(len, |i| slope[i] * phi[i] * psi[i]),
                };
                gram[f * width + g] += sum;
                if f != g {
                    gram[g * width + f] += sum;
                }
            }
        }
    }
}

#[inline(always)]
fn factor_slice(factor: &Factor, begin: usize, len: usize) -> Option<&[f64]> {
    match factor {
        Factor::One => None,
        Factor::Data(phi) => Some(&phi[begin..begin + len]),
    }
}

/// A sum in a fixed order, by lanes.
#[inline(always)]
fn lane_sum(len: usize, term: impl Fn(usize) -> f64) -> f64 {
    const SHORT: usize = 8;
    let mut sum = [0.0; SHORT];
    let whole = len / SHORT * SHORT;
    let mut i = 0;
    while i < whole {
        for (lane, sum) in sum.iter_mut().enumerate() {
            *sum += term(i + lane);
        }
        i += SHORT;
    }
    for (lane, sum) in sum.iter_mut().enumerate().take(len - whole) {
        *sum += term(whole + lane);
    }
    ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]))
}
