//! How a command ends: readers that go away, signals, full disks, and what programs are told then.

use std::fs;
use std::io::{Read, Write};
use std::process::Stdio;

use super::support::{FIXTURES, command, folder, run, run_with, text_of};

fn fixture(name: &str) -> String {
    format!("{FIXTURES}/{name}")
}

#[test]
fn a_verdict_outlives_its_reader() {
    let (parity, people) = (fixture("parity.fair"), fixture("people.csv"));
    let unformatted = fixture("unformatted.fair");
    let commands: [(&[&str], i32); 5] = [
        (&["audit", &parity, "--data", &people], 1),
        (&["audit", &parity, "--data", &people, "--format", "json"], 1),
        (&["audit", &parity, "--data", &people, "--set", "eps=1"], 0),
        (&["fmt", "--check", &unformatted], 1),
        (&["audit", &parity, "--format", "json"], 2),
    ];
    for (arguments, expected) in commands {
        let mut child = command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(expected), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("panic") && !stderr.contains("roken pipe"), "{arguments:?}: {stderr}");
    }
}

#[test]
fn wrong_arguments_are_told_as_json_too() {
    let (parity, people) = (fixture("parity.fair"), fixture("people.csv"));
    let wrong: [&[&str]; 6] = [
        &["audit", &parity, "--format", "json"],
        &["audit", &parity, "--data", &people, "--bogus", "--format", "json"],
        &["--format=json", "audti"],
        &["--format", "json"],
        &["stream", &parity, "--batch", "0", "--format", "json"],
        &["project", &parity, "--data", &people, "--set", "nothing=1", "--format", "json"],
    ];
    for arguments in wrong {
        let done = run(arguments);
        let answer: serde_json::Value = serde_json::from_str(&done.stdout).unwrap_or_default();
        assert_eq!((done.code, &answer["ok"], &answer["schema"]), (2, &false.into(), &1.into()), "{arguments:?}");
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(!message.is_empty() && !message.contains('\u{1b}') && !message.contains('\n'), "{answer}");
        assert!(!done.stderr.is_empty(), "{arguments:?}");
    }
    // Without `--format json`, and where help was asked for, nothing changes.
    assert_eq!(run(&["audit", &parity]).stdout, "");
    assert!(run(&["audit", "--help", "--format", "json"]).stdout.starts_with("Check whether"));
}

#[test]
fn standard_input_has_other_names() {
    let people = fs::read(super::support::root().join(fixture("people.csv"))).unwrap();
    let parity = fixture("parity.fair");
    for name in ["-", "/dev/stdin"] {
        let done = run_with(&["audit", &parity, "--data", name, "-q"], Some(&people));
        assert_eq!(done.code, 1, "{name}: {}", done.stderr);
        for verb in [&["audit"][..], &["stream"]] {
            let arguments = [verb, &[&parity, "--data", name, "-q"]].concat();
            let redirected = fs::File::open(super::support::root().join(fixture("people.csv"))).unwrap();
            let output = command(&arguments).stdin(redirected).output().unwrap();
            let expected = if verb == ["audit"] { 1 } else { 0 };
            let error = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(expected), "{verb:?} {name}: {error}");
        }
    }
}

#[cfg(unix)]
mod unix {
    use super::*;

    use std::os::unix::process::ExitStatusExt;
    use std::path::Path;
    use std::process::{Child, Command};
    use std::time::{Duration, Instant};

