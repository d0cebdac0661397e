//! Thousands of sparse rows: hard, soft, and in conflict.

use fairc::runtime::{Bounds, Problem, Projection, Settings, Side, Status, project};

use crate::neighbours::neighbours;
use crate::optimality::from_env;
use crate::support::{Random, kkt_faults};

#[test]
fn neighbour_rows_are_solved_to_the_kkt_conditions() {
    let n = from_env("FAIRC_INDIVIDUAL", 1500) as usize;
    let mut random = Random(11);
    let (problem, z) = neighbours(n, 6, || random.uniform());
    let begin = std::time::Instant::now();
    let projection = project(&problem, &z, &Settings::default()).expect("finite input");
    println!("{} samples, {} rows: {:?}, {:?}", n, problem.rows(), begin.elapsed(), projection.certificate);
    let faults = kkt_faults(&problem, &z, &projection);
    assert!(faults.is_empty(), "{} faults: {}", faults.len(), faults[..faults.len().min(5)].join("; "));
}

/// What speaks against optimality where rows are soft: the point is that of its multipliers, these keep to their caps,
/// and rows off their sides have a multiplier of zero (inside) or at the cap (outside).
fn soft_faults(problem: &Problem, z: &[f64], projection: &Projection<f64>) -> Vec<String> {
    let csr = problem.to_csr();
    let mut shift = vec![0.0; z.len()];
    let mut faults = Vec::new();
    let activity = problem.activity(&projection.y).expect("the right length");
    for (row, &a) in activity.iter().enumerate() {
        let mu = projection.multipliers[row];
        let (l, u, cap) = (problem.lower()[row], problem.upper()[row], problem.soft()[row]);
        for e in csr.indptr[row]..csr.indptr[row + 1] {
            shift[csr.indices[e] as usize] += mu * csr.values[e];
        }
        let side = if mu > 0.0 { u } else { l };
        let right = match mu.abs() {
            0.0 => a <= u + 1e-9 && a >= l - 1e-9,
            m if m == cap => mu.signum() * (a - side) >= -1e-9,
            m => m < cap && (a - side).abs() <= 1e-9,
        };
        if !right {
            faults.push(format!("row {row}: {l} <= {a} <= {u}, multiplier {mu} of at most {cap}"));
        }
    }
    for (i, y) in projection.y.iter().enumerate() {
        let want = (z[i] - shift[i]).clamp(0.0, 1.0);
        if (want - y).abs() > 1e-9 {
            faults.push(format!("y[{i}] = {y} but stationarity says {want}"));
        }
    }
    faults
}

#[test]
fn soft_neighbour_rows_give_way_at_their_weights() {
    let mut random = Random(12);
    let (problem, z) = neighbours(800, 4, || random.uniform());
    let rows = problem.rows();
    let problem = problem.with_soft(vec![0.05; rows]).expect("positive weights");
    let projection = project(&problem, &z, &Settings::default()).expect("finite input");
    assert!(projection.is_optimal(), "{:?}", projection.status);
    let at_cap = projection.active.iter().filter(|s| matches!(s, Side::AboveUpper | Side::BelowLower)).count();
    assert!(at_cap > 10, "{at_cap} rows gave way");
    let faults = soft_faults(&problem, &z, &projection);
    assert!(faults.is_empty(), "{} faults: {}", faults.len(), faults[..faults.len().min(5)].join("; "));
}

#[test]
fn neighbour_rows_in_conflict_are_named() {
    // A chain of 900 steps of at most 0.0005 cannot climb from 0 to 1.
    let n = 901;
    let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for i in 0..n - 1 {
        indices.extend([i, i + 1]);
        values.extend([-1.0, 1.0]);
        indptr.push(indices.len());
    }
    indices.extend([0, n - 1]);
    values.extend([-1.0, 1.0]);
    indptr.push(indices.len());
    let (mut lower, mut upper) = (vec![-0.0005; n - 1], vec![0.0005; n - 1]);
    lower.push(0.9);
    upper.push(1.0);
    let bounds = Bounds::Uniform { lo: 0.0, hi: 1.0 };
    let problem = Problem::from_csr(n, &indptr, &indices, &values, lower, upper, bounds, None).expect("well-formed");
    let z: Vec<f64> = (0..n).map(|i| i as f64 / n as f64).collect();
    let projection = project(&problem, &z, &Settings::default()).expect("finite input");
    let Status::Infeasible(proof) = &projection.status else { panic!("{:?}", projection.status) };
    assert!(proof.margin > 0.0 && proof.rows.contains(&(n - 1)), "{} rows", proof.rows.len());
}

/// The entries of a row, by sample, and its sides.
type Row = (Vec<(usize, f64)>, f64, f64);

