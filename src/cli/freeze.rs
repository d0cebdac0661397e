//! `fairc freeze`: shifts fitted on reference data, the same for every member of a group from then on.

use std::io::Write;
use std::path::PathBuf;

use super::console::Console;
use super::dataset::{PredictedArgs, infeasible, one_stream, status_word};
use super::fault::{refuse, tell};
use super::input::Spec;
use super::outputs::Files;
use super::stop::{Outcome, Stop, Verdict};
use crate::bind::{EncodeOptions, Frozen, Purpose, Samples};
use crate::data::{DataError, STANDARD_STREAM, write_atomically};
use crate::language::program::Program;
use crate::report::counted;
use crate::runtime::online::state::{self, Kind};
use crate::runtime::project::{Settings, Status, project};
use crate::spec::Conflict;

/// Fit fixed shifts for each group on reference data
///
/// Projects the reference data once and writes by how much the members of each group are moved, as JSON for
/// `fairc project --frozen` or as one SQL expression. From then on a score depends on nobody else. Rows that read labels
/// are left out, since labels are unknown where shifts are applied.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    input: PredictedArgs,
    /// Where to write: .json or .sql; `-` is standard output
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// The format, where the extension does not tell it
    #[arg(long, value_enum, hide_possible_values = true, value_name = "json|sql")]
    to: Option<Target>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Target {
    Json,
    Sql,
}

impl Args {
    pub fn files(&self) -> Files<'_> {
        Files::of(&self.input.spec, &self.input.data.data).writes("-o", Some(&self.output))
    }

    fn target(&self) -> Result<Target, Stop> {
        let extension = self.output.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        match (self.to, extension.as_deref()) {
            (Some(target), _) => Ok(target),
            (None, Some("json")) => Ok(Target::Json),
            (None, Some("sql")) => Ok(Target::Sql),
            (None, _) => Err(Stop::failed(
                format!("cannot tell the format of `{}`", self.output.display()),
                "end the name in `.json` or `.sql`, or say it: `--to json`",
            )),
        }
    }
}

/// How spec and data are read wherever shifts are fitted or applied.
pub fn options() -> EncodeOptions {
    EncodeOptions { purpose: Purpose::Inference, without_labels: true, ..EncodeOptions::default() }
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    one_stream(&args.input.spec, &args.input.data.data)?;
    let target = args.target()?;
    let spec = Spec::read(&args.input.spec)?;
    let program = spec.valid(console)?;
    let dataset = args.input.open(options(), &spec, program, console)?;
    let refused = |errors: Vec<crate::bind::BindError>| refuse(&errors, &spec, program, console);
    let bound = dataset.encoded.bind(&dataset.params, &Samples::All).map_err(refused)?;
    let solved = project(&bound.problem, dataset.predictions(), &Settings::default())
        .map_err(|error| Stop::failed(error.to_string(), ""))?;
    match &solved.status {
        Status::Optimal => {}
        Status::Infeasible(proof) => {
            let conflict = Conflict::of(proof, &dataset.encoded, &dataset.params, &Samples::All);
            return Err(tell(&[infeasible(&conflict, &bound.rows, "", &spec, program)], &spec, console));
        }
        other => {
            let message = format!("the reference data were not projected to the end ({})", status_word(other));
            return Err(Stop::failed(message, ""));
        }
    }
    let prediction = dataset.prediction.clone().unwrap_or_default();
    let frozen =
        dataset.encoded.freeze(program, &dataset.params, &bound, &solved.multipliers, &prediction).map_err(refused)?;
    for (left, _) in dataset.encoded.left_out() {
        let origin = program.rows.get(*left).and_then(|row| row.origins.first());
        console.note(&format!(
            "`{}` reads a label or is for training only, so it takes no part",
            origin.map_or("", |origin| origin.name.as_str())
        ));
    }
    let text = match target {
        Target::Json => json(&frozen, program)?,
        Target::Sql => sql(&frozen, program, &spec)?,
    };
    let failed = |source| DataError::Write { file: args.output.display().to_string(), source };
    write_atomically(&args.output, |out| out.write_all(text.as_bytes()).map_err(failed))?;
    told(args, &frozen, console)
}

fn json(frozen: &Frozen, program: &Program) -> Result<String, Stop> {
    let fingerprint = program.fingerprint().to_string();
    let text = state::write(Kind::Shifts, &fingerprint, frozen).map_err(|error| Stop::failed(error.to_string(), ""))?;
    // For people one field a line; what is checked is the content, not its layout.
    let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    Ok(format!("{value:#}\n"))
}

fn sql(frozen: &Frozen, program: &Program, spec: &Spec) -> Result<String, Stop> {
    if !program.sample_rows.is_empty() {
        return Err(Stop::failed(
            "`each` constraints bound single predictions, which the SQL does not",
            "apply the shifts with `fairc project --frozen SHIFTS.json`",
        ));
    }
    let params: Vec<String> = frozen.params.iter().map(|(name, value)| format!(", {name} = {value}")).collect();
    let name = spec.name.replace(['\n', '\r'], " ");
    Ok(format!(
        "-- {name}{}: fixed shifts from {}\n-- fingerprint {}\n{}",
        params.concat(),
        counted(frozen.samples, "reference sample"),
        program.fingerprint(),
        frozen.sql()
    ))
}

fn told(args: &Args, frozen: &Frozen, console: &Console) -> Outcome {
    if args.output.as_os_str() == STANDARD_STREAM {
        return Ok(Verdict::Yes);
    }
    if console.is_json() {
        let cells: Vec<serde_json::Value> = frozen
            .cells
            .iter()
            .map(|cell| serde_json::json!({ "when": cell.when, "add": cell.add, "samples": cell.samples }))
            .collect();
        let output = args.output.display().to_string();
        console.json(&serde_json::json!({ "ok": true, "n": frozen.samples, "cells": cells, "output": output }))?;
        return Ok(Verdict::Yes);
    }
    const MOST: usize = 12;
    let mut text = format!("shifts from {}\n", counted(frozen.samples, "sample"));
    for cell in frozen.cells.iter().take(MOST) {
        text.push_str(&format!("  {:+.4}  {} ({})\n", cell.add, cell.when, cell.samples));
    }
    if frozen.cells.len() > MOST {
        text.push_str(&format!("  and {} more\n", frozen.cells.len() - MOST));
    }
    text.push_str(&format!("wrote {}\n", args.output.display()));
    console.print(&text)?;
    Ok(Verdict::Yes)
}
