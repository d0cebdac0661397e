//! `fairc diff`: what changed between two versions of a spec.

use std::path::PathBuf;

use serde::Serialize;

use super::console::{Console, Tone};
use super::input::Spec;
use super::outputs::Files;
use super::stop::{Outcome, Verdict};
use crate::analyze::difference::{Change, Changed, rows, sample_rows};
use crate::language::program::{Names, Prediction, Program, PromisedRow};
use crate::language::words::counted;
use crate::report::fit;

/// Show what changed between two specs: rows that are new, gone, tighter or looser
///
/// Compares what the specs mean: names, order, spelling and comments do not count. Exits with 1 if they differ.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The old spec, `.fair` or `.fairc`
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The new spec
    #[arg(value_name = "NEW")]
    new: PathBuf,
}

impl Args {
    pub fn files(&self) -> Files<'_> {
        Files::of_specs([&self.old, &self.new])
    }
}

#[derive(Serialize)]
struct Report {
    same: bool,
    old: String,
    new: String,
    rows: Vec<RowJson>,
    other: Vec<String>,
}

#[derive(Serialize)]
struct RowJson {
    change: &'static str,
    name: String,
    /// The name in the old spec, where it is another.
    was: Option<String>,
    old: Option<String>,
    new: Option<String>,
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    let (a, b) = (Spec::read(&args.old)?, Spec::read(&args.new)?);
    let (old, new) = (a.valid(console)?, b.valid(console)?);
    let same = old.fingerprint() == new.fingerprint();
    let report = Report {
        same,
        old: old.fingerprint().to_string(),
        new: new.fingerprint().to_string(),
        rows: if same { Vec::new() } else { changes(old, new) },
        other: if same { Vec::new() } else { others(old, new) },
    };
    if console.is_json() {
        console.json(&report)?;
    } else {
        console.report(&text(&a.name, &b.name, &report, console))?;
    }
    Ok(Verdict::from(same))
}

fn changes(old: &Program, new: &Program) -> Vec<RowJson> {
    let row = |program: &Program, at: PromisedRow| {
        let row = program.promised(at)?;
        let text = program.row_text(&row, &Names::of(program));
        Some(Told { name: program.origin(at)?.name.clone(), text: text + &row.options.text() })
    };
    let sample_row = |program: &Program, at: PromisedRow| {
        let row = program.promised_sample(at)?;
        let text = program.sample_row_text(&row, &Names::of(program));
        Some(Told { name: program.sample_origin(at)?.name.clone(), text: text + &row.options.text() })
    };
    let rows = rows(old, new);
    let rows = rows.iter().map(|one| told(one, |at| row(old, at), |at| row(new, at)));
    let samples = sample_rows(old, new);
    let samples = samples.iter().map(|one| told(one, |at| sample_row(old, at), |at| sample_row(new, at)));
    rows.chain(samples).flatten().collect()
}

/// A promise in words.
struct Told {
    name: String,
    text: String,
}

/// None where nothing changed.
fn told(
    changed: &Changed,
    old: impl Fn(PromisedRow) -> Option<Told>,
    new: impl Fn(PromisedRow) -> Option<Told>,
) -> Option<RowJson> {
    if changed.change == Change::Same {
        return None;
    }
    let (old, new) = (changed.old.and_then(old), changed.new.and_then(new));
    let name = new.as_ref().or(old.as_ref())?.name.clone();
    let was = old.as_ref().map(|old| old.name.clone()).filter(|old| *old != name);
    let text = |told: Option<Told>| told.map(|told| told.text);
    Some(RowJson { change: word(changed.change), name, was, old: text(old), new: text(new) })
}

/// What else the fingerprint covers: the prediction, params and columns.
fn others(old: &Program, new: &Program) -> Vec<String> {
    let mut found = Vec::new();
    let range = |lower: f64, upper: f64| format!("[{lower}, {upper}]");
    let (before, after) = (&old.prediction, &new.prediction);
    let declared = |it: &Prediction| if it.decision { "{0, 1}".to_owned() } else { range(it.lower, it.upper) };
    let (was, is) = (declared(before), declared(after));
    if was != is {
        found.push(format!("the prediction was in {was}, and is in {is}"));
    }
    if before.header != after.header {
        found.push(format!("the prediction was `{}`, and is `{}`", before.header, after.header));
    }
    let header = |program: &Program| program.weight.as_ref().map(|weight| weight.header.clone());
    if header(old) != header(new) {
        let called = |weight: Option<String>| weight.map_or_else(|| "none".to_owned(), |header| format!("`{header}`"));
        found.push(format!("the weight was {}, and is {}", called(header(old)), called(header(new))));
    }
    for param in &new.params {
        match old.param(&param.name) {
            None => found.push(format!("param `{}` is new, {}", param.name, param.value)),
            Some(known) if known.value != param.value => {
                found.push(format!("param `{}` was {}, and is {}", param.name, known.value, param.value));
            }
            Some(known) if known.range != param.range => {
                let (before, after) =
                    (range(known.range.lower, known.range.upper), range(param.range.lower, param.range.upper));
                found.push(format!("param `{}` was in {before}, and is in {after}", param.name));
            }
            Some(_) => {}
        }
    }
    let gone = old.params.iter().filter(|param| new.param(&param.name).is_none());
    found.extend(gone.map(|param| format!("param `{}` is gone", param.name)));
    for column in &new.columns {
        if old.column(&column.header).is_some_and(|known| {
            (&known.ty, known.nullable, known.label) != (&column.ty, column.nullable, column.label)
        }) {
            found.push(format!("column `{}` is declared differently", column.header));
        }
    }
    found
}

fn word(change: Change) -> &'static str {
    match change {
        Change::New => "new",
        Change::Gone => "gone",
        Change::Tighter => "tighter",
        Change::Looser => "looser",
        Change::Moved => "moved",
        Change::Options => "options",
        Change::Same => "same",
    }
}

fn text(old: &str, new: &str, report: &Report, console: &Console) -> String {
    if report.same {
        let text = format!("{}\n", console.paint(&format!("{old} and {new} mean the same"), Tone::Good));
        return fit(&text, console.out_look().width);
    }
    let mut out = String::new();
    for row in &report.rows {
        let was = row.was.as_ref().map_or_else(String::new, |was| format!(" (was {was})"));
        out.push_str(&format!("{}: {}{was}\n", console.paint(row.change, Tone::Careful), row.name));
        let lines = [("-", Tone::Bad, &row.old), ("+", Tone::Good, &row.new)];
        for (sign, tone, text) in lines {
            if let Some(text) = text {
                out.push_str(&format!("  {}\n", console.paint(&format!("{sign} {text}"), tone)));
            }
        }
    }
    report.other.iter().for_each(|line| out.push_str(&format!("{line}\n")));
    let count = |change: &str| report.rows.iter().filter(|row| row.change == change).count();
    let words = ["new", "gone", "tighter", "looser", "moved", "options"];
    let parts: Vec<String> =
        words.iter().filter(|word| count(word) > 0).map(|word| format!("{} {word}", count(word))).collect();
    let rows = if parts.is_empty() { "no row changed".to_owned() } else { format!("rows: {}", parts.join(", ")) };
    let more = if report.other.is_empty() {
        String::new()
    } else {
        format!("; {}", counted(report.other.len(), "other change"))
    };
    fit(&format!("{rows}{more}\n{out}"), console.out_look().width)
}
