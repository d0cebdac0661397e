//! Predictions of a trained network, batch by batch, raw and fair.

use std::sync::Arc;

use tch::{Kind, Tensor, nn};

use super::error::{LayerError, TrainError};
use super::evaluate::{Evaluation, Gap, accuracy, auc};
use super::layer::FairLayer;
use super::run::{LossFn, Options, TrainData, gather};
use crate::bind::{RowStatus, Samples};
use crate::runtime::project::{OnInfeasible, Settings};

/// Samples that the network takes at once.
const CHUNK: usize = 1 << 14;

/// The network's own output, without gradients.
///
/// # Errors
/// libtorch refuses.
pub fn raw(model: &dyn nn::Module, features: &Tensor) -> Result<Tensor, TrainError> {
    let rows = features.size().first().copied().unwrap_or(0);
    tch::no_grad(|| {
        let mut parts = Vec::new();
        for start in (0..rows).step_by(CHUNK) {
            let len = (rows - start).min(CHUNK as i64);
            parts.push(model.forward(&features.f_narrow(0, start, len)?));
        }
        if parts.is_empty() {
            Ok(features.f_new_zeros([0], (features.kind(), features.device()))?)
        } else {
            Ok(Tensor::f_cat(&parts, 0)?)
        }
    })
}

/// What the predictions of some samples are worth: projected if the mode says so, `evaluation_batch` at a time.
///
/// # Errors
/// As the layer's.
pub fn evaluate(
    model: &dyn nn::Module,
    data: &TrainData<'_>,
    options: &Options,
    samples: &[u32],
    loss: &LossFn<'_>,
) -> Result<Evaluation, TrainError> {
    let (x, target) = gather(data, samples)?;
    let z = raw(model, &x)?;
    let mut evaluation = Evaluation { samples: samples.len(), ..Evaluation::default() };
    let size = if options.evaluation_batch == 0 { samples.len() } else { options.evaluation_batch }.max(1);
    let on_infeasible = if options.relax { OnInfeasible::Relax } else { OnInfeasible::Error };
    let settings = Settings { on_infeasible, ..Settings::default() };
    let layer = FairLayer::new(data.program, data.encoded, data.params.clone()).with_settings(settings);
    let mut fair = Vec::new();
    for (index, part) in samples.chunks(size).enumerate() {
        let z = z.f_narrow(0, (index * size) as i64, part.len() as i64)?;
        let batch = Samples::Rows(part);
        let (y, bound) = if options.mode.projects() {
            let fair = layer.forward(&z, &batch)?;
            (fair.y, fair.bound)
        } else {
            let bound = match data.encoded.wants_raw() {
                true => {
                    let own = data.encoded.with_raw(&batch, &numbers(&z)?);
                    own.and_then(|own| own.bind_convex(&data.params, &Samples::All))
                }
                false => data.encoded.bind_convex(&data.params, &batch),
            };
            let bound = bound.map_err(LayerError::Bind)?;
            (z.shallow_clone(), Arc::new(bound))
        };
        evaluation.skipped += bound.rows.iter().filter(|row| matches!(row.status, RowStatus::Skipped(_))).count();
        evaluation.gap = Gap::worse(evaluation.gap, Gap::of(&bound, &numbers(&y)?));
        evaluation.raw_gap = Gap::worse(evaluation.raw_gap, Gap::of(&bound, &numbers(&z)?));
        fair.push(y);
    }
    let y = if fair.is_empty() { z.shallow_clone() } else { Tensor::f_cat(&fair, 0)? };
    evaluation.loss = tch::no_grad(|| loss(&y, &target)).f_double_value(&[])?;
    evaluation.raw_loss = tch::no_grad(|| loss(&z, &target)).f_double_value(&[])?;
    let (y, target) = (numbers(&y)?, numbers(&target)?);
    if target.iter().all(|&value| value == 0.0 || value == 1.0) {
        evaluation.accuracy = Some(accuracy(&y, &target));
        evaluation.auc = auc(&y, &target);
    }
    Ok(evaluation)
}

/// The numbers of a tensor, in double precision.
///
/// # Errors
/// libtorch refuses.
pub fn numbers(tensor: &Tensor) -> Result<Vec<f64>, TrainError> {
    let flat = tensor.f_detach()?.f_to_kind(Kind::Double)?.f_reshape([-1])?;
    let mut numbers = vec![0.0; flat.numel()];
    flat.f_copy_data(&mut numbers, flat.numel())?;
    Ok(numbers)
}
