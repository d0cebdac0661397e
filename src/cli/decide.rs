//! `fairc decide`: decisions of 0 or 1 that satisfy a spec and gain the most.

use std::path::{Path, PathBuf};

use clap::builder::NonEmptyStringValueParser;

use super::console::Console;
use super::dataset::{Dataset, Painter, PredictedArgs, Shown};
use super::fault::stop;
use super::freeze::Target;
use super::front::context;
use super::input::{LONGEST, Spec, read_text_within};
use super::new_column::NewColumn;
use super::outputs::Files;
use super::page;
use super::solve::Infeasible;
use super::stop::{Failure, Outcome, Stop, Verdict};
use crate::bind::Thresholds;
use crate::data::{Format, write_text};
use crate::report::decide_page;
use crate::source::watch;
use crate::tasks::{
    Case, DecideOptions, Decided, Draws, Refused, Use, decide, decide_by, left_out, lost_by_freezing, read_thresholds,
    thresholds_json, thresholds_sql,
};

/// Decide 0 or 1 so that a spec holds, gaining the most
///
/// A decision of 1 gains the score less the cutoff, or what a column says; the sum of the gains is as large as the rows
/// allow. That is a threshold for each group. The few samples that the optimum leaves between 0 and 1 are rounded so that all rows
/// hold, counted exactly. Prints what changed; with `-o` the data are written with one more column, the decisions.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    input: PredictedArgs,
    /// Where no row binds, scores of this or more are decided 1 [default: 0.5]
    #[arg(long, value_name = "X", value_parser = super::number::real, conflicts_with_all = ["gain", "thresholds"])]
    cutoff: Option<f64>,
    /// A column with what a decision of 1 gains, in place of the score less the cutoff
    #[arg(long, value_name = "COL")]
    gain: Option<String>,
    /// Draw the samples between 0 and 1 with this seed, so that equal scores of a group have equal chances
    #[arg(long, value_name = "SEED", value_parser = super::number::seed)]
    randomize: Option<u64>,
    /// The column that a draw depends on, so that it stays the same for a person [default: the number of the row]
    #[arg(long, value_name = "COL", requires = "randomize")]
    key: Option<String>,
    /// Write the thresholds: .json for `--thresholds`, or .sql
    #[arg(long, value_name = "FILE", conflicts_with = "thresholds")]
    freeze: Option<PathBuf>,
    /// Decide by the thresholds that `--freeze` wrote, so that no decision depends on another
    #[arg(long, value_name = "FILE", conflicts_with = "on_infeasible")]
    thresholds: Option<PathBuf>,
    /// Write a page with the scores of each group and its threshold
    #[arg(long, value_name = "OUT.html", value_parser = page::file)]
    html: Option<PathBuf>,
    /// What to do if no decisions of 0 and 1 satisfy the spec: nothing, or take the nearest
    #[arg(long, value_enum, default_value_t = Infeasible::Error, hide_possible_values = true, value_name = "error|relax")]
    on_infeasible: Infeasible,
    /// Where to write the data with the new column; `-` is standard output
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// The format to write, where the extension does not tell it
    #[arg(long, value_name = "FORMAT", requires = "output")]
    output_format: Option<Format>,
    /// The name of the new column [default: the prediction's name and _decision]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,
    /// Exit with 1 if a promise is violated or could not be enforced
    #[arg(long)]
    require_all: bool,
    /// Replace the new column if the data have it already
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    shown: Shown,
}

/// Where no row presses, who is as likely as not is decided 1.
pub(super) const CUTOFF: f64 = 0.5;

impl Args {
    pub fn files(&self) -> Files<'_> {
        let Args { input, output, freeze, html, thresholds, .. } = self;
        let files = Files { in_place: Some(&input.data.data), ..Files::of(&input.spec, &input.data.data) };
        let files = files.reads("--thresholds", thresholds.as_deref());
        files.writes("-o", output.as_deref()).writes("--freeze", freeze.as_deref()).writes("--html", html.as_deref())
    }

    fn freezes(&self) -> Result<Option<(&Path, Target)>, Failure> {
        let Some(path) = self.freeze.as_deref() else { return Ok(None) };
        Target::of_output(path, "").map(|target| Some((path, target)))
    }
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    let freezes = args.freezes()?;
    let spec = Spec::read(&args.input.spec)?;
    let program = spec.valid(console)?;
    let context = context(&spec, program);
    let fitted = args.thresholds.as_deref().map(|path| read(path, &context)).transpose()?;
    let watch = watch(&spec, program);
    let scores = score_column(args, fitted.as_ref(), &program.prediction.header);
    let dataset = args.input.open_column(scores, Use::Decide(&watch), (&spec, program), console)?;
    let case = dataset.case(&spec, program);
    let added = NewColumn {
        name: args.name.clone().unwrap_or_else(|| format!("{}_decision", program.prediction.name)),
        output: args.output.as_deref(),
        format: args.output_format,
        replace: args.replace,
    };
    added.refuse_existing(&dataset.source, program)?;

    let column = gain_column(args, fitted.as_ref());
    let gain = column.map(|column| numbers(&dataset, column)).transpose()?;
    let keys = args.key.as_deref().map(|column| texts(&dataset, column)).transpose()?;
    let options = DecideOptions {
        cutoff: args.cutoff.unwrap_or(CUTOFF),
        gain: column.zip(gain.as_deref()),
        draws: args.randomize.map(|seed| Draws { seed, keys: keys.as_deref() }),
        relax: matches!(args.on_infeasible, Infeasible::Relax),
        watch: &watch,
        most: args.shown.most(),
    };
    let refused = |refused: Refused| stop(refused, &case.context, console);
    let done = match &fitted {
        Some(thresholds) => decide_by(&case, thresholds, &options).map_err(refused)?,
        None => decide(&case, &options).map_err(refused)?,
    };
    if let Some(to) = freezes {
        write_frozen(to, &case, &done, &options, console)?;
    }
    if done.missed.is_none() {
        added.write(&dataset.source, done.decisions.as_slice(), console)?;
    }
    page::write(args.html.as_deref(), || decide_page(&done.report, env!("CARGO_PKG_VERSION")), console)?;
    show(&done, &added, args, console)?;
    added.note_unwritten(console);
    if let Some(failure) = &done.missed {
        console.failed_in_words(failure);
        return Ok(Verdict::No);
    }
    let failures = done.failures(&case.context, args.require_all);
    failures.iter().for_each(|failure| console.say(&format!("error: {failure}\n")));
    Ok(Verdict::from(failures.is_empty()))
}

