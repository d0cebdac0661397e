//! The network's output on new data, and what the spec makes of it.

use serde_json::json;
use tch::{Device, Tensor};

use super::online::{Scorer, note_unseen};
use super::{Args, Mode};
use crate::bind::{BindError, Encoded, Frozen, Params, Purpose, RowStatus, Samples, encode};
use crate::cli::console::Console;
use crate::cli::fault::{refuse, stop as stop_of};
use crate::cli::front::context;
use crate::cli::input::{Content, Spec};
use crate::cli::shifts;
use crate::cli::solve::Infeasible;
use crate::cli::stop::{Outcome, Stop, Verdict};
use crate::cli::train::stop;
use crate::data::{Added, OnExisting, Output, STANDARD_STREAM, Source, write_with_columns};
use crate::language::program::Program;
use crate::language::words::counted;
use crate::report::{Movement, fit, short};
use crate::runtime::project::{OnInfeasible, Settings};
use crate::tasks::{Case, Refused, Use, apply, not_empty};
use crate::torch::{Bundle, FairLayer, Gap, LayerError, numbers, raw, single};

pub fn run(args: &Args, console: &Console) -> Outcome {
    refuse_others(args)?;
    let Bundle { description, program, model, hash, store: _variables } = Bundle::load(&args.model).map_err(stop)?;
    let spec_name = args.model.join("spec.fairc").display().to_string();
    let spec = Spec { name: spec_name, content: Content::Compiled(Box::new(program)) };
    let program = spec.valid(console)?;
    let mut overrides = description.params.clone();
    overrides.extend(args.settings.iter().map(|setting| (setting.name.clone(), setting.value)));
    let refused = |errors: &[BindError]| refuse(errors, &spec, program, console);
    let params = Params::resolve(program, &overrides).map_err(|errors| refused(&errors))?;
    if args.mode == Mode::Online {
        let scorer = Scorer { features: &description.features, model: &model, hash };
        return super::online::run(args, &spec, program, &params, &scorer, console);
    }
    let source = args.form.open(&args.data)?;
    output(args).map_or(Ok(()), |output| output.refuse_existing(&source))?;
    let features = description.features.apply(&source).map_err(stop)?;
    note_unseen(&features.unseen, console);
    let mut options = match args.mode {
        Mode::Frozen => Use::Shifts.options(None),
        Mode::Batch | Mode::Online => Use::Project(Purpose::Inference).options(None),
    };
    crate::cli::relations::give(&mut options, &args.relations, &args.form, &spec, program)
        .map_err(|trouble| trouble.told(&spec, program, console))?;
    let encoded = encode(program, &params, &source, &options, &mut |_, _| {}).map_err(|errors| refused(&errors))?;
    not_empty(&encoded, source.name())?;
    let shape = [features.rows as i64, features.width as i64];
    let z = raw(&model, &single(&features.values, &shape, Device::Cpu).map_err(stop)?).map_err(stop)?;
    let own = numbers(&z).map_err(stop)?;
    let encoded = match encoded.wants_raw() && args.mode == Mode::Frozen {
        true => encoded.with_raw(&Samples::All, &own).map_err(|errors| refused(&errors))?,
        false => encoded,
    };
    let answers = match (args.mode, &args.shifts) {
        (Mode::Frozen, Some(path)) => {
            let case = Case {
                context: context(&spec, program),
                encoded: &encoded,
                params: &params,
                table: source.name(),
                settings: &[],
                column: &program.prediction.header,
                predictions: &own,
            };
            by_shifts(&case, &shifts::read(path, &case.context)?)
                .map_err(|refused| stop_of(refused, &case.context, console))?
        }
        _ => by_batch(args, program, &encoded, &params, &z)?,
    };
    let name = &program.prediction.header;
    write(args, &source, name, [own.as_slice(), answers.y.as_slice()])?;
    report(args, name, &own, &answers, console)?;
    Ok(Verdict::Yes)
}

/// The data with the network's predictions and the projected ones, if a file is asked for.
fn write(args: &Args, source: &Source, name: &str, [own, projected]: [&[f64]; 2]) -> Result<(), Stop> {
    let Some(output) = output(args) else { return Ok(()) };
    let fair = format!("{name}_fair");
    let added = [Added { name, values: own.into() }, Added { name: &fair, values: projected.into() }];
    write_with_columns(source, &added, &output)?;
    Ok(())
}

fn output(args: &Args) -> Option<Output<'_>> {
    let existing = if args.replace { OnExisting::Replace } else { OnExisting::Refuse };
    Some(Output { format: args.output_format, existing, ..Output::new(args.output.as_deref()?) })
}

/// Arguments of another mode would do nothing.
fn refuse_others(args: &Args) -> Result<(), Stop> {
    let of = |argument: &str, mode: &str| {
        Err(Stop::failed(
            format!("`{argument}` is for `--mode {mode}`"),
            format!("add `--mode {mode}`, or leave it out"),
        ))
    };
    match (args.mode, args.steering.given()) {
        (Mode::Online, _) if args.replace || args.output_format.is_some() => {
            let argument = if args.replace { "--replace" } else { "--output-format" };
            Err(Stop::failed(
                format!("`{argument}` is not for `--mode online`, which writes the data as they come"),
                "leave it out",
            ))
        }
        (Mode::Batch | Mode::Frozen, Some(argument)) => of(argument, "online"),
        (Mode::Batch | Mode::Online, None) | (Mode::Online, Some(_)) if args.shifts.is_some() => {
            of("--shifts", "frozen")
        }
        (Mode::Frozen, None) if args.shifts.is_none() => Err(Stop::failed(
            "`--mode frozen` needs the shifts",
            "`fairc freeze` fits them on reference data; name its file: `--shifts FILE`",
        )),
        (Mode::Frozen, None) if args.batch.is_some() => Err(Stop::failed(
            "`--batch` is not for `--mode frozen`, where a prediction depends on no other",
            "leave it out",
        )),
        _ => Ok(()),
    }
}

