//! Numbers that remember what they were made of, for the derivative of one of them with respect to a column (reverse mode;
//! Griewank and Walther 2008, *Evaluating Derivatives*, chapter 3).

use std::cell::RefCell;

use crate::language::program::{Function, power};

use super::formula::Arithmetic;
use super::trace::Tracked;

/// One number for the batch, or one for each sample.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    One(f64),
    Each(Vec<f64>),
}

impl Value {
    fn at(&self, sample: usize) -> f64 {
        match self {
            Value::One(value) => *value,
            Value::Each(values) => values[sample],
        }
    }

    fn map(&self, of: impl Fn(f64) -> f64) -> Value {
        match self {
            Value::One(value) => Value::One(of(*value)),
            Value::Each(values) => Value::Each(values.iter().map(|&value| of(value)).collect()),
        }
    }

    /// Sample by sample.
    fn with(&self, other: &Value, of: impl Fn(f64, f64) -> f64) -> Value {
        match (self, other) {
            (Value::One(a), Value::One(b)) => Value::One(of(*a, *b)),
            (Value::Each(values), _) => {
                Value::Each(values.iter().enumerate().map(|(i, &a)| of(a, other.at(i))).collect())
            }
            (Value::One(a), Value::Each(values)) => Value::Each(values.iter().map(|&b| of(*a, b)).collect()),
        }
    }

    fn sum(&self) -> f64 {
        match self {
            Value::One(value) => *value,
            Value::Each(values) => values.iter().sum(),
        }
    }
}

/// A number, and its derivatives with respect to those that it was made of directly and that depend on the column.
struct Node {
    value: Value,
    parents: Vec<(usize, Value)>,
    constant: bool,
}

/// All numbers so far.
pub(super) struct Tape<'a> {
    header: &'a str,
    /// The first node is the column.
    nodes: RefCell<Vec<Node>>,
}

/// A number on the tape, by its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(usize);

impl<'a> Tape<'a> {
    pub(super) fn new(header: &'a str, values: &[f64]) -> Tape<'a> {
        let column = Node { value: Value::Each(values.to_vec()), parents: Vec::new(), constant: false };
        Tape { header, nodes: RefCell::new(vec![column]) }
    }

    fn push(&self, value: Value, parents: Vec<(usize, Value)>) -> Number {
        let mut nodes = self.nodes.borrow_mut();
        let parents: Vec<_> = parents.into_iter().filter(|(parent, _)| !nodes[*parent].constant).collect();
        nodes.push(Node { value, constant: parents.is_empty(), parents });
        Number(nodes.len() - 1)
    }

    fn value(&self, number: Number) -> Value {
        self.nodes.borrow()[number.0].value.clone()
    }

    /// One function of a number, and its derivative in terms of argument and value.
    fn unary(&self, a: Number, of: impl Fn(f64) -> f64, slope: impl Fn(f64, f64) -> f64) -> Number {
        let argument = self.value(a);
        let value = argument.map(of);
        let partial = argument.with(&value, slope);
        self.push(value, vec![(a.0, partial)])
    }

    /// The larger of two, or the smaller; of equal ones the first.
    fn extreme(&self, a: Number, b: Number, first: impl Fn(f64, f64) -> bool) -> Number {
        let (left, right) = (self.value(a), self.value(b));
        let share = left.with(&right, |a, b| f64::from(u8::from(first(a, b))));
        let value = left.with(&right, |a, b| if first(a, b) { a } else { b });
        let rest = share.map(|share| 1.0 - share);
        self.push(value, vec![(a.0, share), (b.0, rest)])
    }

    /// The derivative of a number of the batch with respect to the column.
    pub(super) fn derivative(self, of: Number) -> Vec<f64> {
        let nodes = self.nodes.into_inner();
        let n = match nodes.first().map(|node| &node.value) {
            Some(Value::Each(values)) => values.len(),
            Some(Value::One(_)) | None => 0,
        };
        let mut by: Vec<Option<Value>> = vec![None; nodes.len()];
        by[of.0] = Some(Value::One(1.0));
        for place in (1..=of.0).rev() {
            let Some(own) = by[place].take() else { continue };
            for (parent, partial) in &nodes[place].parents {
                let more = own.with(partial, |a, b| a * b);
                let more = match &nodes[*parent].value {
                    Value::One(_) => Value::One(more.sum()),
                    Value::Each(_) => more,
                };
                let sum = match &by[*parent] {
                    Some(known) => known.with(&more, |a, b| a + b),
                    None => more,
                };
                by[*parent] = Some(sum);
            }
        }
        match by.first_mut().and_then(Option::take) {
            Some(Value::Each(values)) => values,
            Some(Value::One(value)) => vec![value; n],
            None => vec![0.0; n],
        }
    }
}

impl Arithmetic for Tape<'_> {
    type Number = Number;

    fn number(&self, value: f64) -> Number {
        self.push(Value::One(value), Vec::new())
    }

