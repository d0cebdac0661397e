//! Sparse Cholesky factorisation of a symmetric positive definite matrix, by faer, for `f64` alone.
//!
//! There is no mathematics here, only concrete types in front of generic ones: whoever uses this crate does not
//! compile faer's kernels again.

use faer::linalg::solvers::Solve;
use faer::sparse::linalg::solvers::{Llt, SymbolicLlt};
use faer::sparse::{SparseColMatRef, SymbolicSparseColMat};
use faer::{MatMut, Side};

/// The lower triangle of a symmetric matrix in compressed columns.
#[derive(Debug, Clone)]
pub struct LowerTriangle {
    /// Where each column begins in `rows`, and the end: one more than there are columns.
    pub starts: Vec<usize>,
    /// Rows of the entries, ascending in each column, none above the diagonal.
    pub rows: Vec<usize>,
    pub values: Vec<f64>,
}

/// A factored matrix `L Lᵀ`, with rows and columns in an order that fills in little.
#[derive(Debug, Clone)]
pub struct SparseCholesky {
    factor: Llt<usize, f64>,
}

impl SparseCholesky {
    /// Orders and factors the matrix; `None` if it is not positive definite.
    ///
    /// # Panics
    /// If `lower` is not a valid matrix in compressed columns.
    pub fn new(lower: LowerTriangle) -> Option<SparseCholesky> {
        let n = lower.starts.len() - 1;
        let pattern = SymbolicSparseColMat::new_checked(n, n, lower.starts, None, lower.rows);
        let symbolic = SymbolicLlt::try_new(pattern.as_ref(), Side::Lower).ok()?;
        let matrix = SparseColMatRef::new(pattern.as_ref(), &lower.values[..]);
        let factor = Llt::try_new_with_symbolic(symbolic, matrix, Side::Lower).ok()?;
        Some(SparseCholesky { factor })
    }

    /// Solves `A x = right`, in place.
    ///
    /// # Panics
    /// If the length of `right` is not the order of the matrix.
    pub fn solve(&self, right: &mut [f64]) {
        let n = right.len();
        self.factor.solve_in_place(MatMut::from_column_major_slice_mut(right, n, 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_what_it_factored() {
        // [4 1 0; 1 3 1; 0 1 2]
        let lower = LowerTriangle {
            starts: vec![0, 2, 4, 5],
            rows: vec![0, 1, 1, 2, 2],
            values: vec![4.0, 1.0, 3.0, 1.0, 2.0],
        };
        let mut x = [6.0, 10.0, 8.0];
        SparseCholesky::new(lower).unwrap().solve(&mut x);
        for (x, expected) in x.iter().zip([1.0, 2.0, 3.0]) {
            assert!((x - expected).abs() < 1e-14);
        }
    }

    #[test]
    fn refuses_what_is_not_positive_definite() {
        let lower = LowerTriangle { starts: vec![0, 1], rows: vec![0], values: vec![-1.0] };
        assert!(SparseCholesky::new(lower).is_none());
    }
}
