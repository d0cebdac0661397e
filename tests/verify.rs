//! The independent checker: it proves what the solver answers, and refuses what was changed. Protects against a checker that
//! nods, and against answers that only look right to the code that made them.

#[path = "common/random.rs"]
mod random;

use std::path::Path;

use fairc::runtime::project::Settings;
use fairc::runtime::solve_record::solve_line;
use fairc_verify::{Answer, Problem, Verdict, verify};
use random::Random;
use serde_json::Value;

const TOLERANCE: f64 = 1e-9;

struct Solved {
    problem: Problem,
    answer: Answer,
    /// Whether the multipliers are the only ones.
    dual_unique: bool,
    name: String,
}

/// A random problem with distances in its rows, as a line; every third has sides that nothing satisfies.
fn convex_line(random: &mut Random, number: usize) -> String {
    let (n, m) = (4 + random.below(12), 1 + random.below(3));
    let z: Vec<f64> = (0..n).map(|_| random.between(-0.2, 1.2)).collect();
    let grid = number.is_multiple_of(2);
    let (mut rows, mut samples, mut b, mut c, mut upper) = (vec![], vec![], vec![], vec![], vec![]);
    let (mut indptr, mut indices, mut values) = (vec![0], vec![], vec![]);
    for row in 0..m {
        let mut sum = 0.0;
        for (sample, z) in z.iter().enumerate() {
            let at = random.between(0.0, 1.0);
            let at = if grid { (at * 4.0).round() / 4.0 } else { at };
            let (own, a) = (random.between(0.1, 1.0) / n as f64, random.between(-0.5, 0.5) / n as f64);
            rows.push(row);
            samples.push(sample);
            b.push(own);
            c.push(at);
            if row == 0 {
                indices.push(sample);
                values.push(a);
                sum += a * z.clamp(0.0, 1.0);
            }
            sum += own * (z.clamp(0.0, 1.0) - at).abs();
        }
        indptr.push(indices.len());
        upper.push(if number.is_multiple_of(3) { sum - 2.0 } else { sum - random.between(0.0, 0.05) });
    }
    let lower = vec![Value::Null; m];
    serde_json::json!({ "id": format!("convex {number}"), "z": z, "lo": 0.0, "hi": 1.0, "l": lower, "u": upper,
        "A": { "indptr": indptr, "indices": indices, "values": values },
        "convex": { "rows": rows, "samples": samples, "b": b, "c": c } })
    .to_string()
}

fn golden() -> Vec<Solved> {
    let mut random = Random(3);
    let convex: Vec<String> = (0..60).map(|number| convex_line(&mut random, number)).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden/projection.jsonl");
    let text = std::fs::read_to_string(path).expect("the golden problems");
    let solved = |line: &str| {
        let value: Value = serde_json::from_str(line).expect("a golden line");
        let answer = solve_line(line, &Settings::default());
        Solved {
            problem: Problem::parse(line).expect("a problem"),
            answer: Answer::parse(&answer).expect("an answer"),
            dual_unique: value["dual_unique"] == true,
            name: value["id"].to_string(),
        }
    };
    text.lines().chain(convex.iter().map(String::as_str)).map(solved).collect()
}

fn is_proved(problem: &Problem, answer: &Answer) -> bool {
    !matches!(verify(problem, answer, TOLERANCE), Verdict::Refused(_))
}

#[test]
fn right_answers_are_proved() {
    let solved = golden();
    let (mut optimal, mut infeasible) = (0, 0);
    for case in &solved {
        match verify(&case.problem, &case.answer, TOLERANCE) {
            Verdict::Optimal { .. } => optimal += 1,
            Verdict::Infeasible { .. } => infeasible += 1,
            Verdict::Refused(refusal) => panic!("{}: {refusal}", case.name),
        }
    }
    assert!(optimal > 40 && infeasible > 2, "{optimal} optimal, {infeasible} infeasible");
}

