//! Verdicts that hang on exactness: statistics of numbers far from 0, levels that look alike, factors of 0.

use std::fs;

use serde_json::Value;

use super::support::{Done, run, run_with, text_of};

/// A folder with a spec and a table.
struct Case(tempfile::TempDir);

impl Case {
    fn new(spec: &str, table: (&str, &str)) -> Case {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("spec.fair"), spec).unwrap();
        fs::write(folder.path().join(table.0), table.1).unwrap();
        Case(folder)
    }

    fn run(&self, command: &str, table: &str, more: &[&str]) -> Done {
        let (spec, data) = (self.0.path().join("spec.fair"), self.0.path().join(table));
        run(&[&[command, text_of(&spec), "--data", text_of(&data)], more].concat())
    }

    /// The answers that `project` gives: the last column.
    fn projected(&self) -> Vec<f64> {
        let done = self.run("project", "data.csv", &["-o", "-"]);
        let lines = done.stdout.lines().skip(1);
        lines.map(|line| line.rsplit(',').next().unwrap().parse().unwrap()).collect()
    }
}

/// Inequalities are met with a margin for rounding.
fn assert_near(found: &[f64], expected: &[f64]) {
    let near = found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9);
    assert!(near, "{found:?} is not {expected:?}");
}

#[test]
fn a_variance_is_that_of_the_deviations() {
    for offset in [0_i64, 1_000, 1_000_000_000, 1_700_000_000_000] {
        let rows: String = (0..4).map(|i| format!("{},{i}\n", offset + i)).collect();
        let spec = "column x: real\npredict score: real in [0, 10]\nconstraint c: E[score] <= Var[x]\n";
        let case = Case::new(spec, ("data.csv", &format!("x,score\n{rows}")));
        let done = case.run("audit", "data.csv", &["--format", "json", "--bootstrap", "0"]);
        let value: Value = serde_json::from_str(&done.stdout).unwrap();
        assert_eq!(value["rows"][0]["upper"], 1.25, "{offset}");
    }
}

#[test]
fn scores_that_rise_with_time_are_found_out_in_milliseconds() {
    let spec = "column t: real\npredict score: real in [0, 1]\nconstraint c: |Cov[score, t]| / sqrt(Var[t]) <= 0.01\n";
    for offset in [0_i64, 1_700_000_000_000] {
        let rows: String = (0..7).map(|i| format!("{},{}\n", offset + 700 * i, 0.1 + 0.05 * i as f64)).collect();
        let case = Case::new(spec, ("data.csv", &format!("t,score\n{rows}")));
        // Scores in proportion to time: Cov / sd is the standard deviation of the scores, 0.05 · 2.
        let projected = case.projected();
        let mean = projected.iter().sum::<f64>() / 7.0;
        let along: f64 = projected.iter().zip(-3..=3).map(|(y, i)| (y - mean) * f64::from(i)).sum::<f64>() / 14.0;
        assert!((along - 0.01).abs() < 1e-9, "{offset}: {along} of {projected:?}");
    }
}

#[test]
fn levels_of_products_are_lists_of_levels() {
    let spec = "column g: {`x*y`, x}\ncolumn h: {z, `y*z`}\npredict s: real in [0, 1]\ngroup gh = g * h\n";
    let rows = "g,h,s\nx*y,z,0.9\nx,y*z,0.8\nx,z,0.7\nx*y,y*z,0.6\n";
    let moved = |condition: &str| {
        let spec = format!("{spec}constraint c: E[s | gh == {condition}] <= 0.5\n");
        let projected = Case::new(&spec, ("data.csv", rows)).projected();
        projected.iter().map(|&y| (y - 0.5).abs() < 1e-9).collect::<Vec<_>>()
    };
    assert_eq!(moved("x * `y*z`"), [false, true, false, false]);
    assert_eq!(moved("`x*y` * z"), [true, false, false, false]);
    assert_eq!(moved("`x*y` * `y*z`"), [false, false, false, true]);
    // Every level has a name of its own.
    let spec = format!("{spec}constraint c: forall a in gh: E[s | gh == a] <= 0.5\n");
    let done = Case::new(&spec, ("data.csv", rows)).run("audit", "data.csv", &["--format", "json"]);
    let value: Value = serde_json::from_str(&done.stdout).unwrap();
    let rows = value["rows"].as_array().unwrap();
    let mut names: Vec<&str> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 4, "{names:?}");
}

