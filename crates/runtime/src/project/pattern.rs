//! The sparse normal matrix `diag + Σ_j s_j a_j a_jᵀ` of the rows in use, and its Cholesky factorisation.
//!
//! Of the rows of a problem few are active, and their graph is nearly a forest: the matrix of these rows alone fills in
//! so little that ordering it anew each time is cheaper than one ordering of all rows.

use fairc_linalg::{LowerTriangle, SparseCholesky};

/// Sparse rows with plain indices.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    pub(crate) indptr: Vec<usize>,
    pub(crate) indices: Vec<u32>,
    pub(crate) values: Vec<f64>,
}

impl Rows {
    pub(crate) fn row(&self, j: usize) -> impl Iterator<Item = (usize, f64)> + Clone + '_ {
        let range = self.indptr[j]..self.indptr[j + 1];
        self.indices[range.clone()].iter().map(|&i| i as usize).zip(self.values[range].iter().copied())
    }

    pub(crate) fn count(&self) -> usize {
        self.indptr.len() - 1
    }

    pub(crate) fn dot(&self, j: usize, y: &[f64]) -> f64 {
        self.row(j).map(|(i, v)| v * y[i]).sum()
    }

    /// Numbers of products in all rows: the work of assembling the normal matrix.
    pub(crate) fn products(&self) -> usize {
        self.indptr.windows(2).map(|w| (w[1] - w[0]).saturating_mul(w[1] - w[0] + 1) / 2).sum()
    }
}

/// The normal matrix of one set of rows, factored.
#[derive(Default)]
pub(crate) struct Normal {
    /// Lower triangle: column and row in one key, and the value.
    entries: Vec<(u64, f64)>,
    factor: Option<SparseCholesky>,
}

impl Normal {
    /// Factors `diag + Σ s_j a_j a_jᵀ` (rows of weight zero left out); false if it is not positive definite.
    pub(crate) fn factor(&mut self, rows: &Rows, diagonal: &[f64], weights: &[f64]) -> bool {
        self.entries.clear();
        self.entries.extend(diagonal.iter().enumerate().map(|(i, &d)| ((i as u64) << 32 | i as u64, d)));
        for (j, &weight) in weights.iter().enumerate().filter(|(_, w)| **w != 0.0) {
            for (p, (a, value)) in rows.row(j).enumerate() {
                for (q, (b, other)) in rows.row(j).take(p + 1).enumerate() {
                    let key = (a.min(b) as u64) << 32 | a.max(b) as u64;
                    // A sample that occurs twice in a row meets itself twice.
                    let twice = if a == b && p != q { 2.0 } else { 1.0 };
                    self.entries.push((key, twice * weight * value * other));
                }
            }
        }
        // Stable, so that sums are in the order of the rows.
        self.entries.sort_by_key(|entry| entry.0);
        self.factor = self.factor_entries(diagonal.len());
        self.factor.is_some()
    }

    fn factor_entries(&self, n: usize) -> Option<SparseCholesky> {
        let mut starts = vec![0_usize; n + 1];
        let mut below: Vec<usize> = Vec::with_capacity(self.entries.len());
        let mut values: Vec<f64> = Vec::with_capacity(self.entries.len());
        let mut last = u64::MAX;
        for &(key, value) in &self.entries {
            match values.last_mut() {
                Some(sum) if key == last => *sum += value,
                _ => {
                    starts[(key >> 32) as usize + 1] += 1;
                    below.push((key & 0xffff_ffff) as usize);
                    values.push(value);
                    last = key;
                }
            }
        }
        (0..n).for_each(|i| starts[i + 1] += starts[i]);
        SparseCholesky::new(LowerTriangle { starts, rows: below, values })
    }

    /// Solves with the last factorisation, in place.
    pub(crate) fn solve(&self, right: &mut [f64]) {
        if let Some(factor) = &self.factor {
            factor.solve(right);
        }
    }
}
