//! Properties of an exact projection, on random problems, and agreement with an interior-point solver.

use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettingsBuilder, DefaultSolver, IPSolver, NonnegativeConeT, SupportedConeT, ZeroConeT};
use fairc::runtime::{Bounds, Problem, ProblemParts, RowsByCell, Settings, project};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::optimality::from_env;
use crate::support::{Random, nasty};

/// A benign problem: means of groups within `eps` of each other, in a box.
#[derive(Debug, Clone)]
struct Means {
    group: Vec<u32>,
    z: Vec<f64>,
    eps: f64,
}

fn means() -> impl Strategy<Value = Means> {
    (2_usize..40).prop_flat_map(|n| {
        let group = prop::collection::vec(0_u32..3, n);
        let z = prop::collection::vec(-0.5..1.5_f64, n);
        (group, z, 0.0..0.3_f64).prop_map(|(group, z, eps)| Means { group, z, eps })
    })
}

fn problem(means: &Means) -> Problem {
    let mut count = [0.0; 3];
    means.group.iter().for_each(|&g| count[g as usize] += 1.0);
    let mut cells = vec![Vec::new(); 3];
    let mut rows = 0;
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        if count[a] > 0.0 && count[b] > 0.0 {
            cells[a].push((rows, 1.0 / count[a]));
            cells[b].push((rows, -1.0 / count[b]));
            rows += 1;
        }
    }
    let parts = ProblemParts {
        cell: means.group.clone(),
        cells: 3,
        dictionary: vec![RowsByCell::from_cells(cells)],
        lower: vec![-means.eps; rows as usize],
        upper: vec![means.eps; rows as usize],
        bounds: Bounds::Uniform { lo: 0.0, hi: 1.0 },
        ..ProblemParts::default()
    };
    Problem::new(parts).expect("a well-formed problem")
}

