//! `project`, `audit`, `export` and `check --data`.

use std::fs;

use insta::assert_snapshot;
use serde_json::Value;

use super::support::{FIXTURES, folder, pretty, run, text_of, transcript};

fn json(arguments: &[&str]) -> Value {
    let done = run(&[arguments, &["--format", "json"]].concat());
    serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", done.stdout, done.stderr))
}

#[test]
fn checks_against_data() {
    assert_snapshot!(transcript("check @/odds.fair --data @/people.csv"));
    assert_snapshot!(transcript("check @/infeasible.fair --data @/people.csv"));
    assert_snapshot!(transcript("check @/odds.fair --data @/broken.csv"));
    let path = format!("{FIXTURES}/soft.fair");
    let data = format!("{FIXTURES}/people.csv");
    let done = run(&["check", &path, "--data", &data, "--format", "json"]);
    assert_snapshot!(pretty(&done.stdout));
}

#[test]
fn projections_are_told() {
    assert_snapshot!(transcript("project @/parity.fair --data @/people.csv"));
    assert_snapshot!(transcript("project @/odds.fair --data @/people.csv"));
    assert_snapshot!(transcript("project @/soft.fair --data @/people.csv"));
    assert_snapshot!(transcript("project @/parity.fair --data @/people.csv --set eps=1"));
    assert_snapshot!(transcript("project @/odds.fair --data @/people.csv --rows 1"));
    assert_snapshot!(transcript("project @/odds.fair --data @/people.csv --batch 6"));
}

#[test]
fn infeasible_projections_name_the_rows() {
    assert_snapshot!(transcript("project @/infeasible.fair --data @/people.csv"));
    assert_snapshot!(transcript("project @/infeasible.fair --data @/people.csv --batch 5"));
    assert_snapshot!(transcript("project @/infeasible.fair --data @/people.csv --on-infeasible relax"));
    let path = format!("{FIXTURES}/infeasible.fair");
    let value = json(&["project", &path, "--data", "tests/fixtures/cli/people.csv"]);
    assert_eq!((value["status"].as_str(), value["n"].as_u64()), (Some("infeasible"), Some(12)));
    assert_eq!(value["diagnostics"][0]["code"], "E0801");
}

#[test]
fn json_reports_have_the_promised_keys() {
    let value = json(&["project", "tests/fixtures/cli/parity.fair", "--data", "tests/fixtures/cli/people.csv"]);
    for key in ["spec", "fingerprint", "n", "rows", "max_violation", "distance", "status"] {
        assert!(value.get(key).is_some(), "{key}");
    }
    for key in ["name", "lower", "upper", "before", "after", "multiplier", "active", "skipped"] {
        assert!(value["rows"][0].get(key).is_some(), "{key}");
    }
    // Women 0.526, men 0.701428..; each mean moves in proportion to the other group's size.
    let (before, after) = (value["rows"][0]["before"].as_f64().unwrap(), value["rows"][0]["after"].as_f64().unwrap());
    assert!((before - (0.526 - 4.91 / 7.0)).abs() < 1e-12 && (after + 0.02).abs() < 1e-12, "{value}");
    let shift: f64 = -before - 0.02;
    let (women, men) = (5.0, 7.0);
    let distance = (shift * shift / (1.0 / women + 1.0 / men)).sqrt();
    assert!((value["distance"].as_f64().unwrap() - distance).abs() < 1e-9, "{value}");
}

#[test]
fn audits_are_told() {
    assert_snapshot!(transcript("audit @/parity.fair --data @/people.csv"));
    assert_snapshot!(transcript("audit @/odds.fair --data @/people.csv"));
    assert_snapshot!(transcript("audit @/soft.fair --data @/people.csv --set x=1"));
    assert_snapshot!(transcript("audit @/soft.fair --data @/people.csv"));
    assert_snapshot!(transcript("audit @/parity.fair --data @/people.csv --set eps=0.5"));
    let value = json(&["audit", "tests/fixtures/cli/parity.fair", "--data", "tests/fixtures/cli/people.csv"]);
    assert_snapshot!(serde_json::to_string_pretty(&value).unwrap());
}

#[test]
fn labels_that_are_absent_are_reported() {
    let folder = folder(&["people.csv"]);
    let data = folder.path().join("unlabelled.csv");
    let text = fs::read_to_string(folder.path().join("people.csv")).unwrap();
    let without: String = text
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            format!("{},{},{}\n", fields[0], fields[1], fields[3])
        })
        .collect();
    fs::write(&data, without).unwrap();
    let done = run(&["project", "tests/fixtures/cli/odds.fair", "--data", text_of(&data), "--inference"]);
    let name = text_of(folder.path());
    assert_snapshot!(done.transcript(&["project", "..", "--inference"]).replace(name, "FOLDER"));
}

