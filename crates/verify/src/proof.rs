//! The proofs: what has to be true of a right answer, computed without rounding.

use std::collections::BTreeMap;

use crate::exact::{Exact, ROUNDING};
use crate::infeasible::infeasible;
use crate::record::{Answer, Distance, Problem};
use crate::verdict::{Refusal, Verdict, lengths};

/// Checks an answer. `tolerance` is relative to the size of what is compared: of a row `sum |A y| + |side|`, of a slope
/// `2 w (|y| + |z|) + sum |A mu|`, of the gap the objective and, of free samples, `|A' mu| |y|`. Rows, sides and the gap may besides be off by
/// roundings of what predictions are made from: eight where a row has to hold, 256 where a multiplier wants it on its side.
/// Predictions and gaps below 1e-300 count as that: what they are multiplied with leads to floats whose steps are not small beside them.
pub fn verify(problem: &Problem, answer: &Answer, tolerance: f64) -> Verdict {
    let tolerance = Exact::of(if tolerance.is_finite() { tolerance.max(0.0) } else { 0.0 });
    let checked = match answer.status.as_str() {
        "optimal" => optimal(problem, answer, &tolerance),
        "infeasible" => infeasible(problem, &answer.combination),
        _ => Err(Refusal::NoClaim { status: answer.status.clone() }),
    };
    checked.unwrap_or_else(Verdict::Refused)
}

/// The least size that a prediction, or an objective, counts with.
fn smallest() -> Exact {
    Exact::of(1e-300)
}

/// A row at the point: its value, the sum of the absolute values of its terms, and those sums of what a term may be wrong by: see
/// [`Digits`].
#[derive(Clone)]
struct Activity {
    value: Exact,
    size: Exact,
    fine: Exact,
    coarse: Exact,
}

/// What the rows do to a sample: the slope of `mu' A y` there is anything from `value - jump` to `value + jump`.
#[derive(Clone)]
struct Pull {
    value: Exact,
    size: Exact,
    jump: Exact,
}

fn activity(row: &[(usize, f64)], distances: &[Distance], y: &[Exact], digits: &[Digits]) -> Activity {
    let [value, size, fine, coarse, mut coefficients] = std::array::from_fn(|_| Exact::zero());
    let mut sum = Activity { value, size, fine, coarse };
    for (sample, b, c) in distances {
        let (b, c) = (Exact::of(*b), Exact::of(*c));
        coefficients = &coefficients + &b.abs();
        sum.size = &sum.size + &(&b * &(&y[*sample].abs() + &c.abs()));
        sum.value = &sum.value + &(&b * &(&y[*sample] - &c).abs());
        sum.add_digits(&b, &digits[*sample]);
    }
    for (sample, coefficient) in row {
        let coefficient = Exact::of(*coefficient);
        let term = &coefficient * &y[*sample];
        coefficients = &coefficients + &coefficient.abs();
        sum.size = &sum.size + &term.abs();
        sum.value = &sum.value + &term;
        sum.add_digits(&coefficient.abs(), &digits[*sample]);
    }
    sum.size = sum.size.max(&coefficients * &smallest());
    sum
}

impl Activity {
    fn add_digits(&mut self, size: &Exact, digits: &Digits) {
        self.fine = &self.fine + &(size * &digits.fine);
        self.coarse = &self.coarse + &(size * &digits.coarse);
    }
}

/// What a prediction may be wrong by: it is what is left of its raw one, of the points of distances from it, and of what multipliers
/// move it by, where all of these may be much larger.
struct Digits {
    /// Eight roundings of the raw prediction, which counts as 1 at most.
    fine: Exact,
    /// 256 roundings of the largest of the three, of which the points and the moves count as 1 at most, and of what was set all.
    coarse: Exact,
    /// Whether it was not computed but set: to a bound, or to the point of a distance.
    set: bool,
}

