//! Ordinary sparse matrices in and out.

use std::collections::HashMap;

use super::{Bounds, Factor, Problem, ProblemError, ProblemParts, RowsByCell, check};

/// A compressed sparse row matrix: row `j` has the places `indptr[j]..indptr[j + 1]` of `indices` (columns) and
/// `values`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Csr {
    /// Length rows + 1, ascending from 0.
    pub indptr: Vec<usize>,
    /// Column (sample) of each entry, ascending within a row.
    pub indices: Vec<u32>,
    /// Value of each entry.
    pub values: Vec<f64>,
}

/// A compressed sparse column matrix, the transpose layout of [`Csr`]: `indices` are rows, `indptr` has length
/// columns + 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Csc {
    /// Length columns + 1, ascending from 0.
    pub indptr: Vec<usize>,
    /// Row of each entry, ascending within a column.
    pub indices: Vec<u32>,
    /// Value of each entry.
    pub values: Vec<f64>,
}

impl Problem {
    /// From an ordinary sparse matrix in row form, of `lower.len()` rows and `n` columns. Repeated entries add up.
    ///
    /// Samples with equal columns share a cell; where columns are multiples of each other (a covariance, weighted
    /// means) they share a cell and a factor holds the multiples, if that reproduces the matrix to the last bit.
    ///
    /// # Errors
    /// As [`Problem::new`], and for row pointers or column indices that do not fit.
    #[allow(clippy::too_many_arguments, reason = "the fields of a quadratic program, all of them needed")]
    pub fn from_csr(
        n: usize,
        indptr: &[usize],
        indices: &[usize],
        values: &[f64],
        lower: Vec<f64>,
        upper: Vec<f64>,
        bounds: Bounds,
        weights: Option<Vec<f64>>,
    ) -> Result<Problem, ProblemError> {
        check_csr(n, indptr, indices, values, lower.len())?;
        let columns = Columns::from_csr(n, indptr, indices, values);
        let coded = columns.equal().or_else(|| columns.proportional()).unwrap_or_else(|| columns.single());
        let (cells, factors, dictionary) = match coded.multiples {
            None => (coded.representatives.len(), Vec::new(), vec![columns.dictionary(&coded.representatives, None)]),
            Some(phi) => {
                let scaled = columns.dictionary(&coded.representatives, Some(&phi));
                (coded.representatives.len(), vec![phi], vec![RowsByCell::empty(coded.representatives.len()), scaled])
            }
        };
        Problem::new(ProblemParts {
            cell: coded.cell,
            cells,
            factors,
            dictionary,
            lower,
            upper,
            bounds,
            weights,
            soft: Vec::new(),
            names: Vec::new(),
        })
    }

    /// Gives the rows names; an empty list takes them away.
    ///
    /// # Errors
    /// If there are names, but not one for each row.
    pub fn with_names(mut self, names: Vec<String>) -> Result<Problem, ProblemError> {
        if !names.is_empty() {
            check::length("names", names.len(), self.rows())?;
        }
        self.names = names;
        Ok(self)
    }

    /// Makes rows soft: `soft[j]` caps the size of the multiplier of row `j`, infinity keeps it hard.
    ///
    /// # Errors
    /// If the length is not the number of rows or a number is not above zero.
    pub fn with_soft(mut self, soft: Vec<f64>) -> Result<Problem, ProblemError> {
        check::soft(&soft, self.rows())?;
        self.soft = soft;
        Ok(self)
    }

