//! The rows of a batch when all earlier answers count too.

use super::{Answer, at};
use crate::problem::{Problem, ProblemError, ROUNDING, Sum};

/// What earlier answers of a cell contribute through one factor.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moment {
    /// `Σ w·φ·ŷ`.
    pub answer: f64,
    /// `Σ w·φ²`.
    pub square: f64,
    /// `Σ w·|φ|`, or more.
    pub mass: f64,
    /// `Σ w·|φ·ŷ|`.
    pub size: f64,
}

/// The rows of a batch with what the earlier answers add to them: `l ≤ before + A ŷ ≤ u`.
#[derive(Debug, Clone)]
pub struct Pooled {
    /// The rows with `before` taken off their sides; infinite sides where no sample of the batch is in the row.
    pub problem: Problem,
    /// Per row the sides of the pooled quantity itself.
    pub lower: Vec<f64>,
    pub upper: Vec<f64>,
    /// Per row what the earlier answers contribute.
    pub before: Vec<f64>,
    /// Per row `Σ |aᵢ·ŷᵢ|` over the earlier answers: what the rounding of `before` is relative to.
    pub size: Vec<f64>,
    /// Per row `Σ |aᵢ|` over all samples, earlier and new, or more.
    pub mass: Vec<f64>,
    /// Per row `‖a‖² = Σ aᵢ²/wᵢ` over all samples, earlier and new: what a multiplier of 1 would move it by.
    pub norm: Vec<f64>,
    /// Per row `(Σ|aᵢ|)²/‖a‖²`: the number of samples that it rests on.
    pub rests_on: Vec<f64>,
    /// Per row a number that stays the same from batch to batch.
    pub id: Vec<usize>,
    /// Weight of all samples, earlier and new.
    pub weight: f64,
}

/// Units of rounding of a row's pooled sums that are kept from its sides: each sum, coefficient and product is rounded.
const ROOM: f64 = 8.0 * f64::EPSILON;

impl Pooled {
    /// From the problem of the batch, whose coefficients are already those of the pooled quantity, and whose cells are
    /// all cells: `past` has for each of its factors the moments of each cell. `weight` is that of the earlier samples.
    ///
    /// Sides are drawn in by a few roundings of the sums, so that rows hold for the answers summed exactly.
    ///
    /// # Errors
    /// Lengths that do not fit.
    pub fn new(
        mut problem: Problem,
        past: &[Vec<Moment>],
        id: Vec<usize>,
        weight: f64,
    ) -> Result<Pooled, ProblemError> {
        check(&problem, past, &id)?;
        let slots = Slots::new(&problem, past);
        let width = problem.width().max(1) as f64;
        let sums: Vec<RowSums> = (0..problem.rows()).map(|row| slots.sums(&problem, row, width)).collect();
        let (lower, upper) = (problem.lower().to_vec(), problem.upper().to_vec());
        let sides = lower.iter().zip(&upper).zip(&sums).map(|((&lower, &upper), row)| match row.touched {
            true => within(lower, upper, row.before, row.size),
            false => (f64::NEG_INFINITY, f64::INFINITY),
        });
        let (inner_lower, inner_upper): (Vec<f64>, Vec<f64>) = sides.unzip();
        problem.set_sides(&inner_lower, &inner_upper)?;
        let rests_on = |row: &RowSums| if row.norm > 0.0 { row.mass * row.mass / row.norm } else { 0.0 };
        Ok(Pooled {
            lower,
            upper,
            before: sums.iter().map(|row| row.before).collect(),
            size: sums.iter().map(|row| row.size).collect(),
            mass: sums.iter().map(|row| row.mass).collect(),
            norm: sums.iter().map(|row| row.norm).collect(),
            rests_on: sums.iter().map(rests_on).collect(),
            id,
            weight: weight + problem.weights().map_or(problem.n() as f64, |weights| weights.iter().sum()),
            problem,
        })
    }

