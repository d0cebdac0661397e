//! Random problems and an independent check of optimality.

#[path = "../common/random.rs"]
mod random;

use fairc::runtime::{Bounds, Problem, ProblemParts, Projection, RowsByCell, Status};

pub use random::Random;

/// A problem with a point that is known to satisfy it.
pub struct Case {
    pub parts: ProblemParts,
    pub z: Vec<f64>,
    pub feasible: Vec<f64>,
}

/// Degenerate on purpose: duplicate, opposite, dependent, empty, equality and one-sided rows of very different norms,
/// fixed samples, infinite boxes, zero weights, cells of one sample or none.
pub fn nasty(random: &mut Random) -> Case {
    let n = random.below(60);
    let cells = 1 + random.below(8);
    let cell: Vec<u32> = (0..n).map(|_| random.below(cells) as u32).collect();
    let width = if random.chance(0.5) { 0 } else { 1 + random.below(2) };
    let factors: Vec<Vec<f64>> = (0..width).map(|_| (0..n).map(|_| random.between(-1.0, 2.0)).collect()).collect();
    let (lo, hi) = bounds(random, n);
    let weights: Option<Vec<f64>> = random.chance(0.4).then(|| (0..n).map(|_| random.between(0.1, 4.0)).collect());
    let scale = if random.chance(0.2) { [1e6, 1e-6][random.below(2)] } else { 1.0 };
    let spread = random.between(0.2, 3.0);
    let z: Vec<f64> = (0..n).map(|_| scale * random.between(0.5 - spread, 0.5 + spread)).collect();
    let (lo, hi): (Vec<f64>, Vec<f64>) =
        (lo.iter().map(|v| v * scale).collect(), hi.iter().map(|v| v * scale).collect());
    let feasible = (0..n)
        .map(|i| {
            let (a, b) = (lo[i].max(-2.0 * scale), hi[i].min(2.0 * scale));
            match random.below(4) {
                0 => a,
                1 => b,
                _ => random.between(a, b),
            }
        })
        .collect();
    let rows = random.below(10);
    let dictionary = dictionary(random, rows, cells, width);
    let parts = ProblemParts {
        cell,
        cells,
        factors,
        dictionary,
        lower: vec![f64::NEG_INFINITY; rows],
        upper: vec![f64::INFINITY; rows],
        bounds: Bounds::PerSample { lo, hi },
        weights,
        ..ProblemParts::default()
    };
    let mut case = Case { parts, z, feasible };
    set_sides(random, &mut case, scale);
    case
}

fn bounds(random: &mut Random, n: usize) -> (Vec<f64>, Vec<f64>) {
    let kind = random.below(4);
    (0..n)
        .map(|_| match kind {
            0 | 1 => (0.0, 1.0),
            2 if random.chance(0.3) => (0.25, 0.25),
            2 => (random.between(-1.0, 0.0), random.between(0.5, 1.0)),
            _ => (
                if random.chance(0.5) { f64::NEG_INFINITY } else { 0.0 },
                if random.chance(0.5) { f64::INFINITY } else { 1.0 },
            ),
        })
        .unzip()
}

fn dictionary(random: &mut Random, rows: usize, cells: usize, width: usize) -> Vec<RowsByCell> {
    let mut lists = vec![vec![Vec::new(); cells]; width + 1];
    let mut known: Vec<Vec<Vec<f64>>> = Vec::new();
    for row in 0..rows {
        let norm = if random.chance(0.2) { 10_f64.powi(random.below(17) as i32 - 8) } else { 1.0 };
        let old = if known.is_empty() { None } else { Some(known[random.below(known.len())].clone()) };
        let coefficients: Vec<Vec<f64>> = match (random.below(6), old) {
            (0, Some(old)) => old.iter().map(|f| f.iter().map(|v| v * norm).collect()).collect(),
            (1, Some(old)) => old.iter().map(|f| f.iter().map(|v| -v).collect()).collect(),
            (2, _) => vec![vec![0.0; cells]; width + 1],
            _ => (0..=width)
                .map(|_| {
                    (0..cells)
                        .map(|_| if random.chance(0.5) { norm * random.between(-1.0, 1.0) } else { 0.0 })
                        .collect()
                })
                .collect(),
        };
        for (f, list) in coefficients.iter().enumerate() {
            for (cell, &value) in list.iter().enumerate().filter(|(_, v)| **v != 0.0) {
                lists[f][cell].push((row as u32, value));
            }
        }
        known.push(coefficients);
    }
    lists.into_iter().map(RowsByCell::from_cells).collect()
}

