//! What can go wrong between a network and fair predictions.

use tch::TchError;

use crate::bind::{BindError, TraceError};
use crate::language::words::listed;
use crate::runtime::problem::{Problem, ProblemError};
use crate::runtime::project::{Infeasibility, ProjectError};

/// How many rows a message names.
const MOST: usize = 6;

/// Why there is no fair output.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayerError {
    /// The output has the wrong number of entries.
    #[error("the network's output has shape {found:?} for {expected} samples; one number per sample is needed")]
    Shape { found: Vec<i64>, expected: usize },
    /// The output is neither `f32` nor `f64`.
    #[error("the network's output has kind {0:?}; the layer takes Float and Double")]
    Kind(tch::Kind),
    /// The batch does not bind.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Bind(Vec<BindError>),
    /// The output holds NaN or infinite numbers, or numbers too large.
    #[error("the network's output cannot be projected: {0}; lower the learning rate if training diverges")]
    Project(#[from] ProjectError),
    /// The loss has a derivative that is NaN or infinite.
    #[error("the derivative of the loss with respect to the fair prediction of sample {index} of the batch is {value}")]
    Gradient { index: usize, value: f64 },
    /// A batch makes no problem.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// No predictions satisfy the rows of this batch.
    #[error("no predictions within their bounds satisfy {} together on this batch; loosen one, make it `soft`, or relax", listed(.rows, MOST))]
    Infeasible { rows: Vec<String> },
    /// The solver stopped early.
    #[error("the projection stopped before it reached the solution; rows are violated by up to {violation:e}")]
    Unfinished { violation: f64 },
    /// A tracked param or label cannot carry a derivative.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// A tracked name that is not there, or has the wrong shape.
    #[error("`{name}`: {what}")]
    Tracked { name: String, what: &'static str },
    /// The tracked values are not those of the encoded data.
    #[error("row `{row}` has sides of other values than the data give: tracked labels must hold the data's values")]
    Differs { row: String },
    /// Rows that read raw output move with it.
    #[error("rows read `raw(..)`, and move with the output: derivatives are of the first order alone")]
    SecondOrder,
    /// libtorch refused.
    #[error("libtorch: {}", words(.0))]
    Torch(#[from] TchError),
}

/// What libtorch says, without the name of the variant: errors of the layer's own derivative come through libtorch too.
fn words(error: &TchError) -> String {
    match error {
        TchError::Torch(text) => text.clone(),
        other => other.to_string(),
    }
}

impl LayerError {
    pub(super) fn infeasible(proof: &Infeasibility, problem: &Problem) -> LayerError {
        LayerError::Infeasible { rows: proof.rows.iter().map(|&row| problem.row_name(row)).collect() }
    }
}

/// Why training or predicting ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The layer refused a batch.
    #[error("epoch {epoch}, batch {batch}: {error}")]
    Batch { epoch: u64, batch: usize, error: LayerError },
    /// The layer refused a set of samples.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// The loss is NaN or infinite.
    #[error("epoch {epoch}, batch {batch}: the loss is {loss}; lower the learning rate")]
    Diverged { epoch: u64, batch: usize, loss: f64 },
    /// A column that cannot be a feature.
    #[error("column `{column}` has {levels} different texts, and at most {most} make a feature")]
    TooManyLevels { column: String, levels: usize, most: usize },
    /// A value that is no number where training had numbers.
    #[error("`{file}` {place}, column `{column}`: `{value}` is not a finite number, as the model needs")]
    NotANumber { file: String, place: String, column: String, value: String },
    /// Nothing to learn from.
    #[error("no column is left to learn from: every one is constant or left out")]
    NoFeatures,
    /// Too few samples.
    #[error("the training part has no samples")]
    NoSamples,
    /// A file that is no checkpoint or no model.
    #[error("damaged: {what}")]
    Damaged { what: String },
    /// A checkpoint of another run.
    #[error("`{path}` belongs to another run: its {what} is {stored}, not {wanted}")]
    OtherRun { path: String, what: String, stored: String, wanted: String },
    /// Files.
    #[error(transparent)]
    Data(#[from] crate::data::DataError),
    /// libtorch refused.
    #[error("libtorch: {}", words(.0))]
    Torch(#[from] TchError),
}