    /// The pooled quantity of each row with these answers, and the rows outside of their sides.
    pub(super) fn read(&self, answer: &mut Answer) -> Result<(), ProblemError> {
        answer.values = self.problem.activity(&answer.y)?;
        answer.values.iter_mut().zip(&self.before).for_each(|(value, before)| *value += before);
        let outside = |row: &usize, size: f64| {
            beyond(at(&answer.values, *row), at(&self.lower, *row), at(&self.upper, *row), size)
        };
        answer.outside.clear();
        answer.outside.extend((0..answer.values.len()).filter(|row| outside(row, at(&self.size, *row))));
        // Few answers leave a row outside; what their own rounding comes to is seen only then.
        if !answer.outside.is_empty() {
            let own = self.problem.row_values(&answer.y)?.magnitudes;
            let all = |row: usize| at(&self.size, row) + at(&own, row);
            let (values, lower, upper) = (&answer.values, &self.lower, &self.upper);
            answer.outside.retain(|&row| beyond(at(values, row), at(lower, row), at(upper, row), all(row)));
        }
        Ok(())
    }
}

/// Whether a value that is summed from numbers of a size is outside of its sides by more than rounding.
fn beyond(value: f64, lower: f64, upper: f64, size: f64) -> bool {
    let size = [lower, upper].iter().filter(|side| side.is_finite()).fold(size, |most, side| most.max(side.abs()));
    (value - upper).max(lower - value) > ROUNDING * size
}

/// The sides of the part that the batch adds.
fn within(lower: f64, upper: f64, before: f64, size: f64) -> (f64, f64) {
    if lower == upper {
        return (lower - before, upper - before);
    }
    let bound = |side: f64| if side.is_finite() { side.abs() } else { 0.0 };
    let room = (ROOM * (size + bound(lower).max(bound(upper)))).min(0.45 * (upper - lower));
    (lower - before + room, upper - before - room)
}

/// What a row adds up to over its slots.
struct RowSums {
    before: f64,
    /// `Σ |a·ŷ|` of the earlier answers.
    size: f64,
    norm: f64,
    mass: f64,
    /// Whether a sample of the batch is in the row.
    touched: bool,
}

/// Moments by slot of the problem.
struct Slots {
    /// Squares and masses of the earlier samples and the batch, answers of the earlier ones alone.
    all: Vec<Moment>,
    /// Whether the batch has a sample there.
    batch: Vec<bool>,
}

impl Slots {
    fn new(problem: &Problem, past: &[Vec<Moment>]) -> Slots {
        let slots = problem.slots();
        let mut out = Slots { all: Vec::with_capacity(slots), batch: Vec::with_capacity(slots) };
        for cell in 0..problem.cells() {
            for (factor, past) in problem.factors.iter().zip(past) {
                let past = past.get(cell).copied().unwrap_or_default();
                let (square, mass) = problem.moments(cell, factor);
                out.all.push(Moment { square: past.square + square, mass: past.mass + mass, ..past });
                out.batch.push(!problem.grouping.range(cell).is_empty());
            }
        }
        out
    }
}

impl Slots {
    fn sums(&self, problem: &Problem, row: usize, width: f64) -> RowSums {
        let mut before = Sum::default();
        let mut sums = RowSums { before: 0.0, size: 0.0, norm: 0.0, mass: 0.0, touched: false };
        for (slot, value) in problem.rows.row(row) {
            let Some(all) = self.all.get(slot) else { continue };
            before.add(value * all.answer);
            sums.size += value.abs() * all.size;
            // (Σ_f c_f φ_f)² ≤ width · Σ_f c_f² φ_f², with equality for one factor.
            sums.norm += width * value * value * all.square;
            sums.mass += value.abs() * all.mass;
            sums.touched |= self.batch.get(slot) == Some(&true);
        }
        sums.before = before.value();
        sums
    }
}

fn check(problem: &Problem, past: &[Vec<Moment>], id: &[usize]) -> Result<(), ProblemError> {
    let length = |what, found, expected| {
        if found == expected { Ok(()) } else { Err(ProblemError::Length { what, found, expected }) }
    };
    length("past", past.len(), problem.width())?;
    past.iter().try_for_each(|cells| length("past cells", cells.len(), problem.cells()))?;
    length("id", id.len(), problem.rows())
}
