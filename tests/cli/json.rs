//! `docs/json.md` lists the fields that the commands print: all of them, and no others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::support::{FIXTURES, root, run};

/// Commands that a binary without libtorch does not have, and one that answers in another form.
const UNTRIED: [&str; 3] = ["train", "predict", "lsp"];

/// Arguments for each command that together show its fields; `@` stands for the folder of fixtures, `%` for one to write to.
const CALLS: &[(&str, &[&str])] = &[
    ("init", &["--data @/people.csv", "--data @/people.csv --pred score --group age -o %/first.fair"]),
    ("check", &["@/parity.fair", "@/warnings.fair @/nothing.fair", "@/parity.fair --data @/people.csv --batch 4"]),
    (
        "check",
        &["@/infeasible.fair --data @/people.csv", "@/odds.fair --data @/people.csv", "%/each.fair --data %/each.csv"],
    ),
    ("check", &["%/each.fair --data %/unscored.csv"]),
    ("compile", &["@/parity.fair -o %/out.fairc", "@/odds.fair --emit rows", "@/parity.fair --emit text"]),
    ("fmt", &["--check @/unformatted.fair", "- "]),
    ("explain", &["", "E0401", "E9999"]),
    ("std", &["", "equalized_odds"]),
    (
        "imply",
        &[
            "@/parity.fair @/odds.fair",
            "@/odds.fair @/parity.fair",
            "%/loose.fair %/tight.fair",
            "@/parity.fair @/parity.fair --data @/people.csv",
        ],
    ),
    ("diff", &["@/parity.fair @/odds.fair", "@/parity.fair @/parity.fair"]),
    ("impact", &["--data %/few.csv --pred it --by who --selected yes"]),
    ("impact", &["--data @/applicants.csv --pred score --threshold median --by sex --by race --least 0.8 --title T"]),
    ("project", &["@/parity.fair --data @/people.csv -o %/fair.csv", "@/infeasible.fair --data @/people.csv"]),
    ("project", &["%/each.fair --data %/each.csv", "@/odds.fair --data @/people.csv --inference"]),
    ("project", &["examples/relations/near.fair --data examples/relations/people.csv"]),
    ("audit", &["examples/relations/near.fair --data examples/relations/people.csv"]),
    ("check", &["examples/relations/near.fair --data examples/relations/people.csv"]),
    (
        "decide",
        &[
            "@/parity.fair --data @/people.csv --set eps=0.5 -o %/decided.csv --freeze %/thresholds.json",
            "@/parity.fair --data @/people.csv --set eps=0.5",
            "@/parity.fair --data @/people.csv --set eps=0.5 --thresholds %/thresholds.json",
            "@/parity.fair --data @/people.csv --set eps=0 --randomize 1",
            "@/parity.fair --data @/people.csv --set eps=0",
            "%/choice.fair --data %/each.csv --on-infeasible relax",
            "%/rule.fair --data %/each.csv",
            "@/infeasible.fair --data @/people.csv",
        ],
    ),
    (
        "audit",
        &[
            "@/parity.fair --data @/people.csv --set eps=0.01 --group-by hired",
            "@/soft.fair --data @/people.csv --date today",
            "@/odds.fair --data @/people.csv --pred hired",
        ],
    ),
    (
        "audit",
        &[
            "%/each.fair --data %/each.csv --group-by g",
            "@/report.fair --data @/report.csv --group-by week",
            "@/odds.fair --data @/people.csv",
        ],
    ),
    ("stream", &["@/parity.fair --data @/people.csv --smooth", "@/odds.fair --data @/people.csv"]),
    ("stream", &["@/parity.fair --data @/people.csv --mode primal-dual --batch 4", "%/each.fair --data %/each.csv"]),
    ("check", &["%/numbers.fair --data %/numbers.csv"]),
    ("project", &["%/numbers.fair --data %/numbers.csv"]),
    ("audit", &["%/numbers.fair --data %/numbers.csv"]),
    ("decide", &["%/numbers.fair --data %/numbers.csv"]),
    ("stream", &["%/numbers.fair --data %/numbers.csv"]),
    ("freeze", &["@/parity.fair --data @/people.csv -o %/shifts.json"]),
    ("sql", &["@/parity.fair --table people"]),
    (
        "price",
        &[
            "@/parity.fair --data @/people.csv --sweep eps=0..0.1/2",
            "@/odds.fair --data @/people.csv --inference --sweep eps=0,1",
            "@/parity.fair --data @/people.csv --decide --sweep eps=0..0.1/2",
        ],
    ),
    ("price", &["%/price.fair --data @/people.csv --sweep a=0,0.9 --inference"]),
    ("export", &["@/parity.fair --data @/people.csv --to json -o %/problem.json"]),
    ("solve", &["%/problems.jsonl", "%/problems.jsonl --on-infeasible relax"]),
    ("verify", &["%/problems.jsonl %/answers.jsonl"]),
    ("demo", &["%/demo"]),
    ("completions", &["bash"]),
    ("man", &["audit"]),
];

const EACH: &str = "column g: {a, b}?\nlabel y: {0, 1}\npredict score: real in [0, 1]\n\
                    constraint e: each where g == a: score <= 0.5\nconstraint u: E[score | g == b, y == 1] <= 0.5\n\
                    group s = {x: g == a, z: g == b}\nconstraint c: E[score | s == x] >= 0.6\n";
