//! Sparse Cholesky factorisation of a symmetric positive definite matrix, by faer, for `f64` alone.
//!
//! There is no mathematics here, only concrete types in front of generic ones: whoever uses this crate does not
//! compile faer's kernels again.

use std::mem::MaybeUninit;
use std::sync::Arc;

use faer::dyn_stack::MemStack;
use faer::sparse::linalg::SupernodalThreshold;
use faer::sparse::linalg::cholesky::{self, CholeskySymbolicParams, LltRef, SymmetricOrdering};
use faer::sparse::{SparseColMatRef, SymbolicSparseColMat};
use faer::{Conj, MatMut, Par, Side};

/// Factors are made in blocks of columns from a quarter of the fill on where faer does so by itself: with ten thousand samples and their
/// neighbours that takes a quarter off a solve. Forests stay below it.
const BLOCKS: SupernodalThreshold = SupernodalThreshold(0.25);

/// Where the lower triangle of a symmetric matrix has entries, with an order of rows and columns that fills in little.
#[derive(Debug, Clone)]
pub struct SymbolicCholesky {
    pattern: SymbolicSparseColMat<usize>,
    symbolic: Arc<cholesky::SymbolicCholesky<usize>>,
    /// Bytes of room that factoring and solving take.
    room: usize,
}

impl SymbolicCholesky {
    /// Analyses the pattern of a lower triangle in compressed columns: where each column begins in `rows`, and the end
    /// (one more than there are columns); rows ascending in each column, none above the diagonal.
    ///
    /// `None` if it is too large to analyse.
    ///
    /// # Panics
    /// If the pattern is not a valid one.
    pub fn new(starts: Vec<usize>, rows: Vec<usize>) -> Option<SymbolicCholesky> {
        let n = starts.len() - 1;
        let pattern = SymbolicSparseColMat::new_checked(n, n, starts, None, rows);
        let order = SymmetricOrdering::Amd;
        let blocks = CholeskySymbolicParams { supernodal_flop_ratio_threshold: BLOCKS, ..Default::default() };
        let symbolic = cholesky::factorize_symbolic_cholesky(pattern.as_ref(), Side::Lower, order, blocks);
        let symbolic = symbolic.ok()?;
        let factor = symbolic.factorize_numeric_llt_scratch::<f64>(Par::Seq, Default::default());
        let room = factor.or(symbolic.solve_in_place_scratch::<f64>(1, Par::Seq)).unaligned_bytes_required();
        Some(SymbolicCholesky { pattern, symbolic: Arc::new(symbolic), room })
    }

    /// How many numbers a factor has.
    pub fn entries(&self) -> usize {
        self.symbolic.len_val()
    }

    /// Factors the matrix with these values, one for each place of the pattern; `None` if it is not positive definite. What is left
    /// of an earlier factorisation is taken for its memory.
    ///
    /// # Panics
    /// If there are not as many values as places.
    pub fn factor(&self, values: &[f64], earlier: Option<SparseCholesky>) -> Option<SparseCholesky> {
        let matrix = SparseColMatRef::new(self.pattern.as_ref(), values);
        let (mut factor, mut room) = earlier.map(|earlier| (earlier.factor, earlier.room)).unwrap_or_default();
        make(&mut factor, self.entries(), 0.0)?;
        make(&mut room, self.room, MaybeUninit::new(0))?;
        let (regular, stack) = (Default::default(), MemStack::new(&mut room));
        self.symbolic
            .factorize_numeric_llt(&mut factor, matrix, Side::Lower, regular, Par::Seq, stack, Default::default())
            .ok()?;
        Some(SparseCholesky { symbolic: self.symbolic.clone(), factor, room })
    }
}

/// Makes a buffer so long, if there is memory for it.
fn make<T: Copy>(buffer: &mut Vec<T>, length: usize, value: T) -> Option<()> {
    buffer.try_reserve_exact(length.saturating_sub(buffer.len())).ok()?;
    buffer.resize(length, value);
    Some(())
}

/// A factored matrix `L Lᵀ`.
#[derive(Debug, Clone)]
pub struct SparseCholesky {
    symbolic: Arc<cholesky::SymbolicCholesky<usize>>,
    factor: Vec<f64>,
    room: Vec<MaybeUninit<u8>>,
}

impl SparseCholesky {
    /// Solves `A x = right`, in place.
    ///
    /// # Panics
    /// If the length of `right` is not the order of the matrix.
    pub fn solve(&mut self, right: &mut [f64]) {
        let n = right.len();
        let right = MatMut::from_column_major_slice_mut(right, n, 1);
        let factor = LltRef::new(&self.symbolic, &self.factor);
        factor.solve_in_place_with_conj(Conj::No, right, Par::Seq, MemStack::new(&mut self.room));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_what_it_factored() {
        // [4 1 0; 1 3 1; 0 1 2]
        let symbolic = SymbolicCholesky::new(vec![0, 2, 4, 5], vec![0, 1, 1, 2, 2]).unwrap();
        let mut x = [6.0, 10.0, 8.0];
        let mut first = symbolic.factor(&[4.0, 1.0, 3.0, 1.0, 2.0], None).unwrap();
        first.solve(&mut x);
        for (x, expected) in x.iter().zip([1.0, 2.0, 3.0]) {
            assert!((x - expected).abs() < 1e-14);
        }
        // Other values in the same places: twice the matrix.
        let mut y = [1.0, 2.0, 3.0];
        first.solve(&mut y);
        symbolic.factor(&[8.0, 2.0, 6.0, 2.0, 4.0], Some(first)).unwrap().solve(&mut x);
        for (x, y) in x.iter().zip(y) {
            assert!((2.0 * x - y).abs() < 1e-14);
        }
    }

    #[test]
    fn refuses_what_is_not_positive_definite() {
        let symbolic = SymbolicCholesky::new(vec![0, 1], vec![0]).unwrap();
        assert!(symbolic.factor(&[-1.0], None).is_none());
    }
}
