//! `fairc check`: is a spec valid?

use std::path::PathBuf;

use serde::Serialize;

use super::console::{Console, Tone};
use super::input::{Spec, rows};
use super::stop::{Failure, Outcome, Stop, Verdict};
use crate::language::diagnostic::Severity;
use crate::language::diagnostic::json::Entry;

/// Check specs, alone or against data
///
/// Prints all errors and warnings, or `ok` with the number of rows and the fingerprint.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Specs, `.fair` or `.fairc`; `-` is standard input
    #[arg(required = true, value_name = "SPEC")]
    specs: Vec<PathBuf>,
    /// Count warnings as errors
    #[arg(long)]
    deny_warnings: bool,
}

/// What `--format json` prints.
#[derive(Serialize)]
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
}

#[derive(Serialize)]
struct Unreadable {
    message: String,
    help: Option<String>,
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    let mut report = Report { ok: true, diagnostics: Vec::new(), specs: Vec::new(), errors: Vec::new() };
    let mut verdict = Verdict::Yes;
    let mut failures: Vec<Failure> = Vec::new();
    for path in &args.specs {
        let spec = match Spec::read(path) {
            Ok(spec) => spec,
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        };
        let denied = args.deny_warnings && spec.count(Severity::Warning) > 0;
        verdict = verdict.and(Verdict::from(spec.program().is_some() && !denied));
        if console.is_json() {
            report.ok &= spec.program().is_some();
            report.diagnostics.extend(spec.entries());
            report.specs.push(summary(&spec));
        } else {
            print(&spec, denied, args.specs.len() > 1, console)?;
        }
    }
    finish(report, failures, verdict, console)
}

fn finish(mut report: Report, mut failures: Vec<Failure>, verdict: Verdict, console: &Console) -> Outcome {
    if console.is_json() && failures.len() < report.specs.len() + failures.len() {
        report.ok &= failures.is_empty();
        let unreadable =
            |failure: &Failure| Unreadable { message: failure.message.clone(), help: failure.help.clone() };
        report.errors = failures.iter().map(unreadable).collect();
        console.json(&report)?;
    }
    let Some(last) = failures.pop() else { return Ok(verdict) };
    failures.iter().for_each(|failure| console.failed(failure));
    Err(Stop::Failed(last))
}

fn summary(spec: &Spec) -> Summary {
    let program = spec.program();
    Summary {
        file: spec.name.clone(),
        fingerprint: program.map(|program| program.fingerprint().to_string()),
        rows: program.map(rows),
        constraints: program.map(|_| spec.constraints()),
    }
}

fn print(spec: &Spec, denied: bool, several: bool, console: &Console) -> Result<(), Stop> {
    let mut text = spec.rendered(console.out_look());
    let line = spec.summary();
    let tone = if spec.program().is_none() || denied { Tone::Bad } else { Tone::Good };
    if several && spec.program().is_some() {
        text.push_str(&format!("{}: ", spec.name));
    }
    text.push_str(&console.paint(&line, tone));
    text.push_str(if denied { " (warnings are denied)\n" } else { "\n" });
    console.print(&text)
}
