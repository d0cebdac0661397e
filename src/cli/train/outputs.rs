//! What a finished run leaves in its folder, and what it says.

use std::path::Path;

use serde::Serialize;
use tch::nn;

use super::table::stop;
use crate::bind::Samples;
use crate::cli::console::Console;
use crate::cli::stop::Stop;
use crate::language::program::{Names, Program};
use crate::report::plot::{EpochPoint, GroupScores, PlotError, SweepPoint, history, scores, sweep};
use crate::report::{Align, Table, fit, short};
use crate::torch::{
    Description, Evaluation, FairLayer, LossFn, Mlp, Mode, Options, Progress, Record, TrainData, Watched, evaluate,
    numbers, raw, write_text,
};

/// Groups drawn in one picture, at most.
const MOST_GROUPS: usize = 6;

/// Where outputs go, and what they describe.
pub struct Outputs<'a> {
    pub folder: &'a Path,
    pub job: Description,
    pub program: &'a Program,
}

/// What a run came to.
#[derive(Debug, Serialize)]
pub struct Outcome {
    pub epochs: u64,
    pub best_epoch: u64,
    pub steps: usize,
    /// Time in steps of training.
    pub seconds: f64,
    /// Over all training batches: rows without samples, relaxed batches; with the layer in training the largest violation
    /// of a row and of a bound.
    pub skipped: usize,
    pub violation: Option<f64>,
    pub outside: Option<f64>,
    pub relaxed: usize,
    pub train: Evaluation,
    pub valid: Option<Evaluation>,
    pub test: Option<Evaluation>,
}

/// One epoch in a line.
pub fn line(record: &Record, watched: Watched<'_>) -> String {
    let gap =
        record.valid.gap.map_or_else(String::new, |gap| format!(", gap {} of {}", short(gap.value), short(gap.limit)));
    let best = if record.best { ", best so far" } else { "" };
    format!(
        "epoch {}: loss {}, {} {}{gap}{best}",
        record.epoch + 1,
        short(record.train.loss),
        watched.loss,
        short(record.valid.loss)
    )
}

/// What to do where the layer passed no gradient.
pub fn no_gradient(epoch: u64) -> String {
    format!(
        "in epoch {} the network learned nothing: every prediction was at a bound, where the layer passes no gradient; \
         `--own-loss 0.5` pulls the network's own output within the bounds, another `--seed` may begin there, and the \
         sigmoid of `--loss bce` begins between 0 and 1",
        epoch + 1
    )
}

