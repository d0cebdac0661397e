//! Data expressions with every name resolved to an index: what is evaluated for each batch and each sample.

use std::collections::BTreeMap;

use crate::language::program::{Data, Event, Function, Program, power};

use super::error::{BindError, unsupported};
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

/// What a formula may refer to. A formula is resolved where it is known what it reads, so it reads nothing else.
#[derive(Clone, Copy, Default)]
pub(super) struct Scope<'a> {
    pub params: &'a [f64],
    pub columns: &'a [Vec<f64>],
    /// The sample at hand, an index into each column.
    pub row: usize,
    pub totals: &'a [f64],
}

/// Why an expression has no formula.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unresolved {
    /// An aggregate where none can be known.
    Aggregate,
    /// A param or column that is not there, which validation has ruled out.
    Name(String),
}

impl Unresolved {
    /// The error, at `place` and with words for an aggregate.
    pub(super) fn told(self, place: &str, aggregate: &'static str) -> BindError {
        match self {
            Unresolved::Aggregate => unsupported(place, aggregate),
            Unresolved::Name(name) => {
                BindError::Internal { what: format!("`{place}` reads `{name}`, which is unknown") }
            }
        }
    }
}

/// Resolves the names of an expression.
pub(super) trait Resolve {
    fn param(&mut self, name: &str) -> Result<Formula, Unresolved>;
    fn column(&mut self, header: &str) -> Result<Formula, Unresolved>;
    fn total(&mut self, value: &Data, event: &Event) -> Result<Formula, Unresolved>;
}

impl Formula {
    /// The expression over indices.
    pub(super) fn of(data: &Data, names: &mut dyn Resolve) -> Result<Formula, Unresolved> {
        Ok(match data {
            Data::Number(value) => Formula::Number(*value),
            Data::Param(name) => names.param(name)?,
            Data::Column(header) => names.column(header)?,
            Data::Total { value, event } => names.total(value, event)?,
            Data::Sum { constant, terms } => {
                let terms = terms.iter().map(|(c, m)| Ok((*c, Formula::of(m, names)?)));
                Formula::Sum(*constant, terms.collect::<Result<_, _>>()?)
            }
            Data::Product(factors) => {
                let factors = factors.iter().map(|(f, p)| Ok((Formula::of(f, names)?, *p)));
                Formula::Product(factors.collect::<Result<_, _>>()?)
            }
            Data::Call(function, arguments) => {
                let arguments = arguments.iter().map(|a| Formula::of(a, names));
                Formula::Call(*function, arguments.collect::<Result<_, _>>()?)
            }
        })
    }

    pub(super) fn value(&self, scope: &Scope) -> f64 {
        self.evaluate(scope)
    }

    /// The size of the sums that the value is made of.
    pub(super) fn size(&self, scope: &Scope) -> f64 {
        self.evaluate(&Sizes(scope))
    }

    /// Calls `see` on every number, param, column and total.
    pub(super) fn visit_leaves(&self, see: &mut dyn FnMut(&Formula)) {
        match self {
            Formula::Number(_) | Formula::Param(_) | Formula::Column(_) | Formula::Total(_) => see(self),
            Formula::Sum(_, terms) => terms.iter().for_each(|(_, term)| term.visit_leaves(see)),
            Formula::Product(factors) => factors.iter().for_each(|(factor, _)| factor.visit_leaves(see)),
            Formula::Call(_, arguments) => arguments.iter().for_each(|argument| argument.visit_leaves(see)),
        }
    }

    /// Whether one of the numbers, params, columns and totals is such a one.
    pub(super) fn has_leaf(&self, mut is: impl FnMut(&Formula) -> bool) -> bool {
        let mut found = false;
        self.visit_leaves(&mut |leaf| found |= is(leaf));
        found
    }

    /// The first column that is read.
    pub(super) fn first_column(&self) -> Option<usize> {
        let mut found = None;
        self.visit_leaves(&mut |leaf| {
            if let (None, Formula::Column(column)) = (found, leaf) {
                found = Some(*column);
            }
        });
        found
    }

