//! Passes over samples: straight loops over the segment of one cell, written so that they vectorise.

use super::sample::Sample;
use crate::runtime::problem::{Bounds, Factor, Problem};

/// Samples worked on at a time: small enough that the scratch stays in the first-level cache.
const BLOCK: usize = 128;
const LANES: usize = 8;

/// Per cell and factor sums of one evaluation; lengths in slots, `gram` in slots times factors.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sums {
    /// `Σ φ_f y`.
    pub(crate) value: Vec<f64>,
    /// `Σ |φ_f y|`, the scale of rounding errors.
    pub(crate) size: Vec<f64>,
    /// `Σ over free samples of φ_f φ_g / w`, full square blocks per cell.
    pub(crate) gram: Vec<f64>,
}

impl Sums {
    pub(crate) fn resize(&mut self, slots: usize, width: usize) {
        self.value.resize(slots, 0.0);
        self.size.resize(slots, 0.0);
        self.gram.resize(slots * width, 0.0);
    }
}

/// Evaluates `y = clip(z − (Σ_f φ_f s_f) / w)` and its sums for all cells. `z` is in grouped order.
pub(crate) fn evaluate<T: Sample>(problem: &Problem, z: &[T], shift: &[f64], sums: &mut Sums) {
    pulp::Arch::new().dispatch(|| evaluate_cells(problem, z, shift, sums));
}

#[inline(always)]
fn evaluate_cells<T: Sample>(problem: &Problem, z: &[T], shift: &[f64], sums: &mut Sums) {
    let width = problem.width();
    sums.value.fill(0.0);
    sums.size.fill(0.0);
    sums.gram.fill(0.0);
    if width == 0 {
        return;
    }
    let plain = matches!(problem.factors[..], [Factor::One]) && problem.weights.is_none();
    for cell in 0..problem.cells() {
        let range = problem.grouping.range(cell);
        if let (true, Bounds::Uniform { lo, hi }) = (plain, &problem.bounds) {
            let (value, size, free) = plain_segment(&z[range], shift[cell], *lo, *hi);
            (sums.value[cell], sums.size[cell], sums.gram[cell]) = (value, size, free);
            continue;
        }
        let slots = cell * width..(cell + 1) * width;
        let mut begin = range.start;
        while begin < range.end {
            let end = (begin + BLOCK).min(range.end);
            let mut block = Block::new();
            block.load(problem, z, &shift[slots.clone()], begin, end);
            block.add(
                problem,
                begin,
                &mut sums.value[slots.clone()],
                &mut sums.size[slots.clone()],
                &mut sums.gram[slots.start * width..slots.end * width],
            );
            begin = end;
        }
    }
}

/// One cell without factors, weights and own bounds: sum of `y`, sum of `|y|`, number of free samples.
#[inline(always)]
fn plain_segment<T: Sample>(z: &[T], shift: f64, lo: f64, hi: f64) -> (f64, f64, f64) {
    let (mut value, mut size, mut free) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
    let chunks = z.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for lane in 0..LANES {
            let x = chunk[lane].widen() - shift;
            let y = x.max(lo).min(hi);
            value[lane] += y;
            size[lane] += y.abs();
            free[lane] += if x > lo && x < hi { 1.0 } else { 0.0 };
        }
    }
    for (lane, z) in rest.iter().enumerate() {
        let x = z.widen() - shift;
        let y = x.max(lo).min(hi);
        value[lane] += y;
        size[lane] += y.abs();
        free[lane] += if x > lo && x < hi { 1.0 } else { 0.0 };
    }
    (add_lanes(value), add_lanes(size), add_lanes(free))
}

#[inline(always)]
fn add_lanes(lanes: [f64; LANES]) -> f64 {
    ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))
}

/// Scratch for at most [`BLOCK`] samples of one cell.
struct Block {
    len: usize,
    y: [f64; BLOCK],
    /// `1 / w` where the sample is free, else 0.
    slope: [f64; BLOCK],
}

impl Block {
    #[inline(always)]
    fn new() -> Self {
        Block { len: 0, y: [0.0; BLOCK], slope: [0.0; BLOCK] }
    }

    #[inline(always)]
    fn load<T: Sample>(&mut self, problem: &Problem, z: &[T], shift: &[f64], begin: usize, end: usize) {
        self.len = end - begin;
        let len = self.len;
        let mut total = [0.0; BLOCK];
        for (factor, &s) in problem.factors.iter().zip(shift) {
            match factor {
                Factor::One => total[..len].iter_mut().for_each(|t| *t += s),
                Factor::Data(phi) => total[..len].iter_mut().zip(&phi[begin..end]).for_each(|(t, p)| *t += s * p),
            }
        }
        self.slope[..len].fill(1.0);
        if let Some(weights) = &problem.weights {
            for (slope, w) in self.slope[..len].iter_mut().zip(&weights[begin..end]) {
                *slope = if *w > 0.0 { 1.0 / w } else { 0.0 };
            }
        }
        for ((y, z), (t, slope)) in
            self.y[..len].iter_mut().zip(&z[begin..end]).zip(total[..len].iter().zip(&self.slope[..len]))
        {
            *y = z.widen() - t * slope;
        }
        match &problem.bounds {
            Bounds::Uniform { lo, hi } => self.clip(|_| (*lo, *hi)),
            Bounds::PerSample { lo, hi } => {
                let (lo, hi) = (&lo[begin..end], &hi[begin..end]);
                self.clip(|i| (lo[i], hi[i]));
            }
        }
    }

    #[inline(always)]
    fn clip(&mut self, bounds: impl Fn(usize) -> (f64, f64)) {
        for i in 0..self.len {
            let (lo, hi) = bounds(i);
            let x = self.y[i];
            self.y[i] = x.max(lo).min(hi);
            self.slope[i] = if x > lo && x < hi { self.slope[i] } else { 0.0 };
        }
    }

    #[inline(always)]
    fn add(&self, problem: &Problem, begin: usize, value: &mut [f64], size: &mut [f64], gram: &mut [f64]) {
        let (len, width) = (self.len, problem.width());
        let (y, slope) = (&self.y[..len], &self.slope[..len]);
        for f in 0..width {
            let phi_f = factor_slice(&problem.factors[f], begin, len);
            let (sum, abs) = match phi_f {
                None => lane_sums(len, |i| y[i]),
                Some(phi) => lane_sums(len, |i| y[i] * phi[i]),
            };
            value[f] += sum;
            size[f] += abs;
            for g in f..width {
                let (sum, _) = match (phi_f, factor_slice(&problem.factors[g], begin, len)) {
                    (None, None) => lane_sums(len, |i| slope[i]),
                    (Some(phi), None) | (None, Some(phi)) => lane_sums(len, |i| slope[i] * phi[i]),
                    (Some(phi), Some(psi)) => lane_sums(len, |i| slope[i] * phi[i] * psi[i]),
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

/// Sum and sum of sizes in a fixed order, by lanes.
#[inline(always)]
fn lane_sums(len: usize, term: impl Fn(usize) -> f64) -> (f64, f64) {
    let (mut sum, mut size) = ([0.0; LANES], [0.0; LANES]);
    let whole = len / LANES * LANES;
    let mut i = 0;
    while i < whole {
        for lane in 0..LANES {
            let t = term(i + lane);
            sum[lane] += t;
            size[lane] += t.abs();
        }
        i += LANES;
    }
    for lane in 0..len - whole {
        let t = term(whole + lane);
        sum[lane] += t;
        size[lane] += t.abs();
    }
    (add_lanes(sum), add_lanes(size))
}
