//! Large plain batches, which go by two passes over the samples in their order: the same results as by grouped samples, which
//! a start from given multipliers asks for.

use fairc::runtime::{Bounds, Problem, ProblemParts, ProjectError, Projection, RowsByCell, Sample, Settings, project};

use crate::support::Random;

const N: usize = 70_001;
/// With more than four cells.
const MANY: usize = 270_001;

/// Means of neighbouring cells within `eps` of each other, of samples with bounds from `lo` to `hi`.
fn chain(cell: Vec<u32>, cells: usize, eps: f64, (lo, hi): (f64, f64)) -> Problem {
    let mut count = vec![0.0; cells];
    cell.iter().for_each(|&c| count[c as usize] += 1.0);
    let mut lists = vec![Vec::new(); cells];
    let mut rows = 0;
    for first in 0..cells - 1 {
        if count[first] > 0.0 && count[first + 1] > 0.0 {
            lists[first].push((rows, 1.0 / count[first]));
            lists[first + 1].push((rows, -1.0 / count[first + 1]));
            rows += 1;
        }
    }
    let parts = ProblemParts {
        cell,
        cells,
        dictionary: vec![RowsByCell::from_cells(lists)],
        lower: vec![-eps; rows as usize],
        upper: vec![eps; rows as usize],
        bounds: Bounds::Uniform { lo, hi },
        ..ProblemParts::default()
    };
    Problem::new(parts).expect("a well-formed problem")
}

fn random_cells(cells: usize, random: &mut Random) -> Vec<u32> {
    (0..if cells > 4 { MANY } else { N }).map(|_| random.below(cells) as u32).collect()
}

/// Both ways, and what they must agree in.
fn compare<T: Sample>(what: &str, problem: &Problem, z: &[T], within: f64) -> Projection<T> {
    let straight = project(problem, z, &Settings::default()).expect("finite input");
    let given = Settings { warm_start: Some(vec![0.0; problem.rows()]), ..Settings::default() };
    let grouped = project(problem, z, &given).expect("finite input");
    assert_eq!(straight.status, grouped.status, "{what}");
    let far = straight.y.iter().zip(&grouped.y).map(|(a, b)| (a.widen() - b.widen()).abs()).fold(0.0, f64::max);
    assert!(far <= within, "{what}: {far:e} apart");
    let activity = |point: &Projection<T>| {
        let y: Vec<f64> = point.y.iter().map(|y| y.widen()).collect();
        problem.activity(&y).expect("a point of that length")
    };
    let sides = problem.lower().iter().zip(problem.upper());
    for (activity, (lower, upper)) in activity(&straight).iter().zip(sides) {
        assert!(activity >= lower && activity <= upper, "{what}: {activity} outside {lower}..{upper}");
    }
    let v: Vec<T> = z.iter().enumerate().map(|(i, _)| T::narrow(((i * 7) % 11) as f64 - 5.0)).collect();
    let (one, other) = (straight.vjp(problem, &v).expect("an optimum"), grouped.vjp(problem, &v).expect("an optimum"));
    let differ = one.z.iter().zip(&other.z).filter(|(a, b)| (a.widen() - b.widen()).abs() > 1e-3).count();
    assert!(differ <= if within < 1e-9 { 0 } else { 16 }, "{what}: {differ} derivatives differ");
    straight
}

/// Numbers that samples and cuts find hard, by name.
fn hard(random: &mut Random, cell: &[u32]) -> Vec<(&'static str, Vec<f64>)> {
    let spread: Vec<f64> = cell.iter().map(|&c| 0.3 + 0.05 * f64::from(c % 7) + random.between(-0.5, 0.6)).collect();
    let mut sorted = spread.clone();
    sorted.sort_by(f64::total_cmp);
    let near_cut = cell.iter().map(|&c| 0.02 * f64::from(c % 5) + 1e-4 * random.uniform()).collect();
    let heavy = (0..cell.len()).map(|_| 0.3 + 0.01 / (random.uniform() - 0.5)).collect();
    let mut lone = vec![0.5; cell.len()];
    lone[cell.len() / 2] = 1e6;
    let periodic = (0..cell.len()).map(|i| if i % 1024 < 64 { 0.9 } else { 0.1 + 0.3 * (cell[i] % 2) as f64 });
    vec![
        ("spread", spread),
        ("sorted", sorted),
        ("near a cut", near_cut),
        ("heavy tails", heavy),
        ("one far off", lone),
        ("constant by cell", cell.iter().map(|&c| 0.1 * f64::from(c % 9)).collect()),
        ("what the sketch does not see", periodic.collect()),
    ]
}