/// Per-group offsets are for people whose labels nobody knows yet: that they leave the labels of these out is not that there are none.
#[test]
fn labels_that_offsets_do_not_read_are_not_called_absent() {
    let folder = folder(&["people.csv"]);
    let (data, shifts) = (folder.path().join("people.csv"), folder.path().join("shifts.json"));
    let spec = "tests/fixtures/cli/odds.fair";
    assert_eq!(run(&["freeze", spec, "--data", text_of(&data), "-o", text_of(&shifts)]).code, 0);
    let done = run(&["project", spec, "--data", text_of(&data), "--frozen", text_of(&shifts)]);
    let flat = done.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("needs the label `hired`, and labels are not read here"), "{flat}");
    assert!(!done.stdout.contains("not in the data"), "{}", done.stdout);
}

#[test]
fn an_infinite_value_is_left_out_or_replaced() {
    let folder = folder(&[]);
    let (spec, data) = (folder.path().join("spec.fair"), folder.path().join("data.csv"));
    fs::write(&spec, "column x: real\npredict score: real in [0, 1]\nconstraint c: E[score | x >= 2] >= 0.1\n")
        .unwrap();
    fs::write(&data, "x,score\n1,0.2\ninf,0.3\n2,0.4\n").unwrap();
    let done = run(&["audit", text_of(&spec), "--data", text_of(&data)]);
    assert_eq!(done.code, 1, "{}", done.stderr);
    assert!(done.stderr.contains("error[E0704]") && done.stderr.contains("`x` is inf"), "{}", done.stderr);
    assert!(done.stderr.contains("help: leave these rows out, or give each a finite value"), "{}", done.stderr);
}

#[test]
fn outputs_keep_the_table_and_add_a_column() {
    let folder = folder(&["people.csv"]);
    let (data, out) = (folder.path().join("people.csv"), folder.path().join("out.csv"));
    let base = ["project", "tests/fixtures/cli/parity.fair", "--data", text_of(&data), "-o", text_of(&out)];
    assert_eq!(run(&base).code, 0);
    let (before, after) = (fs::read_to_string(&data).unwrap(), fs::read_to_string(&out).unwrap());
    for (old, new) in before.lines().zip(after.lines()) {
        assert!(new.starts_with(&format!("{old},")), "{new}");
    }
    let audit =
        |column: &str| run(&["audit", "tests/fixtures/cli/parity.fair", "--data", text_of(&out), "--pred", column]);
    assert_eq!((audit("score_fair").code, audit("score").code), (0, 1));
    // A column that is there already is kept unless it is to be replaced.
    let again = ["project", "tests/fixtures/cli/parity.fair", "--data", text_of(&out), "-o", text_of(&out)];
    let refused = run(&again);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("already has a column `score_fair`"), "{}", refused.stderr);
    assert_eq!(run(&[&again[..], &["--replace"]].concat()).code, 0);
    assert_eq!(run(&[&again[..], &["--name", "other"]].concat()).code, 0);
    assert!(fs::read_to_string(&out).unwrap().starts_with("sex,age,hired,score,score_fair,other\n"));
    for format in ["jsonl", "parquet", "tsv"] {
        let out = folder.path().join(format!("out.{format}"));
        assert_eq!(run(&[&base[..5], &[text_of(&out)]].concat()).code, 0);
        assert_eq!(
            run(&["audit", "tests/fixtures/cli/parity.fair", "--data", text_of(&out), "--pred", "score_fair"]).code,
            0
        );
    }
}

#[test]
fn exports_are_what_solve_reads() {
    let folder = folder(&[]);
    let out = folder.path().join("numbers.json");
    let base = ["export", "tests/fixtures/cli/soft.fair", "--data", "tests/fixtures/cli/people.csv", "--pred", "score"];
    let done = run(&[&base[..], &["--to", "json", "-o", text_of(&out)]].concat());
    assert_eq!(done.code, 0, "{}", done.stderr);
    let solved = json(&["solve", text_of(&out)]);
    let projected = json(&["project", "tests/fixtures/cli/soft.fair", "--data", "tests/fixtures/cli/people.csv"]);
    let sum: f64 = solved["objective"].as_f64().unwrap();
    let distance = projected["distance"].as_f64().unwrap();
    assert!((sum.sqrt() - distance).abs() < 1e-9, "{sum} {distance}");
    for (format, files) in [("npz", 1), ("mtx", 8)] {
        let folder = self::folder(&[]);
        let out = folder.path().join(format!("numbers.{format}"));
        assert_eq!(run(&[&base[..], &["--to", format, "-o", text_of(&out)]].concat()).code, 0);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), files, "{format}");
    }
}

#[test]
fn solvers_get_mps_and_lp() {
    let folder = folder(&[]);
    let base = ["export", "tests/fixtures/cli/soft.fair", "--data", "tests/fixtures/cli/people.csv", "--pred", "score"];
    for format in ["mps", "lp"] {
        let out = folder.path().join(format!("numbers.{format}"));
        let done = run(&[&base[..], &["--to", format, "-o", text_of(&out)]].concat());
        assert_eq!(done.code, 0, "{}", done.stderr);
        assert_eq!(run(&[&base[..], &["--to", format, "-o", "-"]].concat()).stdout, fs::read_to_string(&out).unwrap());
    }
    let unknown = run(&[&base[..], &["--to", "xls", "-o", "-"]].concat());
    assert!(unknown.code == 2 && unknown.stderr.contains("json, npz, mtx, mps, lp, safetensors"), "{}", unknown.stderr);
}
