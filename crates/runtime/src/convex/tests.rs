use super::*;
use crate::problem::Bounds;
use crate::project::{OnInfeasible, Projection, Settings, Side, Status};

/// `mean |y − c| ≤ most` over all samples of two cells, beside `mean y ≥ least` over the first.
fn problem(c: Vec<f64>, most: f64, least: f64, factors: Vec<Vec<f64>>, weights: Option<Vec<f64>>) -> ConvexProblem {
    let n = c.len();
    let cell: Vec<u32> = (0..n as u32).map(|i| i % 2).collect();
    let firsts = cell.iter().filter(|cell| **cell == 0).count() as f64;
    let (share, first) = (1.0 / n as f64, 1.0 / firsts);
    let by_cell = |entries: &[(u32, u32, f64)]| RowsByCell::from_triplets(2, entries);
    let last = factors.len();
    let mut terms = vec![RowsByCell::empty(2); last + 1];
    terms[last] = by_cell(&[(0, 0, share), (0, 1, share)]);
    let mut dictionary = vec![RowsByCell::empty(2); last + 1];
    dictionary[0] = by_cell(&[(1, 0, first)]);
    let parts = ProblemParts {
        cell,
        cells: 2,
        factors,
        dictionary,
        lower: vec![f64::NEG_INFINITY, least],
        upper: vec![most, f64::INFINITY],
        bounds: Bounds::Uniform { lo: 0.0, hi: 1.0 },
        weights,
        ..ProblemParts::default()
    };
    ConvexProblem::new(parts, vec![ConvexTerms { at: c, dictionary: terms }]).expect("a problem")
}

fn spread(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..n).map(|_| next()).collect()
}

fn solved(problem: &ConvexProblem, z: &[f64]) -> Projection {
    let found = problem.project(z, &Settings::default()).expect("numbers");
    assert_eq!(found.status, Status::Optimal);
    found
}

#[test]
fn one_sample_goes_to_where_its_distance_is_allowed() {
    let problem = problem(vec![0.25, 0.25], 0.125, 0.0, vec![], None);
    let found = solved(&problem, &[0.75, 0.25]);
    // Half of a distance of 0.25.
    assert!((found.y[0] - 0.5).abs() < 1e-14 && found.y[1] == 0.25, "{:?}", found.y);
    assert_eq!(found.active[0], Side::Upper);
    assert!(problem.is_convex(0) && !problem.is_convex(1));
}

#[test]
fn samples_rest_at_their_breakpoints_to_the_bit() {
    let c = spread(200, 3);
    let problem = problem(c.clone(), 0.01, 0.0, vec![], None);
    let found = solved(&problem, &spread(200, 4));
    assert!(found.y.iter().zip(&c).filter(|(y, c)| y == c).count() > 100);
    assert!(found.certificate.duality_gap.abs() < 1e-11 && found.certificate.stationarity < 1e-12);
}

#[test]
fn rows_hold_for_the_returned_numbers_in_both_types() {
    for seed in 0..20 {
        let c = spread(301, seed);
        let weights = (seed % 2 == 0).then(|| spread(301, seed + 7).iter().map(|w| w + 0.1).collect::<Vec<f64>>());
        let factors = weights.clone().into_iter().collect();
        let problem = problem(c.clone(), 0.1, 0.6, factors, weights);
        let z: Vec<f64> = spread(301, seed + 100);
        let wide = solved(&problem, &z);
        let rows = problem.row_values(&wide.y).expect("lengths");
        assert!(rows.values[0] <= 0.1 && rows.values[1] >= 0.6, "{:?}", rows.values);
        let narrow: Vec<f32> = z.iter().map(|z| *z as f32).collect();
        let found = problem.project(&narrow, &Settings::default()).expect("numbers");
        assert_eq!(found.status, Status::Optimal);
        let y: Vec<f64> = found.y.iter().map(|y| f64::from(*y)).collect();
        let rows = problem.row_values(&y).expect("lengths");
        assert!(rows.values[0] <= 0.1 && rows.values[1] >= 0.6, "{:?}", rows.values);
        assert!(y.iter().zip(&wide.y).all(|(a, b)| (a - b).abs() < 1e-5));
    }
}

