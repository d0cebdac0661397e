//! The smart constructors of [`Data`] for functions and aggregates, and the split into coefficients and factors.

use super::data::{Data, Function};
use super::event::Event;
use super::number::snap;

/// Functions.
impl Data {
    /// A function of arguments; folds numbers where the result is finite.
    pub fn call(function: Function, mut arguments: Vec<Data>) -> Data {
        match function {
            Function::Max | Function::Min => Data::extremum(function, arguments),
            Function::Power if arguments.len() == 2 => {
                let exponent = arguments.pop().unwrap_or_else(Data::one);
                let base = arguments.pop().unwrap_or_else(Data::one);
                base.pow(exponent)
            }
            Function::Abs | Function::Exp | Function::Log | Function::Sqrt if arguments.len() == 1 => {
                let argument = arguments.pop().unwrap_or_else(Data::zero);
                Data::unary(function, argument)
            }
            Function::Abs | Function::Exp | Function::Log | Function::Sqrt | Function::Power => {
                Data::Call(function, arguments)
            }
        }
    }

    fn unary(function: Function, argument: Data) -> Data {
        if let Some(folded) = argument.as_number().map(|value| apply(function, value)).filter(|f| f.is_finite()) {
            return Data::number(snap(folded));
        }
        match argument {
            argument @ Data::Call(Function::Abs, _) if function == Function::Abs => argument,
            Data::Sum { constant, mut terms } if function == Function::Abs => {
                if let (0.0, [(coefficient, _)]) = (constant, &terms[..]) {
                    let size = coefficient.abs();
                    let only = terms.pop().map_or_else(Data::one, |(_, monomial)| monomial);
                    return Data::unary(Function::Abs, only).scale(size);
                }
                let negative = terms.first().is_some_and(|(c, _)| *c < 0.0);
                let sum = Data::Sum { constant, terms };
                Data::Call(Function::Abs, vec![if negative { sum.neg() } else { sum }])
            }
            argument => Data::Call(function, vec![argument]),
        }
    }

    fn extremum(function: Function, arguments: Vec<Data>) -> Data {
        let mut numbers = Vec::new();
        let mut others = Vec::new();
        for argument in arguments {
            match argument {
                Data::Number(value) => numbers.push(value),
                Data::Call(inner, nested) if inner == function => {
                    for argument in nested {
                        match argument.as_number() {
                            Some(value) => numbers.push(value),
                            None => others.push(argument),
                        }
                    }
                }
                argument => others.push(argument),
            }
        }
        let best = numbers.into_iter().reduce(if function == Function::Max { f64::max } else { f64::min });
        others.extend(best.map(Data::number));
        others.sort();
        others.dedup();
        match others.pop() {
            Some(only) if others.is_empty() => only,
            last => {
                others.extend(last);
                Data::Call(function, others)
            }
        }
    }
}

/// The value of a function of one argument.
pub(super) fn apply(function: Function, value: f64) -> f64 {
    match function {
        Function::Abs => value.abs(),
        Function::Exp => value.exp(),
        Function::Log => value.ln(),
        Function::Sqrt => value.sqrt(),
        Function::Max | Function::Min | Function::Power => value,
    }
}

/// Aggregates.
impl Data {
    /// The total of a per-sample value over an event. Everything free of columns is pulled out, so the value of a
    /// [`Data::Total`] is a product of factors that read columns, or 1.
    pub fn total(value: Data, event: Event) -> Data {
        if event == Event::Never {
            return Data::zero();
        }
        Data::sum(value.split_columns().into_iter().flat_map(|(coefficient, factor)| {
            let total = Data::Total { value: Box::new(factor), event: Box::new(event.clone()) };
            coefficient.addends().into_iter().map(move |addend| addend.mul(total.clone()))
        }))
    }

    /// The parts whose sum this is.
    pub fn addends(self) -> Vec<Data> {
        match self {
            Data::Sum { constant, terms } => {
                let constant = (constant != 0.0).then(|| Data::number(constant));
                terms.into_iter().map(|(c, monomial)| monomial.scale(c)).chain(constant).collect()
            }
            Data::Number(_)
            | Data::Param(_)
            | Data::Column(_)
            | Data::Total { .. }
            | Data::Product(_)
            | Data::Call(..) => vec![self],
        }
    }

    /// `N[event]`.
    pub fn count(event: Event) -> Data {
        Data::total(Data::one(), event)
    }

    /// `E[value | event]`.
    pub fn mean(value: Data, event: Event) -> Data {
        if !value.reads_columns() {
            return value;
        }
        Data::total(value, event.clone()).div(Data::count(event))
    }

