//! Between which numbers the value of a function is.

use crate::hir::Expr;
use crate::interval::Interval;
use crate::program::Function;

pub(super) fn call_range(function: Function, arguments: &[Expr]) -> Interval {
    let first = arguments.first().map_or(Interval::ALL, |argument| argument.range);
    let rest = arguments.iter().skip(1).map(|argument| argument.range);
    match function {
        Function::Abs => first.abs(),
        Function::Exp => first.map_increasing(f64::exp),
        Function::Log => first.map_increasing(f64::ln),
        Function::Sqrt => first.map_increasing(f64::sqrt),
        Function::Max => rest.fold(first, Interval::max),
        Function::Min => rest.fold(first, Interval::min),
        Function::Power => power_range(first, arguments.get(1).map_or(Interval::ALL, |exponent| exponent.range)),
    }
}

fn power_range(base: Interval, exponent: Interval) -> Interval {
    let even = exponent.lower == exponent.upper && exponent.lower % 2.0 == 0.0;
    if exponent.lower == exponent.upper && exponent.lower > 0.0 {
        if base.is_non_negative() {
            return base.map_increasing(|value| value.powf(exponent.lower));
        }
        if even {
            return base.abs().map_increasing(|value| value.powf(exponent.lower));
        }
    }
    if base.is_non_negative() || even { Interval::NON_NEGATIVE } else { Interval::ALL }
}