/// Writes the thresholds, and says what is lost where they decide alone.
fn write_frozen(
    (path, target): (&Path, Target),
    case: &Case<'_>,
    done: &Decided<'_>,
    options: &DecideOptions<'_>,
    console: &Console,
) -> Result<(), Stop> {
    let thresholds = done.thresholds.as_ref().map_err(|failure| Stop::from(failure.clone()))?;
    let text = match target {
        Target::Json => thresholds_json(&case.context, thresholds)?,
        Target::Sql => thresholds_sql(&case.context, thresholds)?,
    };
    write_text(path, &text)?;
    let lost = lost_by_freezing(case, thresholds, options).map_err(|refused| stop(refused, &case.context, console))?;
    lost.iter().chain(&left_out(case.encoded, &case.context)).for_each(|note| console.note(note));
    Ok(())
}

/// The thresholds in a file, which must belong to the spec.
pub(super) fn read(path: &Path, context: &crate::tasks::Context<'_>) -> Result<Thresholds, Stop> {
    let text = read_text_within(path, LONGEST)?;
    Ok(read_thresholds(context, &format!("the thresholds `{}`", path.display()), &text)?)
}

/// The column of scores: as asked for, or that which thresholds were fitted for.
fn score_column<'a>(args: &'a Args, fitted: Option<&'a Thresholds>, prediction: &str) -> Option<&'a str> {
    let fitted = fitted.filter(|thresholds| !thresholds.gains).map(|thresholds| thresholds.column.as_str());
    args.input.pred.as_deref().or(fitted.filter(|column| *column != prediction))
}

/// The column of gains: as asked for, or that which thresholds were fitted for.
fn gain_column<'a>(args: &'a Args, fitted: Option<&'a Thresholds>) -> Option<&'a str> {
    let fitted = fitted.filter(|thresholds| thresholds.gains).map(|thresholds| thresholds.column.as_str());
    args.gain.as_deref().or(fitted)
}

/// The numbers of a column, none of them missing.
pub(super) fn numbers(dataset: &Dataset, column: &str) -> Result<Vec<f64>, Stop> {
    let mut all = Vec::with_capacity(dataset.encoded.n());
    dataset.visit_column(column, "--gain", |batch, values| {
        for row in 0..batch.rows() {
            match values.value(row).number() {
                Ok(Some(number)) if number.is_finite() => all.push(number),
                Ok(_) | Err(_) => {
                    let (value, place) = (values.value(row), batch.place(row));
                    let message = format!("`{column}` is `{value}` on {place}, which is no gain");
                    return Err(Stop::failed(message, "a gain is a finite number for each sample"));
                }
            }
        }
        Ok(())
    })?;
    Ok(all)
}

/// The values of a column as text.
fn texts(dataset: &Dataset, column: &str) -> Result<Vec<String>, Stop> {
    let mut all = Vec::with_capacity(dataset.encoded.n());
    dataset.visit_column(column, "--key", |batch, values| {
        all.extend((0..batch.rows()).map(|row| values.value(row).to_string()));
        Ok(())
    })?;
    Ok(all)
}

fn show(done: &Decided<'_>, added: &NewColumn<'_>, args: &Args, console: &Console) -> Result<(), Stop> {
    let frozen = args.freeze.as_ref().map(|freeze| ("frozen", freeze.display().to_string().into()));
    let failed = |failure: &Failure| serde_json::json!({ "message": failure.message, "help": failure.help });
    let missed = done.missed.as_ref().map(|failure| ("error", failed(failure)));
    let more = frozen.into_iter().chain(missed).collect();
    let lines = args.freeze.as_ref().map(|freeze| format!("wrote the thresholds to {}\n", freeze.display()));
    let json = || serde_json::to_value(done.report.json()).unwrap_or_default();
    let text = || done.report.text(&Painter(console));
    added.show(done.missed.is_none(), json, text, (more, &lines.unwrap_or_default()), console)
}
