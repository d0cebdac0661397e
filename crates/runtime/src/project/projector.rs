//! The reusable solver: buffers that outlive a batch.

use super::finish;
use super::newton::{Ended, Newton};
use super::output::Measures;
use super::projection::{Certificate, Infeasibility, ProjectError, Projection, Status};
use super::sample::Sample;
use super::settings::{OnInfeasible, Settings};
use super::{farkas, gradient, relax, sparse, tame};
use crate::problem::Problem;

/// Share of a row's size that a point that is called optimal may miss it by.
const KEPT: f64 = 1e-11;
/// The same of the size that the row has at `z`, or asks for.
const FAR: f64 = 1e-5;

/// Solves one problem after another without allocating once its buffers have grown.
#[derive(Debug, Clone, Default)]
pub struct Projector<T: Sample = f64> {
    /// `z` in grouped order.
    pub(crate) z: Vec<T>,
    pub(crate) next: Vec<u32>,
    pub(crate) newton: Newton,
    pub(crate) margin: Vec<f64>,
    /// The multipliers before a margin was widened.
    pub(crate) before: Vec<f64>,
    pub(crate) before_rest: Vec<f64>,
    /// What a unit of each row's violation counts, where rows were scaled; else empty.
    pub(crate) units: Vec<f64>,
    /// The spacing near zero of the numbers that are returned, if more than that of their type.
    pub(crate) spacing: f64,
    pub(crate) measures: Vec<Measures>,
    pub(crate) gradient: gradient::Buffers<T>,
}

impl<T: Sample> Projector<T> {
    /// A solver with empty buffers.
    pub fn new() -> Self {
        Projector::default()
    }

    /// As [`super::project`], into an existing result.
    ///
    /// # Errors
    /// As [`super::project`].
    pub fn project_into(
        &mut self,
        problem: &Problem,
        z: &[T],
        settings: &Settings,
        out: &mut Projection<T>,
    ) -> Result<(), ProjectError> {
        check_input(problem, z, settings)?;
        if problem.extreme {
            return tame::scale_rows(problem, z, settings, out);
        }
        self.z.resize(z.len(), T::default());
        if !problem.grouping.group_checked(z, &mut self.z, &mut self.next, all_finite) {
            finite("z", z)?;
        }
        self.newton.start(problem, &self.z, settings.warm_start.as_deref());
        let mut sizes = self.newton.activity.iter().zip(&self.newton.scale);
        if let Some(row) = sizes.position(|(a, size)| !(a.is_finite() && size.is_finite())) {
            return Err(ProjectError::Overflow { row });
        }
        if let Some(exponent) = tame::lift_of(problem, &self.newton) {
            return tame::lift(problem, z, settings, exponent, out);
        }
        self.newton.spacing = self.spacing.max(T::GRAIN);
        finish::first_margin::<T>(problem, &mut self.newton, settings.exact_rows, &mut self.margin);
        self.newton.sides.set(problem, &self.margin);
        let mut ended = self.newton.run(problem, &self.z, settings.max_steps);
        if matches!(ended, Ended::Infeasible(_) | Ended::Limit) && settings.exact_rows {
            // A feasible set thinner than the margins: try again without them.
            self.margin.fill(0.0);
            self.newton.sides.set(problem, &self.margin);
            self.newton.start(problem, &self.z, None);
            ended = self.newton.run(problem, &self.z, settings.max_steps);
            if ended == Ended::Converged {
                self.newton.tighten(problem, &self.z);
            }
        } else if ended == Ended::Converged && settings.exact_rows && self.newton.is_loose() {
            self.without_margins(problem, settings);
        }
        if ended == Ended::Limit {
            ended = self.second_method(problem);
        }
        match ended {
            Ended::Converged => {
                finish::finish(self, problem, z, settings, out);
                out.status =
                    if self.is_kept(problem, &out.certificate) { Status::Optimal } else { Status::IterationLimit };
            }
            Ended::Limit if settings.on_infeasible == OnInfeasible::Relax => {
                relax::relax(self, problem, z, settings, None, out);
            }
            Ended::Limit => {
                finish::finish(self, problem, z, settings, out);
                out.status = Status::IterationLimit;
            }
            Ended::Infeasible(ray) => {
                let proof = proof(problem, ray);
                match settings.on_infeasible {
                    OnInfeasible::Error => finish::no_point(problem, proof, out),
                    OnInfeasible::Relax => relax::relax(self, problem, z, settings, Some(proof), out),
                }
            }
        }
        out.passes = self.newton.passes;
        let numbers = self.newton.activity.iter().zip(&out.multipliers);
        match numbers.enumerate().find(|(_, (a, mu))| !(a.is_finite() && mu.is_finite())) {
            Some((row, _)) => Err(ProjectError::Overflow { row }),
            None => Ok(()),
        }
    }
}

