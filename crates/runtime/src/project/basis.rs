//! An orthonormal basis of the active rows that grows and shrinks one row at a time.
//!
//! The thin factorisation `N = Q R` of the active rows' vectors (columns of `N`), by Gram-Schmidt with
//! reorthogonalisation (Daniel, Gragg, Kaufman, Stewart 1976) and Givens rotations when a column
//! leaves. Working with `N` and not with `Nᵀ N` keeps the condition number unsquared, so that dependent rows are told
//! from nearly dependent ones.

/// A vector shorter than this times its original length, once the basis is taken out of it, is dependent.
const DEPENDENT: f64 = 1e-11;

/// Thin QR factorisation with columns that come and go; buffers are kept.
#[derive(Debug, Default, Clone)]
pub(crate) struct Basis {
    dim: usize,
    count: usize,
    /// Column-major, `dim × count`.
    q: Vec<f64>,
    /// Packed upper triangle by columns: column `j` at `j (j + 1) / 2`.
    r: Vec<f64>,
    /// Coefficients of the vector last reduced, in the basis.
    pub(crate) coefficients: Vec<f64>,
    /// What the basis left of the vector last reduced.
    pub(crate) rest: Vec<f64>,
    rest_square: f64,
    round: Vec<f64>,
}

impl Basis {
    pub(crate) fn reset(&mut self, dim: usize) {
        (self.dim, self.count) = (dim, 0);
        self.q.clear();
        self.r.clear();
    }

    /// Splits a vector into its coefficients and the rest; returns the rest's squared length, 0 if dependent.
    pub(crate) fn reduce(&mut self, vector: &[f64]) -> f64 {
        pulp::Arch::new().dispatch(Reduce { basis: self, vector })
    }

    #[inline(always)]
    fn reduce_inline(&mut self, vector: &[f64]) -> f64 {
        let length = dot(vector, vector);
        self.rest.clear();
        self.rest.extend_from_slice(vector);
        self.coefficients.clear();
        self.coefficients.resize(self.count, 0.0);
        self.rest_square = length;
        // A second round is needed only where the first took most of the vector away.
        for _ in 0..3 {
            let before = self.rest_square;
            if self.count == 0 || before == 0.0 {
                break;
            }
            self.round.clear();
            for column in self.q.chunks_exact(self.dim) {
                self.round.push(dot(column, &self.rest));
            }
            for ((column, &c), sum) in self.q.chunks_exact(self.dim).zip(&self.round).zip(&mut self.coefficients) {
                *sum += c;
                add_scaled(&mut self.rest, -c, column);
            }
            self.rest_square = dot(&self.rest, &self.rest);
            if self.rest_square > 0.25 * before {
                break;
            }
        }
        if self.rest_square <= DEPENDENT * DEPENDENT * length {
            self.rest_square = 0.0;
        }
        self.rest_square
    }

    /// Adds the vector last reduced, which must be independent.
    pub(crate) fn push_reduced(&mut self) {
        let length = self.rest_square.sqrt();
        self.q.extend(self.rest.iter().map(|v| v / length));
        self.r.extend_from_slice(&self.coefficients);
        self.r.push(length);
        self.count += 1;
    }

    /// Takes column `k` out.
    pub(crate) fn remove(&mut self, k: usize) {
        pulp::Arch::new().dispatch(Remove { basis: self, k })
    }

