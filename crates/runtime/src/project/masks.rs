//! Few cells: their numbers looked up and added up by masks.
//!
//! That is straight arithmetic, which vectorises, where an address that depends on the cell goes sample by sample. With more
//! than [`MOST`] cells the masks cost more than they save, and `FEW` is 0 for memory.

use super::kernel::{LANES, add_lanes};
use super::sample::Sample;

/// Most cells that go by masks.
pub(super) const MOST: usize = 4;

/// All bits where it holds, else none.
#[inline(always)]
fn mask(holds: bool) -> u64 {
    u64::from(holds).wrapping_neg()
}

/// All bits where the sample is in the cell, else none.
#[inline(always)]
fn mask_of(cell: u32, k: usize) -> u64 {
    mask(u64::from(cell) == k as u64)
}

/// The value where it holds, else zero; by bits, since a condition may become a masked store, which loads wait for.
#[inline(always)]
pub(super) fn keep(value: f64, holds: bool) -> f64 {
    f64::from_bits(value.to_bits() & mask(holds))
}

/// One number for each cell: at most `FEW` of them, or any number where `FEW` is 0.
#[derive(Clone, Copy)]
pub(super) struct ByCell<'a, const FEW: usize> {
    all: &'a [f64],
    bits: [u64; FEW],
}

impl<'a, const FEW: usize> ByCell<'a, FEW> {
    #[inline(always)]
    pub(super) fn new(all: &'a [f64]) -> Self {
        let mut bits = [0; FEW];
        bits.iter_mut().zip(all).for_each(|(bits, value)| *bits = value.to_bits());
        ByCell { all, bits }
    }

    /// The number of one sample's cell.
    #[inline(always)]
    pub(super) fn get(&self, cell: u32) -> f64 {
        self.all[cell as usize]
    }

    /// The numbers of a run of samples.
    #[inline(always)]
    pub(super) fn look_up(&self, cell: &[u32; LANES], out: &mut [f64; LANES]) {
        if FEW == 0 {
            out.iter_mut().zip(cell).for_each(|(out, cell)| *out = self.get(*cell));
            return;
        }
        for (out, &cell) in out.iter_mut().zip(cell) {
            let found = self.bits.iter().enumerate().fold(0, |found, (k, bits)| found | (bits & mask_of(cell, k)));
            *out = f64::from_bits(found);
        }
    }
}

/// The sums of `v` over the free samples of two cells, those whose `y` is strictly inside of the interval.
pub(super) fn sum_free<T: Sample>(cell: &[u32], y: &[T], v: &[T], interval: (T, T)) -> [f64; 2] {
    pulp::Arch::new().dispatch(SumFree { cell, y, v, interval })
}

struct SumFree<'a, T> {
    cell: &'a [u32],
    y: &'a [T],
    v: &'a [T],
    interval: (T, T),
}

impl<T: Sample> pulp::WithSimd for SumFree<'_, T> {
    type Output = [f64; 2];

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> [f64; 2] {
        let SumFree { cell, y, v, interval: (lo, hi) } = self;
        let mut lanes = [[0.0; LANES]; 2];
        let (cells, rest_cell) = cell.as_chunks::<LANES>();
        let ((ys, rest_y), (vs, rest_v)) = (y.as_chunks::<LANES>(), v.as_chunks::<LANES>());
        for ((cell, y), v) in cells.iter().zip(ys).zip(vs) {
            for lane in 0..LANES {
                let value = v[lane].widen().to_bits() & mask(y[lane] > lo) & mask(y[lane] < hi);
                for (k, sums) in lanes.iter_mut().enumerate() {
                    sums[lane] += f64::from_bits(value & mask_of(cell[lane], k));
                }
            }
        }
        let mut sums = lanes.map(add_lanes);
        for ((cell, y), v) in rest_cell.iter().zip(rest_y).zip(rest_v) {
            let value = keep(v.widen(), (*y > lo) & (*y < hi));
            sums.iter_mut().enumerate().for_each(|(k, sum)| *sum += if *cell as usize == k { value } else { 0.0 });
        }
        sums
    }
}
