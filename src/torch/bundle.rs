//! A trained model on disk: everything that predicting needs.
//!
//! | file | what |
//! | --- | --- |
//! | `model.json` | this page's [`Description`]; written last, so where it is the rest is too |
//! | `spec.fairc` | the compiled spec |
//! | `weights.safetensors` | the variables of the best epoch |

use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tch::{Device, nn};

use super::checkpoint::Checkpoint;
use super::error::TrainError;
use super::features::Features;
use super::model::{Architecture, Loss, Mlp};
use super::progress::{set_variables, variables};
use super::run::Mode;
use crate::data::{DataError, write_atomically};
use crate::language::program::Program;

/// The version of `model.json` that this code writes and reads.
pub const VERSION: u32 = 1;

/// What `model.json` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    pub version: u32,
    /// Of the spec.
    pub fingerprint: String,
    pub architecture: Architecture,
    pub loss: Loss,
    pub mode: Mode,
    /// Values of the params in training, by name.
    pub params: Vec<(String, f64)>,
    /// The header of the target in the training data.
    pub target: String,
    pub features: Features,
    /// The training data: name, BLAKE3, samples.
    pub data: (String, String, usize),
    pub seed: u64,
    /// The epoch whose weights these are, from 0.
    pub best_epoch: u64,
}

/// A model that was loaded.
#[derive(Debug)]
pub struct Bundle {
    pub description: Description,
    pub program: Program,
    pub model: Mlp,
    /// BLAKE3 of `model.json` and of the weights: what tells this model from others.
    pub hash: String,
    /// Keeps the variables.
    pub store: nn::VarStore,
}

impl Description {
    /// Writes the three files.
    ///
    /// # Errors
    /// libtorch or the system refuses.
    pub fn save(&self, folder: &Path, program: &Program, store: &nn::VarStore) -> Result<(), TrainError> {
        let mut weights = Checkpoint { identity: self.fingerprint.clone().into(), ..Checkpoint::default() };
        weights.add("", variables(store)?);
        weights.save(&folder.join("weights.safetensors"))?;
        write_text(&folder.join("spec.fairc"), &program.to_artefact())?;
        let text =
            serde_json::to_string_pretty(self).map_err(|error| TrainError::Damaged { what: error.to_string() })?;
        write_text(&folder.join("model.json"), &format!("{text}\n"))
    }
}

impl Bundle {
    /// Reads a model that [`Description::save`] wrote.
    ///
    /// # Errors
    /// A file is missing, damaged, of a newer version, or belongs to another model.
    pub fn load(folder: &Path) -> Result<Bundle, TrainError> {
        let damaged = |file: &str, why: &dyn std::fmt::Display| TrainError::Damaged {
            what: format!("`{}`: {why}", folder.join(file).display()),
        };
        let text = read_text(&folder.join("model.json"))?;
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Versioned { version } = serde_json::from_str(&text).map_err(|error| damaged("model.json", &error))?;
        if version != VERSION {
            let why = format!("it has version {version}, this program reads {VERSION}; use the version that wrote it");
            return Err(damaged("model.json", &why));
        }
        let description: Description = serde_json::from_str(&text).map_err(|error| damaged("model.json", &error))?;
        let program = Program::from_artefact(&read_text(&folder.join("spec.fairc"))?)
            .map_err(|error| damaged("spec.fairc", &error))?;
        if program.fingerprint().to_string() != description.fingerprint {
            return Err(damaged("spec.fairc", &"it is not the spec that the model was trained with"));
        }
        let path = folder.join("weights.safetensors");
        let weights = Checkpoint::load(&path)?;
        let bytes =
            std::fs::read(&path).map_err(|source| DataError::Read { file: path.display().to_string(), source })?;
        let hash = blake3::Hasher::new().update(text.as_bytes()).update(&bytes).finalize().to_hex().to_string();
        if weights.identity != description.fingerprint.as_str() {
            return Err(damaged("weights.safetensors", &"it belongs to another spec"));
        }
        let store = nn::VarStore::new(Device::Cpu);
        let Description { architecture, loss, features, seed, .. } = &description;
        let model = Mlp::new(store.root(), features.width(), architecture, loss.link(), *seed)?;
        set_variables(&store, &weights.tensors)?;
        Ok(Bundle { description, program, model, hash, store })
    }
}

/// Writes a text file whole or not at all.
///
/// # Errors
/// The system refuses.
pub fn write_text(path: &Path, text: &str) -> Result<(), TrainError> {
    let failed = |source| DataError::Write { file: path.display().to_string(), source };
    write_atomically(path, |out| out.write_all(text.as_bytes()).map_err(failed))?;
    Ok(())
}

fn read_text(path: &Path) -> Result<String, TrainError> {
    let file = path.display().to_string();
    std::fs::read_to_string(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => DataError::NotFound { file }.into(),
        _ => DataError::Read { file, source }.into(),
    })
}