    fn signal(child: &Child, name: &str) {
        assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// Waits until a file of this kind is there, or the time is up.
    fn wait_for(folder: &Path, part: &str) -> bool {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(60) {
            if names(folder).iter().any(|name| name.contains(part)) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        false
    }

    /// Whether this process ignores a signal, as below `nohup`.
    fn ignored(signal: i32) -> bool {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
            .is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
    }

    #[test]
    fn signals_leave_no_copies() {
        let folder = folder(&["parity.fair"]);
        let path = folder.path();
        let row = "female,30,1,0.5\n";
        let table = format!("sex,age,hired,score\nmale,30,1,0.5\n{}", row.repeat(400_000));
        fs::write(path.join("d.csv"), &table).unwrap();
        fs::write(path.join("out.csv"), "old\n").unwrap();
        let temporary = tempfile::tempdir().unwrap();
        for (name, number) in [("-INT", 2), ("-TERM", 15), ("-HUP", 1)] {
            // What whoever runs the tests ignores, the command ignores too.
            if ignored(number) {
                continue;
            }
            let mut command = command(&["project", "parity.fair", "--data", "d.csv", "-o", "out.csv", "-q"]);
            command.current_dir(path).env("TMPDIR", temporary.path()).stdout(Stdio::null());
            let mut child = command.spawn().unwrap();
            let seen = wait_for(path, ".out.csv.");
            signal(&child, name);
            let status = child.wait().unwrap();
            assert_eq!((seen, status.signal()), (true, Some(number)), "{name}");
            assert_eq!(names(path), ["d.csv", "out.csv", "parity.fair"], "{name}");
            assert_eq!(fs::read_to_string(path.join("out.csv")).unwrap(), "old\n");
        }
        // Standard input is copied to a file without a name.
        let mut command = command(&["audit", "parity.fair", "--data", "-", "-q"]);
        command.current_dir(path).env("TMPDIR", temporary.path()).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(table.as_bytes()).unwrap();
        assert_eq!(names(temporary.path()), Vec::<String>::new());
        signal(&child, "-TERM");
        assert_eq!(child.wait().unwrap().signal(), Some(15));
        assert_eq!(names(temporary.path()), Vec::<String>::new());
    }

    /// A disk that is full: the old output or the new one, and exit code 2.
    #[test]
    fn a_full_disk_keeps_the_old_output() {
        let folder = folder(&["parity.fair", "people.csv"]);
        let path = folder.path();
        let limited = |blocks: &str, words: &str| {
            // Without the signal a write beyond the limit fails as on a full disk.
            let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec {} {words}", env!("CARGO_BIN_EXE_fairc"));
            let output = Command::new("bash").args(["-c", &script]).current_dir(path).output().unwrap();
            (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
        };
        let rows = fs::read_to_string(path.join("people.csv")).unwrap();
        let (head, body) = rows.split_once('\n').unwrap();
        fs::write(path.join("many.csv"), format!("{head}\n{}", body.repeat(200))).unwrap();
        fs::write(path.join("out.csv"), "old\n").unwrap();
        let (code, error) = limited("8", "project parity.fair --data many.csv -o out.csv -q");
        assert!(code == Some(2) && error.contains("cannot write `out.csv`"), "{code:?} {error}");
        assert_eq!(fs::read_to_string(path.join("out.csv")).unwrap(), "old\n");
        assert_eq!(names(path), ["many.csv", "out.csv", "parity.fair", "people.csv"]);
        let (code, error) = limited("8", "stream parity.fair --data many.csv --batch 50 -o out.csv -q");
        assert!(code == Some(2) && error.contains("cannot write `out.csv`"), "{code:?} {error}");
        assert_eq!(fs::read_to_string(path.join("out.csv")).unwrap(), "old\n");
        for words in [
            "project parity.fair --data people.csv --output-format csv -o /dev/full",
            "stream parity.fair --data people.csv -o /dev/full",
        ] {
            let (code, error) = limited("unlimited", &format!("{words} -q"));
            assert!(code == Some(2) && error.contains("cannot write `/dev/full`"), "{words}: {code:?} {error}");
        }
        let (code, error) = limited("unlimited", "audit parity.fair --data people.csv -q > /dev/full");
        assert!(code == Some(2) && error.contains("cannot write to standard output"), "{code:?} {error}");
    }

    /// A stream that runs out of room at one write after another goes on from each, to the same bytes.
    #[test]
    fn a_stream_goes_on_from_every_write_that_failed() {
        let folder = folder(&["parity.fair", "people.csv"]);
        let path = folder.path();
        let rows = fs::read_to_string(path.join("people.csv")).unwrap();
        let (head, body) = rows.split_once('\n').unwrap();
        fs::write(path.join("many.csv"), format!("{head}\n{}", body.repeat(40))).unwrap();
        let stream = |state: &str, out: &str, limit: &str| {
            let words = format!("stream parity.fair --data many.csv --batch 20 --state {state} -o {out} -q");
            let script = format!("trap '' XFSZ; ulimit -f {limit}; exec {} {words}", env!("CARGO_BIN_EXE_fairc"));
            Command::new("bash").args(["-c", &script]).current_dir(path).output().unwrap()
        };
        assert!(stream("calm.json", "calm.csv", "unlimited").status.success());
        let blocks = fs::metadata(path.join("calm.csv")).unwrap().len() / 1024;
        let mut failed = 0;
        for limit in 1..=blocks {
            let output = stream("state.json", "out.csv", &limit.to_string());
            let error = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{limit}: {error}");
            assert!(error.contains("cannot write"), "{error}");
            failed += 1;
        }
        assert!(failed > 10, "{failed}");
        assert!(stream("state.json", "out.csv", "unlimited").status.success());
        for (calm, disturbed) in [("calm.csv", "out.csv"), ("calm.json", "state.json")] {
            assert!(fs::read(path.join(calm)).unwrap() == fs::read(path.join(disturbed)).unwrap(), "{calm}");
        }
        assert!(names(path).iter().all(|name| !name.contains("tmp")), "{:?}", names(path));
    }

    #[test]
    fn texts_of_data_do_not_steer_a_terminal() {
        let folder = folder(&[]);
        let path = folder.path();
        let spec = "column g: {a, b}?\npredict score: real in [0, 1]\n\
                    constraint c: |E[score | g == a] - E[score | g == b]| <= 0.1\n";
        fs::write(path.join("s\u{1b}[2Jx.fair"), spec).unwrap();
        fs::write(path.join("d\u{1b}]0;x\u{7}.csv"), "g,score\na,0.5\nb,0.1\n\u{1b}[31mc,0.5\n").unwrap();
        let (spec, data) = (path.join("s\u{1b}[2Jx.fair"), path.join("d\u{1b}]0;x\u{7}.csv"));
        for verb in ["stream", "audit", "project"] {
            for color in ["never", "always"] {
                let done = run(&[verb, text_of(&spec), "--data", text_of(&data), "--color", color]);
                for text in [&done.stdout, &done.stderr] {
                    let rest = text.split('\u{1b}').skip(1).all(|part| {
                        part.strip_prefix('[').is_some_and(|part| {
                            part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m')
                        })
                    });
                    assert!(
                        rest && !text.contains('\u{7}') && (color == "always" || !text.contains('\u{1b}')),
                        "{text:?}"
                    );
                }
            }
        }
    }
}