    /// The matrix by columns, in sample order.
    pub fn to_csc(&self) -> Csc {
        let by_cell = self.coefficients_by_cell();
        let mut out = Csc { indptr: vec![0], ..Csc::default() };
        let mut next: Vec<usize> = (0..self.cells()).map(|c| self.grouping.range(c).start).collect();
        let mut column: Vec<(u32, f64)> = Vec::new();
        for &cell in self.grouping.cell() {
            let place = next[cell as usize];
            next[cell as usize] += 1;
            column.clear();
            for &(row, factor, value) in &by_cell[cell as usize] {
                let phi = match &self.factors[factor as usize] {
                    Factor::One => 1.0,
                    Factor::Data(phi) => phi[place],
                };
                match column.last_mut() {
                    Some(last) if last.0 == row => last.1 += value * phi,
                    _ => column.push((row, value * phi)),
                }
            }
            for &(row, value) in column.iter().filter(|(_, value)| *value != 0.0) {
                out.indices.push(row);
                out.values.push(value);
            }
            out.indptr.push(out.indices.len());
        }
        out
    }

    /// The matrix by rows, in sample order.
    pub fn to_csr(&self) -> Csr {
        let csc = self.to_csc();
        let mut indptr = vec![0_usize; self.rows() + 1];
        for &row in &csc.indices {
            indptr[row as usize + 1] += 1;
        }
        for row in 0..self.rows() {
            indptr[row + 1] += indptr[row];
        }
        let mut next = indptr.clone();
        let (mut indices, mut values) = (vec![0_u32; csc.indices.len()], vec![0.0; csc.indices.len()]);
        for column in 0..self.n() {
            for entry in csc.indptr[column]..csc.indptr[column + 1] {
                let place = &mut next[csc.indices[entry] as usize];
                indices[*place] = column as u32;
                values[*place] = csc.values[entry];
                *place += 1;
            }
        }
        Csr { indptr, indices, values }
    }

    /// Per cell `(row, factor, coefficient)`, rows ascending.
    fn coefficients_by_cell(&self) -> Vec<Vec<(u32, u32, f64)>> {
        let width = self.width().max(1);
        let mut by_cell = vec![Vec::new(); self.cells()];
        for row in 0..self.rows() {
            for (slot, value) in self.rows.row(row) {
                by_cell[slot / width].push((row as u32, (slot % width) as u32, value));
            }
        }
        by_cell
    }
}

pub(crate) fn check_csr(
    n: usize,
    indptr: &[usize],
    indices: &[usize],
    values: &[f64],
    rows: usize,
) -> Result<(), ProblemError> {
    if u32::try_from(n).is_err() {
        return Err(ProblemError::TooMany { n });
    }
    check::length("indptr", indptr.len(), rows + 1)?;
    check::length("values", values.len(), indices.len())?;
    if indptr[0] != 0 {
        return Err(ProblemError::Pointers { index: 0, value: indptr[0] });
    }
    if let Some(at) = indptr.windows(2).position(|pair| pair[0] > pair[1]) {
        return Err(ProblemError::Pointers { index: at + 1, value: indptr[at + 1] });
    }
    check::length("indices", indices.len(), indptr[rows])?;
    if let Some(index) = indices.iter().position(|&i| i >= n) {
        return Err(ProblemError::Index { what: "indices", index, value: indices[index], limit: n });
    }
    check::finite("values", values)
}

/// Columns of a matrix, with the tools to find equal and proportional ones.
struct Columns {
    indptr: Vec<usize>,
    rows: Vec<u32>,
    values: Vec<f64>,
}

/// A cell for each column, a column to stand for each cell, and the multiples if cells hold proportional columns.
struct Coded {
    cell: Vec<u32>,
    representatives: Vec<usize>,
    multiples: Option<Vec<f64>>,
}

impl Columns {
    fn from_csr(n: usize, indptr: &[usize], indices: &[usize], values: &[f64]) -> Self {
        let mut starts = vec![0_usize; n + 1];
        for &column in indices {
            starts[column + 1] += 1;
        }
        for column in 0..n {
            starts[column + 1] += starts[column];
        }
        let mut next = starts.clone();
        let (mut rows, mut out) = (vec![0_u32; indices.len()], vec![0.0; indices.len()]);
        for row in 0..indptr.len() - 1 {
            for entry in indptr[row]..indptr[row + 1] {
                let place = &mut next[indices[entry]];
                (rows[*place], out[*place]) = (row as u32, values[entry]);
                *place += 1;
            }
        }
        Columns { indptr: starts, rows, values: out }
    }