    fn add(&self, a: Number, b: Number) -> Number {
        let value = self.value(a).with(&self.value(b), |a, b| a + b);
        self.push(value, vec![(a.0, Value::One(1.0)), (b.0, Value::One(1.0))])
    }

    fn multiply(&self, a: Number, b: Number) -> Number {
        let (left, right) = (self.value(a), self.value(b));
        let value = left.with(&right, |a, b| a * b);
        self.push(value, vec![(a.0, right), (b.0, left)])
    }

    fn divide(&self, a: Number, b: Number) -> Number {
        let (above, below) = (self.value(a), self.value(b));
        let value = above.with(&below, |a, b| a / b);
        let by_above = below.map(|b| 1.0 / b);
        let by_below = value.with(&below, |value, b| -value / b);
        self.push(value, vec![(a.0, by_above), (b.0, by_below)])
    }

    fn power(&self, base: Number, exponent: f64) -> Number {
        match exponent == 1.0 {
            true => base,
            false => self.unary(base, |a| power(a, exponent), |a, _| exponent * power(a, exponent - 1.0)),
        }
    }

    fn call(&self, function: Function, arguments: &mut dyn Iterator<Item = Number>) -> Number {
        let mut next = || arguments.next().unwrap_or_else(|| self.number(f64::NAN));
        let first = next();
        match function {
            Function::Abs => self.unary(first, f64::abs, |a, _| if a < 0.0 { -1.0 } else { 1.0 }),
            Function::Exp => self.unary(first, f64::exp, |_, value| value),
            Function::Log => self.unary(first, f64::ln, |a, _| 1.0 / a),
            Function::Sqrt => self.unary(first, f64::sqrt, |_, value| 0.5 / value),
            Function::Power => {
                let second = next();
                let (base, exponent) = (self.value(first), self.value(second));
                let value = base.with(&exponent, power);
                let by_base = base.with(&exponent, |base, exponent| exponent * power(base, exponent - 1.0));
                let by_exponent = value.with(&base, |value, base| value * base.ln());
                self.push(value, vec![(first.0, by_base), (second.0, by_exponent)])
            }
            Function::Max => arguments.fold(first, |most, other| self.extreme(most, other, |a, b| a >= b)),
            Function::Min => arguments.fold(first, |least, other| self.extreme(least, other, |a, b| a <= b)),
        }
    }
}

impl Tracked for Tape<'_> {
    fn samples(&self, values: &[f64]) -> Number {
        self.push(Value::Each(values.to_vec()), Vec::new())
    }

    fn copy(&self, value: &Number) -> Number {
        *value
    }

    fn sum(&self, value: &Number) -> Number {
        // One number for each sample is summed; one for the batch is that sum already.
        let sum = Value::One(self.value(*value).sum());
        self.push(sum, vec![(value.0, Value::One(1.0))])
    }

    fn param(&self, _: usize) -> Option<Number> {
        None
    }

    fn column(&self, header: &str) -> Option<Number> {
        (header == self.header).then_some(Number(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every operation against central differences.
    #[test]
    fn derivatives_are_those_of_finite_differences() {
        let value = |z: &[f64]| {
            let tape = Tape::new("z", z);
            let z = Number(0);
            let (mean, k) = (tape.divide(tape.sum(&z), tape.number(3.0)), tape.samples(&[0.3, -2.0, 1.5]));
            let call = |function, arguments: &[Number]| tape.call(function, &mut arguments.iter().copied());
            let minus = tape.multiply(tape.number(-1.0), z);
            let all = [
                tape.add(z, mean),
                tape.multiply(z, tape.multiply(k, z)),
                tape.divide(k, z),
                tape.power(z, -1.5),
                call(Function::Abs, &[minus]),
                call(Function::Exp, &[minus]),
                call(Function::Log, &[z]),
                call(Function::Sqrt, &[z]),
                call(Function::Power, &[z, mean]),
                call(Function::Max, &[k, z, mean]),
                call(Function::Min, &[k, z, mean]),
                tape.multiply(mean, mean),
            ];
            let weighed = all
                .iter()
                .enumerate()
                .map(|(i, number)| tape.sum(&tape.multiply(*number, tape.samples(&[1.0, 0.5 + i as f64, -0.7]))));
            let total = weighed.reduce(|a, b| tape.add(a, b)).unwrap();
            (tape.value(total).sum(), tape.derivative(total))
        };
        let (here, step) = ([0.9, 0.2, 1.1], 1e-6);
        let found = value(&here).1;
        for sample in 0..3 {
            let at = |by: f64| {
                let mut z = here;
                z[sample] += by;
                value(&z).0
            };
            let slope = (at(step) - at(-step)) / (2.0 * step);
            assert!(
                (found[sample] - slope).abs() < 1e-6 * slope.abs().max(1.0),
                "{sample}: {} is not {slope}",
                found[sample]
            );
        }
    }
}
