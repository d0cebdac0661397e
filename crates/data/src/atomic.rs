//! Outputs appear whole or not at all.
//!
//! A file is written beside its final place under a temporary name, flushed to the disk, and renamed. Whoever
//! reads the path sees the old file or the new one. After an error, or a kill at any instant, the old file is
//! untouched; a kill may leave a temporary file `.NAME.XXXXXX.tmp` behind. Who ends by a signal that can be caught calls
//! [`remove_unfinished`] first.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempPath;

use super::error::DataError;

const BUFFER: usize = 1 << 18;

/// The path that stands for standard input or output.
pub const STANDARD_STREAM: &str = "-";

/// Runs `write` on a buffered writer; its output becomes the file `path` only if all of it succeeded.
///
/// `-` is standard output, and also gets nothing if `write` fails. An existing file keeps its permissions, and a
/// symbolic link is followed, not replaced. Something that is no regular file (a pipe, a terminal, `/dev/null`) is
/// written to directly at the end.
///
/// # Errors
/// The error of `write`, or [`DataError::Write`].
pub fn write_atomically<T, E, F>(path: &Path, write: F) -> Result<T, E>
where
    F: FnOnce(&mut BufWriter<File>) -> Result<T, E>,
    E: From<DataError>,
{
    if path == Path::new(STANDARD_STREAM) {
        return write_whole(path, write, || Ok(io::stdout().lock()));
    }
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => Err(DataError::Directory { file: show(path) }.into()),
        Ok(meta) if !meta.is_file() => write_whole(path, write, || fs::OpenOptions::new().write(true).open(path)),
        Ok(_) | Err(_) => write_and_rename(path, Safe::OnDisk, write).map(|(value, _)| value),
    }
}

/// Replaces the text of a file, and returns the new file with an exclusive lock on it, held since before it was in its
/// place: whoever holds the lock of the old file keeps others out without a gap. Where the system has no locks there is
/// none. The file is whole after a kill of this process at any instant; unless it is [`Safe::OnDisk`], after a loss of power it
/// may be an older one, or damaged.
///
/// # Errors
/// [`DataError::Write`]
pub fn replace_locked(path: &Path, text: &str, safe: Safe) -> Result<File, DataError> {
    let failed = |source| DataError::Write { file: show(path), source };
    let write = |out: &mut BufWriter<File>| {
        match out.get_ref().try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(error) => return Err(failed(error.into())),
        }
        out.write_all(text.as_bytes()).map_err(failed)
    };
    write_and_rename(path, safe, write).map(|((), file)| file)
}

/// What a file that was written outlives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safe {
    /// A loss of power.
    OnDisk,
    /// The end of this process at any instant.
    FromKills,
}

/// Temporary files that are not in their place yet.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn unfinished() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes all files that are half written, and lets none be made or renamed afterwards: for a process that is about to
/// end. Whoever still writes waits for ever.
pub fn remove_unfinished() {
    let all = unfinished();
    for path in all.iter() {
        let _gone = fs::remove_file(path);
    }
    std::mem::forget(all);
}

/// A temporary file that [`remove_unfinished`] knows of.
struct Temporary(Option<TempPath>);

impl Temporary {
    fn create(builder: &tempfile::Builder<'_, '_>, directory: &Path) -> io::Result<(File, Temporary)> {
        let mut all = unfinished();
        let (file, path) = builder.tempfile_in(directory)?.into_parts();
        all.insert(path.to_path_buf());
        Ok((file, Temporary(Some(path))))
    }

    fn persist(mut self, target: &Path) -> io::Result<()> {
        let mut all = unfinished();
        let Some(path) = self.0.take() else { return Ok(()) };
        all.remove(&*path);
        path.persist(target).map_err(|error| error.error)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            unfinished().remove(&*path);
        }
    }
}

/// A file that is written beside the one whose place it will take.
pub struct Replacement {
    temporary: Temporary,
    target: PathBuf,
    directory: PathBuf,
}

