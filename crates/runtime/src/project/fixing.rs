//! Variable fixing (Kiwiel 2008): after one full pass, only samples near a bound are looked at again.
//!
//! While the shift of a cell stays within its *reach* of the *centre* where a pass was made, a sample farther than that
//! from both bounds stays free or clipped as it is. So with `V₀` and `F` the sum and the number of the free samples
//! among the sure ones, and `N` the unsure ones,
//!
//! ```text
//! Σ y(s) = V₀ − F (s − centre) + Σ over N of clip(z − s)
//! ```
//!
//! and a Newton step costs a pass over `N` alone. What is returned is measured on all samples in the end
//! (`Newton::run`), so a reach that is too small costs time and nothing else.

use super::kernel::{PLAIN, plain_interval, plain_sums};
use super::passes::{EVERY, Sums, TAKEN};
use super::sample::Sample;
use crate::problem::Problem;

/// The reach in standard errors of a mean over the sample that gave the first multipliers.
const ERRORS: f64 = 4.0;
/// The standard deviation of numbers in an interval, as a share of its length (a uniform distribution has 0.29).
pub(super) const SPREAD: f64 = 0.3;
/// Share of the reach that shifts may use: the rest is for rounding errors.
const USED: f64 = 0.999;
/// New centres per solve; a shift that goes on leaving them is followed by full passes.
const MOST: usize = 4;
/// From this many samples on passes wait for memory; below it, only `f32` needs so many that this pays.
const LARGE: usize = 1 << 18;
/// Samples a cell must have on average for this to pay.
const CROWD: usize = 64;

/// The length of an interval; of an infinite one, the mean size of what is in it.
pub(super) fn length((lo, hi): (f64, f64), mean_size: f64) -> f64 {
    if (hi - lo).is_finite() { hi - lo } else { mean_size }
}

/// Sums over the sure samples, and the unsure ones, around one centre.
#[derive(Debug, Default, Clone)]
pub(crate) struct VariableFixing {
    centres: usize,
    ready: bool,
    centre: Vec<f64>,
    reach: Vec<f64>,
    /// Per cell the sums of [`plain_sums`] over its sure samples, at the centre.
    base: Vec<f64>,
    /// The unsure samples, by cell.
    pub(crate) near: Vec<f64>,
    /// Where each cell begins in `near`, and the end.
    pub(crate) start: Vec<usize>,
}

impl VariableFixing {
    /// Full passes only.
    pub(crate) fn off(&mut self) {
        (self.centres, self.ready) = (0, false);
    }

    /// Whether the next full pass should note the unsure samples.
    pub(crate) fn is_armed(&self) -> bool {
        self.centres > 0
    }

    /// To be used after the multipliers were estimated from a sample of the samples, which gave `sums`.
    pub(crate) fn arm<T: Sample>(&mut self, problem: &Problem, sums: &Sums) {
        self.off();
        let pays = problem.n() >= LARGE || T::ROUNDING > f64::ROUNDING;
        if !pays || problem.cells() * CROWD > problem.n() {
            return;
        }
        let Some((lo, hi)) = plain_interval::<T>(problem) else { return };
        let share = TAKEN as f64 / EVERY as f64;
        self.arm_within(sums.size.iter().enumerate().map(|(cell, size)| {
            let count = problem.grouping.range(cell).len() as f64;
            let length = length((lo, hi), size / count.max(1.0));
            ERRORS * SPREAD * length / (share * count).max(1.0).sqrt()
        }));
    }

    /// To be used with the reach of each cell.
    pub(crate) fn arm_within(&mut self, reach: impl Iterator<Item = f64>) {
        self.centres = MOST;
        self.reach.clear();
        self.reach.extend(reach);
    }

    /// The reach of each cell for a pass at `shift`: where the last centre is left, as far again as it was left.
    pub(crate) fn recentre(&mut self, shift: &[f64]) -> &[f64] {
        if self.ready {
            for ((reach, centre), shift) in self.reach.iter_mut().zip(&self.centre).zip(shift) {
                *reach = (0.25 * *reach).max((shift - centre).abs());
            }
        }
        self.centres -= 1;
        self.centre.clear();
        self.centre.extend_from_slice(shift);
        &self.reach
    }

    /// Splits the sums of a full pass at the centre into sure and unsure samples; `near` and `start` are filled.
    pub(crate) fn split<T: Sample>(&mut self, problem: &Problem, sums: &Sums) {
        self.ready = false;
        let Some((lo, hi)) = plain_interval::<T>(problem) else { return };
        self.base.clear();
        for cell in 0..problem.cells() {
            let mut unsure = [0.0; PLAIN];
            let near = &self.near[self.start[cell]..self.start[cell + 1]];
            plain_sums::<f64, false>(near, self.centre[cell], lo, hi, &mut unsure);
            let whole = [sums.value[cell], sums.size[cell], sums.gram[cell]];
            self.base.extend(whole.iter().zip(unsure).map(|(whole, unsure)| whole - unsure));
        }
        self.ready = true;
    }

    /// Whether sums at `shift` need the unsure samples alone.
    pub(crate) fn covers(&self, shift: &[f64]) -> bool {
        let within = |((s, c), r): ((&f64, &f64), &f64)| (s - c).abs() <= USED * r;
        self.ready && shift.iter().zip(&self.centre).zip(&self.reach).all(within)
    }

    /// The sums at a shift that is covered.
    pub(crate) fn evaluate<T: Sample>(&self, problem: &Problem, shift: &[f64], sums: &mut Sums) {
        let Some((lo, hi)) = plain_interval::<T>(problem) else { return };
        pulp::Arch::new().dispatch(Evaluate { fixing: self, shift, lo, hi, sums });
    }
}

struct Evaluate<'a> {
    fixing: &'a VariableFixing,
    shift: &'a [f64],
    lo: f64,
    hi: f64,
    sums: &'a mut Sums,
}

impl pulp::WithSimd for Evaluate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Evaluate { fixing, shift, lo, hi, sums } = self;
        for (cell, base) in fixing.base.chunks_exact(PLAIN).enumerate() {
            let mut unsure = [0.0; PLAIN];
            let near = &fixing.near[fixing.start[cell]..fixing.start[cell + 1]];
            plain_sums::<f64, false>(near, shift[cell], lo, hi, &mut unsure);
            sums.value[cell] = base[0] - base[2] * (shift[cell] - fixing.centre[cell]) + unsure[0];
            sums.size[cell] = base[1] + unsure[1];
            sums.gram[cell] = base[2] + unsure[2];
        }
    }
}
