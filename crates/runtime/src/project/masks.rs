//! Few cells: their numbers looked up and added up by masks.
//!
//! That is straight arithmetic, which vectorises, where an address that depends on the cell goes sample by sample. With more
//! than [`MOST`] cells the masks cost more than they save, and `FEW` is 0 for memory.

use super::kernel::LANES;

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
