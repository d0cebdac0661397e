//! Each promise is judged by what its author wrote, and nothing compared is no pass.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::random::Random;
use super::support::{Done, folder, run, text_of};

/// A spec and data in a folder of their own.
pub(super) struct Case(tempfile::TempDir);

impl Case {
    pub(super) fn new(spec: &str, data: &str) -> Case {
        let case = Case(folder(&[]));
        fs::write(case.0.path().join("s.fair"), spec).unwrap();
        fs::write(case.0.path().join("d.csv"), data).unwrap();
        case
    }

    pub(super) fn path(&self, name: &str) -> String {
        text_of(&self.0.path().join(name)).to_owned()
    }

    pub(super) fn run(&self, command: &str, more: &[&str]) -> Done {
        run(&[&[command, &self.path("s.fair"), "--data", &self.path("d.csv")], more].concat())
    }

    pub(super) fn audit(&self, more: &[&str]) -> Done {
        self.run("audit", &[&["-q", "--bootstrap", "0"], more].concat())
    }

    pub(super) fn facts(&self) -> Value {
        json(&self.audit(&["--format", "json"]))
    }
}

pub(super) fn json(done: &Done) -> Value {
    serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", done.stdout, done.stderr))
}

pub(super) fn promise<'a>(facts: &'a Value, name: &str) -> &'a Value {
    facts["promises"].as_array().unwrap().iter().find(|promise| promise["constraint"] == name).unwrap()
}

/// What the report says of a promise and its rows, but for their places in the report.
fn of_promise(facts: &Value, name: &str) -> Value {
    let found = promise(facts, name);
    let rows = found["rows"].as_array().unwrap().iter().map(|index| {
        let row = &facts["rows"][index.as_u64().unwrap() as usize];
        serde_json::json!([row["name"], row["before"], row["lower"], row["upper"], row["verdict"], row["compares"]])
    });
    let each = found["each"].as_array().unwrap().iter().map(|index| {
        let each = &facts["each"][index.as_u64().unwrap() as usize];
        serde_json::json!([each["name"], each["predictions"], each["outside"], each["verdict"]])
    });
    let mut rows: Vec<Value> = rows.chain(each).collect();
    rows.sort_by_key(|row| row[0].to_string());
    serde_json::json!([
        found["verdict"],
        found["comparisons"]["made"],
        found["comparisons"]["not_made"],
        found["reason"],
        rows
    ])
}

/// Equal, but for the last digits: sums over other cells are rounded otherwise.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Number(_), Value::Number(_)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-8 * a.abs().max(1.0)
        }
        (a, b) => a == b,
    }
}

/// A constraint on one of a few quantities, so that several meet.
pub(super) fn constraint(random: &mut Random, index: usize) -> String {
    let quantities =
        ["E[s]", "E[s | g == a]", "E[s | g == a] - E[s | g == b]", "E[s | g == b] - E[s | g == a]", "Cov[s, x]"];
    let quantity = quantities[random.below(quantities.len())];
    let limit = match random.below(3) {
        0 => format!("{}", (random.below(13) as f64 - 3.0) / 10.0),
        _ => format!("p{}", random.below(4)),
    };
    let options = ["", "", "", " (soft = 2)", " (min_count = 4)", " (min_count = 9)"][random.below(6)];
    let body = match random.below(8) {
        0 => format!("{quantity} >= {limit}"),
        1 => format!("{limit} <= {quantity}"),
        2 => format!("|{quantity}| <= p3"),
        3 => format!("-0.2 <= {quantity} <= p2"),
        4 => "forall (u, v) in g * g where u != v: E[s | g == u] - E[s | g == v] <= p1".to_owned(),
        5 => format!("forall v in g: E[s | g == v] <= {limit}"),
        6 if options.is_empty() => format!("each where g == a: s <= {limit}"),
        _ => format!("{quantity} <= {limit}"),
    };
    format!("constraint c{index}{options}: {body}\n")
}

pub(super) fn data(random: &mut Random) -> String {
    let levels = ["a", "b", "c", "", "A"];
    let known = if random.chance(0.3) { 2 } else { levels.len() };
    let offset = if random.chance(0.2) { 1e6 } else { 0.0 };
    let mut text = "g,x,w,s\n".to_owned();
    for _ in 0..3 + random.below(12) {
        let x = offset + random.below(50) as f64 / 10.0;
        let weight = random.below(4) as f64;
        text.push_str(&format!("{},{x},{weight},{}\n", levels[random.below(known)], random.below(11) as f64 / 10.0));
    }
    text
}

