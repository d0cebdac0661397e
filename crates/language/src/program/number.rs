//! Arithmetic on the constants of a spec, and how numbers are written.
//!
//! Constants are decimal literals, so `1 - 20%` and `0.8` should be the same constant although binary arithmetic sets
//! them an ulp apart. A folded result that lies within four ulps of a decimal of at most fifteen digits becomes that
//! decimal ([`snap`]); so the order in which constants are folded does not show in the canonical form.

/// How far, in units of machine epsilon, a folded constant may lie from the decimal that it becomes.
const SNAP: f64 = 4.0 * f64::EPSILON;

/// The decimal of at most fifteen digits that `value` stands for, or `value` itself where there is none.
pub(super) fn snap(value: f64) -> f64 {
    let value = value + 0.0; // no negative zero
    if !value.is_finite() || value == value.trunc() {
        return value;
    }
    match format!("{value:.14e}").parse::<f64>() {
        Ok(decimal) if (decimal - value).abs() <= SNAP * value.abs() => decimal + 0.0,
        Ok(_) | Err(_) => value,
    }
}

/// The sum of constants, independent of their order; `None` if it is not finite.
pub(super) fn fold_sum(mut values: Vec<f64>) -> Option<f64> {
    if let [single] = values[..] {
        return Some(single + 0.0);
    }
    values.sort_by(f64::total_cmp);
    Some(snap(values.iter().sum())).filter(|sum| sum.is_finite())
}

/// The product of constants, independent of their order; `None` if it is not finite.
pub(super) fn fold_product(mut values: Vec<f64>) -> Option<f64> {
    values.retain(|&value| value != 1.0);
    if let [single] = values[..] {
        return Some(single + 0.0);
    }
    values.sort_by(f64::total_cmp);
    Some(snap(values.iter().product())).filter(|product| product.is_finite())
}

/// `base ^ exponent`, with the exponents that occur in practice computed by products and quotients.
pub fn power(base: f64, exponent: f64) -> f64 {
    if exponent == 1.0 {
        base
    } else if exponent == -1.0 {
        1.0 / base
    } else if exponent == 2.0 {
        base * base
    } else {
        base.powf(exponent)
    }
}

/// Whether `value` is a whole number (a power of which is defined for negative bases).
pub(super) fn is_whole(value: f64) -> bool {
    value == value.trunc()
}
