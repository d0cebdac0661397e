//! Streams under odd use: other data, other outputs, two processes, keys that come late, line ends.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use crate::support::{command, run, told};

const COLUMNS: &str = "column town: {a, b}\npredict score: real in [0, 1]\n";
const TOWNS: &str = "constraint t: |E[score | town == a] - E[score | town == b]| <= 0.03\n";
const LATE: &str = "label y: {0, 1}?\n\
                    constraint late: |E[score | town == a, y == 1] - E[score | town == b, y == 1]| <= 0.1\n";
const NEEDED: &str = "label z: {0, 1}\nconstraint needed: E[score | z == 1] <= 0.5\n";

fn folder(rows: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("s.fair"), format!("{COLUMNS}{rows}")).unwrap();
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).unwrap();
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

const KEPT: [&str; 7] = ["stream", "s.fair", "--state", "st.json", "-q", "--data", "d.csv"];

fn kept(more: &[&str], folder: &Path) -> (i32, String, String) {
    run(&[&KEPT, more].concat(), folder)
}

#[track_caller]
fn refused(outcome: (i32, String, String), words: &str) {
    assert!(outcome.0 == 2 && outcome.2.contains(words), "{words}: {} {}", outcome.0, outcome.2);
}

#[test]
fn other_columns_are_refused() {
    let folder = folder(TOWNS);
    let path = folder.path();
    write(path, "d.csv", "town,score,score2\na,0.1,0.9\nb,0.2,0.8\n");
    assert_eq!(kept(&["-o", "o.csv"], path).0, 0);
    let before = (read(path, "o.csv"), read(path, "st.json"));
    for (header, words) in [
        ("town,score2,score", "`score2` where `score` was"),
        ("town,score,score2,more", "4 where 3 were"),
        ("town,score", "2 where 3 were"),
    ] {
        for more in [&["-o", "o.csv"][..], &["-o", "o.csv", "--append"]] {
            let width = header.split(',').count();
            let rows: String = [["a", "0.1", "0.9", "1"], ["b", "0.2", "0.8", "1"], ["a", "0.15", "0.7", "1"]]
                .map(|row| row[..width].join(",") + "\n")
                .concat();
            write(path, "d.csv", &format!("{header}\n{rows}"));
            refused(kept(more, path), words);
        }
    }
    write(path, "d.jsonl", "{\"town\":\"a\",\"score\":0.1}\n");
    let json = ["stream", "s.fair", "--state", "st.json", "--data", "d.jsonl", "--append", "-o", "o.jsonl"];
    let (code, _, error) = run(&json, path);
    assert!(code == 2, "{error}");
    assert_eq!(before, (read(path, "o.csv"), read(path, "st.json")));
}

#[test]
fn an_output_that_is_another_is_not_cut() {
    let folder = folder(TOWNS);
    let path = folder.path();
    write(path, "d.csv", "town,score\na,0.1\nb,0.2\n");
    write(path, "o.csv", "precious\n");
    refused(kept(&["-o", "o.csv"], path), "`o.csv` exists, and the state `st.json` does not");
    assert_eq!(read(path, "o.csv"), "precious\n");
    assert!(!path.join("st.json").exists());
    refused(kept(&["-o", "st.json"], path), "st.json");
    assert_eq!(kept(&["-o", "mine.csv"], path).0, 0);
    let long = "x".repeat(4000);
    write(path, "o.csv", &long);
    refused(kept(&["-o", "o.csv"], path), "are not those that were answered");
    write(path, "o.csv", "short");
    refused(kept(&["-o", "o.csv"], path), "has 5 bytes, and the state knows of");
    refused(kept(&["-o", "new.csv"], path), "has 0 bytes, and the state knows of");
    assert!(!path.join("new.csv").exists());
    refused(kept(&["-o", "-"], path), "belongs to an output that is a file");
    refused(kept(&[], path), "belongs to an output that is a file");
    assert_eq!(read(path, "o.csv"), "short");
    // What was answered, with half a line behind it, as a kill leaves it.
    let whole = read(path, "mine.csv");
    write(path, "mine.csv", &format!("{whole}a,0."));
    assert_eq!(kept(&["-o", "mine.csv"], path).0, 0);
    assert_eq!(read(path, "mine.csv"), whole);
    // A changed byte in the middle is noticed.
    write(path, "mine.csv", &whole.replacen("0.2", "0.3", 1));
    refused(kept(&["-o", "mine.csv"], path), "are not those that were answered");
}

#[test]
fn without_a_state_an_output_is_replaced_when_it_is_whole() {
    let folder = folder(TOWNS);
    let path = folder.path();
    write(path, "d.csv", "town,score\na,0.1\nb,0.2\nc,0.3\n");
    write(path, "o.csv", "old\n");
    let arguments = ["stream", "s.fair", "--data", "d.csv", "-q", "-o", "o.csv"];
    assert_eq!(run(&arguments, path).0, 1);
    assert_eq!(read(path, "o.csv"), "old\n");
    write(path, "d.csv", "town,score\na,0.1\nb,0.2\n");
    assert_eq!(run(&arguments, path).0, 0);
    assert!(read(path, "o.csv").starts_with("town,score,score_fair\n"));
}

#[test]
fn a_stream_that_answered_nothing_leaves_nothing() {
    let folder = folder(TOWNS);
    let path = folder.path();
    write(path, "d.csv", "town,score\nnowhere,0.1\n");
    assert_eq!(kept(&["-o", "o.csv"], path).0, 1);
    assert!(!path.join("st.json").exists() && !path.join("o.csv").exists());
    write(path, "d.csv", "town,more,score\na,1,0.1\n");
    assert_eq!(kept(&["-o", "o.csv"], path).0, 0);
}

