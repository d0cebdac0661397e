//! `fairc verify`: answers of `fairc solve`, checked in exact arithmetic by code that shares nothing with the solver.

use std::path::{Path, PathBuf};

use fairc_verify::{Answer, Problem, Refusal, Unreadable, Verdict as Proof, verify};
use serde_json::{Map, Value, json};

use super::console::{Console, Tone};
use super::input::{name_of, read_text_within};
use super::outputs::Files;
use super::stop::{Outcome, Stop, Verdict};
use crate::language::words::counted;
use crate::report::fit;

/// Prove answers of `solve` in exact arithmetic, or say what is wrong with them
///
/// Problems and answers are JSON lines, as `solve` reads and writes them, in the same order. Exits with 1 if an answer is not
/// proved.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The problems, one on each line
    #[arg(value_name = "PROBLEMS")]
    problems: PathBuf,
    /// The answers, one on each line; `-` is standard input
    #[arg(value_name = "ANSWERS")]
    answers: PathBuf,
    /// How far a row, a slope or the gap may be off, relative to the size of its terms; bounds and proofs of infeasibility have
    /// no tolerance
    #[arg(long, value_name = "X", default_value_t = 1e-9, value_parser = super::audit::tolerance)]
    tolerance: f64,
}

impl Args {
    pub fn files(&self) -> Files<'_> {
        Files::default().reads("PROBLEMS", Some(&self.problems)).reads("ANSWERS", Some(&self.answers))
    }
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    let (problems, answers) = (lines(&args.problems)?, lines(&args.answers)?);
    if problems.len() != answers.len() {
        let message = format!(
            "`{}` has {} and `{}` has {}",
            name_of(&args.problems),
            counted(problems.len(), "problem"),
            name_of(&args.answers),
            counted(answers.len(), "answer")
        );
        return Err(Stop::failed(message, "write one answer for each problem, in the same order"));
    }
    if problems.is_empty() {
        return Err(Stop::failed(
            format!("`{}` has no problem", name_of(&args.problems)),
            "nothing was checked, so nothing is proved",
        ));
    }
    let (mut proved, mut refused) = (0, String::new());
    for (line, (problem, answer)) in problems.iter().zip(&answers).enumerate() {
        let checked = check(problem, answer, args.tolerance);
        proved += usize::from(matches!(checked.outcome, Ok(Proof::Optimal { .. } | Proof::Infeasible { .. })));
        refused.push_str(&checked.show(line + 1, console)?);
    }
    if !console.is_json() {
        let tone = if proved == problems.len() { Tone::Good } else { Tone::Bad };
        let text = format!("{}: {proved} proved", counted(problems.len(), "answer"));
        let text = format!("{}\n{refused}", console.paint(&text, tone));
        console.report(&fit(&text, console.out_look().width))?;
    }
    Ok(Verdict::from(proved == problems.len()))
}

/// The lines of a file that are not blank.
fn lines(path: &Path) -> Result<Vec<String>, Stop> {
    let text = read_text_within(path, LONGEST)?;
    Ok(text.trim_start_matches('\u{feff}').lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect())
}

/// As many bytes of problems or answers are read at most: they are all in memory.
const LONGEST: u64 = 1 << 30;

/// One answer, and what came of it.
struct Checked {
    id: Option<Value>,
    outcome: Result<Proof, Unreadable>,
}

fn check(problem: &str, answer: &str, tolerance: f64) -> Checked {
    let parsed = Problem::parse(problem).and_then(|problem| Answer::parse(answer).map(|answer| (problem, answer)));
    let (problem, answer) = match parsed {
        Ok(both) => both,
        Err(error) => return Checked { id: None, outcome: Err(error) },
    };
    if problem.id != answer.id {
        let id = |id: &Option<Value>| id.as_ref().map_or("none".to_owned(), Value::to_string);
        let message = format!("the problem's id is {}, the answer's is {}", id(&problem.id), id(&answer.id));
        return Checked { id: problem.id, outcome: Err(Unreadable(message)) };
    }
    Checked { outcome: Ok(verify(&problem, &answer, tolerance)), id: problem.id }
}

impl Checked {
    /// Prints it as JSON, or returns what is to be said of it.
    fn show(&self, line: usize, console: &Console) -> Result<String, Stop> {
        if console.is_json() {
            let Proved { fields, proved } = self.json(line);
            console.json_line(fields, proved)?;
            return Ok(String::new());
        }
        let not_proved = console.paint("not proved:", Tone::Bad);
        let told = match &self.outcome {
            Ok(Proof::Refused(refusal)) => format!("{not_proved} {refusal}"),
            Err(Unreadable(why)) => format!("{not_proved} {why}"),
            Ok(Proof::Infeasible { within: Some(within), .. }) => {
                // Rounded down: no more than is proved.
                let power = 10_f64.powf(within.log10().floor());
                let within = (within / power).floor() * power;
                format!("infeasible where no prediction that lacks a bound is further from zero than {within:.0e}")
            }
            Ok(Proof::Optimal { .. } | Proof::Infeasible { within: None, .. }) => return Ok(String::new()),
        };
        let name = self.id.as_ref().map_or_else(String::new, |id| format!(" ({id})"));
        Ok(format!("line {line}{name}: {told}\n"))
    }

    fn json(&self, line: usize) -> Proved {
        let value = match &self.outcome {
            Ok(Proof::Optimal { violation, gap }) => {
                json!({ "proved": true, "status": "optimal", "violation": violation, "gap": gap })
            }
            Ok(Proof::Infeasible { margin, within }) => {
                json!({ "proved": true, "status": "infeasible", "margin": margin, "within": within })
            }
            Ok(Proof::Refused(refusal)) => {
                json!({ "proved": false, "kind": kind(refusal), "why": refusal.to_string() })
            }
            Err(Unreadable(why)) => json!({ "proved": false, "kind": "unreadable", "why": why }),
        };
        let proved = matches!(self.outcome, Ok(Proof::Optimal { .. } | Proof::Infeasible { .. }));
        let place = [("line".to_owned(), json!(line)), ("id".to_owned(), json!(self.id))];
        let told = value.as_object().cloned().unwrap_or_default();
        Proved { fields: told.into_iter().chain(place).collect(), proved }
    }
}

/// What is said of an answer as JSON.
struct Proved {
    fields: Map<String, Value>,
    proved: bool,
}

/// The kind of a refusal, for programs.
fn kind(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Lengths { .. } => "lengths",
        Refusal::NoClaim { .. } => "no_claim",
        Refusal::Row { .. } => "row",
        Refusal::Bound { .. } => "bound",
        Refusal::Sample { .. } => "sample",
        Refusal::Multiplier { .. } => "multiplier",
        Refusal::Price { .. } => "price",
        Refusal::Objective { .. } => "objective",
        Refusal::Gap { .. } => "gap",
        Refusal::Combination { .. } => "combination",
    }
}
