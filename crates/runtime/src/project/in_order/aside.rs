//! Samples that are put aside, run by run.

use crate::project::kernel::LANES;
use crate::project::lanes::Run;

/// Samples that are looked at before what they put aside is kept.
pub(super) const BLOCK: usize = 1024;

/// What one task puts aside.
#[derive(Debug, Default, Clone)]
pub(super) struct Found {
    pub(super) near: Vec<f64>,
    pub(super) cell: Vec<u32>,
    /// Whether all numbers of the task are finite.
    pub(super) finite: bool,
}

/// Room for what a block puts aside. A run writes all its lanes and counts those that are kept, so there is one run more.
pub(super) struct Aside {
    near: [f64; BLOCK + LANES],
    cell: [u32; BLOCK + LANES],
}

impl Default for Aside {
    fn default() -> Self {
        Aside { near: [0.0; BLOCK + LANES], cell: [0; BLOCK + LANES] }
    }
}

impl Aside {
    /// Keeps the samples of a run that have their bit in `near`, in their order, behind `count` others; how many these are then.
    #[inline(always)]
    pub(super) fn put<S: pulp::Simd>(
        &mut self,
        simd: S,
        (z, cell): (&Run, &[u32; LANES]),
        near: u32,
        count: usize,
    ) -> usize {
        #[cfg(target_arch = "x86_64")]
        if let Some(v4) = crate::project::lanes::avx512(simd) {
            return self.compress(v4, (z, cell), near, count);
        }
        let _ = simd;
        let (mut count, mut left) = (count, near);
        while left != 0 {
            let lane = left.trailing_zeros() as usize % LANES;
            (self.near[count], self.cell[count]) = (z[lane], cell[lane]);
            count += 1;
            left &= left - 1;
        }
        count
    }

    /// The same with the instructions that are made for it: without a branch.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn compress(&mut self, v4: pulp::x86::V4, (z, cell): (&Run, &[u32; LANES]), near: u32, count: usize) -> usize {
        use crate::project::lanes::{HALF, compress};
        use pulp::bytemuck::cast;
        let first = count.min(BLOCK);
        let second = (first + (near as u8).count_ones() as usize).min(BLOCK + HALF);
        let ([low, high], _) = z.as_chunks::<HALF>() else { return count };
        let cells: [u32; LANES] = cast(v4.avx512f._mm512_maskz_compress_epi32(near as u16, cast(*cell)));
        self.cell[first..first + LANES].copy_from_slice(&cells);
        self.near[first..first + HALF].copy_from_slice(&compress(v4, near as u8, low));
        self.near[second..second + HALF].copy_from_slice(&compress(v4, (near >> HALF) as u8, high));
        count + near.count_ones() as usize
    }

    pub(super) fn keep(&self, count: usize, found: &mut Found) {
        found.near.extend_from_slice(&self.near[..count]);
        found.cell.extend_from_slice(&self.cell[..count]);
    }
}
