//! A spec that was read, and everything that can be said to its author: what is wrong with it, and with it and data.
//!
//! ```text
//! path or text ─read→ Spec: name, Compilation or Program ─┬ diagnostics, rendered or as entries
//!                                                         ├ fault(BindError), infeasible(proof) → Fault
//!                                                         └ watch, places: what an audit shows of the source
//! ```
//!
//! The command line and the Python package stand on this room, so that they say the same.

mod fault;
mod files;
mod front;
mod pairs;
mod shown;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Compilation;
use crate::language::diagnostic::human::{Look, render};
use crate::language::diagnostic::json::Entry;
use crate::language::diagnostic::{Diagnostic, Severity};
use crate::language::program::Program;
use crate::language::span::{Source, Sources};
use crate::language::words::counted;

pub use fault::{Asked, Conflict, Fault, at_row, faults, infeasible, sides_of};
pub use files::{LONGEST, beside, import_root, name_of, open_lines, read_text, read_text_within};
pub use front::{COMMAND_LINE, Front, PYTHON, typed};
pub use pairs::{GivenPairs, NoPairs, give_pairs};
pub use shown::{outside, places, status_word, watch};

/// What went wrong with files or arguments, for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub message: String,
    pub help: Option<String>,
}

impl Failure {
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Failure {
        Failure { message: message.into(), help: Some(help.into()).filter(|help| !help.is_empty()) }
    }
}

impl From<&crate::data::DataError> for Failure {
    fn from(error: &crate::data::DataError) -> Self {
        Failure::new(error.to_string(), error.help())
    }
}

impl From<crate::data::DataError> for Failure {
    fn from(error: crate::data::DataError) -> Self {
        Failure::from(&error)
    }
}

/// A spec that was read.
pub struct Spec {
    /// What messages call it.
    pub name: String,
    pub content: Content,
}

pub enum Content {
    /// From a `.fair`.
    Source(Box<Compilation>),
    /// From a `.fairc`.
    Compiled(Box<Program>),
    /// A file that is no text, or no compiled spec.
    Broken(Box<Broken>),
}

/// What is wrong with a file as a whole.
pub struct Broken {
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) sources: Sources,
}

impl Spec {
    /// Reads and compiles a spec. The content says whether it is a `.fairc`.
    pub fn read(path: &Path) -> Result<Spec, Failure> {
        let name = name_of(path);
        let text = match read_text(path)? {
            Ok(text) => text,
            Err(broken) => return Ok(Spec::broken(path, broken)),
        };
        Ok(Spec::of_text(path, &name, &text))
    }

    /// Compiles a text, or loads it if it is a compiled spec. Imports are taken from the folder of `path`; messages call
    /// the spec `name`.
    pub fn of_text(path: &Path, name: &str, text: &str) -> Spec {
        Spec::beside(path, name, text, &[])
    }

    /// The same where the texts of `open` stand in the place of files, as in an editor.
    pub fn beside(path: &Path, name: &str, text: &str, open: &[(PathBuf, Arc<str>)]) -> Spec {
        let name = name.to_owned();
        if Spec::is_compiled(path, text) {
            let content = match Program::from_artefact(text.trim_start_matches('\u{feff}')) {
                Ok(program) => Content::Compiled(Box::new(program)),
                Err(error) => {
                    let message = format!("`{name}`: {error}");
                    let (code, help) = (error.code(), Some(error.help().to_owned()));
                    let diagnostics = vec![Diagnostic { code, message, help, labels: Vec::new(), fix: None }];
                    Content::Broken(Box::new(Broken { diagnostics, sources: Sources::default() }))
                }
            };
            return Spec { name, content };
        }
        let loader = files::Files::beside(path, &name, text, open);
        let compilation = crate::compile(Source { name: name.clone(), text: text.into() }, &loader);
        Spec { name, content: Content::Source(Box::new(compilation)) }
    }

    /// Whether a text is a `.fairc`: no declaration begins with a brace.
    pub fn is_compiled(path: &Path, text: &str) -> bool {
        let named = path.extension().is_some_and(|extension| extension == "fairc");
        named || text.trim_start_matches('\u{feff}').trim_start().starts_with('{')
    }

    pub fn program(&self) -> Option<&Program> {
        match &self.content {
            Content::Source(compilation) => compilation.program.as_ref(),
            Content::Compiled(program) => Some(program),
            Content::Broken(_) => None,
        }
    }

    /// A spec that is known to be broken.
    pub fn broken(path: &Path, broken: Broken) -> Spec {
        Spec { name: name_of(path), content: Content::Broken(Box::new(broken)) }
    }

    pub fn diagnostics(&self) -> &[Diagnostic] {
        match &self.content {
            Content::Source(compilation) => &compilation.diagnostics,
            Content::Compiled(_) => &[],
            Content::Broken(broken) => &broken.diagnostics,
        }
    }

    pub fn sources(&self) -> Option<&Sources> {
        match &self.content {
            Content::Source(compilation) => Some(&compilation.sources),
            Content::Compiled(_) => None,
            Content::Broken(broken) => Some(&broken.sources),
        }
    }

    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics().iter().filter(|diagnostic| diagnostic.severity() == severity).count()
    }

    pub fn entries(&self) -> Vec<Entry> {
        let Some(sources) = self.sources() else { return Vec::new() };
        self.diagnostics().iter().map(|diagnostic| Entry::new(diagnostic, sources)).collect()
    }

    /// The diagnostics for people, with a blank line after each.
    pub fn rendered(&self, look: Look, front: &Front) -> String {
        /// People stop reading earlier.
        const MOST: usize = 100;
        let Some(sources) = self.sources() else { return String::new() };
        let mut text = String::new();
        for diagnostic in self.diagnostics().iter().take(MOST) {
            text.push_str(&render(diagnostic, sources, look));
            text.push('\n');
        }
        let more = self.diagnostics().len().saturating_sub(MOST);
        if more > 0 {
            text.push_str(&format!("and {more} more, which {} lists\n\n", front.all_diagnostics));
        }
        text
    }

    /// `2 errors, 1 warning in spec.fair`, or `ok: ..`; with `more` warnings than those of the compiler.
    pub fn summary(&self, more: usize) -> String {
        let (errors, warnings) = (self.count(Severity::Error), self.count(Severity::Warning) + more);
        let noticed = |errors: usize, warnings: usize| match (errors, warnings) {
            (errors, 0) => counted(errors, "error"),
            (0, warnings) => counted(warnings, "warning"),
            (errors, warnings) => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
        };
        match self.program() {
            Some(program) => {
                let warned = if warnings > 0 { format!(", {}", noticed(0, warnings)) } else { String::new() };
                format!(
                    "ok: {}, {}, fingerprint {}{warned}",
                    counted(self.constraints(), "constraint"),
                    counted(rows(program), "row"),
                    program.fingerprint().short()
                )
            }
            None => format!("{} in {}", noticed(errors, warnings), self.name),
        }
    }

    /// How many constraints the spec has, `use`s included.
    pub fn constraints(&self) -> usize {
        match &self.content {
            Content::Broken(_) => 0,
            Content::Source(compilation) => compilation.hir.constraints.len(),
            Content::Compiled(program) => {
                let rows = program.rows.iter().map(|row| &row.origins);
                let origins = rows.chain(program.sample_rows.iter().map(|row| &row.origins)).flatten();
                let names: std::collections::BTreeSet<&str> =
                    origins.map(|origin| origin.constraint.as_str()).collect();
                names.len()
            }
        }
    }
}

/// Rows of both kinds.
pub fn rows(program: &Program) -> usize {
    program.rows.len() + program.sample_rows.len()
}
