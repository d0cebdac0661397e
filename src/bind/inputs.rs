//! Where predictions come from as they were handed in, and what factors read beside them.

use std::sync::Arc;

use super::columns::At;
use super::error::BindError;
use super::offenders::Offenders;
use super::plan::{EncodeOptions, Plan, Raw};

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

    /// The numbers of a column, one for each of `n` samples, if they were kept.
    pub(super) fn of_column(&self, plan: &Plan, n: usize, header: &str) -> Option<&[f64]> {
        let place = plan.columns.iter().position(|column| column.header == header)?;
        let values = self.columns.get(place)?.as_deref()?;
        (!self.pending && values.len() == n).then_some(values)
    }

    /// What each column is of a part of the samples, which `gather` takes; in the place of the predictions these.
    pub(super) fn gathered(
        &self,
        gather: &dyn Fn(&[f64]) -> Vec<f64>,
        raw: usize,
        predictions: &[f64],
    ) -> Vec<Vec<f64>> {
        let column = |(index, kept): (usize, &Option<Vec<f64>>)| match kept {
            _ if index == raw => predictions.to_vec(),
            Some(kept) => gather(kept),
            None => Vec::new(),
        };
        self.columns.iter().enumerate().map(column).collect()
    }

    /// With predictions that have come.
    pub(super) fn whole(columns: Vec<Vec<f64>>) -> Inputs {
        Inputs { pending: false, columns: columns.into_iter().map(Some).collect() }
    }

    /// Whether predictions are still to come.
    pub(super) fn is_pending(&self) -> bool {
        self.pending
    }
}
