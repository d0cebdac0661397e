//! `fairc audit`: do predictions satisfy a spec?

mod slices;

use std::io::Write;
use std::path::{Path, PathBuf};

use super::args::Format;
use super::console::Console;
use super::dataset::{Dataset, Painter, PredictedArgs, Shown, one_stream, outside};
use super::fault::Trouble;
use super::input::Spec;
use super::outputs::Files;
use super::setting::words;
use super::stop::{Outcome, Stop, Verdict};
use crate::bind::{EncodeOptions, Encoded, Resampling, Samples};
use crate::data::{DataError, STANDARD_STREAM, write_atomically};
use crate::language::program::Program;
use crate::report::{
    self, Audit, Evidence, Facts, RowSummaries, SlicesFacts, Tolerance, Watch, markdown, page, sarif, slices_text,
};
use crate::spec::{places, watch};

/// Check whether predictions satisfy a spec
///
/// Prints for each row the groups compared, their means, the gap and the limit. Exits with 0 if all promises are held, with 1
/// if one is violated or could not be checked.
/// `--format` also takes `markdown` and `sarif`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    input: PredictedArgs,
    /// Write a report as one page of HTML
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Audit also the samples of each value of this column by themselves, for example of a week or a model version
    #[arg(long, value_name = "COL")]
    group_by: Option<String>,
    /// Bootstrap replicates for the intervals of reports; 0 for none [default: 1000, fewer for large data]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=100_000))]
    bootstrap: Option<u32>,
    /// The seed of the bootstrap
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// A date to print in the report, which has none by itself so that equal inputs give equal reports
    #[arg(long, value_name = "TEXT")]
    date: Option<String>,
    /// How far beyond a limit counts as rounding, relative to the largest number in the row [default: what rounding can
    /// have made of the sums]
    #[arg(long, value_name = "X", value_parser = tolerance)]
    tolerance: Option<f64>,
    /// Exit with 0 also where promises are held or not checked
    #[arg(long)]
    allow_unchecked: bool,
    #[command(flatten)]
    shown: Shown,
}

pub(super) fn tolerance(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
        Ok(_) | Err(_) => Err("a tolerance is a number of 0 or more".to_owned()),
    }
}

impl Args {
    fn tolerance(&self) -> Tolerance {
        self.tolerance.map_or(Tolerance::Rounding, Tolerance::Relative)
    }

    pub fn files(&self) -> Files<'_> {
        Files::of(&self.input.spec, &self.input.data.data).writes("--html", self.html.as_deref())
    }

    /// Whether more is shown than the rows.
    fn wants_facts(&self, console: &Console) -> bool {
        console.format != Format::Human || self.html.is_some()
    }

    /// Whether the command ends with 0.
    fn accepts(&self, verdict: report::Verdict) -> bool {
        match verdict {
            report::Verdict::Held => true,
            report::Verdict::Violated => false,
            report::Verdict::NotChecked | report::Verdict::NotApplicable => self.allow_unchecked,
        }
    }

    fn html_on_stdout(&self) -> bool {
        self.html.as_deref() == Some(Path::new(STANDARD_STREAM))
    }

    /// Replicates for data of `n` samples.
    fn resampling(&self, n: usize) -> Option<Resampling> {
        const USUAL: usize = 1000;
        const LEAST: usize = 200;
        /// Draws that take about a second.
        const DRAWS: usize = 400_000_000;
        let usual = (DRAWS / n.max(1)).clamp(LEAST, USUAL);
        let replicates = self.bootstrap.map_or(usual, |count| count as usize);
        (replicates > 0).then_some(Resampling { replicates, seed: self.seed })
    }
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    one_stream(&args.input.spec, &args.input.data.data)?;
    if args.html_on_stdout() && console.format != Format::Human {
        return Err(Stop::failed("the page and the report cannot both go to standard output", "give `--html` a file"));
    }
    let spec = Spec::read(&args.input.spec)?;
    let program = spec.valid(console)?;
    let facts = args.wants_facts(console);
    let watch = if facts { watch(&spec, program) } else { Watch::default() };
    let options = EncodeOptions { watch: watch.events(), ..EncodeOptions::default() };
    let mut dataset = args.input.open(options, &spec, program, console)?;
    dataset.encoded = dataset.encoded.judging();
    let (summaries, outside) = entered(&dataset, &dataset.encoded, &Samples::All, program)
        .map_err(|errors| errors.told(&spec, program, console))?;
    let slices = match &args.group_by {
        Some(column) => Some(
            slices::audit(column, &dataset, program, args.tolerance(), args.resampling(dataset.encoded.n()))
                .map_err(|errors| errors.told(&spec, program, console))?,
        ),
        None => None,
    };
    let audit = Audit {
        spec: &spec.name,
        data: dataset.source.name(),
        prediction: dataset.prediction.as_deref().unwrap_or_default(),
        settings: words(&args.input.data.settings),
        n: dataset.encoded.n(),
        summaries,
        outside,
        weighted: dataset.encoded.weight().is_some(),
        tolerance: args.tolerance(),
        unplaced: dataset.encoded.unplaced().to_vec(),
        most: args.shown.most(),
    };
    if !facts {
        let verdicts = [audit.verdict()].into_iter().chain(slices.as_ref().map(SlicesFacts::verdict));
        console.print(&text(&audit, slices.as_ref(), args, console))?;
        return Ok(Verdict::from(args.accepts(report::Verdict::all(verdicts))));
    }
    let evidence = Evidence {
        encoded: &dataset.encoded,
        params: &dataset.params,
        predictions: dataset.predictions(),
        data_hash: dataset.source.hash()?.to_hex().to_string(),
        data_bytes: dataset.source.size(),
        watch: &watch,
        places: places(&spec, program),
        resampling: args.resampling(dataset.encoded.n()),
        slices,
        date: args.date.clone(),
        allow_unchecked: args.allow_unchecked,
    };
    let facts = Facts::gather(&audit, evidence);
    show(&facts, &audit, args, console)?;
    Ok(Verdict::from(facts.accepted))
}