/// Rows in the unit box.
fn in_unit_box(n: usize, rows: &[Row]) -> Problem {
    let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for (row, _, _) in rows {
        for &(i, v) in row {
            indices.push(i);
            values.push(v);
        }
        indptr.push(indices.len());
    }
    let (lower, upper) = rows.iter().map(|row| (row.1, row.2)).unzip();
    let bounds = Bounds::Uniform { lo: 0.0, hi: 1.0 };
    Problem::from_csr(n, &indptr, &indices, &values, lower, upper, bounds, None).expect("well-formed")
}

fn difference(a: usize, b: usize, lower: f64, upper: f64) -> Row {
    (vec![(a, 1.0), (b, -1.0)], lower, upper)
}

/// Chains, trees, grids, cliques, equal pairs among them, and two long rows over all samples.
fn shapes(n: usize) -> Vec<(&'static str, Problem)> {
    let side = (n as f64).sqrt() as usize;
    let isotonic = (1..n).map(|i| difference(i - 1, i, f64::NEG_INFINITY, 0.0)).collect::<Vec<_>>();
    let tree = (1..n).map(|i| difference((i - 1) / 2, i, -0.05, 0.1)).collect::<Vec<_>>();
    let mut grid = Vec::new();
    for i in 0..side * side {
        if i % side + 1 < side {
            let limit = if i % 3 == 0 { 0.0 } else { 0.02 };
            grid.push(difference(i, i + 1, -limit, limit));
        }
        if i + side < side * side {
            grid.push(difference(i, i + side, -0.02, 0.02));
        }
    }
    let pairs = (0..n / 20).flat_map(|c| (0..20).flat_map(move |i| (0..i).map(move |j| (20 * c + i, 20 * c + j))));
    let cliques = pairs.map(|(a, b)| difference(a, b, -0.1, 0.1)).collect::<Vec<_>>();
    let mut long = tree.clone();
    let half = n as f64 / 2.0;
    long.push(((0..n).map(|i| (i, (if i % 2 == 0 { 1.0 } else { -1.0 }) / half)).collect(), -0.001, 0.001));
    long.push(((0..n).map(|i| (i, 1.0 / n as f64)).collect(), 0.45, 0.45));
    [("isotonic", isotonic), ("tree", tree), ("grid", grid), ("cliques", cliques), ("long rows", long)]
        .map(|(name, rows)| (name, in_unit_box(n, &rows)))
        .into()
}

#[test]
fn sparse_rows_of_many_shapes_are_solved_and_differentiated() {
    let n = 1600;
    let mut random = Random(21);
    let z: Vec<f64> = (0..n).map(|i| random.between(-0.1, 0.9) + 0.2 * f64::from(u8::from(i % 2 == 0))).collect();
    let v: Vec<f64> = (0..n).map(|_| random.between(-1.0, 1.0)).collect();
    for (name, problem) in shapes(n) {
        let projection = project(&problem, &z, &Settings::default()).expect("finite input");
        let faults = kkt_faults(&problem, &z, &projection);
        assert!(faults.is_empty(), "{name}: {} faults: {}", faults.len(), faults[..faults.len().min(5)].join("; "));
        // The derivative is symmetric here, so that in a direction is the gradient, but where a kink is near.
        let gradient = projection.vjp(&problem, &v).expect("an optimal point");
        let step = 1e-7;
        let moved = |sign: f64| {
            let z: Vec<f64> = z.iter().zip(&v).map(|(z, v)| z + sign * step * v).collect();
            let start = Some(projection.multipliers.clone());
            let settings = Settings { warm_start: start, ..Settings::default() };
            project(&problem, &z, &settings).expect("finite input").y
        };
        let numeric = moved(1.0).into_iter().zip(moved(-1.0)).map(|(a, b)| (a - b) / (2.0 * step));
        let off = numeric.zip(&gradient.z).filter(|(a, b)| (a - *b).abs() > 1e-5).count();
        assert!(off <= n / 100, "{name}: {off} of {n} derivatives differ");
    }
}

/// Rows `ŷ_a ≤ ŷ_b + d` along chains, either way round and scaled, of samples in no order, with weights and bounds of their own.
fn chains(n: usize, random: &mut Random) -> Problem {
    let mut order: Vec<usize> = (0..n).collect();
    for i in (1..n).rev() {
        order.swap(i, (random.uniform() * (i + 1) as f64) as usize);
    }
    let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    let (mut lower, mut upper) = (Vec::new(), Vec::new());
    for (k, pair) in order.windows(2).enumerate() {
        if k % 397 == 396 {
            continue;
        }
        let gap = if k % 3 == 0 { random.between(-0.0005, 0.01) } else { 0.0 };
        let scale = if k % 5 == 0 { 3.0 } else { 1.0 };
        let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
        indices.extend([pair[0], pair[1]]);
        values.extend([sign * scale, -sign * scale]);
        indptr.push(indices.len());
        let side = sign * scale * gap;
        lower.push(if sign < 0.0 { side } else { f64::NEG_INFINITY });
        upper.push(if sign > 0.0 { side } else { f64::INFINITY });
    }
    let lo: Vec<f64> = (0..n).map(|_| random.between(-0.5, 0.2)).collect();
    let hi = lo.iter().map(|_| random.between(0.8, 1.5)).collect();
    let weights = (0..n).map(|_| random.between(0.3, 3.0)).collect();
    let bounds = Bounds::PerSample { lo, hi };
    Problem::from_csr(n, &indptr, &indices, &values, lower, upper, bounds, Some(weights)).expect("well-formed")
}

