//! Outputs appear whole or not at all.
//!
//! A file is written beside its final place under a temporary name, flushed to the disk, and renamed. Whoever
//! reads the path sees the old file or the new one. After an error, or a kill at any instant, the old file is
//! untouched; a kill may leave a temporary file `.NAME.XXXXXX.tmp` behind. Who ends by a signal that can be caught calls
//! [`remove_unfinished`] first.
//!
//! A file that another process holds a lock on, as a running stream does on its output, is not replaced.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempPath;

use super::error::DataError;

pub(super) const BUFFER: usize = 1 << 18;

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
        Ok(meta) if meta.is_dir() => Err(DataError::folder_as_output(path).into()),
        Ok(meta) if !meta.is_file() => write_whole(path, write, || fs::OpenOptions::new().write(true).open(path)),
        Ok(_) | Err(_) => write_and_rename(path, Safe::OnDisk, false, write).map(|(value, _)| value),
    }
}

/// Writes a text as [`write_atomically`] does.
///
/// # Errors
/// [`DataError::Write`]
pub fn write_text(path: &Path, text: &str) -> Result<(), DataError> {
    let failed = |source| DataError::Write { file: show(path), source };
    write_atomically(path, |out| out.write_all(text.as_bytes()).map_err(failed))
}

/// Replaces the text of a file that the caller has locked, and returns the new file with an exclusive lock on it, held since before it was in its
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
    write_and_rename(path, safe, true, write).map(|((), file)| file)
}

/// What a file that was written outlives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safe {
    /// A loss of power.
    OnDisk,
    /// The end of this process at any instant.
    FromKills,
}

/// Temporary files and folders that are not in their place yet.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

pub(super) fn unfinished() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes all files and folders that are half written, and lets none be made or renamed afterwards: for a process that is about to
/// end. Whoever still writes waits for ever.
pub fn remove_unfinished() {
    let all = unfinished();
    for path in all.iter() {
        let _gone = fs::remove_file(path).or_else(|_| fs::remove_dir_all(path));
    }
    std::mem::forget(all);
}

/// A folder of this process alone: it goes when this value does, and [`remove_unfinished`] knows of it.
#[derive(Debug)]
pub struct Passing(PathBuf);

