//! What a stream leaves behind, so that a restart goes on where it was killed: no sample lost, none counted twice.
//!
//! ```text
//! read a batch → answer → append to the output → replace the state
//! ```
//!
//! The state says how many batches of the input are answered, and how long the output is with them. Killed between the two
//! last steps, the output is longer than that; a restart cuts it off and answers the batch again, to the same bytes.
//!
//! The file of the state is locked while a stream runs. It is replaced by renaming, so the lock goes from file to file: the new
//! one is locked before it is in its place, and whoever comes by a file that is no longer in its place looks again.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::bind::{OnlineState, Unplaced};
use crate::cli::front::COMMAND_LINE;
use crate::cli::stop::Stop;
use crate::data::{Safe, in_place, plain, replace_locked};
use crate::report::{Movement, OverTime};
use crate::runtime::online::state::{self, Kind, StateError};
use crate::tasks::unusable;

/// The state of `fairc stream`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Saved<S = OnlineState> {
    pub online: S,
    /// Batches of the present input that are answered, and a hash of their text.
    pub input_batches: u64,
    pub input_hash: String,
    /// The columns of the input in their order, where it has a header.
    pub columns: Option<Vec<String>>,
    /// Bytes of the output that hold the answers.
    pub output_bytes: u64,
    /// A hash of these bytes, where the output is a file.
    pub output_hash: Option<String>,
    /// The column of predictions, and samples per batch.
    pub prediction: String,
    pub batch: usize,
    /// A hash of the model that made the predictions, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The new column, and the dialect of the output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<String>,
    pub movement: Movement,
    /// The samples that are in no level.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unplaced: Vec<Unplaced>,
    /// Where the rows stood, if a page or JSON was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_time: Option<OverTime>,
}

/// A longer file is no state: one of 2^20 cells has some 200 bytes for each.
const LONGEST: u64 = 1 << 30;

/// The file of the state, locked.
pub struct StateFile {
    path: PathBuf,
    fingerprint: String,
    /// The file that is in its place, and holds the lock; none before the first state is written.
    held: Option<File>,
}

impl StateFile {
    /// Locks the file, if there is one, and reads it.
    pub fn open(path: &Path, fingerprint: String) -> Result<(StateFile, Option<Saved>), Stop> {
        let cannot = |error: &io::Error| {
            Stop::failed(format!("cannot read the state `{}`: {}", path.display(), plain(error)), "")
        };
        let mut file = StateFile { path: path.to_path_buf(), fingerprint, held: None };
        loop {
            match fs::metadata(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((file, None)),
                Err(error) => return Err(cannot(&error)),
                Ok(meta) if meta.is_dir() => return Err(cannot(&io::ErrorKind::IsADirectory.into())),
                Ok(meta) if !meta.is_file() => {
                    return Err(Stop::failed(format!("the state `{}` is no file", path.display()), "name another"));
                }
                Ok(_) => {}
            }
            let mut held = match File::open(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                held => held.map_err(|error| cannot(&error))?,
            };
            file.lock(&held)?;
            if !in_place(&held, path) {
                continue;
            }
            let mut text = String::new();
            held.by_ref().take(LONGEST + 1).read_to_string(&mut text).map_err(|error| cannot(&error))?;
            if text.len() as u64 > LONGEST {
                return Err(cannot(&io::Error::other(format!("it is longer than {} MiB", LONGEST >> 20))));
            }
            if text.is_empty() {
                // A stream was killed just when it began.
                file.held = Some(held);
                return Ok((file, None));
            }
            let saved = state::read(Kind::State, &text, &file.fingerprint).map_err(|error| file.refused(&error))?;
            file.held = Some(held);
            return Ok((file, Some(saved)));
        }
    }

    /// Replaces the file; at the end of a run also waits for the disk.
    pub fn write(&mut self, saved: &Saved<&OnlineState>, last: bool) -> Result<(), Stop> {
        let text = state::write(Kind::State, &self.fingerprint, saved).map_err(|error| self.refused(&error))?;
        let safe = if last { Safe::OnDisk } else { Safe::FromKills };
        let new = replace_locked(&self.path, &text, safe)?;
        // The lock of the file before goes with it.
        self.held = Some(new);
        Ok(())
    }

    /// Writes the first state, which takes the place of none: another stream that began at the same time is left alone.
    pub fn create(&mut self, saved: &Saved<&OnlineState>) -> Result<(), Stop> {
        if self.held.is_some() {
            return self.write(saved, false);
        }
        match File::options().write(true).create_new(true).open(&self.path) {
            Ok(claimed) => {
                self.lock(&claimed)?;
                self.held = Some(claimed);
                self.write(saved, false)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(self.taken()),
            Err(error) => Err(Stop::failed(
                format!("cannot write `{}`: {error}", self.path.display()),
                "check that the directory exists, can be written to and has room",
            )),
        }
    }

    /// Removes a state that holds no answers.
    pub fn remove(&mut self) {
        let _gone = fs::remove_file(&self.path);
    }

    /// Takes the lock of a file; where the system has none there is none.
    fn lock(&self, file: &File) -> Result<(), Stop> {
        match file.try_lock() {
            Ok(()) => Ok(()),
            Err(fs::TryLockError::WouldBlock) => Err(self.taken()),
            Err(fs::TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
            Err(fs::TryLockError::Error(error)) => {
                Err(Stop::failed(format!("cannot lock the state `{}`: {error}", self.path.display()), ""))
            }
        }
    }

    fn taken(&self) -> Stop {
        let message = format!("the state `{}` is in use by another process", self.path.display());
        Stop::failed(message, "wait for its end, or give this stream a state and an output of its own")
    }

    fn refused(&self, error: &StateError) -> Stop {
        unusable(&COMMAND_LINE, &format!("the state `{}`", self.path.display()), error).into()
    }
}