fn digits(problem: &Problem, pulls: &[Pull], y: &[Exact]) -> Vec<Digits> {
    let one = Exact::of(1.0);
    let mut given = vec![Exact::zero(); pulls.len()];
    for (sample, _, c) in problem.distances.iter().flatten() {
        given[*sample] = given[*sample].clone().max(Exact::of(c.abs()));
    }
    let of_sample = |(sample, given): (usize, Exact)| {
        let pull = &pulls[sample];
        let (raw, twice) = (Exact::of(problem.z[sample].abs()), &Exact::of(2.0) * &Exact::of(problem.weights[sample]));
        let (lower, upper) = problem.bounds[sample];
        let set = is_at(&y[sample], lower) || is_at(&y[sample], upper) || !pull.jump.is_zero();
        let raw = if set { raw.min(one.clone()) } else { raw };
        let still = twice.is_zero() || pull.size.is_zero();
        let moved = if still { Exact::zero() } else { pull.size.over_rounded_up(&twice) };
        let fine = &Exact::of(ROUNDING) * &raw.clone().min(one.clone());
        Digits { fine, coarse: &Exact::of(32.0 * ROUNDING) * &given.max(moved).min(one.clone()).max(raw), set }
    };
    given.into_iter().enumerate().map(of_sample).collect()
}

/// The terms of a row at the point: the sample, the slope there, and by how much that may be more or less, at the point of a distance.
fn slopes(problem: &Problem, row: usize, y: &[Exact]) -> impl Iterator<Item = (usize, Exact, Exact)> {
    let own = problem.rows[row].iter().map(|(sample, a)| (*sample, Exact::of(*a), Exact::zero()));
    own.chain(problem.distances[row].iter().map(|(sample, b, c)| {
        let (b, from) = (Exact::of(*b), &y[*sample] - &Exact::of(*c));
        match (from.is_positive(), from.is_negative()) {
            (true, _) => (*sample, b, Exact::zero()),
            (_, true) => (*sample, -&b, Exact::zero()),
            (false, false) => (*sample, Exact::zero(), b),
        }
    }))
}

/// The part of the slope at each sample that comes from the rows.
fn pulls(problem: &Problem, answer: &Answer, y: &[Exact]) -> Vec<Pull> {
    let mut pulls = vec![Pull { value: Exact::zero(), size: Exact::zero(), jump: Exact::zero() }; y.len()];
    for (row, multiplier) in answer.multipliers.iter().enumerate().filter(|(_, multiplier)| **multiplier != 0.0) {
        let mu = Exact::of(*multiplier);
        for (sample, slope, jump) in slopes(problem, row, y) {
            // A row with distances has no lower side, so its multiplier is not negative.
            let (term, jump, pull) = (&mu * &slope, &mu * &jump, &mut pulls[sample]);
            pull.size = &pull.size + &(&term.abs() + &jump.abs());
            pull.value = &pull.value + &term;
            pull.jump = &pull.jump + &jump;
        }
    }
    pulls
}

/// What the gap is when free samples make up for roundings of a row: they move as little as that takes, and none by more than
/// 4,096 roundings. No multiplier makes it larger.
fn made_up_for(problem: &Problem, row: usize, rounding: &Exact, y: &[Exact], digits: &[Digits]) -> Exact {
    let mut free: BTreeMap<usize, Exact> = BTreeMap::new();
    for (sample, slope, _) in slopes(problem, row, y).filter(|(sample, ..)| !digits[*sample].set) {
        let sum = free.entry(sample).or_insert_with(Exact::zero);
        *sum = &*sum + &slope;
    }
    // A move of `a / w` at each sample takes the row `sum a^2 / w` further, and costs as much.
    let (mut further, mut longest) = (Exact::zero(), Exact::zero());
    for (sample, slope) in free.iter().filter(|(_, slope)| !slope.is_zero()) {
        let weight = Exact::of(problem.weights[*sample]);
        if weight.is_zero() {
            return Exact::zero();
        }
        let unit = slope.abs().over_rounded_up(&weight);
        further = &further + &(&slope.abs() * &unit);
        longest = longest.max(unit);
    }
    if further.is_zero() {
        return further;
    }
    let most = (&Exact::of(512.0 * ROUNDING) * &further).over_rounded_up(&longest);
    let covered = rounding.clone().min(most);
    (&Exact::of(2.0) * &(&covered * &covered)).over_rounded_up(&further)
}

/// The absolute value of a side, zero for none.
fn size_of(side: f64) -> Exact {
    if side.is_finite() { Exact::of(side.abs()) } else { Exact::zero() }
}