/// Samples without bounds have to cancel, which floats often cannot: the proof is then one up to a distance from zero, and what
/// misses by more than a few roundings is none.
#[test]
fn without_bounds_a_proof_reaches_as_far_as_it_cancels() {
    let within = |lines: &str, rows: &[f64]| {
        let answer = serde_json::json!({ "status": "infeasible", "rows": rows, "margin": 1.0 }).to_string();
        match verify(&Problem::parse(lines).unwrap(), &Answer::parse(&answer).unwrap(), TOLERANCE) {
            Verdict::Infeasible { within, .. } => Some(within),
            _ => None,
        }
    };
    let rows = |second: f64, bounds: &str| {
        format!(
            "{{\"z\": [0.0], {bounds} \"A\": {{\"indptr\": [0, 1, 2], \"indices\": [0, 0], \"values\": [1.0, -{second:?}]}},
              \"l\": [1.0, 0.0], \"u\": [null, null]}}"
        )
    };
    // y >= 1 and -y >= 0 cancel; with one rounding more they leave 2^-52 y, which takes away 1 at 2^52.
    let next = 1.0_f64.next_up();
    assert_eq!(within(&rows(1.0, ""), &[-1.0, -1.0]), Some(None));
    assert_eq!(within(&rows(next, ""), &[-1.0, -1.0]), Some(Some(2.0_f64.powi(52).next_down())));
    assert_eq!(within(&rows(next, "\"lo\": 0, \"hi\": 1,"), &[-1.0, -1.0]), Some(None));
    assert_eq!(within(&rows(1.0 + 1e-14, ""), &[-1.0, -1.0]), None);

    let mut random = Random(11);
    let mut proved = 0;
    for _ in 0..500 {
        let (a, b) = (random.between(0.1, 3.0), random.between(0.1, 3.0));
        let line = format!(
            "{{\"z\": [0.5], \"A\": {{\"indptr\": [0, 1, 2], \"indices\": [0, 0], \"values\": [{a:?}, -{b:?}]}},
              \"l\": [{:?}, {:?}], \"u\": [null, null]}}",
            random.between(0.1, 9.0),
            random.between(0.1, 9.0)
        )
        .replace('\n', "");
        let answer = Answer::parse(&solve_line(&line, &Settings::default())).unwrap();
        let verdict = verify(&Problem::parse(&line).unwrap(), &answer, TOLERANCE);
        proved +=
            usize::from(matches!(verdict, Verdict::Infeasible { within, .. } if within.is_none_or(|far| far > 1e12)));
    }
    assert_eq!(proved, 500);
}