const NUMBERS: &str = "column x: int?\npredict score: real in [0, 1]\nconstraint c: E[score | x < 5] <= 0.9\n";
const CHOICE: &str = "column g: {a, b}?\npredict score: real in [0, 1]\nconstraint e: each where g == a: score <= 0.5\n\
                      group s = {x: g == a, z: g == b}\nconstraint half: E[score | s == z] == 0.5\n";
const RULE: &str = "column g: {a, b}?\nlabel y: {0, 1}\npredict score: real in [0, 1]\n\
                    constraint quarter: E[score | g == a, y == 1] == 0.25\n";
const PRICE: &str = "column sex: {female, male}\nlabel hired: {0, 1}\npredict score: real in [0, 1]\nparam a = 0 in [0, 1]\n\
                     constraint low: E[score | sex == female] >= a\nconstraint high: E[score] <= 0.1\n\
                     constraint lab (enforce = train): E[score | hired == 1] >= a / 10\n";
const LOOSE: &str = "column sex: {female, male}\npredict score: real in [0, 1]\n\
                     constraint low: E[score | sex == female] >= 0.2\n";
const PROBLEMS: &str = r#"{"id":1,"z":[0.9,0.1],"lo":0,"hi":1,"A":{"indptr":[0,2],"indices":[0,1],"values":[1,-1]},"l":[null],"u":[0.2],"vjp":{"v":[1,0]}}
{"id":2,"z":[0.9],"lo":0,"hi":1,"A":{"indptr":[0,1],"indices":[0],"values":[1]},"l":[2],"u":[null],"names":["r"]}
{"id":3}
"#;

#[test]
fn the_page_lists_what_commands_print() {
    let page = std::fs::read_to_string(root().join("docs/json.md")).unwrap();
    let page = sections(&page);
    let every = &page["Every answer"];
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let mut wrong = Vec::new();
    for command in fairc::cli::commands() {
        let Some(listed) = page.get(&command) else {
            wrong.push(format!("## {command}: the page has no such section"));
            continue;
        };
        let calls = CALLS.iter().filter(|(name, _)| *name == command).flat_map(|(_, calls)| calls.iter());
        let mut found = BTreeSet::new();
        let mut tried = 0;
        for call in calls {
            let words = call.replace('@', FIXTURES).replace('%', folder.path().to_str().unwrap());
            let arguments: Vec<&str> =
                [command.as_str(), "--format", "json"].into_iter().chain(words.split_whitespace()).collect();
            let done = run(&arguments);
            for line in done.stdout.lines() {
                let answer: Value =
                    serde_json::from_str(line).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {line}"));
                let many = ["solve", "verify"].contains(&command.as_str());
                assert_eq!(answer["schema"], 1, "{arguments:?}");
                assert!(answer["ok"].is_boolean(), "{arguments:?}");
                assert!(many || answer["ok"] == (done.code == 0), "{arguments:?}: {}", done.code);
                collect(&answer, "", &mut found);
                tried += 1;
            }
        }
        if !UNTRIED.contains(&command.as_str()) {
            assert!(tried > 0, "`{command}` is not called");
            let missing = listed.iter().filter(|field| !found.contains(*field));
            wrong
                .extend(missing.map(|field| format!("## {command}: `{field}` is on the page, and no call printed it")));
        }
        let known = |field: &String| {
            let inside = |listed: &BTreeSet<String>| listed.iter().any(|other| covers(other, field));
            listed.contains(field) || every.contains(field) || inside(listed) || inside(every)
        };
        let unknown = found.iter().filter(|field| !known(field));
        wrong.extend(unknown.map(|field| format!("## {command}: `{field}` is printed, and not on the page")));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// A value that is null or empty here and has parts elsewhere.
fn covers(listed: &str, field: &str) -> bool {
    listed.strip_prefix(field).is_some_and(|rest| rest.starts_with('.') || rest.starts_with("[]"))
}

fn prepare(folder: &Path) {
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write("each.fair", EACH);
    write("choice.fair", CHOICE);
    write("rule.fair", RULE);
    write("each.csv", "g,y,score\na,1,0.9\nb,0,0.4\nA,0,0.4\nnobody,0,0.4\n");
    write("unscored.csv", "g,y\na,1\nb,0\n");
    write("numbers.fair", NUMBERS);
    write("numbers.csv", "x,score\n1,0.5\n,0.4\n2,0.2\n");
    write("price.fair", PRICE);
    write("loose.fair", LOOSE);
    write("tight.fair", &LOOSE.replace("0.2", "0.3"));
    let few = [("a,yes\n", 20), ("a,no\n", 20), ("b,yes\n", 10), ("b,no\n", 30), ("c,yes\n", 5)];
    write("few.csv", &format!("who,it\n{}", few.map(|(line, count)| line.repeat(count)).concat()));
    write("problems.jsonl", PROBLEMS);
    let answers = run(&["solve", folder.join("problems.jsonl").to_str().unwrap()]).stdout;
    // One answer is good, one a proof that there is none, and one is no answer.
    write("answers.jsonl", &answers);
}

/// The fields of a value that is no container, each with its path: `rows[].name`.
fn collect(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(value, &path, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, &format!("{path}[]"), found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            found.insert(path.to_owned());
        }
    }
}

/// By heading, the fields that stand in the first column of its tables.
fn sections(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut sections: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut heading = String::new();
    for line in page.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            heading = name.to_owned();
            sections.entry(heading.clone()).or_default();
        }
        let Some(cell) = line.strip_prefix("| `").and_then(|rest| rest.split(" | ").next()) else { continue };
        let fields = cell.split("`, `").map(|field| field.trim_end_matches('`').to_owned());
        sections.entry(heading.clone()).or_default().extend(fields);
    }
    sections
}
