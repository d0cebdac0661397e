//! Reports fit the terminal: no line is wider, no word is broken, and the first line says what holds.

use std::collections::HashSet;

use super::support::{command, folder, text_of};

const GERMAN: &str = "examples/german_credit";
/// Commands whose output is a file or a protocol, or that need libtorch, where `tests/torch` looks at them.
const OTHERS: [&str; 8] = ["lsp", "man", "completions", "train", "predict", "std", "fmt", "init"];

fn run_at(columns: usize, arguments: &[String]) -> (i32, String, String) {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let output = command(&words).env("COLUMNS", columns.to_string()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Each command on each example that it takes.
fn commands(scratch: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let mut add = |line: &str| all.push(line.split_whitespace().map(str::to_owned).collect::<Vec<String>>());
    for spec in ["parity", "odds", "intersectional", "four_fifths"] {
        let (spec, data) = (format!("{GERMAN}/{spec}.fair"), format!("--data {GERMAN}/german_credit.csv"));
        add(&format!("check {spec}"));
        add(&format!("check {spec} {data} --batch 200"));
        add(&format!("audit {spec} {data}"));
        add(&format!("audit {spec} {data} --group-by housing --rows 4 --bootstrap 50"));
        add(&format!("project {spec} {data}"));
        add(&format!("project {spec} {data} --batch 250 -o {scratch}/out.csv"));
        add(&format!("stream {spec} {data} --batch 250"));
        add(&format!("imply {spec} {GERMAN}/odds.fair"));
        add(&format!("diff {GERMAN}/parity.fair {spec}"));
        add(&format!("compile {spec}"));
        add(&format!("freeze {spec} {data} -o {scratch}/shifts.json"));
    }
    let data = format!("--data {GERMAN}/german_credit.csv");
    add(&format!("decide {GERMAN}/parity.fair {data}"));
    add(&format!("price {GERMAN}/parity.fair {data} --decide --sweep eps=0,0.05"));
    add(&format!("price {GERMAN}/odds.fair {data} --all --sweep eps=0,0.05"));
    add(&format!("price {GERMAN}/odds.fair {data} --sweep eps=0,0.05"));
    add(&format!("price {GERMAN}/intersectional.fair {data} --sweep eps=0.05"));
    add(&format!("export {GERMAN}/parity.fair {data} --to json -o {scratch}/numbers.json"));
    add("impact --data examples/ll144/applicants.csv --pred score --by sex --by race_ethnicity --threshold median");
    add("check examples/relations/near.fair --data examples/relations/people.csv");
    add("audit examples/relations/near.fair --data examples/relations/people.csv");
    add("project examples/relations/near.fair --data examples/relations/people.csv");
    for spec in std::fs::read_dir("examples/specs").unwrap() {
        let path = spec.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "fair") {
            add(&format!("check {}", path.display()));
            add(&format!("compile {}", path.display()));
        }
    }
    add("explain");
    fairc::language::explain::PAGES.iter().for_each(|page| add(&format!("explain {}", page.code)));
    for spec in ["parity", "odds", "intersectional", "four_fifths"] {
        for query in ["audit", "cells", "checks"] {
            add(&format!("sql {GERMAN}/{spec}.fair --table people --query {query}"));
        }
    }
    add("solve tests/fixtures/cli/problems.jsonl");
    add("verify tests/fixtures/cli/problems.jsonl tests/fixtures/cli/problems.jsonl");
    add(&format!("demo {scratch}/demo"));
    all
}

/// What cannot be broken: a name, a path, a literal.
fn is_one_word(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    words.len() <= 1
}

#[test]
fn reports_fit_and_break_no_word() {
    let scratch = folder(&[]);
    let tried = commands(text_of(scratch.path()));
    let names: HashSet<&str> = tried.iter().filter_map(|line| line.first()).map(String::as_str).collect();
    for name in fairc::cli::commands() {
        assert!(names.contains(name.as_str()) || OTHERS.contains(&name.as_str()), "`{name}` is not looked at");
    }
    let mut faults = Vec::new();
    for arguments in tried {
        let again = || drop(std::fs::remove_dir_all(scratch.path().join("demo")));
        let told = arguments.join(" ");
        let (code, wide, noted) = run_at(140, &arguments);
        assert!(code < 2, "{told}: {noted}");
        let words: HashSet<&str> = wide.split_whitespace().chain(noted.split_whitespace()).collect();
        for columns in [80, 100, 120] {
            again();
            let (_, out, err) = run_at(columns, &arguments);
            // One answer of `solve` is a line for programs; a spec in a page stands as it is written.
            let pages: Vec<&str> = out.split("```").step_by(2).collect();
            let lines = pages.iter().flat_map(|page| page.lines()).chain(err.lines());
            for line in lines.filter(|line| !line.starts_with('{')) {
                let fits = line.chars().count() <= columns || is_one_word(line) || is_as_written(line);
                let broken = line.split_whitespace().find(|word| !words.contains(word));
                if !fits || broken.is_some() {
                    faults.push(format!("{told} at {columns}: {line} {broken:?}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A command to copy, or a line of a spec and what stands below it.
fn is_as_written(line: &str) -> bool {
    if line.starts_with("$ fairc ") {
        return true;
    }
    let start = line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit());
    start.trim_start().starts_with(['|', '│', '·'])
}

#[test]
fn help_fits() {
    for name in fairc::cli::commands() {
        for columns in [80, 100, 120] {
            let (_, out, _) = run_at(columns, &[name.clone(), "--help".to_owned()]);
            let wide = out.lines().find(|line| line.chars().count() > columns);
            assert_eq!(wide, None, "{name} at {columns}");
        }
    }
}

#[test]
fn the_first_line_says_what_holds() {
    let data = ["--data", "tests/fixtures/cli/people.csv"];
    for (command, first) in [
        ("audit tests/fixtures/cli/parity.fair", "Not met: the promise is violated"),
        ("project tests/fixtures/cli/parity.fair", "Met: the promise is held"),
        ("stream tests/fixtures/cli/parity.fair --batch 4", "Met: the promise is held"),
        ("decide tests/fixtures/cli/parity.fair", "Met: the promise is held"),
        ("check tests/fixtures/cli/parity.fair", "feasible: all rows can hold"),
    ] {
        let words: Vec<&str> = command.split_whitespace().chain(data).collect();
        let of = |more: &[&str]| super::support::run(&[&words[..], more].concat());
        let (all, quiet) = (of(&[]), of(&["-q"]));
        assert_eq!(all.stdout.lines().next(), Some(first), "{command}");
        assert_eq!(
            (quiet.stdout, quiet.stderr, quiet.code),
            (all.stdout.clone(), String::new(), all.code),
            "{command}"
        );
        let verdict = of(&["-qq"]);
        assert_eq!((verdict.stdout, verdict.stderr), (format!("{first}\n"), String::new()), "{command}");
        let nothing = of(&["-qqq"]);
        assert_eq!(
            (nothing.stdout, nothing.stderr, nothing.code),
            (String::new(), String::new(), all.code),
            "{command}"
        );
        let json = of(&["-qqq", "--format", "json"]);
        assert_eq!((json.stdout, json.code), (String::new(), all.code), "{command}");
    }
    let copied =
        super::support::run(&["project", "tests/fixtures/cli/parity.fair", data[0], data[1], "-o", "-", "-qqq"]);
    assert!(copied.stdout.lines().count() > 12 && copied.stderr.is_empty(), "data are written all the same");
}
