//! What says nothing of people left out, or of nothing promised, would read as a pass.

use super::support::run;
use super::verdicts::{Case, json};

/// The audit as Markdown and as a web page.
fn pages(case: &Case) -> [String; 2] {
    let markdown = case.audit(&["--format", "markdown"]).stdout;
    case.audit(&["--html", &case.path("page.html")]);
    [markdown, std::fs::read_to_string(case.path("page.html")).unwrap()]
}

/// A number that a condition reads and a sample does not have is told like a sample in no level, by every command and format.
#[test]
fn samples_without_a_number_that_conditions_read_are_counted() {
    let spec = "column income: int? from income_gbp\ncolumn age: int?\npredict s: real in [0, 1]\n\
                constraint c: E[s | income < 20000] / E[s | income >= 20000] >= 90%\n";
    // Nothing reads `age`, which is null in each.
    let data = "income_gbp,age,s\n1000,,0.5\n,,0.1\n30000,,0.5\n,,0.9\n25000,,0.5\n,,0.3\n";
    let case = Case::new(spec, data);
    let line = "`income_gbp`: 3 samples with no value; no comparison with a null holds";
    let done = case.audit(&[]);
    assert!(done.code == 0 && done.stdout.contains(line), "{}", done.stdout);
    let facts = case.facts();
    let unplaced = facts["unplaced"].as_array().unwrap();
    assert_eq!(unplaced.len(), 1, "{facts}");
    assert_eq!((&unplaced[0]["column"], &unplaced[0]["no_value"]), (&"income_gbp".into(), &3.into()));
    for page in pages(&case) {
        assert!(page.contains("is empty for 3 of 6 samples"), "{page}");
    }
    // A promise about single samples reads it too, and what has every value is not listed.
    let each = "column income: int?\npredict s: real in [0, 1]\nconstraint c: each where income < 20000: s <= 0.6\n";
    assert_eq!(Case::new(each, "income,s\n1,0.5\n,0.9\n").facts()["unplaced"][0]["no_value"], 1);
    assert_eq!(Case::new(each, "income,s\n1,0.5\n3,0.9\n").facts()["unplaced"].as_array().unwrap().len(), 0);
}

/// A spec without a constraint compares nothing, which is no pass.
#[test]
fn a_spec_without_a_constraint_is_not_checked() {
    let case = Case::new("column g: {a, b}\npredict s: real in [0, 1]\n", "g,s\na,0.1\nb,0.9\n");
    let done = case.audit(&[]);
    assert!(done.code == 1 && done.stdout.starts_with("Not checked: the spec has no constraint\n"), "{}", done.stdout);
    assert_eq!(case.audit(&["--allow-unchecked"]).code, 0);
    let facts = case.facts();
    assert_eq!((&facts["verdict"], &facts["ok"]), (&"not checked".into(), &false.into()));
    for page in pages(&case) {
        assert!(page.contains("Not checked: the spec has no constraint") && !page.contains("Met"), "{page}");
    }
    let sarif = json(&case.audit(&["--format", "sarif"]));
    let invocation = &sarif["runs"][0]["invocations"][0];
    let told = &invocation["toolExecutionNotifications"][0]["message"]["text"];
    assert_eq!((&invocation["exitCode"], told), (&1.into(), &"Not checked: the spec has no constraint".into()));
    // A projection moves predictions into their bounds alone, and a check and a draft say that nothing is promised.
    let projected = case.run("project", &["-q", "-o", &case.path("o.csv")]);
    assert!(projected.code == 0 && projected.stdout.starts_with("Not checked: the spec has no constraint"));
    assert!(case.run("check", &[]).stdout.contains("nothing is promised: the spec has no constraint"));
    let alone = run(&["check", &case.path("s.fair")]);
    assert!(alone.code == 0 && alone.stdout.trim_end().ends_with(": nothing is promised"), "{}", alone.stdout);
    let drafted = run(&["init", "--data", &case.path("d.csv"), "--pred", "s", "-o", &case.path("n.fair")]);
    assert!(drafted.stdout.contains("its constraint is a comment, so nothing is promised"), "{}", drafted.stdout);
    // Broken bounds are broken all the same.
    let outside = Case::new("column g: {a, b}\npredict s: real in [0, 1]\n", "g,s\na,0.1\nb,1.5\n");
    assert_eq!(outside.facts()["verdict"], "violated");
}

/// A promise about single samples has its verdict on the terminal.
#[test]
fn a_promise_about_single_samples_says_whether_it_holds() {
    let spec = "column g: {a, b}\npredict s: real in [0, 1]\nconstraint low: each where g == a: s <= 0.5\n";
    let held = Case::new(spec, "g,s\na,0.1\na,0.5\nb,0.9\n").audit(&[]);
    assert!(
        held.code == 0 && held.stdout.contains("low: held: 2 predictions bounded, none outside"),
        "{}",
        held.stdout
    );
    let broken = Case::new(spec, "g,s\na,0.75\na,0.5\nb,0.9\n").audit(&[]);
    let words = "low: violated: 2 predictions bounded, 1 outside, by 0.2500 at most";
    assert!(broken.code == 1 && broken.stdout.contains(words), "{}", broken.stdout);
}
