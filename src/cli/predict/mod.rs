//! `fairc predict`: fair predictions of a trained network.

#[cfg(feature = "torch")]
mod online;
#[cfg(feature = "torch")]
mod run;

use std::path::PathBuf;

use super::console::Console;
use super::dataset::Shown;
use super::outputs::Files;
use super::solve::Infeasible;
use super::stop::Outcome;
use super::stream::Steering;
use crate::data::Format;

/// Predictions of a trained network that satisfy its spec
///
/// Writes the data with two more columns: the network's own predictions, and the fair ones.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder that `fairc train` wrote
    #[arg(value_name = "DIR")]
    pub model: PathBuf,
    #[arg(long, value_name = "FILE", help = format!("The data: {}; `-` is standard input", super::form::formats(".")))]
    pub data: PathBuf,
    #[command(flatten)]
    pub form: super::form::Form,
    /// How the spec is enforced: on each batch by itself, on all answers together, or by per-group offsets
    #[arg(long, value_enum, default_value_t = Mode::Batch, hide_possible_values = true, value_name = "batch|online|frozen")]
    pub mode: Mode,
    /// Project each N consecutive rows by themselves [default: all together]; `online`: answer N together [default: 1]
    #[arg(long, value_name = "N", value_parser = crate::cli::number::count)]
    pub batch: Option<u32>,
    /// With `frozen`: the offsets that `fairc freeze` wrote
    #[arg(long, value_name = "FILE")]
    pub shifts: Option<PathBuf>,
    /// Set a param, for example `--set eps=0.01`; the others are those of training
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = super::setting::parse)]
    pub settings: Vec<super::setting::Setting>,
    /// The table of the pairs of a relation, for example `--relation near=pairs.csv`; by default that which the spec names. May
    /// be repeated
    #[arg(long = "relation", value_name = "NAME=FILE", value_parser = super::relations::parse)]
    pub relations: Vec<super::relations::PairFile>,
    /// Of `batch`: what to do if no predictions satisfy the spec
    #[arg(long, value_enum, default_value_t = Infeasible::Error, hide_possible_values = true, value_name = "error|relax")]
    pub on_infeasible: Infeasible,
    /// Where to write the data with the new columns; `-` is standard output
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// The format to write, where the extension does not tell it
    #[arg(long, value_name = "FORMAT", requires = "output")]
    pub output_format: Option<Format>,
    /// Replace the new columns if the data have them already
    #[arg(long)]
    pub replace: bool,
    #[command(flatten, next_help_heading = "Of `--mode online`")]
    pub steering: Steering,
    #[command(flatten)]
    pub shown: Shown,
}

impl Args {
    pub fn files(&self) -> Files<'_> {
        let inputs = ["spec.fairc", "model.json", "weights.safetensors"].map(|name| ("MODEL", self.model.join(name)));
        let batch = Files { inputs: inputs.to_vec(), ..Files::default() };
        let files = match self.mode {
            Mode::Online => batch,
            Mode::Batch | Mode::Frozen => Files { in_place: Some(&self.data), ..batch },
        };
        files
            .pairs(&self.relations)
            .reads("--data", Some(&self.data))
            .reads("--shifts", self.shifts.as_deref())
            .writes("-o", self.output.as_deref())
            .writes("--state", self.steering.state.as_deref())
    }
}

/// How the spec is enforced at inference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// Hard rows on each batch.
    Batch,
    /// The rows over all answers so far, batch by batch.
    Online,
    /// An offset for every cell.
    Frozen,
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
