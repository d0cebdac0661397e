//! Sides with their derivative with respect to one param, by dual numbers: `(a + a'δ)(b + b'δ) = ab + (a'b + ab')δ`.

use crate::language::program::{Function, power};

use super::formula::{Arithmetic, Leaves};

/// A number, and how it changes with the param.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Dual {
    pub value: f64,
    pub slope: f64,
}

/// What the names in a side stand for, seen from one param; totals of data depend on none.
pub(super) struct Slopes<'a> {
    pub params: &'a [f64],
    pub totals: &'a [f64],
    /// The param that derivatives are with respect to.
    pub param: usize,
}

fn constant(value: f64) -> Dual {
    Dual { value, slope: 0.0 }
}

impl Arithmetic for Slopes<'_> {
    type Number = Dual;

    fn number(&self, value: f64) -> Dual {
        constant(value)
    }

    fn add(&self, a: Dual, b: Dual) -> Dual {
        Dual { value: a.value + b.value, slope: a.slope + b.slope }
    }

    fn multiply(&self, a: Dual, b: Dual) -> Dual {
        Dual { value: a.value * b.value, slope: a.slope * b.value + a.value * b.slope }
    }

    fn divide(&self, a: Dual, b: Dual) -> Dual {
        let value = a.value / b.value;
        Dual { value, slope: (a.slope - value * b.slope) / b.value }
    }

    fn power(&self, base: Dual, exponent: f64) -> Dual {
        let slope = if base.slope == 0.0 { 0.0 } else { exponent * power(base.value, exponent - 1.0) * base.slope };
        Dual { value: power(base.value, exponent), slope }
    }

    fn call(&self, function: Function, arguments: &mut dyn Iterator<Item = Dual>) -> Dual {
        let arguments: Vec<Dual> = arguments.collect();
        let value = function.of(&mut arguments.iter().map(|argument| argument.value));
        let first = arguments.first().copied().unwrap_or(constant(f64::NAN));
        let slope = match function {
            Function::Abs if first.value < 0.0 => -first.slope,
            Function::Abs => first.slope,
            Function::Exp => value * first.slope,
            Function::Log => first.slope / first.value,
            Function::Sqrt => first.slope / (2.0 * value),
            Function::Power => {
                let exponent = arguments.get(1).copied().unwrap_or(constant(f64::NAN));
                let with_base = self.power(first, exponent.value).slope;
                let by_exponent = if exponent.slope == 0.0 { 0.0 } else { value * first.value.ln() * exponent.slope };
                with_base + by_exponent
            }
            // The value is that of one of the arguments, to the bit.
            Function::Max | Function::Min => {
                arguments.iter().find(|argument| argument.value == value).map_or(f64::NAN, |argument| argument.slope)
            }
        };
        Dual { value, slope }
    }
}

impl Leaves for Slopes<'_> {
    fn param(&self, index: usize) -> Dual {
        Dual { value: self.params[index], slope: f64::from(u8::from(index == self.param)) }
    }

    fn column(&self, _: usize) -> Dual {
        // Sides read no columns: they are resolved by names that have none.
        constant(f64::NAN)
    }

    fn total(&self, index: usize) -> Dual {
        constant(self.totals[index])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every operation against a central difference.
    #[test]
    fn slopes_are_those_of_finite_differences() {
        let at = |p: f64| {
            let params = [p, 0.7];
            let n = Slopes { params: &params, totals: &[3.0], param: 0 };
            let (p, q, t) = (n.param(0), n.param(1), n.total(0));
            let call = |function, arguments: &[Dual]| n.call(function, &mut arguments.iter().copied());
            let minus = n.multiply(constant(-1.0), p);
            let all = [
                n.add(p, q),
                n.multiply(p, n.multiply(p, t)),
                n.divide(t, n.add(p, q)),
                n.power(p, -1.5),
                call(Function::Abs, &[minus]),
                call(Function::Exp, &[minus]),
                call(Function::Log, &[n.multiply(p, t)]),
                call(Function::Sqrt, &[p]),
                call(Function::Power, &[p, q]),
                call(Function::Power, &[q, p]),
                call(Function::Max, &[q, p, minus]),
                call(Function::Min, &[q, p, minus]),
                q,
            ];
            all.to_vec()
        };
        let (step, here) = (1e-6, at(0.9));
        for (index, (up, down)) in at(0.9 + step).iter().zip(&at(0.9 - step)).enumerate() {
            let slope = (up.value - down.value) / (2.0 * step);
            assert!((here[index].slope - slope).abs() < 1e-8, "{index}: {} is not {slope}", here[index].slope);
        }
        assert_eq!(here[12].slope, 0.0);
    }
}
