//! Good multipliers from few samples.

use super::sorting::{self, Sorting};
use crate::problem::Problem;
use crate::project::fixing::{SPREAD, length};
use crate::project::kernel::{LANES, PLAIN, plain_interval, plain_sums, settle};
use crate::project::masks;
use crate::project::passes::{EVERY, Sums, TAKEN};
use crate::project::sample::Sample;

/// Stretches of samples in a sketch, at most: with few cells fewer do.
const STRETCHES: usize = 1024;
const STRETCHES_OF_FEW: usize = 512;

/// How far apart stretches of [`TAKEN`] samples begin.
fn every(problem: &Problem) -> usize {
    let most = if problem.cells() <= masks::MOST { STRETCHES_OF_FEW } else { STRETCHES };
    EVERY.max(problem.n().div_ceil(most))
}

/// One sample in sixteen or fewer, grouped by cell.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sketch {
    values: Vec<f64>,
    /// Where each cell begins and ends.
    start: Vec<usize>,
    ends: Vec<usize>,
}

impl Sketch {
    /// Draws the sketch; false if a number of it is not finite.
    pub(crate) fn draw<T: Sample>(&mut self, problem: &Problem, z: &[T]) -> bool {
        let cell = problem.grouping.cell();
        let every = every(problem);
        self.start.clear();
        self.start.resize(problem.cells(), 0);
        let all = cell.chunks(every).map(|chunk| TAKEN.min(chunk.len())).sum::<usize>();
        if problem.cells() <= masks::MOST {
            // Room for all in each cell costs less than to count first.
            self.start.iter_mut().enumerate().for_each(|(cell, start)| *start = cell * all);
            self.values.resize(all * problem.cells(), 0.0);
        } else {
            let counts = sorting::count(cell.chunks(every).map(|chunk| &chunk[..TAKEN.min(chunk.len())]));
            let mut before = 0;
            self.start.iter_mut().zip(counts).for_each(|(start, count)| {
                *start = before;
                before += count;
            });
            self.values.resize(all, 0.0);
        }
        self.ends.clear();
        self.ends.extend_from_slice(&self.start);
        pulp::Arch::new().dispatch(Draw { every, z, cell, places: &mut self.ends, out: &mut self.values })
    }

    /// How far the shift of each cell may be off, in the sense of one standard error, where `sums` are those of all samples at it: as far as moves
    /// the mean of the cell by its own standard error.
    pub(crate) fn errors<T: Sample>(&self, problem: &Problem, shift: &[f64], sums: &Sums, out: &mut Vec<f64>) {
        out.clear();
        let Some((lo, hi)) = plain_interval::<T>(problem) else { return };
        for (cell, &shift) in shift.iter().enumerate() {
            let values = &self.values[self.start[cell]..self.ends[cell]];
            let (count, seen) = (problem.grouping.range(cell).len().max(1) as f64, values.len().max(1) as f64);
            let (mean, free) = (sums.value[cell] / count, sums.gram[cell] / count);
            let squares = pulp::Arch::new().dispatch(Squares { values, shift, lo, hi, mean });
            // Where nothing is free, or all is one number, that says nothing.
            let length = length((lo, hi), sums.size[cell] / count);
            let usual = length * SPREAD / seen.sqrt();
            let error = (squares / seen).sqrt() / (free * seen.sqrt());
            let error = if error.is_finite() { error.min(length) } else { usual };
            out.push(error.max(usual / seen.sqrt()));
        }
    }

    /// The sums of all samples, estimated.
    pub(crate) fn estimate<T: Sample>(&self, problem: &Problem, shift: &[f64], sums: &mut Sums) {
        let Some((lo, hi)) = plain_interval::<T>(problem) else { return };
        pulp::Arch::new().dispatch(Estimate { sketch: self, problem, shift, lo, hi, sums });
    }
}

/// Sorts the samples of a sketch by cell; false if a number is not finite.
struct Draw<'a, T> {
    every: usize,
    z: &'a [T],
    cell: &'a [u32],
    places: &'a mut [usize],
    out: &'a mut [f64],
}

impl<T: Sample> pulp::WithSimd for Draw<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) -> bool {
        let mut sorting = Sorting::new(&*self.places, self.out);
        for (z, cell) in self.z.chunks(self.every).zip(self.cell.chunks(self.every)) {
            let taken = TAKEN.min(z.len());
            sorting.put(simd, (&z[..taken], &cell[..taken]), T::widen);
        }
        sorting.finish(self.places)
    }
}

/// The sum of the squares of `clip(z − shift) − mean`.
struct Squares<'a> {
    values: &'a [f64],
    shift: f64,
    lo: f64,
    hi: f64,
    mean: f64,
}

impl pulp::WithSimd for Squares<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> f64 {
        let Squares { values, shift, lo, hi, mean } = self;
        let square = |z: &f64| {
            let off = settle::<f64, false>(z - shift, lo, hi) - mean;
            off * off
        };
        let (runs, rest) = values.as_chunks::<LANES>();
        let mut sums = [0.0; LANES];
        for run in runs {
            sums.iter_mut().zip(run).for_each(|(sum, z)| *sum += square(z));
        }
        sums.iter().sum::<f64>() + rest.iter().map(square).sum::<f64>()
    }
}

struct Estimate<'a> {
    sketch: &'a Sketch,
    problem: &'a Problem,
    shift: &'a [f64],
    lo: f64,
    hi: f64,
    sums: &'a mut Sums,
}

impl pulp::WithSimd for Estimate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Estimate { sketch, problem, shift, lo, hi, sums } = self;
        for (cell, shift) in shift.iter().enumerate() {
            let mut out = [0.0; PLAIN];
            let values = &sketch.values[sketch.start[cell]..sketch.ends[cell]];
            plain_sums::<f64, false>(values, *shift, lo, hi, &mut out);
            let scale = problem.grouping.range(cell).len() as f64 / values.len().max(1) as f64;
            (sums.value[cell], sums.size[cell], sums.gram[cell]) = (out[0] * scale, out[1] * scale, out[2] * scale);
        }
    }
}
