//! That no point satisfies the rows: a combination of them that says so.

use crate::exact::{Exact, ROUNDING};
use crate::record::Problem;
use crate::verdict::{Refusal, Verdict, lengths};

/// How far a proof up to a distance has to reach at least, and how many times beyond all numbers of the problem.
const FAR: f64 = 1e9;
const BEYOND: f64 = 1e6;

/// `min over the box of f' A y` less `max over the sides of f' c` is positive. This is computed exactly, and only slopes at samples that
/// lack a bound may be off by roundings: see [`Slope::cancel`].
pub fn infeasible(problem: &Problem, combination: &[f64]) -> Result<Verdict, Refusal> {
    lengths("rows", combination, problem.rows.len())?;
    let nothing = Slope { value: Exact::zero(), size: Exact::zero(), distances: Vec::new() };
    let mut slopes = vec![nothing; problem.z.len()];
    let mut most = Some(Exact::zero());
    for (row, factor) in combination.iter().enumerate().filter(|(_, factor)| **factor != 0.0) {
        let (lower, upper) = problem.sides[row];
        let side = if *factor > 0.0 { upper } else { lower };
        // Whoever may be missed at a price proves nothing, and neither does a side that is not there.
        most = most.filter(|_| side.is_finite() && problem.soft[row].is_infinite());
        let factor = Exact::of(*factor);
        most = most.map(|sum| &sum + &(&factor * &Exact::of(side)));
        for (sample, coefficient) in &problem.rows[row] {
            slopes[*sample].add(&(&factor * &Exact::of(*coefficient)));
        }
        for (sample, b, c) in &problem.distances[row] {
            slopes[*sample].distances.push((&factor * &Exact::of(*b), Exact::of(*c)));
        }
    }
    let no_proof = Refusal::Combination { margin: f64::NEG_INFINITY };
    let (mut least, mut left) = (Exact::zero(), Exact::zero());
    for (slope, bounds) in slopes.iter_mut().zip(&problem.bounds) {
        left = &left + &slope.cancel(*bounds).ok_or_else(|| no_proof.clone())?;
        least = &least + &slope.least(*bounds);
    }
    let difference = &least - &most.ok_or(no_proof)?;
    let margin = difference.approximate();
    if !difference.is_positive() {
        return Err(Refusal::Combination { margin });
    }
    if left.is_zero() {
        return Ok(Verdict::Infeasible { margin, within: None });
    }
    // What is left of the slopes takes away this much for each unit of distance from zero.
    let within = difference.over_rounded_up(&left).approximate().next_down();
    let given = problem.z.iter().chain(problem.distances.iter().flatten().map(|(_, _, c)| c));
    let sides = problem.sides.iter().flat_map(|(lower, upper)| [lower, upper]).filter(|side| side.is_finite());
    let largest = given.chain(sides).fold(0.0_f64, |most, number| most.max(number.abs()));
    if within < FAR.max(BEYOND * largest) {
        return Err(Refusal::Combination { margin: f64::NEG_INFINITY });
    }
    Ok(Verdict::Infeasible { margin, within: Some(within) })
}

/// What a combination of rows comes to at a sample: `value y + sum b |y - c|`, with `b >= 0`.
#[derive(Clone)]
struct Slope {
    value: Exact,
    /// The sum of the absolute values of what `value` was added up from.
    size: Exact,
    distances: Vec<(Exact, Exact)>,
}

impl Slope {
    fn add(&mut self, term: &Exact) {
        self.value = &self.value + term;
        self.size = &self.size + &term.abs();
    }

    /// Takes away by how much the function falls for ever, and returns that; none if it is more than a rounding.
    fn cancel(&mut self, (lower, upper): (f64, f64)) -> Option<Exact> {
        let steepest = self.distances.iter().fold(Exact::zero(), |sum, (b, _)| &sum + b);
        let beyond = &self.value.abs() - &steepest;
        let open =
            (lower.is_infinite() && self.value.is_positive()) || (upper.is_infinite() && self.value.is_negative());
        if !open || !beyond.is_positive() {
            return Some(Exact::zero());
        }
        if beyond > &Exact::of(ROUNDING) * &(&self.size + &steepest) {
            return None;
        }
        self.value = if self.value.is_positive() { steepest } else { -&steepest };
        Some(beyond)
    }

    /// The least value within bounds, of a function that does not fall for ever. It lies at a bound or at one of the points, since the
    /// function is convex and straight between them.
    fn least(&self, (lower, upper): (f64, f64)) -> Exact {
        let ends = [lower, upper].into_iter().filter(|end| end.is_finite()).map(Exact::of);
        let points = self.distances.iter().map(|(_, c)| c);
        let inside = points.filter(|c| !c.outside((lower, upper)).is_positive()).cloned();
        let value = |y: Exact| {
            let straight = &self.value * &y;
            self.distances.iter().fold(straight, |sum, (b, c)| &sum + &(b * &(&y - c).abs()))
        };
        // Without any of them the function is level.
        ends.chain(inside).map(value).min().unwrap_or_else(Exact::zero)
    }
}
