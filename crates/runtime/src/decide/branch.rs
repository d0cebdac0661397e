//! Whole numbers for the columns of a small program: branch and bound (Land & Doig 1960).
//!
//! Depth first, so that there is an answer early. Samples of equal coefficients are one count: of a certain number of them the
//! best are taken, which linear programming does by itself. So what is branched on is how many samples of a class are
//! decided 1, and no two branches differ by an exchange of equals alone. What cannot gain more than the best answer
//! so far is left. Rounding the solution of each program to whole numbers is tried as well.

use super::dual::{Ended, perturbed};
use super::lp::{Group, Lp, Sums};
use super::simplex::{At, Simplex, Variable};
use crate::problem::Sum;

/// A value this close to a whole number is one.
const WHOLE: f64 = 1e-7;
/// Share of the largest gain that counts as no more.
const NO_MORE: f64 = 1e-10;
/// By which share gains are moved while a program is solved.
const PERTURBED: f64 = 1e-9;

/// The search over groups of columns of a program.
pub(super) struct Search<'a> {
    lp: &'a Lp,
    /// The columns that are to be whole.
    groups: &'a [Group],
    /// By how much a row may be outside of its sides for a look at all samples.
    allowed: Vec<f64>,
    /// Whether values of the columns keep the rows of all samples, as these are counted.
    keeps: &'a dyn Fn(&[f64]) -> bool,
    most: usize,
    pub nodes: usize,
    /// The best values of the columns, and what they gain.
    pub best: Option<(Vec<f64>, f64)>,
    /// Nothing was left out for want of time.
    pub complete: bool,
}

struct Node {
    /// Groups with the least and the largest sum that they may have.
    limits: Vec<(usize, f64, f64)>,
    basis: Option<(Vec<Variable>, Vec<At>)>,
    bound: f64,
}

/// What became of the program of a node.
enum Solved {
    /// Nothing satisfies it.
    Empty,
    Unsolved,
    /// Its solution, its value and its basis.
    At(Vec<f64>, f64, (Vec<Variable>, Vec<At>)),
}