    #[inline(always)]
    fn remove_inline(&mut self, k: usize) {
        let dim = self.dim;
        for j in k + 1..self.count {
            // Column j loses its entry below the new diagonal by a rotation of rows j - 1 and j.
            let at = j * (j + 1) / 2;
            let (a, b) = (self.r[at + j - 1], self.r[at + j]);
            let length = a.hypot(b);
            let (c, s) = if length == 0.0 { (1.0, 0.0) } else { (a / length, b / length) };
            for col in j..self.count {
                let at = col * (col + 1) / 2;
                let (x, y) = (self.r[at + j - 1], self.r[at + j]);
                self.r[at + j - 1] = c * x + s * y;
                self.r[at + j] = c * y - s * x;
            }
            let (left, right) = self.q.split_at_mut(j * dim);
            for (x, y) in left[(j - 1) * dim..].iter_mut().zip(&mut right[..dim]) {
                (*x, *y) = (c * *x + s * *y, c * *y - s * *x);
            }
        }
        // Columns move left, each one entry shorter.
        for j in k + 1..self.count {
            let (from, to) = (j * (j + 1) / 2, (j - 1) * j / 2);
            self.r.copy_within(from..from + j, to);
        }
        self.count -= 1;
        self.r.truncate(self.count * (self.count + 1) / 2);
        self.q.truncate(self.count * dim);
    }

    /// Solves `R x = b` in place.
    pub(crate) fn solve_upper(&self, b: &mut [f64]) {
        for j in (0..self.count).rev() {
            let at = j * (j + 1) / 2;
            let x = b[j] / self.r[at + j];
            b[j] = x;
            add_scaled(&mut b[..j], -x, &self.r[at..at + j]);
        }
    }

    /// Solves `Rᵀ x = b` in place.
    pub(crate) fn solve_lower(&self, b: &mut [f64]) {
        for j in 0..self.count {
            let at = j * (j + 1) / 2;
            b[j] = (b[j] - dot(&self.r[at..at + j], &b[..j])) / self.r[at + j];
        }
    }
}

struct Reduce<'a> {
    basis: &'a mut Basis,
    vector: &'a [f64],
}

impl pulp::WithSimd for Reduce<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> f64 {
        self.basis.reduce_inline(self.vector)
    }
}

struct Remove<'a> {
    basis: &'a mut Basis,
    k: usize,
}

impl pulp::WithSimd for Remove<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        self.basis.remove_inline(self.k);
    }
}

/// Inner product in a fixed order.
#[inline(always)]
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (chunks_a, chunks_b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = chunks_a.remainder().iter().zip(chunks_b.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in chunks_a.zip(chunks_b) {
        for lane in 0..8 {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    lanes.iter().sum::<f64>() + rest
}

/// `y += a x`.
#[inline(always)]
pub(crate) fn add_scaled(y: &mut [f64], a: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: [[f64; 3]; 4] = [[1.0, 2.0, 0.0], [0.0, 1.0, 1.0], [1.0, 3.0, 1.0], [2.0, 0.0, 1.0]];

    /// Solves `N Nᵀ x = N N^T 1` over the given rows: all ones if the factors are right.
    fn ones(basis: &Basis, rows: &[usize]) -> Vec<f64> {
        let mut right: Vec<f64> = rows.iter().map(|&i| rows.iter().map(|&j| dot(&ROWS[i], &ROWS[j])).sum()).collect();
        basis.solve_lower(&mut right);
        basis.solve_upper(&mut right);
        right
    }

    #[test]
    fn dependent_rows_are_seen_and_columns_come_and_go() {
        let mut basis = Basis::default();
        basis.reset(3);
        for (row, dependent) in [(0, false), (1, false), (2, true), (3, false)] {
            let left = basis.reduce(&ROWS[row]);
            assert_eq!(left == 0.0, dependent, "row {row}");
            if left > 0.0 {
                basis.push_reduced();
            }
        }
        assert!(ones(&basis, &[0, 1, 3]).iter().all(|x| (x - 1.0).abs() < 1e-12));
        basis.remove(0);
        assert!(ones(&basis, &[1, 3]).iter().all(|x| (x - 1.0).abs() < 1e-12));
        // Without row 0, row 2 is independent.
        assert!(basis.reduce(&ROWS[2]) > 0.0);
        basis.push_reduced();
        assert!(ones(&basis, &[1, 3, 2]).iter().all(|x| (x - 1.0).abs() < 1e-12));
    }
}
