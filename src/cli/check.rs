//! `fairc check`: is a spec valid, and does it fit data?

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::console::{Console, Tone};
use super::dataset::{DataArgs, Dataset, Painter, Predictions, infeasible, one_stream, open, sides_of};
use super::fault::{Fault, Trouble, faults};
use super::form::Form;
use super::input::{Spec, rows};
use super::mend;
use super::redundancy;
use super::setting::{self, Setting};
use super::stop::{Failure, Outcome, Stop, Verdict};
use crate::analyze::batches::{Failure as Failed, share};
use crate::analyze::each_in_conflict;
use crate::analyze::feasibility::{Cells, Feasibility, RowSide, feasibility};
use crate::analyze::redundant;
use crate::analyze::tolerance::{Tolerance, tolerance};
use crate::bind::{Bound, Purpose, Reach, Samples};
use crate::language::diagnostic::Severity;
use crate::language::diagnostic::json::Entry;
use crate::language::program::{Interval, Program};
use crate::report::{BatchShares, ConflictSide, DataReport, DataView, ParamRange, RowSummaries, counted, event_sizes};
use crate::runtime::problem::Problem;
use crate::runtime::project::{Infeasibility, Settings, Status, project};
use crate::spec::{Asked, Conflict};

/// Check specs, alone or against data
///
/// Prints all errors and warnings, or `ok` with the number of rows and the fingerprint. With data also: how many
/// samples each event has, which rows are skipped, and whether all rows can hold together.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Specs, `.fair` or `.fairc`; `-` is standard input
    #[arg(required = true, value_name = "SPEC")]
    specs: Vec<PathBuf>,
    /// Data to check the specs against: .csv, .tsv, .parquet or .jsonl; `-` is standard input
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    #[command(flatten)]
    form: Form,
    /// Set a param, for example `--set eps=0.01`; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting::parse)]
    settings: Vec<Setting>,
    /// Also try batches of N samples, drawn at random and stratified: which share of them can meet all rows?
    #[arg(long, value_name = "N", requires = "data", value_parser = clap::value_parser!(u32).range(1..))]
    batch: Option<u32>,
    /// Draws the batches
    #[arg(long, value_name = "SEED", default_value_t = 0, requires = "batch")]
    seed: u64,
    /// Count warnings as errors
    #[arg(long)]
    deny_warnings: bool,
    /// Mend the mistakes that can only be meant in one way, in the file; then check it
    #[arg(long)]
    fix: bool,
    /// Show what `--fix` changes
    #[arg(long)]
    diff: bool,
}

/// What `--format json` prints.
#[derive(Default, Serialize)]
struct Report {
    ok: bool,
    diagnostics: Vec<Entry>,
    specs: Vec<Summary>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Unreadable>,
}

#[derive(Serialize)]
struct Summary {
    file: String,
    /// These three are there if the spec is valid.
    fingerprint: Option<String>,
    rows: Option<usize>,
    constraints: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<DataView>,
}

#[derive(Serialize)]
struct Unreadable {
    message: String,
    help: Option<String>,
}

/// What came of a valid spec on data.
#[derive(Default)]
struct OnData {
    faults: Vec<Fault>,
    /// Warnings that compiling does not give.
    warnings: Vec<Fault>,
    view: Option<DataView>,
    /// The spec has constraints, and none of them takes part in the data.
    unchecked: bool,
    text: String,
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    let mut report = Report { ok: true, ..Report::default() };
    let mut verdict = Verdict::Yes;
    let mut failures: Vec<Failure> = Vec::new();
    for path in &args.specs {
        match one(path, args, &mut report, console) {
            Ok(answer) => verdict = verdict.and(answer),
            Err(Stop::Failed(failure)) => failures.push(failure),
            Err(stop) => return Err(stop),
        }
    }
    finish(report, failures, verdict, console)
}

fn one(path: &Path, args: &Args, report: &mut Report, console: &Console) -> Outcome {
    args.data.as_ref().map_or(Ok(()), |data| one_stream(path, data))?;
    if args.fix || args.diff {
        mend::run(path, args.diff, args.fix, console)?;
    }
    let spec = Spec::read(path)?;
    let on_data = match spec.program() {
        Some(program) => on_data(&spec, program, args, console)?,
        None => OnData::default(),
    };
    let denied = args.deny_warnings && spec.count(Severity::Warning) + on_data.warnings.len() > 0;
    let ok = spec.program().is_some() && on_data.faults.is_empty() && !on_data.unchecked;
    if console.is_json() {
        report.ok &= ok;
        report.diagnostics.extend(spec.entries());
        report.diagnostics.extend(on_data.warnings.iter().chain(&on_data.faults).map(|fault| fault.entry(&spec)));
        report.specs.push(summary(&spec, on_data.view));
    } else {
        print(&spec, &on_data, denied, args.specs.len() > 1, console)?;
    }
    Ok(Verdict::from(ok && !denied))
}

