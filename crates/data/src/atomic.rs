//! Outputs appear whole or not at all.
//!
//! A file is written beside its final place under a temporary name, flushed to the disk, and renamed. Whoever
//! reads the path sees the old file or the new one. After an error, or a kill at any instant, the old file is
//! untouched; a kill may leave a temporary file `.NAME.XXXXXX.tmp` behind.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

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
        Ok(meta) => write_and_rename(path, Some(meta.permissions()), Safe::OnDisk, write),
        Err(_) => write_and_rename(path, None, Safe::OnDisk, write),
    }
}

/// Replaces the text of a file that is written often: as [`write_atomically`], but does not wait for the disk. The file
/// is whole after a kill of this process at any instant; after a loss of power it may be an older one, or damaged.
///
/// # Errors
/// [`DataError::Write`]
pub fn replace_quickly(path: &Path, text: &str) -> Result<(), DataError> {
    write_and_rename(path, fs::metadata(path).ok().map(|meta| meta.permissions()), Safe::FromKills, |out| {
        out.write_all(text.as_bytes()).map_err(|source| DataError::Write { file: show(path), source })
    })
}

/// What a file that was written outlives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Safe {
    OnDisk,
    FromKills,
}

fn write_and_rename<T, E, F>(path: &Path, permissions: Option<fs::Permissions>, safe: Safe, write: F) -> Result<T, E>
where
    F: FnOnce(&mut BufWriter<File>) -> Result<T, E>,
    E: From<DataError>,
{
    let failed = |source| E::from(DataError::Write { file: show(path), source });
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
    let (file, temporary) = builder.tempfile_in(&directory).map_err(failed)?.into_parts();
    let mut out = BufWriter::with_capacity(BUFFER, file);
    let value = write(&mut out)?;
    let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions).map_err(failed)?;
    }
    if safe == Safe::OnDisk {
        file.sync_all().map_err(failed)?;
    }
    drop(file);
    temporary.persist(&target).map_err(|error| failed(error.error))?;
    // The rename itself is durable once the directory is; not every system can sync one, and none needs to.
    if safe == Safe::OnDisk
        && let Ok(directory) = File::open(&directory)
    {
        let _ = directory.sync_all();
    }
    Ok(value)
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
