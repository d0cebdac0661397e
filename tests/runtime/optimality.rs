//! Optimality on degenerate and badly scaled problems, by the KKT conditions.

use fairc::runtime::{Problem, Settings, project};

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
