//! The multipliers of a derivative where all rows hold means near levels (see [`crate::problem::Level`]): from sums over the cells
//! of a level, where the general way needs a basis of the active rows.
//!
//! Of a cell, `h` is the curvature of its mean `q`, and `m` what a change `v` of the samples does to `q`. Multipliers `x` of the rows
//! pull the cell by `s`, so that `q` changes by `m − h s`, and active rows keep what they compare:
//!
//! * Pairs: cells that active rows connect change alike, by `t`. What they pull adds up to 0, so `t = (Σ m/h) / (Σ 1/h)`.
//! * With a level `L = Σ p q`: cells that are held change as the level does, by `t`, and are pulled by `x − p Σ x`. Both unknowns, `t` and
//!   `Σ x`, follow from two equations.
//!
//! Cells without free samples do not change. Of rows that depend on others only those count that do not depend on the ones before.

use crate::problem::{Level, LevelKind};

/// What is this much smaller than what it is a part of may be rounding, and is left to the general way.
const UNCLEAR: f64 = 1e-11;

/// A cell of a level.
#[derive(Debug, Default, Clone, Copy)]
struct Cell {
    curvature: f64,
    moment: f64,
    /// Its part of the level.
    share: f64,
    /// Its row, if that is active.
    row: Option<u32>,
    /// Of pairs: how much its mean is pulled, and which other cell says how much it changes.
    pull: f64,
    parent: u32,
    /// Rows that connect it to cells that are not settled, and the places of these, one exclusive or the other.
    degree: u32,
    edges: u32,
}

impl Cell {
    fn is_free(&self) -> bool {
        self.curvature > 0.0
    }
}

/// An active row `q_b − q_a`, or the other way round.
#[derive(Debug, Clone, Copy)]
struct Pair {
    row: u32,
    a: u32,
    b: u32,
    rises: bool,
}

/// Buffers of the method.
#[derive(Debug, Default, Clone)]
pub(crate) struct LevelRows {
    cells: Vec<Cell>,
    pairs: Vec<Pair>,
}

impl LevelRows {
    /// Finds `q` of the active rows from the products and moments of slots, into `out`; false where that is not clear.
    pub(super) fn solve(
        &mut self,
        levels: &[Level],
        (gram, moment): (&[f64], &[f64]),
        is_active: impl Fn(u32) -> bool,
        out: &mut [f64],
    ) -> bool {
        out.fill(0.0);
        levels.iter().all(|level| {
            self.cells.clear();
            self.cells.extend(level.slots.iter().zip(&level.scale).map(|(&slot, &scale)| {
                let (gram, moment) = (gram[slot as usize], moment[slot as usize]);
                Cell { curvature: scale * scale * gram, moment: scale * moment, ..Cell::default() }
            }));
            match &level.kind {
                LevelKind::Pairs(table) => self.solve_pairs(table, &is_active, out),
                LevelKind::Shares { share, row } => {
                    for ((cell, &share), &row) in self.cells.iter_mut().zip(share).zip(row) {
                        (cell.share, cell.row) = (share, row.filter(|&row| is_active(row)));
                    }
                    self.solve_shares(out)
                }
            }
        })
    }

    fn solve_shares(&mut self, out: &mut [f64]) -> bool {
        let cells = &mut self.cells;
        let fixed = cells.iter().filter(|cell| !cell.is_free()).filter_map(|cell| cell.row).min();
        let mut sums = Shares::of(cells);
        if sums.own == 0.0 && sums.curvature == 0.0 {
            // All that the level is a mean of are held to it: the last row says what the others do.
            let last = cells.iter_mut().filter(|cell| cell.share > 0.0 && cell.is_free()).max_by_key(|cell| cell.row);
            if let Some(last) = last {
                last.row = None;
            }
            sums = Shares::of(cells);
        }
        let Shares { own, moment, curvature, moved, inverse, .. } = sums;
        let (change, sum) = if let Some(row) = fixed {
            if curvature <= UNCLEAR * sums.all {
                return false;
            }
            let sum = -moment / curvature;
            out[row as usize] = own * sum - moved;
            (0.0, sum)
        } else {
            let determinant = own * own + inverse * curvature;
            if determinant <= UNCLEAR * UNCLEAR * (1.0 + inverse * sums.all) {
                return false;
            }
            ((own * moment + curvature * moved) / determinant, (own * moved - inverse * moment) / determinant)
        };
        for cell in cells.iter().filter(|cell| cell.is_free()) {
            if let Some(row) = cell.row {
                out[row as usize] = (cell.moment - change) / cell.curvature + cell.share * sum;
            }
        }
        cells.iter().filter_map(|cell| cell.row).all(|row| out[row as usize].is_finite())
    }

