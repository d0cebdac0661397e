//! `fairc solve`: the runtime alone, on problems as JSON lines.

use std::io;
use std::path::PathBuf;

use super::console::Console;
use super::input::{name_of, open_lines};
use super::outputs::Files;
use super::stop::{Outcome, Stop, Verdict};
use crate::language::words::counted;
use crate::runtime::project::{OnInfeasible, Settings};
use crate::runtime::solve_record::solve_lines;

/// Project problems given as JSON lines
///
/// Each line holds one problem, `{"z", "A": {"indptr", "indices", "values"}, "l", "u", "lo", "hi", "w"}`, and gives one
/// line of result in the same order. A line that cannot be solved gives an error object, and the next one follows; the exit
/// code is then 1.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A file with one problem on each line; `-` is standard input
    #[arg(value_name = "PROBLEMS")]
    problems: PathBuf,
    /// What to do with problems that no point solves
    #[arg(long, value_enum, default_value_t = Infeasible::Error, hide_possible_values = true, value_name = "error|relax")]
    on_infeasible: Infeasible,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Infeasible {
    /// Report the rows in conflict and return no point
    Error,
    /// Return the point of least total violation
    Relax,
}

impl From<Infeasible> for OnInfeasible {
    fn from(choice: Infeasible) -> Self {
        match choice {
            Infeasible::Error => OnInfeasible::Error,
            Infeasible::Relax => OnInfeasible::Relax,
        }
    }
}

impl Args {
    pub fn files(&self) -> Files<'_> {
        Files::default().reads("PROBLEMS", Some(&self.problems))
    }
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    let settings = Settings { on_infeasible: args.on_infeasible.into(), ..Settings::default() };
    let input = open_lines(&args.problems)?;
    // Standard output is written line by line, so whoever waits for an answer gets it.
    let summary = solve_lines(input, io::stdout().lock(), &settings).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Stop::Closed,
        _ => Stop::failed(format!("cannot go on with `{}`: {error}", name_of(&args.problems)), ""),
    })?;
    if !console.is_json() {
        let solved = summary.lines - summary.errors - summary.infeasible - summary.unfinished;
        let mut parts = vec![format!("{}: {solved} solved", counted(summary.lines, "problem"))];
        let others = [
            (summary.infeasible, "infeasible"),
            (summary.unfinished, "not solved to the end"),
            (summary.errors, "not readable"),
        ];
        parts.extend(others.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
        console.report_beside(&format!("{}\n", parts.join(", ")));
    }
    Ok(Verdict::from(summary.errors == 0))
}
