//! Specs and their imports in the file system.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::{Broken, Failure};
use crate::data::{STANDARD_STREAM, plain};
use crate::language::diagnostic::{Code, Diagnostic, Label};
use crate::language::span::{Source, Sources, Span};
use crate::language::syntax::error::NotUtf8;
use crate::language::syntax::import::Loader;

/// A longer file is no spec, and no file of per-group offsets.
pub const LONGEST: u64 = 64 << 20;

/// What messages call a path.
pub fn name_of(path: &Path) -> String {
    if path == Path::new(STANDARD_STREAM) { "<stdin>".to_owned() } else { path.display().to_string() }
}

fn unreadable(path: &Path, reason: &str) -> Failure {
    Failure::new(format!("cannot read `{}`: {reason}", name_of(path)), help_for(path))
}

fn help_for(path: &Path) -> &'static str {
    if path.is_dir() {
        "name a file in it"
    } else if path.exists() || path == Path::new(STANDARD_STREAM) {
        ""
    } else {
        "check the spelling and the working directory"
    }
}

/// The text of a file, a byte order mark included, so that offsets into it are those into the file; E0105 if it is none.
pub fn read_text(path: &Path) -> Result<Result<String, Broken>, Failure> {
    let name = name_of(path);
    let bytes = read_bytes(path, LONGEST).map_err(|reason| unreadable(path, &reason))?;
    let found = match NotUtf8::or_text(&bytes) {
        Ok(text) => return Ok(Ok(text.to_owned())),
        Err(found) => found,
    };
    let at = found.offset;
    let text = std::str::from_utf8(bytes.get(..at).unwrap_or_default()).unwrap_or_default();
    let mut sources = Sources::default();
    let source = sources.add(name, text);
    let labels = vec![Label { span: Span::new(source, at, at), text: "here".to_owned() }];
    let (code, message, help) = (Code(found.code()), found.to_string(), Some(found.help()));
    Ok(Err(Broken { diagnostics: vec![Diagnostic { code, message, help, labels, fix: None }], sources }))
}

/// The text of another file that is read as a whole, or of standard input for `-`, of at most so many bytes.
pub fn read_text_within(path: &Path, longest: u64) -> Result<String, Failure> {
    let read = read_bytes(path, longest);
    let text = read.and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned()));
    text.map_err(|reason| unreadable(path, &reason))
}

/// All bytes of a file, or of standard input for `-`.
fn read_bytes(path: &Path, longest: u64) -> Result<Vec<u8>, String> {
    if path == Path::new(STANDARD_STREAM) {
        read_all(&mut io::stdin().lock(), longest)
    } else if path.is_dir() {
        Err("it is a folder".to_owned())
    } else {
        read_file(path, longest)
    }
}

fn read_file(path: &Path, longest: u64) -> Result<Vec<u8>, String> {
    read_all(&mut File::open(path).map_err(|error| plain(&error))?, longest)
}

/// Reads to the end. What no file of text holds, such as the zeros of a device without end, is not read further than that.
fn read_all(from: &mut dyn Read, longest: u64) -> Result<Vec<u8>, String> {
    const PIECE: u64 = 1 << 20;
    let mut bytes = Vec::new();
    loop {
        let before = bytes.len();
        from.take(PIECE).read_to_end(&mut bytes).map_err(|error| plain(&error))?;
        let piece = bytes.get(before..).unwrap_or_default();
        if piece.is_empty() {
            return Ok(bytes);
        }
        if piece.len() as u64 == PIECE && piece.iter().all(|&byte| byte == 0) {
            return Err("it holds zeros and no text".to_owned());
        }
        if bytes.len() as u64 > longest {
            return Err(format!("it is longer than {} MiB", longest >> 20));
        }
    }
}

/// Where imports may lie, if the user said so: else in the folder of the spec that is compiled.
static IMPORT_ROOT: OnceLock<PathBuf> = OnceLock::new();

/// Lets imports lie anywhere in this folder, for the whole run; the first call counts.
///
/// # Errors
/// It is no folder.
pub fn import_root(folder: PathBuf) -> Result<(), Failure> {
    let reason = match folder.metadata() {
        Ok(meta) if meta.is_dir() => {
            let _first = IMPORT_ROOT.set(folder);
            return Ok(());
        }
        Ok(_) => "it is a file".to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => "there is no such folder".to_owned(),
        Err(error) => plain(&error),
    };
    Err(Failure::new(format!("imports cannot be in `{}`: {reason}", folder.display()), "name a folder that is there"))
}

