//! The sparse normal matrix `diag + Σ_j s_j a_j a_jᵀ` of the rows in use, and its Cholesky factorisation.
//!
//! Where its entries lie is found once for a set of rows, and so is the order of elimination; values may change as often
//! as one likes. Of the rows of a problem few are active, and their graph is nearly a forest: the matrix of these rows
//! alone fills in so little that ordering it again is cheaper than one factorisation with all rows.
//!
//! A row with many entries would fill the matrix. A few such rows `B` are kept apart, by the formula of Woodbury:
//!
//! ```text
//! (N + B S Bᵀ)⁻¹ r = x − N⁻¹ B (S⁻¹ + Bᵀ N⁻¹ B)⁻¹ Bᵀ x,      x = N⁻¹ r
//! ```

use fairc_linalg::{SparseCholesky, SymbolicCholesky};

/// A row with more entries is kept apart, if there are few of them.
const LONG: usize = 100;
/// Most rows that are kept apart.
const APART: usize = 64;
/// How often a solution with rows kept apart is refined at most, and what may be left of the right side.
const REFINEMENTS: usize = 2;
const ENOUGH: f64 = 1e-13;

/// Sparse rows with plain indices.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    pub(crate) indptr: Vec<usize>,
    pub(crate) indices: Vec<u32>,
    pub(crate) values: Vec<f64>,
    /// The longest rows, ascending: those that are kept apart.
    pub(crate) long: Vec<usize>,
}

impl Rows {
    pub(crate) fn row(&self, j: usize) -> impl Iterator<Item = (usize, f64)> + Clone + '_ {
        let range = self.indptr[j]..self.indptr[j + 1];
        self.indices[range.clone()].iter().map(|&i| i as usize).zip(self.values[range].iter().copied())
    }

    pub(crate) fn count(&self) -> usize {
        self.indptr.len() - 1
    }

    fn length(&self, j: usize) -> usize {
        self.indptr[j + 1] - self.indptr[j]
    }

    pub(crate) fn dot(&self, j: usize, y: &[f64]) -> f64 {
        self.row(j).map(|(i, v)| v * y[i]).sum()
    }

    /// `out += amount · a_j`.
    pub(crate) fn add(&self, j: usize, amount: f64, out: &mut [f64]) {
        if amount != 0.0 {
            self.row(j).for_each(|(i, v)| out[i] += amount * v);
        }
    }

    /// Scales rows to length one; returns the scales.
    pub(crate) fn scale(&mut self) -> Vec<f64> {
        (0..self.count())
            .map(|j| {
                let range = self.indptr[j]..self.indptr[j + 1];
                let length = self.values[range.clone()].iter().map(|v| v * v).sum::<f64>().sqrt();
                let unit = if length > 0.0 { 1.0 / length } else { 1.0 };
                self.values[range].iter_mut().for_each(|v| *v *= unit);
                unit
            })
            .collect()
    }

    /// Chooses the rows that are kept apart.
    pub(crate) fn keep_long_apart(&mut self) {
        let mut long: Vec<usize> = (0..self.count()).filter(|&j| self.length(j) > LONG).collect();
        long.sort_by_key(|&j| (usize::MAX - self.length(j), j));
        long.truncate(APART);
        long.sort_unstable();
        self.long = long;
    }

    fn is_apart(&self, j: usize) -> bool {
        self.long.binary_search(&j).is_ok()
    }

    /// Numbers of products in the rows that are not kept apart: the work of assembling the normal matrix.
    pub(crate) fn products(&self) -> usize {
        let own = (0..self.count()).filter(|&j| !self.is_apart(j)).map(|j| self.length(j));
        own.map(|length| length.saturating_mul(length + 1) / 2).fold(0, usize::saturating_add)
    }
}

/// The normal matrix of one set of rows, factored.
#[derive(Debug, Clone, Default)]
pub(crate) struct Normal {
    /// The rows in the pattern.
    used: Vec<u32>,
    /// Where each product of two entries of these rows is added, row by row.
    places: Vec<u32>,
    /// Where the diagonal lies.
    diagonal: Vec<usize>,
    symbolic: Option<SymbolicCholesky>,
    values: Vec<f64>,
    factor: Option<SparseCholesky>,
    apart: Apart,
}

