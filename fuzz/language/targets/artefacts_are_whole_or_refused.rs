//! Any text is a compiled spec that is written again to the same meaning, or is refused. Hashes are made here where the
//! text has others: they find accidents, not intent.

#![no_main]

use fairc_language::program::Program;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let _refused = Program::from_artefact(text);
    let Ok(mut file) = serde_json::from_str::<Value>(text) else { return };
    let Some(content) = file.get_mut("program").map(Value::take) else { return };
    let Ok(program) = serde_json::from_value::<Program>(content) else { return };
    if program.validate().is_err() {
        return;
    }
    let again = Program::from_artefact(&program.to_artefact()).expect("what was written can be read");
    assert_eq!(again.fingerprint(), program.fingerprint());
    assert_eq!(again.canonical_text(), program.canonical_text());
});
