//! The dictionary turned to rows: per row, its coefficients over slots.

use super::RowsByCell;
use super::shared::Shared;

/// Coefficients above this, or rows below one over it, are scaled before they are squared.
const LARGE: f64 = 1e120;
/// Rows without gaps are added up in so many lanes, where they have as many entries.
const LONG: usize = 8;

/// Compressed rows over slots, `slot = cell · width + factor`, slots ascending within a row, no zeros, no repeats.
#[derive(Debug, Clone, Default)]
pub(crate) struct SlotRows {
    indptr: Vec<usize>,
    slots: Vec<u32>,
    values: Vec<f64>,
    /// All rows in their shared form, if they have one.
    shared: Vec<Shared>,
}

impl SlotRows {
    /// From the dictionaries of the factors that are used, in order. All row indices must be below `rows`.
    pub(crate) fn new(rows: usize, cells: usize, dictionaries: &[RowsByCell]) -> Self {
        let width = dictionaries.len();
        let mut indptr = vec![0_usize; rows + 1];
        for dictionary in dictionaries {
            for cell in 0..cells {
                for (row, _) in dictionary.cell(cell) {
                    indptr[row as usize + 1] += 1;
                }
            }
        }
        for row in 0..rows {
            indptr[row + 1] += indptr[row];
        }
        let total = indptr[rows];
        let (mut slots, mut values) = (vec![0_u32; total], vec![0.0; total]);
        let mut next = indptr.clone();
        for cell in 0..cells {
            for (f, dictionary) in dictionaries.iter().enumerate() {
                for (row, value) in dictionary.cell(cell) {
                    let place = &mut next[row as usize];
                    slots[*place] = (cell * width + f) as u32;
                    values[*place] = value;
                    *place += 1;
                }
            }
        }
        SlotRows { indptr, slots, values, shared: Vec::new() }.merged()
    }

    /// Notes the shared form of all rows.
    pub(super) fn share(&mut self, shared: Vec<Shared>) {
        self.shared = shared;
    }

    /// Adds repeated slots up and drops zeros.
    fn merged(self) -> Self {
        let rows = self.indptr.len() - 1;
        let mut out = SlotRows {
            indptr: Vec::with_capacity(rows + 1),
            slots: Vec::with_capacity(self.slots.len()),
            values: Vec::with_capacity(self.values.len()),
            shared: Vec::new(),
        };
        out.indptr.push(0);
        for row in 0..rows {
            let begin = out.slots.len();
            for (slot, value) in self.row(row) {
                match out.slots[begin..].last() {
                    Some(&last) if last as usize == slot => {
                        if let Some(sum) = out.values.last_mut() {
                            *sum += value;
                        }
                    }
                    _ if value != 0.0 => {
                        out.slots.push(slot as u32);
                        out.values.push(value);
                    }
                    _ => {}
                }
            }
            out.indptr.push(out.slots.len());
        }
        out
    }

    /// Whether a row has coefficients so large or small that their squares overflow or vanish; `peaks` are the largest sizes
    /// of the factors.
    pub(super) fn are_extreme(&self, peaks: &[f64]) -> bool {
        let usual = 1.0 / LARGE..=LARGE;
        (0..self.indptr.len() - 1).any(|row| {
            let largest = self.row(row).fold(0.0_f64, |most, (slot, value)| most.max(value.abs() * peaks[slot]));
            largest > 0.0 && !usual.contains(&largest)
        })
    }