impl<'a> Search<'a> {
    pub fn new(
        lp: &'a Lp,
        groups: &'a [Group],
        allowed: Vec<f64>,
        keeps: &'a dyn Fn(&[f64]) -> bool,
        most: usize,
    ) -> Search<'a> {
        Search { lp, groups, allowed, keeps, most, nodes: 0, best: None, complete: true }
    }

    pub fn run(&mut self) {
        let cost = perturbed(self.lp, PERTURBED);
        let mut work = self.lp.clone();
        let mut open = vec![Node { limits: Vec::new(), basis: None, bound: f64::INFINITY }];
        while let Some(node) = open.pop() {
            if !self.can_gain(node.bound) {
                continue;
            }
            if self.nodes >= self.most {
                self.complete = false;
                return;
            }
            self.nodes += 1;
            self.limit(&mut work, &node.limits);
            match solve(&work, &cost, node.basis) {
                Solved::Empty => {}
                Solved::Unsolved => self.complete = false,
                Solved::At(x, value, basis) if self.can_gain(value) => {
                    self.branch(&x, value, &node.limits, basis, &mut open);
                }
                Solved::At(..) => {}
            }
        }
    }

    /// Sets the limits of a node.
    fn limit(&self, work: &mut Lp, limits: &[(usize, f64, f64)]) {
        work.lo.copy_from_slice(&self.lp.lo);
        work.hi.copy_from_slice(&self.lp.hi);
        work.lower.copy_from_slice(&self.lp.lower);
        work.upper.copy_from_slice(&self.lp.upper);
        for &(group, least, most) in limits {
            let Group { columns, row } = &self.groups[group];
            let (lower, upper) = match row {
                Some(row) => (&mut work.lower[*row], &mut work.upper[*row]),
                None => (&mut work.lo[columns.start], &mut work.hi[columns.start]),
            };
            (*lower, *upper) = (lower.max(least), upper.min(most));
        }
    }

    fn can_gain(&self, bound: f64) -> bool {
        self.best.as_ref().is_none_or(|(_, best)| bound > best + NO_MORE * (1.0 + best.abs()))
    }

    fn branch(
        &mut self,
        x: &[f64],
        bound: f64,
        limits: &[(usize, f64, f64)],
        basis: (Vec<Variable>, Vec<At>),
        open: &mut Vec<Node>,
    ) {
        self.try_rounded(x);
        let sum = |group: &Group| x[group.columns.clone()].iter().sum::<f64>();
        let away = |group: &Group| (sum(group) - sum(group).round()).abs();
        let furthest = self.groups.iter().enumerate().max_by(|(_, a), (_, b)| away(a).total_cmp(&away(b)));
        let Some((place, group)) = furthest.filter(|(_, group)| away(group) > WHOLE) else {
            if self.can_gain(bound) {
                self.branch_whole(x, bound, limits, &basis, open);
            }
            return;
        };
        let (value, below) = (sum(group), sum(group).floor());
        let halves = [(place, f64::NEG_INFINITY, below), (place, below + 1.0, f64::INFINITY)];
        // The nearer half is looked at first.
        let order = if value - below < 0.5 { [halves[1], halves[0]] } else { halves };
        for half in order {
            let limits = limits.iter().copied().chain([half]).collect();
            open.push(Node { limits, basis: Some(basis.clone()), bound });
        }
    }

    /// Whole values that miss rows by rounding: others of the node may not. One group is fixed at its value, or is another.
    fn branch_whole(
        &self,
        x: &[f64],
        bound: f64,
        limits: &[(usize, f64, f64)],
        basis: &(Vec<Variable>, Vec<At>),
        open: &mut Vec<Node>,
    ) {
        let range = |place: usize| {
            let columns = self.groups[place].columns.clone();
            let sum = |values: &[f64]| values[columns.clone()].iter().sum::<f64>();
            let own = limits.iter().filter(|(group, ..)| *group == place);
            own.fold((sum(&self.lp.lo), sum(&self.lp.hi)), |(lo, hi), (_, least, most)| (lo.max(*least), hi.min(*most)))
        };
        let Some(place) = (0..self.groups.len()).find(|&place| range(place).0.ceil() < range(place).1.floor()) else {
            return;
        };
        let value = x[self.groups[place].columns.clone()].iter().sum::<f64>().round();
        for (least, most) in [(f64::NEG_INFINITY, value - 1.0), (value + 1.0, f64::INFINITY), (value, value)] {
            let limits = limits.iter().copied().chain([(place, least, most)]).collect();
            open.push(Node { limits, basis: Some(basis.clone()), bound });
        }
    }

    /// Takes the rounded values if they keep the rows and gain more.
    fn try_rounded(&mut self, x: &[f64]) {
        let mut rounded = x.to_vec();
        for group in self.groups {
            rounded[group.columns.clone()].iter_mut().for_each(|x| *x = x.round() + 0.0);
        }
        let value = value_of(self.lp, &rounded);
        if self.can_gain(value) && self.keeps_rows(&rounded) && (self.keeps)(&rounded) {
            self.best = Some((rounded, value));
        }
    }

    fn keeps_rows(&self, x: &[f64]) -> bool {
        let mut sums = Sums::new(self.lp);
        for cell in 0..self.lp.cells() {
            self.lp.columns(cell).for_each(|column| sums.add(self.lp, cell, column, x[column]));
        }
        let rows = sums.rows(self.lp);
        let sides = self.lp.lower.iter().zip(&self.lp.upper).zip(&self.allowed);
        rows.iter().zip(sides).all(|(row, ((l, u), allowed))| *row >= l - allowed && *row <= u + allowed)
    }
}

fn value_of(lp: &Lp, x: &[f64]) -> f64 {
    lp.cost.iter().zip(x).map(|(cost, x)| cost * x).collect::<Sum>().value()
}

fn solve(lp: &Lp, cost: &[f64], basis: Option<(Vec<Variable>, Vec<At>)>) -> Solved {
    let most = 40 * (lp.rows() + 10) + lp.len();
    let warm = basis.and_then(|(basic, at)| Simplex::from_basis(lp, cost.to_vec(), basic, at));
    // Where the steps from the basis of the node above do not end, from the start, and by gains that differ more.
    let shares = [PERTURBED, 100.0 * PERTURBED, 1e4 * PERTURBED];
    let anew = shares.into_iter().map(|share| Simplex::new(lp, perturbed(lp, share)));
    for mut simplex in warm.into_iter().chain(anew) {
        match simplex.dual(most) {
            Ended::Infeasible => return Solved::Empty,
            Ended::Limit => continue,
            Ended::Optimal => {}
        }
        simplex.cost.copy_from_slice(&lp.cost);
        if simplex.primal(most) {
            let x = simplex.solution();
            let value = value_of(lp, &x);
            return Solved::At(x, value, (simplex.basic, simplex.at));
        }
    }
    Solved::Unsolved
}
