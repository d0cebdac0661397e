//! `fairc project`: the closest predictions that satisfy a spec.

use std::path::{Path, PathBuf};

use super::console::Console;
use super::dataset::{Dataset, Painter, PredictedArgs, Shown, infeasible, one_stream, outside, status_word};
use super::fault::{Fault, refuse, tell};
use super::input::Spec;
use super::outputs::Files;
use super::setting::words;
use super::shifts;
use super::solve::Infeasible;
use super::stop::{Outcome, Stop, Verdict};
use crate::bind::{BindError, EncodeOptions, Frozen, Purpose, Samples};
use crate::data::{Added, Format, OnExisting, Output, STANDARD_STREAM, write_with_columns};
use crate::language::program::Program;
use crate::report::{self, Batching, Movement, ProjectReport, RowSummaries, Tolerance};
use crate::runtime::problem::Problem;
use crate::runtime::project::{Projection, Projector, Settings, Side, Status};
use crate::spec::Conflict;

/// Make predictions satisfy a spec, moving them as little as possible
///
/// Prints what changed. With `-o` the data are written with one more column, the predictions that satisfy the spec.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    input: PredictedArgs,
    /// Project each N consecutive rows by themselves
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    batch: Option<u32>,
    /// Leave out what is enforced in training only
    #[arg(long)]
    inference: bool,
    /// Do not project: apply the shifts that `fairc freeze` wrote, so that no prediction depends on another
    #[arg(long, value_name = "SHIFTS", conflicts_with_all = ["batch", "on_infeasible"])]
    frozen: Option<PathBuf>,
    /// What to do if no predictions satisfy the spec
    #[arg(long, value_enum, default_value_t = Infeasible::Error, hide_possible_values = true, value_name = "error|relax")]
    on_infeasible: Infeasible,
    /// Where to write the data with the new column; `-` is standard output
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// The format to write, where the extension does not tell it
    #[arg(long, value_name = "FORMAT", requires = "output")]
    output_format: Option<Format>,
    /// The name of the new column [default: COL_fair]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Exit with 1 if a promise could not be enforced
    #[arg(long)]
    require_all: bool,
    /// Replace the new column if the data have it already
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    shown: Shown,
}

impl Args {
    pub fn files(&self) -> Files<'_> {
        let Args { input, frozen, output, .. } = self;
        let files = Files { in_place: Some(&input.data.data), ..Files::of(&input.spec, &input.data.data) };
        files.reads("--frozen", frozen.as_deref()).writes("-o", output.as_deref())
    }
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    one_stream(&args.input.spec, &args.input.data.data)?;
    let spec = Spec::read(&args.input.spec)?;
    let program = spec.valid(console)?;
    let purpose = if args.inference { Purpose::Inference } else { Purpose::Training };
    let options = match &args.frozen {
        Some(_) => super::freeze::options(),
        None => EncodeOptions { purpose, ..EncodeOptions::default() },
    };
    let frozen = args.frozen.as_deref().map(|path| shifts::read(path, program)).transpose()?;
    let dataset = args.input.open(options, &spec, program, console)?;
    let header = dataset.prediction.clone().unwrap_or_default();
    let name = args.name.clone().unwrap_or_else(|| format!("{header}_fair"));
    refuse_existing(args, &name, &dataset)?;

    let run = Run { args, spec: &spec, program, dataset: &dataset, frozen, console };
    let done = run.batches()?;
    let report = ProjectReport {
        spec: &spec.name,
        data: dataset.source.name(),
        prediction: &header,
        settings: words(&args.input.data.settings),
        summaries: done.summaries,
        n: dataset.encoded.n(),
        movement: done.movement,
        outside: done.outside,
        batching: args.batch.map_or(Batching::Whole, |size| Batching::By(size as usize)),
        tolerance: Tolerance::Rounding,
        outside_after: done.outside_after,
        unplaced: dataset.encoded.unplaced().to_vec(),
        status: done.status,
        most: args.shown.most(),
    };
    if let Some(fault) = &done.infeasible {
        return refuse_infeasible(&report, fault, &spec, console);
    }
    if let Some(output) = &args.output {
        let added = [Added { name: &name, values: &done.y }];
        let bar = console.bar("writing", dataset.source.size());
        let output = Output {
            path: output,
            format: args.output_format,
            existing: if args.replace { OnExisting::Replace } else { OnExisting::Refuse },
            progress: Some(&|bytes| bar.set_position(bytes)),
        };
        let written = write_with_columns(&dataset.source, &added, &output);
        bar.finish_and_clear();
        written?;
    }
    print(&report, args, &name, console)?;
    if args.output.is_none() && !console.is_json() {
        console.note(&format!("nothing written; `-o OUT` writes the data with the column `{name}`"));
    }
    if done.unfinished > 0 {
        let message = format!("{} of {} batches were not solved to the end", done.unfinished, report.summaries.batches);
        console.say(&format!("error: {message}; the predictions may violate the rows\n"));
    }
    let unchecked = report.verdict() == report::Verdict::NotChecked
        || report.promises().iter().any(|promise| promise.verdict == report::Verdict::NotChecked);
    if args.require_all && unchecked {
        console.say("error: a promise was not enforced, and `--require-all` is given\n");
    }
    Ok(Verdict::from(done.unfinished == 0 && !(args.require_all && unchecked)))
}

