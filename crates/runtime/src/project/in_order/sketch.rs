//! Good multipliers from few samples.

use super::sorting::Sorting;
use crate::problem::Problem;
use crate::project::kernel::{PLAIN, plain_interval, plain_sums};
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
            for cell in cell.chunks(every).flat_map(|chunk| &chunk[..TAKEN.min(chunk.len())]) {
                self.start[*cell as usize] += 1;
            }
            let mut before = 0;
            self.start.iter_mut().for_each(|start| before += std::mem::replace(start, before));
            self.values.resize(all, 0.0);
        }
        self.ends.clear();
        self.ends.extend_from_slice(&self.start);
        pulp::Arch::new().dispatch(Draw { every, z, cell, places: &mut self.ends, out: &mut self.values })
    }

    /// How many samples of a cell it has.
    pub(crate) fn seen(&self, cell: usize) -> usize {
        self.ends[cell] - self.start[cell]
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
        let mut sorting = Sorting::new(self.places, self.out);
        for (z, cell) in self.z.chunks(self.every).zip(self.cell.chunks(self.every)) {
            let taken = TAKEN.min(z.len());
            sorting.put(simd, (&z[..taken], &cell[..taken]), T::widen);
        }
        sorting.finish()
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
