//! fairc in a browser: what the command line says of a spec and of a table, as JSON for a page.
//!
//! ```text
//! spec ─check→ diagnostics, as `fairc check`; places in UTF-16, fingerprint, rows, tokens
//! spec + table ─project→ report, as `fairc project`; predictions, and a picture of them by group
//! ```
//!
//! Nothing is decided here: `fairc::tasks` does the work, as for the command line, and speaks its words. A spec is one text:
//! there are no files, so imports lead nowhere.

mod checked;
mod groups;
mod picture;
mod projected;
mod utf16;

use std::io::Cursor;

use fairc::language::diagnostic::mend_sure;
use fairc::language::explain;
use fairc::language::span::{Source, SourceId};
use fairc::language::syntax::format as formatted;
use fairc::language::syntax::import::NoImports;
use fairc::runtime::project::Settings;
use fairc::runtime::solve_record::solve_lines;
use fairc::source::{Content, Spec};
use wasm_bindgen::prelude::wasm_bindgen;

/// What messages call the spec.
const NAME: &str = "spec.fair";

fn compiled(text: &str) -> Spec {
    let compilation = fairc::compile(Source { name: NAME.to_owned(), text: text.into() }, &NoImports);
    Spec { name: NAME.to_owned(), content: Content::Source(Box::new(compilation)) }
}

/// The version, as `fairc --version` prints it.
#[wasm_bindgen]
pub fn version() -> String {
    format!("fairc {}", env!("CARGO_PKG_VERSION"))
}

/// All that is known of a spec, as JSON: `CheckedSpec` of the types.
#[wasm_bindgen]
pub fn check(spec: &str) -> String {
    checked::json(spec)
}

/// The spec after all mistakes are mended that can only be meant in one way, as by `fairc check --fix`.
#[wasm_bindgen]
pub fn mend(spec: &str) -> String {
    mend_sure(spec, |text| compiled(text).diagnostics().to_vec()).0
}

/// The spec as `fairc fmt` lays it out; as it is where it cannot be read.
#[wasm_bindgen]
pub fn format(spec: &str) -> String {
    formatted(SourceId::default(), spec).unwrap_or_else(|_| spec.to_owned())
}

/// The page of a code, as `fairc explain` prints it.
#[wasm_bindgen]
pub fn explain_code(code: &str) -> Option<String> {
    explain::page(code).map(|page| page.plain())
}

/// Problems as JSON lines to answers as JSON lines, as `fairc solve`.
#[wasm_bindgen]
pub fn solve(problems: &str) -> String {
    let mut out = Vec::new();
    // Nothing in memory fails to be read or written.
    let _summary = solve_lines(Cursor::new(problems), &mut out, &Settings::default());
    String::from_utf8(out).unwrap_or_default()
}

/// A table in a spec's terms: report and predictions.
#[wasm_bindgen]
pub struct Answer {
    json: String,
    predictions: Vec<f64>,
}

#[wasm_bindgen]
impl Answer {
    /// The report, as JSON: `ProjectedTable` of the types.
    #[wasm_bindgen(getter)]
    pub fn json(&self) -> String {
        self.json.clone()
    }

    /// The predictions that satisfy the spec, in the order of the table; none where there is no answer.
    #[wasm_bindgen(getter)]
    pub fn predictions(&self) -> Vec<f64> {
        self.predictions.clone()
    }
}

/// The predictions of a table that are closest to its own and satisfy the spec, as `fairc project` finds them. The end of `name`
/// tells its format, CSV if there is no other; `settings` is a JSON object of params.
#[wasm_bindgen]
pub fn project(spec: &str, name: &str, table: &[u8], settings: &str) -> Answer {
    let (json, predictions) = projected::json(spec, name, table, settings);
    Answer { json, predictions }
}
