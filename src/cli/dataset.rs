//! A spec with data: opened, encoded and ready to be bound. What `project`, `audit`, `export` and `check --data` share.

use std::path::PathBuf;

use super::console::Console;
use super::fault::Trouble;
use super::form::{Form, formats};
use super::front::{COMMAND_LINE, context};
use super::input::Spec;
use super::relations::PairFile;
use super::setting::{self, Setting};
use super::stop::{Failure, Stop};
use crate::bind::{Encoded, Params, Purpose, encode};
use crate::data::{Batch, Column, Source};
use crate::language::program::Program;
use crate::language::words::nearest;
use crate::report::Paint;
use crate::tasks::{Case, Use, columns_of, not_empty, prediction_column};

/// The arguments of commands that read data.
#[derive(Debug, clap::Args)]
pub struct DataArgs {
    #[arg(long, value_name = "FILE", help = format!("The data: {}, or a folder of Parquet; `-` is standard input", formats(".")))]
    pub data: PathBuf,
    #[command(flatten)]
    pub form: Form,
    /// Set a param, for example `--set eps=0.01`; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting::parse)]
    pub settings: Vec<Setting>,
    /// The table of the pairs of a relation, for example `--relation near=pairs.csv`; by default the one that the spec names; may
    /// be repeated
    #[arg(long = "relation", value_name = "NAME=FILE", value_parser = super::relations::parse)]
    pub relations: Vec<PairFile>,
}

/// The arguments of commands that read predictions: spec, data and their column.
#[derive(Debug, clap::Args)]
pub struct PredictedArgs {
    /// The spec, `.fair` or `.fairc`
    #[arg(value_name = "SPEC")]
    pub spec: PathBuf,
    #[command(flatten)]
    pub data: DataArgs,
    /// The column with the predictions; by default the one that the spec names
    #[arg(long, value_name = "COL")]
    pub pred: Option<String>,
}

impl PredictedArgs {
    /// Opens and encodes the data with their predictions; what is wrong with them is told.
    pub fn open(&self, usage: Use<'_>, spec: &Spec, program: &Program, console: &Console) -> Result<Dataset, Stop> {
        self.open_column(self.pred.as_deref(), usage, (spec, program), console)
    }

    /// The same with another column of predictions.
    pub fn open_column(
        &self,
        column: Option<&str>,
        usage: Use<'_>,
        (spec, program): (&Spec, &Program),
        console: &Console,
    ) -> Result<Dataset, Stop> {
        let predictions = Predictions::Column(column.map(str::to_owned));
        open_with(spec, &self.data, &predictions, usage, program, console)
            .map_err(|trouble| trouble.told(spec, program, console))
    }
}

/// Which predictions are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predictions {
    /// Those of this column; by default the one that the spec names.
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
    /// The params that were set.
    pub settings: Vec<(String, f64)>,
}

impl Dataset {
    /// The predictions in the table.
    pub fn predictions(&self) -> &[f64] {
        self.encoded.prediction().unwrap_or_default()
    }

    /// What tasks are about.
    pub fn case<'a>(&'a self, spec: &'a Spec, program: &'a Program) -> Case<'a> {
        Case {
            context: context(spec, program),
            encoded: &self.encoded,
            params: &self.params,
            table: self.source.name(),
            settings: &self.settings,
            column: self.prediction.as_deref().unwrap_or_default(),
            predictions: self.predictions(),
        }
    }

    /// Fails if the data lack a column that `option` names.
    pub fn refuse_missing(&self, column: &str, option: &str) -> Result<(), Failure> {
        let known = self.source.columns();
        if known.iter().any(|known| known == column) {
            return Ok(());
        }
        let message = format!("`{}` has no column `{column}`, which `{option}` names", self.source.name());
        Err(Failure::new(message, columns_of(known, Some(column))))
    }

    /// Reads a column that `option` names, batch by batch.
    pub fn visit_column(
        &self,
        column: &str,
        option: &str,
        mut visit: impl FnMut(&Batch, &Column) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        self.refuse_missing(column, option)?;
        for batch in self.source.read(&[column])? {
            let batch = batch?;
            visit(&batch, &batch.column(0)?)?;
        }
        Ok(())
    }
}

