//! From multipliers to the returned numbers: margins, rounding, and the certificate of what is returned.
//!
//! Rows must hold for the returned numbers **summed exactly**, and the means in them taken exactly. Three errors stand
//! against that: the rounding of `ŷ` to its type, of the coefficients (`1/n` is no float), and of the solver's own
//! sums. So inequality rows are drawn in by a margin: for `f64` a few units of rounding of the row's size, for
//! `f32` about the largest sum of rounding errors there can be. (No less will do: samples of a cell move by the same
//! shift from numbers on the same grid, so their rounding errors are equal and do not cancel.) Then the
//! rows are summed over the rounded numbers; where one fails, its margin grows and the solver goes on from
//! where it is, which moves the shifts by less than the spacing of `f32`.

use super::in_order;
use super::newton::{Ended, Newton};
use super::output::{self, Measures};
use super::projection::{Certificate, Infeasibility, Projection, Side, Status};
use super::projector::Projector;
use super::sample::Sample;
use super::settings::Settings;
use super::sides::Sides;
use crate::problem::Problem;

/// Margins and slack in the solver's units of rounding (see `Newton::unit`): the solver stops within 1.
const SLACK: f64 = 2.0;
const MARGIN: f64 = 3.5;
/// Share of the largest possible rounding error of `f32` that the first margin covers. A row's size counts `|z|` and `|y|`
/// of free samples, only the latter is rounded.
const SHARE: f64 = 0.6;
const TRIES: usize = 6;

/// The margins to start with.
pub(crate) fn first_margin<T: Sample>(problem: &Problem, newton: &mut Newton, exact: bool, margin: &mut Vec<f64>) {
    margin.clear();
    if !exact {
        margin.resize(newton.scale.len(), 0.0);
        return;
    }
    let unit = MARGIN * newton.unit + SHARE * (T::ROUNDING - f64::ROUNDING);
    margin.extend((0..problem.rows()).map(|row| {
        let grain = newton.grain(problem, row, newton.spacing);
        unit * newton.scale[row] + MARGIN * grain
    }));
}

/// Goes on until the rows hold for the numbers as they will be returned, or cannot be made to.
pub(crate) fn settle<T: Sample>(solver: &mut Projector<T>, problem: &Problem, settings: &Settings) {
    let newton = &mut solver.newton;
    for _ in 0..TRIES {
        if !newton.whole || (rounds::<T>() && !newton.rounded) {
            newton.evaluate::<T, true>(problem, &solver.z);
        }
        if !settings.exact_rows || !widen_margins::<T>(problem, newton, &mut solver.margin) {
            return;
        }
        newton.sides.set(problem, &solver.margin);
        solver.before.clone_from(&newton.multipliers);
        solver.before_rest.clone_from(&newton.rest);
        let (fine, missed) = (newton.fine, newton.missed(problem));
        if rounds::<T>() {
            newton.evaluate::<T, false>(problem, &solver.z);
        }
        let ended = newton.run(problem, &solver.z, settings.max_steps);
        let loose = newton.is_loose();
        if rounds::<T>() {
            newton.evaluate::<T, true>(problem, &solver.z);
        }
        // Where rows leave no room for margins, one that grows makes another row miss by more.
        if ended != Ended::Converged || (loose && newton.missed(problem) > missed) {
            newton.multipliers.clone_from(&solver.before);
            newton.rest.clone_from(&solver.before_rest);
            newton.fine = fine;
            newton.evaluate::<T, true>(problem, &solver.z);
            return;
        }
    }
    newton.evaluate::<T, true>(problem, &solver.z);
}

/// Whether the returned numbers differ from those that the solver adds up.
fn rounds<T: Sample>() -> bool {
    T::ROUNDING > f64::ROUNDING
}

/// Doubles the margins of the rows that fail; false if none does, or none has room left.
fn widen_margins<T: Sample>(problem: &Problem, newton: &mut Newton, margin: &mut [f64]) -> bool {
    let mut again = false;
    let own = MARGIN * newton.unit + SHARE * (T::ROUNDING - f64::ROUNDING);
    for (row, margin) in margin.iter_mut().enumerate() {
        let (l, u) = (problem.lower[row], problem.upper[row]);
        if newton.multipliers[row].abs() >= problem.soft[row] {
            continue;
        }
        let grain = newton.grain(problem, row, newton.spacing);
        let slack = SLACK * (newton.unit * newton.scale[row] + newton.grain(problem, row, f64::GRAIN));
        let most = (2.0 * T::ROUNDING + 2.0 * MARGIN * newton.unit) * newton.scale[row] + 2.0 * MARGIN * grain;
        if let Some(wider) = Sides::wider((l, u), newton.activity[row], slack, *margin, most) {
            *margin = wider;
            again = true;
        }
    }
    if again {
        // Others would fail next: sizes have grown since the first margins were set.
        for (margin, scale) in margin.iter_mut().zip(&newton.scale) {
            *margin = margin.max(own * scale);
        }
    }
    again
}

