//! Answers that once were wrong: each test stands for a kind.

use fairc::runtime::solve_record::solve_line;
use fairc::runtime::{Bounds, OnInfeasible, Problem, ProjectError, Projection, Settings, Status, project};
use serde_json::Value;

use crate::support::Random;

const RELAX: OnInfeasible = OnInfeasible::Relax;

fn answer(line: &str, on_infeasible: OnInfeasible) -> Value {
    let settings = Settings { on_infeasible, ..Settings::default() };
    serde_json::from_str(&solve_line(line, &settings)).expect("JSON")
}

/// A problem of dense rows in the box [0, 1].
fn dense(rows: &[Vec<f64>], lower: Vec<f64>, upper: Vec<f64>, weights: Option<Vec<f64>>) -> Problem {
    let n = rows[0].len();
    let indptr: Vec<usize> = (0..=rows.len()).map(|row| row * n).collect();
    let indices: Vec<usize> = rows.iter().flat_map(|_| 0..n).collect();
    let bounds = Bounds::Uniform { lo: 0.0, hi: 1.0 };
    Problem::from_csr(n, &indptr, &indices, &rows.concat(), lower, upper, bounds, weights).expect("well-formed")
}

fn excess(problem: &Problem, y: &[f64]) -> Vec<f64> {
    let activity = problem.activity(y).expect("the right length");
    let sides = problem.lower().iter().zip(problem.upper());
    activity.iter().zip(sides).map(|(a, (l, u))| (a - u).max(l - a).max(0.0)).collect()
}

fn relaxed(problem: &Problem, z: &[f64]) -> Projection {
    project(problem, z, &Settings { on_infeasible: RELAX, ..Settings::default() }).expect("finite input")
}

#[test]
fn what_one_coefficient_decides_is_no_proof_of_infeasibility() {
    // y = (1e13, -1e13) satisfies both rows, in a wide box and without one.
    for bounds in [r#""lo": -1e16, "hi": 1e16, "#, ""] {
        let line = format!(
            "{{{bounds}\"z\": [0.5, 0.5], \"l\": [null, 1], \"u\": [0, null], \"A\": {{\"indptr\": [0, 2, 4], \
             \"indices\": [0, 1, 0, 1], \"values\": [1, 1, 1.0000000000001, 1]}}}}"
        );
        assert_ne!(answer(&line, OnInfeasible::Error)["status"], "infeasible");
    }
    let line = r#"{"z": [0.5, 0.5], "l": [null, 1], "u": [0, null],
        "A": {"indptr": [0, 2, 4], "indices": [0, 1, 0, 1], "values": [1, 1, 1, 1]}}"#;
    assert_eq!(answer(line, OnInfeasible::Error)["status"], "infeasible");
}

#[test]
fn rows_that_would_overflow_or_vanish_are_scaled() {
    for scale in ["e307", "e-307", "e160", "e-160"] {
        let line = format!(
            "{{\"z\": [0.9], \"lo\": 0, \"hi\": 1, \"l\": [null], \"u\": [0.1{scale}], \
             \"A\": {{\"indptr\": [0, 1], \"indices\": [0], \"values\": [1{scale}]}}}}"
        );
        let answer = answer(&line, OnInfeasible::Error);
        assert_eq!(answer["status"], "optimal", "{answer}");
        assert!((answer["yhat"][0].as_f64().expect("a number") - 0.1).abs() < 1e-12, "{answer}");
    }
    let overflows = dense(&[vec![1.7e308]], vec![f64::NEG_INFINITY], vec![1.7e307], None);
    let refused = project(&overflows, &[0.9], &Settings::default());
    assert_eq!(refused, Err(ProjectError::Overflow { row: 0 }), "a row whose sums are no doubles");
    let problem = dense(&[vec![1e200, 1e200]], vec![f64::NEG_INFINITY], vec![1.0], None);
    // The result of scaled rows has no derivative, and says so.
    let projection = project(&problem, &[0.9, 0.8], &Settings::default()).expect("finite input");
    assert_eq!(projection.vjp(&problem, &[1.0, 1.0]), Err(ProjectError::NoDerivative));
}