impl<T: Sample> Projector<T> {
    /// Rows that do not end within their margins, since these leave no room: their sides themselves may be kept.
    fn without_margins(&mut self, problem: &Problem, settings: &Settings) {
        let newton = &mut self.newton;
        let before = (newton.multipliers.clone(), newton.rest.clone(), newton.fine, newton.missed(problem));
        newton.sides.set(problem, &vec![0.0; problem.rows()]);
        let ended = newton.run(problem, &self.z, settings.max_steps);
        if ended == Ended::Converged {
            newton.tighten(problem, &self.z);
        }
        if ended == Ended::Converged && newton.missed(problem) < before.3 {
            self.margin.fill(0.0);
            return;
        }
        (newton.multipliers, newton.rest, newton.fine) = (before.0, before.1, before.2);
        newton.sides.set(problem, &self.margin);
        newton.evaluate::<T, false>(problem, &self.z);
    }

    /// A point that misses its rows by more than rounding is not called optimal, whatever the solver believes: neither of
    /// what it is, nor, where that is far out, of what was asked for.
    fn is_kept(&self, problem: &Problem, certificate: &Certificate) -> bool {
        let asked = |row: usize| {
            let sides = [problem.lower[row], problem.upper[row]].into_iter().filter(|side| side.is_finite());
            sides.fold(self.newton.first_scale[row], |size, side| size.max(side.abs()))
        };
        let misses = |row: usize| {
            let activity = self.newton.activity[row];
            let violation = (activity - problem.upper[row]).max(problem.lower[row] - activity);
            problem.soft[row] == f64::INFINITY && violation > FAR * asked(row) + f64::MIN_POSITIVE
        };
        certificate.relative_row_violation <= KEPT + 4.0 * T::ROUNDING
            && (certificate.row_violation == 0.0 || !(0..problem.rows()).any(misses))
    }

    /// Norms so different that the dense basis goes wrong: tries the sparse method, and goes back to where the first one
    /// ended if that does no better.
    pub(crate) fn second_method(&mut self, problem: &Problem) -> Ended {
        let Some(rows) = sparse::rows_if_small(problem) else { return Ended::Limit };
        self.before.clone_from(&self.newton.multipliers);
        self.newton.start(problem, &self.z, None);
        let ended = sparse::run(&mut self.newton, problem, &self.z, rows);
        let sound = self.newton.multipliers.iter().chain(&self.newton.activity).all(|v| v.is_finite());
        if sound && ended != Ended::Limit {
            return ended;
        }
        self.newton.start(problem, &self.z, Some(&self.before));
        Ended::Limit
    }
}

/// The proof that `combination` is, as far as it is one, with 1 as its largest number (about 1, if dividing spoils it).
pub(crate) fn proof(problem: &Problem, mut combination: Vec<f64>) -> Infeasibility {
    let scale = combination.iter().fold(0.0_f64, |m, f| m.max(f.abs()));
    let divided: Vec<f64> = combination.iter().map(|f| f / scale).collect();
    if farkas::margin(problem, &divided).is_some_and(|(margin, _)| margin > 0.0) {
        combination = divided;
    } else if scale > 0.0 {
        // A power of two costs no digit.
        let power = 2.0_f64.powi(-(scale.log2().floor() as i32));
        combination.iter_mut().for_each(|f| *f *= power);
    }
    let margin = farkas::margin(problem, &combination).map_or(0.0, |(margin, _)| margin);
    let rows = (0..combination.len()).filter(|&row| combination[row] != 0.0).collect();
    Infeasibility { combination, rows, margin }
}

fn check_input<T: Sample>(problem: &Problem, z: &[T], settings: &Settings) -> Result<(), ProjectError> {
    if z.len() != problem.n() {
        return Err(ProjectError::Length { what: "z", found: z.len(), expected: problem.n() });
    }
    if let Some(start) = &settings.warm_start {
        if start.len() != problem.rows() {
            return Err(ProjectError::Length { what: "warm_start", found: start.len(), expected: problem.rows() });
        }
        if let Some(index) = start.iter().position(|v| !v.is_finite()) {
            return Err(ProjectError::NotFinite { what: "warm_start", index, value: start[index] });
        }
    }
    Ok(())
}

/// Fails at the first number that is not finite. One pass that vectorises; the place is looked up only if needed.
pub(crate) fn finite<T: Sample>(what: &'static str, values: &[T]) -> Result<(), ProjectError> {
    let all = all_finite(values);
    match values.iter().position(|v| !all && !v.widen().is_finite()) {
        Some(index) => Err(ProjectError::NotFinite { what, index, value: values[index].widen() }),
        None => Ok(()),
    }
}

fn all_finite<T: Sample>(values: &[T]) -> bool {
    pulp::Arch::new().dispatch(AllFinite(values))
}

struct AllFinite<'a, T>(&'a [T]);

impl<T: Sample> pulp::WithSimd for AllFinite<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> bool {
        let finite = |v: &T| v.widen().abs() < f64::INFINITY;
        self.0.chunks(256).all(|chunk| chunk.iter().fold(true, |all, v| all & finite(v)))
    }
}
