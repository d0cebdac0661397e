//! Samples that tell of themselves by moments against the same samples at hand.

use super::*;
use crate::problem::Problem;

/// splitmix64.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn between(&mut self, lo: f64, hi: f64) -> f64 {
        lo + (hi - lo) * self.uniform()
    }
}

/// Samples at hand that answer as if they were far away.
struct Samples {
    cell: Vec<u32>,
    cells: usize,
    z: Vec<f64>,
    w: Vec<f64>,
    /// By factor, the first of ones.
    phi: Vec<Vec<f64>>,
    y: Vec<f64>,
    rounds: usize,
}

impl Samples {
    fn random(random: &mut Random, n: usize, cells: usize, factors: usize, weighted: bool) -> Samples {
        let cell: Vec<u32> = (0..n).map(|_| random.between(0.0, cells as f64) as u32).collect();
        let w = (0..n).map(|_| if weighted { (4.0 * random.uniform()).floor() } else { 1.0 }).collect();
        let z = (0..n).map(|_| random.between(-0.1, 1.1)).collect();
        let mut phi = vec![vec![1.0; n]];
        phi.extend((1..factors).map(|_| (0..n).map(|_| random.between(-1.0, 1.0)).collect()));
        Samples { cell, cells, z, w, phi, y: vec![0.0; n], rounds: 0 }
    }

    /// Rows with random coefficients by cell and factor; `sides` are made of their values at `z`.
    fn problem(&self, random: &mut Random, rows: usize, sides: impl Fn(f64, &mut Random) -> (f64, f64)) -> Problem {
        let total: f64 = self.w.iter().sum();
        let mut dictionary = vec![RowsByCell::empty(self.cells)];
        let mut values = vec![0.0; rows];
        for phi in &self.phi {
            let mut triplets = Vec::new();
            for (row, value) in values.iter_mut().enumerate() {
                for cell in 0..self.cells {
                    let coefficient = random.between(-1.0, 1.0) / total;
                    triplets.push((row as u32, cell as u32, coefficient));
                    let own = (0..self.z.len()).filter(|&i| self.cell[i] as usize == cell);
                    let at = |i: usize| self.w[i] * phi[i] * self.z[i].clamp(0.0, 1.0);
                    *value += coefficient * own.map(at).sum::<f64>();
                }
            }
            dictionary.push(RowsByCell::from_triplets(self.cells, &triplets));
        }
        let (lower, upper) = values.into_iter().map(|value| sides(value, random)).unzip();
        let weigh = |phi: &Vec<f64>| phi.iter().zip(&self.w).map(|(phi, w)| phi * w).collect();
        let parts = ProblemParts {
            cell: self.cell.clone(),
            cells: self.cells,
            dictionary,
            factors: self.phi.iter().map(weigh).collect(),
            lower,
            upper,
            bounds: Bounds::Uniform { lo: 0.0, hi: 1.0 },
            weights: Some(self.w.clone()),
            ..ProblemParts::default()
        };
        Problem::new(parts).unwrap()
    }
}

impl RemoteFactors for Samples {
    type Error = String;

    fn moments(&mut self, shift: &[f64], (lo, hi): (f64, f64)) -> Result<Vec<[Moments; 3]>, String> {
        self.rounds += 1;
        let k = self.phi.len();
        let mut cells = vec![[(); 3].map(|()| Moments::none(k)); self.cells];
        for i in 0..self.z.len() {
            let (cell, w, z) = (self.cell[i] as usize, self.w[i], self.z[i]);
            let phi: Vec<f64> = self.phi.iter().map(|phi| phi[i]).collect();
            let t: f64 = phi.iter().zip(&shift[cell * k..]).map(|(phi, t)| phi * t).sum();
            let x = if w > 0.0 { z - t } else { z };
            self.y[i] = x.clamp(lo, hi);
            if w == 0.0 {
                continue;
            }
            let sums = &mut cells[cell][if x <= lo { 0 } else { 1 + usize::from(x >= hi) }];
            sums.samples += 1.0;
            (sums.weight, sums.sum, sums.square) = (sums.weight + w, sums.sum + w * z, sums.square + w * z * z);
            for f in 0..k {
                sums.alone[f] += w * phi[f];
                sums.with[f] += w * phi[f] * z;
                sums.fair[f] += w * phi[f] * self.y[i];
                sums.size[f] += (w * phi[f] * self.y[i]).abs();
                (0..=f).for_each(|g| sums.products[f * (f + 1) / 2 + g] += w * phi[f] * phi[g]);
            }
        }
        Ok(cells)
    }

    fn not_finite(&mut self) -> String {
        "not finite".into()
    }
}

impl From<ProjectError> for String {
    fn from(error: ProjectError) -> String {
        error.to_string()
    }
}

impl From<ProblemError> for String {
    fn from(error: ProblemError) -> String {
        error.to_string()
    }
}

#[test]
fn moments_give_the_projection_of_the_samples() {
    let mut most = 0;
    for seed in 0..200 {
        let random = &mut Random(seed);
        let (n, weighted) = (20 + (seed as usize * 7) % 300, seed % 2 == 1);
        let mut samples = Samples::random(random, n, 1 + seed as usize % 4, 1 + seed as usize % 3, weighted);
        let inside = |value: f64, random: &mut Random| {
            let off = 0.15 * value.abs();
            match random.uniform() {
                share if share < 0.4 => (f64::NEG_INFINITY, value - off * random.uniform()),
                share if share < 0.8 => (value + off * random.uniform() - 0.001, f64::INFINITY),
                _ => (value + 0.5 * off, value + 0.5 * off),
            }
        };
        let problem = samples.problem(random, 1 + seed as usize % 3, inside);
        let expected = project(&problem, &samples.z, &Settings::default()).unwrap();
        let found = project_factors(&problem, &mut samples, &Settings::default(), 1.0).unwrap();
        if !expected.is_optimal() {
            assert!(
                matches!(found.status, Status::Infeasible(_) | Status::IterationLimit),
                "{seed}: {:?}",
                found.status
            );
            continue;
        }
        assert_eq!(found.status, Status::Optimal, "seed {seed}, {} rounds", samples.rounds);
        for (own, (found, expected)) in samples.y.iter().zip(&expected.y).enumerate() {
            assert!((found - expected).abs() < 1e-11, "seed {seed}, sample {own}: {found}, {expected}");
        }
        assert!(found.certificate.row_violation < 1e-14, "{:?}", found.certificate);
        most = most.max(samples.rounds);
    }
    assert!(most <= 20, "{most} rounds");
}

#[test]
fn what_nothing_satisfies_is_refuted() {
    for seed in 0..20 {
        let random = &mut Random(seed);
        let mut samples = Samples::random(random, 80, 2, 2, seed % 2 == 1);
        let problem = samples.problem(random, 1, |_, _| (5.0, f64::INFINITY));
        let found = project_factors(&problem, &mut samples, &Settings::default(), 1.0).unwrap();
        let Status::Infeasible(proof) = &found.status else { panic!("{seed}: {:?}", found.status) };
        assert!(proof.margin > 0.0 && proof.combination[0] < 0.0);
    }
}