#[test]
fn light_samples_beside_heavy_ones_are_solved_to_the_end() {
    let line = r#"{"z": [0, 0, 1, 1, 0], "l": [0, 0, -0.1], "u": [0, 0, 0.1], "lo": 0, "hi": 1,
        "w": [1, 0.5, 0.001, 1000, 1000], "A": {"indptr": [0, 4, 9, 14],
        "indices": [0, 1, 2, 3, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4], "values": [0.16666666666666669, -0.3333333333333333, 0.5,
        -0.3333333333333333, -0.2, -0.2, 0.3, 0.3, -0.2, -0.2, -0.2, -0.2, 0.3, 0.3]}}"#
        .replace('\n', " ");
    let answer = answer(&line, OnInfeasible::Error);
    assert_eq!(answer["status"], "optimal");
    assert!(answer["certificate"]["relative_row_violation"].as_f64().expect("a number") < 1e-15);
}

#[test]
fn the_least_violation_does_not_depend_on_the_weights() {
    let rows = [vec![1.0, 1.0], vec![1.0, 0.5]];
    for heavy in [1.0, 1e2, 1e4, 1e6] {
        let sides = (vec![1.13, f64::NEG_INFINITY], vec![f64::INFINITY, 0.42]);
        let problem = dense(&rows, sides.0, sides.1, Some(vec![1.0, heavy]));
        let projection = relaxed(&problem, &[0.23, 0.02]);
        assert!(matches!(projection.status, Status::Relaxed(_)));
        let excess = excess(&problem, &projection.y);
        assert!((excess.iter().sum::<f64>() - 0.21).abs() < 1e-9, "{heavy}: {excess:?}");
        let worst = excess.iter().fold(0.0, |worst: f64, e| worst.max(*e));
        assert!((projection.certificate.row_violation - worst).abs() < 1e-12);
        assert!(projection.certificate.stationarity < 1e-9 * heavy, "{:?}", projection.certificate);
    }
}

/// No move of one or two samples that the box allows lessens the total.
#[test]
fn no_small_move_lessens_the_least_violation() {
    let mut random = Random(31);
    for case in 0..300 {
        let (n, m) = (1 + random.below(6), 2 + random.below(4));
        let mut rows: Vec<Vec<f64>> = (0..m).map(|_| (0..n).map(|_| random.below(5) as f64 - 2.0).collect()).collect();
        rows[m - 1] = rows[0].iter().map(|v| -v).collect();
        let mut lower = vec![f64::NEG_INFINITY; m];
        let mut upper: Vec<f64> = (0..m).map(|_| random.between(-0.5, 0.5)).collect();
        (lower[m - 1], upper[m - 1]) = (0.3 - upper[0], f64::INFINITY);
        let weights = (0..n).map(|_| 10_f64.powf(random.between(-3.0, 3.0))).collect();
        let z: Vec<f64> = (0..n).map(|_| random.between(-0.5, 1.5)).collect();
        let problem = dense(&rows, lower, upper, Some(weights));
        let projection = relaxed(&problem, &z);
        assert_eq!(projection.y.len(), n);
        let total = |y: &[f64]| excess(&problem, y).iter().sum::<f64>();
        let least = total(&projection.y);
        for _ in 0..200 {
            let mut y = projection.y.clone();
            for _ in 0..1 + random.below(2) {
                let i = random.below(n);
                y[i] = (y[i] + random.between(-0.1, 0.1)).clamp(0.0, 1.0);
            }
            assert!(total(&y) >= least - 1e-10, "{case}: {least}, then {} at {y:?}", total(&y));
        }
    }
}

/// Contradictions among which one penalty's multipliers are a bad start for the next, and rows that only the sparse method
/// ends.
#[test]
fn steps_that_lead_astray_still_end_at_the_nearest_point_of_least_violation() {
    for line in include_str!("relaxed.jsonl").lines() {
        let found = answer(line, RELAX);
        assert_eq!(found["status"], "relaxed", "{found}");
        let stationarity = found["certificate"]["stationarity"].as_f64().expect("a number");
        assert!(stationarity < 1e-9, "{found}");
    }
}
