//! `raw(score)`: the prediction as it was handed in, as data.

use crate::mistakes::{all_fixes, told_as_expected};
use crate::support::{HEADER, compile, findings, fingerprint};

/// A body behind the usual header, and all that is found in it.
#[rustfmt::skip]
const MISTAKES: &[(&str, &[&str])] = &[
    ("constraint c: E[raw()] <= 0.5 + E[score]", &["E0204 raw()"]),
    ("constraint c: E[raw(score, age)] <= 0.5 + E[score]", &["E0204 raw(score, age)"]),
    ("constraint c: E[score] <= E[raw(age)]", &["E0303 age"]),
    ("constraint c: E[score] <= E[raw(income)]", &["E0303 income"]),
    ("constraint c: E[score] <= E[raw(score + 1)]", &["E0303 score + 1"]),
    ("constraint c: E[score] <= E[raw(raw(score))]", &["E0303 raw(score)"]),
    ("constraint c: E[score] <= E[raw(scor)]", &["E0201 scor"]),
    ("constraint c: E[score] <= E[raw(eps)]", &["E0303 eps"]),
    ("let s = 2 * score\nconstraint c: E[score] <= E[raw(s)]", &["E0303 s"]),
    ("constraint c: E[score] <= raw(score)", &["E0301 raw(score)"]),
    ("constraint c: forall a in race where raw(score) > 0.5: E[score | race == a] <= 0.5", &["E0304 raw(score)"]),
    ("constraint c: E[score | raw(score)] <= 0.5", &["E0303 raw(score)"]),
    ("constraint c: E[score | score >= raw(score)] <= 0.5", &["E0403 score >= raw(score)"]),
    ("constraint c: E[raw(score)] <= 0.5", &["W0112 E[raw(score)] <= 0.5"]),
    ("constraint c: E[score] <= E[rw(score)]", &["E0201 rw"]),
];

#[test]
fn each_mistake_is_told_once_and_in_its_place() {
    told_as_expected(MISTAKES);
}

#[test]
fn every_fix_of_a_mistake_mends_it() {
    assert!(all_fixes(MISTAKES) >= 3);
}

#[test]
fn raw_predictions_stand_wherever_a_column_of_numbers_does() {
    for body in [
        "constraint c: each where race == black: score >= raw(score)",
        "constraint c: each: |score - raw(score)| <= 0.1 + 0.01 * age",
        "constraint c: E[score] == E[raw(score)]",
        "constraint c: E[raw(score) * score | sex == female] <= 0.5",
        "constraint c: Cov[score, raw(score)] >= 0.9 * Var[raw(score)]",
        "constraint c: E[score | raw(score) >= 0.5] >= P[raw(score) >= 0.5] / 2",
        "event high = raw(score) > 0.8\nconstraint c: E[score | high] >= 0.5",
        "group band = bins(raw(score), 0.3, 0.6)\nuse demographic_parity(band, eps)",
        "let gain = raw(score) - income\nconstraint c (enforce = train): E[gain * score] >= -1",
        "constraint c: E[[raw(score) >= 0.5] * score | sex == male] <= 0.5",
        "metric m(attr: group, v: column) = forall a in attr: E[v * prediction | attr == a] <= E[raw(prediction) | attr == a] + 1\nuse m(sex, raw(score))",
        "use demographic_parity(sex, eps * (1 + E[raw(score)]))",
        "constraint c: max(a in race: E[score - raw(score) | race == a]) <= eps",
        "column raw: real\nconstraint c: E[raw * score] <= E[raw(score)] + 9",
    ] {
        assert_eq!(findings(&compile(&format!("{HEADER}{body}\n"))), [""; 0], "{body}");
    }
}

/// It is one column, whatever the prediction is called, and no column of the data.
#[test]
fn raw_predictions_are_the_same_under_every_name() {
    let body = "constraint c: E[score | sex == male] >= E[raw(score) | sex == male]\n";
    let renamed = format!("{HEADER}{body}").replace("score", "risk");
    let renamed = renamed.replace("predict risk: real in [0, 1]", "predict risk: real in [0, 1] from score");
    assert_eq!(fingerprint(&format!("{HEADER}{body}")), fingerprint(&renamed));
    let by_metric = "metric m(p) = E[prediction | sex == male] >= E[raw(prediction) | sex == p]\nuse m(male)\n";
    assert_eq!(fingerprint(&format!("{HEADER}{body}")), fingerprint(&format!("{HEADER}{by_metric}")));
    let plain = "constraint c: E[score | sex == male] >= E[age | sex == male]\n";
    assert_ne!(fingerprint(&format!("{HEADER}{body}")), fingerprint(&format!("{HEADER}{plain}")));
    let program = compile(&renamed).program.expect("it compiles");
    assert!(program.reads_raw());
    assert_eq!(program.data_columns().map(|column| column.header.as_str()).collect::<Vec<_>>(), ["sex"]);
    assert!(program.rows_text().contains("E[raw(risk) | sex == \"male\"] <= E[risk"), "{}", program.rows_text());
    let again = fairc::language::program::Program::from_artefact(&program.to_artefact()).expect("it is read back");
    assert_eq!(again, program);
}