    fn count(&self) -> usize {
        self.indptr.len() - 1
    }

    fn rows(&self, column: usize) -> &[u32] {
        &self.rows[self.indptr[column]..self.indptr[column + 1]]
    }

    fn values(&self, column: usize) -> &[f64] {
        &self.values[self.indptr[column]..self.indptr[column + 1]]
    }

    /// Groups columns by a key; `None` once there are more cells than half the columns.
    fn grouped(&self, key: impl Fn(usize) -> Vec<u64>) -> Option<(Vec<u32>, Vec<usize>)> {
        let limit = self.count() / 2 + 1;
        let mut seen: HashMap<Vec<u64>, u32> = HashMap::new();
        let mut cell = Vec::with_capacity(self.count());
        let mut representatives = Vec::new();
        for column in 0..self.count() {
            let id = *seen.entry(key(column)).or_insert_with(|| {
                representatives.push(column);
                (representatives.len() - 1) as u32
            });
            if representatives.len() > limit {
                return None;
            }
            cell.push(id);
        }
        Some((cell, representatives))
    }

    fn equal(&self) -> Option<Coded> {
        let key = |column: usize| {
            let rows = self.rows(column).iter().map(|&r| u64::from(r));
            rows.chain(self.values(column).iter().map(|v| v.to_bits())).collect()
        };
        self.grouped(key).map(|(cell, representatives)| Coded { cell, representatives, multiples: None })
    }

    /// Columns that are exact multiples of their largest entry's direction.
    fn proportional(&self) -> Option<Coded> {
        let multiples: Vec<f64> = (0..self.count()).map(|column| self.leading(column)).collect();
        let key = |column: usize| {
            let rows = self.rows(column).iter().map(|&r| u64::from(r));
            let ratios = self.values(column).iter().map(|v| (v / multiples[column]).to_bits());
            rows.chain(ratios).collect()
        };
        let exact =
            |column: usize| self.values(column).iter().all(|v| (v / multiples[column]) * multiples[column] == *v);
        let (cell, representatives) = self.grouped(key)?;
        (0..self.count()).all(exact).then_some(Coded { cell, representatives, multiples: Some(multiples) })
    }

    fn single(&self) -> Coded {
        Coded {
            cell: (0..self.count() as u32).collect(),
            representatives: (0..self.count()).collect(),
            multiples: None,
        }
    }

    fn leading(&self, column: usize) -> f64 {
        let largest = self.values(column).iter().fold(0.0_f64, |m, v| if v.abs() > m.abs() { *v } else { m });
        if largest == 0.0 { 1.0 } else { largest }
    }

    fn dictionary(&self, representatives: &[usize], divisors: Option<&[f64]>) -> RowsByCell {
        RowsByCell::from_cells(representatives.iter().map(|&column| {
            let divisor = divisors.map_or(1.0, |d| d[column]);
            self.rows(column).iter().copied().zip(self.values(column).iter().map(move |v| v / divisor))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(values: &[f64]) -> usize {
        let n = values.len();
        let indices: Vec<usize> = (0..n).collect();
        let problem = Problem::from_csr(n, &[0, n], &indices, values, vec![0.0], vec![1.0], Bounds::default(), None);
        problem.expect("one dense row").cells()
    }

    #[test]
    fn equal_and_proportional_columns_share_cells() {
        assert_eq!(cells(&[0.5, 0.5, -0.25, -0.25, 0.5, -0.25]), 2);
        // A covariance: all different, all multiples of one direction.
        assert_eq!(cells(&[0.1, -0.7, 0.3, 0.45, 1.9, -2.3]), 1);
    }
}
