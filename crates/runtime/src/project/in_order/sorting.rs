//! Samples sorted by cell: a counting sort, with the instructions that are made for it where cells are few.

use crate::project::kernel::LANES;
use crate::project::lanes::{MANY, Run};
use crate::project::masks;

/// Runs between two times that the samples of each cell are moved to their places.
const RUNS: usize = 16;
/// Room for what these have of a cell. A run writes all its lanes and counts those of the cell.
const ROOM: usize = (RUNS + 1) * LANES;

/// Tables that samples take turns to be counted in, so that neighbours of one cell do not wait on each other.
const TABLES: usize = 4;

/// How many samples each cell has.
pub(super) fn count<'a>(stretches: impl Iterator<Item = &'a [u32]>) -> [usize; MANY] {
    let mut counts = [[0_usize; MANY]; TABLES];
    for cell in stretches {
        let (runs, rest) = cell.as_chunks::<TABLES>();
        for run in runs {
            counts.iter_mut().zip(run).for_each(|(counts, cell)| counts[*cell as usize % MANY] += 1);
        }
        rest.iter().for_each(|cell| counts[0][*cell as usize % MANY] += 1);
    }
    std::array::from_fn(|cell| counts.iter().map(|counts| counts[cell]).sum())
}

/// Where the samples of each cell go next, and whether all of them are finite numbers.
pub(super) struct Sorting<'a> {
    #[cfg(target_arch = "x86_64")]
    cells: usize,
    places: [usize; MANY],
    out: &'a mut [f64],
    aside: [[f64; ROOM]; masks::MOST],
    counts: [usize; masks::MOST],
    runs: usize,
    /// Zero, or NaN once a number was not finite.
    check: Run,
}

impl<'a> Sorting<'a> {
    /// `begins` has where each cell begins in `out`.
    #[inline(always)]
    pub(super) fn new(begins: &[usize], out: &'a mut [f64]) -> Sorting<'a> {
        let (aside, counts) = ([[0.0; ROOM]; masks::MOST], [0; masks::MOST]);
        let mut places = [0; MANY];
        places.iter_mut().zip(begins).for_each(|(place, begin)| *place = *begin);
        Sorting {
            #[cfg(target_arch = "x86_64")]
            cells: begins.len(),
            places,
            out,
            aside,
            counts,
            runs: 0,
            check: [0.0; LANES],
        }
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
        if !rest_z.is_empty() {
            // What was kept aside comes before.
            self.flush();
        }
        for (z, &cell) in rest_z.iter().zip(rest_cell) {
            self.check[0] += widen(*z) * 0.0;
            self.put_one(widen(*z), cell);
        }
    }

    #[inline(always)]
    fn put_run<S: pulp::Simd>(&mut self, simd: S, z: &Run, cell: &[u32; LANES]) {
        #[cfg(target_arch = "x86_64")]
        if self.cells <= masks::MOST
            && let Some(v4) = crate::project::lanes::avx512(simd)
        {
            return self.compress(v4, z, cell);
        }
        let _ = simd;
        z.iter().zip(cell).for_each(|(z, cell)| self.put_one(*z, *cell));
    }

    #[inline(always)]
    fn put_one(&mut self, z: f64, cell: u32) {
        let place = &mut self.places[cell as usize % MANY];
        self.out[*place] = z;
        *place += 1;
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn compress(&mut self, v4: pulp::x86::V4, z: &Run, cell: &[u32; LANES]) {
        use crate::project::lanes::{HALF, compress};
        use pulp::bytemuck::cast;
        let ([low, high], _) = z.as_chunks::<HALF>() else { return };
        let cells = cast(*cell);
        let own = self.aside.iter_mut().zip(&mut self.counts).enumerate().take(self.cells);
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

    /// Where each cell ends, and whether all that was put is finite.
    #[inline(always)]
    pub(super) fn finish(mut self, ends: &mut [usize]) -> bool {
        self.flush();
        ends.iter_mut().zip(&self.places).for_each(|(end, place)| *end = *place);
        self.check == [0.0; LANES]
    }
}
