//! What is left of larger numbers: a point far smaller than `z`, such as scores near 10⁴ whose mean has to be 0.
//!
//! Multipliers have the digits of `z`, so an equality row may miss by a rounding of `z`, which is much for a small point. The
//! point before the box, `u = z − W⁻¹ Aᵀ μ`, has digits of its own, and so has the projection of `u`. It moves by what was
//! missed, and its multipliers and the first together are those of `z`.

use super::certify;
use super::fine::{self, Double};
use super::newton::{Ended, Newton};
use super::output::{self, Measures};
use super::passes::factor_at;
use super::projection::Projection;
use super::projector::Projector;
use super::sample::Sample;
use super::settings::Settings;
use crate::problem::Problem;

/// Sizes of rows count `|z|` of free samples and `|y|`: where terms have moved by less than this share of them, a good part of `z` is left.
const MOST: f64 = 0.75;

/// Projects once more what `solver` has ended with, if equality rows miss by more than roundings of the point.
pub(super) fn project<T: Sample>(
    solver: &mut Projector<T>,
    problem: &Problem,
    z: &[T],
    settings: &Settings,
    out: &mut Projection<T>,
) {
    if !misses(&mut solver.newton, problem, out) {
        return;
    }
    let (mut second, mut point) = (Projector::new(), Projection::default());
    problem.grouping.group_into(z, &mut solver.z, &mut solver.next);
    second.z = before_the_box(&solver.newton, problem, &solver.z);
    second.newton.start(problem, &second.z, None);
    if second.iterate(problem, settings) != Ended::Converged {
        return;
    }
    let u = problem.grouping.ungroup(&second.z);
    certify::finish(&mut second, problem, &u, settings, &mut point);
    if point.certificate.row_violation >= out.certificate.row_violation {
        return;
    }
    let Newton { multipliers, shift, passes, .. } = &mut second.newton;
    multipliers.iter_mut().zip(&solver.newton.multipliers).for_each(|(mu, first)| *mu += first);
    problem.rows.shift_into(multipliers, shift);
    *passes += solver.newton.passes;
    let measures = measured(problem, &solver.z, &problem.grouping.group(&point.y), shift);
    std::mem::swap(&mut out.y, &mut point.y);
    certify::report(&second.newton, problem, measures, out);
    std::mem::swap(&mut solver.newton, &mut second.newton);
}

/// Whether a hard equality row misses by more than roundings of the point. With prices of rows, multipliers do not add up.
pub(super) fn misses<T: Sample>(newton: &mut Newton, problem: &Problem, out: &Projection<T>) -> bool {
    if T::ROUNDING > f64::ROUNDING || problem.soft.iter().any(|price| price.is_finite()) {
        return false;
    }
    let Newton { activity, unit, sums, step: beyond, .. } = newton;
    let misses = |row: usize, size: f64| {
        let (side, activity) = (problem.upper[row], activity[row]);
        problem.lower[row] == side && (activity - side).abs() > *unit * size.max(side.abs())
    };
    if !(0..problem.rows()).any(|row| misses(row, 0.0)) {
        return false;
    }
    // By Cauchy and Schwarz, `sum |phi (y - z)|` of free samples is at most `sqrt(sum phi^2 / w) sqrt(sum w (y - z)^2)`.
    let width = problem.width();
    let diagonal = (0..problem.slots()).map(|slot| sums.gram[slot * width + slot % width]);
    beyond.clear();
    beyond.extend(diagonal.zip(&sums.size).map(|(sum, size)| (2.0 * out.objective * sum).sqrt() - MOST * size));
    let any = |sizes: &[f64], found: &dyn Fn(usize, f64) -> bool| {
        let mut any = false;
        problem.rows.measure(&sums.value, sizes, |row, _, size| any |= found(row, size));
        any
    };
    any(beyond, &|row, beyond| beyond > 0.0 && misses(row, 0.0))
        && any(&sizes(problem, &problem.grouping.group(&out.y)), &misses)
}

/// `sum |phi y|` per slot, in grouped order.
fn sizes<T: Sample>(problem: &Problem, y: &[T]) -> Vec<f64> {
    let slots = (0..problem.cells()).flat_map(|cell| (0..problem.width()).map(move |f| (cell, f)));
    let size = |(cell, f): (usize, usize)| {
        problem.grouping.range(cell).map(|place| (factor_at(problem, f, place) * y[place].widen()).abs()).sum()
    };
    slots.map(size).collect()
}

/// `z - t / w` of each sample, in grouped order, as `z` is.
fn before_the_box<T: Sample>(newton: &Newton, problem: &Problem, z: &[T]) -> Vec<T> {
    let mut u = z.to_vec();
    let visit = |place: usize, t: Double, w: f64, _: f64, _: f64| {
        if w > 0.0 {
            u[place] = T::narrow(fine::moved(z[place].widen(), t, w));
        }
    };
    output::for_each_shift(problem, &newton.shift, newton.fine.then_some(&newton.pairs[..]), visit);
    u
}

/// What the last pass measures, in grouped order.
fn measured<T: Sample>(problem: &Problem, z: &[T], y: &[T], shift: &[f64]) -> Measures {
    let mut total = Measures::default();
    output::for_each_sample(problem, shift, |place, t, w, lo, hi| {
        total.add(y[place].widen(), z[place].widen(), t, w, (lo, hi), T::inward(lo, hi));
    });
    total
}