/// Settings are checked without data too, and which rows others imply.
fn on_data(spec: &Spec, program: &Program, args: &Args, console: &Console) -> Result<OnData, Stop> {
    let found = match &args.data {
        None => {
            let promises = program.by_promise();
            let warnings = redundancy::warnings(&redundant::without_data(&promises), false, spec, &promises);
            let settings = setting::params(&args.settings, program).map_err(Trouble::Faults);
            settings.map(|_| OnData { warnings, ..OnData::default() })
        }
        Some(data) => {
            let data = DataArgs { data: data.clone(), form: args.form.clone(), settings: args.settings.clone() };
            bound(spec, program, &data, args, console)
        }
    };
    match found {
        Ok(on_data) => Ok(on_data),
        Err(Trouble::Faults(errors)) => Ok(OnData { faults: faults(&errors, spec, program)?, ..OnData::default() }),
        Err(Trouble::Stop(stop)) => Err(stop),
    }
}

fn bound(spec: &Spec, program: &Program, data: &DataArgs, args: &Args, console: &Console) -> Result<OnData, Trouble> {
    let dataset = open(data, &Predictions::None, Purpose::Training, program, console)?;
    let encoded = &dataset.encoded;
    let bound = encoded.bind(&dataset.params, &Samples::All).map_err(Trouble::Faults)?;
    let inconsistent = |error: &dyn std::fmt::Display| Stop::failed(error.to_string(), "");
    let start = bound.problem.middle();
    let mut summaries = RowSummaries::new(program);
    summaries.enter(&bound, encoded, &dataset.params, &Samples::All, &start).map_err(|error| inconsistent(&error))?;
    let projection = project(&bound.problem, &start, &Settings::default()).map_err(|error| inconsistent(&error))?;
    let (feasible, sides) = match &projection.status {
        Status::Optimal => (Some(true), Vec::new()),
        Status::Infeasible(proof) | Status::Relaxed(proof) => (Some(false), conflict(proof, &bound.problem)),
        Status::IterationLimit => (None, Vec::new()),
    };
    let each = match &projection.status {
        Status::Infeasible(proof) | Status::Relaxed(proof) => {
            each_in_conflict(encoded, &dataset.params, &Samples::All, &sides, &proof.combination)
        }
        Status::Optimal | Status::IterationLimit => Vec::new(),
    };
    let faults = match feasible {
        Some(false) => {
            vec![infeasible(&Conflict { sides: sides.clone(), each: each.clone() }, &bound.rows, "", spec, program)]
        }
        Some(true) | None => Vec::new(),
    };
    let promises = program.by_promise();
    let always = redundant::without_data(&promises);
    let here = redundant::on_data(&promises, program, &bound, &always);
    let mut warnings = redundancy::warnings(&always, false, spec, &promises);
    warnings.extend(redundancy::warnings(&here, true, spec, &promises));
    let batches = args.batch.map(|size| shares(&dataset, size as usize, args.seed)).transpose()?;
    let events = event_sizes(&summaries, &bound);
    let report = DataReport {
        data: dataset.source.name(),
        n: encoded.n(),
        summaries,
        events,
        weighted: encoded.weight().is_some(),
        feasible,
        each_in_conflict: each.iter().filter_map(|row| Some(program.sample_origin(*row)?.name.clone())).collect(),
        conflict: sides.iter().filter_map(|side| conflict_side(*side, &bound, program)).collect(),
        params: ranges(program, &dataset),
        batches,
        unplaced: encoded.unplaced().to_vec(),
    };
    Ok(OnData {
        faults,
        warnings,
        unchecked: !report.checked(),
        view: Some(report.json()),
        text: report.text(&Painter(console)),
    })
}

/// An irreducible conflict where linear programming finds one, else the rows of the proof.
fn conflict(proof: &Infeasibility, problem: &Problem) -> Vec<RowSide> {
    let cells = Cells::of(problem).ok().flatten();
    match cells.map(|cells| feasibility(&cells, &proof.rows)) {
        Some(Feasibility::Conflict(sides)) => sides,
        Some(Feasibility::Feasible | Feasibility::Undecided) | None => sides_of(proof),
    }
}