impl Outputs<'_> {
    /// Writes history, pictures, model and metrics.
    pub fn write(
        mut self,
        progress: &Progress,
        model: &Mlp,
        store: &nn::VarStore,
        data: &TrainData<'_>,
        options: &Options,
        console: &Console,
    ) -> Result<Outcome, Stop> {
        let kind = self.job.loss;
        let loss: LossFn<'_> = Box::new(move |y, target| kind.of(y, target));
        let of = |part: &[u32]| evaluate(model, data, options, part, &loss).map_err(stop);
        let maybe = |part: &[u32]| if part.is_empty() { Ok(None) } else { of(part).map(Some) };
        let total = |value: &dyn Fn(&Record) -> usize| progress.history.iter().map(value).sum();
        let most = |value: &dyn Fn(&Record) -> f64| progress.history.iter().map(value).fold(0.0, f64::max);
        let layer = options.mode == Mode::Layer;
        let best_epoch = progress.best().map_or(0, |record| record.epoch);
        let outcome = Outcome {
            epochs: progress.epoch,
            best_epoch,
            steps: total(&|r| r.train.steps),
            seconds: progress.history.iter().map(|r| r.train.seconds).sum(),
            skipped: total(&|r| r.train.skipped),
            violation: layer.then(|| most(&|r| r.train.violation)),
            outside: layer.then(|| most(&|r| r.train.outside)),
            relaxed: total(&|r| r.train.relaxed),
            train: of(&data.split.train)?,
            valid: maybe(&data.split.valid)?,
            test: maybe(&data.split.test)?,
        };
        self.text("history.jsonl", &lines(progress)?)?;
        self.picture("history.svg", epochs_picture(progress, data.split.watched()))?;
        self.scores(model, data, options)?;
        self.text("metrics.json", &(json(&outcome)? + "\n"))?;
        self.job.best_epoch = best_epoch;
        self.job.save(self.folder, self.program, store).map_err(stop)?;
        if outcome.relaxed > 0 {
            console.note(&format!("{} batches had no feasible predictions and were relaxed", outcome.relaxed));
        }
        if outcome.skipped > 0 {
            console.note(&format!("rows left out of batches that lack a group: {}", outcome.skipped));
        }
        Ok(outcome)
    }

    fn text(&self, name: &str, text: &str) -> Result<(), Stop> {
        write_text(&self.folder.join(name), text).map_err(stop)
    }

    fn picture(&self, name: &str, svg: Result<String, PlotError>) -> Result<(), Stop> {
        self.text(name, &svg.map_err(|error| Stop::failed(error.to_string(), ""))?)
    }

    /// The scores of the groups that rows compare, on the test part (or the largest other one).
    fn scores(&self, model: &Mlp, data: &TrainData<'_>, options: &Options) -> Result<(), Stop> {
        let split = &data.split;
        let parts = [&split.test, &split.valid, &split.train];
        let Some(part) = parts.into_iter().find(|part| !part.is_empty()) else { return Ok(()) };
        let index: Vec<i64> = part.iter().map(|&sample| i64::from(sample)).collect();
        let z = raw(
            model,
            &data.features.index_select(0, &tch::Tensor::from_slice(&index).to_device(data.features.device())),
        )
        .map_err(stop)?;
        let y = if options.mode.projects() {
            let layer = FairLayer::new(data.program, data.encoded, data.params.clone());
            layer.forward(&z, &Samples::Rows(part)).map_err(|error| stop(error.into()))?.y
        } else {
            z.shallow_clone()
        };
        let (z, y) = (numbers(&z).map_err(stop)?, numbers(&y).map_err(stop)?);
        let names = Names::of(self.program);
        let mut groups = Vec::new();
        for event in &self.program.events {
            let Some(inside) = data.encoded.cells_in(self.program, event) else { continue };
            let within = |sample: &u32| {
                let cell = data.encoded.cell().get(*sample as usize).copied().unwrap_or(0);
                inside.get(cell as usize) == Some(&true)
            };
            let of = |values: &[f64]| -> Vec<f64> {
                part.iter().zip(values).filter(|(sample, _)| within(sample)).map(|(_, value)| *value).collect()
            };
            groups.push(GroupScores { name: event.text(&names), before: of(&z), after: of(&y) });
        }
        groups.truncate(MOST_GROUPS);
        self.picture("scores.svg", scores(&groups))
    }
}

fn lines(progress: &Progress) -> Result<String, Stop> {
    let lines = progress.history.iter().map(|record| Ok(json(record)? + "\n"));
    lines.collect()
}

fn json(value: &impl Serialize) -> Result<String, Stop> {
    serde_json::to_string(value).map_err(|error| Stop::failed(error.to_string(), ""))
}

fn epochs_picture(progress: &Progress, watched: Watched<'_>) -> Result<String, PlotError> {
    let points: Vec<EpochPoint> = (progress.history.iter())
        .map(|record| EpochPoint {
            epoch: (record.epoch + 1) as f64,
            train_loss: record.train.loss,
            valid_loss: record.valid.loss,
            gap: record.valid.gap.map(|gap| gap.value),
            raw_gap: record.valid.raw_gap.map(|gap| gap.value),
        })
        .collect();
    let limit = progress.history.iter().find_map(|record| record.valid.gap).map(|gap| gap.limit);
    history(&points, limit, watched.part, watched.loss)
}

