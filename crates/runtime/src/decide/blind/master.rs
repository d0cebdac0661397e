//! The program of those thresholds that are known, and the search for others.

use std::collections::HashSet;

use super::order::{Limits, Order};
use crate::decide::dual::{self, perturbed};
use crate::decide::lp::{Column, Entry, Lp, Scales};
use crate::decide::simplex::{At, STEPS_OF_START, Simplex, Variable};
use crate::decide::solve::widest;
use crate::problem::Problem;

/// Share of its terms by which a threshold must be better than those that are known.
const BETTER: f64 = 1e-13;
/// Most rounds of the search for thresholds.
const ROUNDS: usize = 2000;
/// By how much the scaled rows may be missed in all by what counts as satisfying them, by their size.
const SATISFIED: f64 = 1e-12;
/// By which share gains are moved where the steps from the last basis do not end.
const PERTURBED: [f64; 3] = [1e-9, 1e-7, 0.0];

/// A threshold that is known.
#[derive(Clone, Debug)]
struct Known {
    cell: usize,
    position: usize,
    gain: f64,
    rows: Vec<(u32, f64)>,
}

/// What a row gives way by.
#[derive(Clone, Copy, Debug)]
struct Way {
    row: usize,
    value: f64,
    most: f64,
    /// By what a unit costs; none where it must not.
    price: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Least violation.
    Rows,
    /// Largest gain.
    Gain,
}

/// A solution of the program.
#[derive(Clone, Debug)]
pub(super) struct Point {
    /// By cell, positions and their shares, ascending.
    pub shares: Vec<Vec<(usize, f64)>>,
    /// Of the rows of the problem, in its units.
    pub multipliers: Vec<f64>,
    /// Of the rows.
    pub at: Vec<At>,
    /// What it gains, by the numbers of the program; or less than zero, what it misses the scaled rows by.
    pub value: f64,
}

pub(super) enum Ended {
    Optimal(Point),
    /// Multipliers that show that no rule satisfies the rows, and by how much.
    Infeasible(Vec<f64>, f64),
    Unfinished,
}

#[derive(Clone, Debug)]
pub(super) struct Master<'a> {
    problem: &'a Problem,
    scales: &'a Scales,
    lower: Vec<f64>,
    upper: Vec<f64>,
    cells: usize,
    base: f64,
    ways: Vec<Way>,
    known: Vec<Known>,
    seen: HashSet<(usize, usize)>,
    /// Sum of the sizes of the scaled rows.
    mass: f64,
    pub rounds: usize,
    /// Numbers that steps of the simplex method have looked at, as [`Lp::work`] counts them.
    pub work: u64,
}

/// The solution of the program as it is: values, multipliers of all of its rows, and where its variables are.
struct Solved {
    x: Vec<f64>,
    multipliers: Vec<f64>,
    basic: Vec<Variable>,
    at: Vec<At>,
}

