//! Specs with many of everything: time and memory grow in proportion.

use std::fmt::Write;
use std::fs;
use std::process::Command;

use super::support::folder;

const HEAD: &str =
    "column g: {a, b}\ncolumn age: real in [0, 100000]\nparam eps = 0.5\npredict score: real in [0, 1]\n";

fn list(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect::<Vec<_>>().join(", ")
}

/// Kinds of specs that once took memory or time with the square of their length. Each fits into half of what it took.
#[test]
#[cfg(target_os = "linux")]
fn long_specs_need_little_memory() {
    let folder = folder(&[]);
    let path = folder.path();
    let rows = |count: usize| {
        (0..count).fold(String::new(), |mut text, i| {
            let _ = writeln!(text, "constraint c{i}: E[score | g == a] <= 1 + {}*eps", i + 1);
            text
        })
    };
    let specs = [
        ("numbers", format!("constraint c: E[score | age in {{{}}}] <= 0.9\n", list(20_000, |i| i.to_string()))),
        ("events", format!("constraint c: max({}) <= 1\n", list(2000, |i| format!("E[score | age >= {i}]")))),
        ("equal", format!("constraint c: max({}) <= 1\n", list(2000, |i| format!("E[score | age == {i}]")))),
        ("sides", format!("constraint c: max({}) <= 1\n", list(2000, |i| format!("E[score | g == a] - {i}*eps")))),
        ("rows", rows(2000)),
    ];
    let people = (0..100).map(|i| format!("{},{i},{}\n", ["a", "b"][i % 2], (i % 10) as f64 / 10.0));
    fs::write(path.join("d.csv"), format!("g,age,score\n{}", people.collect::<String>())).unwrap();
    for (name, text) in specs {
        fs::write(path.join("s.fair"), format!("{HEAD}{text}")).unwrap();
        let fairc = env!("CARGO_BIN_EXE_fairc");
        let script = format!("ulimit -v 400000; ulimit -t 60; exec {fairc} audit s.fair --data d.csv -q");
        let output = Command::new("bash").args(["-c", &script]).current_dir(path).output().unwrap();
        let (text, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.code().is_some_and(|code| code < 2), "{name}: {:?} {error}", output.status);
        assert!(text.contains("100 samples"), "{name}: {error}");
    }
}