/// Asked before the work is done, not after.
fn refuse_existing(args: &Args, name: &str, dataset: &Dataset) -> Result<(), Stop> {
    let exists = dataset.source.columns().iter().any(|column| column == name);
    if args.output.is_some() && exists && !args.replace {
        let message = format!("`{}` already has a column `{name}`", dataset.source.name());
        return Err(Stop::failed(message, "choose another with `--name`, or replace it with `--replace`"));
    }
    Ok(())
}

fn refuse_infeasible(report: &ProjectReport<'_>, fault: &Fault, spec: &Spec, console: &Console) -> Outcome {
    if !console.is_json() {
        return Err(tell(std::slice::from_ref(fault), spec, console));
    }
    let mut value = serde_json::to_value(report.json()).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.insert("ok".into(), false.into());
        fields.insert("diagnostics".into(), serde_json::json!([fault.entry(spec)]));
    }
    console.json(&value)?;
    Ok(Verdict::No)
}

/// The report goes to standard output unless the data do.
fn print(report: &ProjectReport<'_>, args: &Args, name: &str, console: &Console) -> Result<(), Stop> {
    let to_stream = args.output.as_deref() == Some(Path::new(STANDARD_STREAM));
    let written = args.output.as_ref().filter(|_| !to_stream);
    if console.is_json() {
        let json = report.json();
        let mut value = serde_json::to_value(&json).unwrap_or_default();
        if let (Some(fields), Some(output)) = (value.as_object_mut(), written) {
            fields.insert("output".into(), output.display().to_string().into());
            fields.insert("column".into(), name.into());
        }
        if to_stream {
            console.answer_beside();
        }
        return console.json(&value);
    }
    let mut text = report.text(&Painter(console));
    if let Some(output) = written {
        text.push_str(&format!("wrote {} with the new column `{name}`\n", output.display()));
    }
    if to_stream {
        console.say(&text);
        Ok(())
    } else {
        console.print(&text)
    }
}

/// One run over all batches.
struct Run<'a> {
    args: &'a Args,
    spec: &'a Spec,
    program: &'a Program,
    dataset: &'a Dataset,
    frozen: Option<Frozen>,
    console: &'a Console,
}

/// What a run came to.
struct Done<'a> {
    summaries: RowSummaries<'a>,
    movement: Movement,
    /// Predictions outside their bounds before.
    outside: (usize, f64),
    outside_after: usize,
    y: Vec<f64>,
    status: &'static str,
    unfinished: usize,
    infeasible: Option<Fault>,
}

