//! The proofs: what has to be true of a right answer, computed without rounding.

use crate::exact::Exact;
use crate::record::{Answer, Distance, Problem};
use crate::refusal::Refusal;

/// What the checker says of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The point is allowed and the closest. `violation` is the largest of a row or bound, `gap` the duality gap; both as they
    /// are, in the units of the row and of the objective.
    Optimal {
        violation: f64,
        gap: f64,
    },
    /// No point satisfies the hard rows; `margin` is by how much the combination of rows proves it. Where that has to cancel at
    /// samples without bounds and does so to a rounding, no point `within` this distance of zero at these samples does.
    Infeasible {
        margin: f64,
        within: Option<f64>,
    },
    Refused(Refusal),
}

/// Checks an answer. `tolerance` is relative to the size of what is compared: of a row `sum |A y| + |side|`, of a slope
/// `2 w (|y| + |z|) + sum |A mu|`, of the gap the sum of all that is added up in it. A row may also be off by a few roundings of
/// `sum |A| max(|z|, |c|)`; where a multiplier wants it on its side, all of that counts, and `sum |A| (sum |A mu|) / 2 w`.
/// Predictions below the smallest normal float count as that: between smaller floats lie steps that are not small beside them.
pub fn verify(problem: &Problem, answer: &Answer, tolerance: f64) -> Verdict {
    let tolerance = Exact::of(if tolerance.is_finite() { tolerance.max(0.0) } else { 0.0 });
    let checked = match answer.status.as_str() {
        "optimal" => optimal(problem, answer, &tolerance),
        "infeasible" => infeasible(problem, &answer.combination),
        _ => Err(Refusal::NoClaim { status: answer.status.clone() }),
    };
    checked.unwrap_or_else(Verdict::Refused)
}

/// A few roundings, relative to what is added up.
const ROUNDING: f64 = 8.0 * f64::EPSILON;

fn lengths(what: &'static str, found: &[f64], expected: usize) -> Result<(), Refusal> {
    match found.len() == expected {
        true => Ok(()),
        false => Err(Refusal::Lengths { what, found: found.len(), expected }),
    }
}

/// The least size that a prediction, or an objective, counts with.
fn smallest() -> Exact {
    Exact::of(f64::MIN_POSITIVE)
}

/// A row at the point: its value, and the sums of the absolute values of its terms there, at what is given, and at what moves the
/// samples.
#[derive(Clone)]
struct Activity {
    value: Exact,
    size: Exact,
    raw: Exact,
    moved: Exact,
}

/// What the rows do to a sample: the slope of `mu' A y` there is anything from `value - jump` to `value + jump`.
#[derive(Clone)]
struct Pull {
    value: Exact,
    size: Exact,
    jump: Exact,
}

fn activity(row: &[(usize, f64)], distances: &[Distance], y: &[Exact], made: &[Made]) -> Activity {
    let [value, size, raw, moved, mut coefficients] = std::array::from_fn(|_| Exact::zero());
    let mut sum = Activity { value, size, raw, moved };
    for (sample, b, c) in distances {
        let (b, c) = (Exact::of(*b), Exact::of(*c));
        coefficients = &coefficients + &b.abs();
        sum.size = &sum.size + &(&b * &(&y[*sample].abs() + &c.abs()));
        sum.value = &sum.value + &(&b * &(&y[*sample] - &c).abs());
        sum.add_made(&b, &made[*sample]);
    }
    for (sample, coefficient) in row {
        let coefficient = Exact::of(*coefficient);
        let term = &coefficient * &y[*sample];
        coefficients = &coefficients + &coefficient.abs();
        sum.size = &sum.size + &term.abs();
        sum.value = &sum.value + &term;
        sum.add_made(&coefficient.abs(), &made[*sample]);
    }
    sum.size = sum.size.max(&coefficients * &smallest());
    sum
}

impl Activity {
    fn add_made(&mut self, size: &Exact, made: &Made) {
        self.raw = &self.raw + &(size * &made.raw);
        self.moved = &self.moved + &(size * &made.moved);
    }
}

/// The size of the numbers that a prediction is made from: its raw one and the points of distances from it, and what multipliers
/// move it by.
struct Made {
    raw: Exact,
    moved: Exact,
}

fn made(problem: &Problem, pulls: &[Pull]) -> Vec<Made> {
    let moved = |(pull, weight): (&Pull, &f64)| {
        let twice = &Exact::of(2.0) * &Exact::of(*weight);
        if twice.is_zero() { Exact::zero() } else { pull.size.over_rounded_up(&twice) }
    };
    let moved = pulls.iter().zip(&problem.weights).map(moved);
    let raw = problem.z.iter().map(|z| Exact::of(z.abs()));
    let mut made: Vec<Made> = raw.zip(moved).map(|(raw, moved)| Made { raw, moved }).collect();
    for (sample, _, c) in problem.distances.iter().flatten() {
        made[*sample].raw = made[*sample].raw.clone().max(Exact::of(c.abs()));
    }
    made
}

