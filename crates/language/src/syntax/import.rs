//! Imports: from a root file to all files of a compilation, each read once.
//!
//! The language reads no file itself: a [`Loader`] that the caller passes turns a path into a text.

use std::collections::HashMap;

use crate::diagnostic::{Code, Diagnostic, Label};
use crate::span::{Source, SourceId, Sources, Span};

use super::error::Mistake;
use super::{Parsed, ast, parse};

/// Finds the texts that `import` names.
pub trait Loader {
    /// The text of `path` as written in the file named `importer`. The name of the returned source identifies it: two
    /// imports of one file must give one name.
    fn load(&self, importer: &str, path: &str) -> Result<Source, String>;
}

/// A loader for texts that import nothing: every import is not found.
pub struct NoImports;

impl Loader for NoImports {
    fn load(&self, _: &str, _: &str) -> Result<Source, String> {
        Err("imports are not available here".into())
    }
}

/// All files of a compilation, the root first.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    pub sources: Sources,
    pub files: Vec<(SourceId, Parsed)>,
    pub errors: Vec<ImportError>,
    /// The imports that lead to a file, each with the place of its path.
    pub imports: Vec<(Span, SourceId)>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// A file that imports itself, directly or through others.
    #[error("import cycle: {}", chain.join(" -> "))]
    Cycle { chain: Vec<String>, span: Span, imports: Vec<Span> },
    #[error("cannot import `{path}`: {reason}")]
    NotFound { path: String, reason: String, span: Span },
    /// A file without one declaration that can be read; nothing of its text is shown.
    #[error("cannot import `{path}`: it is no spec")]
    NoSpec { path: String, span: Span },
}

impl ImportError {
    pub fn diagnostic(&self) -> Diagnostic {
        let (code, help, mut labels) = match self {
            ImportError::Cycle { span, imports, .. } => {
                let more = imports.iter().map(|span| Label { span: *span, text: "through this import".into() });
                let first = Label { span: *span, text: "leads back to an importing file".into() };
                ("E0205", "move what both files need into a third one", vec![first].into_iter().chain(more).collect())
            }
            ImportError::NoSpec { span, .. } => {
                let label = Label { span: *span, text: "no declaration in it can be read".into() };
                ("E0206", "import a file of declarations, or check it by itself: `fairc check FILE`", vec![label])
            }
            ImportError::NotFound { reason, span, .. } if reason.contains("outside") => (
                "E0206",
                "copy it there, or allow more with `--import-root DIR`",
                vec![Label { span: *span, text: "not allowed".into() }],
            ),
            ImportError::NotFound { span, .. } => (
                "E0206",
                "the path is taken from the folder of the importing file",
                vec![Label { span: *span, text: "not found".into() }],
            ),
        };
        labels.dedup();
        Diagnostic { code: Code(code), message: self.to_string(), help: Some(help.into()), labels, fix: None }
    }
}

/// Parses the root and all that it imports, depth first.
pub fn read(root: Source, loader: &dyn Loader) -> Tree {
    let mut reader = Reader { loader, tree: Tree::default(), known: HashMap::new(), stack: Vec::new() };
    let mut waiting = vec![Task::Open(root, None)];
    while let Some(task) = waiting.pop() {
        match task {
            Task::Close => {
                reader.stack.pop();
            }
            Task::Open(source, import) => {
                waiting.push(Task::Close);
                let imports = reader.open(source, import);
                waiting.extend(imports.into_iter().rev().map(|(importer, import)| Task::Import(importer, import)));
            }
            Task::Import(importer, import) => {
                if let Some(source) = reader.resolve(importer, &import) {
                    waiting.push(Task::Open(source, Some(import)));
                }
            }
        }
    }
    reader.tree
}

enum Task {
    Open(Source, Option<ast::Import>),
    Import(SourceId, ast::Import),
    Close,
}

struct Reader<'a> {
    loader: &'a dyn Loader,
    tree: Tree,
    known: HashMap<String, SourceId>,
    /// The files being read, each with the import that asked for it.
    stack: Vec<(SourceId, Option<Span>)>,
}

/// How many declarations have no keyword: in a file of these alone they are a guess, and it may be anything.
fn without_keyword(parsed: &Parsed) -> usize {
    parsed.errors.iter().filter(|error| matches!(error.kind, Mistake::NoKeyword { .. })).count()
}

impl Reader<'_> {
    fn open(&mut self, source: Source, by: Option<ast::Import>) -> Vec<(SourceId, ast::Import)> {
        let id = self.tree.sources.add(source.name.clone(), source.text.clone());
        self.known.insert(source.name, id);
        self.tree.imports.extend(by.as_ref().map(|import| (import.path_span, id)));
        self.stack.push((id, by.as_ref().map(|import| import.path_span)));
        let mut parsed = parse(id, &source.text);
        if let Some(ast::Import { path, path_span: span }) = by
            && parsed.file.items.len() <= without_keyword(&parsed)
            && !parsed.errors.is_empty()
        {
            parsed = Parsed::default();
            self.tree.errors.push(ImportError::NoSpec { path, span });
        }
        let import = |item: &ast::Item| match &item.kind {
            ast::ItemKind::Import(import) => Some((id, import.clone())),
            _ => None,
        };
        let imports = parsed.file.items.iter().filter_map(import).collect();
        self.tree.files.push((id, parsed));
        imports
    }

    /// The source to open; `None` if it is known already, or not found.
    fn resolve(&mut self, importer: SourceId, import: &ast::Import) -> Option<Source> {
        match self.loader.load(self.tree.sources.name(importer), &import.path) {
            Err(reason) => {
                let (path, span) = (import.path.clone(), import.path_span);
                // A word without quotes is a guess, and has been told.
                let guessed = !self.tree.sources.text(span).starts_with('"') && !path.contains(['.', '/']);
                if guessed {
                    return None;
                }
                self.tree.errors.push(ImportError::NotFound { path, reason, span });
                None
            }
            Ok(source) => match self.known.get(&source.name) {
                None => Some(source),
                Some(id) => {
                    self.tree.imports.push((import.path_span, *id));
                    self.cycle(*id, import.path_span);
                    None
                }
            },
        }
    }

    fn cycle(&mut self, id: SourceId, span: Span) {
        let Some(start) = self.stack.iter().position(|(open, _)| *open == id) else { return };
        let around = self.stack.get(start..).unwrap_or_default();
        let names = around.iter().chain(self.stack.get(start)).map(|(id, _)| self.tree.sources.name(*id).to_string());
        let imports = around.iter().skip(1).filter_map(|(_, span)| *span).collect();
        self.tree.errors.push(ImportError::Cycle { chain: names.collect(), span, imports });
    }
}
