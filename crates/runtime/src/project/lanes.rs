//! Numbers of a run of samples, and their sums by cell.
//!
//! A run is [`LANES`] samples, whatever the width of the machine's vectors, and each lane has its own sums: so the bits are
//! the same on every machine. What the compiler does not turn into vectors by itself is spelled out by `pulp`.

use super::kernel::LANES;
use super::masks;
use super::sample::Sample;

/// `Σ ŷ`, the size of its rounding errors and the number of free samples, of one cell; a fourth number makes it a vector.
pub(super) type Totals = [f64; 4];

/// Most cells that have tables of a fixed length, in which no place has to be checked.
pub(super) const MANY: usize = 64;

/// Tables that samples take turns to add to, so that neighbours of one cell do not wait on each other.
const TABLES: usize = 4;

/// How many [`Totals`] a [`ByCell`] takes for so many cells.
pub(super) fn totals(cells: usize) -> usize {
    if cells <= MANY { cells } else { TABLES * cells }
}

/// A run of samples.
pub(super) type Run = [f64; LANES];

/// Sums of runs: the two halves of a run go to the same lanes, so that the sums of four cells stay in registers.
pub(super) type Half = [f64; HALF];

/// Lanes of a half.
pub(super) const HALF: usize = LANES / 2;

/// Adds the lanes up, in one order.
#[inline(always)]
pub(super) fn total(half: Half) -> f64 {
    let [a, b, c, d, e, f, g, h] = half;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// Numbers of a run as they are worked on.
#[inline(always)]
pub(super) fn widened<T: Sample>(run: &[T; LANES]) -> Run {
    run.map(T::widen)
}

/// One number for each cell (0 where none is given), and the interval. At most `FEW` cells go by masks, at most `TABLE` by a table of
/// that length, a power of two, and where both are 0 any number through memory.
pub(super) struct Shifts<'a, const FEW: usize, const TABLE: usize> {
    pub(super) shift: &'a [f64],
    few: [f64; FEW],
    table: [f64; TABLE],
    pub(super) interval: (f64, f64),
}

impl<'a, const FEW: usize, const TABLE: usize> Shifts<'a, FEW, TABLE> {
    pub(super) fn new(shift: &'a [f64], interval: (f64, f64)) -> Self {
        let (mut few, mut table) = ([0.0; FEW], [0.0; TABLE]);
        few.iter_mut().zip(shift).for_each(|(few, shift)| *few = *shift);
        table.iter_mut().zip(shift).for_each(|(place, shift)| *place = *shift);
        Shifts { shift, few, table, interval }
    }

    /// The shift of each sample of a run; `id` are the cells as numbers, where cells are few.
    #[inline(always)]
    pub(super) fn look_up<S: pulp::Simd>(&self, simd: S, cell: &[u32; LANES], id: &Run) -> Run {
        if TABLE > 0 {
            return cell.map(|cell| self.table[cell as usize % TABLE]);
        }
        if FEW == 0 {
            return cell.map(|cell| self.shift.get(cell as usize).copied().unwrap_or(0.0));
        }
        let mut out = [0.0; LANES];
        for (at, out) in S::as_mut_simd_f64s(&mut out).0.iter_mut().enumerate() {
            let mut found = simd.splat_f64s(self.few[0]);
            for k in 1..FEW {
                let here = in_cell(simd, (cell, id), k, at);
                found = simd.select_f64s(here, simd.splat_f64s(self.few[k]), found);
            }
            *out = found;
        }
        out
    }
}

/// The cells of a run as numbers.
#[inline(always)]
pub(super) fn ids(cell: &[u32; LANES]) -> Run {
    cell.map(f64::from)
}

/// The instructions of AVX-512, where vectors are those.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn avx512<S: pulp::Simd>(simd: S) -> Option<pulp::x86::V4> {
    (&simd as &dyn std::any::Any).downcast_ref().copied()
}

/// The lanes that have their bit, one behind the other.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn compress(v4: pulp::x86::V4, bits: u8, half: &Half) -> Half {
    pulp::bytemuck::cast(v4.avx512f._mm512_maskz_compress_pd(bits, pulp::bytemuck::cast(*half)))
}

