//! One solve from start to end: which method, with margins or without, and what is answered.

use super::newton::Ended;
use super::pattern::Prepared;
use super::projection::{Certificate, ProjectError, Projection, Status, all_finite, finite};
use super::projector::Projector;
use super::sample::Sample;
use super::settings::{OnInfeasible, Settings};
use super::{certify, farkas, in_order, relax, rest, sparse, tame};
use crate::problem::Problem;

/// Share of a row's size that a point that is called optimal may miss it by.
const KEPT: f64 = 1e-11;
/// The same of the size that the row has at `z`, or asks for.
const FAR: f64 = 1e-5;

impl<T: Sample> Projector<T> {
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
        if settings.warm_start.is_none()
            && in_order::fits::<T>(problem)
            && self.project_in_order(problem, z, settings, out)
        {
            return Ok(());
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
        let ended = self.iterate(problem, settings);
        self.answer(problem, z, settings, ended, out);
        out.passes = self.newton.passes;
        let numbers = self.newton.activity.iter().zip(&out.multipliers);
        match numbers.enumerate().find(|(_, (a, mu))| !(a.is_finite() && mu.is_finite())) {
            Some((row, _)) => Err(ProjectError::Overflow { row }),
            None => Ok(()),
        }
    }
}

impl<T: Sample> Projector<T> {
    /// From where the iteration starts to its end: with margins, without them where they leave no room, and by the second method.
    pub(super) fn iterate(&mut self, problem: &Problem, settings: &Settings) -> Ended {
        self.newton.spacing = self.spacing.max(T::GRAIN);
        certify::first_margin::<T>(problem, &mut self.newton, settings.exact_rows, &mut self.margin);
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
        ended
    }

    /// What is answered at the end of the iteration.
    fn answer(&mut self, problem: &Problem, z: &[T], settings: &Settings, ended: Ended, out: &mut Projection<T>) {
        match ended {
            Ended::Converged => {
                certify::finish(self, problem, z, settings, out);
                rest::project(self, problem, z, settings, out);
                out.status =
                    if self.is_kept(problem, &out.certificate) { Status::Optimal } else { Status::IterationLimit };
            }
            Ended::Limit if settings.on_infeasible == OnInfeasible::Relax => {
                relax::relax(self, problem, z, settings, None, out);
            }
            Ended::Limit => {
                certify::finish(self, problem, z, settings, out);
                out.status = Status::IterationLimit;
            }
            Ended::Infeasible(ray) => {
                let proof = farkas::proof(problem, ray);
                match settings.on_infeasible {
                    OnInfeasible::Error => certify::no_point(problem, proof, out),
                    OnInfeasible::Relax => relax::relax(self, problem, z, settings, Some(proof), out),
                }
            }
        }
    }

    /// A large plain batch in two passes; false if it takes more than that, and is to be solved as any other.
    fn project_in_order(&mut self, problem: &Problem, z: &[T], settings: &Settings, out: &mut Projection<T>) -> bool {
        let newton = &mut self.newton;
        if !newton.start_in_order(problem, z) {
            return false;
        }
        let is_finite = newton.activity.iter().chain(&newton.scale).all(|number| number.is_finite());
        if !is_finite || tame::lift_of(problem, newton).is_some() {
            return false;
        }
        newton.spacing = self.spacing.max(T::GRAIN);
        certify::first_margin::<T>(problem, newton, settings.exact_rows, &mut self.margin);
        newton.sides.set(problem, &self.margin);
        let ended = newton.run_in_order(problem, z, settings.max_steps);
        if ended != Ended::Converged || (settings.exact_rows && newton.is_loose()) {
            return false;
        }
        let ended =
            certify::finish_in_order(self, problem, z, settings, out) && self.is_kept(problem, &out.certificate);
        if !ended || rest::misses(&mut self.newton, problem, out) {
            return false;
        }
        (out.status, out.passes) = (Status::Optimal, self.newton.passes);
        let numbers = self.newton.activity.iter().chain(&out.multipliers);
        numbers.fold(true, |all, number| all & number.is_finite())
    }

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
        // A row of zeros that has to stay at zero asks for nothing itself: others move its terms.
        let most = (0..problem.rows()).map(asked).fold(0.0, f64::max);
        let misses = |row: usize| {
            let activity = self.newton.activity[row];
            let violation = (activity - problem.upper[row]).max(problem.lower[row] - activity);
            let size = if asked(row) > 0.0 { asked(row) } else { most };
            problem.soft[row] == f64::INFINITY && violation > FAR * size + f64::MIN_POSITIVE
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
        let ended = sparse::run(&mut self.newton, problem, &self.z, Prepared::new(rows));
        let sound = self.newton.multipliers.iter().chain(&self.newton.activity).all(|v| v.is_finite());
        if sound && ended != Ended::Limit {
            return ended;
        }
        self.newton.start(problem, &self.z, Some(&self.before));
        Ended::Limit
    }
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
