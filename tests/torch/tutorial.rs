//! The tutorial's part on training does what it shows.
//!
//! What training prints depends on the last digits of a machine's arithmetic: numbers with a point may differ by
//! [`NEAR`], and what no machine repeats is not compared: times, and which of many nearly equal epochs was the best. Words,
//! counts and verdicts must be the same.

use crate::transcripts::{Kind, by_line, check};

const NEAR: f64 = 0.02;

#[test]
fn the_tutorial_trains_a_model() {
    let same = |page: &str, shown: &str| by_line(page, shown, alike);
    check("docs/tutorial.md", 4, &Kind { fence: "```console torch", files: &[], same });
}

fn alike(old: &str, new: &str) -> bool {
    let parts = |line: &str| -> Vec<String> {
        line.split([' ', ',', ';', '(', ')']).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let (old, new) = (parts(old), parts(new));
    old.len() == new.len() && (0..old.len()).all(|at| old[at] == new[at] || free(&new, at) || near(&old[at], &new[at]))
}

/// `0.9 ms a step`, and `best after epoch 12`.
fn free(line: &[String], at: usize) -> bool {
    line.get(at + 1).is_some_and(|next| next == "ms") || (at > 0 && line[at - 1] == "epoch")
}

fn near(old: &str, new: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok().filter(|_| text.contains('.'));
    matches!((number(old), number(new)), (Some(old), Some(new)) if (old - new).abs() <= NEAR)
}

#[test]
fn lines_are_alike_where_only_arithmetic_differs() {
    assert!(alike("test  150  0.5312  held", "test 150 0.5313 held"));
    assert!(alike("600 steps, 0.3 ms a step; best after epoch 9", "600 steps, 12 ms a step; best after epoch 7"));
    assert!(!alike("test 150 0.5312 held", "test 150 0.5612 held"));
    assert!(!alike("600 steps", "601 steps") && !alike("the row holds", "the row is violated") && !alike("a", "a b"));
}