fn optimal(problem: &Problem, answer: &Answer, tolerance: &Exact) -> Result<Verdict, Refusal> {
    lengths("yhat", &answer.y, problem.z.len())?;
    lengths("mu", &answer.multipliers, problem.rows.len())?;
    let y: Vec<Exact> = answer.y.iter().copied().map(Exact::of).collect();
    bounds_hold(problem, answer, &y)?;
    let mut violation = Exact::zero();
    let pulls = pulls(problem, answer, &y);
    let digits = digits(problem, &pulls, &y);
    let [gap, spared, size, rounding, objective] = std::array::from_fn(|_| Exact::zero());
    let mut sum = Sum { gap, spared, size, rounding, objective };
    for (index, row) in problem.rows.iter().enumerate() {
        let activity = activity(row, &problem.distances[index], &y, &digits);
        let multiplier = answer.multipliers[index];
        violation = violation.max(row_holds(problem, index, &activity, multiplier, tolerance, &mut sum)?);
        if multiplier != 0.0 {
            sum.rounding = &sum.rounding + &made_up_for(problem, index, &activity.coarse, &y, &digits);
        }
    }
    for (sample, pull) in pulls.iter().enumerate() {
        sample_is_least(problem, sample, &y[sample], pull, tolerance, &mut sum)?;
        // By so much the objective grows where a prediction is off by roundings.
        let off = digits[sample].coarse.clone().min(Exact::of(32.0 * ROUNDING));
        sum.rounding = &sum.rounding + &(&Exact::of(problem.weights[sample]) * &(&off * &off));
        // What rows come to at a sample, after multipliers have cancelled: no number of an answer makes that large.
        if !digits[sample].set {
            let pull = pull.value.abs();
            sum.size = &sum.size + &(&pull * &y[sample].abs());
            sum.rounding = &sum.rounding + &(&pull * &digits[sample].coarse);
        }
    }
    if let Some(claimed) = answer.objective {
        let off = (&sum.objective - &Exact::of(claimed)).abs();
        if off > tolerance * &(&sum.objective.abs() + &sum.size).max(smallest()) {
            return Err(Refusal::Objective { claimed, found: sum.objective.approximate() });
        }
    }
    // Rows that are kept to the tolerance may cost what they do, or nothing.
    let gap = (&sum.gap - &sum.spared).max(Exact::zero().min(sum.gap));
    if gap.abs() > &(tolerance * &sum.size.max(smallest())) + &sum.rounding {
        return Err(Refusal::Gap { gap: gap.approximate() });
    }
    Ok(Verdict::Optimal { violation: violation.approximate(), gap: gap.approximate() })
}

/// The duality gap as it is added up, what of it soft rows cost that are kept to the tolerance, the size of its terms, what roundings of predictions make of it, and `sum w (y - z)^2`, which
/// answers call their objective.
struct Sum {
    gap: Exact,
    spared: Exact,
    size: Exact,
    rounding: Exact,
    objective: Exact,
}

impl Sum {
    fn add(&mut self, term: &Exact) {
        self.gap = &self.gap + term;
        self.size = &self.size + &term.abs();
    }
}

/// Bounds have no tolerance: a number is inside or it is not.
fn bounds_hold(problem: &Problem, answer: &Answer, y: &[Exact]) -> Result<(), Refusal> {
    for (sample, (value, bounds)) in y.iter().zip(&problem.bounds).enumerate() {
        if value.outside(*bounds).is_positive() {
            let (lower, upper) = *bounds;
            return Err(Refusal::Bound { sample, value: answer.y[sample], lower, upper });
        }
    }
    Ok(())
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
    let (value, outside) = (activity.value.approximate(), activity.value.outside((lower, upper)));
    // Of the side in question: the other may be far away.
    let allowed_at = |side: f64| &(tolerance * &(&activity.size + &size_of(side))) + &activity.fine;
    let allowed = allowed_at(if activity.value > Exact::of(upper.min(f64::MAX)) { upper } else { lower });
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
        let cost = &most * &outside;
        if outside > allowed {
            sum.add(&cost);
        } else {
            // A row that is kept as a hard one has to be is kept, whatever the price.
            sum.gap = &sum.gap + &cost;
            sum.spared = &sum.spared + &cost;
        }
    }
    if mu.is_zero() {
        return Ok(if hard { outside } else { Exact::zero() });
    }
    let side = if mu.is_positive() { upper } else { lower };
    if side.is_infinite() {
        return Err(Refusal::Multiplier { row, multiplier, value });
    }
    let (slack, near) = (&Exact::of(side) - &activity.value, &allowed_at(side) + &activity.coarse);
    if hard && slack.abs() > near {
        return Err(Refusal::Multiplier { row, multiplier, value });
    }
    sum.gap = &sum.gap + &(&mu * &slack);
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
