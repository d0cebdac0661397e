//! Samples grouped by cell: a counting sort whose permutation is never stored.

use std::ops::Range;

/// Samples grouped between two checks.
const PIECE: usize = 2048;

/// Which cell each sample is in, and where each cell begins in grouped order.
///
/// Going through the samples in order with one counter per cell gives each sample's place, so grouping and
/// ungrouping need no permutation: 4 bytes a sample are all that is kept.
#[derive(Debug, Clone)]
pub(crate) struct Grouping {
    cell: Vec<u32>,
    /// Length `cells + 1`.
    start: Vec<u32>,
    /// Sample order is grouped order already.
    sorted: bool,
}

impl Grouping {
    /// The cell ids must be below `cells`.
    pub(crate) fn new(cell: Vec<u32>, cells: usize) -> Self {
        let mut start = vec![0_u32; cells + 1];
        count_into(&cell, &mut start[1..]);
        for c in 0..cells {
            start[c + 1] += start[c];
        }
        let sorted = cell.is_sorted();
        Grouping { cell, start, sorted }
    }

    pub(crate) fn samples(&self) -> usize {
        self.cell.len()
    }

    /// The cell of a place.
    pub(crate) fn cell_at(&self, place: usize) -> usize {
        self.start.partition_point(|&start| start as usize <= place).saturating_sub(1)
    }

    pub(crate) fn cells(&self) -> usize {
        self.start.len() - 1
    }

    pub(crate) fn cell(&self) -> &[u32] {
        &self.cell
    }

    /// Where the samples of a cell lie in grouped order.
    pub(crate) fn range(&self, cell: usize) -> Range<usize> {
        self.start[cell] as usize..self.start[cell + 1] as usize
    }

    /// Sample order → grouped order, into `grouped` (length `n`), with `next` as scratch.
    pub(crate) fn group_into<T: Copy>(&self, values: &[T], grouped: &mut [T], next: &mut Vec<u32>) {
        self.group_checked(values, grouped, next, |_| true);
    }

    /// As [`Grouping::group_into`], and whether `is_good` holds for all pieces of the values: it is asked while a piece is
    /// in the cache, which saves a pass of its own.
    pub(crate) fn group_checked<T: Copy>(
        &self,
        values: &[T],
        grouped: &mut [T],
        next: &mut Vec<u32>,
        is_good: impl Fn(&[T]) -> bool,
    ) -> bool {
        if self.sorted {
            grouped.copy_from_slice(values);
            return is_good(values);
        }
        self.counters(next);
        values.chunks(PIECE).zip(self.cell.chunks(PIECE)).fold(true, |all, (values, cells)| {
            for (&value, &cell) in values.iter().zip(cells) {
                let place = &mut next[cell as usize];
                grouped[*place as usize] = value;
                *place += 1;
            }
            all & is_good(values)
        })
    }

    /// Grouped order → sample order, into `values` (length `n`), with `next` as scratch.
    pub(crate) fn ungroup_into<T: Copy>(&self, grouped: &[T], values: &mut [T], next: &mut Vec<u32>) {
        if self.sorted {
            values.copy_from_slice(grouped);
            return;
        }
        self.counters(next);
        for (value, &cell) in values.iter_mut().zip(&self.cell) {
            let place = &mut next[cell as usize];
            *value = grouped[*place as usize];
            *place += 1;
        }
    }

    pub(crate) fn group<T: Copy + Default>(&self, values: &[T]) -> Vec<T> {
        let mut grouped = vec![T::default(); values.len()];
        self.group_into(values, &mut grouped, &mut Vec::new());
        grouped
    }

    pub(crate) fn ungroup<T: Copy + Default>(&self, grouped: &[T]) -> Vec<T> {
        let mut values = vec![T::default(); grouped.len()];
        self.ungroup_into(grouped, &mut values, &mut Vec::new());
        values
    }

    fn counters(&self, next: &mut Vec<u32>) {
        next.clear();
        next.extend_from_slice(&self.start[..self.cells()]);
    }
}

/// Adds up how often each cell occurs, in four tables so that equal neighbours do not wait on each other.
pub fn count_into(cell: &[u32], count: &mut [u32]) {
    const LANES: usize = 4;
    let cells = count.len();
    if cells == 0 || cell.len() < 4 * LANES * cells {
        cell.iter().for_each(|&c| count[c as usize] += 1);
        return;
    }
    let mut tables = vec![0_u32; LANES * cells];
    let chunks = cell.chunks_exact(LANES);
    chunks.remainder().iter().for_each(|&c| count[c as usize] += 1);
    for chunk in chunks {
        for (lane, &c) in chunk.iter().enumerate() {
            tables[lane * cells + c as usize] += 1;
        }
    }
    for table in tables.chunks_exact(cells) {
        count.iter_mut().zip(table).for_each(|(sum, more)| *sum += more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grouping_keeps_order_within_cells_and_inverts() {
        let grouping = Grouping::new(vec![2, 0, 1, 0, 2, 2, 1], 4);
        let grouped = grouping.group(&[10, 11, 12, 13, 14, 15, 16]);
        assert_eq!(grouped, [11, 13, 12, 16, 10, 14, 15]);
        assert_eq!(grouping.ungroup(&grouped), [10, 11, 12, 13, 14, 15, 16]);
        assert_eq!(grouping.range(1), 2..4);
        assert!(grouping.range(3).is_empty());
    }
}