    /// `(slot, coefficient)` of a row.
    #[inline]
    pub(crate) fn row(&self, row: usize) -> impl Iterator<Item = (usize, f64)> + Clone + '_ {
        let range = self.indptr[row]..self.indptr[row + 1];
        self.slots[range.clone()].iter().map(|&s| s as usize).zip(self.values[range].iter().copied())
    }

    /// The same coefficients by slots.
    pub(super) fn by_slot(&self, slots: usize) -> SlotColumns {
        let mut starts = vec![0_usize; slots + 1];
        self.slots.iter().for_each(|&slot| starts[slot as usize + 1] += 1);
        (0..slots).for_each(|slot| starts[slot + 1] += starts[slot]);
        let mut next = starts.clone();
        let mut entries = vec![(0_u32, 0.0); self.slots.len()];
        for row in 0..self.indptr.len() - 1 {
            for (slot, value) in self.row(row) {
                entries[next[slot]] = (row as u32, value);
                next[slot] += 1;
            }
        }
        SlotColumns { starts, entries }
    }

    /// The first slot and the coefficients of a row without gaps, of more than a few entries: then straight loops do.
    #[inline]
    pub(crate) fn without_gaps(&self, row: usize) -> Option<(usize, &[f64])> {
        let range = self.indptr[row]..self.indptr[row + 1];
        let (slots, values) = (&self.slots[range.clone()], &self.values[range]);
        match slots {
            [first, .., last] if slots.len() >= LONG && (last - first) as usize + 1 == slots.len() => {
                Some((*first as usize, values))
            }
            _ => None,
        }
    }

    /// `Cᵀ μ` over slots, into `out` (one per slot).
    pub(crate) fn shift_into(&self, multipliers: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        if !self.shared.is_empty() {
            return self.shared.iter().for_each(|shared| shared.add_shift(multipliers, out));
        }
        for (row, &mu) in multipliers.iter().enumerate() {
            if mu == 0.0 {
                continue;
            }
            if let Some((first, values)) = self.without_gaps(row) {
                out[first..].iter_mut().zip(values).for_each(|(out, value)| *out += mu * value);
                continue;
            }
            for (slot, value) in self.row(row) {
                out[slot] += mu * value;
            }
        }
    }

    /// Calls `each` with each row, `Σ C[row, slot] · sums[slot]` and `Σ |C[row, slot]| · sizes[slot]`.
    pub(crate) fn measure(&self, sums: &[f64], sizes: &[f64], mut each: impl FnMut(usize, f64, f64)) {
        if !self.shared.is_empty() {
            return self.shared.iter().for_each(|shared| shared.measure(sums, sizes, &mut each));
        }
        for (row, range) in self.indptr.windows(2).enumerate() {
            // Of most rows the two entries of a comparison are all.
            if let ([a, b], [x, y]) = (&self.slots[range[0]..range[1]], &self.values[range[0]..range[1]]) {
                let (a, b) = (*a as usize, *b as usize);
                each(row, x * sums[a] + y * sums[b], x.abs() * sizes[a] + y.abs() * sizes[b]);
            } else {
                each(row, self.dot(row, sums), self.dot_abs(row, sizes));
            }
        }
    }

    /// `Σ C[row, slot] · sums[slot]`.
    #[inline]
    pub(crate) fn dot(&self, row: usize, sums: &[f64]) -> f64 {
        match self.without_gaps(row) {
            Some((first, values)) => in_lanes(values, &sums[first..first + values.len()], |value| value),
            None => self.row(row).map(|(slot, value)| value * sums[slot]).sum(),
        }
    }

    /// `Σ |C[row, slot]| · sums[slot]`.
    #[inline]
    pub(crate) fn dot_abs(&self, row: usize, sums: &[f64]) -> f64 {
        match self.without_gaps(row) {
            Some((first, values)) => in_lanes(values, &sums[first..first + values.len()], f64::abs),
            None => self.row(row).map(|(slot, value)| value.abs() * sums[slot]).sum(),
        }
    }
}

/// `Σ f(a) b`, in a fixed order that vectorises.
#[inline]
fn in_lanes(a: &[f64], b: &[f64], f: impl Fn(f64) -> f64) -> f64 {
    let mut lanes = [0.0; LONG];
    let ((chunks, rest), (others, other)) = (a.as_chunks::<LONG>(), b.as_chunks::<LONG>());
    for (a, b) in chunks.iter().zip(others) {
        for lane in 0..LONG {
            lanes[lane] += f(a[lane]) * b[lane];
        }
    }
    lanes.iter().sum::<f64>() + rest.iter().zip(other).map(|(a, b)| f(*a) * b).sum::<f64>()
}

/// The coefficients of each slot: rows ascending.
#[derive(Debug)]
pub(super) struct SlotColumns {
    starts: Vec<usize>,
    entries: Vec<(u32, f64)>,
}

impl SlotColumns {
    pub(super) fn slot(&self, slot: usize) -> impl Iterator<Item = (u32, f64)> + '_ {
        self.entries[self.starts[slot]..self.starts[slot + 1]].iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_gaps_add_up_as_others_do() {
        let values: Vec<f64> = (0..21).map(|i| (f64::from(i) - 7.5) / 3.0).collect();
        // A row without gaps from slot 2 on, and the same with a gap in the end.
        let whole: Vec<Vec<(u32, f64)>> =
            (0..24).map(|slot| if (2..23).contains(&slot) { vec![(0, values[slot - 2])] } else { vec![] }).collect();
        let mut torn = whole.clone();
        torn.swap(22, 23);
        let sums: Vec<f64> = (0..24).map(|i| f64::from(i * i % 11) - 3.0).collect();
        for (lists, has_gaps) in [(whole, false), (torn, true)] {
            let rows = SlotRows::new(1, 24, &[RowsByCell::from_cells(lists)]);
            assert_eq!(rows.without_gaps(0).is_none(), has_gaps);
            let known = |f: fn(f64) -> f64| rows.row(0).map(|(slot, value)| f(value) * sums[slot]).sum::<f64>();
            assert!((rows.dot(0, &sums) - known(|value| value)).abs() < 1e-12);
            assert!((rows.dot_abs(0, &sums) - known(f64::abs)).abs() < 1e-12);
            let mut shift = vec![1.0; 24];
            rows.shift_into(&[2.0], &mut shift);
            let mut expected = vec![0.0; 24];
            rows.row(0).for_each(|(slot, value)| expected[slot] = 2.0 * value);
            assert_eq!(shift, expected);
        }
    }
}
