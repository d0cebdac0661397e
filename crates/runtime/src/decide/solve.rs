//! One solve from start to end.

use super::decisions::{DecideError, DecideStatus, Decisions, GainCertificate};
use super::dual::{Ended, perturbed};
use super::lp::{Lp, Scales};
use super::simplex::{At, Simplex};
use super::start;
use super::ties;
use crate::problem::{Bounds, Problem, Sum};
use crate::project::{Infeasibility, OnInfeasible, Settings, Side, Status, for_each_sample, project};

/// More rows than this are refused: their basis is dense.
pub const MOST_ROWS: usize = 4000;
/// Gains are projected this many times over their largest.
const LARGE: f64 = 1000.0;
/// By which share gains are moved at first, and where that does not end.
const PERTURBED: [f64; 2] = [1e-9, 1e-7];
/// Most steps, by rows and columns.
const STEPS: usize = 40;

/// The decisions of the largest `Σ w g d` within the rows and the box of `problem`.
///
/// `gain` has a number for each sample, in their order: what a decision of 1 brings. Weights are those of the problem. A sample
/// of gain and coefficients zero is decided by the upper end of its interval.
///
/// # Errors
/// `gain` has the wrong length or a number that is not finite, an interval is infinite, or there are more than
/// [`MOST_ROWS`] rows. An infeasible problem is no error: see [`DecideStatus`].
pub fn decide(problem: &Problem, gain: &[f64]) -> Result<Decisions, DecideError> {
    check(problem, gain)?;
    let grouped = problem.grouping.group(gain);
    let costs = costs_of(problem, gain)?;
    let (lp, scales) = Lp::new(problem, &costs);
    let solved = |near: Option<&[f64]>| {
        let simplex = run(&lp, near);
        let mut d = simplex.solution();
        ties::in_row_order(&simplex, &mut d);
        decide_weightless(problem, &grouped, &mut d);
        finish(problem, &costs, &simplex, &scales, d)
    };
    // Of many samples a few tell where to start. Rows that nothing satisfies, and what does not end, are for the projection.
    if lp.len() >= start::MANY
        && let Some(near) = start::of_sample(&lp, &lp.cost)
    {
        let found = solved(Some(&near));
        if found.status == DecideStatus::Optimal {
            return Ok(found);
        }
    }
    match nearby(problem, gain)? {
        Nearby::Infeasible(proof) => Ok(none(problem, proof)),
        Nearby::Multipliers(near) => Ok(solved(near.map(|near| start::scaled(&near, &scales)).as_deref())),
    }
}

/// `w g` in grouped order.
pub(super) fn costs_of(problem: &Problem, gain: &[f64]) -> Result<Vec<f64>, DecideError> {
    let mut costs = problem.grouping.group(gain);
    if let Some(weights) = &problem.weights {
        costs.iter_mut().zip(weights).for_each(|(gain, weight)| *gain *= weight);
    }
    match costs.iter().position(|cost| !cost.is_finite()) {
        Some(index) => Err(DecideError::NotFinite { what: "weighted gain", index, value: costs[index] }),
        None => Ok(costs),
    }
}

pub(super) fn check(problem: &Problem, gain: &[f64]) -> Result<(), DecideError> {
    let (found, expected) = (gain.len(), problem.n());
    if found != expected {
        return Err(DecideError::Length { what: "gain", found, expected });
    }
    if let Some(index) = gain.iter().position(|gain| !gain.is_finite()) {
        return Err(DecideError::NotFinite { what: "gain", index, value: gain[index] });
    }
    if problem.rows() > MOST_ROWS {
        return Err(DecideError::TooManyRows { rows: problem.rows(), most: MOST_ROWS });
    }
    let open = |lo: f64, hi: f64| !(lo.is_finite() && hi.is_finite());
    let found = match problem.bounds() {
        Bounds::Uniform { lo, hi } => (open(lo, hi) && problem.n() > 0).then_some((0, lo, hi)),
        Bounds::PerSample { lo, hi } => {
            let place = lo.iter().zip(&hi).position(|(lo, hi)| open(*lo, *hi));
            place.map(|index| (index, lo[index], hi[index]))
        }
    };
    found.map_or(Ok(()), |(index, lo, hi)| Err(DecideError::Open { index, lo, hi }))
}