    fn solve_pairs(&mut self, table: &[(u32, bool)], is_active: impl Fn(u32) -> bool, out: &mut [f64]) -> bool {
        let LevelRows { cells, pairs } = self;
        pairs.clear();
        let mut rows = table.iter();
        for b in 1..cells.len() as u32 {
            let active = (0..b).zip(&mut rows).filter(|(_, (row, _))| is_active(*row));
            pairs.extend(active.map(|(a, &(row, rises))| Pair { row, a, b, rises }));
        }
        pairs.sort_unstable_by_key(|pair| pair.row);
        // Cells that do not change are one: the ground, behind all others.
        let ground = cells.len() as u32;
        cells.push(Cell { parent: ground, ..Cell::default() });
        for (place, cell) in (0..ground).zip(cells.iter_mut()) {
            cell.parent = if cell.is_free() { place } else { ground };
        }
        connect(cells, pairs);
        set_pulls(cells);
        settle(cells, pairs, out)
    }
}

/// The sums of a level `L = Σ p q`. With its change `t` and the sum `s` of all multipliers, `own t − curvature s = moment` and
/// `own s + inverse t = moved`, to which a row of a cell that does not change adds its multiplier.
#[derive(Debug, Default)]
struct Shares {
    /// What the level keeps of itself: 1 less the shares of the cells that are held.
    own: f64,
    /// `Σ p m` and `Σ p² h` of the cells that are not held, and the latter of all.
    moment: f64,
    curvature: f64,
    all: f64,
    /// `Σ m/h` and `Σ 1/h` of the cells that are held.
    moved: f64,
    inverse: f64,
}

impl Shares {
    fn of(cells: &[Cell]) -> Shares {
        let total: f64 = cells.iter().map(|cell| cell.share).sum();
        let mut sums = Shares { own: clear(1.0 - total), ..Shares::default() };
        for cell in cells {
            let curvature = cell.share * cell.share * cell.curvature;
            sums.all += curvature;
            if cell.row.is_some() && cell.is_free() {
                sums.moved += cell.moment / cell.curvature;
                sums.inverse += 1.0 / cell.curvature;
            } else {
                sums.own += cell.share;
                sums.moment += cell.share * cell.moment;
                sums.curvature += curvature;
            }
        }
        sums.own = clear(sums.own);
        sums
    }
}

/// A number near 1 less another one: what may be rounding is none.
fn clear(difference: f64) -> f64 {
    if difference.abs() <= UNCLEAR { 0.0 } else { difference }
}

/// The cell that stands for all that are connected with this one.
fn root(cells: &mut [Cell], mut cell: u32) -> u32 {
    while cells[cell as usize].parent != cell {
        let above = cells[cell as usize].parent;
        cells[cell as usize].parent = cells[above as usize].parent;
        cell = above;
    }
    cell
}

/// Connects cells by rows; those between cells that are connected already depend on the ones before, and go.
fn connect(cells: &mut [Cell], pairs: &mut Vec<Pair>) {
    let (ground, mut kept) = (cells.len() as u32 - 1, 0);
    pairs.retain_mut(|pair| {
        let (a, b) = (root(cells, pair.a), root(cells, pair.b));
        if a == b {
            return false;
        }
        // The ground stays a root, since it is the last of all.
        cells[a.min(b) as usize].parent = a.max(b);
        for end in [&mut pair.a, &mut pair.b] {
            *end = if cells[*end as usize].is_free() { *end } else { ground };
            let cell = &mut cells[*end as usize];
            (cell.degree, cell.edges) = (cell.degree + 1, cell.edges ^ kept);
        }
        kept += 1;
        true
    });
}

/// How much each cell has to be pulled, so that connected ones change alike.
fn set_pulls(cells: &mut [Cell]) {
    let ground = cells.len() - 1;
    // At each root the sums `Σ m/h` and `Σ 1/h`.
    let mut sums = vec![(0.0, 0.0); cells.len()];
    for place in 0..ground {
        let (root, cell) = (root(cells, place as u32) as usize, &cells[place]);
        if cell.is_free() && root != ground {
            sums[root].0 += cell.moment / cell.curvature;
            sums[root].1 += 1.0 / cell.curvature;
        }
    }
    for place in 0..ground {
        let (moved, inverse) = sums[root(cells, place as u32) as usize];
        let change = if inverse > 0.0 { moved / inverse } else { 0.0 };
        let cell = &mut cells[place];
        cell.pull = if cell.is_free() { (cell.moment - change) / cell.curvature } else { 0.0 };
    }
}

/// The multipliers of the rows: from cells with a single row inward, each row brings what is left to pull at its one end.
fn settle(cells: &mut [Cell], pairs: &[Pair], out: &mut [f64]) -> bool {
    let ground = cells.len() - 1;
    let mut finite = true;
    for start in 0..ground {
        let mut place = start;
        while place != ground && cells[place].degree == 1 {
            let edge = cells[place].edges;
            let pair = pairs[edge as usize];
            let other = if pair.a as usize == place { pair.b } else { pair.a } as usize;
            let pull = cells[place].pull;
            out[pair.row as usize] = if pair.rises == (pair.b as usize == place) { pull } else { -pull };
            finite &= pull.is_finite();
            for end in [place, other] {
                (cells[end].degree, cells[end].edges) = (cells[end].degree - 1, cells[end].edges ^ edge);
            }
            cells[other].pull += pull;
            // Cells before this one have been looked at: if it is the turn of one of them now, it is here.
            if other > start {
                break;
            }
            place = other;
        }
    }
    finite
}

