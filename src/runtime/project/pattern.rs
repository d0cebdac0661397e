//! The sparse normal matrix `diag + Σ_j s_j a_j a_jᵀ` and its Cholesky factorisation, symbolic part done once.

use faer::linalg::solvers::Solve;
use faer::sparse::linalg::solvers::{Llt, SymbolicLlt};
use faer::sparse::{SparseColMatRef, SymbolicSparseColMat};
use faer::{MatMut, Side};

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

/// Pattern of the lower triangle and where each product of a row goes in it.
pub(crate) struct Pattern {
    symbolic: SymbolicSparseColMat<usize>,
    cholesky: SymbolicLlt<usize>,
    diagonal: Vec<usize>,
    /// For each row its products `(p, q)`, `p ≥ q` in the row's order of entries.
    places: Vec<usize>,
    values: Vec<f64>,
    factor: Option<Llt<usize, f64>>,
}

impl Pattern {
    /// `None` if faer finds the pattern impossible (out of memory).
    pub(crate) fn new(n: usize, rows: &Rows) -> Option<Pattern> {
        let mut pairs: Vec<u64> = (0..n as u64).map(|i| i << 32 | i).collect();
        let key = |a: u32, b: u32| u64::from(a.min(b)) << 32 | u64::from(a.max(b));
        for j in 0..rows.count() {
            let entries = &rows.indices[rows.indptr[j]..rows.indptr[j + 1]];
            for (p, &a) in entries.iter().enumerate() {
                pairs.extend(entries[..=p].iter().map(|&b| key(a, b)));
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        let mut starts = vec![0_usize; n + 1];
        pairs.iter().for_each(|pair| starts[(pair >> 32) as usize + 1] += 1);
        (0..n).for_each(|i| starts[i + 1] += starts[i]);
        let place = |a: u32, b: u32| pairs.binary_search(&key(a, b)).unwrap_or(0);
        let mut places = Vec::with_capacity(rows.products());
        for j in 0..rows.count() {
            let entries = &rows.indices[rows.indptr[j]..rows.indptr[j + 1]];
            for (p, &a) in entries.iter().enumerate() {
                places.extend(entries[..=p].iter().map(|&b| place(a, b)));
            }
        }
        let diagonal = (0..n as u32).map(|i| place(i, i)).collect();
        let below = pairs.iter().map(|pair| (pair & 0xffff_ffff) as usize).collect();
        let symbolic = SymbolicSparseColMat::new_checked(n, n, starts, None, below);
        let cholesky = SymbolicLlt::try_new(symbolic.as_ref(), Side::Lower).ok()?;
        Some(Pattern { values: vec![0.0; pairs.len()], symbolic, cholesky, diagonal, places, factor: None })
    }

    /// Factors `diag + Σ s_j a_j a_jᵀ` (rows of weight zero left out); false if it is not positive definite.
    pub(crate) fn factor(&mut self, rows: &Rows, diagonal: &[f64], weights: &[f64]) -> bool {
        self.values.fill(0.0);
        for (&place, &d) in self.diagonal.iter().zip(diagonal) {
            self.values[place] = d;
        }
        let mut at = 0;
        for (j, &weight) in weights.iter().enumerate() {
            let entries = &rows.values[rows.indptr[j]..rows.indptr[j + 1]];
            let products = entries.len() * (entries.len() + 1) / 2;
            if weight != 0.0 {
                let mut places = self.places[at..at + products].iter();
                for (p, &a) in entries.iter().enumerate() {
                    for (q, &b) in entries[..=p].iter().enumerate() {
                        if let Some(&place) = places.next() {
                            // A sample that occurs twice in a row meets itself twice.
                            let own = rows.indices[rows.indptr[j] + p] == rows.indices[rows.indptr[j] + q];
                            self.values[place] += weight * a * b * if own && p != q { 2.0 } else { 1.0 };
                        }
                    }
                }
            }
            at += products;
        }
        let matrix = SparseColMatRef::new(self.symbolic.as_ref(), &self.values[..]);
        self.factor = Llt::try_new_with_symbolic(self.cholesky.clone(), matrix, Side::Lower).ok();
        self.factor.is_some()
    }

    /// Solves with the last factorisation, in place.
    pub(crate) fn solve(&self, right: &mut [f64]) {
        if let Some(factor) = &self.factor {
            let n = right.len();
            factor.solve_in_place(MatMut::from_column_major_slice_mut(right, n, 1));
        }
    }
}