#[test]
fn chains_are_pooled() {
    let n = 4000;
    for seed in 0..6 {
        let mut random = Random(31 + seed);
        let problem = chains(n, &mut random);
        let z: Vec<f64> = (0..n).map(|_| random.between(-0.6, 1.6)).collect();
        let projection = project(&problem, &z, &Settings::default()).expect("finite input");
        let faults = kkt_faults(&problem, &z, &projection);
        assert!(
            faults.is_empty(),
            "seed {seed}: {} faults: {}",
            faults.len(),
            faults[..faults.len().min(5)].join("; ")
        );
    }
}

/// Rows of two to four entries around a feasible point, many of them tight there, some equalities and some one-sided; with `soft`
/// some give way.
fn scattered(n: usize, soft: bool, random: &mut Random) -> Problem {
    let feasible: Vec<f64> = (0..n).map(|_| if random.chance(0.2) { 0.0 } else { random.uniform() }).collect();
    let (mut rows, mut caps) = (Vec::new(), Vec::new());
    for _ in 0..n + n / 2 {
        let mut entries: Vec<(usize, f64)> = Vec::new();
        for _ in 0..2 + random.below(3) {
            let sample = random.below(n);
            if entries.iter().all(|(known, _)| *known != sample) {
                entries.push((sample, random.between(-1.0, 1.0)));
            }
        }
        let value: f64 = entries.iter().map(|(i, v)| v * feasible[*i]).sum();
        let (below, above) = match random.below(8) {
            0 => (0.0, 0.0),
            1 | 2 => (f64::INFINITY, 0.01 * random.uniform()),
            3 | 4 => (0.1 * random.uniform(), f64::INFINITY),
            _ => (0.1 * random.uniform(), 0.1 * random.uniform()),
        };
        caps.push(if soft && random.chance(0.3) { random.between(0.01, 0.2) } else { f64::INFINITY });
        rows.push((entries, value - below, value + above));
    }
    in_unit_box(n, &rows).with_soft(caps).expect("positive weights")
}

#[test]
fn scattered_rows_are_solved_to_the_kkt_conditions() {
    let n = 800;
    for seed in 0..from_env("FAIRC_SCATTERED", 4) {
        let mut random = Random(61 + seed);
        let z: Vec<f64> = (0..n).map(|_| random.between(-0.3, 1.3)).collect();
        let hard = scattered(n, false, &mut random);
        let projection = project(&hard, &z, &Settings::default()).expect("finite input");
        let faults = kkt_faults(&hard, &z, &projection);
        assert!(
            faults.is_empty(),
            "seed {seed}: {} faults: {}",
            faults.len(),
            faults[..faults.len().min(5)].join("; ")
        );
        let soft = scattered(n, true, &mut random);
        let projection = project(&soft, &z, &Settings::default()).expect("finite input");
        let faults = soft_faults(&soft, &z, &projection);
        assert!(faults.is_empty(), "seed {seed}, soft: {}", faults[..faults.len().min(5)].join("; "));
    }
}

#[test]
fn a_long_row_beside_neighbour_rows_is_held_as_exactly() {
    let n = from_env("FAIRC_INDIVIDUAL", 1500) as usize;
    let mut random = Random(17);
    let (problem, mut z) = neighbours(n, 6, || random.uniform());
    z.iter_mut().step_by(2).for_each(|z| *z += 0.1);
    let csr = problem.to_csr();
    let (mut indptr, mut values) = (csr.indptr, csr.values);
    let mut indices: Vec<usize> = csr.indices.iter().map(|&i| i as usize).collect();
    indices.extend(0..n);
    values.extend((0..n).map(|i| if i % 2 == 0 { 2.0 } else { -2.0 } / n as f64));
    indptr.push(indices.len());
    let (mut lower, mut upper) = (problem.lower().to_vec(), problem.upper().to_vec());
    lower.push(-0.01);
    upper.push(0.01);
    let bounds = Bounds::Uniform { lo: 0.0, hi: 1.0 };
    let problem = Problem::from_csr(n, &indptr, &indices, &values, lower, upper, bounds, None).expect("well-formed");
    let projection = project(&problem, &z, &Settings::default()).expect("finite input");
    let faults = kkt_faults(&problem, &z, &projection);
    assert!(faults.is_empty(), "{} faults: {}", faults.len(), faults[..faults.len().min(5)].join("; "));
    assert_ne!(projection.active[problem.rows() - 1], Side::Inactive, "the long row says nothing");
}
