//! A text that was laid out is laid out already, and says what it said.

#![no_main]

use fairc_language::Compilation;
use fairc_language::span::{Source, SourceId};
use fairc_language::syntax::format;
use fairc_language::syntax::import::NoImports;
use libfuzzer_sys::fuzz_target;

fn compiled(text: &str) -> Compilation {
    fairc_language::compile(Source { name: "spec.fair".into(), text: text.into() }, &NoImports)
}

fuzz_target!(|text: &str| {
    let Ok(once) = format(SourceId::default(), text) else { return };
    let twice = format(SourceId::default(), &once).expect("what was laid out can be read");
    assert_eq!(once, twice);
    if let Some(program) = compiled(text).program {
        let again = compiled(&once).program.expect("it still compiles");
        assert_eq!(program.fingerprint(), again.fingerprint());
    }
});
