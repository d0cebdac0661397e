//! What the server does not do itself: files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fairc_language::Compilation;
use fairc_language::diagnostic::Diagnostic;

/// The texts that the editor has open, which stand in the place of files.
pub type Open = [(PathBuf, Arc<str>)];

/// A spec that was checked.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    pub compilation: Compilation,
    /// Everything that `fairc check` says, in its order.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads files, and checks specs as the command line does.
pub trait Host {
    /// Checks a text as the spec of this path, with its imports.
    fn check(&self, path: &Path, text: &str, open: &Open) -> Checked;

    /// The specs in a folder and in those below it; not all of them where there are very many.
    fn specs(&self, folder: &Path) -> Vec<PathBuf>;

    /// The text of a spec that is not open.
    fn read(&self, path: &Path) -> Option<String>;

    /// A file that has the text of this metric of the library, to be looked at and not changed.
    fn library(&self, metric: &str, text: &str) -> Option<PathBuf>;
}
