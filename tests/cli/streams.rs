//! Pipes.

use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;

use super::support::{Done, FIXTURES, command, folder, root, run, run_with, text_of};

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

/// Bounds by an aggregate of data: those of the batch at hand, none where its event is empty, and refused where batches follow.
#[test]
fn bounds_by_an_aggregate_are_those_of_all_samples() {
    let folder = folder(&["people.csv"]);
    let spec = folder.path().join("spec.fair");
    let body = "column sex: {female, male}\ncolumn age: int in [0, 120]\npredict score: real in [0, 1]\n\
                constraint cap: each: score <= 0.2 + P[sex == female] / 10\n\
                constraint nobody: each: score <= E[raw(score) | age > 119]\n";
    std::fs::write(&spec, body).unwrap();
    let (spec, data) = (spec.display().to_string(), folder.path().join("people.csv").display().to_string());
    let projected = run(&["project", &spec, "--data", &data, "--pred", "score", "-o", "-"]);
    assert_eq!(projected.code, 0, "{}", projected.stderr);
    let rows: Vec<Vec<&str>> = projected.stdout.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let women = rows.iter().filter(|row| row[0] == "female").count() as f64 / rows.len() as f64;
    for row in &rows {
        let [before, after] = [3, 4].map(|column| row[column].parse::<f64>().unwrap());
        assert!((after - before.min(0.2 + women / 10.0)).abs() < 1e-12, "{row:?}");
    }
    assert!(projected.stderr.contains("`nobody`: not enforced: groups without samples"), "{}", projected.stderr);
    let streamed = run(&["stream", &spec, "--data", &data, "--pred", "score", "--batch", "2", "-o", "-"]);
    assert!(streamed.code == 2 && streamed.stdout.is_empty(), "{}", streamed.stderr);
    assert!(streamed.stderr.contains("`cap` bounds each prediction by an aggregate"), "{}", streamed.stderr);
}

/// A stream with an output and a state, and more arguments, in a folder with the fixtures.
fn stream_in(room: &Path, words: &[&str]) -> Done {
    let paths = ["parity.fair", "people.csv", "out.csv", "state.json"].map(|name| room.join(name));
    let [spec, data, out, state] = paths.each_ref().map(|path| text_of(path));
    run(&[&["stream", spec, "--data", data, "-o", out, "--state", state][..], words].concat())
}

/// Answers that follow are written as those before: a file with two dialects, or two names, could not be read.
#[test]
fn a_stream_goes_on_as_it_is_written() {
    let room = folder(&["parity.fair", "people.csv"]);
    let out = room.path().join("out.csv");
    let stream = |words: &[&str]| stream_in(room.path(), words);
    assert_eq!(stream(&[]).code, 0);
    let answers = std::fs::read(&out).unwrap();
    for (words, what) in [
        (&["--name", "other"][..], "the new column score_fair, and this is other"),
        (&["--decimal", ","], "the state was made with the dialect as usual, and this is `--decimal ,`"),
        (&["--null", "NA", "--append"], "and this is `--null NA`"),
    ] {
        let refused = stream(words);
        assert!(refused.code == 2 && refused.stderr.contains(what), "{}", refused.stderr);
        assert_eq!(std::fs::read(&out).unwrap(), answers);
    }
    assert_eq!(stream(&["--append", "--encoding", "latin-1"]).code, 0);
    assert!(std::fs::read(&out).unwrap().starts_with(&answers));
}

/// Numbers and names that would not be read back are refused before an output or a state is there.
#[test]
fn a_stream_writes_fields_that_are_read_back() {
    let room = folder(&["parity.fair", "people.csv"]);
    let [out, state] = ["out.csv", "state.json"].map(|name| room.path().join(name));
    let stream = |words: &[&str]| stream_in(room.path(), words);
    for (words, field) in [(["--name", "a,b"], "`a,b`"), (["--decimal", ","], "`-0,5`")] {
        let refused = stream(&[&["--no-quotes"], &words[..]].concat());
        assert_eq!(refused.code, 2);
        assert!(refused.stderr.contains(&format!("{field} cannot be written")), "{}", refused.stderr);
        assert!(!out.exists() && !state.exists());
    }

    assert_eq!(stream(&["--decimal", ",", "--name", "a,b"]).code, 0);
    let answers = std::fs::read_to_string(&out).unwrap();
    assert!(answers.starts_with("sex,age,hired,score,\"a,b\"\n"), "{answers}");
    assert!(answers.lines().skip(1).all(|line| line.contains(",\"0,")), "{answers}");
}
