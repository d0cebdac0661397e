//! `fairc train`: a network whose predictions satisfy a spec.

#[cfg(feature = "torch")]
mod outputs;
#[cfg(feature = "torch")]
mod run;
#[cfg(feature = "torch")]
mod table;

#[cfg(feature = "torch")]
pub use table::stop;

use std::path::PathBuf;

use super::console::Console;
use super::dataset::DataArgs;
use super::number::{any, count, seed, small};
use super::outputs::Files;
use super::solve::Infeasible;
use super::stop::Outcome;

/// Train a network whose predictions satisfy a spec
///
/// Writes the model, its history and pictures of both to a folder. Started again with the same arguments, a run that was
/// killed goes on where its last checkpoint stands, and ends with the same bits.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The spec, `.fair` or `.fairc`
    #[arg(value_name = "SPEC")]
    pub spec: PathBuf,
    #[command(flatten)]
    pub data: DataArgs,
    /// The column to learn: numbers, for `--loss bce` between 0 and 1
    #[arg(long, value_name = "COL")]
    pub target: String,
    /// Where the model goes: a folder, which is made
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,

    /// Learn from these columns [default: all but target, weight and prediction]
    #[arg(long, value_name = "COL,..", value_delimiter = ',', help_heading = "Features")]
    pub features: Vec<String>,
    /// Do not learn from these columns
    #[arg(long, value_name = "COL,..", value_delimiter = ',', conflicts_with = "features", help_heading = "Features")]
    pub drop: Vec<String>,
    /// Share of the samples for validation, which picks the best epoch
    #[arg(long, value_name = "SHARE", default_value_t = 0.15, value_parser = share, help_heading = "Features")]
    pub valid: f64,
    /// Share of the samples for the test
    #[arg(long, value_name = "SHARE", default_value_t = 0.15, value_parser = share, help_heading = "Features")]
    pub test: f64,

    /// `mlp:64,32`, `mlp:64,32+norm` with layer normalisation, or `linear`
    #[arg(long, value_name = "MODEL", default_value = "mlp:64,32", help_heading = "Network and training")]
    pub model: String,
    /// Cross entropy of probabilities, or squared error
    #[arg(long, value_enum, default_value_t = Loss::Bce, hide_possible_values = true, value_name = "bce|mse", help_heading = "Network and training")]
    pub loss: Loss,
    /// How the constraints take part: `layer`, `project-after`, `penalty=WEIGHT` or `none`
    #[arg(long, value_name = "MODE", default_value = "layer", value_parser = mode, help_heading = "Network and training")]
    pub mode: Mode,
    /// With the layer, add WEIGHT times the loss of the network's own output
    #[arg(long, value_name = "WEIGHT", default_value_t = 0.0, hide_default_value = true, value_parser = weight, help_heading = "Network and training")]
    pub own_loss: f64,
    /// Most passes over the training part
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = seed, help_heading = "Network and training")]
    pub epochs: u64,
    /// Samples in a batch
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = count, help_heading = "Network and training")]
    pub batch: u32,
    /// `stratified` (of every cell its share) or `plain` batches
    #[arg(long, value_enum, default_value_t = Sampling::Stratified, hide_possible_values = true, value_name = "stratified|plain", help_heading = "Network and training")]
    pub sampling: Sampling,
    /// Project so many samples together when validating and testing [default: all]
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        hide_default_value = true,
        value_parser = any,
        help_heading = "Network and training"
    )]
    pub evaluation_batch: u32,
    /// `adam`, or `sgd` with momentum 0.9
    #[arg(long, value_enum, default_value_t = Optimiser::Adam, hide_possible_values = true, value_name = "adam|sgd", help_heading = "Network and training")]
    pub optimiser: Optimiser,
    /// The learning rate
    #[arg(long, value_name = "RATE", default_value_t = 1e-3, value_parser = positive, help_heading = "Network and training")]
    pub lr: f64,
    /// Halve the rate after so many epochs without a better validation loss
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = plateau, help_heading = "Network and training")]
    pub plateau: u64,
    /// Stop after so many epochs without a better validation loss; 0 never stops
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = seed, help_heading = "Network and training")]
    pub patience: u64,
    /// The seed of the split, the weights and the batches
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = seed, help_heading = "Network and training")]
    pub seed: u64,
    /// What to do with a batch that no predictions satisfy
    #[arg(long, value_enum, default_value_t = Infeasible::Error, hide_possible_values = true, value_name = "error|relax", help_heading = "Network and training")]
    pub on_infeasible: Infeasible,
    /// Threads of libtorch; part of what a run's bits depend on
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = threads, help_heading = "Network and training")]
    pub threads: u32,
    /// Where the network runs: `cpu`, `cuda` or `cuda:N`
    #[arg(long, value_name = "DEVICE", default_value = "cpu", help_heading = "Network and training")]
    pub device: String,

    /// Train once for each value of a param, for example `--sweep eps=0.005,0.01,0.02`, and draw loss against gap
    #[arg(long, value_name = "NAME=VALUE,..", value_parser = sweep, help_heading = "Runs")]
    pub sweep: Option<Sweep>,
    /// Also save a checkpoint every N steps, not only at the end of an epoch
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = any, help_heading = "Runs")]
    pub checkpoint_every: u32,
    /// Start again although the folder holds a checkpoint
    #[arg(long, help_heading = "Runs")]
    pub restart: bool,
}