fn conflict_side(side: RowSide, bound: &Bound, program: &Program) -> Option<ConflictSide> {
    let Asked { origin, upper, limit, .. } = Asked::of(side, &bound.rows, program)?;
    Some(ConflictSide { row: origin.name.clone(), side: if upper { "upper" } else { "lower" }, limit })
}

/// The values of each param with which all rows can hold.
fn ranges(program: &Program, dataset: &Dataset) -> Vec<ParamRange> {
    let range = |(place, (name, value)): (usize, (&str, f64))| {
        let bounds = program.param(name).map_or(Interval::ALL, |param| param.range);
        let mut at = |value: f64| {
            let mut params = dataset.params.clone();
            params.set(program, name, value).ok()?;
            Some(dataset.encoded.bind(&params, &Samples::All).ok()?.problem)
        };
        let found = match dataset.encoded.reach(place) {
            Reach::Encoding => Tolerance::Unknown,
            Reach::Nothing | Reach::Sides | Reach::Matrix => tolerance(&mut at, value, (bounds.lower, bounds.upper)),
        };
        let (least, greatest, verdict) = match found {
            Tolerance::Within { least, greatest, .. } => (Some(least), Some(greatest), "range"),
            Tolerance::Never => (None, None, "never"),
            Tolerance::Unknown => (None, None, "unknown"),
        };
        ParamRange { name: name.to_owned(), value, least, greatest, verdict }
    };
    dataset.params.iter(program).enumerate().map(range).collect()
}

fn shares(dataset: &Dataset, size: usize, seed: u64) -> Result<BatchShares, Trouble> {
    let share = |stratified| {
        share(&dataset.encoded, &dataset.params, size, stratified, seed).map_err(|failure| match failure {
            Failed::Bind(errors) => Trouble::Faults(errors),
            Failed::Project(error) => Stop::failed(error.to_string(), "").into(),
        })
    };
    Ok(BatchShares { size, random: share(false)?, stratified: share(true)? })
}

fn finish(mut report: Report, mut failures: Vec<Failure>, verdict: Verdict, console: &Console) -> Outcome {
    if console.is_json() && !report.specs.is_empty() {
        report.ok &= failures.is_empty();
        let unreadable =
            |failure: &Failure| Unreadable { message: failure.message.clone(), help: failure.help.clone() };
        report.errors = failures.iter().map(unreadable).collect();
        console.json(&report)?;
        failures.iter().for_each(|failure| console.failed_in_words(failure));
        return if failures.is_empty() { Ok(verdict) } else { Err(Stop::Told) };
    }
    let Some(last) = failures.pop() else { return Ok(verdict) };
    failures.iter().for_each(|failure| console.failed_in_words(failure));
    Err(Stop::Failed(last))
}

fn summary(spec: &Spec, data: Option<DataView>) -> Summary {
    let program = spec.program();
    Summary {
        file: spec.name.clone(),
        fingerprint: program.map(|program| program.fingerprint().to_string()),
        rows: program.map(rows),
        constraints: program.map(|_| spec.constraints()),
        data,
    }
}

fn print(spec: &Spec, on_data: &OnData, denied: bool, several: bool, console: &Console) -> Result<(), Stop> {
    let mut text = spec.rendered(console.out_look());
    for warning in &on_data.warnings {
        text.push_str(&format!("{}\n", warning.rendered(spec, console.out_look())));
    }
    let warnings = spec.count(Severity::Warning) + on_data.warnings.len();
    let tone = match (spec.program().is_some() && !denied, warnings) {
        (false, _) => Tone::Bad,
        (true, 0) => Tone::Good,
        (true, _) => Tone::Careful,
    };
    if !on_data.faults.is_empty() {
        text.push_str(&on_data.text);
        for fault in &on_data.faults {
            text.push_str(&format!("{}\n", fault.rendered(spec, console.out_look())));
        }
        let line = format!("{} in {}", counted(on_data.faults.len(), "error"), spec.name);
        text.push_str(&format!("{}\n", console.paint(&line, Tone::Bad)));
        return console.print(&text);
    }
    if several && spec.program().is_some() {
        text.push_str(&format!("{}: ", spec.name));
    }
    text.push_str(&console.paint(&spec.summary(on_data.warnings.len()), tone));
    text.push_str(if denied { " (warnings are denied)\n" } else { "\n" });
    if !on_data.text.is_empty() {
        text.push_str(&format!("\n{}", on_data.text));
    }
    console.print(&text)
}