impl Replacement {
    /// Makes an empty file beside a path, with the permissions of the file that is there, if one is.
    ///
    /// # Errors
    /// What the system says.
    pub fn begin(path: &Path) -> io::Result<(File, Replacement)> {
        let permissions = fs::metadata(path).ok().map(|meta| meta.permissions());
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let directory = parent(&target);
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let mut builder = tempfile::Builder::new();
        let prefix = format!(".{name}.");
        builder.prefix(&prefix).suffix(".tmp");
        #[cfg(unix)]
        {
            // Temporary files are private by default; an output is an ordinary file, subject to the umask.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let (file, temporary) = Temporary::create(&builder, &directory)?;
        if let Some(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        Ok((file, Replacement { temporary, target, directory }))
    }

    /// Puts the file into its place.
    ///
    /// # Errors
    /// What the system says; the old file is then untouched, and the new one is gone.
    pub fn finish(self, file: &File, safe: Safe) -> io::Result<()> {
        if safe == Safe::OnDisk {
            file.sync_all()?;
        }
        self.temporary.persist(&self.target)?;
        // The rename itself is durable once the directory is; not every system can sync one, and none needs to.
        if safe == Safe::OnDisk
            && let Ok(directory) = File::open(&self.directory)
        {
            let _ = directory.sync_all();
        }
        Ok(())
    }
}

fn write_and_rename<T, E, F>(path: &Path, safe: Safe, write: F) -> Result<(T, File), E>
where
    F: FnOnce(&mut BufWriter<File>) -> Result<T, E>,
    E: From<DataError>,
{
    let failed = |source| E::from(DataError::Write { file: show(path), source });
    let (file, replacement) = Replacement::begin(path).map_err(failed)?;
    let mut out = BufWriter::with_capacity(BUFFER, file);
    let value = write(&mut out)?;
    let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
    replacement.finish(&file, safe).map_err(failed)?;
    Ok((value, file))
}

/// Collects the output in an unnamed file and passes it on when it is complete.
fn write_whole<T, E, F, O>(path: &Path, write: F, open: impl FnOnce() -> io::Result<O>) -> Result<T, E>
where
    F: FnOnce(&mut BufWriter<File>) -> Result<T, E>,
    E: From<DataError>,
    O: Write,
{
    let file = if path == Path::new(STANDARD_STREAM) { "standard output".to_owned() } else { show(path) };
    let failed = |source| E::from(DataError::Write { file: file.clone(), source });
    let mut out = BufWriter::with_capacity(BUFFER, tempfile::tempfile().map_err(failed)?);
    let value = write(&mut out)?;
    let mut whole = out.into_inner().map_err(|error| failed(error.into_error()))?;
    whole.rewind().map_err(failed)?;
    let mut to = open().map_err(failed)?;
    io::copy(&mut whole, &mut to).map_err(failed)?;
    to.flush().map_err(failed)?;
    Ok(value)
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

fn show(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &Path, content: &str) -> Result<(), DataError> {
        write_atomically(path, |out| {
            out.write_all(content.as_bytes())
                .map_err(|source| DataError::Write { file: path.display().to_string(), source })
        })
    }

    #[test]
    fn replaces_a_file_and_leaves_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.txt");
        text(&path, "one").unwrap();
        text(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_error_keeps_the_old_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.txt");
        text(&path, "one").unwrap();
        let failed: Result<(), DataError> = write_atomically(&path, |out| {
            let _ = out.write_all(b"half");
            Err(DataError::Empty { file: "in.csv".into() })
        });
        assert!(matches!(failed, Err(DataError::Empty { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_directory_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = text(&dir.path().join("no/out.txt"), "one").unwrap_err();
        assert!(error.to_string().contains("no/out.txt"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_are_kept() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.txt");
        let link = dir.path().join("link.txt");
        text(&path, "one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&path, &link).unwrap();
        text(&link, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
