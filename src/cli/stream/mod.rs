//! `fairc stream`: answers batch by batch, so that all answers together satisfy a spec.

mod answering;
mod answers;
mod input;
mod saved;
mod steering;

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;

use super::console::Console;
use super::dataset::Shown;
use super::fault::refuse;
use super::form::{Form, formats_of};
use super::input::Spec;
use super::number::{count, real};
use super::outputs::Files;
use super::page;
use super::setting::{self, Setting, words};
use super::stop::{Failure, Outcome};
use crate::bind::Method;
use crate::data::{Format, STANDARD_STREAM};
use crate::runtime::online::PrimalDual;

pub use answering::{Job, Scores, answer};
pub use input::open;
pub use steering::Steering;

/// Answer a stream batch by batch, so that all answers together satisfy a spec
///
/// Reads a batch, moves its predictions so that the rows hold for all that was answered so far, writes it with the new
/// column, saves the state, and goes on. Killed at any instant and started again with the same arguments, it goes on
/// where it was: no sample is lost, none counted twice, and the output has the same bytes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The spec, `.fair` or `.fairc`
    #[arg(value_name = "SPEC")]
    spec: PathBuf,
    #[arg(long, value_name = "FILE", default_value = STANDARD_STREAM, help = format!("The data: {}; `-` is standard input. A list of objects on a line of .jsonl is one batch", formats_of(&Format::streamed(), ".")))]
    data: PathBuf,
    #[command(flatten)]
    form: Form,
    /// Set a param, for example `--set eps=0.01`; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting::parse)]
    settings: Vec<Setting>,
    /// The column with the predictions; by default the one that the spec names
    #[arg(long, value_name = "COL")]
    pred: Option<String>,
    /// What holds: the rows over all answers, or the mean of the batches' gaps
    #[arg(long, value_enum, default_value_t = Mode::Pooled, hide_possible_values = true, value_name = "pooled|primal-dual")]
    mode: Mode,
    #[arg(long, value_name = "STEP", value_parser = real, help = format!("With `primal-dual`: the step of the price [default: {}]", PrimalDual::STEP))]
    step: Option<f64>,
    /// Answer N samples together
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = count)]
    batch: u32,
    #[command(flatten)]
    steering: Steering,
    /// Where to write the answers; `-` is standard output
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// The name of the new column [default: COL_fair]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,
    /// Write a page with what holds, and charts of each row over time
    #[arg(long, value_name = "FILE", value_parser = page::file)]
    html: Option<PathBuf>,
    /// Exit with 1 if a promise is violated or could not be enforced
    #[arg(long)]
    require_all: bool,
    #[command(flatten)]
    shown: Shown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Mode {
    /// The rows hold for all answers pooled
    Pooled,
    /// The published algorithm: a price on the largest gap of each batch
    PrimalDual,
}

impl Args {
    pub fn files(&self) -> Files<'_> {
        Files::of(&self.spec, &self.data)
            .writes("-o", self.output.as_deref())
            .writes("--state", self.steering.state.as_deref())
            .writes("--html", self.html.as_deref())
    }

    fn method(&self) -> Result<Method, Failure> {
        match self.mode {
            Mode::Pooled if self.step.is_some() => {
                Err(Failure::new("`--step` is the step of `--mode primal-dual`", "leave it out, or give the mode"))
            }
            Mode::Pooled => Ok(self.steering.pooled()),
            Mode::PrimalDual if self.steering.smooth => {
                Err(Failure::new("`--smooth` is a way of `--mode pooled`", "leave one of the two out"))
            }
            Mode::PrimalDual => Ok(Method::PrimalDual { step: self.step.unwrap_or(PrimalDual::STEP) }),
        }
    }
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    let method = args.method()?;
    let spec = Spec::read(&args.spec)?;
    let program = spec.valid(console)?;
    let params = setting::params(&args.settings, program).map_err(|errors| refuse(&errors, &spec, program, console))?;
    let job = Job {
        spec: &spec,
        program,
        params: &params,
        data: &args.data,
        method,
        steering: &args.steering,
        batch: args.batch,
        output: args.output.as_deref(),
        name: args.name.as_deref(),
        dialect: args.form.of_copies(),
        settings: words(&args.settings),
        require_all: args.require_all,
        html: args.html.as_deref(),
        shown: &args.shown,
    };
    let more: Vec<String> = args.pred.iter().cloned().collect();
    let table = open(&args.form, &args.data, program, &more)?;
    answer(&job, Scores::Column(args.pred.as_deref()), table, console)
}