/// Numbers so large that a tolerance which grows with them would cover anything: multipliers that cancel, or that a kink takes up, raw
/// predictions and points of distances far from all that matters, and slopes that cancel to less than a proof needs.
#[test]
fn large_numbers_buy_no_tolerance() {
    let wrong = [
        (
            r#"{"z": [100.0], "A": {"indptr": [0, 1, 2], "indices": [0, 0], "values": [1, 1]}, "l": [null, -5], "u": [1, null]}"#,
            r#"{"status": "optimal", "yhat": [0.0], "mu": [M, -M], "objective": 10000}"#,
        ),
        (
            r#"{"z": [100.0], "A": {"indptr": [0, 0], "indices": [], "values": []}, "l": [null], "u": [5],
                "convex": {"rows": [0], "samples": [0], "b": [1], "c": [0]}}"#,
            r#"{"status": "optimal", "yhat": [0.0], "mu": [M], "objective": 10000}"#,
        ),
        (
            r#"{"z": [0.5], "A": {"indptr": [0, 1, 1], "indices": [0], "values": [1]}, "l": [3, null], "u": [null, 1e21],
                "convex": {"rows": [1], "samples": [0], "b": [1], "c": [1e20]}}"#,
            r#"{"status": "optimal", "yhat": [0.5], "mu": [0, 0], "objective": 0}"#,
        ),
        (
            r#"{"z": [100.0], "A": {"indptr": [0, 1], "indices": [0], "values": [1]}, "l": [null], "u": [1], "soft": [1e60]}"#,
            r#"{"status": "optimal", "yhat": [0.5], "mu": [199], "objective": 9900.25}"#,
        ),
        (
            r#"{"z": [1e20, 0.5], "w": [1, 1], "A": {"indptr": [0, 2], "indices": [0, 1], "values": [1, 1]}, "l": [null], "u": [0.25],
                "lo": [0, null], "hi": [0, null], "soft": [1e60]}"#,
            r#"{"status": "optimal", "yhat": [0, 0.5], "mu": [0], "objective": 0}"#,
        ),
        (
            r#"{"z": [1e20, 0.5], "A": {"indptr": [0, 2], "indices": [0, 1], "values": [1, 1]}, "l": [null], "u": [1],
                "lo": [0, null], "hi": [0, null]}"#,
            r#"{"status": "optimal", "yhat": [0, 0.25], "mu": [0.5], "objective": 0.0625}"#,
        ),
        (
            r#"{"z": [0.5, 0.5], "A": {"indptr": [0, 1, 2, 3], "indices": [0, 0, 1], "values": [1, -1, 1]}, "l": [null, null, null],
                "u": [0.5, -0.5, 0.25], "soft": [null, null, 1]}"#,
            r#"{"status": "optimal", "yhat": [0.5, 0.5], "mu": [M, M, 0], "objective": 0}"#,
        ),
        (
            r#"{"z": [0.5, 0.5], "A": {"indptr": [0, 1, 2], "indices": [0, 1], "values": [1, 1]}, "l": [0.5, null], "u": [0.5, 0.25],
                "lo": [0.5, null], "hi": [0.5, null], "soft": [null, 1]}"#,
            r#"{"status": "optimal", "yhat": [0.5, 0.5], "mu": [M, 0], "objective": 0}"#,
        ),
        // The other side of a row is no measure of this one.
        (
            r#"{"z": [0.9], "A": {"indptr": [0, 1], "indices": [0], "values": [1]}, "l": [-1e9], "u": [0.0], "lo": -10, "hi": 10, "soft": [5.0]}"#,
            r#"{"status": "optimal", "yhat": [0.5], "mu": [0.8], "objective": 0.16}"#,
        ),
        (
            r#"{"z": [0.9], "A": {"indptr": [0, 1], "indices": [0], "values": [1]}, "l": [-1e9], "u": [0.0], "lo": -10, "hi": 10}"#,
            r#"{"status": "optimal", "yhat": [0.9], "mu": [0], "objective": 0}"#,
        ),
        (
            r#"{"z": [1e20], "A": {"indptr": [0, 1], "indices": [0], "values": [1]}, "l": [null], "u": [1]}"#,
            r#"{"status": "optimal", "yhat": [1e5], "mu": [2e20], "objective": 1e40}"#,
        ),
        (
            r#"{"z": [0.0], "A": {"indptr": [0, 1, 2], "indices": [0, 0], "values": [1, 1.0000000000000004]},
                "l": [null, 1], "u": [0.9999999999999998, null]}"#,
            r#"{"status": "infeasible", "rows": [1, -1], "margin": 1}"#,
        ),
        (
            r#"{"z": [0.0, 0.0], "A": {"indptr": [0, 2, 4], "indices": [0, 1, 0, 1], "values": [-1, 1e15, -1, 1000000000000001]},
                "l": [null, 5], "u": [0, null]}"#,
            r#"{"status": "infeasible", "rows": [1, -1], "margin": 5}"#,
        ),
    ];
    for (problem, answer) in wrong {
        let problem = Problem::parse(&problem.replace('\n', " ")).unwrap();
        for power in [3, 6, 9, 12, 15, 18, 21, 60] {
            let answer = Answer::parse(&answer.replace('M', &format!("1e{power}"))).unwrap();
            let verdict = verify(&problem, &answer, TOLERANCE);
            assert!(matches!(verdict, Verdict::Refused(_)), "{verdict:?}: {answer:?}");
        }
    }
}