/// Sides around what the feasible point gives: tight, loose, equal, or one-sided.
fn set_sides(random: &mut Random, case: &mut Case, scale: f64) {
    let problem = Problem::new(case.parts.clone()).expect("a well-formed problem");
    let activity = problem.activity(&case.feasible).expect("the right length");
    for (row, a) in activity.iter().enumerate() {
        let size = a.abs().max(1e-3 * scale);
        let (below, above) = match random.below(6) {
            0 => (0.0, 0.0),
            1 => (f64::INFINITY, 0.0),
            2 => (0.05 * size, f64::INFINITY),
            3 => (0.0, 0.1 * size),
            _ => (0.2 * size * random.uniform(), 0.2 * size * random.uniform()),
        };
        // Rounding of the sum must not make the point infeasible by itself.
        let slack = 1e-13 * size;
        case.parts.lower[row] = if below == 0.0 && above == 0.0 { *a } else { a - below - slack };
        case.parts.upper[row] = if below == 0.0 && above == 0.0 { *a } else { a + above + slack };
    }
}

/// What speaks against `projection` being optimal: the Karush-Kuhn-Tucker conditions, checked from the matrix alone.
pub fn kkt_faults(problem: &Problem, z: &[f64], projection: &Projection<f64>) -> Vec<String> {
    let mut faults = Vec::new();
    if projection.status != Status::Optimal {
        let scale = projection.multipliers.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        return vec![format!("status {:?}, {:?}, multipliers to {scale:e}", projection.status, projection.certificate)];
    }
    let (y, mu) = (&projection.y, &projection.multipliers);
    let csc = problem.to_csc();
    let weights = problem.weights().unwrap_or_else(|| vec![1.0; z.len()]);
    let (lo, hi) = match problem.bounds() {
        Bounds::Uniform { lo, hi } => (vec![lo; z.len()], vec![hi; z.len()]),
        Bounds::PerSample { lo, hi } => (lo, hi),
    };
    let mut row_size = vec![0.0_f64; problem.rows()];
    for i in 0..z.len() {
        let (mut t, mut size) = (0.0, 0.0_f64);
        for e in csc.indptr[i]..csc.indptr[i + 1] {
            let (row, value) = (csc.indices[e] as usize, csc.values[e]);
            t += value * mu[row];
            size += (value * mu[row]).abs();
            row_size[row] += (value * y[i]).abs() + (value * z[i]).abs();
        }
        if !(y[i] >= lo[i] && y[i] <= hi[i]) {
            faults.push(format!("y[{i}] = {} outside [{}, {}]", y[i], lo[i], hi[i]));
        }
        let want =
            if weights[i] > 0.0 { (z[i] - t / weights[i]).clamp(lo[i], hi[i]) } else { z[i].clamp(lo[i], hi[i]) };
        let scale = z[i].abs() + size / weights[i].max(1e-300);
        if (want - y[i]).abs() > 1e-12 * scale.max(want.abs()) {
            faults.push(format!("y[{i}] = {} but stationarity says {want}", y[i]));
        }
    }
    let activity = problem.activity(y).expect("the right length");
    for row in 0..problem.rows() {
        let (a, l, u) = (activity[row], problem.lower()[row], problem.upper()[row]);
        let tolerance = 1e-12 * row_size[row].max(f64::MIN_POSITIVE);
        if a > u + tolerance || a < l - tolerance {
            faults.push(format!("row {row}: {l} <= {a} <= {u} fails, size {}", row_size[row]));
        }
        let side = if mu[row] > 0.0 { u } else { l };
        // Inequality rows keep a few roundings away from their sides.
        if mu[row] != 0.0 && (a - side).abs() > 2e-12 * row_size[row].max(f64::MIN_POSITIVE) {
            faults.push(format!("row {row}: multiplier {} but activity {a} is off the side {side}", mu[row]));
        }
    }
    faults
}

/// Decisions of samples by their cells, with these rows of each cell and these sides.
pub fn decisions_of(cell: Vec<u32>, by_cell: Vec<Vec<(u32, f64)>>, sides: &[(f64, f64)]) -> Problem {
    let parts = ProblemParts {
        cell,
        cells: by_cell.len(),
        dictionary: vec![RowsByCell::from_cells(by_cell)],
        lower: sides.iter().map(|side| side.0).collect(),
        upper: sides.iter().map(|side| side.1).collect(),
        bounds: Bounds::Uniform { lo: 0.0, hi: 1.0 },
        ..ProblemParts::default()
    };
    Problem::new(parts).expect("a well-formed problem")
}

/// Gains with many ties.
pub fn gains(random: &mut Random, n: usize) -> Vec<f64> {
    (0..n).map(|_| (random.between(-1.0, 1.0) * 20.0).round() / 20.0).collect()
}
