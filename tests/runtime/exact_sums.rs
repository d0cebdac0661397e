//! Inequality rows hold for the returned numbers summed exactly, with means taken exactly.
//!
//! Every `f32` and `f64` is an integer times a power of two, so sums are exact in big integers: numbers are kept as
//! fixed-point integers of 2176 bits (enough from the largest to the smallest `f64`), and a row
//! `Σ_a y / n_a − Σ_b y / n_b ≤ eps` is multiplied by `n_a n_b`.

use fairc::runtime::{Bounds, Problem, ProblemParts, RowsByCell, Sample, Settings, Status, project};

use crate::neighbours::neighbours;
use crate::optimality::from_env;
use crate::support::Random;

/// A signed integer in two's complement, least word first; its unit is `2^-1088`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Exact([u64; 34]);

impl Exact {
    const ZERO: Exact = Exact([0; 34]);

    fn of(value: f64) -> Exact {
        let bits = value.to_bits();
        let exponent = ((bits >> 52) & 0x7ff) as i32;
        let fraction = bits & ((1 << 52) - 1);
        let (mantissa, exponent) =
            if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
        let shift = (exponent + 1088) as usize;
        let mut out = [0; 34];
        out[shift / 64] = mantissa << (shift % 64);
        if !shift.is_multiple_of(64) {
            out[shift / 64 + 1] = mantissa >> (64 - shift % 64);
        }
        let out = Exact(out);
        if value < 0.0 { out.negated() } else { out }
    }

    fn plus(self, other: Exact) -> Exact {
        let mut out = [0; 34];
        let mut carry = false;
        for ((out, a), b) in out.iter_mut().zip(self.0).zip(other.0) {
            let (sum, first) = a.overflowing_add(b);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            (*out, carry) = (sum, first | second);
        }
        Exact(out)
    }

    fn negated(self) -> Exact {
        let mut one = [0; 34];
        one[0] = 1;
        Exact(self.0.map(|w| !w)).plus(Exact(one))
    }

    fn times(self, factor: u64) -> Exact {
        let negative = self.is_negative();
        let size = if negative { self.negated() } else { self };
        let mut out = [0; 34];
        let mut carry = 0_u128;
        for (out, word) in out.iter_mut().zip(size.0) {
            let product = u128::from(word) * u128::from(factor) + carry;
            (*out, carry) = (product as u64, product >> 64);
        }
        if negative { Exact(out).negated() } else { Exact(out) }
    }

    fn is_negative(self) -> bool {
        self.0[33] >> 63 == 1
    }
}

#[test]
fn exact_arithmetic_is_exact() {
    // In floats 0.1 + 0.2 is 0.30000000000000004; exactly it is a little less.
    let gap = Exact::of(0.1).plus(Exact::of(0.2)).plus(Exact::of(-0.300_000_000_000_000_04));
    assert!(gap.is_negative());
    assert!(Exact::of(1.5).times(2).plus(Exact::of(-3.0)) == Exact::ZERO);
    assert!(Exact::of(-1e300).plus(Exact::of(1e300)) == Exact::ZERO);
    assert!(Exact::of(5e-324).negated().is_negative());
}

struct Batch {
    groups: usize,
    group: Vec<u32>,
    count: Vec<u64>,
    pairs: Vec<(usize, usize)>,
    eps: f64,
    problem: Problem,
}

fn batch(random: &mut Random) -> Batch {
    let most = if random.chance(0.01) { 5000 } else { [8, 40, 300][random.below(3)] };
    let n = 2 + random.below(most);
    let groups = 2 + random.below(4);
    let group: Vec<u32> = (0..n).map(|_| random.below(groups) as u32).collect();
    let mut count = vec![0_u64; groups];
    group.iter().for_each(|&g| count[g as usize] += 1);
    let eps = [0.02, 0.1, 1e-3, 0.0123456789][random.below(4)];
    let pairs: Vec<(usize, usize)> = (0..groups)
        .flat_map(|a| (a + 1..groups).map(move |b| (a, b)))
        .filter(|&(a, b)| count[a] > 0 && count[b] > 0)
        .collect();
    let mut lists = vec![Vec::new(); groups];
    for (row, &(a, b)) in pairs.iter().enumerate() {
        lists[a].push((row as u32, 1.0 / count[a] as f64));
        lists[b].push((row as u32, -1.0 / count[b] as f64));
    }
    let problem = Problem::new(ProblemParts {
        cell: group.clone(),
        cells: groups,
        dictionary: vec![RowsByCell::from_cells(lists)],
        weights: random.chance(0.5).then(|| (0..n).map(|_| 10_f64.powf(random.between(-3.0, 3.0))).collect()),
        lower: vec![-eps; pairs.len()],
        upper: vec![eps; pairs.len()],
        bounds: Bounds::Uniform { lo: 0.0, hi: 1.0 },
        ..ProblemParts::default()
    });
    Batch { groups, group, count, pairs, eps, problem: problem.expect("a well-formed problem") }
}

