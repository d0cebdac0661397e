//! `fairc impact`: selection rates and impact ratios.

use std::path::{Path, PathBuf};

use super::console::Console;
use super::dataset::Painter;
use super::form::{Form, formats};
use super::front::COMMAND_LINE;
use super::global::Format;
use super::outputs::Files;
use super::setting::number;
use super::stop::{Outcome, Stop, Verdict};
use crate::data::{STANDARD_STREAM, write_text};
use crate::report::impact::{Impact, MIN_SHARE, NO_SHARE, Share, csv, markdown, text};
use crate::report::impact_page;
use crate::tasks::{Applicants, ImpactOptions, Reading, Threshold, impact, impact_columns};

/// Show how often each category is selected, and its impact ratio
///
/// The tables of New York City's Local Law 144, by each column and by all of them together: applicants, selected, selection
/// rate, impact ratio. Needs no spec. Exits with 1 only where `--least` asks for a ratio that is not reached, or cannot be
/// told.
/// `--format` also takes `markdown`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long, value_name = "FILE", help = format!("The data, a row for each applicant: {}; `-` is standard input", formats(".")))]
    data: PathBuf,
    #[command(flatten)]
    form: Form,
    /// The column of decisions, 0 and 1 or words (`--selected`), or of scores
    #[arg(long, value_name = "COL")]
    pred: String,
    /// A column of categories; may be repeated, and all of them together make a table too
    #[arg(long, value_name = "COL", required = true)]
    by: Vec<String>,
    /// Scores of this or more are selected; `median`: those above the median of all applicants
    #[arg(long, value_name = "X|median", value_parser = threshold)]
    threshold: Option<Threshold>,
    /// A decision that counts as selected, where decisions are words; may be repeated
    #[arg(long, value_name = "TEXT")]
    selected: Vec<String>,
    /// Leave out rows without a decision, and say how many
    #[arg(long)]
    skip_empty: bool,
    /// Values that say that a category is unknown, beside nulls: `--unknown Unknown,"not given"`
    #[arg(long, value_name = "TEXT,..", value_delimiter = ',')]
    unknown: Vec<String>,
    /// Categories with a smaller share of the applicants are shown, but not compared [default: 2%]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    min_share: Option<Share>,
    /// Exit with 1 unless every impact ratio is at least this, for example `80%`
    #[arg(long, value_name = "RATIO", value_parser = share)]
    least: Option<Share>,
    /// Write the tables as one page of HTML
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the tables as CSV
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// The title of the report
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// A date to print, which the report has not by itself so that equal inputs give equal reports
    #[arg(long, value_name = "TEXT")]
    date: Option<String>,
}

fn threshold(text: &str) -> Result<Threshold, String> {
    match text {
        "median" => Ok(Threshold::Median),
        _ => match number(text) {
            Ok(value) if value.is_finite() => Ok(Threshold::At(value)),
            Ok(_) | Err(_) => Err("a threshold is a number, or `median`".to_owned()),
        },
    }
}

pub(super) fn share(text: &str) -> Result<Share, String> {
    Share::parse(text).ok_or_else(|| NO_SHARE.to_owned())
}

impl Args {
    /// Whether a file takes the place of the report on standard output.
    fn takes_stdout(&self) -> bool {
        [&self.html, &self.csv].into_iter().flatten().any(|path| path == Path::new(STANDARD_STREAM))
    }

    fn reading(&self) -> Reading {
        Reading { unknown: self.unknown.clone(), selected: self.selected.clone(), skip_empty: self.skip_empty }
    }

    pub fn files(&self) -> Files<'_> {
        let reads = Files::default().reads("--data", Some(&self.data));
        reads.writes("--html", self.html.as_deref()).writes("--csv", self.csv.as_deref())
    }
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    if args.takes_stdout() && console.format != Format::Human {
        return Err(Stop::failed("two reports cannot both go to standard output", "give `--html` and `--csv` a file"));
    }
    let source = args.form.open(&args.data)?;
    let columns = impact_columns(source.name(), source.columns(), &args.pred, &args.by, &COMMAND_LINE)?;
    let mut read = Applicants::of(source.name(), &columns, args.reading());
    for batch in source.read(&columns)? {
        read.read(&batch?)?;
    }
    for text in read.unmet() {
        console.note(&format!("no category is `{text}`, which `--unknown` names"));
    }
    let options = ImpactOptions {
        threshold: args.threshold,
        min_share: args.min_share.unwrap_or(MIN_SHARE),
        least: args.least,
        title: args.title.clone(),
        date: args.date.clone(),
    };
    let found = impact(&read, &options, &COMMAND_LINE)?;
    show(&found, args, console)?;
    Ok(Verdict::from(found.least.is_none() || found.reached == Some(true)))
}

fn show(impact: &Impact, args: &Args, console: &Console) -> Result<(), Stop> {
    if let Some(path) = &args.html {
        write_text(path, &impact_page(impact))?;
    }
    if let Some(path) = &args.csv {
        let table = csv(impact).map_err(|error| Stop::failed(format!("the tables are no CSV: {error}"), ""))?;
        write_text(path, &table)?;
    }
    match console.format {
        Format::Json => console.json(impact),
        Format::Markdown => console.print(&markdown(impact)),
        Format::Human | Format::Sarif if args.takes_stdout() => {
            console.report_beside(&text(impact, &Painter(console)));
            Ok(())
        }
        Format::Human | Format::Sarif => console.report(&text(impact, &Painter(console))),
    }
}
