//! One run, or one for each value of a sweep.

use std::path::Path;

use serde_json::json;
use tch::{Device, nn};

use super::outputs::{Outcome as Trained, Outputs};
use super::table::{Read, read, stop};
use super::{Args, Mode};
use crate::bind::Params;
use crate::cli::console::Console;
use crate::cli::fault::refuse;
use crate::cli::input::Spec;
use crate::cli::setting::{self, Setting};
use crate::cli::solve::Infeasible;
use crate::cli::stop::{Outcome, Stop, Verdict};
use crate::language::program::Program;
use crate::language::words::counted;
use crate::torch::{
    Adam, Architecture, Checkpoint, Event, Loss, Mlp, Optimiser, Options, Plateau, Progress, Sampling, Sgd, TrainData,
    Trainer,
};

pub fn run(args: &Args, console: &Console) -> Outcome {
    let architecture: Architecture = args.model.parse().map_err(|error: String| Stop::failed(error, ""))?;
    let device = device(&args.device)?;
    let spec = Spec::read(&args.spec)?;
    let program = spec.valid(console)?;
    crate::cli::front::context(&spec, program).moves_predictions()?;
    let loss = match args.loss {
        super::Loss::Bce => Loss::Bce,
        super::Loss::Mse => Loss::Mse,
    };
    let (low, high) = (program.prediction.lower, program.prediction.upper);
    if loss == Loss::Bce && !(0.0 <= low && high <= 1.0) {
        let message = format!("`--loss bce` needs probabilities, but the spec predicts numbers in [{low}, {high}]");
        return Err(Stop::failed(message, "use `--loss mse`, or `real in [0, 1]`"));
    }
    tch::set_num_threads(i32::try_from(args.threads).unwrap_or(1));
    let read = read(args, &spec, program, console)?;
    if !read.features.constant.is_empty() {
        console.note(&format!("not learned from, since constant in training: {}", read.features.constant.join(", ")));
    }
    let is_label = |header: &String| program.column(header).is_some_and(|column| column.label);
    let read_labels = program.rows.iter().any(|row| row.labels.iter().any(is_label));
    if args.mode == Mode::Layer && args.own_loss == 0.0 && read_labels {
        console.note(
            "rows that read labels are not enforced when predicting; `--own-loss 0.5` trains the network's own output too",
        );
    }
    let job = Job { args, program, read: &read, architecture, loss, device, console };
    match &args.sweep {
        None => {
            let trained = job.run(&args.out, read.dataset.params.clone())?;
            trained.report(args.target.as_str(), &args.out, console)?;
        }
        Some(sweep) => {
            let mut points = Vec::new();
            for &value in &sweep.values {
                let mut settings = args.data.settings.clone();
                settings.push(Setting { name: sweep.name.clone(), value });
                let params =
                    setting::params(&settings, program).map_err(|errors| refuse(&errors, &spec, program, console))?;
                let folder = args.out.join(format!("{}={value}", sweep.name));
                console.note(&format!("{} = {value}", sweep.name));
                points.push((value, job.run(&folder, params)?));
            }
            Trained::report_sweep(&sweep.name, &points, &args.out, console)?;
        }
    }
    Ok(Verdict::Yes)
}

fn device(text: &str) -> Result<Device, Stop> {
    let device = match (text, text.strip_prefix("cuda:").map(str::parse)) {
        ("cpu", _) => Device::Cpu,
        ("cuda", _) => Device::Cuda(0),
        (_, Some(Ok(index))) => Device::Cuda(index),
        _ => return Err(Stop::failed(format!("`{text}` is no device"), "write `cpu`, `cuda` or `cuda:N`")),
    };
    let count = tch::Cuda::device_count();
    let count = usize::try_from(count).unwrap_or(0);
    if let Device::Cuda(index) = device
        && index >= count
    {
        let found = counted(count, "CUDA device");
        let message = format!("`{text}` is not there: libtorch finds {found}");
        return Err(Stop::failed(message, "use `--device cpu`, or a libtorch with CUDA; see docs/training.md"));
    }
    Ok(device)
}

/// What all runs of a command share.
struct Job<'a> {
    args: &'a Args,
    program: &'a Program,
    read: &'a Read,
    architecture: Architecture,
    loss: Loss,
    device: Device,
    console: &'a Console,
}

