//! Sums of samples by their cell, where the samples are.
//!
//! On a GPU many threads that add to few numbers wait for each other, and the order in which they add is left to chance. There,
//! sums are products with matrices of zeros and ones, block by block: many times faster, and the same bits in every run.

use tch::{Device, Kind, Tensor};

use super::error::LayerError;

/// Samples in a block; each has sums of its own, which are added up at the end.
const BLOCK: i64 = 1024;
/// Beyond so many cells the threads seldom meet, and the matrices are large.
const MOST_CELLS: i64 = 32;
/// Numbers in the matrices at a time, of 8 bytes each.
const AT_A_TIME: i64 = 1 << 24;

/// The sums of each line of `lines` over the samples of each cell, and there of each part, one after the other.
///
/// `lines` are of double precision and shape `[lines, n]`; `cell` and `part` are the place of each sample, and how many places
/// there are.
///
/// # Errors
/// Those of libtorch, as memory that is lacking.
pub(super) fn sums_by_cell(
    lines: &Tensor,
    (cell, cells): (&Tensor, i64),
    part: Option<(&Tensor, i64)>,
) -> Result<Tensor, LayerError> {
    if lines.device() != Device::Cpu && cells <= MOST_CELLS {
        return by_products(lines, (cell, cells), part, AT_A_TIME);
    }
    let (place, places) = match part {
        Some((part, parts)) => (cell.f_mul_scalar(parts)?.f_add(part)?, cells * parts),
        None => (cell.shallow_clone(), cells),
    };
    let (count, _) = lines.size2()?;
    let zeros = Tensor::f_zeros([count, places], (Kind::Double, lines.device()))?;
    Ok(zeros.f_index_add(1, &place, lines)?.f_reshape([-1])?)
}

fn by_products(
    lines: &Tensor,
    (cell, cells): (&Tensor, i64),
    part: Option<(&Tensor, i64)>,
    at_a_time: i64,
) -> Result<Tensor, LayerError> {
    let (count, n) = lines.size2()?;
    let parts = part.map_or(1, |(_, parts)| parts);
    let mut found = Tensor::f_zeros([count * cells, parts], (Kind::Double, lines.device()))?;
    let step = (at_a_time / ((count + 1) * cells + parts) / BLOCK).max(1) * BLOCK;
    let whole = n - n % BLOCK;
    let mut first = 0;
    while first < n {
        let (last, length) = if first < whole { (whole.min(first + step), BLOCK) } else { (n, n - whole) };
        let blocks = (last - first) / length;
        let values = lines.f_narrow(1, first, last - first)?.f_reshape([count, blocks, length])?.f_transpose(0, 1)?;
        let one_hot = |places: &Tensor, many: i64| -> Result<Tensor, LayerError> {
            let places = places.f_narrow(0, first, last - first)?.f_reshape([blocks, length, 1])?;
            let all = Tensor::f_arange(many, (Kind::Int64, lines.device()))?;
            Ok(places.f_eq_tensor(&all)?.f_to_kind(Kind::Double)?)
        };
        let member = one_hot(cell, cells)?;
        let sums = match part {
            None => values.f_matmul(&member)?.f_reshape([blocks, count * cells, 1])?,
            Some((part, parts)) => {
                let left = values.f_unsqueeze(2)?.f_mul(&member.f_transpose(1, 2)?.f_unsqueeze(1)?)?;
                left.f_reshape([blocks, count * cells, length])?.f_matmul(&one_hot(part, parts)?)?
            }
        };
        found = found.f_add(&sums.f_sum_dim_intlist([0].as_slice(), false, Kind::Double)?)?;
        first = last;
    }
    Ok(found.f_reshape([-1])?)
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind, Tensor};

    use super::{AT_A_TIME, by_products, sums_by_cell};

    /// What a GPU does, on the host: in one piece and in many.
    #[test]
    fn products_give_the_sums() {
        let double = (Kind::Double, Device::Cpu);
        for (n, cells) in [(0, 3), (1, 1), (1023, 3), (1024, 32), (1025, 2), (5000, 7)] {
            let lines = Tensor::rand([2, n], double);
            let [cell, part] = [cells, 9].map(|most| Tensor::randint(most, [n], (Kind::Int64, Device::Cpu)));
            for part in [None, Some((&part, 9))] {
                let expected = sums_by_cell(&lines, (&cell, cells), part).unwrap();
                for at_a_time in [AT_A_TIME, 1] {
                    let found = by_products(&lines, (&cell, cells), part, at_a_time).unwrap();
                    assert_eq!(found.size(), expected.size());
                    assert!(found.allclose(&expected, 1e-13, 1e-11, false), "{n} {cells}");
                }
            }
        }
    }
}
