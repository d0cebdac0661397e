//! What a param reaches, and the sides of a bound batch at other values of params.
//!
//! A tolerance enters the sides alone, so the matrix of a batch serves all of its values: only `l` and `u` are new.

use super::binder::About;
use super::bound::Bound;
use super::encoded::Encoded;
use super::error::BindError;
use super::formula::{Formula, Scope};
use super::limits::{own_sides, sides_of};
use super::params::Params;
use super::plan::PlannedRow;
use super::slopes::Slopes;
use super::tally::{Samples, Tally};

/// How far into a problem the value of a param reaches, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// No row that takes part reads it.
    Nothing,
    /// The sides of rows alone: [`Encoded::sides`] gives them at another value.
    Sides,
    /// Coefficients, or the bounds of single predictions: bind again.
    Matrix,
    /// Events, or numbers of samples: encode again.
    Encoding,
}

/// The sides of the rows of a bound batch, as functions of the params.
#[derive(Debug)]
pub struct Sides<'a> {
    rows: Vec<&'a PlannedRow>,
    totals: Vec<f64>,
}

impl Encoded {
    /// How far the param at this place of the program reaches.
    pub fn reach(&self, param: usize) -> Reach {
        let plan = &self.plan;
        let coefficients = plan.rows.iter().flat_map(|row| &row.terms).map(|term| &term.coefficient);
        let single = plan.sample_rows.iter().flat_map(|row| {
            let sides = row.lower.iter().chain(&row.upper).flatten();
            let second = row.second.iter().flatten();
            row.coefficient.iter().chain(second).chain(sides).map(|(formula, _)| formula)
        });
        let mut sides = plan.rows.iter().flat_map(|row| row.lower.iter().chain(&row.upper));
        if plan.fixed.iter().chain(self.fixed_in_pairs()).any(|(index, _, _)| *index == param) {
            Reach::Encoding
        } else if coefficients.chain(single).any(|formula| reads(formula, param)) || self.pairs_read(param) {
            Reach::Matrix
        } else if sides.any(|formula| reads(formula, param)) {
            Reach::Sides
        } else {
            Reach::Nothing
        }
    }

    /// The sides of `bound`, which was bound from `samples`.
    pub fn sides(&self, bound: &Bound, samples: &Samples) -> Sides<'_> {
        let kept = self.plan.rows.iter().filter(|row| bound.rows.get(row.row).is_some_and(|row| row.kept().is_some()));
        let tally = Tally::new(self, samples);
        Sides { rows: kept.collect(), totals: self.totals(&tally, &About::new(self, &tally, samples), samples) }
    }
}

impl Sides<'_> {
    /// Lower and upper sides at these values, one for each row of the problem.
    ///
    /// # Errors
    /// Sides without a value, or that cross.
    pub fn at(&self, params: &Params) -> Result<(Vec<f64>, Vec<f64>), Vec<BindError>> {
        let scope = Scope { params: params.values(), totals: &self.totals, ..Scope::default() };
        let (mut lower, mut upper, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for row in &self.rows {
            match sides_of(row, &scope) {
                Ok((l, u)) => {
                    lower.push(l);
                    upper.push(u);
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok((lower, upper)) } else { Err(errors) }
    }

    /// What each origin of each row of the problem asks for at these values.
    ///
    /// # Errors
    /// Sides without a value.
    pub fn own(&self, params: &Params) -> Result<Vec<Vec<(f64, f64)>>, Vec<BindError>> {
        let scope = Scope { params: params.values(), totals: &self.totals, ..Scope::default() };
        let own = |row: &&PlannedRow| own_sides(row, Some(sides_of(row, &scope)?), &scope);
        self.rows.iter().map(own).collect::<Result<_, _>>().map_err(|error| vec![error])
    }

    /// Derivatives of lower and upper sides with respect to the param at this place of the program, one for each row of the
    /// problem; 0 where there is no side. Where an `abs`, `max` or `min` has a kink it is the derivative to one side.
    pub fn slopes(&self, params: &Params, param: usize) -> (Vec<f64>, Vec<f64>) {
        let slopes = Slopes { params: params.values(), totals: &self.totals, param };
        let slope = |side: &Option<Formula>| side.as_ref().map_or(0.0, |side| side.evaluate(&slopes).slope);
        self.rows.iter().map(|row| (slope(&row.lower), slope(&row.upper))).unzip()
    }
}

fn reads(formula: &Formula, param: usize) -> bool {
    formula.has_leaf(|leaf| matches!(leaf, Formula::Param(index) if *index == param))
}
