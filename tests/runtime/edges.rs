//! Small and odd inputs: errors that name the place, and answers where there is little to do.

use std::io::Write;
use std::process::{Command, Stdio};

use fairc::runtime::solve_record::{solve_line, solve_lines};
use fairc::runtime::{
    Bounds, OnInfeasible, Problem, ProblemError, ProblemParts, ProjectError, Projector, RowsByCell, Settings, Side,
    Status, project,
};
use serde_json::{Value, json};

use crate::support::{Random, nasty};

const UNIT: Bounds = Bounds::Uniform { lo: 0.0, hi: 1.0 };

/// Samples in two cells by parity of their place, with the gap of the means within `eps`.
fn parity(n: usize, eps: f64, bounds: Bounds) -> Problem {
    parts(n, eps, bounds).and_then(Problem::new).expect("a well-formed problem")
}

fn parts(n: usize, eps: f64, bounds: Bounds) -> Result<ProblemParts, ProblemError> {
    let (even, odd) = (n.div_ceil(2).max(1) as f64, (n / 2).max(1) as f64);
    Ok(ProblemParts {
        cell: (0..n as u32).map(|i| i % 2).collect(),
        cells: 2,
        dictionary: vec![RowsByCell::from_cells([[(0, 1.0 / even)], [(0, -1.0 / odd)]])],
        lower: vec![-eps],
        upper: vec![eps],
        bounds,
        names: vec!["gap".to_owned()],
        ..ProblemParts::default()
    })
}

#[test]
fn bad_problems_are_errors_that_name_index_and_value() {
    let good = || parts(4, 0.1, UNIT).expect("parts");
    let message = |parts: ProblemParts| Problem::new(parts).expect_err("a bad problem").to_string();
    let cases = [
        (ProblemParts { lower: vec![0.5], ..good() }, "row 0 has lower side 0.5 and upper side 0.1"),
        (ProblemParts { upper: vec![f64::NAN], ..good() }, "`upper[0]` is NaN"),
        (ProblemParts { lower: vec![], ..good() }, "`dictionary rows[0]` is 0, expected a number below 0"),
        (ProblemParts { weights: Some(vec![1.0, -2.0, 1.0, 1.0]), ..good() }, "`weights[1]` is -2"),
        (ProblemParts { weights: Some(vec![1.0, 1.0, f64::INFINITY, 1.0]), ..good() }, "`weights[2]` is inf"),
        (ProblemParts { weights: Some(vec![1.0]), ..good() }, "`weights` has length 1, expected 4"),
        (ProblemParts { weights: Some(vec![1.0, 1.0, 0.0, 1.0]), ..good() }, "sample 2 has weight 0"),
        (ProblemParts { cell: vec![0, 1, 7, 0], ..good() }, "`cell[2]` is 7, expected a number below 2"),
        (ProblemParts { bounds: Bounds::Uniform { lo: 2.0, hi: 1.0 }, ..good() }, "sample 0 has bounds [2, 1]"),
        (ProblemParts { soft: vec![0.0], ..good() }, "`soft[0]` is 0"),
        (ProblemParts { dictionary: vec![], ..good() }, "`dictionary` has length 0, expected 1"),
    ];
    for (parts, want) in cases {
        let found = message(parts);
        assert!(found.contains(want), "{found:?} lacks {want:?}");
    }
}

