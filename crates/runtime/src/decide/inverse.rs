//! The inverse of a basis: dense, kept by replacing one column after another, made again at times.

/// Pivots below this share of the largest make a basis singular.
const SINGULAR: f64 = 1e-13;

/// A column of a basis.
#[derive(Clone, Debug)]
pub(super) enum BasisColumn {
    /// That of a row's logical variable: minus one there, zero elsewhere.
    Logical(usize),
    Structural(Vec<f64>),
}

/// A square matrix by rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Inverse {
    size: usize,
    values: Vec<f64>,
}

impl Inverse {
    /// That of minus the identity.
    pub fn negative_identity(size: usize) -> Inverse {
        let mut values = vec![0.0; size * size];
        (0..size).for_each(|place| values[place * size + place] = -1.0);
        Inverse { size, values }
    }

    /// The inverse of the matrix with these columns; `None` if it is singular.
    pub fn of(columns: &[Vec<f64>]) -> Option<Inverse> {
        let size = columns.len();
        let mut matrix = vec![0.0; size * size];
        for (column, values) in columns.iter().enumerate() {
            values.iter().enumerate().for_each(|(row, value)| matrix[row * size + column] = *value);
        }
        let mut out = vec![0.0; size * size];
        (0..size).for_each(|place| out[place * size + place] = 1.0);
        let largest = matrix.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        for pivot in 0..size {
            let size_at = |row: usize| matrix[row * size + pivot].abs();
            let best = (pivot..size).max_by(|&a, &b| size_at(a).total_cmp(&size_at(b)))?;
            let value = matrix[best * size + pivot];
            if value.abs() <= SINGULAR * largest || !value.is_finite() {
                return None;
            }
            swap_rows(&mut matrix, size, pivot, best);
            swap_rows(&mut out, size, pivot, best);
            scale_row(&mut matrix, size, pivot, 1.0 / value);
            scale_row(&mut out, size, pivot, 1.0 / value);
            for row in (0..size).filter(|&row| row != pivot) {
                let share = matrix[row * size + pivot];
                if share != 0.0 {
                    subtract_row(&mut matrix, size, row, pivot, share);
                    subtract_row(&mut out, size, row, pivot, share);
                }
            }
        }
        Some(Inverse { size, values: out })
    }

    /// The inverse of a basis; `None` if it is singular. Inverted is only what structural columns have in rows whose logical variable
    /// is not basic, which are few where few rows are active; the rest follows.
    pub fn of_basis(columns: &[BasisColumn]) -> Option<Inverse> {
        let size = columns.len();
        let (mut open, mut structural) = (vec![true; size], Vec::new());
        for (place, column) in columns.iter().enumerate() {
            match column {
                BasisColumn::Logical(row) => open[*row] = false,
                BasisColumn::Structural(values) => structural.push((place, values)),
            }
        }
        let rows: Vec<usize> = (0..size).filter(|&row| open[row]).collect();
        if rows.len() != structural.len() {
            return None;
        }
        let core: Vec<Vec<f64>> =
            structural.iter().map(|(_, values)| rows.iter().map(|&row| values[row]).collect()).collect();
        let core = Inverse::of(&core)?;
        let mut out = vec![0.0; size * size];
        for (own, (place, _)) in structural.iter().enumerate() {
            let out = &mut out[place * size..(place + 1) * size];
            rows.iter().zip(core.row(own)).for_each(|(&row, value)| out[row] = *value);
        }
        for (place, column) in columns.iter().enumerate() {
            let BasisColumn::Logical(logical) = column else { continue };
            let out = &mut out[place * size..(place + 1) * size];
            for (own, (_, values)) in structural.iter().enumerate().filter(|(_, (_, values))| values[*logical] != 0.0) {
                let share = values[*logical];
                rows.iter().zip(core.row(own)).for_each(|(&row, value)| out[row] += share * value);
            }
            out[*logical] = -1.0;
        }
        Some(Inverse { size, values: out })
    }

    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.size..(row + 1) * self.size]
    }

    /// The product with a vector.
    pub fn times(&self, vector: &[f64]) -> Vec<f64> {
        (0..self.size).map(|row| self.row(row).iter().zip(vector).map(|(a, b)| a * b).sum()).collect()
    }

    /// The product of a row vector with it.
    pub fn left_times(&self, vector: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.size];
        for (row, &factor) in vector.iter().enumerate().filter(|(_, factor)| **factor != 0.0) {
            out.iter_mut().zip(self.row(row)).for_each(|(out, value)| *out += factor * value);
        }
        out
    }

    /// The inverse once a column of the matrix is replaced by another, of which `image` is the product with this inverse.
    pub fn replace(&mut self, column: usize, image: &[f64]) {
        let size = self.size;
        scale_row(&mut self.values, size, column, 1.0 / image[column]);
        for (row, &share) in image.iter().enumerate().filter(|(row, share)| *row != column && **share != 0.0) {
            subtract_row(&mut self.values, size, row, column, share);
        }
    }
}

fn swap_rows(matrix: &mut [f64], size: usize, a: usize, b: usize) {
    if a != b {
        (0..size).for_each(|column| matrix.swap(a * size + column, b * size + column));
    }
}

fn scale_row(matrix: &mut [f64], size: usize, row: usize, factor: f64) {
    matrix[row * size..(row + 1) * size].iter_mut().for_each(|value| *value *= factor);
}

/// `row −= share · other`.
fn subtract_row(matrix: &mut [f64], size: usize, row: usize, other: usize, share: f64) {
    let (row, other) = (row * size, other * size);
    let (begin, end) = matrix.split_at_mut(row.max(other));
    let (row, other) = if row < other {
        (&mut begin[row..row + size], &end[..size])
    } else {
        (&mut end[..size], &begin[other..other + size])
    };
    row.iter_mut().zip(other).for_each(|(value, other)| *value -= share * other);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacing_a_column_is_inverting_anew() {
        let mut columns = vec![vec![2.0, 0.0, 1.0], vec![1.0, -3.0, 0.0], vec![0.0, 1.0, 1.0]];
        let mut inverse = Inverse::of(&columns).unwrap();
        let new = vec![1.0, 1.0, 4.0];
        inverse.replace(1, &inverse.clone().times(&new));
        columns[1] = new;
        let again = Inverse::of(&columns).unwrap();
        assert!(inverse.values.iter().zip(&again.values).all(|(a, b)| (a - b).abs() < 1e-14));
        assert!(Inverse::of(&[vec![1.0, 2.0], vec![2.0, 4.0]]).is_none());
    }

    #[test]
    fn logical_columns_of_a_basis_need_no_inverting() {
        let structural = [vec![2.0, 0.5, 0.0, 1.0], vec![1.0, -3.0, 4.0, 0.0]];
        let unit = |row: usize| (0..4).map(|at| if at == row { -1.0 } else { 0.0 }).collect::<Vec<f64>>();
        let columns = [unit(2), structural[0].clone(), unit(0), structural[1].clone()];
        let basis = [
            BasisColumn::Logical(2),
            BasisColumn::Structural(structural[0].clone()),
            BasisColumn::Logical(0),
            BasisColumn::Structural(structural[1].clone()),
        ];
        let (whole, parts) = (Inverse::of(&columns).unwrap(), Inverse::of_basis(&basis).unwrap());
        assert!(whole.values.iter().zip(&parts.values).all(|(a, b)| (a - b).abs() < 1e-14));
        assert!(Inverse::of_basis(&[BasisColumn::Logical(0), BasisColumn::Logical(0)]).is_none());
    }
}