/// The part of the slope at each sample that comes from the rows.
fn pulls(problem: &Problem, answer: &Answer, y: &[Exact]) -> Vec<Pull> {
    let mut pulls = vec![Pull { value: Exact::zero(), size: Exact::zero(), jump: Exact::zero() }; y.len()];
    let rows = problem.rows.iter().zip(&problem.distances).zip(&answer.multipliers);
    for ((row, distances), multiplier) in rows.filter(|(_, multiplier)| **multiplier != 0.0) {
        let mu = Exact::of(*multiplier);
        for (sample, coefficient) in row {
            let (term, pull) = (&mu * &Exact::of(*coefficient), &mut pulls[*sample]);
            pull.size = &pull.size + &term.abs();
            pull.value = &pull.value + &term;
        }
        // Such a row has no lower side, so its multiplier is not negative.
        for (sample, b, c) in distances {
            let (term, pull, from) = (&mu * &Exact::of(*b), &mut pulls[*sample], &y[*sample] - &Exact::of(*c));
            pull.size = &pull.size + &term.abs();
            match (from.is_positive(), from.is_negative()) {
                (true, _) => pull.value = &pull.value + &term,
                (_, true) => pull.value = &pull.value - &term,
                (false, false) => pull.jump = &pull.jump + &term,
            }
        }
    }
    pulls
}

/// By how much a value lies outside an interval with possibly infinite ends; zero inside.
fn excess(value: &Exact, (lower, upper): (f64, f64)) -> Exact {
    let below = if lower.is_finite() { &Exact::of(lower) - value } else { Exact::zero() };
    let above = if upper.is_finite() { value - &Exact::of(upper) } else { Exact::zero() };
    below.max(above).max(Exact::zero())
}

/// The absolute value of a side, zero for none.
fn size_of(side: f64) -> Exact {
    if side.is_finite() { Exact::of(side.abs()) } else { Exact::zero() }
}

fn optimal(problem: &Problem, answer: &Answer, tolerance: &Exact) -> Result<Verdict, Refusal> {
    lengths("yhat", &answer.y, problem.z.len())?;
    lengths("mu", &answer.multipliers, problem.rows.len())?;
    let y: Vec<Exact> = answer.y.iter().copied().map(Exact::of).collect();
    let mut violation = bounds_hold(problem, answer, &y)?;
    let pulls = pulls(problem, answer, &y);
    let made = made(problem, &pulls);
    let mut sum = Sum { gap: Exact::zero(), size: Exact::zero(), objective: Exact::zero() };
    for (index, row) in problem.rows.iter().enumerate() {
        let activity = activity(row, &problem.distances[index], &y, &made);
        let multiplier = answer.multipliers[index];
        violation = violation.max(row_holds(problem, index, &activity, multiplier, tolerance, &mut sum)?);
    }
    for (sample, pull) in pulls.iter().enumerate() {
        sample_is_least(problem, sample, &y[sample], pull, tolerance, &mut sum)?;
    }
    if let Some(claimed) = answer.objective {
        let off = (&sum.objective - &Exact::of(claimed)).abs();
        if off > tolerance * &(&sum.objective.abs() + &sum.size).max(smallest()) {
            return Err(Refusal::Objective { claimed, found: sum.objective.approximate() });
        }
    }
    if sum.gap.abs() > tolerance * &sum.size {
        return Err(Refusal::Gap { gap: sum.gap.approximate() });
    }
    Ok(Verdict::Optimal { violation: violation.approximate(), gap: sum.gap.approximate() })
}

/// The duality gap as it is added up, the size of its terms, and `sum w (y - z)^2`, which answers call their objective.
struct Sum {
    gap: Exact,
    size: Exact,
    objective: Exact,
}

impl Sum {
    fn add(&mut self, term: &Exact) {
        self.gap = &self.gap + term;
        self.size = &self.size + &term.abs();
    }
}

/// Bounds have no tolerance: a number is inside or it is not.
fn bounds_hold(problem: &Problem, answer: &Answer, y: &[Exact]) -> Result<Exact, Refusal> {
    for (sample, (value, bounds)) in y.iter().zip(&problem.bounds).enumerate() {
        if excess(value, *bounds).is_positive() {
            let (lower, upper) = *bounds;
            return Err(Refusal::Bound { sample, value: answer.y[sample], lower, upper });
        }
    }
    Ok(Exact::zero())
}

