//! `fairc freeze`: shifts fitted on reference data, the same for every member of a group from then on.

use std::path::{Path, PathBuf};

use super::console::Console;
use super::dataset::PredictedArgs;
use super::fault::stop;
use super::input::Spec;
use super::outputs::Files;
use super::solve::Infeasible;
use super::stop::{Failure, Outcome, Verdict};
use crate::bind::Frozen;
use crate::data::{DataError, STANDARD_STREAM, write_text};
use crate::language::words::counted;
use crate::report::{fit, whole};
use crate::tasks::{Refused, Use, freeze};

/// Fit an offset for each group on reference data
///
/// Projects the reference data once and writes by how much the members of each group are moved, as JSON for
/// `fairc project --frozen` or as one SQL expression. From then on a score depends on nobody else. Rows that read labels
/// are left out, since labels are unknown where offsets are applied.
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
    /// What to do if no predictions satisfy the spec
    #[arg(long, value_enum, default_value_t = Infeasible::Error, hide_possible_values = true, value_name = "error|relax")]
    on_infeasible: Infeasible,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Target {
    Json,
    Sql,
}

impl Target {
    /// That which the name of an output stands for; `otherwise` ends what can be done where it stands for none.
    pub fn of_output(path: &Path, otherwise: &str) -> Result<Target, Failure> {
        match Target::of(path) {
            Some(target) => Ok(target),
            None if path.is_dir() => Err(DataError::folder_as_output(path).into()),
            None => {
                let message = format!("cannot tell the format of `{}`", path.display());
                Err(Failure::new(message, format!("end the name in `.json` or `.sql`{otherwise}")))
            }
        }
    }

    /// As the extension of a file says.
    fn of(path: &Path) -> Option<Target> {
        match path.extension()?.to_string_lossy().to_lowercase().as_str() {
            "json" => Some(Target::Json),
            "sql" => Some(Target::Sql),
            _ => None,
        }
    }
}

impl Args {
    pub fn files(&self) -> Files<'_> {
        Files::of(&self.input.spec, &self.input.data.data).writes("-o", Some(&self.output))
    }

    fn target(&self) -> Result<Target, Failure> {
        self.to.map_or_else(|| Target::of_output(&self.output, ", or say it: `--to json`"), Ok)
    }
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    let target = args.target()?;
    let spec = Spec::read(&args.input.spec)?;
    let program = spec.valid(console)?;
    let dataset = args.input.open(Use::Shifts, &spec, program, console)?;
    let case = dataset.case(&spec, program);
    let refused = |refused: Refused| stop(refused, &case.context, console);
    let shifts = freeze(&case, args.on_infeasible.into()).map_err(refused)?;
    shifts.notes.iter().for_each(|note| console.note(note));
    let text = match target {
        Target::Json => shifts.json(&case.context).map_err(refused)?,
        Target::Sql => shifts.sql(&case.context).map_err(refused)?,
    };
    write_text(&args.output, &text)?;
    told(args, &shifts.frozen, console)
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
    let mut text = format!("offsets from {}\n", counted(frozen.samples, "sample"));
    for cell in frozen.cells.iter().take(MOST) {
        text.push_str(&format!("  {:+.4}  {} ({})\n", cell.add, cell.when, whole(cell.samples)));
    }
    if frozen.cells.len() > MOST {
        text.push_str(&format!("  and {} more\n", frozen.cells.len() - MOST));
    }
    text.push_str(&format!("wrote {}\n", args.output.display()));
    console.report(&fit(&text, console.out_look().width))?;
    Ok(Verdict::Yes)
}
