//! What the tests of the language share: compiling a text, and telling what was found.

use fairc::Compilation;
use fairc::language::span::Source;
use fairc::language::syntax::import::{Loader, NoImports};

/// Declarations that most small specs begin with.
pub const HEADER: &str = "\
column sex: {female, male}
column race: {white, black, asian, other}?
column age: real in [0, 120]
label income: {0, 1}
predict score: real in [0, 1]
param eps = 0.02 in [0, 1]
";

pub fn compile(text: &str) -> Compilation {
    compile_with(text, &NoImports)
}

pub fn compile_with(text: &str, loader: &dyn Loader) -> Compilation {
    fairc::compile(Source { name: "spec.fair".into(), text: text.into() }, loader)
}

/// `CODE underlined text` of every finding, in order; unused columns of the header are left out.
pub fn findings(compilation: &Compilation) -> Vec<String> {
    let finding = |diagnostic: &fairc::language::diagnostic::Diagnostic| {
        let span = diagnostic.labels.first().map(|label| label.span).unwrap_or_default();
        let in_header = (span.start as usize) < HEADER.len() && diagnostic.code.0 == "W0101";
        (!in_header).then(|| format!("{} {}", diagnostic.code.0, compilation.sources.text(span)))
    };
    compilation.diagnostics.iter().filter_map(finding).collect()
}

/// The fingerprint of a spec that compiles.
pub fn fingerprint(text: &str) -> String {
    let compilation = compile(text);
    match &compilation.program {
        Some(program) => program.fingerprint().to_string(),
        None => panic!("does not compile: {:?}\n{text}", findings(&compilation)),
    }
}
