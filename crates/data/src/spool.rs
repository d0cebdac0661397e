//! Copies of what can be read only once: standard input, pipes and devices.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::PathBuf;

use super::error::DataError;

/// As many bytes of standard input or a pipe are copied at most: 64 GiB.
pub const MAX_COPY: u64 = 1 << 36;

/// A device, which may have no end, gives this many at most: 64 MiB, more than anybody types into a terminal.
const MAX_TYPED: u64 = 1 << 26;

/// A temporary copy, and a path under which it can be opened any number of times.
#[derive(Debug)]
pub(crate) struct Spool {
    pub path: PathBuf,
    /// Open as long as the copy is in use, since a file without a name goes when it is closed.
    _file: Option<File>,
    /// Removes a file that has a name.
    _named: Option<tempfile::TempPath>,
}

impl Spool {
    fn new() -> io::Result<(File, Spool)> {
        #[cfg(target_os = "linux")]
        {
            use std::os::fd::AsRawFd;
            let file = tempfile::tempfile()?;
            let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
            // A second handle with a place of its own; without `/proc` there is none.
            if File::open(&path).is_ok() {
                return Ok((file.try_clone()?, Spool { path, _file: Some(file), _named: None }));
            }
        }
        let (file, named) = tempfile::NamedTempFile::new()?.into_parts();
        Ok((file, Spool { path: named.to_path_buf(), _file: None, _named: Some(named) }))
    }
}

/// As many bytes are copied of what this says that it is.
#[cfg(unix)]
pub(crate) fn limit_of(stream: Option<&fs::Metadata>) -> u64 {
    use std::os::unix::fs::FileTypeExt;
    if stream.is_some_and(|meta| meta.file_type().is_char_device()) { MAX_TYPED } else { MAX_COPY }
}

#[cfg(not(unix))]
pub(crate) fn limit_of(_: Option<&fs::Metadata>) -> u64 {
    MAX_COPY
}

#[cfg(unix)]
pub(crate) fn standard_input() -> Option<fs::Metadata> {
    use std::os::fd::AsFd;
    File::from(io::stdin().as_fd().try_clone_to_owned().ok()?).metadata().ok()
}

#[cfg(not(unix))]
pub(crate) fn standard_input() -> Option<fs::Metadata> {
    None
}

pub(crate) fn spool(name: &str, stream: impl Read) -> Result<Spool, DataError> {
    spool_within(name, stream, MAX_COPY)
}

pub(crate) fn spool_within(name: &str, stream: impl Read, limit: u64) -> Result<Spool, DataError> {
    let failed = |source| DataError::Read { file: name.to_owned(), source };
    let copying = |source| DataError::Write { file: format!("a temporary copy of {name}"), source };
    let (mut file, spool) = Spool::new().map_err(copying)?;
    let mut stream = stream.take(limit.saturating_add(1));
    let (mut buffer, mut total) = (vec![0; 1 << 16], 0);
    loop {
        let read = match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(error)),
        };
        total += read as u64;
        if total > limit {
            return Err(DataError::CopyTooLong { file: name.to_owned(), limit });
        }
        file.write_all(buffer.get(..read).unwrap_or_default()).map_err(copying)?;
    }
    Ok(spool)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_have_no_name_and_an_end() {
        let spool = spool_within("a pipe", &b"0123456789"[..], 10).unwrap();
        let read = |spool: &Spool| std::fs::read_to_string(&spool.path).unwrap();
        // Twice, from the beginning.
        assert_eq!((read(&spool), read(&spool)), ("0123456789".to_owned(), "0123456789".to_owned()));
        if cfg!(target_os = "linux") {
            assert!(spool.path.starts_with("/proc/self/fd"), "{}", spool.path.display());
        }
        let error = spool_within("a pipe", &b"0123456789a"[..], 10).unwrap_err();
        assert!(matches!(error, DataError::CopyTooLong { limit: 10, .. }), "{error}");
    }
}
