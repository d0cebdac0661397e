//! The projection onto convex rows: that of the pieces, held against the rows themselves.

use super::ConvexProblem;
use crate::project::{
    Certificate, Infeasibility, OnInfeasible, ProjectError, Projection, Projector, Sample, Settings, Status, finite,
};

/// How often the sides are drawn in where a row misses by rounding.
const TRIES: usize = 8;
/// Share of a row's size that a point that is called optimal may miss it by.
const KEPT: f64 = 1e-11;
/// Units of rounding of its size by which a row must hold, since coefficients are rounded too.
const SLACK: f64 = 2.0 * f64::EPSILON;

impl ConvexProblem {
    /// The projection of `z` onto the rows and the box.
    ///
    /// # Errors
    /// If `z` has the wrong length or holds NaN or infinite numbers, or sums overflow. An infeasible problem is no error: see
    /// [`Status`].
    pub fn project<T: Sample>(&self, z: &[T], settings: &Settings) -> Result<Projection<T>, ProjectError> {
        self.project_with(&mut Projector::new(), z, settings)
    }

    /// The same with a solver that keeps its buffers.
    ///
    /// # Errors
    /// As [`ConvexProblem::project`].
    pub fn project_with<T: Sample>(
        &self,
        solver: &mut Projector<T>,
        z: &[T],
        settings: &Settings,
    ) -> Result<Projection<T>, ProjectError> {
        if z.len() != self.n() {
            return Err(ProjectError::Length { what: "z", found: z.len(), expected: self.n() });
        }
        finite("z", z)?;
        // What room for rounding makes infeasible is not to be relaxed.
        let first = Settings { on_infeasible: OnInfeasible::Error, ..settings.clone() };
        let mut solve = Solve { convex: self, z, t: self.pieces.spread(z), solver, settings: first, passes: 0 };
        let mut room = if settings.exact_rows { self.doubt.clone() } else { vec![0.0; self.rows()] };
        let mut found = solve.pieces(&room)?;
        if matches!(found.status, Status::Infeasible(_) | Status::IterationLimit) && room.iter().any(|room| *room > 0.0)
        {
            room.fill(0.0);
            found = solve.pieces(&room)?;
        }
        let proved = |proof: &Infeasibility| {
            let wrong: f64 = proof.combination.iter().zip(&self.doubt).map(|(f, doubt)| (f * doubt).abs()).sum();
            proof.margin > wrong
        };
        let relaxes = settings.on_infeasible == OnInfeasible::Relax;
        match &found.status {
            Status::Infeasible(proof) if !relaxes && proved(proof) => {
                return Ok(Projection { passes: solve.passes, ..found });
            }
            Status::Infeasible(_) => {
                found = solve.relaxed(&room, proved)?;
                if !relaxes && matches!(found.status, Status::Relaxed(_)) {
                    found.status = Status::IterationLimit;
                }
            }
            Status::IterationLimit if relaxes => found = solve.relaxed(&room, proved)?,
            _ => {}
        }
        let found = if settings.exact_rows { solve.within(found, room)? } else { found };
        Ok(solve.answer(found))
    }
}

struct Solve<'a, T: Sample> {
    convex: &'a ConvexProblem,
    z: &'a [T],
    /// `z` of each piece.
    t: Vec<T>,
    solver: &'a mut Projector<T>,
    settings: Settings,
    passes: usize,
}