fn solve(problem: &Problem, z: &[f64]) -> Vec<f64> {
    let projection = project(problem, z, &Settings::default()).expect("finite input");
    assert!(projection.is_optimal(), "{:?}", projection.status);
    projection.y
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: from_env("FAIRC_PROPERTIES", 200) as u32, failure_persistence: None, max_global_rejects: 100_000, rng_seed: RngSeed::Fixed(from_env("FAIRC_SEED", 1)), ..ProptestConfig::default() })]

    #[test]
    fn feasible_idempotent_and_variational(means in means(), other in prop::collection::vec(0.0..1.0_f64, 40)) {
        let problem = problem(&means);
        let y = solve(&problem, &means.z);
        for (a, (l, u)) in problem.activity(&y).expect("length").iter().zip(problem.lower().iter().zip(problem.upper())) {
            prop_assert!(a - u <= 1e-14 && l - a <= 1e-14, "{l} <= {a} <= {u}");
        }
        prop_assert!(y.iter().all(|y| (0.0..=1.0).contains(y)));
        prop_assert!(distance(&solve(&problem, &y), &y) <= 1e-13);
        // ⟨z − Pz, x − Pz⟩ ≤ 0 for every feasible x, for instance the projection of another point.
        let x = solve(&problem, &other[..means.z.len()]);
        let product: f64 = means.z.iter().zip(&y).zip(&x).map(|((z, y), x)| (z - y) * (x - y)).sum();
        prop_assert!(product <= 1e-12, "{product}");
    }

    #[test]
    fn non_expansive(means in means(), other in prop::collection::vec(-0.5..1.5_f64, 40)) {
        let problem = problem(&means);
        let other = &other[..means.z.len()];
        let moved = distance(&solve(&problem, &means.z), &solve(&problem, other));
        prop_assert!(moved <= distance(&means.z, other) + 1e-12);
    }

    #[test]
    fn order_of_samples_and_rows_does_not_matter(seed in 0_u64..1_000_000) {
        let mut random = Random(seed);
        let case = nasty(&mut random);
        let first = Problem::new(case.parts).expect("a well-formed problem");
        let n = first.n();
        let mut order: Vec<usize> = (0..n).collect();
        (1..n).rev().for_each(|i| order.swap(i, random.below(i + 1)));
        let mut rows: Vec<usize> = (0..first.rows()).collect();
        (1..rows.len()).rev().for_each(|i| rows.swap(i, random.below(i + 1)));
        let csr = first.to_csr();
        let mut place = vec![0; n];
        order.iter().enumerate().for_each(|(new, &old)| place[old] = new);
        let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
        for &row in &rows {
            for e in csr.indptr[row]..csr.indptr[row + 1] {
                indices.push(place[csr.indices[e] as usize]);
                values.push(csr.values[e]);
            }
            indptr.push(indices.len());
        }
        let pick = |v: &[f64]| order.iter().map(|&i| v[i]).collect::<Vec<_>>();
        let bounds = match first.bounds() {
            Bounds::PerSample { lo, hi } => Bounds::PerSample { lo: pick(&lo), hi: pick(&hi) },
            uniform => uniform,
        };
        let side = |v: &[f64]| rows.iter().map(|&j| v[j]).collect::<Vec<_>>();
        let (l, u, w) = (side(first.lower()), side(first.upper()), first.weights().map(|w| pick(&w)));
        let second = Problem::from_csr(n, &indptr, &indices, &values, l, u, bounds, w).expect("the same matrix");
        let (a, b) = (
            project(&first, &case.z, &Settings::default()).expect("finite"),
            project(&second, &pick(&case.z), &Settings::default()).expect("finite"),
        );
        prop_assume!(a.is_optimal() && b.is_optimal());
        let scale = case.z.iter().fold(1.0_f64, |m, z| m.max(z.abs()));
        for (new, &old) in order.iter().enumerate() {
            prop_assert!((a.y[old] - b.y[new]).abs() <= 1e-8 * scale, "{} {}", a.y[old], b.y[new]);
        }
    }

    #[test]
    fn derivatives_agree_with_differences(means in means(), v in prop::collection::vec(-1.0..1.0_f64, 40)) {
        let problem = problem(&means);
        let v = &v[..means.z.len()];
        let projection = project(&problem, &means.z, &Settings::default()).expect("finite input");
        // Away from kinks only: no sample and no row near one.
        let near = |y: f64| (y > 0.0 && y < 1e-4) || (y < 1.0 && y > 1.0 - 1e-4);
        prop_assume!(!projection.y.iter().any(|y| near(*y)) && means.eps > 1e-3);
        prop_assume!(!projection.multipliers.iter().any(|m| *m != 0.0 && m.abs() < 1e-3));
        let gradient = projection.vjp(&problem, v).expect("an optimum");
        let step = 1e-7;
        for i in 0..means.z.len().min(4) {
            let value = |h: f64| {
                let mut z = means.z.clone();
                z[i] += h;
                solve(&problem, &z).iter().zip(v).map(|(y, v)| y * v).sum::<f64>()
            };
            let (right, left) = ((value(step) - value(0.0)) / step, (value(0.0) - value(-step)) / step);
            prop_assume!((right - left).abs() < 1e-5);
            prop_assert!((right - gradient.z[i]).abs() < 1e-5, "{right} {}", gradient.z[i]);
        }
    }

    /// With weights too, where the derivative is not symmetric.
    #[test]
    fn forward_and_backward_derivatives_are_transposes(seed in 0_u64..1_000_000) {
        let mut random = Random(seed);
        let case = nasty(&mut random);
        let problem = Problem::new(case.parts).expect("a well-formed problem");
        let projection = project(&problem, &case.z, &Settings::default()).expect("finite input");
        prop_assume!(projection.is_optimal());
        let mut draw = || case.z.iter().map(|_| random.between(-1.0, 1.0)).collect::<Vec<f64>>();
        let (u, v) = (draw(), draw());
        let forward = projection.jvp(&problem, &v).expect("an optimum");
        let backward = projection.vjp(&problem, &u).expect("an optimum").z;
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let (one, other) = (dot(&u, &forward), dot(&backward, &v));
        prop_assert!((one - other).abs() <= 1e-9 * (1.0 + u.len() as f64), "{one} {other}");
        prop_assert!(projection.jvp(&problem, &[&v[..], &[0.0]].concat()).is_err());
    }

    #[test]
    fn agrees_with_an_interior_point_solver(seed in 0_u64..1_000_000) {
        let case = nasty(&mut Random(seed));
        let problem = Problem::new(case.parts).expect("a well-formed problem");
        let csr = problem.to_csr();
        let scale = case.z.iter().fold(0.0_f64, |m, z| m.max(z.abs()));
        // The oracle is good to a few digits, and only on well-scaled problems.
        if scale > 10.0 || csr.values.iter().any(|v| !(1e-3..1e3).contains(&v.abs())) {
            return Ok(());
        }
        let ours = project(&problem, &case.z, &Settings::default()).expect("finite input");
        let Some(theirs) = oracle(&problem, &case.z) else { return Ok(()) };
        prop_assert!(ours.is_optimal(), "{:?}", ours.status);
        let w = problem.weights().unwrap_or_else(|| vec![1.0; case.z.len()]);
        let cost = |y: &[f64]| y.iter().zip(&case.z).zip(&w).map(|((y, z), w)| w * (y - z).powi(2)).sum::<f64>();
        prop_assert!((cost(&ours.y) - cost(&theirs)).abs() <= 1e-4 * (1.0 + cost(&theirs)), "{} {}", cost(&ours.y), cost(&theirs));
        prop_assert!(distance(&ours.y, &theirs) <= 2e-2, "{}", distance(&ours.y, &theirs));
    }
}

