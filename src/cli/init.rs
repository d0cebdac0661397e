//! `fairc init`: a first spec for a table.

use std::path::{Path, PathBuf};

use super::console::Console;
use super::form::{Form, formats};
use super::outputs::Files;
use super::stop::{Outcome, Stop, Verdict};
use crate::data::{STANDARD_STREAM, write_text};
use crate::language::words::counted;
use crate::report::fit;
use crate::source::typed;
use crate::tasks::{Drafted, InitOptions, init};

/// A draft promises nothing yet.
fn commented(draft: &str) -> &'static str {
    let constraints = draft.lines().filter(|line| line.starts_with("# constraint ") || line.starts_with("# use "));
    match constraints.count() {
        0 | 1 => "its constraint is a comment, so nothing is promised: remove the `#` before it",
        _ => "its constraints are comments, so nothing is promised: remove the `#` before one",
    }
}

/// Write a first spec for a table: levels and ranges seen, and a constraint to start from
///
/// What you do not say is guessed from names and values, and marked as a guess in the spec. The spec compiles at once, and
/// the table binds to it.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long, value_name = "FILE", help = format!("The table: {}; `-` is standard input", formats(".")))]
    data: PathBuf,
    #[command(flatten)]
    form: Form,
    /// The column with the predictions
    #[arg(long, value_name = "COL")]
    pred: Option<String>,
    /// Columns that make groups to compare; numbers are cut into bins at their quartiles
    #[arg(long, value_name = "COL", num_args = 1..)]
    group: Vec<String>,
    /// Columns that are known in training and audits alone
    #[arg(long, value_name = "COL", num_args = 1..)]
    label: Vec<String>,
    /// The column with the weights of samples
    #[arg(long, value_name = "COL")]
    weight: Option<String>,
    /// Where to write; without it, to standard output
    #[arg(short, long, value_name = "SPEC")]
    output: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "output")]
    force: bool,
}

impl Args {
    pub fn files(&self) -> Files<'_> {
        let output = self.output.as_deref();
        Files::default().reads("--data", Some(&self.data)).writes("-o", output)
    }

    /// The file to write, if it is one.
    fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| *path != Path::new(STANDARD_STREAM))
    }
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    if let Some(file) = args.file().filter(|file| file.is_file() && !args.force) {
        let message = format!("`{}` is there already", file.display());
        return Err(Stop::failed(message, "name another file, or replace it with `--force`"));
    }
    let source = args.form.open(&args.data)?;
    let options = InitOptions {
        prediction: args.pred.clone(),
        groups: args.group.clone(),
        labels: args.label.clone(),
        weight: args.weight.clone(),
    };
    let bar = console.bar("reading", source.size());
    let drafted = init(&source, &options, &mut |read, total| {
        bar.set_length(total);
        bar.set_position(read);
    });
    bar.finish_and_clear();
    let drafted = drafted?;
    match &args.output {
        None if !console.is_json() => console.print_raw(&drafted.text)?,
        None => {}
        Some(output) => write_text(output, &drafted.text)?,
    }
    told(args, &drafted, console)
}

fn told(args: &Args, drafted: &Drafted, console: &Console) -> Outcome {
    if console.is_json() {
        if args.output.is_some() && args.file().is_none() {
            console.answer_beside();
        }
        let column = |column: &crate::tasks::DraftedColumn| {
            serde_json::json!({
                "name": column.header, "role": column.role, "guess": column.guess, "note": column.note,
            })
        };
        console.json(&serde_json::json!({
            "data": args.data.display().to_string(),
            "n": drafted.n,
            "columns": drafted.columns.iter().map(column).collect::<Vec<_>>(),
            "output": args.output.as_ref().map(|output| output.display().to_string()),
            "text": args.output.is_none().then_some(&drafted.text),
        }))?;
        return Ok(Verdict::Yes);
    }
    let Some(file) = args.file() else { return Ok(Verdict::Yes) };
    let declared = drafted.columns.iter().filter(|column| column.role.is_some()).count();
    let guesses = drafted.columns.iter().filter(|column| column.guess).count();
    let left_out = drafted.columns.len() - declared;
    let [spec, data] = [file, &args.data].map(|path| typed(&path.display().to_string()));
    let mut text = format!("wrote {}: {} declared", file.display(), counted(declared, "column"));
    if left_out > 0 {
        text.push_str(&format!(", {left_out} not"));
    }
    if guesses > 0 {
        text.push_str(&format!(", {guesses} by a guess"));
    }
    console.report(&fit(
        &format!(
            "{text}\n{}\nnext: fairc check {spec} --data {data}{}\n",
            commented(&drafted.text),
            args.form.repeated()
        ),
        console.out_look().width,
    ))?;
    Ok(Verdict::Yes)
}