#[test]
fn derivatives_agree_with_differences() {
    let n = 40;
    let (c, z, v) = (spread(n, 1), spread(n, 2), spread(n, 5));
    let problem = |c: &[f64], most: f64| problem(c.to_vec(), most, 0.55, vec![], None);
    let here = problem(&c, 0.15);
    let found = solved(&here, &z);
    let gradient = here.vjp(&found, &v).expect("a derivative");
    let at = here.breakpoint_gradient(&found, &gradient, &v).expect("lengths");
    let value =
        |problem: &ConvexProblem, z: &[f64]| -> f64 { solved(problem, z).y.iter().zip(&v).map(|(y, v)| y * v).sum() };
    let step = 1e-7;
    for (i, by_at) in at[0].iter().enumerate() {
        let moved = |list: &[f64], by: f64| {
            list.iter().enumerate().map(|(k, x)| if k == i { x + by } else { *x }).collect::<Vec<_>>()
        };
        let by_z = (value(&here, &moved(&z, step)) - value(&here, &moved(&z, -step))) / (2.0 * step);
        assert!((by_z - gradient.z[i]).abs() < 1e-6, "z {i}: {by_z} {}", gradient.z[i]);
        let by_c =
            (value(&problem(&moved(&c, step), 0.15), &z) - value(&problem(&moved(&c, -step), 0.15), &z)) / (2.0 * step);
        assert!((by_c - by_at).abs() < 1e-6, "c {i}: {by_c} {by_at}");
    }
    let by_side = (value(&problem(&c, 0.15 + step), &z) - value(&problem(&c, 0.15 - step), &z)) / (2.0 * step);
    assert!((by_side - gradient.upper[0]).abs() < 1e-6);
    let along = spread(n, 9);
    let jvp = here.jvp(&found, &along).expect("a derivative");
    let (left, right): (f64, f64) =
        (jvp.iter().zip(&v).map(|(a, b)| a * b).sum(), gradient.z.iter().zip(&along).map(|(a, b)| a * b).sum());
    assert!((left - right).abs() < 1e-12);
}

#[test]
fn rows_that_contradict_each_other_are_proved_or_relaxed() {
    // Near to 0 on average, and 0.9 on average of half of the samples.
    let problem = problem(vec![0.0; 10], 0.1, 0.9, vec![], None);
    let z = vec![0.5; 10];
    let found = problem.project(&z, &Settings::default()).expect("numbers");
    let Status::Infeasible(proof) = &found.status else { panic!("{:?}", found.status) };
    assert!(proof.margin > 0.0 && proof.rows == [0, 1] && found.y.is_empty());
    let settings = Settings { on_infeasible: OnInfeasible::Relax, ..Settings::default() };
    let found = problem.project(&z, &settings).expect("numbers");
    assert!(matches!(found.status, Status::Relaxed(_)) && found.y.len() == 10);
    let rows = problem.row_values(&found.y).expect("lengths").values;
    // A unit of the second row costs half a unit of the first: the first gives way.
    assert!((rows[0] - 0.45).abs() < 1e-9 && (rows[1] - 0.9).abs() < 1e-9, "{rows:?}");
}

#[test]
fn what_is_not_convex_or_not_finite_is_refused() {
    let parts = |lower: f64| ProblemParts {
        cell: vec![0; 3],
        cells: 1,
        dictionary: vec![RowsByCell::empty(1)],
        lower: vec![lower],
        upper: vec![1.0],
        ..ProblemParts::default()
    };
    let terms = |at: f64, b: f64| {
        vec![ConvexTerms { at: vec![at; 3], dictionary: vec![RowsByCell::from_triplets(1, &[(0, 0, b)])] }]
    };
    let none = f64::NEG_INFINITY;
    assert!(matches!(ConvexProblem::new(parts(none), terms(0.0, -1.0)), Err(ProblemError::Concave { row: 0, .. })));
    assert!(matches!(ConvexProblem::new(parts(0.0), terms(0.0, 1.0)), Err(ProblemError::NotConvex { row: 0, .. })));
    assert!(matches!(ConvexProblem::new(parts(none), terms(f64::NAN, 1.0)), Err(ProblemError::NotFinite { .. })));
    let many = (0..=MOST_BREAKPOINTS).map(|_| terms(0.0, 1.0).remove(0)).collect();
    assert!(matches!(ConvexProblem::new(parts(none), many), Err(ProblemError::Breakpoints { .. })));
    let weightless = ProblemParts { weights: Some(vec![1.0, 0.0, 1.0]), ..parts(none) };
    let refused = ConvexProblem::new(weightless, terms(0.0, 1.0));
    assert!(matches!(refused, Err(ProblemError::WeightlessSample { index: 1, row: 0 })));
}

#[test]
fn sides_can_be_replaced_and_soft_rows_give_way() {
    let mut one = problem(vec![0.5; 8], 0.2, 0.0, vec![], None);
    let z = [0.0, 1.0, 0.1, 0.9, 0.3, 0.6, 0.5, 0.5];
    let before = solved(&one, &z);
    one.set_sides(&[f64::NEG_INFINITY, 0.0], &[0.1, f64::INFINITY]).expect("sides");
    assert!(solved(&one, &z).objective > before.objective);
    assert!(one.set_sides(&[0.0, 0.0], &[0.1, 1.0]).is_err());
}

#[test]
fn a_sample_at_a_breakpoint_that_no_active_row_sees_moves() {
    // The mean of the first cell is held; all distances are far within what is allowed.
    let problem = problem(vec![0.5; 4], 10.0, 0.75, vec![], None);
    let found = solved(&problem, &[0.25, 0.5, 0.25, 0.5]);
    let gradient = problem.vjp(&found, &[1.0, 1.0, 0.0, 0.0]).expect("a derivative");
    assert_eq!((gradient.z[1], gradient.z[3]), (1.0, 0.0));
}
