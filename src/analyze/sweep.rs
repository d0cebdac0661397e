//! The price of a spec: its projection at each value of a param, or its best decisions.
//!
//! ```text
//! V(p) = min ½ Σ w (ŷ − z)²   subject to   l(p) ≤ A ŷ ≤ u(p),   lo ≤ ŷ ≤ hi
//! ```
//!
//! The multiplier `μ_j` of a row is minus the derivative of `V` by its active side (Boyd & Vandenberghe 2004, section
//! 5.6.3), and by the chain rule `dV/dp = −Σ_j μ_j · dside_j/dp`. Where the sides are affine in `p` and bound the row
//! from outside (`|gap| ≤ p`), `V` is convex, and it falls as `p` gives more room.
//!
//! Of decisions `V` is the largest gain, `max Σ w g d` over the same rows and `0 ≤ d ≤ 1`, and its slope is `Σ_j μ_j · dside_j/dp`.
//!
//! A param of the sides alone keeps one bound problem, whose sides are replaced; each projection starts from the
//! multipliers of the last. A param of coefficients is bound again, one of events encoded again.

use crate::bind::{BindError, Bound, Encoded, Params, Reach, Samples, Sides, blamed};
use crate::language::program::{Param, Program, PromisedRow};
use crate::runtime::project::{Projection, Projector, Settings, Side, Status};

use super::decided::{DecidedPoint, Deciding};
use super::each_in_conflict;
use super::feasibility::RowSide;
use super::movement::Movement;
use super::sweep_error::SweepError;

/// How it ended at a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    Optimal,
    /// No predictions satisfy all rows: the places of those in conflict among the promised rows, and the promised per-sample
    /// rows without which they could hold.
    Infeasible(Vec<usize>, Vec<PromisedRow>),
    /// Steps ran out, and the numbers are not those of the best answer.
    IterationLimit,
}

/// The outcome at one value of the param.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    pub value: f64,
    pub ended: Ended,
    /// None if no predictions satisfy all rows; so are the other numbers then.
    pub movement: Option<Movement>,
    /// `−dV/dp`: what half the squared distance falls by for each unit that the param grows; of decisions, what the gain grows by.
    /// None unless the param enters sides alone.
    pub price: Option<f64>,
    /// For each event of the program the mean of `ŷ − z` over it; none where it has no samples.
    pub changes: Vec<Option<f64>>,
    /// For each promised row of the program; none where it takes no part.
    pub rows: Vec<Option<RowPoint>>,
    /// Where decisions were asked for.
    pub decided: Option<DecidedPoint>,
}

/// A promised row at one value of the param, in the direction in which it was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowPoint {
    pub lower: f64,
    pub upper: f64,
    /// The value of the row on the predictions as given.
    pub before: f64,
    pub after: Option<f64>,
    /// Minus the derivative of half the squared distance by the active side, or that of the gain: above zero on upper sides.
    pub multiplier: Option<f64>,
    pub active: bool,
}

/// Encodes the data once more, with other values of params.
pub type EncodeAgain<'a> = dyn Fn(&Params) -> Result<Encoded, Vec<BindError>> + 'a;

/// Sweeps one param of a program on a data set, the others at their present values.
pub struct ParamSweep<'a> {
    program: &'a Program,
    promised: Vec<PromisedRow>,
    encoded: &'a Encoded,
    params: Params,
    param: usize,
    reach: Reach,
    /// The predictions, or the decisions before.
    z: &'a [f64],
    /// Where decisions are asked for.
    deciding: Option<Deciding<'a>>,
    encode: &'a EncodeAgain<'a>,
    /// The data as encoded for the present value, where that differs from value to value.
    again: Option<Encoded>,
    batch: Option<Batch>,
    /// For params that enter sides alone.
    sides: Option<Sides<'a>>,
    projector: Projector<f64>,
    /// The multipliers of the last projection.
    last: Option<Vec<f64>>,
}

/// A bound batch, and its rows on the predictions as given.
struct Batch {
    bound: Bound,
    before: Vec<f64>,
}

/// Half the interval over which the slope of a side is taken, relative to the size of the value.
const STEP: f64 = 1e-6;

