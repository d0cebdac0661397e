//! The commands of the README, the tutorial and the pages of the command line give the output that they show.
//!
//! A line `$ fairc ..` in a `console` block is run, in a folder that holds the examples and the files that the page
//! names with `file=`; what follows it is what it prints. `FAIRC_UPDATE_DOCS=1` writes what it prints now.

use std::path::Path;
use std::process::Command;

use super::example::{examples, root};

/// The pages, and how many commands each shows at least.
const PAGES: [(&str, usize); 4] =
    [("README.md", 2), ("docs/analysis.md", 4), ("docs/cli.md", 1), ("docs/tutorial.md", 8)];

#[test]
fn commands_print_what_the_pages_show() {
    for (path, least) in PAGES {
        let page = std::fs::read_to_string(root().join(path)).unwrap();
        let (shown, commands) = run_all(path, &page);
        assert!(commands >= least, "only {commands} commands were found in {path}");
        if steady(&shown) != steady(&page) && std::env::var_os("FAIRC_UPDATE_DOCS").is_some() {
            std::fs::write(root().join(path), shown).unwrap();
        } else {
            assert_eq!(steady(&shown), steady(&page), "{path} is out of date: run the tests with FAIRC_UPDATE_DOCS=1");
        }
    }
}

/// The page with what its commands print now, and how many they are.
fn run_all(path: &str, page: &str) -> (String, usize) {
    let folder = tempfile::tempdir().unwrap();
    copy(&root().join("examples"), &folder.path().join("examples"));
    for example in examples(path, page) {
        std::fs::write(folder.path().join(&example.name), &example.text).unwrap();
    }
    let (mut shown, mut console, mut commands) = (String::new(), false, 0);
    for line in page.lines() {
        let command = line.strip_prefix("$ fairc ").filter(|_| console);
        if line.starts_with("```") {
            console = line == "```console";
        }
        if !console || command.is_some() || line == "```console" {
            shown += &format!("{line}\n");
        }
        if let Some(arguments) = command {
            shown += &run(folder.path(), arguments);
            commands += 1;
        }
    }
    (shown, commands)
}

/// The text without the digits of rounding errors, which may differ from one processor to another.
fn steady(text: &str) -> String {
    let is_rounding = |word: &str| word.parse::<f64>().is_ok_and(|number| number != 0.0 && number.abs() < 1e-10);
    let word = |word: &str| if is_rounding(word) { "(rounding)".to_string() } else { word.to_string() };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.lines().map(line).collect::<Vec<_>>().join("\n")
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
