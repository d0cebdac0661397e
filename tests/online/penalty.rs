//! The penalised problem against an independent solver, and the certificate of the primal-dual algorithm.

use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettingsBuilder, DefaultSolver, IPSolver, NonnegativeConeT, SolverStatus};
use fairc::runtime::online::{Answer, Excess, Penalised, PrimalDual};
use fairc::runtime::{Bounds, Problem, ProblemParts, RowsByCell};

use crate::support::{Random, from_env};

/// Means of up to four groups compared in pairs, rows of one side, and rows of random coefficients.
fn problem(random: &mut Random) -> (Problem, Vec<f64>) {
    let (n, groups) = (1 + random.below(30), 2 + random.below(3));
    let cell: Vec<u32> = (0..n).map(|_| random.below(groups) as u32).collect();
    let mut count = vec![0.0; groups];
    cell.iter().for_each(|&c| count[c as usize] += 1.0);
    let mut lists = vec![Vec::new(); groups];
    let (mut lower, mut upper) = (Vec::new(), Vec::new());
    for a in 0..groups {
        for b in a + 1..groups {
            if count[a] > 0.0 && count[b] > 0.0 {
                lists[a].push((lower.len() as u32, 1.0 / count[a]));
                lists[b].push((lower.len() as u32, -1.0 / count[b]));
                let eps = [0.0, 0.02, 0.1][random.below(3)];
                lower.push(-eps);
                upper.push(eps);
            }
        }
    }
    for _ in 0..random.below(3) {
        let row = lower.len() as u32;
        lists.iter_mut().for_each(|list| list.push((row, random.between(-0.2, 0.2))));
        let side = random.between(-3.0, 3.0);
        match random.below(3) {
            0 => (lower.push(side), upper.push(f64::INFINITY)),
            1 => (lower.push(f64::NEG_INFINITY), upper.push(side)),
            _ => (lower.push(side), upper.push(side + random.between(0.0, 0.1))),
        };
    }
    let z = (0..n).map(|i| 0.2 * f64::from(cell[i]) + random.between(-0.2, 0.8)).collect();
    let parts = ProblemParts {
        cell,
        cells: groups,
        dictionary: vec![RowsByCell::from_cells(lists)],
        lower,
        upper,
        bounds: Bounds::Uniform { lo: 0.0, hi: 1.0 },
        ..ProblemParts::default()
    };
    (Problem::new(parts).unwrap(), z)
}

fn objective(problem: &Problem, z: &[f64], y: &[f64], rho: f64) -> f64 {
    let distance: f64 = z.iter().zip(y).map(|(z, y)| 0.5 * (y - z) * (y - z)).sum();
    let values = problem.activity(y).unwrap();
    let excess = Excess::of(problem).iter().zip(values).filter_map(|(excess, value)| excess.at(value)).reduce(f64::max);
    distance + rho * excess.unwrap_or(0.0)
}

/// `min ½‖y − z‖² + ρ t` with one inequality for each side of each row.
fn independent(problem: &Problem, z: &[f64], rho: f64) -> Option<Vec<f64>> {
    let (n, csr) = (z.len(), problem.to_csr());
    let mut entries: Vec<(usize, usize, f64)> = Vec::new();
    let mut b = Vec::new();
    let mut push = |row: &[(usize, f64)], side: f64| {
        row.iter().for_each(|&(column, value)| entries.push((column, b.len(), value)));
        b.push(side);
    };
    let mut one_sided = false;
    for j in 0..problem.rows() {
        let range = csr.indptr[j]..csr.indptr[j + 1];
        let row: Vec<(usize, f64)> =
            csr.indices[range.clone()].iter().map(|&i| i as usize).zip(csr.values[range].iter().copied()).collect();
        let (l, u) = (problem.lower()[j], problem.upper()[j]);
        one_sided |= l.is_infinite() || u.is_infinite();
        for (sign, side) in [(1.0, u), (-1.0, -l)] {
            if side.is_finite() {
                let signed: Vec<_> = row.iter().map(|&(i, v)| (i, sign * v)).chain([(n, -1.0)]).collect();
                push(&signed, side);
            }
        }
    }
    if one_sided {
        push(&[(n, -1.0)], 0.0);
    }
    for i in 0..n {
        push(&[(i, 1.0)], 1.0);
        push(&[(i, -1.0)], 0.0);
    }
    entries.sort_by_key(|&(column, row, _)| (column, row));
    let mut indptr = vec![0; n + 2];
    entries.iter().for_each(|&(column, _, _)| indptr[column + 1] += 1);
    (0..=n).for_each(|column| indptr[column + 1] += indptr[column]);
    let (rows, values) = entries.iter().map(|&(_, row, value)| (row, value)).unzip();
    let a = CscMatrix::new(b.len(), n + 1, indptr, rows, values);
    let p = CscMatrix::new(n + 1, n + 1, (0..=n).chain([n]).collect(), (0..n).collect(), vec![1.0; n]);
    let q: Vec<f64> = z.iter().map(|z| -z).chain([rho]).collect();
    let mut builder = DefaultSettingsBuilder::default();
    builder.verbose(false).tol_gap_abs(1e-11).tol_gap_rel(1e-11).tol_feas(1e-11).max_threads(1_u32);
    let settings = builder.build().ok()?;
    let mut solver = DefaultSolver::new(&p, &q, &a, &b, &[NonnegativeConeT(b.len())], settings).ok()?;
    solver.solve();
    (solver.solution.status == SolverStatus::Solved).then(|| solver.solution.x[..n].to_vec())
}