/// What the projection of large gains says.
enum Nearby {
    Infeasible(Infeasibility),
    /// Those of the linear program, about; none if the projection did not end.
    Multipliers(Option<Vec<f64>>),
}

fn nearby(problem: &Problem, gain: &[f64]) -> Result<Nearby, DecideError> {
    let largest = gain.iter().fold(0.0_f64, |m, gain| m.max(gain.abs()));
    let times = if largest > 0.0 { LARGE / largest } else { 1.0 };
    let z: Vec<f64> = gain.iter().map(|gain| gain / largest.max(f64::MIN_POSITIVE) * LARGE).collect();
    let settings = Settings { on_infeasible: OnInfeasible::Error, exact_rows: false, ..Settings::default() };
    let soft = problem.soft.iter().any(|cap| *cap < f64::INFINITY);
    let found = if soft && times.is_finite() {
        let mut scaled = problem.clone();
        scaled.soft.iter_mut().for_each(|cap| *cap = (*cap * times).max(f64::MIN_POSITIVE));
        project(&scaled, &z, &settings)?
    } else {
        project(problem, &z, &settings)?
    };
    Ok(match found.status {
        Status::Infeasible(proof) => Nearby::Infeasible(proof),
        Status::Optimal => Nearby::Multipliers(Some(found.multipliers.iter().map(|value| value / times).collect())),
        Status::IterationLimit | Status::Relaxed(_) => Nearby::Multipliers(None),
    })
}

/// The best basis, or where the search for it ended.
fn run<'a>(lp: &'a Lp, near: Option<&[f64]>) -> Simplex<'a> {
    let most = STEPS * (lp.rows() + 10) + lp.len().min(1 << 16);
    let mut last = None;
    for share in PERTURBED {
        let mut simplex = start::start(lp, perturbed(lp, share), near);
        let ended = simplex.dual(most);
        simplex.cost.copy_from_slice(&lp.cost);
        if ended == Ended::Optimal && simplex.primal(most) {
            return simplex;
        }
        last = Some(simplex);
    }
    last.unwrap_or_else(|| Simplex::new(lp, lp.cost.clone()))
}

/// Samples of weight zero are in no row and count for no gain; they are decided by their own gain.
fn decide_weightless(problem: &Problem, gain: &[f64], d: &mut [f64]) {
    let Some(weights) = &problem.weights else { return };
    for (place, _) in weights.iter().enumerate().filter(|(_, weight)| **weight == 0.0) {
        let (lo, hi) = interval(problem, place);
        d[place] = if gain[place] >= 0.0 { hi } else { lo };
    }
}

pub(super) fn interval(problem: &Problem, place: usize) -> (f64, f64) {
    match &problem.bounds {
        Bounds::Uniform { lo, hi } => (*lo, *hi),
        Bounds::PerSample { lo, hi } => (lo[place], hi[place]),
    }
}

/// The result for rows that no decisions satisfy.
fn none(problem: &Problem, proof: Infeasibility) -> Decisions {
    Decisions {
        decisions: Vec::new(),
        status: DecideStatus::Infeasible(proof),
        multipliers: vec![0.0; problem.rows()],
        active: vec![Side::Inactive; problem.rows()],
        between: Vec::new(),
        certificate: GainCertificate::default(),
        steps: 0,
    }
}