impl<'a> ParamSweep<'a> {
    /// The param is given by its place in the program; `encoded` was encoded with `params`, `z` are the predictions, and
    /// `encode` is called only for params that decide events.
    pub fn new(
        program: &'a Program,
        encoded: &'a Encoded,
        params: &Params,
        param: usize,
        z: &'a [f64],
        encode: &'a EncodeAgain<'a>,
    ) -> ParamSweep<'a> {
        ParamSweep {
            program,
            promised: program.promised_rows(),
            encoded,
            params: params.clone(),
            param,
            reach: encoded.reach(param),
            z,
            deciding: None,
            encode,
            again: None,
            batch: None,
            sides: None,
            projector: Projector::new(),
            last: None,
        }
    }

    /// The same for the decisions of the largest gain, beside the decisions `before`.
    pub fn deciding(self, before: &'a [f64], deciding: Deciding<'a>) -> ParamSweep<'a> {
        ParamSweep { z: before, deciding: Some(deciding), ..self }
    }

    /// Whether decisions are asked for.
    pub fn decides(&self) -> bool {
        self.deciding.is_some()
    }

    /// How far into the problem the param reaches.
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// The param as declared; none if there is none at its place.
    pub fn param(&self) -> Option<&'a Param> {
        self.program.params.get(self.param)
    }

    /// Its present value.
    pub fn present(&self) -> f64 {
        self.params.values().get(self.param).copied().unwrap_or(f64::NAN)
    }

    /// The outcome at a value. Values near the last one are found faster.
    ///
    /// # Errors
    /// See [`SweepError`]; the value may lie outside the declared range.
    pub fn at(&mut self, value: f64) -> Result<Point, SweepError> {
        if !self.prepare(value)? {
            return Ok(Point { rows: vec![None; self.promised.len()], ..Point::none(value) });
        }
        let Some(batch) = &self.batch else { return Ok(Point::none(value)) };
        let problem = &batch.bound.problem;
        let (projection, mut decided) = if let Some(deciding) = &self.deciding {
            let params = self.with(value).map_err(SweepError::Bind)?;
            let encoded = self.again.as_ref().unwrap_or(self.encoded);
            deciding.decide(self.program, encoded, &params, problem)?
        } else {
            let warm_start = self.last.take().filter(|last| last.len() == problem.rows());
            let settings = Settings { warm_start, ..Settings::default() };
            (batch.bound.project(&mut self.projector, self.z, &settings)?, None)
        };
        let mut point = Point { rows: self.rows(batch, &projection), ..Point::none(value) };
        match &projection.status {
            Status::Infeasible(proof) | Status::Relaxed(proof) => {
                let upper = |row: usize| proof.combination.get(row).is_none_or(|weight| *weight >= 0.0);
                let conflict = proof.rows.iter().filter_map(|&row| {
                    let (promised, _) = blamed(&batch.bound.rows, row, upper(row))?;
                    self.promised.binary_search(&promised).ok()
                });
                let mut conflict: Vec<usize> = conflict.collect();
                conflict.sort_unstable();
                let sides: Vec<RowSide> = proof.rows.iter().map(|&row| RowSide { row, upper: upper(row) }).collect();
                let params = self.with(value).map_err(SweepError::Bind)?;
                let encoded = self.again.as_ref().unwrap_or(self.encoded);
                let mut each = each_in_conflict(encoded, &params, &Samples::All, &sides, &proof.combination);
                let pairs = batch.bound.pairs_among(proof.rows.iter().copied());
                each.extend(pairs.into_iter().map(|(row, _)| row));
                point.ended = Ended::Infeasible(conflict, each);
                return Ok(point);
            }
            Status::Optimal => point.ended = Ended::Optimal,
            Status::IterationLimit => point.ended = Ended::IterationLimit,
        }
        if projection.y.is_empty() && !self.z.is_empty() {
            return Ok(point);
        }
        let mut movement = Movement::default();
        movement.enter(self.z, &projection.y, problem.weights().as_deref());
        point.movement = Some(movement);
        let change: Vec<f64> = projection.y.iter().zip(self.z).map(|(y, z)| y - z).collect();
        let encoded = self.again.as_ref().unwrap_or(self.encoded);
        point.changes = encoded.event_means(&Samples::All, &change);
        point.price = self.price(value, &projection.multipliers);
        if let (Some(decided), Some(deciding)) = (&mut decided, &self.deciding) {
            decided.enter(deciding, encoded, self.z, &projection.y);
        }
        point.decided = decided;
        self.last = Some(projection.multipliers);
        Ok(point)
    }

    /// Whether the predictions as given satisfy all rows at a value, but for rounding: nothing has to move. Decisions: whether more
    /// room gains nothing.
    ///
    /// # Errors
    /// As [`ParamSweep::at`].
    pub fn is_free(&mut self, value: f64) -> Result<bool, SweepError> {
        const ROUNDING: f64 = 1e-12;
        if !self.prepare(value)? {
            return Ok(false);
        }
        let Some(batch) = &self.batch else { return Ok(false) };
        let problem = &batch.bound.problem;
        if let Some(deciding) = self.deciding.as_ref().filter(|_| self.sides.is_some()) {
            let params = self.with(value).map_err(SweepError::Bind)?;
            let multipliers = deciding.multipliers(self.program, self.encoded, &params, problem)?;
            return Ok(multipliers.and_then(|multipliers| self.price(value, &multipliers)) == Some(0.0));
        }
        let mut rows = batch.before.iter().zip(problem.lower().iter().zip(problem.upper()));
        Ok(rows.all(|(value, (lower, upper))| (lower - value).max(value - upper) <= ROUNDING * value.abs().max(1.0)))
    }

    fn with(&self, value: f64) -> Result<Params, Vec<BindError>> {
        let mut params = self.params.clone();
        let name = self.param().map_or("", |param| param.name.as_str());
        params.set(self.program, name, value).map_err(|error| vec![error])?;
        Ok(params)
    }

    /// Makes `batch` that of a value; false if sides cross there, so that no predictions satisfy them.
    fn prepare(&mut self, value: f64) -> Result<bool, SweepError> {
        let params = self.with(value).map_err(SweepError::Bind)?;
        if let (Some(batch), Some(sides)) = (&mut self.batch, &self.sides) {
            return match sides.at(&params) {
                Ok((lower, upper)) => {
                    let own = sides.own(&params).map_err(SweepError::Bind)?;
                    batch.set_sides(&lower, &upper, own).map(|()| true)
                }
                Err(errors) => crossed(errors),
            };
        }
        if self.reach == Reach::Encoding {
            self.again = Some((self.encode)(&params).map_err(SweepError::Bind)?);
        }
        let encoded = self.again.as_ref().unwrap_or(self.encoded);
        let bound = match &self.deciding {
            Some(_) => encoded.bind(&params, &Samples::All),
            None => encoded.bind_convex(&params, &Samples::All),
        };
        let bound = match bound {
            Ok(bound) => bound,
            Err(errors) => return crossed(errors),
        };
        if self.reach <= Reach::Sides {
            self.sides = Some(self.encoded.sides(&bound, &Samples::All));
        }
        let before = bound.row_values(self.z)?.values;
        self.batch = Some(Batch { bound, before });
        Ok(true)
    }

    /// One for each promised row of the program.
    fn rows(&self, batch: &Batch, projection: &Projection<f64>) -> Vec<Option<RowPoint>> {
        let after = batch.bound.row_values(&projection.y).ok().map(|rows| rows.values);
        let row = |promised: &PromisedRow| {
            let row = batch.bound.rows.get(promised.row)?;
            let place = row.kept()?;
            let direction = self.program.origin(*promised)?.direction();
            let (lower, upper) = row.sides_of(promised.origin);
            let (lower, upper) = direction.sides(lower, upper);
            let active = projection.active.get(place).is_some_and(|side| *side != Side::Inactive);
            let multiplier = after.as_ref().and(projection.multipliers.get(place));
            let price = row.price(promised.origin, direction, multiplier.copied().unwrap_or(0.0), active);
            Some(RowPoint {
                lower,
                upper,
                before: direction.number(*batch.before.get(place)?),
                after: after.as_ref().and_then(|after| after.get(place)).map(|value| direction.number(*value)),
                multiplier: multiplier.map(|_| price.multiplier),
                active: after.is_some() && price.active,
            })
        };
        self.promised.iter().map(row).collect()
    }

    /// `−dV/dp = Σ_j μ_j · dside_j/dp`, with difference quotients of the sides: exact but for rounding where they are
    /// affine, as tolerances are.
    fn price(&self, value: f64, multipliers: &[f64]) -> Option<f64> {
        let (sides, param) = (self.sides.as_ref()?, self.param()?);
        let step = STEP * value.abs().max(1.0);
        let (left, right) = ((value - step).max(param.range.lower), (value + step).min(param.range.upper));
        let at = |value: f64| sides.at(&self.with(value).ok()?).ok();
        let ((lower, upper), (next_lower, next_upper)) = (at(left)?, at(right)?);
        if left >= right {
            return None;
        }
        let slopes = lower.iter().zip(&next_lower).zip(upper.iter().zip(&next_upper));
        let shares = multipliers.iter().zip(slopes).map(|(&multiplier, ((l, next_l), (u, next_u)))| {
            let (side, next) = if multiplier > 0.0 { (u, next_u) } else { (l, next_l) };
            if multiplier == 0.0 { 0.0 } else { multiplier * (next - side) / (right - left) }
        });
        Some(shares.sum::<f64>() + 0.0)
    }
}

