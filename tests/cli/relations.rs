//! Rows about pairs of samples through the commands: those that know them, and those that refuse them.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::Value;

use super::support::{run, text_of, transcript};

const SPEC: &str = "examples/relations/near.fair";
const DATA: &str = "examples/relations/people.csv";
const PAIRS: &str = "near=examples/relations/near.csv";

#[test]
fn the_example_goes_through_the_commands() {
    let of = |arguments: &str| transcript(arguments);
    assert_snapshot!(of(&format!("check {SPEC} --data {DATA}")));
    assert_snapshot!(of(&format!("compile {SPEC} --emit rows")));
    assert_snapshot!(of(&format!("audit {SPEC} --data {DATA}")));
    assert_snapshot!(of(&format!("project {SPEC} --data {DATA}")));
    assert_snapshot!(of(&format!("export {SPEC} --data {DATA} --to json -o -")));
}

/// Every command that reads a spec: what comes of rows about pairs. None may leave them out without a word.
const COMMANDS: &[(&str, &str, &str)] = &[
    ("demo", "", "no spec"),
    ("init", "", "no spec"),
    ("check", "SPEC --data DATA", "takes"),
    ("compile", "SPEC", "takes"),
    ("fmt", "--check SPEC", "takes"),
    ("explain", "", "no spec"),
    ("std", "", "no spec"),
    ("imply", "SPEC SPEC", "of which nothing is proved"),
    ("diff", "SPEC SPEC", "takes"),
    ("impact", "", "no spec"),
    ("project", "SPEC --data DATA", "takes"),
    ("decide", "SPEC --data DATA", "E0709"),
    ("audit", "SPEC --data DATA --pred even", "takes"),
    ("stream", "SPEC --data DATA", "E0709"),
    ("freeze", "SPEC --data DATA --to json -o -", "E0709"),
    ("sql", "SPEC --table people", "E0709"),
    ("price", "SPEC --data DATA --sweep steepness=1,2", "takes"),
    ("export", "SPEC --data DATA --to json -o -", "takes"),
    ("solve", "", "no spec"),
    ("verify", "", "no spec"),
    ("completions", "", "no spec"),
    ("man", "", "no spec"),
    ("lsp", "", "no spec"),
];

/// Commands that a binary without libtorch does not have.
const UNTRIED: [&str; 2] = ["train", "predict"];

#[test]
fn every_command_knows_rows_about_pairs_or_refuses_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("people.csv");
    let lines = fs::read_to_string(super::support::root().join(DATA)).expect("it is there");
    let with_even =
        lines.lines().enumerate().map(|(k, line)| format!("{line},{}\n", if k == 0 { "even" } else { "0.5" }));
    fs::write(&data, with_even.collect::<String>()).expect("it is written");
    let mut names: Vec<String> =
        fairc::cli::commands().into_iter().filter(|it| !UNTRIED.contains(&it.as_str())).collect();
    let mut listed: Vec<&str> = COMMANDS.iter().map(|(name, ..)| *name).collect();
    names.sort();
    listed.sort_unstable();
    assert_eq!(names, listed);
    for (name, arguments, wanted) in COMMANDS.iter().filter(|(_, _, wanted)| *wanted != "no spec") {
        let words = arguments.split_whitespace().map(|word| match word {
            "SPEC" => SPEC,
            "DATA" => text_of(&data),
            other => other,
        });
        let arguments: Vec<&str> = [*name].into_iter().chain(words).collect();
        let done = run(&arguments);
        match *wanted {
            "takes" => assert_eq!(done.code, 0, "{name}: {}{}", done.stdout, done.stderr),
            words => {
                assert_ne!(done.code, 0, "{name}: {}", done.stdout);
                assert!(done.stderr.contains(words), "{name}: {}{}", done.stdout, done.stderr);
            }
        }
    }
}

fn json(arguments: &[&str]) -> (i32, Value) {
    let done = run(&[arguments, &["--format", "json"]].concat());
    (done.code, serde_json::from_str(&done.stdout).unwrap_or_default())
}

