//! `fairc project --low-memory`: the same predictions, of sums by group alone.

use std::fmt::Write;
use std::fs;

use serde_json::Value;

use super::random::Random;
use super::support::{folder, run, text_of};

const SPEC: &str = "column sex: {female, male}\ncolumn age: real in [0, 100]\nweight w\npredict score: real in [0, 1]\n\
                    constraint parity: |E[score | sex == female] - E[score | sex == male]| <= 0.01\n\
                    constraint old: E[score | age >= 60] <= 0.3 + 0.001 * E[age | sex == female]\n";

fn table(rows: usize) -> String {
    let mut random = Random(11);
    let mut text = "sex,age,w,score\n".to_owned();
    for _ in 0..rows {
        let sex = if random.chance(0.4) { "female" } else { "male" };
        let (age, weight) = (random.between(18.0, 90.0), random.below(3));
        writeln!(text, "{sex},{age},{weight},{}", random.uniform()).unwrap();
    }
    text
}

#[test]
fn sums_by_group_give_the_same_predictions() {
    let folder = folder(&[]);
    let at = |name: &str| folder.path().join(name);
    fs::write(at("spec.fair"), SPEC).unwrap();
    fs::write(at("people.csv"), table(3000)).unwrap();
    let (spec, data, usual, low) = (at("spec.fair"), at("people.csv"), at("usual.csv"), at("low.csv"));
    let arguments = ["project", text_of(&spec), "--data", text_of(&data), "--format", "json", "-o"];
    let one = run(&[&arguments[..], &[text_of(&usual)]].concat());
    let two = run(&[&arguments[..], &[text_of(&low), "--low-memory"]].concat());
    assert_eq!((one.code, two.code), (0, 0), "{}{}", one.stderr, two.stderr);
    let last = |path: &std::path::Path| -> Vec<f64> {
        let text = fs::read_to_string(path).unwrap();
        text.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().parse().unwrap()).collect()
    };
    let (usual, low) = (last(&usual), last(&low));
    assert_eq!(usual.len(), 3000);
    assert!(usual.iter().zip(&low).all(|(a, b)| (a - b).abs() < 1e-12));
    let [one, two]: [Value; 2] = [one, two].map(|done| serde_json::from_str(&done.stdout).unwrap());
    for name in ["n", "status", "verdict", "comparisons", "moved", "unplaced", "fingerprint"] {
        assert_eq!(one[name], two[name], "{name}");
    }
    for (one, two) in one["rows"].as_array().unwrap().iter().zip(two["rows"].as_array().unwrap()) {
        for name in ["before", "after", "multiplier"] {
            let (one, two) = (one[name].as_f64(), two[name].as_f64());
            assert!(one.zip(two).is_none_or(|(one, two)| (one - two).abs() < 1e-9), "{name}: {one:?} and {two:?}");
        }
    }
}

#[test]
fn rows_that_need_samples_are_refused() {
    let folder = folder(&[]);
    let at = |name: &str| folder.path().join(name);
    fs::write(at("people.csv"), table(30)).unwrap();
    let head = "column sex: {female, male}\ncolumn age: real in [0, 100]\npredict score: real in [0, 1]\n";
    for (line, row) in [
        ("constraint c: |Cov[score, age]| <= 0.1", "`c`"),
        ("constraint c: each where age > 30: score <= 0.5", "`c`"),
        ("constraint c: E[age * score | sex == female] <= 50", "`c`"),
        ("constraint c: each where age > 30: score <= E[age] / 100", "`c`"),
        ("constraint c: E[|score - 0.5|] <= 0.2", "`c`"),
        ("constraint c: E[score | raw(score) > 0.5] <= 0.9", "raw predictions"),
    ] {
        fs::write(at("spec.fair"), format!("{head}{line}\n")).unwrap();
        let (spec, data, out) = (at("spec.fair"), at("people.csv"), at("out.csv"));
        let arguments = ["project", text_of(&spec), "--data", text_of(&data), "--low-memory", "-o", text_of(&out)];
        let done = run(&arguments);
        assert_eq!(done.code, 2, "{}", done.stderr);
        assert!(done.stderr.contains("needs the samples themselves") && done.stderr.contains(row), "{}", done.stderr);
        assert!(!out.exists());
    }
}

#[test]
fn what_cannot_be_met_or_read_writes_nothing() {
    let folder = folder(&[]);
    let at = |name: &str| folder.path().join(name);
    let impossible = "column sex: {female, male}\npredict score: real in [0, 1]\n\
                      constraint a: E[score | sex == female] >= 0.8\nconstraint b: E[score] <= 0.1\n";
    fs::write(at("spec.fair"), impossible).unwrap();
    fs::write(at("people.csv"), table(30)).unwrap();
    let (spec, data, out) = (at("spec.fair"), at("people.csv"), at("out.csv"));
    let arguments = ["project", text_of(&spec), "--data", text_of(&data), "--low-memory", "-o", text_of(&out)];
    let done = run(&arguments);
    assert!(done.code == 1 && done.stderr.contains("E0801") && !out.exists(), "{} {}", done.code, done.stderr);
    let done = run(&[&arguments[..], &["--on-infeasible", "relax"]].concat());
    assert!(done.code == 0 && out.exists(), "{} {}", done.code, done.stderr);
    fs::remove_file(&out).unwrap();
    fs::write(at("people.csv"), "sex,score\nfemale,0.5\nmail,0.25\n").unwrap();
    let done = run(&arguments);
    assert!(done.code == 1 && done.stderr.contains("`mail`") && !out.exists(), "{} {}", done.code, done.stderr);
    fs::write(at("people.csv"), "sex,score\n").unwrap();
    let done = run(&arguments);
    assert!(done.code == 2 && done.stderr.contains("has no rows"), "{} {}", done.code, done.stderr);
}