/// Why an audit could not be made.
struct Refused(Trouble);

impl Refused {
    fn told(self, spec: &Spec, program: &Program, console: &Console) -> Stop {
        self.0.told(spec, program, console)
    }
}

impl<T: Into<Trouble>> From<T> for Refused {
    fn from(trouble: T) -> Self {
        Refused(trouble.into())
    }
}

/// What the rows come to for some of the samples, and the predictions of these outside their bounds.
fn entered<'a>(
    dataset: &Dataset,
    encoded: &Encoded,
    samples: &Samples<'_>,
    program: &'a Program,
) -> Result<(RowSummaries<'a>, (usize, f64)), Refused> {
    let bound = encoded.bind(&dataset.params, samples).map_err(Trouble::Faults)?;
    let all = dataset.predictions();
    let own: Vec<f64>;
    let predictions = match samples {
        Samples::All => all,
        Samples::Range(range) => all.get(range.clone()).unwrap_or_default(),
        Samples::Rows(rows) => {
            own = rows.iter().filter_map(|&row| all.get(row as usize).copied()).collect();
            &own
        }
    };
    let mut summaries = RowSummaries::new(program);
    summaries
        .enter(&bound, encoded, &dataset.params, samples, predictions)
        .map_err(|error| Stop::failed(error.to_string(), ""))?;
    let outside = outside(&bound.problem, predictions);
    Ok((summaries, outside))
}

fn text(audit: &Audit<'_>, slices: Option<&SlicesFacts>, args: &Args, console: &Console) -> String {
    let painter = Painter(console);
    let mut text = audit.text(&painter);
    text.extend(slices.map(|slices| slices_text(slices, args.shown.most(), &painter)));
    text
}

fn show(facts: &Facts, audit: &Audit<'_>, args: &Args, console: &Console) -> Result<(), Stop> {
    if let Some(path) = &args.html {
        let page = page(facts);
        write_atomically(path, |out| {
            out.write_all(page.as_bytes())
                .map_err(|source| DataError::Write { file: path.display().to_string(), source })
        })?;
    }
    match console.format {
        Format::Human if args.html_on_stdout() => console.say(&text(audit, facts.group_by.as_ref(), args, console)),
        Format::Human => console.print(&text(audit, facts.group_by.as_ref(), args, console))?,
        Format::Json => console.json(facts)?,
        Format::Markdown => console.print(&markdown(facts))?,
        Format::Sarif => console.document(&sarif(facts))?,
    }
    if let Some(path) = args.html.as_ref().filter(|_| !args.html_on_stdout()) {
        console.note(&format!("the report is in `{}`", path.display()));
    }
    Ok(())
}