impl Outcome {
    /// The result of one run.
    pub fn report(&self, target: &str, folder: &Path, console: &Console) -> Result<(), Stop> {
        if console.is_json() {
            return console.json(&serde_json::json!({ "output": folder.display().to_string(), "metrics": self }));
        }
        let mut table = Table::default();
        let heads = ["", "n", "loss", "raw loss", "accuracy", "AUC", "raw gap", "gap", "limit", "rows held"];
        table.cells(heads.map(str::to_owned));
        for (name, part) in [("train", Some(&self.train)), ("valid", self.valid.as_ref()), ("test", self.test.as_ref())]
        {
            let Some(part) = part else { continue };
            table.cells([name.to_owned()].into_iter().chain(cells(part)));
        }
        let align = [vec![Align::Left], vec![Align::Right; heads.len() - 1]].concat();
        let steps = format!(
            "{} epochs, {} steps, {} ms a step; best after epoch {}\n",
            self.epochs,
            self.steps,
            short(1e3 * self.seconds / self.steps.max(1) as f64),
            self.best_epoch + 1
        );
        let violation = match (self.violation, self.outside) {
            (Some(row), Some(bound)) => {
                format!("training batches: largest violation of a row {}, of a bound {}\n", short(row), short(bound))
            }
            _ => String::new(),
        };
        let width = console.out_look().width;
        let body = table.render("  ", width, &align, |_, cell| cell);
        let note = "n: samples; raw: the network's output before the projection\n";
        console.report(&fit(&format!("{target} -> {}\n{steps}{violation}{body}{note}", folder.display()), width))
    }

    /// The results of a sweep: a table and a picture.
    pub fn report_sweep(name: &str, points: &[(f64, Outcome)], folder: &Path, console: &Console) -> Result<(), Stop> {
        let best = |outcome: &Outcome| -> Evaluation {
            outcome.test.clone().or_else(|| outcome.valid.clone()).unwrap_or_else(|| outcome.train.clone())
        };
        let drawn: Vec<SweepPoint> = (points.iter())
            .map(|(value, outcome)| {
                let part = best(outcome);
                SweepPoint { value: *value, gap: part.gap.map_or(0.0, |gap| gap.value), loss: part.loss }
            })
            .collect();
        let own = points.iter().max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, outcome)| best(outcome));
        let own = own.and_then(|part| Some((part.raw_gap?.value, part.raw_loss)));
        let svg = sweep(name, &drawn, own).map_err(|error| Stop::failed(error.to_string(), ""))?;
        write_text(&folder.join("sweep.svg"), &svg).map_err(stop)?;
        let values: Vec<_> =
            points.iter().map(|(value, metrics)| serde_json::json!({ "value": value, "metrics": metrics })).collect();
        let value = serde_json::json!({ "param": name, "output": folder.display().to_string(), "runs": values });
        write_text(&folder.join("sweep.json"), &format!("{value}\n")).map_err(stop)?;
        if console.is_json() {
            return console.json(&value);
        }
        let mut table = Table::default();
        let heads = [name, "n", "loss", "raw loss", "accuracy", "AUC", "raw gap", "gap", "limit", "rows held"];
        table.cells(heads.map(str::to_owned));
        for (value, outcome) in points {
            table.cells([value.to_string()].into_iter().chain(cells(&best(outcome))));
        }
        let width = console.out_look().width;
        let body = table.render("  ", width, &vec![Align::Right; heads.len()], |_, cell| cell);
        console.report(&fit(&format!("{body}pictures and models in {}\n", folder.display()), width))
    }
}

fn cells(part: &Evaluation) -> [String; 9] {
    let maybe = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), short);
    let held = part.gap.map_or_else(|| "-".to_owned(), |gap| format!("{} of {}", gap.rows - gap.violated, gap.rows));
    [
        part.samples.to_string(),
        short(part.loss),
        short(part.raw_loss),
        maybe(part.accuracy),
        maybe(part.auc),
        maybe(part.raw_gap.map(|gap| gap.value)),
        maybe(part.gap.map(|gap| gap.value)),
        maybe(part.gap.map(|gap| gap.limit)),
        held,
    ]
}
