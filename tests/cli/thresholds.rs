//! `fairc decide --freeze` and `--thresholds`: what was fitted on some data decides these and others.

use std::fs;
use std::process::Command;

use super::decisions::{decisions, folder, run};

#[test]
fn thresholds_decide_as_the_data_they_were_fitted_on() {
    let folder = folder();
    let path = folder.path();
    let (code, _, error) = run(path, "decide spec.fair --data people.csv -o out.csv --freeze t.json");
    assert_eq!(code, 0, "{error}");
    assert_eq!(run(path, "decide spec.fair --data people.csv --freeze t.sql").0, 0);
    let (code, out, error) =
        run(path, "--format json decide spec.fair --data people.csv --thresholds t.json -o by.csv");
    assert_eq!(code, 0, "{error}");
    let answer: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(answer["status"], "thresholds");
    let (ours, theirs) = (decisions(path, "out.csv"), decisions(path, "by.csv"));
    let differ = ours.iter().zip(&theirs).filter(|(a, b)| a != b).count();
    // Those in between, those rounded the other way to make up for them, and those who share a threshold.
    assert!(differ <= 12, "{differ}");
    for data in ["people.csv", "others.csv"] {
        let (code, _, error) = run(path, &format!("decide spec.fair --data {data} --thresholds t.json -o by.csv"));
        assert_eq!(code, 0, "{error}");
        let script = "import csv, sqlite3, sys\n\
                      rows = list(csv.DictReader(open(sys.argv[1])))\n\
                      base = sqlite3.connect(':memory:')\n\
                      base.execute('create table people (n integer, id text, sex text, race text, age real, score real)')\n\
                      base.executemany('insert into people values (?, ?, ?, ?, ?, ?)', [(n, r['id'], r['sex'] or None, r['race'], \
                      float(r['age']) if r['age'] else None, float(r['score'])) for n, r in enumerate(rows)])\n\
                      for row in base.execute('select id, ' + open('t.sql').read() + ' from people order by n'):\n\
                      \x20   print(*row, sep=',')\n";
        let output = Command::new("python3").args(["-c", script, data]).current_dir(path).output().expect("python3");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let theirs = String::from_utf8(output.stdout).unwrap();
        let ours: String =
            decisions(path, "by.csv").iter().map(|(id, decision)| format!("{id},{decision}\n")).collect();
        assert_eq!(ours, theirs, "{data}");
    }
}

/// Scores may have another name in other data; gains are no scores.
#[test]
fn thresholds_are_compared_with_what_they_were_fitted_for() {
    let folder = folder();
    let path = folder.path();
    assert_eq!(run(path, "decide spec.fair --data people.csv --freeze t.json").0, 0);
    let renamed = fs::read_to_string(path.join("people.csv")).unwrap().replacen("score", "score_2", 1);
    fs::write(path.join("renamed.csv"), renamed).unwrap();
    assert_eq!(run(path, "decide spec.fair --data people.csv --thresholds t.json -o a.csv").0, 0);
    let by = "decide spec.fair --data renamed.csv --thresholds t.json";
    assert_eq!(run(path, &format!("{by} --pred score_2 -o b.csv")).0, 0);
    assert_eq!(decisions(path, "a.csv"), decisions(path, "b.csv"));
    let (code, _, error) = run(path, by);
    assert!(code == 2 && error.contains("`--pred COL`"), "{error}");
    let (code, _, error) = run(path, "decide spec.fair --data people.csv --thresholds t.json --gain score");
    assert!(code == 2 && error.contains("fitted for the scores `score`, and `score` are gains"), "{error}");
    // The nearest decisions where none keep the rows are no failure, unless all promises are asked for.
    let none = "column sex: {female, male}?\npredict hire: real in [0, 1] from score\n\
                constraint all: E[hire | sex == female] >= 90%\nconstraint none: E[hire] <= 10%\n";
    fs::write(path.join("none.fair"), none).unwrap();
    let relaxed = "decide none.fair --data people.csv --on-infeasible relax";
    assert_eq!(run(path, relaxed).0, 0);
    let (code, _, error) = run(path, &format!("{relaxed} --require-all"));
    assert!(code == 1 && error.contains("a promise is violated, and `--require-all` is given"), "{error}");
}
