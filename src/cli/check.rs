//! `fairc check`: is a spec valid, and does it fit data?

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::console::{Console, Tone};
use super::dataset::{DataArgs, Painter, open_to_check};
use super::fault::{Fault, Trouble, faults, stop};
use super::form::{Form, formats};
use super::front::COMMAND_LINE;
use super::input::{Spec, rows};
use super::mend;
use super::outputs::Files;
use super::setting::{self, Setting};
use super::stop::{Failure, Outcome, Stop, Verdict};
use crate::analyze::redundant;
use crate::language::diagnostic::Severity;
use crate::language::diagnostic::json::Entry;
use crate::language::program::Program;
use crate::language::words::counted;
use crate::report::{DataView, fit};
use crate::tasks::{Refused, check, redundancy_warnings};

/// Check specs, alone or against data
///
/// Prints all errors and warnings, or `ok` with the number of rows and the fingerprint. With data also: how many
/// samples each event has, which rows are skipped, and whether all rows can hold together.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Specs, `.fair` or `.fairc`; `-` is standard input
    #[arg(required = true, value_name = "SPEC")]
    specs: Vec<PathBuf>,
    #[arg(long, value_name = "FILE", help = format!("Data to check the specs against: {}; `-` is standard input", formats(".")))]
    data: Option<PathBuf>,
    #[command(flatten)]
    form: Form,
    /// Set a param, for example `--set eps=0.01`; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting::parse)]
    settings: Vec<Setting>,
    /// The table of the pairs of a relation, for example `--relation near=pairs.csv`; by default the one that the spec names; may
    /// be repeated
    #[arg(long = "relation", value_name = "NAME=FILE", requires = "data", value_parser = super::relations::parse)]
    relations: Vec<super::relations::PairFile>,
    /// Also try batches of N samples, drawn at random and stratified: which share of them can meet all rows?
    #[arg(long, value_name = "N", requires = "data", value_parser = super::number::count)]
    batch: Option<u32>,
    /// The seed of the batches
    #[arg(long, value_name = "SEED", default_value_t = 0, value_parser = super::number::seed, requires = "batch")]
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

impl Args {
    pub fn files(&self) -> Files<'_> {
        Files::of_specs(&self.specs).reads("--data", self.data.as_deref()).pairs(&self.relations)
    }
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
    /// Whether all rows can hold.
    headline: String,
    details: String,
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
            let warnings = redundancy_warnings(&redundant::without_data(&promises), false, spec, &promises);
            let settings = setting::params(&args.settings, program).map_err(Trouble::Faults);
            settings.map(|_| OnData { warnings, ..OnData::default() })
        }
        Some(data) => {
            let data = DataArgs {
                data: data.clone(),
                form: args.form.clone(),
                settings: args.settings.clone(),
                relations: args.relations.clone(),
            };
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
    let (dataset, predictions) = open_to_check(spec, data, program, console)?;
    let case = dataset.case(spec, program);
    let batch = args.batch.map(|size| (size as usize, args.seed));
    let mut checked = check(&case, batch).map_err(|refused| match refused {
        Refused::Unbound(errors) => Trouble::Faults(errors),
        other => Trouble::Stop(stop(other, &case.context, console)),
    })?;
    checked.report.predictions = predictions;
    Ok(OnData {
        unchecked: !checked.report.checked(),
        view: Some(checked.report.json()),
        headline: checked.report.headline(&Painter(console)),
        details: checked.report.details(&Painter(console)),
        faults: checked.faults,
        warnings: checked.warnings,
    })
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

/// What holds first; then what is to be said of the spec, and of the data.
fn print(spec: &Spec, on_data: &OnData, denied: bool, several: bool, console: &Console) -> Result<(), Stop> {
    let warnings = spec.count(Severity::Warning) + on_data.warnings.len();
    let tone = match (spec.program().is_some() && !denied, warnings) {
        (false, _) => Tone::Bad,
        (true, 0) => Tone::Good,
        (true, _) => Tone::Careful,
    };
    let mut summary = match on_data.faults.len() {
        0 => console.paint(&spec.summary(on_data.warnings.len()), tone),
        faults => console.paint(&format!("{} in {}", counted(faults, "error"), spec.name), Tone::Bad),
    };
    summary.push_str(if denied && on_data.faults.is_empty() { " (warnings are denied)\n" } else { "\n" });
    let fine = spec.program().is_some() && on_data.faults.is_empty();
    if fine && spec.constraints() == 0 && on_data.view.is_none() {
        summary.insert_str(summary.trim_end().len(), ": nothing is promised");
    }
    if several && fine {
        summary.insert_str(0, &format!("{}: ", spec.name));
    }
    let mut text = match several {
        true => format!("{summary}{}", on_data.headline),
        false => format!("{}{summary}", on_data.headline),
    };
    text = fit(&text, console.out_look().width);
    let found: Vec<&Fault> = on_data.warnings.iter().chain(&on_data.faults).collect();
    let found: String = found.iter().map(|fault| format!("{}\n", fault.rendered(spec, console.out_look()))).collect();
    let diagnostics = spec.rendered(console.out_look(), &COMMAND_LINE) + &found;
    if !diagnostics.is_empty() {
        text.push_str(&format!("\n{}\n", diagnostics.trim_end()));
    }
    if !on_data.details.is_empty() {
        text.push_str(&format!("\n{}", on_data.details));
    }
    console.report(&text)
}
