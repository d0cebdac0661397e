//! Samples sorted by cell: a counting sort, with the instructions that are made for it where cells are few.

use crate::project::kernel::LANES;
use crate::project::lanes::{self, Run};
use crate::project::masks;

/// Runs between two times that the samples of each cell are moved to their places.
const RUNS: usize = 16;
/// Room for what these have of a cell. A run writes all its lanes and counts those of the cell.
const ROOM: usize = (RUNS + 1) * LANES;

/// Where the samples of each cell go next, and whether all of them are finite numbers.
pub(super) struct Sorting<'a> {
    places: &'a mut [usize],
    out: &'a mut [f64],
    aside: [[f64; ROOM]; masks::MOST],
    counts: [usize; masks::MOST],
    runs: usize,
    /// Zero, or NaN once a number was not finite.
    check: Run,
}

impl<'a> Sorting<'a> {
    /// `places` has where each cell begins in `out`.
    #[inline(always)]
    pub(super) fn new(places: &'a mut [usize], out: &'a mut [f64]) -> Sorting<'a> {
        let (aside, counts) = ([[0.0; ROOM]; masks::MOST], [0; masks::MOST]);
        Sorting { places, out, aside, counts, runs: 0, check: [0.0; LANES] }
    }

    /// Puts samples behind those that were put before.
    #[inline(always)]
    pub(super) fn put<S: pulp::Simd, T: Copy>(
        &mut self,
        simd: S,
        (z, cell): (&[T], &[u32]),
        widen: impl Fn(T) -> f64 + Copy,
    ) {
        let ((runs, rest_z), (cells, rest_cell)) = (z.as_chunks::<LANES>(), cell.as_chunks::<LANES>());
        for (z, cell) in runs.iter().zip(cells) {
            let z = z.map(widen);
            self.check.iter_mut().zip(&z).for_each(|(check, z)| *check += z * 0.0);
            self.put_run(simd, &z, cell);
        }
        for (z, &cell) in rest_z.iter().zip(rest_cell) {
            self.check[0] += widen(*z) * 0.0;
            self.put_one(widen(*z), cell);
        }
    }

    #[inline(always)]
    fn put_run<S: pulp::Simd>(&mut self, simd: S, z: &Run, cell: &[u32; LANES]) {
        #[cfg(target_arch = "x86_64")]
        if self.places.len() <= masks::MOST
            && let Some(v4) = lanes::avx512(simd)
        {
            return self.compress(v4, z, cell);
        }
        let _ = simd;
        z.iter().zip(cell).for_each(|(z, cell)| self.put_one(*z, *cell));
    }

    #[inline(always)]
    fn put_one(&mut self, z: f64, cell: u32) {
        // What was kept aside of the cell comes before.
        if self.runs > 0 {
            self.flush();
        }
        let place = &mut self.places[cell as usize];
        self.out[*place] = z;
        *place += 1;
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn compress(&mut self, v4: pulp::x86::V4, z: &Run, cell: &[u32; LANES]) {
        use lanes::{HALF, compress};
        use pulp::bytemuck::cast;
        let ([low, high], _) = z.as_chunks::<HALF>() else { return };
        let cells = cast(*cell);
        let own = self.aside.iter_mut().zip(&mut self.counts).enumerate().take(self.places.len());
        for (k, (aside, count)) in own {
            let mask = v4.avx512f._mm512_cmpeq_epi32_mask(cells, v4.avx512f._mm512_set1_epi32(k as i32));
            for (half, bits) in [(low, mask as u8), (high, (mask >> HALF) as u8)] {
                let first = (*count).min(ROOM - HALF);
                aside[first..first + HALF].copy_from_slice(&compress(v4, bits, half));
                *count += bits.count_ones() as usize;
            }
        }
        self.runs += 1;
        if self.runs == RUNS {
            self.flush();
        }
    }

    /// Moves what is aside to its places.
    fn flush(&mut self) {
        for ((aside, count), place) in self.aside.iter().zip(&mut self.counts).zip(self.places.iter_mut()) {
            self.out[*place..*place + *count].copy_from_slice(&aside[..*count]);
            *place += *count;
            *count = 0;
        }
        self.runs = 0;
    }

    /// Whether all that was put is finite.
    #[inline(always)]
    pub(super) fn finish(mut self) -> bool {
        self.flush();
        self.check == [0.0; LANES]
    }
}
