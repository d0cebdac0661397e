//! Pipes.

use std::io::{Read, Write};
use std::process::Stdio;

use super::support::{FIXTURES, command, root, run_with};

/// `fairc .. | head -c 1`: the reader goes away while there is more to say. A result has been found all the same; data that
/// nobody takes end the command as they end other programs.
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
        let status = child.wait().unwrap();
        let ended = if arguments.contains(&"-o") { by_closed_pipe(status) } else { status.code() == Some(0) };
        assert!(ended, "{arguments:?}: {status} {stderr}");
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
    assert!(by_closed_pipe(child.wait().unwrap()) && stderr.is_empty(), "{stderr}");
}

#[cfg(unix)]
fn by_closed_pipe(status: std::process::ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;
    status.signal() == Some(13)
}

#[cfg(not(unix))]
fn by_closed_pipe(status: std::process::ExitStatus) -> bool {
    status.code() == Some(141)
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
