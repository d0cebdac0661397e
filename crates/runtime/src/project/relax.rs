//! The point of least total violation, for batches that no point satisfies.
//!
//! Two steps, both of them projections. The first finds the least total violation of the hard rows, a linear program, by the
//! proximal point method (Rockafellar 1976): project a point onto rows with penalty `ρ` a unit of violation, and the result
//! again, until it stays where it is. That takes few steps, and no `ρ` that digits are lost to. The multipliers over `ρ` are
//! then a dual solution `f`, and complementary slackness says what all points of least violation have in common:
//!
//! ```text
//! f_j = 1    (A y)_j ≥ u_j          0 < f_j < 1    (A y)_j = u_j          f_j = 0    l_j ≤ (A y)_j ≤ u_j
//! (Aᵀ f)_i > 0    y_i = lo_i        (Aᵀ f)_i < 0   y_i = hi_i             and alike for lower sides
//! ```
//!
//! The second step projects `z` onto that set. Its multipliers, with enough of `f` added, are those of an exact penalty.

use super::fine::{self, Double, interval};
use super::newton::{Ended, Newton};
use super::output::{self, for_each_sample};
use super::passes::factor_at;
use super::projection::{Certificate, Infeasibility, Projection, Side, Status};
use super::projector::Projector;
use super::sample::Sample;
use super::settings::Settings;
use super::{certify, farkas};
use crate::problem::{Bounds, Factor, Problem};

/// Most steps of the proximal point method.
const STEPS: usize = 60;
/// How much larger `ρ` is from step to step.
const GROWTH: f64 = 4.0;
/// A point that moves by less of its size stays where it is.
const STILL: f64 = 1e-14;
/// Share of its terms above which `Aᵀ f` holds a sample at its bound.
const HELD: f64 = 1e-10;
/// The least violation may be missed by this share, or by this share of the rows' sizes.
const CLOSE: f64 = 1e-9;
const CLOSE_TO_SIZE: f64 = 1e-12;
/// Share of the largest pull of a row that counts as rounding.
const SNAP: f64 = 1e-12;
/// By how much the sides of a set that rounding empties are wider.
const WIDER: f64 = 1e-13;

/// A point of least total violation, in grouped order, and the dual solution that says so.
struct Least {
    y: Vec<f64>,
    /// Per row from -1 to 1, the share of the penalty of a unit that its multiplier takes; 0 for soft rows.
    share: Vec<f64>,
    /// The same times what a unit of the row's violation counts.
    dual: Vec<f64>,
    total: f64,
    /// Size of the rows, that rounding errors of the total are relative to.
    size: f64,
    /// Whether the point stayed where it is.
    settled: bool,
}

/// Writes the point; `found` is the proof that no point satisfies the rows, if there is one.
pub(crate) fn relax<T: Sample>(
    solver: &mut Projector<T>,
    problem: &Problem,
    z: &[T],
    settings: &Settings,
    found: Option<Infeasibility>,
    out: &mut Projection<T>,
) {
    let mut grouped = vec![T::default(); z.len()];
    problem.grouping.group_into(z, &mut grouped, &mut solver.next);
    let units = solver.units.clone();
    let unit = |row: usize| units.get(row).copied().unwrap_or(1.0);
    let least = least_violation(solver, problem, &grouped, settings, unit);
    let rounding = CLOSE_TO_SIZE * (T::ROUNDING / f64::ROUNDING) * least.size;
    let contradicts = least.total > rounding;
    let most = least.total * (1.0 + CLOSE) + rounding;
    // A set so thin that rounding empties it is tried without margins, then a little wider.
    let tries = [(settings.exact_rows, 0.0), (false, 0.0), (false, WIDER)];
    let nearest = tries.into_iter().any(|(exact, wider)| {
        let face = face_of(problem, &least, wider);
        let settings = Settings { exact_rows: exact, warm_start: None, ..settings.clone() };
        project_on(solver, &face, z, &grouped, &settings, out)
            && total_violation(problem, &solver.newton.activity, unit) <= most
    });
    if !nearest {
        at_hand(solver, problem, &least, settings, out);
    }
    write_multipliers(problem, &least, unit, &grouped, nearest, out);
    measure(problem, &solver.newton.activity, &solver.newton.scale, &grouped, out);
    let found = found.or_else(|| contradicts.then(|| farkas::proof(problem, least.dual.clone())));
    out.status = match found {
        Some(found) if least.settled => Status::Relaxed(found),
        None if nearest => Status::Optimal,
        _ => Status::IterationLimit,
    };
}

