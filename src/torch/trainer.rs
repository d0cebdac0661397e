//! The training loop: any network, optimiser, loss and schedule, with the constraints in it or beside it.
//!
//! ```text
//! epoch ─batches(seed, epoch)→ step: z = model(x) ─mode→ ŷ ─loss→ backward → optimiser
//!   └── evaluate on the validation part → schedule → best weights, checkpoint, history
//! ```
//!
//! A run is a function of its data, seed and settings. A checkpoint holds everything the next step depends on, so a run
//! that is killed and resumed ends with the same bits.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tch::{Kind, Tensor, nn};

use super::batches::epoch;
use super::error::{LayerError, TrainError};
use super::layer::FairLayer;
use super::optimiser::Optimiser;
use super::progress::{Progress, Record};
use super::run::{LossFn, Mode, Options, TrainData, gather};
use super::schedule::Plateau;
use crate::bind::Samples;
use crate::runtime::problem::Problem;
use crate::runtime::project::{OnInfeasible, Settings};

/// Between checkpoints at the ends of epochs: short epochs need not wait for the disk. What is lost is computed again.
const AT_MOST_EVERY: Duration = Duration::from_secs(2);

/// What a caller is told while training goes on.
#[derive(Debug)]
pub enum Event<'a> {
    /// A step is done: epoch from 0, steps done in it, steps in it.
    Step { epoch: u64, step: usize, steps: usize, loss: f64 },
    /// An epoch is done.
    Epoch(&'a Record),
    /// In this epoch every prediction of the layer was at a bound, where it has no derivative: the network has learned
    /// nothing, and will not from where it stands. Told once, and not where [`Options::own_loss`] teaches it all the same.
    NoGradient { epoch: u64 },
}

/// Told of every step and epoch; an answer of `false` ends training after what is being done.
pub type Watch<'a> = Box<dyn FnMut(&Event<'_>) -> bool + 'a>;

/// Trains a network.
pub struct Trainer<'a> {
    pub model: &'a dyn nn::Module,
    /// The variables of the model, which end as those of the best epoch.
    pub store: &'a nn::VarStore,
    pub data: &'a TrainData<'a>,
    pub loss: LossFn<'a>,
    pub optimiser: Box<dyn Optimiser + 'a>,
    pub schedule: Plateau,
    pub options: Options,
    pub watch: Watch<'a>,
    /// Where to save, how often within an epoch (0: at its end alone), and what a resumed run must have in common.
    pub checkpoint: Option<(PathBuf, usize, serde_json::Value)>,
}

impl<'a> Trainer<'a> {
    /// Trains from the start, or from `progress`; the variables end as those of the best epoch.
    ///
    /// # Errors
    /// A batch that the layer refuses, a loss that is not finite, a checkpoint that cannot be written.
    pub fn run(&mut self, progress: Option<Progress>) -> Result<Progress, TrainError> {
        if self.data.split.train.is_empty() {
            return Err(TrainError::NoSamples);
        }
        let mut progress = match progress {
            Some(progress) => {
                self.schedule = progress.schedule.clone();
                progress
            }
            None => Progress::new(self.schedule.clone()),
        };
        let layer = self.layer();
        let mut saved = Instant::now();
        while !progress.finished && progress.epoch < self.options.epochs {
            let going = self.epoch(&layer, &mut progress)?;
            progress.finished |= progress.epoch >= self.options.epochs;
            if !going || progress.finished || saved.elapsed() >= AT_MOST_EVERY {
                self.save(&progress)?;
                saved = Instant::now();
            }
            if !going {
                break;
            }
        }
        progress.restore_best(self.store)?;
        Ok(progress)
    }

