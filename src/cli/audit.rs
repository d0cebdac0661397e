//! `fairc audit`: do predictions satisfy a spec?

use std::path::PathBuf;

use super::console::Console;
use super::dataset::{DataArgs, Painter, Predictions, Shown, open, outside};
use super::fault::refuse;
use super::input::Spec;
use super::setting::words;
use super::stop::{Outcome, Stop, Verdict};
use crate::bind::{Purpose, Samples};
use crate::report::{Audit, Ledger};

/// Check whether predictions satisfy a spec
///
/// Prints for each row the groups compared, their means, the gap and the limit. Exits with 1 if a row is violated.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The spec, `.fair` or `.fairc`
    #[arg(value_name = "SPEC")]
    spec: PathBuf,
    #[command(flatten)]
    data: DataArgs,
    /// The column with the predictions; by default that which the spec names
    #[arg(long, value_name = "COL")]
    pred: Option<String>,
    /// How far beyond a limit counts as rounding, relative to the largest number in the row
    #[arg(long, value_name = "X", default_value_t = 1e-9, value_parser = tolerance)]
    tolerance: f64,
    #[command(flatten)]
    shown: Shown,
}

fn tolerance(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
        Ok(_) | Err(_) => Err("a tolerance is a number of 0 or more".to_owned()),
    }
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    let spec = Spec::read(&args.spec)?;
    let program = spec.valid(console)?;
    let predictions = Predictions::Column(args.pred.clone());
    let dataset = open(&args.data, &predictions, Purpose::Training, program, &spec.name, console)
        .map_err(|trouble| trouble.told(&spec, program, console))?;
    let bound = dataset
        .encoded
        .bind(&dataset.params, &Samples::All)
        .map_err(|errors| refuse(&errors, &spec, program, console))?;
    let mut ledger = Ledger::new(program);
    ledger
        .enter(&bound, &dataset.encoded, &Samples::All, dataset.predictions())
        .map_err(|error| Stop::failed(error.to_string(), ""))?;
    let audit = Audit {
        spec: &spec.name,
        data: dataset.source.name(),
        prediction: dataset.prediction.as_deref().unwrap_or_default(),
        settings: words(&args.data.settings),
        n: dataset.encoded.n(),
        ledger,
        outside: outside(&bound.problem, dataset.predictions()),
        weighted: dataset.encoded.weight().is_some(),
        tolerance: args.tolerance,
        most: args.shown.most(),
    };
    if console.is_json() {
        console.json(&audit.json())?;
    } else {
        console.print(&audit.text(&Painter(console)))?;
    }
    Ok(Verdict::from(audit.passed()))
}