#[test]
fn bad_points_are_errors_that_name_index_and_value() {
    let problem = parity(4, 0.1, UNIT);
    let settings = Settings::default();
    for (bad, at) in [(f64::NAN, 2), (f64::INFINITY, 3), (f64::NEG_INFINITY, 0)] {
        let mut z = vec![0.5; 4];
        z[at] = bad;
        match project(&problem, &z, &settings) {
            Err(ProjectError::NotFinite { what: "z", index, .. }) => assert_eq!(index, at),
            other => panic!("{other:?}"),
        }
    }
    let short = project(&problem, &[0.5], &settings);
    assert_eq!(short, Err(ProjectError::Length { what: "z", found: 1, expected: 4 }));
    let result = project(&problem, &[0.5; 4], &settings).expect("finite input");
    assert!(matches!(result.vjp(&problem, &[0.0; 3]), Err(ProjectError::Length { what: "v", .. })));
    assert!(matches!(result.vjp(&problem, &[f64::NAN; 4]), Err(ProjectError::NotFinite { what: "v", index: 0, .. })));
    let huge = project(&problem, &[1e308, -1e308, 1e308, -1e308], &settings).expect("clipped to the box");
    assert!(huge.y.iter().all(|y: &f64| (0.0..=1.0).contains(y)) && !matches!(huge.status, Status::Infeasible(_)));
    let unbounded = parity(4, 0.1, Bounds::default());
    let huge = project(&unbounded, &[1.7e308_f64; 4], &settings);
    assert!(
        matches!(huge, Err(ProjectError::Overflow { .. })) || huge.is_ok_and(|p| p.y.iter().all(|y| y.is_finite()))
    );
}

#[test]
fn little_problems_have_answers() {
    let settings = Settings::default();
    let none = project(&parity(0, 0.1, UNIT), &[] as &[f64], &settings).expect("no samples");
    assert!(none.is_optimal() && none.y.is_empty() && none.multipliers == [0.0]);
    let one = project(&parity(1, 0.25, UNIT), &[0.9_f64], &settings).expect("one sample");
    assert!((one.y[0] - 0.25).abs() < 1e-12 && one.active == [Side::Upper]);
    let free = Problem::from_csr(2, &[0], &[], &[], vec![], vec![], UNIT, None).expect("no rows");
    assert_eq!(project(&free, &[1.5, -0.5], &settings).expect("no rows").y, [1.0, 0.0]);
    // So many samples are first estimated from some of them.
    let many = vec![1.5; 40_000];
    let free = Problem::from_csr(many.len(), &[0], &[], &[], vec![], vec![], UNIT, None).expect("no rows");
    assert!(project(&free, &many, &settings).expect("no rows").y.iter().all(|&y| y == 1.0));
    let empty_ok = Problem::from_csr(1, &[0, 0], &[], &[], vec![-1.0], vec![0.0], UNIT, None).expect("empty row");
    assert!(project(&empty_ok, &[0.5], &settings).expect("empty row").is_optimal());
    let empty_bad = Problem::from_csr(1, &[0, 0], &[], &[], vec![1.0], vec![2.0], UNIT, None).expect("empty row");
    let result = project(&empty_bad, &[0.5], &settings).expect("empty row");
    assert!(matches!(result.status, Status::Infeasible(ref proof) if proof.rows == [0]), "{:?}", result.status);
}

#[test]
fn zero_weight_without_coefficients_is_clipped() {
    let parts = ProblemParts {
        cell: vec![0, 0, 1],
        cells: 2,
        dictionary: vec![RowsByCell::from_cells([vec![(0, 0.5)], vec![]])],
        lower: vec![0.0],
        upper: vec![0.3],
        bounds: UNIT,
        weights: Some(vec![1.0, 2.0, 0.0]),
        ..ProblemParts::default()
    };
    let problem = Problem::new(parts).expect("weight zero outside all rows");
    let result = project(&problem, &[0.5_f64, 0.5, 1.7], &Settings::default()).expect("finite input");
    assert!(result.is_optimal() && result.y[2] == 1.0);
    assert!((result.y[0] - (0.5 - 0.8 / 3.0)).abs() < 1e-12);
}