/// Other constraints on the same quantities change nothing about a promise: not its verdict, its numbers or its words.
#[test]
fn a_promise_is_judged_as_if_it_stood_alone() {
    let cases = std::env::var("FAIRC_PROMISES").ok().and_then(|count| count.parse().ok()).unwrap_or(40);
    let (mut judged, mut seen) = (0, std::collections::BTreeSet::new());
    for seed in 0..cases {
        let mut random = Random(seed);
        let weight = if random.chance(0.5) { "weight w\n" } else { "" };
        let head = format!(
            "column g: {{a, b, c}}?\ncolumn x: real\n{weight}predict s: real in [0, 1]\nparam p0 = 0.3\nparam p1 = 0.1\nparam p2 = 0.6\nparam p3 = 0.2\n"
        );
        let constraints: Vec<String> = (0..2 + random.below(5)).map(|index| constraint(&mut random, index)).collect();
        let data = data(&mut random);
        let together = Case::new(&format!("{head}{}", constraints.concat()), &data).audit(&["--format", "json"]);
        if together.stdout.contains("\"diagnostics\"") {
            // Numbers that exclude each other, or a constraint that says nothing, are mistakes of the spec.
            continue;
        }
        let facts = json(&together);
        for (index, constraint) in constraints.iter().enumerate() {
            let name = format!("c{index}");
            let alone = Case::new(&format!("{head}{constraint}"), &data).facts();
            let (one, other) = (of_promise(&facts, &name), of_promise(&alone, &name));
            assert!(same(&one, &other), "seed {seed}: {one} {other} {head}{}{data}", constraints.concat());
            judged += 1;
            seen.insert(promise(&facts, &name)["verdict"].as_str().unwrap().to_owned());
        }
        let verdicts: Vec<&str> =
            facts["promises"].as_array().unwrap().iter().map(|promise| promise["verdict"].as_str().unwrap()).collect();
        let whole = ["violated", "not checked", "held"].into_iter().find(|word| verdicts.contains(word)).unwrap();
        assert_eq!((facts["verdict"].as_str(), together.code), (Some(whole), i32::from(whole != "held")));
    }
    assert!(judged as u64 > cases && seen.len() == 3, "{judged} {seen:?}");
}

const GROUPS: &str = "column g: {a, b}\npredict s: real in [0, 1]\n";

#[test]
fn merged_rows_keep_their_sides_in_every_format() {
    let spec = format!("{GROUPS}constraint top: E[s] <= 0.6\nconstraint low: E[s] >= 0.3\n");
    let case = Case::new(&spec, "g,s\na,0.1\nb,0.2\n");
    let facts = case.facts();
    assert_eq!(
        (&promise(&facts, "top")["verdict"], &promise(&facts, "low")["verdict"]),
        (&"held".into(), &"violated".into())
    );
    let text = case.audit(&[]).stdout;
    assert!(
        text.contains("top: 0.1500, limit <= 0.6: held") && text.contains("low: 0.1500, limit >= 0.3: violated"),
        "{text}"
    );
    let sarif = json(&case.audit(&["--format", "sarif"]));
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 1);
    let place = &results[0]["locations"][0]["physicalLocation"]["region"]["startLine"];
    assert_eq!((&results[0]["ruleId"], place), (&"low".into(), &4.into()));
    let markdown = case.audit(&["--format", "markdown"]).stdout;
    assert!(markdown.contains("**top**: E\\[s\\] &lt;= 0.6. **Held.**"), "{markdown}");
}

/// A comparison is shown as it was written, whichever way round the row is solved.
#[test]
fn values_have_the_sign_that_was_written() {
    let spec = format!(
        "{GROUPS}column x: real\nconstraint cv: Cov[s, x] <= 0.05\nconstraint gap: E[s | g == b] - E[s | g == a] <= 0.1\n"
    );
    let case = Case::new(&spec, "g,x,s\na,1,0.2\na,2,0.3\nb,3,0.9\nb,4,0.7\n");
    let text = case.audit(&[]).stdout;
    assert!(text.contains("cv: 0.2625, limit <= 0.05: violated by 0.2125"), "{text}");
    assert!(text.contains("gap: 0.5500, limit <= 0.1") && text.contains("+ g == \"b\""), "{text}");
    let gap = case.facts()["rows"].as_array().unwrap().iter().find(|row| row["name"] == "gap").unwrap().clone();
    assert!(gap["upper"] == 0.1 && gap["lower"].is_null() && gap["groups"][0]["coefficient"] == 1.0, "{gap}");
}

