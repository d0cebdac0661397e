//! Data expressions with every name resolved to an index: what is evaluated for each batch and each sample.

use std::collections::BTreeMap;

use crate::language::program::{Data, Event, Function, Program, power};

use super::params::Params;

/// A [`Data`] expression over indices.
#[derive(Clone, Debug)]
pub(super) enum Formula {
    Number(f64),
    Param(usize),
    /// A column of the encoder.
    Column(usize),
    /// An entry of the totals of the batch.
    Total(usize),
    Sum(f64, Vec<(f64, Formula)>),
    Product(Vec<(Formula, f64)>),
    Call(Function, Vec<Formula>),
}

/// What a formula may refer to; what is out of reach is NaN.
#[derive(Clone, Copy, Default)]
pub(super) struct Scope<'a> {
    pub params: &'a [f64],
    pub columns: &'a [Vec<f64>],
    /// The sample at hand, an index into each column.
    pub row: usize,
    pub totals: &'a [f64],
}

/// Resolves the names of an expression.
pub(super) trait Resolve {
    fn param(&mut self, name: &str) -> Formula;
    fn column(&mut self, header: &str) -> Formula;
    /// `None` where aggregates cannot be known.
    fn total(&mut self, value: &Data, event: &Event) -> Option<Formula>;
}

impl Formula {
    /// `None` if the expression has an aggregate where none can be known.
    pub(super) fn of(data: &Data, names: &mut dyn Resolve) -> Option<Formula> {
        Some(match data {
            Data::Number(value) => Formula::Number(*value),
            Data::Param(name) => names.param(name),
            Data::Column(header) => names.column(header),
            Data::Total { value, event } => names.total(value, event)?,
            Data::Sum { constant, terms } => {
                let terms: Option<Vec<_>> = terms.iter().map(|(c, m)| Some((*c, Formula::of(m, names)?))).collect();
                Formula::Sum(*constant, terms?)
            }
            Data::Product(factors) => {
                let factors: Option<Vec<_>> = factors.iter().map(|(f, p)| Some((Formula::of(f, names)?, *p))).collect();
                Formula::Product(factors?)
            }
            Data::Call(function, arguments) => {
                let arguments: Option<Vec<_>> = arguments.iter().map(|a| Formula::of(a, names)).collect();
                Formula::Call(*function, arguments?)
            }
        })
    }

    pub(super) fn value(&self, scope: &Scope) -> f64 {
        match self {
            Formula::Number(value) => *value,
            Formula::Param(index) => scope.params.get(*index).copied().unwrap_or(f64::NAN),
            Formula::Column(index) => {
                scope.columns.get(*index).and_then(|column| column.get(scope.row)).copied().unwrap_or(f64::NAN)
            }
            Formula::Total(index) => scope.totals.get(*index).copied().unwrap_or(f64::NAN),
            Formula::Sum(constant, terms) => {
                terms.iter().map(|(coefficient, term)| coefficient * term.value(scope)).sum::<f64>() + constant
            }
            Formula::Product(factors) => {
                let (mut above, mut below) = (1.0, 1.0);
                for (factor, exponent) in factors {
                    let value = factor.value(scope);
                    if *exponent < 0.0 {
                        below *= power(value, -exponent);
                    } else {
                        above *= power(value, *exponent);
                    }
                }
                above / below
            }
            Formula::Call(function, arguments) => function.of(arguments.iter().map(|argument| argument.value(scope))),
        }
    }
}

/// Params are numbers already, and aggregates are out of reach: the names of a per-sample expression.
pub(super) struct SampleNames<'a> {
    pub program: &'a Program,
    pub params: &'a Params,
    pub columns: &'a BTreeMap<String, usize>,
    /// Set for each param that was read.
    pub fixed: &'a mut [bool],
}

impl Resolve for SampleNames<'_> {
    fn param(&mut self, name: &str) -> Formula {
        let Some(index) = self.program.params.iter().position(|param| param.name == name) else {
            return Formula::Number(f64::NAN);
        };
        if let Some(fixed) = self.fixed.get_mut(index) {
            *fixed = true;
        }
        Formula::Number(self.params.values().get(index).copied().unwrap_or(f64::NAN))
    }

    fn column(&mut self, header: &str) -> Formula {
        self.columns.get(header).map_or(Formula::Number(f64::NAN), |&index| Formula::Column(index))
    }

    fn total(&mut self, _: &Data, _: &Event) -> Option<Formula> {
        None
    }
}