impl<T: Sample> Solve<'_, T> {
    /// The projection of the pieces, with sides drawn in.
    fn pieces(&mut self, room: &[f64]) -> Result<Projection<T>, ProjectError> {
        let (lower, upper) = self.convex.sides_less(room);
        let mut problem = self.convex.lifted.clone();
        if problem.set_sides(&lower, &upper).is_err() {
            let row = lower.iter().zip(&upper).position(|(l, u)| l > u || l.is_nan() || u.is_nan()).unwrap_or(0);
            return Err(ProjectError::Overflow { row });
        }
        let mut found = Projection::default();
        self.solver.project_into(&problem, &self.t, &self.settings, &mut found)?;
        self.passes += found.passes;
        Ok(found)
    }

    /// The point of least violation. Where the rows contradict each other by less than their rounding, it is the point that comes
    /// nearest, and is called no more than that.
    fn relaxed(
        &mut self,
        room: &[f64],
        proved: impl Fn(&Infeasibility) -> bool,
    ) -> Result<Projection<T>, ProjectError> {
        self.settings.on_infeasible = OnInfeasible::Relax;
        let mut found = self.pieces(room)?;
        if matches!(&found.status, Status::Relaxed(proof) if !proved(proof)) {
            found.status = Status::IterationLimit;
        }
        Ok(found)
    }

    /// Draws the sides in until the rows hold for the returned numbers, or that leads nowhere.
    fn within(&mut self, mut found: Projection<T>, mut room: Vec<f64>) -> Result<Projection<T>, ProjectError> {
        for _ in 0..TRIES {
            if found.status != Status::Optimal || !self.draw_in(&found, &mut room) {
                return Ok(found);
            }
            self.settings.warm_start = Some(found.multipliers.clone());
            let closer = self.pieces(&room)?;
            if closer.status != Status::Optimal {
                return Ok(found);
            }
            found = closer;
        }
        Ok(found)
    }

    /// Widens the room of rows that miss their sides; false if none does.
    fn draw_in(&self, found: &Projection<T>, room: &mut [f64]) -> bool {
        let (convex, y) = (self.convex, widened(&self.convex.pieces.gather(&found.y)));
        let rows = convex.row_values(&y).unwrap_or_default();
        let sides = convex.affine.lower().iter().zip(convex.affine.upper());
        let mut again = false;
        for (row, ((&l, &u), room)) in sides.zip(room).enumerate() {
            let slack = SLACK * rows.magnitudes[row];
            let miss = (rows.values[row] + slack - u).max(l - rows.values[row] + slack);
            if l < u && miss > 0.0 && found.multipliers[row].abs() < convex.affine.soft()[row] {
                *room = 2.0 * *room + 2.0 * miss;
                again = true;
            }
        }
        again
    }

    /// The answer in samples, with the certificate of its rows.
    fn answer(&self, found: Projection<T>) -> Projection<T> {
        let convex = self.convex;
        let y = convex.pieces.gather(&found.y);
        let wide = widened(&y);
        let rows = convex.row_values(&wide).unwrap_or_default();
        let sizes = convex.sizes(&wide);
        let stationarity = found.certificate.stationarity;
        let mut certificate = Certificate { stationarity, ..Certificate::default() };
        for (row, &value) in rows.values.iter().enumerate() {
            let (l, u, cap) = (convex.affine.lower()[row], convex.affine.upper()[row], convex.affine.soft()[row]);
            let (violation, mu) = ((value - u).max(l - value).max(0.0), found.multipliers[row]);
            if cap == f64::INFINITY {
                let size = sizes[row].max(f64::MIN_POSITIVE);
                certificate.row_violation = certificate.row_violation.max(violation);
                certificate.relative_row_violation = certificate.relative_row_violation.max(violation / size);
            }
            if mu != 0.0 && mu.abs() < cap {
                certificate.duality_gap += mu * (if mu > 0.0 { u } else { l } - value);
            }
        }
        let bounds = convex.affine.bounds();
        let (weights, mut objective) = (convex.affine.weights(), 0.0);
        for (i, (y, z)) in wide.iter().zip(self.z).enumerate() {
            let (lo, hi) = bounds.at(i);
            certificate.bound_violation = certificate.bound_violation.max(lo - y).max(y - hi);
            let weight = weights.as_ref().map_or(1.0, |weights| weights[i]);
            objective += 0.5 * weight * (y - z.widen()) * (y - z.widen());
        }
        let kept = certificate.relative_row_violation <= KEPT + 4.0 * T::ROUNDING;
        let status =
            if found.status == Status::Optimal && !kept { Status::IterationLimit } else { found.status.clone() };
        Projection { y, status, certificate, objective, passes: self.passes, ..found }
    }
}

fn widened<T: Sample>(y: &[T]) -> Vec<f64> {
    y.iter().map(|y| y.widen()).collect()
}
