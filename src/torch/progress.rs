//! How far a run has come: the sums of the present epoch, the record of those before, and the best weights.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};

use super::checkpoint::Checkpoint;
use super::error::TrainError;
use super::evaluate::Evaluation;
use super::layer::Fair;
use super::optimiser::Optimiser;
use super::schedule::Plateau;
use crate::bind::RowStatus;
use crate::runtime::project::Status;

/// One epoch, as a line of the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// From 0.
    pub epoch: u64,
    /// The learning rate.
    pub rate: f64,
    pub train: TrainRecord,
    /// On the validation part; on the training part where there is none.
    pub valid: Evaluation,
    /// The lowest validation loss so far is this epoch's.
    pub best: bool,
}

/// The training part of an epoch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainRecord {
    /// Mean over the samples, each before its step.
    pub loss: f64,
    pub samples: usize,
    pub steps: usize,
    /// Rows that took no part in a batch, for lack of samples: rows times batches.
    pub skipped: usize,
    /// Batches that no predictions satisfied and that were relaxed.
    pub relaxed: usize,
    /// With the layer: predictions strictly between their bounds, the ones that a gradient passes through.
    #[serde(default)]
    pub free: usize,
    /// Largest violation of a row in a batch, of the layer's returned numbers.
    pub violation: f64,
    /// Largest violation of a bound, likewise.
    pub outside: f64,
    /// Time in steps.
    pub seconds: f64,
}

/// Where a run stands.
#[derive(Debug, Serialize, Deserialize)]
pub struct Progress {
    /// The present epoch, from 0.
    pub epoch: u64,
    /// Steps done in it.
    pub step: usize,
    pub finished: bool,
    pub schedule: Plateau,
    pub history: Vec<Record>,
    sums: TrainRecord,
    #[serde(skip)]
    best: BTreeMap<String, Tensor>,
}

impl Progress {
    pub(super) fn new(schedule: Plateau) -> Progress {
        Progress {
            epoch: 0,
            step: 0,
            finished: false,
            schedule,
            history: Vec::new(),
            sums: TrainRecord::default(),
            best: BTreeMap::new(),
        }
    }

    /// The epoch with the lowest validation loss.
    pub fn best(&self) -> Option<&Record> {
        self.history.iter().rev().find(|record| record.best)
    }

    /// Epochs in which the layer passed no gradient.
    pub(super) fn epochs_without_gradient(&self) -> usize {
        self.history.iter().filter(|record| record.train.free == 0).count()
    }

    pub(super) fn add(&mut self, loss: f64, samples: usize, seconds: f64) {
        self.sums.loss += loss * samples as f64;
        self.sums.samples += samples;
        self.sums.seconds += seconds;
        self.sums.steps += 1;
        self.step += 1;
    }

    pub(super) fn note_projection(&mut self, fair: &Fair) {
        self.sums.skipped += fair.bound.rows.iter().filter(|row| matches!(row.status, RowStatus::Skipped(_))).count();
        self.sums.relaxed += usize::from(matches!(fair.status, Status::Relaxed(_)));
        self.sums.free += fair.free;
        self.sums.violation = self.sums.violation.max(fair.certificate.row_violation);
        self.sums.outside = self.sums.outside.max(fair.certificate.bound_violation);
    }

    /// Ends the epoch.
    pub(super) fn close(&mut self, rate: f64, valid: Evaluation, schedule: &Plateau) -> Record {
        let mut train = std::mem::take(&mut self.sums);
        train.loss /= train.samples.max(1) as f64;
        let best = schedule.best.is_some_and(|(_, epoch)| epoch == self.epoch);
        let record = Record { epoch: self.epoch, rate, train, valid, best };
        self.history.push(record.clone());
        self.schedule = schedule.clone();
        self.epoch += 1;
        self.step = 0;
        record
    }

    pub(super) fn keep_best(&mut self, store: &nn::VarStore) -> Result<(), TrainError> {
        self.best = variables(store)?;
        Ok(())
    }

    /// Gives the variables the values of the best epoch; leaves them where no epoch had a finite loss.
    pub(super) fn restore_best(&self, store: &nn::VarStore) -> Result<(), TrainError> {
        if self.best.is_empty() { Ok(()) } else { set_variables(store, &self.best) }
    }

    pub(super) fn checkpoint(
        &self,
        store: &nn::VarStore,
        optimiser: &dyn Optimiser,
        identity: serde_json::Value,
    ) -> Result<Checkpoint, TrainError> {
        let state = serde_json::to_value(self).map_err(|error| TrainError::Damaged { what: error.to_string() })?;
        let mut checkpoint = Checkpoint { identity, state, ..Checkpoint::default() };
        checkpoint.add("model/", variables(store)?);
        checkpoint.add("optimiser/", optimiser.state());
        let best = self.best.iter().map(|(name, tensor)| (name.clone(), tensor.shallow_clone()));
        checkpoint.add("best/", best.collect());
        Ok(checkpoint)
    }

    /// Takes up a run: gives variables and optimiser their state, and says where the run stood.
    ///
    /// # Errors
    /// A tensor is missing or has another shape.
    pub fn resume(
        checkpoint: &Checkpoint,
        store: &nn::VarStore,
        optimiser: &mut dyn Optimiser,
    ) -> Result<Progress, TrainError> {
        let damaged =
            |error: serde_json::Error| TrainError::Damaged { what: format!("the checkpoint's state: {error}") };
        let mut progress: Progress = serde_json::from_value(checkpoint.state.clone()).map_err(damaged)?;
        set_variables(store, &checkpoint.part("model/"))?;
        optimiser.restore(&checkpoint.part("optimiser/"))?;
        progress.best = checkpoint.part("best/");
        Ok(progress)
    }
}

/// Copies of the variables of a store.
///
/// # Errors
/// libtorch refuses.
pub fn variables(store: &nn::VarStore) -> Result<BTreeMap<String, Tensor>, TrainError> {
    let named = store.variables().into_iter();
    named.map(|(name, tensor)| Ok((name, tensor.f_detach()?.f_to_device(tch::Device::Cpu)?.copy()))).collect()
}

/// Gives the variables of a store these values.
///
/// # Errors
/// A variable has no value, or one of another shape.
pub fn set_variables(store: &nn::VarStore, values: &BTreeMap<String, Tensor>) -> Result<(), TrainError> {
    for (name, mut variable) in store.variables() {
        let fits = |value: &&Tensor| value.size() == variable.size();
        let value = values.get(&name).filter(fits).ok_or_else(|| TrainError::Damaged {
            what: format!("the model's `{name}` is missing or has another shape"),
        })?;
        tch::no_grad(|| variable.f_copy_(value))?;
    }
    Ok(())
}