/// Opens a file that is read line by line, or standard input for `-`.
///
/// # Errors
/// In the words of every file that cannot be read.
pub fn open_lines(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if path == Path::new(STANDARD_STREAM) {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = match path.is_dir() {
        true => Err(io::ErrorKind::IsADirectory.into()),
        false => File::open(path),
    };
    let file = file.map_err(|error| unreadable(path, &plain(&error)))?;
    Ok(Box::new(BufReader::with_capacity(1 << 16, file)))
}

/// Imports from the file system: paths are taken from the folder of the importing file, and lead to ordinary files inside
/// the folder of the spec. So a spec that came from elsewhere cannot have other files read and quoted.
pub(super) struct Files {
    /// All imports lie in here.
    root: PathBuf,
    /// Each file that was read, under the name by which it was first.
    known: RefCell<HashMap<PathBuf, Source>>,
}

impl Files {
    /// The texts of `open` stand in the place of files, which need not be there yet.
    pub(super) fn beside(root: &Path, name: &str, text: &str, open: &[(PathBuf, Arc<str>)]) -> Files {
        let folder = IMPORT_ROOT.get().map_or_else(|| folder_of(root), PathBuf::as_path);
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| tidy(path));
        let others = open.iter().map(|(path, text)| (real(path), Source { name: name_of(path), text: text.clone() }));
        let mut known: HashMap<PathBuf, Source> = others.collect();
        let source = Source { name: name.to_owned(), text: text.into() };
        known.extend(root.canonicalize().map(|path| (path, source)));
        Files { root: folder.to_owned(), known: RefCell::new(known) }
    }

    /// The real path of an import, if it may be read. Of files elsewhere not even that they exist is told.
    fn resolve(&self, path: &Path) -> Result<PathBuf, String> {
        let outside = || "it lies outside of the folder of the spec".to_owned();
        let current = || std::env::current_dir().unwrap_or_default();
        let root = self.root.canonicalize().map_err(|error| plain(&error))?;
        let absolute = tidy(&current().join(path));
        let given = tidy(&current().join(&self.root));
        if !absolute.starts_with(&given) && !absolute.starts_with(&root) {
            return Err(outside());
        }
        let real = match absolute.canonicalize() {
            Ok(real) => real,
            Err(_) if self.known.borrow().contains_key(&absolute) => return Ok(absolute),
            Err(error) => return Err(plain(&error)),
        };
        if !real.starts_with(&root) {
            return Err(outside());
        }
        let meta = real.metadata().map_err(|error| plain(&error))?;
        match (meta.is_file(), meta.is_dir()) {
            (true, _) => Ok(real),
            (false, true) => Err("it is a folder".to_owned()),
            (false, false) => Err("it is no ordinary file".to_owned()),
        }
    }
}

impl Loader for Files {
    fn load(&self, importer: &str, path: &str) -> Result<Source, String> {
        let folder = Path::new(importer).parent().unwrap_or(Path::new(""));
        let path = tidy(&folder.join(path));
        let named = |reason: String| format!("`{}`: {reason}", path.display());
        let real = self.resolve(&path).map_err(named)?;
        if let Some(known) = self.known.borrow().get(&real) {
            return Ok(known.clone());
        }
        let bytes = read_file(&real, LONGEST).map_err(named)?;
        let text = NotUtf8::or_text(&bytes).map_err(|found| match found.utf16 {
            true => named("it is UTF-16 text, not UTF-8".to_owned()),
            false => format!("`{}` is not UTF-8 text", path.display()),
        })?;
        let source = Source { name: path.display().to_string(), text: text.into() };
        self.known.borrow_mut().insert(real, source.clone());
        Ok(source)
    }
}

/// A file that a spec names, from its folder and inside of it.
///
/// # Errors
/// It lies elsewhere, or is no ordinary file.
pub fn beside(spec: &Path, file: &str) -> Result<PathBuf, Failure> {
    let path = tidy(&folder_of(spec).join(file));
    let files = Files::beside(spec, "", "", &[]);
    match files.resolve(&path) {
        Ok(_) => Ok(path),
        Err(reason) => Err(Failure::new(
            format!("cannot read `{}`: {reason}", path.display()),
            "the path is taken from the folder of the spec",
        )),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
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
