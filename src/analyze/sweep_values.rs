//! The values of a param that are worth a look.

use super::sweep::ParamSweep;
use super::sweep_error::SweepError;
use crate::bind::Reach;

/// Halvings until the value at which predictions are free is known; of decisions, where each is a solution.
const HALVINGS: usize = 40;
const HALVINGS_OF_DECISIONS: usize = 12;

/// `steps + 1` values from one end to the other, without the last digits of rounding: `0, 0.005, 0.01`.
pub fn between(from: f64, to: f64, steps: usize) -> Vec<f64> {
    let steps = steps.max(1);
    let value = |step: usize| match step {
        0 => from,
        step if step == steps => to,
        step => decimal(from + (to - from) * (step as f64 / steps as f64)),
    };
    (0..=steps).map(value).collect()
}

/// About `steps` values from where the spec asks for most to where it asks for nothing, in a round step; the declared
/// range where the predictions are free at both of its ends or at neither, or where events read the param.
///
/// # Errors
/// As [`ParamSweep::at`].
pub fn sensible(sweep: &mut ParamSweep<'_>, steps: usize) -> Result<Vec<f64>, SweepError> {
    let (low, high) = ends(sweep);
    if low >= high {
        return Ok(vec![low]);
    }
    let (mut from, mut to) = (low, high);
    // Each look at a param that events read is a reading of the data: not for it.
    if sweep.reach() < Reach::Encoding {
        match (sweep.is_free(low)?, sweep.is_free(high)?) {
            (false, true) => to = boundary(sweep, low, high)?,
            (true, false) => from = boundary(sweep, high, low)?,
            (true, true) | (false, false) => {}
        }
    }
    let step = round_step((to - from) / steps.max(1) as f64);
    let first = (from / step + 1e-9).floor();
    let last = (to / step - 1e-9).ceil();
    let count = (last - first).clamp(1.0, 1e6) as usize;
    let mut values: Vec<f64> = (0..=count).map(|k| decimal((first + k as f64) * step).clamp(low, high)).collect();
    values.dedup();
    Ok(values)
}

/// The declared range, with ends where it has none.
fn ends(sweep: &ParamSweep<'_>) -> (f64, f64) {
    let value = sweep.present();
    let (low, high) = sweep.param().map_or((value, value), |param| (param.range.lower, param.range.upper));
    let far = 4.0 * value.abs().max(0.25);
    let low = if low.is_finite() { low } else { high.min(if value >= 0.0 { 0.0 } else { -far }) };
    let high = if high.is_finite() { high } else { low.max(if value >= 0.0 { far } else { 0.0 }) };
    (low, high)
}

/// The value between one at which something has to move and one at which nothing has, nearest to the first.
fn boundary(sweep: &mut ParamSweep<'_>, bound: f64, free: f64) -> Result<f64, SweepError> {
    let (mut bound, mut free) = (bound, free);
    for _ in 0..if sweep.decides() { HALVINGS_OF_DECISIONS } else { HALVINGS } {
        let middle = bound / 2.0 + free / 2.0;
        if sweep.is_free(middle)? {
            free = middle;
        } else {
            bound = middle;
        }
    }
    Ok(free)
}

/// The least of 1, 2 and 5 times a power of ten that is not below.
fn round_step(step: f64) -> f64 {
    let power = 10.0_f64.powf(step.log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].into_iter().find(|round| step <= round * power * (1.0 + 1e-9));
    decimal(round.unwrap_or(10.0) * power)
}

/// The nearest number of twelve digits.
fn decimal(value: f64) -> f64 {
    format!("{value:.11e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        assert_eq!(between(0.0, 0.02, 4), [0.0, 0.005, 0.01, 0.015, 0.02]);
        assert_eq!(between(0.3, 0.1, 2), [0.3, 0.2, 0.1]);
        assert_eq!([0.004, 0.0041, 0.1, 0.3, 7.0].map(round_step), [0.005, 0.005, 0.1, 0.5, 10.0]);
    }
}
