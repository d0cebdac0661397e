//! A comparison of which a part could not be looked at is not checked, and rounding alone breaks no bound.

use super::verdicts::{Case, promise};

const COLUMNS: &str = "column h: {p, q}\nlabel y: {0, 1}\npredict score: real in [0, 1]\n";

/// Verdict and reason of a promise, and the exit code.
fn verdict(spec: &str, data: &str, more: &[&str]) -> (String, String, i32) {
    let case = Case::new(&format!("{COLUMNS}{spec}\n"), data);
    let code = case.audit(more).code;
    let facts = super::verdicts::json(&case.audit(&[more, &["--format", "json"]].concat()));
    let found = promise(&facts, "c");
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    (text("verdict"), text("reason"), code)
}

/// Whichever part of a maximum needs it: the label may be in a condition or a value, and so may raw predictions.
#[test]
fn parts_of_a_comparison_are_left_out_together() {
    let (data, both) = ("h,score\np,0.4\nq,0.9\n", "h,y,score\np,0,0.4\nq,0,0.9\n");
    let label = "constraint c: max(E[score | h == p], E[score - y]) <= 0.5";
    let found = verdict(label, data, &[]);
    assert_eq!((found.0.as_str(), found.2), ("not checked", 1), "{}", found.1);
    assert!(found.1.contains("needs the label `y`"), "{}", found.1);
    assert_eq!(verdict(label, both, &[]).0, "violated");
    for raw in ["E[score | h == q] - E[raw(score) | h == q]", "E[score - raw(score)]"] {
        let spec = format!("constraint c: max(E[score | h == p], {raw}) <= 0.5");
        let found = verdict(&spec, data, &[]);
        assert_eq!((found.0.as_str(), found.2), ("not checked", 1), "{}", found.1);
        assert!(found.1.contains("needs the raw predictions"), "{}", found.1);
        assert_eq!(verdict(&spec, data, &["--raw", "score"]).0, "held");
    }
}

/// What is enforced in training is judged where its data are there: raw predictions that nobody gave are no reason to leave it out in silence.
#[test]
fn raw_predictions_that_were_not_given_leave_promises_of_training_open() {
    let spec = "constraint c (enforce = train): E[score | h == p] == E[raw(score) | h == p]";
    let data = "h,y,score\np,1,0.2\nq,0,0.4\n";
    let found = verdict(spec, data, &[]);
    assert_eq!((found.0.as_str(), found.2), ("not checked", 1), "{}", found.1);
    assert_eq!(verdict(spec, data, &["--raw", "score"]).0, "held");
    let label = "constraint c (enforce = train): E[score | y == 1] <= 0.5";
    assert_eq!(verdict(label, "h,score\np,0.2\n", &[]).0, "not applicable");
}

/// An indicator is 0 where it does not hold: a group without one is no division by zero, though means of others cancel.
#[test]
fn indicators_that_hold_for_nobody_are_zero() {
    let spec = "column x: real in [0, 10]\nconstraint c: forall k in g: |Cov[score, x | g == k]| <= Var[x * [h == p] | g == k] + 1";
    let columns = "column g: {a, b}\n";
    let data = "g,h,x,y,score\na,p,1,0,0.1\na,q,2,0,0.3\nb,q,3,0,0.4\nb,q,4,0,0.5\n";
    assert_eq!(verdict(&format!("{columns}{spec}"), data, &[]).0, "held");
}

/// In doubles each of these is missed by the last digit.
#[test]
fn rounding_breaks_no_bound_of_single_predictions() {
    let data = "h,y,score\np,0,0.1\n";
    for held in [
        "each: 3 * score <= 0.3",
        "each: score * 0.1 <= 0.01",
        "each: score == 0.4 +/- 0.3",
        "each: score == 0.09 +/- 0.01",
        "each: score <= 0.3 - 0.2",
        "each: score >= 0.8 - 0.7",
        "each: score / (1 - score) <= 1/9",
    ] {
        assert_eq!(verdict(&format!("constraint c: {held}"), data, &[]).0, "held", "{held}");
    }
    let far = "constraint c: each: 3 * score <= 0.2999999";
    assert_eq!(verdict(far, data, &[]).0, "violated");
    assert_eq!(verdict(far, data, &["--tolerance", "1e-7"]).0, "violated");
    assert_eq!(verdict(far, data, &["--tolerance", "1e-6"]).0, "held");
}

/// Limits by a column of the sample and by a mean of the batch cannot be one number for a row: they are two rows.
#[test]
fn limits_of_samples_and_of_the_batch_stand_side_by_side() {
    let columns = "column x: real in [0, 10]\n";
    for (each, data, expected) in [
        ("max(score - x, score - E[x]) <= 0", "h,x,y,score\np,1,0,0.2\nq,3,0,0.4\n", "held"),
        ("max(score - x, score - E[x]) <= 0", "h,x,y,score\np,0.1,0,0.2\nq,3,0,0.4\n", "violated"),
        ("max(score - x, score - E[x], score - 2 * x) <= 0", "h,x,y,score\np,0,0,0\nq,0.4,0,0.3\n", "violated"),
        ("|[x >= 2] * score - x / 10| <= E[x]", "h,x,y,score\np,1,0,0.2\nq,3,0,0.4\n", "held"),
    ] {
        assert_eq!(verdict(&format!("{columns}constraint c: each: {each}"), data, &[]).0, expected, "{each}");
    }
}