impl<'a> Master<'a> {
    pub fn new(problem: &'a Problem, order: &Order, scales: &'a Scales) -> Master<'a> {
        let side = |sides: &[f64]| -> Vec<f64> {
            let sides = sides.iter().zip(&order.base.rows).zip(&scales.rows);
            sides.map(|((side, base), scale)| (side - base) * scale).collect()
        };
        let (lower, upper) = (side(&problem.lower), side(&problem.upper));
        let sizes = problem.row_values(&widest(problem)).unwrap_or_default().magnitudes;
        let mut ways = Vec::new();
        let mut mass = 0.0;
        for row in 0..problem.rows() {
            let sides = [lower[row], upper[row]];
            let size =
                sides.iter().filter(|side| side.is_finite()).fold(sizes[row] * scales.rows[row], |m, s| m + s.abs());
            mass += size;
            let cap = problem.soft[row];
            let price = (cap < f64::INFINITY).then(|| cap * scales.gain / scales.rows[row]);
            for (value, side) in [(1.0, sides[0]), (-1.0, sides[1])] {
                if side.is_finite() {
                    ways.push(Way { row, value, most: 4.0 * size + 1.0, price });
                }
            }
        }
        let (cells, base) = (order.cells(), order.base.gain);
        let (known, seen) = (Vec::new(), HashSet::new());
        Master { problem, scales, lower, upper, cells, base, ways, known, seen, mass, rounds: 0, work: 0 }
    }

    /// The best shares of thresholds within limits.
    pub fn generate(&mut self, order: &Order, limits: &Limits) -> Ended {
        let free = order.best(self.problem, &vec![0.0; self.problem.rows()], true, limits);
        for (cell, (best, &(least, most))) in free.iter().zip(limits).enumerate() {
            [best.position, least, most].into_iter().for_each(|position| self.learn(order, cell, position));
        }
        let mut leeway = 0.0;
        match self.best(order, limits, Phase::Gain, leeway) {
            Ended::Infeasible(..) => {}
            other => return other,
        }
        match self.best(order, limits, Phase::Rows, leeway) {
            Ended::Optimal(point) if -point.value > SATISFIED * (1.0 + self.mass) => {
                return Ended::Infeasible(point.multipliers, -point.value);
            }
            Ended::Optimal(point) => leeway = (-point.value).max(0.0),
            Ended::Infeasible(..) | Ended::Unfinished => return Ended::Unfinished,
        }
        match self.best(order, limits, Phase::Gain, leeway) {
            Ended::Infeasible(..) => self.best(order, limits, Phase::Gain, SATISFIED * (1.0 + self.mass)),
            other => other,
        }
    }

    fn learn(&mut self, order: &Order, cell: usize, position: usize) {
        if self.seen.insert((cell, position)) {
            let (gain, rows) = order.sums(cell, position);
            self.known.push(Known { cell, position, gain, rows });
        }
    }

    /// Solves the program, and adds thresholds as long as one is worth more than those that are known.
    fn best(&mut self, order: &Order, limits: &Limits, phase: Phase, leeway: f64) -> Ended {
        let mut basis: Option<(Vec<Variable>, Vec<At>, usize)> = None;
        for _ in 0..ROUNDS {
            self.rounds += 1;
            let lp = self.program(limits, phase, leeway);
            let solved = match solve(&lp, basis.take(), &mut self.work) {
                Ok(Some(solved)) => solved,
                Ok(None) => return Ended::Infeasible(Vec::new(), 0.0),
                Err(()) => return Ended::Unfinished,
            };
            let scale = if phase == Phase::Gain { self.scales.gain } else { 1.0 };
            let multipliers: Vec<f64> =
                solved.multipliers.iter().zip(&self.scales.rows).map(|(value, row)| value * row / scale).collect();
            let worth = |cell: usize| solved.multipliers[self.problem.rows() + cell] / scale;
            let found = order.best(self.problem, &multipliers, phase == Phase::Gain, limits);
            let better: Vec<(usize, usize)> = found
                .iter()
                .enumerate()
                .filter(|(cell, best)| best.value > worth(*cell) + BETTER * (best.size + worth(*cell).abs()))
                .map(|(cell, best)| (cell, best.position))
                .filter(|place| !self.seen.contains(place))
                .collect();
            if better.is_empty() {
                return Ended::Optimal(self.point(&lp, solved, multipliers, limits, phase));
            }
            basis = Some((solved.basic, solved.at, lp.len()));
            better.into_iter().for_each(|(cell, position)| self.learn(order, cell, position));
        }
        Ended::Unfinished
    }

    fn program(&self, limits: &Limits, phase: Phase, leeway: f64) -> Lp {
        let rows = self.problem.rows();
        let ways = self.ways.iter().map(|way| {
            let entries = vec![Entry { row: way.row as u32, factor: 0, value: way.value }];
            let (cost, hi) = match (phase, way.price) {
                (Phase::Rows, None) => (-1.0, way.most),
                (Phase::Rows, Some(_)) => (0.0, way.most),
                (Phase::Gain, None) => (0.0, leeway),
                (Phase::Gain, Some(price)) => (-price, way.most),
            };
            Column { cost, hi, entries }
        });
        let known = self.known.iter().map(|known| {
            let scaled = known.rows.iter().map(|&(row, value)| Entry {
                row,
                factor: 0,
                value: value * self.scales.rows[row as usize],
            });
            let one = Entry { row: (rows + known.cell) as u32, factor: 0, value: 1.0 };
            let (least, most) = limits[known.cell];
            Column {
                cost: if phase == Phase::Gain { known.gain * self.scales.gain } else { 0.0 },
                hi: if (least..=most).contains(&known.position) { 1.0 } else { 0.0 },
                entries: scaled.chain([one]).collect(),
            }
        });
        let ones = vec![1.0; self.cells];
        let side = |sides: &[f64]| sides.iter().chain(&ones).copied().collect();
        Lp::of_columns(side(&self.lower), side(&self.upper), ways.chain(known))
    }

    fn point(&self, lp: &Lp, solved: Solved, multipliers: Vec<f64>, limits: &Limits, phase: Phase) -> Point {
        let mut shares = vec![Vec::new(); self.cells];
        let behind = self.ways.len();
        for (known, &x) in self.known.iter().zip(&solved.x[behind..]) {
            if x > 0.0 {
                shares[known.cell].push((known.position, x));
            }
        }
        for (shares, &(least, _)) in shares.iter_mut().zip(limits) {
            shares.sort_by_key(|(position, _)| *position);
            // Rounding.
            let sum: f64 = shares.iter().map(|(_, share)| share).sum();
            shares.iter_mut().for_each(|(_, share)| *share /= sum);
            if shares.is_empty() {
                shares.push((least, 1.0));
            }
        }
        let value: f64 = lp.cost.iter().zip(&solved.x).map(|(cost, x)| cost * x).sum();
        let at = solved.at[lp.len()..lp.len() + self.problem.rows()].to_vec();
        let value = if phase == Phase::Gain { value / self.scales.gain + self.base } else { value };
        Point { shares, multipliers, at, value }
    }
}

