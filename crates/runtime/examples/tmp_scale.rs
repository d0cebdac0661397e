//! Fixed problems whose instructions are counted: see `tests/instructions.sh`.
//!
//!     instructions NAME [TIMES]    solves it a few times, or so many, and differentiates

use fairc_runtime::{Bounds, Gradient, Problem, ProblemParts, Projection, Projector, RowsByCell, Settings};

/// Name, samples, groups, whether rows compare each pair (else each group with the mean of all), and times.
const PROBLEMS: [(&str, usize, usize, bool, usize); 11] = [
    ("p2-1M", 1_048_576, 2, true, 1),
    ("p4-1M", 1_048_576, 4, true, 1),
    ("o32-1M", 1_048_576, 32, false, 1),
    ("o64-1M", 1_048_576, 64, false, 1),
    ("p32-1M", 1_048_576, 32, true, 1),
    ("p2-64k", 65_536, 2, true, 1),
    ("p4-64k", 65_536, 4, true, 1),
    ("o32-64k", 65_536, 32, false, 1),
    ("p2-4k", 4_096, 2, true, 1),
    ("p2-10M", 10_000_000, 2, true, 1),
    ("p4-10M", 10_000_000, 4, true, 1),
];

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let Some((_, n, groups, pairs, times)) = PROBLEMS.into_iter().find(|problem| problem.0 == name) else {
        PROBLEMS.iter().for_each(|problem| println!("{}", problem.0));
        return;
    };
    let times = std::env::args().nth(2).and_then(|times| times.parse().ok()).unwrap_or(times);
    let (problem, z) = problem(n, groups, pairs);
    let settings = Settings::default();
    let (mut solver, mut out, mut gradient) = (Projector::new(), Projection::default(), Gradient::default());

    let (mut f, mut g) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..times {
        let t = std::time::Instant::now();
        solver.project_into(&problem, &z, &settings, &mut out).expect("finite input");
        f = f.min(t.elapsed().as_secs_f64());
        let t = std::time::Instant::now();
        solver.vjp_into(&problem, &out, &z, &mut gradient).expect("an optimum");
        g = g.min(t.elapsed().as_secs_f64());
    }
    println!("{name} forward {:.1} us vjp {:.1} us ratio {:.2} passes {}", f * 1e6, g * 1e6, g / f, out.passes);
    assert!(out.is_optimal());
}

/// Numbers from 0 to 1, the same everywhere.
fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 11) as f64 / (1_u64 << 53) as f64
}

fn problem(n: usize, groups: usize, pairs: bool) -> (Problem, Vec<f64>) {
    let mut state = 7;
    let cell: Vec<u32> = (0..n).map(|_| (uniform(&mut state) * groups as f64) as u32).collect();
    let centre: Vec<f64> = (0..groups).map(|_| 0.4 + 0.2 * uniform(&mut state)).collect();
    let z = cell.iter().map(|&c| centre[c as usize] + 1.4 * (uniform(&mut state) - 0.5)).collect();
    let mut count = vec![0.0; groups];
    cell.iter().for_each(|&c| count[c as usize] += 1.0);
    let mut lists = vec![Vec::new(); groups];
    let mut rows = 0;
    let there = |group: &usize| count[*group] > 0.0;
    for a in (0..groups).filter(there) {
        if pairs {
            for b in (a + 1..groups).filter(there) {
                lists[a].push((rows, 1.0 / count[a]));
                lists[b].push((rows, -1.0 / count[b]));
                rows += 1;
            }
            continue;
        }
        for (group, list) in lists.iter_mut().enumerate() {
            let own = if group == a { 1.0 / count[a] } else { 0.0 };
            list.push((rows, own - 1.0 / n as f64));
        }
        rows += 1;
    }
    let parts = ProblemParts {
        cell,
        cells: groups,
        dictionary: vec![RowsByCell::from_cells(lists)],
        lower: vec![-0.01; rows as usize],
        upper: vec![0.01; rows as usize],
        bounds: Bounds::Uniform { lo: 0.0, hi: 1.0 },
        ..ProblemParts::default()
    };
    (Problem::new(parts).expect("a well-formed problem"), z)
}
