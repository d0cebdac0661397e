//! Commands in pages, run: a line `$ fairc ..` in a block is run in a folder that holds the examples, and what follows it
//! must be what it prints. `FAIRC_UPDATE_DOCS=1` writes what it prints now.

use std::path::{Path, PathBuf};
use std::process::Command;

/// How the commands of a kind of block are run and compared.
pub struct Kind<'a> {
    /// The line that opens a block, as ```` ```console ````.
    pub fence: &'a str,
    /// Files in the folder besides the examples, by name.
    pub files: &'a [(String, String)],
    /// Whether a page shows what its commands print now; else the first line that differs.
    pub same: fn(&str, &str) -> Result<(), String>,
}

/// Checks, or with `FAIRC_UPDATE_DOCS` rewrites, the blocks of a page, which has at least `least` commands in them.
pub fn check(path: &str, least: usize, kind: &Kind<'_>) {
    let file = root().join(path);
    let page = std::fs::read_to_string(&file).unwrap();
    let (shown, commands) = run_all(&page, kind);
    assert!(commands >= least, "only {commands} commands were found in {path}");
    if let Err(difference) = (kind.same)(&page, &shown) {
        if std::env::var_os("FAIRC_UPDATE_DOCS").is_some() {
            std::fs::write(file, shown).unwrap();
        } else {
            panic!("{path} is out of date: run the tests with FAIRC_UPDATE_DOCS=1\n{difference}");
        }
    }
}

/// The page with what its commands print now, and how many they are.
fn run_all(page: &str, kind: &Kind<'_>) -> (String, usize) {
    let folder = tempfile::tempdir().unwrap();
    copy(&root().join("examples"), &folder.path().join("examples"));
    for (name, text) in kind.files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let (mut shown, mut console, mut commands) = (String::new(), false, 0);
    for line in page.lines() {
        let command = line.strip_prefix("$ fairc ").filter(|_| console);
        if line.starts_with("```") {
            console = line == kind.fence;
        }
        if !console || command.is_some() || line == kind.fence {
            shown += &format!("{line}\n");
        }
        if let Some(arguments) = command {
            shown += &run(folder.path(), arguments);
            commands += 1;
        }
    }
    (shown, commands)
}

/// Compares line by line, as `alike` sees lines.
pub fn by_line(page: &str, shown: &str, alike: fn(&str, &str) -> bool) -> Result<(), String> {
    let (mut page, mut shown) = (page.lines(), shown.lines());
    loop {
        match (page.next(), shown.next()) {
            (None, None) => return Ok(()),
            (Some(old), Some(new)) if alike(old, new) => {}
            (old, new) => {
                return Err(format!("  page  {}\n  now   {}", old.unwrap_or_default(), new.unwrap_or_default()));
            }
        }
    }
}

/// What a command prints.
fn run(folder: &Path, arguments: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fairc"));
    command.current_dir(folder).args(arguments.split_whitespace()).env("NO_COLOR", "1");
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    if text.is_empty() || text.ends_with('\n') { text } else { text + "\n" }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