/// Writes the point, the active sides and the certificate.
pub(crate) fn finish<T: Sample>(
    solver: &mut Projector<T>,
    problem: &Problem,
    z: &[T],
    settings: &Settings,
    out: &mut Projection<T>,
) {
    settle(solver, problem, settings);
    out.y.resize(z.len(), T::default());
    let newton = &mut solver.newton;
    let shift = (&newton.shift[..], newton.fine.then_some(&newton.pairs[..]));
    let measures = output::write(problem, z, &mut solver.z, shift, &mut solver.next, &mut solver.measures, &mut out.y);
    report(newton, problem, measures, out);
}

/// As [`finish`] for samples in the order in which they came: writes them, and goes on while rows miss by rounding. False if
/// the sums of what was written do not say that the rows hold.
pub(crate) fn finish_in_order<T: Sample>(
    solver: &mut Projector<T>,
    problem: &Problem,
    z: &[T],
    settings: &Settings,
    out: &mut Projection<T>,
) -> bool {
    let newton = &mut solver.newton;
    out.y.resize(z.len(), T::default());
    for _ in 0..TRIES {
        newton.passes += 1;
        let order = (&mut newton.in_order, &mut newton.sums);
        let measures = in_order::write_and_sum(problem, z, &newton.shift, order, &mut solver.measures, &mut out.y);
        newton.measure_rows(problem);
        if !newton.holds_rounded::<T>() {
            return false;
        }
        if !settings.exact_rows || !widen_margins::<T>(problem, newton, &mut solver.margin) {
            report(newton, problem, measures, out);
            return true;
        }
        newton.sides.set(problem, &solver.margin);
        newton.evaluate::<T, false>(problem, z);
        if newton.run_in_order(problem, z, settings.max_steps) != Ended::Converged || newton.is_loose() {
            return false;
        }
    }
    false
}

/// The multipliers, the active sides and the certificate of the numbers that were written.
pub(super) fn report<T: Sample>(newton: &Newton, problem: &Problem, measures: Measures, out: &mut Projection<T>) {
    out.objective = measures.objective;
    out.multipliers.clear();
    out.multipliers.extend_from_slice(&newton.multipliers);
    out.gram.clear();
    out.gram.extend_from_slice(&newton.sums.gram);
    let mut certificate =
        Certificate { bound_violation: measures.bound, stationarity: measures.stationarity, ..Certificate::default() };
    out.active.clear();
    for row in 0..problem.rows() {
        let (mu, l, u) = (newton.multipliers[row], problem.lower[row], problem.upper[row]);
        let activity = newton.activity[row];
        out.active.push(side(mu, l, u, problem.soft[row]));
        let violation = (activity - u).max(l - activity).max(0.0);
        if problem.soft[row] == f64::INFINITY {
            let size = newton.scale[row].max(f64::MIN_POSITIVE);
            certificate.row_violation = certificate.row_violation.max(violation);
            certificate.relative_row_violation = certificate.relative_row_violation.max(violation / size);
        }
        if mu != 0.0 && mu.abs() < problem.soft[row] {
            certificate.duality_gap += mu * (if mu > 0.0 { u } else { l } - activity);
        }
    }
    out.certificate = certificate;
}

fn side(mu: f64, l: f64, u: f64, cap: f64) -> Side {
    match mu {
        m if m >= cap => Side::AboveUpper,
        m if m <= -cap => Side::BelowLower,
        _ if l == u => Side::Both,
        m if m > 0.0 => Side::Upper,
        m if m < 0.0 => Side::Lower,
        _ => Side::Inactive,
    }
}

/// The result for rows that no point satisfies: the proof and no point.
pub(crate) fn no_point<T: Sample>(problem: &Problem, proof: Infeasibility, out: &mut Projection<T>) {
    *out = Projection { status: Status::Infeasible(proof), ..Projection::default() };
    out.multipliers.resize(problem.rows(), 0.0);
    out.active.resize(problem.rows(), Side::Inactive);
}
