//! Good multipliers from few samples.

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
    /// Where each cell begins, and the end.
    start: Vec<usize>,
    places: Vec<usize>,
}

impl Sketch {
    /// Draws the sketch; false if a number of it is not finite.
    pub(crate) fn draw<T: Sample>(&mut self, problem: &Problem, z: &[T]) -> bool {
        let cell = problem.grouping.cell();
        let every = every(problem);
        self.start.clear();
        self.start.resize(problem.cells() + 1, 0);
        for cell in cell.chunks(every).flat_map(|chunk| &chunk[..TAKEN.min(chunk.len())]) {
            self.start[*cell as usize + 1] += 1;
        }
        (0..problem.cells()).for_each(|cell| self.start[cell + 1] += self.start[cell]);
        self.places.clear();
        self.places.extend_from_slice(&self.start[..problem.cells()]);
        self.values.resize(self.start[problem.cells()], 0.0);
        let mut finite = true;
        for (z, cell) in z.chunks(every).zip(cell.chunks(every)) {
            for (z, cell) in z.iter().zip(cell).take(TAKEN) {
                let place = &mut self.places[*cell as usize];
                self.values[*place] = z.widen();
                *place += 1;
                finite &= z.widen().is_finite();
            }
        }
        finite
    }

    /// How many samples of a cell it has.
    pub(crate) fn seen(&self, cell: usize) -> usize {
        self.start[cell + 1] - self.start[cell]
    }

    /// The sums of all samples, estimated.
    pub(crate) fn estimate<T: Sample>(&self, problem: &Problem, shift: &[f64], sums: &mut Sums) {
        let Some((lo, hi)) = plain_interval::<T>(problem) else { return };
        pulp::Arch::new().dispatch(Estimate { sketch: self, problem, shift, lo, hi, sums });
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
            let values = &sketch.values[sketch.start[cell]..sketch.start[cell + 1]];
            plain_sums::<f64, false>(values, *shift, lo, hi, &mut out);
            let scale = problem.grouping.range(cell).len() as f64 / values.len().max(1) as f64;
            (sums.value[cell], sums.size[cell], sums.gram[cell]) = (out[0] * scale, out[1] * scale, out[2] * scale);
        }
    }
}