/// Rows that the numbers violate in exact arithmetic, and numbers outside `[0, 1]`.
fn violations<T: Sample>(batch: &Batch, y: &[T]) -> usize {
    let mut sums = vec![Exact::ZERO; batch.groups];
    for (y, &g) in y.iter().zip(&batch.group) {
        sums[g as usize] = sums[g as usize].plus(Exact::of(y.widen()));
    }
    let broken = |&&(a, b): &&(usize, usize)| {
        let (na, nb) = (batch.count[a], batch.count[b]);
        let gap = sums[a].times(nb).plus(sums[b].times(na).negated());
        let limit = Exact::of(batch.eps).times(na * nb);
        limit.plus(gap.negated()).is_negative() || limit.plus(gap).is_negative()
    };
    let outside = y.iter().filter(|y| !(0.0..=1.0).contains(&y.widen())).count();
    batch.pairs.iter().filter(broken).count() + outside
}

fn check<T: Sample>(batches: u64, seed: u64, narrow: impl Fn(f64) -> T) {
    let mut bad = Vec::new();
    for case in 0..batches {
        let mut random = Random(seed * 10_000_000 + case);
        let batch = batch(&mut random);
        let discrete = random.chance(0.1);
        let spread = random.between(0.1, 1.5);
        let z: Vec<T> = (0..batch.group.len())
            .map(|i| {
                let z = 0.5 + 0.1 * f64::from(batch.group[i]) + spread * random.between(-0.5, 0.5);
                narrow(if discrete { (z * 4.0).round() / 4.0 + 0.1 } else { z })
            })
            .collect();
        let projection = project(&batch.problem, &z, &Settings::default()).expect("finite input");
        let broken = violations(&batch, &projection.y);
        if projection.status != Status::Optimal || broken > 0 {
            bad.push((case, broken, projection.status, batch.eps, batch.group.len()));
        }
    }
    assert!(bad.is_empty(), "{} of {batches} batches, first {:?}", bad.len(), &bad[..bad.len().min(6)]);
}

#[test]
fn f64_rows_hold_exactly() {
    check(from_env("FAIRC_BATCHES", 1500), from_env("FAIRC_SEED", 1), |z| z);
}

#[test]
fn f32_rows_hold_exactly() {
    check(from_env("FAIRC_BATCHES", 1500), from_env("FAIRC_SEED", 1) + 500, |z| z as f32);
}

/// `|y_i − y_j| ≤ d` for thousands of pairs, with weights from 1e-3 to 1e3.
#[test]
fn sparse_rows_hold_exactly_with_weights() {
    let mut random = Random(21);
    let (plain, z) = neighbours(900, 5, || random.uniform());
    let csr = plain.to_csr();
    let weights: Vec<f64> = z.iter().map(|_| 10_f64.powf(random.between(-3.0, 3.0))).collect();
    let indices: Vec<usize> = csr.indices.iter().map(|&i| i as usize).collect();
    let (lower, upper) = (plain.lower().to_vec(), plain.upper().to_vec());
    let problem =
        Problem::from_csr(z.len(), &csr.indptr, &indices, &csr.values, lower, upper, plain.bounds(), Some(weights));
    let problem = problem.expect("a well-formed problem");
    let projection = project(&problem, &z, &Settings::default()).expect("finite input");
    assert_eq!(projection.status, Status::Optimal);
    let broken = |row: &usize| {
        let entries = (csr.indptr[*row]..csr.indptr[row + 1]).map(|e| (indices[e], csr.values[e]));
        // The coefficients are 1 and -1, so products are exact.
        let sum = entries.fold(Exact::ZERO, |sum, (i, value)| sum.plus(Exact::of(value * projection.y[i])));
        let (l, u) = (problem.lower()[*row], problem.upper()[*row]);
        let above = u.is_finite() && Exact::of(u).plus(sum.negated()).is_negative();
        above || (l.is_finite() && sum.plus(Exact::of(l).negated()).is_negative())
    };
    assert_eq!((0..problem.rows()).filter(broken).count(), 0, "{:?}", projection.certificate);
}

/// Means of numbers near the least that there are.
#[test]
fn rows_of_subnormal_numbers_hold_exactly() {
    let mut random = Random(22);
    for _ in 0..200 {
        let n = 2 + random.below(9);
        let z: Vec<f64> = (0..n).map(|_| 1e-310 * random.between(0.1, 1.0)).collect();
        let limit = 1e-310 * random.between(0.2, 0.4);
        let parts = ProblemParts {
            cell: vec![0; n],
            cells: 1,
            dictionary: vec![RowsByCell::from_cells([[(0, 1.0)]])],
            lower: vec![f64::NEG_INFINITY],
            upper: vec![limit * n as f64],
            bounds: Bounds::Uniform { lo: 0.0, hi: 1.0 },
            ..ProblemParts::default()
        };
        let problem = Problem::new(parts).expect("a well-formed problem");
        let projection = project(&problem, &z, &Settings::default()).expect("finite input");
        assert_eq!(projection.status, Status::Optimal);
        let sum = projection.y.iter().fold(Exact::ZERO, |sum, y| sum.plus(Exact::of(*y)));
        assert!(!Exact::of(problem.upper()[0]).plus(sum.negated()).is_negative());
        let total: f64 = z.iter().sum();
        let moved = (total - projection.y.iter().sum::<f64>()) / 1e-310;
        assert!((moved - ((total - problem.upper()[0]) / 1e-310).max(0.0)).abs() < 1e-9);
    }
}
