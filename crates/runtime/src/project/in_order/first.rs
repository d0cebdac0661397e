//! The first pass: sums by cell, and the samples near a bound put aside.

use super::aside::{Aside, BLOCK, Found};
use crate::project::kernel::{LANES, settle};
use crate::project::lanes::{
    ByCell, FREE, Half, MANY, Run, SIZES, Shifts, Totals, clip, has_one_sign, ids, weigh_run, widened,
};
use crate::project::masks;
use crate::project::sample::Sample;

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
        let short = has_one_sign(self.interval) && middle(self.interval).1.is_finite();
        match (self.shift.len(), short) {
            (0..=2, true) => self.run::<S, 2, 0, FREE>(simd),
            (0..=2, false) => self.run::<S, 2, 0, SIZES>(simd),
            (3..=masks::MOST, true) => self.run::<S, { masks::MOST }, 0, FREE>(simd),
            (3..=masks::MOST, false) => self.run::<S, { masks::MOST }, 0, SIZES>(simd),
            (_, true) => self.run::<S, 0, MANY, FREE>(simd),
            (_, false) => self.run::<S, 0, MANY, SIZES>(simd),
        }
    }
}

impl<T: Sample> FirstPass<'_, T> {
    #[inline(always)]
    fn run<S: pulp::Simd, const FEW: usize, const TABLE: usize, const WHAT: u8>(self, simd: S) {
        let FirstPass { z, cell, shift, reach, interval, out, found } = self;
        found.near.clear();
        found.cell.clear();
        let reach = reach.unwrap_or(&[]);
        let mut pass = Pass {
            shifts: Shifts::<FEW, TABLE>::new(shift, interval),
            reaches: Shifts::<FEW, TABLE>::new(reach, interval),
            infinite: [0.0; LANES / 2],
        };
        let mut sums = ByCell::<FEW, TABLE>::new(out);
        let mut finite = true;
        let mut aside = Aside::default();
        for (z, cell) in z.chunks(BLOCK).zip(cell.chunks(BLOCK)) {
            let ((zs, rest_z), (cells, rest_cell)) = (z.as_chunks::<LANES>(), cell.as_chunks::<LANES>());
            let mut count = 0;
            for (z, cell) in zs.iter().zip(cells) {
                let (z, id) = (widened(z), ids(cell));
                let (steps, reaches) = pass.look_up(simd, cell, &id);
                let (y, free, size, near) = match WHAT {
                    FREE => pass.short(simd, &z, (&steps, &reaches)),
                    _ => pass.run(simd, &z, (&steps, &reaches)),
                };
                sums.add_run::<S, WHAT>(simd, (cell, &id), (&y, &free, &size));
                count = aside.put(simd, (&z, cell), near, count);
            }
            aside.keep(count, found);
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

struct Pass<'a, const FEW: usize, const TABLE: usize> {
    shifts: Shifts<'a, FEW, TABLE>,
    reaches: Shifts<'a, FEW, TABLE>,
    /// Not zero where a lane has seen what is no finite number.
    infinite: Half,
}

/// `ŷ` of a run, its free samples as 1, sizes, and which of its samples are near a bound.
type Looked = (Run, Run, Run, u32);

impl<const FEW: usize, const TABLE: usize> Pass<'_, FEW, TABLE> {
    /// The shift of each sample of a run, and how near a bound it is put aside.
    #[inline(always)]
    fn look_up<S: pulp::Simd>(&self, simd: S, cell: &[u32; LANES], id: &Run) -> (Run, Run) {
        (self.shifts.look_up(simd, cell, id), self.reaches.look_up(simd, cell, id))
    }

    #[inline(always)]
    fn run<S: pulp::Simd>(&mut self, simd: S, z: &Run, (steps, reaches): (&Run, &Run)) -> Looked {
        let (lo, hi) = (simd.splat_f64s(self.shifts.interval.0), simd.splat_f64s(self.shifts.interval.1));
        let mut y = [0.0; LANES];
        let (zs, steps, reaches) = (S::as_simd_f64s(z).0, S::as_simd_f64s(steps).0, S::as_simd_f64s(reaches).0);
        let mut near = 0;
        for (at, y) in S::as_mut_simd_f64s(&mut y).0.iter_mut().enumerate() {
            self.look(simd, zs[at], at);
            let x = simd.sub_f64s(zs[at], steps[at]);
            *y = clip(simd, x, lo, hi);
            let is_near = |side| simd.less_than_f64s(simd.abs_f64s(simd.sub_f64s(x, side)), reaches[at]);
            near |= bits::<S>(simd.or_m64s(is_near(lo), is_near(hi))) << (at * S::F64_LANES);
        }
        let (free, size) = weigh_run(simd, &y, z, self.shifts.interval);
        (y, free, size, near)
    }

    /// The same with fewer instructions, where sizes follow from values and the interval has a middle: what is near a bound lies nearly half of
    /// the interval from there. Roundings of that are small beside the reach.
    #[inline(always)]
    fn short<S: pulp::Simd>(&mut self, simd: S, z: &Run, (steps, reaches): (&Run, &Run)) -> Looked {
        let (middle, half) = middle(self.shifts.interval);
        let (middle, half) = (simd.splat_f64s(middle), simd.splat_f64s(half));
        let (lo, hi) = (simd.splat_f64s(self.shifts.interval.0), simd.splat_f64s(self.shifts.interval.1));
        let (zero, one) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0));
        let (mut y, mut free) = ([0.0; LANES], [0.0; LANES]);
        let (zs, steps, reaches) = (S::as_simd_f64s(z).0, S::as_simd_f64s(steps).0, S::as_simd_f64s(reaches).0);
        let (ys, frees) = (S::as_mut_simd_f64s(&mut y).0, S::as_mut_simd_f64s(&mut free).0);
        let mut near = 0;
        for (at, (y, free)) in ys.iter_mut().zip(frees).enumerate() {
            self.look(simd, zs[at], at);
            let x = simd.sub_f64s(zs[at], steps[at]);
            *y = simd.min_f64s(hi, simd.max_f64s(lo, x));
            let inside = simd.and_m64s(simd.greater_than_f64s(x, lo), simd.less_than_f64s(x, hi));
            *free = simd.select_f64s(inside, one, zero);
            let off = simd.abs_f64s(simd.sub_f64s(x, middle));
            let is_near = simd.less_than_f64s(simd.abs_f64s(simd.sub_f64s(off, half)), reaches[at]);
            near |= bits::<S>(is_near) << (at * S::F64_LANES);
        }
        (y, free, [0.0; LANES], near)
    }

    /// Notes what is no finite number: zero times that is NaN.
    #[inline(always)]
    fn look<S: pulp::Simd>(&mut self, simd: S, z: S::f64s, at: usize) {
        let infinite = S::as_mut_simd_f64s(&mut self.infinite).0;
        let to = at % infinite.len();
        infinite[to] = simd.mul_add_e_f64s(z, simd.splat_f64s(0.0), infinite[to]);
    }
}

/// The middle of an interval, and half of its length.
fn middle((lo, hi): (f64, f64)) -> (f64, f64) {
    (0.5 * (lo + hi), 0.5 * (hi - lo))
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
