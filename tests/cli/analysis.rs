//! What the compiler can say before anything is trained: conflicts, tolerances, implication, differences.

use std::fs;

use insta::assert_snapshot;

use super::support::{folder, pretty, run, squeezed, text_of, transcript};

const SPECS: &str = "tests/fixtures/analyze";

fn imply(premise: &str, claim: &str, data: Option<&str>) -> (u8, String) {
    let (a, b) = (format!("{SPECS}/{premise}.fair"), format!("{SPECS}/{claim}.fair"));
    let data = data.map(|name| format!("{SPECS}/{name}.csv"));
    let more: Vec<&str> = data.iter().flat_map(|path| ["--data", path]).collect();
    let done = run(&[&["imply", &a, &b], &more[..]].concat());
    (u8::try_from(done.code).unwrap_or(u8::MAX), done.stdout + &done.stderr)
}

/// The cases that a textbook would give.
#[test]
fn known_implications() {
    let cases = [
        ("parity_01", "parity_02", None, 0),
        ("parity_02", "parity_01", None, 1),
        ("pairwise", "overall", None, 0),
        ("overall", "pairwise", None, 1),
        ("parity_and_floor", "ratio", None, 0),
        ("parity_02", "ratio", None, 1),
        // Rates differ from data to data, and with them what odds say of parity.
        ("odds", "parity_02", None, 1),
        ("odds", "parity_02", Some("equal_rates"), 0),
        ("odds", "parity_02", Some("unequal_rates"), 1),
        ("pairwise", "overall", Some("equal_rates"), 0),
        ("overall", "pairwise", Some("equal_rates"), 1),
        // Events that overlap: what two halves share may be far from the rest.
        ("halves", "whole", None, 1),
        ("halves", "nearly_whole", None, 0),
        // Base rates are what they are, the same in both specs.
        ("residual", "residual_gap", None, 0),
        ("residual", "tight_residual_gap", None, 1),
        ("odds_and_rates", "parity_02", Some("equal_rates"), 0),
        ("cap", "wide_cap", None, 0),
        ("wide_cap", "cap", None, 1),
        // What is asked of groups of five or more says nothing of smaller ones.
        ("cap", "mean", None, 0),
        ("cap_of_many", "mean", None, 1),
        ("mean_of_many", "mean", None, 1),
        ("mean_of_many", "mean_of_more", None, 0),
        ("mean_of_more", "mean_of_many", None, 1),
        ("cap_of_many", "cap", None, 1),
        ("cap", "cap_of_many", None, 0),
        // Means with weights are other means.
        ("mean", "weighted_mean", None, 1),
        ("weighted_mean", "mean", None, 1),
        ("weighted_mean", "weighted_mean", None, 0),
    ];
    for (premise, claim, data, code) in cases {
        let (found, text) = imply(premise, claim, data);
        assert_eq!(found, code, "{premise} => {claim} on {data:?}:\n{text}");
    }
}

#[test]
fn implications_are_told() {
    assert_snapshot!(transcript(&format!("imply {SPECS}/pairwise.fair {SPECS}/overall.fair")));
    assert_snapshot!(transcript(&format!("imply {SPECS}/overall.fair {SPECS}/pairwise.fair")));
    assert_snapshot!(transcript(&format!(
        "imply {SPECS}/odds.fair {SPECS}/parity_02.fair --data {SPECS}/unequal_rates.csv"
    )));
    assert_snapshot!(transcript(&format!("imply {SPECS}/parity_01.fair {SPECS}/parity_01.fair")));
    let (a, b) = (format!("{SPECS}/parity_and_floor.fair"), format!("{SPECS}/ratio.fair"));
    assert_snapshot!(pretty(&run(&["imply", &a, &b, "--format", "json"]).stdout));
}

/// True, and not proved: what is not found is not called false.
#[test]
fn what_is_not_proved_is_not_refuted() {
    let (code, text) = imply("odds_and_rates", "parity_02", None);
    assert_eq!(code, 1, "{text}");
    let text = super::support::squeezed(&text);
    assert!(
        text.contains(" is not known parity: ") && text.contains("; `--data FILE` asks about given data"),
        "{text}"
    );
}

#[test]
fn made_up_data_are_told() {
    for (premise, claim) in [("halves", "whole"), ("residual", "tight_residual_gap"), ("wide_cap", "cap")] {
        assert_snapshot!(transcript(&format!("imply {SPECS}/{premise}.fair {SPECS}/{claim}.fair")));
    }
}