/// Nothing to look at is never held.
#[test]
fn an_audit_without_pairs_has_not_checked_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let pairs = folder.path().join("pairs.csv");
    fs::write(&pairs, "i,j,distance\nx,y,0.1\na01,a01,0\n").expect("it is written");
    let table = format!("near={}", text_of(&pairs));
    let (code, audit) = json(&["audit", SPEC, "--data", DATA, "--relation", &table]);
    let verdict = |name: &str| {
        let promises = audit["promises"].as_array().cloned().unwrap_or_default();
        promises.into_iter().find(|it| it["constraint"] == name).map(|it| it["verdict"].clone()).unwrap_or_default()
    };
    assert_eq!(code, 1);
    assert_eq!((verdict("lipschitz"), verdict("ordered")), ("not checked".into(), "not checked".into()));
    let left = &audit["relations"][0];
    assert_eq!((&left["pairs"], &left["absent"], &left["same"]), (&0.into(), &1.into(), &1.into()));
    // The same table as that of the spec, by name.
    let named = json(&["audit", SPEC, "--data", DATA, "--relation", PAIRS]);
    assert_eq!(named, json(&["audit", SPEC, "--data", DATA]));
}

/// A compiled spec finds the table beside it, and a projection keeps what it says.
#[test]
fn projections_of_compiled_specs_hold() {
    let folder = tempfile::tempdir().expect("a folder");
    let (spec, out) = (folder.path().join("near.fairc"), folder.path().join("out.csv"));
    assert_eq!(run(&["compile", SPEC, "-o", text_of(&spec)]).code, 0);
    let missing = run(&["project", text_of(&spec), "--data", DATA, "-o", text_of(&out)]);
    assert!(missing.code != 0 && missing.stderr.contains("near.csv"), "{}", missing.stderr);
    fs::copy(super::support::root().join("examples/relations/near.csv"), folder.path().join("near.csv"))
        .expect("a copy");
    assert_eq!(run(&["project", text_of(&spec), "--data", DATA, "-o", text_of(&out)]).code, 0);
    let (code, audit) = json(&["audit", text_of(&spec), "--data", text_of(&out), "--pred", "score_fair"]);
    assert_eq!((code, &audit["verdict"]), (0, &"held".into()));
    // In batches a pair takes part where both of its samples do.
    let (_, batches) = json(&["project", text_of(&spec), "--data", DATA, "--batch", "4"]);
    let left = &batches["relations"][0];
    let count = |field: &str| left[field].as_u64().unwrap_or_default();
    assert_eq!(count("pairs") + count("apart") + count("absent"), count("lines"));
    assert!(count("pairs") > 0 && count("apart") > 0, "{left}");
}

fn refusal(folder: &Path, data: &str, pairs: &str, spec: &str) -> String {
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("it is written");
    write("d.csv", data);
    write("p.csv", pairs);
    write("s.fair", spec);
    let path = |name: &str| text_of(&folder.join(name)).to_owned();
    let done = run(&["check", &path("s.fair"), "--data", &path("d.csv")]);
    assert_ne!(done.code, 0, "{}", done.stdout);
    format!("{}{}", done.stdout, done.stderr)
}

#[test]
fn what_is_wrong_with_keys_and_tables_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = "column id: key\npredict score: real in [0, 1]\nrelation near from \"p.csv\": (i, j) by id, d: real in [0, 1]\n\
                constraint c: each (i, j) in near: |score[i] - score[j]| <= d\n";
    let people = "id,score\n1,0.5\n2,0.1\n";
    let told = |data: &str, pairs: &str| refusal(folder.path(), data, pairs, spec);
    let twice = told("id,score\n1,0.5\n2,0.1\n01.0,0.3\n", "i,j,d\n1,2,0.1\n");
    assert!(twice.contains("line 4") && twice.contains("`01.0`"), "{twice}");
    let null = told("id,score\n1,0.5\n,0.1\n", "i,j,d\n1,2,0.1\n");
    assert!(null.contains("E0708") && null.contains("line 3"), "{null}");
    let null = told(people, "i,j,d\n1,2,0.1\n1,,0.1\n");
    assert!(null.contains("E0708") && null.contains("p.csv` line 3"), "{null}");
    let range = told(people, "i,j,d\n9,1,0\n1,2,1.5\n");
    assert!(range.contains("E0704") && range.contains("p.csv` line 3"), "{range}");
    let column = told(people, "i,k,d\n1,2,0.5\n");
    assert!(column.contains("E0701") && column.contains("`j`"), "{column}");
    // Beyond doubles two numbers are two keys.
    let large = "id,score\n9007199254740992,0.5\n9007199254740993,0.1\n";
    fs::write(folder.path().join("d.csv"), large).expect("it is written");
    fs::write(folder.path().join("p.csv"), "i,j,d\n9007199254740993,9007199254740992,0.1\n").expect("it is written");
    let path = |name: &str| text_of(&folder.path().join(name)).to_owned();
    let (code, answer) = json(&["check", &path("s.fair"), "--data", &path("d.csv")]);
    assert_eq!((code, &answer["specs"][0]["data"]["relations"][0]["pairs"]), (0, &1.into()), "{answer}");
}