impl Normal {
    /// Finds where the matrix of these rows has entries, and an order of elimination; false if that is too large. Does nothing
    /// if the rows are those of the last time.
    pub(crate) fn analyse(&mut self, rows: &Rows, n: usize, is_used: impl Fn(usize) -> bool) -> bool {
        let used: Vec<u32> = (0..rows.count()).filter(|&j| is_used(j) && !rows.is_apart(j)).map(|j| j as u32).collect();
        if self.symbolic.is_some() && self.used == used && self.diagonal.len() == n {
            return true;
        }
        self.used = used;
        // Column and row in one key, and the number of the product; the diagonal has the first numbers.
        let mut entries: Vec<(u64, u32)> = (0..n).map(|i| ((i as u64) << 32 | i as u64, i as u32)).collect();
        for &j in &self.used {
            for (p, (a, _)) in rows.row(j as usize).enumerate() {
                for (b, _) in rows.row(j as usize).take(p + 1) {
                    entries.push(((a.min(b) as u64) << 32 | a.max(b) as u64, entries.len() as u32));
                }
            }
        }
        let products = entries.len() - n;
        entries.sort_unstable();
        let (mut starts, mut below) = (vec![0_usize; n + 1], Vec::new());
        (self.places, self.diagonal) = (vec![0; products], vec![0; n]);
        let mut last = u64::MAX;
        for (key, number) in entries {
            if key != last {
                starts[(key >> 32) as usize + 1] += 1;
                below.push((key & 0xffff_ffff) as usize);
                last = key;
            }
            match (number as usize).checked_sub(n) {
                Some(product) => self.places[product] = (below.len() - 1) as u32,
                None => self.diagonal[number as usize] = below.len() - 1,
            }
        }
        (0..n).for_each(|i| starts[i + 1] += starts[i]);
        self.values = vec![0.0; below.len()];
        self.symbolic = SymbolicCholesky::new(starts, below);
        self.symbolic.is_some()
    }

    /// How many numbers the factor has.
    pub(crate) fn entries(&self) -> usize {
        self.symbolic.as_ref().map_or(0, SymbolicCholesky::entries)
    }

    /// Factors `diag + Σ s_j a_j a_jᵀ` over the rows that were analysed and those kept apart; false if it is not positive
    /// definite.
    pub(crate) fn factor(&mut self, rows: &Rows, diagonal: &[f64], weights: &[f64]) -> bool {
        self.values.fill(0.0);
        self.diagonal.iter().zip(diagonal).for_each(|(&place, &d)| self.values[place] = d);
        let mut places = self.places.iter();
        for &j in &self.used {
            let j = j as usize;
            for (p, (a, value)) in rows.row(j).enumerate() {
                for ((q, (b, other)), &place) in rows.row(j).take(p + 1).enumerate().zip(&mut places) {
                    // A sample that occurs twice in a row meets itself twice.
                    let twice = if a == b && p != q { 2.0 } else { 1.0 };
                    self.values[place as usize] += twice * weights[j] * value * other;
                }
            }
        }
        let earlier = self.factor.take();
        self.factor = self.symbolic.as_ref().and_then(|symbolic| symbolic.factor(&self.values, earlier));
        let Some(factor) = &mut self.factor else { return false };
        self.apart.factor(factor, rows, diagonal.len(), weights)
    }

    /// Solves with the last factorisation, in place.
    fn solve(&mut self, rows: &Rows, right: &mut [f64]) {
        if let Some(factor) = &mut self.factor {
            factor.solve(right);
            self.apart.correct(rows, right);
        }
    }