/// A row holds, or is soft and paid for, and stands on the side that its multiplier pushes from. Adds its part to the gap:
/// `mu * (side - A y)`, and for a soft row what its violation costs. Returns the violation of a hard row.
fn row_holds(
    problem: &Problem,
    row: usize,
    activity: &Activity,
    multiplier: f64,
    tolerance: &Exact,
    sum: &mut Sum,
) -> Result<Exact, Refusal> {
    let (lower, upper) = problem.sides[row];
    let (value, outside) = (activity.value.approximate(), excess(&activity.value, (lower, upper)));
    // Where a row comes to nearly nothing, a rounding of what is given is all that is left of it.
    let rounding = &Exact::of(ROUNDING) * &activity.raw;
    let allowed = &(tolerance * &(&activity.size + &size_of(lower).max(size_of(upper)))) + &rounding;
    let mu = Exact::of(multiplier);
    let hard = problem.soft[row].is_infinite();
    if hard && outside > allowed {
        return Err(Refusal::Row { row, value, lower, upper });
    }
    if !hard {
        // The objective has no half, so a price counts twice.
        let most = &Exact::of(2.0) * &Exact::of(problem.soft[row]);
        if mu.abs() > &most + &(tolerance * &most) {
            return Err(Refusal::Price { row, multiplier, most: most.approximate() });
        }
        sum.add(&(&most * &outside));
    }
    if mu.is_zero() {
        return Ok(if hard { outside } else { Exact::zero() });
    }
    let side = if mu.is_positive() { upper } else { lower };
    if side.is_infinite() {
        return Err(Refusal::Multiplier { row, multiplier, value });
    }
    // The point is what is left of raw predictions once they have moved: it is on a side as well as the digits of both allow.
    let digits = &activity.raw + &activity.moved;
    let (slack, near) = (&Exact::of(side) - &activity.value, &allowed + &(tolerance * &digits));
    if hard && slack.abs() > near {
        return Err(Refusal::Multiplier { row, multiplier, value });
    }
    sum.add(&(&mu * &slack));
    sum.size = &sum.size + &(&mu.abs() * &(&activity.size + &digits));
    Ok(if hard { outside } else { Exact::zero() })
}

/// A sample is where `w (y - z)^2 + pull * y` is least in its bounds. Adds to the gap by how much it is not:
/// the function at `y`, less a lower bound of its minimum.
fn sample_is_least(
    problem: &Problem,
    sample: usize,
    y: &Exact,
    pull: &Pull,
    tolerance: &Exact,
    sum: &mut Sum,
) -> Result<(), Refusal> {
    let (z, weight) = (Exact::of(problem.z[sample]), Exact::of(problem.weights[sample]));
    let (lower, upper) = problem.bounds[sample];
    let twice = &Exact::of(2.0) * &weight;
    let moved = y - &z;
    let part = &weight * &(&moved * &moved);
    sum.objective = &sum.objective + &part;
    sum.size = &sum.size + &part;
    // A sample without weight stays as near to its raw prediction as its bounds allow.
    let slope = if weight.is_zero() && pull.size.is_zero() { moved } else { &(&twice * &moved) + &pull.value };
    // At the point of a distance the slope may be any within the jump: the one nearest to zero counts.
    let slope = match slope.is_positive() {
        true => (&slope - &pull.jump).max(Exact::zero()),
        false => -&(&-&slope - &pull.jump).max(Exact::zero()),
    };
    let near = (&y.abs() + &z.abs()).max(smallest());
    let size = &(&twice * &near) + &pull.size;
    let allowed = tolerance * &size.max(if weight.is_zero() { near.clone() } else { Exact::zero() });
    let (at_lower, at_upper) = (is_at(y, lower), is_at(y, upper));
    let wrong = (slope > allowed && !at_lower) || (-&slope > allowed && !at_upper);
    if wrong {
        return Err(Refusal::Sample { sample, value: y.approximate(), slope: slope.approximate() });
    }
    if twice.is_zero() || slope.is_zero() {
        return Ok(());
    }
    // At a bound that the slope pushes against, the sample is at the minimum itself. Elsewhere the parabola's own minimum lies
    // below: slope^2 / (4 w) less than here.
    if (slope.is_positive() && at_lower) || (slope.is_negative() && at_upper) {
        return Ok(());
    }
    sum.add(&(&slope * &slope).over_rounded_up(&(&Exact::of(2.0) * &twice)));
    if near == smallest() {
        sum.size = &sum.size + &(&weight * &(&near * &near));
    }
    Ok(())
}

fn is_at(value: &Exact, bound: f64) -> bool {
    bound.is_finite() && *value == Exact::of(bound)
}

/// `min over the box of f' A y` less `max over the sides of f' c` is positive: no tolerance, since this is computed exactly.
fn infeasible(problem: &Problem, combination: &[f64]) -> Result<Verdict, Refusal> {
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
    // What is left of the slopes takes away this much for each unit of distance from zero.
    let within = (!left.is_zero()).then(|| difference.over_rounded_up(&left).approximate().next_down());
    Ok(Verdict::Infeasible { margin, within })
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
        let inside = points.filter(|c| !excess(c, (lower, upper)).is_positive()).cloned();
        let value = |y: Exact| {
            let straight = &self.value * &y;
            self.distances.iter().fold(straight, |sum, (b, c)| &sum + &(b * &(&y - c).abs()))
        };
        // Without any of them the function is level.
        ends.chain(inside).map(value).min().unwrap_or_else(Exact::zero)
    }
}