impl<'a> Run<'a> {
    fn batches(&self) -> Result<Done<'a>, Stop> {
        let n = self.dataset.encoded.n();
        let size = self.args.batch.map_or(n, |size| size as usize).max(1);
        let mut done = Done {
            summaries: RowSummaries::new(self.program),
            movement: Movement::default(),
            outside: (0, 0.0),
            outside_after: 0,
            y: Vec::with_capacity(n),
            status: "optimal",
            unfinished: 0,
            infeasible: None,
        };
        let mut projector = Projector::new();
        for start in (0..n).step_by(size) {
            let end = (start + size).min(n);
            self.batch(start..end, &mut projector, &mut done)?;
            if done.infeasible.is_some() {
                done.status = "infeasible";
                break;
            }
        }
        Ok(done)
    }

    fn batch(
        &self,
        range: std::ops::Range<usize>,
        projector: &mut Projector<f64>,
        done: &mut Done<'a>,
    ) -> Result<(), Stop> {
        let Dataset { encoded, params, .. } = self.dataset;
        let z = self.dataset.predictions().get(range.clone()).unwrap_or_default();
        let samples = if self.args.batch.is_some() { Samples::Range(range.clone()) } else { Samples::All };
        let bound =
            encoded.bind(params, &samples).map_err(|errors| refuse(&errors, self.spec, self.program, self.console))?;
        let inconsistent = |error: &dyn std::fmt::Display| Stop::failed(error.to_string(), "");
        done.summaries.enter(&bound, encoded, params, &samples, z).map_err(|error| inconsistent(&error))?;
        let (count, most) = outside(&bound.problem, z);
        done.outside = (done.outside.0 + count, done.outside.1.max(most));
        let settings = Settings { on_infeasible: self.args.on_infeasible.into(), ..Settings::default() };
        let mut projection = Projection::default();
        match &self.frozen {
            Some(frozen) => {
                projection = self.shifted(frozen, &bound.problem)?;
                done.status = "frozen";
            }
            None => projector
                .project_into(&bound.problem, z, &settings, &mut projection)
                .map_err(|error| inconsistent(&error))?,
        }
        match &projection.status {
            Status::Optimal => {}
            Status::IterationLimit => {
                done.status = status_word(&projection.status);
                done.unfinished += 1;
            }
            Status::Relaxed(_) if done.unfinished > 0 => {}
            Status::Relaxed(_) => done.status = status_word(&projection.status),
            Status::Infeasible(proof) => {
                let place = match self.args.batch {
                    Some(_) => format!(" in the batch of rows {} to {}", range.start + 1, range.end),
                    None => String::new(),
                };
                done.infeasible = Some(infeasible(
                    &Conflict::of(proof, encoded, params, &samples),
                    &bound.rows,
                    &place,
                    self.spec,
                    self.program,
                ));
                return Ok(());
            }
        }
        done.summaries
            .enter_projection(&bound, encoded, params, &samples, &projection)
            .map_err(|error| inconsistent(&error))?;
        done.outside_after += outside(&bound.problem, &projection.y).0;
        done.movement.enter(z, &projection.y, bound.problem.weights().as_deref());
        done.y.append(&mut projection.y);
        Ok(())
    }

    /// The predictions with fixed shifts, as a projection without multipliers.
    fn shifted(&self, frozen: &Frozen, problem: &Problem) -> Result<Projection<f64>, Stop> {
        let Dataset { encoded, params, .. } = self.dataset;
        let refused = |error: &BindError| refuse(std::slice::from_ref(error), self.spec, self.program, self.console);
        let y = shifts::apply(frozen, self.dataset.predictions(), encoded, params, problem, &refused)?;
        let rows = problem.rows();
        let mut shifted = Projection::default();
        shifted.y = y;
        shifted.status = Status::Optimal;
        shifted.multipliers = vec![0.0; rows];
        shifted.active = vec![Side::Inactive; rows];
        Ok(shifted)
    }
}
