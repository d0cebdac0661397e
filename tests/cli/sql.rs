//! `sql`: the queries, what has none, and what the types of columns change. That they answer as audits of files do is for
//! `tests/oracle/sql.py`.

use std::fs;

use serde_json::Value;

use super::support::{folder, run, text_of};

fn sql(spec: &str, arguments: &[&str]) -> (u8, String, String) {
    let folder = folder(&[]);
    let path = folder.path().join("spec.fair");
    fs::write(&path, spec).unwrap();
    let done = run(&[&["sql", text_of(&path), "--table", "people"], arguments].concat());
    (u8::try_from(done.code).unwrap(), done.stdout, done.stderr)
}

const PARITY: &str = "column sex: {female, `O'Neil; --`} from `a \"b\"`\npredict score: real in [0, 1]\n\
                      constraint parity: |E[score | sex == female] - E[score | sex == `O'Neil; --`]| <= 0.1\n";

#[test]
fn names_and_levels_are_quoted() {
    for dialect in ["duckdb", "postgres", "sqlite", "datafusion", "spark"] {
        for query in ["audit", "cells", "checks"] {
            let (code, text, error) = sql(PARITY, &["--dialect", dialect, "--query", query]);
            assert_eq!(code, 0, "{error}");
            // In Spark a text with other characters than these is written by its bytes.
            let (name, level) = match dialect {
                "spark" => ("t.`a \"b\"`", "CAST(X'4F274E65696C3B202D2D' AS STRING)"),
                _ => ("t.\"a \"\"b\"\"\"", "'O''Neil; --'"),
            };
            assert!(text.contains(name) && text.contains(level), "{text}");
            assert!(!text.contains("'O'Neil"), "{text}");
            assert_eq!(text.contains("GROUP BY"), query == "cells");
        }
    }
}

#[test]
fn a_table_has_a_schema() {
    let folder = folder(&[]);
    let path = folder.path().join("spec.fair");
    fs::write(&path, PARITY).unwrap();
    let done = run(&["sql", text_of(&path), "--table", "hr.\"people.2026\"", "--format", "json"]);
    let value: Value = serde_json::from_str(&done.stdout).unwrap();
    assert!(value["sql"].as_str().unwrap().contains("FROM \"hr\".\"people.2026\" AS t"), "{value}");
    assert_eq!(value["dialect"], "duckdb");
}

#[test]
fn types_say_how_levels_are_compared() {
    let spec = "column vote: {1, 2}\npredict score: real in [0, 1]\nconstraint c: E[score | vote == 1] <= 0.5\n";
    let types = folder(&[]);
    let path = types.path().join("types.json");
    fs::write(&path, r#"{"vote": "VARCHAR", "score": "DOUBLE"}"#).unwrap();
    let with = |arguments: &[&str]| sql(spec, arguments).1;
    assert!(with(&[]).contains("(CAST(t.\"vote\" AS DOUBLE) = 1e0)"), "{}", with(&[]));
    let text = with(&["--types", text_of(&path)]);
    assert!(text.contains("(CAST(t.\"vote\" AS VARCHAR) = '1')") && text.contains("regexp_full_match"), "{text}");
    fs::write(&path, r#"{"vote": "VARCHAR"}"#).unwrap();
    let (code, _, error) = sql(spec, &["--types", text_of(&path)]);
    assert!(code == 1 && error.contains("`people` has no column `score`"), "{code} {error}");
    fs::write(&path, r#"{"vote": "TIMESTAMP", "score": "DOUBLE"}"#).unwrap();
    let (code, _, error) = sql(spec, &["--types", text_of(&path)]);
    assert!(code == 2 && error.contains("`vote`, which is stored as `TIMESTAMP`, has no SQL"), "{code} {error}");
}

#[test]
fn checks_name_all_that_is_counted_as_a_fault() {
    let spec = "column vote: {1, 2}?\ncolumn k: int\ncolumn a: real\npredict d: {0, 1}\n\
                constraint c: E[a * d | vote == 1, k == 9007199254740992] <= 0.5\n";
    let types = folder(&[]);
    let path = types.path().join("types.json");
    fs::write(&path, r#"{"vote": "VARCHAR", "k": "BIGINT", "a": "DOUBLE", "d": "DOUBLE"}"#).unwrap();
    let (code, text, error) = sql(spec, &["--query", "checks", "--types", text_of(&path)]);
    assert_eq!(code, 0, "{error}");
    let names = ["vote: too long to tell", "d: not 0 or 1", "k: no longer told from 9007199254740992"];
    for name in names.into_iter().chain(["a: no value where one is needed"]) {
        assert!(text.contains(&format!("AS \"{name}\"")), "{name}: {text}");
    }
}

#[test]
fn what_has_no_sql_is_refused() {
    let head = "column age: real in [0, 100]\npredict score: real in [0, 1]\n";
    for (line, reason) in [
        ("constraint c: |Cov[score, age]| <= 0.1", "compares deviations from means"),
        ("constraint c: each where age > 30: score <= 0.5", "bounds single predictions"),
        ("constraint c: E[score | log(age) > 1] <= 0.5", "`log` in a condition has no SQL"),
    ] {
        let (code, _, error) = sql(&format!("{head}{line}\n"), &[]);
        assert!(code == 2 && error.contains(reason), "{code} {error}");
    }
    let (code, _, error) = sql(PARITY, &["--dialect", "oracle"]);
    assert!(code == 2 && error.contains("is no dialect: duckdb, postgres, sqlite, datafusion or spark"), "{error}");
}

#[test]
fn what_was_fitted_is_applied_by_a_query() {
    let folder = folder(&[]);
    let at = |name: &str| folder.path().join(name);
    fs::write(at("spec.fair"), PARITY).unwrap();
    let people = "\"a \"\"b\"\"\",score\nfemale,0.9\nO'Neil; --,0.2\nfemale,0.8\nO'Neil; --,0.1\n";
    fs::write(at("people.csv"), people).unwrap();
    let (spec, data, shifts, thresholds) =
        (at("spec.fair"), at("people.csv"), at("shifts.json"), at("thresholds.json"));
    let (spec, data, shifts, thresholds) = (text_of(&spec), text_of(&data), text_of(&shifts), text_of(&thresholds));
    assert_eq!(run(&["freeze", spec, "--data", data, "-o", shifts]).code, 0);
    assert_eq!(run(&["decide", spec, "--data", data, "--freeze", thresholds]).code, 0);
    let ask = |more: &[&str]| {
        let done = run(&[&["sql", spec, "--table", "people", "--dialect", "sqlite"], more].concat());
        (done.code, done.stdout, done.stderr)
    };
    let (code, text, error) = ask(&["--query", "project", "--shifts", shifts]);
    assert!(code == 0 && text.contains("AS \"score_fair\"") && text.contains("'O''Neil; --'"), "{text}{error}");
    let (code, text, error) = ask(&["--query", "decide", "--thresholds", thresholds, "--name", "hired"]);
    assert!(code == 0 && text.contains("AS \"hired\""), "{text}{error}");
    for (arguments, told) in [
        (vec!["--query", "project"], "--shifts <FILE>"),
        (vec!["--query", "decide", "--shifts", shifts], "--thresholds <FILE>"),
        (vec!["--shifts", shifts], "`--shifts` is of no use to this query"),
        (vec!["--query", "decide", "--thresholds", shifts], "cannot use the thresholds"),
        (vec!["--query", "project", "--shifts", shifts, "--name", "score"], "has a column `score` already"),
    ] {
        let (code, _, error) = ask(&arguments);
        assert!(code == 2 && error.contains(told), "{arguments:?}: {code} {error}");
    }
}
