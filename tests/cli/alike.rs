//! Decisions where much is alike, and where rows leave no decisions of 0 and 1.

use std::fs;

use super::support::{Done, folder, run, text_of};

/// The decisions by a spec, and what else was said.
fn decided(spec: &str, data: &str, more: &[&str]) -> (Vec<String>, Done) {
    let folder = folder(&[]);
    let path = |name: &str| text_of(&folder.path().join(name)).to_owned();
    fs::write(path("s.fair"), format!("predict y: real in [0, 1] from score\n{spec}\n")).unwrap();
    fs::write(path("d.csv"), data).unwrap();
    let fixed = ["decide", &path("s.fair"), "--data", &path("d.csv"), "-q", "-o", &path("o.csv")];
    let done = run(&[&fixed[..], more].concat());
    let written = fs::read_to_string(path("o.csv")).unwrap_or_default();
    (written.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().to_owned()).collect(), done)
}

#[test]
fn among_equal_scores_the_first_rows_are_taken() {
    for n in [3, 20, 100, 6000] {
        let data = format!("score\n{}", "0.8\n".repeat(n));
        let (found, done) = decided("constraint s: Sum[y] <= 2", &data, &[]);
        let ones: Vec<usize> = (0..found.len()).filter(|row| found[*row] == "1").collect();
        assert_eq!((ones, done.code), (vec![0, 1], 0), "{n}: {}", done.stderr);
    }
}

/// Twenty-four groups of few people with scores that tie: reduced costs that cancel to nothing once went in a circle for a minute.
#[test]
fn groups_that_tie_end() {
    let (mut rows, mut state) = (String::new(), 1_u64);
    let mut draw = |of: &[&'static str]| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        of[(state >> 33) as usize % of.len()]
    };
    for _ in 0..50 {
        let (g, h) = (draw(&["a", "b", "c", "d"]), draw(&["u", "v", "w", "x", "y", "z"]));
        rows.push_str(&format!("{g},{h},{}\n", draw(&["0.3", "0.5", "0.7"])));
    }
    let spec = "column g: {a, b, c, d}\ncolumn h: {u, v, w, x, y, z}\ngroup gh = g * h\n\
                constraint c: forall (p, q) in gh * gh where p != q: E[y | gh == p] >= 0.8 * E[y | gh == q]";
    let (found, done) = decided(spec, &format!("g,h,score\n{rows}"), &["--format", "json"]);
    assert_eq!((found.len(), done.code), (50, 0), "{}", done.stderr);
    let facts: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(facts["verdict"], "held");
}

#[test]
fn the_nearest_decisions_keep_the_bounds_of_each() {
    let spec = "column g: {a, b}\nconstraint s: Sum[y] >= 3\nconstraint e: each where g == a: y <= 0.5";
    let data = "g,score\na,0.9\na,0.8\nb,0.7\nb,0.1\n";
    let (found, done) = decided(spec, data, &[]);
    assert_eq!((found.len(), done.code), (0, 1));
    assert!(done.stderr.contains("`--on-infeasible relax` takes the nearest"), "{}", done.stderr);
    let (found, done) = decided(spec, data, &["--on-infeasible", "relax"]);
    assert_eq!(found, ["0", "0", "1", "1"], "{}", done.stderr);
}

/// So are the bounds of other samples, where one has no whole number within its own.
#[test]
fn the_nearest_decisions_keep_what_bounds_can_be_kept() {
    let spec = "column g: {a, b}\nconstraint s: Sum[y] <= 0\nconstraint e: each where g == b: y >= 0.3\n\
                constraint m: each where g == a: y == 0.5 +/- 0.2";
    let (found, done) = decided(spec, "g,score\na,0.9\nb,0.1\n", &["--on-infeasible", "relax"]);
    assert_eq!(found[1], "1", "{}", done.stderr);
    assert!(done.stdout.starts_with("Not met"), "{}", done.stdout);
}

/// The gain is what its bound bounds: less what soft rows cost.
#[test]
fn soft_rows_cost_gain() {
    let spec = "column g: {a, b}\nconstraint half (soft = 0.5): E[y | g == a] == 0.5\nconstraint cap: Sum[y] <= 2";
    let (found, done) = decided(spec, "g,score\na,0.2\na,0.1\nb,0.2\nb,0.3\n", &["--format", "json"]);
    let facts: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    let numbers = ["gain_before", "gain_after", "gain_bound"].map(|key| facts[key].as_f64().unwrap());
    assert_eq!((found.concat().as_str(), numbers), ("0000", [-0.25; 3]));
}
