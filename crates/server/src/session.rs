//! What is known of one client: its documents, and how it counts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use gen_lsp_types::{
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams, InitializeParams, Uri,
    WorkspaceFolders,
};
use lsp_server::Notification;

use crate::analysis::Analysis;
use crate::document::Document;
use crate::host::Host;
use crate::position::Encoding;
use crate::uri::{path_of, uri_of};

pub struct Session<'h> {
    pub host: &'h dyn Host,
    pub encoding: Encoding,
    /// The client shows snippets.
    pub snippets: bool,
    /// The folders that the client works in.
    pub folders: Vec<PathBuf>,
    documents: BTreeMap<String, Document>,
}

impl<'h> Session<'h> {
    pub fn new(params: &InitializeParams, host: &'h dyn Host) -> Session<'h> {
        let general = params.capabilities.general.as_ref();
        let offered = general.and_then(|general| general.position_encodings.as_deref());
        let completion = params.capabilities.text_document.as_ref().and_then(|of| of.completion.as_ref());
        let snippets = completion.and_then(|of| of.completion_item.as_ref()).and_then(|of| of.snippet_support);
        let folders = match &params.workspace_folders_initialize_params.workspace_folders {
            Some(WorkspaceFolders::WorkspaceFolderList(folders)) => {
                folders.iter().filter_map(|folder| path_of(&folder.uri)).collect()
            }
            Some(WorkspaceFolders::Null) | None => older_root(params),
        };
        Session {
            host,
            encoding: Encoding::chosen(offered.unwrap_or_default()),
            snippets: snippets.unwrap_or(false),
            folders,
            documents: BTreeMap::new(),
        }
    }

    pub fn document(&self, uri: &Uri) -> Option<&Document> {
        self.documents.get(&uri.0)
    }

    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        self.documents.values()
    }

    /// The document with this path, if it is open.
    pub fn open_at(&self, path: &Path) -> Option<&Document> {
        self.documents.values().find(|document| document.path == path)
    }

    /// What a location in this file is called.
    pub fn uri(&self, path: &Path) -> Uri {
        self.open_at(path).map_or_else(|| uri_of(path), |document| document.uri.clone())
    }

    /// The texts in place of files.
    pub fn open(&self) -> Vec<(PathBuf, Arc<str>)> {
        self.documents.values().map(|document| (document.path.clone(), document.text.clone())).collect()
    }

    /// What came of a document, checked if need be.
    pub fn analysis(&mut self, uri: &Uri) -> Option<Rc<Analysis>> {
        let document = self.documents.get(&uri.0)?;
        if let Some(known) = &document.analysis {
            return Some(known.clone());
        }
        let checked = self.host.check(&document.path, &document.text, &self.open());
        let analysis = Rc::new(Analysis::new(checked, self.encoding));
        self.documents.get_mut(&uri.0)?.analysis = Some(analysis.clone());
        Some(analysis)
    }

    /// Whether the document is a file of the library, which is looked at and not checked.
    pub fn is_library(&self, uri: &Uri) -> bool {
        let Some(document) = self.document(uri) else { return false };
        let metric = document.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        fairc_language::library::find(metric) == Some(&*document.text)
    }

    /// Takes a notification in; the document that was closed, if one was.
    pub fn take(&mut self, notification: Notification) -> Option<Uri> {
        let Notification { method, params } = notification;
        match method.as_str() {
            "textDocument/didOpen" => {
                if let Ok(DidOpenTextDocumentParams { text_document: it }) = serde_json::from_value(params) {
                    let document = Document::new(it.uri, it.version, it.text);
                    let path = document.path.clone();
                    self.documents.insert(document.uri.0.clone(), document);
                    self.forget(&path);
                }
            }
            "textDocument/didChange" => {
                if let Ok(change) = serde_json::from_value::<DidChangeTextDocumentParams>(params) {
                    self.change(change);
                }
            }
            "textDocument/didClose" => {
                if let Ok(closed) = serde_json::from_value::<DidCloseTextDocumentParams>(params) {
                    let uri = closed.text_document.uri;
                    if let Some(document) = self.documents.remove(&uri.0) {
                        self.forget(&document.path);
                        return Some(uri);
                    }
                }
            }
            // Files that are not open may have changed.
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => {
                for document in self.documents.values_mut() {
                    (document.analysis, document.untold) = (None, true);
                }
            }
            _ => {}
        }
        None
    }

    fn change(&mut self, change: DidChangeTextDocumentParams) {
        let encoding = self.encoding;
        let of = change.text_document;
        let Some(document) = self.documents.get_mut(&of.text_document_identifier.uri.0) else { return };
        document.version = of.version;
        document.change(change.content_changes, encoding);
        let path = document.path.clone();
        self.forget(&path);
    }

    /// The text of this path is another: whatever was made of it has to be made again.
    fn forget(&mut self, path: &Path) {
        for document in self.documents.values_mut() {
            // An import that is not found may be this one.
            let reads = document.path == path || document.analysis.as_ref().is_none_or(|known| known.reads(path));
            if reads {
                (document.analysis, document.untold) = (None, true);
            }
        }
    }

    /// A document of whose diagnostics the client does not know, with its version; from now on it counts as told.
    pub fn untold(&mut self) -> Option<(Uri, i32)> {
        let document = self.documents.values_mut().find(|document| document.untold)?;
        document.untold = false;
        Some((document.uri.clone(), document.version))
    }
}

/// The folder of clients that know of one only.
#[allow(deprecated)] // By the protocol, in favour of several.
fn older_root(params: &InitializeParams) -> Vec<PathBuf> {
    params.root_uri.iter().filter_map(path_of).collect()
}