/// Which samples of a vector of a run, the one at `at`, are in a cell.
#[inline(always)]
pub(super) fn in_cell<S: pulp::Simd>(simd: S, (cell, id): (&[u32; LANES], &Run), k: usize, at: usize) -> S::m64s {
    // Vectors of half the width are compared in half the time.
    #[cfg(target_arch = "x86_64")]
    if let Some(v4) = avx512(simd) {
        let half: [u32; HALF] = cell.as_chunks().0[at];
        let k = v4.avx._mm256_set1_epi32(k as i32);
        let mask = pulp::b8(v4.avx512vl._mm256_cmpeq_epi32_mask(pulp::bytemuck::cast(half), k));
        if let Some(mask) = (&mask as &dyn std::any::Any).downcast_ref::<S::m64s>() {
            return *mask;
        }
    }
    let _ = cell;
    simd.equal_f64s(S::as_simd_f64s(id).0[at], simd.splat_f64s(k as f64))
}

/// `clip(x)`.
#[inline(always)]
pub(super) fn clip<S: pulp::Simd>(simd: S, x: S::f64s, lo: S::f64s, hi: S::f64s) -> S::f64s {
    let y = simd.select_f64s(simd.less_than_f64s(x, lo), lo, x);
    simd.select_f64s(simd.greater_than_f64s(y, hi), hi, y)
}

/// Of a run the free ones as 1, and the size of each: see [`weigh`].
#[inline(always)]
pub(super) fn weigh_run<S: pulp::Simd>(simd: S, y: &Run, z: &Run, (lo, hi): (f64, f64)) -> (Run, Run) {
    let (mut free, mut size) = ([0.0; LANES], [0.0; LANES]);
    let (ys, zs) = (S::as_simd_f64s(y).0, S::as_simd_f64s(z).0);
    let (frees, sizes) = (S::as_mut_simd_f64s(&mut free).0, S::as_mut_simd_f64s(&mut size).0);
    let (zero, one) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0));
    let (lo, hi) = (simd.splat_f64s(lo), simd.splat_f64s(hi));
    for (((y, z), size), free) in ys.iter().zip(zs).zip(sizes).zip(frees) {
        let inside = simd.and_m64s(simd.greater_than_f64s(*y, lo), simd.less_than_f64s(*y, hi));
        *size = simd.add_f64s(simd.abs_f64s(*y), simd.select_f64s(inside, simd.abs_f64s(*z), zero));
        *free = simd.select_f64s(inside, one, zero);
    }
    (free, size)
}

/// What one sample outside of a run adds: the size of its rounding errors, and 1 if it is free.
#[inline(always)]
pub(super) fn weigh(y: f64, z: f64, (lo, hi): (f64, f64)) -> (f64, f64) {
    let inside = (y > lo) & (y < hi);
    (y.abs() + masks::keep(z.abs(), inside), masks::keep(1.0, inside))
}

/// What is added up: values alone, the number of the free samples too, or all.
pub(super) const VALUES: u8 = 0;
pub(super) const FREE: u8 = 1;
pub(super) const SIZES: u8 = 2;

/// Whether all numbers of an interval have one sign, so that sizes follow from values: see [`size_of`].
pub(super) fn has_one_sign((lo, hi): (f64, f64)) -> bool {
    lo >= 0.0 || hi <= 0.0
}

/// `Σ |ŷ| + Σ over free samples of |z|`, or somewhat more, where `ŷ` have one sign: for a free sample `|z| ≤ |ŷ| + |shift|`.
pub(super) fn size_of(value: f64, free: f64, shift: f64) -> f64 {
    2.0 * value.abs() + free * shift.abs()
}

/// Sums by cell: by masks where cells are few, in tables where they are at most `TABLE`, else in memory, and then
/// values alone; see [`Shifts`].
pub(super) struct ByCell<'a, const FEW: usize, const TABLE: usize> {
    value: [Half; FEW],
    size: [Half; FEW],
    free: [Half; FEW],
    /// Values and free ones side by side: so they are added at once.
    pairs: [[[f64; 2]; TABLES]; TABLE],
    sizes: [[f64; TABLES]; TABLE],
    out: &'a mut [Totals],
}

