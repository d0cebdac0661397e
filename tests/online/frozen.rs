//! Per-group offsets: the projection of the reference data, the same for everyone in a group, in JSON and in SQL.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{COLUMNS, people, run};

const ROWS: &str = "constraint towns: forall (a, b) in pairs(town): |E[score | town == a] - E[score | town == b]| <= eps\n\
                    constraint old: |E[score | age >= 60] - E[score | 30 <= age and age < 45 and town != north]| <= 0.05\n\
                    constraint odds: forall c in income: |E[score | sex == f, income == c] - E[score | sex == m, income == c]| <= eps\n\
                    constraint sexes: |E[score | sex == f] - E[score | sex == m]| <= eps\n";

fn values(path: &Path, column: &str) -> Vec<f64> {
    let text = fs::read_to_string(path).unwrap();
    crate::support::column(&text, column).iter().map(|value| value.parse().unwrap()).collect()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("spec.fair"), format!("{COLUMNS}{ROWS}")).unwrap();
    fs::write(folder.path().join("people.csv"), people(900, 21)).unwrap();
    fs::write(folder.path().join("others.csv"), people(400, 22)).unwrap();
    folder
}

#[test]
fn on_the_reference_data_the_shifts_are_the_projection() {
    let folder = folder();
    let path = folder.path();
    // Without the label, as where shifts are applied.
    let spec = fs::read_to_string(path.join("spec.fair")).unwrap();
    let unlabelled: String =
        spec.lines().filter(|line| !line.contains("odds")).map(|line| format!("{line}\n")).collect();
    fs::write(path.join("unlabelled.fair"), unlabelled).unwrap();
    for spec in ["spec.fair", "unlabelled.fair"] {
        let (code, out, error) = run(&["freeze", spec, "--data", "people.csv", "-o", "shifts.json"], path);
        assert_eq!(code, 0, "{error}");
        assert!(out.contains("town ") && out.contains("offsets from 900 samples"), "{out}");
        let frozen = ["project", spec, "--data", "people.csv", "--frozen", "shifts.json", "-o", "frozen.csv"];
        let (code, _, error) = run(&frozen, path);
        assert_eq!(code, 0, "{error}");
        let (code, ..) = run(&["project", "unlabelled.fair", "--data", "people.csv", "-o", "projected.csv"], path);
        assert_eq!(code, 0);
        let (a, b) =
            (values(&path.join("frozen.csv"), "score_fair"), values(&path.join("projected.csv"), "score_fair"));
        let worst = a.iter().zip(&b).fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()));
        assert!(worst <= 1e-12, "{worst}");
    }
}

#[test]
fn sql_gives_the_same_numbers() {
    let folder = folder();
    let path = folder.path();
    assert_eq!(run(&["freeze", "spec.fair", "--data", "people.csv", "-o", "shifts.json"], path).0, 0);
    assert_eq!(run(&["freeze", "spec.fair", "--data", "people.csv", "-o", "shifts.sql"], path).0, 0);
    for data in ["people.csv", "others.csv"] {
        let frozen = ["project", "spec.fair", "--data", data, "--frozen", "shifts.json", "-o", "out.csv", "--quiet"];
        let (code, _, error) = run(&frozen, path);
        assert_eq!(code, 0, "{error}");
        let script = "import csv, sqlite3, sys\n\
                      rows = list(csv.DictReader(open(sys.argv[1])))\n\
                      base = sqlite3.connect(':memory:')\n\
                      base.execute('create table people (id integer, town text, sex text, age real, score real)')\n\
                      base.executemany('insert into people values (?, ?, ?, ?, ?)', [(i, r['town'], r['sex'], \
                      float(r['age']), float(r['score'])) for i, r in enumerate(rows)])\n\
                      for (y,) in base.execute('select ' + open('shifts.sql').read() + ' from people order by id'):\n\
                      \x20   print(repr(y))\n";
        let output = Command::new("python3").args(["-c", script, data]).current_dir(path).output().expect("python3");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let theirs: Vec<f64> = text.lines().map(|line| line.parse().unwrap()).collect();
        assert_eq!(theirs, values(&path.join("out.csv"), "score_fair"), "{data}");
    }
}

