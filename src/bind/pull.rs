//! How answers move with raw predictions that rows read: through coefficients, sides and bounds of single predictions.
//!
//! With free samples and active rows held fixed (see [`crate::runtime::project`]), `q` the solution of `M q = A_F W⁻¹ v_F`
//! and `g = v − Aᵀq`,
//!
//! ```text
//! ∂(vᵀŷ)/∂A_ji = −μ_j g_i / w_i [i free] − q_j ŷ_i        ∂/∂b_j = q_j        ∂/∂bound_i = g_i [i at its bound]
//! ```
//!
//! So the derivative with respect to what they are made of is that of one number, `Σ A·∂A + Σ b·∂b + Σ bound·∂bound` with
//! these derivatives as constants, and [`Tape`] finds it.

use crate::language::program::RAW;
use crate::runtime::project::{Gradient, ProjectError, Projection, Sample, Side, Status};

use super::binder::{About, Binder, Matrix};
use super::bound::{Bound, BoundSampleRow};
use super::encoded::Encoded;
use super::formula::{Arithmetic, Scope};
use super::params::Params;
use super::sample_rows::{Asked, ByCell, each_sample};
use super::tally::{Samples, Tally};
use super::tape::{Number, Tape};
use super::trace::{TraceError, Tracer, Tracked};

/// A projection, and the gradient of `vᵀŷ` without what goes through raw predictions.
pub struct Pulled<'a, T: Sample> {
    pub bound: &'a Bound,
    pub projection: &'a Projection<T>,
    pub v: &'a [T],
    pub gradient: &'a Gradient<T>,
}

impl Encoded {
    /// The derivative of `vᵀŷ` with respect to the raw predictions that rows read, for a batch made by
    /// [`Encoded::with_raw`] and bound whole.
    ///
    /// # Errors
    /// There is no optimal point, or no derivative.
    pub fn by_raw<T: Sample>(&self, params: &Params, pulled: &Pulled<'_, T>) -> Result<Vec<f64>, ProjectError> {
        if pulled.projection.status != Status::Optimal {
            return Err(ProjectError::NoDerivative);
        }
        let Some(raw) = self.input(RAW) else { return Ok(vec![0.0; self.n()]) };
        let tape = Tape::new(RAW, raw);
        let by_point = match &pulled.bound.convex {
            Some(convex) => convex.breakpoint_gradient(pulled.projection, pulled.gradient, pulled.v)?,
            None => Vec::new(),
        };
        let total = self.pulled(params, pulled, &by_point, &tape).map_err(|_| ProjectError::NoDerivative)?;
        Ok(tape.derivative(total))
    }

    fn pulled<T: Sample>(
        &self,
        params: &Params,
        pulled: &Pulled<'_, T>,
        by_point: &[Vec<f64>],
        tape: &Tape<'_>,
    ) -> Result<Number, TraceError> {
        let samples = Samples::All;
        let tally = Tally::new(self, &samples);
        let about = About::new(self, &tally, &samples);
        let tracer = Tracer::new(self, (&tally, &about), &samples, params, tape)?;
        let rows = self.pulled_rows(pulled, &tracer, tape)?;
        let rows = tape.add(rows, self.pulled_distances(&tally, (pulled, by_point), &tracer, tape)?);
        let bounds = self.pulled_bounds((params, &tally, &about), pulled, &tracer, tape)?;
        Ok(tape.add(rows, bounds))
    }

    fn pulled_rows<T: Sample>(
        &self,
        pulled: &Pulled<'_, T>,
        tracer: &Tracer<'_, Tape<'_>>,
        tape: &Tape<'_>,
    ) -> Result<Number, TraceError> {
        let Projection { multipliers, active, y, .. } = pulled.projection;
        let q = multipliers_of(pulled.gradient);
        let weights = pulled.bound.problem.weights();
        let moved = q.iter().zip(multipliers).enumerate().filter(|(_, (q, mu))| **q != 0.0 || **mu != 0.0);
        let places: Vec<usize> = moved.map(|(place, _)| place).collect();
        let mut total = tape.number(0.0);
        for (row, &place) in tracer.rows(pulled.bound, &places)?.iter().zip(&places) {
            let (q, mu) = (q[place], multipliers[place]);
            let by_coefficient = |(i, y): (usize, &T)| {
                let w = weights.as_ref().map_or(1.0, |weights| weights[i]);
                let free = if w > 0.0 { mu * pulled.gradient.z[i].widen() / w } else { 0.0 };
                -free - q * y.widen()
            };
            let by_coefficient: Vec<f64> = y.iter().enumerate().map(by_coefficient).collect();
            let term = tape.multiply(row.coefficients, tape.samples(&by_coefficient));
            total = tape.add(total, tape.sum(&term));
            // Of an equation with two sides that move apart, the one that the multiplier presses on.
            let down = active[place] == Side::Lower || active[place] == Side::Both && mu < 0.0;
            if let Some(side) = if down { row.lower } else { row.upper } {
                total = tape.add(total, tape.multiply(tape.number(q), side));
            }
        }
        Ok(total)
    }