/// The proximal point method.
fn least_violation<T: Sample>(
    solver: &mut Projector<T>,
    problem: &Problem,
    grouped: &[T],
    settings: &Settings,
    unit: impl Fn(usize) -> f64 + Copy,
) -> Least {
    let newton = &mut solver.newton;
    let mut prox = problem.clone();
    prox.weights = None;
    for row in (0..problem.rows()).filter(|&row| problem.soft[row] < f64::INFINITY) {
        (prox.lower[row], prox.upper[row]) = (f64::NEG_INFINITY, f64::INFINITY);
    }
    let mut y: Vec<f64> = grouped.iter().enumerate().map(|(place, z)| clip(problem, place, z.widen())).collect();
    let no_margin = vec![0.0; problem.rows()];
    let mut multipliers = no_margin.clone();
    let mut least = Least {
        y: Vec::new(),
        share: Vec::new(),
        dual: no_margin.clone(),
        total: f64::INFINITY,
        size: 0.0,
        settled: false,
    };
    let sizes = sizes_of_rows(&prox);
    let mut penalty = first_penalty(newton, &prox, &y, &sizes);
    for step in 0..STEPS {
        let caps = prox.soft.iter_mut().enumerate();
        caps.for_each(|(row, cap)| *cap = (penalty * unit(row)).max(f64::MIN_POSITIVE));
        newton.start(&prox, &y, (step > 0).then_some(&multipliers[..]));
        newton.sides.set(&prox, &no_margin);
        let mut ended = newton.run(&prox, &y, settings.max_steps);
        if ended != Ended::Converged && step > 0 {
            // The multipliers of the step before may lead astray.
            newton.start(&prox, &y, None);
            ended = newton.run(&prox, &y, settings.max_steps);
        }
        let moved = move_point(newton, &prox, &mut y);
        let size = y.iter().fold(0.0_f64, |size, y| size.max(y.abs()));
        multipliers.clone_from(&newton.multipliers);
        let total = total_violation(problem, &newton.activity, unit);
        if total <= least.total || ended == Ended::Converged {
            let mut share: Vec<f64> = multipliers.iter().zip(&prox.soft).map(|(mu, cap)| mu / cap).collect();
            snap(&mut share, |row| sizes[row] * unit(row));
            let dual: Vec<f64> = share.iter().enumerate().map(|(row, share)| share * unit(row)).collect();
            // What moves by rounding errors of the pull stays where it is.
            let mut still = ended == Ended::Converged;
            for_each_held(problem, &dual, |place, _, held| still &= !held || moved[place] <= STILL * size);
            let size = newton.scale.iter().enumerate().fold(0.0, |a: f64, (row, b)| a.max(b * unit(row)));
            least = Least { y: y.clone(), share, dual, total, size, settled: false };
            least.settled = still || total <= CLOSE_TO_SIZE * least.size || is_proved(problem, &least);
        }
        if least.settled {
            break;
        }
        penalty *= GROWTH;
        multipliers.iter_mut().for_each(|mu| *mu *= GROWTH);
    }
    least
}

/// Moves a point to where the multipliers of a step from it say; by how much each sample moved.
fn move_point(newton: &Newton, prox: &Problem, y: &mut [f64]) -> Vec<f64> {
    let mut moved = vec![0.0; y.len()];
    let mut visit = |place: usize, to: &dyn Fn(f64) -> f64| {
        let next = clip(prox, place, to(y[place]));
        moved[place] = (next - y[place]).abs();
        y[place] = next;
    };
    if newton.fine {
        fine::for_each_sample(prox, &newton.pairs, |place, t, _, _, _| visit(place, &|y| fine::moved(y, t, 1.0)));
    } else {
        for_each_sample(prox, &newton.shift, |place, t, _, _, _| visit(place, &|y| y - t));
    }
    moved
}

fn clip(problem: &Problem, place: usize, y: f64) -> f64 {
    let (lo, hi) = interval(problem, place);
    y.max(lo).min(hi)
}

/// Makes shares that pull by no more than rounding 0, and those that differ from 1 by no more than that, 1; `size` is how
/// much a whole share of a row pulls.
fn snap(share: &mut [f64], size: impl Fn(usize) -> f64) {
    let most = (0..share.len()).map(&size).fold(0.0_f64, f64::max);
    // A row without coefficients pulls at nothing, whatever its share.
    for (row, f) in share.iter_mut().enumerate().filter(|(row, _)| size(*row) > 0.0) {
        if f.abs() * size(row) <= SNAP * most {
            *f = 0.0;
        } else if (1.0 - f.abs()) * size(row) <= SNAP * most {
            *f = f.signum();
        }
    }
}

/// Whether the dual solution proves that no point has a smaller total.
fn is_proved(problem: &Problem, least: &Least) -> bool {
    let bound = farkas::margin(problem, &least.dual);
    bound.is_some_and(|(bound, size)| least.total - bound <= CLOSE_TO_SIZE * (size + least.size))
}