/// Rows that the others imply for all data, and on given data.
#[test]
fn redundant_rows_are_told() {
    assert_snapshot!(transcript(&format!("check {SPECS}/redundant.fair")));
    assert_snapshot!(transcript(&format!("check {SPECS}/redundant.fair --data {SPECS}/equal_rates.csv")));
    let denied = run(&["check", &format!("{SPECS}/redundant.fair"), "--deny-warnings"]);
    assert_eq!(denied.code, 1);
    let json = run(&["check", &format!("{SPECS}/redundant.fair"), "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let codes: Vec<&str> =
        json["diagnostics"].as_array().unwrap().iter().filter_map(|it| it["code"].as_str()).collect();
    assert_eq!((codes, &json["ok"]), (vec!["W0106"], &serde_json::Value::Bool(true)));
}

/// Both rows are one, of which the param decides above 0.5 alone: at its present value it changes nothing.
#[test]
fn a_side_that_bends_is_followed_to_its_end() {
    let (spec, data) = (format!("{SPECS}/bent.fair"), format!("{SPECS}/equal_rates.csv"));
    let json = run(&["check", &spec, "--data", &data, "--format", "json"]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let param = &json["specs"][0]["data"]["params"][0];
    assert_eq!((&param["name"], &param["least"]), (&"level".into(), &0.0.into()), "{json}");
    assert!((param["greatest"].as_f64().unwrap() - 0.9).abs() < 1e-7, "{json}");
}

/// A param without a range: how far it was looked is no property of the rows.
#[test]
fn where_the_search_ended_is_no_end() {
    let folder = folder(&[]);
    let spec = folder.path().join("open.fair");
    let text = "column sex: {female, male}\npredict score: real in [0, 1]\nparam eps = 0.02\n\
                use demographic_parity(sex, eps)\n";
    fs::write(&spec, text).unwrap();
    let check = ["check", text_of(&spec), "--data", &format!("{SPECS}/equal_rates.csv")];
    let done = run(&check);
    assert!(done.stdout.contains("the rows can hold for eps from 0 to 1000.02 or more (0.02 now)"), "{}", done.stdout);
    let json: serde_json::Value =
        serde_json::from_str(&run(&[&check[..], &["--format", "json"]].concat()).stdout).unwrap();
    let param = &json["specs"][0]["data"]["params"][0];
    assert_eq!((&param["below"], &param["above"]), (&false.into(), &true.into()), "{json}");
}

#[test]
fn differences_are_told() {
    let folder = folder(&[]);
    let decided = folder.path().join("decided.fair");
    let text = fs::read_to_string(format!("{SPECS}/parity_01.fair")).unwrap();
    fs::write(&decided, text.replace("real in [0, 1]", "{0, 1}")).unwrap();
    let done = run(&["diff", &format!("{SPECS}/parity_01.fair"), text_of(&decided)]);
    let told = "no row changed; 1 other change\nthe prediction was in [0, 1], and is in {0, 1}\n";
    assert_eq!((done.code, done.stdout.as_str()), (1, told), "{}", done.stderr);
    assert_snapshot!(transcript(&format!("diff {SPECS}/parity_01.fair {SPECS}/parity_02.fair")));
    assert_snapshot!(transcript(&format!("diff {SPECS}/pairwise.fair {SPECS}/overall.fair")));
    assert_snapshot!(transcript(&format!("diff {SPECS}/odds.fair {SPECS}/odds.fair")));
}

#[test]
fn tolerances_and_batches_are_told() {
    assert_snapshot!(transcript(&format!("check {SPECS}/conflict.fair --data {SPECS}/equal_rates.csv")));
    assert_snapshot!(transcript(&format!("check {SPECS}/pairwise.fair --data {SPECS}/equal_rates.csv --batch 6")));
}

/// A lower limit stands as it is written.
#[test]
fn lower_limits_keep_their_sign() {
    let folder = folder(&[]);
    let spec = |name: &str, constraint: &str| {
        let path = folder.path().join(name);
        fs::write(&path, format!("column sex: {{f, m}}\npredict s: real in [0, 1]\nconstraint r: {constraint}\n"))
            .unwrap();
        text_of(&path).to_owned()
    };
    let all = spec("all.fair", "E[s] <= 1");
    for (claim, words, numbers) in [
        ("E[s | sex == f] >= 0.5", "can fall to 0, must be at least 0.5", ("lower", 0.0, 0.5)),
        ("E[s | sex == f] <= 0.5", "can reach 1, must be at most 0.5", ("upper", 1.0, 0.5)),
        ("E[s | sex == f] - 0.8 * E[s | sex == m] >= 0", "can fall to -0.8, must be at least 0", ("lower", -0.8, 0.0)),
        ("0.8 * E[s | sex == m] - E[s | sex == f] <= 0", "can reach 0.8, must be at most 0", ("upper", 0.8, 0.0)),
    ] {
        let claim = spec("claim.fair", claim);
        let text = squeezed(&run(&["imply", &all, &claim]).stdout);
        assert!(text.contains(words), "{words}: {text}");
        let found: serde_json::Value =
            serde_json::from_str(&run(&["imply", &all, &claim, "--format", "json"]).stdout).unwrap();
        let row = &found["rows"][0];
        let (side, reaches, limit) = numbers;
        assert_eq!(row["side"], side, "{row}");
        assert_eq!((row["reaches"].as_f64(), row["limit"].as_f64()), (Some(reaches), Some(limit)), "{row}");
    }
}

/// What refutes a row stands first, and what is left out is counted.
#[test]
fn counterexamples_are_whole() {
    let folder = folder(&[]);
    let head = "column g: {a, b, c, d, e}\ncolumn h: {p, q, r, t}\npredict s: real in [0, 1]\n";
    let spec = |name: &str, constraint: &str| {
        let path = folder.path().join(name);
        fs::write(&path, format!("{head}constraint it: {constraint}\n")).unwrap();
        text_of(&path).to_owned()
    };
    let premise = spec("a.fair", "forall x in g: forall y in h: E[s | g == x, h == y] <= 0.9");
    let claim = spec("b.fair", "E[s | g == e, h == t] <= 0.5");
    let text = run(&["imply", &premise, &claim]).stdout;
    let first = text.lines().skip_while(|line| !line.trim_end().ends_with("mean")).nth(1).unwrap_or_default();
    assert!(first.contains("g == \"e\"") && first.contains("h == \"t\""), "{text}");
    assert!(text.contains("and 8 more kinds of samples (`--all` shows them)"), "{text}");
    assert!(!run(&["imply", &premise, &claim, "--all"]).stdout.contains("more kind"));
    let found: serde_json::Value =
        serde_json::from_str(&run(&["imply", &premise, &claim, "--format", "json"]).stdout).unwrap();
    assert_eq!(found["rows"][0]["counterexample"].as_array().map(Vec::len), Some(20));
}
