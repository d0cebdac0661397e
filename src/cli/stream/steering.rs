//! How a stream is steered and what it keeps: the arguments that `stream` and `predict --mode online` share.

use std::path::PathBuf;

use crate::bind::Method;
use crate::data::STANDARD_STREAM;
use crate::runtime::online::{Memory, Smooth};

/// The arguments of commands that answer batch by batch.
#[derive(Clone, Debug, clap::Args)]
pub struct Steering {
    /// Steer by one multiplier a row, the same shift for every member of a group at a time
    #[arg(long)]
    pub smooth: bool,
    /// Of `--smooth`: how strongly it steers
    #[arg(long, value_name = "GAIN", default_value_t = Smooth::GAIN, value_parser = crate::cli::number::real, requires = "smooth")]
    pub gain: f64,
    /// Only the newest N samples count
    #[arg(long, value_name = "N", value_parser = crate::cli::number::many, conflicts_with = "decay")]
    pub window: Option<usize>,
    /// With each sample all earlier ones count D times what they did; D lies between 0 and 1
    #[arg(long, value_name = "D", value_parser = crate::cli::number::real)]
    pub decay: Option<f64>,
    /// Where to keep the state; it is read if it exists
    #[arg(long, value_name = "FILE", value_parser = file)]
    pub state: Option<PathBuf>,
    /// Save the state after every N batches, not after each; a restart answers up to N batches again
    #[arg(long, value_name = "N", default_value_t = 1, requires = "state", value_parser = crate::cli::number::count)]
    pub state_every: u32,
    /// The data are new: skip nothing, and append to the output
    #[arg(long, requires = "state")]
    pub append: bool,
}

/// A state is read and replaced, which a stream cannot be.
fn file(text: &str) -> Result<PathBuf, String> {
    match text {
        STANDARD_STREAM => Err("a state is kept in a file: name one".to_owned()),
        _ => Ok(PathBuf::from(text)),
    }
}

impl Steering {
    /// How the pooled rows are kept.
    pub fn pooled(&self) -> Method {
        if self.smooth { Method::Smooth { gain: self.gain } } else { Method::Hard }
    }

    /// What counts of what was answered.
    pub fn memory(&self) -> Memory {
        match (self.window, self.decay) {
            (Some(window), _) => Memory::Window(window),
            (None, Some(decay)) => Memory::Decay(decay),
            (None, None) => Memory::All,
        }
    }

    /// The memory as reports name it.
    pub fn words(&self) -> Vec<String> {
        let window = self.window.map(|window| format!("window {window}"));
        window.into_iter().chain(self.decay.map(|decay| format!("decay {decay}"))).collect()
    }

    /// An argument that was given; what needs another one is refused before it gets here.
    #[cfg(feature = "torch")]
    pub fn given(&self) -> Option<&'static str> {
        let given = [
            ("--smooth", self.smooth),
            ("--window", self.window.is_some()),
            ("--decay", self.decay.is_some()),
            ("--state", self.state.is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }
}