#[cfg(test)]
mod tests {
    use crate::problem::{Bounds, Problem, ProblemParts, RowsByCell};
    use crate::project::{Gradient, Settings, project};

    /// Numbers from 0 to 1.
    struct Random(u64);

    impl Random {
        fn uniform(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 11) as f64 / (1_u64 << 53) as f64
        }

        fn below(&mut self, limit: usize) -> usize {
            (self.uniform() * limit as f64) as usize
        }
    }

    /// Groups of few samples, many at their bounds: all pairs (`kind` 0), each with the mean of all (1), each with the first (2).
    fn problem(random: &mut Random, kind: usize) -> (Problem, Vec<f64>) {
        let groups = 9 + random.below(8);
        let sizes: Vec<usize> = (0..groups).map(|_| 1 + random.below(4)).collect();
        // In no row of its own: for the mean of all alone.
        let others = random.below(4);
        let cell: Vec<u32> = (0..groups).flat_map(|group| vec![group as u32; sizes[group]]).collect();
        let cell: Vec<u32> = cell.into_iter().chain(vec![groups as u32; others]).collect();
        let n = cell.len();
        let mut lists = vec![Vec::new(); groups + 1];
        let mut rows = 0;
        for (a, size) in sizes.iter().enumerate() {
            let own = 1.0 / *size as f64;
            let with = match kind {
                0 => 0..a,
                1 => 0..1,
                _ => 0..usize::from(a > 0),
            };
            for b in with {
                let sign = if kind == 0 && random.below(3) == 0 { -1.0 } else { 1.0 };
                match kind {
                    1 => (0..=groups).for_each(|c| {
                        lists[c].push((rows, if c == a { own } else { 0.0 } - 1.0 / n as f64));
                    }),
                    _ => {
                        lists[a].push((rows, sign * own));
                        lists[b].push((rows, -sign / sizes[b] as f64));
                    }
                }
                rows += 1;
            }
        }
        let side = [0.0, 0.001, 0.02, 0.1][random.below(4)];
        let spread = [0.2, 0.9, 1.5][random.below(3)];
        let z = (0..n)
            .map(|_| 0.5 + spread * (random.uniform() - 0.5) + if random.below(6) == 0 { 2.0 } else { 0.0 })
            .collect();
        let weights = (random.below(3) == 0).then(|| (0..n).map(|_| 0.2 + 3.0 * random.uniform()).collect());
        let parts = ProblemParts {
            cell,
            weights,
            cells: groups + 1,
            dictionary: vec![RowsByCell::from_cells(lists)],
            lower: vec![-side; rows as usize],
            upper: vec![side; rows as usize],
            bounds: Bounds::Uniform { lo: 0.0, hi: 1.0 },
            ..ProblemParts::default()
        };
        (Problem::new(parts).expect("a problem"), z)
    }

    fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).fold(0.0, |most, (a, b)| most.max((a - b).abs()))
    }

    #[test]
    fn derivatives_along_a_level_are_those_of_the_basis() {
        let mut random = Random(3);
        let (mut seen, mut held, mut dependent) = ([0; 3], 0, 0);
        for case in 0..1500 {
            let kind = case % 3;
            let (mut problem, z) = problem(&mut random, kind);
            let projection = project(&problem, &z, &Settings::default()).expect("finite input");
            if !projection.is_optimal() {
                continue;
            }
            assert!(!problem.levels.is_empty());
            seen[kind] += 1;
            let v: Vec<f64> = z.iter().map(|_| random.uniform() - 0.5).collect();
            let along: Gradient<f64> = projection.vjp(&problem, &v).expect("an optimum");
            problem.levels.clear();
            let known = projection.vjp(&problem, &v).expect("an optimum");
            let off = largest_difference(&along.z, &known.z);
            assert!(off < 1e-12, "{case}: {off}");
            assert!(largest_difference(&along.weights, &known.weights) < 1e-11, "{case}");
            let size = 1.0 + known.upper.iter().chain(&known.lower).fold(0.0_f64, |most, q| most.max(q.abs()));
            let off =
                largest_difference(&along.lower, &known.lower).max(largest_difference(&along.upper, &known.upper));
            assert!(off < 1e-11 * size, "{case}: multipliers {off}");
            let active = projection.active.iter().filter(|side| side.is_held()).count();
            held += usize::from(active > 0);
            let used = along.lower.iter().chain(&along.upper).filter(|q| **q != 0.0).count();
            dependent += usize::from(active > used);
        }
        // Enough of each kind, and of rows that depend on others.
        assert!(seen.iter().all(|count| *count > 100) && held > 300 && dependent > 100, "{seen:?} {held} {dependent}");
    }
}