impl Args {
    pub fn files(&self) -> Files<'_> {
        let names =
            ["spec.fairc", "model.json", "weights.safetensors", "checkpoint.safetensors", "sweep.svg", "sweep.json"];
        let outputs = names.map(|name| ("--out", self.out.join(name))).to_vec();
        Files { outputs, ..Files::of(&self.spec, &self.data.data) }.pairs(&self.data.relations)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Loss {
    Bce,
    Mse,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Sampling {
    Stratified,
    Plain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Optimiser {
    Adam,
    Sgd,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    Layer,
    ProjectAfter,
    Penalty(f64),
    None,
}

/// A param and the values to train with.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    pub name: String,
    pub values: Vec<f64>,
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    #[cfg(feature = "torch")]
    return run::run(args, console);
    #[cfg(not(feature = "torch"))]
    {
        let _ = (args, console);
        Err(super::stop::Stop::without_torch())
    }
}

fn threads(text: &str) -> Result<u32, String> {
    small(text, 1, 1024)
}

fn plateau(text: &str) -> Result<u64, String> {
    count(text).map(u64::from)
}

fn mode(text: &str) -> Result<Mode, String> {
    let wrong = || format!("`{text}` is no mode: `layer`, `project-after`, `penalty=WEIGHT` or `none`");
    match (text, text.strip_prefix("penalty=")) {
        ("layer", _) => Ok(Mode::Layer),
        ("project-after", _) => Ok(Mode::ProjectAfter),
        ("none", _) => Ok(Mode::None),
        (_, Some(weight)) => positive(weight).map(Mode::Penalty).map_err(|_| wrong()),
        (_, None) => Err(wrong()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|share| (0.0..1.0).contains(share));
    number.ok_or_else(|| format!("`{text}` is no share of the samples: a number from 0 to below 1"))
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0);
    number.ok_or_else(|| format!("`{text}` is no number above 0"))
}

fn weight(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| format!("`{text}` is no weight: a number from 0 on"))
}

fn sweep(text: &str) -> Result<Sweep, String> {
    let wrong = || format!("`{text}`: write it as `NAME=VALUE,VALUE,..`, for example `eps=0.005,0.01`");
    let (name, values) = text.split_once('=').ok_or_else(wrong)?;
    let values: Option<Vec<f64>> =
        values.split(',').map(|value| value.trim().parse().ok().filter(|value: &f64| value.is_finite())).collect();
    Ok(Sweep { name: name.trim().to_owned(), values: values.ok_or_else(wrong)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_numbers_in_range() {
        assert_eq!(mode("penalty=2.5"), Ok(Mode::Penalty(2.5)));
        assert!(mode("penalty=-1").is_err() && mode("penalty").is_err() && mode("nothing").is_err());
        assert!(share("1").is_err() && share("-0.1").is_err() && share("0") == Ok(0.0));
        assert!(positive("inf").is_err() && positive("0").is_err());
        assert_eq!(sweep("eps=0.1, 0.2").map(|sweep| sweep.values), Ok(vec![0.1, 0.2]));
        assert!(sweep("eps").is_err() && sweep("eps=a").is_err());
    }
}