/// Entries and side of `a y ≤ b` or `a y = b`.
type Row = (Vec<(usize, f64)>, f64);

/// The same problem by Clarabel; `None` where it does not say that it solved it.
fn oracle(problem: &Problem, z: &[f64]) -> Option<Vec<f64>> {
    let n = z.len();
    if n == 0 {
        return None;
    }
    let csr = problem.to_csr();
    let w = problem.weights().unwrap_or_else(|| vec![1.0; n]);
    let (lo, hi) = match problem.bounds() {
        Bounds::Uniform { lo, hi } => (vec![lo; n], vec![hi; n]),
        Bounds::PerSample { lo, hi } => (lo, hi),
    };
    // Equalities first, then `a y ≤ b` and `−a y ≤ −b` for each finite side.
    let (mut equal, mut less): (Vec<Row>, Vec<Row>) = (Vec::new(), Vec::new());
    let mut add = |row: Vec<(usize, f64)>, l: f64, u: f64| {
        if l == u {
            equal.push((row, u));
            return;
        }
        if l.is_finite() {
            less.push((row.iter().map(|&(i, v)| (i, -v)).collect(), -l));
        }
        if u.is_finite() {
            less.push((row, u));
        }
    };
    for row in 0..problem.rows() {
        let entries = csr.indptr[row]..csr.indptr[row + 1];
        let entries = entries.map(|e| (csr.indices[e] as usize, csr.values[e])).collect();
        add(entries, problem.lower()[row], problem.upper()[row]);
    }
    (0..n).for_each(|i| add(vec![(i, 1.0)], lo[i], hi[i]));
    let cones: [SupportedConeT<f64>; 2] = [ZeroConeT(equal.len()), NonnegativeConeT(less.len())];
    let all: Vec<_> = equal.into_iter().chain(less).collect();
    let (mut i, mut j, mut v, mut b) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (at, (row, side)) in all.into_iter().enumerate() {
        for (column, value) in row {
            i.push(at);
            j.push(column);
            v.push(value);
        }
        b.push(side);
    }
    let a = CscMatrix::new_from_triplets(b.len(), n, i, j, v);
    let p = CscMatrix::new(n, n, (0..=n).collect(), (0..n).collect(), w.clone());
    let q: Vec<f64> = z.iter().zip(&w).map(|(z, w)| -z * w).collect();
    let settings = DefaultSettingsBuilder::default().verbose(false).build().ok()?;
    let mut solver = DefaultSolver::new(&p, &q, &a, &b, &cones, settings).ok()?;
    solver.solve();
    (solver.solution.status == clarabel::solver::SolverStatus::Solved).then(|| solver.solution.x.clone())
}
