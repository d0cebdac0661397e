//! Diagnostics as JSON, for editors and scripts.
//!
//! ```json
//! {"code": "E0401", "severity": "error", "message": "..", "help": "..",
//!  "labels": [{"file": "a.fair", "start": 10, "end": 15, "line": 2, "column": 3, "text": "score", "label": ".."}]}
//! ```
//!
//! `start` and `end` are byte offsets into the file, `line` and `column` count from 1 (columns in characters), and
//! `text` is what stands between the offsets. Where a fix is known there are also `edits`
//! (`[{"file", "start", "end", "text"}]`), and `sure` where the author can have meant nothing else. The first label is the smallest expression at fault.

use serde::Serialize;

use super::{Diagnostic, Label};
use crate::span::Sources;

/// One diagnostic.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    pub code: String,
    pub severity: &'static str,
    pub message: String,
    pub help: Option<String>,
    pub labels: Vec<Place>,
    /// Changes of the text that, made together, remove the fault; offsets are bytes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Change>,
    /// Whether `fairc check --fix` makes them.
    #[serde(skip_serializing_if = "is_false")]
    pub sure: bool,
}

/// What stands from `start` to `end` of a file becomes `text`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    pub file: String,
    pub start: u32,
    pub end: u32,
    pub text: String,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// A place in a spec, or in a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Place {
    pub file: String,
    /// `None` in a table.
    pub start: Option<u32>,
    pub end: Option<u32>,
    /// `None` where the format of a table has no lines, or the place is the whole table.
    pub line: Option<u64>,
    pub column: Option<ColumnPlace>,
    /// The text at fault.
    pub text: String,
    /// What is said about it.
    pub label: String,
}

/// Where on the line: a count of characters in a text, a name in a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ColumnPlace {
    Number(usize),
    Name(String),
}

impl Entry {
    pub fn new(diagnostic: &Diagnostic, sources: &Sources) -> Entry {
        let change = |edit: &super::Edit| Change {
            file: sources.name(edit.span.source).to_owned(),
            start: edit.span.start,
            end: edit.span.end,
            text: edit.text.clone(),
        };
        Entry {
            code: diagnostic.code.0.to_owned(),
            severity: diagnostic.severity().word(),
            message: diagnostic.message.clone(),
            help: diagnostic.help.clone(),
            labels: diagnostic.labels.iter().map(|label| Place::new(label, sources)).collect(),
            edits: diagnostic.fix.iter().flat_map(|fix| &fix.edits).map(change).collect(),
            sure: diagnostic.fix.as_ref().is_some_and(|fix| fix.sure),
        }
    }
}

impl Place {
    fn new(label: &Label, sources: &Sources) -> Place {
        let span = label.span;
        let at = sources.line_column(span.source, span.start);
        Place {
            file: sources.name(span.source).to_owned(),
            start: Some(span.start),
            end: Some(span.end),
            line: Some(at.line as u64),
            column: Some(ColumnPlace::Number(at.column)),
            text: sources.text(span).to_owned(),
            label: label.text.clone(),
        }
    }
}
