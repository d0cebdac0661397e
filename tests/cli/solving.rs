//! `solve` and `verify`.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use insta::assert_snapshot;

use super::support::{command, transcript};

#[test]
fn each_line_is_answered_in_order() {
    assert_snapshot!(transcript("solve @/problems.jsonl"));
    assert_snapshot!(transcript("solve @/problems.jsonl --format json --on-infeasible relax"));
}

/// Without bounds a proof reaches as far as its slopes cancel, and says so.
#[test]
fn proofs_say_how_far_they_reach() {
    assert_snapshot!(transcript("verify @/unbounded.jsonl @/unbounded.answers.jsonl"));
    assert_snapshot!(transcript("verify @/unbounded.jsonl @/unbounded.answers.jsonl --format json"));
}

/// Whoever waits for an answer before asking again gets it.
#[test]
fn answers_come_line_by_line() {
    let mut child =
        command(&["solve", "-", "--format", "json"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut output = BufReader::new(output);
    for id in 0..3 {
        let line = format!(
            "{{\"id\": {id}, \"z\": [0.5], \"A\": {{\"indptr\": [0], \"indices\": [], \"values\": []}}, \"l\": [], \"u\": []}}\n"
        );
        input.write_all(line.as_bytes()).unwrap();
        let mut answer = String::new();
        output.read_line(&mut answer).unwrap();
        assert!(
            answer
                .starts_with(&format!("{{\"id\":{id},\"ok\":true,\"schema\":1,\"status\":\"optimal\",\"yhat\":[0.5]")),
            "{answer}"
        );
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}
