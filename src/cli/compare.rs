//! `fairc diff`: what changed between two versions of a spec.

use std::path::PathBuf;

use serde::Serialize;

use super::console::{Console, Tone};
use super::dataset::one_stream;
use super::input::Spec;
use super::stop::{Outcome, Verdict};
use crate::analyze::difference::{Change, Changed, rows, sample_rows};
use crate::language::program::{Names, Program};
use crate::report::counted;

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
    old: Option<String>,
    new: Option<String>,
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    one_stream(&args.old, &args.new)?;
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
        console.print(&text(&a.name, &b.name, &report, console))?;
    }
    Ok(Verdict::from(same))
}

fn changes(old: &Program, new: &Program) -> Vec<RowJson> {
    let (ours, theirs) = (Names::of(old), Names::of(new));
    let json = |changed: &Changed, texts: [Option<String>; 2], name: &str| {
        let [old, new] = texts;
        RowJson { change: word(changed.change), name: name.to_owned(), old, new }
    };
    let told = |changed: &Changed| changed.change != Change::Same;
    let mut found: Vec<RowJson> = Vec::new();
    for changed in rows(old, new).iter().filter(|changed| told(changed)) {
        let before = changed.old.and_then(|at| old.rows.get(at));
        let after = changed.new.and_then(|at| new.rows.get(at));
        let texts = [before.map(|row| old.row_text(row, &ours)), after.map(|row| new.row_text(row, &theirs))];
        let origin = after.or(before).and_then(|row| row.origins.first());
        found.push(json(changed, texts, origin.map_or("", |origin| &origin.name)));
    }
    for changed in sample_rows(old, new).iter().filter(|changed| told(changed)) {
        let before = changed.old.and_then(|at| old.sample_rows.get(at));
        let after = changed.new.and_then(|at| new.sample_rows.get(at));
        let texts =
            [before.map(|row| old.sample_row_text(row, &ours)), after.map(|row| new.sample_row_text(row, &theirs))];
        let origin = after.or(before).and_then(|row| row.origins.first());
        found.push(json(changed, texts, origin.map_or("", |origin| &origin.name)));
    }
    found
}

/// What else the fingerprint covers: the prediction, params and columns.
fn others(old: &Program, new: &Program) -> Vec<String> {
    let mut found = Vec::new();
    let range = |lower: f64, upper: f64| format!("[{lower}, {upper}]");
    let (before, after) = (&old.prediction, &new.prediction);
    if (before.lower, before.upper) != (after.lower, after.upper) {
        let (before, after) = (range(before.lower, before.upper), range(after.lower, after.upper));
        found.push(format!("the prediction was in {before}, and is in {after}"));
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
        if old.column(&column.header).is_some_and(|known| known.ty != column.ty || known.nullable != column.nullable) {
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
        return format!("{}\n", console.paint(&format!("{old} and {new} mean the same"), Tone::Good));
    }
    let mut out = String::new();
    for row in &report.rows {
        out.push_str(&format!("{}: {}\n", console.paint(row.change, Tone::Careful), row.name));
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
    format!("{out}{rows}{more}\n")
}