impl<'a, const FEW: usize, const TABLE: usize> ByCell<'a, FEW, TABLE> {
    /// Adds to `out`, which has [`totals`] places.
    #[inline(always)]
    pub(super) fn new(out: &'a mut [Totals]) -> Self {
        let none = [[0.0; HALF]; FEW];
        let (pairs, sizes) = ([[[0.0; 2]; TABLES]; TABLE], [[0.0; TABLES]; TABLE]);
        ByCell { value: none, size: none, free: none, pairs, sizes, out }
    }

    /// Adds a run of `ŷ = y`, with the free ones as 1 and the sizes, as far as `WHAT` asks for them.
    #[inline(always)]
    pub(super) fn add_run<S: pulp::Simd, const WHAT: u8>(
        &mut self,
        simd: S,
        (cell, id): (&[u32; LANES], &Run),
        (y, free, size): (&Run, &Run, &Run),
    ) {
        if FEW == 0 {
            return self.add_lanes::<WHAT>(cell, (y, free, size));
        }
        let ys = S::as_simd_f64s(y).0;
        let (sizes, frees) = (S::as_simd_f64s(size).0, S::as_simd_f64s(free).0);
        for k in 0..FEW {
            let value_sum = S::as_mut_simd_f64s(&mut self.value[k]).0;
            let size_sum = S::as_mut_simd_f64s(&mut self.size[k]).0;
            let free_sum = S::as_mut_simd_f64s(&mut self.free[k]).0;
            for at in 0..ys.len() {
                let here = in_cell(simd, (cell, id), k, at);
                // In this form it is one instruction where vectors have masks.
                let add = |sum: S::f64s, more: S::f64s| simd.select_f64s(here, simd.add_f64s(sum, more), sum);
                let to = at % value_sum.len();
                value_sum[to] = add(value_sum[to], ys[at]);
                if WHAT >= FREE {
                    free_sum[to] = add(free_sum[to], frees[at]);
                }
                if WHAT == SIZES {
                    size_sum[to] = add(size_sum[to], sizes[at]);
                }
            }
        }
    }

    /// The same lane by lane.
    #[inline(always)]
    fn add_lanes<const WHAT: u8>(&mut self, cell: &[u32; LANES], (y, free, size): (&Run, &Run, &Run)) {
        let cells = self.out.len() / TABLES;
        for lane in 0..LANES {
            let (cell, table) = (cell[lane] as usize, lane % TABLES);
            if TABLE == 0 {
                debug_assert!(WHAT == VALUES);
                self.out[table * cells + cell][0] += y[lane];
                continue;
            }
            let pair = &mut self.pairs[cell % TABLE][table];
            match WHAT {
                VALUES => pair[0] += y[lane],
                _ => pair.iter_mut().zip([y[lane], free[lane]]).for_each(|(sum, more)| *sum += more),
            }
            if WHAT == SIZES {
                self.sizes[cell % TABLE][table] += size[lane];
            }
        }
    }

    /// Adds one sample.
    #[inline(always)]
    pub(super) fn add(&mut self, cell: u32, y: f64, z: f64, interval: (f64, f64)) {
        let (size, free) = weigh(y, z, interval);
        add_to(&mut self.out[cell as usize], y, size, free);
    }

    /// Adds the value of one sample.
    #[inline(always)]
    pub(super) fn add_value(&mut self, cell: u32, value: f64) {
        self.out[cell as usize][0] += value;
    }

    /// Adds the lanes up.
    #[inline(always)]
    pub(super) fn finish(self) {
        for (k, out) in self.out.iter_mut().enumerate().take(FEW) {
            add_to(out, total(self.value[k]), total(self.size[k]), total(self.free[k]));
        }
        for ((out, pairs), sizes) in self.out.iter_mut().zip(&self.pairs).zip(&self.sizes) {
            let sum = |at: usize| pairs.iter().map(|pair| pair[at]).sum();
            add_to(out, sum(0), sizes.iter().sum(), sum(1));
        }
    }
}

#[inline(always)]
fn add_to(totals: &mut Totals, value: f64, size: f64, free: f64) {
    let more = [value, size, free, 0.0];
    totals.iter_mut().zip(more).for_each(|(total, more)| *total += more);
}