#[test]
fn results_are_those_of_grouped_samples() {
    let mut random = Random(21);
    for cells in [2, 3, 4, 8, 64] {
        let cell = random_cells(cells, &mut random);
        let numbers = hard(&mut random, &cell);
        for interval in [(0.0, 1.0), (f64::NEG_INFINITY, f64::INFINITY), (-0.25, 0.625)] {
            if cells == 8 && interval != (0.0, 1.0) {
                continue;
            }
            let problem = chain(cell.clone(), cells, 0.003, interval);
            for (what, z) in &numbers {
                let what = format!("{what}, {cells} cells, {interval:?}");
                let size = z.iter().fold(1.0_f64, |size, z| size.max(z.abs().min(1e6)));
                let out = compare(&what, &problem, z, 1e-11 * size);
                assert!(out.is_optimal(), "{what}: {:?}", out.status);
                assert!(out.passes <= 3 || !what.starts_with("spread"), "{what}: {} passes", out.passes);
            }
        }
    }
}

#[test]
fn numbers_of_single_precision() {
    let mut random = Random(22);
    for cells in [2, 4, 50] {
        let cell = random_cells(cells, &mut random);
        let problem = chain(cell.clone(), cells, 0.003, (0.0, 1.0));
        for (what, z) in hard(&mut random, &cell).into_iter().filter(|(what, _)| *what != "heavy tails") {
            let narrow: Vec<f32> = z.iter().map(|z| *z as f32).collect();
            compare(&format!("{what}, {cells} cells, f32"), &problem, &narrow, 4e-6);
        }
    }
}

#[test]
fn cells_of_one_sample_or_none() {
    let mut random = Random(23);
    for lone in [0, 5, 35_000, N - 1] {
        let mut cell = random_cells(2, &mut random);
        cell.iter_mut().filter(|cell| **cell == 1).for_each(|cell| *cell = 3);
        cell[lone] = 2;
        let problem = chain(cell, 4, 0.01, (0.0, 1.0));
        let z: Vec<f64> = (0..N).map(|_| random.between(-0.2, 1.1)).collect();
        let out = compare(&format!("a cell of sample {lone}"), &problem, &z, 1e-11);
        assert!(out.multipliers.iter().any(|m| *m != 0.0));
    }
}

/// A sketch does not see groups of one sample, and without bounds nothing says how far off their shifts are.
#[test]
fn rare_cells_of_unbounded_predictions_are_exact() {
    let mut random = Random(25);
    for cells in [6, 12] {
        let mut cell = vec![0; MANY];
        (1..cells).for_each(|lone| cell[random.below(MANY)] = lone as u32);
        let z: Vec<f64> = (0..MANY).map(|_| f64::from(u8::from(random.chance(0.7)))).collect();
        let problem = chain(cell, cells, 0.003, (f64::NEG_INFINITY, f64::INFINITY));
        let out = compare(&format!("{cells} cells of one sample"), &problem, &z, 1e-12);
        assert!(out.certificate.duality_gap.abs() < 1e-11, "{:?}", out.certificate);
    }
}

#[test]
fn numbers_that_are_none_are_refused_wherever_they_stand() {
    let mut random = Random(24);
    let problem = chain(random_cells(3, &mut random), 3, 0.01, (0.0, 1.0));
    for (index, value) in [(0, f64::NAN), (777, f64::INFINITY), (N - 1, f64::NAN), (40_000, f64::NEG_INFINITY)] {
        let mut z = vec![0.5; N];
        z[index] = value;
        match project(&problem, &z, &Settings::default()) {
            Err(ProjectError::NotFinite { index: found, .. }) => assert_eq!(found, index),
            other => panic!("{value} at {index}: {:?}", other.map(|out| out.status)),
        }
        let out = project(&problem, &vec![0.5; N], &Settings::default()).expect("finite input");
        assert!(matches!(out.vjp(&problem, &z), Err(ProjectError::NotFinite { index: found, .. }) if found == index));
    }
}
