//! The bounded simplex method: its basis, and the numbers that follow from it.
//!
//! Every row gets a logical variable `s` with `A d − s = 0` between its sides, so that all variables are bounded alike. As many
//! of them as there are rows are basic, the rest are at one of their bounds. Since all columns are bounded, any basis becomes
//! dual feasible by putting the others at the bound that their reduced cost asks for.

use super::inverse::{BasisColumn, Inverse};
use super::lp::{Lp, Sums};

/// Replacements after which the inverse is made again.
const FRESH: usize = 40;
/// What it takes to begin with a program, in steps.
pub(super) const STEPS_OF_START: usize = 5;
/// Share of its terms below which a number counts as zero.
pub(super) const ZERO: f64 = 1e-12;
/// Share of the largest value that a row can have below which it counts as within its sides.
const FEASIBLE: f64 = 1e-15;

/// Where a variable is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Lo,
    Hi,
    Basic,
}

/// A variable: a column of the program, or behind them the logical one of a row.
pub(super) type Variable = usize;

#[derive(Clone, Debug)]
pub(super) struct Simplex<'a> {
    pub lp: &'a Lp,
    /// The gains that are maximised: those of the program, or close to them.
    pub cost: Vec<f64>,
    /// Of each variable.
    pub at: Vec<At>,
    pub basic: Vec<Variable>,
    pub inverse: Inverse,
    /// Values of the basic variables.
    pub x: Vec<f64>,
    pub multipliers: Vec<f64>,
    /// Of the columns that are not basic, at their bounds.
    sums: Sums,
    /// Per row the largest size that its terms can have.
    mass: Vec<f64>,
    replaced: usize,
    pub steps: usize,
}

