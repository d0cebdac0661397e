//! The problems that are timed: the same for all solvers.

#[path = "../../../tests/common/random.rs"]
mod random;

use fairc::runtime::{Bounds, Problem, ProblemParts, RowsByCell};

pub use random::Random;

/// A batch as encoded data: cells of the samples, and what the rows mean.
pub struct Batch {
    pub family: Family,
    pub cell: Vec<u32>,
    pub z: Vec<f64>,
    pub v: Vec<f64>,
    /// Mean of the label per cell, for residual rows.
    pub base_rate: Vec<f64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    Parity2,
    EqualizedOdds,
    Pairwise4,
    Residual5,
    Overall64,
    Pairwise64,
    Pairwise200,
}

impl Family {
    pub const TABLE: [Family; 6] = [
        Family::Parity2,
        Family::EqualizedOdds,
        Family::Pairwise4,
        Family::Residual5,
        Family::Overall64,
        Family::Pairwise64,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Family::Parity2 => "parity, 2 groups",
            Family::EqualizedOdds => "equalized odds",
            Family::Pairwise4 => "6 pairwise rows, 4 groups",
            Family::Residual5 => "10 residual rows, 5 attributes",
            Family::Overall64 => "64 groups vs overall",
            Family::Pairwise64 => "2,016 pairwise rows, 64 groups",
            Family::Pairwise200 => "19,900 pairwise rows, 200 groups",
        }
    }

    pub fn cells(self) -> usize {
        match self {
            Family::Parity2 => 2,
            Family::EqualizedOdds | Family::Pairwise4 => 4,
            Family::Residual5 => 32,
            Family::Overall64 | Family::Pairwise64 => 64,
            Family::Pairwise200 => 200,
        }
    }
}

/// Irwin-Hall: near enough to a normal.
fn normal(random: &mut Random) -> f64 {
    (0..12).map(|_| random.uniform()).sum::<f64>() - 6.0
}

/// Scores around a mean that differs between cells, about a tenth outside `[0, 1]`.
pub fn batch(family: Family, n: usize, seed: u64) -> Batch {
    let mut random = Random(seed);
    let cells = family.cells();
    let centre: Vec<f64> = (0..cells).map(|_| 0.5 + 0.12 * (random.uniform() - 0.5) * 2.0).collect();
    let cell: Vec<u32> = (0..n).map(|_| random.below(cells) as u32).collect();
    let z = cell.iter().map(|&c| centre[c as usize] + 0.3 * normal(&mut random)).collect();
    let v = (0..n).map(|_| normal(&mut random)).collect();
    let base_rate = (0..cells).map(|_| 0.5 + 0.05 * normal(&mut random)).collect();
    Batch { family, cell, z, v, base_rate }
}

/// What a binder does for each batch: counts, coefficients, sides.
pub fn bind(batch: &Batch) -> Problem {
    let cells = batch.family.cells();
    let mut count = vec![0_u32; cells];
    for &cell in &batch.cell {
        count[cell as usize] += 1;
    }
    let (by_cell, sides) = rows(batch, &count);
    Problem::new(ProblemParts {
        cell: batch.cell.clone(),
        cells,
        factors: Vec::new(),
        dictionary: vec![RowsByCell::from_cells(by_cell)],
        lower: sides.iter().map(|s| s.0).collect(),
        upper: sides.iter().map(|s| s.1).collect(),
        bounds: Bounds::Uniform { lo: 0.0, hi: 1.0 },
        weights: None,
        soft: Vec::new(),
        names: Vec::new(),
    })
    .expect("a well-formed problem")
}

type ByCell = Vec<Vec<(u32, f64)>>;

fn rows(batch: &Batch, count: &[u32]) -> (ByCell, Vec<(f64, f64)>) {
    let cells = batch.family.cells();
    let mut by_cell: ByCell = vec![Vec::new(); cells];
    let mut sides = Vec::new();
    let mean = |c: usize| 1.0 / f64::from(count[c].max(1));
    let mut pair = |a: usize, b: usize, eps: f64, sides: &mut Vec<(f64, f64)>| {
        if count[a] > 0 && count[b] > 0 {
            by_cell[a].push((sides.len() as u32, mean(a)));
            by_cell[b].push((sides.len() as u32, -mean(b)));
            sides.push((-eps, eps));
        }
    };
    match batch.family {
        Family::Parity2 => pair(0, 1, 0.01, &mut sides),
        Family::EqualizedOdds => {
            pair(0, 1, 0.01, &mut sides);
            pair(2, 3, 0.01, &mut sides);
        }
        Family::Pairwise4 | Family::Pairwise64 | Family::Pairwise200 => {
            for a in 0..cells {
                for b in a + 1..cells {
                    pair(a, b, 0.02, &mut sides);
                }
            }
        }
        Family::Residual5 => residual_rows(batch, count, &mut by_cell, &mut sides),
        Family::Overall64 => {
            let all: u32 = count.iter().sum();
            for group in 0..cells {
                if count[group] == 0 {
                    continue;
                }
                for (cell, list) in by_cell.iter_mut().enumerate() {
                    let own = if cell == group { mean(cell) } else { 0.0 };
                    list.push((sides.len() as u32, own - 1.0 / f64::from(all)));
                }
                sides.push((-0.02, 0.02));
            }
        }
    }
    (by_cell, sides)
}

/// For each value of each of five binary attributes: `|E[label − score]| ≤ 0.01`.
fn residual_rows(batch: &Batch, count: &[u32], by_cell: &mut ByCell, sides: &mut Vec<(f64, f64)>) {
    for attribute in 0..5 {
        for value in 0..2 {
            let inside = |cell: usize| (cell >> attribute) & 1 == value;
            let total: u32 = (0..32).filter(|&c| inside(c)).map(|c| count[c]).sum();
            if total == 0 {
                continue;
            }
            let mean = 1.0 / f64::from(total);
            let label: f64 =
                (0..32).filter(|&c| inside(c)).map(|c| f64::from(count[c]) * mean * batch.base_rate[c]).sum();
            for (_, list) in by_cell.iter_mut().enumerate().filter(|(c, _)| inside(*c)) {
                list.push((sides.len() as u32, mean));
            }
            sides.push((label - 0.01, label + 0.01));
        }
    }
}

/// Parity of two groups in two cells, without a copy of the cells.
pub fn large_parity(n: usize) -> ProblemParts {
    let mut random = Random(3);
    let mut bits = 0;
    let cell: Vec<u32> = (0..n)
        .map(|i| {
            if i % 64 == 0 {
                bits = random.bits();
            }
            ((bits >> (i % 64)) & 1) as u32
        })
        .collect();
    let ones: u32 = cell.iter().sum();
    let (a, b) = (1.0 / f64::from(n as u32 - ones), -1.0 / f64::from(ones));
    ProblemParts {
        cell,
        cells: 2,
        dictionary: vec![RowsByCell::from_cells([[(0, a)], [(0, b)]])],
        lower: vec![-0.01],
        upper: vec![0.01],
        bounds: Bounds::Uniform { lo: 0.0, hi: 1.0 },
        ..ProblemParts::default()
    }
}