#[test]
fn nulls_and_unseen_cells_have_shifts_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let spec = "column race: {a, b, c}?\ncolumn age: real?\npredict score: real in [0, 1]\n\
                constraint pair: |E[score | race == a] - E[score | race == b]| <= 0.1\n\
                constraint young: |E[score | age < 30] - E[score]| <= 0.02\n";
    fs::write(path.join("spec.fair"), spec).unwrap();
    fs::write(path.join("few.csv"), "race,age,score\na,20,0.9\nb,40,0.1\na,50,0.8\nb,25,0.3\n").unwrap();
    fs::write(path.join("new.csv"), "race,age,score\n,20,0.5\nother,,0.5\nc,90,0.5\na,29.9,0.95\n").unwrap();
    let (code, out, error) =
        run(&["--format", "json", "freeze", "spec.fair", "--data", "few.csv", "-o", "s.json"], path);
    assert_eq!(code, 0, "{error}");
    let cells: serde_json::Value = serde_json::from_str(&out).unwrap();
    let all = cells["cells"].as_array().unwrap();
    assert_eq!(all.len(), 6, "{all:#?}");
    let add = |conditions: [&str; 2]| {
        let fits = |cell: &&serde_json::Value| conditions.iter().all(|c| cell["when"].as_str().unwrap().contains(c));
        let mut found = all.iter().filter(fits);
        let cell = found.next().unwrap_or_else(|| panic!("{conditions:?} in {all:#?}"));
        assert!(found.next().is_none(), "{conditions:?} in {all:#?}");
        cell["add"].as_f64().unwrap()
    };
    let neither = "not race in {\"a\", \"b\"}";
    let frozen = ["project", "spec.fair", "--data", "new.csv", "--frozen", "s.json", "-o", "out.csv", "-q"];
    let (code, _, error) = run(&frozen, path);
    assert_eq!(code, 0, "{error}");
    let y = values(&path.join("out.csv"), "score_fair");
    assert_eq!(y[0], 0.5 + add([neither, "age < 30"]));
    assert_eq!((y[1], y[2]), (0.5 + add([neither, "age is null"]), 0.5 + add([neither, "age >= 30"])));
    assert_eq!(y[3], (0.95 + add(["race == \"a\"", "age < 30"])).clamp(0.0, 1.0));
    assert!(y[0] != y[1], "the young are moved by a row of their own");
}

#[test]
fn what_cannot_be_frozen_is_refused() {
    let folder = folder();
    let path = folder.path();
    let refused = |arguments: &[&str], code: i32, words: &str| {
        let (found, _, error) = run(arguments, path);
        assert!(found == code && error.contains(words), "{words}: {found} {error}");
    };
    fs::write(path.join("cov.fair"), format!("{COLUMNS}constraint free: |Cov[score, age]| <= 0.01\n")).unwrap();
    refused(
        &["freeze", "cov.fair", "--data", "people.csv", "-o", "s.json"],
        2,
        "row `free` weighs predictions by `age`, which differs within groups",
    );
    let each = format!("{COLUMNS}{ROWS}constraint cap: each where age < 20: score <= 0.5\n");
    fs::write(path.join("each.fair"), each).unwrap();
    refused(&["freeze", "each.fair", "--data", "people.csv", "-o", "s.sql"], 2, "`each` constraints bound single");
    refused(&["freeze", "spec.fair", "--data", "people.csv", "-o", "s.txt"], 2, "cannot tell the format");
    assert_eq!(run(&["freeze", "spec.fair", "--data", "people.csv", "-o", "s.json"], path).0, 0);
    let apply = ["project", "cov.fair", "--data", "people.csv", "--frozen", "s.json"];
    refused(&apply, 2, "belongs to a spec with the fingerprint");
    let other = ["project", "spec.fair", "--data", "people.csv", "--frozen", "s.json", "--set", "eps=0.1"];
    refused(&other, 2, "fitted with `eps` = 0.02, and this is 0.1");
    let edited = fs::read_to_string(path.join("s.json")).unwrap().replacen("\"add\": ", "\"add\": 1", 1);
    fs::write(path.join("s.json"), edited).unwrap();
    let apply = ["project", "spec.fair", "--data", "people.csv", "--frozen", "s.json"];
    refused(&apply, 2, "damaged: the content has the checksum");
}