/// What is off by a rounding, or less than any number of use, is proved, whatever the price of a row.
#[test]
fn a_rounding_is_no_violation_at_any_price() {
    let right = [
        (
            r#"{"z": [0.0, 0.0, 0.25], "A": {"indptr": [0, 3], "indices": [0, 1, 2], "values": [0.875, 0.875, 0.875]}, "l": [0.875], "u": [0.875],
                "soft": [3e12]}"#,
            r#"{"status": "optimal", "yhat": [0.25, 0.25, 0.5000000000000001], "mu": [-0.5714285714285714], "objective": 0.1875}"#,
        ),
        (
            r#"{"z": [0.0, 0.0], "A": {"indptr": [0, 2], "indices": [0, 1], "values": [-2.125e-6, -3.25e-7]}, "l": [0.0], "u": [null]}"#,
            r#"{"status": "optimal", "yhat": [-3.180623e-317, -4.86448e-318], "mu": [-2.9935275351607e-311], "objective": 0}"#,
        ),
        (
            r#"{"z": [0.0, 0.0], "A": {"indptr": [0, 2], "indices": [0, 1], "values": [0.8627450980392157, -1.375]}, "l": [0.0], "u": [null]}"#,
            r#"{"status": "optimal", "yhat": [3.5e-323, -5.4e-323], "mu": [-9e-323], "objective": 0}"#,
        ),
        (
            r#"{"z": [-0.125, 0.0], "A": {"indptr": [0, 1], "indices": [1], "values": [-0.125]}, "l": [null], "u": [0.0],
                "convex": {"rows": [0], "samples": [0], "b": [0.125], "c": [-0.125]}}"#,
            r#"{"status": "optimal", "yhat": [-0.125, 5e-16], "mu": [8e-15], "objective": 2.5e-31}"#,
        ),
        // Within the tolerance of a row whose other side is far away, though its price is paid.
        (
            r#"{"z": [], "A": {"indptr": [0, 0], "indices": [], "values": []}, "l": [-362.5], "u": [-3.625e-7], "soft": [3.625e-7]}"#,
            r#"{"status": "optimal", "yhat": [], "mu": [7.25e-7], "objective": 0}"#,
        ),
    ];
    for (problem, answer) in right {
        let problem = Problem::parse(&problem.replace('\n', " ")).unwrap();
        let verdict = verify(&problem, &Answer::parse(answer).unwrap(), TOLERANCE);
        assert!(matches!(verdict, Verdict::Optimal { .. }), "{verdict:?}: {answer}");
    }
}

/// One change of an answer that makes it wrong, or None where this one cannot be made so.
fn changed(case: &Solved, kind: usize, random: &mut Random) -> Option<Answer> {
    let mut answer = case.answer.clone();
    let by = [1e-6, 1e-4, 1e-2, 1.0][random.below(4)] * if random.chance(0.5) { 1.0 } else { -1.0 };
    let (n, m) = (answer.y.len(), answer.multipliers.len());
    let infeasible = answer.status == "infeasible";
    match kind {
        // The point is unique, so any other is wrong.
        0 if n > 0 => {
            let at = random.below(n);
            answer.y[at] += by * answer.y[at].abs().max(1.0);
        }
        1 if n > 1 => {
            let (a, b) = (random.below(n), random.below(n));
            if (answer.y[a] - answer.y[b]).abs() < 1e-6 {
                return None;
            }
            answer.y.swap(a, b);
        }
        2 if n > 0 => answer.y.iter_mut().for_each(|y| *y += by),
        3 if m > 0 && case.dual_unique => {
            let at = random.below(m);
            answer.multipliers[at] += by * answer.multipliers[at].abs().max(1.0);
        }
        4 if m > 0 && case.dual_unique => {
            let at = random.below(m);
            if answer.multipliers[at].abs() < 1e-6 {
                return None;
            }
            answer.multipliers[at] *= -1.0;
        }
        5 if !infeasible => {
            answer.objective = answer.objective.map(|objective| objective + by.abs() * objective.max(1.0))
        }
        6 if !infeasible => {
            answer.status = "infeasible".to_owned();
            answer.combination = answer.multipliers.clone();
        }
        7 => answer.status = ["relaxed", "iteration_limit", "error", "solved"][random.below(4)].to_owned(),
        8 if infeasible => answer.combination.iter_mut().for_each(|factor| *factor *= -1.0),
        9 if infeasible => answer.combination.iter_mut().for_each(|factor| *factor = 0.0),
        10 if infeasible => {
            answer.status = "optimal".to_owned();
            answer.y = case.problem.z.clone();
            answer.multipliers = vec![0.0; case.problem.rows.len()];
        }
        11 if n > 0 => drop(answer.y.pop()),
        12 if m > 0 => drop(answer.multipliers.pop()),
        13 if n > 0 => answer.y = answer.y.iter().map(|y| (y * 64.0).round() / 64.0 + 1.0 / 1024.0).collect(),
        _ => return None,
    }
    Some(answer)
}

