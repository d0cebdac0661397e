//! `fairc price`: what a spec costs, over the values of its params.

use std::path::PathBuf;

use super::console::Console;
use super::dataset::{Painter, PredictedArgs};
use super::decide::{CUTOFF, numbers};
use super::fault::stop;
use super::input::Spec;
use super::outputs::Files;
use super::page;
use super::setting::{name_of, number};
use super::stop::{Outcome, Stop, Verdict};
use crate::analyze::between;
use crate::bind::{Params, Purpose, encode};
use crate::data::write_text;
use crate::report::{PriceReport, price_page};
use crate::source::watch;
use crate::tasks::{DecideOptions, MOST_VALUES, PriceOptions, STEPS, Sweeping, Use, price};

/// Show what a spec costs: how far predictions have to move at each value of a param
///
/// For each value: how many predictions move and how far, what becomes of each group and each row, and what a little more
/// slack would save. Computed from the predictions as they are; nothing is fitted again. With `--decide`: what decisions of 0 and 1
/// gain, and who is selected.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    input: PredictedArgs,
    /// A param and its values: `eps=0,0.01,0.05`, `eps=0..0.1/20` for 20 steps, or `eps` for values worth a look; may be
    /// repeated, each param is varied by itself [default: every param that rows read]
    #[arg(long = "sweep", value_name = "NAME[=VALUES]", value_parser = parse)]
    sweeps: Vec<Sweeping>,
    /// Price decisions as `fairc decide` makes them: what they gain at each value
    #[arg(long, conflicts_with = "inference")]
    decide: bool,
    /// With `--decide`: where no row binds, scores of this or more are decided 1 [default: 0.5]
    #[arg(long, value_name = "X", value_parser = super::number::real, requires = "decide", conflicts_with = "gain")]
    cutoff: Option<f64>,
    /// With `--decide`: a column with what a decision of 1 gains, in place of the score less the cutoff
    #[arg(long, value_name = "COL", requires = "decide")]
    gain: Option<String>,
    /// Leave out what is enforced in training only
    #[arg(long)]
    inference: bool,
    /// Draw a picture, as SVG
    #[arg(long, value_name = "OUT.svg", value_parser = picture)]
    plot: Option<PathBuf>,
    /// Write a page with the values, and charts of what they cost and of each group
    #[arg(long, value_name = "FILE", value_parser = page::file)]
    html: Option<PathBuf>,
    /// Show all rows and all groups
    #[arg(long)]
    all: bool,
}

/// The file of a picture; a name without extension may be that of a pipe.
fn picture(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension() {
        Some(extension) if !extension.eq_ignore_ascii_case("svg") => {
            Err("the picture is SVG: let the name end in `.svg`".to_owned())
        }
        Some(_) | None => Ok(path),
    }
}

impl Args {
    pub fn files(&self) -> Files<'_> {
        Files::of(&self.input.spec, &self.input.data.data)
            .writes("--plot", self.plot.as_deref())
            .writes("--html", self.html.as_deref())
    }
}

fn parse(text: &str) -> Result<Sweeping, String> {
    let (name, list) = text.rsplit_once('=').map_or((text, None), |(name, list)| (name, Some(list)));
    let name = name_of(name);
    let mut values = Vec::new();
    for part in list.into_iter().flat_map(|list| list.split(',')) {
        match part.split_once("..") {
            None => values.push(finite(part)?),
            Some((from, rest)) => {
                let (to, steps) = rest.split_once('/').map_or((rest, None), |(to, steps)| (to, Some(steps)));
                let steps = match steps.map(str::trim) {
                    None => STEPS,
                    Some(steps) => steps
                        .parse()
                        .ok()
                        .filter(|steps| (1..=MOST_VALUES).contains(steps))
                        .ok_or_else(|| format!("`{steps}` is no number of steps from 1 to {MOST_VALUES}"))?,
                };
                values.extend(between(finite(from)?, finite(to)?, steps));
            }
        }
    }
    Sweeping::new(name, values)
}

fn finite(text: &str) -> Result<f64, String> {
    let value = number(text)?;
    if value.is_finite() { Ok(value) } else { Err(format!("`{text}` is no value of a param")) }
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    let spec = Spec::read(&args.input.spec)?;
    let program = spec.valid(console)?;
    let purpose = if args.inference { Purpose::Inference } else { Purpose::Training };
    let watch = watch(&spec, program);
    let usage = if args.decide { Use::Decide(&watch) } else { Use::Project(purpose) };
    let dataset = args.input.open(usage, &spec, program, console)?;
    let mut reading = usage.options(dataset.prediction.clone());
    super::relations::give(&mut reading, &args.input.data.relations, &args.input.data.form, &spec, program)
        .map_err(|trouble| trouble.told(&spec, program, console))?;
    let again = |params: &Params| encode(program, params, &dataset.source, &reading, &mut |_, _| {});
    let case = dataset.case(&spec, program);
    let column = args.gain.as_deref();
    let gain = column.map(|column| numbers(&dataset, column)).transpose()?;
    let decide = args.decide.then(|| DecideOptions {
        cutoff: args.cutoff.unwrap_or(CUTOFF),
        gain: column.zip(gain.as_deref()),
        draws: None,
        relax: false,
        watch: &watch,
        most: usize::MAX,
    });
    let options = PriceOptions { sweeps: args.sweeps.clone(), all: args.all, decide };
    let priced = price(&case, options, &again).map_err(|refused| stop(refused, &case.context, console))?;
    finish(args, &priced.report, console)?;
    Ok(Verdict::from(priced.feasible))
}

fn finish(args: &Args, report: &PriceReport<'_>, console: &Console) -> Result<(), Stop> {
    if let Some(path) = &args.plot {
        let svg = report.picture().map_err(|error| Stop::failed(error.to_string(), ""))?;
        write_text(path, &svg)?;
        console.note(&format!("drew {}", path.display()));
    }
    page::write(args.html.as_deref(), || price_page(report, env!("CARGO_PKG_VERSION")), console)?;
    if console.is_json() { console.json(&report.json()) } else { console.report(&report.text(&Painter(console))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweeps_are_lists_and_ranges() {
        let values = |text: &str| parse(text).map(|wanted| wanted.values);
        assert_eq!(values("eps=0.02,0,1%"), Ok(vec![0.0, 0.01, 0.02]));
        assert_eq!(values("eps=0..0.1/2,0.3"), Ok(vec![0.0, 0.05, 0.1, 0.3]));
        assert_eq!(values("eps=10%..0/4").map(|values| values.len()), Ok(5));
        assert_eq!(parse("tol[a * b]=0"), Ok(Sweeping { name: "tol[a*b]".to_owned(), values: vec![0.0] }));
        assert_eq!(parse("`my eps`"), Ok(Sweeping { name: "my eps".to_owned(), values: Vec::new() }));
        assert_eq!(values("eps=0..1").map(|values| values.len()), Ok(21));
        for wrong in ["eps=", "eps=a", "eps=0..1/0", "eps=0..1/x", "eps=0..", "eps=nan", "eps=inf..1"] {
            assert!(values(wrong).is_err(), "{wrong}");
        }
    }
}
