//! Individual fairness: `|ŷ_i − ŷ_j| ≤ distance` for near neighbours among random points of the unit square.
//!
//! Also a module of `benches/peers`, so that what is tested is what is timed.

use fairc::runtime::{Bounds, Problem};

/// Rows for the `degree` nearest later neighbours of `n` points, and the numbers to project; `uniform` gives numbers from
/// 0 to 1.
pub fn neighbours(n: usize, degree: usize, mut uniform: impl FnMut() -> f64) -> (Problem, Vec<f64>) {
    let places: Vec<(f64, f64)> = (0..n).map(|_| (uniform(), uniform())).collect();
    let side = (n as f64).sqrt() as usize / 2 + 1;
    let bucket = |p: (f64, f64)| ((p.0 * side as f64) as usize, (p.1 * side as f64) as usize);
    let mut grid = vec![Vec::new(); side * side];
    for (i, &p) in places.iter().enumerate() {
        let (a, b) = bucket(p);
        grid[a * side + b].push(i);
    }
    let (mut indptr, mut indices, mut values, mut limit) = (vec![0], Vec::new(), Vec::new(), Vec::new());
    for (i, &p) in places.iter().enumerate() {
        let (a, b) = bucket(p);
        let mut near: Vec<(f64, usize)> = Vec::new();
        for x in a.saturating_sub(1)..(a + 2).min(side) {
            for y in b.saturating_sub(1)..(b + 2).min(side) {
                let others = grid[x * side + y].iter().filter(|&&j| j > i);
                near.extend(others.map(|&j| ((places[j].0 - p.0).hypot(places[j].1 - p.1), j)));
            }
        }
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        for &(distance, j) in near.iter().take(degree) {
            indices.extend([i, j]);
            values.extend([1.0, -1.0]);
            indptr.push(indices.len());
            limit.push(distance);
        }
    }
    let z = places.iter().map(|p| p.0 + 0.6 * (2.0 * uniform() - 1.0)).collect();
    let bounds = Bounds::Uniform { lo: 0.0, hi: 1.0 };
    let lower = limit.iter().map(|d| -d).collect();
    let problem = Problem::from_csr(n, &indptr, &indices, &values, lower, limit, bounds, None);
    (problem.expect("a well-formed problem"), z)
}
