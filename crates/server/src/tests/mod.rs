//! Sessions against files in memory.

mod features;
mod latency;
mod protocol;
mod random;
mod transport;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fairc_language::span::Source;
use fairc_language::syntax::import::Loader;
use gen_lsp_types::Uri;
use lsp_server::{Notification, Request, RequestId};
use serde_json::{Value, json};

use crate::host::{Checked, Host, Open};
use crate::session::Session;

/// Files that are not there.
#[derive(Default)]
pub struct Memory {
    pub files: BTreeMap<PathBuf, String>,
}

struct Files<'m>(&'m Memory, &'m Path, &'m str, &'m Open);

impl Loader for Files<'_> {
    fn load(&self, importer: &str, path: &str) -> Result<Source, String> {
        let path = Path::new(importer).parent().unwrap_or(Path::new("")).join(path);
        let open = self.3.iter().find(|(open, _)| *open == path).map(|(_, text)| text.to_string());
        let root = (path == self.1).then(|| self.2.to_owned());
        let text = root.or(open).or_else(|| self.0.files.get(&path).cloned());
        let text = text.ok_or_else(|| "there is no such file".to_owned())?;
        Ok(Source { name: path.display().to_string(), text: text.into() })
    }
}

impl Host for Memory {
    fn check(&self, path: &Path, text: &str, open: &Open) -> Checked {
        let root = Source { name: path.display().to_string(), text: text.into() };
        let compilation = fairc_language::compile(root, &Files(self, path, text, open));
        Checked { diagnostics: compilation.diagnostics.clone(), compilation }
    }

    fn specs(&self, folder: &Path) -> Vec<PathBuf> {
        self.files.keys().filter(|path| path.starts_with(folder)).cloned().collect()
    }

    fn read(&self, path: &Path) -> Option<String> {
        self.files.get(path).cloned()
    }

    fn library(&self, metric: &str, _: &str) -> Option<PathBuf> {
        Some(PathBuf::from(format!("/library/std/{metric}.fair")))
    }
}

/// A session with a document, in which `‸` stands for the cursor.
pub struct Editor<'h> {
    pub session: Session<'h>,
    pub cursor: Value,
}

pub const SPEC: &str = "file:///specs/spec.fair";

impl<'h> Editor<'h> {
    pub fn new(host: &'h Memory, text: &str) -> Editor<'h> {
        let params = json!({
            "processId": null,
            "rootUri": null,
            "workspaceFolders": [{"uri": "file:///specs", "name": "specs"}],
            "capabilities": {"textDocument": {"completion": {"completionItem": {"snippetSupport": true}}}},
        });
        let session = Session::new(&serde_json::from_value(params).unwrap(), host);
        let mut editor = Editor { session, cursor: Value::Null };
        editor.open(SPEC, text);
        editor
    }

    /// Opens a document; its cursor, if it has one, is where requests are about from now on.
    pub fn open(&mut self, uri: &str, text: &str) {
        let plain = text.replace('‸', "");
        if let Some(before) = text.split('‸').next().filter(|_| text.contains('‸')) {
            let (line, rest) = (before.matches('\n').count(), before.rsplit('\n').next().unwrap_or_default());
            let position = json!({"line": line, "character": rest.encode_utf16().count()});
            self.cursor = json!({"textDocument": {"uri": uri}, "position": position});
        }
        let document = json!({"uri": uri, "languageId": "fair", "version": 1, "text": plain});
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
    }

    pub fn tell(&mut self, method: &str, params: Value) {
        self.session.take(Notification { method: method.to_owned(), params });
    }

    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let request = Request { id: RequestId::from(1), method: method.to_owned(), params };
        match self.session.answer(request).response_result {
            Ok(value) => value,
            Err(error) => json!({"refused": error.message}),
        }
    }

    /// A request about the cursor, with more parameters.
    pub fn at_cursor(&mut self, method: &str, more: &Value) -> Value {
        let mut params = self.cursor.clone();
        if let (Some(params), Some(more)) = (params.as_object_mut(), more.as_object()) {
            params.extend(more.clone());
        }
        self.ask(method, params)
    }

    pub fn about(&mut self, method: &str, uri: &str, more: &Value) -> Value {
        let mut params = json!({"textDocument": {"uri": uri}});
        if let (Some(params), Some(more)) = (params.as_object_mut(), more.as_object()) {
            params.extend(more.clone());
        }
        self.ask(method, params)
    }

    pub fn text(&self, uri: &str) -> String {
        self.session.document(&Uri::from(uri)).map(|document| document.text.to_string()).unwrap_or_default()
    }
}