impl Passing {
    /// Takes charge of a folder that was made just now.
    pub fn new(folder: PathBuf) -> Passing {
        unfinished().insert(folder.clone());
        Passing(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        let mut all = unfinished();
        let _gone = fs::remove_dir_all(&self.0);
        all.remove(&self.0);
    }
}

/// A temporary file that [`remove_unfinished`] knows of.
struct Temporary(Option<TempPath>);

impl Temporary {
    fn create(builder: &tempfile::Builder<'_, '_>, directory: &Path) -> io::Result<(File, Temporary)> {
        let mut all = unfinished();
        let (file, path) = builder.tempfile_in(directory).map_err(|error| without_path(error, directory))?.into_parts();
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

/// How the name begins under which something is written that will be at `target`.
pub(super) fn temporary_prefix(target: &Path) -> String {
    format!(".{}.", target.file_name().unwrap_or_default().to_string_lossy())
}

/// What the system said, without the temporary name, of which the user knows nothing.
pub(super) fn without_path(error: io::Error, directory: &Path) -> io::Error {
    use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match (fs::metadata(directory), error.kind()) {
        (Err(missing), _) => missing,
        (Ok(_), kind @ (PermissionDenied | QuotaExceeded | ReadOnlyFilesystem | StorageFull)) => kind.into(),
        (Ok(_), _) => error,
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
    /// What the system says; [`io::ErrorKind::ResourceBusy`] if another process writes the file that is there.
    pub fn begin(path: &Path) -> io::Result<(File, Replacement)> {
        let _free = lock_of(path)?;
        Replacement::beside(path)
    }

    /// As [`Replacement::begin`], whoever has the lock.
    fn beside(path: &Path) -> io::Result<(File, Replacement)> {
        let permissions = fs::metadata(path).ok().map(|meta| meta.permissions());
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let directory = parent(&target);
        let mut builder = tempfile::Builder::new();
        let prefix = temporary_prefix(&target);
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
    /// What the system says, as in [`Replacement::begin`]; the old file is then untouched, and the new one is gone.
    pub fn finish(self, file: &File, safe: Safe) -> io::Result<()> {
        let _free = lock_of(&self.target)?;
        self.put(file, safe)
    }

    /// As [`Replacement::finish`], of a file that the caller has locked, or that nobody locks.
    fn put(self, file: &File, safe: Safe) -> io::Result<()> {
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

/// The lock of the file that is to be replaced: held until it is, no stream can begin to append to it. None where there is no
/// file or the system has no locks.
fn lock_of(target: &Path) -> io::Result<Option<File>> {
    let regular = fs::metadata(target).is_ok_and(|meta| meta.is_file());
    let Some(file) = regular.then(|| File::open(target).ok()).flatten() else { return Ok(None) };
    match file.try_lock() {
        // Elsewhere a file that is open cannot be replaced.
        Ok(()) => Ok(cfg!(unix).then_some(file)),
        Err(fs::TryLockError::WouldBlock) => Err(being_written()),
        Err(fs::TryLockError::Error(_)) => Ok(None),
    }
}

/// Another process writes a file.
pub fn being_written() -> io::Error {
    io::Error::new(io::ErrorKind::ResourceBusy, "it is being written by another process")
}

/// Whether an open file is still the one at a path.
#[cfg(unix)]
pub fn in_place(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |meta: fs::Metadata| (meta.dev(), meta.ino());
    match (file.metadata(), fs::metadata(path)) {
        (Ok(held), Ok(placed)) => identity(held) == identity(placed),
        _ => false,
    }
}

/// Whether an open file is still the one at a path: a locked file cannot be replaced.
#[cfg(not(unix))]
pub fn in_place(_: &File, _: &Path) -> bool {
    true
}

/// Files that belong together. Each is written beside its place; they take their places when all are whole.
#[derive(Default)]
pub(super) struct Together(Vec<(PathBuf, File, Replacement)>);

impl Together {
    /// Writes a file beside its place.
    pub fn write(
        &mut self,
        path: &Path,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), DataError> {
        let failed = |source| DataError::Write { file: show(path), source };
        if path.is_dir() {
            return Err(DataError::folder_as_output(path));
        }
        let (file, replacement) = Replacement::begin(path).map_err(failed)?;
        let mut out = BufWriter::with_capacity(BUFFER, file);
        write(&mut out).map_err(failed)?;
        let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        self.0.push((path.to_path_buf(), file, replacement));
        Ok(())
    }

    /// Puts all files into their places, in the order in which they were written. Should that fail for one, those that are there
    /// already go again: without the others they are no answer.
    pub fn finish(self) -> Result<Vec<PathBuf>, DataError> {
        let mut placed: Vec<PathBuf> = Vec::new();
        for (path, file, replacement) in self.0 {
            if let Err(source) = replacement.finish(&file, Safe::OnDisk) {
                for path in &placed {
                    let _gone = fs::remove_file(path);
                }
                return Err(DataError::Write { file: show(&path), source });
            }
            placed.push(path);
        }
        Ok(placed)
    }
}

fn write_and_rename<T, E, F>(path: &Path, safe: Safe, locked: bool, write: F) -> Result<(T, File), E>
where
    F: FnOnce(&mut BufWriter<File>) -> Result<T, E>,
    E: From<DataError>,
{
    let failed = |source| E::from(DataError::Write { file: show(path), source });
    let begun = if locked { Replacement::beside(path) } else { Replacement::begin(path) };
    let (file, replacement) = begun.map_err(failed)?;
    let mut out = BufWriter::with_capacity(BUFFER, file);
    let value = write(&mut out)?;
    let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
    let done = if locked { replacement.put(&file, safe) } else { replacement.finish(&file, safe) };
    done.map_err(failed)?;
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

pub(super) fn parent(path: &Path) -> PathBuf {
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
    fn a_folder_that_is_missing_is_told_without_the_temporary_name() {
        let dir = tempfile::tempdir().unwrap();
        let error = text(&dir.path().join("none/out.txt"), "one").unwrap_err().to_string();
        assert!(error.contains("none/out.txt`") && !error.contains("/.out.txt"), "{error}");
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
    fn what_another_writes_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.txt");
        text(&path, "one").unwrap();
        let held = File::open(&path).unwrap();
        held.lock().unwrap();
        let error = text(&path, "two").unwrap_err();
        assert!(error.to_string().contains("another process") && error.help().contains("wait"), "{error}");
        let (file, replacement) = Replacement::beside(&path).unwrap();
        assert!(replacement.finish(&file, Safe::FromKills).is_err());
        assert_eq!(
            (fs::read_to_string(&path).unwrap().as_str(), fs::read_dir(dir.path()).unwrap().count()),
            ("one", 1)
        );
        drop(held);
        text(&path, "two").unwrap();
    }

    #[test]
    fn files_that_belong_together_come_together() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let names = || {
            let mut names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let full = |_: &mut dyn Write| Err(io::Error::from(io::ErrorKind::StorageFull));
        fs::write(path("b"), "old").unwrap();
        let mut files = Together::default();
        files.write(&path("a"), |out| out.write_all(b"1")).unwrap();
        files.write(&path("b"), |out| out.write_all(b"2")).unwrap();
        assert!(files.write(&path("c"), full).is_err());
        drop(files);
        assert_eq!((names(), fs::read_to_string(path("b")).unwrap()), (vec!["b".into()], "old".to_owned()));
        // A folder comes into the way of the last one.
        let mut files = Together::default();
        files.write(&path("a"), |out| out.write_all(b"1")).unwrap();
        files.write(&path("c"), |out| out.write_all(b"2")).unwrap();
        fs::create_dir(path("c")).unwrap();
        assert!(files.finish().is_err());
        assert_eq!(names(), ["b", "c"]);
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