    /// As [`Normal::solve`], with the numbers that were factored: rows kept apart cost digits, which a few more solutions
    /// bring back.
    pub(crate) fn solve_well(&mut self, rows: &Rows, diagonal: &[f64], weights: &[f64], right: &mut [f64]) {
        if self.apart.rows.is_empty() {
            return self.solve(rows, right);
        }
        let size = right.iter().fold(0.0_f64, |most, r| most.max(r.abs()));
        let mut solution = right.to_vec();
        self.solve(rows, &mut solution);
        for _ in 0..REFINEMENTS {
            let mut rest = right.to_vec();
            rest.iter_mut().zip(diagonal).zip(&solution).for_each(|((r, d), x)| *r -= d * x);
            for (j, weight) in weights.iter().enumerate() {
                rows.add(j, -weight * rows.dot(j, &solution), &mut rest);
            }
            if rest.iter().all(|r| r.abs() <= ENOUGH * size) {
                break;
            }
            self.solve(rows, &mut rest);
            solution.iter_mut().zip(&rest).for_each(|(x, r)| *x += r);
        }
        right.copy_from_slice(&solution);
    }
}

/// What the rows of a problem need once, for all runs of a solve.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    /// Scaled to length one.
    pub(crate) rows: Rows,
    /// One over the length that each row had.
    pub(crate) unit: Vec<f64>,
    /// The matrix of the active rows.
    pub(crate) active: Normal,
}

impl Prepared {
    pub(crate) fn new(mut rows: Rows) -> Prepared {
        let unit = rows.scale();
        Prepared { rows, unit, active: Normal::default() }
    }
}

/// The rows kept apart, and the small matrix `S⁻¹ + Bᵀ N⁻¹ B`.
#[derive(Debug, Clone, Default)]
struct Apart {
    rows: Vec<usize>,
    /// `N⁻¹ B`, one column after another.
    columns: Vec<f64>,
    /// Lower Cholesky factor of the small matrix, row by row.
    small: Vec<f64>,
}

impl Apart {
    fn factor(&mut self, factor: &mut SparseCholesky, rows: &Rows, n: usize, weights: &[f64]) -> bool {
        self.rows.clear();
        self.rows.extend(rows.long.iter().filter(|&&j| weights[j] > 0.0));
        let count = self.rows.len();
        self.columns.clear();
        self.columns.resize(count * n, 0.0);
        for (&j, column) in self.rows.iter().zip(self.columns.chunks_exact_mut(n.max(1))) {
            rows.add(j, 1.0, column);
            factor.solve(column);
        }
        self.small.clear();
        for (p, &j) in self.rows.iter().enumerate() {
            let own = self.columns.chunks_exact(n.max(1)).enumerate();
            self.small.extend(own.map(|(q, column)| {
                let inverse = if p == q { 1.0 / weights[j] } else { 0.0 };
                inverse + rows.dot(j, column)
            }));
        }
        self.factor_small()
    }

    fn factor_small(&mut self) -> bool {
        let (count, small) = (self.rows.len(), &mut self.small);
        for i in 0..count {
            for j in 0..=i {
                let sum: f64 = (0..j).map(|k| small[i * count + k] * small[j * count + k]).sum();
                let rest = small[i * count + j] - sum;
                if i == j && (rest <= 0.0 || rest.is_nan()) {
                    return false;
                }
                small[i * count + j] = if i == j { rest.sqrt() } else { rest / small[j * count + j] };
            }
        }
        true
    }

    /// From `N⁻¹ r` to the solution.
    fn correct(&self, rows: &Rows, x: &mut [f64]) {
        let (count, small) = (self.rows.len(), &self.small);
        let mut t: Vec<f64> = self.rows.iter().map(|&j| rows.dot(j, x)).collect();
        for i in 0..count {
            let sum: f64 = (0..i).map(|k| small[i * count + k] * t[k]).sum();
            t[i] = (t[i] - sum) / small[i * count + i];
        }
        for i in (0..count).rev() {
            let sum: f64 = (i + 1..count).map(|k| small[k * count + i] * t[k]).sum();
            t[i] = (t[i] - sum) / small[i * count + i];
        }
        for (column, t) in self.columns.chunks_exact(x.len().max(1)).zip(t) {
            x.iter_mut().zip(column).for_each(|(x, c)| *x -= t * c);
        }
    }
}
