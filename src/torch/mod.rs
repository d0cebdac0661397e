//! Training with fairness constraints on libtorch: the layer, batches, the trainer and what it stores.
//!
//! ```text
//! Program + Encoded ─FairLayer→ ŷ with gradients ──┐
//! table ─Features→ tensors ─epoch→ batches ────────┴─ Trainer → Progress: best weights, history
//!                                                       └── Checkpoint, resumed bit for bit
//! ```
//!
//! | module | job |
//! | --- | --- |
//! | `layer`, `solver`, `device` | the layer: values from the runtime, on the host or on a device |
//! | `derivative`, `tracked` | its derivatives: one node of libtorch's graph; as tensors with tracked params and labels |
//! | `features`, `batches`, `random` | from tables to tensors, splits and batches |
//! | `model`, `optimiser`, `schedule` | what `fairc train` trains, and with what |
//! | `run` | what a run is made of |
//! | `trainer`, `progress`, `checkpoint` | the loop and its state |
//! | `bundle` | a trained model on disk |
//! | `predict`, `evaluate` | predictions and what they are worth |

mod batches;
mod bundle;
mod by_cell;
mod checkpoint;
mod derivative;
mod device;
mod error;
mod evaluate;
mod features;
mod layer;
mod model;
mod optimiser;
mod predict;
mod progress;
mod random;
mod run;
mod schedule;
mod solver;
mod tracked;
mod trainer;

pub use batches::{Sampling, Split, Watched, epoch};
pub use bundle::{Bundle, Description, VERSION as MODEL_VERSION, write_text};
pub use checkpoint::Checkpoint;
pub use error::{LayerError, TrainError};
pub use evaluate::{Evaluation, Gap, accuracy, auc};
pub use features::{Features, Table};
pub use layer::{Fair, FairLayer};
pub use model::{Architecture, Link, Loss, Mlp, single};
pub use optimiser::{Adam, Optimiser, Sgd};
pub use predict::{evaluate, numbers, raw};
pub use progress::{Progress, Record, TrainRecord, set_variables, variables};
pub use random::Random;
pub use run::{LossFn, Mode, Options, TrainData};
pub use schedule::{Plateau, Verdict};
pub use tracked::Tracks;
pub use trainer::{Event, Trainer, Watch};
