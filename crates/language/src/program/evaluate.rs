//! What data expressions and events mean: their value for one sample.
//!
//! The definition of the semantics, used for coefficients and sides (a few per batch) and by tests; binding evaluates
//! per-sample expressions column by column instead.

use super::data::{Data, Function};
use super::event::Event;
use super::functions::apply;
use super::number::power;

/// The numbers that an expression may refer to. What is not known is NaN.
pub trait Values {
    fn param(&self, name: &str) -> f64;
    /// The value of a numeric column for the sample at hand; NaN where it is null.
    fn column(&self, header: &str) -> f64;
    /// The text of the level of a categorical column; `None` where it is null or undeclared.
    fn level(&self, header: &str) -> Option<&str>;
    fn total(&self, value: &Data, event: &Event) -> f64;
}

impl Data {
    pub fn evaluate(&self, values: &impl Values) -> f64 {
        match self {
            Data::Number(value) => *value,
            Data::Param(name) => values.param(name),
            Data::Column(header) => values.column(header),
            Data::Total { value, event } => values.total(value, event),
            Data::Sum { constant, terms } => {
                terms.iter().map(|(coefficient, monomial)| coefficient * monomial.evaluate(values)).sum::<f64>()
                    + constant
            }
            Data::Product(factors) => {
                // One division at the end, so that a mean is the quotient of its sums to the last bit.
                let (mut above, mut below) = (1.0, 1.0);
                for (factor, exponent) in factors {
                    let value = factor.evaluate(values);
                    if *exponent < 0.0 {
                        below *= power(value, -exponent);
                    } else {
                        above *= power(value, *exponent);
                    }
                }
                above / below
            }
            Data::Call(function, arguments) => function.of(arguments.iter().map(|argument| argument.evaluate(values))),
        }
    }
}

impl Function {
    /// The value for given arguments; NaN if one is NaN, or too few are given.
    pub fn of(self, mut arguments: impl Iterator<Item = f64>) -> f64 {
        match self {
            Function::Abs | Function::Exp | Function::Log | Function::Sqrt => {
                arguments.next().map_or(f64::NAN, |value| apply(self, value))
            }
            Function::Max => arguments.reduce(|a, b| if a.is_nan() || a > b { a } else { b }).unwrap_or(f64::NAN),
            Function::Min => arguments.reduce(|a, b| if a.is_nan() || a < b { a } else { b }).unwrap_or(f64::NAN),
            Function::Power => match (arguments.next(), arguments.next()) {
                (Some(base), Some(exponent)) => power(base, exponent),
                (_, _) => f64::NAN,
            },
        }
    }
}

impl Event {
    /// Whether the sample is in the event. An undefined value satisfies no comparison.
    pub fn holds(&self, values: &impl Values) -> bool {
        match self {
            Event::All => true,
            Event::Never => false,
            Event::Levels { column, levels, other } => match values.level(column) {
                Some(level) => levels.iter().any(|chosen| chosen == level),
                None => *other,
            },
            Event::Compare { left, op, right } => {
                let (left, right) = (left.evaluate(values), right.evaluate(values));
                !left.is_nan() && !right.is_nan() && op.holds(left, right)
            }
            Event::Not(event) => !event.holds(values),
            Event::And(events) => events.iter().all(|event| event.holds(values)),
            Event::Or(events) => events.iter().any(|event| event.holds(values)),
        }
    }
}
