//! A spec and a table: predictions that satisfy the spec, and a report on them.

use std::path::Path;
use std::sync::Arc;

use fairc::bind::{EncodeOptions, Params, Purpose, encode};
use fairc::data::{Dialect, Format, Source};
use fairc::language::diagnostic::json::Entry;
use fairc::language::program::Program;
use fairc::report::{PlainText, Projected};
use fairc::runtime::project::OnInfeasible;
use fairc::source::{COMMAND_LINE, Failure, Spec, watch};
use fairc::tasks::{Case, Context, ProjectOptions, Refused, Use, not_empty, prediction_column, project};
use serde::Serialize;

use super::compiled;
use super::groups::{Division, divisions};
use super::picture::svg;

/// Rows of a report that the page lists as text.
const MOST: usize = 12;

/// What `project` gives.
#[derive(Default, Serialize)]
struct Answered {
    ok: bool,
    /// What is wrong with the spec on these data, as the command line prints it.
    diagnostics: Vec<Entry>,
    /// What else is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Told>,
    /// As `fairc project --format json` prints it.
    report: Option<Projected>,
    /// The same for people.
    text: String,
    groups: Vec<Division>,
    /// One for each of the groups' divisions.
    pictures: Vec<String>,
}

#[derive(Serialize)]
struct Told {
    message: String,
    help: Option<String>,
}

/// Why there is no answer.
enum Stop {
    Failed(Failure),
    Refused(Refused),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Stop::Failed(failure)
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Stop::Refused(refused)
    }
}

pub fn json(spec: &str, name: &str, table: &[u8], settings: &str) -> (String, Vec<f64>) {
    let spec = compiled(spec);
    let (answered, predictions) = match spec.program() {
        Some(program) => answered(&spec, program, name, table, settings),
        None => (Answered { diagnostics: spec.entries(), ..Answered::default() }, Vec::new()),
    };
    (serde_json::to_string(&answered).unwrap_or_default(), predictions)
}

fn answered(spec: &Spec, program: &Program, name: &str, table: &[u8], settings: &str) -> (Answered, Vec<f64>) {
    let context = Context { spec, program, front: &COMMAND_LINE };
    let told = |failure: Failure| Answered {
        error: Some(Told { message: failure.message, help: failure.help }),
        ..Answered::default()
    };
    let stop = match run(&context, name, table, settings) {
        Ok(done) => return done,
        Err(stop) => stop,
    };
    let answered = match stop {
        Stop::Failed(failure) => told(failure),
        Stop::Refused(refused) => match refused.told(&context) {
            Ok(faults) => {
                Answered { diagnostics: faults.iter().map(|fault| fault.entry(spec)).collect(), ..Answered::default() }
            }
            Err(failure) => told(failure),
        },
    };
    (answered, Vec::new())
}

fn run(context: &Context<'_>, name: &str, table: &[u8], settings: &str) -> Result<(Answered, Vec<f64>), Stop> {
    let Context { spec, program, front } = *context;
    let settings = read_settings(settings)?;
    let params = Params::resolve(program, &settings).map_err(Refused::from)?;
    let format = Format::of_input(Path::new(name)).map_or(Format::Csv, |(format, _)| format);
    let source = Source::in_memory(name, Arc::from(table), format, &Dialect::default()).map_err(Failure::from)?;
    let column = prediction_column(None, program, front, name, source.columns(), source.hint())?;
    let usual = Use::Project(Purpose::Training).options(Some(column.clone()));
    let encoded = encode(program, &params, &source, &usual, &mut |_, _| {}).map_err(Refused::from)?;
    not_empty(&encoded, name)?;
    let before = encoded.prediction().unwrap_or_default();
    let case = Case {
        context: *context,
        encoded: &encoded,
        params: &params,
        table: name,
        settings: &settings,
        column: &column,
        predictions: before,
    };
    let options = ProjectOptions { batch: None, on_infeasible: OnInfeasible::Error, most: MOST };
    let done = project(&case, &options)?;
    let mut answered = Answered {
        ok: done.infeasible.is_none() && done.unfinished == 0,
        diagnostics: done.infeasible.iter().map(|fault| fault.entry(spec)).collect(),
        error: done.failures(context, false).into_iter().next().map(|message| Told { message, help: None }),
        report: Some(done.report.json()),
        text: done.report.text(&PlainText),
        ..Answered::default()
    };
    if done.infeasible.is_none() {
        let scale = scale(before, &done.y, program);
        // Groups that no row reads cut the data finer, and finer sums are rounded otherwise: the answer must not depend on them.
        let watch = watch(spec, program);
        let options = EncodeOptions { watch: watch.events(), ..usual };
        let watched = encode(program, &params, &source, &options, &mut |_, _| {}).map_err(Refused::from)?;
        answered.groups = divisions(&watched, &watch, before, &done.y, scale);
        answered.pictures = answered.groups.iter().map(|division| svg(division, &column, scale)).collect();
    }
    Ok((answered, done.y))
}

