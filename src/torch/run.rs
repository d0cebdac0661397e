//! What a training run is made of: its data, its options, and how the constraints take part.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::batches::{Sampling, Split};
use super::error::TrainError;
use crate::bind::{Encoded, Params};
use crate::language::program::Program;

/// How the constraints take part in training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The layer stands behind the network in training and after.
    #[default]
    Layer,
    /// Training knows nothing of the constraints; predictions are projected when given out.
    ProjectAfter,
    /// This weight times the sum of the rows' violations is added to the loss; predictions are not projected.
    Penalty(f64),
    /// No constraints.
    None,
}

impl Mode {
    /// Whether predictions are projected when they are given out.
    pub fn projects(self) -> bool {
        matches!(self, Mode::Layer | Mode::ProjectAfter)
    }
}

/// A data set as the trainer reads it.
#[derive(Debug)]
pub struct TrainData<'a> {
    /// `[n, width]`.
    pub features: Tensor,
    /// `[n]`.
    pub target: Tensor,
    pub program: &'a Program,
    pub encoded: &'a Encoded,
    pub params: Params,
    pub split: Split,
}

/// What a run depends on besides network, optimiser and schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Options {
    pub epochs: u64,
    pub batch: usize,
    /// Samples projected together when evaluating; 0 for all of a part at once.
    pub evaluation_batch: usize,
    pub sampling: Sampling,
    pub seed: u64,
    pub mode: Mode,
    /// In the layer's mode, this weight times the loss of the network's own output is added to the loss.
    pub own_loss: f64,
    /// Take the point of least violation where a batch is infeasible, and count it, instead of ending.
    pub relax: bool,
}

/// The mean loss of predictions and targets.
pub type LossFn<'a> = Box<dyn Fn(&Tensor, &Tensor) -> Tensor + 'a>;

/// The features and targets of some samples.
pub(super) fn gather(data: &TrainData<'_>, samples: &[u32]) -> Result<(Tensor, Tensor), TrainError> {
    let index: Vec<i64> = samples.iter().map(|&sample| i64::from(sample)).collect();
    let index = Tensor::f_from_slice(&index)?.f_to_device(data.features.device())?;
    Ok((data.features.f_index_select(0, &index)?, data.target.f_index_select(0, &index)?))
}
