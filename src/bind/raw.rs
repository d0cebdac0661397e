//! The predictions as they were handed in, which rows read as `raw(..)`.
//!
//! They are a column like others where they are known when the data are encoded: a column of the table, or a vector beside
//! it. In training they come with each batch. Then what factors read beside them is kept, and [`Encoded::with_raw`] makes
//! of some samples and their predictions data of their own, in which the factors have their values.

use std::sync::Arc;

use super::columns::At;
use super::encoded::{Encoded, FactorValues, Lines};
use super::error::{BindError, Offenders, Place};
use super::formula::Scope;
use super::plan::{EncodeOptions, Plan, Raw};
use super::tally::Samples;

/// Where they come from, if not from a column that is read for them.
#[derive(Debug)]
pub(super) enum RawSource {
    /// The column of predictions, which another reader reads.
    Predictions,
    Values {
        values: Arc<[f64]>,
        wrong: Offenders,
    },
    /// Each batch brings them.
    Later,
}

impl RawSource {
    pub(super) fn of(options: &EncodeOptions, file: &str) -> Option<RawSource> {
        match &options.raw {
            Raw::Column(header) if options.prediction.as_ref() == Some(header) => Some(RawSource::Predictions),
            Raw::Unknown | Raw::Column(_) => None,
            Raw::Values(values) => {
                let wrong = Offenders::new(file, "raw");
                Some(RawSource::Values { values: values.clone(), wrong })
            }
            Raw::ByBatch => Some(RawSource::Later),
        }
    }

    /// Those of the next rows, behind the `before` that were read; `predictions` end with theirs.
    pub(super) fn next(&mut self, rows: usize, before: usize, predictions: &[f64], at: &At) -> Vec<f64> {
        match self {
            RawSource::Predictions => predictions[predictions.len().saturating_sub(rows)..].to_vec(),
            RawSource::Values { values, wrong } => {
                // Too few are told at the end.
                let value = |row: usize| values.get(before + row).copied();
                let list: Vec<f64> = (0..rows).map(|row| value(row).unwrap_or(0.0)).collect();
                let infinite = list.iter().enumerate().filter(|(_, value)| !value.is_finite());
                infinite.for_each(|(row, value)| wrong.add(|| at.place(row, value)));
                list
            }
            RawSource::Later => vec![0.0; rows],
        }
    }

    /// Whether there is one for each of these rows.
    pub(super) fn counted(&self, rows: usize) -> Option<BindError> {
        match self {
            RawSource::Values { values, .. } if values.len() != rows => {
                Some(BindError::RawCount { found: values.len(), rows })
            }
            RawSource::Values { .. } | RawSource::Predictions | RawSource::Later => None,
        }
    }

    pub(super) fn take_error(&mut self) -> Option<BindError> {
        let RawSource::Values { wrong, .. } = self else { return None };
        if wrong.count == 0 {
            return None;
        }
        let new = Offenders::new(&wrong.file, &wrong.column);
        Some(BindError::Prediction { at: Box::new(std::mem::replace(wrong, new)) })
    }
}

/// What factors read beside predictions that come with each batch: by column of the plan, its numbers, where such a factor
/// reads them.
#[derive(Clone, Debug, Default)]
pub(super) struct Inputs {
    /// The predictions are still to come.
    pending: bool,
    columns: Vec<Option<Vec<f64>>>,
}

impl Inputs {
    pub(super) fn of(plan: &Plan, by_batch: bool) -> Inputs {
        let Some(raw) = plan.raw.filter(|_| by_batch) else { return Inputs::default() };
        let mut columns = vec![None; plan.columns.len()];
        for (index, factor) in plan.factors.iter().enumerate() {
            for &column in factor.columns.iter().filter(|column| plan.is_raw(index) && **column != raw) {
                columns[column] = Some(Vec::new());
            }
        }
        Inputs { pending: true, columns }
    }

    pub(super) fn emptied(&self) -> Inputs {
        let columns = self.columns.iter().map(|column| column.as_ref().map(|_| Vec::new())).collect();
        Inputs { pending: self.pending, columns }
    }

    pub(super) fn keep(&mut self, values: &[Vec<f64>]) {
        for (kept, values) in self.columns.iter_mut().zip(values) {
            if let Some(kept) = kept {
                kept.extend_from_slice(values);
            }
        }
    }

    /// The numbers of a column, one for each sample, if they were kept.
    pub(super) fn of_column(&self, encoded: &Encoded, header: &str) -> Option<&[f64]> {
        let place = encoded.plan.columns.iter().position(|column| column.header == header)?;
        let values = self.columns.get(place)?.as_deref()?;
        (!self.pending && values.len() == encoded.n()).then_some(values)
    }

    /// Those of some samples, and the predictions in their place.
    fn gathered(&self, samples: &Samples, raw: usize, predictions: &[f64]) -> Vec<Vec<f64>> {
        let column = |(index, kept): (usize, &Option<Vec<f64>>)| match kept {
            _ if index == raw => predictions.to_vec(),
            Some(kept) => samples.gather(kept),
            None => Vec::new(),
        };
        self.columns.iter().enumerate().map(column).collect()
    }
}

impl Encoded {
    /// Whether rows read predictions that come with each batch, so that [`Encoded::with_raw`] has to be asked for it.
    pub fn wants_raw(&self) -> bool {
        self.inputs.pending
    }

    /// Fails where it does.
    pub(super) fn has_raw(&self) -> Result<(), BindError> {
        if self.inputs.pending { Err(BindError::RawMissing) } else { Ok(()) }
    }

    /// The samples of a batch as data of their own, with their predictions as they were handed in.
    ///
    /// # Errors
    /// Another number of predictions, samples that are not there, and factors without a finite value where a row needs one.
    pub fn with_raw(&self, samples: &Samples, predictions: &[f64]) -> Result<Encoded, Vec<BindError>> {
        samples.check(self.n()).map_err(|error| vec![error])?;
        let cell = samples.gather(&self.cell);
        let (n, raw) = (cell.len(), self.plan.raw.filter(|_| self.inputs.pending));
        if predictions.len() != n {
            return Err(vec![BindError::RawCount { found: predictions.len(), rows: n }]);
        }
        let weight = self.weight.as_ref().map(|weight| samples.gather(weight));
        let columns = raw.map(|raw| self.inputs.gathered(samples, raw, predictions)).unwrap_or_default();
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
            inputs: Inputs { pending: false, columns: columns.into_iter().map(Some).collect() },
            weight,
            prediction: None,
            lines: Lines::default(),
            file: self.file.clone(),
            plan: self.plan.clone(),
            unplaced: Vec::new(),
            cell,
        })
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
            offenders.add(|| Place { line: self.line(row), row, value });
        }
        let (at, event) = found?;
        Some(BindError::NotFinite { at: Box::new(at), event: format!("`{}`", self.plan.event_texts[event]) })
    }
}
