//! Training state on disk: one safetensors file, written whole or not at all, that resumes a run bit for bit.
//!
//! Tensors are named `model/..` (the variables), `best/..` (those of the best epoch so far) and `optimiser/..`. The
//! metadata hold, as JSON, the `identity` of the run (what a resumed run must have in common with it), its `state`, and
//! the BLAKE3 of all tensors' bytes.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::Path;

use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde_json::{Value, json};
use tch::{Kind, Tensor};

use super::error::TrainError;
use crate::data::{DataError, write_atomically};

/// The entry of the metadata that holds everything else.
const ABOUT: &str = "fairc";

/// Tensors by name, and two JSON values beside them.
#[derive(Debug, Default)]
pub struct Checkpoint {
    pub tensors: BTreeMap<String, Tensor>,
    pub identity: Value,
    pub state: Value,
}

impl Checkpoint {
    /// Writes the file, or leaves the old one as it was.
    ///
    /// # Errors
    /// libtorch or the system refuses.
    pub fn save(&self, path: &Path) -> Result<(), TrainError> {
        let parts = self.tensors.iter().map(|(name, tensor)| Ok((name.as_str(), Bytes::of(name, tensor)?)));
        let parts = parts.collect::<Result<Vec<_>, TrainError>>()?;
        let mut hasher = blake3::Hasher::new();
        parts.iter().for_each(|(_, part)| {
            hasher.update(&part.bytes);
        });
        let about =
            json!({ "identity": self.identity, "state": self.state, "blake3": hasher.finalize().to_hex().as_str() });
        // One entry, since more would be written in an order that differs from run to run.
        let metadata: HashMap<String, String> = [(ABOUT.to_owned(), about.to_string())].into();
        let views = parts.iter().map(|(name, part)| Ok((*name, part.view()?)));
        let views = views.collect::<Result<Vec<_>, TrainError>>()?;
        let bytes = safetensors::serialize(views, Some(metadata)).map_err(|error| damaged(path, &error))?;
        write_atomically(path, |out| {
            let failed = |source| DataError::Write { file: path.display().to_string(), source };
            out.write_all(&bytes).map_err(failed)
        })?;
        Ok(())
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or is no checkpoint, or its bytes have changed.
    pub fn load(path: &Path) -> Result<Checkpoint, TrainError> {
        let bytes =
            std::fs::read(path).map_err(|source| DataError::Read { file: path.display().to_string(), source })?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| damaged(path, &error))?;
        let file = SafeTensors::deserialize(&bytes).map_err(|error| damaged(path, &error))?;
        let mut tensors = BTreeMap::new();
        for (name, view) in file.tensors() {
            let kind = kind_of(view.dtype()).ok_or_else(|| damaged(path, &format!("`{name}` has an unknown type")))?;
            let shape: Vec<i64> = view.shape().iter().map(|&size| size as i64).collect();
            tensors.insert(name, Tensor::f_from_data_size(view.data(), &shape, kind)?);
        }
        let mut hasher = blake3::Hasher::new();
        for name in tensors.keys() {
            hasher.update(file.tensor(name).map_err(|error| damaged(path, &error))?.data());
        }
        let about = header.metadata().as_ref().and_then(|fields| fields.get(ABOUT));
        let about = about.ok_or_else(|| damaged(path, &"it was not written by fairc"))?;
        let mut about: Value = serde_json::from_str(about).map_err(|error| damaged(path, &error))?;
        let mut field = |name: &str| about.get_mut(name).map(Value::take).unwrap_or_default();
        if field("blake3").as_str() != Some(hasher.finalize().to_hex().as_str()) {
            return Err(damaged(path, &"its bytes have changed since it was written"));
        }
        Ok(Checkpoint { identity: field("identity"), state: field("state"), tensors })
    }

    /// The tensors whose names begin with a prefix, without it.
    pub fn part(&self, prefix: &str) -> BTreeMap<String, Tensor> {
        let named = self.tensors.iter().filter_map(|(name, tensor)| Some((name.strip_prefix(prefix)?, tensor)));
        named.map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone())).collect()
    }

    /// Adds tensors under a prefix.
    pub fn add(&mut self, prefix: &str, tensors: BTreeMap<String, Tensor>) {
        self.tensors.extend(tensors.into_iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor)));
    }

    /// Checks that a run with this identity may go on from here.
    ///
    /// # Errors
    /// The first part that differs, with both values.
    pub fn check_identity(&self, path: &Path, identity: &Value) -> Result<(), TrainError> {
        let (Some(stored), Some(wanted)) = (self.identity.as_object(), identity.as_object()) else {
            return Err(damaged(path, &"it does not say what it belongs to"));
        };
        let differing = wanted.iter().find(|(name, value)| stored.get(*name) != Some(value));
        match differing {
            None => Ok(()),
            Some((name, value)) => Err(TrainError::OtherRun {
                path: path.display().to_string(),
                what: name.clone(),
                stored: stored.get(name).map_or_else(|| "nothing".to_owned(), Value::to_string),
                wanted: value.to_string(),
            }),
        }
    }
}

/// A tensor's bytes.
struct Bytes {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Bytes {
    fn of(name: &str, tensor: &Tensor) -> Result<Bytes, TrainError> {
        let dtype = match tensor.kind() {
            Kind::Float => Dtype::F32,
            Kind::Double => Dtype::F64,
            Kind::Int64 => Dtype::I64,
            other => {
                return Err(TrainError::Damaged { what: format!("`{name}` has kind {other:?}, which is not stored") });
            }
        };
        let numel = tensor.numel();
        let mut bytes = vec![0; numel * tensor.kind().elt_size_in_bytes()];
        tensor.f_detach()?.f_copy_data_u8(&mut bytes, numel)?;
        Ok(Bytes { dtype, shape: tensor.size().iter().map(|&size| size as usize).collect(), bytes })
    }

    fn view(&self) -> Result<TensorView<'_>, TrainError> {
        TensorView::new(self.dtype, self.shape.clone(), &self.bytes)
            .map_err(|error| TrainError::Damaged { what: error.to_string() })
    }
}

fn kind_of(dtype: Dtype) -> Option<Kind> {
    match dtype {
        Dtype::F32 => Some(Kind::Float),
        Dtype::F64 => Some(Kind::Double),
        Dtype::I64 => Some(Kind::Int64),
        _ => None,
    }
}

fn damaged(path: &Path, why: &dyn std::fmt::Display) -> TrainError {
    TrainError::Damaged { what: format!("`{}`: {why}", path.display()) }
}
