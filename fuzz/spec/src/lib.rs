//! What the targets of specs on data share.

pub mod meaning;
pub mod table;

use fairc::language::program::Program;
use serde_json::Value;

/// Declarations that the rest of a spec may read, so that more of it compiles.
pub const HEADER: &str = "column sex: {f, m}\ncolumn race: {a, b, c}?\ncolumn age: real in [0, 120]\nlabel y: {0, 1}\n\
                          predict score: real in [0, 1]\nparam eps = 2% in [0, 1]\n";

/// The program of a text: a compiled spec if it is JSON, with hashes that fit, else what follows [`HEADER`].
pub fn program(text: &str) -> Option<Program> {
    if text.trim_start().starts_with('{') {
        let mut file = serde_json::from_str::<Value>(text).ok()?;
        let program: Program = serde_json::from_value(file.get_mut("program")?.take()).ok()?;
        return program.validate().is_ok().then_some(program);
    }
    let source = fairc::language::span::Source { name: "spec.fair".into(), text: format!("{HEADER}{text}").into() };
    fairc::compile(source, &fairc::language::syntax::import::NoImports).program
}