    /// Terms `b |ŷ − c|` of rows, `s` the sign of `ŷ − c`: the slope `s b` moves as a coefficient, and the row by the distance.
    fn pulled_distances<T: Sample>(
        &self,
        tally: &Tally,
        (pulled, by_point): (&Pulled<'_, T>, &[Vec<f64>]),
        tracer: &Tracer<'_, Tape<'_>>,
        tape: &Tape<'_>,
    ) -> Result<Number, TraceError> {
        let mut total = tape.number(0.0);
        if pulled.bound.convex.is_none() {
            return Ok(total);
        }
        let Projection { multipliers, y, .. } = pulled.projection;
        let q = multipliers_of(pulled.gradient);
        let weights = pulled.bound.problem.weights();
        for (place, (&q, &mu)) in q.iter().zip(multipliers).enumerate().filter(|(_, (q, mu))| **q != 0.0 || **mu != 0.0)
        {
            for (at, coefficient) in tracer.distances(pulled.bound, place)? {
                let from = self.batch_values(at.0, tally, &Samples::All);
                let by_coefficient = |(i, (y, from)): (usize, (&T, &f64))| {
                    let (w, step) = (weights.as_ref().map_or(1.0, |weights| weights[i]), y.widen() - from);
                    let free = if w > 0.0 { mu * pulled.gradient.z[i].widen() / w } else { 0.0 };
                    let sign = if step == 0.0 { 0.0 } else { step.signum() };
                    -sign * free - q * step.abs()
                };
                let by_coefficient: Vec<f64> = y.iter().zip(&from).enumerate().map(by_coefficient).collect();
                let term = tape.multiply(coefficient, tape.samples(&by_coefficient));
                total = tape.add(total, tape.sum(&term));
            }
        }
        for (at, by) in pulled.bound.points.iter().zip(by_point) {
            total = tape.add(total, tape.sum(&tape.multiply(tracer.point(*at)?, tape.samples(by))));
        }
        Ok(total)
    }

    fn pulled_bounds<T: Sample>(
        &self,
        (params, tally, about): (&Params, &Tally, &About),
        pulled: &Pulled<'_, T>,
        tracer: &Tracer<'_, Tape<'_>>,
        tape: &Tape<'_>,
    ) -> Result<Number, TraceError> {
        let mut total = tape.number(0.0);
        if self.plan.sample_rows.is_empty() {
            return Ok(total);
        }
        let (by_bound, bounds) = (by_bound(pulled), pulled.bound.problem.bounds());
        let totals = self.totals(tally, about, &Samples::All);
        let scope = Scope { params: params.values(), totals: &totals, ..Scope::default() };
        let (errors, matrix) = (Vec::new(), Matrix::new(self));
        let mut binder = Binder { encoded: self, tally, about, scope, errors, matrix };
        let by_cell = ByCell::of(&tally.cell, tally.origin.len());
        // Each bound is that of one row, the first that asks for it.
        let mut taken = vec![false; self.n()];
        for row in &self.plan.sample_rows {
            if !matches!(pulled.bound.sample_rows.get(row.row), Some(BoundSampleRow::Applied { .. })) {
                continue;
            }
            let mut by = [vec![0.0; self.n()], vec![0.0; self.n()]];
            each_sample(&mut binder, row, &Samples::All, &by_cell, &mut |i, _, Asked { factor, lower, upper, .. }| {
                let Some((upwards, pull)) = by_bound[i].filter(|_| !taken[i]) else { return };
                let own = if upwards { bounds.at(i).1 } else { bounds.at(i).0 };
                // A negative factor turns the sides around.
                let side = usize::from(upwards == (factor > 0.0));
                let asked = [lower, upper][side] / factor;
                if (asked - own).abs() <= 1e-12 * own.abs().max(1.0) {
                    by[side][i] = pull;
                    taken[i] = true;
                }
            });
            let coefficient = tracer.line(&row.coefficient)?;
            for (by, side) in by.iter().zip([&row.lower, &row.upper]) {
                let Some(side) = side.as_ref().filter(|_| by.iter().any(|by| *by != 0.0)) else { continue };
                // Elsewhere the factor may be 0.
                let inside: Vec<f64> = by.iter().map(|by| f64::from(u8::from(*by != 0.0))).collect();
                let outside: Vec<f64> = inside.iter().map(|inside| 1.0 - inside).collect();
                let divisor = tape.add(tape.multiply(coefficient, tape.samples(&inside)), tape.samples(&outside));
                let bound = tape.divide(tracer.line(side)?, divisor);
                total = tape.add(total, tape.sum(&tape.multiply(bound, tape.samples(by))));
            }
        }
        Ok(total)
    }
}

/// `q`, one for each row.
fn multipliers_of<T: Sample>(gradient: &Gradient<T>) -> Vec<f64> {
    gradient.lower.iter().zip(&gradient.upper).map(|(lower, upper)| lower + upper).collect()
}

/// For each sample at a bound, whether it is the upper one, and the derivative with respect to it.
fn by_bound<T: Sample>(pulled: &Pulled<'_, T>) -> Vec<Option<(bool, f64)>> {
    let problem = &pulled.bound.problem;
    let q = multipliers_of(pulled.gradient);
    let back = match &pulled.bound.convex {
        Some(convex) => convex.slopes(&q, &pulled.projection.y),
        None => {
            let csr = problem.to_csr();
            let mut back = vec![0.0; problem.n()];
            for (range, q) in csr.indptr.windows(2).zip(&q) {
                let [begin, end] = range else { continue };
                let entries = csr.indices.iter().zip(&csr.values).take(*end).skip(*begin);
                entries.for_each(|(&sample, value)| back[sample as usize] += q * value);
            }
            back
        }
    };
    let bounds = problem.bounds();
    let one = |(i, y): (usize, &T)| {
        let (lo, hi) = bounds.at(i);
        let (lo, hi) = T::inward(lo, hi);
        let pull = pulled.v[i].widen() - back[i];
        match y.widen() {
            y if y <= lo => Some((false, pull)),
            y if y >= hi => Some((true, pull)),
            _ => None,
        }
    };
    pulled.projection.y.iter().enumerate().map(one).collect()
}
