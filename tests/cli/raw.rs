//! `raw(score)` through the commands, a table of two domains, and samples in no level of a group of events.

use insta::assert_snapshot;
use serde_json::Value;

use super::support::{run, text_of, transcript};

const SPEC: &str = "tests/fixtures/cli/raw.fair";
const DATA: &str = "tests/fixtures/cli/people.csv";

#[test]
fn a_spec_of_raw_predictions_goes_through_the_commands() {
    assert_snapshot!(transcript("check @/raw.fair --data @/people.csv --set tol[female*late]=1%"));
    assert_snapshot!(transcript("compile @/raw.fair --emit rows"));
    assert_snapshot!(transcript("compile @/raw.fair --emit hir"));
    assert_snapshot!(transcript("price @/raw.fair --data @/people.csv --sweep tol[female*late]=0,0.1"));
    assert_snapshot!(transcript("freeze @/raw.fair --data @/people.csv --to json -o -"));
    assert_snapshot!(transcript("export @/raw.fair --data @/people.csv --to json -o -"));
}

/// What came out is judged by what went in, or not at all.
#[test]
fn an_audit_is_told_where_the_raw_predictions_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let fair = folder.path().join("fair.csv");
    let fair = text_of(&fair);
    assert_eq!(run(&["project", SPEC, "--data", DATA, "-o", fair]).code, 0);
    let audit = |more: &[&str]| {
        let mut arguments = vec!["audit", SPEC, "--data", fair, "--pred", "score_fair", "--format", "json"];
        arguments.extend(more);
        let done = run(&arguments);
        let json: Value = serde_json::from_str(&done.stdout).unwrap_or_default();
        let promises = json["promises"].as_array().cloned().unwrap_or_default();
        let of = |promise: &Value| format!("{}: {}", promise["constraint"], promise["verdict"]).replace('"', "");
        (done.code, json["verdict"].clone(), promises.iter().map(of).collect::<Vec<_>>())
    };
    let (code, verdict, promises) = audit(&[]);
    assert_eq!((code, verdict.as_str()), (1, Some("not checked")), "{promises:?}");
    for promise in ["floor: not checked", "kept: not checked", "high: not checked", "near: held"] {
        assert!(promises.iter().any(|known| known == promise), "{promise} of {promises:?}");
    }
    let (code, verdict, promises) = audit(&["--raw", "score"]);
    assert_eq!((code, verdict.as_str()), (0, Some("held")), "{promises:?}");
    // Other predictions of before: other promises.
    let (code, verdict, _) = audit(&["--raw", "hired"]);
    assert_eq!((code, verdict.as_str()), (1, Some("violated")));
    let missing = run(&["audit", SPEC, "--data", fair, "--pred", "score_fair", "--raw", "scor"]);
    assert_eq!(missing.code, 1);
    assert!(missing.stderr.contains("has no column `scor`"), "{}", missing.stderr);
}

/// A compiled spec is the same spec.
#[test]
fn a_compiled_spec_reads_raw_predictions_and_counts_samples_in_no_level() {
    let folder = tempfile::tempdir().expect("a folder");
    let compiled = folder.path().join("raw.fairc");
    let compiled = text_of(&compiled);
    assert_eq!(run(&["compile", SPEC, "-o", compiled]).code, 0);
    let json = |spec: &str| {
        let done =
            run(&["project", spec, "--data", DATA, "-o", text_of(&folder.path().join("out.csv")), "--format", "json"]);
        let json: Value = serde_json::from_str(&done.stdout).unwrap_or_default();
        (done.code, json["rows"].clone(), json["unplaced"].clone(), json["distance"].clone())
    };
    let (written, again) = (json(SPEC), json(compiled));
    assert_eq!(written, again);
    assert_eq!(written.0, 0);
    let groups = written.2.as_array().expect("a list");
    let of = |group: &Value| (group["column"].clone(), group["no_event"].as_u64());
    let counted: Vec<_> = groups.iter().map(of).collect();
    let expected = std::fs::read_to_string(super::support::root().join(DATA)).expect("it is there");
    let middle = |line: &&str| {
        line.split(',').nth(1).and_then(|age| age.parse().ok()).is_some_and(|age: f64| (25.0..45.0).contains(&age))
    };
    let expected = expected.lines().skip(1).filter(middle).count();
    assert_eq!(counted, [(Value::from("stage"), Some(expected as u64))]);
}