impl<'a> Simplex<'a> {
    /// With the logical variables basic, and each column where its own gain wants it.
    pub fn new(lp: &'a Lp, cost: Vec<f64>) -> Simplex<'a> {
        let columns = cost.iter().map(|&cost| if cost >= 0.0 { At::Hi } else { At::Lo });
        let at = columns.chain(vec![At::Basic; lp.rows()]).collect();
        let basic = (lp.len()..lp.len() + lp.rows()).collect();
        let mut simplex = Simplex::without_sums(lp, cost, basic, at);
        simplex.enter_sums();
        simplex
    }

    /// With the inverse of the logical basis, and no sums yet.
    fn without_sums(lp: &'a Lp, cost: Vec<f64>, basic: Vec<Variable>, at: Vec<At>) -> Simplex<'a> {
        Simplex {
            lp,
            cost,
            at,
            basic,
            inverse: Inverse::negative_identity(lp.rows()),
            x: Vec::new(),
            multipliers: vec![0.0; lp.rows()],
            sums: Sums::new(lp),
            mass: mass(lp),
            replaced: 0,
            steps: 0,
        }
    }

    /// With a basis found elsewhere; `at` says where the other variables are, if their reduced costs do not.
    pub fn from_basis(lp: &'a Lp, cost: Vec<f64>, basic: Vec<Variable>, at: Vec<At>) -> Option<Simplex<'a>> {
        let mut simplex = Simplex::without_sums(lp, cost, basic, at);
        if !simplex.refresh() {
            return None;
        }
        simplex.set_multipliers();
        simplex.put_where_wanted();
        simplex.enter_sums();
        Some(simplex)
    }

    /// With a basis and all other variables where they are said to be.
    pub fn resumed(lp: &'a Lp, cost: Vec<f64>, basic: Vec<Variable>, at: Vec<At>) -> Option<Simplex<'a>> {
        let mut simplex = Simplex::without_sums(lp, cost, basic, at);
        if !simplex.refresh() {
            return None;
        }
        simplex.enter_sums();
        Some(simplex)
    }

    /// Puts each variable that is not basic at the bound that its reduced cost asks for.
    fn put_where_wanted(&mut self) {
        let lp = self.lp;
        let mut reduced = ReducedCosts::new(lp);
        for cell in 0..lp.cells() {
            reduced.enter(lp, cell, &self.multipliers);
            for column in lp.columns(cell) {
                let (r, size) = reduced.of(lp, column, self.cost[column]);
                if self.at[column] != At::Basic && r.abs() > ZERO * size {
                    self.at[column] = if r > 0.0 { At::Hi } else { At::Lo };
                }
            }
        }
        for row in 0..lp.rows() {
            let wanted = match (self.multipliers[row] > 0.0, lp.lower[row].is_finite(), lp.upper[row].is_finite()) {
                (true, _, true) | (false, false, true) => At::Hi,
                _ => At::Lo,
            };
            let at = &mut self.at[lp.len() + row];
            if *at != At::Basic {
                *at = wanted;
            }
        }
    }

    fn enter_sums(&mut self) {
        self.sums = Sums::new(self.lp);
        for cell in 0..self.lp.cells() {
            for column in self.lp.columns(cell).filter(|&column| self.at[column] != At::Basic) {
                self.sums.add(self.lp, cell, column, self.value_at(column));
            }
        }
    }

    /// The bounds of a variable.
    pub fn bounds(&self, variable: Variable) -> (f64, f64) {
        match variable.checked_sub(self.lp.len()) {
            None => (self.lp.lo[variable], self.lp.hi[variable]),
            Some(row) => (self.lp.lower[row], self.lp.upper[row]),
        }
    }

    /// The value of a variable at its bound.
    fn value_at(&self, variable: Variable) -> f64 {
        let (lo, hi) = self.bounds(variable);
        if self.at[variable] == At::Hi { hi } else { lo }
    }

    /// The column of a variable.
    pub fn column(&self, variable: Variable) -> Vec<f64> {
        let mut column = vec![0.0; self.lp.rows()];
        match variable.checked_sub(self.lp.len()) {
            None => self.lp.column(variable, &mut column),
            Some(row) => column[row] = -1.0,
        }
        column
    }

    /// Makes the inverse again; false if the basis is singular.
    pub fn refresh(&mut self) -> bool {
        let column = |&variable: &Variable| match variable.checked_sub(self.lp.len()) {
            Some(row) => BasisColumn::Logical(row),
            None => BasisColumn::Structural(self.column(variable)),
        };
        let columns: Vec<BasisColumn> = self.basic.iter().map(column).collect();
        self.replaced = 0;
        match Inverse::of_basis(&columns) {
            Some(inverse) => {
                self.inverse = inverse;
                true
            }
            None => false,
        }
    }

    /// Whether the inverse is that of the basis, and not one that was carried along.
    pub fn is_fresh(&self) -> bool {
        self.replaced == 0
    }

    /// `λ` with `λᵀ B = c_B`.
    pub fn set_multipliers(&mut self) {
        let cost = |&variable: &Variable| self.cost.get(variable).copied().unwrap_or(0.0);
        let costs: Vec<f64> = self.basic.iter().map(cost).collect();
        self.multipliers = self.inverse.left_times(&costs);
        for &variable in &self.basic {
            if let Some(row) = variable.checked_sub(self.lp.len()) {
                self.multipliers[row] = 0.0;
            }
        }
    }

    /// Sizes of the terms that the multipliers are summed from.
    pub fn multiplier_sizes(&self) -> Vec<f64> {
        let mut sizes = vec![0.0; self.lp.rows()];
        for (place, variable) in self.basic.iter().enumerate() {
            let cost = self.cost.get(*variable).copied().unwrap_or(0.0).abs();
            sizes.iter_mut().zip(self.inverse.row(place)).for_each(|(size, value)| *size += cost * value.abs());
        }
        sizes
    }

    /// The values of the basic variables.
    pub fn set_values(&mut self) {
        let mut rest = self.sums.rows(self.lp);
        for (row, rest) in rest.iter_mut().enumerate() {
            let logical = self.lp.len() + row;
            if self.at[logical] != At::Basic {
                *rest -= self.value_at(logical);
            }
        }
        self.x = self.inverse.times(&rest);
        self.x.iter_mut().for_each(|x| *x = -*x);
        // What the inverse is off by.
        for (&variable, &x) in self.basic.iter().zip(&self.x) {
            match variable.checked_sub(self.lp.len()) {
                None => {
                    for entry in self.lp.entries(self.lp.cell_of(variable)) {
                        rest[entry.row as usize] += entry.value * self.lp.factor(entry.factor, variable) * x;
                    }
                }
                Some(row) => rest[row] -= x,
            }
        }
        let off = self.inverse.times(&rest);
        self.x.iter_mut().zip(off).for_each(|(x, off)| *x -= off);
    }

    /// By how much a basic variable may be outside of its bounds.
    pub fn slack(&self, place: usize) -> f64 {
        let size: f64 = self.inverse.row(place).iter().zip(&self.mass).map(|(a, mass)| a.abs() * mass).sum();
        ZERO + FEASIBLE * size
    }

    /// Moves a variable that is not basic to its other bound.
    pub fn flip(&mut self, variable: Variable) {
        let before = self.value_at(variable);
        self.at[variable] = if self.at[variable] == At::Hi { At::Lo } else { At::Hi };
        let change = self.value_at(variable) - before;
        if variable < self.lp.len() {
            self.sums.add(self.lp, self.lp.cell_of(variable), variable, change);
        }
    }

    /// `entering` becomes basic in `place`, and the variable there goes to a bound; `image` is the inverse times its column.
    /// False if the basis became singular.
    pub fn pivot(&mut self, place: usize, to: At, entering: Variable, image: &[f64]) -> bool {
        let leaving = self.basic[place];
        if entering < self.lp.len() {
            let value = self.value_at(entering);
            self.sums.add(self.lp, self.lp.cell_of(entering), entering, -value);
        }
        self.at[entering] = At::Basic;
        self.at[leaving] = to;
        if leaving < self.lp.len() {
            let value = self.value_at(leaving);
            self.sums.add(self.lp, self.lp.cell_of(leaving), leaving, value);
        }
        self.basic[place] = entering;
        self.inverse.replace(place, image);
        self.steps += 1;
        self.replaced += 1;
        self.replaced < FRESH || self.refresh()
    }

    /// The values of all columns.
    pub fn solution(&self) -> Vec<f64> {
        let mut d: Vec<f64> = (0..self.lp.len()).map(|column| self.value_at(column)).collect();
        for (&variable, &x) in self.basic.iter().zip(&self.x) {
            if let Some(d) = d.get_mut(variable) {
                // No negative zero.
                *d = x.clamp(self.lp.lo[variable], self.lp.hi[variable]) + 0.0;
            }
        }
        d
    }
}

/// The reduced costs `c − λᵀ a` of the columns of one cell.
pub(super) struct ReducedCosts {
    shift: Vec<f64>,
    size: Vec<f64>,
}

impl ReducedCosts {
    pub fn new(lp: &Lp) -> ReducedCosts {
        ReducedCosts { shift: vec![0.0; lp.width()], size: vec![0.0; lp.width()] }
    }

    pub fn enter(&mut self, lp: &Lp, cell: usize, multipliers: &[f64]) {
        lp.shift(cell, multipliers, &mut self.shift, &mut self.size);
    }

    /// With the size of its terms.
    #[inline]
    pub fn of(&self, lp: &Lp, column: usize, cost: f64) -> (f64, f64) {
        (cost - lp.dot(column, &self.shift), cost.abs() + lp.dot_size(column, &self.size))
    }
}

fn mass(lp: &Lp) -> Vec<f64> {
    let mut sums = vec![0.0; lp.cells() * lp.width()];
    for cell in 0..lp.cells() {
        let own = &mut sums[cell * lp.width()..(cell + 1) * lp.width()];
        for column in lp.columns(cell) {
            let most = lp.lo[column].abs().max(lp.hi[column].abs());
            own.iter_mut().enumerate().for_each(|(f, sum)| *sum += most * lp.factor(f as u32, column).abs());
        }
    }
    let side = |side: f64| if side.is_finite() { side.abs() } else { 0.0 };
    let mut mass: Vec<f64> = lp.lower.iter().zip(&lp.upper).map(|(l, u)| side(*l).max(side(*u))).collect();
    for cell in 0..lp.cells() {
        for entry in lp.entries(cell) {
            mass[entry.row as usize] += entry.value.abs() * sums[cell * lp.width() + entry.factor as usize];
        }
    }
    mass
}
