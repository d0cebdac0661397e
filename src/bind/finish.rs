//! The end of encoding: codes become cells, and pairs are joined with the data.

use super::encode::{Arrays, Encoder};
use super::encoded::{Encoded, FactorValues};
use super::error::BindError;
use super::pairs::join;

impl Encoder {
    /// The encoded data set.
    ///
    /// # Errors
    /// All faults of all columns.
    pub fn finish(self) -> Result<Encoded, Vec<BindError>> {
        Ok(self.finish_one()?.0)
    }

    /// The encoded data set, and the encoder for another table with the same columns: what was planned for one batch need
    /// not be planned again for the next.
    ///
    /// # Errors
    /// As [`Encoder::finish`].
    pub fn finish_one(mut self) -> Result<(Encoded, Encoder), Vec<BindError>> {
        let (prediction, mut errors) = self.take_errors();
        errors.extend(self.raw.as_ref().and_then(|(_, source)| source.counted(self.out.cell.len())));
        if !errors.is_empty() {
            return Err(errors);
        }
        let pairs = match &self.join {
            Some(joined) => join(&self, joined)?,
            None => Vec::new(),
        };
        self.kept.clear();
        let Arrays { mut cell, factors, weight, lines, inputs } = self.take_arrays();
        self.cells.refresh(&self.tuples, &self.plan);
        cell.iter_mut().for_each(|slot| *slot = self.cells.of_tuple[*slot as usize]);
        let factors = factors.into_iter().zip(&self.cells.values).map(|(values, by_cell)| match by_cell {
            Some(values) => FactorValues::ByCell(values.clone()),
            None => FactorValues::BySample(values),
        });
        let encoded = Encoded {
            factors: factors.collect(),
            events: self.cells.events.clone(),
            references: None,
            cell,
            weight: (!weight.is_empty()).then_some(weight),
            prediction,
            inputs,
            lines,
            file: self.file.clone(),
            plan: self.plan.clone(),
            unplaced: self.unplaced(),
            pairs,
        };
        Ok((encoded, self))
    }
}