/// Solves a program, from a basis of the columns that it had before; `None` if nothing satisfies it.
fn solve(lp: &Lp, basis: Option<(Vec<Variable>, Vec<At>, usize)>, work: &mut u64) -> Result<Option<Solved>, ()> {
    let mut spend = |simplex: &Simplex<'_>| *work += (simplex.steps + STEPS_OF_START) as u64 * lp.work() as u64;
    let most = 40 * (lp.rows() + 10) + lp.len();
    if let Some((basic, mut at, before)) = basis {
        let more = lp.len() - before;
        let basic = basic.into_iter().map(|variable| if variable < before { variable } else { variable + more });
        let rows = at.split_off(before);
        at.resize(lp.len(), At::Lo);
        at.extend(rows);
        if let Some(mut simplex) = Simplex::resumed(lp, lp.cost.clone(), basic.collect(), at) {
            let ended = simplex.primal(most);
            spend(&simplex);
            if ended {
                return Ok(Some(Solved::of(simplex)));
            }
        }
    }
    for share in PERTURBED {
        let mut simplex = Simplex::new(lp, perturbed(lp, share));
        let ended = simplex.dual(most);
        spend(&simplex);
        match ended {
            dual::Ended::Infeasible => return Ok(None),
            dual::Ended::Limit => continue,
            dual::Ended::Optimal => {}
        }
        simplex.cost.copy_from_slice(&lp.cost);
        if simplex.primal(most) {
            return Ok(Some(Solved::of(simplex)));
        }
    }
    Err(())
}

impl Solved {
    fn of(simplex: Simplex<'_>) -> Solved {
        Solved { x: simplex.solution(), multipliers: simplex.multipliers, basic: simplex.basic, at: simplex.at }
    }
}