#[test]
fn changed_answers_are_refused() {
    let solved = golden();
    let mut random = Random(11);
    let mut made = [0; 14];
    while made.iter().sum::<usize>() < 4_000 {
        let (case, kind) = (&solved[random.below(solved.len())], random.below(made.len()));
        let Some(answer) = changed(case, kind, &mut random) else { continue };
        made[kind] += 1;
        assert!(!is_proved(&case.problem, &answer), "{}: a change of kind {kind} was proved", case.name);
    }
    assert!(made.iter().all(|count| *count > 20), "{made:?}");
}

/// The objective of an answer is the distance alone, and what soft rows cost is in the gap.
#[test]
fn answers_that_pay_for_a_soft_row_are_proved() {
    let line = r#"{"z": [0.9, 0.8], "lo": 0, "hi": 1, "l": [null], "u": [0.2], "soft": [0.1],
        "A": {"indptr": [0, 2], "indices": [0, 1], "values": [0.5, 0.5]}}"#;
    let problem = Problem::parse(line).expect("a problem");
    let answer = solve_line(line, &Settings::default());
    assert!(is_proved(&problem, &Answer::parse(&answer).expect("an answer")), "{answer}");
    let other = Answer::parse(&answer.replace("0.85", "0.86")).expect("an answer");
    assert!(answer.contains("0.85") && !is_proved(&problem, &other));
}

/// Near zero the steps between floats are not small beside them: a row that is kept by one of these steps is kept, and what is off by
/// more is still refused.
#[test]
fn answers_among_the_smallest_floats_are_proved() {
    let mut random = Random(11);
    for number in 0..400 {
        let (n, unit) = (2 + random.below(9), 10f64.powi(-(290 + random.below(34) as i32)));
        let mut pick = |choices: &[f64]| choices[random.below(choices.len())];
        let z: Vec<f64> = (0..n).map(|_| pick(&[0.0, 0.0, 1.0, 3.0, -2.0]) * unit).collect();
        let a: Vec<f64> = (0..n).map(|i| pick(&[0.1, 1.0 / 3.0, 1.0]) * if i % 2 == 0 { -1.0 } else { 1.0 }).collect();
        let (w, lower): (Vec<f64>, f64) =
            ((0..n).map(|_| pick(&[1.0, 0.3, 40.0])).collect(), pick(&[0.0, 0.0, 1.0]) * unit);
        let indices: Vec<usize> = (0..n).collect();
        let line = serde_json::json!({ "z": z, "w": w, "l": [lower], "u": [null], "A": { "indptr": [0, n], "indices": indices, "values": a } });
        let problem = Problem::parse(&line.to_string()).expect("a problem");
        let text = solve_line(&line.to_string(), &Settings::default());
        let answer = Answer::parse(&text).expect("an answer");
        assert!(is_proved(&problem, &answer), "{number}: {line} {text}");
        let mut other = answer.clone();
        other.y[0] += 1e-300;
        assert!(unit > 1e-310 || !is_proved(&problem, &other), "{number}: {line} {text}");
    }
}