#[test]
fn a_state_serves_one_process() {
    let folder = folder(TOWNS);
    let path = folder.path();
    write(path, "d.csv", "town,score\na,0.1\nb,0.2\n");
    let open = ["stream", "s.fair", "--state", "st.json", "-q", "--data", "-", "-o", "o.csv"];
    let mut first = command(&open, path);
    let mut first = first.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = first.stdin.take().unwrap();
    input.write_all(b"town,score\na,0.1\n").unwrap();
    while !fs::read_to_string(path.join("o.csv")).is_ok_and(|text| text.lines().count() == 2) {
        assert!(first.try_wait().unwrap().is_none());
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    refused(kept(&["-o", "o.csv"], path), "is in use by another process");
    refused(kept(&["-o", "other.csv"], path), "is in use by another process");
    input.write_all(b"b,0.2\n").unwrap();
    drop(input);
    let (code, _, error) = told(first.wait_with_output().unwrap());
    assert_eq!(code, 0, "{error}");
    assert_eq!(read(path, "o.csv").lines().count(), 3);
    assert_eq!(kept(&["-o", "o.csv"], path).0, 0);
}

#[test]
fn a_key_may_come_late() {
    let folder = folder(LATE);
    let path = folder.path();
    let lines = "{\"town\":\"a\",\"score\":0.9}\n{\"town\":\"b\",\"score\":0.1,\"y\":1}\n{\"town\":\"a\",\"score\":0.7,\"y\":1}\n";
    // After more objects than a reader of whole files looks at.
    let late = "{\"town\":\"a\",\"score\":0.1}\n".repeat(1500) + lines;
    for (name, text) in [("d.jsonl", lines), ("late.jsonl", &late)] {
        write(path, name, text);
        let (code, out, error) = run(&["stream", "s.fair", "--data", name, "-o", "-", "--format", "json"], path);
        assert!(code == 0 && !error.contains("which is not in the data"), "{error}");
        let report: serde_json::Value = serde_json::from_str(error.lines().last().unwrap()).unwrap();
        assert!(report["ok"] == true && report["rows"].to_string().contains("\"late\""), "{report}");
        // The same through a pipe: a label that may be null counts as there.
        let mut piped = command(&["stream", "s.fair", "--data-format", "jsonl", "-q", "-o", "-"], path);
        let mut piped = piped.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut input = piped.stdin.take().unwrap();
        let bytes = text.as_bytes().to_vec();
        let writer = std::thread::spawn(move || input.write_all(&bytes));
        let (code, piped, error) = told(piped.wait_with_output().unwrap());
        writer.join().unwrap().unwrap();
        assert_eq!((code, piped.as_str()), (0, out.as_str()), "{error}");
        let last: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        assert!((last["score_fair"].as_f64().unwrap() - 0.2).abs() < 1e-9, "{last}");
    }
}

#[test]
fn a_label_that_comes_late_through_a_pipe_is_refused_if_it_had_to_be_there() {
    let folder = folder(NEEDED);
    let path = folder.path();
    let lines = "{\"town\":\"a\",\"score\":0.9}\n{\"town\":\"b\",\"score\":0.9,\"z\":1}\n";
    let mut piped = command(&["stream", "s.fair", "--data-format", "jsonl", "-o", "-"], path);
    let mut piped = piped.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    piped.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let (code, _, error) = told(piped.wait_with_output().unwrap());
    assert!(code == 2 && error.contains("line 2: the key `z` comes up here"), "{code} {error}");
    // As a file it is an error of the first line.
    write(path, "d.jsonl", lines);
    let (code, _, error) = run(&["stream", "s.fair", "--data", "d.jsonl", "-o", "-"], path);
    assert!(code == 1 && error.contains("line 1"), "{code} {error}");
}

#[test]
fn an_empty_batch_may_come_first() {
    let folder = folder(TOWNS);
    let path = folder.path();
    let lines = "[]\n[{\"town\":\"a\",\"score\":0.9}]\n[{\"town\":\"b\",\"score\":0.1}]\n";
    write(path, "d.jsonl", lines);
    let (code, out, error) = run(&["stream", "s.fair", "--data", "d.jsonl", "-q", "-o", "-"], path);
    assert!(code == 0 && out.starts_with("[]\n[{") && out.contains("\"score_fair\":0.87"), "{out} {error}");
    let mut piped = command(&["stream", "s.fair", "--data-format", "jsonl", "-q", "-o", "-"], path);
    let mut piped = piped.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    piped.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let (code, piped, error) = told(piped.wait_with_output().unwrap());
    assert_eq!((code, piped), (0, out), "{error}");
}

#[test]
fn lines_end_as_the_first_one() {
    let folder = folder(TOWNS);
    let path = folder.path();
    // The last record has no line end of its own.
    write(path, "w.csv", "town,\"score\"\r\na,0.1\r\nb,0.12");
    let (code, out, error) = run(&["stream", "s.fair", "--data", "w.csv", "-q", "-o", "-"], path);
    assert_eq!((code, out.as_str()), (0, "town,\"score\",score_fair\r\na,0.1,0.1\r\nb,0.12,0.12\r\n"), "{error}");
    write(path, "w.jsonl", "{\"town\":\"a\",\"score\":0.1}\r\n[{\"town\":\"b\",\"score\":0.12}]\r\n");
    let (code, out, error) = run(&["stream", "s.fair", "--data", "w.jsonl", "-q", "-o", "-"], path);
    let expected = "{\"town\":\"a\",\"score\":0.1,\"score_fair\":0.1}\r\n[{\"town\":\"b\",\"score\":0.12,\"score_fair\":0.12}]\r\n";
    assert_eq!((code, out.as_str()), (0, expected), "{error}");
}
