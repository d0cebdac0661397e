//! What rows come to, and how large the numbers are that their values are summed from.

use super::{Factor, Problem, ProblemError, Sum, check};

/// Share of its magnitude that the value of a row may be wrong by, some 450 times the distance of neighbouring doubles: sums are
/// compensated, but coefficients and sides are rounded too.
pub const ROUNDING: f64 = 1e-13;

/// What each row comes to for some predictions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowValues {
    /// `Σ a_i · y_i`, as [`Problem::activity`] has it.
    pub values: Vec<f64>,
    /// `Σ |a_i · y_i|`: what the rounding of the value is relative to, whatever cancels.
    pub magnitudes: Vec<f64>,
}

impl Problem {
    /// The values of the rows and their magnitudes, in one pass over the predictions `y`, in sample order.
    ///
    /// # Errors
    /// `y` has another length than there are samples.
    pub fn row_values(&self, y: &[f64]) -> Result<RowValues, ProblemError> {
        let slots: Vec<Summed> = self.by_slot(y)?;
        let (sums, sizes): (Vec<f64>, Vec<f64>) = slots.iter().map(|slot| (slot.sum.value(), slot.size)).unzip();
        Ok(RowValues { values: self.values_of(&sums), magnitudes: self.over_slots(&sizes) })
    }

    /// The same of sums that are known: `Σ φ·y` of each factor, the constant 1 first, of each cell, and their sizes; cell by cell.
    ///
    /// # Errors
    /// There are not as many as cells and factors.
    pub fn rows_of_sums(&self, sums: &[f64], sizes: &[f64]) -> Result<RowValues, ProblemError> {
        check::length("sums", sums.len(), self.slots())?;
        check::length("sizes", sizes.len(), self.slots())?;
        Ok(RowValues { values: self.values_of(sums), magnitudes: self.over_slots(sizes) })
    }

    /// `A y`, for `y` in sample order, summed in blocks so that the error stays near one rounding of the largest sum.
    ///
    /// # Errors
    /// If the length of `y` is not `n`.
    pub fn activity(&self, y: &[f64]) -> Result<Vec<f64>, ProblemError> {
        let slots: Vec<Sum> = self.by_slot(y)?;
        let sums: Vec<f64> = slots.into_iter().map(Sum::value).collect();
        Ok(self.values_of(&sums))
    }

    /// What is made of the products of each factor with the predictions of each cell.
    fn by_slot<S: FromIterator<f64>>(&self, y: &[f64]) -> Result<Vec<S>, ProblemError> {
        check::length("y", y.len(), self.n())?;
        let grouped = self.grouping.group(y);
        let mut slots = Vec::with_capacity(self.slots());
        for cell in 0..self.cells() {
            let own = grouped.get(self.grouping.range(cell)).unwrap_or_default();
            slots.extend(self.factors.iter().map(|factor| match factor {
                Factor::One => own.iter().copied().collect::<S>(),
                Factor::Data(phi) => {
                    let phi = phi.get(self.grouping.range(cell)).unwrap_or_default();
                    own.iter().zip(phi).map(|(y, p)| y * p).collect()
                }
            }));
        }
        Ok(slots)
    }

    fn values_of(&self, sums: &[f64]) -> Vec<f64> {
        let value = |row| self.rows.row(row).map(|(slot, a)| a * slot_of(sums, slot)).collect::<Sum>().value();
        (0..self.rows()).map(value).collect()
    }

    /// The magnitude of each row for predictions of one size: `size · Σ |a_i|`.
    pub fn magnitude_of(&self, size: f64) -> Vec<f64> {
        let slots = (0..self.cells()).flat_map(|cell| self.factors.iter().map(move |factor| (cell, factor)));
        let sizes: Vec<f64> = slots.map(|(cell, factor)| size * self.moments(cell, factor).1).collect();
        self.over_slots(&sizes)
    }

    fn over_slots(&self, sizes: &[f64]) -> Vec<f64> {
        let row = |row| self.rows.row(row).map(|(slot, a)| a.abs() * slot_of(sizes, slot)).sum();
        (0..self.rows()).map(row).collect()
    }
}

fn slot_of(numbers: &[f64], slot: usize) -> f64 {
    numbers.get(slot).copied().unwrap_or(0.0)
}

/// A sum, and that of the sizes, of which no digit matters.
struct Summed {
    sum: Sum,
    size: f64,
}

impl FromIterator<f64> for Summed {
    fn from_iter<I: IntoIterator<Item = f64>>(products: I) -> Summed {
        products.into_iter().fold(Summed { sum: Sum::default(), size: 0.0 }, |Summed { mut sum, size }, product| {
            sum.add(product);
            Summed { sum, size: size + product.abs() }
        })
    }
}
