//! The dictionary turned to rows: per row, its coefficients over slots.

use super::RowsByCell;

/// Coefficients above this, or rows below one over it, are scaled before they are squared.
const LARGE: f64 = 1e120;

/// Compressed rows over slots, `slot = cell · width + factor`, slots ascending within a row, no zeros, no repeats.
#[derive(Debug, Clone, Default)]
pub(crate) struct SlotRows {
    indptr: Vec<usize>,
    slots: Vec<u32>,
    values: Vec<f64>,
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
        SlotRows { indptr, slots, values }.merged()
    }

    /// Adds repeated slots up and drops zeros.
    fn merged(self) -> Self {
        let rows = self.indptr.len() - 1;
        let mut out = SlotRows {
            indptr: Vec::with_capacity(rows + 1),
            slots: Vec::with_capacity(self.slots.len()),
            values: Vec::with_capacity(self.values.len()),
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

    /// `Cᵀ μ` over slots, into `out` (one per slot).
    pub(crate) fn shift_into(&self, multipliers: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        for (row, &mu) in multipliers.iter().enumerate() {
            if mu != 0.0 {
                for (slot, value) in self.row(row) {
                    out[slot] += mu * value;
                }
            }
        }
    }

    /// `Σ C[row, slot] · sums[slot]`.
    #[inline]
    pub(crate) fn dot(&self, row: usize, sums: &[f64]) -> f64 {
        self.row(row).map(|(slot, value)| value * sums[slot]).sum()
    }

    /// `Σ |C[row, slot]| · sums[slot]`.
    #[inline]
    pub(crate) fn dot_abs(&self, row: usize, sums: &[f64]) -> f64 {
        self.row(row).map(|(slot, value)| value.abs() * sums[slot]).sum()
    }
}
