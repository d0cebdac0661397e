//! The training table: the spec's codes, the features and the target, as tensors.

use std::collections::BTreeSet;

use tch::Device;

use crate::bind::Encoded;
use crate::cli::console::Console;
use crate::cli::dataset::{Dataset, Predictions, open};
use crate::cli::input::Spec;
use crate::cli::stop::{Failure, Stop};
use crate::cli::train::{Args, Loss, Mode};
use crate::data::Source;
use crate::language::program::Program;
use crate::torch::{Features, Split, TrainData, TrainError, single};

/// The features and codes of one data set.
pub struct Read {
    pub dataset: Dataset,
    pub features: Features,
    pub values: crate::torch::Table,
    pub target: Vec<f32>,
    pub split: Split,
    pub hash: String,
}

/// Reads everything; fits the features on the training part.
pub fn read(args: &Args, spec: &Spec, program: &Program, console: &Console) -> Result<Read, Stop> {
    if let Mode::Penalty(_) = args.mode {
        crate::cli::relations::none(program, "a penalty does not know")?;
    }
    let purpose = crate::bind::Purpose::Training;
    let dataset = open(spec, &args.data, &Predictions::None, purpose, program, console)
        .map_err(|trouble| trouble.told(spec, program, console))?;
    if args.valid + args.test >= 1.0 {
        return Err(Stop::failed("`--valid` and `--test` leave nothing for training", "together they must be below 1"));
    }
    let target = target(args, &dataset.source)?;
    let split = Split::new(dataset.encoded.cell(), args.valid, args.test, args.seed);
    let headers = headers(args, program, &dataset.source)?;
    let (features, values) = Features::fit(&dataset.source, &headers, &split.train).map_err(stop)?;
    let hash = dataset.source.hash()?.to_hex().to_string();
    Ok(Read { dataset, features, values, target, split, hash })
}

impl Read {
    /// As tensors on a device.
    pub fn tensors<'a>(
        &self,
        program: &'a Program,
        encoded: &'a Encoded,
        params: crate::bind::Params,
        device: Device,
    ) -> Result<TrainData<'a>, Stop> {
        let shape = [self.values.rows as i64, self.values.width as i64];
        Ok(TrainData {
            features: single(&self.values.values, &shape, device).map_err(stop)?,
            target: single(&self.target, &[-1], device).map_err(stop)?,
            program,
            encoded,
            params,
            split: self.split.clone(),
        })
    }
}

/// The columns to learn from.
fn headers(args: &Args, program: &Program, source: &Source) -> Result<Vec<String>, Stop> {
    let known = |header: &String| -> Result<(), Stop> {
        if source.columns().contains(header) {
            return Ok(());
        }
        let message = format!("`{}` has no column `{header}`", source.name());
        Err(Failure::new(message, format!("the columns are {}", source.columns().join(", "))).into())
    };
    args.features.iter().chain(&args.drop).chain([&args.target]).try_for_each(known)?;
    if !args.features.is_empty() {
        if args.features.contains(&args.target) {
            return Err(Stop::failed(format!("`{}` is the target, and cannot be a feature", args.target), ""));
        }
        return Ok(args.features.clone());
    }
    let mut left_out: BTreeSet<&str> = args.drop.iter().map(String::as_str).collect();
    left_out.extend([args.target.as_str(), program.prediction.header.as_str()]);
    left_out.extend(program.weight.iter().map(|weight| weight.header.as_str()));
    // A label is known in training alone, so no feature can be one.
    left_out.extend(program.columns.iter().filter(|column| column.label).map(|column| column.header.as_str()));
    Ok(source.columns().iter().filter(|header| !left_out.contains(header.as_str())).cloned().collect())
}

/// The numbers to learn.
fn target(args: &Args, source: &Source) -> Result<Vec<f32>, Stop> {
    let mut values = Vec::new();
    let batches = source.read(&[&args.target])?;
    for batch in batches {
        let batch = batch?;
        let column = batch.column(0)?;
        for row in 0..column.rows() {
            let number = column.value(row).number().ok().flatten().filter(|number| number.is_finite());
            let wanted = match args.loss {
                Loss::Bce => number.filter(|number| (0.0..=1.0).contains(number)),
                Loss::Mse => number,
            };
            let Some(number) = wanted else {
                let (place, value) = (batch.place(row), column.value(row));
                let what = match args.loss {
                    Loss::Bce => "a number between 0 and 1, as `--loss bce` needs",
                    Loss::Mse => "a finite number",
                };
                let message = format!("`{}` {place}, target `{}`: `{value}` is not {what}", source.name(), args.target);
                return Err(Stop::failed(message, "clean the column, or choose another loss"));
            };
            values.push(number as f32);
        }
    }
    Ok(values)
}

/// What went wrong in the torch room, for the user.
pub fn stop(error: TrainError) -> Stop {
    let help = match &error {
        TrainError::TooManyLevels { column, .. } => {
            return Stop::failed(error.to_string(), format!("leave it out with `--drop {column}`"));
        }
        TrainError::NoSamples => "lower `--valid` and `--test`",
        TrainError::OtherRun { .. } => "choose another `--out`, or start again with `--restart`",
        TrainError::Damaged { .. } => "start again with `--restart`",
        TrainError::Data(error) => return Stop::Failed(error.into()),
        TrainError::Batch { .. } | TrainError::Layer(_) => {
            "larger batches, a larger tolerance, `soft` rows or `--on-infeasible relax` help where rows cannot hold"
        }
        _ => "",
    };
    Stop::failed(error.to_string(), help)
}
