//! A spec that compiles is written as a `.fairc`, read back, and is the same.

#![no_main]

use fairc_language::program::Program;
use fairc_language::span::Source;
use fairc_language::syntax::import::NoImports;
use libfuzzer_sys::fuzz_target;

/// Declarations that the rest of a spec may read, so that more of it compiles.
const HEADER: &str = "column sex: {f, m}\ncolumn race: {a, b, c}?\ncolumn age: real in [0, 120]\nlabel y: {0, 1}\n\
                      predict score: real in [0, 1]\nparam eps = 2% in [0, 1]\n";

fuzz_target!(|rest: &str| {
    let text = format!("{HEADER}{rest}");
    let compilation = fairc_language::compile(Source { name: "spec.fair".into(), text: text.into() }, &NoImports);
    let Some(program) = compilation.program else { return };
    let written = program.to_artefact();
    let back = Program::from_artefact(&written).expect("what was written can be read");
    assert_eq!(back.fingerprint(), program.fingerprint());
    assert_eq!(back.canonical_text(), program.canonical_text());
    assert_eq!(back.to_artefact(), written);
});
