//! What rows with convex terms come to.

use super::ConvexProblem;
use crate::problem::{ProblemError, RowValues, Sum};

impl ConvexProblem {
    /// The values of the rows, convex terms included, and the sizes of their sums `Σ |a y| + Σ b |y − c|`, for predictions `y` in
    /// sample order.
    ///
    /// # Errors
    /// `y` has another length than there are samples.
    pub fn row_values(&self, y: &[f64]) -> Result<RowValues, ProblemError> {
        let mut rows = self.affine.row_values(y)?;
        for (row, (value, size)) in self.terms(y, |y, at| (y - at).abs()).into_iter().enumerate() {
            rows.values[row] += value;
            rows.magnitudes[row] += size;
        }
        Ok(rows)
    }

    /// The magnitude of each row for predictions of one size: `size · Σ |a| + Σ b (size + |c|)`.
    pub fn magnitude_of(&self, size: f64) -> Vec<f64> {
        let terms = self.terms(&vec![size; self.n()], |size, at| size + at.abs());
        self.affine.magnitude_of(size).iter().zip(terms).map(|(affine, (_, size))| affine + size).collect()
    }

    /// What rows are summed from, with predictions and breakpoints by themselves: `Σ |a y| + Σ b (|y| + |c|)`.
    pub(super) fn sizes(&self, y: &[f64]) -> Vec<f64> {
        let terms = self.terms(y, |y, at| y.abs() + at.abs());
        let affine = self.affine.row_values(y).unwrap_or_default().magnitudes;
        affine.iter().zip(terms).map(|(affine, (_, size))| affine + size).collect()
    }

    /// `Σ_i b_i of(y_i, c_i)` of each row, and the sum of the sizes.
    fn terms(&self, y: &[f64], of: impl Fn(f64, f64) -> f64) -> Vec<(f64, f64)> {
        let width = self.width();
        let mut rows = vec![(Sum::default(), 0.0_f64); self.rows()];
        for layer in &self.layers {
            let mut slots = vec![(Sum::default(), 0.0_f64); layer.used.len()];
            for (i, (&cell, (&y, &at))) in self.affine.cell().iter().zip(y.iter().zip(&layer.at)).enumerate() {
                for f in 0..width {
                    let slot = cell as usize * width + f;
                    if layer.used[slot] {
                        let (sum, size) = &mut slots[slot];
                        let (phi, value) = (self.factor(f, i), of(y, at));
                        sum.add_product(phi, value);
                        *size += phi.abs() * value;
                    }
                }
            }
            for (row, (sum, sizes)) in rows.iter_mut().enumerate() {
                for (slot, value) in layer.rows.row(row) {
                    sum.add_product(value, slots[slot].0.value());
                    *sizes += value.abs() * slots[slot].1;
                }
            }
        }
        rows.into_iter().map(|(sum, size)| (sum.value(), size)).collect()
    }
}
