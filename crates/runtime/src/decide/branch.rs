//! Whole numbers for the columns of a small program: branch and bound (Land & Doig 1960).
//!
//! Depth first, so that there is an answer early. Samples of equal coefficients are one count: of a certain number of them the
//! best are taken, which linear programming does by itself. So what is branched on is how many samples of a class are
//! decided 1, and no two branches differ by an exchange of equals alone. What cannot gain more than the best answer
//! so far is left. Rounding the solution of each program to whole numbers is tried as well. Where samples of a cell differ, their
//! number is branched on before they are: means of small groups have few values, and these decide which rows can hold. Before
//! both come sums of several classes of which narrow rows leave few values, as [`thin`](super::thin) finds them.
//!
//! To have an answer before there are branches, rows are first drawn in by what rounding can move them: what keeps these keeps
//! the rows once it is rounded.

use std::ops::Range;

use super::classes::{Classes, Group};
use super::dual::{Ended, perturbed};
use super::lp::{Lp, Sums};
use super::simplex::{At, STEPS_OF_START, Simplex, Variable};
use super::thin::Form;
use crate::problem::Sum;

/// A value this close to a whole number is one.
const WHOLE: f64 = 1e-7;
/// The same for a sum of multiples.
const WHOLE_FORM: f64 = 1e-5;
/// By how much such a sum may be off its limits, more than its coefficients are rounded by.
const ABOUT: f64 = 1e-6;
/// Share of the largest gain that counts as no more.
const NO_MORE: f64 = 1e-10;
/// By which share gains are moved while a program is solved.
const PERTURBED: f64 = 1e-9;

/// How far a search goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Most {
    /// Programs that are solved.
    pub nodes: usize,
    /// Numbers that their steps look at, as [`Lp::work`] counts them.
    pub work: usize,
}

/// The search over groups of columns of a program.
pub(super) struct Search<'a> {
    lp: &'a Lp,
    /// The columns that are to be whole.
    groups: &'a [Group],
    /// Several groups whose sum is branched on before them.
    cells: &'a [Group],
    /// Sums of few values, branched on before both.
    forms: &'a [Form],
    /// By how much a row may be outside of its sides for a look at all samples.
    allowed: Vec<f64>,
    /// Whether values of the columns keep the rows of all samples, as these are counted.
    keeps: &'a dyn Fn(&[f64]) -> bool,
    most: Most,
    work: usize,
    pub nodes: usize,
    /// The best values of the columns, and what they gain.
    pub best: Option<(Vec<f64>, f64)>,
    /// Nothing was left out for want of time.
    pub complete: bool,
}

