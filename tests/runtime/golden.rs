//! Projections with certified optima: a small set that always runs, and the full set where it is present.

use std::path::Path;

use fairc::runtime::project::Settings;
use fairc::runtime::solve_record::solve_line;
use serde_json::Value;

fn numbers(value: &Value) -> Option<Vec<f64>> {
    value.as_array()?.iter().map(|v| Some(v.as_f64().unwrap_or(f64::NAN))).collect()
}

fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, |m, d| if d.is_nan() { f64::INFINITY } else { m.max(d) })
}

fn relative(a: &[f64], b: &[f64]) -> f64 {
    largest_difference(a, b) / b.iter().fold(1.0_f64, |m, v| m.max(v.abs()))
}

/// All that is wrong with the answer to one line.
fn faults(line: &str) -> Vec<String> {
    let want: Value = serde_json::from_str(line).expect("a golden line");
    let got: Value = serde_json::from_str(&solve_line(line, &Settings::default())).expect("an answer");
    let mut faults = Vec::new();
    let mut limit = |what: &str, found: f64, most: f64| {
        if found.is_nan() || found > most {
            faults.push(format!("{} {}: {what} {found:.3e} > {most:.0e}", want["id"], want["family"]));
        }
    };
    if got["status"] != want["status"] {
        return vec![format!("{} {}: status {}", want["id"], want["family"], got)];
    }
    if want["status"] == "infeasible" {
        limit("least margin", -got["margin"].as_f64().unwrap_or(f64::NAN), 0.0);
        return faults;
    }
    let y = numbers(&got["yhat"]).expect("yhat");
    limit("distance", largest_difference(&y, &numbers(&want["yhat"]).expect("yhat")), 1e-9);
    limit("row", got["certificate"]["relative_row_violation"].as_f64().unwrap_or(f64::NAN), 1e-12);
    limit("bound", got["certificate"]["bound_violation"].as_f64().unwrap_or(f64::NAN), 0.0);
    let objective = want["objective"].as_f64().expect("objective");
    limit("objective", (got["objective"].as_f64().unwrap_or(f64::NAN) - objective).abs() / objective.max(1.0), 1e-9);
    if want["dual_unique"] == true {
        limit("mu", relative(&numbers(&got["mu"]).expect("mu"), &numbers(&want["mu"]).expect("mu")), 1e-8);
    }
    if want["vjp"]["valid"] == true {
        let (vjp, known) = (&got["vjp"], &want["vjp"]);
        for part in ["z", "b", "w"] {
            if let Some(known) = numbers(&known[part]) {
                limit(part, relative(&numbers(&vjp[part]).expect("vjp"), &known), 1e-8);
            }
        }
        if let Some(eps) = known["eps"].as_f64() {
            let (l, u) = (numbers(&vjp["lower"]).expect("lower"), numbers(&vjp["upper"]).expect("upper"));
            let found = u.iter().sum::<f64>() - l.iter().sum::<f64>();
            if want["dual_unique"] == true && known["eps_one_sided"] != true {
                limit("eps", (found - eps).abs() / eps.abs().max(1.0), 1e-8);
            }
        }
    }
    faults
}

fn run(path: &Path) -> Option<usize> {
    let text = std::fs::read_to_string(path).ok()?;
    let faults: Vec<String> = text.lines().flat_map(faults).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    Some(text.lines().count())
}

#[test]
fn golden_subset() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden/projection.jsonl");
    assert!(run(&path).is_some_and(|count| count > 40), "{} cannot be read", path.display());
}

#[test]
fn full_golden_set_if_present() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/golden/projection.jsonl");
    match run(&path) {
        Some(count) => println!("{count} golden problems"),
        None => println!("the full golden set is absent, skipped"),
    }
}
