//! What came of a document: the compilation, and places of it as the client counts them.

use std::path::Path;

use fairc_language::Compilation;
use fairc_language::diagnostic::Diagnostic;
use fairc_language::query::Index;
use fairc_language::span::{SourceId, Span};
use gen_lsp_types::{Position, Range};

use crate::host::Checked;
use crate::position::{Encoding, Lines};

/// The document itself is the first source of its compilation.
pub const ROOT: SourceId = SourceId(0);

#[derive(Debug)]
pub struct Analysis {
    pub compilation: Compilation,
    pub diagnostics: Vec<Diagnostic>,
    pub index: Index,
    encoding: Encoding,
    /// Of each source.
    lines: Vec<Lines>,
}

impl Analysis {
    pub fn new(checked: Checked, encoding: Encoding) -> Analysis {
        let Checked { compilation, diagnostics } = checked;
        let lines = compilation.sources.iter().map(|(_, source)| Lines::of(&source.text)).collect();
        let index = Index::of(&compilation);
        Analysis { compilation, diagnostics, index, encoding, lines }
    }

    /// Whether the file is one of its sources, or may be: an import leads nowhere.
    pub fn reads(&self, path: &Path) -> bool {
        let missing = self.diagnostics.iter().any(|found| found.code.0 == "E0206");
        missing || self.compilation.sources.iter().any(|(_, source)| Path::new(&source.name) == path)
    }

    /// Whether the source is a file of the library.
    pub fn library(&self, source: SourceId) -> Option<&str> {
        fairc_language::library::metric_of(self.compilation.sources.name(source))
    }

    pub fn text(&self, source: SourceId) -> &str {
        self.compilation.sources.get(source).map_or("", |source| &source.text)
    }

    pub fn range(&self, span: Span) -> Range {
        let text = self.text(span.source);
        let lines = self.lines.get(span.source.0 as usize);
        lines.map(|lines| lines.range(text, span.range(), self.encoding)).unwrap_or_default()
    }

    /// The byte of the document at a position.
    pub fn offset(&self, position: Position) -> usize {
        let lines = self.lines.first();
        lines.map_or(0, |lines| lines.offset(self.text(ROOT), position, self.encoding))
    }

    /// The source of this name.
    pub fn source(&self, path: &Path) -> Option<SourceId> {
        let named = |name: &str| Path::new(name) == path;
        self.compilation.sources.iter().find(|(_, source)| named(&source.name)).map(|(id, _)| id)
    }

    /// The span of bytes of the document.
    pub fn span(&self, bytes: std::ops::Range<usize>) -> Span {
        Span::new(ROOT, bytes.start, bytes.end)
    }
}
