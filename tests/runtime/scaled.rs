//! Everything a million times larger or smaller, and problems that were once not solved.

use fairc::runtime::{Bounds, Problem, Settings, project};

use crate::support::{Case, Random, kkt_faults, nasty};

fn times(values: &[f64], factor: f64) -> Vec<f64> {
    values.iter().map(|v| v * factor).collect()
}

/// The same problem in another unit of predictions, and with rows in another unit.
fn scaled(case: &Case, predictions: f64, rows: f64) -> (Problem, Vec<f64>) {
    let plain = Problem::new(case.parts.clone()).expect("a well-formed problem");
    let csr = plain.to_csr();
    let indices: Vec<usize> = csr.indices.iter().map(|&i| i as usize).collect();
    let bounds = match plain.bounds() {
        Bounds::PerSample { lo, hi } => Bounds::PerSample { lo: times(&lo, predictions), hi: times(&hi, predictions) },
        Bounds::Uniform { lo, hi } => Bounds::Uniform { lo: lo * predictions, hi: hi * predictions },
    };
    let sides = predictions * rows;
    let problem = Problem::from_csr(
        plain.n(),
        &csr.indptr,
        &indices,
        &times(&csr.values, rows),
        times(plain.lower(), sides),
        times(plain.upper(), sides),
        bounds,
        plain.weights(),
    );
    (problem.expect("a well-formed problem"), times(&case.z, predictions))
}

#[test]
fn units_of_predictions_and_of_rows_do_not_matter() {
    let mut compared = 0;
    for seed in 0..300 {
        let case = nasty(&mut Random(seed));
        let plain = Problem::new(case.parts.clone()).expect("a well-formed problem");
        let want = project(&plain, &case.z, &Settings::default()).expect("finite input");
        if !want.is_optimal() {
            continue;
        }
        let size = case.z.iter().fold(f64::MIN_POSITIVE, |m, z| m.max(z.abs()));
        for (predictions, rows) in [(1e6, 1.0), (1e-6, 1.0), (1.0, 1e6), (1.0, 1e-6), (1e6, 1e6), (1e-6, 1e-6)] {
            let (problem, z) = scaled(&case, predictions, rows);
            let got = project(&problem, &z, &Settings::default()).expect("finite input");
            let faults = kkt_faults(&problem, &z, &got);
            assert!(faults.is_empty(), "seed {seed}, times {predictions} and {rows}: {}", faults.join("; "));
            for (a, b) in got.y.iter().zip(&want.y) {
                assert!(
                    (a / predictions - b).abs() <= 1e-9 * size,
                    "seed {seed}, times {predictions} and {rows}: {a} {b}"
                );
            }
            compared += 1;
        }
    }
    assert!(compared > 1500, "{compared}");
}

/// Found by a search over 120,000 seeds: norms from 1e-8 to 1e8, dependent rows, sides without room.
const ONCE_UNSOLVED: [u64; 16] = [
    2_007_401, 2_014_334, 2_019_889, 2_026_061, 2_026_528, 2_032_038, 2_034_901, 2_038_281, 2_043_367, 2_047_514,
    3_017_903, 3_021_477, 3_030_094, 3_047_480, 3_054_802, 3_056_338,
];

#[test]
fn problems_that_once_ended_at_the_limit() {
    let mut bad = Vec::new();
    for seed in ONCE_UNSOLVED {
        let case = nasty(&mut Random(seed));
        let problem = Problem::new(case.parts).expect("a well-formed problem");
        let projection = project(&problem, &case.z, &Settings::default()).expect("finite input");
        let faults = kkt_faults(&problem, &case.z, &projection);
        if !faults.is_empty() {
            bad.push(format!("seed {seed}: {}", faults.join("; ")));
        }
    }
    assert!(bad.is_empty(), "{} of {}:\n{}", bad.len(), ONCE_UNSOLVED.len(), bad.join("\n"));
}
