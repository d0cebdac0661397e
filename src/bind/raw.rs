//! The predictions as they were handed in, which rows read as `raw(..)`.
//!
//! They are a column like others where they are known when the data are encoded: a column of the table, or a vector beside
//! it. In training they come with each batch. Then what factors read beside them is kept, and [`Encoded::with_raw`] makes
//! of some samples and their predictions data of their own, in which the factors have their values.

use super::encoded::{Encoded, FactorValues, Lines};
use super::error::BindError;
use super::formula::Scope;
use super::inputs::Inputs;
use super::offenders::{Offenders, Place};
use super::tally::Samples;

impl Encoded {
    /// Whether rows read predictions that come with each batch, so that [`Encoded::with_raw`] has to be asked for it.
    pub fn wants_raw(&self) -> bool {
        self.inputs.is_pending()
    }

    /// Fails where it does.
    pub(super) fn has_raw(&self) -> Result<(), BindError> {
        if self.inputs.is_pending() { Err(BindError::RawMissing) } else { Ok(()) }
    }

    /// The samples of a batch as data of their own, with their predictions as they were handed in.
    ///
    /// # Errors
    /// Another number of predictions, samples that are not there, and factors without a finite value where a row needs one.
    pub fn with_raw(&self, samples: &Samples, predictions: &[f64]) -> Result<Encoded, Vec<BindError>> {
        samples.check(self.n()).map_err(|error| vec![error])?;
        if let Some((relation, ..)) = self.pairs_left().next() {
            let why = "raw predictions come with each batch here";
            return Err(vec![BindError::RelationRefused { relation: relation.to_owned(), why }]);
        }
        let cell = samples.gather(&self.cell);
        let (n, raw) = (cell.len(), self.plan.raw.filter(|_| self.inputs.is_pending()));
        if predictions.len() != n {
            return Err(vec![BindError::RawCount { found: predictions.len(), rows: n }]);
        }
        let weight = self.weight.as_ref().map(|weight| samples.gather(weight));
        let columns =
            raw.map(|raw| self.inputs.gathered(&|all| samples.gather(all), raw, predictions)).unwrap_or_default();
        let mut errors = Vec::new();
        let factors = self.factors.iter().enumerate().map(|(index, values)| match values {
            FactorValues::ByCell(values) => FactorValues::ByCell(values.clone()),
            FactorValues::BySample(values) if raw.is_none() || !self.plan.is_raw(index) => {
                FactorValues::BySample(samples.gather(values))
            }
            FactorValues::BySample(_) => {
                let formula = &self.plan.factors[index].formula;
                let value = |row| formula.value(&Scope { columns: &columns, row, ..Scope::default() });
                let mut values: Vec<f64> = (0..n).map(value).collect();
                let weightless = |row: usize| weight.as_ref().is_some_and(|weight| weight[row] == 0.0);
                errors.extend(self.wild(index, &values, &cell, samples, &weightless));
                values.iter_mut().filter(|value| !value.is_finite()).for_each(|value| *value = 0.0);
                FactorValues::BySample(values)
            }
        });
        let factors = factors.collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Encoded {
            factors,
            events: self.events.clone(),
            references: self.references.clone(),
            inputs: Inputs::whole(columns),
            weight,
            prediction: None,
            lines: Lines::default(),
            file: self.file.clone(),
            plan: self.plan.clone(),
            unplaced: Vec::new(),
            pairs: Vec::new(),
            cell,
        })
    }

    /// The numbers of a column that was kept beside raw predictions, or of these.
    pub(super) fn input(&self, header: &str) -> Option<&[f64]> {
        self.inputs.of_column(&self.plan, self.n(), header)
    }

    /// The values of a factor that are no finite numbers, where a row needs them.
    fn wild(
        &self,
        factor: usize,
        values: &[f64],
        cell: &[u32],
        samples: &Samples,
        weightless: &dyn Fn(usize) -> bool,
    ) -> Option<BindError> {
        let planned = &self.plan.factors[factor];
        let mut found: Option<(Offenders, usize)> = None;
        for (row, value) in values.iter().enumerate().filter(|(row, value)| !value.is_finite() && !weightless(*row)) {
            let events = &self.events[cell[row] as usize];
            let Some(event) = planned.needed.iter().copied().find(|&event| events.get(event)) else { continue };
            let (offenders, _) = found.get_or_insert_with(|| (Offenders::new(&self.file, &planned.text), event));
            let row = samples.sample(row);
            let value = crate::data::Shortest(*value).to_string();
            offenders.add(|| Place { file: None, line: self.line(row), row, value });
        }
        let (at, event) = found?;
        Some(BindError::NotFinite { at: Box::new(at), event: format!("`{}`", self.plan.event_texts[event]) })
    }
}
