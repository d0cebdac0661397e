//! Groups from events, tables of params and neighbours, through the commands.

use insta::assert_snapshot;

use super::support::{run, transcript};

const SPEC: &str = "tests/fixtures/cli/tables.fair";
const DATA: &str = "tests/fixtures/cli/people.csv";

#[test]
fn a_spec_by_level_goes_through_the_commands() {
    assert_snapshot!(transcript("check @/tables.fair --data @/people.csv --set tol[male]=1%"));
    assert_snapshot!(transcript("compile @/tables.fair --emit hir"));
    assert_snapshot!(transcript("compile @/tables.fair --emit rows"));
    assert_snapshot!(transcript("audit @/tables.fair --data @/people.csv"));
    assert_snapshot!(transcript("price @/tables.fair --data @/people.csv --sweep tol[male]=0,0.1"));
}

#[test]
fn an_entry_of_a_table_is_set_by_its_name() {
    let judged = |settings: &[&str]| {
        let mut arguments = vec!["audit", SPEC, "--data", DATA, "--format", "json"];
        settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
        run(&arguments).stdout
    };
    let json = judged(&["tol[male]=0.004"]);
    assert_eq!(json, judged(&[" tol [ male ] = 0.4%"]));
    assert_ne!(json, judged(&[]));
    assert!(json.contains("tol[male] = 0.004"), "{json}");
}

#[test]
fn mistakes_with_entries_are_told() {
    assert_snapshot!(transcript("audit @/tables.fair --data @/people.csv --set tol=4%"));
    assert_snapshot!(transcript("audit @/tables.fair --data @/people.csv --set tol[mail]=4%"));
    assert_snapshot!(transcript("audit @/tables.fair --data @/people.csv --set tol[male]=4"));
    assert_snapshot!(transcript("price @/tables.fair --data @/people.csv --sweep tol"));
}

/// A compiled spec, and the same spec written out, are the same spec.
#[test]
fn compiled_and_written_out_specs_agree() {
    let written = "column sex: {female, male, other}\ncolumn age: int in [18, 99]\npredict score: real in [0, 1]\n\
        param `tol[female]` = 5% in [0, 1]\nparam `tol[male]` = 5% in [0, 1]\nparam `tol[other]` = 20% in [0, 1]\n\
        constraint a: |E[score | sex == female] - E[score]| <= `tol[female]`\n\
        constraint b: |E[score | sex == male] - E[score]| <= `tol[male]`\n\
        constraint c: |E[score | sex == other] - E[score]| <= `tol[other]`\n\
        constraint d: |E[score | age < 30] - E[score | age >= 30, age < 40]| <= 15%\n\
        constraint e: |E[score | age >= 30, age < 40] - E[score | age >= 40]| <= 15%\n\
        constraint f: E[score | age < 25] >= E[score | not (age < 25), not (age >= 45)] - `tol[female]`\n";
    let folder = tempfile::tempdir().expect("a folder");
    let (other, compiled) = (folder.path().join("written.fair"), folder.path().join("tables.fairc"));
    std::fs::write(&other, written).expect("it is written");
    let (other, compiled) = (super::support::text_of(&other), super::support::text_of(&compiled));
    assert_eq!(run(&["compile", SPEC, "-o", compiled]).code, 0);
    let fingerprint = |spec: &str| {
        let done = run(&["check", spec, "--format", "json"]);
        let json: serde_json::Value = serde_json::from_str(&done.stdout).expect("it is JSON");
        json["specs"][0]["fingerprint"].as_str().map(str::to_owned)
    };
    assert!(fingerprint(SPEC).is_some());
    assert_eq!(fingerprint(SPEC), fingerprint(compiled));
    assert_eq!(fingerprint(SPEC), fingerprint(other));
    let diff = run(&["diff", SPEC, other]);
    assert_eq!(diff.code, 0, "{}{}", diff.stdout, diff.stderr);
    let implied = run(&["imply", SPEC, other]);
    assert_eq!(implied.code, 0, "{}{}", implied.stdout, implied.stderr);
}