fn finish(problem: &Problem, costs: &[f64], simplex: &Simplex<'_>, scales: &Scales, d: Vec<f64>) -> Decisions {
    let n = problem.n();
    let mut multipliers: Vec<f64> =
        simplex.multipliers.iter().zip(&scales.rows).map(|(value, scale)| value * scale / scales.gain).collect();
    let mut active = Vec::with_capacity(problem.rows());
    for (row, multiplier) in multipliers.iter_mut().enumerate() {
        let (l, u, cap) = (problem.lower[row], problem.upper[row], problem.soft[row]);
        // Rounding can leave a number of the side that there is not.
        *multiplier = multiplier.clamp(if l.is_finite() { -cap } else { 0.0 }, if u.is_finite() { cap } else { 0.0 });
        active.push(side_of(simplex.at[simplex.lp.len() + row], *multiplier, (l, u), cap));
    }
    let decisions = problem.grouping.ungroup(&d[..n]);
    let certificate = certify(problem, costs, &d[..n], &decisions, &multipliers);
    let inside = |place: usize| {
        let (lo, hi) = interval(problem, place);
        lo < d[place] && d[place] < hi
    };
    let inside: Vec<bool> = problem.grouping.ungroup(&(0..n).map(inside).collect::<Vec<_>>());
    let between = (0..n).filter(|&sample| inside[sample]).collect();
    // However the search ended: the two values prove it.
    let status = if certificate.is_sound() { DecideStatus::Optimal } else { DecideStatus::Unfinished };
    Decisions { decisions, status, multipliers, active, between, certificate, steps: simplex.steps }
}

/// Which side of a row is active, by where its logical variable is.
pub(super) fn side_of(at: At, multiplier: f64, (l, u): (f64, f64), cap: f64) -> Side {
    match at {
        At::Basic => Side::Inactive,
        _ if multiplier >= cap => Side::AboveUpper,
        _ if multiplier <= -cap => Side::BelowLower,
        _ if l == u => Side::Both,
        At::Lo => Side::Lower,
        At::Hi => Side::Upper,
    }
}

/// The two values, from the numbers that are returned.
pub(super) fn certify(
    problem: &Problem,
    costs: &[f64],
    grouped: &[f64],
    decisions: &[f64],
    multipliers: &[f64],
) -> GainCertificate {
    let mut shift = vec![0.0; problem.slots()];
    problem.rows.shift_into(multipliers, &mut shift);
    let (mut primal, mut dual, mut size) = (Sum::default(), Sum::default(), Sum::default());
    for_each_sample(problem, &shift, |place, t, _, lo, hi| {
        let cost = costs[place];
        primal.add_product(cost, grouped[place]);
        let r = cost - t;
        dual.add_product(r, if r > 0.0 { hi } else { lo });
        size.add((cost.abs() + t.abs()) * lo.abs().max(hi.abs()));
    });
    let activity = problem.activity(decisions).unwrap_or_default();
    // Not that of the decisions: those near zero are as far off as others.
    let magnitude = problem.row_values(&widest(problem)).unwrap_or_default().magnitudes;
    let mut out = GainCertificate::default();
    for (row, (&activity, &magnitude)) in activity.iter().zip(&magnitude).enumerate() {
        let (l, u, multiplier) = (problem.lower[row], problem.upper[row], multipliers[row]);
        let side = if multiplier > 0.0 { u } else { l };
        let sides = [l, u].into_iter().filter(|side| side.is_finite());
        let magnitude = sides.fold(magnitude, |m, side| m.max(side.abs()));
        if multiplier != 0.0 {
            dual.add_product(multiplier, side);
            size.add((multiplier * side).abs());
        }
        let violation = (activity - u).max(l - activity).max(0.0);
        if problem.soft[row] < f64::INFINITY {
            primal.add_product(-problem.soft[row], violation);
            // A violation is a difference of sums, and as exact as these.
            size.add(problem.soft[row] * magnitude);
        } else if violation > 0.0 {
            out.row_violation = out.row_violation.max(violation);
            out.relative_row_violation = out.relative_row_violation.max(violation / magnitude.max(f64::MIN_POSITIVE));
        }
    }
    GainCertificate { primal: primal.value(), dual: dual.value(), size: size.value(), ..out }
}

/// The larger of the sizes of the ends of each interval, in the order of the samples.
pub(super) fn widest(problem: &Problem) -> Vec<f64> {
    let size = |lo: f64, hi: f64| lo.abs().max(hi.abs());
    match problem.bounds() {
        Bounds::Uniform { lo, hi } => vec![size(lo, hi); problem.n()],
        Bounds::PerSample { lo, hi } => lo.iter().zip(&hi).map(|(&lo, &hi)| size(lo, hi)).collect(),
    }
}
