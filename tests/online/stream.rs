//! `fairc stream`: formats, pipes, states and what is refused.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::Stdio;

use crate::support::{COLUMNS, command, people, run, told};

const ROWS: &str = "constraint sexes: |E[score | sex == f] - E[score | sex == m]| <= eps\n";

fn folder(samples: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("spec.fair"), format!("{COLUMNS}{ROWS}")).unwrap();
    fs::write(folder.path().join("people.csv"), people(samples, 4)).unwrap();
    folder
}

fn scores(path: &Path) -> Vec<f64> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn lists_of_objects_are_batches() {
    let folder = folder(60);
    let path = folder.path();
    let csv = fs::read_to_string(path.join("people.csv")).unwrap();
    let objects: Vec<String> = csv
        .lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            format!("{{\"town\": \"{}\", \"sex\":\"{}\", \"score\": {} }}", fields[0], fields[1], fields[5])
        })
        .collect();
    // Batches of 20, one of them empty and one object by itself at the end.
    let lists: Vec<String> = objects.chunks(20).map(|batch| format!("[{}]", batch.join(", "))).collect();
    fs::write(path.join("lists.jsonl"), format!("{}\n[]\n{}\n\n{}\n{}\n", lists[0], lists[1], lists[2], objects[0]))
        .unwrap();
    let (code, out, error) = run(&["stream", "spec.fair", "--data", "lists.jsonl", "-o", "out.jsonl"], path);
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("61 samples in 5 batches"), "{out}");
    let (code, ..) = run(&["stream", "spec.fair", "--data", "people.csv", "--batch", "20", "-o", "out.csv"], path);
    assert_eq!(code, 0);
    let answered = fs::read_to_string(path.join("out.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = answered.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let values = lines.iter().take(4).flat_map(|list| list.as_array().unwrap());
    let values: Vec<f64> = values.map(|object| object["score_fair"].as_f64().unwrap()).collect();
    assert_eq!(values, scores(&path.join("out.csv")));
    assert!(answered.starts_with("[{\"town\": \"") && answered.contains("\n[]\n"), "{answered}");
    assert!(lines[4]["score_fair"].is_number());
}

#[test]
fn a_pipe_is_answered_as_its_lines_come() {
    let folder = folder(10);
    let mut command = command(&["stream", "spec.fair", "--data", "-", "-o", "-"], folder.path());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut output = BufReader::new(output);
    let mut line = String::new();
    input.write_all(b"sex,score\n").unwrap();
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "sex,score,score_fair\n");
    for (sent, expected) in [("f,0.5\n", 0.5), ("\"m\",0.9\n", 0.52), ("f,1\n", 0.58)] {
        input.write_all(sent.as_bytes()).unwrap();
        line.clear();
        output.read_line(&mut line).unwrap();
        assert!(line.starts_with(sent.trim_end()), "{line}");
        let answer: f64 = line.trim_end().rsplit(',').next().unwrap().parse().unwrap();
        assert!((answer - expected).abs() < 1e-12, "{line}");
    }
    drop(input);
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    let (code, _, error) = told(child.wait_with_output().unwrap());
    assert_eq!((code, rest.as_str()), (0, ""), "{error}");
    assert!(error.contains("3 samples in 3 batches"), "{error}");
}

#[test]
fn new_data_are_appended() {
    let folder = folder(80);
    let path = folder.path();
    let csv = fs::read_to_string(path.join("people.csv")).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    fs::write(path.join("first.csv"), format!("{}\n", lines[..41].join("\n"))).unwrap();
    fs::write(path.join("second.csv"), format!("{}\n{}\n", lines[0], lines[41..].join("\n"))).unwrap();
    let days = |data: &str, more: &[&str]| {
        let fixed = ["stream", "spec.fair", "--data", data, "--state", "state.json", "-o", "out.csv"];
        run(&fixed.into_iter().chain(more.iter().copied()).collect::<Vec<_>>(), path)
    };
    assert_eq!(days("first.csv", &[]).0, 0);
    // Once more with the same data: nothing happens.
    let before = fs::read(path.join("out.csv")).unwrap();
    assert_eq!(days("first.csv", &[]).0, 0);
    assert_eq!(before, fs::read(path.join("out.csv")).unwrap());
    let (code, _, error) = days("second.csv", &[]);
    assert!(code == 2 && error.contains("are not those that are answered") && error.contains("--append"), "{error}");
    assert_eq!(days("second.csv", &["--append"]).0, 0);
    assert_eq!(run(&["stream", "spec.fair", "--data", "people.csv", "-o", "whole.csv"], path).0, 0);
    assert_eq!(fs::read(path.join("whole.csv")).unwrap(), fs::read(path.join("out.csv")).unwrap());
}

