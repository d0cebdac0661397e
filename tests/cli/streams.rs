//! Pipes.

use std::io::{Read, Write};
use std::process::Stdio;

use super::support::{FIXTURES, command, root, run_with};

/// `fairc .. | head -c 1`: the reader goes away while there is more to say.
#[test]
fn a_closed_pipe_ends_quietly() {
    let data = format!("{FIXTURES}/people.csv");
    let parity = format!("{FIXTURES}/parity.fair");
    let commands: [&[&str]; 5] = [
        &["explain"],
        &["std", "multiaccuracy"],
        &["completions", "bash"],
        &["project", &parity, "--data", &data, "-o", "-", "--quiet"],
        &["export", &parity, "--data", &data, "--to", "json", "-o", "-"],
    ];
    for arguments in commands {
        let mut child = command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        let code = child.wait().unwrap().code();
        assert_eq!(code, Some(0), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("panic") && !stderr.contains("error"), "{arguments:?}: {stderr}");
    }
}

#[test]
fn a_closed_pipe_ends_a_stream() {
    let mut child =
        command(&["solve", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut input = child.stdin.take().unwrap();
    let line = b"{\"z\": [0.5], \"A\": {\"indptr\": [0], \"indices\": [], \"values\": []}, \"l\": [], \"u\": []}\n";
    while input.write_all(line).is_ok() {}
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn data_flow_through_pipes() {
    let data = std::fs::read(root().join(FIXTURES).join("people.csv")).unwrap();
    let parity = format!("{FIXTURES}/parity.fair");
    let projected = run_with(&["project", &parity, "--data", "-", "-o", "-"], Some(&data));
    assert_eq!(projected.code, 0, "{}", projected.stderr);
    assert!(
        projected.stdout.starts_with("sex,age,hired,score,score_fair\nfemale,23,1,0.61,0."),
        "{}",
        projected.stdout
    );
    assert!(projected.stderr.contains("the row holds"), "{}", projected.stderr);
    let audited =
        run_with(&["audit", &parity, "--data", "-", "--pred", "score_fair"], Some(projected.stdout.as_bytes()));
    assert_eq!(audited.code, 0, "{}", audited.stdout);
}