    fn layer(&self) -> FairLayer<'a> {
        let data = self.data;
        let on_infeasible = if self.options.relax { OnInfeasible::Relax } else { OnInfeasible::Error };
        let settings = Settings { on_infeasible, ..Settings::default() };
        FairLayer::new(data.program, data.encoded, data.params.clone()).with_settings(settings)
    }

    /// One epoch from where it stands; false if the caller wants to end.
    fn epoch(&mut self, layer: &FairLayer<'_>, progress: &mut Progress) -> Result<bool, TrainError> {
        let Options { batch, sampling, seed, .. } = self.options;
        let cells = self.data.encoded.cell();
        let batches = epoch(sampling, cells, &self.data.split.train, batch, seed, progress.epoch);
        let mut going = true;
        for (index, samples) in batches.iter().enumerate().skip(progress.step) {
            let started = Instant::now();
            let loss = self.step(layer, samples, progress).map_err(|error| match error {
                TrainError::Layer(error) => TrainError::Batch { epoch: progress.epoch, batch: index, error },
                other => other,
            })?;
            if !loss.is_finite() {
                return Err(TrainError::Diverged { epoch: progress.epoch, batch: index, loss });
            }
            progress.add(loss, samples.len(), started.elapsed().as_secs_f64());
            let event = Event::Step { epoch: progress.epoch, step: progress.step, steps: batches.len(), loss };
            going = (self.watch)(&event);
            let every = self.checkpoint.as_ref().map_or(0, |(_, every, _)| *every);
            if progress.step < batches.len() {
                if !going {
                    return Ok(false);
                }
                if every > 0 && progress.step.is_multiple_of(every) {
                    self.save(progress)?;
                }
            }
        }
        let watched = self.data.split.watched().samples;
        let valid = super::predict::evaluate(self.model, self.data, &self.options, watched, &self.loss)?;
        let rate = self.schedule.rate;
        let verdict = self.schedule.note(valid.loss, progress.epoch);
        let record = progress.close(rate, valid, &self.schedule);
        if verdict.best {
            progress.keep_best(self.store)?;
        }
        progress.finished = verdict.stop;
        going &= (self.watch)(&Event::Epoch(&record));
        let taught_by_layer = self.options.mode == Mode::Layer && self.options.own_loss == 0.0;
        if taught_by_layer && record.train.free == 0 && progress.epochs_without_gradient() == 1 {
            going &= (self.watch)(&Event::NoGradient { epoch: record.epoch });
        }
        Ok(going)
    }

    /// Forward, backward, one change of the variables; the loss before it.
    fn step(&mut self, layer: &FairLayer<'_>, samples: &[u32], progress: &mut Progress) -> Result<f64, TrainError> {
        let (x, target) = gather(self.data, samples)?;
        let z = self.model.forward(&x);
        self.optimiser.zero_grad();
        let value = match self.options.mode {
            Mode::Layer => self.back_through_layer(layer, &z, &target, samples, progress)?,
            Mode::Penalty(weight) => {
                let bound = self.data.encoded.bind(&self.data.params, &Samples::Rows(samples));
                let bound = bound.map_err(LayerError::Bind)?;
                back(&((self.loss)(&z, &target) + penalty(&bound.problem, &z)? * weight))?
            }
            Mode::ProjectAfter | Mode::None => back(&(self.loss)(&z, &target))?,
        };
        self.optimiser.step(self.schedule.rate)?;
        Ok(value)
    }

    /// The gradient of the loss of the fair predictions of `z`, and of the network's own; the value of both.
    fn back_through_layer(
        &self,
        layer: &FairLayer<'_>,
        z: &Tensor,
        target: &Tensor,
        samples: &[u32],
        progress: &mut Progress,
    ) -> Result<f64, TrainError> {
        let fair = layer.forward(z, &Samples::Rows(samples))?;
        progress.note_projection(&fair);
        let loss = (self.loss)(&fair.y, target);
        if self.options.own_loss == 0.0 {
            return back(&loss);
        }
        back(&(loss + (self.loss)(z, target) * self.options.own_loss))
    }

    fn save(&self, progress: &Progress) -> Result<(), TrainError> {
        match &self.checkpoint {
            Some((path, _, identity)) => {
                progress.checkpoint(self.store, self.optimiser.as_ref(), identity.clone())?.save(path)
            }
            None => Ok(()),
        }
    }
}

/// Adds the gradient of a loss to those of its variables, if it is finite; its value.
fn back(loss: &Tensor) -> Result<f64, TrainError> {
    let value = loss.f_double_value(&[])?;
    if value.is_finite() {
        // The layer may refuse a gradient: an error of the batch.
        loss.f_backward().map_err(LayerError::Torch)?;
    }
    Ok(value)
}

/// The sum over the rows of how far they are beyond their sides.
fn penalty(problem: &Problem, z: &Tensor) -> Result<Tensor, TrainError> {
    let (rows, n) = (problem.rows(), problem.n());
    let csr = problem.to_csr();
    let mut dense = vec![0.0; rows * n];
    for (line, range) in dense.chunks_exact_mut(n.max(1)).zip(csr.indptr.windows(2)) {
        let [begin, end] = range else { continue };
        let entries = csr.indices.iter().zip(&csr.values).take(*end).skip(*begin);
        for (&column, &value) in entries {
            if let Some(slot) = line.get_mut(column as usize) {
                *slot = value;
            }
        }
    }
    let tensor = |values: &[f64], shape: &[i64]| -> Result<Tensor, TrainError> {
        Ok(Tensor::f_from_slice(values)?.f_reshape(shape)?.f_to_device(z.device())?)
    };
    let activity = tensor(&dense, &[rows as i64, n as i64])?.f_mv(&z.f_to_kind(Kind::Double)?)?;
    let above = activity.f_sub(&tensor(problem.upper(), &[-1])?)?.f_relu()?;
    let below = tensor(problem.lower(), &[-1])?.f_sub(&activity)?.f_relu()?;
    Ok(above.f_add(&below)?.f_sum(Kind::Double)?.f_to_kind(z.kind())?)
}