#[test]
fn a_state_that_does_not_fit_is_refused() {
    let folder = folder(20);
    let path = folder.path();
    let base = ["stream", "spec.fair", "--data", "people.csv", "--state", "state.json", "-o", "out.csv"];
    let with = |more: &[&str]| run(&base.into_iter().chain(more.iter().copied()).collect::<Vec<_>>(), path);
    assert_eq!(with(&[]).0, 0);
    let good = fs::read_to_string(path.join("state.json")).unwrap();
    let refused = |outcome: (i32, String, String), words: &str| {
        assert!(outcome.0 == 2 && outcome.2.contains(words), "{words}: {} {}", outcome.0, outcome.2);
    };
    refused(with(&["--smooth"]), "made with the method `pooled`, and this is `pooled --smooth`");
    refused(with(&["--set", "eps=0.05"]), "made with the param `eps` = 0.02, and this is 0.05");
    refused(with(&["--window", "9"]), "the memory all samples, and this is `--window 9`");
    refused(with(&["--batch", "2"]), "`--batch` 1, and this is 2");
    fs::write(path.join("other.fair"), format!("{COLUMNS}{}", ROWS.replace("eps", "2 * eps"))).unwrap();
    let other: Vec<&str> = base.iter().map(|word| if *word == "spec.fair" { "other.fair" } else { word }).collect();
    refused(run(&other, path), "belongs to a spec with the fingerprint");
    for (content, words) in [
        (good.replacen("\"samples\":20", "\"samples\":21", 1), "damaged: the content has the checksum"),
        (good.replacen("\"fairc_state\":2", "\"fairc_state\":9", 1), "written in version 9 of the format"),
        (good[..good.len() / 2].to_owned(), "not what `fairc stream --state` writes"),
        ("{\"a\": 1}".to_owned(), "not what `fairc stream --state` writes"),
    ] {
        fs::write(path.join("state.json"), content).unwrap();
        refused(with(&[]), words);
    }
    fs::write(path.join("state.json"), &good).unwrap();
    fs::write(path.join("out.csv"), "short").unwrap();
    refused(with(&[]), "has 5 bytes, and the state knows of");
}

#[test]
fn bad_samples_stop_the_stream_and_spoil_nothing() {
    let folder = folder(30);
    let path = folder.path();
    let csv = fs::read_to_string(path.join("people.csv")).unwrap();
    fs::write(path.join("broken.csv"), format!("{csv}north,x,20,1,0,0.5\n")).unwrap();
    let base = ["stream", "spec.fair", "--state", "state.json", "-o", "out.csv", "--data"];
    let with = |data: &str| run(&base.into_iter().chain([data]).collect::<Vec<_>>(), path);
    let (code, _, error) = with("broken.csv");
    assert!(code == 1 && error.contains("E0702") && error.contains("line 32"), "{code} {error}");
    // Mended, it goes on.
    fs::write(path.join("mended.csv"), csv + "north,m,20,1,0,0.5\n").unwrap();
    let (code, _, error) = with("mended.csv");
    assert_eq!(code, 0, "{error}");
    assert_eq!(scores(&path.join("out.csv")).len(), 31);
    let (code, _, error) = run(&["stream", "spec.fair", "--data", "people.csv", "--window", "0"], path);
    assert!(code == 2 && error.contains("`window` is 0"), "{error}");
}