#[test]
fn infeasible_rows_are_named_and_relaxed() {
    // The gap of the means must be 1.5, which the box does not allow.
    let mut problem = parity(6, 0.1, UNIT);
    problem.set_sides(&[1.5], &[2.0]).expect("ordered sides");
    let z = [0.5; 6];
    let result = project(&problem, &z, &Settings::default()).expect("finite input");
    let Status::Infeasible(proof) = &result.status else { panic!("{:?}", result.status) };
    assert!(proof.margin > 0.0 && proof.rows == [0] && result.y.is_empty());
    assert_eq!(problem.row_name(0), "gap");
    let relax = Settings { on_infeasible: OnInfeasible::Relax, ..Settings::default() };
    let result = project(&problem, &z, &relax).expect("finite input");
    assert!(matches!(result.status, Status::Relaxed(_)), "{:?}", result.status);
    assert_eq!(result.y, [1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
    assert!((result.certificate.row_violation - 0.5).abs() < 1e-9);
}

#[test]
fn soft_rows_give_way_at_their_weight() {
    // min ½ ((y−1)² + y'²) + ρ (y − y' − 0)₊ has y − y' = 1 − 2ρ until the row holds.
    let rows = || Problem::from_csr(2, &[0, 2], &[0, 1], &[1.0, -1.0], vec![f64::NEG_INFINITY], vec![0.0], UNIT, None);
    for (weight, gap) in [(0.1, 0.8), (0.25, 0.5), (0.5, 0.0), (5.0, 0.0)] {
        let problem = rows().and_then(|p| p.with_soft(vec![weight])).expect("a soft row");
        let result = project(&problem, &[1.0_f64, 0.0], &Settings::default()).expect("finite input");
        assert!(result.is_optimal() && (result.y[0] - result.y[1] - gap).abs() < 1e-9, "{weight} {:?}", result.y);
    }
}

#[test]
fn warm_starts_and_reused_solvers_give_the_same_point() {
    let mut solver = Projector::new();
    let mut out = fairc::runtime::Projection::default();
    for seed in 0..300 {
        let case = nasty(&mut Random(seed));
        let problem = Problem::new(case.parts).expect("a well-formed problem");
        let cold = project(&problem, &case.z, &Settings::default()).expect("finite input");
        solver.project_into(&problem, &case.z, &Settings::default(), &mut out).expect("finite input");
        assert_eq!(cold, out, "seed {seed}");
        let warm = Settings { warm_start: Some(cold.multipliers.clone()), ..Settings::default() };
        let again = project(&problem, &case.z, &warm).expect("finite input");
        let scale = case.z.iter().fold(1.0_f64, |m, z| m.max(z.abs()));
        for (a, b) in cold.y.iter().zip(&again.y) {
            assert!((a - b).abs() <= 1e-9 * scale, "seed {seed}: {a} {b}");
        }
    }
}

#[test]
fn csr_goes_in_and_comes_out() {
    for seed in 0..200 {
        let case = nasty(&mut Random(seed));
        let first = Problem::new(case.parts).expect("a well-formed problem");
        let csr = first.to_csr();
        let indices: Vec<usize> = csr.indices.iter().map(|&i| i as usize).collect();
        let (lower, upper) = (first.lower().to_vec(), first.upper().to_vec());
        let second = Problem::from_csr(
            first.n(),
            &csr.indptr,
            &indices,
            &csr.values,
            lower,
            upper,
            first.bounds(),
            first.weights(),
        );
        let second = second.expect("the matrix of a problem");
        assert_eq!(second.to_csr(), csr, "seed {seed}");
        let csc = second.to_csc();
        assert_eq!(csc.values.len(), csr.values.len());
    }
}

/// One line to `fairc solve`, its answer, and its exit code.
fn solve(line: &str) -> (Value, Option<i32>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_fairc"))
        .args(["solve", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary");
    child.stdin.take().expect("a pipe").write_all(line.as_bytes()).expect("a line");
    let output = child.wait_with_output().expect("an answer");
    (serde_json::from_slice(&output.stdout).expect("JSON"), output.status.code())
}

#[test]
fn odd_lines_through_the_command() {
    let rows = |z: &str, a: &str, l: &str, u: &str, more: &str| {
        format!(r#"{{"id": 7, "z": {z}, "A": {a}, "l": {l}, "u": {u}{more}}}"#)
    };
    let pair = r#"{"indptr": [0, 2], "indices": [0, 1], "values": [1, -1]}"#;
    let none = r#"{"indptr": [0], "indices": [], "values": []}"#;
    let bad = [
        (rows("[NaN, 0]", pair, "[0]", "[1]", ""), "json", "expected value"),
        (rows("[1e999, 0]", pair, "[0]", "[1]", ""), "json", "out of range"),
        (rows("[null, 0]", pair, "[0]", "[1]", ""), "record", "null"),
        (rows("[0.5, 0]", pair, "[2]", "[1]", ""), "input", "row 0 has lower side 2 and upper side 1"),
        (rows("[0.5, 0]", pair, "[0]", "[1, 2]", ""), "input", "`upper` has length 2, expected 1"),
        (rows("[0.5, 0]", pair, "[0]", "[1]", r#", "n": 3"#), "record", "`n` is 3"),
        (rows("[0.5, 0]", pair, "[0]", "[1]", r#", "lo": [0, 0, 0]"#), "input", "`lo` has length 3, expected 2"),
        (rows("[0.5, 0]", pair, "[0]", "[1]", r#", "lo": 1, "hi": 0"#), "input", "sample 0 has bounds [1, 0]"),
        (rows("[0.5, 0]", pair, "[0]", "[1]", r#", "w": [1, -1]"#), "input", "`weights[1]` is -1"),
        (rows("[0.5]", pair, "[0]", "[1]", ""), "input", "is 1, expected a number below 1"),
    ];
    for (line, kind, message) in bad {
        let (answer, _) = solve(&line);
        assert_eq!(answer["error"]["kind"], kind, "{line}: {answer}");
        let found = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(found.contains(message), "{line}: {answer}");
    }
    let good = [
        (rows("[]", none, "[]", "[]", ""), "[]"),
        (rows("[]", r#"{"indptr": [0, 0], "indices": [], "values": []}"#, "[-1]", "[1]", ""), "[]"),
        (rows("[1.5, -0.5]", none, "[]", "[]", r#", "lo": 0, "hi": 1"#), "[1.0,0.0]"),
        (rows("[0.75]", r#"{"indptr": [0, 1], "indices": [0], "values": [2]}"#, "[1]", "[1]", ""), "[0.5]"),
    ];
    for (line, yhat) in good {
        let (answer, code) = solve(&line);
        assert_eq!((answer["status"].as_str(), code), (Some("optimal"), Some(0)), "{line}: {answer}");
        assert_eq!(answer["yhat"].to_string(), yhat, "{line}");
    }
}

#[test]
fn solve_goes_on_after_bad_lines() {
    let good = r#"{"id": 1, "n": 2, "m": 1, "z": [0.9, 0.1], "lo": [0, 0], "hi": [1, 1],
        "A": {"indptr": [0, 2], "indices": [0, 1], "values": [1, -1]}, "l": [null], "u": [0.2], "vjp": {"v": [1, 0]}}"#
        .replace('\n', " ");
    let lines = [
        good.clone(),
        "{not json".to_owned(),
        String::new(),
        r#"{"id": "x", "z": [1]}"#.to_owned(),
        good.replace("\"u\": [0.2]", "\"u\": [0.2, 3]"),
        good.replace("\"l\": [null]", "\"l\": [1.0]"),
        good.replace("0.9", "1e999"),
        good.clone(),
    ];
    let mut out = Vec::new();
    let summary = solve_lines(lines.join("\n").as_bytes(), &mut out, &Settings::default()).expect("in memory");
    assert_eq!((summary.lines, summary.errors), (7, 5));
    let answers: Vec<Value> =
        String::from_utf8(out).expect("UTF-8").lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    assert_eq!(answers.len(), 7);
    assert_eq!(answers[0], answers[6]);
    assert_eq!(answers[0]["id"], 1);
    assert!((answers[0]["yhat"][0].as_f64().expect("a number") - 0.6).abs() < 1e-12);
    assert!((answers[0]["mu"][0].as_f64().expect("a number") - 0.6).abs() < 1e-12);
    assert!((answers[0]["vjp"]["b"][0].as_f64().expect("a number") - 0.5).abs() < 1e-12);
    assert_eq!(answers[2]["id"], "x");
    for answer in &answers[1..6] {
        assert!(answer["error"]["message"].is_string(), "{answer}");
    }
    assert!(solve_line("[]", &Settings::default()).contains("error"));
}

#[test]
fn predictions_of_zero_are_moved_where_rows_ask_for_it() {
    // One sample at its bound and at zero: nothing but the row says how long a step is.
    for (coefficient, l, u, want) in [(0.05, 0.01, 0.05, 0.2_f64), (1.0, 0.02, 0.06, 0.02), (-1.0, -0.3, -0.26, 0.26)] {
        let problem = Problem::new(ProblemParts {
            cell: vec![0],
            cells: 1,
            dictionary: vec![RowsByCell::from_cells([[(0, coefficient)]])],
            lower: vec![l],
            upper: vec![u],
            bounds: Bounds::Uniform { lo: 0.0, hi: 1.0 },
            ..ProblemParts::default()
        });
        let projection = project(&problem.unwrap(), &[0.0], &Settings::default()).unwrap();
        assert_eq!(projection.status, Status::Optimal);
        assert!((projection.y[0] - want).abs() < 1e-12, "{:?}", projection.y);
    }
}

/// Two rows that say the opposite have no room for margins: they are held as an equality row is, to a rounding of the raw predictions.
#[test]
fn opposite_rows_are_held_as_an_equality() {
    let mut random = Random(29);
    for number in 0..2000 {
        let n = 1 + random.below(6);
        let z: Vec<f64> = (0..n).map(|_| random.between(-2.0, 3.0)).collect();
        let row: Vec<f64> = (0..n).map(|_| random.between(-1.0, 1.0) * [1.0, 237.5][random.below(2)]).collect();
        let side = if random.chance(0.5) { 0.0 } else { random.between(-1.0, 1.0) };
        let scale = [1.0, 1.0, 0.1, 3.0][random.below(4)];
        let values: Vec<f64> = row.iter().copied().chain(row.iter().map(|a| scale * a)).collect();
        let indices: Vec<usize> = (0..n).chain(0..n).collect();
        let line = json!({ "z": z, "l": [null, scale * side], "u": [side, null],
            "A": { "indptr": [0, n, 2 * n], "indices": indices,
                "values": values } });
        let text = solve_line(&line.to_string(), &Settings::default());
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(answer["status"], "optimal", "{number}: {line}\n{text}");
        let y: Vec<f64> = answer["yhat"].as_array().unwrap().iter().map(|y| y.as_f64().unwrap()).collect();
        let value: f64 = row.iter().zip(&y).map(|(a, y)| a * y).sum();
        let size: f64 = row.iter().zip(&y).zip(&z).map(|((a, y), z)| a.abs() * (y.abs() + z.abs())).sum();
        assert!((value - side).abs() <= 8.0 * f64::EPSILON * size, "{number}: {value} of {size}\n{line}\n{text}");
    }
}

/// Room for rounding leaves these rows no point. They are solved without it, and not relaxed.
#[test]
fn what_a_point_satisfies_is_not_relaxed() {
    let line = r#"{"z": [0.0, 0.0, 0.0, -1.9617647058823529, -1.9617647058823529, -1.9617647058823529, 1.1632352941176471],
        "A": {"indptr": [0, 1, 2, 6, 9], "indices": [4, 4, 0, 2, 4, 5, 1, 3, 6],
            "values": [0.5, 0.5, 1.75, -1.2990196078431373, 3e6, 3.125, 0.0, 0.0, 0.0]},
        "l": [0.5, -1.5421568627450981, null, null], "u": [0.5, 0.5, 3.0, null],
        "convex": {"rows": [2, 2, 2, 2, 2], "samples": [3, 1, 6, 3, 4], "b": [3.0, 1.75, 2.125, 1.6872549019607843, 1.25],
            "c": [0.5, 0.5, 0.5, 0.5, 0.5]}}"#;
    let line = line.replace('\n', " ");
    let answer = |settings: &Settings| -> Value { serde_json::from_str(&solve_line(&line, settings)).unwrap() };
    let found = answer(&Settings::default());
    assert_eq!(found["status"], "optimal");
    assert_eq!(answer(&Settings { on_infeasible: OnInfeasible::Relax, ..Settings::default() }), found);
}