/// Fair predictions, and what became of the rows.
struct Answers {
    y: Vec<f64>,
    weights: Option<Vec<f64>>,
    before: Option<Gap>,
    after: Option<Gap>,
    batches: usize,
    skipped: usize,
    left_out: usize,
}

impl Answers {
    fn new(encoded: &Encoded) -> Answers {
        let left_out = encoded.left_out().len() + encoded.left_out_samples().len();
        let y = Vec::with_capacity(encoded.n());
        let weights = encoded.weight().map(<[f64]>::to_vec);
        Answers { y, weights, before: None, after: None, batches: 0, skipped: 0, left_out }
    }

    /// Adds the answers of a batch.
    fn enter(&mut self, bound: &crate::bind::Bound, z: &[f64], y: Vec<f64>) {
        self.before = Gap::worse(self.before, Gap::of(bound, z));
        self.after = Gap::worse(self.after, Gap::of(bound, &y));
        self.skipped += bound.rows.iter().filter(|row| matches!(row.status, RowStatus::Skipped(_))).count();
        self.batches += 1;
        self.y.extend(y);
    }
}

fn by_batch(args: &Args, program: &Program, encoded: &Encoded, params: &Params, z: &Tensor) -> Result<Answers, Stop> {
    let n = encoded.n();
    let size = args.batch.map_or(n, |size| size as usize);
    let on_infeasible = match args.on_infeasible {
        Infeasible::Error => OnInfeasible::Error,
        Infeasible::Relax => OnInfeasible::Relax,
    };
    let settings = Settings { on_infeasible, ..Settings::default() };
    let layer = FairLayer::new(program, encoded, params.clone()).with_settings(settings);
    let mut answers = Answers::new(encoded);
    for start in (0..n).step_by(size) {
        let end = (start + size).min(n);
        let part = z.narrow(0, start as i64, (end - start) as i64);
        let place = |error: LayerError| Stop::failed(format!("rows {} to {end}: {error}", start + 1), "");
        let fair = layer.forward(&part, &Samples::Range(start..end)).map_err(place)?;
        answers.enter(&fair.bound, &numbers(&part).map_err(stop)?, numbers(&fair.y).map_err(stop)?);
    }
    Ok(answers)
}

fn by_shifts(case: &Case<'_>, frozen: &Frozen) -> Result<Answers, Refused> {
    let y = apply(case, frozen, usize::MAX)?.y;
    let bound = case.encoded.bind(case.params, &Samples::All)?;
    let mut answers = Answers::new(case.encoded);
    answers.enter(&bound, case.predictions, y);
    Ok(answers)
}

fn report(args: &Args, name: &str, own: &[f64], answers: &Answers, console: &Console) -> Result<(), Stop> {
    let to_stream = args.output.as_deref() == Some(std::path::Path::new(STANDARD_STREAM));
    let mut movement = Movement::default();
    movement.enter(own, &answers.y, answers.weights.as_deref());
    if console.is_json() {
        let value = json!({
            "n": own.len(), "batches": answers.batches, "before": answers.before, "after": answers.after,
            "skipped": answers.skipped, "left_out": answers.left_out, "mean_move": movement.mean(),
            "largest_move": movement.largest, "output": args.output.as_ref().map(|path| path.display().to_string()),
        });
        if to_stream {
            console.answer_beside();
        }
        return console.json(&value);
    }
    let mut text = match args.mode {
        Mode::Frozen => format!("{} predictions by per-group offsets\n", own.len()),
        Mode::Batch | Mode::Online => format!(
            "{} predictions in {}\n",
            own.len(),
            if answers.batches == 1 { "one batch".to_owned() } else { format!("{} batches", answers.batches) }
        ),
    };
    if let (Some(before), Some(after)) = (answers.before, answers.after) {
        let (held, rows) = (after.rows - after.violated, after.rows);
        text += &format!(
            "worst row: {} before, {} after, limit {}; {held} of {rows} rows hold\n",
            short(before.value),
            short(after.value),
            short(after.limit)
        );
    }
    if answers.left_out > 0 {
        text += &format!("{} left out (needs a label, or is for training only)\n", counted(answers.left_out, "row"));
    }
    if answers.skipped > 0 {
        text += &format!("{} times a row had no samples in a batch\n", answers.skipped);
    }
    match &args.output {
        Some(path) if !to_stream => text += &format!("wrote {} with `{name}` and `{name}_fair`\n", path.display()),
        Some(_) => {}
        None => console.note("nothing written; `-o OUT` writes the data with the predictions"),
    }
    if to_stream {
        console.report_beside(&text);
        Ok(())
    } else {
        console.report(&fit(&text, console.out_look().width))
    }
}