/// Rows that the answer brings to zero, or to what nearly cancels: they are on their sides as well as the digits of the raw predictions
/// allow, which is no licence to miss them.
#[test]
fn rows_that_vanish_at_the_answer_are_proved() {
    let mut random = Random(31);
    for number in 0..400 {
        let n = 1 + random.below(4);
        let z: Vec<f64> = (0..n).map(|_| -random.between(0.05, 1.0)).collect();
        let a: Vec<f64> = (0..n).map(|_| random.between(0.1, 4.0)).collect();
        let indices: Vec<usize> = (0..n).collect();
        let line = serde_json::json!({ "z": z, "l": [0.0], "u": [null], "A": { "indptr": [0, n], "indices": indices, "values": a } });
        let problem = Problem::parse(&line.to_string()).expect("a problem");
        let text = solve_line(&line.to_string(), &Settings::default());
        let answer = Answer::parse(&text).expect("an answer");
        assert!(is_proved(&problem, &answer), "{number}: {line} {text}");
        // The row is missed, or left behind, by a millionth of what its samples were.
        for step in [-1e-6, 1e-6] {
            let mut other = answer.clone();
            other.y[0] += step * z[0].abs();
            assert!(!is_proved(&problem, &other), "{number}: {step} {line} {text}");
        }
    }
}

/// A row that holds at the raw predictions to the last digit: an answer that makes up for roundings of the row by a free sample is
/// right, though the row's other samples are held at points and its own coefficient is small. One that moves it further is not.
#[test]
fn free_samples_may_make_up_for_roundings_of_a_row() {
    let mut random = Random(47);
    for number in 0..200 {
        let (a, b) = (random.between(0.02, 2.0), random.between(0.1, 4.0));
        let line = serde_json::json!({ "z": [0.0, 0.5], "l": [null], "u": [0.0], "A": { "indptr": [0, 1], "indices": [0], "values": [-a] },
            "convex": { "rows": [0], "samples": [1], "b": [b], "c": [0.5] } });
        let problem = Problem::parse(&line.to_string()).expect("a problem");
        let moved = |by: f64| {
            let text = serde_json::json!({ "status": "optimal", "yhat": [by, 0.5], "mu": [2.0 * by / a] });
            is_proved(&problem, &Answer::parse(&text.to_string()).expect("an answer"))
        };
        // Eight roundings of what the held sample adds to the row.
        let rounding = f64::EPSILON * b * 0.5;
        assert!(moved(0.0) && moved(8.0 * rounding / a), "{number}: {line}");
        assert!(!moved(1e-11) && !moved(1e-9), "{number}: {line}");
    }
}

/// Points far smaller than what they are made from, as the answer is to scores near 10⁴ whose mean has to be 0: rows hold to roundings
/// of the point, not of the scores, also where some samples stand at bounds.
#[test]
fn points_far_smaller_than_their_predictions_are_proved() {
    let mut random = Random(53);
    let mut at_bounds = 0;
    for number in 0..400 {
        let (n, far) = (3 + random.below(20), 10f64.powi(1 + random.below(8) as i32));
        let spread = far * 10f64.powi(-(random.below(14) as i32));
        let weights: Vec<f64> = (0..n).map(|_| if number % 3 == 0 { random.between(0.2, 3.0) } else { 1.0 }).collect();
        let z: Vec<f64> = (0..n).map(|_| far + spread * random.between(-1.0, 1.0)).collect();
        let mean: Vec<f64> = weights.iter().map(|w| w / weights.iter().sum::<f64>()).collect();
        let half: Vec<f64> = (0..n).map(|i| if i < n / 2 { 1.0 } else { 0.0 }).collect();
        let (indices, values): (Vec<usize>, Vec<f64>) = ((0..n).chain(0..n).collect(), [mean.clone(), half].concat());
        let mut line = serde_json::json!({ "z": z, "w": weights, "l": [0.0, null], "u": [0.0, spread],
            "A": { "indptr": [0, n, 2 * n], "indices": indices, "values": values } });
        if number % 2 == 0 {
            line["hi"] = serde_json::json!(spread * random.between(0.01, 0.5));
        }
        let problem = Problem::parse(&line.to_string()).expect("a problem");
        let text = solve_line(&line.to_string(), &Settings::default());
        let answer = Answer::parse(&text).expect("an answer");
        let (sum, size) =
            answer.y.iter().zip(&mean).fold((0.0, 0.0), |(sum, size), (y, a)| (sum + a * y, size + a * y.abs()));
        at_bounds += answer.y.iter().zip(&problem.bounds).filter(|(y, (_, hi))| **y == *hi).count();
        assert!(is_proved(&problem, &answer), "{number}: {line} {text}");
        assert!(f64::abs(sum) <= 2e-15 * size, "{number}: {sum} of {size}: {line} {text}");
    }
    assert!(at_bounds > 200, "{at_bounds}");
}

