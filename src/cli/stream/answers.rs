//! The output of a stream: what is certain of it is checked, what stands behind is cut off, and answers are appended.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::cli::stop::{Failure, Stop};
use crate::data::{DataError, Replacement, STANDARD_STREAM, Safe, being_written, in_place};

/// Where answers go.
pub enum Answers {
    /// Nowhere: only the report is wanted.
    None,
    Stream(io::Stdout),
    File(Written),
}

/// A file of answers.
pub struct Written {
    path: PathBuf,
    file: File,
    /// Of all its bytes; none for what cannot be read again, such as a pipe.
    hasher: Option<Box<blake3::Hasher>>,
    /// Bytes that were handed over.
    length: u64,
    /// The file was not there before.
    new: bool,
    /// The file is beside its place until all is answered, since another is there.
    replaces: Option<Replacement>,
}

/// What a state knows of an output.
#[derive(Clone, Debug)]
pub struct Certain<'a> {
    pub bytes: u64,
    /// A hash of these bytes, where the output was a file.
    pub hash: Option<&'a str>,
}

impl Answers {
    /// Looks at an output before anything is written. With a state it has to be the one that belongs to it; with a state to
    /// be made it has to be new.
    pub fn check(path: Option<&Path>, certain: Option<&Certain<'_>>, state: Option<&Path>) -> Result<(), Failure> {
        let regular = path.filter(|path| is_regular(path));
        let shown = regular.map(|path| path.display().to_string()).unwrap_or_default();
        let held = regular.and_then(|path| fs::metadata(path).ok()).map(|meta| meta.len());
        match (certain, state) {
            (None, Some(state)) if held.is_some_and(|bytes| bytes > 0) => Err(Failure::new(
                format!("`{shown}` exists, and the state `{}` does not", state.display()),
                "name the state that belongs to it, or another output; what is there is not overwritten",
            )),
            (None, _) => Ok(()),
            (Some(Certain { hash: Some(_), .. }), _) if regular.is_none() => Err(Failure::new(
                "the state belongs to an output that is a file",
                "name that file with `-o`, or start again with another state",
            )),
            (Some(Certain { hash: None, bytes: 1.. }), _) if regular.is_some() => Err(Failure::new(
                format!("the state was made without an output file, and `{shown}` would lack what is answered"),
                "leave out `-o`, or start again with another state",
            )),
            (Some(Certain { hash: None, .. }), _) => Ok(()),
            (Some(Certain { hash: Some(hash), bytes }), _) => {
                let held = held.unwrap_or(0);
                if held < *bytes {
                    let message = format!("`{shown}` has {held} bytes, and the state knows of {bytes}");
                    return Err(Failure::new(message, OTHER_OUTPUT));
                }
                let found = regular.map_or_else(|| Ok(blake3::Hasher::new()), |path| hash_of(path, *bytes));
                let found = found.map_err(|error| Failure::new(format!("cannot read `{shown}`: {error}"), ""))?;
                if found.finalize().to_hex().as_str() != *hash {
                    let message = format!("the first {bytes} bytes of `{shown}` are not those that were answered");
                    return Err(Failure::new(message, OTHER_OUTPUT));
                }
                Ok(())
            }
        }
    }

    /// Opens an output that was checked, with its first `certain` bytes; what stands behind them is cut off. Without a state
    /// nobody could go on from a part: the file takes its place when all is answered.
    pub fn open(path: Option<&Path>, certain: u64, with_state: bool) -> Result<Answers, Stop> {
        let Some(path) = path else { return Ok(Answers::None) };
        if path == Path::new(STANDARD_STREAM) {
            return Ok(Answers::Stream(io::stdout()));
        }
        let failed = |source| Stop::from(DataError::Write { file: path.display().to_string(), source });
        let regular = is_regular(path);
        let new = regular && !path.exists();
        if regular && !with_state {
            let (file, replacement) = Replacement::begin(path).map_err(failed)?;
            let hasher = Some(Box::new(blake3::Hasher::new()));
            let path = path.to_path_buf();
            // Until then nothing is at its place that could be removed.
            let replaces = Some(replacement);
            return Ok(Answers::File(Written { path, file, hasher, length: 0, new: false, replaces }));
        }
        let mut file = if regular { open_locked(path) } else { open_to_write(path) }.map_err(failed)?;
        let mut hasher = None;
        if regular {
            hasher = Some(Box::new(hash_of(path, certain).map_err(failed)?));
            file.set_len(certain).map_err(failed)?;
            file.seek(SeekFrom::Start(certain)).map_err(failed)?;
        }
        Ok(Answers::File(Written { path: path.to_path_buf(), file, hasher, length: certain, new, replaces: None }))
    }

    /// Hands over everything at once.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        match self {
            Answers::None => Ok(()),
            Answers::Stream(out) => out.write_all(bytes).and_then(|()| out.flush()).map_err(Stop::printing),
            Answers::File(written) => written.write(bytes),
        }
    }

    /// A hash of all that was written, where the output is a file.
    pub fn hash(&self) -> Option<String> {
        match self {
            Answers::None | Answers::Stream(_) => None,
            Answers::File(written) => Some(written.hasher.as_ref()?.finalize().to_hex().to_string()),
        }
    }

    /// Waits until everything is on the disk and in its place.
    pub fn finish(&mut self) -> Result<(), Stop> {
        let Answers::File(Written { path, file, hasher: Some(_), replaces, .. }) = self else { return Ok(()) };
        let done = match replaces.take() {
            Some(replacement) => replacement.finish(file, Safe::OnDisk),
            None => file.sync_all(),
        };
        done.map_err(|source| DataError::Write { file: path.display().to_string(), source }.into())
    }

    /// Removes a new file that holds no answers.
    pub fn remove(self) {
        if let Answers::File(Written { path, new: true, hasher: Some(_), .. }) = self {
            let _gone = fs::remove_file(path);
        }
    }
}

impl Written {
    /// After an error the file ends where it ended before, if the system lets it: half an answer is no answer.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        if let Err(source) = self.file.write_all(bytes) {
            if self.hasher.is_some() {
                let _as_before = self.file.set_len(self.length);
            }
            return Err(DataError::Write { file: self.path.display().to_string(), source }.into());
        }
        self.length += bytes.len() as u64;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(bytes);
        }
        Ok(())
    }
}

fn open_to_write(path: &Path) -> io::Result<File> {
    File::options().create(true).write(true).truncate(false).open(path)
}

/// Opens a file and takes its lock, which keeps all others that write outputs away; where the system has no locks there is none.
fn open_locked(path: &Path) -> io::Result<File> {
    loop {
        let file = open_to_write(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(fs::TryLockError::Error(error)) => return Err(error),
            Err(fs::TryLockError::WouldBlock) => return Err(being_written()),
        }
        // It may have been replaced just before it was locked.
        if in_place(&file, path) {
            return Ok(file);
        }
    }
}

const OTHER_OUTPUT: &str = "name the output that belongs to the state, or start again with another state";

/// A file, or nothing yet; a pipe or a device is neither.
fn is_regular(path: &Path) -> bool {
    path != Path::new(STANDARD_STREAM) && fs::metadata(path).map_or(true, |meta| meta.is_file())
}

/// Of the first bytes of a file.
fn hash_of(path: &Path, bytes: u64) -> io::Result<blake3::Hasher> {
    let mut hasher = blake3::Hasher::new();
    if bytes > 0 {
        io::copy(&mut File::open(path)?.take(bytes), &mut hasher)?;
    }
    Ok(hasher)
}
