//! A text that the client has open.

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use gen_lsp_types::{TextDocumentContentChangeEvent, Uri};

use crate::analysis::Analysis;
use crate::position::{Encoding, Lines};

#[derive(Debug)]
pub struct Document {
    pub uri: Uri,
    /// What messages and imports call it; a document that is no file has a name alone.
    pub path: PathBuf,
    pub version: i32,
    pub text: Arc<str>,
    pub lines: Lines,
    /// What came of it, until something that it reads changes.
    pub analysis: Option<Rc<Analysis>>,
    /// The client has not been told what came of it.
    pub untold: bool,
}

impl Document {
    pub fn new(uri: Uri, version: i32, text: String) -> Document {
        let path = crate::uri::path_of(&uri).unwrap_or_else(|| PathBuf::from(&uri.0));
        let lines = Lines::of(&text);
        Document { uri, path, version, text: text.into(), lines, analysis: None, untold: true }
    }

    /// Makes the changes one after the other; each is about the text that the one before left.
    pub fn change(&mut self, changes: Vec<TextDocumentContentChangeEvent>, encoding: Encoding) {
        for change in changes {
            let text = match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => whole.text,
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                    let start = self.lines.offset(&self.text, part.range.start, encoding);
                    let end = self.lines.offset(&self.text, part.range.end, encoding).max(start);
                    let mut text = String::with_capacity(self.text.len() + part.text.len());
                    text.push_str(self.text.get(..start).unwrap_or_default());
                    text.push_str(&part.text);
                    text.push_str(self.text.get(end..).unwrap_or_default());
                    text
                }
            };
            self.lines = Lines::of(&text);
            self.text = text.into();
        }
    }
}
