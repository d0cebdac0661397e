//! `fairc price`: what a spec costs, over the values of its params.

use std::io::Write;
use std::path::PathBuf;

use super::console::Console;
use super::dataset::{Dataset, Painter, PredictedArgs, one_stream};
use super::fault::refuse;
use super::input::Spec;
use super::outputs::Files;
use super::setting::{number, words};
use super::stop::{Outcome, Stop, Verdict};
use crate::analyze::{Ended, ParamSweep, Point, SweepError, between, sensible};
use crate::bind::{BindError, EncodeOptions, Encoded, Params, Purpose, Reach, Samples, encode};
use crate::data::{DataError, write_atomically};
use crate::language::program::Program;
use crate::report::{PriceReport, RowSummaries, Sweep};

/// Show what a spec costs: how far predictions have to move at each value of a param
///
/// For each value: how many predictions move and how far, what becomes of each group and each row, and what a little more
/// room would save. Computed from the predictions as they are; nothing is fitted again.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    input: PredictedArgs,
    /// A param and its values: `eps=0,0.01,0.05`, `eps=0..0.1/20` for 20 steps, or `eps` for values worth a look; may be
    /// repeated, each param is varied by itself [default: every param that rows read]
    #[arg(long = "sweep", value_name = "NAME[=VALUES]", value_parser = parse)]
    sweeps: Vec<Wanted>,
    /// Leave out what is enforced in training only
    #[arg(long)]
    inference: bool,
    /// Draw a picture, as SVG
    #[arg(long, value_name = "OUT.svg")]
    plot: Option<PathBuf>,
    /// Show all rows and all groups
    #[arg(long)]
    all: bool,
}

impl Args {
    pub fn files(&self) -> Files<'_> {
        Files::of(&self.input.spec, &self.input.data.data).writes("--plot", self.plot.as_deref())
    }
}

/// A param, and the values wanted; none for values worth a look.
#[derive(Clone, Debug, PartialEq)]
struct Wanted {
    name: String,
    values: Vec<f64>,
}

/// Steps where none are named.
const STEPS: usize = 20;
/// More values than these are a slip of the pen.
const MOST: usize = 10_000;

fn parse(text: &str) -> Result<Wanted, String> {
    let (name, list) = text.split_once('=').map_or((text, None), |(name, list)| (name, Some(list)));
    let name = name.trim().trim_matches('`').to_owned();
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
                        .filter(|steps| (1..=MOST).contains(steps))
                        .ok_or_else(|| format!("`{steps}` is no number of steps from 1 to {MOST}"))?,
                };
                values.extend(between(finite(from)?, finite(to)?, steps));
            }
        }
    }
    if values.len() > MOST {
        return Err(format!("{} values, and at most {MOST} are computed", values.len()));
    }
    values.sort_by(f64::total_cmp);
    values.dedup();
    Ok(Wanted { name, values })
}

fn finite(text: &str) -> Result<f64, String> {
    let value = number(text)?;
    if value.is_finite() { Ok(value) } else { Err(format!("`{text}` is no value of a param")) }
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    one_stream(&args.input.spec, &args.input.data.data)?;
    let spec = Spec::read(&args.input.spec)?;
    let program = spec.valid(console)?;
    let purpose = if args.inference { Purpose::Inference } else { Purpose::Training };
    let dataset = args.input.open(EncodeOptions { purpose, ..EncodeOptions::default() }, &spec, program, console)?;
    let refused = |errors: &[BindError]| refuse(errors, &spec, program, console);
    let wanted = wanted(args, program, &dataset).map_err(|error| refused(&[error]))?;
    if wanted.is_empty() {
        let help = "a price is paid for the value of a param: declare one, for example `param eps = 0.02 in [0, 1]`";
        return Err(Stop::failed(format!("no row of `{}` reads a param", spec.name), help));
    }
    let options = EncodeOptions { purpose, prediction: dataset.prediction.clone(), ..EncodeOptions::default() };
    let again = |params: &Params| encode(program, params, &dataset.source, &options, &mut |_, _| {});
    let mut sweeps = Vec::new();
    for (place, wanted) in wanted {
        let mut sweep =
            ParamSweep::new(program, &dataset.encoded, &dataset.params, place, dataset.predictions(), &again);
        let points = points(&mut sweep, wanted.values).map_err(|error| stop(error, &refused))?;
        let param = sweep.param().map_or("", |param| param.name.as_str());
        sweeps.push(Sweep { param, present: sweep.present(), reach: sweep.reach(), points });
    }
    let feasible = sweeps.iter().flat_map(|sweep| &sweep.points).any(|point| point.ended == Ended::Optimal);
    let report = report(args, &spec, program, &dataset, sweeps, &refused)?;
    finish(args, &report, console)?;
    Ok(Verdict::from(feasible))
}

