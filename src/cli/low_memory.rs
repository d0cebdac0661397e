//! `fairc project --low-memory`: a table that is larger than memory.

use std::path::Path;

use indicatif::ProgressBar;

use super::console::Console;
use super::dataset::{Painter, PredictedArgs};
use super::fault::stop;
use super::front::{COMMAND_LINE, context};
use super::input::Spec;
use super::new_column::NewColumn;
use super::page;
use super::setting;
use super::stop::{Outcome, Stop, Verdict};
use crate::bind::{Purpose, Relations};
use crate::data::{DataError, Format, Spilled};
use crate::language::program::Program;
use crate::report::project_page;
use crate::runtime::project::OnInfeasible;
use crate::tasks::{Asked, Reads, Refused, Use, prediction_column, project_low_memory};

/// What is projected, and where to.
pub struct Job<'a> {
    pub input: &'a PredictedArgs,
    pub purpose: Purpose,
    pub on_infeasible: OnInfeasible,
    /// The name of the new column, and the file that has it with the data.
    pub name: Option<&'a str>,
    pub output: Option<&'a Path>,
    pub format: Option<Format>,
    pub replace: bool,
    pub require_all: bool,
    /// Show at most so many rows.
    pub most: usize,
    /// Where to write a page.
    pub html: Option<&'a Path>,
}

pub fn run(job: &Job<'_>, spec: &Spec, program: &Program, console: &Console) -> Outcome {
    let data = &job.input.data;
    let context = context(spec, program);
    let refused = |refused: Refused| stop(refused, &context, console);
    let params = setting::params(&data.settings, program).map_err(|errors| refused(errors.into()))?;
    let source = data.form.open(&data.data)?;
    let named = job.input.pred.as_deref();
    let (table, columns, hint) = (source.name(), source.columns(), source.hint());
    let prediction = prediction_column(named, program, &COMMAND_LINE, table, columns, hint)?;
    let column = NewColumn {
        name: job.name.map_or_else(|| format!("{prediction}_fair"), str::to_owned),
        output: job.output,
        format: job.format,
        replace: job.replace,
    };
    column.refuse_existing(&source, program)?;
    let mut options = Use::Project(job.purpose).options(Some(prediction.clone()));
    options.relations = Relations::Refused("only sums by group are kept");
    let settings = setting::pairs(&data.settings);
    let asked = Asked { context, params: &params, table, column: &prediction, settings: &settings };

    let spilling = |source: std::io::Error| {
        Stop::from(DataError::Write { file: "a temporary file of predictions".to_owned(), source })
    };
    let mut spilled = Spilled::new().map_err(spilling)?;
    let mut failure = None;
    let mut keep = |values: &[f64]| match spilled.push(values) {
        Ok(()) => Ok(()),
        Err(error) => {
            let said = crate::source::Failure::new(format!("predictions cannot be kept on disk: {error}"), "");
            failure = Some(error);
            Err(Refused::from(said))
        }
    };
    let mut bar: Option<(&'static str, ProgressBar)> = None;
    let mut progress = |what: &'static str, read: u64, total: u64| {
        if bar.as_ref().is_none_or(|(known, _)| *known != what) {
            bar.take().into_iter().for_each(|(_, bar)| bar.finish_and_clear());
        }
        bar.get_or_insert_with(|| (what, console.bar(what, total))).1.set_position(read);
    };
    let mut reads = Reads { source: &source, progress: &mut progress };
    let done = project_low_memory(&asked, &options, job.on_infeasible, job.most, &mut reads, &mut keep);
    bar.into_iter().for_each(|(_, bar)| bar.finish_and_clear());
    if let Some(error) = failure {
        return Err(spilling(error));
    }
    let done = done.map_err(refused)?;
    spilled.finish().map_err(spilling)?;
    column.write(&source, &spilled, console)?;
    page::write(job.html, || project_page(&done.report, env!("CARGO_PKG_VERSION")), console)?;
    let json = || serde_json::to_value(done.report.json()).unwrap_or_default();
    let text = || done.report.text(&Painter(console));
    column.show(true, json, text, (Vec::new(), ""), console)?;
    column.note_unwritten(console);
    let failures = done.failures(&asked.context, job.require_all);
    failures.iter().for_each(|failure| console.say(&format!("error: {failure}\n")));
    Ok(Verdict::from(failures.is_empty()))
}