    /// The value in numbers of any kind.
    pub(super) fn evaluate<N: Leaves>(&self, numbers: &N) -> N::Number {
        match self {
            Formula::Number(value) => numbers.number(*value),
            Formula::Param(index) => numbers.param(*index),
            Formula::Column(index) => numbers.column(*index),
            Formula::Total(index) => numbers.total(*index),
            Formula::Sum(constant, terms) => {
                let mut sum = numbers.number(0.0);
                for (coefficient, term) in terms {
                    let term = numbers.multiply(numbers.number(*coefficient), term.evaluate(numbers));
                    sum = numbers.add(sum, term);
                }
                numbers.add(sum, numbers.number(*constant))
            }
            Formula::Product(factors) => {
                let (mut above, mut below) = (numbers.number(1.0), numbers.number(1.0));
                for (factor, exponent) in factors {
                    let value = factor.evaluate(numbers);
                    if *exponent < 0.0 {
                        below = numbers.multiply(below, numbers.power(value, -exponent));
                    } else {
                        above = numbers.multiply(above, numbers.power(value, *exponent));
                    }
                }
                numbers.divide(above, below)
            }
            Formula::Call(function, arguments) => {
                numbers.call(*function, &mut arguments.iter().map(|argument| argument.evaluate(numbers)))
            }
        }
    }
}

/// Arithmetic on numbers of some kind: `f64`, or what carries derivatives.
pub trait Arithmetic {
    type Number;
    fn number(&self, value: f64) -> Self::Number;
    fn add(&self, a: Self::Number, b: Self::Number) -> Self::Number;
    fn multiply(&self, a: Self::Number, b: Self::Number) -> Self::Number;
    fn divide(&self, a: Self::Number, b: Self::Number) -> Self::Number;
    fn power(&self, base: Self::Number, exponent: f64) -> Self::Number;
    fn call(&self, function: Function, arguments: &mut dyn Iterator<Item = Self::Number>) -> Self::Number;
}

/// What the names in a formula stand for.
pub(super) trait Leaves: Arithmetic {
    fn param(&self, index: usize) -> Self::Number;
    fn column(&self, index: usize) -> Self::Number;
    fn total(&self, index: usize) -> Self::Number;
}

impl Arithmetic for Scope<'_> {
    type Number = f64;

    #[inline]
    fn number(&self, value: f64) -> f64 {
        value
    }

    #[inline]
    fn add(&self, a: f64, b: f64) -> f64 {
        a + b
    }

    #[inline]
    fn multiply(&self, a: f64, b: f64) -> f64 {
        a * b
    }

    #[inline]
    fn divide(&self, a: f64, b: f64) -> f64 {
        a / b
    }

    #[inline]
    fn power(&self, base: f64, exponent: f64) -> f64 {
        power(base, exponent)
    }

    #[inline]
    fn call(&self, function: Function, arguments: &mut dyn Iterator<Item = f64>) -> f64 {
        function.of(arguments)
    }
}

impl Leaves for Scope<'_> {
    #[inline]
    fn param(&self, index: usize) -> f64 {
        self.params[index]
    }

    #[inline]
    fn column(&self, index: usize) -> f64 {
        self.columns[index][self.row]
    }

    #[inline]
    fn total(&self, index: usize) -> f64 {
        self.totals[index]
    }
}

/// Absolute values in the place of numbers: a formula gives the size of the sums that it is made of, which is what its rounding
/// errors are relative to.
pub(super) struct Sizes<'a, 'b>(pub &'a Scope<'b>);

impl Arithmetic for Sizes<'_, '_> {
    type Number = f64;

    fn number(&self, value: f64) -> f64 {
        value.abs()
    }

    fn add(&self, a: f64, b: f64) -> f64 {
        a + b
    }

    fn multiply(&self, a: f64, b: f64) -> f64 {
        a * b
    }

    fn divide(&self, a: f64, b: f64) -> f64 {
        a / b
    }

    fn power(&self, base: f64, exponent: f64) -> f64 {
        power(base, exponent)
    }

    fn call(&self, function: Function, arguments: &mut dyn Iterator<Item = f64>) -> f64 {
        match function {
            Function::Abs | Function::Max | Function::Min => arguments.fold(0.0, f64::max),
            Function::Exp | Function::Log | Function::Sqrt | Function::Power => function.of(arguments).abs(),
        }
    }
}

impl Leaves for Sizes<'_, '_> {
    fn param(&self, index: usize) -> f64 {
        self.0.param(index).abs()
    }

    fn column(&self, index: usize) -> f64 {
        self.0.column(index).abs()
    }

    fn total(&self, index: usize) -> f64 {
        self.0.total(index).abs()
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
    fn param(&mut self, name: &str) -> Result<Formula, Unresolved> {
        let index = self.program.param_place(name).ok_or_else(|| Unresolved::Name(name.to_owned()))?;
        self.fixed[index] = true;
        Ok(Formula::Number(self.params.values()[index]))
    }

    fn column(&mut self, header: &str) -> Result<Formula, Unresolved> {
        let index = self.columns.get(header).copied();
        index.map(Formula::Column).ok_or_else(|| Unresolved::Name(header.to_owned()))
    }

    fn total(&mut self, _: &Data, _: &Event) -> Result<Formula, Unresolved> {
        Err(Unresolved::Aggregate)
    }
}
