//! `check` and `compile`.

use std::fs;

use insta::assert_snapshot;

use super::support::{FIXTURES, folder, pretty, root, run, run_with, text_of, transcript, transcript_with};

#[test]
fn valid_specs_are_summed_up() {
    assert_snapshot!(transcript("check @/parity.fair"));
    assert_snapshot!(transcript("check @/parity.fair @/odds.fair @/importing.fair"));
    assert_snapshot!(pretty(&run(&["check", "tests/fixtures/cli/parity.fair", "--format", "json"]).stdout));
}

#[test]
fn warnings_do_not_fail_unless_denied() {
    assert_snapshot!(transcript("check @/warnings.fair"));
    let denied = run(&["check", "tests/fixtures/cli/warnings.fair", "--deny-warnings"]);
    assert_eq!(denied.code, 1);
    assert!(
        super::support::squeezed(&denied.stdout).contains(" 2 warnings (warnings are denied) warning["),
        "{}",
        denied.stdout
    );
}

#[test]
fn json_has_the_promised_keys() {
    let done = run(&["check", "tests/fixtures/diagnostics/E0401.fair", "--format", "json"]);
    assert_eq!(done.code, 1);
    assert_eq!(done.stdout.lines().count(), 1);
    assert_snapshot!(pretty(&done.stdout));
}

#[test]
fn offsets_count_bytes_and_columns_characters() {
    let spec =
        "\u{feff}column `größe`: {klein}\nconstraint h: E[score | `größe` == klien] <= 0.1\npredict score: real\n";
    let done = run_with(&["check", "-", "--format", "json"], Some(spec.as_bytes()));
    let value: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    let label = &value["diagnostics"][0]["labels"][0];
    let start = usize::try_from(label["start"].as_u64().unwrap()).unwrap();
    let end = usize::try_from(label["end"].as_u64().unwrap()).unwrap();
    assert_eq!(&spec.as_bytes()[start..end], b"klien");
    assert_eq!((label["line"].as_u64(), label["column"].as_u64()), (Some(2), Some(36)));
    assert_eq!((label["text"].as_str(), label["file"].as_str()), (Some("klien"), Some("<stdin>")));
}

#[test]
fn specs_come_from_standard_input() {
    let spec = fs::read(root().join(FIXTURES).join("parity.fair")).unwrap();
    assert_snapshot!(transcript_with("check -", Some(&spec)));
    let compiled = run_with(&["compile", "-", "-o", "-"], Some(&spec)).stdout;
    let again = run_with(&["check", "-"], Some(compiled.as_bytes()));
    assert_eq!(again.stdout, run_with(&["check", "-"], Some(&spec)).stdout);
}

#[test]
fn a_file_that_cannot_be_read_does_not_hide_the_others() {
    assert_snapshot!(transcript("check missing.fair @/parity.fair"));
    assert_snapshot!(transcript("check missing.fair @/parity.fair --format json"));
    assert_snapshot!(transcript("check missing.fair --format json"));
}

#[test]
fn files_that_are_no_text_are_refused_kindly() {
    let folder = folder(&[]);
    let path = folder.path().join("latin.fair");
    fs::write(&path, b"column gr\xf6sse: real\n").unwrap();
    let done = run(&["check", text_of(&path)]);
    let name = |text: &str| text.replace(text_of(folder.path()), "FOLDER");
    assert_snapshot!(name(&done.transcript(&["check", "latin.fair"])));
    let done = run(&["check", text_of(&path), "--format", "json"]);
    assert_snapshot!(name(&pretty(&done.stdout)));
    assert_eq!(run(&["fmt", text_of(&path)]).code, 1);
    assert_eq!(fs::read(&path).unwrap(), b"column gr\xf6sse: real\n");
}

#[test]
fn stages_can_be_looked_at() {
    for stage in ["ast", "hir", "rows", "text"] {
        assert_snapshot!(stage, transcript(&format!("compile @/odds.fair --emit {stage}")));
    }
    assert_snapshot!("rows_of_ratios", transcript("compile @/ratios.fair --emit rows"));
    assert_snapshot!("hir_with_spans", transcript("compile @/parity.fair --emit hir --spans"));
    assert_snapshot!(
        "rows_as_json",
        pretty(&run(&["compile", "tests/fixtures/cli/ratios.fair", "--emit", "rows", "--format", "json"]).stdout)
    );
    assert_snapshot!("stage_of_a_broken_spec", transcript("compile tests/fixtures/diagnostics/E0401.fair --emit ast"));
}

