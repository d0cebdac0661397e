//! `fairc compile`: a spec as a `.fairc`, or a look at a stage of the compiler.

use std::path::PathBuf;

use super::console::Console;
use super::emit;
use super::input::{Content, Spec, rows};
use super::outputs::Files;
use super::stop::{Outcome, Stop, Verdict};
use crate::data::{STANDARD_STREAM, write_text};
use crate::language::diagnostic::Severity;
use crate::language::program::Program;
use crate::language::words::counted;
use crate::report::{fit, program_rows, program_rows_text};

/// Compile a spec, or look at a stage of the compiler
///
/// Without `-o` and `--emit` nothing is written: the summary is printed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The spec, `.fair` or `.fairc`; `-` is standard input
    #[arg(value_name = "SPEC")]
    spec: PathBuf,
    /// Where to write the compiled spec, usually `NAME.fairc`; `-` is standard output
    #[arg(short, long, value_name = "OUT", conflicts_with = "emit")]
    output: Option<PathBuf>,
    /// Print a stage of the compiler instead
    #[arg(long, value_enum, value_name = "STAGE")]
    emit: Option<Stage>,
    /// With `--emit hir`: also the places in the source
    #[arg(long, requires = "emit")]
    spans: bool,
}

/// A stage of the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Stage {
    /// What was parsed
    Ast,
    /// What was checked: each expression with its range and curvature
    Hir,
    /// The rows, in the names of the spec
    Rows,
    /// The canonical text that the fingerprint hashes
    Text,
}

impl Args {
    pub fn files(&self) -> Files<'_> {
        Files { specs: vec![&self.spec], ..Files::default() }.writes("-o", self.output.as_deref())
    }
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    let spec = Spec::read(&args.spec)?;
    match (args.emit, &args.output) {
        (Some(stage), _) => emit(stage, args.spans, &spec, console),
        (None, Some(output)) => write(&spec, output, console),
        (None, None) => {
            let program = spec.valid(console)?;
            summary(&spec, program, None, console)?;
            if !console.is_json() {
                console.note(&format!("nothing written; `-o {}` writes the compiled spec", suggested(&args.spec)));
            }
            Ok(Verdict::Yes)
        }
    }
}

fn suggested(spec: &std::path::Path) -> String {
    match spec.file_stem() {
        Some(stem) if spec != std::path::Path::new(STANDARD_STREAM) => format!("{}.fairc", stem.to_string_lossy()),
        Some(_) | None => "spec.fairc".to_owned(),
    }
}

fn write(spec: &Spec, output: &PathBuf, console: &Console) -> Outcome {
    let program = spec.valid(console)?;
    let text = program.to_artefact();
    write_text(output, &text)?;
    if output != std::path::Path::new(STANDARD_STREAM) {
        summary(spec, program, Some(output), console)?;
    }
    Ok(Verdict::Yes)
}

fn summary(spec: &Spec, program: &Program, output: Option<&PathBuf>, console: &Console) -> Result<(), Stop> {
    let output = output.map(|output| output.display().to_string());
    if console.is_json() {
        return console.json(&serde_json::json!({
            "ok": true,
            "diagnostics": spec.entries(),
            "fingerprint": program.fingerprint().to_string(),
            "rows": rows(program),
            "constraints": spec.constraints(),
            "output": output,
        }));
    }
    let place = output.map_or_else(|| spec.name.clone(), |output| format!("{} -> {output}", spec.name));
    let constraints = counted(spec.constraints(), "constraint");
    let fingerprint = program.fingerprint();
    let text = format!("{place}: {constraints}, {}, fingerprint {fingerprint}\n", counted(rows(program), "row"));
    console.report(&fit(&text, console.out_look().width))
}

/// The tree of a file with errors is still worth a look, so the early stages are printed for it too.
fn emit(stage: Stage, spans: bool, spec: &Spec, console: &Console) -> Outcome {
    let text = match (stage, &spec.content) {
        (Stage::Ast | Stage::Hir, Content::Compiled(_)) => {
            let message = format!("`{}` is compiled, and the stages before the rows are not kept in it", spec.name);
            return Err(Stop::failed(message, "use `--emit rows` or `--emit text`, or name the `.fair` file"));
        }
        (Stage::Ast | Stage::Hir, Content::Broken(_)) => {
            spec.valid(console)?;
            return Ok(Verdict::No);
        }
        (Stage::Ast, Content::Source(compilation)) => emit::ast(compilation),
        (Stage::Hir, Content::Source(compilation)) => emit::hir(&compilation.hir, &compilation.sources, spans),
        (Stage::Rows, _) => {
            let program = spec.valid(console)?;
            if console.is_json() {
                console.json(&serde_json::json!({ "emitted": program_rows(program) }))?;
                return Ok(Verdict::Yes);
            }
            program_rows_text(program)
        }
        (Stage::Text, _) => spec.valid(console)?.canonical_text(),
    };
    let ok = spec.count(Severity::Error) == 0;
    if console.is_json() {
        console.json(&serde_json::json!({ "ok": ok, "diagnostics": spec.entries(), "text": text }))?;
    } else {
        console.print_raw(&text)?;
    }
    if ok { Ok(Verdict::Yes) } else { spec.valid(console).map(|_| Verdict::No) }
}