/// A step off a point of a distance, and a multiplier that is too small to hold a sample there, are seen.
#[test]
fn samples_at_points_of_distances_are_held_there() {
    let line = r#"{"z": [0.9, 0.1], "lo": 0, "hi": 1, "l": [null], "u": [0], "A": {"indptr": [0, 0], "indices": [], "values": []},
        "convex": {"rows": [0, 0], "samples": [0, 1], "b": [1, 1], "c": [0.5, 0.25]}}"#;
    let problem = Problem::parse(line).expect("a problem");
    let answer = |y: [f64; 2], mu: f64| {
        let text = format!(r#"{{"status": "optimal", "yhat": [{}, {}], "mu": [{mu}]}}"#, y[0], y[1]);
        Answer::parse(&text).expect("an answer")
    };
    // The first sample pulls with a slope of 0.8.
    assert!(is_proved(&problem, &answer([0.5, 0.25], 0.8)) && is_proved(&problem, &answer([0.5, 0.25], 7.0)));
    for (y, mu) in [([0.5, 0.25], 0.79), ([0.5, 0.25], -0.8), ([0.500001, 0.25], 0.8), ([0.5, 0.249999], 0.8)] {
        assert!(!is_proved(&problem, &answer(y, mu)), "{y:?} {mu}");
    }
    for wrong in [r#""b": [1, -1]"#, r#""samples": [0, 2]"#, r#""rows": [0, 1]"#, r#""c": [0.5]"#] {
        let (name, _) = wrong.split_once(':').expect("a name");
        let start = line.find(name).expect("it is there");
        let end = start + line[start..].find(']').expect("a list") + 1;
        assert!(Problem::parse(&line.replace(&line[start..end], wrong)).is_err(), "{wrong}");
    }
    assert!(Problem::parse(&line.replace("[null]", "[0]")).is_err());
}

/// A right answer to a problem that was changed is no answer to it.
#[test]
fn answers_to_other_problems_are_refused() {
    let mut random = Random(5);
    let mut made = 0;
    for case in golden().iter().filter(|case| case.answer.status == "optimal" && !case.problem.z.is_empty()) {
        for _ in 0..20 {
            let mut problem = case.problem.clone();
            let at = random.below(problem.z.len());
            // A sample strictly inside its bounds moves with its raw prediction.
            let (lower, upper) = problem.bounds[at];
            let held = |(sample, _, c): &(usize, f64, f64)| *sample == at && *c == case.answer.y[at];
            if problem.distances.iter().flatten().any(held) {
                continue;
            }
            if problem.weights[at] == 0.0 || case.answer.y[at] <= lower + 1e-3 || case.answer.y[at] >= upper - 1e-3 {
                continue;
            }
            problem.z[at] += 1e-5;
            made += 1;
            assert!(!is_proved(&problem, &case.answer), "{}: sample {at}", case.name);
        }
    }
    assert!(made > 200, "{made}");
}