/// A penalty that moves predictions by a few times their size, or by what the rows ask for.
fn first_penalty(newton: &mut Newton, problem: &Problem, y: &[f64], sizes: &[f64]) -> f64 {
    newton.start(problem, y, Some(&vec![0.0; problem.rows()]));
    let (mut coefficient, mut size) = (0.0_f64, y.iter().fold(0.0_f64, |m, v| m.max(v.abs())));
    for (row, &own) in sizes.iter().enumerate() {
        let excess = excess(problem, row, newton.activity[row]);
        if own > 0.0 && excess < f64::INFINITY {
            coefficient = coefficient.max(own);
            size = size.max(excess / (own * problem.n() as f64));
        }
    }
    let penalty = 4.0 * size / coefficient;
    if penalty.is_finite() { penalty.max(f64::MIN_POSITIVE) } else { 1.0 }
}

/// The largest coefficient of each row, or more.
fn sizes_of_rows(problem: &Problem) -> Vec<f64> {
    let largest: Vec<f64> = problem.factors.iter().map(largest).collect();
    let size = |(slot, value): (usize, f64)| value.abs() * largest[slot % problem.width()];
    (0..problem.rows()).map(|row| problem.rows.row(row).map(size).fold(0.0_f64, f64::max)).collect()
}

fn largest(factor: &Factor) -> f64 {
    match factor {
        Factor::One => 1.0,
        Factor::Data(phi) => phi.iter().fold(0.0, |m, v| m.max(v.abs())),
    }
}

/// What all points of least total violation have in common, as rows and a box; all sides are `wider` by that share of
/// the rows' size.
fn face_of(problem: &Problem, least: &Least, wider: f64) -> Problem {
    let mut face = problem.clone();
    let room = wider * least.size;
    for (row, &f) in least.share.iter().enumerate().filter(|(row, _)| problem.soft[*row] == f64::INFINITY) {
        let (l, u) = (problem.lower[row], problem.upper[row]);
        let (lower, upper) = match f {
            f if f >= 1.0 => (u, f64::INFINITY),
            f if f <= -1.0 => (f64::NEG_INFINITY, l),
            f if f > 0.0 => (u, u),
            f if f < 0.0 => (l, l),
            _ => (l, u),
        };
        (face.lower[row], face.upper[row]) = (lower - room, upper + room);
    }
    let (mut lo, mut hi): (Vec<f64>, Vec<f64>) = (0..problem.n()).map(|place| interval(problem, place)).unzip();
    for_each_held(problem, &least.dual, |place, t, held| {
        let side = if t > 0.0 { lo[place] } else { hi[place] };
        if held && side.is_finite() {
            (lo[place], hi[place]) = (side, side);
        }
    });
    face.bounds = Bounds::PerSample { lo, hi };
    face
}

/// Calls `visit(place, (Aᵀ f)_i, whether that is more than rounding)` for each sample.
fn for_each_held(problem: &Problem, dual: &[f64], mut visit: impl FnMut(usize, f64, bool)) {
    let mut pairs: Vec<Double> = Vec::new();
    fine::shift_into(problem, dual, &vec![0.0; dual.len()], &mut pairs);
    let mut sizes = vec![0.0; problem.slots()];
    for (row, &f) in dual.iter().enumerate().filter(|(_, f)| **f != 0.0) {
        problem.rows.row(row).for_each(|(slot, value)| sizes[slot] += (f * value).abs());
    }
    let width = problem.width();
    for cell in 0..problem.cells() {
        for place in problem.grouping.range(cell) {
            let t = fine::at_sample(problem, cell, place, &pairs).high;
            let own = sizes[cell * width..(cell + 1) * width].iter().enumerate();
            let size: f64 = own.map(|(f, size)| size * factor_at(problem, f, place).abs()).sum();
            visit(place, t, t.abs() > HELD * size);
        }
    }
}

/// Projects `z` onto the rows of `face`, and says whether that came to an end.
fn project_on<T: Sample>(
    solver: &mut Projector<T>,
    face: &Problem,
    z: &[T],
    grouped: &[T],
    settings: &Settings,
    out: &mut Projection<T>,
) -> bool {
    solver.z.clear();
    solver.z.extend_from_slice(grouped);
    solver.newton.start(face, &solver.z, None);
    certify::first_margin::<T>(face, &mut solver.newton, settings.exact_rows, &mut solver.margin);
    solver.newton.sides.set(face, &solver.margin);
    let ended = solver.newton.run(face, &solver.z, settings.max_steps);
    if ended != Ended::Converged && solver.second_method(face) != Ended::Converged {
        return false;
    }
    certify::finish(solver, face, z, settings, out);
    true
}

