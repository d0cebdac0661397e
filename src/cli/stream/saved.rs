//! What a stream leaves behind, so that a restart goes on where it was killed: no sample lost, none counted twice.
//!
//! ```text
//! read a batch → answer → append to the output → replace the state
//! ```
//!
//! The state says how many batches of the input are answered, and how long the output is with them. Killed between the two
//! last steps, the output is longer than that; a restart cuts it off and answers the batch again, to the same bytes.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::bind::OnlineState;
use crate::cli::stop::{Failure, Stop};
use crate::data::{DataError, STANDARD_STREAM, replace_quickly, write_atomically};
use crate::report::Movement;
use crate::runtime::online::state::{self, Kind, StateError};

/// The state of `fairc stream`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Saved<S = OnlineState> {
    pub online: S,
    /// Batches of the present input that are answered, and a hash of their text.
    pub input_batches: u64,
    pub input_hash: String,
    /// Bytes of the output that hold the answers.
    pub output_bytes: u64,
    /// The column of predictions, and samples per batch.
    pub prediction: String,
    pub batch: usize,
    /// A hash of the model that made the predictions, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    pub movement: Movement,
}

/// The file of the state.
pub struct StateFile {
    path: PathBuf,
    fingerprint: String,
}

impl StateFile {
    pub fn new(path: &Path, fingerprint: String) -> StateFile {
        StateFile { path: path.to_path_buf(), fingerprint }
    }

    /// What was saved; none if the file does not exist.
    pub fn read(&self) -> Result<Option<Saved>, Stop> {
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(Stop::failed(format!("cannot read the state `{}`: {error}", self.path.display()), ""));
            }
        };
        let saved = state::read(Kind::State, &text, &self.fingerprint).map_err(|error| self.refused(&error))?;
        Ok(Some(saved))
    }

    /// Replaces the file; at the end of a run also waits for the disk.
    pub fn write(&self, saved: &Saved<&OnlineState>, last: bool) -> Result<(), Stop> {
        let text = state::write(Kind::State, &self.fingerprint, saved).map_err(|error| self.refused(&error))?;
        if last {
            let write_error = |source| DataError::Write { file: self.path.display().to_string(), source };
            write_atomically(&self.path, |out| out.write_all(text.as_bytes()).map_err(write_error))?;
        } else {
            replace_quickly(&self.path, &text)?;
        }
        Ok(())
    }

    fn refused(&self, error: &StateError) -> Stop {
        Stop::failed(format!("cannot use the state `{}`: {error}", self.path.display()), error.help())
    }
}

/// Where answers go.
pub enum Answers {
    /// Nowhere: only the report is wanted.
    None,
    Stream(io::Stdout),
    File {
        path: PathBuf,
        file: File,
    },
}

impl Answers {
    /// Opens the output with its first `certain` bytes; what stands behind them is cut off.
    pub fn open(path: Option<&Path>, certain: u64) -> Result<Answers, Stop> {
        let Some(path) = path else { return Ok(Answers::None) };
        if path == Path::new(STANDARD_STREAM) {
            return Ok(Answers::Stream(io::stdout()));
        }
        let failed = |source| Stop::from(DataError::Write { file: path.display().to_string(), source });
        let mut file = OpenOptions::new().create(true).write(true).truncate(false).open(path).map_err(failed)?;
        let meta = file.metadata().map_err(failed)?;
        if meta.is_file() {
            if meta.len() < certain {
                let message =
                    format!("`{}` has {} bytes, and the state knows of {certain}", path.display(), meta.len());
                return Err(Failure::new(message, "name the output that belongs to the state, or start anew").into());
            }
            file.set_len(certain).map_err(failed)?;
            file.seek(SeekFrom::Start(certain)).map_err(failed)?;
        }
        Ok(Answers::File { path: path.to_path_buf(), file })
    }

    /// Hands over everything at once.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        match self {
            Answers::None => Ok(()),
            Answers::Stream(out) => out.write_all(bytes).and_then(|()| out.flush()).map_err(Stop::printing),
            Answers::File { path, file } => file
                .write_all(bytes)
                .map_err(|source| DataError::Write { file: path.display().to_string(), source }.into()),
        }
    }

    /// Waits until everything is on the disk.
    pub fn sync(&self) -> Result<(), Stop> {
        match self {
            Answers::None | Answers::Stream(_) => Ok(()),
            Answers::File { path, file } if file.metadata().is_ok_and(|meta| meta.is_file()) => {
                file.sync_all().map_err(|source| DataError::Write { file: path.display().to_string(), source }.into())
            }
            Answers::File { .. } => Ok(()),
        }
    }
}
