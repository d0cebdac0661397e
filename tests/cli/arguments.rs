//! Usage: help, mistakes in arguments, exit codes.

use std::collections::HashSet;

use insta::assert_snapshot;

use super::support::{root, run, transcript};

#[test]
fn help_is_a_page_for_newcomers() {
    assert_snapshot!(transcript("--help"));
}

#[test]
fn every_command_has_a_help_page() {
    let pages: Vec<String> =
        fairc::cli::commands().iter().map(|command| transcript(&format!("{command} -h"))).collect();
    assert_snapshot!(pages.join("\n"));
}

#[test]
fn mistakes_in_arguments_end_with_2() {
    let mistakes = [
        "",
        "chekc @/parity.fair",
        "check",
        "check @/parity.fair --fromat json",
        "check @/parity.fair --format xml",
        "report @/parity.fair",
        "audit @/parity.fair people.csv",
        "audit @/parity.fair people.csv --format json",
        "audit @/parity.fair --data @/people.csv other.csv",
        "compile @/parity.fair --emit row",
        "compile @/parity.fair --emit rows -o x.fairc",
        "project @/parity.fair",
        "project @/parity.fair --data @/people.csv --batch 0",
        "project @/parity.fair --data @/people.csv --set eps=abc",
        "project @/parity.fair --data @/people.csv --set eps",
        "project @/parity.fair --data @/people.csv --set epz=0.1",
        "project @/ratios.fair --data @/people.csv --set eps=0.1",
        "project @/parity.fair --data @/people.csv --pred scor",
        "project @/parity.fair --data @/people.txt",
        "project @/parity.fair --data @/parity.fair",
        "project - --data -",
        "audit @/parity.fair --data @/people.csv --tolerance -1",
        "export @/parity.fair --data @/people.csv --to xls -o -",
        "export @/parity.fair --data @/people.csv --to mtx -o -",
        "explain E4001",
        "explain nonsense",
        "std parity",
        "std nonsense",
        "solve missing.jsonl",
        "check missing.fair",
        "check tests",
        "fmt tests",
        "completions tcsh",
        "man nonsense",
    ];
    let all: Vec<String> = mistakes.iter().map(|mistake| transcript(mistake)).collect();
    for text in &all {
        assert!(text.contains("\nexit code 2\n"), "{text}");
    }
    assert_snapshot!(all.join("\n"));
}

#[cfg(not(feature = "torch"))]
#[test]
fn training_says_what_it_needs() {
    for arguments in
        [&["train", "a.fair", "--data", "b.csv", "--target", "y", "-o", "m"][..], &["predict", "m", "--data", "b.csv"]]
    {
        let done = run(arguments);
        assert_eq!(done.code, 2);
        assert!(
            done.stderr.contains("without training") && done.stderr.contains("--features torch"),
            "{}",
            done.stderr
        );
    }
}

#[test]
fn a_value_outside_its_range_is_a_finding() {
    assert_snapshot!(transcript("project @/parity.fair --data @/people.csv --set eps=3"));
    assert_snapshot!(transcript("check @/parity.fair --set eps=-1 --format json"));
}

#[test]
fn explanations_and_metrics_are_printed() {
    assert_snapshot!(transcript("explain fair::e0407"));
    assert_snapshot!(transcript("std equal_opportunity"));
    let codes = run(&["explain"]);
    assert_eq!(codes.code, 0);
    assert!(codes.stdout.starts_with("E0101  syntax\n") && codes.stdout.contains("\nW0104  "), "{}", codes.stdout);
    let metrics = run(&["std"]);
    assert!(metrics.stdout.contains("demographic_parity(attr, tol)\n    The mean predictions"), "{}", metrics.stdout);
    for arguments in [&["explain"][..], &["explain", "E0401"], &["std"], &["std", "equalized_odds"]] {
        let json = run(&[arguments, &["--format", "json"]].concat());
        assert!(serde_json::from_str::<serde_json::Value>(&json.stdout).is_ok(), "{}", json.stdout);
    }
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let done = run(&["completions", shell]);
        assert_eq!(done.code, 0);
        assert!(done.stdout.contains("audit") && done.stdout.contains("tolerance"), "{shell}");
    }
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let whole = run(&["man"]);
    assert_eq!(whole.code, 0);
    for command in fairc::cli::commands() {
        let page = run(&["man", &command]);
        assert_eq!(page.code, 0);
        let title = format!(".TH FAIRC-{} 1", command.to_uppercase());
        assert!(page.stdout.contains(&title) && page.stdout.contains(".SH \"EXIT STATUS\""), "{}", page.stdout);
        assert!(whole.stdout.contains(&format!("fairc\\-{command}(1)")), "{}", whole.stdout);
    }
    // It refers to no page that is not there.
    let referred = whole.stdout.lines().filter_map(|line| line.strip_prefix("fairc\\-")?.strip_suffix("(1)"));
    assert_eq!(referred.collect::<Vec<_>>(), fairc::cli::commands());
}

#[test]
fn colours_are_for_those_who_ask() {
    let arguments = ["check", "tests/fixtures/cli/parity.fair"];
    assert!(!run(&arguments).stdout.contains('\x1b'));
    assert!(run(&[&arguments[..], &["--color", "always"]].concat()).stdout.contains('\x1b'));
    assert!(!run(&[&arguments[..], &["--color=never"]].concat()).stdout.contains('\x1b'));
    assert!(run(&["--color=always", "chekc"]).stderr.contains('\x1b'));
    assert!(!run(&["--color=never", "chekc"]).stderr.contains('\x1b'));
}

/// The part of a page from a heading to the next of its level.
fn section(page: &str, is_wanted: impl Fn(&str) -> bool) -> &str {
    let mut sections = page.split("\n## ");
    sections.find(|section| is_wanted(section.lines().next().unwrap_or_default())).unwrap_or_default()
}

/// The long options that a help page lists.
fn options_of(help: &str) -> Vec<&str> {
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let options = lines.filter_map(|line| line.split([' ', ',']).find(|word| word.starts_with("--")));
    options.map(|option| option.trim_end_matches('.')).filter(|option| *option != "--help").collect()
}

/// Options of dialects have a place of their own, and those of all commands too.
#[test]
fn the_page_of_the_command_line_has_every_option() {
    let page = |name: &str| std::fs::read_to_string(root().join("docs").join(name)).unwrap();
    let (own, data, training) = (page("cli.md"), page("data.md"), page("training.md"));
    let shared = [
        section(&own, |heading| heading == "Options of all commands"),
        section(&data, |heading| heading == "Dialects"),
    ];
    for command in fairc::cli::commands().iter().filter(|command| *command != "help") {
        let section = section(&own, |heading| heading.split(", ").any(|name| name == command));
        assert!(!section.is_empty(), "docs/cli.md has no section `{command}`");
        let more = if command == "train" { training.as_str() } else { "" };
        let text = [&shared[..], &[section, more, "-o is --output"]].concat().join("\n");
        let words: HashSet<&str> = text.split(|c: char| c != '-' && !c.is_ascii_alphanumeric()).collect();
        for option in options_of(&run(&[command, "--help"]).stdout) {
            assert!(words.contains(option), "docs/cli.md does not have `{option}` of `{command}`");
        }
    }
}