/// The point that the proximal point method ended with.
fn at_hand<T: Sample>(
    solver: &mut Projector<T>,
    problem: &Problem,
    least: &Least,
    settings: &Settings,
    out: &mut Projection<T>,
) {
    solver.z.clear();
    solver.z.extend(least.y.iter().map(|y| T::narrow(*y)));
    let y = problem.grouping.ungroup(&solver.z);
    solver.newton.start(problem, &solver.z, Some(&vec![0.0; problem.rows()]));
    let settings = Settings { exact_rows: false, ..settings.clone() };
    certify::finish(solver, problem, &y, &settings, out);
}

/// The multipliers of an exact penalty: those of the second step with as much of the dual solution as their signs need.
fn write_multipliers<T: Sample>(
    problem: &Problem,
    least: &Least,
    unit: impl Fn(usize) -> f64,
    grouped: &[T],
    nearest: bool,
    out: &mut Projection<T>,
) {
    let mut penalty = 1.0_f64;
    let hard = least.share.iter().enumerate().filter(|(row, _)| problem.soft[*row] == f64::INFINITY);
    for (row, &f) in hard {
        let mu = out.multipliers[row];
        let same = mu.signum() == f.signum() && f.abs() < 1.0;
        let room = if same || f == 0.0 { 1.0 - f.abs() } else { f.abs() };
        penalty = penalty.max(2.0 * mu.abs() / (room * unit(row)));
    }
    let y = problem.grouping.group(&out.y);
    let mut pairs: Vec<Double> = Vec::new();
    let mut pull = vec![0.0; y.len()];
    fine::shift_into(problem, &out.multipliers, &vec![0.0; problem.rows()], &mut pairs);
    fine::for_each_sample(problem, &pairs, |place, t, w, _, _| {
        pull[place] = w * (y[place].widen() - grouped[place].widen()) + t.high;
    });
    for_each_held(problem, &least.dual, |place, t, held| {
        // A sample that `f` holds at its bound may be pulled off it by the others.
        if held && pull[place] * t < 0.0 {
            penalty = penalty.max(2.0 * (pull[place] / t).abs());
        }
    });
    for (row, &f) in least.share.iter().enumerate().filter(|(_, f)| **f != 0.0) {
        let (own, cap) = (out.multipliers[row], penalty * unit(row));
        out.multipliers[row] = (own + cap * f).clamp(-cap, cap);
        out.active[row] = match f {
            _ if problem.lower[row] == problem.upper[row] && (f.abs() < 1.0 || own != 0.0) => Side::Both,
            f if f >= 1.0 && own == 0.0 => Side::AboveUpper,
            f if f <= -1.0 && own == 0.0 => Side::BelowLower,
            f if f > 0.0 => Side::Upper,
            _ => Side::Lower,
        };
    }
    if !nearest {
        out.gram.clear();
    }
}

/// Objective and certificate of the returned numbers, with the sides and the box as they are.
fn measure<T: Sample>(problem: &Problem, activity: &[f64], scale: &[f64], grouped: &[T], out: &mut Projection<T>) {
    let mut certificate = Certificate { duality_gap: out.certificate.duality_gap, ..Certificate::default() };
    for row in (0..problem.rows()).filter(|&row| problem.soft[row] == f64::INFINITY) {
        let violation = excess(problem, row, activity[row]);
        certificate.row_violation = certificate.row_violation.max(violation);
        let relative = violation / scale[row].max(f64::MIN_POSITIVE);
        certificate.relative_row_violation = certificate.relative_row_violation.max(relative);
    }
    let y = problem.grouping.group(&out.y);
    let mut pairs: Vec<Double> = Vec::new();
    let mut objective = 0.0;
    fine::shift_into(problem, &out.multipliers, &vec![0.0; problem.rows()], &mut pairs);
    fine::for_each_sample(problem, &pairs, |place, t, w, lo, hi| {
        let (y, z) = (y[place].widen(), grouped[place].widen());
        let (in_lo, in_hi) = T::inward(lo, hi);
        let (square, error) = output::measure(y, z, t.high, w, in_lo, in_hi);
        objective += 0.5 * square;
        certificate.stationarity = certificate.stationarity.max(error);
        certificate.bound_violation = certificate.bound_violation.max(lo - y).max(y - hi);
    });
    out.objective = objective;
    out.certificate = certificate;
}

/// By how much a row with this activity misses its sides.
fn excess(problem: &Problem, row: usize, activity: f64) -> f64 {
    // What is no number keeps no side.
    match activity.is_nan() {
        true => f64::INFINITY,
        false => (activity - problem.upper[row]).max(problem.lower[row] - activity).max(0.0),
    }
}

/// Of the hard rows, in their units.
fn total_violation(problem: &Problem, activity: &[f64], unit: impl Fn(usize) -> f64) -> f64 {
    let hard = (0..problem.rows()).filter(|&row| problem.soft[row] == f64::INFINITY);
    hard.map(|row| unit(row) * excess(problem, row, activity[row])).sum()
}
