//! `fairc fmt`: the one layout of specs.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::console::{Console, Tone};
use super::front::COMMAND_LINE;
use super::input::{Spec, name_of, read_text};
use super::outputs::Files;
use super::stop::{Failure, Outcome, Stop, Verdict};
use super::unified::diff;
use crate::data::{STANDARD_STREAM, write_text};
use crate::language::diagnostic::Diagnostic;
use crate::language::diagnostic::human::render;
use crate::language::diagnostic::json::Entry;
use crate::language::span::{SourceId, Sources};
use crate::language::syntax::format;
use crate::language::words::counted;

/// Format specs
///
/// Files are rewritten in place; `-` reads standard input and prints the result.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// `.fair` files, or `-`
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Change nothing; print what would change, and exit with 1 if anything would
    #[arg(long)]
    check: bool,
}

impl Args {
    /// It writes what it reads, and is asked to.
    pub fn files(&self) -> Files<'_> {
        Files::of_specs(&self.files)
    }
}

/// What came of one file.
#[derive(Serialize)]
struct Formatted {
    file: String,
    /// Whether the layout differed.
    changed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    diff: Option<String>,
    /// The result for standard input.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    let mut verdict = Verdict::Yes;
    let (mut done, mut entries): (Vec<Formatted>, Vec<Entry>) = (Vec::new(), Vec::new());
    let mut failures: Vec<Failure> = Vec::new();
    for path in &args.files {
        match one(path, args.check, console) {
            Ok(Ok(formatted)) => {
                verdict = verdict.and(Verdict::from(!(args.check && formatted.changed)));
                done.push(formatted);
            }
            Ok(Err(mut refused)) => {
                verdict = Verdict::No;
                entries.append(&mut refused);
            }
            Err(Stop::Failed(failure)) => failures.push(failure),
            Err(stop) => return Err(stop),
        }
    }
    let changed = done.iter().filter(|formatted| formatted.changed).count();
    if console.is_json() && (failures.is_empty() || args.files.len() > 1) {
        let ok = verdict == Verdict::Yes && failures.is_empty();
        console.json(&serde_json::json!({ "ok": ok, "diagnostics": entries, "files": done }))?;
    } else if args.check && changed > 0 {
        console.say(&format!("{} not formatted; `fairc fmt` rewrites\n", counted(changed, "file")));
    }
    match (failures.pop(), args.files.len()) {
        (None, _) => Ok(verdict),
        (Some(only), 1) => Err(Stop::Failed(only)),
        (Some(last), _) => {
            failures.iter().chain([&last]).for_each(|failure| console.failed_in_words(failure));
            Err(Stop::Told)
        }
    }
}

/// Formats one file; a file with syntax errors is left as it is, and the errors are returned.
fn one(path: &Path, check: bool, console: &Console) -> Result<Result<Formatted, Vec<Entry>>, Stop> {
    let name = name_of(path);
    let text = match read_text(path)? {
        Ok(text) => text,
        Err(broken) => {
            let spec = Spec::broken(path, broken);
            if !console.is_json() {
                console.say(&format!("{}{}\n", spec.rendered(console.err_look(), &COMMAND_LINE), spec.summary(0)));
            }
            return Ok(Err(spec.entries()));
        }
    };
    if Spec::is_compiled(path, &text) {
        return Err(Stop::failed(format!("`{name}` is a compiled spec, which has no layout"), "name a `.fair` file"));
    }
    let formatted = match format(SourceId::default(), &text) {
        Ok(formatted) => formatted,
        Err(errors) => {
            let found: Vec<Diagnostic> = errors.iter().map(|error| error.diagnostic()).collect();
            return Ok(Err(tell(&name, &text, &found, console)));
        }
    };
    let changed = formatted != text;
    let stream = path == Path::new(STANDARD_STREAM);
    let mut result = Formatted { file: name.clone(), changed, diff: None, text: None };
    if check {
        let difference = diff(&name, "formatted", &text, &formatted);
        if changed && !console.is_json() {
            console.print(&colored(&difference, console))?;
        }
        result.diff = Some(difference).filter(|_| changed);
    } else if stream && console.is_json() {
        result.text = Some(formatted);
    } else if stream {
        console.print_raw(&formatted)?;
    } else if changed {
        write_text(path, &formatted)?;
    }
    Ok(Ok(result))
}

fn tell(name: &str, text: &str, found: &[Diagnostic], console: &Console) -> Vec<Entry> {
    let mut sources = Sources::default();
    sources.add(name, text);
    if !console.is_json() {
        let rendered: String =
            found.iter().map(|diagnostic| render(diagnostic, &sources, console.err_look()) + "\n").collect();
        console.say(&format!("{rendered}{} in {name}, which is left as it is\n", counted(found.len(), "error")));
    }
    found.iter().map(|diagnostic| Entry::new(diagnostic, &sources)).collect()
}

pub fn colored(difference: &str, console: &Console) -> String {
    let line = |line: &str| {
        let tone = match line.as_bytes().first() {
            Some(b'+') => Some(Tone::Good),
            Some(b'-') => Some(Tone::Bad),
            _ => None,
        };
        tone.map_or_else(|| line.to_owned(), |tone| console.paint(line, tone)) + "\n"
    };
    difference.lines().map(line).collect()
}