/// Opens and encodes the data.
pub fn open(
    spec: &Spec,
    args: &DataArgs,
    predictions: &Predictions,
    purpose: Purpose,
    program: &Program,
    console: &Console,
) -> Result<Dataset, Trouble> {
    open_with(spec, args, predictions, Use::Project(purpose), program, console)
}

/// As [`open`], for any use.
pub fn open_with(
    spec: &Spec,
    args: &DataArgs,
    predictions: &Predictions,
    usage: Use<'_>,
    program: &Program,
    console: &Console,
) -> Result<Dataset, Trouble> {
    // What is wrong with settings is told before the data are opened.
    let params = setting::params(&args.settings, program).map_err(Trouble::Faults)?;
    let source = args.form.open(&args.data).map_err(Stop::from)?;
    let prediction = match predictions {
        Predictions::Column(named) => Some(column_in(&source, named.as_deref(), program)?),
        Predictions::None => None,
    };
    let encoded = read(&source, (spec, args, &params), prediction.as_deref(), usage, program, console)?;
    Ok(Dataset { source, params, encoded, prediction, settings: setting::pairs(&args.settings) })
}

/// The column of predictions in a table.
fn column_in(source: &Source, named: Option<&str>, program: &Program) -> Result<String, Failure> {
    prediction_column(named, program, &COMMAND_LINE, source.name(), source.columns(), source.hint())
}

/// Encodes what is read of a table.
fn read(
    source: &Source,
    (spec, args, params): (&Spec, &DataArgs, &Params),
    prediction: Option<&str>,
    usage: Use<'_>,
    program: &Program,
    console: &Console,
) -> Result<Encoded, Trouble> {
    let mut options = usage.options(prediction.map(str::to_owned));
    super::relations::give(&mut options, &args.relations, &args.form, spec, program)?;
    let bar = console.bar("reading", source.size());
    let encoded = encode(program, params, source, &options, &mut |read, total| {
        bar.set_length(total);
        bar.set_position(read);
    });
    bar.finish_and_clear();
    let encoded = encoded.map_err(Trouble::Faults)?;
    not_empty(&encoded, source.name())?;
    Ok(encoded)
}

/// Opens and encodes data for a check, which needs no predictions; with what audits and projections would say of those that
/// the spec names.
pub fn open_to_check(
    spec: &Spec,
    args: &DataArgs,
    program: &Program,
    console: &Console,
) -> Result<(Dataset, Vec<String>), Trouble> {
    let params = setting::params(&args.settings, program).map_err(Trouble::Faults)?;
    let source = args.form.open(&args.data).map_err(Stop::from)?;
    let reading =
        |prediction: Option<&str>| read(&source, (spec, args, &params), prediction, Use::Check, program, console);
    let (encoded, prediction, refused) = match column_in(&source, None, program) {
        Ok(column) => match reading(Some(&column)) {
            Ok(encoded) => (encoded, Some(column), Vec::new()),
            // What is left of it without the predictions is about the rest of the data.
            Err(Trouble::Faults(errors)) => {
                let refused = |error| format!("audit and project would refuse these data: {error}");
                (reading(None)?, None, errors.iter().map(refused).collect())
            }
            Err(stop) => return Err(stop),
        },
        Err(Failure { message, .. }) => {
            let near = nearest(&program.prediction.header, source.columns().iter().map(String::as_str));
            let give = near.map_or_else(|| COMMAND_LINE.any_predictions.to_owned(), COMMAND_LINE.these_predictions);
            (reading(None)?, None, vec![format!("{message}: audit and project need {give}")])
        }
    };
    Ok((Dataset { source, params, encoded, prediction, settings: setting::pairs(&args.settings) }, refused))
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

    fn width(&self) -> usize {
        self.0.out_look().width
    }
}

/// How many rows a report shows.
#[derive(Debug, clap::Args)]
pub struct Shown {
    /// Show at most so many rows, the worst first
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = super::number::many)]
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
