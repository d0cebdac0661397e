//! Runs the binary and writes down what it did.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The root of the repository, in which commands run, so that paths are the same everywhere.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub const FIXTURES: &str = "tests/fixtures/cli";

/// What a run came to.
pub struct Done {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    /// As snapshots hold it.
    pub fn transcript(&self, arguments: &[&str]) -> String {
        let mut text = format!("$ fairc {}\nexit code {}\n", arguments.join(" "), self.code);
        for (name, stream) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !stream.is_empty() {
                text.push_str(&format!("--- {name}\n{stream}"));
            }
        }
        text
    }
}

/// A command without the caller's taste in colours and languages.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fairc"));
    command.args(arguments).current_dir(root()).stdin(Stdio::null());
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LC_ALL", "LANG", "TERM"] {
        command.env_remove(name);
    }
    command
}

pub fn run(arguments: &[&str]) -> Done {
    run_with(arguments, None)
}

/// Runs with these bytes on standard input.
pub fn run_with(arguments: &[&str], stdin: Option<&[u8]>) -> Done {
    let mut command = command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    if stdin.is_some() {
        command.stdin(Stdio::piped());
    }
    let mut child = command.spawn().unwrap();
    if let (Some(bytes), Some(mut pipe)) = (stdin, child.stdin.take()) {
        // A command that refuses its arguments does not read.
        let _ = pipe.write_all(bytes);
    }
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    assert!(code <= 2, "{arguments:?} ended with {code}: {}", String::from_utf8_lossy(&output.stderr));
    Done { code, stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The transcript of a run on fixtures; `@` stands for their folder.
pub fn transcript(arguments: &str) -> String {
    transcript_with(arguments, None)
}

pub fn transcript_with(arguments: &str, stdin: Option<&[u8]>) -> String {
    let replaced: Vec<String> = arguments.split_whitespace().map(|word| word.replace('@', FIXTURES)).collect();
    let words: Vec<&str> = replaced.iter().map(String::as_str).collect();
    run_with(&words, stdin).transcript(&words)
}

/// The words of a text, wherever its lines end.
pub fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// JSON for snapshots: one field a line.
pub fn pretty(text: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    serde_json::to_string_pretty(&value).unwrap()
}

/// A folder of its own with copies of these fixtures.
pub fn folder(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        std::fs::copy(root().join(FIXTURES).join(file), folder.path().join(file)).unwrap();
    }
    folder
}

pub fn text_of(path: &Path) -> &str {
    path.to_str().unwrap()
}
