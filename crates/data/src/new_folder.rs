//! Folders appear whole or not at all, as files do: written beside their place under a temporary name, flushed and renamed.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::atomic::{BUFFER, parent, temporary_prefix, unfinished, without_path};
use super::error::DataError;

/// A folder that is not in its place yet. Dropped, it is gone.
pub(super) struct NewFolder {
    made: Option<TempDir>,
    target: PathBuf,
    /// What messages call it.
    name: String,
}

impl NewFolder {
    /// Fails if something is there already, other than an empty folder.
    pub fn refuse_existing(path: &Path) -> Result<(), DataError> {
        // With a separator at its end a file would not be seen.
        let path: &Path = &path.components().collect::<PathBuf>();
        let exists = |is_folder| Err(DataError::FolderExists { folder: path.display().to_string(), is_folder });
        match (fs::read_dir(path).map(|mut entries| entries.next().is_some()), fs::symlink_metadata(path)) {
            (Ok(true), _) => exists(true),
            (Err(_), Ok(_)) => exists(path.is_dir()),
            (Ok(false), _) | (Err(_), Err(_)) => Ok(()),
        }
    }

    /// Begins a folder beside the place that it will have.
    pub fn begin(path: &Path) -> Result<NewFolder, DataError> {
        Self::refuse_existing(path)?;
        let name = path.display().to_string();
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let directory = parent(&target);
        let prefix = temporary_prefix(&target);
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(".tmp");
        #[cfg(unix)]
        {
            // Temporary folders are private by default; an output is an ordinary one, subject to the umask.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o777));
        }
        let mut all = unfinished();
        let made = builder.tempdir_in(&directory).map_err(|error| without_path(error, &directory));
        let made = made.map_err(|source| DataError::Write { file: name.clone(), source })?;
        all.insert(made.path().to_path_buf());
        Ok(NewFolder { made: Some(made), target, name })
    }

    /// Writes a file in it.
    pub fn write<T>(
        &self,
        file: &OsStr,
        write: impl FnOnce(&mut BufWriter<File>) -> Result<T, DataError>,
    ) -> Result<T, DataError> {
        let shown = Path::new(&self.name).join(file).display().to_string();
        let failed = |source| DataError::Write { file: shown.clone(), source };
        let path = self.made.as_ref().map_or_else(PathBuf::new, |made| made.path().join(file));
        // Once everything unfinished is removed, no file may be made in the folder.
        let all = unfinished();
        let new = File::create_new(path).map_err(failed)?;
        drop(all);
        let mut out = BufWriter::with_capacity(BUFFER, new);
        let value = write(&mut out)?;
        let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        Ok(value)
    }

    /// Puts it into its place.
    pub fn finish(mut self) -> Result<(), DataError> {
        let Some(made) = self.made.take() else { return Ok(()) };
        let mut all = unfinished();
        all.remove(made.path());
        flush(made.path());
        // Not every system renames a folder to the name of one that is there.
        let _none = fs::remove_dir(&self.target);
        fs::rename(made.path(), &self.target).map_err(|source| DataError::Write { file: self.name.clone(), source })?;
        // The temporary name is no more.
        let _path = made.keep();
        flush(&parent(&self.target));
        Ok(())
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        if let Some(made) = self.made.take() {
            unfinished().remove(made.path());
        }
    }
}

/// Makes what names a folder has safe from a loss of power; not every system can, and none needs to.
fn flush(directory: &Path) {
    let synced: io::Result<()> = File::open(directory).and_then(|directory| directory.sync_all());
    let _either_way = synced;
}
