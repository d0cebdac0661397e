//! Specs and their imports in the file system.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::{Broken, Failure};
use crate::data::STANDARD_STREAM;
use crate::language::diagnostic::{Code, Diagnostic, Label};
use crate::language::span::{Source, Sources, Span};
use crate::language::syntax::error::NotUtf8;
use crate::language::syntax::import::Loader;

/// A longer file is no spec.
const LONGEST: u64 = 64 << 20;

/// What messages call a path.
pub fn name_of(path: &Path) -> String {
    if path == Path::new(STANDARD_STREAM) { "<stdin>".to_owned() } else { path.display().to_string() }
}

fn help_for(path: &Path) -> &'static str {
    if path.is_dir() {
        "name a file in the folder"
    } else if path.exists() || path == Path::new(STANDARD_STREAM) {
        ""
    } else {
        "check the spelling and the working directory"
    }
}

/// The text of a file, a byte order mark included, so that offsets into it are those into the file; E0105 if it is none.
pub fn read_text(path: &Path) -> Result<Result<String, Broken>, Failure> {
    let name = name_of(path);
    let bytes =
        read_bytes(path).map_err(|reason| Failure::new(format!("cannot read `{name}`: {reason}"), help_for(path)))?;
    Ok(String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let text = std::str::from_utf8(error.as_bytes().get(..at).unwrap_or_default()).unwrap_or_default();
        let mut sources = Sources::default();
        let source = sources.add(name, text);
        let found = NotUtf8 { offset: at };
        let labels = vec![Label { span: Span::new(source, at, at), text: "here".to_owned() }];
        let (code, message, help) = (Code(found.code()), found.to_string(), Some(found.help()));
        Broken { diagnostics: vec![Diagnostic { code, message, help, labels }], sources }
    }))
}

/// All bytes of a file, or of standard input for `-`.
fn read_bytes(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut take = |from: &mut dyn Read| from.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| plain(&error));
    if path == Path::new(STANDARD_STREAM) {
        take(&mut io::stdin().lock())?;
    } else if path.is_dir() {
        return Err("it is a folder".to_owned());
    } else {
        take(&mut File::open(path).map_err(|error| plain(&error))?)?;
    }
    if bytes.len() as u64 > LONGEST {
        return Err(format!("it is longer than {} MiB", LONGEST >> 20));
    }
    Ok(bytes)
}

/// What the system said, in the usual words for the usual cases.
fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

/// Imports from the file system: paths are taken from the folder of the importing file.
pub(super) struct Files {
    /// The name under which each file was read first.
    known: RefCell<HashMap<PathBuf, String>>,
}

impl Files {
    pub(super) fn new(root: &Path, name: &str) -> Files {
        let known = root.canonicalize().map(|path| (path, name.to_owned()));
        Files { known: RefCell::new(known.into_iter().collect()) }
    }
}

impl Loader for Files {
    fn load(&self, importer: &str, path: &str) -> Result<Source, String> {
        let folder = Path::new(importer).parent().unwrap_or(Path::new(""));
        let path = tidy(&folder.join(path));
        let bytes = read_bytes(&path).map_err(|reason| format!("`{}`: {reason}", path.display()))?;
        let text = String::from_utf8(bytes).map_err(|_| format!("`{}` is not UTF-8 text", path.display()))?;
        let name = path.display().to_string();
        let name = match path.canonicalize() {
            Ok(canonical) => self.known.borrow_mut().entry(canonical).or_insert(name).clone(),
            Err(_) => name,
        };
        Ok(Source { name, text: text.into() })
    }
}

/// The path without `.` and, where that is certain, without `..`.
fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(out.components().next_back(), Some(Component::Normal(_))) && !is_link(&out) =>
            {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

fn is_link(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|meta| meta.is_symlink())
}
