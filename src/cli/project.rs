//! `fairc project`: the closest predictions that satisfy a spec.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;

use super::console::Console;
use super::dataset::{Painter, PredictedArgs, Shown};
use super::fault::{Fault, stop, tell};
use super::front::context;
use super::input::Spec;
use super::low_memory;
use super::new_column::NewColumn;
use super::outputs::Files;
use super::page;
use super::shifts;
use super::solve::Infeasible;
use super::stop::{Outcome, Verdict};
use crate::bind::Purpose;
use crate::data::Format;
use crate::report::{ProjectReport, project_page};
use crate::tasks::{ProjectOptions, Use, apply, project};

/// Move predictions as little as it takes to satisfy a spec
///
/// Prints what changed. With `-o` the data are written with one more column, the predictions that satisfy the spec.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    input: PredictedArgs,
    /// Project each N consecutive rows by themselves
    #[arg(long, value_name = "N", value_parser = super::number::count)]
    batch: Option<u32>,
    /// Keep sums by group alone, and read the data several times: for tables larger than memory
    #[arg(long, conflicts_with_all = ["batch", "frozen"])]
    low_memory: bool,
    /// Leave out what is enforced in training only
    #[arg(long)]
    inference: bool,
    /// Do not project: apply the offsets that `fairc freeze` wrote, so that no prediction depends on another
    #[arg(long, value_name = "SHIFTS", conflicts_with_all = ["batch", "on_infeasible"])]
    frozen: Option<PathBuf>,
    /// What to do if no predictions satisfy the spec
    #[arg(long, value_enum, default_value_t = Infeasible::Error, hide_possible_values = true, value_name = "error|relax")]
    on_infeasible: Infeasible,
    /// Where to write the data with the new column; `-` is standard output
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// The format to write, where the extension does not tell it
    #[arg(long, value_name = "FORMAT", requires = "output")]
    output_format: Option<Format>,
    /// The name of the new column [default: COL_fair]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,
    /// Write a page with each promise and each group, before and after
    #[arg(long, value_name = "FILE", value_parser = page::file)]
    html: Option<PathBuf>,
    /// Exit with 1 if a promise is violated or could not be enforced
    #[arg(long)]
    require_all: bool,
    /// Replace the new column if the data have it already
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    shown: Shown,
}

impl Args {
    pub fn files(&self) -> Files<'_> {
        let Args { input, frozen, output, html, .. } = self;
        let files = Files { in_place: Some(&input.data.data), ..Files::of(&input.spec, &input.data.data) }
            .pairs(&input.data.relations);
        files.reads("--frozen", frozen.as_deref()).writes("-o", output.as_deref()).writes("--html", html.as_deref())
    }
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    let spec = Spec::read(&args.input.spec)?;
    let program = spec.valid(console)?;
    let purpose = if args.inference { Purpose::Inference } else { Purpose::Training };
    if args.low_memory {
        let job = low_memory::Job {
            input: &args.input,
            purpose,
            on_infeasible: args.on_infeasible.into(),
            name: args.name.as_deref(),
            output: args.output.as_deref(),
            format: args.output_format,
            replace: args.replace,
            require_all: args.require_all,
            most: args.shown.most(),
            html: args.html.as_deref(),
        };
        return low_memory::run(&job, &spec, program, console);
    }
    let usage = if args.frozen.is_some() { Use::Shifts } else { Use::Project(purpose) };
    let path = args.frozen.as_deref();
    let frozen = path.map(|path| shifts::read(path, &context(&spec, program))).transpose()?;
    let dataset = args.input.open(usage, &spec, program, console)?;
    let case = dataset.case(&spec, program);
    let column = NewColumn {
        name: args.name.clone().unwrap_or_else(|| format!("{}_fair", case.column)),
        output: args.output.as_deref(),
        format: args.output_format,
        replace: args.replace,
    };
    column.refuse_existing(&dataset.source, program)?;

    let options = ProjectOptions {
        batch: args.batch.map(|size| size as usize),
        on_infeasible: args.on_infeasible.into(),
        most: args.shown.most(),
    };
    let done = match &frozen {
        Some(frozen) => apply(&case, frozen, options.most),
        None => project(&case, &options),
    };
    let done = done.map_err(|refused| stop(refused, &case.context, console))?;
    if let Some(fault) = &done.infeasible {
        return refuse_infeasible(&done.report, fault, &spec, console);
    }
    column.write(&dataset.source, done.y.as_slice(), console)?;
    page::write(args.html.as_deref(), || project_page(&done.report, env!("CARGO_PKG_VERSION")), console)?;
    let json = || serde_json::to_value(done.report.json()).unwrap_or_default();
    let text = || done.report.text(&Painter(console));
    column.show(true, json, text, (Vec::new(), ""), console)?;
    column.note_unwritten(console);
    let failures = done.failures(&case.context, args.require_all);
    failures.iter().for_each(|failure| console.say(&format!("error: {failure}\n")));
    Ok(Verdict::from(failures.is_empty()))
}

fn refuse_infeasible(report: &ProjectReport<'_>, fault: &Fault, spec: &Spec, console: &Console) -> Outcome {
    if !console.is_json() {
        return Err(tell(std::slice::from_ref(fault), spec, console));
    }
    let mut value = serde_json::to_value(report.json()).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.insert("ok".into(), false.into());
        fields.insert("diagnostics".into(), serde_json::json!([fault.entry(spec)]));
    }
    console.json(&value)?;
    Ok(Verdict::No)
}
