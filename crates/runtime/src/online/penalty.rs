//! The penalised problem of a batch, solved exactly:
//!
//! ```text
//! minimise ½ Σ wᵢ (ŷᵢ − zᵢ)² + ρ · max_j e_j(ŷ),      lo ≤ ŷ ≤ hi
//! ```
//!
//! with the excess `e_j` of row `j`: of a row with two sides `|a_j ŷ − (l_j + u_j)/2| − (u_j − l_j)/2`, which is below zero
//! inside, so the penalty pulls to the middle (the published algorithm's gap, less its tolerance); of a row with one side
//! the distance beyond it.
//!
//! For a fixed largest excess `t` this is a projection onto sides that are wider by `t`, with multipliers `μ(t)`. Its value
//! `F(t)` is convex and piecewise quadratic with `F′(t) = −Σ|μ_j(t)|` (the envelope theorem), so the answer is where
//! `Σ|μ_j(t)|` falls to `ρ`: the zero of a continuous, monotone, piecewise linear function of one unknown, which false
//! position (Illinois) finds to rounding once both ends are on the zero's piece. Where no point has excess `t`, the proof
//! `f` of that with its margin `d` shows that none has excess below `t + d / Σ|f_j|`, which is tried next.

use super::OnlineError;
use crate::problem::{Problem, ProblemError};
use crate::project::{Projection, Projector, Settings, Status};

/// How far a row's value lies beyond its sides, as the penalty counts it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Excess {
    /// Distance from the middle, less half the width.
    Band {
        middle: f64,
        half: f64,
    },
    Above(f64),
    Below(f64),
    /// Not counted: a row without sides, or one with a price of its own.
    Free {
        lower: f64,
        upper: f64,
    },
}

impl Excess {
    /// Of each row of a problem.
    pub fn of(problem: &Problem) -> Vec<Excess> {
        let sides = problem.lower().iter().zip(problem.upper()).zip(problem.soft());
        sides
            .map(|((&lower, &upper), &soft)| match (lower.is_finite(), upper.is_finite()) {
                _ if soft < f64::INFINITY => Excess::Free { lower, upper },
                (true, true) => Excess::Band { middle: lower / 2.0 + upper / 2.0, half: upper / 2.0 - lower / 2.0 },
                (false, true) => Excess::Above(upper),
                (true, false) => Excess::Below(lower),
                (false, false) => Excess::Free { lower, upper },
            })
            .collect()
    }

    /// None where the row is not counted.
    pub fn at(self, value: f64) -> Option<f64> {
        match self {
            Excess::Band { middle, half } => Some((value - middle).abs() - half),
            Excess::Above(upper) => Some((value - upper).max(0.0)),
            Excess::Below(lower) => Some((lower - value).max(0.0)),
            Excess::Free { .. } => None,
        }
    }

    /// No value has less.
    fn least(self) -> Option<f64> {
        match self {
            Excess::Band { half, .. } => Some(-half),
            Excess::Above(_) | Excess::Below(_) => Some(0.0),
            Excess::Free { .. } => None,
        }
    }

    /// The values with an excess of at most `t`.
    fn sides(self, t: f64) -> (f64, f64) {
        match self {
            Excess::Band { middle, half } => {
                let room = (half + t).max(0.0);
                (middle - room, middle + room)
            }
            Excess::Above(upper) => (f64::NEG_INFINITY, upper + t),
            Excess::Below(lower) => (lower - t, f64::INFINITY),
            Excess::Free { lower, upper } => (lower, upper),
        }
    }
}

/// The largest excess of rows with these values; none if no row is counted.
pub(super) fn largest(excess: &[Excess], values: &[f64]) -> Option<f64> {
    excess.iter().zip(values).filter_map(|(excess, value)| excess.at(*value)).reduce(f64::max)
}

/// Solves penalised problems, one after another.
#[derive(Debug, Clone, Default)]
pub struct Penalised {
    projector: Projector<f64>,
    projection: Projection<f64>,
    excess: Vec<Excess>,
}

/// The interval of the largest excess of the answer, with `Σ|μ| − ρ` at its ends where known.
struct Bracket {
    low: f64,
    above: Option<f64>,
    high: f64,
    below: f64,
}

const STEPS: usize = 200;