fn read_settings(text: &str) -> Result<Vec<(String, f64)>, Failure> {
    let read: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_str(text);
    let values = read.map_err(|error| Failure::new(format!("the settings are no object: {error}"), ""))?;
    let number = |(name, value): (String, serde_json::Value)| match value.as_f64() {
        Some(number) => Ok((name, number)),
        None => Err(Failure::new(format!("`{name}` is set to {value}, which is no number"), "")),
    };
    values.into_iter().map(number).collect()
}

/// The range that all pictures share: the bounds of predictions where there are any, else what is there.
fn scale(before: &[f64], after: &[f64], program: &Program) -> (f64, f64) {
    let (lower, upper) = (program.prediction.lower, program.prediction.upper);
    let all = before.iter().chain(after).copied();
    let (least, most) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), value| (a.min(value), b.max(value)));
    let low = if lower.is_finite() { lower } else { least };
    let high = if upper.is_finite() { upper } else { most };
    if high > low { (low, high) } else { (low, low + 1.0) }
}

#[cfg(test)]
mod tests {
    use super::json;

    const SPEC: &str = "column a: {x, y}\npredict s: real in [0, 1]\nparam eps = 0\nuse demographic_parity(a, eps)\n";

    fn answer(spec: &str, table: &str, settings: &str) -> (serde_json::Value, Vec<f64>) {
        let (text, predictions) = json(spec, "table.csv", table.as_bytes(), settings);
        (serde_json::from_str(&text).unwrap(), predictions)
    }

    #[test]
    fn groups_meet_in_the_middle() {
        let (answer, predictions) = answer(SPEC, "a,s\nx,0.25\ny,0.75\n", "{}");
        assert_eq!(predictions, [0.5, 0.5]);
        assert_eq!(answer["report"]["status"], "optimal");
        assert_eq!(answer["groups"][0]["groups"][1]["before"]["mean"], 0.75);
        let picture = answer["pictures"][0].as_str().unwrap();
        assert!(picture.contains("y: mean 0.7500 before, 0.5000 after"), "{picture}");
    }

    #[test]
    fn a_param_can_be_set() {
        let (_, predictions) = answer(SPEC, "a,s\nx,0.25\ny,0.75\n", "{\"eps\": 1}");
        assert_eq!(predictions, [0.25, 0.75]);
        let (refused, _) = answer(SPEC, "a,s\nx,0.25\n", "{\"epsilon\": 1}");
        assert!(refused["error"]["message"].as_str().unwrap().contains("epsilon"), "{refused}");
    }

    #[test]
    fn what_is_wrong_is_told() {
        let (level, _) = answer(SPEC, "a,s\nz,0.25\n", "{}");
        assert_eq!(level["diagnostics"][0]["code"], "E0702");
        let (column, _) = answer(SPEC, "a,score\nx,0.25\n", "{}");
        assert!(column["error"]["message"].as_str().unwrap().contains("no column `s`"), "{column}");
        for table in ["", "a,s\n", "a\nx\n", "\0\0", "PAR1"] {
            let (answer, predictions) = answer(SPEC, table, "{}");
            assert!(answer["ok"] == false && predictions.is_empty(), "{table:?}: {answer}");
        }
        let never = format!("{SPEC}constraint low: E[s | a == x] <= 0.1\nconstraint high: E[s] >= 0.2\n");
        let (infeasible, _) = answer(&never, "a,s\nx,0.25\ny,0.75\n", "{}");
        assert_eq!(infeasible["diagnostics"][0]["code"], "E0801");
    }
}
