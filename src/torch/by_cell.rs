//! Sums of samples by their cell, where the samples are.
//!
//! On a GPU many threads that add to few numbers wait for each other, and the order in which they add is left to chance. There,
//! sums are products with matrices of zeros and ones, block by block: many times faster, and the same bits in every run.

use std::cell::OnceCell;

use tch::{Device, Kind, Tensor};

use super::error::LayerError;

/// Samples in a block; each has sums of its own, which are added up at the end.
const BLOCK: i64 = 1024;
/// The same where sample is added to sample, which loses more.
const FEW: i64 = 128;
/// Beyond so many cells the threads seldom meet, and the matrices are large.
const MOST_CELLS: i64 = 64;
/// Numbers in the matrices at a time, of 8 bytes each.
const AT_A_TIME: i64 = 1 << 25;

/// The cells of samples.
pub(super) struct Cells {
    /// The place of each sample.
    cell: Tensor,
    count: i64,
    /// Which samples are in which cell, where all of them are one piece.
    member: OnceCell<Tensor>,
}

/// Lines of numbers, and the part of each sample among so many.
pub(super) struct Parted<'a> {
    pub(super) lines: &'a Tensor,
    pub(super) part: &'a Tensor,
    pub(super) parts: i64,
}

impl Cells {
    pub(super) fn new(cell: Tensor, count: usize) -> Cells {
        Cells { cell, count: count as i64, member: OnceCell::new() }
    }

    /// Of each sample the number of its cell, for each line of `values`.
    pub(super) fn of(&self, values: &Tensor) -> Result<Tensor, LayerError> {
        Ok(values.f_index_select(-1, &self.cell)?)
    }

    /// The sums over the samples of each cell, one row for each cell: of each of the `parted` lines over the samples of each part,
    /// one after the other, then of each of `lines`. Lines are of double precision and shape `[lines, n]`.
    ///
    /// # Errors
    /// Those of libtorch, as memory that is lacking.
    pub(super) fn sums(&self, lines: &Tensor, parted: Option<&Parted<'_>>) -> Result<Tensor, LayerError> {
        if self.cell.device() != Device::Cpu && self.count <= MOST_CELLS {
            return self.by_products(lines, parted, AT_A_TIME);
        }
        let found = self.added(lines, &self.cell, 1)?;
        let Some(Parted { lines, part, parts }) = parted else { return Ok(found) };
        let place = self.cell.f_mul_scalar(*parts)?.f_add(part)?;
        Ok(Tensor::f_cat(&[self.added(lines, &place, *parts)?, found], 1)?)
    }

    /// By adding sample to sample; in blocks, for the sake of rounding errors.
    fn added(&self, lines: &Tensor, place: &Tensor, parts: i64) -> Result<Tensor, LayerError> {
        let (count, n) = lines.size2()?;
        let places = self.count * parts;
        let blocks = (n / places.max(FEW)).max(1);
        let block = Tensor::f_arange(n, (Kind::Int64, lines.device()))?.f_mul_scalar(blocks)?;
        let place = place.f_add(&block.f_divide_scalar_mode(n.max(1), "floor")?.f_mul_scalar(places)?)?;
        let zeros = Tensor::f_zeros([count, blocks * places], (Kind::Double, lines.device()))?;
        let found = zeros.f_index_add(1, &place, lines)?.f_reshape([count, blocks, self.count, parts])?;
        let by_line = found.f_sum_dim_intlist([1].as_slice(), false, Kind::Double)?;
        Ok(by_line.f_transpose(0, 1)?.f_reshape([self.count, count * parts])?)
    }

