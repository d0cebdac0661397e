//! Optimality on degenerate and badly scaled problems, by the KKT conditions.

use fairc::runtime::{Bounds, Problem, ProblemParts, RowsByCell, Settings, project};

use crate::support::{Random, kkt_faults, nasty};

/// A number from the environment, to run more cases or other seeds than the suite does.
pub fn from_env(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn nasty_problems_are_solved_to_the_kkt_conditions() {
    let (cases, seed) = (from_env("FAIRC_CASES", 2000), from_env("FAIRC_SEED", 1));
    let mut bad = Vec::new();
    for case_seed in
        seed * 1_000_000 + from_env("FAIRC_FIRST", 0)..seed * 1_000_000 + from_env("FAIRC_FIRST", 0) + cases
    {
        let case = nasty(&mut Random(case_seed));
        let problem = Problem::new(case.parts).expect("a well-formed problem");
        let projection = project(&problem, &case.z, &Settings::default()).expect("finite input");
        let faults = kkt_faults(&problem, &case.z, &projection);
        if !faults.is_empty() {
            bad.push(format!("case {case_seed}: {}", faults.join("; ")));
        }
    }
    assert!(bad.is_empty(), "{} of {cases} cases:\n{}", bad.len(), bad[..bad.len().min(12)].join("\n"));
}

/// Batches so large that most samples are looked at only twice.
#[test]
fn large_batches_are_solved_to_the_kkt_conditions() {
    for (seed, groups, bounds) in [
        (1, 2, Bounds::Uniform { lo: 0.0, hi: 1.0 }),
        (2, 40, Bounds::Uniform { lo: 0.0, hi: 1.0 }),
        (3, 5, Bounds::Uniform { lo: 0.0, hi: f64::INFINITY }),
        (4, 5, Bounds::default()),
        (5, 3, Bounds::Uniform { lo: 1e9, hi: 1e9 + 1.0 }),
    ] {
        let mut random = Random(seed);
        let n = 270_000;
        // Groups of very different sizes.
        let cell: Vec<u32> = (0..n).map(|_| random.below(1 + random.0 as usize % groups) as u32).collect();
        let mut count = vec![0.0; groups];
        cell.iter().for_each(|&c| count[c as usize] += 1.0);
        let mut lists = vec![Vec::new(); groups];
        let pairs: Vec<_> = (0..groups)
            .flat_map(|a| (a + 1..groups).map(move |b| (a, b)))
            .filter(|&(a, b)| count[a] > 0.0 && count[b] > 0.0)
            .collect();
        for (row, &(a, b)) in pairs.iter().enumerate() {
            lists[a].push((row as u32, 1.0 / count[a]));
            lists[b].push((row as u32, -1.0 / count[b]));
        }
        let offset = if let Bounds::Uniform { lo, .. } = bounds { lo.max(0.0) } else { 0.0 };
        let z: Vec<f64> =
            cell.iter().map(|&c| offset + random.between(-0.3, 1.2) + 0.2 * f64::from(c) / groups as f64).collect();
        let problem = Problem::new(ProblemParts {
            cell,
            cells: groups,
            dictionary: vec![RowsByCell::from_cells(lists)],
            lower: vec![-0.02; pairs.len()],
            upper: vec![0.02; pairs.len()],
            bounds,
            ..ProblemParts::default()
        });
        let problem = problem.expect("a well-formed problem");
        let projection = project(&problem, &z, &Settings::default()).expect("finite input");
        assert!(projection.multipliers.iter().any(|m| *m != 0.0), "seed {seed}");
        let faults = kkt_faults(&problem, &z, &projection);
        assert!(faults.is_empty(), "seed {seed}: {}", faults[..faults.len().min(5)].join("; "));
        let narrow: Vec<f32> = z.iter().map(|z| *z as f32).collect();
        let projection = project(&problem, &narrow, &Settings::default()).expect("finite input");
        assert!(projection.is_optimal(), "seed {seed}, f32: {:?}", projection.status);
    }
}
