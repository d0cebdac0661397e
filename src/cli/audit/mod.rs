//! `fairc audit`: do predictions satisfy a spec?

mod head;
mod slices;

use std::path::{Path, PathBuf};

use super::console::Console;
use super::dataset::{Painter, PredictedArgs, Shown};
use super::fault::stop;
use super::global::Format;
use super::input::Spec;
use super::outputs::Files;
use super::stop::{Outcome, Stop, Verdict};
use crate::bind::Raw;
use crate::data::{STANDARD_STREAM, write_text};
use crate::report::impact::Share;
use crate::report::{Facts, Watch, card, cyclonedx, markdown, page, sarif};
use crate::source::watch;
use crate::tasks::{AuditOptions, Audited, Origin, Use, audit, replicates};

/// Check whether predictions satisfy a spec
///
/// Prints for each row the groups compared, their means, the gap and the limit. Exits with 0 if all promises are held, with 1
/// if one is violated or could not be checked.
/// `--format` also takes `markdown` and `sarif`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    input: PredictedArgs,
    /// The column with the predictions as they were before something changed them, which rows with `raw(..)` read; without it
    /// these are not checked
    #[arg(long, value_name = "COL")]
    raw: Option<String>,
    /// Write a report as one page of HTML
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write a model card in Markdown, in the sections of Hugging Face's template
    #[arg(long, value_name = "FILE")]
    card: Option<PathBuf>,
    /// Write a CycloneDX document with fairness assessments
    #[arg(long, value_name = "FILE")]
    cyclonedx: Option<PathBuf>,
    #[command(flatten)]
    head: head::Head,
    /// Compare the groups of an attribute with this one, and not with that of the highest mean; may be repeated
    #[arg(long, value_name = "COL=LEVEL", value_parser = head::reference)]
    reference: Vec<(String, String)>,
    /// Groups with a smaller share of the samples are no reference, and are not marked [default: 2%]
    #[arg(long, value_name = "SHARE", value_parser = crate::cli::impact::share)]
    min_share: Option<Share>,
    /// Audit also the samples of each value of this column by themselves, for example of a week or a model version
    #[arg(long, value_name = "COL")]
    group_by: Option<String>,
    /// Bootstrap replicates for the intervals of reports; 0 for none [default: 1000, fewer for large data]
    #[arg(long, value_name = "N", value_parser = replicates_wanted)]
    bootstrap: Option<u32>,
    /// The seed of the bootstrap
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = super::number::seed)]
    seed: u64,
    /// A date to print in the report, which has none by itself so that equal inputs give equal reports
    #[arg(long, value_name = "TEXT")]
    date: Option<String>,
    /// How far beyond a limit counts as rounding, relative to the largest number in the row [default: what rounding of the
    /// sums explains]
    #[arg(long, value_name = "X", value_parser = tolerance)]
    tolerance: Option<f64>,
    /// Exit with 0 also where some promises could not be checked
    #[arg(long)]
    allow_unchecked: bool,
    #[command(flatten)]
    shown: Shown,
}

fn replicates_wanted(text: &str) -> Result<u32, String> {
    super::number::small(text, 0, 100_000)
}

pub(super) fn tolerance(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
        Ok(_) | Err(_) => Err("a tolerance is a number of 0 or more".to_owned()),
    }
}

impl Args {
    pub fn files(&self) -> Files<'_> {
        Files::of(&self.input.spec, &self.input.data.data)
            .pairs(&self.input.data.relations)
            .writes("--html", self.html.as_deref())
            .writes("--card", self.card.as_deref())
            .writes("--cyclonedx", self.cyclonedx.as_deref())
    }

    /// Whether more is shown than the rows.
    fn wants_facts(&self, console: &Console) -> bool {
        let written = [&self.html, &self.card, &self.cyclonedx];
        console.format != Format::Human || written.iter().any(|path| path.is_some())
    }

    /// Whether one of the documents goes to standard output.
    fn on_stdout(&self) -> bool {
        let written = [&self.html, &self.card, &self.cyclonedx];
        written.iter().any(|path| path.as_deref() == Some(Path::new(STANDARD_STREAM)))
    }
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    if args.on_stdout() && console.format != Format::Human {
        return Err(Stop::failed(
            "a document and the report cannot both go to standard output",
            "give the document a file",
        ));
    }
    let spec = Spec::read(&args.input.spec)?;
    let program = spec.valid(console)?;
    let facts = args.wants_facts(console);
    let mut watch = watch(&spec, program);
    let chosen = watch.compare_with(&args.reference, args.min_share);
    chosen.map_err(|none| Stop::failed(none.message, none.help))?;
    let raw = args.raw.clone().map_or(Raw::Unknown, Raw::Column);
    let dataset = args.input.open(Use::Audit(&watch, &raw), &spec, program, console)?;
    if let Some(column) = args.raw.as_deref().filter(|_| !program.reads_raw()) {
        dataset.refuse_missing(column, "--raw")?;
        console.note("no row reads `raw(..)`, so `--raw` changes nothing");
    }
    let case = dataset.case(&spec, program);
    let options = AuditOptions {
        tolerance: args.tolerance,
        resampling: replicates(args.bootstrap.map(|count| count as usize), args.seed, dataset.encoded.n()),
        slicing: args.group_by.as_ref().map(|column| slices::read(column, &dataset)).transpose()?,
        allow_unchecked: args.allow_unchecked,
        date: args.date.clone(),
        about: args.head.about(),
        most: args.shown.most(),
    };
    let audited = audit(case, options).map_err(|refused| stop(refused, &case.context, console))?;
    if facts {
        let origin = Origin { hash: dataset.source.hash()?.to_hex().to_string(), bytes: dataset.source.size() };
        show(&audited.facts(&watch, origin), &audited, &watch, args, console)?;
    } else {
        console.report(&audited.text(&watch, &Painter(console)))?;
    }
    Ok(Verdict::from(audited.accepted()))
}

fn show(facts: &Facts, audited: &Audited<'_>, watch: &Watch, args: &Args, console: &Console) -> Result<(), Stop> {
    if let Some(path) = &args.html {
        write_text(path, &page(facts))?;
    }
    if let Some(path) = &args.card {
        write_text(path, &card(facts))?;
    }
    if let Some(path) = &args.cyclonedx {
        write_text(path, &format!("{:#}\n", cyclonedx(facts)))?;
    }
    match console.format {
        Format::Human if args.on_stdout() => console.report_beside(&audited.text(watch, &Painter(console))),
        Format::Human => console.report(&audited.text(watch, &Painter(console)))?,
        Format::Json => console.json(facts)?,
        Format::Markdown => console.print(&markdown(facts))?,
        Format::Sarif => console.document(&sarif(facts))?,
    }
    let written = [("report", &args.html), ("model card", &args.card), ("CycloneDX document", &args.cyclonedx)];
    for (what, path) in written.into_iter().filter_map(|(what, path)| Some((what, path.as_ref()?))) {
        if path != Path::new(STANDARD_STREAM) {
            console.note(&format!("the {what} is in `{}`", path.display()));
        }
    }
    Ok(())
}