#[test]
fn compiled_specs_are_specs() {
    let folder = folder(&["odds.fair", "people.csv"]);
    let (source, compiled) = (folder.path().join("odds.fair"), folder.path().join("odds.fairc"));
    let without = run(&["compile", text_of(&source)]);
    assert!(without.stderr.contains("nothing written; `-o odds.fairc`"), "{}", without.stderr);
    let written = run(&["compile", text_of(&source), "-o", text_of(&compiled)]);
    assert_eq!(written.code, 0, "{}", written.stderr);
    assert!(written.stdout.contains("odds.fairc: 3 constraints, "), "{}", written.stdout);
    let rows = |path| run(&["compile", text_of(path), "--emit", "rows"]).stdout;
    assert_eq!(rows(&compiled), rows(&source));
    let summary = |path| {
        run(&["check", text_of(path), "--quiet"])
            .stdout
            .split(", fingerprint ")
            .nth(1)
            .map(|rest| rest[..12].to_owned())
    };
    assert_eq!(summary(&compiled), summary(&source));
    let data = folder.path().join("people.csv");
    let report = |path| {
        let done = run(&["project", text_of(path), "--data", text_of(&data), "--format", "json"]);
        let mut value: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
        value["spec"].take();
        value
    };
    assert_eq!(report(&compiled), report(&source));
    assert_eq!(run(&["compile", text_of(&compiled), "--emit", "ast"]).code, 2);
    // By content, not by name.
    let renamed = folder.path().join("renamed.txt");
    fs::rename(&compiled, &renamed).unwrap();
    assert_eq!(run(&["check", text_of(&renamed)]).code, 0);
}

#[test]
fn a_failed_write_keeps_the_old_file() {
    let folder = folder(&[]);
    let output = folder.path().join("out.fairc");
    fs::write(&output, "precious").unwrap();
    let done = run(&["compile", "tests/fixtures/diagnostics/E0401.fair", "-o", text_of(&output)]);
    assert_eq!(done.code, 1);
    let into_nothing = folder.path().join("no/such/folder.fairc");
    let done = run(&["compile", "tests/fixtures/cli/parity.fair", "-o", text_of(&into_nothing)]);
    assert_eq!(done.code, 2);
    let added = ["project", "tests/fixtures/cli/infeasible.fair", "--data", "tests/fixtures/cli/people.csv", "-o"];
    let target = folder.path().join("out.csv");
    fs::write(&target, "precious").unwrap();
    assert_eq!(run(&[&added[..], &[text_of(&target)]].concat()).code, 1);
    assert_eq!(
        (fs::read_to_string(&output).unwrap(), fs::read_to_string(&target).unwrap()),
        ("precious".into(), "precious".into())
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

/// Printed, not asserted: what a machine does under load is no fault of the code.
#[test]
fn a_spec_of_a_hundred_constraints_is_checked_at_once() {
    let mut spec =
        "column sex: {female, male}\ncolumn age: real in [0, 120]\npredict score: real in [0, 1]\n".to_owned();
    for index in 0..100 {
        let (low, high) = (index, index + 1);
        spec.push_str(&format!(
            "constraint c{index}: |E[score | sex == female, age >= {low}, age < {high}] - E[score | sex == male, age >= {low}, age < {high}]| <= 0.05\n"
        ));
    }
    let folder = folder(&[]);
    let path = folder.path().join("hundred.fair");
    fs::write(&path, spec).unwrap();
    run(&["check", text_of(&path)]);
    let start = std::time::Instant::now();
    let done = run(&["check", text_of(&path)]);
    println!("checked 100 constraints in {:?}", start.elapsed());
    assert!(done.stdout.starts_with("ok: 100 constraints, 100 rows, "), "{}", done.stdout);
}