#[test]
fn a_conflict_names_its_pairs_by_their_keys() {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = "column id: key\ncolumn x: int in [0, 2]\npredict score: real in [0, 1]\n\
                relation near from \"p.csv\": (i, j) by id, d: real in [0, 1]\n\
                constraint close: each (i, j) in near: |score[i] - score[j]| <= d\n\
                constraint low: each where x == 1: score <= 0.2\nconstraint high: each where x == 2: score >= 0.8\n";
    let told =
        refusal(folder.path(), "id,x,s\na,1,0\nb,0,0\nc,2,0\ne,0,0\n", "i,j,d\na,b,0.1\na,e,0.1\nb,c,0.2\n", spec);
    let of_pairs = ["`close(a, b)`", "`close(b, c)`", "E0801"].iter().all(|name| told.contains(name));
    assert!(of_pairs && !told.contains("`close(a, e)`"), "{told}");
}

/// A file that the spec names lies in its folder.
#[test]
fn tables_lie_in_the_folder_of_the_spec() {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = "column id: key\npredict score: real in [0, 1]\nrelation near from \"../p.csv\": (i, j) by id\n\
                constraint c: each (i, j) in near: |score[i] - score[j]| <= 0.5\n";
    let told = refusal(folder.path(), "id,score\n1,0.5\n", "i,j\n", spec);
    assert!(told.contains("outside of the folder of the spec"), "{told}");
}

/// The options of dialects are about the data and the pairs, whose names stand in their first record in any case.
#[test]
fn pairs_are_written_as_the_data_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, pairs) = (folder.path().join("people.csv"), folder.path().join("near.csv"));
    let example = |path: &str| fs::read_to_string(super::support::root().join(path)).expect("it is there");
    let (people, near) = (example(DATA), example("examples/relations/near.csv"));
    let (names, rows) = people.split_once('\n').expect("it has a header");
    let elsewhere = |text: &str| text.replace(',', ";").replace('.', ",");
    fs::write(&data, elsewhere(rows)).expect("it is written");
    fs::write(&pairs, elsewhere(&near)).expect("it is written");
    let relation = format!("near={}", text_of(&pairs));
    let dialect = ["--delimiter", ";", "--decimal", ",", "--header", names];
    let audited = |data: &str, pairs: &str, more: &[&str]| {
        let mut arguments = vec!["audit", SPEC, "--data", data, "--relation", pairs, "--format", "json"];
        arguments.extend(more);
        let done = run(&arguments);
        (serde_json::from_str::<Value>(&done.stdout).ok().map(|report| report["rows"].clone()), done.stderr)
    };
    let (rows, told) = audited(text_of(&data), &relation, &dialect);
    assert!(rows.as_ref().is_some_and(|rows| !rows.is_null()), "{told}");
    assert_eq!(rows, audited(DATA, PAIRS, &[]).0);
    let tabs = folder.path().join("near.tsv");
    fs::write(&tabs, near.replace(',', "\t").replace('.', ",")).expect("it is written");
    assert_eq!(rows, audited(text_of(&data), &format!("near={}", text_of(&tabs)), &dialect).0);
    // No option names the delimiter of the pairs alone, so the help does not.
    for (data, pairs, options, mark) in
        [(text_of(&data), PAIRS, &dialect[..], "`;`"), (DATA, &relation, &[][..], "`,`")]
    {
        let (_, told) = audited(data, pairs, options);
        assert!(told.contains(&format!("write the pairs with {mark} between their columns")), "{told}");
    }
}