/// The params to vary, by place in the program.
fn wanted(args: &Args, program: &Program, dataset: &Dataset) -> Result<Vec<(usize, Wanted)>, BindError> {
    if args.sweeps.is_empty() {
        let read = (0..program.params.len()).filter(|&place| dataset.encoded.reach(place) != Reach::Nothing);
        return Ok(read.map(|place| (place, Wanted { name: String::new(), values: Vec::new() })).collect());
    }
    let place = |wanted: &Wanted| match program.params.iter().position(|param| param.name == wanted.name) {
        Some(place) => Ok((place, wanted.clone())),
        // The error that setting it gives.
        None => Err(Params::defaults(program)
            .set(program, &wanted.name, 0.0)
            .err()
            .unwrap_or(BindError::UnknownParam { name: wanted.name.clone(), suggestion: None, known: Vec::new() })),
    };
    args.sweeps.iter().map(place).collect()
}

fn points(sweep: &mut ParamSweep<'_>, values: Vec<f64>) -> Result<Vec<Point>, SweepError> {
    let values = if values.is_empty() { sensible(sweep, STEPS)? } else { values };
    values.into_iter().map(|value| sweep.at(value)).collect()
}

fn stop(error: SweepError, refused: &dyn Fn(&[BindError]) -> Stop) -> Stop {
    match error {
        SweepError::Bind(errors) => refused(&errors),
        SweepError::Problem(error) => Stop::failed(error.to_string(), ""),
        SweepError::Project(error) => Stop::failed(error.to_string(), ""),
    }
}

/// Adds what does not change with the params: the sizes of the groups, and the rows that take no part.
fn report<'a>(
    args: &Args,
    spec: &'a Spec,
    program: &'a Program,
    dataset: &'a Dataset,
    sweeps: Vec<Sweep<'a>>,
    refused: &dyn Fn(&[BindError]) -> Stop,
) -> Result<PriceReport<'a>, Stop> {
    let encoded: &Encoded = &dataset.encoded;
    let mut report = PriceReport {
        spec: &spec.name,
        data: dataset.source.name(),
        prediction: dataset.prediction.as_deref().unwrap_or_default(),
        settings: words(&args.input.data.settings),
        program,
        promised: program.promised_rows(),
        n: encoded.n(),
        sweeps,
        sizes: Vec::new(),
        left_over: Vec::new(),
        all: args.all,
    };
    match encoded.bind(&dataset.params, &Samples::All) {
        Ok(bound) => {
            report.sizes = bound.events.iter().map(|count| count.map(|count| count.samples)).collect();
            let mut summaries = RowSummaries::new(program);
            summaries
                .enter(&bound, encoded, &dataset.params, &Samples::All, dataset.predictions())
                .map_err(|error| Stop::failed(error.to_string(), ""))?;
            let rows = summaries.rows.iter().enumerate();
            report.left_over = rows.filter_map(|(index, row)| Some((index, row.reason.clone()?))).collect();
        }
        // The sides of the present value cross: what the sweep found is shown all the same.
        Err(errors)
            if errors
                .iter()
                .all(|error| matches!(error, BindError::CrossedSides { .. } | BindError::CrossedRows { .. })) => {}
        Err(errors) => return Err(refused(&errors)),
    }
    Ok(report)
}

fn finish(args: &Args, report: &PriceReport<'_>, console: &Console) -> Result<(), Stop> {
    if let Some(path) = &args.plot {
        let svg = report.picture().map_err(|error| Stop::failed(error.to_string(), ""))?;
        write_atomically(path, |out| {
            let failed = |source| DataError::Write { file: path.display().to_string(), source };
            out.write_all(svg.as_bytes()).map_err(failed)
        })?;
        console.note(&format!("drew {}", path.display()));
    }
    if console.is_json() { console.json(&report.json()) } else { console.print(&report.text(&Painter(console))) }
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
        assert_eq!(parse("`my eps`"), Ok(Wanted { name: "my eps".to_owned(), values: Vec::new() }));
        assert_eq!(values("eps=0..1").map(|values| values.len()), Ok(21));
        for wrong in ["eps=", "eps=a", "eps=0..1/0", "eps=0..1/x", "eps=0..", "eps=nan", "eps=inf..1"] {
            assert!(values(wrong).is_err(), "{wrong}");
        }
    }
}