/// Nothing compared: every command says so, and none calls it a pass.
#[test]
fn what_could_not_be_compared_is_not_checked() {
    let spec = "column g: {Female, Male}?\npredict s: real in [0, 1]\nuse demographic_parity(g, 0.1)\n";
    let case = Case::new(spec, "g,s\nfemale,0.1\nmale ,0.9\n,0.2\n");
    let done = case.audit(&[]);
    assert_eq!(done.code, 1);
    for words in
        ["not checked", "3 samples in no level (1 null, 2 undeclared)", "`female` is no level, did you mean `Female`?"]
    {
        assert!(done.stdout.contains(words), "{words}: {}", done.stdout);
    }
    assert_eq!(case.audit(&["--allow-unchecked"]).code, 0);
    let facts = case.facts();
    assert_eq!((&facts["verdict"], &facts["comparisons"]["made"]), (&"not checked".into(), &0.into()));
    assert_eq!(facts["unplaced"][0]["near"].as_array().unwrap().len(), 2);
    assert!(case.audit(&["--format", "markdown"]).stdout.contains("Not checked"));
    assert_eq!(json(&case.audit(&["--format", "sarif"]))["runs"][0]["invocations"][0]["exitCode"], 1);
    let page = case.path("r.html");
    case.audit(&["--html", &page]);
    assert!(fs::read_to_string(Path::new(&page)).unwrap().contains("answer warn"));
    assert_eq!((case.run("project", &[]).code, case.run("project", &["--require-all"]).code), (0, 1));
    let projected = json(&case.run("project", &["--format", "json"]));
    assert_eq!(projected["promises"][0]["verdict"], "not checked");
    assert_eq!((case.run("stream", &[]).code, case.run("stream", &["--require-all"]).code), (0, 1));
    assert_eq!(json(&case.run("stream", &["--format", "json"]))["verdict"], "not checked");
    assert_eq!(case.run("check", &[]).code, 1);
}

#[test]
fn what_the_author_left_out_is_counted_beside_the_verdict() {
    let spec = "column g: {a, b, c}\nlabel y: {0, 1}\npredict s: real in [0, 1]\nconstraint all (min_count = 2): forall v in g: E[s | g == v] <= 0.9\nconstraint odds (enforce = train): E[s | y == 1] <= 0.9\n";
    let case = Case::new(spec, "g,s\na,0.1\na,0.2\nb,0.3\nc,0.4\nc,0.5\n");
    let done = case.audit(&[]);
    assert_eq!(done.code, 0, "{}", done.stdout);
    assert!(done.stdout.contains("`all`: held; 1 of 3 comparisons not made: groups under 2"), "{}", done.stdout);
    assert!(done.stdout.contains("`odds`: not applicable"), "{}", done.stdout);
    let facts = case.facts();
    assert_eq!((&facts["verdict"], &promise(&facts, "odds")["verdict"]), (&"held".into(), &"not applicable".into()));
}

/// Two penalties on one quantity add up, and opposed ones are allowed.
#[test]
fn soft_rows_are_not_merged() {
    let spec = "predict s: real in [-10, 10]\nconstraint first (soft = 0.1): E[s] <= 0.1\nconstraint second (soft = 0.1): E[s] <= 0.2\nconstraint other (soft = 0.1): E[s] >= 0.9\n";
    let case = Case::new(spec, "s\n0.5\n0.7\n");
    let out = case.path("o.csv");
    let done = case.run("project", &["-q", "-o", &out]);
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    let text = fs::read_to_string(out).unwrap();
    let fair: Vec<f64> = text.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().parse().unwrap()).collect();
    // Each moves by (0.1 + 0.1 - 0.1) / 2 downwards.
    assert!((fair[0] - 0.45).abs() < 1e-12 && (fair[1] - 0.65).abs() < 1e-12, "{fair:?}");
}

#[test]
fn conflicts_name_whose_sides_are_in_them() {
    let spec = format!(
        "{GROUPS}constraint above: E[s | g == b] - E[s | g == a] <= 0.10\nconstraint below: E[s | g == a] - E[s | g == b] <= 0.05\nconstraint bcap: E[s | g == b] <= 0.3\nconstraint afloor: E[s | g == a] >= 0.6\nconstraint cap: each where g == a: s <= 0.7\n"
    );
    let done = Case::new(&spec, "g,s\na,0.7\nb,0.6\n").run("check", &["--symbols", "ascii"]);
    assert_eq!(done.code, 1);
    assert!(done.stdout.contains("`below` asks for E[s | g == \"a\"] - E[s | g == \"b\"] <= 0.05"), "{}", done.stdout);
    assert!(!done.stdout.contains("`above` asks") && !done.stdout.contains("`cap` asks"), "{}", done.stdout);
    let each = format!("{GROUPS}constraint cap: each where g == a: s <= 0.3\nconstraint floor: E[s | g == a] >= 0.5\n");
    for command in ["check", "project"] {
        let done = Case::new(&each, "g,s\na,0.4\nb,0.7\n").run(command, &["--symbols", "ascii"]);
        let all = format!("{}{}", done.stdout, done.stderr);
        assert!(all.contains("`cap` asks for") && all.contains("`floor` asks for"), "{all}");
    }
}

