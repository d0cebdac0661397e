//! The first pass: sums by cell, and the samples near a bound put aside.

use crate::project::kernel::{LANES, settle};
use crate::project::lanes::{ByCell, Half, Run, Shifts, Totals, clip, ids, widened};
use crate::project::masks;
use crate::project::sample::Sample;

/// Samples between two looks for those near a bound: they stay in the first-level cache.
const BLOCK: usize = 1024;

/// What one task puts aside.
#[derive(Debug, Default, Clone)]
pub(super) struct Found {
    pub(super) near: Vec<f64>,
    pub(super) cell: Vec<u32>,
    /// Whether all numbers of the task are finite.
    pub(super) finite: bool,
}

/// One task of the pass.
pub(super) struct FirstPass<'a, T> {
    pub(super) z: &'a [T],
    pub(super) cell: &'a [u32],
    pub(super) shift: &'a [f64],
    /// How near a bound a sample is put aside, by cell.
    pub(super) reach: Option<&'a [f64]>,
    pub(super) interval: (f64, f64),
    pub(super) out: &'a mut [Totals],
    pub(super) found: &'a mut Found,
}

impl<T: Sample> pulp::WithSimd for FirstPass<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        match self.shift.len() {
            0..=2 => self.run::<S, 2>(simd),
            3..=masks::MOST => self.run::<S, { masks::MOST }>(simd),
            _ => self.run::<S, 0>(simd),
        }
    }
}

impl<T: Sample> FirstPass<'_, T> {
    #[inline(always)]
    fn run<S: pulp::Simd, const FEW: usize>(self, simd: S) {
        let FirstPass { z, cell, shift, reach, interval, out, found } = self;
        found.near.clear();
        found.cell.clear();
        let reach = reach.unwrap_or(&[]);
        let mut pass = Pass {
            shifts: Shifts::<FEW>::new(shift, interval),
            reaches: Shifts::<FEW>::new(reach, interval),
            infinite: [0.0; LANES / 2],
        };
        let mut sums = ByCell::<FEW>::new(out);
        let mut finite = true;
        let mut hits = [0_u32; BLOCK / LANES];
        for (z, cell) in z.chunks(BLOCK).zip(cell.chunks(BLOCK)) {
            let ((zs, rest_z), (cells, rest_cell)) = (z.as_chunks::<LANES>(), cell.as_chunks::<LANES>());
            for ((z, cell), hit) in zs.iter().zip(cells).zip(&mut hits) {
                let (z, id) = (widened(z), ids(cell));
                let (y, near) = pass.run(simd, &z, cell, &id);
                sums.add_run::<S, true>(simd, (cell, &id), (&y, &z), interval);
                *hit = near;
            }
            for ((z, cell), hit) in zs.iter().zip(cells).zip(&hits) {
                let mut left = *hit;
                while left != 0 {
                    let lane = left.trailing_zeros() as usize % LANES;
                    found.near.push(z[lane].widen());
                    found.cell.push(cell[lane]);
                    left &= left - 1;
                }
            }
            for (z, &cell) in rest_z.iter().zip(rest_cell) {
                let z = z.widen();
                finite &= z.is_finite();
                let x = z - shift[cell as usize];
                sums.add(cell, settle::<f64, false>(x, interval.0, interval.1), z, interval);
                let reach = reach.get(cell as usize).copied().unwrap_or(0.0);
                if (x - interval.0).abs() < reach || (x - interval.1).abs() < reach {
                    found.near.push(z);
                    found.cell.push(cell);
                }
            }
        }
        sums.finish();
        found.finite = finite && pass.infinite == [0.0; LANES / 2];
    }
}

struct Pass<'a, const FEW: usize> {
    shifts: Shifts<'a, FEW>,
    reaches: Shifts<'a, FEW>,
    /// Not zero where a lane has seen what is no finite number.
    infinite: Half,
}

impl<const FEW: usize> Pass<'_, FEW> {
    /// `ŷ` of a run, and which of its samples are near a bound.
    #[inline(always)]
    fn run<S: pulp::Simd>(&mut self, simd: S, z: &Run, cell: &[u32; LANES], id: &Run) -> (Run, u32) {
        let steps = self.shifts.look_up(simd, cell, id);
        let (lo, hi) = (simd.splat_f64s(self.shifts.interval.0), simd.splat_f64s(self.shifts.interval.1));
        let (most, one) = (simd.splat_f64s(f64::INFINITY), simd.splat_f64s(1.0));
        let reaches = self.reaches.look_up(simd, cell, id);
        let reaches = S::as_simd_f64s(&reaches).0;
        let infinite = S::as_mut_simd_f64s(&mut self.infinite).0;
        let mut y = [0.0; LANES];
        let (zs, steps, ys) = (S::as_simd_f64s(z).0, S::as_simd_f64s(&steps).0, S::as_mut_simd_f64s(&mut y).0);
        let (mut near, mut first) = (0, 0);
        for (at, ((y, z), step)) in ys.iter_mut().zip(zs).zip(steps).enumerate() {
            let to = at % infinite.len();
            infinite[to] = simd.select_f64s(simd.less_than_f64s(simd.abs_f64s(*z), most), infinite[to], one);
            let x = simd.sub_f64s(*z, *step);
            *y = clip(simd, x, lo, hi);
            let is_near = |side| simd.less_than_f64s(simd.abs_f64s(simd.sub_f64s(x, side)), reaches[at]);
            near |= bits::<S>(simd.or_m64s(is_near(lo), is_near(hi))) << first;
            first += S::F64_LANES;
        }
        (y, near)
    }
}

/// A bit for each lane where it holds.
#[inline(always)]
fn bits<S: pulp::Simd>(mask: S::m64s) -> u32 {
    let bytes = pulp::bytemuck::bytes_of(&mask);
    if let [bits] = bytes {
        return u32::from(*bits);
    }
    let lane = bytes.len() / S::F64_LANES;
    bytes.iter().step_by(lane.max(1)).enumerate().fold(0, |bits, (at, byte)| bits | (u32::from(*byte & 1) << at))
}