    fn by_products(&self, lines: &Tensor, parted: Option<&Parted<'_>>, at_a_time: i64) -> Result<Tensor, LayerError> {
        let (n, double) = (self.cell.size1()?, (Kind::Double, lines.device()));
        let count = |lines: &Tensor| Ok::<_, LayerError>(lines.size2()?.0);
        let first = parted.map_or(Ok(0), |parted| Ok::<_, LayerError>(parted.parts * count(parted.lines)?))?;
        let width = first + count(lines)?;
        let mut found = Tensor::f_zeros([self.count, width], double)?;
        let step = (at_a_time / (width + self.count) / BLOCK).max(1) * BLOCK;
        for start in (0..n).step_by(step as usize) {
            let length = step.min(n - start);
            let here = |lines: &Tensor| blocks(&lines.f_narrow(1, start, length)?, 0);
            let member = self.member_of(start, length)?;
            let columns = Tensor::f_empty([member.size3()?.0, width, BLOCK], double)?;
            columns.f_narrow(1, first, width - first)?.f_copy_(&here(lines)?)?;
            if let Some(Parted { lines, part, parts }) = parted {
                let inside = here(&part.f_unsqueeze(0)?)?.f_eq_tensor(&numbers_to(*parts, lines.device())?)?;
                for line in 0..count(lines)? {
                    let own = columns.f_narrow(1, line * parts, *parts)?;
                    let _ = inside.f_mul_out(&own, &here(&lines.f_narrow(0, line, 1)?)?)?;
                }
            }
            let sums = member.f_matmul(&columns.f_transpose(1, 2)?)?;
            found = found.f_add(&sums.f_sum_dim_intlist([0].as_slice(), false, Kind::Double)?)?;
        }
        Ok(found)
    }

    /// Which samples are in which cell, as zeros and ones: `[blocks, cells, samples]`. The last block is filled up with samples of
    /// no cell.
    fn member_of(&self, start: i64, length: i64) -> Result<Tensor, LayerError> {
        let whole = length == self.cell.size1()?;
        if let Some(member) = self.member.get().filter(|_| whole) {
            return Ok(member.shallow_clone());
        }
        let cell = blocks(&self.cell.f_narrow(0, start, length)?.f_unsqueeze(0)?, self.count)?;
        let member = cell.f_eq_tensor(&numbers_to(self.count, cell.device())?)?.f_to_kind(Kind::Double)?;
        Ok(if whole { self.member.get_or_init(|| member).shallow_clone() } else { member })
    }
}

/// Lines of numbers in blocks, the last of them filled up: `[blocks, lines, samples]`.
fn blocks(lines: &Tensor, fill: i64) -> Result<Tensor, LayerError> {
    let (count, n) = lines.size2()?;
    let full = lines.f_pad([0, (BLOCK - n % BLOCK) % BLOCK], "constant", fill as f64)?;
    Ok(full.f_reshape([count, -1, BLOCK])?.f_transpose(0, 1)?)
}

/// 0 to `count`, without it, one below the other.
fn numbers_to(count: i64, device: Device) -> Result<Tensor, LayerError> {
    Ok(Tensor::f_arange(count, (Kind::Int64, device))?.f_unsqueeze(1)?)
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind, Tensor};

    use super::{AT_A_TIME, Cells, Parted};

    /// What a GPU does, on the host: in one piece and in many.
    #[test]
    fn products_give_the_sums() {
        let double = (Kind::Double, Device::Cpu);
        for (n, count) in [(0, 3), (1, 1), (1023, 3), (1024, 64), (1025, 2), (5000, 7)] {
            let [lines, parted] = [(); 2].map(|()| Tensor::rand([2, n], double));
            let [cell, part] = [count, 9].map(|most| Tensor::randint(most, [n], (Kind::Int64, Device::Cpu)));
            let cells = Cells::new(cell, count as usize);
            let parted = Parted { lines: &parted, part: &part, parts: 9 };
            for parted in [None, Some(&parted)] {
                let expected = cells.sums(&lines, parted).unwrap();
                for at_a_time in [AT_A_TIME, AT_A_TIME, 1] {
                    let found = cells.by_products(&lines, parted, at_a_time).unwrap();
                    assert_eq!(found.size(), expected.size());
                    assert!(found.allclose(&expected, 1e-13, 1e-11, false), "{n} {count}");
                }
            }
        }
    }
}
