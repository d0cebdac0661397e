//! A spec with data: opened, encoded and ready to be bound. What `project`, `audit`, `export` and `check --data` share.

use std::path::{Path, PathBuf};

use super::console::Console;
use super::fault::Trouble;
use super::form::Form;
use super::input::Spec;
use super::setting::{self, Setting};
use super::stop::{Failure, Stop};
use crate::bind::{EncodeOptions, Encoded, Params, Purpose, encode};
use crate::data::{STANDARD_STREAM, Source};
use crate::language::program::Program;
use crate::language::words::{listed, nearest};
use crate::report::Paint;
pub use crate::spec::{infeasible, outside, sides_of, status_word};

/// The arguments of commands that read data.
#[derive(Debug, clap::Args)]
pub struct DataArgs {
    /// The data: .csv, .tsv, .parquet or .jsonl; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub data: PathBuf,
    #[command(flatten)]
    pub form: Form,
    /// Set a param, for example `--set eps=0.01`; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting::parse)]
    pub settings: Vec<Setting>,
}

/// The arguments of commands that read predictions: spec, data and their column.
#[derive(Debug, clap::Args)]
pub struct PredictedArgs {
    /// The spec, `.fair` or `.fairc`
    #[arg(value_name = "SPEC")]
    pub spec: PathBuf,
    #[command(flatten)]
    pub data: DataArgs,
    /// The column with the predictions; by default that which the spec names
    #[arg(long, value_name = "COL")]
    pub pred: Option<String>,
}

impl PredictedArgs {
    /// Opens and encodes the data with their predictions; what is wrong with them is told.
    pub fn open(
        &self,
        options: EncodeOptions,
        spec: &Spec,
        program: &Program,
        console: &Console,
    ) -> Result<Dataset, Stop> {
        open_with(&self.data, &Predictions::Column(self.pred.clone()), options, program, console)
            .map_err(|trouble| trouble.told(spec, program, console))
    }
}

/// Which predictions are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predictions {
    /// Those of this column; by default that which the spec names.
    Column(Option<String>),
    None,
}

/// Data in codes.
pub struct Dataset {
    pub source: Source,
    pub params: Params,
    pub encoded: Encoded,
    /// The header of the predictions.
    pub prediction: Option<String>,
}

impl Dataset {
    /// The predictions in the table.
    pub fn predictions(&self) -> &[f64] {
        self.encoded.prediction().unwrap_or_default()
    }
}

/// Standard input can be read once.
pub fn one_stream(spec: &Path, data: &Path) -> Result<(), Failure> {
    let stream = Path::new(STANDARD_STREAM);
    if spec == stream && data == stream {
        return Err(Failure::new("spec and data cannot both be standard input", "name a file for one of them"));
    }
    Ok(())
}

/// Opens and encodes the data.
pub fn open(
    args: &DataArgs,
    predictions: &Predictions,
    purpose: Purpose,
    program: &Program,
    console: &Console,
) -> Result<Dataset, Trouble> {
    open_with(args, predictions, EncodeOptions { purpose, ..EncodeOptions::default() }, program, console)
}

/// As [`open`], with all options; their column of predictions is set here.
pub fn open_with(
    args: &DataArgs,
    predictions: &Predictions,
    options: EncodeOptions,
    program: &Program,
    console: &Console,
) -> Result<Dataset, Trouble> {
    let params = setting::params(&args.settings, program).map_err(Trouble::Faults)?;
    let source = args.form.open(&args.data).map_err(Stop::from)?;
    let prediction = match predictions {
        Predictions::Column(named) => {
            Some(prediction_column(named.as_deref(), program, source.name(), source.columns(), source.hint())?)
        }
        Predictions::None => None,
    };
    let options = EncodeOptions { prediction: prediction.clone(), ..options };
    let bar = console.bar("reading", source.size());
    let encoded = encode(program, &params, &source, &options, &mut |read, total| {
        bar.set_length(total);
        bar.set_position(read);
    });
    bar.finish_and_clear();
    let encoded = encoded.map_err(Trouble::Faults)?;
    if encoded.n() == 0 {
        return Err(Failure::new(format!("`{}` has no rows", source.name()), "a header alone is no data").into());
    }
    Ok(Dataset { source, params, encoded, prediction })
}

/// The column of predictions: that which `--pred` names, by default that which the spec predicts. `hint` says what is
/// probably wrong with the table if it is missing.
pub fn prediction_column(
    named: Option<&str>,
    program: &Program,
    table: &str,
    columns: &[String],
    hint: Option<String>,
) -> Result<String, Failure> {
    let header = named.unwrap_or(&program.prediction.header);
    if columns.iter().any(|column| column == header) {
        return Ok(header.to_owned());
    }
    let message = |why: &str| format!("`{table}` has no column `{header}`, which {why}");
    let near = nearest(header, columns.iter().map(String::as_str));
    let help = match (hint, named, near) {
        (_, Some(_), Some(near)) => format!("did you mean `{near}`?"),
        (_, None, Some(near)) => format!("did you mean `{near}`? Then give `--pred {near}`"),
        (Some(hint), ..) => hint,
        (None, Some(_), None) => columns_of(columns, None),
        (None, None, None) => {
            format!("name the column with the predictions: `--pred COL`; {}", columns_of(columns, None))
        }
    };
    let why = if named.is_some() { "`--pred` names" } else { "the spec predicts" };
    Err(Failure::new(message(why), help))
}

/// What columns there are, or which may have been meant.
pub fn columns_of(columns: &[String], wanted: Option<&str>) -> String {
    const MOST: usize = 20;
    if let Some(near) = wanted.and_then(|wanted| nearest(wanted, columns.iter().map(String::as_str))) {
        return format!("did you mean `{near}`?");
    }
    format!("the columns are {}", listed(columns, MOST))
}

/// Paints reports on standard output.
pub struct Painter<'a>(pub &'a Console);

impl Paint for Painter<'_> {
    fn good(&self, text: &str) -> String {
        self.0.paint(text, super::console::Tone::Good)
    }

    fn bad(&self, text: &str) -> String {
        self.0.paint(text, super::console::Tone::Bad)
    }

    fn careful(&self, text: &str) -> String {
        self.0.paint(text, super::console::Tone::Careful)
    }

    fn strong(&self, text: &str) -> String {
        self.0.paint(text, super::console::Tone::Strong)
    }

    fn faint(&self, text: &str) -> String {
        self.0.paint(text, super::console::Tone::Faint)
    }
}

/// How many rows a report shows.
#[derive(Debug, clap::Args)]
pub struct Shown {
    /// Show at most so many rows, the worst first
    #[arg(long, value_name = "N", default_value_t = 12)]
    rows: usize,
    /// Show all rows
    #[arg(long)]
    all: bool,
}

impl Shown {
    pub fn most(&self) -> usize {
        if self.all { usize::MAX } else { self.rows }
    }
}
