//! Compiled files: every example and every standard metric keeps the rules of the canonical form and reads back.

use std::fs;
use std::path::Path;

use fairc::language::program::Program;
use fairc::language::span::Source;
use fairc::language::syntax::import::Loader;

/// Imports from the directory of the examples.
struct Examples;

impl Loader for Examples {
    fn load(&self, _: &str, path: &str) -> Result<Source, String> {
        let text = fs::read_to_string(directory().join(path)).map_err(|error| error.to_string())?;
        Ok(Source { name: path.to_owned(), text: text.into() })
    }
}

fn directory() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/specs"))
}

#[test]
fn every_example_reads_back_as_it_was() {
    let mut programs = 0;
    for entry in fs::read_dir(directory()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "fair") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let Some(program) = fairc::compile(Source { name: name.clone(), text: text.into() }, &Examples).program else {
            continue;
        };
        programs += 1;
        assert_eq!(program.validate(), Ok(()), "{name}");
        let artefact = program.to_artefact();
        let read = Program::from_artefact(&artefact).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read, program, "{name}");
        assert_eq!(read.to_artefact(), artefact, "{name}");
        assert_eq!(read.fingerprint(), program.fingerprint(), "{name}");
    }
    assert!(programs >= 5, "{programs} examples compile");
}

#[test]
fn rows_under_each_keep_the_events_of_their_aggregates() {
    let spec = |body: &str| format!("{}{body}\n", crate::support::HEADER);
    let compiled = |body: &str| crate::support::compile(&spec(body)).program.expect("it compiles");
    let program = compiled("constraint c: each: score <= E[raw(score) | sex == female] + P[age > 30 | race == white]");
    assert_eq!(program.validate(), Ok(()));
    let text = program.canonical_text();
    assert!(text.contains("enforce = always) reads "), "{text}");
    let artefact = program.to_artefact();
    assert!(artefact.contains("\"fairc\": 3"), "{artefact}");
    let read = Program::from_artefact(&artefact).expect("it reads back");
    assert_eq!(read, program);
    // Without events an older reader misses nothing, and specs of before keep their text.
    let plain = compiled("constraint c: each: score <= P[sex == female]").to_artefact();
    assert!(plain.contains("\"fairc\": 2") && !plain.contains("reads"), "{plain}");
    let mut damaged = program.clone();
    damaged.sample_rows[0].reads.reverse();
    assert!(damaged.validate().is_err(), "out of order");
}