impl Penalised {
    /// The answer and its multipliers, `Σ |μ_j| ≤ ρ` over the rows that are counted. The sides of `problem` are those
    /// of the rows themselves; they are as they were afterwards.
    ///
    /// # Errors
    /// `z` has the wrong length or holds NaN or infinite numbers, or rows that are not counted cannot be satisfied.
    pub fn solve(&mut self, problem: &mut Problem, z: &[f64], rho: f64) -> Result<&Projection<f64>, OnlineError> {
        let (lower, upper) = (problem.lower().to_vec(), problem.upper().to_vec());
        self.excess = Excess::of(problem);
        let outcome = self.search(problem, z, rho);
        problem.set_sides(&lower, &upper)?;
        outcome?;
        Ok(&self.projection)
    }

    fn search(&mut self, problem: &mut Problem, z: &[f64], rho: f64) -> Result<(), OnlineError> {
        let Some(floor) = self.excess.iter().filter_map(|excess| excess.least()).reduce(f64::max) else {
            self.project(problem, z, f64::INFINITY)?;
            return Ok(());
        };
        self.project(problem, z, f64::INFINITY)?;
        let values = problem.activity(&self.projection.y)?;
        let top = largest(&self.excess, &values).unwrap_or(floor);
        if rho <= 0.0 || top <= floor {
            return Ok(());
        }
        let scale = values.iter().fold(top.abs().max(floor.abs()), |most, value| most.max(value.abs()));
        let mut bracket = Bracket { low: floor, above: None, high: top, below: -rho };
        // No excess below `low` is possible, as long as the sum there is not known to be above the price.
        for step in 0..STEPS {
            let t = bracket.next();
            match self.project(problem, z, t)? {
                Some(more) => {
                    let nudge = 1e-15 * scale * (1_u64 << step.min(40)) as f64;
                    (bracket.low, bracket.above) = (t + more.max(nudge), None);
                }
                None => {
                    let over = self.total() - rho;
                    let lowest = bracket.above.is_none() && t <= bracket.low;
                    if over.abs() <= 1e-12 * rho || (lowest && over <= 0.0) {
                        return Ok(());
                    }
                    bracket.narrow(t, over);
                }
            }
            if bracket.high - bracket.low <= 1e-14 * scale {
                self.project(problem, z, bracket.high)?;
                return Ok(());
            }
        }
        Err(OnlineError::Unfinished { width: bracket.high - bracket.low })
    }

    /// Projects onto the sides for excess `t`; by how much `t` is too small at least, where no point has it.
    fn project(&mut self, problem: &mut Problem, z: &[f64], t: f64) -> Result<Option<f64>, OnlineError> {
        let (lower, upper): (Vec<f64>, Vec<f64>) = self.excess.iter().map(|excess| excess.sides(t)).unzip();
        problem.set_sides(&lower, &upper)?;
        // The rows of a penalty are no promise: no margins for rounding.
        let settings = Settings { exact_rows: false, ..Settings::default() };
        self.projector.project_into(problem, z, &settings, &mut self.projection)?;
        match &self.projection.status {
            Status::Optimal => Ok(None),
            Status::Infeasible(proof) => {
                let counted = proof.combination.iter().zip(&self.excess).filter(|(_, excess)| excess.least().is_some());
                let size: f64 = counted.map(|(f, _)| f.abs()).sum();
                if size == 0.0 {
                    let row = proof.rows.first().copied().unwrap_or_default();
                    let side = |sides: &[f64]| sides.get(row).copied().unwrap_or(f64::NAN);
                    let (lower, upper) = (side(&lower), side(&upper));
                    return Err(ProblemError::Sides { row, lower, upper }.into());
                }
                Ok(Some(proof.margin / size))
            }
            Status::IterationLimit | Status::Relaxed(_) => {
                Err(OnlineError::Unfinished { width: self.projection.certificate.row_violation })
            }
        }
    }

    fn total(&self) -> f64 {
        let counted = self.projection.multipliers.iter().zip(&self.excess);
        counted.filter(|(_, excess)| excess.least().is_some()).map(|(mu, _)| mu.abs()).sum()
    }
}

impl Bracket {
    /// Where to look next: the low end as long as it is only a limit, else false position.
    fn next(&self) -> f64 {
        match self.above {
            None => self.low,
            Some(above) => {
                let share = above / (above - self.below);
                let t = self.low + share * (self.high - self.low);
                if t > self.low && t < self.high { t } else { self.low / 2.0 + self.high / 2.0 }
            }
        }
    }

    /// Takes in the sum at `t`; an end that stays counts half (Illinois).
    fn narrow(&mut self, t: f64, over: f64) {
        if over > 0.0 {
            if self.above.is_some() {
                self.below /= 2.0;
            }
            (self.low, self.above) = (t, Some(over));
        } else {
            if let Some(above) = &mut self.above {
                *above /= 2.0;
            }
            (self.high, self.below) = (t, over);
        }
    }
}