/// Constraints that contradict each other by a param are judged each by itself.
#[test]
fn an_audit_needs_no_feasible_spec() {
    let spec = format!("{GROUPS}param t = 0.2\nconstraint top: E[s] <= t\nconstraint low: E[s] >= 0.5\n");
    let facts = Case::new(&spec, "g,s\na,0.6\nb,0.8\n").facts();
    assert_eq!(
        (&promise(&facts, "top")["verdict"], &promise(&facts, "low")["verdict"]),
        (&"violated".into(), &"held".into())
    );
}

#[test]
fn levels_make_no_links_and_rules_have_ids_of_their_own() {
    let spec = "column g: {`[click](https://evil.example)`, b}\npredict s: real in [0, 1]\nconstraint `prediction-bounds`: |E[s | g == b] - E[s | g == `[click](https://evil.example)`]| <= 0.05\n";
    let case = Case::new(spec, "g,s\nb,0.1\n[click](https://evil.example),0.9\nb,1.5\n");
    let run = &json(&case.audit(&["--format", "sarif"]))["runs"][0];
    let rules: Vec<&str> =
        run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert!(rules.len() == 2 && rules[0] != rules[1], "{rules:?}");
    for result in run["results"].as_array().unwrap() {
        assert!(!result["message"]["text"].as_str().unwrap().contains("]("), "{result}");
        assert_eq!(rules[result["ruleIndex"].as_u64().unwrap() as usize], result["ruleId"].as_str().unwrap());
    }
}

/// A weight of 2 means two samples, in the figures of reports too, and a small scale is no rounding.
#[test]
fn figures_are_weighted_and_have_a_scale() {
    let spec = "column g: {a, b}\nweight w\npredict s: real in [0, 1]\nconstraint parity: |E[s | g == a] - E[s | g == b]| <= 0.1\n";
    let found = json(&Case::new(spec, "g,w,s\na,1,0.7\nb,1,0.2\nb,3,0.5\n").run("project", &["--format", "json"]));
    assert!((found["mean_move"].as_f64().unwrap() - 0.056).abs() < 1e-9, "{}", found["mean_move"]);
    let spec = "column g: {a, b}\npredict rate: real\nconstraint p: E[rate | g == a] == E[rate | g == b]\n";
    let case = Case::new(spec, "g,rate\na,1.25e-12\na,9.8e-13\nb,2.1e-12\nb,1.75e-12\n");
    assert!(case.run("project", &[]).stdout.contains("4 of 4 predictions moved"));
    assert_eq!(case.audit(&[]).code, 1);
}

/// The first version of `.fairc` has no sides of origins: those of rows with one origin are known, others are refused.
#[test]
fn compiled_specs_of_version_1_are_read_where_they_say_enough() {
    let fixture = |name: &str| format!("tests/fixtures/cli/{name}");
    let checked = |name: &str| json(&run(&["check", &fixture(name), "--format", "json"]));
    let (old, new) = (checked("version1.fairc"), checked("version1.fair"));
    assert!(old["ok"] == true && old["specs"][0]["fingerprint"] == new["specs"][0]["fingerprint"], "{old}");
    let data = Case::new("", "sex,score\nfemale,0.3\nmale,0.95\n");
    let audited = |name: &str| {
        let facts = json(&run(&[
            "audit",
            &fixture(name),
            "--data",
            &data.path("d.csv"),
            "--bootstrap",
            "0",
            "--format",
            "json",
        ]));
        ["gap", "cap"].map(|name| of_promise(&facts, name))
    };
    assert_eq!(audited("version1.fairc"), audited("version1.fair"));
    let refused = run(&["check", &fixture("version1_merged.fairc")]);
    let all = format!("{}{}", refused.stdout, refused.stderr);
    assert!(refused.code == 1 && all.contains("E0601") && all.contains("`top` and `low`"), "{all}");
}