/// What is branched on.
#[derive(Clone, Copy)]
enum Counted<'a> {
    Form(&'a Form),
    Group(&'a Group),
}

struct Node {
    /// Places of what is branched on, with the least and the largest sum that they may have.
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
        classes: &'a Classes,
        groups: &'a [Group],
        allowed: Vec<f64>,
        keeps: &'a dyn Fn(&[f64]) -> bool,
        most: Most,
    ) -> Search<'a> {
        let Classes { lp, cells, forms, .. } = classes;
        Search { lp, groups, cells, forms, allowed, keeps, most, work: 0, nodes: 0, best: None, complete: true }
    }

    pub fn run(&mut self) {
        let cost = perturbed(self.lp, PERTURBED);
        let mut work = self.lp.clone();
        self.try_drawn_in(&mut work, &cost);
        let mut open = vec![Node { limits: Vec::new(), basis: None, bound: f64::INFINITY }];
        while let Some(node) = open.pop() {
            if !self.can_gain(node.bound) {
                continue;
            }
            if self.nodes >= self.most.nodes || self.work >= self.most.work {
                self.complete = false;
                return;
            }
            self.nodes += 1;
            if !self.limit(&mut work, &node.limits) {
                continue;
            }
            let (solved, steps) = solve(&work, &cost, node.basis, self.left());
            self.work += (steps + STEPS_OF_START) * work.work();
            match solved {
                Solved::Empty => {}
                Solved::Unsolved => self.complete = false,
                Solved::At(x, value, basis) if self.can_gain(value) => {
                    self.branch(&x, value, &node.limits, basis, &mut open);
                }
                Solved::At(..) => {}
            }
        }
    }

    /// Rounds solutions of the program with its rows drawn in, by ever more of their largest coefficients: a sample in between moves
    /// a row by half of one at most, and there are no more of these than rows.
    fn try_drawn_in(&mut self, work: &mut Lp, cost: &[f64]) {
        let samples = self.groups.last().map_or(0, |group| group.columns.end);
        let peaks = self.lp.peaks(samples);
        let mut times = 0.5;
        while self.best.is_none() && times <= self.lp.rows() as f64 {
            if !self.limit(work, &[]) {
                return;
            }
            draw_in(&mut work.lower, &mut work.upper, peaks.iter().map(|peak| times * peak));
            let (solved, steps) = solve(work, cost, None, self.left());
            self.work += (steps + STEPS_OF_START) * work.work();
            match solved {
                Solved::At(x, ..) => self.try_rounded(&x),
                Solved::Empty | Solved::Unsolved => return,
            }
            times *= 2.0;
        }
    }

    /// Sets the limits of a node. False if a sample's are none.
    fn limit(&self, work: &mut Lp, limits: &[(usize, f64, f64)]) -> bool {
        work.lo.copy_from_slice(&self.lp.lo);
        work.hi.copy_from_slice(&self.lp.hi);
        work.lower.copy_from_slice(&self.lp.lower);
        work.upper.copy_from_slice(&self.lp.upper);
        for &(place, least, most) in limits {
            let (lower, upper, least, most) = match self.counted(place) {
                Counted::Form(Form { row, scale, offset, .. }) => {
                    let (least, most) = ((least - ABOUT - offset) * scale, (most + ABOUT - offset) * scale);
                    (&mut work.lower[*row], &mut work.upper[*row], least, most)
                }
                Counted::Group(Group { row: Some(row), .. }) => {
                    (&mut work.lower[*row], &mut work.upper[*row], least, most)
                }
                Counted::Group(Group { columns, row: None }) => {
                    (&mut work.lo[columns.start], &mut work.hi[columns.start], least, most)
                }
            };
            (*lower, *upper) = (lower.max(least), upper.min(most));
        }
        self.cells
            .iter()
            .chain(self.groups)
            .filter(|group| group.row.is_none())
            .all(|Group { columns, .. }| work.lo[columns.start] <= work.hi[columns.start])
    }

    /// What is branched on, by its place: forms, then cells, then the others.
    fn counted(&self, place: usize) -> Counted<'a> {
        let (forms, cells) = (self.forms.len(), self.cells.len());
        match place {
            form if form < forms => Counted::Form(&self.forms[form]),
            cell if cell < forms + cells => Counted::Group(&self.cells[cell - forms]),
            group => Counted::Group(&self.groups[group - forms - cells]),
        }
    }

    fn places(&self) -> usize {
        self.forms.len() + self.cells.len() + self.groups.len()
    }

    fn sum(&self, counted: Counted<'_>, x: &[f64]) -> f64 {
        match counted {
            Counted::Group(group) => x[group.columns.clone()].iter().sum(),
            Counted::Form(form) => {
                let own = |&(cell, times): &(usize, f64)| times * x[self.lp.columns(cell)].iter().sum::<f64>();
                form.cells.iter().map(own).sum::<f64>() + form.offset
            }
        }
    }

    /// Steps that there is work left for.
    fn left(&self) -> usize {
        self.most.work.saturating_sub(self.work) / self.lp.work().max(1)
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
        let away = |place: &usize| {
            let sum = self.sum(self.counted(*place), x);
            (sum - sum.round()).abs()
        };
        let (forms, cells) = (self.forms.len(), self.forms.len() + self.cells.len());
        let furthest = |places: Range<usize>| {
            places.max_by(|a, b| away(a).total_cmp(&away(b))).filter(|place| away(place) > WHOLE)
        };
        let form = (0..forms).find(|place| away(place) > WHOLE_FORM);
        let Some(place) = form.or_else(|| furthest(forms..cells)).or_else(|| furthest(cells..self.places())) else {
            if self.can_gain(bound) {
                self.branch_whole(x, bound, limits, &basis, open);
            }
            return;
        };
        let value = self.sum(self.counted(place), x);
        let below = value.floor();
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
            let sum = |values: &[f64]| self.sum(self.counted(place), values);
            let own = limits.iter().filter(|(group, ..)| *group == place);
            own.fold((sum(&self.lp.lo), sum(&self.lp.hi)), |(lo, hi), (_, least, most)| (lo.max(*least), hi.min(*most)))
        };
        let mut groups = self.forms.len()..self.places();
        let Some(place) = groups.find(|&place| range(place).0.ceil() < range(place).1.floor()) else { return };
        let value = self.sum(self.counted(place), x).round();
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

/// Draws sides in; those that would cross meet in the middle.
pub(super) fn draw_in(lower: &mut [f64], upper: &mut [f64], by: impl Iterator<Item = f64>) {
    for ((l, u), by) in lower.iter_mut().zip(upper).zip(by) {
        let by = by.min(0.5 * (*u - *l));
        (*l, *u) = (*l + by, *u - by);
        *u = u.max(*l);
    }
}

/// What became of a program, and the steps that it took: `left` at most for each attempt, or a few for each row.
fn solve(lp: &Lp, cost: &[f64], basis: Option<(Vec<Variable>, Vec<At>)>, left: usize) -> (Solved, usize) {
    let most = (40 * (lp.rows() + 10) + lp.len()).min(left.max(4 * (lp.rows() + 10)));
    let warm = basis.and_then(|(basic, at)| Simplex::from_basis(lp, cost.to_vec(), basic, at));
    // Where the steps from the basis of the node above do not end, from the start, and by gains that differ more.
    let shares = [PERTURBED, 100.0 * PERTURBED, 1e4 * PERTURBED];
    let again = shares.into_iter().map(|share| Simplex::new(lp, perturbed(lp, share)));
    let mut steps = 0;
    for mut simplex in warm.into_iter().chain(again) {
        let ended = simplex.dual(most);
        simplex.cost.copy_from_slice(&lp.cost);
        let solved = ended == Ended::Optimal && simplex.primal(most);
        steps += simplex.steps;
        if ended == Ended::Infeasible {
            return (Solved::Empty, steps);
        }
        if solved {
            let x = simplex.solution();
            let value = value_of(lp, &x);
            return (Solved::At(x, value, (simplex.basic, simplex.at)), steps);
        }
    }
    (Solved::Unsolved, steps)
}
