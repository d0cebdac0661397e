//! `fairc export`: the numbers of a problem, for other programs.

use std::path::{Path, PathBuf};

use super::console::Console;
use super::dataset::{DataArgs, Predictions, open};
use super::fault::refuse;
use super::input::Spec;
use super::outputs::Files;
use super::stop::{Outcome, Stop, Verdict};
use crate::bind::{Purpose, Samples};
use crate::data::STANDARD_STREAM;
use crate::data::matrix::{Distances, MatrixFormat, Numbers, files_of, write_numbers};
use crate::language::words::counted;
use crate::report::fit;
use crate::runtime::convex::ConvexEntries;
use crate::runtime::problem::{Bounds, Problem};

/// Write the numbers that a spec makes of data: rows, sides, bounds and weights
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The spec, `.fair` or `.fairc`
    #[arg(value_name = "SPEC")]
    spec: PathBuf,
    #[command(flatten)]
    data: DataArgs,
    #[arg(long, value_name = "FORMAT", help = format!("The format: {}; mps and lp are those of solvers", MatrixFormat::ALL.map(MatrixFormat::name).join(", ")))]
    to: MatrixFormat,
    /// Also write the predictions of this column, as `z`; in mps and lp as the objective ½ Σ w (y - z)²
    #[arg(long, value_name = "COL")]
    pred: Option<String>,
    /// Leave out what is enforced in training only
    #[arg(long)]
    inference: bool,
    /// Where to write; `-` is standard output
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
}

impl Args {
    pub fn files(&self) -> Files<'_> {
        let outputs = files_of(self.to, &self.output).into_iter().map(|path| ("-o", path)).collect();
        Files { outputs, ..Files::of(&self.spec, &self.data.data) }.pairs(&self.data.relations)
    }
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    let spec = Spec::read(&args.spec)?;
    let program = spec.valid(console)?;
    let purpose = if args.inference { Purpose::Inference } else { Purpose::Training };
    if program.reads_raw() && args.pred.is_none() {
        let message = "rows read the raw predictions, and no column of them is named";
        return Err(Stop::failed(message, "name it: `--pred COL`"));
    }
    let predictions = match &args.pred {
        Some(header) => Predictions::Column(Some(header.clone())),
        None => Predictions::None,
    };
    let dataset = open(&spec, &args.data, &predictions, purpose, program, console)
        .map_err(|trouble| trouble.told(&spec, program, console))?;
    let bound = dataset
        .encoded
        .bind_convex(&dataset.params, &Samples::All)
        .map_err(|errors| refuse(&errors, &spec, program, console))?;
    if !args.to.takes_distances() {
        dataset.encoded.is_affine().map_err(|errors| refuse(&errors, &spec, program, console))?;
    }
    let problem = &bound.problem;
    let entries = bound.convex.as_ref().map(|convex| convex.entries());
    let files = write(problem, entries.as_ref(), dataset.encoded.prediction(), args.to, &args.output)?;
    if args.output != Path::new(STANDARD_STREAM) {
        let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        if console.is_json() {
            let fields = serde_json::json!({ "ok": true, "n": problem.n(), "m": problem.rows(), "files": files });
            console.json(&fields)?;
        } else {
            let (rows, samples) = (counted(problem.rows(), "row"), counted(problem.n(), "sample"));
            let text = format!("wrote {rows} over {samples}: {}\n", files.join(", "));
            console.report(&fit(&text, console.out_look().width))?;
        }
    }
    Ok(Verdict::Yes)
}

fn write(
    problem: &Problem,
    distances: Option<&ConvexEntries>,
    z: Option<&[f64]>,
    format: MatrixFormat,
    output: &Path,
) -> Result<Vec<PathBuf>, crate::data::DataError> {
    let matrix = problem.to_csr();
    let indices: Vec<usize> = matrix.indices.iter().map(|&index| index as usize).collect();
    let (lo, hi) = match problem.bounds() {
        Bounds::Uniform { lo, hi } => (vec![lo; problem.n()], vec![hi; problem.n()]),
        Bounds::PerSample { lo, hi } => (lo, hi),
    };
    let w = problem.weights().unwrap_or_else(|| vec![1.0; problem.n()]);
    let names: Vec<String> = (0..problem.rows()).map(|row| problem.row_name(row)).collect();
    let numbers = Numbers {
        indptr: &matrix.indptr,
        indices: &indices,
        values: &matrix.values,
        l: problem.lower(),
        u: problem.upper(),
        lo: &lo,
        hi: &hi,
        w: &w,
        names: &names,
        soft: problem.soft().iter().any(|soft| soft.is_finite()).then_some(problem.soft()),
        z,
        distances: distances.map(|ConvexEntries { rows, samples, values, at }| Distances {
            rows,
            samples,
            b: values,
            c: at,
        }),
        auxiliaries: 0,
    };
    write_numbers(&numbers, format, output)
}