#[test]
fn whole_numbers_are_levels_with_all_their_digits() {
    let spec = "column r: {9007199254740992, 9007199254740993}\npredict s: real in [0, 1]\n\
                constraint c: E[s | r == 9007199254740993] <= 0.5\n";
    let case = Case::new(spec, ("data.csv", "r,s\n9007199254740992,0.9\n9007199254740993,0.7\n"));
    assert_near(&case.projected(), &[0.9, 0.5]);
    let lines = "{\"r\": 9007199254740992, \"s\": 0.9}\n{\"r\": 9007199254740993, \"s\": 0.7}\n";
    fs::write(case.0.path().join("data.jsonl"), lines).unwrap();
    let done = case.run("project", "data.jsonl", &["-o", "-"]);
    let scores = done.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["s_fair"].as_f64());
    assert_near(&scores.map(Option::unwrap).collect::<Vec<_>>(), &[0.9, 0.5]);
    fs::write(case.0.path().join("data.csv"), "r,s\n9007199254740994,0.9\n").unwrap();
    let done = case.run("audit", "data.csv", &[]);
    assert!(done.code == 1 && done.stderr.contains("E0702"), "{}", done.stderr);
    let frozen = case.0.path().join("shifts.sql");
    fs::write(case.0.path().join("data.csv"), "r,s\n9007199254740992,0.9\n9007199254740993,0.7\n").unwrap();
    let done = case.run("freeze", "data.csv", &["-o", text_of(&frozen)]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let sql = fs::read_to_string(&frozen).unwrap();
    assert!(sql.contains("9007199254740993") && !sql.contains("9007199254740993."), "{sql}");
}

#[test]
fn a_factor_of_zero_is_a_contradiction_at_its_line() {
    let cases = [
        ("column x: real\npredict s: real\nconstraint e: each: x * s >= 3\n", "x,s\n5,0.9\n0,0.5\n"),
        ("column x: real\npredict s: real\nconstraint e: each: x * s <= -1\n", "x,s\n-5,0.9\n0,0.5\n"),
        ("column x: real\npredict s: real in [0, inf]\nconstraint e: each: x * s == 3\n", "x,s\n5,0.9\n0,0.5\n"),
        ("column x: real\npredict s: real\nconstraint e: each: x * s >= 3\n", "x,s\n5,0.9\n1e-320,0.5\n"),
        ("column x: {0, 1}\npredict s: real in [0, 9]\nconstraint e: each: x * s >= 3\n", "x,s\n1,0.9\n0,0.5\n"),
    ];
    for (spec, rows) in cases {
        let case = Case::new(spec, ("data.csv", rows));
        for command in ["project", "check", "audit", "export"] {
            let matrix = case.0.path().join("out.npz");
            let more: &[&str] = if command == "export" { &["--to", "npz", "-o", text_of(&matrix)] } else { &[] };
            let done = case.run(command, "data.csv", more);
            let all = format!("{}{}", done.stdout, done.stderr);
            // An audit says for which sample the bound is missed, whatever bounds it.
            assert_eq!(done.code, 1, "{command} {spec}: {all}");
            assert!(all.contains("E0801") || command == "audit", "{command} {spec}: {all}");
            assert!(!all.contains("NaN"), "{command}: {all}");
        }
        let path = case.0.path().join("spec.fair");
        let done = run_with(&["stream", text_of(&path)], Some(rows.as_bytes()));
        assert!(done.code == 1 && done.stderr.contains("E0801"), "{spec}: {}{}", done.stdout, done.stderr);
    }
    let met = "column x: real\npredict s: real\nconstraint e: each: x * s >= 0\n";
    assert_eq!(Case::new(met, ("data.csv", "x,s\n5,0.9\n0,-0.5\n")).projected(), [0.9, -0.5]);
}