impl Batch {
    fn set_sides(&mut self, lower: &[f64], upper: &[f64], own: Vec<Vec<(f64, f64)>>) -> Result<(), SweepError> {
        self.bound.set_sides(lower, upper)?;
        let mut own: Vec<Option<Vec<(f64, f64)>>> = own.into_iter().map(Some).collect();
        for row in &mut self.bound.rows {
            let Some(place) = row.kept() else { continue };
            if let Some((lower, upper)) = lower.get(place).zip(upper.get(place)) {
                (row.lower, row.upper) = (*lower, *upper);
            }
            if let Some(own) = own.get_mut(place).and_then(Option::take) {
                row.own = own;
            }
        }
        Ok(())
    }
}

impl Point {
    /// Nothing is known but that no predictions satisfy all rows.
    fn none(value: f64) -> Point {
        Point {
            value,
            ended: Ended::Infeasible(Vec::new(), Vec::new()),
            movement: None,
            price: None,
            changes: Vec::new(),
            rows: Vec::new(),
            decided: None,
        }
    }
}

/// Sides that cross are an answer; other errors are not.
fn crossed(errors: Vec<BindError>) -> Result<bool, SweepError> {
    let crosses = |error: &BindError| {
        matches!(
            error,
            BindError::CrossedSides { .. } | BindError::CrossedRows { .. } | BindError::CrossedBounds { .. }
        )
    };
    if errors.iter().all(crosses) { Ok(false) } else { Err(SweepError::Bind(errors)) }
}

#[cfg(test)]
#[path = "sweep_tests.rs"]
mod tests;