impl Job<'_> {
    /// Trains in a folder, from its checkpoint if it has one.
    fn run(&self, folder: &Path, params: Params) -> Result<Trained, Stop> {
        std::fs::create_dir_all(folder)
            .map_err(|error| Stop::failed(format!("cannot make the folder `{}`: {error}", folder.display()), ""))?;
        let data = self.read.tensors(self.program, &self.read.dataset.encoded, params, self.device)?;
        let options = self.options();
        let store = nn::VarStore::new(self.device);
        let model =
            Mlp::new(store.root(), self.read.features.width(), &self.architecture, self.loss.link(), options.seed)
                .map_err(stop)?;
        let mut optimiser: Box<dyn Optimiser> = match self.args.optimiser {
            super::Optimiser::Adam => Box::new(Adam::new(&store)),
            super::Optimiser::Sgd => Box::new(Sgd::new(&store, 0.9)),
        };
        let identity = self.identity(&data, &options);
        let path = folder.join("checkpoint.safetensors");
        let resumed = self.resume(&path, &identity, &store, optimiser.as_mut())?;
        let loss = self.loss;
        let outputs = Outputs { folder, job: self.description(&data, &options), program: self.program };
        let bar = self.console.steps("training");
        let watched = |event: &Event<'_>| {
            match event {
                Event::Step { epoch, step, steps, loss } => {
                    bar.set_length(*steps as u64);
                    bar.set_position(*step as u64);
                    bar.set_message(format!("epoch {} of {}, loss {loss:.4}", epoch + 1, self.args.epochs));
                }
                Event::Epoch(record) => {
                    bar.suspend(|| self.console.note(&super::outputs::line(record, data.split.watched())))
                }
                Event::NoGradient { epoch } => bar.suspend(|| self.console.note(&super::outputs::no_gradient(*epoch))),
            }
            true
        };
        let mut trainer = Trainer {
            model: &model,
            store: &store,
            data: &data,
            loss: Box::new(move |y, target| loss.of(y, target)),
            optimiser,
            schedule: Plateau::new(self.args.lr, 0.5, self.args.plateau, Some(self.args.patience).filter(|&n| n > 0)),
            options: options.clone(),
            watch: Box::new(watched),
            checkpoint: Some((path, self.args.checkpoint_every as usize, identity)),
        };
        let progress = trainer.run(resumed).map_err(stop)?;
        drop(trainer);
        bar.finish_and_clear();
        outputs.write(&progress, &model, &store, &data, &options, self.console)
    }

    fn options(&self) -> Options {
        let args = self.args;
        Options {
            epochs: args.epochs,
            batch: args.batch as usize,
            evaluation_batch: args.evaluation_batch as usize,
            sampling: match args.sampling {
                super::Sampling::Stratified => Sampling::Stratified,
                super::Sampling::Plain => Sampling::Plain,
            },
            seed: args.seed,
            mode: match args.mode {
                Mode::Layer => crate::torch::Mode::Layer,
                Mode::ProjectAfter => crate::torch::Mode::ProjectAfter,
                Mode::Penalty(weight) => crate::torch::Mode::Penalty(weight),
                Mode::None => crate::torch::Mode::None,
            },
            own_loss: args.own_loss,
            relax: args.on_infeasible == Infeasible::Relax,
        }
    }

    /// Everything that the bits of a run depend on.
    fn identity(&self, data: &TrainData<'_>, options: &Options) -> serde_json::Value {
        let args = self.args;
        json!({
            "spec (fingerprint)": self.program.fingerprint().to_string(),
            "data (BLAKE3)": self.read.hash,
            "params": data.params.values(),
            "target": args.target,
            "features": self.read.features,
            "shares (--valid, --test)": [args.valid, args.test],
            "model": self.architecture.to_string(),
            "loss": self.loss.name(),
            "settings": options,
            "optimiser": [format!("{:?}", args.optimiser), args.lr.to_string()],
            "patience (--plateau, --patience)": [args.plateau, args.patience],
            "threads": args.threads,
            "device": args.device,
        })
    }

    fn resume(
        &self,
        path: &Path,
        identity: &serde_json::Value,
        store: &nn::VarStore,
        optimiser: &mut dyn Optimiser,
    ) -> Result<Option<Progress>, Stop> {
        if self.args.restart || !path.exists() {
            return Ok(None);
        }
        let checkpoint = Checkpoint::load(path).map_err(stop)?;
        checkpoint.check_identity(path, identity).map_err(stop)?;
        let progress = Progress::resume(&checkpoint, store, optimiser).map_err(stop)?;
        let at = match (progress.finished, progress.step) {
            (true, _) => "the run in this folder is finished".to_owned(),
            (false, 0) => format!("going on after epoch {}", progress.epoch),
            (false, step) => format!("going on after step {step} of epoch {}", progress.epoch + 1),
        };
        self.console.note(&at);
        Ok(Some(progress))
    }

    fn description(&self, data: &TrainData<'_>, options: &Options) -> crate::torch::Description {
        crate::torch::Description {
            version: crate::torch::MODEL_VERSION,
            fingerprint: self.program.fingerprint().to_string(),
            architecture: self.architecture.clone(),
            loss: self.loss,
            mode: options.mode,
            params: data.params.iter(self.program).map(|(name, value)| (name.to_owned(), value)).collect(),
            target: self.args.target.clone(),
            features: self.read.features.clone(),
            data: (self.read.dataset.source.name().to_owned(), self.read.hash.clone(), self.read.dataset.encoded.n()),
            seed: options.seed,
            best_epoch: 0,
        }
    }
}
