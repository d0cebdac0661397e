//! Outputs are whole or not there: whoever else writes, whatever the system refuses, and wherever a command is stopped. And what is
//! asked to write to a place that takes nothing does not say that all went well.

#![cfg(unix)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::support::{command, folder, run};

const HEADER: &str = "sex,age,hired,score\n";
const ROW: &str = "female,30,1,0.5\n";

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn wait_until(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A stream that waits for more of its input.
fn waiting(folder: &Path, arguments: &[&str]) -> Child {
    let fixed = ["stream", "parity.fair", "--batch", "2", "-q"];
    let mut command = command(&[&fixed[..], arguments].concat());
    let mut child = command.current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let text = format!("{HEADER}male,30,1,0.6\n{}", ROW.repeat(20));
    child.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    child
}

/// What a shell does with these words in a folder: exit code, standard output and standard error.
fn shell(folder: &Path, words: &str) -> (Option<i32>, String, String) {
    let script = words.replace("fairc ", &format!("{} ", env!("CARGO_BIN_EXE_fairc")));
    let output = Command::new("bash").args(["-c", &script]).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn what_a_stream_writes_nobody_else_replaces() {
    let folder = folder(&["parity.fair", "people.csv"]);
    let path = folder.path();
    let mut child = waiting(path, &["--state", "state.json", "-o", "out.csv"]);
    // All that it can, so that it waits for more; the last state says so, and no copy of it is on the way.
    let answered = || fs::read_to_string(path.join("out.csv")).is_ok_and(|text| text.lines().count() > 20);
    let saved = || fs::read_to_string(path.join("state.json")).is_ok_and(|text| text.contains(r#""input_batches":10"#));
    wait_until("answers", || answered() && saved() && !names(path).iter().any(|name| name.ends_with(".tmp")));
    let before = names(path);
    for target in ["out.csv", "state.json"] {
        for words in [
            "project parity.fair --data people.csv --output-format csv -o",
            "stream parity.fair --data people.csv -o",
            "audit parity.fair --data people.csv --html",
            "export parity.fair --data people.csv --to json -o",
            "export parity.fair --data people.csv --to mtx -o",
            "freeze parity.fair --data people.csv --pred score --to json -o",
            "compile parity.fair -o",
        ] {
            // The extension of a stream's output says its format.
            if target == "state.json" && words.starts_with("stream") {
                continue;
            }
            let (code, _, error) = shell(path, &format!("fairc {words} {target}"));
            assert!(code == Some(2) && error.contains("another process"), "{words} {target}: {code:?} {error}");
            assert!(error.contains("wait for its end"), "{words}: {error}");
        }
    }
    assert_eq!(names(path), before);
    child.stdin.take().unwrap().write_all(ROW.repeat(3).as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(fs::read_to_string(path.join("out.csv")).unwrap().lines().count(), 25);
    let (code, _, error) = shell(path, "fairc project parity.fair --data people.csv -o out.csv -q");
    assert_eq!(code, Some(0), "{error}");
}

/// Without a state nobody could go on: the output comes when all is answered, and nothing is left before.
#[test]
fn without_a_state_no_part_is_left() {
    let folder = folder(&["parity.fair"]);
    let path = folder.path();
    for old in [None, Some("old\n")] {
        old.into_iter().for_each(|text| fs::write(path.join("out.csv"), text).unwrap());
        let expected = names(path);
        let mut child = waiting(path, &["-o", "out.csv"]);
        wait_until("a temporary file", || names(path).iter().any(|name| name.starts_with(".out.csv.")));
        // Waiting would close its input, which ends it well.
        let _open = child.stdin.take();
        assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
        assert!(!child.wait().unwrap().success());
        assert_eq!(names(path), expected);
        let mut child = waiting(path, &["-o", "out.csv"]);
        child.stdin.take().unwrap().write_all(b"female,30,1,high\n").unwrap();
        assert!(!child.wait().unwrap().success());
        assert_eq!(names(path), expected);
        assert_eq!(fs::read_to_string(path.join("out.csv")).ok().as_deref(), old);
    }
    let mut child = waiting(path, &["-o", "out.csv"]);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert_eq!(fs::read_to_string(path.join("out.csv")).unwrap().lines().count(), 22);
}

#[test]
fn a_state_is_a_file() {
    let done = run(&["stream", "tests/fixtures/cli/parity.fair", "--state", "-"]);
    assert!(done.code == 2 && done.stderr.contains("a state is kept in a file"), "{}", done.stderr);
}

/// Commands whose result goes to standard output, one for each subcommand at least.
const PRINT: [&str; 36] = [
    "init --data people.csv",
    "init --data people.csv -o -",
    "check parity.fair",
    "compile parity.fair --emit rows",
    "compile parity.fair -o -",
    "fmt - < parity.fair",
    "explain E0101",
    "std",
    "imply parity.fair parity.fair",
    "diff parity.fair soft.fair",
    "impact --data people.csv --pred hired --by sex",
    "impact --data people.csv --pred hired --by sex --html -",
    "project parity.fair --data people.csv",
    "project parity.fair --data people.csv -o -",
    "decide parity.fair --data people.csv",
    "decide parity.fair --data people.csv -o -",
    "audit parity.fair --data people.csv",
    "audit parity.fair --data people.csv --format json",
    "audit parity.fair --data people.csv --format sarif",
    "audit parity.fair --data people.csv -q --html -",
    "stream parity.fair --data people.csv",
    "stream parity.fair --data people.csv -o -",
    "freeze parity.fair --data people.csv --pred score --to json -o -",
    "sql parity.fair --table people",
    "price parity.fair --data people.csv --pred score",
    "export parity.fair --data people.csv --to json -o -",
    "export parity.fair --data people.csv --to npz -o -",
    "solve problems.jsonl",
    "verify problems.jsonl answers.jsonl",
    "completions bash",
    "man audit",
    "demo --help",
    "lsp --help",
    "train --help",
    "predict --help",
    "--version",
];

#[test]
fn what_cannot_be_printed_is_no_success() {
    let folder = folder(&["parity.fair", "soft.fair", "people.csv", "problems.jsonl"]);
    let path = folder.path();
    let (_, answers, _) = shell(path, "fairc solve problems.jsonl");
    fs::write(path.join("answers.jsonl"), answers).unwrap();
    let before = names(path);
    for command in fairc::cli::commands() {
        assert!(PRINT.iter().any(|words| words.split(' ').next() == Some(&command)), "{command}");
        let (code, _, error) = shell(path, &format!("fairc {command} --help > /dev/full"));
        assert_eq!(code, Some(2), "{command}: {error}");
    }
    for words in PRINT {
        let (_, printed, error) = shell(path, &format!("fairc {words}"));
        assert!(!printed.is_empty(), "{words}: {error}");
        let (code, _, error) = shell(path, &format!("fairc {words} > /dev/full"));
        assert!(code.is_some_and(|code| code != 0), "{words}: {error}");
        assert!(!error.contains("panic"), "{words}: {error}");
        if cfg!(target_os = "linux") && words.ends_with(" -") {
            let (code, _, error) = shell(path, &format!("fairc {words} >&-"));
            assert!(code == Some(2) && error.contains("standard output is closed"), "{words}: {code:?} {error}");
        }
        let (code, _, error) = shell(path, &format!("fairc {words} > /dev/null"));
        assert!(code.is_some_and(|code| code < 2), "{words}: {error}");
    }
    assert_eq!(names(path), before);
}

/// A limit on the length of files that ends whoever passes it is told as a full disk is, after as many bytes as it may be.
#[test]
fn no_limit_leaves_a_part() {
    let folder = folder(&["parity.fair", "people.csv"]);
    let path = folder.path();
    fs::write(path.join("many.csv"), format!("{HEADER}male,30,1,0.6\n{}", ROW.repeat(2000))).unwrap();
    let before = names(path);
    for words in [
        "project parity.fair --data many.csv -o out.csv",
        "project parity.fair --data many.csv -o out.jsonl",
        "project parity.fair --data many.csv -o out.parquet",
        "stream parity.fair --data many.csv --batch 100 -o out.csv",
        "audit parity.fair --data people.csv --html out.html",
        "export parity.fair --data many.csv --to json -o out.json",
        "export parity.fair --data many.csv --to mtx -o out.mtx",
        "export parity.fair --data many.csv --to npz -o out.npz",
        "export parity.fair --data many.csv --to mps -o out.mps",
    ] {
        let (code, _, error) = shell(path, &format!("fairc {words} -q"));
        assert!(code.is_some_and(|code| code < 2), "{words}: {error}");
        let written: Vec<String> = names(path).into_iter().filter(|name| !before.contains(name)).collect();
        let longest = written.iter().map(|name| fs::metadata(path.join(name)).unwrap().len()).max().unwrap();
        written.iter().for_each(|name| fs::remove_file(path.join(name)).unwrap());
        let blocks = longest.div_ceil(1024);
        for limit in (0..blocks).step_by(usize::try_from(blocks / 12 + 1).unwrap()) {
            let (code, _, error) = shell(path, &format!("ulimit -f {limit}; fairc {words} -q"));
            assert!(code == Some(2) && error.contains("cannot write"), "{words}, {limit}: {code:?} {error}");
            assert_eq!(names(path), before, "{words}, {limit}");
        }
    }
    let stateful = "fairc stream parity.fair --data many.csv --batch 100 --state state.json -o out.csv -q";
    let (code, _, error) = shell(path, &format!("ulimit -f 9; {stateful}"));
    assert!(code == Some(2) && error.contains("cannot write"), "{code:?} {error}");
    assert_eq!(shell(path, stateful).0, Some(0));
    assert_eq!(fs::read_to_string(path.join("out.csv")).unwrap().lines().count(), 2002);
}

/// What is read as a whole has an end.
#[test]
fn endless_inputs_are_refused() {
    let folder = folder(&["parity.fair", "people.csv", "problems.jsonl"]);
    let path = folder.path();
    for words in [
        "verify /dev/zero problems.jsonl",
        "verify problems.jsonl /dev/zero",
        "check /dev/zero",
        "fmt --check /dev/zero",
        "project parity.fair --data people.csv --frozen /dev/zero",
        "stream parity.fair --data people.csv --state /dev/zero",
        "compile - < /dev/zero",
        "verify problems.jsonl - < /dev/zero",
        "audit parity.fair --data /dev/zero",
        "audit parity.fair --data - < /dev/zero",
        "project parity.fair --data /dev/urandom",
        "stream parity.fair --data /dev/zero",
    ] {
        let (code, _, error) = shell(path, &format!("ulimit -v 2000000; ulimit -t 20; fairc {words}"));
        assert_eq!(code, Some(2), "{words}: {error}");
        assert!(error.starts_with("error: ") && !error.contains("memory"), "{words}: {error}");
    }
}
