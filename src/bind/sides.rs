//! What a param reaches, and the sides of a bound batch at other values of params.
//!
//! A tolerance enters the sides alone, so the matrix of a batch serves all of its values: only `l` and `u` are new.

use super::bound::{About, Bound, ordered};
use super::encode::Encoded;
use super::error::BindError;
use super::formula::{Formula, Scope};
use super::params::Params;
use super::plan::{OwnSides, PlannedRow};
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
            row.coefficient.iter().chain(sides).map(|(formula, _)| formula)
        });
        let mut sides = plan.rows.iter().flat_map(|row| row.lower.iter().chain(&row.upper));
        if plan.fixed.iter().any(|(index, _, _)| *index == param) {
            Reach::Encoding
        } else if coefficients.chain(single).any(|formula| reads(formula, param)) {
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

/// The sides of a row in a batch.
pub(super) fn sides_of(row: &PlannedRow, scope: &Scope) -> Result<(f64, f64), BindError> {
    let side = |side: &Option<Formula>, none: f64| match side {
        Some(formula) => finite(formula, scope, &row.name, &row.text),
        None => Ok(none),
    };
    let own = &row.own;
    let (lower, upper) = (side(&row.lower, f64::NEG_INFINITY)?, side(&row.upper, f64::INFINITY)?);
    ordered(lower, upper).ok_or_else(|| {
        let (row, text) = (row.name.clone(), row.text.clone());
        let of = |wanted: &dyn Fn(f64, f64) -> bool| {
            let asks = |own: &&OwnSides| {
                let value = |side: &Option<Formula>, none| side.as_ref().map_or(none, |side| side.value(scope));
                wanted(value(&own.lower, f64::NEG_INFINITY), value(&own.upper, f64::INFINITY))
            };
            own.iter().find(asks).map(|own| own.name.clone())
        };
        let (below, above) = (of(&|own, _| own == lower), of(&|_, own| own == upper));
        let both = below.zip(above).filter(|(below, above)| below != above);
        match both {
            Some((row, other)) => BindError::CrossedRows { row, other, lower, upper },
            None => BindError::CrossedSides { row, text, lower, upper },
        }
    })
}

/// The sides that each origin of a row asks for; `whole` are those of the row where they do not cross, which are its
/// only origin's.
pub(super) fn own_sides(
    row: &PlannedRow,
    whole: Option<(f64, f64)>,
    scope: &Scope,
) -> Result<Vec<(f64, f64)>, BindError> {
    let sides = |lower: &Option<Formula>, upper: &Option<Formula>, name: &str, text: &str| {
        let side = |side: &Option<Formula>, none: f64| match side {
            Some(formula) => finite(formula, scope, name, text),
            None => Ok(none),
        };
        Ok((side(lower, f64::NEG_INFINITY)?, side(upper, f64::INFINITY)?))
    };
    match (&row.own[..], whole) {
        ([], Some(whole)) => Ok(vec![whole]),
        ([], None) => Ok(vec![sides(&row.lower, &row.upper, &row.name, &row.text)?]),
        (several, _) => several.iter().map(|own| sides(&own.lower, &own.upper, &own.name, &own.text)).collect(),
    }
}

/// The value of a coefficient or side.
pub(super) fn finite(formula: &Formula, scope: &Scope, row: &str, text: &str) -> Result<f64, BindError> {
    let value = formula.value(scope);
    let undefined = || BindError::Undefined { row: row.to_owned(), text: text.to_owned() };
    value.is_finite().then_some(value).ok_or_else(undefined)
}

fn reads(formula: &Formula, param: usize) -> bool {
    formula.has_leaf(|leaf| matches!(leaf, Formula::Param(index) if *index == param))
}
