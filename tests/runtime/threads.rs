//! The same bits whatever the number of threads.

use fairc::runtime::project::Gradient;
use fairc::runtime::{Bounds, Problem, ProblemParts, Projection, RowsByCell, Sample, Settings, project};

use crate::support::Random;

/// More than the runtime gives to one thread.
const N: usize = 300_000;

/// Three groups, of so many, of which each pair may differ by `0.01` in the mean, with or without weights, bounds for each sample and a
/// covariance row.
fn problem(cells: usize, rich: bool, random: &mut Random) -> Problem {
    let cell: Vec<u32> = (0..N).map(|_| random.below(cells) as u32).collect();
    let mut count = vec![0.0; cells];
    cell.iter().for_each(|&c| count[c as usize] += 1.0);
    let mean = |rows: [(u32, f64); 2], cell: usize| rows.map(|(row, sign)| (row, sign / count[cell]));
    let means = [mean([(0, 1.0), (1, 1.0)], 0), mean([(0, -1.0), (2, 1.0)], 1), mean([(1, -1.0), (2, -1.0)], 2)];
    let means = means.iter().map(|means| &means[..]).chain(std::iter::repeat(&[][..])).take(cells);
    let mut parts = ProblemParts {
        cell,
        cells,
        dictionary: vec![RowsByCell::from_cells(means.map(|means| means.to_vec()))],
        lower: vec![-0.01; 3],
        upper: vec![0.01; 3],
        bounds: Bounds::Uniform { lo: 0.0, hi: 1.0 },
        ..ProblemParts::default()
    };
    if rich {
        parts.factors = vec![(0..N).map(|_| random.between(-1.0, 1.0)).collect()];
        parts.dictionary.push(RowsByCell::from_cells(vec![[(3, 1.0 / N as f64)]; cells]));
        parts.lower.push(-0.001);
        parts.upper.push(0.001);
        parts.weights = Some((0..N).map(|_| random.between(0.5, 2.0)).collect());
        parts.bounds = Bounds::PerSample {
            lo: (0..N).map(|_| random.between(-0.1, 0.2)).collect(),
            hi: (0..N).map(|_| random.between(0.8, 1.1)).collect(),
        };
    }
    Problem::new(parts).expect("a well-formed problem")
}

fn check<T: Sample>(cells: usize, rich: bool, narrow: impl Fn(f64) -> T) {
    let mut random = Random(3);
    let problem = problem(cells, rich, &mut random);
    let z: Vec<T> =
        problem.cell().iter().map(|&c| narrow(0.1 * f64::from(c.min(3)) + random.between(-0.3, 1.2))).collect();
    let v: Vec<T> = (0..N).map(|_| narrow(random.between(-1.0, 1.0))).collect();
    let run = || -> (Projection<T>, Gradient<T>) {
        let result = project(&problem, &z, &Settings::default()).expect("finite input");
        let gradient = result.vjp(&problem, &v).expect("an optimum");
        (result, gradient)
    };
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
    let one = pool(1).install(run);
    assert!(one.0.is_optimal() && one.0.multipliers.iter().any(|m| *m != 0.0), "{:?}", one.0.active);
    for threads in [2, 4] {
        assert!(one == pool(threads).install(run), "{threads} threads");
    }
}

#[test]
fn bits_of_f64() {
    check(3, false, |z| z);
    check(40, false, |z| z);
}

#[test]
fn bits_of_f32() {
    check(3, false, |z| z as f32);
    check(40, false, |z| z as f32);
}

#[test]
fn bits_with_weights_factors_and_bounds_of_f64() {
    check(3, true, |z| z);
}

#[test]
fn bits_with_weights_factors_and_bounds_of_f32() {
    check(3, true, |z| z as f32);
}