    /// A per-sample expression as `Σ coefficient · factor`: coefficients free of columns, distinct factors (products of
    /// factors that read columns, or 1) in canonical order. So `E[φ·ŷ | e]` becomes one term for each factor.
    ///
    /// Products of sums are multiplied out where that brings an aggregate out of a factor.
    pub fn split_columns(&self) -> Vec<(Data, Data)> {
        let parts = self.split_as_it_stands();
        if !has_nested(&parts) {
            return parts;
        }
        let spread = self.multiplied_out().map(|sum| sum.split_as_it_stands());
        spread.filter(|spread| !has_nested(spread)).unwrap_or(parts)
    }

    fn split_as_it_stands(&self) -> Vec<(Data, Data)> {
        let mut parts: Vec<(Data, Data)> = match self {
            Data::Sum { constant, terms } => {
                let constant = (*constant != 0.0).then(|| (Data::number(*constant), Data::one()));
                let split = terms.iter().flat_map(|(c, monomial)| {
                    monomial.split_monomial().into_iter().map(|(coefficient, factor)| (coefficient.scale(*c), factor))
                });
                constant.into_iter().chain(split).collect()
            }
            Data::Number(_)
            | Data::Param(_)
            | Data::Column(_)
            | Data::Total { .. }
            | Data::Product(_)
            | Data::Call(..) => self.split_monomial(),
        };
        parts.sort_by(|(_, a), (_, b)| a.cmp(b));
        let mut merged: Vec<(Vec<Data>, Data)> = Vec::new();
        for (coefficient, factor) in parts {
            match merged.last_mut() {
                Some((coefficients, last)) if *last == factor => coefficients.push(coefficient),
                Some(_) | None => merged.push((vec![coefficient], factor)),
            }
        }
        let summed = merged.into_iter().map(|(coefficients, factor)| (Data::sum(coefficients), factor));
        summed.filter(|(coefficient, _)| !coefficient.is_zero()).collect()
    }

    /// With products of sums and powers of them multiplied out; nothing where that grows too large.
    fn multiplied_out(&self) -> Option<Data> {
        let mut sum = Vec::new();
        for addend in self.clone().addends() {
            let factors = match addend {
                Data::Product(factors) => factors,
                // A coefficient other than 1 makes a sum of one term.
                Data::Sum { constant: 0.0, mut terms } if terms.len() == 1 => {
                    let (coefficient, monomial) = terms.pop()?;
                    match monomial {
                        Data::Product(factors) => {
                            factors.into_iter().chain([(Data::number(coefficient), 1.0)]).collect()
                        }
                        other => vec![(Data::number(coefficient), 1.0), (other, 1.0)],
                    }
                }
                other => vec![(other, 1.0)],
            };
            let mut spread = vec![Data::one()];
            for (factor, power) in factors {
                // A sum of one term is a factor where the power of its coefficient is no finite number: it stays whole.
                let (parts, times) = match factor {
                    Data::Sum { constant, ref terms }
                        if power.fract() == 0.0
                            && (1.0..=MOST_POWER).contains(&power)
                            && terms.len() + usize::from(constant != 0.0) > 1 =>
                    {
                        (factor.addends(), power as usize)
                    }
                    factor => (vec![factor.pow(Data::number(power))], 1),
                };
                for _ in 0..times {
                    if sum.len() + spread.len().saturating_mul(parts.len()) > MOST_ADDENDS {
                        return None;
                    }
                    let products =
                        |one: &Data| parts.iter().map(|part| one.clone().mul(part.clone())).collect::<Vec<_>>();
                    spread = spread.iter().flat_map(products).collect();
                }
            }
            sum.extend(spread);
        }
        Some(Data::sum(sum))
    }

    /// The factors free of columns, and those that read columns; a single sum among the latter is split in turn.
    fn split_monomial(&self) -> Vec<(Data, Data)> {
        match self {
            Data::Product(factors) => {
                let (reading, free): (Vec<_>, Vec<_>) =
                    factors.iter().cloned().partition(|(factor, _)| factor.reads_columns());
                let free = Data::product_of_powers(free);
                match Data::product_of_powers(reading) {
                    sum @ Data::Sum { .. } => {
                        let parts = sum.split_columns().into_iter();
                        parts.map(|(coefficient, factor)| (free.clone().mul(coefficient), factor)).collect()
                    }
                    factor => vec![(free, factor)],
                }
            }
            other if other.reads_columns() => vec![(Data::one(), other.clone())],
            other => vec![(other.clone(), Data::one())],
        }
    }
}

/// Powers of sums that are multiplied out, and the most addends that this may make.
const MOST_POWER: f64 = 8.0;
const MOST_ADDENDS: usize = 1 << 10;

/// Whether a factor of samples reads an aggregate.
fn has_nested(parts: &[(Data, Data)]) -> bool {
    parts.iter().any(|(_, factor)| factor.reads_totals())
}