#[test]
fn the_penalised_problem_is_solved_exactly() {
    let (mut solver, mut compared) = (Penalised::default(), 0);
    for seed in 0..from_env("FAIRC_BATCHES", 400) as u64 {
        let mut random = Random(seed);
        let (mut problem, z) = problem(&mut random);
        if problem.rows() == 0 {
            continue;
        }
        let rho = [0.0, 1e-3, 0.05, 0.3, 2.0, 1e4][random.below(6)] * z.len() as f64;
        let before = (problem.lower().to_vec(), problem.upper().to_vec());
        let solved = solver.solve(&mut problem, &z, rho).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(before, (problem.lower().to_vec(), problem.upper().to_vec()));
        let total: f64 = solved.multipliers.iter().map(|mu| mu.abs()).sum();
        assert!(total <= rho * (1.0 + 1e-9) + 1e-12 || rho >= 1e3, "seed {seed}: {total} above the price {rho}");
        let Some(x) = independent(&problem, &z, rho) else { continue };
        compared += 1;
        let x: Vec<f64> = x.iter().map(|x| x.clamp(0.0, 1.0)).collect();
        let (ours, theirs) = (objective(&problem, &z, &solved.y, rho), objective(&problem, &z, &x, rho));
        assert!(ours <= theirs + 1e-9 * (1.0 + theirs.abs()), "seed {seed}: {ours} above {theirs}");
        // Strong convexity: as near as the difference of the objectives allows, that of the other solver's rounding included.
        let distance = solved.y.iter().zip(&x).fold(0.0_f64, |most, (y, x)| most.max((y - x).abs()));
        assert!(distance <= 1e-5 + (2.0 * (theirs - ours).max(0.0)).sqrt(), "seed {seed}: {distance} apart");
    }
    assert!(compared > 200, "only {compared} problems were compared");
}

#[test]
fn the_certificate_bounds_the_mean_gap() {
    for seed in 0..40 {
        let mut random = Random(1000 + seed);
        let mut primal_dual = PrimalDual::new(random.between(0.01, 1.0)).unwrap();
        let (mut answer, mut sum, mut samples) = (Answer::default(), 0.0, 0);
        for _ in 0..100 {
            let (mut problem, z) = problem(&mut random);
            let counted = problem.rows() > 0;
            primal_dual.answer(&mut problem, &z, &mut answer).unwrap();
            if counted {
                let excess = Excess::of(&problem);
                let worst = excess.iter().zip(&answer.values).filter_map(|(e, v)| e.at(*v)).fold(f64::MIN, f64::max);
                sum += z.len() as f64 * worst;
                samples += z.len();
            } else {
                let clipped: Vec<f64> = z.iter().map(|z| z.clamp(0.0, 1.0)).collect();
                assert_eq!(answer.y, clipped, "a batch without rows is only clipped");
            }
        }
        let state = primal_dual.state;
        assert_eq!(state.samples, samples as u64);
        let mean = state.mean_excess().unwrap();
        assert!((mean - sum / samples as f64).abs() <= 1e-12 * mean.abs().max(1.0));
        assert!(mean <= state.certificate().unwrap() + 1e-12, "{mean} above {:?}", state.certificate());
    }
}
